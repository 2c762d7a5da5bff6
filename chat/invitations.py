"""Invitations: links that let people in, into some rooms, for some time, so many of them.

Whoever invites may do so as long as they could have made the invitation: it is asked again when one is followed.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from chat import accounts, admission, audit, permissions, reach, rooms, text
from chat.audit import Actor
from chat.clock import milliseconds, now_ms
from chat.errors import Forbidden, Invalid, NotFound, Unauthenticated
from chat.events import MemberJoined, RoomEvent
from chat.models import Invitation, InvitedKind, Member, Role, Room, SignInMode, User
from chat.passwords import Passwords
from chat.rate_limits import RateLimits
from chat.room_state import RoomState
from chat.sessions import Sessions, new_token
from chat.storage import Storage, facts
from chat.storage import accounts as account_rows
from chat.storage import invitations as rows
from chat.storage import rooms as room_rows

LONGEST = timedelta(days=366)
MOST_USES = 10_000
MOST_ROOMS = 50
MOST_LISTED = 200
KEPT = 30 * 24 * 3600 * 1000  # ms that one which is over is listed
VOID = 'This invitation has been used up, is over, or was taken back. Ask for a new one.'
NOT_YOURS = 'There is no such invitation, or it is not yours.'


class Invitations:
    """The actions on invitations."""

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

    async def create(
        self,
        actor: Actor,
        slugs: Sequence[str] = (),
        kind: InvitedKind = 'guest',
        until: datetime | None = None,
        most_uses: int | None = None,
        label: str = '',
    ) -> Invitation:
        """Make an invitation to some rooms, by their slugs, for who comes as a guest or gets an account.

        ``until`` and ``most_uses`` None: without end. Raises Invalid, NotFound, Forbidden, Unauthenticated or
        RateLimited.
        """
        user = _somebody(actor)
        self._rate_limits.check('inviting', user.id)
        label = text.clean_label(label)
        over_at = _check(slugs, until, most_uses)

        def store(connection: Connection) -> Invitation:
            fresh = reach.person(connection, user)
            invited = [reach.room(connection, fresh, slug) for slug in dict.fromkeys(slugs)]
            self._require_may_invite(connection, fresh, kind, [(each.room, each.role) for each in invited])
            ids = [each.room.id for each in invited]
            made = rows.add(connection, fresh, new_token(), label, kind, ids, over_at, most_uses)
            audit.note(connection, actor, 'invite', label or kind, room=_slugs(made), details=_terms(made))
            return made

        return await self._storage.write(store)

    async def list(self, actor: Actor) -> Sequence[Invitation]:
        """Return the invitations that somebody made, all for administrators, the newest first, MOST_LISTED of them."""
        user = _somebody(actor)

        def read(connection: Connection) -> Sequence[Invitation]:
            fresh = reach.person(connection, user)
            found = rows.made_by(connection, None if permissions.may_administer(fresh) else fresh.id, MOST_LISTED)
            return [replace(each, is_void=self._is_void(connection, each)) for each in found]

        return await self._storage.read(read)

    async def who_came(self, actor: Actor, invitation_id: int) -> Sequence[User]:
        """Return who came by an invitation, the last first. Raises NotFound."""
        user = _somebody(actor)

        def read(connection: Connection) -> Sequence[User]:
            return rows.users_of(connection, _own(connection, user, invitation_id).id)

        return await self._storage.read(read)

    async def revoke(self, actor: Actor, invitation_id: int) -> None:
        """Take an invitation back; twice is once. Raises NotFound or RateLimited."""
        user = _somebody(actor)
        self._rate_limits.check('changing', user.id)

        def store(connection: Connection) -> None:
            found = _own(connection, user, invitation_id)
            if not found.is_over:
                rows.revoke(connection, found.id)
                audit.note(connection, actor, 'revoke invitation', found.label or found.kind, room=_slugs(found))

        await self._storage.write(store)

    async def find(self, token: str) -> Invitation:
        """Return the invitation with this token, with the rooms that it still lets into. Raises NotFound."""
        return await self._storage.read(self._valid, token)

    async def come(
        self,
        token: str,
        name: str,
        password: str | None,
        address: str,
        user_agent: str,
        time_zone: str | None = None,
    ) -> tuple[User, str]:
        """Let a stranger in: as a guest by a name, or with an account by name and password, as the invitation says.

        Returns who that is and the session's token. Raises NotFound, Invalid, NameTaken, Banned or RateLimited.
        """
        self._rate_limits.check('joining', address)
        name = text.clean_name(name)
        kind = (await self.find(token)).kind
        stored = None
        if kind != 'guest':
            await self._storage.read(accounts.require_free, name)  # before the work is done for nothing
            stored = await self._passwords.hash(password or '', name)

        def store(connection: Connection) -> tuple[User, str, Sequence[RoomEvent]]:
            found = self._valid(connection, token)
            admission.require_address(connection, address)
            user = accounts.add(connection, name, found.kind if stored is not None else 'guest')
            if stored is not None:
                account_rows.set_password_hash(connection, user.id, stored)
            own = self._sessions.add(connection, user, user_agent, time_zone, address)
            if user.kind == 'moderator':
                _note_moderator(connection, user, address, found)
            is_first = _use(connection, found, user)
            return user, own, _let_in(connection, found, user, address, is_first=is_first)

        async with audit.failed_sign_ins(self._storage, address):
            user, own, events = await self._storage.write(store)
        self._publish(events)
        return user, own

    async def accept(self, actor: Actor, token: str) -> Invitation:
        """Let somebody who is signed in into the rooms; a member becomes a moderator if the invitation says so.

        Raises NotFound, Forbidden, Unauthenticated or RateLimited.
        """
        user = _somebody(actor)
        self._rate_limits.check('joining and leaving rooms', user.id)

        def store(connection: Connection) -> tuple[Invitation, Sequence[RoomEvent]]:
            account_rows.hold_administrators(connection)  # as whoever says what people are; and all rooms before one
            rooms.hold_all(connection, user)
            found = self._valid(connection, token)
            fresh = reach.person(connection, user)
            events: list[RoomEvent] = []
            if found.kind == 'moderator' and fresh.kind == 'guest':
                raise Forbidden('Make the name yours first, with a password: moderators have accounts.')
            if fresh.kind == 'bot':
                raise Forbidden('Bots are not invited.')
            is_first = _use(connection, found, fresh)
            events += _let_in(connection, found, fresh, actor.address, is_first=is_first)
            if found.kind == 'moderator' and fresh.kind == 'member' and is_first:  # who was demoted stays so
                fresh, changed = accounts.become(connection, fresh, 'moderator')
                events += changed
                _note_moderator(connection, fresh, actor.address, found)
            return found, events

        found, events = await self._storage.write(store)
        self._publish(events)
        return found

    async def sweep(self) -> None:
        """Forget the invitations that have been over for long."""
        await self._storage.write(rows.forget_over, now_ms() - KEPT)

    def _is_void(self, connection: Connection, invitation: Invitation) -> bool:
        if invitation.is_over:
            return False
        try:
            self._require_valid(connection, invitation)
        except NotFound:
            return True
        return False

    def _valid(self, connection: Connection, token: str) -> Invitation:
        found = rows.by_token(connection, token) if token.isprintable() else None
        if found is None:
            raise NotFound(VOID)
        return self._require_valid(connection, found)

    def _require_valid(self, connection: Connection, found: Invitation) -> Invitation:
        """Return an invitation with the rooms that it still lets into; raises NotFound if it lets nobody in."""
        still = [
            (room, role)
            for room in found.rooms
            if (role := _role(connection, room, found.created_by)) is not None or not room.private
            if not room.archived
        ]
        try:
            self._require_may_invite(connection, found.created_by, found.kind, still)
        except (Forbidden, Invalid):
            raise NotFound(VOID) from None
        if found.rooms and not still:
            raise NotFound(VOID)
        return replace(found, rooms=tuple(room for room, _ in still))

    def _require_may_invite(
        self, connection: Connection, user: User, kind: InvitedKind, places: Sequence[tuple[Room, Role | None]]
    ) -> None:
        """Raise Forbidden or Invalid for who may not invite people as this, or into these rooms, with the own roles."""
        if not permissions.may_invite_guests(self._mode) and kind == 'guest':
            raise Invalid('Guests do not come in here: invite people who get an account.', 'kind')
        if not permissions.may_invite_as(user, kind):
            raise Forbidden('Only an administrator invites moderators.')
        for room, role in places:
            if not permissions.may_invite_to(user, role, room):
                raise Forbidden(f'You may not invite people to "{room.name}".')
        may_all = permissions.may_invite(user, facts.policy(connection))
        if not (may_all or permissions.may_invite_to_own_rooms(self._mode, user, places)):
            raise Forbidden('You may not invite people here.')

    def _publish(self, events: Sequence[RoomEvent]) -> None:
        for event in events:
            self._room_state.publish(event)


def _use(connection: Connection, invitation: Invitation, user: User) -> bool:
    """Count that somebody comes by an invitation; returns whether for the first time. Raises NotFound."""
    is_first = rows.use(connection, invitation.id, user)
    if is_first is None:
        raise NotFound(VOID)
    return is_first


def _let_in(
    connection: Connection, invitation: Invitation, user: User, address: str, *, is_first: bool
) -> list[RoomEvent]:
    """Let somebody into the rooms of an invitation, but where they are banned; the events are to be published."""
    events: list[RoomEvent] = []
    for room in invitation.rooms:
        found = room_rows.reached(connection, room.slug, user.id)
        if found is None or found.role is not None or found.banned_until > now_ms():
            continue
        if room.private and not is_first:  # who was removed is not let in again by what let them in
            continue
        number = room_rows.next_revision(connection, room.id)
        room_rows.join(connection, room.id, user, 'member', number)
        events.append(MemberJoined(room.id, room.slug, number, Member(user, 'member')))
    audit.note(
        connection, Actor(user, address), 'come by invitation', invitation.label or invitation.kind,
        room=_slugs(invitation), details=f'made by {invitation.created_by.name}',
    )  # fmt: skip
    return events


def _note_moderator(connection: Connection, user: User, address: str, invitation: Invitation) -> None:
    details = f'by invitation, made by {invitation.created_by.name}'
    audit.note(connection, Actor(user, address), 'become moderator', user, details=details)


def _somebody(actor: Actor) -> User:
    if actor.user is None:
        raise Unauthenticated
    return actor.user


def _own(connection: Connection, user: User, invitation_id: int) -> Invitation:
    fresh, found = reach.person(connection, user), rows.by_id(connection, invitation_id)
    if found is None or not (found.created_by.id == fresh.id or permissions.may_administer(fresh)):
        raise NotFound(NOT_YOURS)
    return found


def _role(connection: Connection, room: Room, user: User) -> Role | None:
    place = room_rows.membership(connection, room.id, user.id)
    role: Role | None = None if place is None else place.role
    return role


def _check(slugs: Sequence[str], until: datetime | None, most_uses: int | None) -> int | None:
    """Return when an invitation is over in ms; raises Invalid."""
    if len(slugs) > MOST_ROOMS:
        raise Invalid(f'An invitation lets into at most {MOST_ROOMS} rooms.', 'rooms')
    if most_uses is not None and not 1 <= most_uses <= MOST_USES:
        raise Invalid(f'An invitation is used 1 to {MOST_USES:,} times.', 'most_uses')
    if until is not None and until.tzinfo is None:
        raise Invalid('Say in which time zone that is.', 'until')
    if until is not None and not datetime.now(UTC) < until <= datetime.now(UTC) + LONGEST:
        raise Invalid(f'An invitation ends within {LONGEST.days} days from now.', 'until')
    return None if until is None else milliseconds(until)


def _slugs(invitation: Invitation) -> str:
    return ' '.join(room.slug for room in invitation.rooms)


def _terms(invitation: Invitation) -> str:
    until = 'without end' if invitation.until is None else f'until {invitation.until:%Y-%m-%d %H:%M} UTC'
    uses = 'any number of times' if invitation.most_uses is None else f'{invitation.most_uses} times'
    return f'as {invitation.kind}, {until}, {uses}'
