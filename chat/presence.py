"""Who is here: a person is online while any of their pages or programs is connected, to whichever server.

Away after five minutes without activity; gone a minute after the last sign, so that a reload is no leave and join.
Each server tells the others of its own people: what changed, and everybody now and then, by which it is known to live.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from time import monotonic
from typing import ClassVar, Literal

from chat.bus import Bus, Came
from chat.pacing import Paced
from chat.telling import tell_each

Status = Literal['online', 'away', 'offline']
AWAY_AFTER = 300.0  # s without activity
GONE_AFTER = 60.0  # s after the last connection was lost
SWEEP_EVERY = 5.0  # s
TELL_AT_MOST_EVERY = 1.0  # s; many who come at once are told together
TELL_ALL_EVERY = 15.0  # s; to other servers
FORGET_SERVER_AFTER = 45.0  # s without a word from it
MOST_TOLD_AT_ONCE = 5_000  # people in one hint
STATUSES: tuple[Status, ...] = ('online', 'away', 'offline')  # the best one first

Watcher = Callable[[frozenset[int]], None]


@dataclass(frozen=True, slots=True)
class Changed:
    """The new statuses of some people of another server."""

    kind: ClassVar[str] = 'presence'
    statuses: dict[int, Status]


@dataclass(frozen=True, slots=True)
class Everybody:
    """All people of another server whose ids are above ``above`` and not above ``upto``: who is left out is offline."""

    kind: ClassVar[str] = 'everybody'
    above: int
    upto: int | None
    statuses: dict[int, Status]


@dataclass(frozen=True, slots=True)
class Leaves:
    """Another server ends in order; its people are probably on their way to the next."""

    kind: ClassVar[str] = 'leaves'


@dataclass(slots=True)
class _Server:
    """What another server told of its people, and until when that counts."""

    until: float = 0.0
    statuses: dict[int, Status] = field(default_factory=dict)


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
    """Knows the connections of everybody in this process, and what other servers tell of theirs."""

    def __init__(self, clock: Callable[[], float] = monotonic, bus: Bus | None = None) -> None:
        self.clock = clock
        self._bus = bus or Bus()
        self._connections: dict[int, set[Connection]] = {}
        self._last_seen: dict[int, float] = {}
        self._here: dict[int, Status] = {}  # by the connections of this process; who is offline is left out
        self._servers: dict[str, _Server] = {}  # the others
        self._status: dict[int, Status] = {}  # the best of all
        self._changed_here: set[int] = set()
        self._changed: set[int] = set()
        self._watchers: dict[Watcher, None] = {}
        self._tell = Paced(self._tell_watchers, TELL_AT_MOST_EVERY)
        self._tell_all = Paced(self._tell_servers_all, TELL_AT_MOST_EVERY)
        self._told_all_at = clock()
        self._sweeping: asyncio.Task[None] | None = None
        self._began_at = clock()
        self._listen()

    def start(self) -> None:
        """Begin to notice who has gone; starting twice is harmless."""
        if self._sweeping is None:
            self._sweeping = asyncio.create_task(self._sweep_forever(), name='sweep presence')

    def stop(self) -> None:
        """Stop noticing, and tell the other servers; stopping twice is harmless."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
            self._bus.tell(Leaves())
        self._tell.close()
        self._tell_all.close()

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
        """Whether who comes now was gone before: just after a start, or a gap, everybody comes back at once."""
        return self.clock() - self._began_at >= GONE_AFTER

    def watch(self, watcher: Watcher) -> None:
        """Tell ``watcher`` the ids of those whose status changed, at most once a second."""
        self._watchers[watcher] = None

    def unwatch(self, watcher: Watcher) -> None:
        """Stop telling; doing so twice is harmless."""
        self._watchers.pop(watcher, None)

    def sweep(self) -> None:
        """Look anew at everybody who is not offline, and at the other servers."""
        for user_id in tuple(self._here):
            self.refresh(user_id)
        for server_id, server in tuple(self._servers.items()):
            if self.clock() >= server.until:
                del self._servers[server_id]
                self._settle_all(server.statuses)
        if self.clock() - self._told_all_at >= TELL_ALL_EVERY:
            self._tell_all()

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
        if status == self._here.get(user_id, 'offline'):
            return
        if status == 'offline':
            del self._here[user_id]
            self._last_seen.pop(user_id, None)
        else:
            self._here[user_id] = status
        self._changed_here.add(user_id)
        self._settle_all((user_id,))

    def _compute(self, user_id: int) -> Status:
        live = [each for each in self._connections.get(user_id, ()) if each.live]
        now = self.clock()
        if not live:
            still_expected = now - self._last_seen.get(user_id, -GONE_AFTER) < GONE_AFTER
            return self._here.get(user_id, 'offline') if still_expected else 'offline'
        active_at = max(each.active_at for each in live)
        return 'online' if now - active_at < AWAY_AFTER else 'away'

    def _settle_all(self, user_ids: Iterable[int]) -> None:
        """Set the statuses of some people to the best of what is known here and told elsewhere."""
        everywhere = [self._here, *(server.statuses for server in self._servers.values())]
        for user_id in user_ids:
            told = {statuses[user_id] for statuses in everywhere if user_id in statuses}
            status: Status = next((each for each in STATUSES if each in told), 'offline')
            if status == self.status(user_id):
                continue
            if status == 'offline':
                del self._status[user_id]
            else:
                self._status[user_id] = status
            self._changed.add(user_id)
        if self._changed or self._changed_here:
            self._tell()

    def _tell_watchers(self) -> None:
        changed, self._changed = frozenset(self._changed), set()
        if changed:
            tell_each(self._watchers, changed)
        here, self._changed_here = self._changed_here, set()
        for some in _parts(sorted(here)):
            self._bus.tell(Changed({user_id: self._here.get(user_id, 'offline') for user_id in some}))

    # What servers tell each other.

    def _listen(self) -> None:
        self._bus.hear(Came, lambda *_: self._tell_all())
        self._bus.hear(Changed, self._heard_changes)
        self._bus.hear(Everybody, self._heard_everybody)
        self._bus.hear(Leaves, self._heard_leave)
        self._bus.on_gap(self._gap)

    def _gap(self) -> None:
        self._began_at = self.clock()  # whoever was lost sight of comes back at once
        self._tell_all()

    def _tell_servers_all(self) -> None:
        self._told_all_at = self.clock()
        above = 0
        *most, last = _parts(sorted(self._here)) or [()]
        for some in most:
            self._bus.tell(Everybody(above, some[-1], {user_id: self._here[user_id] for user_id in some}))
            above = some[-1]
        self._bus.tell(Everybody(above, None, {user_id: self._here[user_id] for user_id in last}))

    def _heard_changes(self, server_id: str, changed: Changed) -> None:
        server = self._hear_from(server_id, FORGET_SERVER_AFTER)
        for user_id, status in changed.statuses.items():
            if status == 'offline':
                server.statuses.pop(user_id, None)
            else:
                server.statuses[user_id] = status
        self._settle_all(changed.statuses)

    def _heard_everybody(self, server_id: str, told: Everybody) -> None:
        server = self._hear_from(server_id, FORGET_SERVER_AFTER)
        upto = inf if told.upto is None else told.upto
        left_out = {each for each in server.statuses if told.above < each <= upto} - told.statuses.keys()
        for user_id in left_out:
            del server.statuses[user_id]
        server.statuses.update(told.statuses)
        self._settle_all(left_out | told.statuses.keys())

    def _heard_leave(self, server_id: str, _: Leaves) -> None:
        self._hear_from(server_id, GONE_AFTER)

    def _hear_from(self, server_id: str, seconds: float) -> _Server:
        server = self._servers.setdefault(server_id, _Server())
        server.until = self.clock() + seconds
        return server

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            self.sweep()


def _parts(user_ids: list[int]) -> list[Sequence[int]]:
    return [user_ids[first : first + MOST_TOLD_AT_ONCE] for first in range(0, len(user_ids), MOST_TOLD_AT_ONCE)]
