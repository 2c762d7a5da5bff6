"""Keys that mean something in a text box."""

from collections.abc import Awaitable, Callable

from nicegui import events, ui

IME_KEY = 229  # the key code of every key that belongs to an input method


def on_enter(box: ui.input, action: Callable[[], Awaitable[object]]) -> None:
    """Await ``action`` when Enter is pressed, unless that Enter chooses a word in an input method."""

    async def pressed(event: events.GenericEventArguments) -> None:
        details = event.args if isinstance(event.args, dict) else {}
        if not details.get('isComposing') and details.get('keyCode') != IME_KEY:
            await action()

    box.on('keydown.enter.exact.prevent', pressed, args=['isComposing', 'keyCode'])
