"""For administrators: the accounts there are, what each is, and links by which people set their passwords."""

import asyncio
from collections.abc import Sequence
from functools import partial

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, events, ui

from chat import Chat, permissions
from chat.errors import ChatError
from chat.models import User, UserKind
from pages import buttons, dialogs, keys, rows
from pages.asking import shows_errors
from pages.settings import frame
from web import entering
from web.addresses import address_of

PATH = f'{frame.PATH}/people'
MOST_SHOWN = 100  # each is six elements
KINDS: dict[UserKind, str] = {'member': 'Member', 'moderator': 'Moderator', 'administrator': 'Administrator'}


def install(chat: Chat) -> None:
    """Register the page."""

    @ui.page(PATH, title='Hearth')
    async def people(request: Request, client: Client) -> Response | None:
        session = await frame.session_of(chat, request)
        if isinstance(session, Response):
            return session
        if not permissions.may_administer(session.user):
            return RedirectResponse(frame.PATH, 303)
        accounts = await chat.administration.accounts(session.user)
        with frame.section(chat, client, session, PATH, 'People', 'Everybody with an account, and what each may do.'):
            Accounts(chat, session.user, client).show(accounts)
        return None


class Accounts:
    """The accounts with a menu each, as one administrator sees them: those whose names have some letters."""

    def __init__(self, chat: Chat, administrator: User, client: Client) -> None:
        self._chat = chat
        self._administrator = administrator
        self._client = client
        self._address = address_of(client.request.scope)
        self._words = ''
        self._kinds: dict[int, ui.label] = {}
        with ui.element('div'):
            buttons.main('New account', self._ask_name)
        find = ui.input('Find somebody', on_change=self._find).props(
            'outlined dense clearable debounce=300 maxlength=32'
        )
        find.classes('accounts-find')
        self._said = ui.label().classes('accounts-said').props('role=status')
        self._list = ui.element('ul').classes('accounts')

    def show(self, accounts: Sequence[User]) -> None:
        """Show these accounts in place of those before, as many as a page can have."""
        self._list.clear()
        self._kinds.clear()
        with self._list:
            for user in accounts[:MOST_SHOWN]:
                self._row(user)
        more = len(accounts) - MOST_SHOWN
        self._said.text = f'And {more:,} more: find them by their names.' if more > 0 else '' if accounts else 'Nobody.'

    def _row(self, user: User) -> None:
        with ui.element('li').classes('account'):
            ui.html(rows.avatar(user, 'small'), sanitize=False).classes('account-avatar')
            with ui.element('div').classes('account-text'):
                ui.label(user.name).classes('account-name')
                self._kinds[user.id] = ui.label(KINDS[user.kind]).classes('account-kind')
            buttons.menu('more_horiz', f'Actions for {user.name}', partial(self._fill_menu, user))

    def _fill_menu(self, user: User) -> None:
        for kind, label in KINDS.items():
            buttons.entry(f'Make {label.lower()}', partial(self._set_kind, user, kind))
        buttons.entry('Link for a new password', partial(self._show_password_link, user))

    @shows_errors
    async def _find(self, event: events.ValueChangeEventArguments[str | None]) -> None:
        self._words = event.value or ''
        await self._refresh()

    async def _refresh(self) -> None:
        accounts = await self._chat.administration.accounts(self._administrator, self._words)
        if not self._client.is_deleted:
            self.show(accounts)

    @shows_errors
    async def _set_kind(self, user: User, kind: UserKind) -> None:
        user = await self._chat.administration.set_kind(self._administrator, user.id, kind, self._address)
        if not self._client.is_deleted and user.id in self._kinds:  # that alone: the focus stays where it is
            self._kinds[user.id].text = KINDS[user.kind]
            self._said.text = f'{user.name} is {KINDS[user.kind].lower()} now.'

    @shows_errors
    async def _show_password_link(self, user: User) -> None:
        token, _ = await self._chat.administration.password_link(self._administrator, user.id, self._address)
        self._show_link(user, token)

    def _ask_name(self) -> None:
        with dialogs.titled('New account') as dialog:
            name = ui.input('Name').props('outlined autofocus maxlength=32').classes('full')
            problem = ui.label().classes('problem').props('role=alert')

            asking = asyncio.Lock()

            async def add() -> None:
                if asking.locked() or not dialog.value:
                    return  # a second Enter asks for no second account
                async with asking:
                    try:
                        user, token, _ = await self._chat.administration.add_account(
                            self._administrator, name.value or '', self._address
                        )
                    except ChatError as error:
                        problem.text = error.message
                        return
                    dialog.close()
                self._show_link(user, token)
                await self._refresh()

            keys.on_enter(name, add)
            with ui.element('div').classes('dialog-buttons'):
                buttons.plain('Cancel', dialog.close)
                buttons.main('Make it', add)

    def _show_link(self, user: User, token: str) -> None:
        site = entering.site(self._client.request, self._chat.settings.public_url)
        with self._client:
            dialogs.show_link(
                f'A link for {user.name}',
                'It lets them choose a password, once and within 24 hours. Give it to nobody else.',
                entering.account_address(site, token),
            )
