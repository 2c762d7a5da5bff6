"""The rooms at the left, with what is unread in each."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from html import escape

from nicegui import ui

from chat.models import MOST_UNREAD, Counts, Room, RoomEntry
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

    def set_counts(self, counts: Mapping[int, Counts]) -> None:
        """Show how many messages are unread in some rooms, and how many of these mention the person."""
        for room_id, (unread, mentions) in counts.items():
            entry = self._entries.get(room_id)
            if entry is not None and (entry.unread, entry.mentions) != (unread, mentions):
                self._entries[room_id] = replace(entry, unread=unread, mentions=mentions)
                self._refresh(room_id)

    @property
    def joined_ids(self) -> list[int]:
        """The rooms the person belongs to."""
        return [room_id for room_id, entry in self._entries.items() if entry.joined]

    @property
    def unread_elsewhere(self) -> int:
        """How many messages wait in rooms that are not open, and that the person wants to be told of."""
        others = (entry for room_id, entry in self._entries.items() if room_id != self._current)
        return sum(entry.unread for entry in others if entry.level != 'nothing')

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
        is_loud = entry.unread and entry.level != 'nothing'
        link.classes(add='unread' if is_loud else '', remove='' if is_loud else 'unread')
        if is_current:
            link.props['aria-current'] = 'page'
        else:
            link.props.pop('aria-current', None)
        link.content = label(entry.room, badge(entry))


@lru_cache(maxsize=10_000)  # the same for everybody
def link(room: Room, badges: str = '') -> str:
    """Return a link to a room."""
    return f'<a class="room-link" href="{escape(links.address_of(room.slug))}">{label(room, badges)}</a>'


def label(room: Room, badges: str = '') -> str:
    """Return what a link to a room shows."""
    return f'{sign(room)}<span class="name">{escape(room.name)}</span>{kind(room)}{badges}'


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


def badge(entry: RoomEntry) -> str:
    """Return the marks of a room with unread messages: "3 unread, 1 mention"."""
    if not entry.unread:
        return ''
    quiet = ' quiet' if entry.level == 'nothing' else ''
    mark = f'<span class="badge{quiet}">{_number(entry.unread)}<span class="visually-hidden"> unread</span></span>'
    if not entry.mentions:
        return mark
    noun = 'mention' if entry.mentions == 1 else 'mentions'
    words = f'<span class="visually-hidden">, {_number(entry.mentions)} {noun}</span>'
    return (
        f'{mark}<span class="badge mentions"><span aria-hidden="true">@{_number(entry.mentions)}</span>{words}</span>'
    )


def _number(count: int) -> str:
    return f'{MOST_UNREAD - 1}+' if count >= MOST_UNREAD else f'{count:d}'
