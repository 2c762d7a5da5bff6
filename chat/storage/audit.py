"""Statements about the audit log."""

from sqlalchemy import Connection, delete, insert, or_, select

from chat.clock import moment, now_ms
from chat.models import LogEntry
from chat.storage.tables import audit_log

# Characters, as the columns have them.
ACTOR_LENGTH = 64
ADDRESS_LENGTH = 64
TARGET_LENGTH = 128
ROOM_LENGTH = 64
DETAILS_LENGTH = 512


def add(connection: Connection, **columns: object) -> None:
    """Store a line."""
    connection.execute(insert(audit_log), {'at': now_ms(), **columns})


def entries(
    connection: Connection, limit: int, *, before: int | None, user_id: int | None, action: str | None
) -> list[LogEntry]:
    """Return the newest lines: older than one, by or about somebody, of an action, as far as these are given."""
    query = select(audit_log)
    if before is not None:
        query = query.where(audit_log.c.id < before)
    if user_id is not None:
        query = query.where(or_(audit_log.c.actor_id == user_id, audit_log.c.target_id == user_id))
    if action is not None:
        query = query.where(audit_log.c.action == action)
    rows = connection.execute(query.order_by(audit_log.c.id.desc()).limit(limit))
    return [LogEntry(row.id, moment(row.at), *row[2:]) for row in rows]


def forget(connection: Connection, before: int, failed_before: int, most_failed: int) -> None:
    """Forget the lines before a time, and of what was not done those before another, and all but the newest."""
    connection.execute(delete(audit_log).where(audit_log.c.at < before))
    not_done = audit_log.c.result != 'done'
    connection.execute(delete(audit_log).where(not_done, audit_log.c.at < failed_before))
    ids = select(audit_log.c.id).where(not_done).order_by(audit_log.c.id.desc()).offset(most_failed).limit(1)
    connection.execute(delete(audit_log).where(not_done, audit_log.c.id <= ids.scalar_subquery()))
