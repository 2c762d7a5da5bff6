"""Statements about rooms and who belongs to them."""

from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, bindparam, delete, exists, func, insert, select, update

from chat.clock import moment, now_ms
from chat.models import Counts, Member, Role, Room, RoomEntry, User
from chat.storage import hooks, reading, reports, words
from chat.storage.postgresql import hold_name, hold_rooms
from chat.storage.tables import drafts, invitation_rooms, invitations, memberships, messages, rooms, users

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
        users.c.muted_until.label('silent_until'),
        users.c.banned_until.label('out_until'),
        memberships.c.role,
        memberships.c.last_read_id,
        memberships.c.went_back,
        memberships.c.left_at,
        memberships.c.muted_until,
        memberships.c.banned_until,
        memberships.c.spoke_at,
    )
    .select_from(users)
    .outerjoin(rooms, rooms.c.slug == bindparam('slug'))
    .outerjoin(
        memberships,
        and_(
            memberships.c.room_id == rooms.c.id,
            memberships.c.user_id == users.c.id,
        ),
    )
    .where(users.c.id == bindparam('user'), users.c.deleted_at.is_(None))
)
_MEMBERS = (
    select(
        users.c.id,
        users.c.name,
        users.c.kind,
        memberships.c.role,
        memberships.c.revision,
        memberships.c.joined_revision,
        memberships.c.left_at,
    )
    .join_from(memberships, users)
    .where(memberships.c.room_id == bindparam('room_id'))
)
_BY_NAME = func.lower(rooms.c.name)
_MINE = (
    select(rooms, memberships.c.favorite, memberships.c.notify)
    .join_from(rooms, memberships)
    .where(
        memberships.c.user_id == bindparam('member'),
        memberships.c.left_at.is_(None),
        rooms.c.archived_at.is_not(None) == bindparam('archived'),
    )
    .order_by(_BY_NAME)
)
_OTHERS = (
    select(rooms)
    .where(
        rooms.c.private.is_(False),
        rooms.c.archived_at.is_not(None) == bindparam('archived'),
        ~exists().where(
            memberships.c.room_id == rooms.c.id,
            memberships.c.user_id == bindparam('member'),
            memberships.c.left_at.is_(None) | (memberships.c.banned_until > bindparam('now')),
        ),
    )
    .order_by(_BY_NAME)
    .limit(bindparam('most'))
)


def by_slug(connection: Connection, slug: str) -> Room | None:
    """Return the room of that address, or None."""
    row = connection.execute(_BY_SLUG, {'slug': slug}).first()
    return None if row is None else room_of(row)


class Found(NamedTuple):
    """A person, a room if it is there, and how they stand to it; times are in ms, 0 for never."""

    user: User
    room: Room | None
    role: Role | None
    last_read_id: int
    went_back: int
    muted_until: int
    banned_until: int
    spoke_at: int


def reached(connection: Connection, slug: str, user_id: int) -> Found | None:
    """Return a person, a room, and how they stand to it, each as it is now; None for nobody, or who is banned.

    Within a transaction that writes, the room stays as it is for all others.
    """
    hold_rooms(connection, rooms.c.slug == slug)
    row = connection.execute(_REACHED, {'slug': slug, 'user': user_id}).first()
    if row is None or (row.out_until or 0) > now_ms():
        return None
    user, is_member = User(row.user_id, row.user_name, row.kind), row.left_at is None
    return Found(
        user,
        None if row.id is None else room_of(row),
        row.role if is_member else None,
        (row.last_read_id or 0) if is_member else 0,
        row.went_back or 0,
        max(row.silent_until or 0, row.muted_until or 0),
        row.banned_until or 0,
        row.spoke_at or 0,
    )


def named_for(connection: Connection, user_id: int, room: Room) -> Room:
    """Return a room of direct messages under the names of those whom a person has them with."""
    return names_for(connection, user_id, [room])[0]


def names_for(connection: Connection, user_id: int, found: list[Room]) -> list[Room]:
    """Return rooms as ``named_for`` does; those that are not of direct messages as they are."""
    direct = [room.id for room in found if room.direct]
    if not direct:
        return found
    query = select(memberships.c.room_id, users.c.name).join_from(memberships, users)
    others = query.where(memberships.c.room_id.in_(direct), memberships.c.user_id != user_id)
    names: dict[int, list[str]] = {}
    for row in connection.execute(others.order_by(func.lower(users.c.name))):
        names.setdefault(row.room_id, []).append(row.name)
    return [
        replace(room, name=', '.join(names.get(room.id, ['Notes to myself']))) if room.direct else room
        for room in found
    ]


def by_id(connection: Connection, room_id: int) -> Room | None:
    """Return the room, or None."""
    row = connection.execute(_BY_ID, {'room_id': room_id}).first()
    return None if row is None else room_of(row)


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


def next_revisions(connection: Connection, room_id: int, count: int) -> int:
    """Take several of the room's next numbers and return the first; locks the room as ``next_revision`` does."""
    taken = update(rooms).where(rooms.c.id == room_id).values(revision=rooms.c.revision + count)
    last: int = connection.execute(taken.returning(rooms.c.revision)).scalar_one()
    return last - count + 1


def hold_slug(connection: Connection, slug: str) -> None:
    """Let nobody else look for a free address like this one until the transaction ends."""
    hold_name(connection, slug)


def add(
    connection: Connection,
    slug: str,
    name: str,
    topic: str,
    *,
    private: bool,
    created_by: int | None,
    people_key: str | None = None,
) -> Room:
    """Store a new room; with a ``people_key``, one of direct messages."""
    now = now_ms()
    values = {
        'slug': slug, 'name': name, 'topic': topic, 'private': private, 'revision': 0,
        'created_at': now, 'created_by': created_by, 'people_key': people_key,
    }  # fmt: skip
    room_id: int = connection.execute(insert(rooms).returning(rooms.c.id), values).scalar_one()
    return Room(room_id, slug, name, topic, private, 0, moment(now), direct=people_key is not None)


def hold_people(connection: Connection, people_key: str) -> None:
    """Let nobody else open direct messages between the same people until the transaction ends."""
    hold_name(connection, people_key)


def of_people(connection: Connection, people_key: str) -> Room | None:
    """Return the room of direct messages between these people, or None."""
    row = connection.execute(select(rooms).where(rooms.c.people_key == people_key)).first()
    return None if row is None else room_of(row)


def change(connection: Connection, room: Room) -> Room:
    """Store what a room is like from now on, under its next revision, and return it."""
    number = next_revision(connection, room.id)
    columns = ('name', 'topic', 'private', 'description', 'posting', 'slow_mode', 'paused')
    values = {name: getattr(room, name) for name in columns}
    archived_at = func.coalesce(rooms.c.archived_at, now_ms()) if room.archived else None
    changed = update(rooms).where(rooms.c.id == room.id)
    connection.execute(changed.values(changed_revision=number, archived_at=archived_at, **values))
    return replace(room, revision=number)


def changed_revision(connection: Connection, room_id: int) -> int:
    """Return the revision of the last change of the room itself; 0 if it is as it was made."""
    return connection.execute(select(rooms.c.changed_revision).where(rooms.c.id == room_id)).scalar() or 0


def remove(connection: Connection, room_id: int) -> None:
    """Delete a room and all that is in it."""
    hooks.remove(connection, room_id)
    reports.forget_of_room(connection, room_id)
    _end_invitations(connection, room_id)
    words.forget_of_room(connection, room_id)
    for table in (drafts, memberships, messages):
        connection.execute(delete(table).where(table.c.room_id == room_id))
    connection.execute(delete(rooms).where(rooms.c.id == room_id))


def abandoned(connection: Connection) -> list[int]:
    """Return the ids of private rooms that nobody belongs to, and from which no report is open."""
    somebody = exists().where(memberships.c.room_id == rooms.c.id, memberships.c.left_at.is_(None))
    found = connection.execute(select(rooms.c.id).where(rooms.c.private, ~somebody).order_by(rooms.c.id)).scalars()
    return [room_id for room_id in found.all() if not reports.is_open_in(connection, room_id)]


def _end_invitations(connection: Connection, room_id: int) -> None:
    """Invite nobody to a room that is deleted; invitations to nothing else are over."""
    by_id = invitation_rooms.c.invitation_id
    here = select(by_id).where(invitation_rooms.c.room_id == room_id)
    alone = select(by_id).where(by_id.in_(here)).group_by(by_id).having(func.count() == 1)
    over = update(invitations).where(invitations.c.id.in_(alone), invitations.c.revoked_at.is_(None))
    connection.execute(over.values(revoked_at=now_ms()))
    connection.execute(delete(invitation_rooms).where(invitation_rooms.c.room_id == room_id))


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


def member_changes(
    connection: Connection, room_id: int, since: int, limit: int
) -> list[tuple[int, Member, int | None]]:
    """Return (revision, member, revision of joining) of memberships changed after ``since``; None for who has left."""
    rows = connection.execute(_MEMBERS.where(memberships.c.revision > since).limit(limit), {'room_id': room_id})
    return [(row.revision, _member(row), row.joined_revision if row.left_at is None else None) for row in rows]


def join(connection: Connection, room_id: int, user: User, role: Role, number: int) -> None:
    """Store that somebody belongs to the room from revision ``number`` on; what was said before counts as read."""
    newest = reading.newest_id(connection, room_id)
    values = {
        'role': role, 'joined_at': now_ms(), 'left_at': None, 'revision': number, 'joined_revision': number,
        'last_read_id': newest,
    }  # fmt: skip
    here = and_(memberships.c.room_id == room_id, memberships.c.user_id == user.id)
    if connection.execute(update(memberships).where(here).values(**values)).rowcount == 0:
        connection.execute(insert(memberships), {'room_id': room_id, 'user_id': user.id, **values})


def note_changed(connection: Connection, room_id: int, user_id: int, number: int) -> None:
    """Store that a member is another since revision ``number``."""
    here = and_(memberships.c.room_id == room_id, memberships.c.user_id == user_id)
    connection.execute(update(memberships).where(here).values(revision=number))


def set_role(connection: Connection, room_id: int, user_id: int, role: Role, number: int) -> None:
    """Store what a member is in the room since revision ``number``."""
    here = and_(memberships.c.room_id == room_id, memberships.c.user_id == user_id)
    connection.execute(update(memberships).where(here).values(role=role, revision=number))


def set_favorite(connection: Connection, room_id: int, user_id: int, *, favorite: bool) -> None:
    """Store whether a room is among a member's favorites."""
    here = and_(memberships.c.room_id == room_id, memberships.c.user_id == user_id)
    connection.execute(update(memberships).where(here).values(favorite=favorite))


def entry(connection: Connection, room: Room, user_id: int) -> RoomEntry:
    """Return a room as the list of rooms shows it to somebody."""
    here = and_(memberships.c.room_id == room.id, memberships.c.user_id == user_id, memberships.c.left_at.is_(None))
    row = connection.execute(select(memberships.c.favorite, memberships.c.notify).where(here)).first()
    if row is None:
        return RoomEntry(room, False)
    counts = reading.counts(connection, user_id, [room.id]).get(room.id, Counts())
    return RoomEntry(room, True, *counts, row.favorite, row.notify or room.usual_level)


def note_speaking(connection: Connection, room_id: int, user_id: int) -> None:
    """Store that a member has spoken just now."""
    here = and_(memberships.c.room_id == room_id, memberships.c.user_id == user_id)
    connection.execute(update(memberships).where(here).values(spoke_at=now_ms()))


def count(connection: Connection) -> int:
    """Return how many rooms there are."""
    number: int = connection.execute(select(func.count()).select_from(rooms)).scalar_one()
    return number


def has_members(connection: Connection, room_id: int, role: Role | None = None, but: int | None = None) -> bool:
    """Whether anybody belongs to a room, or anybody with this role; ``but`` is a user not to count."""
    here = _MEMBERS.where(memberships.c.left_at.is_(None))
    query = here if role is None else here.where(memberships.c.role == role)
    if but is not None:
        query = query.where(memberships.c.user_id != but)
    return connection.execute(query.limit(1), {'room_id': room_id}).first() is not None


def leave(connection: Connection, room_id: int, user_id: int, number: int) -> None:
    """Store that somebody no longer belongs to the room."""
    here = and_(memberships.c.room_id == room_id, memberships.c.user_id == user_id)
    connection.execute(update(memberships).where(here).values(left_at=now_ms(), revision=number))


class Place(NamedTuple):
    """A room, and how somebody stands to it."""

    room: Room
    is_member: bool
    is_banned: bool


def places(connection: Connection, user_id: int) -> list[Place]:
    """Return all rooms that are open, or that somebody belongs to; not asked is who may read them."""
    here = and_(memberships.c.room_id == rooms.c.id, memberships.c.user_id == user_id)
    is_member = and_(memberships.c.user_id.is_not(None), memberships.c.left_at.is_(None))
    query = select(rooms, is_member.label('is_member'), memberships.c.banned_until)
    query = query.join_from(rooms, memberships, here, isouter=True).where(rooms.c.private.is_(False) | is_member)
    now = now_ms()
    return [
        Place(room_of(row), bool(row.is_member), (row.banned_until or 0) > now) for row in connection.execute(query)
    ]


def visible(
    connection: Connection, user_id: int, limit: int, words: str = '', *, archived: bool = False
) -> list[RoomEntry]:
    """Return the rooms a person belongs to, then at most ``limit`` open ones that they could join, each by name.

    With ``words``, only those whose name or topic has them, in capitals or not. ``archived`` rooms or all others.
    """
    asked = {'member': user_id, 'archived': archived}
    mine = connection.execute(_MINE, asked)
    others = connection.execute(_OTHERS, {**asked, 'most': EVERY if words else limit, 'now': now_ms()})
    sought = words.casefold()  # here, as SQLite knows the capitals of English only
    rows = mine.all()
    named = zip(names_for(connection, user_id, [room_of(row) for row in rows]), rows, strict=True)
    mine_found = [(room, row) for room, row in named if _has(room, sought)]
    counts = reading.counts(connection, user_id, [room.id for room, _ in mine_found])
    return [
        *(
            RoomEntry(room, True, *counts.get(room.id, Counts()), row.favorite, row.notify or room.usual_level)
            for room, row in mine_found
        ),
        *islice((RoomEntry(room, False) for room in map(room_of, others) if _has(room, sought)), limit),
    ]


def _has(room: Room, sought: str) -> bool:
    return not sought or sought in room.name.casefold() or sought in room.topic.casefold()


def of_member(connection: Connection, user_id: int) -> list[tuple[Room, Role]]:
    """Return the rooms that somebody belongs to, and their role in each; as ``reached`` does, it holds them."""
    mine = and_(memberships.c.user_id == user_id, memberships.c.left_at.is_(None))
    hold_rooms(connection, rooms.c.id.in_(select(memberships.c.room_id).where(mine)))
    query = select(rooms, memberships.c.role).join_from(memberships, rooms).where(mine).order_by(rooms.c.id)
    return [(room_of(row), row.role) for row in connection.execute(query)]


def hold_all_of(connection: Connection, user_id: int) -> None:
    """Let nobody else change the rooms that somebody belongs to, or once did, until the transaction ends."""
    hold_rooms(connection, rooms.c.id.in_(select(memberships.c.room_id).where(memberships.c.user_id == user_id)))


def with_words_of(connection: Connection, user_id: int) -> list[tuple[Room, Role]]:
    """Return the rooms that somebody has left and said something in, with the role they had in each."""
    said = exists().where(messages.c.room_id == rooms.c.id, messages.c.author_id == user_id)
    left = and_(memberships.c.user_id == user_id, memberships.c.left_at.is_not(None))
    query = select(rooms, memberships.c.role).join_from(memberships, rooms).where(left, said).order_by(rooms.c.id)
    return [(room_of(row), row.role) for row in connection.execute(query)]


def open_to_all(connection: Connection, limit: int) -> tuple[Room, ...]:
    """Return the rooms that are open to everybody, by name."""
    is_open = rooms.c.private.is_(False) & rooms.c.archived_at.is_(None)
    query = select(rooms).where(is_open).order_by(_BY_NAME).limit(limit)
    return tuple(room_of(row) for row in connection.execute(query))


def room_of(row: Row[*tuple[Any, ...]]) -> Room:
    """Return the room of a row of its table."""
    return Room(
        id=row.id,
        slug=row.slug,
        name=row.name,
        topic=row.topic,
        private=row.private,
        revision=row.revision,
        created_at=moment(row.created_at),
        description=row.description,
        posting=row.posting,
        slow_mode=row.slow_mode,
        paused=row.paused,
        archived=row.archived_at is not None,
        direct=row.people_key is not None,
    )


def _member(row: Row[*tuple[Any, ...]]) -> Member:
    return Member(User(row.id, row.name, row.kind), row.role)
