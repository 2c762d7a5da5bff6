"""The pictures of people, as browsers ask for them: an address changes with its picture, so what is there stays."""

from fastapi import Request
from fastapi.responses import Response
from nicegui import app

from chat import Chat
from chat.errors import NotFound
from web import cookies

NOWHERE = 'There is nothing at this address.'
LONGEST_ID = 18  # digits
YEAR = 365 * 24 * 3600  # seconds
CACHING = {'Cache-Control': f'private, max-age={YEAR}, immutable'}


def address(user_id: int, digest: str) -> str:
    """Return where somebody's picture is."""
    return f'/pictures/{user_id:d}/{digest}.webp'


def install(chat: Chat) -> None:
    """Serve the pictures to those who are signed in."""

    @app.get('/pictures/{user_id}/{digest}.webp', include_in_schema=False)
    async def picture(request: Request, user_id: str, digest: str) -> Response:
        session = await chat.sessions.find(cookies.read_token(request))
        is_number = user_id.isascii() and user_id.isdecimal() and len(user_id) <= LONGEST_ID
        if session is None or not is_number:
            raise NotFound(NOWHERE)
        found = await chat.profiles.picture(int(user_id))
        if found.digest != digest:
            raise NotFound(NOWHERE)
        return Response(found.data, media_type='image/webp', headers=CACHING)
