"""What people do with rooms: find, open, create, join, leave."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import Connection

from chat import permissions, reach, text
from chat.errors import Conflict, Forbidden, NotFound
from chat.events import Changes, MemberEvent, MemberJoined, MemberLeft, RoomChanged
from chat.messages import PAGE
from chat.models import Member, MessagePage, Room, RoomEntry, RoomView, User
from chat.rate_limits import RateLimits
from chat.room_state import RoomState
from chat.storage import Storage, changes, hooks, messages
from chat.storage import rooms as rows

T = TypeVar('T')
MOST_LISTED = 200  # rooms that one does not belong to, in a list
MOST_SLUGS = 100  # "design-2" to "design-100" are tried for rooms of the same name
TOO_MANY_ALIKE = 'There are many rooms of this name. Please choose another.'


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
        self, user: User, *, words: str = '', most_others: int | None = None
    ) -> tuple[Sequence[RoomEntry], bool]:
        """Return the same list, and whether there are more open rooms than it has.

        ``words`` leaves those rooms whose name or topic has them; ``most_others`` stands in for MOST_LISTED.
        """
        most = MOST_LISTED if most_others is None else most_others
        entries = await self._storage.read(rows.visible, user.id, most + 1, words)
        has_more = sum(not entry.joined for entry in entries) > most
        return entries[:-1] if has_more else entries, has_more

    async def list_open(self) -> Sequence[Room]:
        """Return the rooms that a stranger is offered."""
        return await self._storage.read(rows.open_to_all, MOST_LISTED)

    async def entry(self, user: User, slug: str) -> RoomEntry:
        """Return a room as the list shows it; raises NotFound."""

        def read(connection: Connection) -> RoomEntry:
            reached = reach.room(connection, user, slug)
            room, after = reached.room, reached.last_read_id
            unread = rows.unread(connection, room.id, user.id, after) if reached.is_member else 0
            return RoomEntry(room, reached.is_member, unread)

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

        The messages are the newest, or those ``around`` a message of the room.
        """

        def view(connection: Connection, reached: reach.Reached) -> RoomView:
            room = reached.room
            return RoomView(
                room=room,
                members=rows.members(connection, room.id),
                page=_page(connection, room, around),
                draft=messages.draft(connection, user.id, room.id),
                last_read_id=reached.last_read_id,
                unread=rows.unread(connection, room.id, user.id, reached.last_read_id),
            )

        return await self._as_member(user, slug, view)

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
            if not permissions.may_create_rooms(fresh):
                raise Forbidden('You may not open new rooms.')
            rows.hold_slug(connection, wanted)
            slug = _free_slug(connection, wanted)
            room = rows.add(connection, slug, name, topic, private=private, created_by=fresh.id)
            rows.join(connection, room.id, fresh, 'owner', rows.next_revision(connection, room.id))
            return room

        return await self._storage.write(store)

    async def change(
        self, user: User, slug: str, *, name: str | None = None, topic: str | None = None, private: bool | None = None
    ) -> Room:
        """Change what is given and tell it; the address stays. Raises Invalid, NotFound, Forbidden or RateLimited."""
        self._rate_limits.check('changing', user.id)
        name = None if name is None else text.clean_room_name(name)
        topic = None if topic is None else text.clean_topic(topic)

        def store(connection: Connection) -> tuple[Room, RoomChanged | None]:
            room = _owned(connection, user, slug)
            wanted = (
                room.name if name is None else name,
                room.topic if topic is None else topic,
                room.private if private is None else private,
            )
            if wanted == (room.name, room.topic, room.private):
                return room, None
            room = rows.change(connection, room, wanted[0], wanted[1], private=wanted[2])
            return room, RoomChanged(room.id, room.slug, room.revision, room.name, room.topic, room.private)

        room, event = await self._storage.write(store)
        if event is not None:
            self._room_state.publish(event)
        return room

    async def delete(self, user: User, slug: str) -> None:
        """Delete a room with all that was said in it, and tell it. Raises NotFound, Forbidden or RateLimited."""
        self._rate_limits.check('changing', user.id)

        def store(connection: Connection) -> int:
            room = _owned(connection, user, slug)
            rows.remove(connection, room.id)
            return room.id

        self._room_state.gone(await self._storage.write(store))

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


def leave_all(connection: Connection, user: User) -> list[MemberLeft]:
    """Take somebody out of every room; the events are to be published."""
    left = (see_off(connection, room, Member(user, role)) for room, role in rows.of_member(connection, user.id))
    return [event for events in left for event in events]


def see_off(connection: Connection, room: Room, member: Member) -> list[MemberLeft]:
    """Take somebody out of a room; the events are to be published.

    With the last owner the room's webhooks go, which nobody could end any more; with its last member goes a private
    room, which nobody could find any more.
    """
    events = [_left(connection, room, member)]
    if member.role == 'owner' and not rows.has_members(connection, room.id, 'owner'):
        events += end_hooks(connection, room)
    if room.private and not rows.has_members(connection, room.id):
        rows.remove(connection, room.id)
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
        raise Forbidden('This room is by invitation only.')
    number = rows.next_revision(connection, room.id)
    rows.join(connection, room.id, user, 'member', number)
    return [MemberJoined(room.id, room.slug, number, Member(user, 'member'))]


def _leave(connection: Connection, reached: reach.Reached) -> list[MemberLeft]:
    if reached.role is None:  # since a moment ago
        return []
    return see_off(connection, reached.room, Member(reached.user, reached.role))


def _owned(connection: Connection, user: User, slug: str) -> Room:
    reached = reach.room(connection, user, slug)
    if not permissions.may_change_room(reached.role):
        raise Forbidden("Only the room's owner can change or delete it.")
    return reached.room


def _page(connection: Connection, room: Room, around: int | None) -> MessagePage:
    linked = messages.by_id(connection, around) if around is not None else None
    if linked is None or linked.room_id != room.id:
        return messages.page(connection, room.id, PAGE)
    return messages.page_around(connection, room.id, linked.id, PAGE)


def _free_slug(connection: Connection, wanted: str) -> str:
    for slug in (wanted, *(f'{wanted}-{number}' for number in range(2, MOST_SLUGS))):
        if rows.by_slug(connection, slug) is None:
            return slug
    raise Conflict(TOO_MANY_ALIKE, 'name')
