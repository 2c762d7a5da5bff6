"""The few questions the pages ask."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from chat.errors import ChatError
from pages import buttons


def new_room(on_create: Callable[[str, str], Awaitable[object]]) -> None:
    """Ask for a new room's name and topic; ``on_create`` is awaited with both and may raise ChatError."""
    with ui.dialog(value=True) as dialog, ui.card().classes('dialog'):
        _begin(dialog, 'New room')
        name = ui.input('Name').props('outlined autofocus maxlength=64').classes('full')
        topic = ui.input('Topic (optional)').props('outlined maxlength=250').classes('full')
        problem = ui.label().classes('problem').props('role=alert')

        async def create() -> None:
            try:
                await on_create(name.value or '', topic.value or '')
            except ChatError as error:
                problem.text = error.message
            else:
                dialog.close()

        name.on('keydown.enter', create, args=[])
        with ui.element('div').classes('dialog-buttons'):
            buttons.plain('Cancel', dialog.close)
            buttons.main('Create room', create)


def confirm(question: str, yes: str, on_yes: Callable[[], Awaitable[object]]) -> None:
    """Ask before something that cannot be taken back."""
    with ui.dialog(value=True) as dialog, ui.card().classes('dialog'):
        _begin(dialog, question)
        with ui.element('div').classes('dialog-buttons'):
            buttons.plain('Cancel', dialog.close).props('autofocus')

            async def do() -> None:
                dialog.close()
                await on_yes()

            buttons.danger(yes, do)


def _begin(dialog: ui.dialog, title: str) -> None:
    dialog.props['aria-label'] = title
    dialog.on('hide', dialog.delete)
    with ui.element('h2'):
        ui.label(title)
