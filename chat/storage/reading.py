"""Statements about how far people have read, and what is unread: messages of others, and among them mentions."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, and_, bindparam, case, func, select, update

from chat.models import MOST_UNREAD, Counts
from chat.storage.tables import memberships, mentions, messages

# An @all has no row of its own to be found by. Where more wait than are counted, it is looked for among the newest.
MOST_LOOKED_AT = 300
_NEWEST_ID = select(func.coalesce(func.max(messages.c.id), 0)).where(messages.c.room_id == bindparam('room_id'))
_MARK_READ = (
    update(memberships)
    .where(
        memberships.c.room_id == bindparam('this_room'),
        memberships.c.user_id == bindparam('reader'),
        memberships.c.last_read_id < bindparam('mark'),
        memberships.c.went_back <= bindparam('seen_after'),
    )
    .values(last_read_id=bindparam('mark'))
)
_LIVE = and_(
    messages.c.author_id != bindparam('reader'), messages.c.deleted_at.is_(None), messages.c.hidden_at.is_(None)
)
_UNREAD = and_(messages.c.room_id == bindparam('room_id'), messages.c.id > bindparam('after'), _LIVE)
_OLDEST = select(messages.c.mentions_all).where(_UNREAD).order_by(messages.c.id).limit(MOST_UNREAD).subquery()
_NEWEST = select(messages.c.mentions_all).where(_UNREAD).order_by(messages.c.id.desc()).limit(MOST_LOOKED_AT).subquery()
_COUNT = select(func.count().label('unread'), func.sum(case((_OLDEST.c.mentions_all, 1), else_=0)).label('all_called'))
_COUNT = _COUNT.select_from(_OLDEST)
_COUNT_ALL_CALLED = select(func.sum(case((_NEWEST.c.mentions_all, 1), else_=0))).select_from(_NEWEST)
_FIRST = select(messages.c.id).where(_UNREAD).order_by(messages.c.id).limit(1)
# By name, in all of a person's rooms at once: by the index on who is mentioned, each message and membership by its key.
_BY_NAME = (
    select(messages.c.room_id, func.count().label('named'))
    .select_from(mentions)
    .join(messages, messages.c.id == mentions.c.message_id)
    .join(memberships, and_(memberships.c.room_id == messages.c.room_id, memberships.c.user_id == mentions.c.user_id))
    .where(
        mentions.c.user_id == bindparam('reader'),
        mentions.c.message_id > bindparam('after_all'),
        messages.c.id > memberships.c.last_read_id,
        messages.c.mentions_all.is_(False),  # else it is counted already
        memberships.c.left_at.is_(None),
        _LIVE,
    )
    .group_by(messages.c.room_id)
)
_MARKS = select(memberships.c.room_id, memberships.c.last_read_id).where(
    memberships.c.user_id == bindparam('reader'), memberships.c.left_at.is_(None)
)


class Seen(NamedTuple):
    """How far somebody has seen a room, and how often they had gone back before: what was seen after that counts."""

    went_back: int
    message_id: int


class GoneBack(NamedTuple):
    """Somebody has marked a room as unread from after a message on, and how often they have done so now."""

    user_id: int
    room_id: int
    message_id: int
    times: int


def newest_id(connection: Connection, room_id: int) -> int:
    """Return the id of the newest message of a room, 0 if there is none."""
    number: int = connection.execute(_NEWEST_ID, {'room_id': room_id}).scalar_one()
    return number


def mark_read(connection: Connection, marks: Mapping[tuple[int, int], Seen]) -> list[GoneBack]:
    """Store how far people have seen rooms, by room and person; no mark ever goes back.

    What was seen before somebody went back is not stored. Returned is who did.
    """
    newest = {room_id: newest_id(connection, room_id) for room_id, _ in marks}
    values = [
        {
            'this_room': room_id,
            'reader': user_id,
            'mark': min(seen.message_id, newest[room_id]),
            'seen_after': seen.went_back,
        }
        for (room_id, user_id), seen in sorted(marks.items())  # in one order, or two servers would wait for each other
    ]
    connection.execute(_MARK_READ, values)
    return [back for room_id in newest for back in _went_back(connection, room_id, marks)]


def _went_back(connection: Connection, room_id: int, marks: Mapping[tuple[int, int], Seen]) -> list[GoneBack]:
    """Return who has gone back in a room since they saw what is to be stored."""
    here = and_(memberships.c.room_id == room_id, memberships.c.left_at.is_(None), memberships.c.went_back > 0)
    readers = [user_id for each, user_id in marks if each == room_id]
    columns = memberships.c.user_id, memberships.c.room_id, memberships.c.last_read_id, memberships.c.went_back
    found = connection.execute(select(*columns).where(here, memberships.c.user_id.in_(readers)))
    gone = [GoneBack(*row) for row in found]
    return [back for back in gone if back.times > marks[room_id, back.user_id].went_back]


def set_mark(connection: Connection, room_id: int, user_id: int, message_id: int | None) -> GoneBack | None:
    """Store that somebody has read as far as this message and no further, which they may go back for; None for all."""
    newest = newest_id(connection, room_id)
    mark = newest if message_id is None else min(message_id, newest)
    here = and_(memberships.c.room_id == room_id, memberships.c.user_id == user_id)
    goes_back = mark < newest
    values = {'last_read_id': mark, **({'went_back': memberships.c.went_back + 1} if goes_back else {})}
    set_now = update(memberships).where(here).values(values).returning(memberships.c.went_back)
    times = connection.execute(set_now).scalar_one()
    return GoneBack(user_id, room_id, mark, times) if goes_back else None


def counts(connection: Connection, user_id: int, room_ids: list[int] | None = None) -> dict[int, Counts]:
    """Return what is unread in the rooms that a person belongs to: in all of them, or in some."""
    query = _MARKS if room_ids is None else _MARKS.where(memberships.c.room_id.in_(room_ids))
    marks = {row.room_id: row.last_read_id for row in connection.execute(query, {'reader': user_id})}
    return _counted(connection, user_id, marks)


def first_unread(connection: Connection, room_id: int, user_id: int, after: int) -> int | None:
    """Return the id of the first message of others after the id ``after``, or None."""
    first: int | None = connection.execute(
        _FIRST, {'room_id': room_id, 'reader': user_id, 'after': after}
    ).scalar()  # fmt: skip
    return first


def _counted(connection: Connection, user_id: int, marks: dict[int, int]) -> dict[int, Counts]:
    found = {}
    for room_id, after in marks.items():
        asked = {'room_id': room_id, 'reader': user_id, 'after': after}
        row = connection.execute(_COUNT, asked).one()
        called = row.all_called or 0
        if row.unread >= MOST_UNREAD:
            called = connection.execute(_COUNT_ALL_CALLED, asked).scalar() or 0
        found[room_id] = Counts(row.unread, called)
    waiting = [marks[room_id] for room_id, each in found.items() if each.unread]
    if waiting:
        for row in connection.execute(_BY_NAME, {'reader': user_id, 'after_all': min(waiting)}):
            if row.room_id in found:
                each = found[row.room_id]
                found[row.room_id] = Counts(each.unread, min(each.mentions + row.named, MOST_UNREAD))
    return found
