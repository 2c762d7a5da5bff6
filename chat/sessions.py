"""Who is signed in where. A session is a random token; only its hash is stored, so that the database opens no door."""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Connection

from chat import admission, audit
from chat.bus import Bus
from chat.clock import moment, now_ms
from chat.errors import StorageFailed, Unauthenticated
from chat.models import Session, SignIn, User
from chat.pacing import Rounds
from chat.storage import Storage
from chat.storage import users as rows
from chat.telling import tell_each

TOKEN_BYTES = 32  # 256 random bits
SLIDING = 30 * 24 * 3600 * 1000  # ms without use after which a session ends
ABSOLUTE = 180 * 24 * 3600 * 1000  # ms after which it ends however much it was used
RENEW_EVERY = 3600 * 1000  # ms; a use is noted at most so often
LINK = 10 * 60 * 1000  # ms in which a link signs in
LONGEST_USER_AGENT = 256  # characters
PASSING = 5 * 60 * 1000  # ms after which a passing session ends that its server notes no more, as it has died
NOTE_PASSING_EVERY = 60.0  # s
COMPARE_EVERY = 1.0  # s; one may have ended where nothing tells this server, and within 2 s nothing of it is open

OnEnd = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Ended:
    """Some sessions were ended by another server."""

    kind: ClassVar[str] = 'ended'
    session_ids: list[int]


class Sessions:
    """The sessions of this chat, and the open pages of this server that end with them."""

    def __init__(self, storage: Storage, bus: Bus | None = None) -> None:
        self._storage = storage
        self._bus = bus or Bus()
        self._on_end: dict[int, dict[OnEnd, None]] = {}
        self._ended: set[int] = set()  # since the last sweep
        self._ended_before: set[int] = set()  # between the last sweep and the one before
        self._began_at = now_ms()
        self._comparing = Rounds('compare sessions with storage', self.compare, lambda: COMPARE_EVERY)
        self._noting = Rounds('note which sessions are in use', self._note_passing, lambda: NOTE_PASSING_EVERY)
        self._bus.hear(Ended, lambda *_: self._comparing.hasten())  # storage says whether it is true
        self._bus.on_gap(self._comparing.hasten)

    def start(self) -> None:
        """Begin to compare the sessions of open pages with storage; starting twice is harmless."""
        self._comparing.start()
        self._noting.start()

    def stop(self) -> None:
        """Stop comparing; stopping twice is harmless."""
        self._comparing.stop()
        self._noting.stop()

    @property
    def over_before(self) -> int:
        """The time before which whatever needs a running server is over: its start, if there are no others."""
        return self._began_at if self._bus.is_alone else 0

    async def begin(self, user: User, user_agent: str, time_zone: str | None = None, address: str = '') -> str:
        """Sign a user in and return the token, which is known to nobody else. Raises Banned or Unauthenticated."""
        async with audit.failed_sign_ins(self._storage, address, user):
            return await self._storage.write(self.add, user, user_agent, time_zone, address)

    def add(
        self, connection: Connection, user: User, user_agent: str, time_zone: str | None = None, address: str = ''
    ) -> str:
        """Store a session of a user and return its token, which is known to nobody else.

        ``address`` is where they come from. Raises Banned, or Unauthenticated for somebody who is not there any more.
        """
        admission.require(connection, user, address)
        token, agent = new_token(), user_agent[:LONGEST_USER_AGENT]
        rows.add_session(connection, user, hash_of(token), agent, time_zone, address=address)
        return token

    def add_passing(self, connection: Connection, user: User, address: str = '') -> Session:
        """Store a session that lasts as long as the connection of whoever watches it: nobody gets its token."""
        admission.require(connection, user, address)
        session_id = rows.add_session(connection, user, hash_of(new_token()), passing=True, address=address)
        return Session(session_id, user, None, None, moment(now_ms() + PASSING), passing=True)

    async def make_link(self, session: Session) -> tuple[str, datetime]:
        """Return the token of a link that signs in another device, and until when; the one before is void.

        It can be followed once, and ends with the session. Raises Unauthenticated if that has ended.
        """
        token, until = new_token(), now_ms() + LINK
        link = {'link_hash': hash_of(token), 'link_until': until}
        if not await self._storage.write(rows.change_session, session.id, **link):
            raise Unauthenticated
        return token, moment(until)

    async def link_owner(self, token: str) -> User | None:
        """Return whom a link would sign in, None if it is void."""
        return await self._storage.read(rows.link_owner, hash_of(token), now_ms())

    async def follow_link(self, token: str, user_agent: str, address: str = '') -> tuple[User, str] | None:
        """Begin a session by a link, which is void then; returns whose and its token, None if it was void.

        Raises Banned.
        """

        def store(connection: Connection) -> tuple[User, str] | None:
            user = rows.take_link(connection, hash_of(token), now_ms())
            return None if user is None else (user, self.add(connection, user, user_agent, address=address))

        return await self._storage.write(store)

    async def find(self, token: str | None) -> Session | None:
        """Return the session of a token, noting its use; None if there is none or it has ended."""
        if not token:
            return None
        found = await self._storage.read(rows.find_session, hash_of(token))
        if found is None:
            return None
        row, user = found
        now = now_ms()
        expires_at = _expiry(user, row.last_used_at, row.created_at)
        if expires_at is not None and expires_at <= now:
            return None
        if now - row.last_used_at > RENEW_EVERY:
            with suppress(StorageFailed):  # a full disk must sign nobody out
                await self._storage.write(rows.change_session, row.id, last_used_at=now)
            expires_at = _expiry(user, now, row.created_at)
        return rows.as_session(row, user, expires_at)

    async def remember_time_zone(self, session: Session, time_zone: str) -> None:
        """Keep the time zone a browser is in."""
        await self._storage.write(rows.change_session, session.id, time_zone=time_zone)

    async def end(self, session: Session) -> None:
        """Sign out: the token is worth nothing from now on, and open pages of the session are told."""
        await self._storage.write(rows.delete_session, session.id)
        self.tell_end([session.id])

    def renew(self, connection: Connection, session: Session) -> str:
        """Put another session in the place of one and return its token: whoever had the one before is out.

        The end of that one is to be told by ``tell_end``. Raises Unauthenticated if it has ended already.
        """
        admission.require(connection, session.user, '')  # a ban that is on its way ends the new one as well
        token = new_token()
        if not rows.replace_session(connection, session.id, hash_of(token)):
            raise Unauthenticated
        return token

    async def of(self, user: User) -> Sequence[SignIn]:
        """Return where a user is signed in, the session used last first."""
        return await self._storage.read(rows.sign_ins, user.id)

    async def end_of(self, user: User, session_id: int | None = None, *, but: Session | None = None) -> int:
        """End all sessions of a user, one of them, or all ``but`` one, as ``end`` does; returns how many there were."""
        ended = await self._storage.write(
            rows.delete_sessions_of, user.id, session_id, but=None if but is None else but.id
        )
        self.tell_end(ended)
        return len(ended)

    def watch(self, session: Session, on_end: OnEnd) -> None:
        """Call ``on_end`` when the session is ended; at once if that was while the page was on its way."""
        if session.id in self._ended or session.id in self._ended_before:
            on_end()
            return
        self._on_end.setdefault(session.id, {})[on_end] = None

    def unwatch(self, session: Session, on_end: OnEnd) -> None:
        """Do not call it any more; doing so twice is harmless."""
        watchers = self._on_end.get(session.id, {})
        watchers.pop(on_end, None)
        if not watchers:
            self._on_end.pop(session.id, None)

    async def sweep(self) -> None:
        """Forget the sessions that have run out, and tell their open pages; an open page is use."""
        ended = await self._storage.write(_note_and_forget, list(self._on_end), now_ms(), self.over_before)
        self._ended, self._ended_before = set(), self._ended
        self.tell_end(ended)

    async def compare(self) -> None:
        """End the open pages of sessions that are not stored any more, whoever has ended them."""
        watched = list(self._on_end)
        if watched:
            self._end_here(set(watched) - await self._storage.read(rows.existing_sessions, watched))

    async def _note_passing(self) -> None:
        if self._on_end:
            await self._storage.write(rows.note_passing, list(self._on_end), now_ms())

    def tell_end(self, session_ids: list[int]) -> None:
        """Close the open pages of sessions that a transaction has ended, here and on other servers."""
        self._end_here(session_ids)
        if session_ids:
            self._bus.tell(Ended(session_ids))

    def _end_here(self, session_ids: Iterable[int]) -> None:
        for session_id in session_ids:
            self._ended.add(session_id)
            tell_each(self._on_end.pop(session_id, ()))


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def _expiry(user: User, last_used_at: int, created_at: int) -> int | None:
    """Return when a session ends; a bot's never does by itself."""
    return None if user.kind == 'bot' else min(last_used_at + SLIDING, created_at + ABSOLUTE)


def _note_and_forget(connection: Connection, open_now: list[int], now: int, over_before: int) -> list[int]:
    rows.note_use(connection, open_now, now)
    ended = rows.delete_passing(connection, now - PASSING, over_before)
    return ended + rows.delete_sessions_unused_since(connection, now - SLIDING, now - ABSOLUTE)


def hash_of(token: str) -> str:
    """Return what is stored of a token."""
    # The token is 256 random bits: nothing to guess, so a fast hash is enough.
    return hashlib.sha256(token.encode('utf-8', 'replace')).hexdigest()
