"""What a provider publishes, kept for an hour by each server."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar

from web.openid.fetching import Failed

FOR = 3600.0  # s
PAUSE = 60.0  # s before it is asked for again because something is missing in it
PAUSE_AFTER_FAILURE = 5.0  # s: whoever comes meanwhile hears at once that it failed

T = TypeVar('T')


class Kept(Generic[T]):
    """A document that is fetched when it is needed, once for all who wait for it."""

    def __init__(self, fetch: Callable[[], Awaitable[T]], clock: Callable[[], float] = monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._fetching: asyncio.Task[T] | None = None
        self._value: T | None = None
        self._fetched_at = 0.0
        self._next_try = float('-inf')

    async def get(self, has_all: Callable[[T], bool] = lambda _: True) -> T:
        """Return it; one in which something is missing is fetched again, but not often. Raises Failed."""
        value, now = self._value, self._clock()
        if value is not None and now - self._fetched_at < FOR and (has_all(value) or now < self._next_try):
            return value
        if self._fetching is None:
            if now < self._next_try:
                raise Failed('it failed a moment ago')
            self._fetching = asyncio.create_task(self._fetch_and_keep(), name='ask a provider')
            self._fetching.add_done_callback(
                lambda task: task.cancelled() or task.exception()
            )  # if nobody waits by then
        return await asyncio.shield(self._fetching)  # whoever gives up leaves it to the others

    async def _fetch_and_keep(self) -> T:
        try:
            value = await self._fetch()
        except Failed:
            self._next_try = self._clock() + PAUSE_AFTER_FAILURE
            raise
        finally:
            self._fetching = None
        self._value, self._fetched_at = value, self._clock()
        self._next_try = self._fetched_at + PAUSE
        return value
