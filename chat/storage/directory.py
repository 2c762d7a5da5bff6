"""Statements about who can be found by name."""

from sqlalchemy import Connection, exists, select

from chat.clock import now_ms
from chat.models import User
from chat.storage.tables import hooks, memberships, users


def find(connection: Connection, user_id: int, key: str, limit: int) -> list[User]:
    """Return people whose name has this part of a skeleton and who share a room with somebody, by name.

    Whoever is banned from the chat is not among them, nor are the bots of webhooks, who read nothing.
    """
    mine = select(memberships.c.room_id).where(memberships.c.user_id == user_id, memberships.c.left_at.is_(None))
    shares_a_room = exists().where(
        memberships.c.user_id == users.c.id, memberships.c.left_at.is_(None), memberships.c.room_id.in_(mine)
    )
    is_there = users.c.deleted_at.is_(None) & (users.c.banned_until.is_(None) | (users.c.banned_until <= now_ms()))
    is_hook = exists().where(hooks.c.bot_id == users.c.id)
    query = select(users).where(users.c.name_key.contains(key, autoescape=True), is_there, ~is_hook, shares_a_room)
    return [
        User(row.id, row.name, row.kind) for row in connection.execute(query.order_by(users.c.name_key).limit(limit))
    ]
