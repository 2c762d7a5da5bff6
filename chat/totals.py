"""How much is stored. Counting looks at every row, so it is done at most so often, and only when somebody asks."""

from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from sqlalchemy import Connection

from chat.errors import StorageFailed
from chat.storage import Storage, files, messages, rooms

KEPT_FOR = 60.0  # s


class Totals:
    """What was counted last; nothing until then."""

    def __init__(self, storage: Storage, clock: Callable[[], float] = monotonic) -> None:
        self.counts: dict[str, int] = {}
        self._storage = storage
        self._clock = clock
        self._fresh_until = 0.0

    async def refresh(self) -> None:
        """Count again if that was long ago; when storage fails, the last counts stay."""
        if self._clock() < self._fresh_until:
            return
        self._fresh_until = self._clock() + KEPT_FOR  # whoever asks meanwhile does not count, too
        with suppress(StorageFailed):
            self.counts = await self._storage.read(_count)


def _count(connection: Connection) -> dict[str, int]:
    return {
        'rooms': rooms.count(connection),
        'messages': messages.count(connection),
        'files': files.count(connection),
        'file_bytes': files.size(connection),
    }
