"""Statements about who is muted or banned, and about messages that are hidden."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, insert, select, update

from chat.clock import moment, now_ms
from chat.models import Ban, Hidden, Message, Role, User
from chat.storage import messages as message_rows
from chat.storage import words
from chat.storage.tables import address_bans, audit_log, memberships, messages, rooms, sessions, users


@dataclass(frozen=True, slots=True)
class Place:
    """How somebody stands in a room, or with no row there has never been; times in ms, 0 for never."""

    role: Role | None
    muted_until: int
    banned_until: int


NOWHERE = Place(None, 0, 0)


def place(connection: Connection, room_id: int, user_id: int) -> Place:
    """Return how somebody stands in a room."""
    row = connection.execute(select(memberships).where(_here(room_id, user_id))).first()
    if row is None:
        return NOWHERE
    return Place(row.role if row.left_at is None else None, row.muted_until or 0, row.banned_until or 0)


def everywhere(connection: Connection, user_id: int) -> Place:
    """Return how somebody stands in the chat."""
    row = connection.execute(select(users.c.muted_until, users.c.banned_until).where(users.c.id == user_id)).one()
    return Place(None, row.muted_until or 0, row.banned_until or 0)


def set_in_room(connection: Connection, room_id: int, user_id: int, **until: int | None) -> None:
    """Store until when somebody is muted or banned in a room, whether or not they have ever been there."""
    if connection.execute(update(memberships).where(_here(room_id, user_id)).values(**until)).rowcount:
        return
    now = now_ms()
    never_there = {'role': 'member', 'joined_at': now, 'left_at': now, 'revision': 0, 'last_read_id': 0}
    connection.execute(insert(memberships), {'room_id': room_id, 'user_id': user_id, **never_there, **until})


def set_everywhere(connection: Connection, user_id: int, **until: int | None) -> None:
    """Store until when somebody is muted or banned in the chat; nobody signs in as them meanwhile."""
    connection.execute(update(users).where(users.c.id == user_id).values(**until))


def addresses_of(connection: Connection, user_id: int) -> list[str]:
    """Return the addresses that somebody has signed in from, as far as their sessions are not over."""
    known = and_(sessions.c.user_id == user_id, sessions.c.address.is_not(None), sessions.c.address != '')
    return list(connection.execute(select(sessions.c.address).where(known).distinct()).scalars())


def ban_address(connection: Connection, address: str, until: int) -> None:
    """Let nobody come in from an address; the time counts from now."""
    connection.execute(delete(address_bans).where(address_bans.c.address == address))
    connection.execute(insert(address_bans), {'address': address, 'until': until, 'created_at': now_ms()})


def unban_address(connection: Connection, address: str) -> bool:
    """Let people come in from an address again; returns whether they could not."""
    return connection.execute(delete(address_bans).where(address_bans.c.address == address)).rowcount > 0


def address_is_banned(connection: Connection, address: str) -> bool:
    """Whether nobody may come in from an address."""
    here = and_(address_bans.c.address == address, address_bans.c.until > now_ms())
    return connection.execute(select(address_bans.c.address).where(here)).first() is not None


def forget_ended(connection: Connection) -> None:
    """Forget the bans of addresses that are over."""
    connection.execute(delete(address_bans).where(address_bans.c.until <= now_ms()))


def bans_in_room(connection: Connection, room_id: int, slug: str) -> list[Ban]:
    """Return who is banned from a room, by name."""
    query = select(users, memberships.c.banned_until.label('until')).join_from(memberships, users)
    banned = and_(memberships.c.room_id == room_id, memberships.c.banned_until > now_ms())
    return _bans(connection, query.where(banned), slug)


def bans(connection: Connection) -> list[Ban]:
    """Return who is banned from the chat, by name, and then the addresses that are."""
    query = select(users, users.c.banned_until.label('until')).where(users.c.banned_until > now_ms())
    here = select(address_bans).where(address_bans.c.until > now_ms()).order_by(address_bans.c.address)
    said = _last_words(connection, audit_log.c.target.in_(select(address_bans.c.address)), '')
    addresses = [
        Ban(None, row.address, '', moment(row.until), *said.get(row.address, ('', '')))
        for row in connection.execute(here)
    ]
    return _bans(connection, query, '') + addresses


def _bans(connection: Connection, query: Select[Any], slug: str) -> list[Ban]:
    found = connection.execute(query.order_by(users.c.name_key)).all()
    said = _last_words(connection, audit_log.c.target_id.in_([row.id for row in found]), slug)
    return [
        Ban(User(row.id, row.name, row.kind), '', slug, moment(row.until), *said.get(row.id, ('', ''))) for row in found
    ]


def _last_words(connection: Connection, whom: ColumnElement[bool], slug: str) -> dict[int | str, tuple[str, str]]:
    """Return who banned and why, by person or address, as the log says it."""
    lines = select(audit_log).where(audit_log.c.action == 'ban', audit_log.c.room == slug, whom)
    rows = connection.execute(lines.order_by(audit_log.c.id))
    return {(row.target if row.target_id is None else row.target_id): (row.actor, row.details) for row in rows}


def hide(connection: Connection, message: Message) -> Message:
    """Store that a message is not to be read; its words stay for a while."""
    return message_rows.change(connection, message, hidden_at=now_ms())


def show_again(connection: Connection, message: Message, *, unpinned: bool = False) -> Message | None:
    """Store that a hidden message is to be read again, perhaps no more pinned; None if its words are gone."""
    if connection.execute(select(messages.c.deleted_at).where(messages.c.id == message.id)).scalar() is not None:
        return None
    values: dict[str, Any] = {'pinned_at': None, 'pinned_by': None} if unpinned else {}
    return message_rows.change(connection, message, hidden_at=None, shown_again=True, **values)


def rooms_with_words_of(connection: Connection, user_id: int, *, hidden: bool, since: int) -> list[str]:
    """Return the slugs of the rooms with something that somebody said since then that is hidden, or is not."""
    been = select(memberships.c.room_id).where(memberships.c.user_id == user_id)  # or all messages are walked through
    these = and_(_of(user_id, hidden=hidden, since=since), messages.c.room_id.in_(been))
    query = select(rooms.c.slug).join_from(messages, rooms).where(these).distinct().order_by(rooms.c.slug)
    return list(connection.execute(query).scalars())


def some_of(
    connection: Connection, room_id: int, user_id: int, limit: int, *, hidden: bool, since: int
) -> list[Message]:
    """Return the newest messages by somebody in a room since then that are hidden, or that are not."""
    these = and_(_of(user_id, hidden=hidden, since=since), messages.c.room_id == room_id)
    ids = connection.execute(select(messages.c.id).where(these).order_by(messages.c.id.desc()).limit(limit)).scalars()
    found = (message_rows.by_id(connection, each) for each in ids.all())
    return [message for message in found if message is not None]


def hidden_in(connection: Connection, kept: int, limit: int, slug: str | None = None) -> list[Hidden]:
    """Return what is hidden in open rooms, or in one room, the newest first; ``kept`` are the ms until it is gone."""
    where = rooms.c.slug == slug if slug is not None else rooms.c.private.is_(False)
    query = select(messages.c.id, messages.c.body, messages.c.hidden_at).join_from(messages, rooms)
    is_hidden = and_(messages.c.hidden_at > now_ms() - kept, messages.c.deleted_at.is_(None), where)
    found = connection.execute(query.where(is_hidden).order_by(messages.c.hidden_at.desc()).limit(limit)).all()
    return [
        Hidden(message, row.body, moment(row.hidden_at), moment(row.hidden_at + kept))
        for row in found
        if (message := message_rows.by_id(connection, row.id)) is not None
    ]


def purge(connection: Connection, hidden_before: int) -> int:
    """Take the words of what was hidden before then out of the database; nobody who reads sees any difference."""
    old = and_(messages.c.hidden_at < hidden_before, messages.c.deleted_at.is_(None))
    words.forget(connection, list(connection.execute(select(messages.c.id).where(old)).scalars()))
    values = {'body': '', 'html': '', 'deleted_at': messages.c.hidden_at, 'reacted': False, 'attached': False}
    values |= {'mentions_all': False, 'pinned_at': None, 'pinned_by': None}
    return connection.execute(update(messages).where(old).values(values)).rowcount


def _of(user_id: int, *, hidden: bool, since: int) -> ColumnElement[bool]:
    is_so = messages.c.hidden_at.is_not(None) if hidden else messages.c.hidden_at.is_(None)
    return and_(messages.c.author_id == user_id, messages.c.created_at >= since, messages.c.deleted_at.is_(None), is_so)


def _here(room_id: int, user_id: int) -> ColumnElement[bool]:
    return and_(memberships.c.room_id == room_id, memberships.c.user_id == user_id)
