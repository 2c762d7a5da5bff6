"""Small things that change many times a second and may be stored a moment later, all in one transaction."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from chat.errors import StorageFailed
from chat.storage import Storage

K = TypeVar('K')
V = TypeVar('V')
R = TypeVar('R')
log = logging.getLogger('hearth.storage')


class WriteBehind(Generic[K, V, R]):
    """Keeps the newest value of each key and stores them together, at most ``delay`` seconds later."""

    def __init__(
        self,
        storage: Storage,
        save: Callable[[Connection, Mapping[K, V]], Sequence[R]],
        delay: float,
        stored: Callable[[Collection[K], Sequence[R]], object] = lambda keys, found: None,
    ) -> None:
        self._storage = storage
        self._save = save
        self._delay = delay
        self._stored = stored  # told the keys of what is stored now, and what ``save`` returned
        self._waiting: dict[K, V] = {}
        self._storing: dict[K, V] = {}
        self._flushing: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()

    def put(self, key: K, value: V) -> None:
        """Keep a value, to be stored soon."""
        self._waiting[key] = value
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush_soon(), name='store what waits')

    def get(self, key: K) -> V | None:
        """Return the value of a key that is not stored yet."""
        return self._waiting.get(key, self._storing.get(key))

    def discard(self, key: K) -> None:
        """Forget a value that waits; one that is being stored just now is stored."""
        self._waiting.pop(key, None)

    @property
    def waiting(self) -> Collection[K]:
        """The keys whose newest value is not stored yet."""
        return {**self._storing, **self._waiting}

    async def flush(self) -> None:
        """Store what waits, now. What cannot be stored waits on, also if whoever asked no longer does."""
        storing = asyncio.create_task(self._store(), name='store what waits, now')
        storing.add_done_callback(lambda done: done.cancelled() or done.exception())  # it may be nobody's by then
        await asyncio.shield(storing)

    async def _store(self) -> None:
        async with self._one_at_a_time:
            self._storing, self._waiting = self._waiting, {}
            try:
                if self._storing:
                    found = await self._storage.write(self._save_all, self._storing)
                    self._stored(self._storing.keys(), found)
            except StorageFailed:
                self._waiting = {**self._storing, **self._waiting}
                raise
            finally:
                self._storing = {}

    async def _flush_soon(self) -> None:
        while True:
            await asyncio.sleep(self._delay)
            try:
                await self.flush()
            except StorageFailed:
                log.warning('Could not store what waits; trying again')
            if not self._waiting:
                self._flushing = None
                return

    def _save_all(self, connection: Connection, values: Mapping[K, V], *, again: bool = True) -> Sequence[R]:
        try:
            with connection.begin_nested():
                return self._save(connection, values)
        except OperationalError:
            raise  # the database is in trouble, not a value
        except Exception:  # one that can never be stored must not hold up the others
            if len(values) == 1:
                if again:  # another server may have stored the same key at this very moment, which is seen now
                    return self._save_all(connection, values, again=False)
                log.exception('Could not store %r', *values)
                return ()
            return [each for key, value in values.items() for each in self._save_all(connection, {key: value})]
