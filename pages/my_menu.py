"""The person at the foot of the list of rooms, and their menu: theme, settings, devices, signing out."""

from collections.abc import Callable, Sequence
from html import escape
from zoneinfo import ZoneInfo

from nicegui import Client, ui

from chat import Chat
from chat.models import Session, User
from pages import buttons, devices, rows, shortcuts, theme
from pages.asking import shows_errors
from pages.settings import frame as settings
from web import entering

Entry = tuple[str, Callable[[], object]]


class MyMenu:
    """Stands where it is made; ``elsewhere`` are the entries that lead about the whole chat."""

    def __init__(
        self,
        chat: Chat,
        session: Session,
        client: Client,
        dark: ui.dark_mode,
        reader: Callable[[], ZoneInfo],
        elsewhere: Sequence[Entry],
    ) -> None:
        self._chat = chat
        self._session = session
        self._user = session.user
        self._client = client
        self._reader = reader
        self._elsewhere = elsewhere
        self._dark = dark
        with ui.element('div').classes('me'):
            self._me = ui.html(_html(self._user), sanitize=False).classes('me-who')
            buttons.menu('settings', 'Your menu', self._fill)

    def show(self, user: User) -> None:
        """Show the person as they are now."""
        self._user = user
        self._me.content = _html(user)

    def _fill(self) -> None:
        for label, value in (('Theme of the system', None), ('Light theme', 'light'), ('Dark theme', 'dark')):
            buttons.entry(label, lambda value=value: self._set_theme(value))
        ui.separator()
        if self._user.kind == 'guest':
            buttons.entry('Make the name yours', lambda: self._client.open(f'{settings.PATH}/password'))
        for label, action in self._elsewhere:
            buttons.entry(label, action)
        buttons.entry(shortcuts.TITLE, self._show_shortcuts)
        buttons.entry('Settings', lambda: self._client.open(settings.PATH))
        buttons.entry('Where you are signed in', self._show_devices)
        buttons.entry('Sign out', self._sign_out)

    @shows_errors
    async def _set_theme(self, value: str | None) -> None:
        await self._chat.profiles.change(self._session, theme=value)
        self._dark.value = theme.is_dark(value)  # only now: a page that is loaded next has it, too

    def _show_shortcuts(self) -> None:
        with self._client:
            shortcuts.show()

    @shows_errors
    async def _show_devices(self) -> None:
        accounts, user = self._chat.accounts, self._user
        with self._client:
            await devices.show(
                self._session.id,
                self._reader(),
                find=lambda: accounts.sign_ins(user),
                on_end=lambda session_id: accounts.end_session(user, session_id),
                on_end_others=lambda: accounts.sign_out_elsewhere(self._session),
                make_link=self._make_link,
            )

    async def _make_link(self) -> str:
        token, _ = await self._chat.accounts.make_link(self._session)
        return entering.address(self._client.request, self._chat.settings.public_url, token)

    @shows_errors
    async def _sign_out(self) -> None:
        await self._chat.accounts.sign_out(self._session)


def _html(user: User) -> str:
    who = f'{rows.avatar(user, "small")}<span class="me-name">{escape(user.name)}</span>'
    return f'<span class="me-who by-{user.id:d}">{who}</span>'
