"""When the pages of a room show what they heard: all together, at once after a quiet moment, else a moment later.

A packet to a browser costs about the same whatever is in it, so what follows soon is shown with it. One timer serves
all pages: each of its own would wake the server by itself.
"""

import asyncio
from collections.abc import Callable
from weakref import WeakValueDictionary

from chat.telling import tell_each

Action = Callable[[], None]


class Pulse:
    """Calls the actions that are asked for ``delay`` s later, but not within ``interval`` s of the last."""

    def __init__(self, interval: float, delay: float = 0.0) -> None:
        self._interval, self._delay = interval, delay
        self._asked: dict[Action, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def ask(self, action: Action) -> None:
        """Ask for an action; twice is once."""
        self._asked[action] = None
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._delay, self._beat)

    def forget(self, action: Action) -> bool:
        """Ask for it no longer; returns whether it was asked for."""
        return self._asked.pop(action, self) is None

    def _beat(self) -> None:
        self._timer = None
        if self._asked:
            asked, self._asked = self._asked, {}
            self._timer = asyncio.get_running_loop().call_later(self._interval, self._beat)
            tell_each(asked)


class Pulses:
    """The pulses of the rooms that pages have open; one lives as long as somebody holds it."""

    def __init__(self) -> None:
        self._pulses: WeakValueDictionary[tuple[int, float, float], Pulse] = WeakValueDictionary()

    def of(self, room_id: int, interval: float, delay: float = 0.0) -> Pulse:
        """Return the pulse of a room that all its pages share."""
        key = room_id, interval, delay
        pulse = self._pulses.get(key)
        if pulse is None:
            pulse = self._pulses[key] = Pulse(interval, delay)
        return pulse
