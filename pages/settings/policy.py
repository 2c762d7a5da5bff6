"""For administrators: what holds for all, and needs no restart."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, app, ui

from chat import Chat, permissions
from chat.audit import Actor
from chat.errors import ChatError, Unauthenticated
from chat.policies import PolicyChanges
from pages import forms
from pages.settings import frame
from web import cookies
from web.addresses import address_of

PATH = f'{frame.PATH}/rules'
FORMS = (PATH,)
EXPLAINED = 'What holds for everybody here, from the moment that you save it.'
WHO: list[tuple[str, str]] = [
    ('everybody', 'Everybody, guests too'),
    ('members', 'Whoever has an account'),
    ('moderators', 'Moderators and administrators'),
    ('administrators', 'Administrators'),
    ('nobody', 'Nobody'),
]


def install(chat: Chat) -> None:
    """Register the page and its form."""

    @ui.page(PATH, title='Hearth')
    async def rules(
        request: Request, client: Client, done: str = '', problem: str = '', wait: int = 0
    ) -> Response | None:
        session = await frame.session_of(chat, request)
        if isinstance(session, Response):
            return session
        if not permissions.may_administer(session.user):
            return RedirectResponse(frame.PATH, 303)
        policy = await chat.policies.get()
        with frame.section(chat, client, session, PATH, 'Rules', EXPLAINED), forms.form(PATH):
            forms.say(forms.sentence(problem, wait))
            forms.confirm('Saved.' if done else '')
            forms.choice('Who opens new rooms', 'create_rooms', policy.create_rooms, WHO)
            forms.choice('Who invites people', 'invite', policy.invite, WHO)
            forms.choice('Who writes direct messages', 'direct_messages', policy.direct_messages, WHO)
            forms.submit('Save')
        return None

    @app.post(PATH, include_in_schema=False)
    async def save(
        request: Request,
        create_rooms: Annotated[str, Form()] = '',
        invite: Annotated[str, Form()] = '',
        direct_messages: Annotated[str, Form()] = '',
    ) -> Response:
        wanted: PolicyChanges = {  # what it may be is asked where it is set
            'create_rooms': create_rooms,  # type: ignore[typeddict-item]
            'invite': invite,  # type: ignore[typeddict-item]
            'direct_messages': direct_messages,  # type: ignore[typeddict-item]
        }
        try:
            forms.require_own(chat, request)
            session = await chat.sessions.find(cookies.read_token(request))
            if session is None:
                raise Unauthenticated
            await chat.policies.change(Actor(session.user, address_of(request.scope)), **wanted)
        except ChatError as error:
            return RedirectResponse(forms.back(PATH, error), 303)
        return RedirectResponse(f'{PATH}?done=1', 303)
