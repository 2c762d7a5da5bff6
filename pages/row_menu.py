"""The one menu that all messages of a room share: it opens beside the button that was pressed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nicegui import ui

from chat.models import Message
from pages import buttons


@dataclass(frozen=True, slots=True)
class RowEntry:
    """What can be done with a message, of which ``act`` is given the newest version."""

    label: str
    act: Callable[[Message], object]
    is_offered: Callable[[Message], bool]
    is_danger: bool = False


class RowMenu:
    """The menu within ``place``; ``entries`` is asked for what stands in it when it is opened for the first time."""

    def __init__(
        self, place: ui.element, entries: Callable[[], Sequence[RowEntry]], newest: Callable[[int], Message | None]
    ) -> None:
        self._place = place
        self._entries = entries
        self._newest = newest
        self._pressed: Message | None = None
        self._made: list[tuple[RowEntry, ui.menu_item]] = []
        self._menu: ui.menu | None = None

    def open(self, message: Message) -> None:
        """Open the menu of a message."""
        self._pressed = message
        if self._menu is None:
            self._menu = self._build()
        for entry, item in self._made:
            item.set_visibility(entry.is_offered(message))
        self._menu.props['target'] = f'#m{message.id} .message-button'
        self._menu.open()

    def choose(self, label: str, message: Message) -> None:
        """Do with a message what an entry says, if that is offered."""
        for entry in self._entries():
            if entry.label == label and entry.is_offered(message):
                entry.act(message)

    def _build(self) -> ui.menu:
        props = 'anchor="bottom right" self="top right"'
        with self._place, buttons.entries(props).classes('row-menu') as menu:
            for entry in self._entries():
                item = buttons.entry(entry.label, lambda entry=entry: self._choose(entry))
                item.classes('danger' if entry.is_danger else '')
                self._made.append((entry, item))
        return menu

    def _choose(self, entry: RowEntry) -> object:
        if self._pressed is None:
            return None
        # The newest version: it may have changed on another page while the menu was open.
        return entry.act(self._newest(self._pressed.id) or self._pressed)
