"""When messages make themselves noticed, and trying whether they can."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, app, events, ui

from chat import Chat, notifications
from chat.errors import ChatError, Invalid, Unauthenticated
from chat.models import NotificationSettings
from chat.notifications import Wanted
from pages import browser, forms
from pages.settings import frame
from web import cookies

PATH = f'{frame.PATH}/notifications'
EXPLAINED = 'How you are told of messages while Hearth is open, but out of sight. In each room you choose of which.'
LONGEST_FIELD = 16  # characters of a form's field that are looked at
ALLOWED = {
    'granted': 'Desktop notifications are allowed in this browser.',
    'denied': 'This browser refuses. Its own settings for this site say so, and can be changed there.',
    'default': 'Nothing was decided: this browser will ask again.',
    'missing': 'This browser shows no notifications here. Many do so only over HTTPS.',
}
TRIED = {
    **ALLOWED,
    'shown': 'It was shown. If you did not see it, your system keeps notifications of this browser back.',
    'default': 'Allow desktop notifications first: this browser has not asked you yet.',
    'failed': 'This browser did not show it. Some phones show none for pages.',
}


def install(chat: Chat) -> None:
    """Register the page and its form."""

    @ui.page(PATH, title='Hearth')
    async def show(
        request: Request, client: Client, quiet_from: str = '', quiet_until: str = '', sound: str = '',
        problem: str = '', wait: int = 0, done: str = '',
    ) -> Response | None:  # fmt: skip
        session = await frame.session_of(chat, request)
        if isinstance(session, Response):
            return session
        stored = await chat.notifications.settings(session.user)
        kept = (quiet_from[:LONGEST_FIELD], quiet_until[:LONGEST_FIELD])
        with frame.section(chat, client, session, PATH, 'Notifications', EXPLAINED):
            with forms.form(PATH):
                forms.confirm('Saved.' if done else '')
                forms.say(_sentence(stored, kept, problem, wait))
                begin = notifications.clock(stored.quiet_from) or ''
                end = notifications.clock(stored.quiet_until) or ''
                has_failed = bool(problem)
                forms.field('Quiet from', 'quiet_from', kept[0] if has_failed else begin, type='time')
                forms.field('Quiet until', 'quiet_until', kept[1] if has_failed else end, type='time')
                ui.label('Without these, no time is quiet. It can pass midnight.').classes('field-about')
                is_loud = sound != 'off' if has_failed else stored.sound
                forms.choice('Sound', 'sound', 'on' if is_loud else 'off', [('on', 'A soft sound'), ('off', 'None')])
                forms.submit('Save')
            _show_trial()
        return None

    @app.post(PATH, include_in_schema=False)
    async def save(
        request: Request,
        quiet_from: Annotated[str, Form()] = '',
        quiet_until: Annotated[str, Form()] = '',
        sound: Annotated[str, Form()] = '',
    ) -> Response:
        wanted: Wanted = {'quiet_from': quiet_from or None, 'quiet_until': quiet_until or None, 'sound': sound != 'off'}
        try:
            forms.require_own(chat, request)
            session = await chat.sessions.find(cookies.read_token(request))
            if session is None:
                raise Unauthenticated
            await chat.notifications.change(session.user, **wanted)
        except Unauthenticated:
            return RedirectResponse('/', 303)
        except ChatError as error:
            fields = {'quiet_from': quiet_from, 'quiet_until': quiet_until, 'sound': sound}
            kept = {name: value[:LONGEST_FIELD] for name, value in fields.items()}
            return RedirectResponse(forms.back(PATH, error, **kept), 303)
        return RedirectResponse(f'{PATH}?{urlencode({"done": 1})}', 303)


def _sentence(stored: NotificationSettings, kept: tuple[str, str], problem: str, wait: int) -> str:
    """Return why the last try failed. It is found out anew: an address must not put words on this page."""
    if problem == Invalid.code:
        try:
            notifications.changed(stored, {'quiet_from': kept[0] or None, 'quiet_until': kept[1] or None})
        except Invalid as error:
            return error.message
    return forms.sentence(problem, wait)


def _show_trial() -> None:
    """Ask the browser for what it must allow, and try it; what came of that is said in words."""
    with ui.element('h2'):
        ui.label('This browser')
    with ui.element('div').classes('trial'):
        result = ui.label('').classes('trial-result').props('role=status')
        allow = _button('Allow desktop notifications')
        allow.on('click', lambda event: _say(result, ALLOWED, event), js_handler=browser.ASK_TO_NOTIFY)
        send = _button('Send a test notification')
        send.on('click', lambda event: _say(result, TRIED, event), js_handler=browser.TRY_TO_NOTIFY)


def _button(label: str) -> ui.element:
    with ui.element('button').props('type=button').classes('submit second') as button:
        ui.label(label)
    return button


def _say(result: ui.label, sentences: dict[str, str], event: events.GenericEventArguments) -> None:
    """Say what a browser told came of it, if that is something known."""
    result.text = sentences.get(event.args, '') if isinstance(event.args, str) else ''
