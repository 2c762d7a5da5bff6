"""Statements about messages that were reported to the moderators."""

from typing import Any

from sqlalchemy import Connection, Row, Select, delete, exists, insert, select, update

from chat.clock import moment, now_ms
from chat.models import Message, Outcome, Report, User
from chat.storage.tables import messages, reports, rooms, users

_AUTHORS, _REPORTERS, _CLOSERS = users.alias('authors'), users.alias('reporters'), users.alias('closers')
_REPORTS: Select[Any] = (
    select(
        reports, rooms.c.slug, rooms.c.people_key, messages.c.author_id,
        _AUTHORS.c.name.label('author_name'), _AUTHORS.c.kind.label('author_kind'),
        _REPORTERS.c.name.label('reporter_name'), _REPORTERS.c.kind.label('reporter_kind'),
        _CLOSERS.c.name.label('closer_name'), _CLOSERS.c.kind.label('closer_kind'),
    )
    .join_from(reports, messages, reports.c.message_id == messages.c.id)
    .join(rooms, messages.c.room_id == rooms.c.id)
    .join(_AUTHORS, messages.c.author_id == _AUTHORS.c.id)
    .join(_REPORTERS, reports.c.reported_by == _REPORTERS.c.id)
    .outerjoin(_CLOSERS, reports.c.closed_by == _CLOSERS.c.id)
)  # fmt: skip


def add(connection: Connection, message: Message, reporter: User, reason: str) -> bool:
    """Store a report with the words as they are now; returns whether this person has no open one of it already.

    One that was closed is open again: the words may be others by now.
    """
    here = (reports.c.message_id == message.id) & (reports.c.reported_by == reporter.id)
    if connection.execute(select(reports.c.id).where(here, reports.c.closed_at.is_(None))).first() is not None:
        return False
    connection.execute(delete(reports).where(here))
    values = {
        'message_id': message.id, 'reported_by': reporter.id, 'body': message.summary, 'reason': reason,
        'created_at': now_ms(),
    }  # fmt: skip
    connection.execute(insert(reports), values)
    return True


def is_open_in(connection: Connection, room_id: int) -> bool:
    """Whether there is a report from a room that nobody has closed."""
    here = select(reports.c.id).join_from(reports, messages, reports.c.message_id == messages.c.id)
    return (
        connection.execute(here.where(messages.c.room_id == room_id, reports.c.closed_at.is_(None))).first() is not None
    )


def is_reported(connection: Connection, message_id: int) -> bool:
    """Whether somebody has reported a message."""
    return connection.execute(select(reports.c.id).where(reports.c.message_id == message_id)).first() is not None


def find(connection: Connection, report_id: int) -> Report | None:
    """Return a report, or None."""
    row = connection.execute(_REPORTS.where(reports.c.id == report_id)).first()
    return None if row is None else _report(row)


def some(connection: Connection, limit: int, slugs: list[str] | None = None, *, closed: bool) -> list[Report]:
    """Return the newest reports that are closed, or those that are not, of some rooms or of all."""
    query = _REPORTS.where(reports.c.closed_at.is_not(None) if closed else reports.c.closed_at.is_(None))
    if slugs is not None:
        query = query.where(rooms.c.slug.in_(slugs))
    return [_report(row) for row in connection.execute(query.order_by(reports.c.id.desc()).limit(limit))]


def close(connection: Connection, message_id: int, closer: User, outcome: Outcome) -> None:
    """Store what became of all open reports of a message."""
    still_open = (reports.c.message_id == message_id) & reports.c.closed_at.is_(None)
    values = {'closed_at': now_ms(), 'closed_by': closer.id, 'outcome': outcome}
    connection.execute(update(reports).where(still_open), values)


def forget_closed(connection: Connection, before: int) -> None:
    """Forget the reports that were closed before then, with the words that they had kept."""
    connection.execute(delete(reports).where(reports.c.closed_at < before))


def forget_of_room(connection: Connection, room_id: int) -> None:
    """Forget what was reported in a room."""
    here = exists().where(messages.c.id == reports.c.message_id, messages.c.room_id == room_id)
    connection.execute(delete(reports).where(here))


def _report(row: Row[*tuple[Any, ...]]) -> Report:
    return Report(
        id=row.id,
        message_id=row.message_id,
        room=row.slug,
        direct=row.people_key is not None,
        author=User(row.author_id, row.author_name, row.author_kind),
        body=row.body,
        reporter=User(row.reported_by, row.reporter_name, row.reporter_kind),
        reason=row.reason,
        created_at=moment(row.created_at),
        closed_at=None if row.closed_at is None else moment(row.closed_at),
        closed_by=None if row.closed_by is None else User(row.closed_by, row.closer_name, row.closer_kind),
        outcome=row.outcome,
    )
