"""How often somebody may do something.

Each key has a score that every attempt raises by one and that halves every 30 s (the way hack.chat counts): a burst is
fine, a flood is not, and nothing needs a clock tick. Someone who keeps to the pace below the limit is never stopped.
Scores are sums, so it is enough that servers tell each other each attempt for all of them to agree.
"""

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
    'changing': 60,  # edits and deletions, of messages and of rooms
    'joining': 120,  # names per address: a whole class may sit behind one
    'joining and leaving rooms': 120,  # everybody there is told
    'creating rooms': 10,
    'creating webhooks': 10,
    'subscribing': 240,  # to rooms, over a WebSocket
    'asking': 60,  # what somebody said, over Socket.IO
}
FORGET_BELOW = 0.5  # a score this small no longer matters
MOST_KEYS = 10_000  # swept when there are more
LONGEST_KEY = 100  # characters; no address is so long


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

    def check(self, doing: str, who: int | str) -> None:
        """Count one attempt of ``who`` (a user's id or an address); raises RateLimited when it is one too many."""
        if not self._enabled:
            return
        key, limit = (doing, who), LIMITS[doing]
        score = self._score(key)
        if score + 1 > limit:
            raise RateLimited(doing, HALF_LIFE * log2(score / (limit - 1)))
        self._count(key, score)
        self._bus.tell(Attempted(doing, who))

    def _attempted_elsewhere(self, _: str, attempted: Attempted) -> None:
        key = (attempted.doing, attempted.who)
        if self._enabled and attempted.doing in LIMITS and len(str(attempted.who)) <= LONGEST_KEY:
            self._count(key, self._score(key))

    def _count(self, key: tuple[str, int | str], score: float) -> None:
        self._scores[key] = (score + 1, self._clock())
        if len(self._scores) > MOST_KEYS:
            self._forget()

    def _score(self, key: tuple[str, int | str]) -> float:
        score, since = self._scores.get(key, (0.0, 0.0))
        return score * exp2(-(self._clock() - since) / HALF_LIFE)

    def _forget(self) -> None:
        self._scores = {key: entry for key, entry in self._scores.items() if self._score(key) > FORGET_BELOW}
