"""The statement that follows replies: up to the message that a conversation begins with, and down to all that reply."""

from sqlalchemy import Connection, bindparam, func, select

from chat.models import Chain
from chat.storage import messages as message_rows
from chat.storage.tables import messages

WALKED = 2_000  # messages that are looked at, however long a conversation is

_up = (
    select(messages.c.id, messages.c.reply_to).where(messages.c.id == bindparam('message_id')).cte('up', recursive=True)
)
_up = _up.union_all(select(messages.c.id, messages.c.reply_to).where(messages.c.id == _up.c.reply_to))
_some_up = select(_up.c.id).limit(WALKED).subquery()
_FIRST = select(func.min(_some_up.c.id))  # a reply comes after what it replies to

_down = select(messages.c.id).where(messages.c.id == bindparam('first_id')).cte('down', recursive=True)
_down = _down.union_all(select(messages.c.id).where(messages.c.reply_to == _down.c.id))
_some_down = select(_down.c.id).limit(WALKED).subquery()
_BELOW = select(_some_down.c.id).order_by(_some_down.c.id.desc())


def of(connection: Connection, message_id: int, limit: int) -> Chain:
    """Return a message's conversation; if it is longer, its first message, this one, and the newest ones."""
    first_id: int = connection.execute(_FIRST, {'message_id': message_id}).scalar_one()
    ids = connection.execute(_BELOW, {'first_id': first_id}).scalars().all()
    shown = {first_id, message_id, *ids[: limit - 2]} if len(ids) > limit else set(ids)
    found = message_rows.by_ids(connection, shown)
    return Chain(tuple(sorted(found, key=lambda each: each.id)), is_whole=len(shown) == len(ids) < WALKED)
