"""What is shown of the sites elsewhere that people can sign in with: on the first page, and in the settings."""

from urllib.parse import urlencode

from fastapi import Request
from nicegui import ui

from chat import Chat, permissions
from chat.models import User
from pages import forms
from web import cookies
from web.openid import way
from web.openid.addresses import PATH

DISCONNECT = '/settings/disconnect'


def offer(chat: Chat, room: str) -> None:
    """Offer the ways in; links, as browsers let no form lead to another site here."""
    providers = chat.identities.providers.values()
    if not providers:
        return
    with ui.element('div').classes('providers'):
        ui.label('or').classes('providers-or')
        for each in providers:
            _link(f'Sign in with {each.name}', f'{PATH}/{each.key}?{urlencode({"room": room})}')


async def show_connected(chat: Chat, request: Request, user: User, connected: str) -> None:
    """Show which of them somebody comes in by, with a way to change that; ``connected`` has just been."""
    providers = chat.identities.providers
    if not providers or not permissions.may_have_identity(user):
        return
    known = await chat.identities.of(user)
    with ui.element('h2'):
        ui.label('Accounts elsewhere')
    ui.label(_explained(user)).classes('sentence')
    forms.confirm(f'{providers[connected].name} is connected.' if connected in known else '')
    with ui.element('ul').classes('accounts'):
        for each in providers.values():
            with ui.element('li').classes('account'):
                with ui.element('div').classes('account-text'):
                    ui.label(each.name).classes('account-name provider-name')
                    ui.label('Connected' if each.key in known else 'Not connected').classes('account-kind')
                if each.key in known:
                    _disconnect(each.key, each.name)
                else:
                    _link('Connect', _connect_address(request, each.key), **{'aria-label': f'Connect {each.name}'})


def _explained(user: User) -> str:
    if user.kind == 'guest':
        return f'With one of them the name "{user.name}" is yours for good, and you come back by it from any device.'
    return 'You can sign in with each that is connected.'


def _connect_address(request: Request, key: str) -> str:
    proof = way.connect_proof(cookies.read_token(request) or '', key)
    return f'{PATH}/{key}?{urlencode({"connect": proof})}'


def _disconnect(key: str, name: str) -> None:
    with forms.form(DISCONNECT):
        forms.hidden('provider', key)
        forms.submit('Disconnect', 'second', **{'aria-label': f'Disconnect {name}'})


def _link(label: str, address: str, **attributes: str) -> None:
    with ui.element('a').classes('submit second submit-link') as anchor:
        ui.label(label)
    anchor.props.update({'href': address, **attributes})
