"""Doing something at most so often, or every so often, without waiting when there is nothing to wait for."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from chat.errors import StorageFailed

log = logging.getLogger('hearth.pacing')


class Paced:
    """Calls ``action`` at once when asked after a quiet time, else once at the end of ``interval`` seconds."""

    def __init__(self, action: Callable[[], None], interval: float) -> None:
        self._action = action
        self._interval = interval
        self._timer: asyncio.TimerHandle | None = None
        self._asked = False
        self._closed = False

    def __call__(self) -> None:
        """Ask for the action."""
        if self._closed:
            return
        if self._timer is not None:
            self._asked = True
            return
        self._timer = asyncio.get_running_loop().call_later(self._interval, self._after)
        self._action()

    def _after(self) -> None:
        self._timer = None
        if self._asked:
            self._asked = False
            self()

    def close(self) -> None:
        """Never call the action again."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Rounds:
    """Does something with storage again and again, after ``pause()`` seconds or as soon as somebody asks for it."""

    def __init__(self, what: str, action: Callable[[], Awaitable[None]], pause: Callable[[], float]) -> None:
        self._what = what
        self._action = action
        self._pause = pause
        self._asked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; starting twice is harmless."""
        if self._task is None:
            self._task = asyncio.create_task(self._go(), name=self._what)

    def stop(self) -> None:
        """End; stopping twice is harmless."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def hasten(self) -> None:
        """Ask for the next round now."""
        self._asked.set()

    async def _go(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._asked.wait()
            self._asked.clear()
            try:
                await self._action()
            except StorageFailed:
                log.warning('Could not %s; trying again soon', self._what)
