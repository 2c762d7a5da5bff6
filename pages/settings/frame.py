"""What every section of the settings stands in: the way back, the other sections, a title."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, ui

from chat import Chat, permissions
from chat.models import Session, User
from pages import ending, forms, theme
from web import cookies

PATH = '/settings'


class Section(NamedTuple):
    """A page of the settings; ``is_for`` says whom it is shown to, and decides nothing."""

    path: str
    label: str
    is_for: Callable[[User], bool] = lambda user: True


SECTIONS = (
    Section(PATH, 'Profile'),
    Section(f'{PATH}/password', 'Password'),
    Section(f'{PATH}/notifications', 'Notifications'),
    Section(f'{PATH}/invitations', 'Invitations', lambda user: user.kind != 'bot'),
    Section(f'{PATH}/account', 'Delete account'),
)
ADMINISTRATION = (
    Section(f'{PATH}/people', 'People', permissions.may_administer),
    Section(f'{PATH}/reports', 'Reports', permissions.may_see_reports),
    Section(f'{PATH}/log', 'Log', permissions.may_see_log),
    Section(f'{PATH}/rooms', 'Rooms', permissions.may_administer),
    Section(f'{PATH}/sessions', 'Sessions', permissions.may_administer),
    Section(f'{PATH}/programs', 'Bots and webhooks', permissions.may_administer),
    Section(f'{PATH}/rules', 'Rules', permissions.may_administer),
    Section(f'{PATH}/health', 'Health', permissions.may_administer),
)


async def session_of(chat: Chat, request: Request) -> Session | Response:
    """Return who is asking, or the answer that sends a stranger to the first page."""
    return await chat.sessions.find(cookies.read_token(request)) or RedirectResponse('/', 303)


@contextmanager
def section(chat: Chat, client: Client, session: Session, path: str, title: str, sentence: str = '') -> Iterator[None]:
    """Show what is made within as the section at ``path``; it ends with the session."""
    _end_with(chat, client, session)
    theme.apply(session.theme, reader=session.user.id)
    ui.page_title(f'{title} · Hearth')
    with ui.element('div').classes('settings'):
        with ui.element('nav').classes('settings-nav').props('aria-label=Settings'):
            _link('Back to the rooms', '/rooms/lobby', is_here=False)
            _links(SECTIONS, session.user, path)
            if any(each.is_for(session.user) for each in ADMINISTRATION):
                ui.label('Administration').classes('settings-group')
            _links(ADMINISTRATION, session.user, path)
        with ui.element('div').classes('settings-main'):
            forms.heading(title, sentence)
            yield


def _links(sections: Sequence[Section], user: User, path: str) -> None:
    for each in sections:
        if each.is_for(user):
            _link(each.label, each.path, is_here=each.path == path)


def _link(label: str, address: str, *, is_here: bool) -> None:
    with ui.element('a').classes('settings-link') as anchor:
        ui.label(label)
    anchor.props['href'] = address
    if is_here:
        anchor.props['aria-current'] = 'page'


def _end_with(chat: Chat, client: Client, session: Session) -> None:
    def end() -> None:
        ending.end(client, PATH)

    client.on_connect(lambda: chat.sessions.watch(session, end))  # twice is once
    client.on_delete(lambda: chat.sessions.unwatch(session, end))
