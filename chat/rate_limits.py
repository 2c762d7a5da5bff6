"""How often somebody may do something.

Each key has a score that every attempt raises by one and that halves every 30 s (the way hack.chat counts): a burst is
fine, a flood is not, and nothing needs a clock tick. Someone who keeps to the pace below the limit is never stopped.
Guesses are counted in a window instead, as a slower pace would still get somewhere. Either way it is enough that
servers tell each other each attempt for all of them to agree.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import exp2, log2
from time import monotonic
from typing import ClassVar

from chat.bus import Bus
from chat.errors import RateLimited

HALF_LIFE = 30.0  # seconds
LIMITS = {
    'sending': 60,  # a burst of 60, or 80 a minute for ever
    'changing': 60,  # edits and deletions, of messages, of rooms and of oneself
    'changing pictures': 10,
    'reacting': 120,  # to messages; everybody there is told
    'sharing files': 60,
    'joining': 120,  # names per address: a whole class may sit behind one
    'signing in': 240,  # setting out to a provider and coming back, per address, likewise
    'joining and leaving rooms': 120,  # everybody there is told
    'comparing passwords': 60,  # per address, as each costs a twentieth of a second: a class may sit behind one
    'creating rooms': 10,
    'opening direct messages': 30,
    'creating webhooks': 10,
    'inviting': 20,
    'subscribing': 240,  # to rooms, over a WebSocket
    'reporting': 20,  # messages, to the moderators
    'marking rooms as read': 240,
    'searching': 120,  # also while somebody types
    'asking': 60,  # what somebody said, over Socket.IO
}
WINDOWS = {  # how often within how many seconds, where a burst must not be followed by more at a slower pace
    'trying passwords': (10, 180.0),  # per name and address (Campfire): whoever guesses keeps no owner out elsewhere
}
KNOWN = LIMITS.keys() | WINDOWS.keys()
FORGET_BELOW = 0.5  # a score this small no longer matters
MOST_KEYS = 10_000  # swept when there are more
LONGEST_KEY = 160  # characters: an address, with a name's skeleton before it


@dataclass(frozen=True, slots=True)
class Attempted:
    """Somebody did something on another server, where it was counted."""

    kind: ClassVar[str] = 'attempted'
    doing: str
    who: int | str


class RateLimits:
    """Counts attempts per person or address; ``enabled=False`` lets everything pass (load tests)."""

    def __init__(self, *, enabled: bool = True, clock: Callable[[], float] = monotonic, bus: Bus | None = None) -> None:
        self._enabled = enabled
        self._clock = clock
        self._bus = bus or Bus()
        self._bus.hear(Attempted, self._attempted_elsewhere)
        self._scores: dict[tuple[str, int | str], tuple[float, float]] = {}
        self._times: dict[tuple[str, int | str], deque[float]] = {}

    def check(self, doing: str, who: int | str) -> None:
        """Count one attempt of ``who`` (a user's id or an address); raises RateLimited when it is one too many."""
        if not self._enabled:
            return
        key = (doing, who)
        wait = self._wait_in_window(key) if doing in WINDOWS else self._wait(key)
        if wait is not None:
            raise RateLimited(doing, wait)
        self._count(key)
        self._bus.tell(Attempted(doing, who))

    def forget(self, doing: str, who: int | str) -> None:
        """Count what was attempted no more, as it was right in the end; other servers go on counting theirs."""
        self._scores.pop((doing, who), None)
        self._times.pop((doing, who), None)

    def _attempted_elsewhere(self, _: str, attempted: Attempted) -> None:
        key = (attempted.doing, attempted.who)
        is_known = attempted.doing in LIMITS or attempted.doing in WINDOWS
        if self._enabled and is_known and len(str(attempted.who)) <= LONGEST_KEY:
            self._count(key)

    def _wait(self, key: tuple[str, int | str]) -> float | None:
        """Return how long it takes until there is room for one attempt more, or None if there is."""
        limit, score = LIMITS[key[0]], self._score(key)
        return None if score + 1 <= limit else HALF_LIFE * log2(score / (limit - 1))

    def _wait_in_window(self, key: tuple[str, int | str]) -> float | None:
        most, seconds = WINDOWS[key[0]]
        times = self._times.get(key, ())
        oldest = times[-most] + seconds - self._clock() if len(times) >= most else 0.0
        return oldest if oldest > 0 else None

    def _count(self, key: tuple[str, int | str]) -> None:
        if key[0] in WINDOWS:
            self._times.setdefault(key, deque(maxlen=WINDOWS[key[0]][0])).append(self._clock())
        else:
            self._scores[key] = (self._score(key) + 1, self._clock())
        if len(self._scores) + len(self._times) > MOST_KEYS:
            self._forget()

    def _score(self, key: tuple[str, int | str]) -> float:
        score, since = self._scores.get(key, (0.0, 0.0))
        return score * exp2(-(self._clock() - since) / HALF_LIFE)

    def _forget(self) -> None:
        now = self._clock()
        self._scores = {key: entry for key, entry in self._scores.items() if self._score(key) > FORGET_BELOW}
        self._times = {key: times for key, times in self._times.items() if times[-1] + WINDOWS[key[0]][1] > now}
