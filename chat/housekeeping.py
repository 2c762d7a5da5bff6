"""What is done every hour: sessions that have run out are forgotten, and so are guests whom nobody can be any more."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from chat.errors import StorageFailed

EVERY = 3600.0  # s

log = logging.getLogger('hearth.housekeeping')


class Housekeeping:
    """Does its chores one after the other, first at the start and then every hour."""

    def __init__(self, *chores: Callable[[], Awaitable[None]]) -> None:
        self._chores = chores
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; starting twice is harmless."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep_house(), name='keep house')

    def stop(self) -> None:
        """End; stopping twice is harmless."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _keep_house(self) -> None:
        while True:
            for chore in self._chores:
                try:
                    await chore()
                except StorageFailed:  # which keeps nobody from the other chores
                    log.warning('Could not tidy up everything; trying again in an hour')
            await asyncio.sleep(EVERY)
