"""What makes a name somebody's for good: a password. How accounts are made, and signed in to, by one."""

from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import Connection

from chat import accounts, admission, audit, permissions, reach, rooms, text
from chat.errors import Conflict, Forbidden, Invalid, Unauthenticated
from chat.events import RoomEvent
from chat.models import Session, SignInMode, User
from chat.passwords import Passwords, Unfit
from chat.rate_limits import RateLimits
from chat.room_state import RoomState
from chat.sessions import Sessions
from chat.storage import Storage, users
from chat.storage import accounts as rows

WRONG = 'This name and password do not belong together.'


class Credentials:
    """The actions by which people make a name theirs, and prove that it is."""

    def __init__(
        self,
        storage: Storage,
        room_state: RoomState,
        rate_limits: RateLimits,
        sessions: Sessions,
        passwords: Passwords,
        mode: SignInMode,
    ) -> None:
        self._storage = storage
        self._room_state = room_state
        self._rate_limits = rate_limits
        self._sessions = sessions
        self._passwords = passwords
        self._mode = mode

    async def register(self, name: str, password: str, address: str) -> User:
        """Make an account. Raises Forbidden where an invitation is needed, Invalid, NameTaken or RateLimited."""
        self._rate_limits.check('joining', address)
        if not permissions.may_register(self._mode):
            raise Forbidden('Here one needs an invitation to make an account.')
        name = text.clean_name(name)
        await self._storage.read(accounts.require_free, name)  # before the work is done for nothing
        stored = await self._passwords.hash(password, name)

        def store(connection: Connection) -> User:
            admission.require_address(connection, address)
            user = accounts.add(connection, name, 'member')
            rows.set_password_hash(connection, user.id, stored)
            return user

        async with audit.failed_sign_ins(self._storage, address):
            return await self._storage.write(store)

    async def sign_in(
        self, name: str, password: str, address: str, user_agent: str, time_zone: str | None = None
    ) -> tuple[User, str]:
        """Begin a session of whoever has this name and password; returns who that is and the session's token.

        Raises Unauthenticated, alike and after the same time for names that nobody has, or RateLimited.
        """
        self._rate_limits.check('joining', address)
        try:
            key = text.skeleton(text.clean_name(name))
        except Invalid:
            key = ''  # nobody's
        found = await self._storage.read(rows.by_key, key)
        user, stored = (None, None) if found is None else found
        async with audit.failed_sign_ins(self._storage, address, user):
            if not await self._is_right(stored, password, key, address) or user is None or stored is None:
                raise Unauthenticated(WRONG)
            anew = await self._anew(stored, password, user)

            def store(connection: Connection) -> str:
                # Or whoever has just lost the password to somebody else would come in all the same.
                if not rows.set_password_hash(connection, user.id, anew, before=stored):
                    raise Unauthenticated(WRONG)
                return self._sessions.add(connection, user, user_agent, time_zone, address)

            return user, await self._storage.write(store)

    async def is_account(self, name: str) -> bool:
        """Whether somebody with an account goes by this name; guests and bots are none."""
        try:
            found = await self._storage.read(rows.by_key, text.skeleton(text.clean_name(name)))
        except Invalid:
            return False
        return found is not None and found[0].kind in rows.KINDS

    async def has_password(self, user: User) -> bool:
        """Whether somebody can sign in by a password."""
        return await self._storage.read(rows.password_hash, user.id) is not None

    async def check_password(
        self, user: User, password: str | None, address: str, field: str = 'password'
    ) -> str | None:
        """Return what is stored of a password; raises Invalid if there is one and this is another, or RateLimited."""
        stored = await self._storage.read(rows.password_hash, user.id)
        if stored is None:
            return None
        if not await self._is_right(stored, password or '', text.skeleton(user.name), address):
            raise Invalid('This is not your password.', field)
        return stored

    async def set_password(
        self, session: Session, password: str, current: str | None, address: str
    ) -> tuple[User, str]:
        """Give somebody a password, by which a guest becomes a member; returns who and the session's new token.

        All their sessions end; the one that asks is replaced. Raises Invalid (also when ``current`` is not the one
        before), Forbidden, Conflict, Unauthenticated or RateLimited.
        """
        self._rate_limits.check('changing', session.user.id)
        before = await self.check_password(session.user, current, address, 'current_password')
        stored = await self._passwords.hash(password, session.user.name)

        def store(connection: Connection) -> tuple[User, str, list[int], Sequence[RoomEvent]]:
            rooms.hold_all(connection, session.user)
            user = reach.person(connection, session.user)
            if not permissions.may_have_password(user):
                raise Forbidden('Bots have tokens in place of a password.')
            ended = users.delete_sessions_of(connection, user.id, but=session.id)
            token = self._sessions.renew(connection, session)
            if rows.password_hash(connection, user.id) != before:
                raise Conflict('The password was changed at this very moment.')
            rows.set_password_hash(connection, user.id, stored)
            events: Sequence[RoomEvent] = ()
            if user.kind == 'guest':
                user, events = accounts.become(connection, user, 'member')
            return user, token, [*ended, session.id], events

        user, token, ended, events = await self._storage.write(store)
        self._sessions.tell_end(ended)
        for event in events:
            self._room_state.publish(event)
        return user, token

    async def _is_right(self, stored: str | None, password: str, key: str, address: str) -> bool:
        """Whether this is the password that was stored; wrong ones are counted. Raises RateLimited."""
        self._rate_limits.check('comparing passwords', address)
        tries = ('trying passwords', f'{key} {address}')
        self._rate_limits.check(*tries)
        is_right = await self._passwords.verify(stored, password)
        if is_right:
            self._rate_limits.forget(*tries)
        return is_right

    async def _anew(self, stored: str, password: str, user: User) -> str:
        """Return what is stored of a password from now on: the same, unless the numbers of hashing have changed."""
        if self._passwords.is_outdated(stored):
            with suppress(Unfit):  # a rule may have become stricter since
                return await self._passwords.hash(password, user.name)
        return stored
