"""Going to a room or a person by some letters of the name, with the keyboard alone if one likes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape

from nicegui import events, ui

from chat import text
from chat.models import Room, RoomEntry, User
from pages import browser, buttons, dialogs, keys, links, room_list, rows
from pages.asking import shows_errors

MOST_SHOWN = 9  # all of them in view at once
MOST_PEOPLE = 500  # that are known when it opens; others are looked for
LONGEST = 64  # characters
PAUSE = 0.2  # s without a key after which those are looked for who were not known at first

FindRooms = Callable[[str], Awaitable[tuple[Sequence[RoomEntry], bool]]]
FindPeople = Callable[[str], Awaitable[tuple[Sequence[User], bool]]]


@dataclass(frozen=True, slots=True)
class Goal:
    """Where one can go: a room, or somebody whom one writes to."""

    target: Room | User
    html: str
    words: str  # that find it
    order: tuple[bool, bool, int, str]  # where one is comes last, what is unread first

    def has(self, words: Sequence[str]) -> bool:
        """Whether it has all of these words, or parts of words."""
        return all(each in self.words for each in words)

    def begins_with(self, words: Sequence[str]) -> bool:
        """Whether a word of its name begins as the first of these."""
        return not words or f' {words[0]}' in f' {self.order[-1]}'


async def show(
    find_rooms: FindRooms,
    find_people: FindPeople,
    on_person: Callable[[User], Awaitable[object]],
    is_current: Callable[[Room], bool],
) -> None:
    """Show a dialog with the rooms and people that are found; ``on_person`` is awaited with whom one chose.

    Both are asked for what has some words, and return as well whether there is more.
    """
    await _Switcher(find_rooms, find_people, on_person, is_current).open()


class _Switcher:
    """A text box and a list below it, which the box leads through: a combobox, as screen readers call it."""

    def __init__(
        self,
        find_rooms: FindRooms,
        find_people: FindPeople,
        on_person: Callable[[User], Awaitable[object]],
        is_current: Callable[[Room], bool],
    ) -> None:
        self._find_rooms, self._find_people = find_rooms, find_people
        self._on_person, self._is_current = on_person, is_current
        self._goals: dict[tuple[bool, int], Goal] = {}
        self._shown: list[Goal] = []
        self._at = 0
        self._has_more = False
        self._looking = asyncio.Lock()
        with dialogs.titled('Go to') as self._dialog:
            self._box = ui.input('Room or person', on_change=self._typed)
            self._box.props(f'outlined autofocus maxlength={LONGEST} autocomplete=off').classes('full')
            self._box.props('type=search role=combobox aria-expanded=true aria-autocomplete=list')
            self._box.on('keydown.down.prevent', lambda: self._step(1), args=[])
            self._box.on('keydown.up.prevent', lambda: self._step(-1), args=[])
            keys.on_enter(self._box, self._take)
            self._list = ui.html('', sanitize=False, tag='ul').classes('goals')
            self._list.props('role=listbox aria-label="Rooms and people"')
            self._list.on('click', lambda event: self._pressed(event.args), js_handler=browser.CHOSEN_OPTION)
            self._box.props['aria-controls'] = self._list.html_id
            self._said = ui.label().classes('browsed-said').props('role=status')
            with ui.element('div').classes('dialog-buttons'):
                buttons.plain('Close', self._dialog.close)

    async def open(self) -> None:
        """Show what there is."""
        self._has_more = await self._look('')
        self._show()

    async def _look(self, words: str) -> bool:
        """Get to know what has these words; returns whether there is more."""
        entries, more_rooms = await self._find_rooms(words)
        people, more_people = await self._find_people(words)
        written_to = {entry.room.name for entry in entries if entry.room.direct}
        goals = [self._room(entry) for entry in entries]
        goals += [_person(each) for each in people if each.kind != 'bot' and each.name not in written_to]
        self._goals.update({(isinstance(each.target, Room), each.target.id): each for each in goals})
        return more_rooms or more_people

    def _room(self, entry: RoomEntry) -> Goal:
        room = entry.room
        name = text.sought(room.name)
        order = (self._is_current(room), not entry.unread, 0 if entry.joined else 2, name)
        return Goal(room, room_list.label(room, room_list.badge(entry)), f'{name} {text.sought(room.topic)}', order)

    @shows_errors
    async def _typed(self, event: events.ValueChangeEventArguments[str | None]) -> None:
        self._at = 0
        self._show()
        if not self._has_more:
            return
        await asyncio.sleep(PAUSE)
        async with self._looking:  # a page that sends words without end makes the server read no faster
            words = dialogs.text_of(self._box)
            if self._list.is_deleted or event.value != words:
                return
            await self._look(words[:LONGEST].strip())
        self._show()

    def _show(self) -> None:
        if self._list.is_deleted:
            return
        words = text.sought(dialogs.text_of(self._box)[:LONGEST]).split()
        found = [each for each in self._goals.values() if each.has(words)]
        found.sort(key=lambda each: (not each.begins_with(words), each.order))
        self._shown = found[:MOST_SHOWN]
        self._at = min(self._at, max(len(self._shown) - 1, 0))
        self._said.text = _sentence(len(found), is_cut=len(found) > MOST_SHOWN)
        self._render()

    def _render(self) -> None:
        self._list.content = _options(self._list.html_id, self._shown, self._at)
        self._box.props['aria-activedescendant'] = f'{self._list.html_id}-{self._at}' if self._shown else ''

    def _step(self, by: int) -> None:
        if self._shown:
            self._at = (self._at + by) % len(self._shown)
            self._render()

    async def _pressed(self, place: object) -> None:
        if isinstance(place, int) and 0 <= place < len(self._shown):
            self._at = place
            await self._take()

    @shows_errors
    async def _take(self) -> None:
        if not self._shown or not self._dialog.value:
            return
        target = self._shown[self._at].target
        self._dialog.close()
        if isinstance(target, Room):
            ui.navigate.to(links.address_of(target.slug))
        else:
            await self._on_person(target)


def _person(user: User) -> Goal:
    name = text.sought(user.name)
    html = (
        f'<span class="by-{user.id:d}">{rows.avatar(user, "small")}</span><span class="name">{escape(user.name)}</span>'
    )
    return Goal(user, html, name, (False, True, 1, name))


def _options(list_id: str, goals: Iterable[Goal], at: int) -> str:
    return ''.join(
        f'<li role="option" class="goal" id="{list_id}-{place}" aria-selected="{"true" if place == at else "false"}">'
        f'{goal.html}</li>'
        for place, goal in enumerate(goals)
    )


def _sentence(count: int, *, is_cut: bool) -> str:
    if not count:
        return 'Nobody and no room is called so.'
    return 'There are more. A few letters of the name find them.' if is_cut else ''
