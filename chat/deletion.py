"""Deleting an account, or a guest: nobody can be this person any more; their messages stay or go, as is wished.

The row of the user stays, as messages refer to it, with nothing in it that tells who it was. All of this is one
transaction. What may be much, the reactions and the messages that go, follows in small ones; that it is wanted is
stored with the first, so that whatever ends a server in the middle, the rest is done later.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import get_args

from sqlalchemy import Connection

from chat import audit, permissions, reach, rooms, text
from chat.administration import LAST
from chat.audit import Actor
from chat.credentials import Credentials
from chat.errors import Conflict, Forbidden, Invalid, NotFound
from chat.events import MemberLeft, message_event
from chat.models import KeepOrRemove, Message, User
from chat.pacing import Rounds
from chat.rate_limits import RateLimits
from chat.room_state import RoomState
from chat.sessions import Sessions
from chat.storage import Storage, accounts, messages, reactions
from chat.storage import deletion as rows

AT_ONCE = 50  # messages in a transaction, which everybody else who writes waits for
PAUSE = 0.05  # s after each: who listens to the room gets a thousand events a second at most
REST = 3  # times as long as it took, if that is more: telling a crowd keeps a server busy
LOOK_EVERY = 3600.0  # s
LOOK_AGAIN = 60.0  # s after something could not be stored


@dataclass(frozen=True, slots=True)
class _Deleted:
    """What a transaction has done that is to be told."""

    session_ids: list[int]
    events: list[MemberLeft]


class Deletion:
    """The actions that delete accounts, and what they leave to do."""

    def __init__(
        self,
        storage: Storage,
        room_state: RoomState,
        rate_limits: RateLimits,
        sessions: Sessions,
        credentials: Credentials,
        forget_searches: Callable[[int], object],
    ) -> None:
        self._storage = storage
        self._room_state = room_state
        self._rate_limits = rate_limits
        self._sessions = sessions
        self._credentials = credentials
        self._forget_searches = forget_searches
        self._is_finished = False
        self._finishing = Rounds('finish deleting accounts', self.finish, self._until_next_look)

    def start(self) -> None:
        """Begin to finish what is left to do: now, every hour, and after each deletion. Starting twice is harmless."""
        self._finishing.start()
        self._finishing.hasten()

    def stop(self) -> None:
        """Leave what is left to the next start; stopping twice is harmless."""
        self._finishing.stop()

    async def delete_own(self, user: User, what: KeepOrRemove, password: str | None, address: str) -> None:
        """Delete one's own account for good; ``what`` is what becomes of the messages.

        Whoever has a password must give it. Raises Invalid, Forbidden, Unauthenticated, RateLimited, or Conflict for
        the last administrator.
        """
        self._rate_limits.check('changing', user.id)
        _check(what)
        await self._credentials.check_password(user, password, address)

        def store(connection: Connection) -> _Deleted:
            accounts.hold_administrators(connection)
            return _delete(connection, reach.person(connection, user), what)

        await self._store_and_tell(store)
        self._forget_searches(user.id)

    async def delete_by(self, administrator: User, user_id: int, what: KeepOrRemove, address: str = '') -> None:
        """Delete somebody else's account; twice is once, and to ``remove`` the messages is possible later, too.

        Raises Invalid, Forbidden, NotFound, Unauthenticated or RateLimited.
        """
        self._rate_limits.check('changing', administrator.id)
        _check(what)

        def store(connection: Connection) -> _Deleted:
            accounts.hold_administrators(connection)
            if not permissions.may_administer(reach.person(connection, administrator)):
                raise Forbidden('Only an administrator may do this.')
            user, is_deleted = _find(connection, user_id)
            if user.id == administrator.id:  # there the password is asked for
                raise Forbidden('Your own account is deleted in your own settings.')
            details = f'{what} the messages'
            audit.note(connection, Actor(administrator, address), 'delete account', user, details=details)
            if not is_deleted:
                return _delete(connection, user, what)
            if what == 'remove':
                rows.begin_removing(connection, user.id)
            return _Deleted([], [])

        await self._store_and_tell(store)
        self._forget_searches(user_id)

    async def finish(self) -> None:
        """Do what is left: two servers that do so at once do each other's work, and nothing twice."""
        self._is_finished = False
        await self._storage.write(rows.forget_leftovers)
        for user_id in await self._storage.read(reactions.of_the_deleted):
            await self._take_back_reactions(user_id)
        for user_id in await self._storage.read(rows.removing):
            await self._remove_messages(user_id)
        self._is_finished = True

    def _until_next_look(self) -> float:
        return LOOK_EVERY if self._is_finished else LOOK_AGAIN

    async def _store_and_tell(self, store: Callable[[Connection], _Deleted]) -> None:
        deleted = await self._storage.write(store)
        self._sessions.tell_end(deleted.session_ids)
        for event in deleted.events:
            self._room_state.publish(event)
        self._finishing.hasten()

    async def _take_back_reactions(self, user_id: int) -> None:
        there = await self._storage.read(reactions.reacted_to, user_id)
        write = self._storage.write
        await self._go_through(there, lambda *some: write(reactions.take_back_all, user_id, *some))

    async def _remove_messages(self, user_id: int) -> None:
        said = await self._storage.read(messages.ids_by, user_id)
        await self._go_through(said, lambda *some: self._storage.write(messages.remove_all, *some))
        await self._storage.write(rows.end_removing, user_id)

    async def _go_through(
        self, by_room: dict[int, list[int]], change: Callable[[int, list[int]], Awaitable[list[Message]]]
    ) -> None:
        """Change some messages of a room after the other, and tell of each what has become of it."""
        for room_id, message_ids in by_room.items():
            for some in _parts(message_ids):
                started = perf_counter()
                for message in await change(room_id, some):
                    self._room_state.publish(message_event(message))
                await asyncio.sleep(max(PAUSE, REST * (perf_counter() - started)))


def _parts(message_ids: list[int]) -> Iterator[list[int]]:
    return (message_ids[first : first + AT_ONCE] for first in range(0, len(message_ids), AT_ONCE))


def _check(what: KeepOrRemove) -> None:
    if what not in get_args(KeepOrRemove):
        raise Invalid('Say whether to keep the messages, or to remove them.', 'messages')


def _find(connection: Connection, user_id: int) -> tuple[User, bool]:
    found = rows.find(connection, user_id)
    if found is None:
        raise NotFound('There is nobody of this number.')
    return found


def _delete(connection: Connection, user: User, what: KeepOrRemove) -> _Deleted:
    """Delete an account, while nobody else makes or unmakes an administrator.

    That two administrators who delete themselves at once both see the other is what no row of either would keep from
    happening: each changes only their own. So whoever makes fewer of them holds one lock for all.
    """
    if not permissions.may_be_deleted(user):
        raise Forbidden('Bots are managed by whoever runs the server.')
    if user.kind == 'administrator' and not accounts.has_administrator(connection, but=user.id):
        raise Conflict(LAST)
    # The rooms first, as whoever speaks in one does: the other way round, two would wait for each other.
    events = rooms.leave_for_good(connection, User(user.id, text.DELETED_ACCOUNT, 'guest'))
    if what == 'remove':
        rows.begin_removing(connection, user.id)
    return _Deleted(rows.forget(connection, user.id), events)
