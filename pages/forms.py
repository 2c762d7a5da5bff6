"""Plain forms, which work before any socket exists, and their parts."""

from html import escape
from urllib.parse import quote, urlencode

from fastapi import Request
from nicegui import ui

from chat import Chat
from chat.errors import ChatError, Forbidden, RateLimited
from web import origins

LONGEST_WAIT = 600  # s that are said
FOREIGN = 'This was not done: the form came from another site, or you may not do this.'


def require_own(chat: Chat, request: Request) -> None:
    """Raise Forbidden for a form that a page of another site has sent."""
    host, scheme = request.headers.get('host', ''), request.url.scheme
    if not origins.is_same_origin(request.headers.get('origin'), host, scheme, chat.settings.public_url):
        raise Forbidden('This form belongs to another site.')


def back(path: str, error: ChatError, **fields: str) -> str:
    """Return the address of the page that keeps what was said and tells what was wrong with it."""
    query = {**fields, 'problem': error.code}
    if isinstance(error, RateLimited):
        query['wait'] = str(error.retry_after)
    return f'{quote(path)}?{urlencode(query)}'


def shown_wait(wait: int) -> int:
    """Return how many seconds are said: an address could name any number."""
    return min(max(wait, 1), LONGEST_WAIT)


def heading(title: str, sentence: str) -> None:
    """Put a title and a sentence above a form."""
    with ui.element('h1'):
        ui.label(title)
    ui.label(sentence).classes('sentence')


def form(action: str) -> ui.element:
    """Return a form that is sent to a path."""
    return ui.element('form').props(f'method=post action={action}')


def field(label: str, name: str, value: str, **attributes: object) -> None:
    """Ask for a line of text."""
    with ui.element('label').classes('field'):
        ui.label(label)
        control = ui.element('input')
        control.props.update({'name': name, 'type': 'text', **attributes})
        if value:
            # As an attribute ("^"): Vue would set a property again at each update and wipe what was typed.
            control.props['^value'] = value


def choice(label: str, name: str, value: str, options: list[tuple[str, str]]) -> None:
    """Ask for one of some things, each a key and what is shown of it."""
    with ui.element('label').classes('field'):
        ui.label(label)
        entries = (
            f'<option value="{escape(key)}"{" selected" * (key == value)}>{escape(shown)}</option>'
            for key, shown in options
        )
        ui.html(''.join(entries), sanitize=False, tag='select').props['name'] = name


def hidden(name: str, value: str) -> ui.element:
    """Send something along that nobody sees."""
    control = ui.element('input')
    control.props.update({'name': name, 'value': value, 'type': 'hidden'})
    return control


def submit(label: str, kind: str = 'main') -> None:
    """Put the button below a form that sends it."""
    with ui.element('button').props('type=submit').classes(f'submit {kind}'):
        ui.label(label)


def link(label: str, address: str) -> None:
    """Lead somewhere else instead of a form."""
    with ui.element('a').classes('submit main submit-link') as anchor:
        ui.label(label)
    anchor.props['href'] = address


def say(problem: str) -> None:
    """Say what went wrong, if something did."""
    if problem:
        ui.label(problem).classes('problem').props('role=alert')
