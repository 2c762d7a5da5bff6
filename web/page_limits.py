"""How many pages one address may have built: each holds memory for a minute, even if nobody ever looks at it."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from time import monotonic

from starlette.types import ASGIApp, Receive, Scope, Send

from chat.errors import RateLimited
from web.addresses import address_of
from web.answers import error_answer

PAGES_PER_MINUTE = 120  # a whole class may sit behind one address
PAGES = ('/', '/rooms/*', '/enter/*', '/settings', '/settings/*', '/link/*', '/invite/*', '/sign-in')
MOST_ADDRESSES = 10_000  # swept when there are more


class AddressLimit:
    """Lets an address do something ``per_minute`` times at once, and then at that pace; ``enabled=False``: always."""

    def __init__(self, per_minute: int, *, enabled: bool = True, clock: Callable[[], float] = monotonic) -> None:
        self._most = float(per_minute)
        self._per_second = per_minute / 60
        self._enabled = enabled
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def check(self, address: str) -> bool:
        """Count one attempt, and say whether it is still within the limit."""
        if not self._enabled:
            return True
        left = self._left_for(address)
        if left < 1:
            return False
        self._left[address] = (left - 1, self._clock())
        if len(self._left) > MOST_ADDRESSES:
            self._left = {each: entry for each, entry in self._left.items() if self._left_for(each) < self._most}
        return True

    def retry_after(self, address: str) -> float:
        """Return the seconds until the address may try again."""
        return max(0.0, (1 - self._left_for(address)) / self._per_second) if self._enabled else 0.0

    def _left_for(self, address: str) -> float:
        left, since = self._left.get(address, (self._most, 0.0))
        return min(self._most, left + (self._clock() - since) * self._per_second)


class PageBuildLimit(AddressLimit):
    """How many pages an address may have built in a minute."""

    def __init__(
        self, per_minute: int = PAGES_PER_MINUTE, *, enabled: bool = True, clock: Callable[[], float] = monotonic
    ) -> None:
        super().__init__(per_minute, enabled=enabled, clock=clock)


class LimitPageBuilds:
    """Answers 429 to an address that asks for too many pages; ``pages`` are paths, ``*`` stands for anything."""

    def __init__(self, app: ASGIApp, limit: PageBuildLimit, pages: Sequence[str] = PAGES) -> None:
        self._app = app
        self._limit = limit
        self._pages = tuple(pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or say when to come back."""
        if self._is_page(scope) and not self._limit.check(address_of(scope)):
            error = RateLimited('opening pages', self._limit.retry_after(address_of(scope)))
            headers = {'Retry-After': str(error.retry_after)}
            await error_answer(scope, 429, error.code, error.message, headers)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_page(self, scope: Scope) -> bool:
        if scope['type'] != 'http' or scope['method'] not in ('GET', 'HEAD'):
            return False
        return any(fnmatchcase(scope['path'], page) for page in self._pages)
