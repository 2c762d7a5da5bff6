"""Where one is signed in, and signing out there."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache, partial
from zoneinfo import ZoneInfo

from nicegui import ui
from ua_parser import parse

from chat.models import SignIn
from pages import buttons, dialogs
from pages.asking import shows_errors

NOTED_WITHIN = timedelta(hours=2)  # a use is noted once an hour, and that of an open page by the next hour


def prepare() -> None:
    """Make ready what takes a while the first time."""
    name_of('Mozilla/5.0')


async def show(
    current: int,
    reader: ZoneInfo,
    find: Callable[[], Awaitable[Sequence[SignIn]]],
    on_end: Callable[[int], Awaitable[object]],
    on_end_others: Callable[[], Awaitable[object]],
    make_link: Callable[[], Awaitable[str]],
) -> None:
    """Show a dialog with the sessions that ``find`` returns; ``current`` is the one of this page.

    ``make_link`` returns an address that signs in another device.
    """
    with dialogs.titled('Where you are signed in') as dialog:
        place = ui.element('ul').classes('devices')
        with ui.element('div'):
            buttons.plain('Add a device', lambda: add_device(make_link))
        with ui.element('div').classes('dialog-buttons'):
            others = buttons.plain('Sign out all others', lambda: end(on_end_others))
            buttons.main('Done', dialog.close)

    async def fill() -> None:
        found = await find()
        if place.is_deleted:
            return
        place.clear()
        with place:
            for sign_in in found:
                _entry(sign_in, reader, None if sign_in.id == current else partial(end, partial(on_end, sign_in.id)))
        others.set_visibility(len(found) > 1)

    @shows_errors
    async def end(doing: Callable[[], Awaitable[object]]) -> None:
        try:
            await doing()
        finally:
            await fill()  # it may have ended by itself meanwhile

    await fill()


@shows_errors
async def add_device(make_link: Callable[[], Awaitable[str]]) -> None:
    """Show a link that signs in another device, also as a code for its camera."""
    dialogs.show_link(
        'Add a device',
        'Scan this with the other device, or open the address there. It works once, for 10 minutes. '
        'Whoever opens it is you: give it to nobody.',
        await make_link(),
    )


def _entry(sign_in: SignIn, reader: ZoneInfo, on_end: Callable[[], object] | None) -> None:
    name = name_of(sign_in.user_agent)
    with ui.element('li').classes('device'):
        with ui.element('div').classes('device-text'):
            ui.label(name).classes('device-name')
            ui.label('This one' if on_end is None else used(sign_in.last_used_at, reader)).classes('device-used')
        if on_end is not None:
            buttons.plain('Sign out', on_end).props['aria-label'] = f'Sign out {name}'


@lru_cache(maxsize=1024)
def name_of(user_agent: str) -> str:
    """Return what people call a browser or program, and the system it runs on."""
    found = parse(user_agent)
    names = [each.family for each in (found.user_agent, found.os) if each is not None and each.family != 'Other']
    return ' on '.join(names) or user_agent.partition('/')[0].strip() or 'A program without a name'


def used(last: datetime, reader: ZoneInfo) -> str:
    """Say when a session was used last."""
    if datetime.now(last.tzinfo) - last < NOTED_WITHIN:
        return 'In use'
    then = last.astimezone(reader)
    return f'Last used on {then:%B} {then.day}, {then.year}'
