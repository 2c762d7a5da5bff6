"""Messages that people report to the moderators: of the room, and of the chat.

Whoever reports shows a message to the moderators of the chat, also one in a room that these do not see. A report keeps
the words as they were, whatever their author makes of them, until hiding.KEPT after it was closed.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import get_args

from sqlalchemy import Connection

from chat import audit, hiding, permissions, reach, text
from chat.audit import Actor
from chat.clock import now_ms
from chat.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from chat.events import message_event
from chat.models import Message, Outcome, Report, User
from chat.rate_limits import RateLimits
from chat.room_state import RoomState
from chat.storage import Storage
from chat.storage import moderation as moderation_rows
from chat.storage import reports as rows
from chat.storage import rooms as room_rows

MOST_LISTED = 200
NOBODY_HIDES_IT = 'What people write to each other stays theirs. Mute or ban its author, or dismiss the report.'
NOT_THERE = 'There is no such report, or it is not for you.'


class Reports:
    """The actions on reports."""

    def __init__(self, storage: Storage, room_state: RoomState, rate_limits: RateLimits) -> None:
        self._storage = storage
        self._room_state = room_state
        self._rate_limits = rate_limits

    async def report(self, user: User, message_id: int, reason: str) -> None:
        """Report a message to the moderators; twice is once.

        Raises Invalid, NotFound, Forbidden, Unauthenticated or RateLimited.
        """
        self._rate_limits.check('reporting', user.id)
        reason = text.clean_reason(reason)

        def store(connection: Connection) -> None:
            message = reach.message(connection, user, message_id)
            if not permissions.may_report(reach.person(connection, user), message):
                raise Forbidden('You can report what others have said, as long as it is there.')
            rows.add(connection, message, user, reason)

        await self._storage.write(store)

    async def list(self, actor: Actor, *, closed: bool = False) -> Sequence[Report]:
        """Return the newest reports that nobody has closed, or those that were closed in the last 7 days.

        Moderators of the chat see all of them, those of rooms what was reported there. Raises Unauthenticated.
        """
        user = _who(actor)

        def read(connection: Connection) -> Sequence[Report]:
            fresh = reach.person(connection, user)
            slugs = None if permissions.may_see_reports(fresh) else _ruled_by(connection, fresh)
            found = rows.some(connection, MOST_LISTED, slugs, closed=closed)
            return [each for each in found if _may_judge(connection, fresh, each)]

        return await self._storage.read(read)

    async def close(self, actor: Actor, report_id: int, outcome: Outcome) -> Report:
        """Close all reports of a message: it is ``hidden``, if it is not gone already, or they are ``dismissed``.

        Raises Invalid, NotFound, Forbidden, Conflict when somebody has closed it, Unauthenticated or RateLimited.
        """
        user = _who(actor)
        self._rate_limits.check('changing', user.id)
        if outcome not in get_args(Outcome):
            raise Invalid('Say whether the message is to be "hidden", or the report "dismissed".', 'outcome')

        def store(connection: Connection) -> tuple[Report, Message | None]:
            report = _seen(connection, user, report_id)
            changed = _hide(connection, actor, report) if outcome == 'hidden' else None
            rows.close(connection, report.message_id, user, outcome)
            details = f'{outcome}: message {report.message_id}, reported for: {report.reason}'
            audit.note(connection, actor, 'close report', report.author, room=report.room, details=details)
            return rows.find(connection, report.id) or report, changed

        report, changed = await self._storage.write(store)
        if changed is not None:
            self._room_state.publish(message_event(changed))
        return report

    async def sweep(self) -> None:
        """Forget what was closed long ago."""
        await self._storage.write(_forget)


def _forget(connection: Connection) -> None:
    """Forget what was closed long ago, and rooms that stay for nothing but reports that are closed by now."""
    rows.forget_closed(connection, now_ms() - hiding.KEPT)
    for room_id in room_rows.abandoned(connection):
        room_rows.remove(connection, room_id)


def _who(actor: Actor) -> User:
    if actor.user is None:
        raise Unauthenticated
    return actor.user


def _ruled_by(connection: Connection, user: User) -> list[str]:
    """Return the slugs of the rooms in which somebody sees what was reported."""
    theirs = room_rows.of_member(connection, user.id)
    return [room.slug for room, role in theirs if not room.direct and permissions.may_see_reports(user, role)]


def _may_judge(connection: Connection, user: User, report: Report) -> bool:
    """Whether a report is for somebody: nobody judges what their equals have said."""
    room = room_rows.by_slug(connection, report.room)
    if room is None:
        return False
    own, author = (moderation_rows.place(connection, room.id, each.id).role for each in (user, report.author))
    if room.direct:
        own = author = None
    return permissions.may_see_reports(user, own) and permissions.may_judge(user, own, report.author, author)


def _seen(connection: Connection, user: User, report_id: int) -> Report:
    """Return a report that is open and for somebody; its room is held. Raises NotFound or Conflict."""
    report = rows.find(connection, report_id)
    if report is None:
        raise NotFound(NOT_THERE)
    with suppress(NotFound):
        reach.room(connection, user, report.room)  # which holds the room, seen or not
    if not _may_judge(connection, reach.person(connection, user), report):
        raise NotFound(NOT_THERE)
    report = rows.find(connection, report_id) or report  # somebody may have closed it meanwhile
    if report.closed_at is not None:
        raise Conflict('Somebody has closed this report already.')
    return report


def _hide(connection: Connection, actor: Actor, report: Report) -> Message | None:
    """Hide what was reported; returns it if that changed it, None if its author has deleted it, or it was hidden."""
    if report.direct:
        raise Forbidden(NOBODY_HIDES_IT, 'outcome')
    try:
        before, message = hiding.hide(connection, actor, report.message_id, report.reason)
    except Conflict:
        return None
    return None if message is before else message
