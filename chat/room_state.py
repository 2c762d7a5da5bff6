"""The rooms that somebody has open here: who listens, who is typing. It tells each change in order, once.

Every listener has a revision. An event that is the next one is delivered; an older one is dropped; a later one means
that something was missed, and then storage is asked what changed since. Nothing that arrives meanwhile has to be kept:
whatever was published is in storage already.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import ClassVar

from chat.bus import Bus
from chat.errors import StorageFailed
from chat.events import (
    Changes,
    MemberChanged,
    MemberJoined,
    MemberLeft,
    MessageSent,
    RoomEvent,
    RoomGone,
    StartAfresh,
    Told,
    Typing,
    from_json,
    told_since,
)
from chat.measures import Measures
from chat.models import User
from chat.pacing import Rounds
from chat.telling import tell_each

OUT_OF_ORDER_GRACE = 0.02  # s; two events that overtook each other are usually in order again by then
COMPARE_EVERY = 5.0  # s; a lost last event has no successor to reveal it
COMPARE_WHILE_AWAY = 1.0  # s; without the bus this is all there is to hear of other servers by
TYPING_SHOWN = 5.0  # s after the last sign of typing
TELL_TYPING_EVERY = 2.0  # s; more signs say nothing new to other servers
MOST_LISTENERS_FOR_TYPING = 100  # beyond, everybody would always be typing (Zulip)

Deliver = Callable[[Sequence[Told]], None]
log = logging.getLogger('hearth.room_state')


@dataclass(frozen=True, slots=True)
class Published:
    """What happened in a room of another server; the event stays in words until it is known that somebody listens."""

    kind: ClassVar[str] = 'published'
    room_id: int
    event: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A room was deleted on another server."""

    kind: ClassVar[str] = 'gone'
    room_id: int


@dataclass(frozen=True, slots=True)
class Writes:
    """Somebody is writing on another server."""

    kind: ClassVar[str] = 'writes'
    room_id: int
    user: User


@dataclass(eq=False, slots=True)
class Subscription:
    """One listener of one room; ``revision`` is the last one it was told."""

    room_id: int
    revision: int
    deliver: Deliver


@dataclass(frozen=True, slots=True)
class _Writer:
    user: User
    until: asyncio.TimerHandle
    told_at: float  # to other servers


@dataclass(eq=False, slots=True)
class _ActiveRoom:
    id: int
    newest: int = 0  # the highest revision heard of
    subscriptions: dict[Subscription, None] = field(default_factory=dict)
    typing: dict[int, _Writer] = field(default_factory=dict)
    unsure: bool = False  # somebody came whose revision may be older than what was published meanwhile
    filling: 'asyncio.Task[None] | None' = None


class RoomState:
    """Broadcasts what happens in rooms to those who listen in this process."""

    def __init__(
        self,
        read_changes: Callable[[int, int], Awaitable[Changes]],
        read_revisions: Callable[[list[int]], Awaitable[dict[int, int]]],
        measures: Measures | None = None,
        bus: Bus | None = None,
    ) -> None:
        self._measures = measures or Measures()
        self._bus = bus or Bus()
        self._read_changes = read_changes
        self._read_revisions = read_revisions
        self._rooms: dict[int, _ActiveRoom] = {}
        self._watchers: dict[Callable[[RoomEvent], None], Callable[[int], bool]] = {}
        self._on_moved: dict[Callable[[int], None], None] = {}
        self._on_gone: dict[Callable[[int], None], None] = {}
        self._comparing = Rounds('compare rooms with storage', self.compare, self._until_next_comparing)
        self._bus.hear(Published, self._heard)
        self._bus.hear(Gone, lambda _, gone: self._gone(gone.room_id))
        self._bus.hear(Writes, lambda _, writes: self._show_typing(writes.room_id, writes.user))
        self._bus.on_gap(self._comparing.hasten)

    def start(self) -> None:
        """Begin to compare the active rooms with storage; starting twice is harmless."""
        self._comparing.start()

    async def stop(self) -> None:
        """Let go of all listeners and tasks; stopping twice is harmless."""
        self._comparing.stop()
        for room in self._rooms.values():
            if room.filling is not None:
                room.filling.cancel()
            _forget_typing(room)
        self._rooms.clear()

    def subscribe(self, room_id: int, since: int, deliver: Deliver) -> Subscription:
        """Tell ``deliver`` everything that changes in a room after revision ``since``; it must not block or raise."""
        room = self._rooms.setdefault(room_id, _ActiveRoom(room_id))
        subscription = Subscription(room_id, since, deliver)
        room.subscriptions[subscription] = None
        room.unsure = True
        self._ask_to_fill(room)
        if room.typing:
            asyncio.get_running_loop().call_soon(_tell_typing, room)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stop telling, at once; doing so twice is harmless."""
        subscription.deliver = _hear_nothing  # somebody else's news of this very moment may be on its way
        room = self._rooms.get(subscription.room_id)
        if room is None or subscription not in room.subscriptions:
            return
        del room.subscriptions[subscription]
        if not room.subscriptions:
            _forget_typing(room)
            if room.filling is not None:
                room.filling.cancel()
            del self._rooms[room.id]

    async def caught_up(self, subscription: Subscription) -> None:
        """Wait until what a listener missed so far has been told, or could not be read now."""
        room = self._rooms.get(subscription.room_id)
        if room is not None and room.filling is not None:
            await asyncio.wait([room.filling])

    def watch(self, watcher: Callable[[RoomEvent], None], cares: Callable[[int], bool] = lambda _: True) -> None:
        """Tell ``watcher`` every event of the rooms whose ids it ``cares`` for, in the order of publishing."""
        self._watchers[watcher] = cares

    def watch_lists(self, on_moved: Callable[[int], None], on_gone: Callable[[int], None]) -> None:
        """Call ``on_moved`` with the id of who comes or goes by an action here, ``on_gone`` with a lost room's."""
        self._on_moved[on_moved] = None
        self._on_gone[on_gone] = None

    def publish(self, event: RoomEvent) -> None:
        """Tell everybody who listens to the event's room; only actions call this, after their commit."""
        started = perf_counter()
        told = self._tell_here(event)
        self._measures.published(event.type, told, perf_counter() - started)
        if not self._bus.is_alone:
            self._bus.tell(Published(event.room_id, event.text))
        if isinstance(event, MemberJoined | MemberLeft):
            tell_each(self._on_moved, event.member.user.id)

    def gone(self, room_id: int) -> None:
        """Tell everybody who listens that the room is no more; only actions call this, after their commit."""
        self._gone(room_id)
        self._bus.tell(Gone(room_id))

    def typing(self, room_id: int, user: User) -> None:
        """Tell that somebody is writing; it is forgotten after TYPING_SHOWN."""
        if self._show_typing(room_id, user):
            self._bus.tell(Writes(room_id, user))

    @property
    def active_rooms(self) -> int:
        """How many rooms somebody listens to now."""
        return len(self._rooms)

    @property
    def listeners(self) -> int:
        """How many listen now, in all rooms."""
        return sum(len(room.subscriptions) for room in self._rooms.values())

    def _heard(self, _: str, published: Published) -> None:
        room_id = published.room_id
        if room_id in self._rooms or any(cares(room_id) for cares in self._watchers.values()):
            try:
                event = from_json(room_id, published.event)
            except ValueError:
                self._bus.complain('Another server told an event that is not known here; storage will tell it')
            else:
                self._measures.deliveries += self._tell_here(event)

    def _tell_here(self, event: RoomEvent) -> int:
        """Tell everybody who listens in this process; returns how many that were."""
        tell_each([watcher for watcher, cares in self._watchers.items() if cares(event.room_id)], event)
        room = self._rooms.get(event.room_id)
        if room is None:
            return 0
        room.newest = max(room.newest, event.revision)
        told, missed = 0, False
        for subscription in tuple(room.subscriptions):
            if event.revision == subscription.revision + 1:
                subscription.revision = event.revision
                _tell(subscription, (event,))
                told += 1
            elif event.revision > subscription.revision:
                missed = True
        if isinstance(event, MessageSent):
            self._stop_typing(room, event.message.author.id)
        elif isinstance(event, MemberLeft):
            self._stop_typing(room, event.member.user.id)
        elif isinstance(event, MemberChanged):
            _rename_who_types(room, event.member.user)
        if missed:
            self._ask_to_fill(room)
        return told

    def _gone(self, room_id: int) -> None:
        tell_each(self._on_gone, room_id)
        room = self._rooms.get(room_id)
        if room is not None:
            for subscription in tuple(room.subscriptions):
                _tell(subscription, (RoomGone(room_id),))
                self.unsubscribe(subscription)

    def _show_typing(self, room_id: int, user: User) -> bool:
        """Show that somebody writes; returns whether that is news to other servers."""
        room = self._rooms.get(room_id)
        if room is None or len(room.subscriptions) > MOST_LISTENERS_FOR_TYPING:
            return False
        loop = asyncio.get_running_loop()
        known = room.typing.pop(user.id, None)
        if known is not None:
            known.until.cancel()
        is_news = known is None or loop.time() - known.told_at >= TELL_TYPING_EVERY
        timer = loop.call_later(TYPING_SHOWN, self._stop_typing, room, user.id)
        room.typing[user.id] = _Writer(user, timer, loop.time() if known is None or is_news else known.told_at)
        if known is None:
            _tell_typing(room)
        return is_news

    def _stop_typing(self, room: _ActiveRoom, user_id: int) -> None:
        known = room.typing.pop(user_id, None)
        if known is not None:
            known.until.cancel()
            _tell_typing(room)

    def _ask_to_fill(self, room: _ActiveRoom) -> None:
        if room.filling is None:
            room.filling = asyncio.create_task(self._fill(room), name=f'fill room {room.id}')

    async def _fill(self, room: _ActiveRoom) -> None:
        """Bring everybody who missed something up to date, until nobody has."""
        try:
            if not room.unsure:
                await asyncio.sleep(OUT_OF_ORDER_GRACE)
            everything = True
            while room.unsure or any(each.revision < room.newest for each in room.subscriptions):
                room.unsure = False
                heard = room.newest
                since = _read_from(room, everything=everything)
                changes = await self._read_changes(room.id, since)
                everything = changes.complete
                # Storage knows all that was published. If not, it is of another time: a backup, a room made anew.
                went_back = changes.revision < heard
                room.newest = changes.revision if went_back else max(room.newest, changes.revision)
                for subscription in tuple(room.subscriptions):
                    if subscription.revision > room.newest and not room.unsure:
                        _start_afresh(subscription, room.newest)
                    else:
                        _catch_up(subscription, changes, since)
        except StorageFailed:
            log.warning('Could not read what was missed in room %s; trying again soon', room.id)
        finally:
            room.filling = None

    def _until_next_comparing(self) -> float:
        return COMPARE_WHILE_AWAY if self._bus.is_away else COMPARE_EVERY

    async def compare(self) -> None:
        """Compare the revisions of all active rooms with storage and fill what was missed."""
        if not self._rooms:
            return
        asked = list(self._rooms)
        found = await self._read_revisions(asked)
        for room_id in set(asked).difference(found):
            self._gone(room_id)
        for room_id, revision in found.items():
            room = self._rooms.get(room_id)
            if room is None:
                continue
            room.newest = max(room.newest, revision)
            if any(each.revision < room.newest for each in room.subscriptions):
                self._ask_to_fill(room)


def _read_from(room: _ActiveRoom, *, everything: bool) -> int:
    """Return the revision after which to read what was missed: the oldest, unless that was too far back a moment ago.

    Then halving who is behind soon tells who else is too far back, however many come with however old revisions.
    """
    behind = sorted(each.revision for each in room.subscriptions if each.revision < room.newest)
    if everything or not behind:
        return min(each.revision for each in room.subscriptions)
    return behind[len(behind) // 2]


def _catch_up(subscription: Subscription, changes: Changes, since: int) -> None:
    if subscription.revision >= changes.revision:
        return  # it missed nothing
    if not changes.complete:
        if subscription.revision <= since:
            _start_afresh(subscription, changes.revision)
        return  # those further on may still be filled
    if subscription.revision < since:
        return  # it has its own turn: it came during the read, or is further back
    known = subscription.revision
    missed = [told_since(event, known) for event in changes.events if event.revision > known]
    subscription.revision = changes.revision
    if missed:
        _tell(subscription, missed)


def _start_afresh(subscription: Subscription, revision: int) -> None:
    subscription.revision = revision
    _tell(subscription, (StartAfresh(subscription.room_id),))


def _tell(subscription: Subscription, events: Sequence[Told]) -> None:
    try:
        subscription.deliver(events)
    except Exception:  # one broken listener must not keep the news from the others
        log.exception('A listener of room %s failed', subscription.room_id)


def _hear_nothing(_: Sequence[Told]) -> None:
    pass


def _rename_who_types(room: _ActiveRoom, user: User) -> None:
    known = room.typing.get(user.id)
    if known is not None:
        room.typing[user.id] = replace(known, user=user)
        _tell_typing(room)


def _tell_typing(room: _ActiveRoom) -> None:
    state = Typing(room.id, tuple(writer.user for writer in room.typing.values()))
    for subscription in tuple(room.subscriptions):
        _tell(subscription, (state,))


def _forget_typing(room: _ActiveRoom) -> None:
    for writer in room.typing.values():
        writer.until.cancel()
    room.typing.clear()
