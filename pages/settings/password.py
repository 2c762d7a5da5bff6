"""Setting a password, by which a guest's name becomes theirs for good, and changing it."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, app, ui

from chat import Chat
from chat.errors import ChatError, Conflict, Invalid, Unauthenticated
from chat.models import User
from pages import forms, providers
from pages.settings import frame
from web import cookies
from web.addresses import address_of

PATH = f'{frame.PATH}/password'
WRONG = {
    Invalid.code: 'This is not your password.',
    Conflict.code: 'The password was changed at this very moment.',
}


def install(chat: Chat) -> None:
    """Register the page and its form."""

    @ui.page(PATH, title='Hearth')
    async def password(
        request: Request, client: Client, problem: str = '', wait: int = 0, done: str = '', connected: str = ''
    ) -> Response | None:
        session = await frame.session_of(chat, request)
        if isinstance(session, Response):
            return session
        user = session.user
        has_one = await chat.credentials.has_password(user)
        with frame.section(chat, client, session, PATH, 'Password', _explained(user, has_one=has_one)):
            forms.confirm('The password is set. All other devices are signed out.' if done and has_one else '')
            with forms.form(PATH):
                forms.say(forms.sentence(problem, wait, **WRONG))
                forms.hidden_username(user.name)
                if has_one:
                    forms.password('Current password', 'current_password')
                forms.password('New password', new=True)
                forms.submit('Change the password' if has_one else 'Set the password')
            await providers.show_connected(chat, request, user, connected)
        return None

    @app.post(PATH, include_in_schema=False)
    async def set_password(
        request: Request, password: Annotated[str, Form()] = '', current_password: Annotated[str, Form()] = ''
    ) -> Response:
        try:
            forms.require_own(chat, request)
            session = await chat.sessions.find(cookies.read_token(request))
            if session is None:
                raise Unauthenticated
            _, token = await chat.credentials.set_password(
                session, password, current_password, address_of(request.scope)
            )
        except Unauthenticated:
            return RedirectResponse('/', 303)
        except ChatError as error:
            return RedirectResponse(forms.back(PATH, error), 303)
        response = RedirectResponse(f'{PATH}?done=1', 303)
        cookies.set_token(request, response, token, chat.settings.public_url)
        return response


def _explained(user: User, *, has_one: bool) -> str:
    if has_one:
        return 'Wherever else you are signed in, you are signed out by a new password.'
    if user.kind != 'guest':
        return 'With a password you can also sign in by your name. A short sentence is easy to remember.'
    return (
        f'With a password the name "{user.name}" is yours for good: everything you wrote stays yours, and you come '
        'back from any device with name and password. At least 8 characters; a short sentence is easy to remember.'
    )
