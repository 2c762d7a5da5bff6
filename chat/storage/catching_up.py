"""Statements about what happened since somebody was here."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, func, literal, select, tuple_, update

from chat.clock import moment
from chat.models import Message, Room
from chat.storage import messages as message_rows
from chat.storage import rooms as room_rows
from chat.storage.tables import memberships, messages, rooms, users

NO_ID = 2**63 - 1  # beyond all
_IS_MINE = and_(memberships.c.user_id == bindparam('reader'), memberships.c.left_at.is_(None))
_MINE = select(memberships.c.room_id).where(_IS_MINE)
# Compared and ordered as pairs, the newest of a room is found by the index on both, whatever PostgreSQL thinks of how
# much is said in each room: else it may walk down all ids, through whatever was said later elsewhere.
_HERE, _PAIR = memberships.c.room_id, tuple_(messages.c.room_id, messages.c.id)
_NEWEST_HERE = (
    select(messages.c.id)
    .where(_PAIR.between(tuple_(_HERE, literal(0)), tuple_(_HERE, literal(NO_ID))))
    .order_by(messages.c.room_id.desc(), messages.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_PLACES = select(_HERE, memberships.c.joined_at, _NEWEST_HERE.label('newest')).where(_IS_MINE)
_NEWEST_IDS = (
    select(messages.c.id)
    .where(
        messages.c.room_id == bindparam('room_id'),
        messages.c.id > bindparam('after'),
        messages.c.id <= bindparam('up_to'),
        messages.c.created_at >= bindparam('joined_at'),  # what was said before is no news: nothing of it is unread
        func.coalesce(messages.c.deleted_at, messages.c.hidden_at).is_(None),  # no index on that, which looks as good
    )
    .order_by(messages.c.id.desc())
    .limit(bindparam('most'))
)
_NEXT = (
    select(messages.c.id, messages.c.created_at)
    .where(messages.c.id >= bindparam('from_id'))
    .order_by(messages.c.id)
    .limit(1)
)


def mark(connection: Connection, user_id: int) -> tuple[int, datetime]:
    """Return the id of the newest message when somebody was up to date, 0 for never, and since when they are here."""
    query = select(users.c.caught_up_id, users.c.created_at).where(users.c.id == user_id)
    row = connection.execute(query).one()
    return row.caught_up_id, moment(row.created_at)


def last_before(connection: Connection, milliseconds: int) -> int:
    """Return the id of the last message before a time, 0 if there is none: ids rise with time, so it is bisected."""
    low, high = 1, connection.execute(select(func.coalesce(func.max(messages.c.id), 0))).scalar_one() + 1
    while low < high:
        row = connection.execute(_NEXT, {'from_id': (low + high) // 2}).first()
        if row is None or row.created_at >= milliseconds:
            high = (low + high) // 2
        else:
            low = row.id + 1
    return low - 1


def said_at(connection: Connection, message_id: int) -> datetime | None:
    """Return when a message was said, None if its room is gone."""
    said = connection.execute(select(messages.c.created_at).where(messages.c.id == message_id)).scalar()
    return None if said is None else moment(said)


def newest_id(connection: Connection, user_id: int) -> int:
    """Return the id of the newest message in somebody's rooms, 0 if there is none.

    Within a transaction that writes, nothing can come to these rooms later with a lower id: whoever says something
    holds the room before it gets its id, so what had one before these rooms were held is stored by now.
    """
    room_rows.hold_all_of(connection, user_id)
    return max((place.newest or 0 for place in connection.execute(_PLACES, {'reader': user_id})), default=0)


def newest(connection: Connection, user_id: int, after: int, up_to: int, limit: int) -> list[Message]:
    """Return the newest messages after an id, up to another, that can be read in somebody's rooms, the oldest first."""
    ids: list[int] = []
    places = connection.execute(_PLACES, {'reader': user_id}).all()
    for place in sorted(places, key=lambda place: place.newest or 0, reverse=True):
        least = ids[-1] if len(ids) == limit else after  # nothing older is among the newest any more
        if (place.newest or 0) <= least:
            break
        asked = {'room_id': place.room_id, 'joined_at': place.joined_at, 'after': least, 'up_to': up_to, 'most': limit}
        found = connection.execute(_NEWEST_IDS, asked).scalars()
        ids = sorted([*ids, *found], reverse=True)[:limit]
    return sorted(message_rows.by_ids(connection, ids), key=lambda message: message.id)


def rooms_of(connection: Connection, user_id: int) -> list[Room]:
    """Return somebody's rooms as they see them, by name."""
    query = select(rooms).where(rooms.c.id.in_(_MINE)).order_by(func.lower(rooms.c.name))
    found = [room_rows.room_of(row) for row in connection.execute(query, {'reader': user_id})]
    return room_rows.names_for(connection, user_id, found)


def replies(connection: Connection, message_ids: Collection[int]) -> dict[int, tuple[int | None, int]]:
    """Return what some messages reply to, if they do, and the ids of their authors."""
    query = select(messages.c.id, messages.c.reply_to, messages.c.author_id).where(messages.c.id.in_(message_ids))
    return {row.id: (row.reply_to, row.author_id) for row in connection.execute(query)}


def save(connection: Connection, user_id: int, message_id: int) -> int:
    """Store that somebody is up to date with a message, and never that they no longer are; returns what is stored."""
    behind = and_(users.c.id == user_id, users.c.caught_up_id < message_id)
    connection.execute(update(users).where(behind).values(caught_up_id=message_id))
    return mark(connection, user_id)[0]
