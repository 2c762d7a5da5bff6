"""The files that people share, as browsers bring them and ask for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from nicegui import app

import web.files
from chat import Chat, file_types
from chat.errors import NotFound, RateLimited, Unauthenticated
from chat.files import MOST_EACH
from chat.models import Attachment, User
from pages import forms
from web import cookies
from web.upload_forms import UploadForm

LONGEST_ID = 18  # digits
MOST_WAITING = 30  # files of one person, those that come included
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

    turns = Turns()

    @app.post(f'{UPLOAD}/{{slug}}', include_in_schema=False)
    async def upload(request: Request, slug: str) -> Response:
        forms.require_own(chat, request)
        user = await _user(request)
        await chat.files.require_room(user, slug)
        async with turns.take(user):
            form = await UploadForm.begun(request)
            brought = await chat.files.upload(user, slug, form.name, form.pieces())
        return JSONResponse({'id': brought.id, 'name': brought.name})

    @app.get('/files/{attachment_id}/{name:path}', include_in_schema=False)
    async def file(request: Request, attachment_id: str, name: str) -> Response:
        opened = await chat.files.open(await _user(request), _number(attachment_id))
        show = 'open' in request.query_params and opened.type in file_types.OPENS
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


class Turns:
    """Lets what somebody has chosen together come a few files at a time: a browser begins with all of them at once."""

    def __init__(self) -> None:
        self._people: dict[int, tuple[asyncio.Semaphore, list[None]]] = {}

    @asynccontextmanager
    async def take(self, user: User) -> AsyncIterator[None]:
        """Wait until one more file of somebody may come; raises RateLimited where too many wait."""
        free, wanted = self._people.setdefault(user.id, (asyncio.Semaphore(MOST_EACH), []))
        if len(wanted) >= MOST_WAITING:
            raise RateLimited('sharing files', 1)
        wanted.append(None)
        try:
            async with free:
                yield
        finally:
            wanted.pop()
            if not wanted:
                del self._people[user.id]


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID):
        raise NotFound('There is nothing at this address.')
    return int(text)
