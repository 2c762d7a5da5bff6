"""What the chat counts about itself: plain numbers, so cheap that nothing has to be switched off."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable

from chat.presence import Presence

BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)  # s


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


class Measures:
    """The numbers of one chat. Whoever does something counts it here, on the event loop; whoever cares reads them."""

    def __init__(self) -> None:
        self.reads = Histogram()  # from the question to storage to its answer, waiting included
        self.writes = Histogram()
        self.publishing = Histogram()  # from a publish to the moment that its last listener was told
        self.events: Counter[str] = Counter()  # by type
        self.deliveries = 0  # of events to listeners
        self.drops: Counter[str] = Counter()  # by door: connections closed because too much waited for them
        self.connections: dict[str, Callable[[], int]] = {}  # by door: how many are open
        self.online: set[int] = set()  # ids of users

    def published(self, kind: str, told: int, seconds: float) -> None:
        """Count an event: how many listeners were told, and how long that took."""
        self.events[kind] += 1
        self.deliveries += told
        self.publishing.observe(seconds)

    def follow(self, presence: Presence) -> None:
        """Know from now on who is online."""

        def changed(user_ids: frozenset[int]) -> None:
            here = {user_id for user_id in user_ids if presence.status(user_id) != 'offline'}
            self.online = (self.online - user_ids) | here

        presence.watch(changed)
