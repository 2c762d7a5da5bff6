"""The way to a site elsewhere that says who somebody is, and back: addresses without a page of their own."""

import logging
from collections.abc import Mapping
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import app

from chat import Chat
from chat.admission import Banned
from chat.errors import ChatError, Forbidden, RateLimited, Unauthenticated
from chat.identities import Refused
from chat.models import Session
from chat.providers import Who
from pages import forms, links, providers
from web import cookies
from web.addresses import address_of
from web.openid import way
from web.openid.addresses import PATH, return_of
from web.openid.client import Client
from web.openid.fetching import Failed
from web.openid.way import Way

FORMS = (providers.DISCONNECT,)
SETTINGS = '/settings/password'
LONGEST_ANSWER = 4096  # characters of what a provider sends along that are looked at

log = logging.getLogger('hearth.web')


class AlreadyIn(Exception):
    """Somebody is signed in, and does not want to connect anything."""


def install(chat: Chat) -> None:
    """Register the addresses, and the form that parts an account from one elsewhere."""
    clients = {key: Client(provider) for key, provider in chat.identities.providers.items()}

    @app.get(f'{PATH}/{{key}}', include_in_schema=False)
    async def set_out(request: Request, key: str, room: str = 'lobby', connect: str = '') -> Response:
        chat.identities.provider(key)
        try:
            chosen = await _choose(chat, request, key, room, connect)
            await chat.identities.set_out(chosen.state, address_of(request.scope))
            address = await clients[key].address(chosen, return_of(request, chat.settings.public_url, key))
        except (AlreadyIn, ChatError) as error:
            return _not_set_out(key, error, room, connects=bool(connect))
        response = RedirectResponse(address, 303)
        chosen.keep(request, response, chat.settings.public_url)
        return response

    @app.get(f'{PATH}/{{key}}/callback', include_in_schema=False)
    async def come_back(request: Request, key: str) -> Response:
        chat.identities.provider(key)
        session = await chat.sessions.find(cookies.read_token(request))
        found = Way.read(request, key, session.id if session is not None else None)
        try:
            if found is None:
                raise Refused('provider_expired')
            who = await _recognize(chat, clients[key], request, found)
            response = await _let_in(chat, request, who, session, found)
        except ChatError as error:
            connects = found is not None and found.session_id is not None
            if not (connects or isinstance(error, RateLimited | Banned)):  # who is banned stands in the log already
                await chat.identities.note_failure(key, error, address_of(request.scope))
            response = _refuse(key, error, found.room if found is not None else 'lobby', connects=connects)
        way.forget(response)
        return response

    @app.post(providers.DISCONNECT, include_in_schema=False)
    async def disconnect(request: Request, provider: Annotated[str, Form()] = '') -> Response:
        try:
            forms.require_own(chat, request)
            session = await chat.sessions.find(cookies.read_token(request))
            if session is None:
                return RedirectResponse('/', 303)
            await chat.identities.disconnect(session.user, provider)
        except ChatError as error:
            return RedirectResponse(forms.back(SETTINGS, error), 303)
        return RedirectResponse(SETTINGS, 303)


async def _choose(chat: Chat, request: Request, key: str, room: str, connect: str) -> Way:
    """Return the way that a link means. Raises AlreadyIn, and Forbidden or Unauthenticated for another session's."""
    token = cookies.read_token(request)
    session = await chat.sessions.find(token)
    if connect:
        if session is None or token is None:
            raise Unauthenticated
        if not way.is_same(way.connect_proof(token, key), connect):
            raise Forbidden('This link belongs to another session.')
        return Way.begin(key, room, session.id)
    if session is not None:  # or a link anywhere could sign out a guest, who would never be that guest again
        raise AlreadyIn
    return Way.begin(key, room)


async def _recognize(chat: Chat, client: Client, request: Request, found: Way) -> Who:
    """Return who came back from a provider. Raises Refused or RateLimited."""
    answer = _answer(request)
    if not way.is_same(found.state, answer.get('state', '')):
        raise Refused('provider_expired')
    await chat.identities.come_back(found.state, address_of(request.scope))
    claims = await client.claims(found, return_of(request, chat.settings.public_url, found.provider), answer)
    return Who(chat.identities.provider(found.provider), claims)


async def _let_in(chat: Chat, request: Request, who: Who, session: Session | None, way: Way) -> Response:
    address = address_of(request.scope)
    if way.session_id is not None and session is not None:
        _, token = await chat.identities.connect(session, who, address)
        response = RedirectResponse(f'{SETTINGS}?connected={who.provider.key}', 303)
    else:
        user = await chat.identities.sign_in(who, address)
        token = await chat.sessions.begin(user, request.headers.get('user-agent', ''), address=address)
        if session is not None:  # nobody would have its token any more
            await chat.accounts.sign_out(session)
        response = RedirectResponse(links.address_of(way.room or 'lobby'), 303)
    cookies.set_token(request, response, token, chat.settings.public_url)
    return response


def _answer(request: Request) -> Mapping[str, str]:
    """Return what the provider sent along. Raises Failed if it is not clear."""
    found = request.query_params.multi_items()
    answer = dict(found)
    if len(answer) < len(found) or any(len(value) > LONGEST_ANSWER for value in answer.values()):
        raise Failed('an answer that says something twice, or too much')
    return answer


def _not_set_out(key: str, error: AlreadyIn | ChatError, room: str, *, connects: bool) -> Response:
    if isinstance(error, AlreadyIn):
        return RedirectResponse(links.address_of(room[: way.LONGEST_ROOM]), 303)
    if isinstance(error, Unauthenticated):
        return RedirectResponse('/', 303)
    return _refuse(key, error, room, connects=connects)


def _refuse(key: str, error: ChatError, room: str, *, connects: bool) -> Response:
    if isinstance(error, Failed):
        log.warning('Signing in with %r failed: %s', key, error.reason)
    target = forms.back(SETTINGS, error) if connects else forms.back('/', error, room=room[: way.LONGEST_ROOM])
    return RedirectResponse(target, 303)
