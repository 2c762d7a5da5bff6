"""Statements about whom messages mention."""

from sqlalchemy import Connection, bindparam, delete, insert, select

from chat.models import Mentioned, User
from chat.storage.tables import memberships, mentions, users

_PEOPLE = (
    select(users.c.id, users.c.name, users.c.kind)
    .join_from(memberships, users, memberships.c.user_id == users.c.id)
    .where(memberships.c.room_id == bindparam('room_id'), memberships.c.left_at.is_(None))
)


def people(connection: Connection, room_id: int) -> list[User]:
    """Return who can be mentioned in a room: its members."""
    return [User(row.id, row.name, row.kind) for row in connection.execute(_PEOPLE, {'room_id': room_id})]


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
