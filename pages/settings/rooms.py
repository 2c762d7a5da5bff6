"""For administrators: all rooms but those of direct messages, to be archived or deleted."""

from collections.abc import Sequence
from functools import partial

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, ui

from chat import Chat, permissions
from chat.models import RoomSummary, User
from pages import buttons, dialogs
from pages.acting import actor
from pages.asking import shows_errors
from pages.settings import frame
from pages.settings.entries import MOST_SHOWN, entry, plural, some_of

PATH = f'{frame.PATH}/rooms'
EXPLAINED = 'Every room and how large it is. What is said in a private one only its members read.'


def install(chat: Chat) -> None:
    """Register the page."""

    @ui.page(PATH, title='Hearth')
    async def rooms(request: Request, client: Client) -> Response | None:
        session = await frame.session_of(chat, request)
        if isinstance(session, Response):
            return session
        if not permissions.may_administer(session.user):
            return RedirectResponse(frame.PATH, 303)
        with frame.section(chat, client, session, PATH, 'Rooms', EXPLAINED):
            await AllRooms(chat, session.user, client).refresh()
        return None


class AllRooms:
    """The list, as one administrator sees it."""

    def __init__(self, chat: Chat, administrator: User, client: Client) -> None:
        self._supervision = chat.supervision
        self._actor = actor(client, administrator)
        self._client = client
        self._words = ''
        find = ui.input('Find a room', on_change=lambda event: self._find(event.value or ''))
        find.props('outlined dense clearable debounce=300 maxlength=64').classes('accounts-find')
        self._list = ui.element('ul').classes('accounts')
        self._said = ui.label().classes('accounts-said').props('role=status')

    @shows_errors
    async def refresh(self) -> None:
        """Read and show the list anew."""
        found = await self._supervision.rooms(self._actor)
        if not self._client.is_deleted:
            words = self._words.casefold()
            self._show([each for each in found if words in each.room.name.casefold()])

    async def _find(self, words: str) -> None:
        self._words = words
        await self.refresh()

    def _show(self, found: Sequence[RoomSummary]) -> None:
        self._list.clear()
        with self._list:
            for each in found[:MOST_SHOWN]:
                entry(each.room.name, _about(each), partial(self._fill, each))
        self._said.text = some_of(len(found))

    def _fill(self, summary: RoomSummary) -> None:
        room = summary.room
        if room.archived:
            buttons.entry('Let people write again', partial(self._set_archived, room.slug, archived=False))
        else:
            buttons.entry('Archive', partial(self._set_archived, room.slug, archived=True))
        question = f'Delete "{room.name}" with all {plural(summary.messages, "message", "messages")} in it?'
        delete = partial(self._delete, room.slug)
        buttons.entry('Delete', lambda: dialogs.confirm(question, 'Delete', delete)).classes('danger')

    @shows_errors
    async def _set_archived(self, slug: str, *, archived: bool) -> None:
        await self._supervision.set_archived(self._actor, slug, archived=archived)
        await self.refresh()

    @shows_errors
    async def _delete(self, slug: str) -> None:
        await self._supervision.delete_room(self._actor, slug)
        await self.refresh()


def _about(summary: RoomSummary) -> str:
    room = summary.room
    kinds = [word for word, holds in (('private', room.private), ('archived', room.archived)) if holds]
    numbers = [plural(summary.people, 'person', 'people'), plural(summary.messages, 'message', 'messages')]
    return ' · '.join([f'/{room.slug}', *kinds, *numbers])
