"""What every way of signing in ends with: the token, and the cookie for a browser."""

from fastapi import Request, Response

from api import schemas
from api.who import is_own_page
from chat import Chat
from chat.events import user_json
from chat.models import User
from web import cookies
from web.addresses import address_of


async def begin(chat: Chat, user: User, request: Request, response: Response) -> schemas.Session:
    """Begin a session of the caller as this person."""
    address = address_of(request.scope)
    token = await chat.sessions.begin(user, request.headers.get('user-agent', ''), address=address)
    return await give(chat, user, token, request, response)


async def give(chat: Chat, user: User, token: str, request: Request, response: Response) -> schemas.Session:
    """Return a session's token; a browser gets the cookie, too, and its session before is ended."""
    # Not for a page of another site: it must not sign a browser in here as somebody of its choice.
    if 'origin' not in request.headers or is_own_page(request, chat):
        before = await chat.sessions.find(cookies.read_token(request))
        if before is not None:  # nobody would have its token any more
            await chat.accounts.sign_out(before)
        cookies.set_token(request, response, token, chat.settings.public_url)
    return schemas.Session.model_validate({'token': token, 'user': user_json(user)})
