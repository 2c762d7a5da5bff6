"""The first page: say a name, choose or open a room, join. Plain forms, which work before any socket exists."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import app, ui

from chat import Chat, text
from chat.errors import ChatError, Conflict, Forbidden, RateLimited, StorageFailed
from chat.models import RoomEntry, Session
from chat.rooms import TOO_MANY_ALIKE
from pages import browser, forms, links, room_list, theme, zones
from web import cookies, entering
from web.addresses import address_of

FORMS = ('/join', '/sign-out', entering.PATH)  # where they are sent to
LONGEST_FIELD = 256  # characters of a form's field that are looked at


def install(chat: Chat) -> None:
    """Register the first page and the forms on it."""

    @ui.page('/', title='Hearth')
    async def first(
        request: Request, name: str = '', room: str = 'lobby', new_room: str = '', problem: str = '', wait: int = 0
    ) -> None:
        session = await chat.sessions.find(cookies.read_token(request))
        theme.apply(session.theme if session is not None else None)
        sentence = await _sentence(chat, session, name, new_room, problem, wait)
        with ui.element('div').classes('joining'), ui.element('div').classes('joining-card'):
            ui.html(theme.LOGO, sanitize=False)
            if session is None:
                await _ask_name(chat, name, room, new_room, sentence)
            else:
                await _welcome_back(chat, session, new_room, sentence)

    @app.post('/join', include_in_schema=False)
    async def join(
        request: Request,
        name: Annotated[str, Form()] = '',
        room: Annotated[str, Form()] = 'lobby',
        new_room: Annotated[str, Form()] = '',
        zone: Annotated[str, Form()] = '',
    ) -> Response:
        fields = {'name': name[:LONGEST_FIELD], 'room': room[:LONGEST_FIELD], 'new_room': new_room[:LONGEST_FIELD]}
        try:
            forms.require_own(chat, request)
            return await _join(chat, request, zone, **fields)
        except ChatError as error:
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


async def _join(chat: Chat, request: Request, zone: str, name: str, room: str, new_room: str) -> Response:
    session = await chat.sessions.find(cookies.read_token(request))
    token = None
    if session is None:
        if new_room.strip():
            text.clean_room_name(new_room)  # before a name is taken for nothing
        user = await chat.accounts.add_guest(name, address_of(request.scope))
        time_zone = zone if zones.is_known(zone) else None
        token = await chat.sessions.begin(user, request.headers.get('user-agent', ''), time_zone)
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


async def _sentence(chat: Chat, session: Session | None, name: str, new_room: str, problem: str, wait: int) -> str:
    """Return why the last try failed. It is found out anew: an address must not put words on this page."""
    try:
        if name and session is None:
            await chat.accounts.check_name(name)
        if new_room.strip():
            text.clean_room_name(new_room)
    except ChatError as error:
        return error.message
    doing = 'joining' if session is None else 'creating rooms'
    return {
        RateLimited.code: RateLimited(doing, forms.shown_wait(wait)).message,
        StorageFailed.code: StorageFailed().message,
        Conflict.code: TOO_MANY_ALIKE,
        Forbidden.code: forms.FOREIGN,
    }.get(problem, '')


async def _ask_name(chat: Chat, name: str, room: str, new_room: str, problem: str) -> None:
    forms.heading('Welcome', 'Say your name, and you are in.')
    open_rooms = await chat.rooms.list_open()
    wanted = next((each for each in open_rooms if each.slug == room), None)
    with forms.form('/join'):
        zone = forms.hidden('zone', '')
        ui.on('browser', lambda event: zone.props.update(value=_zone_name(event.args)))
        ui.context.client.on_connect(lambda: ui.run_javascript(browser.REPORT))
        forms.say(problem)
        forms.field('Your name', 'name', name, required=True, autofocus=True, maxlength=32, autocomplete='nickname')
        if wanted is None or len(open_rooms) > 1:
            forms.choice('Room', 'room', room, [(each.slug, each.name) for each in open_rooms])
        else:
            forms.hidden('room', wanted.slug)
        with ui.element('details').props('open' if new_room else ''):
            with ui.element('summary'):
                ui.label('Open a new room instead')
            forms.field('Name of the new room', 'new_room', new_room, maxlength=64)
        forms.submit('Join')


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
    link = ui.html(room_list.label(entry.room, entry.unread), sanitize=False, tag='a').classes('room-link')
    link.props['href'] = links.address_of(entry.room.slug)


def _zone_name(args: object) -> str:
    name = args[0] if isinstance(args, list) and args else None
    return name if isinstance(name, str) and zones.is_known(name) else ''
