"""Pins: what a room keeps at hand."""

from fastapi import APIRouter

from api import schemas
from api.describe import refusals
from api.messages import MessageId
from api.who import ERRORS, TheChat, TheSession
from chat.events import message_json

router = APIRouter(prefix='/v1', tags=['messages'], responses=ERRORS)


@router.put('/messages/{message_id}/pin', responses=refusals(403, 404, 409, 429))
async def pin(chat: TheChat, session: TheSession, message_id: MessageId) -> schemas.Message:
    """Pin a message to its room; twice is once."""
    return schemas.Message.model_validate(message_json(await chat.pins.pin(session.user, message_id, on=True)))


@router.delete('/messages/{message_id}/pin', responses=refusals(403, 404, 429))
async def unpin(chat: TheChat, session: TheSession, message_id: MessageId) -> schemas.Message:
    """Take a message off what is pinned to its room; twice is once."""
    return schemas.Message.model_validate(message_json(await chat.pins.pin(session.user, message_id, on=False)))


@router.get('/rooms/{slug}/pins', responses=refusals(404))
async def pins(chat: TheChat, session: TheSession, slug: schemas.RoomSlug) -> schemas.Messages:
    """Return what is pinned to a room, the newest pin first."""
    found = await chat.pins.pinned(session.user, slug)
    return schemas.Messages(messages=[schemas.Message.model_validate(message_json(each)) for each in found])
