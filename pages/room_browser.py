"""All rooms that one may see, to be found by some letters of their names."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from nicegui import events, ui

from chat.models import RoomEntry
from pages import buttons, dialogs, room_list
from pages.asking import shows_errors

PAUSE = 300  # ms without a key after which is looked: each look reads all rooms
LONGEST = 64  # characters

Find = Callable[[str, bool], Awaitable[tuple[Sequence[RoomEntry], bool]]]


async def browse(find: Find) -> None:
    """Show a dialog with the rooms that ``find`` returns for some words; following a link closes it.

    ``find`` is asked for the rooms in the archive, or for all others.
    """
    with dialogs.titled('All rooms') as dialog:
        words = ui.input('Find a room').props(f'outlined autofocus debounce={PAUSE} maxlength={LONGEST}')
        words.classes('full')
        archived = ui.checkbox('Archived rooms').classes('choice')
        with ui.element('nav').classes('browsed-rooms').props('aria-label="All rooms"') as place:
            found = ui.html('', sanitize=False).classes('rooms-found')
        said = ui.label().classes('browsed-said').props('role=status')
        place.on('click', dialog.close, args=[])
        with ui.element('div').classes('dialog-buttons'):
            buttons.plain('Close', dialog.close)

    one_at_a_time = asyncio.Lock()  # a page that sends words without end makes the server read no faster

    @shows_errors
    async def look(event: events.ValueChangeEventArguments[object] | None = None) -> None:
        async with one_at_a_time:
            if found.is_deleted or (event is not None and event.value not in (words.value, archived.value)):
                return  # other words have come since, or the dialog is gone
            sought = words.value[:LONGEST].strip() if isinstance(words.value, str) else ''
            entries, has_more = await find(sought, archived.value is True)
        if not found.is_deleted:
            found.content = ''.join([room_list.link(entry.room, room_list.badge(entry)) for entry in entries])
            said.text = _sentence(len(entries), has_more=has_more)

    words.on_value_change(look)
    archived.on_value_change(look)
    await look()


def _sentence(count: int, *, has_more: bool) -> str:
    if not count:
        return 'No room is called so.'
    return 'There are more. A few letters of the name find them.' if has_more else ''
