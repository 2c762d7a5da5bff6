"""For administrators: how the server is, in numbers."""

from datetime import timedelta

import nicegui
from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, ui

from chat import Chat, permissions
from chat.health import Health
from pages import forms
from pages.acting import actor
from pages.settings import frame
from pages.settings.entries import plural, size

PATH = f'{frame.PATH}/health'
EXPLAINED = 'As of now, of the server that you are on.'
REDIS = {'not used': 'Not used', 'connected': 'Connected', 'away': 'Cannot be reached'}


def install(chat: Chat) -> None:
    """Register the page."""

    @ui.page(PATH, title='Hearth')
    async def health(request: Request, client: Client) -> Response | None:
        session = await frame.session_of(chat, request)
        if isinstance(session, Response):
            return session
        if not permissions.may_administer(session.user):
            return RedirectResponse(frame.PATH, 303)
        found = await chat.health.get(actor(client, session.user))
        with frame.section(chat, client, session, PATH, 'Health', EXPLAINED):
            forms.say(found.problem)
            with ui.element('dl').classes('health'):
                for what, value in lines(found):
                    with ui.element('dt'):
                        ui.label(what)
                    with ui.element('dd'):
                        ui.label(value)
            forms.link('Look again', PATH)
        return None


def lines(health: Health) -> list[tuple[str, str]]:
    """Return what is shown: names and values."""
    connections = ', '.join(f'{door} {count}' for door, count in sorted(health.connections.items())) or 'none'
    p95 = health.delivery_p95
    versions = {**health.versions, 'nicegui': nicegui.__version__}
    return [
        ('People online', f'{health.people_online:,}'),
        ('Messages', f'{health.messages_per_second:.2f} a second in the last minute'),
        ('Delivery', 'nothing told yet' if p95 is None else f'95 of 100 within {p95 * 1000:g} ms, since the start'),
        ('Connections of programs', connections),
        ('Database', size(health.database_size)),
        ('Pictures and files', size(health.upload_size)),
        ('Memory of the server', 'not known here' if health.memory is None else size(health.memory)),
        ('Running for', _span(timedelta(seconds=int(health.uptime)))),
        ('Redis', REDIS[health.redis]),
        ('Versions', ', '.join(f'{name} {version}' for name, version in versions.items())),
    ]


def _span(span: timedelta) -> str:
    hours, minutes = divmod(span.seconds // 60, 60)
    if span.days:
        return f'{plural(span.days, "day", "days")}, {plural(hours, "hour", "hours")}'
    return f'{plural(hours, "hour", "hours")}, {plural(minutes, "minute", "minutes")}'
