"""Choosing an emoji: all of Unicode, group by group or by some letters. One picker serves a whole room.

It is made at first use. A group is prepared HTML that all pages share, in one element: as elements of their own all
emoji would cost seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache, partial
from html import escape

from nicegui import Client, events, ui

from chat import emojis
from chat.emojis import Emoji
from chat.reactions import Taste
from pages import browser, buttons

RECENT = 'Recent'
SIGNS = dict(zip((RECENT, *emojis.GROUPS), '🕘😀👋🐻🍎✈⚽💡🔣🏁', strict=True))
FOUND = 64  # shown of what is found
LONGEST = 40  # letters to find one by
PROPS = 'no-parent-event anchor="bottom right" self="top right" :offset="[0,6]" max-height=460px'
Chosen = Callable[[str], Awaitable[object]]


class EmojiPicker:
    """A dialog beside whatever asked for it: letters, groups, what one took last, and the skin."""

    def __init__(
        self,
        client: Client,
        place: ui.element,
        taste: Callable[[], Awaitable[Taste]],
        on_tone: Callable[[int], Awaitable[object]],
    ) -> None:
        self._client, self._place, self._taste, self._on_tone = client, place, taste, on_tone
        self._menu: ui.menu | None = None
        self._on_chosen: Chosen | None = None
        self._liked = Taste()
        self._group = emojis.GROUPS[0]
        self._tabs: dict[str, ui.html] = {}
        self._tones: list[ui.html] = []

    async def open(self, target: str, title: str, on_chosen: Chosen) -> None:
        """Let one choose beside the element of this selector; ``on_chosen`` is awaited with the emoji."""
        self._liked = await self._taste()
        await asyncio.to_thread(emojis.all_emojis)  # reads them all when it is the first time since the start
        if self._client.is_deleted or self._place.is_deleted:
            return
        if self._menu is None:
            self._menu = self._build()
        self._on_chosen = on_chosen
        self._words.value = ''
        self._tabs[RECENT].set_visibility(bool(self._liked.recent))
        self._show_tone()
        self._show_group(RECENT if self._liked.recent else emojis.GROUPS[0])
        buttons.put_beside(self._menu, target)
        self._menu.props['aria-label'] = title
        self._menu.open()

    def _build(self) -> ui.menu:
        with self._place, ui.menu().props(PROPS).classes('picker') as menu:
            menu.props['role'] = 'dialog'
            with ui.element('div').classes('picker-inside') as inside:
                self._words = ui.input(placeholder='Find an emoji', on_change=self._look)
                self._words.props(f'outlined dense clearable maxlength={LONGEST} autocomplete=off type=search')
                self._words.props['aria-label'] = 'Find an emoji'
                if 'Mobi' not in self._client.request.headers.get('user-agent', ''):  # whose keyboard would cover all
                    self._words.props('autofocus')
                self._words.on('keydown.enter', self._take_first, args=[])
                self._build_tabs()
                self._heading = ui.label().classes('picker-heading').props('role=status')
                self._grid = ui.html('', sanitize=False).classes('picker-grid').props('role=group')
                self._grid.on('click', self._pressed, js_handler=browser.PRESSED_EMOJI)
                self._build_tones()
            inside.on('keydown', js_handler=browser.WALK_EMOJI)
        return menu

    def _build_tabs(self) -> None:
        with ui.element('div').classes('picker-tabs').props('role=group aria-label="Groups of emoji"'):
            for group, sign in SIGNS.items():
                self._tabs[group] = _button(sign, group, partial(self._choose_group, group)).classes('picker-tab')

    def _build_tones(self) -> None:
        with ui.element('div').classes('picker-tones').props('role=group aria-label="Skin tone"'):
            for tone, name in enumerate(emojis.TONE_NAMES):
                button = _button(emojis.with_tone('✋', tone), f'{name} skin', partial(self._choose_tone, tone))
                self._tones.append(button.classes('picker-tone'))

    def _choose_group(self, group: str) -> None:
        self._words.value = ''
        self._show_group(group)

    def _show_group(self, group: str) -> None:
        self._group = group
        for each, button in self._tabs.items():
            button.props['aria-pressed'] = 'true' if each == group else 'false'
        if group == RECENT:
            # Followed by the first group: a few emoji alone in the picker would look as if there were no others.
            first = emojis.GROUPS[0]
            rest = f'<h3 class="picker-next">{escape(first)}</h3>{_group(first, self._liked.skin_tone)}'
            self._show(group, f'{_grid(self._liked.recent)}{rest}')
        else:
            self._show(group, _group(group, self._liked.skin_tone))

    def _show(self, heading: str, html: str) -> None:
        self._heading.text = heading
        self._grid.props['aria-label'] = heading
        self._grid.content = html

    def _look(self) -> None:
        words = self._typed
        if not words:
            self._show_group(self._group)
            return
        found = self._found(words)
        counted = f'{len(found)} found' if len(found) < FOUND else f'The first {FOUND} found'
        self._show(counted if found else 'No emoji is called so.', _grid(found))

    @property
    def _typed(self) -> str:
        return self._words.value.strip()[:LONGEST] if isinstance(self._words.value, str) else ''

    def _found(self, words: str) -> tuple[str, ...]:
        return tuple(emojis.with_tone(each.character, self._liked.skin_tone) for each in emojis.search(words, FOUND))

    async def _take_first(self) -> None:
        found = self._found(self._typed)
        if found:
            await self._take(found[0])

    async def _pressed(self, event: events.GenericEventArguments) -> None:
        character = emojis.find(event.args) if isinstance(event.args, str) else None
        if character is not None:
            await self._take(character)

    async def _take(self, character: str) -> None:
        if self._menu is None or not self._menu.value or self._on_chosen is None:
            return  # a second Enter takes nothing more
        self._menu.close()
        await self._on_chosen(character)

    async def _choose_tone(self, tone: int) -> None:
        self._liked = Taste(self._liked.recent, tone)
        self._show_tone()
        self._look()
        await self._on_tone(tone)

    def _show_tone(self) -> None:
        for tone, button in enumerate(self._tones):
            button.props['aria-pressed'] = 'true' if tone == self._liked.skin_tone else 'false'


def _button(sign: str, label: str, on_click: Callable[[], object]) -> ui.html:
    button = ui.html(sign, sanitize=False, tag='button')
    button.props.update({'type': 'button', 'aria-label': label, 'title': label})
    button.on('click', on_click, args=[])
    return button


@lru_cache(maxsize=len(emojis.GROUPS) * len(emojis.TONES))
def _group(group: str, tone: int) -> str:
    """Return all emoji of a group."""
    return _grid([emojis.with_tone(each.character, tone) for each in _of(group)])


def _of(group: str) -> Sequence[Emoji]:
    return [each for each in emojis.all_emojis() if each.group == group]


def _grid(characters: Sequence[str]) -> str:
    return ''.join([_cell(each) for each in characters])


@lru_cache(maxsize=4096)
def _cell(character: str) -> str:
    sign, name = escape(character), escape(emojis.name_of(character))
    return f'<button type="button" data-emoji="{sign}" title="{name}" aria-label="{name}">{sign}</button>'
