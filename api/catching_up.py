"""What happened since the caller was here."""

from fastapi import APIRouter

from api import schemas
from api.describe import refusals
from api.who import ERRORS, TheChat, TheSession
from chat.events import iso, message_json

router = APIRouter(prefix='/v1/catch-up', tags=['messages'], responses=ERRORS)


@router.get('')
async def catch_up(chat: TheChat, session: TheSession) -> schemas.CatchUp:
    """Return what happened in the caller's rooms since they were last up to date; the first time, for a week.

    The newest 1,000 messages are looked at (``has_more`` says that there are others), and the newest 20 of each kind
    are given (``cut`` names the kinds of which there are more).
    """
    found = await chat.catching_up.look(session.user)
    messages = {kind: [message_json(each) for each in getattr(found, kind)] for kind in schemas.KINDS_OF_NEWS}
    return schemas.CatchUp.model_validate(
        {
            **messages,
            'since': iso(found.since),
            'up_to': found.up_to,
            'links': [{'address': each.address, 'message': message_json(each.message)} for each in found.links],
            'rooms': [
                {'room': each.room.slug, 'name': each.room.name, 'messages': each.messages} for each in found.rooms
            ],
            'has_more': found.has_more,
            'cut': list(found.cut),
        }
    )


@router.post('/done', responses=refusals(429))
async def done(chat: TheChat, session: TheSession, wanted: schemas.UpTo | None = None) -> schemas.UpTo:
    """Note that the caller is up to date with a message, or without a body with all there is; it never goes back."""
    return schemas.UpTo(up_to=await chat.catching_up.done(session.user, None if wanted is None else wanted.up_to))
