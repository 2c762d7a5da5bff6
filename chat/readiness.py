"""Whether everything that serving needs is there."""

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic

from chat.errors import StorageFailed
from chat.storage import Storage, probes

KEPT_FOR = 1.0  # s; however many ask, the disk is asked no more often
ANSWERED_WITHIN = 2.0  # s

CLOSED = 'The storage is closed.'
SILENT = f'The storage has not answered within {ANSWERED_WITHIN:g} seconds.'
UNREADABLE = 'The storage cannot be read.'
UNWRITABLE = 'The storage cannot be written.'


class Readiness:
    """Asks what the server stands on whether it is there: one question at a time, whose answer is kept for a moment."""

    def __init__(self, storage: Storage, clock: Callable[[], float] = monotonic) -> None:
        self._storage = storage
        self._clock = clock
        self._probing: asyncio.Task[str | None] | None = None
        self._fresh_until = 0.0

    @property
    def stands_on(self) -> Mapping[str, str]:
        """What is stood on and which version of it, for whoever reads of a fault in one."""
        return self._storage.versions

    async def missing(self) -> str | None:
        """Say in a sentence what is missing, or None; takes at most ANSWERED_WITHIN."""
        if not self._storage.is_open:
            return CLOSED
        if self._probing is None or (self._probing.done() and self._clock() >= self._fresh_until):
            self._probing = asyncio.create_task(self._probe(), name='probe the storage')
        try:
            async with asyncio.timeout(ANSWERED_WITHIN):
                return await asyncio.shield(self._probing)  # others wait for the same answer
        except TimeoutError:
            return SILENT

    async def _probe(self) -> str | None:
        sentence = UNREADABLE
        try:
            await self._storage.read(probes.read)
            sentence = UNWRITABLE
            await self._storage.write(probes.write)
        except StorageFailed:
            return sentence
        finally:
            self._fresh_until = self._clock() + KEPT_FOR
        return None
