"""How the server is, in numbers, for administrators."""

import platform
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from sqlalchemy import Connection

from chat import reach
from chat.audit import Actor
from chat.bus import Bus
from chat.measures import Measures
from chat.readiness import Readiness
from chat.storage import Storage
from chat.storage import supervision as rows
from chat.version import VERSION

STATUS = Path('/proc/self/status')  # where the system is Linux


@dataclass(frozen=True, slots=True)
class Health:
    """The numbers of the server that was asked, and of the database that all share; sizes in bytes, times in s."""

    people_online: int
    connections: dict[str, int]  # by door
    messages_per_second: float  # in the last minute, of those that this server told
    delivery_p95: float | None  # from stored to handed to the last listener, since the start; None: nothing yet
    uptime: float
    memory: int | None  # of this process, where the system says so
    database_size: int
    upload_size: int
    versions: dict[str, str]
    redis: str  # 'not used', 'connected' or 'away'
    problem: str  # what is missing, as a sentence; nothing if all is well


class HealthReport:
    """Asks all parts how they are."""

    def __init__(self, storage: Storage, measures: Measures, readiness: Readiness, bus: Bus) -> None:
        self._storage = storage
        self._measures = measures
        self._readiness = readiness
        self._bus = bus
        self._started = monotonic()

    async def get(self, actor: Actor) -> Health:
        """Return how the server is. Raises Unauthenticated or Forbidden."""

        def read(connection: Connection) -> tuple[int, int]:
            reach.administrator(connection, actor.user)
            return rows.sizes(connection)

        database_size, upload_size = await self._storage.read(read)
        missing = await self._readiness.missing()
        measures = self._measures
        return Health(
            people_online=len(measures.online),
            connections={door: count() for door, count in measures.connections.items()},
            messages_per_second=measures.messages.per_second(),
            delivery_p95=measures.publishing.quantile(0.95),
            uptime=monotonic() - self._started,
            memory=_memory(),
            database_size=database_size,
            upload_size=upload_size,
            versions={'hearth': VERSION, 'python': platform.python_version(), **self._readiness.stands_on},
            redis=self._redis(),
            problem=missing.sentence if missing is not None else '',
        )

    def _redis(self) -> str:
        if self._bus.is_alone:
            return 'not used'
        return 'away' if self._bus.is_away else 'connected'


def _memory() -> int | None:
    try:
        lines = STATUS.read_text(encoding='ascii').splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith('VmRSS:')), None)
