"""The lines in which people say what they are up to, and until when each stands.

Whether the time of one is over is asked when it is read. For pages that are open all lines are read together every few
seconds: that one was changed, here or elsewhere, or is over, comes to light by that alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from chat.bus import Bus
from chat.clock import now_ms
from chat.pacing import Rounds
from chat.storage import Storage
from chat.storage import profiles as rows
from chat.telling import tell_each

READ_EVERY = 5.0  # s

StatusFor = Literal['30m', '1h', '4h', 'today', 'week', 'never']
SPANS: Mapping[StatusFor, timedelta] = {
    '30m': timedelta(minutes=30), '1h': timedelta(hours=1), '4h': timedelta(hours=4)
}  # fmt: skip
Watcher = Callable[[frozenset[int]], None]


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """Somebody has another status line; storage says which."""

    kind: ClassVar[str] = 'status'


class Statuses:
    """Knows everybody's line as long as somebody looks."""

    def __init__(self, storage: Storage, bus: Bus | None = None) -> None:
        self._storage = storage
        self._bus = bus or Bus()
        self._lines: dict[int, str] = {}  # by user id; who has none is left out
        self._watchers: dict[Watcher, None] = {}
        self._reading = Rounds('read what people are up to', self.read, lambda: READ_EVERY)
        self._bus.hear(StatusChanged, lambda *_: self._reading.hasten())
        self._bus.on_gap(self._reading.hasten)

    def start(self) -> None:
        """Begin to read for those who watch; starting twice is harmless."""
        self._reading.start()

    def stop(self) -> None:
        """Read no more; stopping twice is harmless."""
        self._reading.stop()

    def line(self, user_id: int) -> str:
        """Return somebody's line as it was a moment ago, empty if there is none."""
        return self._lines.get(user_id, '')

    def watch(self, watcher: Watcher) -> None:
        """Tell ``watcher`` the ids of those whose line is another."""
        if not self._watchers:
            self._reading.hasten()
        self._watchers[watcher] = None

    def unwatch(self, watcher: Watcher) -> None:
        """Stop telling; doing so twice is harmless."""
        self._watchers.pop(watcher, None)

    def changed(self) -> None:
        """Note that somebody's line is another, here and on the other servers."""
        self._reading.hasten()
        self._bus.tell(StatusChanged())

    async def read(self) -> None:
        """Read all lines, and tell those who watch what has changed."""
        if not self._watchers:
            return
        lines = await self._storage.read(rows.statuses, now_ms())
        before, self._lines = self._lines, lines
        others = frozenset(user_id for user_id, _ in before.items() ^ self._lines.items())
        if others:
            tell_each(self._watchers, others)


def until(choice: StatusFor, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Return when a line clears itself: ``today`` and ``week`` end at midnight in that zone, ``never`` is None."""
    if choice == 'never':
        return None
    if choice in SPANS:
        return now + SPANS[choice]
    today = now.astimezone(zone).date()
    days = 1 if choice == 'today' else 7 - today.weekday()
    return datetime.combine(today + timedelta(days=days), time(), zone).astimezone(UTC)
