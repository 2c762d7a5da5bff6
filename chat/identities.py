"""Who somebody is elsewhere: signing in by a provider's word, and joining that to an account."""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from sqlalchemy import Connection

from chat import accounts, admission, audit, permissions, reach, rooms, text
from chat.audit import Actor
from chat.clock import now_ms
from chat.errors import ChatError, Forbidden, Invalid, NotFound
from chat.events import RoomEvent
from chat.models import Session, User
from chat.providers import NAMES, Claims, Provider, Who
from chat.rate_limits import RateLimits
from chat.room_state import RoomState
from chat.sessions import Sessions
from chat.storage import Storage
from chat.storage import accounts as account_rows
from chat.storage import identities as rows
from chat.storage.postgresql import hold_name

WAY = 10 * 60 * 1000  # ms in which somebody has to be back from a provider
NOBODY = 'Member'  # whose name is made of nothing that the provider says
RULES = {  # by what an address can carry
    'provider_failed': 'The site you sign in with did not answer as it should. Please try again in a moment.',
    'provider_declined': 'You were not signed in there, so you are not here.',
    'provider_expired': 'That took too long, or began in another browser. Please start again.',
    'provider_not_allowed': 'You were recognized, but this chat does not let that account in.',
    'provider_somebody_else': 'That account belongs to somebody else in this chat. Sign out here, and in with it.',
    'provider_last': 'It stays connected, as it is your only way back in. Set a password first.',
}


class Refused(ChatError):
    """Somebody does not come in by a provider, by one of the RULES."""

    code = Forbidden.code

    def __init__(self, rule: str) -> None:
        super().__init__(RULES[rule])
        self.rule = rule


class Identities:
    """The actions by which people come in, or come back, by the word of a provider."""

    def __init__(
        self,
        storage: Storage,
        room_state: RoomState,
        rate_limits: RateLimits,
        sessions: Sessions,
        providers: Sequence[Provider],
    ) -> None:
        self._storage = storage
        self._room_state = room_state
        self._rate_limits = rate_limits
        self._sessions = sessions
        self.providers: Mapping[str, Provider] = {each.key: each for each in providers}

    def provider(self, key: str) -> Provider:
        """Return a provider. Raises NotFound."""
        if key not in self.providers:
            raise NotFound('There is no such way to sign in.')
        return self.providers[key]

    async def set_out(self, state: str, address: str) -> None:
        """Remember that a browser goes to a provider with this secret. Raises RateLimited."""
        self._rate_limits.check('signing in', address)
        await self._storage.write(rows.add_way, _key_of(state), now_ms() + WAY)

    async def come_back(self, state: str, address: str) -> None:
        """Make sure that it set out with this secret in the last 10 minutes, and comes back for the first time.

        Raises Refused or RateLimited.
        """
        self._rate_limits.check('signing in', address)
        if not await self._storage.write(rows.take_way, _key_of(state), now_ms()):
            raise Refused('provider_expired')

    async def sign_in(self, who: Who, address: str = '') -> User:
        """Return who this is here: a new account, if it is the first time. Raises Refused.

        A member whose claims say so becomes a moderator. Nobody becomes less by their claims, as what somebody is may
        be an administrator's word, and administrators are left alone.
        """
        _require_admitted(who)

        def store(connection: Connection) -> tuple[User, Sequence[RoomEvent]]:
            key, subject = who.provider.key, who.subject
            rows.hold(connection, key, subject)
            user = rows.find(connection, key, subject)
            if user is None:
                admission.require_address(connection, address)
                user = accounts.add(connection, _free_name(connection, who.claims), 'member')
                rows.add(connection, key, subject, user)
            return _raise_by_claim(connection, user, who, address)

        user, events = await self._storage.write(store)
        self._publish(events)
        return user

    async def connect(self, session: Session, who: Who, address: str = '') -> tuple[User, str]:
        """Let the person of a session come in by a provider from now on; a guest becomes a member by it.

        Returns who and the session's new token. Raises Refused, Forbidden or Unauthenticated.
        """
        _require_admitted(who)

        def store(connection: Connection) -> tuple[User, str, Sequence[RoomEvent]]:
            key, subject = who.provider.key, who.subject
            rows.hold(connection, key, subject)
            rooms.hold_all(connection, session.user)
            user = reach.person(connection, session.user)
            if not permissions.may_have_identity(user):
                raise Forbidden('Bots have tokens in place of an account elsewhere.')
            token = self._sessions.renew(connection, session)
            known = rows.find(connection, key, subject)
            if known is not None and known.id != user.id:
                raise Refused('provider_somebody_else')
            if known is None:
                rows.add(connection, key, subject, user)
            events: Sequence[RoomEvent] = ()
            if user.kind == 'guest':
                user, events = accounts.become(connection, user, 'member')
            user, more = _raise_by_claim(connection, user, who, address)
            return user, token, [*events, *more]

        user, token, events = await self._storage.write(store)
        self._sessions.tell_end([session.id])
        self._publish(events)
        return user, token

    async def note_failure(self, provider: str, error: ChatError, address: str) -> None:
        """Store in the log that somebody did not come in by a provider."""
        with suppress(Forbidden):
            async with audit.failed_sign_ins(self._storage, address):
                raise Forbidden(f'{provider}: {error.message}')

    async def of(self, user: User) -> Sequence[str]:
        """Return the keys of the providers by which somebody can come in."""
        known = await self._storage.read(rows.providers_of, user.id)
        return [key for key in dict.fromkeys(known) if key in self.providers]

    async def disconnect(self, user: User, provider: str) -> None:
        """Let somebody come in by a provider no more. Raises Refused if it is the last way, NotFound or RateLimited."""
        self._rate_limits.check('changing', user.id)

        def store(connection: Connection) -> None:
            reach.person(connection, user)
            rows.hold_ways_in(connection, user)
            has_password = account_rows.password_hash(connection, user.id) is not None
            others = rows.count_others(connection, user.id, provider, list(self.providers))
            if not has_password and not others:
                raise Refused('provider_last')
            if not rows.remove(connection, user.id, provider):
                raise NotFound('That is not connected.')

        await self._storage.write(store)

    def _publish(self, events: Sequence[RoomEvent]) -> None:
        for event in events:
            self._room_state.publish(event)


def _require_admitted(who: Who) -> None:
    if not who.provider.admits(who.claims):
        raise Refused('provider_not_allowed')


def _raise_by_claim(connection: Connection, user: User, who: Who, address: str) -> tuple[User, Sequence[RoomEvent]]:
    if user.kind != 'member' or not who.provider.makes_moderator(who.claims):
        return user, ()
    rooms.hold_all(connection, user)
    account_rows.hold_administrators(connection)  # or somebody just made an administrator would be one no more
    user = reach.person(connection, user)
    if user.kind != 'member':
        return user, ()
    details = f'by the word of {who.provider.key}'
    audit.note(connection, Actor(user, address), 'become moderator', user, details=details)
    return accounts.become(connection, user, 'moderator')


def _free_name(connection: Connection, claims: Claims) -> str:
    """Return a name that nobody has, as near as can be to what somebody is called elsewhere."""

    def is_taken(name: str) -> bool:
        return accounts.is_taken(connection, name)

    name = next(_names(claims), None)
    hold_name(connection, f'name {text.skeleton(name or NOBODY)}')  # a whole class may come at once
    if name is None:
        return text.suggest_name(NOBODY, is_taken)
    return text.suggest_name(name, is_taken) if is_taken(name) else name


def _names(claims: Claims) -> Iterator[str]:
    """Go through what somebody could be called here, the best first."""
    for claim in NAMES:
        given = claims.get(claim)
        if not isinstance(given, str):
            continue
        # An address is nobody's name, and not everybody's to know.
        name = text.foreign_name(given.partition('@')[0] if claim != 'name' else given)
        if any(map(str.isalnum, name)):
            for each in (name, text.suggest_name(name, lambda _: False)):  # "Admin 2", where "Admin" says too much
                if _is_fit(each):
                    yield each


def _is_fit(name: str) -> bool:
    try:
        return text.clean_name(name) == name
    except Invalid:
        return False


def _key_of(state: str) -> str:
    """Return what is stored of a secret: no token of a link has a hash like it, as the space is in none."""
    digest = hashlib.sha256(state.encode('utf-8', 'replace')).digest()
    return 'sign-in ' + base64.urlsafe_b64encode(digest).decode()
