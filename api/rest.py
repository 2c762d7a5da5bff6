"""The calls of ``/api/v1``: understand, one action, answer."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api import schemas
from api.who import chat_of, is_own_page, session_of
from chat import Chat
from chat.errors import Invalid, NotAMember
from chat.events import message_json, user_json
from chat.messages import MOST_AT_ONCE, PAGE
from chat.models import Session
from web import cookies
from web.addresses import address_of

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {'model': schemas.Error} for status in (401, 403, 404, 405, 409, 413, 422, 429, 500, 503)
}

TheChat = Annotated[Chat, Depends(chat_of)]
TheSession = Annotated[Session, Depends(session_of)]

router = APIRouter(prefix='/v1', responses=ERRORS)


@router.post('/sessions', status_code=201)
async def sign_in(chat: TheChat, new: schemas.NewSession, request: Request, response: Response) -> schemas.Session:
    """Sign in a guest; a browser gets the cookie, too, which signs it in to the pages and ends its session before."""
    if new.password is not None:
        raise Invalid('There are no accounts on this server: a name is enough.', 'password')
    user = await chat.accounts.add_guest(new.name, address_of(request.scope))
    token = await chat.sessions.begin(user, request.headers.get('user-agent', ''))
    # Not for a page of another site: it must not sign a browser in here as somebody of its choice.
    if 'origin' not in request.headers or is_own_page(request, chat):
        before = await chat.sessions.find(cookies.read_token(request))
        if before is not None:  # nobody would have its token any more
            await chat.sessions.end(before)
        cookies.set_token(request, response, token, chat.settings.public_url)
    return schemas.Session.model_validate({'token': token, 'user': user_json(user)})


@router.delete('/sessions/current', status_code=204)
async def sign_out(chat: TheChat, session: TheSession, response: Response) -> None:
    """Sign out; open pages of the session are closed."""
    await chat.sessions.end(session)
    cookies.clear_token(response)


@router.get('/me')
async def me(session: TheSession) -> schemas.User:
    """Return who is calling."""
    return schemas.User.model_validate(user_json(session.user))


@router.get('/rooms/{slug}/messages')
async def messages(
    chat: TheChat,
    session: TheSession,
    slug: str,
    before: schemas.Id | None = None,
    after: schemas.Id | None = None,
    author: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_AT_ONCE)] = PAGE,
) -> schemas.MessagePage:
    """Return messages of a room, oldest first: the newest, or those before or after an id."""
    page = await chat.messages.page(
        session.user, slug, before=before, after=after, author=author, limit=limit
    )  # fmt: skip
    return schemas.MessagePage(
        messages=[schemas.Message.model_validate(message_json(message)) for message in page.messages],
        revision=page.revision,
        has_more=page.has_older if after is None else page.has_newer,
    )


@router.post(
    '/rooms/{slug}/messages',
    status_code=201,
    responses={200: {'model': schemas.Message, 'description': 'It was sent before: the first message'}},
)
async def send(
    chat: TheChat, session: TheSession, slug: str, new: schemas.NewMessage, response: Response
) -> schemas.Message:
    """Send a message, joining the room first if need be."""
    said = (session.user, slug, new.body, new.client_message_id, new.reply_to)
    try:
        sent = await chat.messages.send(*said)
    except NotAMember:
        await chat.rooms.join(session.user, slug)
        sent = await chat.messages.send(*said)
    if not sent.is_new:
        response.status_code = 200
    return schemas.Message.model_validate(message_json(sent.message))
