"""How somebody gets a name, and until when it is theirs: a guest's as long as they can come back."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from chat import admission, audit, permissions, rooms, text
from chat.clock import now_ms
from chat.errors import Forbidden, NameTaken, NotFound, Unauthenticated
from chat.events import MemberChanged, MemberLeft
from chat.models import Session, SignIn, SignInMode, User, UserKind
from chat.rate_limits import RateLimits
from chat.room_state import RoomState
from chat.sessions import Sessions
from chat.storage import Storage, profiles, users
from chat.storage import accounts as account_rows

ARRIVAL = 60 * 1000  # ms in which whoever got a name signs in under it
VOID = 'This link has been used, or its time is over. Make a new one where you are signed in.'
RELEASED_AT_ONCE = 100  # guests in one transaction


class Accounts:
    """The actions that make somebody known, and forgotten."""

    def __init__(
        self,
        storage: Storage,
        room_state: RoomState,
        rate_limits: RateLimits,
        sessions: Sessions,
        mode: SignInMode,
    ) -> None:
        self._storage = storage
        self._room_state = room_state
        self._rate_limits = rate_limits
        self._sessions = sessions
        self._mode = mode

    async def add_guest(self, name: str, address: str) -> User:
        """Make a guest of that name.

        Raises Unauthenticated where a name is not enough, Invalid, NameTaken or RateLimited (by the address).
        """
        name = self._clean_guest(name, address)

        def store(connection: Connection) -> User:
            admission.require_address(connection, address)
            return add(connection, name, 'guest')

        async with audit.failed_sign_ins(self._storage, address):
            return await self._storage.write(store)

    async def add_passing_guest(self, name: str, address: str) -> Session:
        """Make a guest whose session lasts as long as somebody watches it. Raises as ``add_guest`` does."""
        name = self._clean_guest(name, address)

        def store(connection: Connection) -> Session:
            return self._sessions.add_passing(connection, add(connection, name, 'guest'), address)

        async with audit.failed_sign_ins(self._storage, address):
            return await self._storage.write(store)

    async def sign_out(self, session: Session) -> None:
        """End a session; a guest's last one takes the guest out of all rooms and gives the name free."""
        await self._sessions.end(session)
        await self._release(session.user.id)

    async def sign_ins(self, user: User) -> Sequence[SignIn]:
        """Return where somebody is signed in, the session used last first. Raises Forbidden."""
        self._require_may_manage(user)
        return await self._sessions.of(user)

    async def end_session(self, user: User, session_id: int) -> None:
        """Sign out one of one's own sessions, as ``sign_out`` does. Raises NotFound, Forbidden or RateLimited."""
        self._require_may_manage(user)
        self._rate_limits.check('changing', user.id)
        if not await self._sessions.end_of(user, session_id):
            raise NotFound('There is no such session, or it is not yours.')
        await self._release(user.id)

    async def sign_out_elsewhere(self, session: Session) -> int:
        """Sign out all of one's sessions but this one; returns how many. Raises Forbidden or RateLimited."""
        self._require_may_manage(session.user)
        self._rate_limits.check('changing', session.user.id)
        return await self._sessions.end_of(session.user, but=session)

    async def make_link(self, session: Session) -> tuple[str, datetime]:
        """Return the token of a link that signs in another device of the same person, and until when.

        It can be followed once; the one before is void. Raises Forbidden or RateLimited.
        """
        self._require_may_manage(session.user)
        self._rate_limits.check('changing', session.user.id)
        return await self._sessions.make_link(session)

    async def link_owner(self, token: str) -> User:
        """Return whom a link would sign in. Raises NotFound."""
        user = await self._sessions.link_owner(token)
        if user is None:
            raise NotFound(VOID)
        return user

    async def follow_link(self, token: str, user_agent: str, address: str) -> tuple[User, str]:
        """Sign in by a link; returns who that is and the session's token. Raises NotFound or RateLimited."""
        self._rate_limits.check('joining', address)
        async with audit.failed_sign_ins(self._storage, address):
            found = await self._sessions.follow_link(token, user_agent, address)
            if found is None:
                raise NotFound(VOID)
            return found

    async def sweep(self) -> None:
        """Let go of the guests whom nobody can be any more: their sessions have run out, or a crash has ended them."""
        gone = await self._storage.read(users.forsaken, max(now_ms() - ARRIVAL, self._sessions.over_before))
        for first in range(0, len(gone), RELEASED_AT_ONCE):
            await self._release(*gone[first : first + RELEASED_AT_ONCE])

    async def check_name(self, name: str) -> None:
        """Raise Invalid or NameTaken if nobody could get this name now."""
        await self._storage.read(require_free, text.clean_name(name))

    def _clean_guest(self, name: str, address: str) -> str:
        self._rate_limits.check('joining', address)
        if not permissions.may_come_as_guest(self._mode):
            raise Unauthenticated('A name is not enough here: sign in with an account.')
        return text.clean_name(name)

    def _require_may_manage(self, user: User) -> None:
        if not permissions.may_manage_sessions(user):
            raise Forbidden("A bot's tokens are managed by whoever runs the server.")

    async def _release(self, *user_ids: int) -> None:
        for event in await self._storage.write(_release, user_ids):
            self._room_state.publish(event)


def add(connection: Connection, name: str, kind: UserKind) -> User:
    """Store a new user under a clean name; raises NameTaken."""
    require_free(connection, name)
    return users.add(connection, name, text.skeleton(name), kind)


def _release(connection: Connection, user_ids: tuple[int, ...]) -> list[MemberLeft]:
    """Take those whom nobody can be any more out of all rooms, and give their names free."""
    events: list[MemberLeft] = []
    for user in users.without_session(connection, user_ids):
        # The rooms first, as whoever speaks in one does: the other way round, two would wait for each other.
        events += rooms.leave_all(connection, user)
        users.release_name(connection, user.id)
        profiles.forget(connection, user.id)
    return events


def become(connection: Connection, user: User, kind: UserKind) -> tuple[User, Sequence[MemberChanged]]:
    """Store what somebody is from now on; the events are to be published.

    Whoever calls this has held the person's rooms (``rooms.hold_all``) before anything else of theirs.
    """
    user = account_rows.set_kind(connection, user, kind)
    return user, rooms.tell_changed(connection, user)


def require_free(connection: Connection, name: str) -> None:
    """Raise NameTaken if somebody has a name that looks like this one."""

    if is_taken(connection, name):
        raise NameTaken(name, text.suggest_name(name, lambda other: is_taken(connection, other)))


def is_taken(connection: Connection, name: str) -> bool:
    """Whether somebody has a name that looks like this one."""
    return users.name_is_taken(connection, text.skeleton(name))
