"""Direct messages: the call of ``/api/v1/direct``; what is said there is said as in any room."""

from fastapi import APIRouter, Response

from api import schemas
from api.describe import refusals
from api.rooms import room_of
from api.who import ERRORS, TheChat, TheSession

router = APIRouter(prefix='/v1/direct', tags=['rooms'], responses=ERRORS)

WERE_OPEN = 'They were open already: the same room'


@router.post(
    '',
    status_code=201,
    responses={**refusals(403, 404, 429), 200: {'model': schemas.Room, 'description': WERE_OPEN}},
)
async def write_to(chat: TheChat, session: TheSession, wanted: schemas.NewDirect, response: Response) -> schemas.Room:
    """Open direct messages with others: a room of theirs, and always the same for the same people."""
    room, is_new = await chat.direct.open_or_find(session.user, wanted.users)
    if not is_new:
        response.status_code = 200
    return await room_of(chat, session, room.slug)
