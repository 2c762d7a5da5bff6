"""For administrators: who did what to whom, and when."""

from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, ui

from chat import Chat, permissions
from chat.log import PAGE
from chat.models import LogEntry
from pages import forms, zones
from pages.acting import actor
from pages.settings import frame
from pages.settings.entries import entry

PATH = f'{frame.PATH}/log'
EXPLAINED = 'What moderators and administrators did, and sign-ins that failed, the newest first.'
LARGEST_ID = 2**63 - 1


def install(chat: Chat) -> None:
    """Register the page."""

    @ui.page(PATH, title='Hearth')
    async def log(request: Request, client: Client, before: int = 0) -> Response | None:
        session = await frame.session_of(chat, request)
        if isinstance(session, Response):
            return session
        if not permissions.may_see_log(session.user):
            return RedirectResponse(frame.PATH, 303)
        start = before if 0 < before <= LARGEST_ID else None
        reader = zones.zone(session.time_zone)
        entries = await chat.log.entries(actor(client, session.user), start)
        with frame.section(chat, client, session, PATH, 'Log', EXPLAINED):
            with ui.element('ul').classes('accounts long-names'):
                for each in entries:
                    entry(name_of(each), about(each, reader))
            if not entries:
                ui.label('Nothing.').classes('accounts-said')
            if len(entries) == PAGE:
                forms.quiet_link('Older ones', f'{PATH}?{urlencode({"before": entries[-1].id})}')
            if start is not None:
                forms.quiet_link('The newest', PATH)
        return None


def name_of(line: LogEntry) -> str:
    """Return what happened in one sentence."""
    result = '' if line.result == 'done' else f' ({line.result})'
    target = f': {line.target}' if line.target else ''
    return f'{line.actor} · {line.action}{target}{result}'


def about(line: LogEntry, reader: ZoneInfo) -> str:
    """Return when, from where, in which room and why."""
    room = f'in {line.room}' if line.room else ''
    address = f'from {line.address}' if line.address else ''
    return ' · '.join(filter(None, [zones.full_time(line.at, reader), address, room, line.details]))
