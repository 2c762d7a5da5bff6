"""How tests give the event loop its turns without waiting for a clock, which a busy machine would let run ahead."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any

TURNS = 20  # more than anything here needs to be done with what can be done now


async def breathe() -> None:
    """Let whatever can be done be done."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


def run_without_waiting(scene: Coroutine[Any, Any, None]) -> None:
    """Run a scene without threads or sockets on a clock that stands still while anything is to be done.

    Then it jumps to the next timer. So 50 ms of a test are never over before 40 ms of what it tests.
    """
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(scene)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self._now

    def jump(self, seconds: float) -> None:
        self._now += seconds


class _Selector(selectors.SelectSelector):
    def __init__(self, loop: _Loop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, 'the scene waits for something that never comes'
        self._loop.jump(timeout)
        return super().select(0)
