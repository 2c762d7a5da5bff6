"""The first page: say a name, choose or open a room, join. Plain forms, which work before any socket exists."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import app, ui

from chat import Chat, permissions, text
from chat.credentials import WRONG
from chat.errors import ChatError, Conflict, Forbidden, NameTaken, Unauthenticated
from chat.models import KeepOrRemove, RoomEntry, Session, User
from chat.rooms import TOO_MANY_ALIKE
from pages import forms, links, room_list, strangers, theme, zones
from web import cookies
from web.addresses import address_of

FORMS = ('/join', '/sign-out')
FAREWELLS = {  # by what becomes of the messages
    'keep': 'The account is deleted.',
    'remove': 'The account is deleted. Its messages are being removed, which can take some minutes.',
}
LONGEST_FIELD = 256  # characters of a form's field that are looked at; of a password all are


def install(chat: Chat) -> None:
    """Register the first page and the forms on it."""

    @ui.page('/', title='Hearth')
    async def first(
        request: Request,
        name: str = '',
        room: str = 'lobby',
        new_room: str = '',
        account: str = '',
        deleted: str = '',
        problem: str = '',
        wait: int = 0,
    ) -> None:
        session = await chat.sessions.find(cookies.read_token(request))
        theme.apply(session.theme if session is not None else None)
        said = strangers.Said(name, room, new_room, has_account=bool(account))
        with ui.element('div').classes('joining'), ui.element('div').classes('joining-card'):
            ui.html(theme.LOGO, sanitize=False)
            if session is None:
                forms.confirm(FAREWELLS.get(deleted, ''))
                await strangers.ask(chat, said, await _sentence(chat, said, problem, wait))
            else:
                await _welcome_back(chat, session, new_room, _about_room(new_room, problem, wait))

    @app.post('/join', include_in_schema=False)
    async def join(
        request: Request,
        name: Annotated[str, Form()] = '',
        password: Annotated[str, Form()] = '',
        new_account: Annotated[str, Form()] = '',
        room: Annotated[str, Form()] = 'lobby',
        new_room: Annotated[str, Form()] = '',
        zone: Annotated[str, Form()] = '',
        account: Annotated[str, Form()] = '',
    ) -> Response:
        fields = {'name': name[:LONGEST_FIELD], 'room': room[:LONGEST_FIELD], 'new_room': new_room[:LONGEST_FIELD]}
        secret = password if account else None
        try:
            forms.require_own(chat, request)
            return await _join(chat, request, zone, secret, is_new=bool(new_account), **fields)
        except ChatError as error:
            if account or (isinstance(error, NameTaken) and await chat.credentials.is_account(fields['name'])):
                fields['account'] = '1'
            return RedirectResponse(forms.back('/', error, **fields), 303)

    @app.post('/sign-out', include_in_schema=False)
    async def sign_out(request: Request) -> Response:
        response = RedirectResponse('/', 303)
        try:
            forms.require_own(chat, request)
        except Forbidden:
            return response
        session = await chat.sessions.find(cookies.read_token(request))
        if session is not None:
            await chat.accounts.sign_out(session)
        cookies.clear_token(response)
        return response


def farewell(what: KeepOrRemove) -> str:
    """Return the address that tells somebody that their account is deleted."""
    return f'/?deleted={what}'


async def _join(
    chat: Chat, request: Request, zone: str, password: str | None, name: str, room: str, new_room: str, *, is_new: bool
) -> Response:
    session = await chat.sessions.find(cookies.read_token(request))
    token = None
    if session is None:
        if new_room.strip():
            text.clean_room_name(new_room)  # before a name is taken for nothing
        user, token = await _come(chat, request, zone, name, password, is_new=is_new)
    else:
        user = session.user
    try:
        slug = (await chat.rooms.create(user, new_room)).slug if new_room.strip() else room
        target = links.address_of(slug)
    except ChatError as error:
        target = forms.back('/', error, name=name, room=room, new_room=new_room)  # signed in all the same
    response = RedirectResponse(target, 303)
    if token is not None:
        cookies.set_token(request, response, token, chat.settings.public_url)
    return response


async def _come(
    chat: Chat, request: Request, zone: str, name: str, password: str | None, *, is_new: bool
) -> tuple[User, str]:
    """Sign a stranger in as a guest, or with a password; returns who that is and the session's token."""
    address, agent = address_of(request.scope), request.headers.get('user-agent', '')
    time_zone = zone if zones.is_known(zone) else None
    if password is not None and not is_new:
        return await chat.credentials.sign_in(name, password, address, agent, time_zone)
    if password is None:
        user = await chat.accounts.add_guest(name, address)
    else:
        user = await chat.credentials.register(name, password, address)
    return user, await chat.sessions.begin(user, agent, time_zone, address)


async def _sentence(chat: Chat, said: strangers.Said, problem: str, wait: int) -> str:
    """Return why a stranger's last try failed. It is found out anew: an address must not put words on this page."""
    may_choose = permissions.may_register(chat.settings.sign_in)  # else nobody is told which names there are
    if may_choose and said.name and problem in ('', 'invalid', NameTaken.code):
        try:
            await chat.accounts.check_name(said.name)
        except NameTaken as error:
            is_account = said.has_account and await chat.credentials.is_account(said.name)
            return strangers.taken(chat.settings.sign_in, said.name, error.suggestion) if is_account else error.message
        except ChatError as error:
            return error.message
    return _about_room(said.new_room, problem, wait)


def _about_room(new_room: str, problem: str, wait: int) -> str:
    try:
        if new_room.strip():
            text.clean_room_name(new_room)
    except ChatError as error:
        return error.message
    return forms.sentence(problem, wait, **{Conflict.code: TOO_MANY_ALIKE, Unauthenticated.code: WRONG})


async def _welcome_back(chat: Chat, session: Session, new_room: str, problem: str) -> None:
    forms.heading(f'Hello, {session.user.name}', 'Where to?')
    entries = await chat.rooms.list(session.user)
    with ui.element('nav').classes('rooms joining-rooms').props('aria-label=Rooms'):
        for entry in entries:
            _room_link(entry)
    with forms.form('/join'):
        forms.say(problem)
        with ui.element('details').props('open' if new_room else ''):
            with ui.element('summary'):
                ui.label('Open a new room')
            forms.field('Name of the new room', 'new_room', new_room, maxlength=64, required=True)
            forms.submit('Open it')
    with forms.form('/sign-out'):
        forms.submit('Sign out', 'quiet')


def _room_link(entry: RoomEntry) -> None:
    link = ui.html(room_list.label(entry.room, room_list.badge(entry)), sanitize=False, tag='a').classes('room-link')
    link.props['href'] = links.address_of(entry.room.slug)
