"""How far people have read, and telling their pages when the counts of other rooms change, or which rooms they have."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, NamedTuple

from sqlalchemy import Connection

from chat import reach
from chat.bus import Bus
from chat.events import MemberLeft, MessageDeleted, MessageEdited, MessageSent, RoomChanged, RoomEvent
from chat.models import Counts, Message, Room, User
from chat.pacing import Paced
from chat.rate_limits import RateLimits
from chat.storage import Storage, reading
from chat.telling import tell_each
from chat.write_behind import WriteBehind

BEHIND = 1.0  # s that the stored reading mark may be behind the screen
TELL_AT_MOST_EVERY = 1.0  # s, however busy the rooms are

OnChange = Callable[[], None]


class _Place(NamedTuple):
    user_id: int
    room_id: int


@dataclass(frozen=True, slots=True)
class HaveRead:
    """Some people's reading marks were stored by another server: pairs of user and room."""

    kind: ClassVar[str] = 'read'
    places: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class WentBack:
    """Somebody has marked a room as unread from after a message on: what they had seen by then does not clear it."""

    kind: ClassVar[str] = 'went_back'
    user_id: int
    room_id: int
    message_id: int
    times: int  # that they have done so there


@dataclass(frozen=True, slots=True)
class Moved:
    """Somebody came to belong to a room, or no longer does."""

    kind: ClassVar[str] = 'moved'
    user_id: int


class Watch:
    """One page's interest in the unread counts of some rooms, and in which rooms the person has."""

    def __init__(self, user_id: int, on_change: OnChange, on_rooms: OnChange) -> None:
        self.user_id = user_id
        self.on_change = on_change
        self.on_rooms = on_rooms
        self.on_mark: Callable[[int], object] = lambda room_id: None  # the person's mark there is another
        self.on_going_back: Callable[[WentBack], object] = lambda back: None
        self.on_leaving: Callable[[], object] = lambda: None  # say at once what was seen
        self.on_message: Callable[[Message], object] | None = None  # somebody said something in one of the rooms
        self.room_ids: frozenset[int] = frozenset()


class Unread:
    """The reading marks of everybody."""

    def __init__(self, storage: Storage, rate_limits: RateLimits, bus: Bus | None = None) -> None:
        self._storage = storage
        self._rate_limits = rate_limits
        self._bus = bus or Bus()
        self._marks = WriteBehind(storage, _save, BEHIND, self._stored)
        self._watches: dict[int, set[Watch]] = {}  # by room
        self._mine: dict[int, set[Watch]] = {}  # by person
        self._changed: set[Watch] = set()
        self._other_rooms: set[Watch] = set()
        self._tell = Paced(self._tell_watches, TELL_AT_MOST_EVERY)
        self._bus.hear(HaveRead, self._read_elsewhere)
        self._bus.hear(WentBack, lambda _, back: self._go_back(back))
        self._bus.hear(Moved, lambda _, moved: self._list_anew(self._mine.get(moved.user_id, ())))
        self._bus.on_gap(self._recount_all)

    async def counts(self, user: User, room_ids: Collection[int]) -> dict[int, Counts]:
        """Return the counts of some rooms the person belongs to (99 and more are 100)."""
        await self.settle(user)
        return await self._storage.read(reading.counts, user.id, list(room_ids))

    async def settle(self, user: User) -> None:
        """Store the person's marks now, so that what is read next knows them."""
        if any(place.user_id == user.id for place in self._marks.waiting):
            await self._marks.flush()

    async def settle_all(self, user: User) -> None:
        """Store what the person's open pages have shown until now, as one that is reloaded is about to go."""
        tell_each(watch.on_leaving for watch in tuple(self._mine.get(user.id, ())))
        await self.settle(user)

    def seen(self, user: User, room: Room, message_id: int, went_back: int) -> None:
        """Note that everything up to this message was on the person's screen.

        ``went_back`` is how often they had gone back there, as far as the screen knew (``RoomView``, ``WentBack``):
        what was seen before it was marked as unread does not undo that, whenever and wherever it is stored.
        """
        place, seen = _Place(user.id, room.id), reading.Seen(went_back, message_id)
        if seen > (self._marks.get(place) or (0, 0)):
            self._marks.put(place, seen)
            self._recount(place)

    async def mark(self, user: User, slug: str, message_id: int | None) -> None:
        """Have read a room as far as this message and no further; None for all of it. This goes back as well.

        The person's pages that have the room in front leave it unread then. Raises NotFound, NotAMember or RateLimited.
        """
        self._rate_limits.check('marking rooms as read', user.id)

        def store(connection: Connection) -> tuple[int, reading.GoneBack | None]:
            room_id = reach.member_room(connection, user, slug).room.id
            return room_id, reading.set_mark(connection, room_id, user.id, message_id)

        room_id, went_back = await self._storage.write(store)
        place = _Place(user.id, room_id)
        if went_back is not None:
            back = WentBack(*went_back)
            self._go_back(back)
            self._bus.tell(back)
        self._recount(place)
        self._tell_servers([place])

    def watch(self, user: User, on_change: OnChange, on_rooms: OnChange = lambda: None) -> Watch:
        """Call ``on_change`` when a count of the rooms set by ``follow`` may have changed, at most once a second.

        And ``on_rooms`` when the person belongs to other rooms, or one of those is another or is no more.
        """
        watch = Watch(user.id, on_change, on_rooms)
        self._mine.setdefault(user.id, set()).add(watch)
        return watch

    def follow(self, watch: Watch, room_ids: Collection[int]) -> None:
        """Set the rooms a page is interested in."""
        for room_id in watch.room_ids:
            _discard(self._watches, room_id, watch)
        watch.room_ids = frozenset(room_ids)
        for room_id in watch.room_ids:
            self._watches.setdefault(room_id, set()).add(watch)

    def unwatch(self, watch: Watch) -> None:
        """Stop telling; doing so twice is harmless."""
        self.follow(watch, ())
        _discard(self._mine, watch.user_id, watch)
        self._changed.discard(watch)
        self._other_rooms.discard(watch)

    def cares_for(self, room_id: int) -> bool:
        """Whether some page shows the count of this room."""
        return room_id in self._watches

    def heard(self, event: RoomEvent) -> None:
        """Take note of an event that may change counts: also of one's own leaving, after which there is none."""
        watches = self._watches.get(event.room_id, ())
        if isinstance(event, MessageSent | MessageEdited | MessageDeleted):  # an edit may mention others than before
            self._changed.update(watch for watch in watches if watch.user_id != event.message.author.id)
            if isinstance(event, MessageSent):
                message = event.message
                tell_each([partial(watch.on_message, message) for watch in watches if watch.on_message is not None])
        elif isinstance(event, MemberLeft):
            self._changed.update(watch for watch in watches if watch.user_id == event.member.user.id)
        elif isinstance(event, RoomChanged):
            self._list_anew(watches)
        if self._changed:
            self._tell()

    def moved(self, user_id: int) -> None:
        """Take note that somebody came to belong to a room or no longer does, and tell the other servers."""
        self._list_anew(self._mine.get(user_id, ()))
        self._bus.tell(Moved(user_id))

    def gone(self, room_id: int) -> None:
        """Take note that a room is no more."""
        self._list_anew(self._watches.get(room_id, ()))

    async def stop(self) -> None:
        """Store all marks and stop telling."""
        self._tell.close()
        await self._marks.flush()

    def _go_back(self, back: WentBack) -> None:
        """Let no mark that waits, and no page that has the room in front, clear what is to be unread."""
        place = _Place(back.user_id, back.room_id)
        waiting = self._marks.get(place)
        if waiting is not None and waiting.went_back < back.times:
            self._marks.discard(place)  # storage would refuse it
        tell_each(partial(watch.on_going_back, back) for watch in tuple(self._mine.get(back.user_id, ())))

    def _stored(self, places: Collection[_Place], refused: Sequence[reading.GoneBack]) -> None:
        """Tell the other servers; and pages here, of what somebody marked elsewhere without a word coming through."""
        self._tell_servers(places)
        for went_back in refused:
            back = WentBack(*went_back)
            self._go_back(back)
            self._recount(_Place(back.user_id, back.room_id))

    def _recount(self, place: _Place) -> None:
        """Tell a person's pages that what they have read of a room has changed."""
        mine = tuple(self._mine.get(place.user_id, ()))
        tell_each(partial(watch.on_mark, place.room_id) for watch in mine)
        self._changed.update(watch for watch in mine if place.room_id in watch.room_ids)
        if self._changed:
            self._tell()

    def _list_anew(self, watches: Collection[Watch]) -> None:
        self._other_rooms.update(watches)
        if self._other_rooms:
            self._tell()

    def _recount_all(self) -> None:
        for watches in self._mine.values():
            self._changed.update(watches)
            self._other_rooms.update(watches)
        if self._changed:
            self._tell()

    def _tell_servers(self, places: Collection[_Place]) -> None:
        self._bus.tell(HaveRead(list(places)))

    def _read_elsewhere(self, _: str, read: HaveRead) -> None:
        for place in read.places:
            self._recount(_Place(*place))

    def _tell_watches(self) -> None:
        changed, self._changed = self._changed, set()
        moved, self._other_rooms = self._other_rooms, set()
        tell_each(watch.on_change for watch in changed)
        tell_each(watch.on_rooms for watch in moved)


def _discard(watches: dict[int, set[Watch]], key: int, watch: Watch) -> None:
    mine = watches.get(key, set())
    mine.discard(watch)
    if not mine:
        watches.pop(key, None)


def _save(connection: Connection, marks: Mapping[_Place, reading.Seen]) -> list[reading.GoneBack]:
    return reading.mark_read(connection, {(place.room_id, place.user_id): seen for place, seen in marks.items()})
