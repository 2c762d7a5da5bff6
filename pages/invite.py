"""The page of an invitation: a stranger says a name and is in, somebody who is signed in joins by a button."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import app, ui

from chat import Chat, text
from chat.audit import Actor
from chat.credentials import WRONG
from chat.errors import ChatError, NameTaken, Unauthenticated
from chat.models import Invitation, Session
from pages import forms, links, theme
from pages.entering import LONGEST_TOKEN
from web import cookies, entering
from web.addresses import address_of

FORMS = (entering.INVITATION_PATH,)
LONGEST_NAME = 256  # characters of a form's field that are looked at
TAKEN = {NameTaken.code: 'Somebody goes by this name already. Choose another.', Unauthenticated.code: WRONG}


def install(chat: Chat) -> None:
    """Register the page and its form."""

    @ui.page(f'{entering.INVITATION_PATH}/{{token}}', title='Hearth')
    async def invitation(
        request: Request, token: str, name: str = '', account: str = '', problem: str = '', wait: int = 0
    ) -> None:
        session = await chat.sessions.find(cookies.read_token(request))
        theme.apply(session.theme if session is not None else None)
        with ui.element('div').classes('joining'), ui.element('div').classes('joining-card'):
            ui.html(theme.LOGO, sanitize=False)
            try:
                found = await chat.invitations.find(token[:LONGEST_TOKEN])
            except ChatError as error:
                forms.heading('This invitation is void', error.message)
                forms.link('Go to the first page', '/')
                return
            forms.heading('You are invited', _explained(found))
            with forms.form(entering.INVITATION_PATH):
                forms.say(_sentence(name, problem, wait))
                forms.hidden('token', token[:LONGEST_TOKEN])
                _ask(found, session, name, has_account=bool(account))
            if session is None:
                path = f'{entering.INVITATION_PATH}/{token[:LONGEST_TOKEN]}'
                forms.quiet_link(*(('I am new here', path) if account else ('I have an account', f'{path}?account=1')))

    @app.post(entering.INVITATION_PATH, include_in_schema=False)
    async def follow(
        request: Request,
        token: Annotated[str, Form()] = '',
        name: Annotated[str, Form()] = '',
        password: Annotated[str, Form()] = '',
        account: Annotated[str, Form()] = '',
    ) -> Response:
        token, name = token[:LONGEST_TOKEN], name[:LONGEST_NAME]
        try:
            forms.require_own(chat, request)
            return await _follow(chat, request, token, name, password, has_account=bool(account))
        except ChatError as error:
            fields = {'name': name, 'account': '1'} if account else {'name': name}
            return RedirectResponse(forms.back(f'{entering.INVITATION_PATH}/{token}', error, **fields), 303)


async def _follow(chat: Chat, request: Request, token: str, name: str, password: str, *, has_account: bool) -> Response:
    address, agent = address_of(request.scope), request.headers.get('user-agent', '')
    session = await chat.sessions.find(cookies.read_token(request))
    found, own = await chat.invitations.find(token), None
    if session is not None:
        found = await chat.invitations.accept(Actor(session.user, address), token)
    elif has_account:
        user, own = await chat.credentials.sign_in(name, password, address, agent)
        found = await chat.invitations.accept(Actor(user, address), token)
    else:
        _, own = await chat.invitations.come(token, name, password, address, agent)
    response = RedirectResponse(links.address_of(found.rooms[0].slug) if found.rooms else '/', 303)
    if own is not None:
        cookies.set_token(request, response, own, chat.settings.public_url)
    return response


def _explained(invitation: Invitation) -> str:
    names = [room.name for room in invitation.rooms]
    where = f' to {" and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))}' if names else ' to this chat'
    return f'{invitation.created_by.name} invites you{where}.'


def _ask(invitation: Invitation, session: Session | None, name: str, *, has_account: bool) -> None:
    if session is not None:
        ui.label(f'You are signed in as {session.user.name}.')
        forms.submit('Join')
        return
    wants_password = has_account or invitation.kind != 'guest'
    autocomplete = 'username' if wants_password else 'nickname'
    forms.field('Your name', 'name', name, required=True, autofocus=True, maxlength=32, autocomplete=autocomplete)
    if has_account:
        forms.hidden('account', '1')
    if wants_password:
        forms.password('Password' if has_account else 'New password', new=not has_account)
    forms.submit('Sign in and join' if has_account else 'Join')


def _sentence(name: str, problem: str, wait: int) -> str:
    """Return why the last try failed. Found out anew: an address must not put words on this page."""
    try:
        if name and problem:
            text.clean_name(name)
    except ChatError as error:
        return error.message
    return forms.sentence(problem, wait, **TAKEN)
