"""Statements about incoming webhooks."""

from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from chat.clock import moment, now_ms
from chat.models import Hook, Room, User
from chat.storage.tables import hooks, rooms, users

_HOOK = (
    select(hooks.c.id, hooks.c.created_at, rooms.c.slug, users.c.id.label('bot_id'), users.c.name, users.c.kind)
    .join_from(hooks, rooms)
    .join(users, users.c.id == hooks.c.bot_id)
)


def add(connection: Connection, room: Room, bot: User, secret_hash: str, created_by: int) -> Hook:
    """Store a new hook; only the hash of its secret is kept."""
    now = now_ms()
    values = {
        'room_id': room.id, 'bot_id': bot.id, 'secret_hash': secret_hash, 'created_by': created_by, 'created_at': now
    }  # fmt: skip
    hook_id: int = connection.execute(insert(hooks).returning(hooks.c.id), values).scalar_one()
    return Hook(hook_id, room.slug, bot, moment(now))


def by_secret(connection: Connection, secret_hash: str) -> Hook | None:
    """Return the hook of a secret, or None."""
    row = connection.execute(_HOOK.where(hooks.c.secret_hash == secret_hash)).first()
    return None if row is None else _hook(row)


def in_room(connection: Connection, room_id: int) -> tuple[Hook, ...]:
    """Return the hooks of a room, in the order they were made."""
    return tuple(_hook(row) for row in connection.execute(_HOOK.where(hooks.c.room_id == room_id).order_by(hooks.c.id)))


def count(connection: Connection, room_id: int) -> int:
    """Return how many hooks a room has."""
    number: int = connection.execute(select(func.count()).where(hooks.c.room_id == room_id)).scalar_one()
    return number


def remove(connection: Connection, room_id: int, hook_id: int) -> int | None:
    """Forget a hook of a room; return the id of its bot, or None if there is no such hook there."""
    here = delete(hooks).where(hooks.c.room_id == room_id, hooks.c.id == hook_id)
    return connection.execute(here.returning(hooks.c.bot_id)).scalar()


def _hook(row: Row[*tuple[Any, ...]]) -> Hook:
    return Hook(row.id, row.slug, User(row.bot_id, row.name, row.kind), moment(row.created_at))
