"""Deleting one's account: what happens is said before, and asked for twice, as nothing brings it back."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, app, ui

from chat import Chat
from chat.administration import LAST
from chat.errors import ChatError, Conflict, Invalid, Unauthenticated
from chat.models import KeepOrRemove
from chat.text import DELETED_ACCOUNT
from pages import forms, joining
from pages.settings import frame
from web import cookies
from web.addresses import address_of

PATH = f'{frame.PATH}/account'
FOR_GOOD = 'This cannot be undone.'
AT_ONCE = (
    'You are signed out on all your devices, and leave all rooms.',
    'Your name is free for somebody else, and nothing that belongs to it is kept: ways to sign in, profile, drafts.',
    'Rooms that you alone own go on without an owner and without webhooks; a private room that nobody else belongs to '
    'is deleted.',
)
STAYS = (
    'What others have written, also where they mention your name or have copied your words.',
    'Copies that people have made, and backups of this server.',
)
MESSAGES: tuple[tuple[KeepOrRemove, str, str], ...] = (
    (
        'keep',
        f'Keep them, under the name “{DELETED_ACCOUNT}”',
        'Others can still follow what was said; your name is not shown any more.',
    ),
    (
        'remove',
        'Remove all of them',
        'In every room “This message was deleted.” takes their place. With many messages that takes some minutes.',
    ),
)


class Unsure(ChatError):
    """The box that says that one is sure was not checked."""

    code = 'unsure'


PROBLEMS = {
    Unsure.code: 'Check the box if you are sure. Nothing was deleted.',
    Invalid.code: 'This is not your password. Nothing was deleted.',
    Conflict.code: LAST,
}


def install(chat: Chat) -> None:
    """Register the page and its form."""

    @ui.page(PATH, title='Hearth')
    async def account(
        request: Request, client: Client, messages: str = '', problem: str = '', wait: int = 0
    ) -> Response | None:
        session = await frame.session_of(chat, request)
        if isinstance(session, Response):
            return session
        has_password = await chat.credentials.has_password(session.user)
        with frame.section(chat, client, session, PATH, 'Delete account', FOR_GOOD):
            forms.say(forms.sentence(problem, wait, **PROBLEMS))
            _explain('What happens at once', AT_ONCE)
            _explain('What stays in any case', STAYS)
            with forms.form(PATH):
                forms.options('What becomes of your messages?', 'messages', messages or 'keep', MESSAGES)
                if has_password:
                    forms.hidden_username(session.user.name)
                    forms.password('Your password')
                forms.checkbox(f'I am sure: delete the account of “{session.user.name}” for good.', 'sure')
                forms.submit('Delete my account', 'danger')
        return None

    @app.post(PATH, include_in_schema=False)
    async def delete(
        request: Request,
        messages: Annotated[KeepOrRemove, Form()] = 'keep',
        password: Annotated[str | None, Form()] = None,
        sure: Annotated[str, Form()] = '',
    ) -> Response:
        try:
            forms.require_own(chat, request)
            session = await chat.sessions.find(cookies.read_token(request))
            if session is None:
                raise Unauthenticated
            if not sure:
                raise Unsure(PROBLEMS[Unsure.code])
            await chat.deletion.delete_own(session.user, messages, password, address_of(request.scope))
        except Unauthenticated:
            return RedirectResponse('/', 303)
        except ChatError as error:
            return RedirectResponse(forms.back(PATH, error, messages=messages), 303)
        response = RedirectResponse(joining.farewell(messages), 303)
        cookies.clear_token(response)
        return response


def _explain(title: str, points: tuple[str, ...]) -> None:
    with ui.element('h2'):
        ui.label(title)
    with ui.element('ul').classes('points'):
        for point in points:
            with ui.element('li'):
                ui.label(point)
