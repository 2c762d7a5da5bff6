"""For administrators: who is signed in where, and signing somebody out there."""

from functools import partial

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, ui

from chat import Chat, permissions
from chat.models import Session, Signed
from pages import buttons, devices, zones
from pages.acting import actor
from pages.asking import shows_errors
from pages.settings import frame
from pages.settings.entries import MOST_SHOWN, entry, some_of

PATH = f'{frame.PATH}/sessions'
EXPLAINED = 'Where people are signed in, the place used last first.'


def install(chat: Chat) -> None:
    """Register the page."""

    @ui.page(PATH, title='Hearth')
    async def sessions(request: Request, client: Client) -> Response | None:
        session = await frame.session_of(chat, request)
        if isinstance(session, Response):
            return session
        if not permissions.may_administer(session.user):
            return RedirectResponse(frame.PATH, 303)
        with frame.section(chat, client, session, PATH, 'Sessions', EXPLAINED):
            await AllSessions(chat, session, client).refresh()
        return None


class AllSessions:
    """The list, as one administrator sees it."""

    def __init__(self, chat: Chat, session: Session, client: Client) -> None:
        self._supervision = chat.supervision
        self._actor = actor(client, session.user)
        self._own = session.id
        self._reader = zones.zone(session.time_zone)
        self._client = client
        self._list = ui.element('ul').classes('accounts')
        self._said = ui.label().classes('accounts-said').props('role=status')

    @shows_errors
    async def refresh(self) -> None:
        """Read and show the list anew."""
        found = await self._supervision.sessions(self._actor)
        if self._client.is_deleted:
            return
        self._list.clear()
        with self._list:
            for each in found[:MOST_SHOWN]:
                is_own = each.sign_in.id == self._own
                actions = None if is_own else partial(self._fill, each)
                entry(each.user.name, self._about(each, is_own=is_own), actions, user=each.user)
        self._said.text = some_of(len(found))

    def _about(self, signed: Signed, *, is_own: bool) -> str:
        sign_in = signed.sign_in
        used = 'This one' if is_own else devices.used(sign_in.last_used_at, self._reader)
        return ' · '.join(filter(None, [devices.name_of(sign_in.user_agent), signed.address, used]))

    def _fill(self, signed: Signed) -> None:
        buttons.entry('Sign out there', partial(self._end, signed.sign_in.id)).classes('danger')

    @shows_errors
    async def _end(self, session_id: int) -> None:
        try:
            await self._supervision.end_session(self._actor, session_id)
        finally:
            await self.refresh()  # it may have ended by itself meanwhile
