"""What the chat counts about itself: plain numbers, so cheap that nothing has to be switched off."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from time import monotonic

from chat.events import MessageSent
from chat.presence import Presence

BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)  # s

MINUTE = 60  # s


class Histogram:
    """How often something took how long."""

    __slots__ = ('counts', 'total')

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)  # one for each bound, and one for what took longer than the last
        self.total = 0.0  # s

    def observe(self, seconds: float) -> None:
        """Count one more."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds

    def quantile(self, share: float) -> float | None:
        """Return the bound in s below which this share lies; None without any, the last one for what took longer."""
        wanted, found = share * sum(self.counts), 0
        if not wanted:
            return None
        for bound, count in zip(BOUNDS, self.counts, strict=False):
            found += count
            if found >= wanted:
                return bound
        return BOUNDS[-1]


class Rate:
    """How often something happened in the last minute."""

    __slots__ = ('_clock', '_counts', '_seconds')

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._counts = [0] * MINUTE  # by second
        self._seconds = [-MINUTE] * MINUTE  # that each count is of

    def observe(self) -> None:
        """Count one more."""
        second = int(self._clock())
        place = second % MINUTE
        if self._seconds[place] != second:
            self._seconds[place], self._counts[place] = second, 0
        self._counts[place] += 1

    def per_second(self) -> float:
        """Return the mean of the last minute."""
        begin = int(self._clock()) - MINUTE
        counted = zip(self._seconds, self._counts, strict=True)
        return sum(count for second, count in counted if second > begin) / MINUTE


class Measures:
    """The numbers of one chat. Whoever does something counts it here, on the event loop; whoever cares reads them."""

    def __init__(self) -> None:
        self.reads = Histogram()  # from the question to storage to its answer, waiting included
        self.writes = Histogram()
        self.publishing = Histogram()  # from a publish to the moment that its last listener was told
        self.messages = Rate()  # that were sent on this server
        self.events: Counter[str] = Counter()  # by type
        self.deliveries = 0  # of events to listeners
        self.drops: Counter[str] = Counter()  # by door: connections closed because too much waited for them
        self.connections: dict[str, Callable[[], int]] = {}  # by door: how many are open
        self.online: set[int] = set()  # ids of users

    def published(self, kind: str, told: int, seconds: float) -> None:
        """Count an event: how many listeners were told, and how long that took."""
        self.events[kind] += 1
        if kind == MessageSent.type:
            self.messages.observe()
        self.deliveries += told
        self.publishing.observe(seconds)

    def follow(self, presence: Presence) -> None:
        """Know from now on who is online."""

        def changed(user_ids: frozenset[int]) -> None:
            here = {user_id for user_id in user_ids if presence.status(user_id) != 'offline'}
            self.online = (self.online - user_ids) | here

        presence.watch(changed)
