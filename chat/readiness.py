"""Whether everything that serving needs is there."""

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic
from typing import NamedTuple

from chat.bus import Bus
from chat.errors import StorageFailed
from chat.storage import Storage, probes

KEPT_FOR = 1.0  # s; however many ask, the disk is asked no more often
ANSWERED_WITHIN = 2.0  # s

CLOSED = 'The storage is closed.'
SILENT = f'The storage has not answered within {ANSWERED_WITHIN:g} seconds.'
UNREADABLE = 'The storage cannot be read.'
UNWRITABLE = 'The storage cannot be written.'
REDIS_AWAY = 'Redis cannot be reached: people on this server hear of those on other servers a moment later.'


class Missing(NamedTuple):
    """What is missing, as a stable code and a sentence."""

    code: str
    sentence: str


class Readiness:
    """Asks what the server stands on whether it is there: one question at a time, whose answer is kept for a moment."""

    def __init__(self, storage: Storage, bus: Bus | None = None, clock: Callable[[], float] = monotonic) -> None:
        self._storage = storage
        self._bus = bus or Bus()
        self._clock = clock
        self._probing: asyncio.Task[str | None] | None = None
        self._fresh_until = 0.0
        self.is_stopping = False  # and others shall be asked instead

    @property
    def stands_on(self) -> Mapping[str, str]:
        """The versions of what the server stands on, for whoever reads of a fault in one."""
        redis = {} if self._bus.version is None else {'redis': self._bus.version}
        return {**self._storage.versions, **redis}

    async def missing(self, *, without_redis: bool = False) -> Missing | None:
        """Say what is missing, or None; takes at most ANSWERED_WITHIN. Without Redis every server still serves."""
        sentence = await self._missing_of_storage()
        if sentence is not None:
            return Missing(StorageFailed.code, sentence)
        return Missing('redis_away', REDIS_AWAY) if self._bus.is_away and not without_redis else None

    async def _missing_of_storage(self) -> str | None:
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
