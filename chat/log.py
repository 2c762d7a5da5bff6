"""The audit log as administrators read it, and how long its lines stay."""

from collections.abc import Sequence

from sqlalchemy import Connection

from chat import permissions, reach
from chat.audit import Actor
from chat.clock import now_ms
from chat.errors import Forbidden, Unauthenticated
from chat.models import LogEntry
from chat.storage import Storage
from chat.storage import audit as rows

DAY = 24 * 3600 * 1000  # ms
KEPT, FAILED_KEPT = 365 * DAY, 30 * DAY  # ms; the latter for sign-ins that failed
MOST_FAILED = 100_000  # lines: whoever guesses all month fills no disk
MOST_AT_ONCE = 200
PAGE = 50


class Log:
    """The audit log."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def entries(
        self,
        actor: Actor,
        before: int | None = None,
        user_id: int | None = None,
        action: str | None = None,
        limit: int = PAGE,
    ) -> Sequence[LogEntry]:
        """Return lines, the newest first: those before an id, by or about somebody, of one action.

        For administrators; raises Forbidden or Unauthenticated.
        """
        if actor.user is None:
            raise Unauthenticated
        user = actor.user

        def read(connection: Connection) -> Sequence[LogEntry]:
            if not permissions.may_see_log(reach.person(connection, user)):
                raise Forbidden('Only an administrator may read this.')
            most = min(max(limit, 1), MOST_AT_ONCE)
            return rows.entries(connection, most, before=before, user_id=user_id, action=action)

        return await self._storage.read(read)

    async def sweep(self) -> None:
        """Forget old lines."""
        await self._storage.write(rows.forget, now_ms() - KEPT, now_ms() - FAILED_KEPT, MOST_FAILED)
