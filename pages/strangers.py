"""What the first page asks a stranger for: a name, or a name and a password, as the server is set."""

from typing import NamedTuple
from urllib.parse import urlencode

from nicegui import ui

from chat import Chat, permissions
from chat.models import SignInMode
from pages import browser, forms, providers, zones


class Said(NamedTuple):
    """What a stranger has said so far."""

    name: str
    room: str
    new_room: str
    has_account: bool


async def ask(chat: Chat, said: Said, problem: str) -> None:
    """Ask for what is needed to come in; ``problem`` is what was wrong with the last try."""
    mode = chat.settings.sign_in
    guests, register = permissions.may_come_as_guest(mode), permissions.may_register(mode)
    wants_account = said.has_account or not guests
    if not wants_account:
        forms.heading('Welcome', 'Say your name, and you are in.')
    elif register and not guests:
        forms.heading('Welcome', 'Sign in, or make an account with a name and a password.')
    elif guests:
        forms.heading('Sign in', 'With the name and password of your account.')
    else:
        forms.heading('Welcome', 'Sign in with your account. Whoever has none needs an invitation.')
    with forms.form('/join'):
        forms.say(problem)
        _time_zone()
        knows_name = wants_account and bool(said.name)
        autocomplete = 'username' if wants_account else 'nickname'
        attributes = {'required': True, 'maxlength': 32, 'autocomplete': autocomplete}
        forms.field('Your name', 'name', said.name, autofocus=not knows_name, **attributes)
        if wants_account:
            forms.hidden('account', '1')
            forms.password('Password', autofocus=knows_name)
        if guests:
            await _ask_room(chat, said)
        else:
            forms.hidden('room', said.room)  # a stranger is not told which there are
        forms.submit('Sign in' if wants_account else 'Join')
        if register and not guests:
            forms.submit('Make an account', 'second', name='new_account', value='1')
    providers.offer(chat, said.room)
    if guests:
        other = {'room': said.room} if said.has_account else {'room': said.room, 'account': '1'}
        words = 'Come in as a guest' if said.has_account else 'I have an account'
        forms.quiet_link(words, f'/?{urlencode(other)}')


def taken(mode: SignInMode, name: str, suggestion: str) -> str:
    """Return what is said to somebody who wanted the name of an account."""
    how = 'come in as a guest with' if permissions.may_come_as_guest(mode) else 'choose'
    return (
        f'"{name}" is the name of an account. If it is yours, give its password; if not, {how} another name, such as '
        f'"{suggestion}".'
    )


def _time_zone() -> None:
    """Send along which time zone the browser is in, as soon as it has said so."""
    zone = forms.hidden('zone', '')
    ui.on('browser', lambda event: zone.props.update(value=_zone_name(event.args)))
    ui.context.client.on_connect(lambda: ui.run_javascript(browser.REPORT))


async def _ask_room(chat: Chat, said: Said) -> None:
    open_rooms = await chat.rooms.list_open()
    wanted = next((each for each in open_rooms if each.slug == said.room), None)
    if wanted is None or len(open_rooms) > 1:
        forms.choice('Room', 'room', said.room, [(each.slug, each.name) for each in open_rooms])
    else:
        forms.hidden('room', wanted.slug)
    with ui.element('details').props('open' if said.new_room else ''):
        with ui.element('summary'):
            ui.label('Open a new room instead')
        forms.field('Name of the new room', 'new_room', said.new_room, maxlength=64)


def _zone_name(args: object) -> str:
    name = args[0] if isinstance(args, list) and args else None
    return name if isinstance(name, str) and zones.is_known(name) else ''
