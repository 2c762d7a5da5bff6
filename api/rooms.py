"""Rooms and who belongs to them: the calls of ``/api/v1/rooms``."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query

from api import schemas
from api.describe import refusals
from api.who import ERRORS, TheActor, TheChat, TheSession
from chat import Chat
from chat.events import room_json, to_json, user_json
from chat.models import Member, RoomEntry, Session

Since = Annotated[schemas.Id, Query(description='The highest revision that the caller knows.', examples=[57])]
Archived = Annotated[schemas.Flag, Query(description='The archived rooms in place of the others.', examples=[True])]
MemberId = Annotated[schemas.Id, Path(description='Who, of the people here.', examples=[7])]
IN_THE_ROOM = schemas.NewPlace()
EVERYTHING = schemas.HowFar()

router = APIRouter(prefix='/v1/rooms', tags=['rooms'], responses=ERRORS)


@router.get('')
async def rooms(chat: TheChat, session: TheSession, archived: Archived = False) -> schemas.Rooms:
    """Return the rooms that the caller belongs to, then the open ones to join, at most 200 of these."""
    entries, has_more = await chat.rooms.list_and_more(session.user, archived=archived)
    return schemas.Rooms(rooms=await _shown(chat, entries), has_more=has_more)


@router.post('', status_code=201, responses=refusals(403, 409, 429))
async def create(chat: TheChat, session: TheSession, new: schemas.NewRoom) -> schemas.Room:
    """Open a new room, which the caller owns; its address is made from its name."""
    room = await chat.rooms.create(session.user, new.name, new.topic, private=new.private)
    return await room_of(chat, session, room.slug)


@router.get('/{slug}', responses=refusals(404))
async def room(chat: TheChat, session: TheSession, slug: schemas.RoomSlug) -> schemas.Room:
    """Return a room."""
    return await room_of(chat, session, slug)


@router.patch('/{slug}', responses=refusals(403, 404, 429))
async def change(
    chat: TheChat, session: TheSession, actor: TheActor, slug: schemas.RoomSlug, wanted: schemas.RoomChanges
) -> schemas.Room:
    """Change what is given of a room; the address stays. For its owner, and moderators of the chat.

    Moderators of the room can slow it down and pause it.
    """
    await chat.rooms.change(session.user, slug, address=actor.address, **wanted.model_dump(exclude_unset=True))
    return await room_of(chat, session, slug)


@router.delete('/{slug}', status_code=204, responses=refusals(403, 404, 409, 429))
async def delete(chat: TheChat, session: TheSession, actor: TheActor, slug: schemas.RoomSlug) -> None:
    """Delete a room with all that was said in it; for its owner, and administrators."""
    await chat.rooms.delete(session.user, slug, address=actor.address)


@router.put('/{slug}/membership', responses=refusals(403, 404, 429))
async def join(chat: TheChat, session: TheSession, slug: schemas.RoomSlug) -> schemas.Room:
    """Join a room; twice is once."""
    await chat.rooms.join(session.user, slug)
    return await room_of(chat, session, slug)


@router.delete('/{slug}/membership', status_code=204, responses=refusals(403, 404, 429))
async def leave(chat: TheChat, session: TheSession, slug: schemas.RoomSlug) -> None:
    """Leave a room; twice is once. An owner gives up the ownership with it.

    With the last owner the room's webhooks end, and with its last member a private room does.
    """
    await chat.rooms.leave(session.user, slug)


@router.get('/{slug}/members', responses=refusals(404))
async def members(chat: TheChat, session: TheSession, slug: schemas.RoomSlug) -> schemas.Members:
    """Return who belongs to a room, and who of them is here."""
    found = await chat.rooms.members(session.user, slug)
    return schemas.Members(members=[_member(chat, member) for member in found])


@router.put('/{slug}/members/{user_id}', responses=refusals(403, 404, 409, 429))
async def place(
    chat: TheChat, actor: TheActor, slug: schemas.RoomSlug, user_id: MemberId, wanted: schemas.NewPlace = IN_THE_ROOM
) -> schemas.Member:
    """Put somebody into a room, and say what they are there; twice is once.

    Its owners and moderators put people in; a role is given to members, by owners and administrators.
    """
    if wanted.role is None:
        return _member(chat, await chat.rooms.add_member(actor, slug, user_id))
    return _member(chat, await chat.rooms.set_role(actor, slug, user_id, wanted.role))


@router.put('/{slug}/read', status_code=204, responses=refusals(403, 404, 429))
async def read(
    chat: TheChat, session: TheSession, slug: schemas.RoomSlug, how_far: schemas.HowFar = EVERYTHING
) -> None:
    """Have read a room as far as a message and no further, which also goes back; without one, all of it.

    What comes after it is unread then, on all devices of the caller.
    """
    await chat.unread.mark(session.user, slug, how_far.message_id)


@router.put('/{slug}/favorite', status_code=204, responses=refusals(403, 404, 429))
async def favor(chat: TheChat, session: TheSession, slug: schemas.RoomSlug) -> None:
    """Put a room that the caller belongs to among the favorites; twice is once."""
    await chat.rooms.favor(session.user, slug, favorite=True)


@router.delete('/{slug}/favorite', status_code=204, responses=refusals(403, 404, 429))
async def disfavor(chat: TheChat, session: TheSession, slug: schemas.RoomSlug) -> None:
    """Take a room out of the favorites; twice is once."""
    await chat.rooms.favor(session.user, slug, favorite=False)


@router.get('/{slug}/changes', responses=refusals(404))
async def changes(chat: TheChat, session: TheSession, slug: schemas.RoomSlug, since: Since) -> schemas.Changes:
    """Return what changed after revision ``since``, in order: each message and member once, as it is now.

    When that is more than can be told one by one, ``complete`` is false and there are no events: read the room anew.
    """
    found = await chat.rooms.changes(session.user, slug, since)
    told = {'events': [to_json(event) for event in found.events]}
    return schemas.Changes.model_validate({**told, 'revision': found.revision, 'complete': found.complete})


async def room_of(chat: Chat, session: Session, slug: str) -> schemas.Room:
    """Return a room as the caller sees it."""
    (shown,) = await _shown(chat, [await chat.rooms.entry(session.user, slug)])
    return shown


async def _shown(chat: Chat, entries: Sequence[RoomEntry]) -> list[schemas.Room]:
    members = await chat.rooms.member_ids([entry.room.id for entry in entries])
    return [
        schemas.Room(
            **room_json(entry.room),
            joined=entry.joined,
            favorite=entry.favorite,
            online=sum(chat.presence.status(user_id) != 'offline' for user_id in members[entry.room.id]),
            unread=entry.unread,
            mentions=entry.mentions,
            notify=entry.level,
        )
        for entry in entries
    ]


def _member(chat: Chat, member: Member) -> schemas.Member:
    user = schemas.User.model_validate(user_json(member.user))
    return schemas.Member(user=user, role=member.role, presence=chat.presence.status(member.user.id))
