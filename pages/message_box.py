"""A text box that the server can empty while somebody types on in it."""

from collections.abc import Callable

from nicegui import background_tasks, events, ui

from pages import browser


class MessageBox(ui.textarea):
    """A text area from whose beginning what was sent can be taken away.

    A value set from the server would wipe what the browser has not told yet, so the browser takes the text away itself
    and answers with what is left. Until then, what it tells still begins with that text.
    """

    def __init__(self, value: str, on_change: Callable[[], object]) -> None:
        self._leaving = ''  # taken away here, and perhaps not yet in the browser
        self._on_change: Callable[[], object] | None = None
        super().__init__(value=value)
        self._on_change = on_change

    @property
    def typed(self) -> str:
        """What is in the box. A browser, or whoever pretends to be one, can send anything as the value."""
        return self.value if isinstance(self.value, str) else ''

    def fill(self, text: str) -> None:
        """Put other text into the box."""
        self._leaving = ''
        self.value = text

    def take_away(self, sent: str) -> None:
        """Remove ``sent`` from the beginning of the box, if it begins so."""
        if sent and self.typed.startswith(sent):
            self._leaving += sent
            self._note(self.typed.removeprefix(sent))
            background_tasks.create(self._take_away_in_browser(sent), name='take away what was sent')

    async def _take_away_in_browser(self, sent: str) -> None:
        left = await browser.take_from_beginning(self, sent)
        if self._leaving.startswith(sent) and not self.is_deleted:
            self._leaving = self._leaving.removeprefix(sent)
            if left is not None:
                self._note(left.removeprefix(self._leaving))

    def _note(self, value: str) -> None:
        """Take over a value that the browser has, or will have by itself."""
        self._send_update_on_value_change = False
        self.value = value
        self._send_update_on_value_change = True

    def _handle_value_change(self, value: str | None) -> None:
        super()._handle_value_change(value)
        if self._on_change is not None:
            self._on_change()  # directly: it comes with every key, and NiceGUI would inspect its signature each time

    def _event_args_to_value(self, e: events.GenericEventArguments) -> str | None:
        value = super()._event_args_to_value(e)
        return value.removeprefix(self._leaving) if isinstance(value, str) else value
