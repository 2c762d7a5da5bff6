"""Statements about whom messages mention."""

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from chat.models import Mentioned, User
from chat.storage.tables import memberships, mentions, users

_PEOPLE = (
    select(users.c.id, users.c.name, users.c.kind)
    .join_from(memberships, users, memberships.c.user_id == users.c.id)
    .where(memberships.c.room_id == bindparam('room_id'), memberships.c.left_at.is_(None))
)
_CALLED = _PEOPLE.where(users.c.name_key.in_(bindparam('keys', expanding=True)))
_COUNT = _PEOPLE.with_only_columns(func.count()).where(users.c.kind != 'bot', users.c.id != bindparam('but'))


def people(connection: Connection, room_id: int, keys: Collection[str] | None = None) -> list[User]:
    """Return who can be mentioned in a room: its members, or those of them whose names have one of some keys."""
    query, asked = (_PEOPLE, {}) if keys is None else (_CALLED, {'keys': list(keys)})
    found = connection.execute(query, {'room_id': room_id, **asked})
    return [User(row.id, row.name, row.kind) for row in found]


def count(connection: Connection, room_id: int, but: int = 0) -> int:
    """Return how many members of a room are no bots, leaving one person out."""
    number: int = connection.execute(_COUNT, {'room_id': room_id, 'but': but}).scalar_one()
    return number


def of(connection: Connection, message_id: int) -> dict[int, str]:
    """Return whom a message mentions by name, each as it is written there."""
    query = select(mentions.c.user_id, mentions.c.name).where(mentions.c.message_id == message_id)
    return {row.user_id: row.name for row in connection.execute(query)}


def store(connection: Connection, message_id: int, mentioned: Mentioned) -> None:
    """Store whom a new message mentions by name."""
    if mentioned.people:
        rows = [{'message_id': message_id, 'user_id': user_id, 'name': name} for user_id, name in mentioned.people]
        connection.execute(insert(mentions), rows)


def replace(connection: Connection, message_id: int, mentioned: Mentioned) -> None:
    """Store whom a message mentions now that it has other words."""
    connection.execute(delete(mentions).where(mentions.c.message_id == message_id))
    store(connection, message_id, mentioned)
