"""The rooms at the left, with what is unread in each."""

from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from html import escape

from nicegui import ui

from chat.models import MOST_UNREAD, Room, RoomEntry
from pages import buttons, dialogs, links

OTHERS_SHOWN = 10  # open rooms one does not belong to; hundreds would cost each page more than all else on it


class RoomList:
    """The navigation between rooms; every entry is a link, which changes the room in place.

    One's own rooms are elements, which change one by one and keep the focus; of the others some are shown, and all of
    them can be browsed.
    """

    def __init__(
        self, on_create: Callable[[str, str], Awaitable[object]], on_browse: Callable[[], Awaitable[object]]
    ) -> None:
        self._entries: dict[int, RoomEntry] = {}
        self._links: dict[int, ui.html] = {}
        self._current: int | None = None
        with ui.element('div').classes('side-heading-row'):
            ui.html('Rooms', sanitize=False, tag='h2').classes('side-heading')
            buttons.icon('add', 'New room', lambda: dialogs.new_room(on_create))
        with ui.element('nav').classes('rooms').props('aria-label=Rooms') as self._place:
            self._joined = ui.element('div').classes('rooms-joined')
        self._on_browse = on_browse
        self._others: ui.html | None = None
        self._browse: ui.button | None = None

    def show(self, entries: Sequence[RoomEntry], *, has_more: bool) -> None:
        """Show these rooms, and that there are more to browse."""
        if [(entry.room.id, entry.joined) for entry in entries] != [
            (entry.room.id, entry.joined) for entry in self._entries.values()
        ]:
            self._rebuild(entries)
        self._entries = {entry.room.id: entry for entry in entries}
        if has_more and self._browse is None:
            with self._place:
                self._browse = buttons.plain('Browse all rooms', self._on_browse).classes('browse-rooms')
        if self._browse is not None:
            self._browse.set_visibility(has_more)
        self._show_others(''.join([link(entry.room) for entry in entries if not entry.joined]))
        for room_id in self._links:
            self._refresh(room_id)

    def _show_others(self, links: str) -> None:
        if links and self._others is None:
            with self._place:
                self._others = ui.html('', sanitize=False).classes('rooms-others')
                self._others.move(target_index=1)
        if self._others is not None:
            self._others.content = f'<h3 class="side-subheading">More rooms</h3>{links}' if links else ''

    def set_current(self, room: Room | None) -> None:
        """Mark the room that is open."""
        before, self._current = self._current, room.id if room is not None else None
        for room_id in (before, self._current):
            if room_id in self._links:
                self._refresh(room_id)

    def set_unread(self, counts: dict[int, int]) -> None:
        """Show new counts."""
        for room_id, unread in counts.items():
            entry = self._entries.get(room_id)
            if entry is not None and entry.unread != unread:
                self._entries[room_id] = RoomEntry(entry.room, entry.joined, unread)
                self._refresh(room_id)

    @property
    def joined_ids(self) -> list[int]:
        """The rooms the person belongs to."""
        return [room_id for room_id, entry in self._entries.items() if entry.joined]

    @property
    def unread_elsewhere(self) -> int:
        """How many messages wait in rooms that are not open."""
        return sum(entry.unread for room_id, entry in self._entries.items() if room_id != self._current)

    def _rebuild(self, entries: Sequence[RoomEntry]) -> None:
        self._joined.clear()
        self._links.clear()
        for entry in entries:
            if entry.joined:
                with self._joined:
                    link = ui.html('', sanitize=False, tag='a').classes('room-link')
                link.props['href'] = links.address_of(entry.room.slug)
                self._links[entry.room.id] = link

    def _refresh(self, room_id: int) -> None:
        entry, link = self._entries[room_id], self._links[room_id]
        is_current = room_id == self._current
        unread = 0 if is_current else entry.unread
        link.classes(add='unread' if unread else '', remove='' if unread else 'unread')
        if is_current:
            link.props['aria-current'] = 'page'
        else:
            link.props.pop('aria-current', None)
        link.content = label(entry.room, unread)


@lru_cache(maxsize=10_000)  # the same for everybody
def link(room: Room, unread: int = 0) -> str:
    """Return a link to a room."""
    return f'<a class="room-link" href="{escape(links.address_of(room.slug))}">{label(room, unread)}</a>'


def label(room: Room, unread: int) -> str:
    """Return what a link to a room shows."""
    return f'<span class="hash" aria-hidden="true">#</span><span class="name">{escape(room.name)}</span>{badge(unread)}'


def badge(unread: int) -> str:
    """Return the mark of a room with unread messages."""
    if not unread:
        return ''
    count = f'{MOST_UNREAD - 1}+' if unread >= MOST_UNREAD else str(unread)
    return f'<span class="badge">{count}<span class="visually-hidden"> unread</span></span>'
