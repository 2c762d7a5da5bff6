"""Statements about incoming webhooks."""

from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select

from chat.clock import moment, now_ms
from chat.models import Hook, Room, User
from chat.storage import users as user_rows
from chat.storage.tables import hooks, memberships, rooms, users

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


def is_silenced(connection: Connection, hook_id: int, now: int) -> bool:
    """Whether whoever made a hook is muted or banned now, in its room or everywhere."""
    places = hooks.outerjoin(
        memberships, (memberships.c.room_id == hooks.c.room_id) & (memberships.c.user_id == hooks.c.created_by)
    )
    until = (users.c.muted_until, users.c.banned_until, memberships.c.muted_until, memberships.c.banned_until)
    made = select(hooks.c.id).select_from(places.join(users, users.c.id == hooks.c.created_by))
    silenced = made.where(hooks.c.id == hook_id, or_(*(column > now for column in until)))
    return connection.execute(silenced).first() is not None


def by_id(connection: Connection, hook_id: int) -> Hook | None:
    """Return a hook, or None."""
    row = connection.execute(_HOOK.where(hooks.c.id == hook_id)).first()
    return None if row is None else _hook(row)


def every_hook(connection: Connection) -> list[Hook]:
    """Return the hooks of all rooms, by room, in the order they were made."""
    return [_hook(row) for row in connection.execute(_HOOK.order_by(rooms.c.slug, hooks.c.id))]


def in_room(connection: Connection, room_id: int) -> tuple[Hook, ...]:
    """Return the hooks of a room, in the order they were made."""
    return tuple(_hook(row) for row in connection.execute(_HOOK.where(hooks.c.room_id == room_id).order_by(hooks.c.id)))


def count(connection: Connection, room_id: int) -> int:
    """Return how many hooks a room has."""
    number: int = connection.execute(select(func.count()).where(hooks.c.room_id == room_id)).scalar_one()
    return number


def is_of_hook(connection: Connection, user: User) -> bool:
    """Whether a bot speaks for a hook."""
    return connection.execute(select(hooks.c.id).where(hooks.c.bot_id == user.id)).first() is not None


def remove(connection: Connection, room_id: int, hook_id: int | None = None) -> list[User]:
    """Forget the hooks of a room, or one of them; return their bots, whose names somebody else can have now."""
    here = hooks.c.room_id == room_id
    which = here if hook_id is None else here & (hooks.c.id == hook_id)
    bots = [hook.bot for hook in map(_hook, connection.execute(_HOOK.where(which).order_by(hooks.c.id)))]
    connection.execute(delete(hooks).where(which))
    for bot in bots:
        user_rows.release_name(connection, bot.id)
    return bots


def _hook(row: Row[*tuple[Any, ...]]) -> Hook:
    return Hook(row.id, row.slug, User(row.bot_id, row.name, row.kind), moment(row.created_at))
