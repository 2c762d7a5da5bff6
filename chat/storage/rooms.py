"""Statements about rooms, who belongs to them, and how far each has read."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, exists, func, insert, select, update

from chat.clock import moment, now_ms
from chat.models import MOST_UNREAD, Member, Role, Room, RoomEntry, User
from chat.storage import hooks
from chat.storage.postgresql import hold_name, hold_rooms
from chat.storage.tables import drafts, memberships, messages, rooms, users

EVERY = 2**31 - 1  # a limit that none reaches
_BY_SLUG = select(rooms).where(rooms.c.slug == bindparam('slug'))
_BY_ID = select(rooms).where(rooms.c.id == bindparam('room_id'))
_REVISION = select(rooms.c.revision).where(rooms.c.id == bindparam('room_id'))
_NEXT_REVISION = (
    update(rooms)
    .where(rooms.c.id == bindparam('this_room'))
    .values(revision=rooms.c.revision + 1)
    .returning(rooms.c.revision)
)
_MEMBERSHIP = select(memberships.c.role, memberships.c.last_read_id).where(
    memberships.c.room_id == bindparam('room_id'),
    memberships.c.user_id == bindparam('user_id'),
    memberships.c.left_at.is_(None),
)
_REACHED = (
    select(
        users.c.id.label('user_id'),
        users.c.name.label('user_name'),
        users.c.kind,
        rooms,
        memberships.c.role,
        memberships.c.last_read_id,
    )
    .select_from(users)
    .outerjoin(rooms, rooms.c.slug == bindparam('slug'))
    .outerjoin(
        memberships,
        and_(
            memberships.c.room_id == rooms.c.id,
            memberships.c.user_id == users.c.id,
            memberships.c.left_at.is_(None),
        ),
    )
    .where(users.c.id == bindparam('user'))
)
_MEMBERS = (
    select(users.c.id, users.c.name, users.c.kind, memberships.c.role, memberships.c.revision, memberships.c.left_at)
    .join_from(memberships, users)
    .where(memberships.c.room_id == bindparam('room_id'))
)
_BY_NAME = func.lower(rooms.c.name)
_MINE = (
    select(rooms, memberships.c.last_read_id)
    .join_from(rooms, memberships)
    .where(memberships.c.user_id == bindparam('member'), memberships.c.left_at.is_(None))
    .order_by(_BY_NAME)
)
_OTHERS = (
    select(rooms)
    .where(
        rooms.c.private.is_(False),
        ~exists().where(
            memberships.c.room_id == rooms.c.id,
            memberships.c.user_id == bindparam('member'),
            memberships.c.left_at.is_(None),
        ),
    )
    .order_by(_BY_NAME)
    .limit(bindparam('most'))
)
_NEWEST_ID = select(func.coalesce(func.max(messages.c.id), 0)).where(messages.c.room_id == bindparam('room_id'))
_MARK_READ = (
    update(memberships)
    .where(
        memberships.c.room_id == bindparam('this_room'),
        memberships.c.user_id == bindparam('reader'),
        memberships.c.last_read_id < bindparam('mark'),
    )
    .values(last_read_id=bindparam('mark'))
)
_UNREAD = select(func.count()).select_from(
    select(messages.c.id)
    .where(
        messages.c.room_id == bindparam('room_id'),
        messages.c.id > bindparam('after'),
        messages.c.author_id != bindparam('reader'),
        messages.c.deleted_at.is_(None),
    )
    .limit(MOST_UNREAD)
    .subquery()
)


def by_slug(connection: Connection, slug: str) -> Room | None:
    """Return the room of that address, or None."""
    row = connection.execute(_BY_SLUG, {'slug': slug}).first()
    return None if row is None else _room(row)


def reached(connection: Connection, slug: str, user_id: int) -> tuple[User, Room | None, Role | None, int] | None:
    """Return a person, a room, their role in it and how far they have read, each as it is now; None for nobody.

    Within a transaction that writes, the room stays as it is for all others.
    """
    hold_rooms(connection, rooms.c.slug == slug)
    row = connection.execute(_REACHED, {'slug': slug, 'user': user_id}).first()
    if row is None:
        return None
    user = User(row.user_id, row.user_name, row.kind)
    return user, None if row.id is None else _room(row), row.role, row.last_read_id or 0


def by_id(connection: Connection, room_id: int) -> Room | None:
    """Return the room, or None."""
    row = connection.execute(_BY_ID, {'room_id': room_id}).first()
    return None if row is None else _room(row)


def revision(connection: Connection, room_id: int) -> int:
    """Return the number of the room's last change; 0 for a room that is not there."""
    return connection.execute(_REVISION, {'room_id': room_id}).scalar() or 0


def revisions(connection: Connection, room_ids: list[int]) -> dict[int, int]:
    """Return the revisions of several rooms in one query."""
    rows = connection.execute(select(rooms.c.id, rooms.c.revision).where(rooms.c.id.in_(room_ids)))
    return {row.id: row.revision for row in rows}


def next_revision(connection: Connection, room_id: int) -> int:
    """Take the room's next number; locks the room until the transaction ends."""
    number: int = connection.execute(_NEXT_REVISION, {'this_room': room_id}).scalar_one()
    return number


def hold_slug(connection: Connection, slug: str) -> None:
    """Let nobody else look for a free address like this one until the transaction ends."""
    hold_name(connection, slug)


def add(connection: Connection, slug: str, name: str, topic: str, *, private: bool, created_by: int | None) -> Room:
    """Store a new room."""
    now = now_ms()
    values = {
        'slug': slug, 'name': name, 'topic': topic, 'private': private, 'revision': 0,
        'created_at': now, 'created_by': created_by,
    }  # fmt: skip
    room_id: int = connection.execute(insert(rooms).returning(rooms.c.id), values).scalar_one()
    return Room(room_id, slug, name, topic, private, 0, moment(now))


def change(connection: Connection, room: Room, name: str, topic: str, *, private: bool) -> Room:
    """Store what a room is called and about, and who may find it, under its next revision."""
    number = next_revision(connection, room.id)
    values = {'name': name, 'topic': topic, 'private': private}
    connection.execute(update(rooms).where(rooms.c.id == room.id).values(changed_revision=number, **values))
    return Room(room.id, room.slug, name, topic, private, number, room.created_at)


def changed_revision(connection: Connection, room_id: int) -> int:
    """Return the revision of the last change of the room itself; 0 if it is as it was made."""
    return connection.execute(select(rooms.c.changed_revision).where(rooms.c.id == room_id)).scalar() or 0


def remove(connection: Connection, room_id: int) -> None:
    """Delete a room and all that is in it."""
    hooks.remove(connection, room_id)
    for table in (drafts, memberships, messages):
        connection.execute(delete(table).where(table.c.room_id == room_id))
    connection.execute(delete(rooms).where(rooms.c.id == room_id))


def membership(connection: Connection, room_id: int, user_id: int) -> Row[*tuple[Any, ...]] | None:
    """Return ``role`` and ``last_read_id`` of a member, or None."""
    return connection.execute(_MEMBERSHIP, {'room_id': room_id, 'user_id': user_id}).first()


def members(connection: Connection, room_id: int) -> tuple[Member, ...]:
    """Return everybody who belongs to the room."""
    rows = connection.execute(_MEMBERS.where(memberships.c.left_at.is_(None)), {'room_id': room_id})
    return tuple(_member(row) for row in rows)


def member_ids(connection: Connection, room_ids: list[int]) -> dict[int, frozenset[int]]:
    """Return the ids of the members of several rooms in one query."""
    query = select(memberships.c.room_id, memberships.c.user_id).where(
        memberships.c.room_id.in_(room_ids), memberships.c.left_at.is_(None)
    )
    ids: dict[int, set[int]] = {room_id: set() for room_id in room_ids}
    for row in connection.execute(query):
        ids[row.room_id].add(row.user_id)
    return {room_id: frozenset(members) for room_id, members in ids.items()}


def member_changes(connection: Connection, room_id: int, since: int, limit: int) -> list[tuple[int, Member, bool]]:
    """Return (revision, member, whether they belong now) of memberships changed after ``since``."""
    rows = connection.execute(_MEMBERS.where(memberships.c.revision > since).limit(limit), {'room_id': room_id})
    return [(row.revision, _member(row), row.left_at is None) for row in rows]


def join(connection: Connection, room_id: int, user: User, role: Role, number: int) -> None:
    """Store that somebody belongs to the room from revision ``number`` on; what was said before counts as read."""
    newest = connection.execute(_NEWEST_ID, {'room_id': room_id}).scalar_one()
    values = {'role': role, 'joined_at': now_ms(), 'left_at': None, 'revision': number, 'last_read_id': newest}
    here = and_(memberships.c.room_id == room_id, memberships.c.user_id == user.id)
    if connection.execute(update(memberships).where(here).values(**values)).rowcount == 0:
        connection.execute(insert(memberships), {'room_id': room_id, 'user_id': user.id, **values})


def count(connection: Connection) -> int:
    """Return how many rooms there are."""
    number: int = connection.execute(select(func.count()).select_from(rooms)).scalar_one()
    return number


def has_members(connection: Connection, room_id: int, role: Role | None = None) -> bool:
    """Whether anybody belongs to a room, or anybody with this role."""
    here = _MEMBERS.where(memberships.c.left_at.is_(None))
    query = here if role is None else here.where(memberships.c.role == role)
    return connection.execute(query.limit(1), {'room_id': room_id}).first() is not None


def leave(connection: Connection, room_id: int, user_id: int, number: int) -> None:
    """Store that somebody no longer belongs to the room."""
    here = and_(memberships.c.room_id == room_id, memberships.c.user_id == user_id)
    connection.execute(update(memberships).where(here).values(left_at=now_ms(), revision=number))


def mark_read(connection: Connection, marks: Mapping[tuple[int, int], int]) -> None:
    """Store how far people have read, by room and person: a message's id each. No mark ever goes back."""
    room_ids = {room_id for room_id, _ in marks}
    newest = {each: connection.execute(_NEWEST_ID, {'room_id': each}).scalar_one() for each in room_ids}
    values = [
        {'this_room': room_id, 'reader': user_id, 'mark': min(message_id, newest[room_id])}
        for (room_id, user_id), message_id in sorted(
            marks.items()
        )  # in one order, or two servers would wait for each other
    ]
    connection.execute(_MARK_READ, values)


def unread(connection: Connection, room_id: int, user_id: int, after: int) -> int:
    """Count messages of others after the id ``after``, up to MOST_UNREAD."""
    count: int = connection.execute(
        _UNREAD, {'room_id': room_id, 'reader': user_id, 'after': after}
    ).scalar_one()  # fmt: skip
    return count


def visible(connection: Connection, user_id: int, limit: int, words: str = '') -> list[RoomEntry]:
    """Return the rooms a person belongs to, then at most ``limit`` open ones that they could join, each by name.

    With ``words``, only those whose name or topic has them, in capitals or not.
    """
    mine = connection.execute(_MINE, {'member': user_id})
    others = connection.execute(_OTHERS, {'member': user_id, 'most': EVERY if words else limit})
    sought = words.casefold()  # here, as SQLite knows the capitals of English only
    return [
        *(
            RoomEntry(_room(row), True, unread(connection, row.id, user_id, row.last_read_id))
            for row in mine.all()
            if _has(row, sought)
        ),
        *islice((RoomEntry(_room(row), False, 0) for row in others if _has(row, sought)), limit),
    ]


def _has(row: Row[*tuple[Any, ...]], sought: str) -> bool:
    return not sought or sought in row.name.casefold() or sought in row.topic.casefold()


def of_member(connection: Connection, user_id: int) -> list[tuple[Room, Role]]:
    """Return the rooms that somebody belongs to, and their role in each; as ``reached`` does, it holds them."""
    mine = and_(memberships.c.user_id == user_id, memberships.c.left_at.is_(None))
    hold_rooms(connection, rooms.c.id.in_(select(memberships.c.room_id).where(mine)))
    query = select(rooms, memberships.c.role).join_from(memberships, rooms).where(mine).order_by(rooms.c.id)
    return [(_room(row), row.role) for row in connection.execute(query)]


def open_to_all(connection: Connection, limit: int) -> tuple[Room, ...]:
    """Return the rooms that are open to everybody, by name."""
    query = select(rooms).where(rooms.c.private.is_(False)).order_by(_BY_NAME).limit(limit)
    return tuple(_room(row) for row in connection.execute(query))


def unread_counts(connection: Connection, user_id: int, room_ids: list[int]) -> dict[int, int]:
    """Return the unread counts of some of a person's rooms."""
    query = select(memberships.c.room_id, memberships.c.last_read_id).where(
        memberships.c.user_id == user_id, memberships.c.left_at.is_(None), memberships.c.room_id.in_(room_ids)
    )
    rows = connection.execute(query).all()
    return {row.room_id: unread(connection, row.room_id, user_id, row.last_read_id) for row in rows}


def _room(row: Row[*tuple[Any, ...]]) -> Room:
    return Room(row.id, row.slug, row.name, row.topic, row.private, row.revision, moment(row.created_at))


def _member(row: Row[*tuple[Any, ...]]) -> Member:
    return Member(User(row.id, row.name, row.kind), row.role)
