"""The bar above a conversation that says how much is new when that begins out of sight."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from nicegui import ui

from chat.models import MOST_UNREAD, Message
from pages import buttons, zones


class NewBar:
    """Stands at the top of ``place``; made when it is needed for the first time."""

    def __init__(self, place: ui.element, on_jump: Callable[[], object], on_read: Callable[[], object]) -> None:
        self._place = place
        self._on_jump = on_jump
        self._on_read = on_read
        self._bar: ui.element | None = None
        self._says: ui.label | None = None

    def show(self, count: int, first: Message | None, reader: ZoneInfo) -> None:
        """Say how many messages are new, and since when, if the first is known."""
        if self._bar is None:
            self._build()
        if self._bar is not None and self._says is not None:
            since = f' since {zones.clock_time(first.created_at, reader)}' if first is not None else ''
            number = f'{MOST_UNREAD - 1}+' if count >= MOST_UNREAD else f'{count:d}'
            self._says.text = f'{number} new{since}'
            self._bar.set_visibility(True)

    def hide(self) -> None:
        """Show nothing."""
        if self._bar is not None:
            self._bar.set_visibility(False)

    def _build(self) -> None:
        with self._place, ui.element('div').classes('new-bar') as bar:
            bar.props['role'] = 'status'
            self._says = ui.label().classes('new-bar-says')
            buttons.plain('Jump', self._on_jump).props['aria-label'] = 'Jump to first unread'
            buttons.plain('Mark as read', self._on_read)
        bar.move(self._place, 0)
        self._bar = bar
