"""The rooms that somebody has open here: who listens, who is typing. It tells each change in order, once.

Every listener has a revision. An event that is the next one is delivered; an older one is dropped; a later one means
that something was missed, and then storage is asked what changed since. Nothing that arrives meanwhile has to be kept:
whatever was published is in storage already.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from chat.errors import StorageFailed
from chat.events import Changes, MessageSent, RoomEvent, RoomGone, StartAfresh, Told, Typing
from chat.measures import Measures
from chat.models import User
from chat.telling import tell_each

OUT_OF_ORDER_GRACE = 0.02  # s; two events that overtook each other are usually in order again by then
COMPARE_EVERY = 5.0  # s; a lost last event has no successor to reveal it
TYPING_SHOWN = 5.0  # s after the last sign of typing
MOST_LISTENERS_FOR_TYPING = 100  # beyond, everybody would always be typing (Zulip)

Deliver = Callable[[Sequence[Told]], None]
log = logging.getLogger('hearth.room_state')


@dataclass(eq=False, slots=True)
class Subscription:
    """One listener of one room; ``revision`` is the last one it was told."""

    room_id: int
    revision: int
    deliver: Deliver


@dataclass(eq=False, slots=True)
class _ActiveRoom:
    id: int
    newest: int = 0  # the highest revision heard of
    subscriptions: dict[Subscription, None] = field(default_factory=dict)
    typing: dict[int, tuple[User, asyncio.TimerHandle]] = field(default_factory=dict)
    unsure: bool = False  # somebody came whose revision may be older than what was published meanwhile
    filling: 'asyncio.Task[None] | None' = None


class RoomState:
    """Broadcasts what happens in rooms to those who listen in this process."""

    def __init__(
        self,
        read_changes: Callable[[int, int], Awaitable[Changes]],
        read_revisions: Callable[[list[int]], Awaitable[dict[int, int]]],
        measures: Measures | None = None,
    ) -> None:
        self._measures = measures or Measures()
        self._read_changes = read_changes
        self._read_revisions = read_revisions
        self._rooms: dict[int, _ActiveRoom] = {}
        self._watchers: list[Callable[[RoomEvent], None]] = []
        self._comparing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to compare the active rooms with storage; starting twice is harmless."""
        if self._comparing is None:
            self._comparing = asyncio.create_task(self._compare_forever(), name='compare rooms with storage')

    async def stop(self) -> None:
        """Let go of all listeners and tasks; stopping twice is harmless."""
        tasks = [room.filling for room in self._rooms.values()] + [self._comparing]
        for task in tasks:
            if task is not None:
                task.cancel()
        for room in self._rooms.values():
            _forget_typing(room)
        self._rooms.clear()
        self._comparing = None

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

    def watch(self, watcher: Callable[[RoomEvent], None]) -> None:
        """Tell ``watcher`` every event of every room, in the order of publishing."""
        self._watchers.append(watcher)

    def publish(self, event: RoomEvent) -> None:
        """Tell everybody who listens to the event's room; only actions call this, after their commit."""
        started, told = perf_counter(), 0
        tell_each(self._watchers, event)
        room = self._rooms.get(event.room_id)
        if room is None:
            self._measures.published(event.type, told, perf_counter() - started)
            return
        room.newest = max(room.newest, event.revision)
        missed = False
        for subscription in tuple(room.subscriptions):
            if event.revision == subscription.revision + 1:
                subscription.revision = event.revision
                _tell(subscription, (event,))
                told += 1
            elif event.revision > subscription.revision:
                missed = True
        if isinstance(event, MessageSent):
            self._stop_typing(room, event.message.author.id)
        self._measures.published(event.type, told, perf_counter() - started)
        if missed:
            self._ask_to_fill(room)

    def gone(self, room_id: int) -> None:
        """Tell everybody who listens that the room is no more; only actions call this, after their commit."""
        room = self._rooms.get(room_id)
        if room is not None:
            for subscription in tuple(room.subscriptions):
                _tell(subscription, (RoomGone(room_id),))
                self.unsubscribe(subscription)

    def typing(self, room_id: int, user: User) -> None:
        """Tell that somebody is writing; it is forgotten after TYPING_SHOWN."""
        room = self._rooms.get(room_id)
        if room is None or len(room.subscriptions) > MOST_LISTENERS_FOR_TYPING:
            return
        known = room.typing.pop(user.id, None)
        if known is not None:
            known[1].cancel()
        timer = asyncio.get_running_loop().call_later(TYPING_SHOWN, self._stop_typing, room, user.id)
        room.typing[user.id] = (user, timer)
        if known is None:
            _tell_typing(room)

    @property
    def active_rooms(self) -> int:
        """How many rooms somebody listens to now."""
        return len(self._rooms)

    @property
    def listeners(self) -> int:
        """How many listen now, in all rooms."""
        return sum(len(room.subscriptions) for room in self._rooms.values())

    def _stop_typing(self, room: _ActiveRoom, user_id: int) -> None:
        known = room.typing.pop(user_id, None)
        if known is not None:
            known[1].cancel()
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

    async def _compare_forever(self) -> None:
        while True:
            await asyncio.sleep(COMPARE_EVERY)
            try:
                await self.compare()
            except StorageFailed:
                log.warning('Could not compare the rooms with storage; trying again soon')

    async def compare(self) -> None:
        """Compare the revisions of all active rooms with storage and fill what was missed."""
        if not self._rooms:
            return
        asked = list(self._rooms)
        found = await self._read_revisions(asked)
        for room_id in set(asked).difference(found):
            self.gone(room_id)
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
    missed = [event for event in changes.events if event.revision > subscription.revision]
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


def _tell_typing(room: _ActiveRoom) -> None:
    state = Typing(room.id, tuple(user for user, _ in room.typing.values()))
    for subscription in tuple(room.subscriptions):
        _tell(subscription, (state,))


def _forget_typing(room: _ActiveRoom) -> None:
    for _, timer in room.typing.values():
        timer.cancel()
    room.typing.clear()
