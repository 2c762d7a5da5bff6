"""What moderators do about people and what they said, in a room or everywhere; all of it can be undone.

Whoever is ruled in a room by its owner and its moderators is ruled everywhere by those of the chat. Nobody is ruled by
their equals.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from chat import audit, hiding, permissions, reach, rooms, text
from chat.audit import Actor
from chat.clock import FOREVER, moment, now_ms
from chat.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from chat.events import MemberChanged, RoomEvent, message_event
from chat.hiding import KEPT
from chat.models import Ban, Hidden, Member, Message, Room, Standing, User
from chat.rate_limits import RateLimits
from chat.room_state import RoomState
from chat.sessions import Sessions
from chat.storage import Storage, accounts, users
from chat.storage import moderation as rows
from chat.storage import rooms as room_rows

LONGEST = 366 * 24 * 60  # minutes that a mute or ban with an end lasts, and that hiding reaches back
AT_ONCE = 50  # messages in a transaction, which everybody else who writes waits for
PAUSE = 0.05  # s after each: who listens to the room gets a thousand events a second at most
MOST_LISTED = 200
NOT_ABOVE = 'You may do this only to people of a lower rank than yours.'
NOBODY = 'There is nobody of this number.'


@dataclass(frozen=True, slots=True)
class _Case:
    """Somebody who may be moderated, in a room or, without one, everywhere; as it is now."""

    other: User
    place: rows.Place
    room: Room | None

    @property
    def slug(self) -> str:
        """How the log names the room."""
        return '' if self.room is None else self.room.slug


@dataclass(frozen=True, slots=True)
class _Done:
    """What is to be told of a transaction."""

    events: Sequence[RoomEvent] = ()
    ended: Sequence[int] = ()  # sessions


class Moderation:
    """The actions of moderators: of a room's in it, of the chat's everywhere."""

    def __init__(self, storage: Storage, room_state: RoomState, rate_limits: RateLimits, sessions: Sessions) -> None:
        self._storage = storage
        self._room_state = room_state
        self._rate_limits = rate_limits
        self._sessions = sessions

    async def standing(self, user: User, user_id: int, slug: str | None = None) -> Standing:
        """Return how somebody stands in a room and everywhere, for whoever may moderate them in one of the two.

        Raises NotFound or Forbidden.
        """

        def read(connection: Connection) -> Standing:
            return _standing(connection, user, user_id, slug)

        return await self._storage.read(read)

    async def mute(self, actor: Actor, user_id: int, slug: str | None, minutes: int | None, reason: str) -> None:
        """Let somebody read, and not write, in a room or everywhere; ``None`` minutes are without end.

        Raises Invalid, NotFound, Forbidden, Unauthenticated or RateLimited, as all actions here do.
        """
        until, details = _until(minutes), _details(minutes, reason)

        def store(connection: Connection, case: _Case) -> _Done:
            audit.note(connection, actor, 'mute', case.other, room=case.slug, details=details)
            return _Done(_set_muted(connection, case, until))

        await self._act(actor, user_id, slug, store)

    async def unmute(self, actor: Actor, user_id: int, slug: str | None) -> None:
        """Let somebody write again; what was not so is no error."""

        def store(connection: Connection, case: _Case) -> _Done:
            if case.place.muted_until <= now_ms():
                return _Done()
            audit.note(connection, actor, 'unmute', case.other, room=case.slug)
            return _Done(_set_muted(connection, case, None))

        await self._act(actor, user_id, slug, store)

    async def remove(self, actor: Actor, slug: str, user_id: int, reason: str) -> None:
        """Take somebody out of a room; into an open one they can come back. Twice is once."""
        reason = text.clean_reason(reason)

        def store(connection: Connection, case: _Case) -> _Done:
            if case.room is None or case.place.role is None:
                return _Done()
            audit.note(connection, actor, 'remove from room', case.other, room=case.slug, details=reason)
            return _Done(rooms.see_off(connection, case.room, Member(case.other, case.place.role)))

        await self._act(actor, user_id, slug, store)

    async def sign_out(self, actor: Actor, user_id: int, reason: str) -> None:
        """Sign somebody out everywhere, by ending all their sessions; nothing keeps them from signing in again."""
        reason = text.clean_reason(reason)

        def store(connection: Connection, case: _Case) -> _Done:
            audit.note(connection, actor, 'sign out', case.other, details=reason)
            return _Done(ended=users.delete_sessions_of(connection, case.other.id))

        await self._act(actor, user_id, None, store)

    async def ban(
        self, actor: Actor, user_id: int, slug: str | None, minutes: int | None, reason: str, *, address: bool = False
    ) -> None:
        """Let somebody into a room, or into the chat, no more; ``None`` minutes are without end.

        Out of the chat it ends their sessions, and with ``address`` nobody new comes in from where they have signed in.
        """
        if address and slug is not None:
            raise Invalid('An address is banned from the whole chat, not from a room.', 'address')
        until, details = _until(minutes), _details(minutes, reason)

        def store(connection: Connection, case: _Case) -> _Done:
            audit.note(connection, actor, 'ban', case.other, room=case.slug, details=details)
            if case.room is not None:
                return _ban_from_room(connection, case.room, case, until)
            if address:
                _ban_addresses(connection, actor, case.other, until, details)
            return _ban(connection, case.other, until)

        await self._act(actor, user_id, slug, store)

    async def unban(self, actor: Actor, user_id: int, slug: str | None) -> None:
        """Let somebody in again; what was not so is no error. Addresses are let in by ``unban_address``."""

        def store(connection: Connection, case: _Case) -> _Done:
            if case.place.banned_until <= now_ms():
                return _Done()
            audit.note(connection, actor, 'unban', case.other, room=case.slug)
            if case.room is not None:
                rows.set_in_room(connection, case.room.id, case.other.id, banned_until=None)
            else:
                rows.set_everywhere(connection, case.other.id, banned_until=None)
                if case.other.kind == 'guest':  # who comes back as somebody else
                    users.release_name(connection, case.other.id)
            return _Done()

        await self._act(actor, user_id, slug, store)

    async def unban_address(self, actor: Actor, address: str) -> None:
        """Let people come in from an address again; what was not so is no error."""
        user = self._who(actor)
        address = text.storable(address)

        def store(connection: Connection) -> None:
            _require_moderator(connection, user)
            if rows.unban_address(connection, address):
                audit.note(connection, actor, 'unban', address)

        await self._storage.write(store)

    async def bans(self, user: User, slug: str | None = None) -> Sequence[Ban]:
        """Return who is banned from a room, or who and which addresses from the chat. Raises NotFound or Forbidden."""

        def read(connection: Connection) -> Sequence[Ban]:
            if slug is None:
                _require_moderator(connection, user)
                return rows.bans(connection)
            room = _ruled(connection, user, slug).room
            return rows.bans_in_room(connection, room.id, room.slug)

        return await self._storage.read(read)

    async def hide(self, actor: Actor, message_id: int, reason: str) -> Message:
        """Hide a message from everybody, and tell it; twice is once. Raises Conflict for one that is deleted, too."""
        reason = text.clean_reason(reason)
        return await self._change_message(actor, lambda connection: hiding.hide(connection, actor, message_id, reason))

    async def show_again(self, actor: Actor, message_id: int) -> Message:
        """Show a hidden message again, and tell it; twice is once. Raises Conflict when its words are gone, too."""
        return await self._change_message(actor, lambda connection: hiding.show_again(connection, actor, message_id))

    async def hide_all(self, actor: Actor, user_id: int, slug: str | None, since_minutes: int, reason: str) -> int:
        """Hide all that somebody said so many minutes back, in a room or in all that the moderator sees.

        Returns how many messages that were.
        """
        if not 1 <= since_minutes <= LONGEST:
            raise Invalid(f'Give from 1 to {LONGEST:,} minutes.', 'minutes')
        since = now_ms() - since_minutes * 60_000
        details = f'of the last {_minutes(since_minutes)}: {text.clean_reason(reason)}'
        return await self._change_all(actor, user_id, slug, ('hide messages', details), hidden=False, since=since)

    async def show_all_again(self, actor: Actor, user_id: int, slug: str | None) -> int:
        """Show all that is hidden of what somebody said, where ``hide_all`` hides it. Returns how many that were."""
        return await self._change_all(actor, user_id, slug, ('show messages again', ''), hidden=True, since=0)

    async def hidden(self, user: User, slug: str | None = None) -> Sequence[Hidden]:
        """Return what is hidden in a room, or in all open rooms, the newest first, with the words.

        Raises NotFound or Forbidden.
        """

        def read(connection: Connection) -> Sequence[Hidden]:
            if slug is None:
                _require_moderator(connection, user)
                return rows.hidden_in(connection, KEPT, MOST_LISTED)
            return rows.hidden_in(connection, KEPT, MOST_LISTED, _ruled(connection, user, slug).room.slug)

        return await self._storage.read(read)

    async def sweep(self) -> None:
        """Take the words of what was hidden for KEPT out of the database; forget bans of addresses that are over."""
        await self._storage.write(rows.purge, now_ms() - KEPT)
        await self._storage.write(rows.forget_ended)

    def _who(self, actor: Actor) -> User:
        if actor.user is None:
            raise Unauthenticated
        self._rate_limits.check('changing', actor.user.id)
        return actor.user

    async def _act(
        self, actor: Actor, user_id: int, slug: str | None, act: Callable[[Connection, _Case], _Done]
    ) -> None:
        """Do something to somebody in a transaction, and tell it."""
        user = self._who(actor)

        def store(connection: Connection) -> _Done:
            return act(connection, _case(connection, user, user_id, slug))

        done = await self._storage.write(store)
        self._sessions.tell_end(list(done.ended))
        for event in done.events:
            self._room_state.publish(event)

    async def _change_message(self, actor: Actor, change: Callable[[Connection], tuple[Message, Message]]) -> Message:
        self._who(actor)
        before, message = await self._storage.write(change)
        if message is not before:
            self._room_state.publish(message_event(message))
        return message

    async def _change_all(
        self, actor: Actor, user_id: int, slug: str | None, line: tuple[str, str], *, hidden: bool, since: int
    ) -> int:
        """Hide or show what somebody said, a few messages at a time, the newest first."""
        user = self._who(actor)

        def begin(connection: Connection) -> list[str]:
            case = _case(connection, user, user_id, slug)
            action, details = line
            audit.note(connection, actor, action, case.other, room=case.slug, details=details)
            if slug is not None:
                return [case.slug]
            return rows.rooms_with_words_of(connection, user_id, hidden=hidden, since=since)

        def store(connection: Connection, here: str) -> list[Message]:
            room = _case(connection, user, user_id, here).room
            if room is None:
                return []
            some = rows.some_of(connection, room.id, user_id, AT_ONCE, hidden=hidden, since=since)
            changed = hiding.put_back if hidden else rows.hide
            return [each for each in (changed(connection, message) for message in some) if each is not None]

        count = 0
        for here in await self._storage.write(begin):
            try:
                while some := await self._storage.write(store, here):
                    for message in some:
                        self._room_state.publish(message_event(message))
                    count += len(some)
                    await asyncio.sleep(PAUSE)
            except (NotFound, Forbidden):  # a room that is not this moderator's
                if slug is not None:
                    raise
        return count


def _case(connection: Connection, user: User, user_id: int, slug: str | None) -> _Case:
    """Return somebody whom this person may moderate; raises NotFound or Forbidden.

    What is changed stays as it is for all others: the room, or else who administers and the rooms of the other.
    """
    if slug is None:
        accounts.hold_administrators(connection)
        acting, other = reach.person(connection, user), _person(connection, user_id)
        case = _Case(other, rows.everywhere(connection, other.id), None)
        may = permissions.may_moderate(acting, other)
    else:
        reached, other = reach.room(connection, user, slug), _person(connection, user_id)
        case = _Case(other, rows.place(connection, reached.room.id, other.id), reached.room)
        may = permissions.may_moderate_in_room(reached.user, reached.role, reached.room, other, case.place.role)
    if not may:
        raise Forbidden(NOT_ABOVE)
    return case


def _standing(connection: Connection, user: User, user_id: int, slug: str | None) -> Standing:
    acting, other = reach.person(connection, user), _person(connection, user_id)
    here, everywhere = rows.NOWHERE, rows.everywhere(connection, other.id)
    may_here, may_everywhere = False, permissions.may_moderate(acting, other)
    if slug is not None:
        reached = reach.room(connection, user, slug)
        here = rows.place(connection, reached.room.id, other.id)
        may_here = permissions.may_moderate_in_room(acting, reached.role, reached.room, other, here.role)
    if not (may_here or may_everywhere):
        raise Forbidden(NOT_ABOVE)
    now = now_ms()
    times = (here.muted_until, here.banned_until, everywhere.muted_until, everywhere.banned_until)
    muted_here, banned_here, muted, banned = (moment(each) if each > now else None for each in times)
    is_member = here.role is not None
    return Standing(other, muted_here, banned_here, muted, banned, is_member, may_here, may_everywhere)


def _ruled(connection: Connection, user: User, slug: str) -> reach.Reached:
    """Return a room that somebody moderates; raises NotFound or Forbidden."""
    reached = reach.room(connection, user, slug)
    if reached.room.direct or not permissions.may_see_reports(reached.user, reached.role):
        raise Forbidden('Only a moderator of this room may see this.')
    return reached


def _require_moderator(connection: Connection, user: User) -> None:
    if not permissions.may_see_reports(reach.person(connection, user)):
        raise Forbidden('Only a moderator may do this.')


def _person(connection: Connection, user_id: int) -> User:
    other = users.get(connection, user_id)
    if other is None:
        raise NotFound(NOBODY)
    return other


def _set_muted(connection: Connection, case: _Case, until: int | None) -> Sequence[MemberChanged]:
    """Store until when somebody is muted, and return what tells their pages, and everybody's, that they are another."""
    if case.room is None:
        rooms.hold_all(connection, case.other)
        rows.set_everywhere(connection, case.other.id, muted_until=until)
        return rooms.tell_changed(connection, case.other)
    rows.set_in_room(connection, case.room.id, case.other.id, muted_until=until)
    if case.place.role is None:
        return ()
    number = room_rows.next_revision(connection, case.room.id)
    room_rows.note_changed(connection, case.room.id, case.other.id, number)
    return [MemberChanged(case.room.id, case.slug, number, Member(case.other, case.place.role))]


def _ban_from_room(connection: Connection, room: Room, case: _Case, until: int) -> _Done:
    rows.set_in_room(connection, room.id, case.other.id, banned_until=until)
    if case.place.role is None:
        return _Done()
    return _Done(rooms.see_off(connection, room, Member(case.other, case.place.role)))


def _ban(connection: Connection, other: User, until: int) -> _Done:
    """Ban somebody from the chat.

    Their row changes before their sessions go: whoever signs in as them holds it, and is seen here or sees this.
    """
    rooms.hold_all(connection, other)
    # Nobody will be a guest any more; whoever has an account finds their rooms again.
    events = rooms.leave_all(connection, other) if other.kind == 'guest' else ()
    rows.set_everywhere(connection, other.id, banned_until=until)
    return _Done(events, users.delete_sessions_of(connection, other.id))


def _ban_addresses(connection: Connection, actor: Actor, other: User, until: int, details: str) -> None:
    """Ban the addresses of somebody, but not the moderator's own: they may sit behind the same."""
    found = [each for each in rows.addresses_of(connection, other.id) if each != actor.address]
    if not found:
        raise Conflict('No address of theirs is known but your own. Ban the person alone.')
    for address in found:
        rows.ban_address(connection, address, until)
        audit.note(connection, actor, 'ban', address, details=details)


def _until(minutes: int | None) -> int:
    """Return until when something lasts, in ms; raises Invalid."""
    if minutes is None:
        return FOREVER
    if not 1 <= minutes <= LONGEST:
        raise Invalid(f'Give from 1 to {LONGEST:,} minutes, or none for no end.', 'minutes')
    return now_ms() + minutes * 60_000


def _details(minutes: int | None, reason: str) -> str:
    """Return what the log says: for how long, and why; raises Invalid."""
    return f'{"without end" if minutes is None else f"for {_minutes(minutes)}"}: {text.clean_reason(reason)}'


def _minutes(count: int) -> str:
    return '1 minute' if count == 1 else f'{count:,} minutes'
