"""The few questions the pages ask."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import qrcode
from nicegui import ui
from qrcode.image.svg import SvgPathImage

from chat.errors import ChatError
from pages import buttons, keys

T = TypeVar('T')
PRIVATE = 'Private: only those who are added find and read it'


@contextmanager
def titled(title: str) -> Iterator[ui.dialog]:
    """Open a dialog whose content is what is made within; it is gone when it closes."""
    with ui.dialog(value=True) as dialog, ui.card().classes('dialog'):
        dialog.props['aria-label'] = title
        dialog.on('hide', dialog.delete)
        with ui.element('h2'):
            ui.label(title)
        yield dialog


def new_room(on_create: Callable[[str, str, bool], Awaitable[object]]) -> None:
    """Ask for a new room's name, its topic and whether it is private; ``on_create`` is awaited with them.

    It may raise ChatError.
    """
    with titled('New room') as dialog:
        name = ui.input('Name').props('outlined autofocus maxlength=64').classes('full')
        topic = ui.input('Topic (optional)').props('outlined maxlength=250').classes('full')
        private = ui.checkbox(PRIVATE).classes('choice')
        problem = ui.label().classes('problem').props('role=alert')
        asking = asyncio.Lock()

        async def create() -> None:
            if asking.locked() or not dialog.value:
                return  # a second Enter asks for no second room
            async with asking:
                try:
                    await on_create(text_of(name), text_of(topic), private.value is True)
                except ChatError as error:
                    problem.text = error.message
                else:
                    dialog.close()

        keys.on_enter(name, create)
        keys.on_enter(topic, create)
        with ui.element('div').classes('dialog-buttons'):
            buttons.plain('Cancel', dialog.close)
            buttons.main('Create room', create)


def text_of(box: ui.input) -> str:
    """Return what is in a box. A browser, or whoever pretends to be one, can send anything as the value."""
    return box.value if isinstance(box.value, str) else ''


def confirm(
    question: str,
    yes: str,
    on_yes: Callable[[], Awaitable[object]],
    button: Callable[[str, Callable[..., object]], ui.button] = buttons.danger,
) -> None:
    """Ask before something that cannot be taken back."""
    with titled(question) as dialog, ui.element('div').classes('dialog-buttons'):
        buttons.plain('Cancel', dialog.close).props('autofocus')

        async def do() -> None:
            dialog.close()
            await on_yes()

        button(yes, do)


def choose_one(
    title: str, options: dict[T, str], value: T, on_chosen: Callable[[T], Awaitable[object]], yes: str = 'Save'
) -> None:
    """Ask for one of a few things; ``on_chosen`` is awaited with it and may raise ChatError."""
    with titled(title) as dialog:
        choice = ui.radio(options, value=value).classes('choices').props('role=radiogroup')
        choice.props['aria-label'] = title
        problem = ui.label().classes('problem').props('role=alert')

        async def save() -> None:
            chosen = next((each for each in options if each == choice.value), value)
            try:
                if chosen != value:
                    await on_chosen(chosen)
            except ChatError as error:
                problem.text = error.message
            else:
                dialog.close()

        with ui.element('div').classes('dialog-buttons'):
            buttons.plain('Cancel', dialog.close)
            buttons.main(yes, save)


def show_address(address: str) -> None:
    """Show an address to copy by hand."""
    with titled('Copy this address') as dialog:
        shown = ui.input('Address', value=address).props('outlined readonly autofocus').classes('full')
        dialog.on('show', lambda: shown.run_method('select'), args=[])
        with ui.element('div').classes('dialog-buttons'):
            buttons.main('Done', dialog.close)


def show_text(text: str) -> None:
    """Show a text to copy by hand."""
    with titled('Copy this text') as dialog:
        shown = ui.textarea('Text', value=text).props('outlined readonly autofocus').classes('full copied-text')
        dialog.on('show', lambda: shown.run_method('select'), args=[])
        with ui.element('div').classes('dialog-buttons'):
            buttons.main('Done', dialog.close)


def show_link(title: str, sentence: str, address: str) -> None:
    """Show an address that is for one person, also as a code for a camera."""
    with titled(title) as dialog:
        ui.label(sentence)
        ui.html(_qr_code(address), sanitize=False).classes('qr').props('role=img aria-label="QR code of the address"')
        shown = ui.input('Address', value=address).props('outlined readonly').classes('full')
        dialog.on('show', lambda: shown.run_method('select'), args=[])
        with ui.element('div').classes('dialog-buttons'):
            buttons.main('Done', dialog.close)


def _qr_code(address: str) -> str:
    """Return a QR code as an SVG picture."""
    code: bytes = qrcode.make(address, image_factory=SvgPathImage, border=2).to_string()
    return code.decode()
