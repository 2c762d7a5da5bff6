"""Files: brought to a room in a request of their own, then sent with a message; given to whoever sees that."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.requests import ClientDisconnect

import web.files
from api import schemas
from api.describe import refusals
from api.who import ERRORS, TheChat, TheSession
from chat.errors import Invalid, NotAMember
from chat.events import attachment_json

router = APIRouter(prefix='/v1', tags=['files'], responses=ERRORS)

LARGER = {'/v1/rooms/*/files': None}  # where a body is read while it comes, and counted there
LONGEST_NAME = 1_000  # characters that may come: it is cut to what is kept
BINARY: dict[str, Any] = {'type': 'string', 'format': 'binary'}
SENT: dict[str, Any] = {'requestBody': {'required': True, 'content': {'application/octet-stream': {'schema': BINARY}}}}
ANY = {'content': {'*/*': {'schema': BINARY}}}
GIVEN: dict[int | str, dict[str, Any]] = {
    200: {'description': 'The file', **ANY},
    206: {'description': 'The part of it that `Range` asks for', **ANY},
    304: {'description': 'It is as it was (`If-None-Match`)'},
    416: {'description': 'There is no such part'},
}
AttachmentId = Annotated[schemas.Id, Path(description='The `id` of the file.', examples=[5])]
Name = Annotated[
    str, Query(description='What the file is called.', min_length=1, max_length=LONGEST_NAME, examples=['plan.pdf'])
]


@router.post('/rooms/{slug}/files', status_code=201, responses=refusals(403, 404, 429), openapi_extra=SENT)
async def upload(
    chat: TheChat, session: TheSession, slug: schemas.RoomSlug, name: Name, request: Request
) -> schemas.Attachment:
    """Bring the body to a room as a file, joining the room first if need be; it waits a day for its message.

    What it is, is found out from its content. A picture is encoded anew, upright and without what the camera noted.
    """
    declared = request.headers.get('content-length', '')
    size = int(declared) if declared.isdecimal() else None
    try:
        await chat.files.require_room(session.user, slug, size or 0)
    except NotAMember:
        await chat.rooms.join(session.user, slug)
    try:
        brought = await chat.files.upload(session.user, slug, name, request.stream(), size)
    except ClientDisconnect:
        raise Invalid('The file did not arrive as a whole.', 'file') from None
    return schemas.Attachment.model_validate(attachment_json(brought))


@router.get('/files/{attachment_id}', responses={**refusals(404), **GIVEN}, response_class=Response)
async def file(chat: TheChat, session: TheSession, attachment_id: AttachmentId, request: Request) -> Response:
    """Return a file, or the part of it that `Range` asks for."""
    return await web.files.answer(request, await chat.files.open(session.user, attachment_id))


@router.get('/files/{attachment_id}/thumbnail', responses={**refusals(404), **GIVEN}, response_class=Response)
async def thumbnail(chat: TheChat, session: TheSession, attachment_id: AttachmentId, request: Request) -> Response:
    """Return a picture smaller, at most 720 pixels each way, as WebP; other files have none."""
    return await web.files.answer(request, await chat.files.open(session.user, attachment_id, thumbnail=True))


@router.delete('/files/{attachment_id}', status_code=204, responses=refusals(403, 404, 429))
async def discard(chat: TheChat, session: TheSession, attachment_id: AttachmentId) -> None:
    """Take back a file that was not sent yet; those of a message go with it."""
    await chat.files.discard(session.user, attachment_id)
