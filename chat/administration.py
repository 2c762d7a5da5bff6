"""Who runs the chat from within: administrators, what they make of others, and the links that make either."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from chat import accounts, audit, permissions, reach, rooms, text
from chat.audit import OPERATOR, Actor
from chat.clock import moment, now_ms
from chat.errors import Conflict, Forbidden, Invalid, NameTaken, NotFound
from chat.events import RoomEvent
from chat.models import Link, Session, User, UserKind
from chat.passwords import Passwords
from chat.rate_limits import RateLimits
from chat.room_state import RoomState
from chat.sessions import Sessions, hash_of, new_token
from chat.storage import Storage, users
from chat.storage import accounts as rows

LINK = 24 * 3600 * 1000  # ms in which a link can be followed
VOID = 'This link has been used, or its time is over. Ask for a new one.'
LAST = 'Somebody has to administer this chat: make somebody else an administrator first.'


class Administration:
    """The actions of administrators, and of whoever follows one of their links or the operator's."""

    def __init__(
        self,
        storage: Storage,
        room_state: RoomState,
        rate_limits: RateLimits,
        sessions: Sessions,
        passwords: Passwords,
    ) -> None:
        self._storage = storage
        self._room_state = room_state
        self._rate_limits = rate_limits
        self._sessions = sessions
        self._passwords = passwords

    async def first_link(self) -> str | None:
        """Return the token of a link that makes the first administrator; None if there is one."""
        token = new_token()

        def store(connection: Connection) -> bool:
            if rows.has_administrator(connection):
                return False
            rows.add_link(connection, hash_of(token), 'first', None, now_ms() + LINK)
            return True

        return token if await self._storage.write(store) else None

    async def administrator_link(self) -> str:
        """Return the token of a link that makes an administrator, whoever there is already; for the operator."""
        token = new_token()

        def store(connection: Connection) -> None:
            rows.add_link(connection, hash_of(token), 'administrator', None, now_ms() + LINK)
            audit.note(connection, OPERATOR, 'make administrator link')

        await self._storage.write(store)
        return token

    async def accounts(self, administrator: User, words: str = '') -> Sequence[User]:
        """Return the people with an account, by name; with ``words``, those whose name has them. Raises Forbidden."""
        sought = text.skeleton(words[: text.NAME_LENGTH])

        def read(connection: Connection) -> Sequence[User]:
            _require_may_administer(connection, administrator)
            return [each for each in rows.everybody(connection) if sought in text.skeleton(each.name)]

        return await self._storage.read(read)

    async def add_account(self, administrator: User, name: str, address: str = '') -> tuple[User, str, datetime]:
        """Make an account and a link by which its owner sets the password; returns who, the token, and until when.

        Raises Forbidden, Invalid, NameTaken or RateLimited.
        """
        self._rate_limits.check('changing', administrator.id)
        name = text.clean_name(name)

        token, until = new_token(), now_ms() + LINK

        def store(connection: Connection) -> User:
            _require_may_administer(connection, administrator)
            user = accounts.add(connection, name, 'member')
            rows.add_link(connection, hash_of(token), 'password', user.id, until)
            audit.note(connection, Actor(administrator, address), 'make account', user)
            return user

        return await self._storage.write(store), token, moment(until)

    async def password_link(self, administrator: User, user_id: int, address: str = '') -> tuple[str, datetime]:
        """Return the token of a link by which somebody sets a new password, and until when; the one before is void.

        Raises Forbidden, NotFound or RateLimited.
        """
        self._rate_limits.check('changing', administrator.id)
        token, until = new_token(), now_ms() + LINK

        def store(connection: Connection) -> None:
            _require_may_administer(connection, administrator)
            user = _account(connection, user_id)
            rows.add_link(connection, hash_of(token), 'password', user.id, until)
            audit.note(connection, Actor(administrator, address), 'make password link', user)

        await self._storage.write(store)
        return token, moment(until)

    async def set_kind(self, administrator: User, user_id: int, kind: UserKind, address: str = '') -> User:
        """Make a member, moderator or administrator of somebody.

        Raises Invalid, Forbidden, NotFound, Conflict or RateLimited.
        """
        self._rate_limits.check('changing', administrator.id)
        if kind not in rows.KINDS:
            raise Invalid('People with an account are members, moderators or administrators.', 'kind')

        def store(connection: Connection) -> tuple[User, Sequence[RoomEvent]]:
            rows.hold_administrators(connection)
            _require_may_administer(connection, administrator)
            user = _account(connection, user_id)
            if kind == user.kind:
                return user, ()
            if user.kind == 'administrator' and not rows.has_administrator(connection, but=user.id):
                raise Conflict(LAST, 'kind')
            if user.kind == 'administrator':  # who may have kept links, and would come back as somebody else
                rows.delete_links(connection, 'password')
            details = f'from {user.kind} to {kind}'
            audit.note(connection, Actor(administrator, address), 'change kind', user, details=details)
            return accounts.become(connection, user, kind)

        user, events = await self._storage.write(store)
        self._publish(events)
        return user

    async def link(self, token: str) -> Link:
        """Return what a link is for. Raises NotFound."""

        def read(connection: Connection) -> Link:
            return _valid(connection, rows.find_link(connection, hash_of(token), now_ms()))

        return await self._storage.read(read)

    async def set_password_by_link(self, token: str, password: str, address: str) -> User:
        """Give somebody the password of their choice; all their sessions end.

        Raises NotFound, Invalid or RateLimited.
        """
        self._rate_limits.check('joining', address)
        async with audit.failed_sign_ins(self._storage, address):
            link = await self.link(token)
            if link.purpose != 'password' or link.user is None:
                raise NotFound(VOID)
        stored = await self._passwords.hash(password, link.user.name)

        def store(connection: Connection) -> tuple[User, list[int]]:
            user = _valid(connection, rows.take_link(connection, hash_of(token), now_ms())).user
            if user is None:
                raise NotFound(VOID)
            rows.set_password_hash(connection, user.id, stored)
            audit.note(connection, Actor(user, address), 'set password by link', user)
            return user, users.delete_sessions_of(connection, user.id)

        async with audit.failed_sign_ins(self._storage, address):
            user, ended = await self._storage.write(store)
        self._sessions.tell_end(ended)
        return user

    async def become_administrator(self, token: str, session: Session, address: str = '') -> tuple[User, str]:
        """Make an administrator of whoever is signed in with an account; returns who and the session's new token.

        Raises NotFound, Forbidden or Unauthenticated.
        """

        def store(connection: Connection) -> tuple[User, str, Sequence[RoomEvent]]:
            _take(connection, token)
            rooms.hold_all(connection, session.user)
            user = reach.person(connection, session.user)
            if user.kind not in rows.KINDS:
                raise Forbidden('A guest needs a password to become an administrator.')
            renewed = self._sessions.renew(connection, session)
            user, events = accounts.become(connection, user, 'administrator')
            audit.note(connection, Actor(user, address), 'become administrator', user)
            return user, renewed, events

        async with audit.failed_sign_ins(self._storage, address, session.user):
            user, renewed, events = await self._storage.write(store)
        self._sessions.tell_end([session.id])
        self._publish(events)
        return user, renewed

    async def become_administrator_as(
        self, token: str, name: str, password: str, address: str, guest: User | None = None
    ) -> User:
        """Make an administrator of that name and password: a new account, or one that is there and gets the password.

        ``guest`` is who signed in as one is asking, and the only guest whose name this can be. All sessions under the
        name end. Raises NotFound, Invalid, NameTaken or RateLimited.
        """
        self._rate_limits.check('joining', address)
        name = text.clean_name(name)
        async with audit.failed_sign_ins(self._storage, address):
            await self.link(token)
        stored = await self._passwords.hash(password, name)

        def store(connection: Connection) -> tuple[User, list[int], Sequence[RoomEvent]]:
            _take(connection, token)
            found = rows.by_key(connection, text.skeleton(name))
            user = found[0] if found is not None else accounts.add(connection, name, 'member')
            is_theirs = user == guest and bool(users.sign_ins(connection, user.id))
            if user.kind == 'bot' or (user.kind == 'guest' and not is_theirs):
                raise NameTaken(name, text.suggest_name(name, lambda other: accounts.is_taken(connection, other)))
            rooms.hold_all(connection, user)
            rows.set_password_hash(connection, user.id, stored)
            user, events = accounts.become(connection, user, 'administrator')
            audit.note(connection, Actor(user, address), 'become administrator', user)
            return user, users.delete_sessions_of(connection, user.id), events

        async with audit.failed_sign_ins(self._storage, address):
            user, ended, events = await self._storage.write(store)
        self._sessions.tell_end(ended)
        self._publish(events)
        return user

    async def sweep(self) -> None:
        """Forget the links whose time is over."""
        await self._storage.write(rows.delete_links_before, now_ms())

    def _publish(self, events: Sequence[RoomEvent]) -> None:
        for event in events:
            self._room_state.publish(event)


def _require_may_administer(connection: Connection, user: User) -> None:
    if not permissions.may_administer(reach.person(connection, user)):
        raise Forbidden('Only an administrator may do this.')


def _account(connection: Connection, user_id: int) -> User:
    user = users.get(connection, user_id)
    if user is None or user.kind not in rows.KINDS:
        raise NotFound('There is no such account.')
    return user


def _valid(connection: Connection, link: Link | None) -> Link:
    if link is None or (link.purpose == 'first' and rows.has_administrator(connection)):
        raise NotFound(VOID)
    return link


def _take(connection: Connection, token: str) -> None:
    """Use up a link that makes an administrator; two at the same moment make one first administrator."""
    rows.hold_administrators(connection)
    if _valid(connection, rows.take_link(connection, hash_of(token), now_ms())).purpose == 'password':
        raise NotFound(VOID)
    rows.delete_links(connection, 'first')
