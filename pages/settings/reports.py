"""For moderators: what people have reported, what is hidden and can come back, and who is banned."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from fastapi import Request
from fastapi.responses import Response
from nicegui import Client, ui

from chat import Chat, permissions, text
from chat.clock import FOREVER, moment
from chat.models import Ban, Hidden, Outcome, Report, Session
from pages import buttons, zones
from pages.acting import actor
from pages.asking import shows_errors
from pages.settings import frame
from pages.settings.entries import MOST_SHOWN, entry, part, some_of

T = TypeVar('T')
PATH = f'{frame.PATH}/reports'
EXPLAINED = 'What people have reported, what is hidden and can come back for 7 days, and who is banned from the chat.'
SHOWN = 300  # characters of a message
WITHOUT_END = moment(FOREVER)


def install(chat: Chat) -> None:
    """Register the page."""

    @ui.page(PATH, title='Hearth')
    async def reports(request: Request, client: Client) -> Response | None:
        session = await frame.session_of(chat, request)
        if isinstance(session, Response):
            return session
        with frame.section(chat, client, session, PATH, 'Reports', EXPLAINED):
            await Moderated(chat, session, client).refresh()
        return None


class Moderated:
    """The three lists, as one moderator sees them."""

    def __init__(self, chat: Chat, session: Session, client: Client) -> None:
        self._chat = chat
        self._user = session.user
        self._actor = actor(client, session.user)
        self._reader = zones.zone(session.time_zone)
        self._client = client
        self._reports = _Place('Open reports')
        self._hidden = _Place('Hidden messages')
        self._bans = _Place('Bans')

    @shows_errors
    async def refresh(self) -> None:
        """Read and show all of it anew."""
        reports = await self._chat.reports.list(self._actor)
        is_of_chat = permissions.may_see_reports(
            self._user
        )  # else of some rooms: what is hidden there their menus show
        hidden = await self._chat.moderation.hidden(self._user) if is_of_chat else ()
        bans = await self._chat.moderation.bans(self._user) if is_of_chat else ()
        if not self._client.is_deleted:
            self._reports.show(reports, self._show_report)
            self._hidden.show(hidden, self._show_hidden)
            self._bans.show(bans, self._show_ban)

    def _show_report(self, report: Report) -> None:
        def fill() -> None:
            if not report.direct:
                buttons.entry('Hide the message', partial(self._close, report.id, 'hidden'))
            buttons.entry('Dismiss', partial(self._close, report.id, 'dismissed'))

        words = text.excerpt(report.body, SHOWN) or 'A message without words'
        where = 'in direct messages' if report.direct else f'in /{report.room}'
        about = f'{report.author.name} {where} · {report.reporter.name} says: {report.reason}'
        entry(words, f'{about} · {self._time(report.created_at)}', fill, user=report.author, what='this report')

    def _show_hidden(self, hidden: Hidden) -> None:
        message = hidden.message

        def fill() -> None:
            buttons.entry('Show it again', partial(self._show_again, message.id))

        words = text.excerpt(hidden.body, SHOWN) or 'A message without words'
        about = f'{message.author.name} in /{message.room} · gone for good on {self._time(hidden.until)}'
        entry(words, about, fill, user=message.author, what='this message')

    def _show_ban(self, ban: Ban) -> None:
        def fill() -> None:
            buttons.entry('End the ban', partial(self._unban, ban))

        ends = ban.until is not None and ban.until < WITHOUT_END
        until = f'until {self._time(ban.until)}' if ends and ban.until is not None else 'without end'
        about = ' · '.join(filter(None, [until, f'by {ban.by}' if ban.by else '', ban.reason]))
        name = ban.user.name if ban.user is not None else f'Everybody new from {ban.address}'
        entry(name, about, fill, user=ban.user, what=f'the ban of {name}')

    @shows_errors
    async def _close(self, report_id: int, outcome: Outcome) -> None:
        try:
            await self._chat.reports.close(self._actor, report_id, outcome)
        finally:
            await self.refresh()  # somebody else may have closed it meanwhile

    @shows_errors
    async def _show_again(self, message_id: int) -> None:
        try:
            await self._chat.moderation.show_again(self._actor, message_id)
        finally:
            await self.refresh()

    @shows_errors
    async def _unban(self, ban: Ban) -> None:
        if ban.user is not None:
            await self._chat.moderation.unban(self._actor, ban.user.id, None)
        else:
            await self._chat.moderation.unban_address(self._actor, ban.address)
        await self.refresh()

    def _time(self, then: datetime) -> str:
        return zones.full_time(then, self._reader)


class _Place:
    """Where one of the lists stands."""

    def __init__(self, title: str) -> None:
        part(title)
        self._list = ui.element('ul').classes('accounts long-names')
        self._said = ui.label().classes('accounts-said').props('role=status')

    def show(self, found: Sequence[T], show_one: Callable[[T], object]) -> None:
        """Show these in place of those before."""
        self._list.clear()
        with self._list:
            for each in found[:MOST_SHOWN]:
                show_one(each)
        self._said.text = some_of(len(found))
