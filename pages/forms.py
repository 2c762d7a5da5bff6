"""Plain forms, which work before any socket exists, and their parts."""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote, urlencode

from fastapi import Request
from nicegui import ui

from chat import Chat, admission, identities, passwords, pictures, rate_limits
from chat.errors import Busy, ChatError, Forbidden, RateLimited, StorageFailed
from web import origins

LONGEST_WAIT = 600  # s that are said
BUSY = 'busy'
FOREIGN = 'This was not done: the form came from another site, or you may not do this.'


def require_own(chat: Chat, request: Request) -> None:
    """Raise Forbidden for a form that a page of another site has sent."""
    host, scheme = request.headers.get('host', ''), request.url.scheme
    if not origins.is_same_origin(request.headers.get('origin'), host, scheme, chat.settings.public_url):
        raise Forbidden('This form belongs to another site.')


def back(path: str, error: ChatError, **fields: str) -> str:
    """Return the address of the page that keeps what was said and tells what was wrong with it."""
    query = {**fields, 'problem': getattr(error, 'rule', error.code)}  # where one of several was broken
    if isinstance(error, RateLimited):
        query['problem'] = f'{error.code} {error.doing}' if error.doing else BUSY
        query['wait'] = str(error.retry_after)
    return f'{quote(path)}?{urlencode(query)}'


def sentence(problem: str, wait: int, **others: str) -> str:
    """Return what a problem in an address means, which has no words of its own; ``others`` are those of one page."""
    code, _, doing = problem.partition(' ')
    if code == RateLimited.code and doing in rate_limits.KNOWN:
        return RateLimited(doing, shown_wait(wait)).message
    known = {
        BUSY: Busy('Many people sign in just now.', shown_wait(wait)).message,
        StorageFailed.code: StorageFailed().message,
        Forbidden.code: FOREIGN,
        **admission.RULES,
        **passwords.RULES,
        **pictures.RULES,
        **identities.RULES,
        **others,
    }
    return known.get(problem, '')


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


def password(label: str, name: str = 'password', *, new: bool = False, autofocus: bool = False) -> None:
    """Ask for a password, one that there is or a new one; what was typed is never given back."""
    rules: dict[str, object] = {'minlength': passwords.SHORTEST} if new else {}
    kind = 'new-password' if new else 'current-password'
    field(label, name, '', type='password', required=True, autocomplete=kind, autofocus=autofocus, **rules)


def file(label: str, name: str, kinds: str) -> None:
    """Ask for a file of one of some kinds, which a browser offers and nobody has to keep to."""
    with ui.element('label').classes('field'):
        ui.label(label)
        ui.element('input').props.update({'type': 'file', 'name': name, 'accept': kinds, 'required': True})


def choice(label: str, name: str, value: str, options: list[tuple[str, str]]) -> None:
    """Ask for one of some things, each a key and what is shown of it."""
    with ui.element('label').classes('field'):
        ui.label(label)
        entries = (
            f'<option value="{escape(key)}"{" selected" * (key == value)}>{escape(shown)}</option>'
            for key, shown in options
        )
        ui.html(''.join(entries), sanitize=False, tag='select').props['name'] = name


def options(question: str, name: str, value: str, answers: Sequence[tuple[str, str, str]]) -> None:
    """Ask for one of a few things, each a key, what it is and what that means."""
    with ui.element('fieldset').classes('options'):
        with ui.element('legend'):
            ui.label(question)
        for key, label, meaning in answers:
            with ui.element('label').classes('option'):
                control = ui.element('input')
                control.props.update({'type': 'radio', 'name': name, 'value': key, 'required': True})
                if key == value:
                    control.props['^checked'] = ''
                with ui.element('span'):
                    ui.label(label).classes('option-label')
                    ui.label(meaning).classes('option-meaning')


def checkbox(label: str, name: str) -> None:
    """Ask for a yes, without which the form is not sent."""
    with ui.element('label').classes('option'):
        ui.element('input').props.update({'type': 'checkbox', 'name': name, 'value': '1', 'required': True})
        ui.label(label)


def hidden(name: str, value: str) -> ui.element:
    """Send something along that nobody sees."""
    control = ui.element('input')
    control.props.update({'name': name, 'value': value, 'type': 'hidden'})
    return control


def hidden_username(name: str) -> None:
    """Tell password managers whose password a form is about."""
    control = ui.element('input').classes('visually-hidden')
    control.props.update({'type': 'text', 'autocomplete': 'username', '^value': name, 'readonly': True})
    control.props.update({'tabindex': -1, 'aria-hidden': 'true'})


def submit(label: str, kind: str = 'main', **attributes: object) -> None:
    """Put a button below a form that sends it: ``main``, ``second``, ``quiet`` or ``danger``."""
    with ui.element('button').props('type=submit').classes(f'submit {kind}') as button:
        ui.label(label)
    button.props.update(attributes)


def quiet_link(label: str, address: str) -> None:
    """Offer another way below a form."""
    with ui.element('a').classes('quiet-link') as anchor:
        ui.label(label)
    anchor.props['href'] = address


def link(label: str, address: str) -> None:
    """Lead somewhere else instead of a form."""
    with ui.element('a').classes('submit main submit-link') as anchor:
        ui.label(label)
    anchor.props['href'] = address


def confirm(sentence: str) -> None:
    """Say what has been done, if something was."""
    if sentence:
        ui.label(sentence).classes('done').props('role=status')


def say(problem: str) -> None:
    """Say what went wrong, if something did."""
    if problem:
        ui.label(problem).classes('problem').props('role=alert')
