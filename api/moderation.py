"""What moderators do about people and what they said, reports to them, and the audit log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from api import schemas
from api.describe import refusals
from api.messages import MessageId
from api.who import ERRORS, TheActor, TheChat, TheSession
from chat import log, models, moderation
from chat.clock import FOREVER, milliseconds
from chat.events import iso, message_json, user_json

UserId = Annotated[schemas.Id, Path(description='Whom it is done to, by `id`.', examples=[7])]
ReportId = Annotated[schemas.Id, Path(description='The `id` of the report.', examples=[5])]
Closed = Annotated[bool, Query(description='Those that were closed in the last 7 days.', examples=[False])]
Address = Annotated[str, Query(description='As it is listed.', examples=['192.0.2.1'])]
Where = Annotated[str | None, Query(description="A room's `slug`, or none for everywhere.", examples=['lobby'])]
Before = Annotated[schemas.Id | None, Query(description='Lines before the one of this id.', examples=[900])]
About = Annotated[schemas.Id | None, Query(description='What this user has done, or was done to them.', examples=[7])]
Action = Annotated[str | None, Query(description='Lines of one action.', examples=['ban'])]
Limit = Annotated[
    schemas.WholeNumber, Query(ge=1, le=log.MOST_AT_ONCE, description='So many lines at most.', examples=[log.PAGE])
]
Minutes = Annotated[schemas.WholeNumber, Field(ge=1, le=moderation.LONGEST, examples=[60])]
Reason = Annotated[str, Field(examples=['Spam'])]
Name = Annotated[str, Field(examples=['Mo'])]
Until = Annotated[schemas.Moment | None, Field(examples=['2026-11-23T10:00:00.000Z'])]
Person = Annotated[schemas.User | None, Field(examples=[{'id': 7, 'name': 'Ada', 'kind': 'guest'}])]

router = APIRouter(prefix='/v1', tags=['moderation'], responses=ERRORS)


class Why(schemas.Wanted):
    """Why something is done, which stands in the audit log: 1 to 400 characters."""

    reason: Reason


class ForHowLong(Why):
    """Why something is done, and for how many minutes; without end if they are not given."""

    minutes: Minutes | None = Field(default=None, examples=[60])


class NewBan(ForHowLong):
    """With ``address``, nobody new comes in from where this person has signed in, either."""

    address: bool = Field(default=False, examples=[False])


class HowFarBack(Why):
    """What somebody said in the last ``minutes`` is hidden: in a room, by its ``slug``, or in all the caller sees."""

    minutes: Minutes
    room: str | None = Field(default=None, examples=['lobby'])


class NewOutcome(schemas.Wanted):
    """What becomes of a report."""

    outcome: models.Outcome


class Count(BaseModel):
    """How many messages were changed."""

    count: int = Field(examples=[12])


class Standing(BaseModel):
    """What somebody may not do, until when, in the room that was asked for and everywhere; and what the caller may do.

    A time in the year 9999 is without end; null is what is not so.
    """

    user: schemas.User
    muted_here: Until
    banned_here: Until
    muted: Until
    banned: Until
    is_member: bool = Field(examples=[True])
    may_here: bool = Field(examples=[True])
    may_everywhere: bool = Field(examples=[False])


class Ban(BaseModel):
    """Somebody, or an address, that is not let in; without end ``until`` is null.

    ``by`` and ``reason`` are what the audit log says.
    """

    user: Person
    address: str = Field(examples=[''])
    room: str = Field(examples=['lobby'])
    until: Until
    by: Name
    reason: str = Field(examples=['for 60 minutes: Spam'])


class Bans(BaseModel):
    """Who is not let in."""

    bans: list[Ban]


class Hidden(BaseModel):
    """A hidden message, the words that can come back, and until when."""

    message: schemas.Message
    body: str = Field(examples=['Buy *now*'])
    hidden_at: schemas.Moment
    until: schemas.Moment


class HiddenMessages(BaseModel):
    """What is hidden, the newest first."""

    hidden: list[Hidden]


class Report(BaseModel):
    """A message that ``reporter`` has reported; ``body`` is what it said then."""

    id: int = Field(examples=[5])
    message_id: schemas.MessageId
    room: schemas.Slug
    author: schemas.User
    body: str = Field(examples=['Buy *now*'])
    reporter: schemas.User
    reason: Reason
    created_at: schemas.Moment
    closed_at: Until
    closed_by: Person
    outcome: models.Outcome | None = Field(examples=['hidden'])


class Reports(BaseModel):
    """What was reported, the newest first."""

    reports: list[Report]


class Line(BaseModel):
    """A line of the audit log: when, who, from where, what, to whom, in which room, why, and whether it was done."""

    id: int = Field(examples=[900])
    at: schemas.Moment
    actor_id: int | None = Field(examples=[3])
    actor: Name
    address: str = Field(examples=['192.0.2.1'])
    action: str = Field(examples=['mute'])
    target_id: int | None = Field(examples=[7])
    target: str = Field(examples=['Ada'])
    room: str = Field(examples=['lobby'])
    details: str = Field(examples=['for 60 minutes: Spam'])
    result: models.Result


class Lines(BaseModel):
    """Lines of the audit log, the newest first."""

    entries: list[Line]


@router.put('/rooms/{slug}/members/{user_id}/mute', status_code=204, responses=refusals(403, 404, 429))
async def mute_here(
    chat: TheChat, actor: TheActor, slug: schemas.RoomSlug, user_id: UserId, wanted: ForHowLong
) -> None:
    """Let somebody read in a room, and not write."""
    await chat.moderation.mute(actor, user_id, slug, wanted.minutes, wanted.reason)


@router.delete('/rooms/{slug}/members/{user_id}/mute', status_code=204, responses=refusals(403, 404, 429))
async def unmute_here(chat: TheChat, actor: TheActor, slug: schemas.RoomSlug, user_id: UserId) -> None:
    """Let somebody write in a room again; twice is once."""
    await chat.moderation.unmute(actor, user_id, slug)


@router.delete('/rooms/{slug}/members/{user_id}', status_code=204, responses=refusals(403, 404, 429))
async def remove(chat: TheChat, actor: TheActor, slug: schemas.RoomSlug, user_id: UserId, wanted: Why) -> None:
    """Take somebody out of a room; twice is once. Into an open one they can come back."""
    await chat.moderation.remove(actor, slug, user_id, wanted.reason)


@router.get('/rooms/{slug}/bans', responses=refusals(403, 404))
async def bans_here(chat: TheChat, session: TheSession, slug: schemas.RoomSlug) -> Bans:
    """Return who is banned from a room; for its moderators."""
    return _bans(await chat.moderation.bans(session.user, slug))


@router.put('/rooms/{slug}/bans/{user_id}', status_code=204, responses=refusals(403, 404, 429))
async def ban_here(chat: TheChat, actor: TheActor, slug: schemas.RoomSlug, user_id: UserId, wanted: ForHowLong) -> None:
    """Take somebody out of a room, which they find no more."""
    await chat.moderation.ban(actor, user_id, slug, wanted.minutes, wanted.reason)


@router.delete('/rooms/{slug}/bans/{user_id}', status_code=204, responses=refusals(403, 404, 429))
async def unban_here(chat: TheChat, actor: TheActor, slug: schemas.RoomSlug, user_id: UserId) -> None:
    """Let somebody into a room again; twice is once."""
    await chat.moderation.unban(actor, user_id, slug)


@router.get('/rooms/{slug}/hidden-messages', responses=refusals(403, 404))
async def hidden_here(chat: TheChat, session: TheSession, slug: schemas.RoomSlug) -> HiddenMessages:
    """Return what is hidden in a room, with its words, at most 200 messages; for its moderators."""
    return _hidden(await chat.moderation.hidden(session.user, slug))


@router.get('/users/{user_id}/standing', responses=refusals(403, 404))
async def standing(chat: TheChat, session: TheSession, user_id: UserId, room: Where = None) -> Standing:
    """Return whether somebody is muted or banned; for whoever may do that to them."""
    found = await chat.moderation.standing(session.user, user_id, room)
    times = {name: iso(getattr(found, name)) for name in ('muted_here', 'banned_here', 'muted', 'banned')}
    flags = {name: getattr(found, name) for name in ('is_member', 'may_here', 'may_everywhere')}
    return Standing.model_validate({'user': user_json(found.user), **times, **flags})


@router.put('/users/{user_id}/mute', status_code=204, responses=refusals(403, 404, 429))
async def mute(chat: TheChat, actor: TheActor, user_id: UserId, wanted: ForHowLong) -> None:
    """Let somebody read, and write in no room."""
    await chat.moderation.mute(actor, user_id, None, wanted.minutes, wanted.reason)


@router.delete('/users/{user_id}/mute', status_code=204, responses=refusals(403, 404, 429))
async def unmute(chat: TheChat, actor: TheActor, user_id: UserId) -> None:
    """Let somebody write again; twice is once. A mute in a room stays."""
    await chat.moderation.unmute(actor, user_id, None)


@router.put('/users/{user_id}/ban', status_code=204, responses=refusals(403, 404, 409, 429))
async def ban(chat: TheChat, actor: TheActor, user_id: UserId, wanted: NewBan) -> None:
    """Sign somebody out everywhere, and let them in no more."""
    await chat.moderation.ban(actor, user_id, None, wanted.minutes, wanted.reason, address=wanted.address)


@router.delete('/users/{user_id}/ban', status_code=204, responses=refusals(403, 404, 429))
async def unban(chat: TheChat, actor: TheActor, user_id: UserId) -> None:
    """Let somebody in again; twice is once. A ban from a room stays, as does one of an address."""
    await chat.moderation.unban(actor, user_id, None)


@router.delete('/users/{user_id}/sessions', status_code=204, responses=refusals(403, 404, 429))
async def sign_out(chat: TheChat, actor: TheActor, user_id: UserId, wanted: Why) -> None:
    """Sign somebody out everywhere; they can sign in again."""
    await chat.moderation.sign_out(actor, user_id, wanted.reason)


@router.post('/users/{user_id}/hidden-messages', responses=refusals(403, 404, 429))
async def hide_all(chat: TheChat, actor: TheActor, user_id: UserId, wanted: HowFarBack) -> Count:
    """Hide all that somebody said within a time, in a room or in all rooms that the caller sees."""
    said = (actor, user_id, wanted.room, wanted.minutes, wanted.reason)
    return Count(count=await chat.moderation.hide_all(*said))


@router.delete('/users/{user_id}/hidden-messages', responses=refusals(403, 404, 429))
async def show_all_again(chat: TheChat, actor: TheActor, user_id: UserId, room: Where = None) -> Count:
    """Show all that is hidden of what somebody said, in a room or in all rooms that the caller sees."""
    return Count(count=await chat.moderation.show_all_again(actor, user_id, room))


@router.put('/messages/{message_id}/hidden', responses=refusals(403, 404, 409, 429))
async def hide(chat: TheChat, actor: TheActor, message_id: MessageId, wanted: Why) -> schemas.Message:
    """Hide a message, which looks deleted then; twice is once. Its words stay for 7 days."""
    return _message(await chat.moderation.hide(actor, message_id, wanted.reason))


@router.delete('/messages/{message_id}/hidden', responses=refusals(403, 404, 409, 429))
async def show_again(chat: TheChat, actor: TheActor, message_id: MessageId) -> schemas.Message:
    """Show a hidden message again; twice is once."""
    return _message(await chat.moderation.show_again(actor, message_id))


@router.get('/hidden-messages', responses=refusals(403))
async def hidden(chat: TheChat, session: TheSession) -> HiddenMessages:
    """Return what is hidden in open rooms, with its words, at most 200 messages; for moderators of the chat."""
    return _hidden(await chat.moderation.hidden(session.user))


@router.post('/messages/{message_id}/report', status_code=204, responses=refusals(403, 404, 429))
async def report(chat: TheChat, session: TheSession, message_id: MessageId, wanted: Why) -> None:
    """Report a message to the moderators, who see its words as they are now; twice is once."""
    await chat.reports.report(session.user, message_id, wanted.reason)


@router.get('/reports')
async def reports(chat: TheChat, actor: TheActor, closed: Closed = False) -> Reports:
    """Return the reports that are open, at most 200: to moderators of the chat all, to those of rooms theirs."""
    found = await chat.reports.list(actor, closed=closed)
    return Reports.model_validate({'reports': [_report(each) for each in found]})


@router.patch('/reports/{report_id}', responses=refusals(403, 404, 409, 429))
async def close(chat: TheChat, actor: TheActor, report_id: ReportId, wanted: NewOutcome) -> Report:
    """Close all reports of a message: by hiding it, or as dismissed."""
    return Report.model_validate(_report(await chat.reports.close(actor, report_id, wanted.outcome)))


@router.get('/bans', responses=refusals(403))
async def bans(chat: TheChat, session: TheSession) -> Bans:
    """Return who, and which addresses, are banned from the chat; for its moderators."""
    return _bans(await chat.moderation.bans(session.user))


@router.delete('/bans', status_code=204, responses=refusals(403, 429))
async def unban_address(chat: TheChat, actor: TheActor, address: Address) -> None:
    """Let people come in from an address again; twice is once."""
    await chat.moderation.unban_address(actor, address)


@router.get('/audit-log', responses=refusals(403))
async def entries(
    chat: TheChat,
    actor: TheActor,
    before: Before = None,
    user_id: About = None,
    action: Action = None,
    limit: Limit = log.PAGE,
) -> Lines:
    """Return lines of the audit log; for administrators."""
    found = await chat.log.entries(actor, before, user_id, action, limit)
    return Lines.model_validate({'entries': [_line(each) for each in found]})


def _until(moment: datetime | None) -> str | None:
    return None if moment is None or milliseconds(moment) >= FOREVER else iso(moment)


def _message(message: models.Message) -> schemas.Message:
    return schemas.Message.model_validate(message_json(message))


def _user(user: models.User | None) -> dict[str, Any] | None:
    return None if user is None else user_json(user)


def _bans(found: Sequence[models.Ban]) -> Bans:
    told = [
        {'user': _user(each.user), 'address': each.address, 'room': each.room, 'until': _until(each.until),
         'by': each.by, 'reason': each.reason}
        for each in found
    ]  # fmt: skip
    return Bans.model_validate({'bans': told})


def _hidden(found: Sequence[models.Hidden]) -> HiddenMessages:
    told = [
        {'message': message_json(each.message), 'body': each.body, 'hidden_at': iso(each.hidden_at),
         'until': iso(each.until)}
        for each in found
    ]  # fmt: skip
    return HiddenMessages.model_validate({'hidden': told})


def _report(report: models.Report) -> dict[str, Any]:
    names = ('id', 'message_id', 'room', 'body', 'reason', 'outcome')
    people = {name: _user(getattr(report, name)) for name in ('author', 'reporter', 'closed_by')}
    times = {name: iso(getattr(report, name)) for name in ('created_at', 'closed_at')}
    return {**{name: getattr(report, name) for name in names}, **people, **times}


def _line(line: models.LogEntry) -> dict[str, Any]:
    names = [name for name in Line.model_fields if name != 'at']
    return {'at': iso(line.at), **{name: getattr(line, name) for name in names}}
