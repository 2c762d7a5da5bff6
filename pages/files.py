"""The files that people share, as browsers bring them and ask for them."""

from urllib.parse import quote

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from nicegui import app

import web.files
from chat import Chat, file_types
from chat.errors import NotFound, Unauthenticated
from chat.models import Attachment, User
from pages import forms
from web import cookies
from web.upload_forms import UploadForm

LONGEST_ID = 18  # digits
UPLOAD = '/files/to'


def address(attachment: Attachment) -> str:
    """Return where a file is; its name is there for who saves it."""
    return f'/files/{attachment.id:d}/{quote(attachment.name, safe="")}'


def thumbnail(attachment: Attachment) -> str:
    """Return where the thumbnail of a picture is."""
    return f'/thumbnails/{attachment.id:d}.webp'


def upload_address(slug: str) -> str:
    """Return where a browser brings a file for a room: a form with a field ``file``."""
    return f'{UPLOAD}/{quote(slug, safe="")}'


def install(chat: Chat) -> None:
    """Take files, and give them to whoever sees the message that they go with."""

    @app.post(f'{UPLOAD}/{{slug}}', include_in_schema=False)
    async def upload(request: Request, slug: str) -> Response:
        forms.require_own(chat, request)
        user = await _user(request)
        await chat.files.require_room(user, slug)
        form = await UploadForm.begun(request)
        brought = await chat.files.upload(user, slug, form.name, form.pieces())
        return JSONResponse({'id': brought.id, 'name': brought.name})

    @app.get('/files/{attachment_id}/{name:path}', include_in_schema=False)
    async def file(request: Request, attachment_id: str, name: str) -> Response:
        opened = await chat.files.open(await _user(request), _number(attachment_id))
        show = 'open' in request.query_params and file_types.opens(opened.type)
        return await web.files.answer(request, opened, show=show)

    @app.get('/thumbnails/{attachment_id}.webp', include_in_schema=False)
    async def small(request: Request, attachment_id: str) -> Response:
        opened = await chat.files.open(await _user(request), _number(attachment_id), thumbnail=True)
        return await web.files.answer(request, opened)

    async def _user(request: Request) -> User:
        session = await chat.sessions.find(cookies.read_token(request))
        if session is None:
            raise Unauthenticated
        return session.user


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID):
        raise NotFound('There is nothing at this address.')
    return int(text)
