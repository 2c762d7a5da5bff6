"""The few questions the pages ask."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from nicegui import ui

from chat.errors import ChatError
from pages import buttons, keys


@contextmanager
def titled(title: str) -> Iterator[ui.dialog]:
    """Open a dialog whose content is what is made within; it is gone when it closes."""
    with ui.dialog(value=True) as dialog, ui.card().classes('dialog'):
        dialog.props['aria-label'] = title
        dialog.on('hide', dialog.delete)
        with ui.element('h2'):
            ui.label(title)
        yield dialog


def new_room(on_create: Callable[[str, str], Awaitable[object]]) -> None:
    """Ask for a new room's name and topic; ``on_create`` is awaited with both and may raise ChatError."""
    with titled('New room') as dialog:
        name = ui.input('Name').props('outlined autofocus maxlength=64').classes('full')
        topic = ui.input('Topic (optional)').props('outlined maxlength=250').classes('full')
        problem = ui.label().classes('problem').props('role=alert')
        asking = asyncio.Lock()

        async def create() -> None:
            if asking.locked() or not dialog.value:
                return  # a second Enter asks for no second room
            async with asking:
                try:
                    await on_create(name.value or '', topic.value or '')
                except ChatError as error:
                    problem.text = error.message
                else:
                    dialog.close()

        keys.on_enter(name, create)
        keys.on_enter(topic, create)
        with ui.element('div').classes('dialog-buttons'):
            buttons.plain('Cancel', dialog.close)
            buttons.main('Create room', create)


def confirm(question: str, yes: str, on_yes: Callable[[], Awaitable[object]]) -> None:
    """Ask before something that cannot be taken back."""
    with titled(question) as dialog, ui.element('div').classes('dialog-buttons'):
        buttons.plain('Cancel', dialog.close).props('autofocus')

        async def do() -> None:
            dialog.close()
            await on_yes()

        buttons.danger(yes, do)


def show_address(address: str) -> None:
    """Show an address to copy by hand."""
    with titled('Copy this address') as dialog:
        shown = ui.input('Address', value=address).props('outlined readonly autofocus').classes('full')
        dialog.on('show', lambda: shown.run_method('select'), args=[])
        with ui.element('div').classes('dialog-buttons'):
            buttons.main('Done', dialog.close)
