"""What waits for one client: bounded, whoever puts it there, and taken in portions that every client reads."""

import asyncio
from collections.abc import Callable
from typing import Any

from web.socket_traffic import PacketQueue

MOST_WAITING = 2_048  # packets that a client has not taken yet
MOST_WAITING_BYTES = 4_000_000
MOST_AT_ONCE = 16  # packets in one answer of long-polling; Engine.IO's Python client drops all if there are more


class Waiting(PacketQueue):
    """Engine.IO's queue of one connection. Its answers to a stranger's packets go by it, as do all events."""

    def __init__(self) -> None:
        super().__init__()
        self.on_too_much: Callable[[], None] | None = None  # called once
        self._taken = 0  # of this portion

    def _put(self, item: Any) -> None:
        super()._put(item)
        is_too_much = self.qsize() > MOST_WAITING or self.size_in_bytes > MOST_WAITING_BYTES
        if is_too_much and self.on_too_much is not None:
            on_too_much, self.on_too_much = self.on_too_much, None
            on_too_much()

    async def get(self) -> Any:
        """Return the first packet of the next portion, once there is one."""
        self._taken = 0
        return await super().get()

    def get_nowait(self) -> Any:
        """Return a further packet; raises QueueEmpty as well when the portion is complete."""
        if self._taken == MOST_AT_ONCE:
            raise asyncio.QueueEmpty
        packet = super().get_nowait()
        self._taken += 1
        return packet
