"""Doing something at most so often, without waiting when there is nothing to wait for."""

import asyncio
from collections.abc import Callable


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
