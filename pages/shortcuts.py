"""The keys that do something on the room page, and a dialog that shows them; all of it is in the menus as well."""

from collections.abc import Awaitable, Callable
from html import escape

from nicegui import Client, events, ui

from pages import browser, buttons, dialogs

TITLE = 'Keyboard shortcuts'
ROW_KEYS = {'r': 'Reply', 'e': 'Edit'}  # entries of a message's menu
OVERVIEW = (
    (('J', 'K'), 'Next message, previous message'),
    (('R',), 'Reply to the message'),
    (('E',), 'Edit the message, if it is yours'),
    (('Enter',), 'Menu of the message'),
    (('Esc',), 'Back to the message box; from the empty box to the messages'),
    (('↑',), 'In the empty box: edit your last message'),
    (('←', '→'), 'While you look at a picture: the one before, the next'),
    (('Ctrl+K', '⌘K'), 'Go to a room or a person'),
    (('/', 'Ctrl+Shift+F'), 'Search messages'),
    (('?',), 'These shortcuts'),
)
WHERE = 'Single letters and signs work while no text box has the focus.'


class Shortcuts:
    """Does what the browser of one page tells of.

    ``on_entry`` is called with an entry of a message's menu and the message's id, ``on_menu`` with the id of one whose
    menu is wanted, as a finger rests on it, ``on_go`` is awaited when one wants to go elsewhere, and ``on_find`` called
    when one wants to search.
    """

    def __init__(
        self,
        client: Client,
        on_entry: Callable[[str, object], object],
        on_menu: Callable[[object], object],
        on_go: Callable[[], Awaitable[object]],
        on_find: Callable[[], object],
    ) -> None:
        self._client = client
        self._on_entry, self._on_menu, self._on_go, self._on_find = on_entry, on_menu, on_go, on_find
        ui.on('shortcut', self._pressed)

    def listen(self) -> None:
        """Begin to hear keys: the browser is there."""
        self._client.run_javascript(browser.SHORTCUTS)
        self._client.run_javascript(browser.HELD_ROW)

    async def _pressed(self, event: events.GenericEventArguments) -> None:
        key, message_id = event.args if isinstance(event.args, list) and len(event.args) == 2 else ('', 0)
        with self._client:
            if key == '?':
                show()
            elif key == 'go':
                await self._on_go()
            elif key == 'find':
                self._on_find()
            elif key == 'menu':
                self._on_menu(message_id)
            elif isinstance(key, str) and key in ROW_KEYS:
                self._on_entry(ROW_KEYS[key], message_id)


def show() -> None:
    """Show a dialog with all shortcuts."""
    with dialogs.titled(TITLE) as dialog:
        ui.html(_table(), sanitize=False, tag='dl').classes('shortcuts')
        ui.label(WHERE).classes('shortcuts-where')
        with ui.element('div').classes('dialog-buttons'):
            buttons.plain('Close', dialog.close).props('autofocus')


def _table() -> str:
    parts = []
    for keys, what in OVERVIEW:
        shown = ' '.join(f'<kbd>{escape(key)}</kbd>' for key in keys)
        parts.append(f'<div><dt>{shown}</dt><dd>{escape(what)}</dd></div>')
    return ''.join(parts)
