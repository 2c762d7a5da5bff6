"""Who is calling: a token from anywhere, or the browser's cookie from this site alone."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from api.describe import ANY_CALL, refusals
from chat import Chat
from chat.audit import Actor
from chat.errors import Forbidden, Unauthenticated
from chat.models import Session
from web import cookies, origins
from web.addresses import address_of

TOKEN = HTTPBearer(
    scheme_name='token', description='What `POST /v1/sessions` gave, or the token of a bot.', auto_error=False
)
COOKIE = APIKeyCookie(
    name=cookies.NAME,
    scheme_name='cookie',
    description='What a browser has, for pages of this site alone; `__Host-hearth_session` over https.',
    auto_error=False,
)
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(TOKEN)]
SAFE_METHODS = ('GET', 'HEAD', 'OPTIONS')


def chat_of(request: Request) -> Chat:
    """Return the chat that this API is a door of."""
    chat: Chat = request.app.state.chat
    return chat


async def optional_session(
    request: Request, chat: Annotated[Chat, Depends(chat_of)], bearer: Bearer, _: Annotated[str | None, Depends(COOKIE)]
) -> Session | None:
    """Return the caller's session, or None for a stranger; raises Forbidden for a cookie from elsewhere."""
    token = bearer.credentials if bearer is not None else None
    if token is None:
        token = cookies.read_token(request)
        # A browser sends its cookie whoever's page makes it call: what changes something must come from our own.
        if token is not None and request.method not in SAFE_METHODS and not is_own_page(request, chat):
            raise Forbidden('A call with the cookie must come from a page of this site. Use a token instead.')
    return await chat.sessions.find(token)


async def session_of(session: Annotated[Session | None, Depends(optional_session)]) -> Session:
    """Return the caller's session; raises Unauthenticated, or Forbidden for a cookie from elsewhere."""
    if session is None:
        raise Unauthenticated
    return session


def actor_of(request: Request, session: Annotated[Session, Depends(session_of)]) -> Actor:
    """Return who is calling, and from where, as the audit log names them."""
    return Actor(session.user, address_of(request.scope))


def is_own_page(request: Request, chat: Chat) -> bool:
    """Whether the call comes from a page of this site."""
    origin, host = request.headers.get('origin'), request.headers.get('host', '')
    return origins.is_same_origin(origin, host, request.url.scheme, chat.settings.public_url)


TheChat = Annotated[Chat, Depends(chat_of)]
OptionalSession = Annotated[Session | None, Depends(optional_session)]
TheSession = Annotated[Session, Depends(session_of)]
TheActor = Annotated[Actor, Depends(actor_of)]
ERRORS = ANY_CALL | refusals(401)
