"""The invitations that one has made; for administrators all."""

from functools import partial
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import Response
from nicegui import Client, ui

from chat import Chat
from chat.models import Invitation, Session
from pages import buttons, dialogs, inviting, zones
from pages.acting import actor
from pages.asking import shows_errors
from pages.settings import frame
from pages.settings.entries import MOST_SHOWN, entry, plural, some_of

PATH = f'{frame.PATH}/invitations'
EXPLAINED = 'Links that let people in, and into rooms. Take one back, and it opens nothing any more.'
NAMES = {'guest': 'guests', 'member': 'members', 'moderator': 'moderators'}


def install(chat: Chat) -> None:
    """Register the page."""

    @ui.page(PATH, title='Hearth')
    async def invitations(request: Request, client: Client) -> Response | None:
        session = await frame.session_of(chat, request)
        if isinstance(session, Response):
            return session
        with frame.section(chat, client, session, PATH, 'Invitations', EXPLAINED):
            await OwnInvitations(chat, session, client).refresh()
        return None


class OwnInvitations:
    """The list, as one person sees it."""

    def __init__(self, chat: Chat, session: Session, client: Client) -> None:
        self._chat = chat
        self._user = session.user
        self._client = client
        self._actor = actor(client, session.user)
        self._reader = zones.zone(session.time_zone)
        with ui.element('div'):
            buttons.main('Invite people', self._ask)
        self._list = ui.element('ul').classes('accounts')
        self._said = ui.label().classes('accounts-said').props('role=status')

    @shows_errors
    async def refresh(self) -> None:
        """Read and show the list anew."""
        found = await self._chat.invitations.list(self._actor)
        if self._client.is_deleted:
            return
        self._list.clear()
        with self._list:
            for each in found[:MOST_SHOWN]:
                entry(name_of(each), about(each, self._user.id, self._reader), partial(self._fill, each))
        self._said.text = some_of(len(found))

    @shows_errors
    async def _ask(self) -> None:
        await inviting.ask(self._chat, self._client, self._user, on_made=self.refresh)

    def _fill(self, invitation: Invitation) -> None:
        if not (invitation.is_over or invitation.is_void):
            buttons.entry('Show the link', lambda: inviting.show(self._chat, self._client, invitation))
        buttons.entry('Who came', partial(self._show_who_came, invitation))
        if not invitation.is_over:
            buttons.entry('Take it back', partial(self._revoke, invitation.id)).classes('danger')

    @shows_errors
    async def _show_who_came(self, invitation: Invitation) -> None:
        users = await self._chat.invitations.who_came(self._actor, invitation.id)
        with self._client, dialogs.titled('Who came') as dialog:
            if not users:
                ui.label('Nobody yet.')
            with ui.element('ul').classes('accounts'):
                for user in users[:MOST_SHOWN]:
                    entry(user.name, NAMES.get(user.kind, user.kind).removesuffix('s'), user=user)
            with ui.element('div').classes('dialog-buttons'):
                buttons.main('Done', dialog.close)

    @shows_errors
    async def _revoke(self, invitation_id: int) -> None:
        await self._chat.invitations.revoke(self._actor, invitation_id)
        await self.refresh()


def name_of(invitation: Invitation) -> str:
    """Return what an invitation is called in a list."""
    rooms = ', '.join(room.name for room in invitation.rooms)
    return invitation.label or rooms or 'To the chat'


def about(invitation: Invitation, reader_id: int, reader: ZoneInfo) -> str:
    """Return what is known of an invitation, on one line."""
    most = '' if invitation.most_uses is None else f' of {invitation.most_uses:,}'
    parts = [
        'over' if invitation.is_over else '',
        'lets nobody in: its maker may not invite so any more' if invitation.is_void else '',
        f'for {NAMES[invitation.kind]}',
        ', '.join(room.name for room in invitation.rooms) if invitation.label else '',
        f'{plural(invitation.uses, "use", "uses")}{most}',
        'without end' if invitation.until is None else f'until {zones.full_time(invitation.until, reader)}',
        '' if invitation.created_by.id == reader_id else f'by {invitation.created_by.name}',
    ]
    return ' · '.join(filter(None, parts))
