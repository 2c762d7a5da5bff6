"""The rooms at the left, with what is unread in each."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from html import escape

from nicegui import ui

from chat.models import MOST_UNREAD, Room, RoomEntry
from pages import buttons, dialogs, links

FAVORITES, DIRECT = 'Favorites', 'Direct messages'
OTHERS_SHOWN = 10  # open rooms one does not belong to; hundreds would cost each page more than all else on it


class RoomList:
    """The navigation between rooms; every entry is a link, which changes the room in place.

    One's own rooms are elements, which change one by one and keep the focus; of the others some are shown, and all of
    them can be browsed. A section is made when there is something in it.
    """

    def __init__(
        self,
        on_create: Callable[[str, str, bool], Awaitable[object]],
        on_write: Callable[[], Awaitable[object]],
        on_browse: Callable[[], Awaitable[object]],
        on_go: Callable[[], Awaitable[object]],
    ) -> None:
        self._entries: dict[int, RoomEntry] = {}
        self._links: dict[int, ui.html] = {}
        self._current: int | None = None
        with ui.element('nav').classes('rooms').props('aria-label=Rooms') as self._place:
            with ui.element('div').classes('side-heading-row'):
                ui.html('Rooms', sanitize=False, tag='h2').classes('side-heading')
                buttons.icon('search', 'Go to room… (Ctrl+K)', on_go)
                buttons.icon('alternate_email', 'New direct message', on_write)
                buttons.icon('add', 'New room', lambda: dialogs.new_room(on_create))
            self._joined = ui.element('div').classes('rooms-joined')
        self._favorites: ui.element | None = None
        self._direct: ui.element | None = None
        self._on_browse = on_browse
        self._others: ui.html | None = None
        self._browse: ui.button | None = None

    def show(self, entries: Sequence[RoomEntry], *, has_more: bool) -> None:
        """Show these rooms, and that there are more to browse."""
        if _places(entries) != _places(self._entries.values()):
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
            if self._browse is not None:
                self._browse.move(target_index=-1)
        if self._others is not None:
            self._others.content = f'<h3 class="side-subheading">Other rooms</h3>{links}' if links else ''

    def entry(self, room_id: int) -> RoomEntry | None:
        """Return a room as it is listed, if it is."""
        return self._entries.get(room_id)

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
                self._entries[room_id] = replace(entry, unread=unread)
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
        for place in (self._favorites, self._joined, self._direct):
            if place is not None:
                place.clear()
        self._links.clear()
        for entry in entries:
            if entry.joined:
                with self._section_of(entry):
                    link = ui.html('', sanitize=False, tag='a').classes('room-link')
                link.props['href'] = links.address_of(entry.room.slug)
                self._links[entry.room.id] = link

    def _section_of(self, entry: RoomEntry) -> ui.element:
        if entry.favorite:
            if self._favorites is None:
                self._favorites = self._section(FAVORITES, 0)
            return self._favorites
        if entry.room.direct:
            if self._direct is None:
                self._direct = self._section(DIRECT, self._place.default_slot.children.index(self._joined) + 1)
            return self._direct
        return self._joined

    def _section(self, title: str, index: int) -> ui.element:
        """Return the place for links under a heading, which theme.css hides with the last of them."""
        with self._place, ui.element('div').classes('rooms-section') as section:
            ui.html(title, sanitize=False, tag='h2').classes('side-heading')
            place = ui.element('div').classes('rooms-links')
        section.move(target_index=index)
        return place

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
    return f'{sign(room)}<span class="name">{escape(room.name)}</span>{kind(room)}{badge(unread)}'


def sign(room: Room) -> str:
    """Return the sign that stands before the name of a room."""
    if room.direct:
        return '<span class="hash" aria-hidden="true">@</span>'
    if picture := _picture(room):
        return f'<span class="hash material-icons" aria-hidden="true">{picture}</span>'
    return '<span class="hash" aria-hidden="true">#</span>'


def kind(room: Room) -> str:
    """Return in words, for those who do not see it, what the sign before the name of a room means."""
    kinds = {'archived': room.archived, 'private': room.private and not room.direct, 'direct messages': room.direct}
    kinds['announcements'] = room.posting == 'moderators'
    said = ', '.join(each for each, is_so in kinds.items() if is_so)
    return f'<span class="visually-hidden"> ({said})</span>' if said else ''


def _picture(room: Room) -> str:
    """Return the name of the icon of a room that is not like most."""
    if room.archived:
        return 'inventory_2'
    if room.posting == 'moderators':
        return 'campaign'
    return 'lock' if room.private else ''


def _places(entries: Iterable[RoomEntry]) -> list[tuple[int, bool, bool]]:
    """Return which rooms are listed where."""
    return [(entry.room.id, entry.joined, entry.favorite) for entry in entries]


def badge(unread: int) -> str:
    """Return the mark of a room with unread messages."""
    if not unread:
        return ''
    count = f'{MOST_UNREAD - 1}+' if unread >= MOST_UNREAD else str(unread)
    return f'<span class="badge">{count}<span class="visually-hidden"> unread</span></span>'
