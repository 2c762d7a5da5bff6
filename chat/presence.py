"""Who is here: a person is online while any of their pages or programs is connected.

Away after five minutes without activity; gone a minute after the last sign, so that a reload is no leave and join.
"""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Literal

from chat.pacing import Paced
from chat.telling import tell_each

Status = Literal['online', 'away', 'offline']
AWAY_AFTER = 300.0  # s without activity
GONE_AFTER = 60.0  # s after the last connection was lost
SWEEP_EVERY = 5.0  # s
TELL_AT_MOST_EVERY = 1.0  # s; many who come at once are told together

Watcher = Callable[[frozenset[int]], None]


class Connection:
    """One page or program of a person. Whoever opened it closes it."""

    def __init__(self, presence: 'Presence', user_id: int) -> None:
        self._presence = presence
        self.user_id = user_id
        self.live = True
        self.active_at = presence.clock()

    def touch(self) -> None:
        """Note that the person did something."""
        self.active_at = self._presence.clock()
        self._presence.refresh(self.user_id)

    def lost(self) -> None:
        """Note that the connection broke; it may come back."""
        if self.live:
            self.live = False
            self._presence.seen(self.user_id)

    def found(self) -> None:
        """Note that the connection is back."""
        self.live = True
        self.touch()

    def close(self) -> None:
        """Forget the connection; closing twice is harmless."""
        self.lost()
        self._presence.forget(self)


class Presence:
    """Knows the connections of everybody in this process."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.clock = clock
        self._connections: dict[int, set[Connection]] = {}
        self._last_seen: dict[int, float] = {}
        self._status: dict[int, Status] = {}
        self._changed: set[int] = set()
        self._watchers: dict[Watcher, None] = {}
        self._tell = Paced(self._tell_watchers, TELL_AT_MOST_EVERY)
        self._sweeping: asyncio.Task[None] | None = None
        self._began_at = clock()

    def start(self) -> None:
        """Begin to notice who has gone; starting twice is harmless."""
        if self._sweeping is None:
            self._sweeping = asyncio.create_task(self._sweep_forever(), name='sweep presence')

    def stop(self) -> None:
        """Stop noticing; stopping twice is harmless."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        self._tell.close()

    def connect(self, user_id: int) -> Connection:
        """Note a new connection of a person."""
        connection = Connection(self, user_id)
        self._connections.setdefault(user_id, set()).add(connection)
        self.refresh(user_id)
        return connection

    def status(self, user_id: int) -> Status:
        """Return whether a person is here."""
        return self._status.get(user_id, 'offline')

    @property
    def is_settled(self) -> bool:
        """Whether who comes now was gone before: just after a start, everybody comes back at once."""
        return self.clock() - self._began_at >= GONE_AFTER

    def watch(self, watcher: Watcher) -> None:
        """Tell ``watcher`` the ids of those whose status changed, at most once a second."""
        self._watchers[watcher] = None

    def unwatch(self, watcher: Watcher) -> None:
        """Stop telling; doing so twice is harmless."""
        self._watchers.pop(watcher, None)

    def sweep(self) -> None:
        """Look anew at everybody who is not offline."""
        for user_id in tuple(self._status):
            self.refresh(user_id)

    def seen(self, user_id: int) -> None:
        """Note a last sign of a person."""
        self._last_seen[user_id] = self.clock()

    def forget(self, connection: Connection) -> None:
        """Drop a connection that was closed."""
        mine = self._connections.get(connection.user_id, set())
        mine.discard(connection)
        if not mine:
            self._connections.pop(connection.user_id, None)

    def refresh(self, user_id: int) -> None:
        """Compute a person's status and tell it if it changed."""
        status = self._compute(user_id)
        if status == self.status(user_id):
            return
        if status == 'offline':
            del self._status[user_id]
            self._last_seen.pop(user_id, None)
        else:
            self._status[user_id] = status
        self._changed.add(user_id)
        self._tell()

    def _compute(self, user_id: int) -> Status:
        live = [each for each in self._connections.get(user_id, ()) if each.live]
        now = self.clock()
        if not live:
            still_expected = now - self._last_seen.get(user_id, -GONE_AFTER) < GONE_AFTER
            return self.status(user_id) if still_expected else 'offline'
        active_at = max(each.active_at for each in live)
        return 'online' if now - active_at < AWAY_AFTER else 'away'

    def _tell_watchers(self) -> None:
        changed, self._changed = frozenset(self._changed), set()
        tell_each(self._watchers, changed)

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            self.sweep()
