"""What administrators see of everything there is, and how they put it in order; each action is a line of the log.

Of a private room they see that it is there, who has it and how large it is, never what is said in it; of direct
messages nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection

from chat import audit, reach, rooms
from chat.audit import Actor
from chat.bots import Bots
from chat.errors import NotFound, Unauthenticated
from chat.events import MemberLeft, RoomChanged, room_changed
from chat.models import Bot, Hook, Room, RoomSummary, Signed, User
from chat.rate_limits import RateLimits
from chat.room_state import RoomState
from chat.sessions import Sessions
from chat.storage import Storage, hooks, users
from chat.storage import rooms as room_rows
from chat.storage import supervision as rows

T = TypeVar('T')
MOST_SESSIONS = 500  # listed
NO_ROOM = 'There is no such room.'


class Supervision:
    """The actions of administrators on rooms, sessions, bots and webhooks."""

    def __init__(
        self, storage: Storage, room_state: RoomState, rate_limits: RateLimits, sessions: Sessions, bots: Bots
    ) -> None:
        self._storage = storage
        self._room_state = room_state
        self._rate_limits = rate_limits
        self._sessions = sessions
        self._bots = bots

    async def rooms(self, actor: Actor) -> Sequence[RoomSummary]:
        """Return all rooms but those of direct messages, by name. Raises Forbidden, as all here do."""
        return await self._read(actor, rows.room_summaries)

    async def set_archived(self, actor: Actor, slug: str, *, archived: bool) -> Room:
        """Archive a room, or let people write in it again; twice is once. Raises NotFound."""

        def store(connection: Connection) -> tuple[Room, RoomChanged | None]:
            room = _room(connection, slug)
            if room.archived == archived:
                return room, None
            room = room_rows.change(connection, replace(room, archived=archived))
            audit.note(connection, actor, 'archive room' if archived else 'open room again', room.name, room=slug)
            return room, room_changed(room)

        room, event = await self._write(actor, store)
        if event is not None:
            self._room_state.publish(event)
        return room

    async def delete_room(self, actor: Actor, slug: str) -> None:
        """Delete a room with all that was said in it. Raises NotFound."""

        def store(connection: Connection) -> int:
            room = _room(connection, slug)
            room_rows.remove(connection, room.id)
            audit.note(connection, actor, 'delete room', room.name, room=slug)
            return room.id

        self._room_state.gone(await self._write(actor, store))

    async def sessions(self, actor: Actor) -> Sequence[Signed]:
        """Return who is signed in where, the session used last first; MOST_SESSIONS of them."""
        return await self._read(actor, lambda connection: rows.sessions_of_people(connection, MOST_SESSIONS))

    async def end_session(self, actor: Actor, session_id: int) -> None:
        """Sign somebody out of one of their sessions. Raises NotFound."""

        def store(connection: Connection) -> Sequence[int]:
            user = rows.owner_of_session(connection, session_id)
            if user is None or user.kind == 'bot':
                raise NotFound('There is no such session.')
            audit.note(connection, actor, 'end session', user)
            return users.delete_sessions_of(connection, user.id, session_id)

        self._sessions.tell_end(list(await self._write(actor, store)))

    async def programs(self, actor: Actor) -> tuple[Sequence[Bot], Sequence[Hook]]:
        """Return the bots that have tokens, and the webhooks of all rooms."""
        return await self._read(actor, rows.programs)

    async def add_bot(self, actor: Actor, name: str) -> tuple[User, str]:
        """Make a bot; return it and its token, which is kept nowhere. Raises Invalid or NameTaken."""
        self._check_rate(actor)
        return await self._bots.add(name, actor)

    async def add_bot_token(self, actor: Actor, name: str) -> tuple[User, str]:
        """Give a bot a further token; return both. Raises NotFound."""
        self._check_rate(actor)
        return await self._bots.add_token(name, actor)

    async def revoke_bot(self, actor: Actor, name: str, token_id: int | None = None) -> None:
        """End all tokens of a bot, or one. Raises NotFound."""
        self._check_rate(actor)
        await self._bots.revoke(name, token_id, actor)

    async def end_hook(self, actor: Actor, hook_id: int) -> None:
        """End a webhook of whichever room. Raises NotFound."""

        def store(connection: Connection) -> Sequence[MemberLeft]:
            hook = hooks.by_id(connection, hook_id)
            room = None if hook is None else _room(connection, hook.room)
            if hook is None or room is None or hooks.by_id(connection, hook_id) is None:
                raise NotFound('There is no such webhook.')
            audit.note(connection, actor, 'delete webhook', hook.bot, room=room.slug)
            return rooms.end_hooks(connection, room, hook_id)

        for event in await self._write(actor, store):
            self._room_state.publish(event)

    async def _read(self, actor: Actor, read: Callable[[Connection], T]) -> T:
        def checked(connection: Connection) -> T:
            reach.administrator(connection, actor.user)
            return read(connection)

        return await self._storage.read(checked)

    async def _write(self, actor: Actor, store: Callable[[Connection], T]) -> T:
        self._check_rate(actor)

        def checked(connection: Connection) -> T:
            reach.administrator(connection, actor.user)
            return store(connection)

        return await self._storage.write(checked)

    def _check_rate(self, actor: Actor) -> None:
        if actor.user is None:
            raise Unauthenticated
        self._rate_limits.check('changing', actor.user.id)


def _room(connection: Connection, slug: str) -> Room:
    room = rows.ordinary_room(connection, slug)
    if room is None:
        raise NotFound(NO_ROOM)
    return room
