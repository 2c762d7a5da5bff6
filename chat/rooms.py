"""What people do with rooms: find, open, create, join, leave."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypedDict, TypeVar, Unpack, get_args, get_type_hints

from sqlalchemy import Connection

from chat import audit, floor, permissions, reach, text
from chat.audit import Actor
from chat.clock import now_ms
from chat.errors import Conflict, Forbidden, Invalid, NotAMember, NotFound, Unauthenticated
from chat.events import Changes, MemberChanged, MemberEvent, MemberJoined, MemberLeft, RoomChanged, room_changed
from chat.messages import PAGE
from chat.models import Member, MessagePage, Posting, Role, Room, RoomEntry, RoomView, Silence, User
from chat.rate_limits import RateLimits
from chat.room_state import RoomState
from chat.storage import Storage, changes, facts, hooks, messages, profiles, reading, reports, users
from chat.storage import rooms as rows

T = TypeVar('T')
MOST_LISTED = 200  # rooms that one does not belong to, in a list
MOST_SLUGS = 100  # "design-2" to "design-100" are tried for rooms of the same name
SLOWEST = 3_600  # s between two messages of one person
WORDS = {'topic', 'description'}  # too many for a line
CALMING = {'slow_mode', 'paused'}  # what a room's moderator may change
ARCHIVED = 'This room is archived: nobody joins it any more.'
REPORTED = 'Something was reported here: the moderators have to look at it before the room can be deleted.'
OWNERS_ARE_EQUALS = 'Only an administrator takes the ownership of a room from somebody else.'
LAST_OWNER = 'A room keeps an owner: make somebody else one first.'
TOO_MANY_ALIKE = 'There are many rooms of this name. Please choose another.'


class RoomChanges(TypedDict, total=False):
    """What can be changed in a room; ``slow_mode`` is in seconds, 0 to SLOWEST."""

    name: str
    topic: str
    description: str
    private: bool
    posting: Posting
    slow_mode: int
    paused: bool
    archived: bool


class Rooms:
    """The actions on rooms."""

    def __init__(self, storage: Storage, room_state: RoomState, rate_limits: RateLimits) -> None:
        self._storage = storage
        self._room_state = room_state
        self._rate_limits = rate_limits

    async def list(self, user: User) -> Sequence[RoomEntry]:
        """Return the rooms a person belongs to, then the open ones they could join, MOST_LISTED of them."""
        return (await self.list_and_more(user))[0]

    async def list_and_more(
        self, user: User, *, words: str = '', most_others: int | None = None, archived: bool = False
    ) -> tuple[Sequence[RoomEntry], bool]:
        """Return the same list, and whether there are more open rooms than it has.

        ``words`` leaves those rooms whose name or topic has them; ``most_others`` stands in for MOST_LISTED.
        ``archived`` rooms are a list of their own.
        """
        most = MOST_LISTED if most_others is None else most_others
        entries = await self._storage.read(rows.visible, user.id, most + 1, words, archived=archived)
        has_more = sum(not entry.joined for entry in entries) > most
        return entries[:-1] if has_more else entries, has_more

    async def list_open(self) -> Sequence[Room]:
        """Return the rooms that a stranger is offered."""
        return await self._storage.read(rows.open_to_all, MOST_LISTED)

    async def entry(self, user: User, slug: str) -> RoomEntry:
        """Return a room as the list shows it; raises NotFound."""

        def read(connection: Connection) -> RoomEntry:
            return rows.entry(connection, reach.room(connection, user, slug).room, user.id)

        return await self._storage.read(read)

    async def find(self, user: User, slug: str) -> Room:
        """Return a room; raises NotFound."""
        return (await self._storage.read(reach.room, user, slug)).room

    async def members(self, user: User, slug: str) -> Sequence[Member]:
        """Return who belongs to a room; raises NotFound."""

        def read(connection: Connection) -> Sequence[Member]:
            return rows.members(connection, reach.room(connection, user, slug).room.id)

        return await self._storage.read(read)

    async def open(self, user: User, slug: str, around: int | None = None) -> RoomView:
        """Return all that showing a room takes, as of one moment; joins it first if need be. Raises NotFound.

        The messages are the newest, those around the first unread one, or those ``around`` another of the room that is
        not deleted.
        """

        def view(connection: Connection, reached: reach.Reached) -> RoomView:
            room, after = reached.room, reached.last_read_id
            entry = rows.entry(connection, room, user.id)
            first = reading.first_unread(connection, room.id, user.id, after) if entry.unread else None
            return RoomView(
                room=room,
                members=rows.members(connection, room.id),
                page=_page(connection, room, around, first),
                draft=messages.draft(connection, user.id, room.id),
                last_read_id=after,
                went_back=reached.went_back,
                unread=entry.unread,
                mentions=entry.mentions,
                first_unread=first,
                level=entry.level,
                members_revision=profiles.members_revision(connection, room.id),
                silence=floor.silence(connection, reached),
                pinned_ids=messages.pinned_ids(connection, room.id),
            )

        return await self._as_member(user, slug, view)

    async def silence(self, user: User, slug: str) -> Silence | None:
        """Return what keeps a person from speaking in a room now, or None; raises NotFound."""

        def read(connection: Connection) -> Silence | None:
            return floor.silence(connection, reach.room(connection, user, slug))

        return await self._storage.read(read)

    async def enter(self, user: User, slug: str) -> tuple[Room, Sequence[Member]]:
        """Return a room and its members, as of one moment; joins it first if need be. Raises NotFound."""

        def look(connection: Connection, reached: reach.Reached) -> tuple[Room, Sequence[Member]]:
            return reached.room, rows.members(connection, reached.room.id)

        return await self._as_member(user, slug, look)

    async def _as_member(self, user: User, slug: str, look: Callable[[Connection, reach.Reached], T]) -> T:
        """Return what ``look`` sees in a room; joins it first if need be."""

        def read(connection: Connection) -> T | None:
            reached = reach.room(connection, user, slug)
            return look(connection, reached) if reached.is_member else None

        seen = await self._storage.read(read)
        if seen is None:
            await self.join(user, slug)
            seen = await self._storage.read(read)
        if seen is None:  # removed at this very moment
            raise NotFound('There is no such room, or it is not open to you.')
        return seen

    async def create(self, user: User, name: str, topic: str = '', *, private: bool = False) -> Room:
        """Open a new room and join it as its owner. Raises Invalid, Conflict, Forbidden or RateLimited."""
        self._rate_limits.check('creating rooms', user.id)
        name, topic = text.clean_room_name(name), text.clean_topic(topic)
        wanted = text.slug_of(name)

        def store(connection: Connection) -> Room:
            fresh = reach.person(connection, user)
            if not permissions.may_create_rooms(fresh, facts.policy(connection)):
                raise Forbidden('You may not open new rooms.')
            rows.hold_slug(connection, wanted)
            slug = _free_slug(connection, wanted)
            room = rows.add(connection, slug, name, topic, private=private, created_by=fresh.id)
            rows.join(connection, room.id, fresh, 'owner', rows.next_revision(connection, room.id))
            return room

        return await self._storage.write(store)

    async def change(self, user: User, slug: str, *, address: str = '', **wanted: Unpack[RoomChanges]) -> Room:
        """Change what is given and tell it; the room's address stays, ``address`` is where the person is.

        Raises Invalid, NotFound, Forbidden or RateLimited.
        """
        self._rate_limits.check('changing', user.id)
        clean = _clean(wanted)

        def store(connection: Connection) -> tuple[Room, RoomChanged | None]:
            reached = reach.room(connection, user, slug)
            _require_may_change(reached, wanted)
            room = replace(reached.room, **clean)
            if room == reached.room:
                return room, None
            _note(connection, reached, address, *_told(reached.room, room))
            room = rows.change(connection, room)
            return room, room_changed(room)

        room, event = await self._storage.write(store)
        if event is not None:
            self._room_state.publish(event)
        return room

    async def delete(self, user: User, slug: str, *, address: str = '') -> None:
        """Delete a room with all that was said in it, and tell it. Raises NotFound, Forbidden or RateLimited."""
        self._rate_limits.check('changing', user.id)

        def store(connection: Connection) -> int:
            reached = reach.room(connection, user, slug)
            if not permissions.may_delete_room(reached.user, reached.role, reached.room):
                raise Forbidden("Only the room's owner or an administrator can delete it.")
            if reached.user.kind != 'administrator' and reports.is_open_in(connection, reached.room.id):
                raise Conflict(REPORTED)
            actor = Actor(reached.user, address)
            audit.note(connection, actor, 'delete room', reached.room.name, room=reached.room.slug)
            rows.remove(connection, reached.room.id)
            return reached.room.id

        self._room_state.gone(await self._storage.write(store))

    async def favor(self, user: User, slug: str, favorite: bool) -> None:
        """Put a room among one's favorites, or take it out. Raises NotFound, NotAMember or RateLimited."""
        self._rate_limits.check('changing', user.id)

        def store(connection: Connection) -> None:
            reached = reach.room(connection, user, slug)
            if not permissions.may_favor(reached.role):
                raise NotAMember
            rows.set_favorite(connection, reached.room.id, user.id, favorite=favorite)

        await self._storage.write(store)

    async def set_role(self, actor: Actor, slug: str, user_id: int, role: Role) -> Member:
        """Make an owner, a moderator or a member of somebody who belongs to a room, and tell it.

        The last owner stays one. Raises Invalid, NotFound, Forbidden, Conflict, Unauthenticated or RateLimited.
        """
        if role not in get_args(Role):
            raise Invalid(f'Choose one of {", ".join(get_args(Role))}.', 'role')
        return await self._place(actor, 'changing', slug, lambda c, here: _set_role(c, here, user_id, role, actor))

    async def add_member(self, actor: Actor, slug: str, user_id: int) -> Member:
        """Put somebody into a room, and tell it; twice is once.

        Raises NotFound, Forbidden, Conflict, Unauthenticated or RateLimited.
        """
        doing = 'joining and leaving rooms'
        return await self._place(actor, doing, slug, lambda c, here: _add_member(c, here, user_id, actor))

    async def _place(
        self,
        actor: Actor,
        doing: str,
        slug: str,
        place: Callable[[Connection, reach.Reached], tuple[Member, MemberEvent | None]],
    ) -> Member:
        """Give somebody else a place in a room and tell it."""
        user = actor.user
        if user is None:
            raise Unauthenticated
        self._rate_limits.check(doing, user.id)
        member, event = await self._storage.write(lambda c: place(c, reach.room(c, user, slug)))
        if event is not None:
            self._room_state.publish(event)
        return member

    async def changes(self, user: User, slug: str, since: int) -> Changes:
        """Return what changed in a room after revision ``since``. Raises NotFound."""

        def read(connection: Connection) -> Changes:
            return changes.since(connection, reach.room(connection, user, slug).room.id, since)

        return await self._storage.read(read)

    async def member_ids(self, room_ids: Sequence[int]) -> dict[int, frozenset[int]]:
        """Return the ids of the members of some rooms."""
        return await self._storage.read(rows.member_ids, list(room_ids))

    async def join(self, user: User, slug: str) -> Room:
        """Become a member and tell it; twice is once. Raises NotFound, Forbidden or RateLimited."""
        reached = await self._storage.read(reach.room, user, slug)
        return reached.room if reached.is_member else await self._move(user, slug, _join)

    async def leave(self, user: User, slug: str) -> Room:
        """Stop being a member and tell it; twice is once. Raises NotFound or RateLimited."""
        reached = await self._storage.read(reach.room, user, slug)
        return await self._move(user, slug, _leave) if reached.is_member else reached.room

    async def _move(
        self, user: User, slug: str, move: Callable[[Connection, reach.Reached], Sequence[MemberEvent]]
    ) -> Room:
        """Change who belongs to a room and tell it; what changes nothing has not come this far, and is not counted."""
        self._rate_limits.check('joining and leaving rooms', user.id)

        def store(connection: Connection) -> tuple[Room, Sequence[MemberEvent]]:
            reached = reach.room(connection, user, slug)
            return reached.room, move(connection, reached)

        room, events = await self._storage.write(store)
        for event in events:
            self._room_state.publish(event)
        return room


def hold_all(connection: Connection, user: User) -> None:
    """Let nobody else change the rooms of somebody until the transaction ends: whoever changes them begins with this.

    The rooms first, as whoever speaks in one does: the other way round, two would wait for each other.
    """
    rows.of_member(connection, user.id)


def tell_changed(connection: Connection, user: User) -> list[MemberChanged]:
    """Take the next revision of every room of somebody who is another now: the name, the kind, or how they look.

    ``user`` is who they are after the change, which is stored; the events are to be published.
    """
    events = []
    for room, role in rows.of_member(connection, user.id):
        number = rows.next_revision(connection, room.id)
        rows.note_changed(connection, room.id, user.id, number)
        events.append(MemberChanged(room.id, room.slug, number, Member(user, role)))
    return events


def leave_all(connection: Connection, user: User) -> list[MemberLeft]:
    """Take somebody out of every room; the events are to be published."""
    left = (see_off(connection, room, Member(user, role)) for room, role in rows.of_member(connection, user.id))
    return [event for events in left for event in events]


def leave_for_good(connection: Connection, user: User) -> list[MemberLeft]:
    """Take somebody out of every room whose account is deleted; the events are to be published.

    They carry the person as they are called from now on. Rooms left before are told so again, if something that the
    person said stands there: who shows it learns by this what to call its author.
    """
    rows.hold_all_of(connection, user.id)
    again = [_left(connection, room, Member(user, role)) for room, role in rows.with_words_of(connection, user.id)]
    return again + leave_all(connection, user)


def see_off(connection: Connection, room: Room, member: Member) -> list[MemberLeft]:
    """Take somebody out of a room; the events are to be published.

    With the last owner the room's webhooks go, which nobody could end any more; with its last member goes a private
    room, which nobody could find any more.
    """
    events = [_left(connection, room, member)]
    if member.role == 'owner' and not rows.has_members(connection, room.id, 'owner'):
        events += end_hooks(connection, room)
    if room.private and not rows.has_members(connection, room.id) and not reports.is_open_in(connection, room.id):
        rows.remove(connection, room.id)  # else when the moderators have looked at what was reported
    return events


def end_hooks(connection: Connection, room: Room, hook_id: int | None = None) -> list[MemberLeft]:
    """End the webhooks of a room, or one of them: their bots leave it; the events are to be published."""
    bots = hooks.remove(connection, room.id, hook_id)
    here = [bot for bot in bots if rows.membership(connection, room.id, bot.id) is not None]
    return [_left(connection, room, Member(bot, 'member')) for bot in here]


def _left(connection: Connection, room: Room, member: Member) -> MemberLeft:
    number = rows.next_revision(connection, room.id)
    rows.leave(connection, room.id, member.user.id, number)
    return MemberLeft(room.id, room.slug, number, member)


def _join(connection: Connection, reached: reach.Reached) -> list[MemberJoined]:
    room, user = reached.room, reached.user
    if reached.is_member:  # since a moment ago
        return []
    if not permissions.may_join(user, room):
        raise Forbidden(ARCHIVED if room.archived else 'This room is by invitation only.')
    number = rows.next_revision(connection, room.id)
    rows.join(connection, room.id, user, 'member', number)
    return [MemberJoined(room.id, room.slug, number, Member(user, 'member'))]


def _leave(connection: Connection, reached: reach.Reached) -> list[MemberLeft]:
    if reached.role is None:  # since a moment ago
        return []
    if not permissions.may_leave(reached.room):
        raise Forbidden('Direct messages cannot be left.')
    return see_off(connection, reached.room, Member(reached.user, reached.role))


def _set_role(
    connection: Connection, reached: reach.Reached, user_id: int, role: Role, actor: Actor
) -> tuple[Member, MemberChanged | None]:
    room = reached.room
    if not permissions.may_set_roles(reached.user, reached.role, room):
        raise Forbidden("Only the room's owner or an administrator can do this.")
    found = rows.reached(connection, room.slug, user_id)
    if found is None or found.role is None:
        raise NotFound('This person does not belong to the room.')
    if found.role == role:
        return Member(found.user, role), None
    if found.role == 'owner' and user_id != reached.user.id and reached.user.kind != 'administrator':
        raise Forbidden(OWNERS_ARE_EQUALS)
    if not permissions.may_have_role(found.user, role):
        raise Conflict('A bot is a member, and nothing else.', 'role')
    if found.role == 'owner' and not rows.has_members(connection, room.id, 'owner', but=user_id):
        raise Conflict(LAST_OWNER, 'role')
    number = rows.next_revision(connection, room.id)
    rows.set_role(connection, room.id, user_id, role, number)
    audit.note(connection, Actor(reached.user, actor.address), 'set role', found.user, room=room.slug, details=role)
    member = Member(found.user, role)
    return member, MemberChanged(room.id, room.slug, number, member)


def _add_member(
    connection: Connection, reached: reach.Reached, user_id: int, actor: Actor
) -> tuple[Member, MemberJoined | None]:
    room = reached.room
    if not permissions.may_add_people(reached.user, reached.role, room):
        raise Forbidden(ARCHIVED if room.archived else "Only the room's owner or a moderator can add people.")
    here = users.hold_those_here(connection, [user_id])  # as they are called until this is told
    found = rows.reached(connection, room.slug, user_id)
    if found is None or not here:
        raise NotFound('There is no such person.')
    if found.role is not None:
        return Member(found.user, found.role), None
    if found.banned_until > now_ms():
        raise Conflict(f'{found.user.name} is banned from this room.')
    number = rows.next_revision(connection, room.id)
    rows.join(connection, room.id, found.user, 'member', number)
    audit.note(connection, Actor(reached.user, actor.address), 'add to room', found.user, room=room.slug)
    member = Member(found.user, 'member')
    return member, MemberJoined(room.id, room.slug, number, member)


def _page(connection: Connection, room: Room, around: int | None, first_unread: int | None) -> MessagePage:
    linked = messages.by_id(connection, around) if around is not None else None
    if linked is not None and linked.room_id == room.id and linked.deleted_at is None:
        return messages.page_around(connection, room.id, linked.id, PAGE)
    newest = messages.page(connection, room.id, PAGE)
    if first_unread is None or not newest.has_older or newest.messages[0].id < first_unread:
        return newest
    return messages.page_around(connection, room.id, first_unread, PAGE)


def _clean(wanted: RoomChanges) -> dict[str, Any]:
    """Return what is wanted of a room as it is stored; raises Invalid."""
    clean: dict[str, Any] = dict(wanted)
    rules = {'name': text.clean_room_name, 'topic': text.clean_topic, 'description': text.clean_description}
    for field, rule in rules.items():
        if field in clean:
            clean[field] = rule(clean[field])
    if not 0 <= clean.get('slow_mode', 0) <= SLOWEST:
        raise Invalid(f'A slow mode lasts from 0 to {SLOWEST:,} seconds.', 'slow_mode')
    if clean.get('posting', 'everybody') not in get_args(Posting):
        raise Invalid('Who writes in a room is "everybody" or "moderators".', 'posting')
    return clean


def _require_may_change(reached: reach.Reached, wanted: RoomChanges) -> None:
    who = (reached.user, reached.role, reached.room)
    if not (permissions.may_change_room(*who) or (wanted.keys() <= CALMING and permissions.may_calm_room(*who))):
        raise Forbidden("Only the room's owner or a moderator can change it.")


def _note(connection: Connection, reached: reach.Reached, address: str, action: str, details: str) -> None:
    """Note what a moderator or administrator does with a room; what owners do with theirs is their own business."""
    if reached.role != 'owner' or permissions.rank(reached.user) > 0:
        actor = Actor(reached.user, address)
        audit.note(connection, actor, action, reached.room.name, room=reached.room.slug, details=details)


def _told(before: Room, after: Room) -> tuple[str, str]:
    """Return what was done to a room, and what is another now: for the log, so without what was written in it."""
    if before.archived != after.archived:
        return ('archive room' if after.archived else 'bring room back'), ''
    changed = {field: getattr(after, field) for field in get_type_hints(RoomChanges)}
    changed = {field: value for field, value in changed.items() if value != getattr(before, field)}
    return 'change room', ', '.join(
        field if field in WORDS else f'{field}: {value}' for field, value in changed.items()
    )


def _free_slug(connection: Connection, wanted: str) -> str:
    for slug in (wanted, *(f'{wanted}-{number}' for number in range(2, MOST_SLUGS))):
        if rows.by_slug(connection, slug) is None:
            return slug
    raise Conflict(TOO_MANY_ALIKE, 'name')
