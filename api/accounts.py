"""Accounts: making one, its password, and what administrators do with those of others."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api import schemas, signing_in
from api.bots import OperatorsChat
from api.caching import uncached
from api.describe import ANY_CALL, refusals
from api.who import COOKIE, TOKEN, OptionalSession, TheChat, TheSession
from chat.errors import Invalid
from chat.events import iso, user_json
from chat.models import KeepOrRemove
from web import cookies, entering
from web.addresses import address_of
from web.openid.addresses import start_of

UserId = Annotated[schemas.Id, Path(description='Whose account; they are listed.', examples=[7])]
Messages = Annotated[
    KeepOrRemove, Query(description='What becomes of what was said: `keep` or `remove`.', examples=['keep'])
]
NO_PASSWORD = schemas.OwnPassword()

router = APIRouter(prefix='/v1', tags=['accounts'], responses=ANY_CALL)


@router.get('/sign-in')
async def ways_in(chat: TheChat, request: Request) -> schemas.WaysIn:
    """Return how people come in, and with which other sites; for strangers, too."""
    settings = chat.settings
    providers = [
        {'key': each.key, 'name': each.name, 'url': start_of(request, settings.public_url, each.key)}
        for each in chat.identities.providers.values()
    ]
    return schemas.WaysIn.model_validate({'sign_in': settings.sign_in, 'providers': providers})


@router.post('/accounts', status_code=201, responses=refusals(403, 409, 429), dependencies=[Depends(uncached)])
async def register(chat: TheChat, new: schemas.NewAccount, request: Request, response: Response) -> schemas.Session:
    """Make an account and sign in to it, as by `POST /v1/sessions`; not where one needs an invitation."""
    user = await chat.credentials.register(new.name, new.password, address_of(request.scope))
    return await signing_in.begin(chat, user, request, response)


@router.put('/me/password', responses=refusals(401, 403, 409, 429), dependencies=[Depends(uncached)])
async def set_password(
    chat: TheChat, session: TheSession, wanted: schemas.NewPassword, request: Request, response: Response
) -> schemas.Session:
    """Set the caller's password; a guest becomes a member by it. The session's token is another, all others end."""
    address = address_of(request.scope)
    user, token = await chat.credentials.set_password(session, wanted.password, wanted.current_password, address)
    return await signing_in.give(chat, user, token, request, response)


@router.delete('/me', status_code=204, responses=refusals(401, 403, 409, 429))
async def delete_own(
    chat: TheChat,
    session: TheSession,
    messages: Messages,
    request: Request,
    response: Response,
    own: schemas.OwnPassword = NO_PASSWORD,  # not in the address, which stands in logs
) -> None:
    """Delete the caller's account, or guest, for good; all its sessions end. Whoever has a password gives it.

    What the caller said stays under "Deleted account", or is removed within minutes. The last administrator stays.
    """
    await chat.deletion.delete_own(session.user, messages, own.password, address_of(request.scope))
    cookies.clear_token(response)


@router.get('/users', responses=refusals(401, 403))
async def accounts(chat: TheChat, session: TheSession) -> schemas.Users:
    """Return all people with an account, by name; for administrators."""
    found = await chat.administration.accounts(session.user)
    return schemas.Users.model_validate({'users': [user_json(each) for each in found]})


@router.post('/users', status_code=201, responses=refusals(401, 403, 409, 429), dependencies=[Depends(uncached)])
async def add_account(
    chat: TheChat, session: TheSession, new: schemas.NewUser, request: Request
) -> schemas.PasswordLink:
    """Make an account and a link by which its owner sets the password; for administrators."""
    address = address_of(request.scope)
    user, token, until = await chat.administration.add_account(session.user, new.name, address)
    return schemas.PasswordLink.model_validate({'user': user_json(user), **_link(chat, request, token, until)})


@router.patch('/users/{user_id}', responses=refusals(401, 403, 404, 409, 429))
async def set_kind(
    chat: TheChat, session: TheSession, user_id: UserId, wanted: schemas.NewKind, request: Request
) -> schemas.User:
    """Make somebody a member, a moderator or an administrator; for administrators. Somebody has to stay one."""
    user = await chat.administration.set_kind(session.user, user_id, wanted.kind, address_of(request.scope))
    return schemas.User.model_validate(user_json(user))


@router.delete('/users/{user_id}', status_code=204, responses=refusals(401, 403, 404, 429))
async def delete_user(
    chat: TheChat, session: TheSession, user_id: UserId, messages: Messages, request: Request
) -> None:
    """Delete somebody else's account, or guest, for good, as its owner could; for administrators. Twice is once."""
    await chat.deletion.delete_by(session.user, user_id, messages, address_of(request.scope))


@router.post(
    '/users/{user_id}/password-link',
    status_code=201,
    responses=refusals(401, 403, 404, 429),
    dependencies=[Depends(uncached)],
)
async def password_link(chat: TheChat, session: TheSession, user_id: UserId, request: Request) -> schemas.Link:
    """Make a link by which somebody sets a new password, once and for 24 hours; for administrators."""
    token, until = await chat.administration.password_link(session.user, user_id, address_of(request.scope))
    return schemas.Link.model_validate(_link(chat, request, token, until))


@router.post('/administrator-link', status_code=201, responses=refusals(401), dependencies=[Depends(uncached)])
async def administrator_link(chat: OperatorsChat) -> schemas.AdministratorLink:
    """Make a link that makes an administrator, once and for 24 hours; for the operator."""
    return schemas.AdministratorLink(token=await chat.administration.administrator_link())


@router.post(
    '/links',
    status_code=201,
    responses=refusals(401, 403, 404, 409, 429),
    dependencies=[Depends(uncached)],
    openapi_extra={'security': [{}, {TOKEN.scheme_name: []}, {COOKIE.scheme_name: []}]},  # or nobody
)
async def follow_link(
    chat: TheChat, session: OptionalSession, link: schemas.TakenLink, request: Request, response: Response
) -> schemas.Session:
    """Follow a link once: set the password it is for, or become an administrator; and sign in.

    The latter by ``name`` and ``password``, of a new account or of one that gets the password; or, without them, as
    whoever is calling with an account.
    """
    address = address_of(request.scope)
    if (await chat.administration.link(link.token)).purpose == 'password':
        user = await chat.administration.set_password_by_link(link.token, _given(link.password), address)
        return await signing_in.begin(chat, user, request, response)
    if session is not None and link.name is None and link.password is None:
        user, token = await chat.administration.become_administrator(link.token, session, address)
        return await signing_in.give(chat, user, token, request, response)
    guest = session.user if session is not None else None
    name = link.name if link.name is not None else guest.name if guest is not None else ''
    user = await chat.administration.become_administrator_as(
        link.token, name, _given(link.password), address, guest
    )  # fmt: skip
    return await signing_in.begin(chat, user, request, response)


def _given(password: str | None) -> str:
    if password is None:
        raise Invalid('"password" is missing.', 'password')
    return password


def _link(chat: TheChat, request: Request, token: str, until: datetime) -> dict[str, Any]:
    url = entering.account_address(entering.site(request, chat.settings.public_url), token)
    return {'token': token, 'url': url, 'expires_at': iso(until)}
