"""The page that a link leads to which signs in another device: once, and only by a button.

Whatever only looks at an address, such as a messenger that shows a preview, must not use the link up.
"""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import app, ui

from chat import Chat
from chat.errors import ChatError
from pages import forms, theme
from web import cookies, entering
from web.addresses import address_of

FORMS = (entering.PATH,)
LONGEST_TOKEN = 128  # characters that are looked at


def install(chat: Chat) -> None:
    """Register the page and its form."""

    @ui.page(f'{entering.PATH}/{{token}}', title='Hearth')
    async def enter(request: Request, token: str, problem: str = '', wait: int = 0) -> None:
        session = await chat.sessions.find(cookies.read_token(request))
        theme.apply(session.theme if session is not None else None)
        with ui.element('div').classes('joining'), ui.element('div').classes('joining-card'):
            ui.html(theme.LOGO, sanitize=False)
            try:
                user = await chat.accounts.link_owner(token[:LONGEST_TOKEN])
            except ChatError as error:
                forms.heading('This link signs in nobody', error.message)
                forms.link('Go to the first page', '/')
                return
            if session is not None and session.user.id == user.id:
                forms.heading(
                    f'Hello, {user.name}', 'You are signed in here already. The link is still good elsewhere.'
                )
                forms.link('Go to the rooms', '/')
                return
            who = f' {session.user.name} is signed out here then.' if session is not None else ''
            forms.heading(f'Hello, {user.name}', f'Sign in on this device?{who}')
            with forms.form(entering.PATH):
                forms.say(forms.sentence(problem, wait))
                forms.hidden('token', token[:LONGEST_TOKEN])
                forms.submit(f'Go on as {user.name}')

    @app.post(entering.PATH, include_in_schema=False)
    async def follow(request: Request, token: Annotated[str, Form()] = '') -> Response:
        token = token[:LONGEST_TOKEN]
        try:
            forms.require_own(chat, request)
            agent = request.headers.get('user-agent', '')
            _, own = await chat.accounts.follow_link(token, agent, address_of(request.scope))
        except ChatError as error:
            return RedirectResponse(forms.back(f'{entering.PATH}/{token}', error), 303)
        before = await chat.sessions.find(cookies.read_token(request))
        if before is not None:  # nobody would have its token any more
            await chat.accounts.sign_out(before)
        response = RedirectResponse('/rooms/lobby', 303)
        cookies.set_token(request, response, own, chat.settings.public_url)
        return response
