"""Signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from api import schemas, signing_in
from api.caching import uncached
from api.describe import ANY_CALL, refusals
from api.who import TheChat, TheSession
from chat.events import iso, user_json
from web import cookies, entering
from web.addresses import address_of

SessionId = Annotated[schemas.Id, Path(description='Which session; they are listed.', examples=[31])]

router = APIRouter(prefix='/v1', tags=['sessions'], responses=ANY_CALL)


@router.post('/sessions', status_code=201, responses=refusals(401, 403, 409, 429), dependencies=[Depends(uncached)])
async def sign_in(chat: TheChat, new: schemas.NewSession, request: Request, response: Response) -> schemas.Session:
    """Sign in a guest, or an account by its password.

    A browser gets the cookie, too, which signs it in to the pages and ends its session before.
    """
    address = address_of(request.scope)
    if new.password is None:
        user = await chat.accounts.add_guest(new.name, address)
        return await signing_in.begin(chat, user, request, response)
    agent = request.headers.get('user-agent', '')
    user, token = await chat.credentials.sign_in(new.name, new.password, address, agent)
    return await signing_in.give(chat, user, token, request, response)


@router.post('/enter', status_code=201, responses=refusals(403, 404, 429), dependencies=[Depends(uncached)])
async def follow_link(
    chat: TheChat, link: schemas.FollowedLink, request: Request, response: Response
) -> schemas.Session:
    """Sign in by a link, which is worth nothing then; a browser gets the cookie, as by signing in."""
    agent = request.headers.get('user-agent', '')
    user, token = await chat.accounts.follow_link(link.token, agent, address_of(request.scope))
    return await signing_in.give(chat, user, token, request, response)


@router.post(
    '/sessions/current/link', status_code=201, responses=refusals(401, 403, 429), dependencies=[Depends(uncached)]
)
async def make_link(chat: TheChat, session: TheSession, request: Request) -> schemas.Link:
    """Make a link that signs in another device as the caller: once, and for 10 minutes. The one before is void."""
    token, until = await chat.accounts.make_link(session)
    url = entering.address(request, chat.settings.public_url, token)
    return schemas.Link.model_validate({'token': token, 'url': url, 'expires_at': iso(until)})


@router.delete('/sessions/current', status_code=204, responses=refusals(401, 403))
async def sign_out(chat: TheChat, session: TheSession, response: Response) -> None:
    """Sign out; open pages of the session are closed."""
    await chat.accounts.sign_out(session)
    cookies.clear_token(response)


@router.get('/sessions', responses=refusals(401, 403))
async def sign_ins(chat: TheChat, session: TheSession) -> schemas.SignIns:
    """Return where the caller is signed in."""
    found = await chat.accounts.sign_ins(session.user)
    told = [
        {
            'id': each.id, 'user_agent': each.user_agent, 'created_at': iso(each.created_at),
            'last_used_at': iso(each.last_used_at), 'current': each.id == session.id,
        }
        for each in found
    ]  # fmt: skip
    return schemas.SignIns.model_validate({'sessions': told})


@router.delete('/sessions', status_code=204, responses=refusals(401, 403, 429))
async def sign_out_elsewhere(chat: TheChat, session: TheSession) -> None:
    """Sign out everywhere else: all sessions of the caller end but the one of this call."""
    await chat.accounts.sign_out_elsewhere(session)


@router.delete('/sessions/{session_id}', status_code=204, responses=refusals(401, 403, 404, 429))
async def end_session(chat: TheChat, session: TheSession, session_id: SessionId) -> None:
    """Sign out one of the caller's sessions; open pages and sockets of it are closed."""
    await chat.accounts.end_session(session.user, session_id)


@router.get('/me', responses=refusals(401))
async def me(session: TheSession) -> schemas.User:
    """Return who is calling."""
    return schemas.User.model_validate(user_json(session.user))
