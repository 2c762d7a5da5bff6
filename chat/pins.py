"""Pins: what a room keeps at hand. Only these functions write them and tell of them."""

from sqlalchemy import Connection

from chat import floor, permissions, reach
from chat.errors import Conflict, Forbidden
from chat.events import message_event
from chat.models import Message, User
from chat.rate_limits import RateLimits
from chat.reach import Reached
from chat.room_state import RoomState
from chat.storage import Storage
from chat.storage import messages as rows

MOST = 50  # in a room: more would be a second history

_Change = tuple[Message, Message]  # a message before and after; the same one if nothing changed


class Pins:
    """The actions on pins."""

    def __init__(self, storage: Storage, room_state: RoomState, rate_limits: RateLimits) -> None:
        self._storage = storage
        self._room_state = room_state
        self._rate_limits = rate_limits

    async def pin(self, user: User, message_id: int, *, on: bool) -> Message:
        """Pin a message to its room, or take it off; twice is once.

        Raises NotFound, Forbidden, RateLimited, or Conflict for what is deleted, or one too many.
        """
        self._rate_limits.check('changing', user.id)

        def store(connection: Connection) -> _Change:
            message = reach.message(connection, user, message_id)
            _require(connection, reach.room(connection, user, message.room))
            was = message.pinned_at is not None or (not on and rows.is_pinned(connection, message.id))  # and is hidden
            if was is on:
                return message, message
            if on:
                _check(connection, message)
            return message, rows.pin(connection, message, user.id if on else None)

        before, message = await self._storage.write(store)
        if message.revision > before.revision:
            self._room_state.publish(message_event(message))
        return message

    async def pinned(self, user: User, slug: str) -> list[Message]:
        """Return what is pinned to a room, the newest pin first; raises NotFound."""

        def read(connection: Connection) -> list[Message]:
            return rows.pinned(connection, reach.room(connection, user, slug).room.id)

        return await self._storage.read(read)


def _require(connection: Connection, reached: Reached) -> None:
    """Raise Forbidden if somebody may not pin in a room."""
    if reached.room.archived:
        raise Forbidden(floor.SENTENCES['archived'])
    if not permissions.may_pin(reached.user, reached.role, reached.room):
        raise Forbidden("Only the room's owners and moderators pin messages.")
    if reached.is_member:  # else a moderator of the chat, who looks after open rooms from outside
        floor.require(connection, reached, again=True)


def _check(connection: Connection, message: Message) -> None:
    if message.deleted_at is not None:
        raise Conflict('This message has been deleted: there is nothing to pin.')
    if len(rows.pinned_ids(connection, message.room_id)) >= MOST:
        raise Conflict(f'{MOST} messages are pinned here, which is the most. Unpin one first.')
