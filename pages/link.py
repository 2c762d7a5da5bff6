"""The page of a link that makes an administrator, or by which somebody sets a password: once, and by a button."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import app, ui

from chat import Chat, text
from chat.errors import ChatError, Invalid, NameTaken, Unauthenticated
from chat.models import Link, Session, User
from pages import forms, theme
from pages.entering import LONGEST_TOKEN
from web import cookies, entering
from web.addresses import address_of

FORMS = (entering.ACCOUNT_PATH,)
LONGEST_NAME = 256  # likewise
NOT_FREE = {
    NameTaken.code: 'Somebody who has no account goes by this name just now. Choose another.',
    Invalid.code: 'This cannot be a name here. Choose another.',
    Unauthenticated.code: 'You were signed out meanwhile. Try again.',
}


def install(chat: Chat) -> None:
    """Register the page and its form."""

    @ui.page(f'{entering.ACCOUNT_PATH}/{{token}}', title='Hearth')
    async def link(request: Request, token: str, name: str = '', problem: str = '', wait: int = 0) -> None:
        session = await chat.sessions.find(cookies.read_token(request))
        theme.apply(session.theme if session is not None else None)
        with ui.element('div').classes('joining'), ui.element('div').classes('joining-card'):
            ui.html(theme.LOGO, sanitize=False)
            try:
                found = await chat.administration.link(token[:LONGEST_TOKEN])
            except ChatError as error:
                forms.heading('This link is void', error.message)
                forms.link('Go to the first page', '/')
                return
            _explain(found, session)
            with forms.form(entering.ACCOUNT_PATH):
                forms.say(_sentence(name, problem, wait))
                forms.hidden('token', token[:LONGEST_TOKEN])
                _ask(found, session, name)

    @app.post(entering.ACCOUNT_PATH, include_in_schema=False)
    async def follow(
        request: Request,
        token: Annotated[str, Form()] = '',
        name: Annotated[str, Form()] = '',
        password: Annotated[str, Form()] = '',
    ) -> Response:
        token = token[:LONGEST_TOKEN]
        try:
            forms.require_own(chat, request)
            return await _follow(chat, request, token, name[:LONGEST_NAME], password)
        except ChatError as error:
            path = f'{entering.ACCOUNT_PATH}/{token}'
            return RedirectResponse(forms.back(path, error, name=name[:LONGEST_NAME]), 303)


async def _follow(chat: Chat, request: Request, token: str, name: str, password: str) -> Response:
    administration, address = chat.administration, address_of(request.scope)
    session = await chat.sessions.find(cookies.read_token(request))
    if (await administration.link(token)).purpose == 'password':
        user = await administration.set_password_by_link(token, password, address)
    elif session is not None and _has_account(session.user):
        _, own = await administration.become_administrator(token, session, address)
        return _signed_in(chat, request, own)
    else:
        guest = session.user if session is not None else None
        wanted = guest.name if guest is not None else name
        user = await administration.become_administrator_as(token, wanted, password, address, guest)
    if session is not None and session.user.id != user.id:
        await chat.accounts.sign_out(session)
    return _signed_in(
        chat, request, await chat.sessions.begin(user, request.headers.get('user-agent', ''), address=address)
    )


def _signed_in(chat: Chat, request: Request, token: str) -> Response:
    response = RedirectResponse('/rooms/lobby', 303)
    cookies.set_token(request, response, token, chat.settings.public_url)
    return response


def _explain(link: Link, session: Session | None) -> None:
    if link.user is not None:
        elsewhere = session is not None and session.user.id != link.user.id
        who = f' {session.user.name} is signed out here then.' if session is not None and elsewhere else ''
        forms.heading(f'Hello, {link.user.name}', f'Choose a new password. It signs you out everywhere else.{who}')
    elif session is None:
        forms.heading(
            'Become the administrator', 'Choose a name and a password. If you have an account, it gets this password.'
        )
    elif _has_account(session.user):
        forms.heading('Become an administrator', f'{session.user.name} can then make accounts and say who may what.')
    else:
        forms.heading(
            f'Hello, {session.user.name}', 'Choose a password: it makes the name yours, and you are the administrator.'
        )


def _ask(link: Link, session: Session | None, name: str) -> None:
    if link.user is not None:
        forms.hidden_username(link.user.name)
        forms.password('New password', new=True)
        forms.submit('Set the password')
        return
    if session is None:
        forms.field('Your name', 'name', name, required=True, autofocus=True, maxlength=32, autocomplete='username')
    if session is None or not _has_account(session.user):
        forms.password('New password', new=True)
    forms.submit('Become the administrator')


def _has_account(user: User) -> bool:
    return user.kind not in ('guest', 'bot')


def _sentence(name: str, problem: str, wait: int) -> str:
    try:
        if name and problem == Invalid.code:
            text.clean_name(name)
    except Invalid as error:
        return error.message
    return forms.sentence(problem, wait, **NOT_FREE)
