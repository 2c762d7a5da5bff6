"""Searching all that one may read: a box, what is found below it with what matched marked, and the way to each."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from html import escape
from zoneinfo import ZoneInfo

from nicegui import ui

from chat import Chat, search_marks, search_query, text
from chat.errors import ChatError
from chat.models import Look, Message, Room, User
from chat.search import Found, Order
from pages import browser, buttons, dialogs, keys, links, looks, rows, zones

TITLE = 'Search messages'
PAUSE = 0.3  # s without a key after which is searched
QUOTE = 80  # characters of what a message replies to
ORDERS: dict[Order, str] = {'newest': 'Newest first', 'best': 'Best first'}
NARROWED = (
    ('from:', 'By somebody: from:Ada, or from:"Ada Lovelace"'),
    ('in:', 'In a room: in:lobby, or in:"The lobby"'),
    ('after:', 'Said after a day: after:2026-11-01'),
    ('before:', 'Said before a day: before:2026-11-26'),
    ('has:link', 'With a link in it'),
    ('has:file', 'With a file'),
    ('has:image', 'With a picture'),
    ('is:pinned', 'Pinned to its room'),
    ('""', 'Words that follow each other: "the big plan"'),
)
HINT = (
    'A message has to have all the words or parts of them, also in the names of its files. Case and accents do not '
    'count. Fewer words find more.'
)
_UNFINISHED = re.compile(r'(?:^|\s)(?:from|in|before|after|has|is):"?$', re.IGNORECASE)
_IN = re.compile(r'(?:^|\s)in:(?:"[^"]*"|\S*)', re.IGNORECASE)


Further = tuple[int, int]  # what a search gives to go on with
Chosen = Callable[[Message], Awaitable[object] | None]


def show(chat: Chat, user: User, reader: ZoneInfo, here: Room | None, on_chosen: Chosen) -> None:
    """Show a dialog in which one searches; ``on_chosen`` is told which message the browser goes to."""
    _Search(chat, user, reader, here, on_chosen)


class _Search:
    """Asks while one types, one search at a time: the newest wins, and none that it overtook is shown."""

    def __init__(self, chat: Chat, user: User, reader: ZoneInfo, here: Room | None, on_chosen: Chosen) -> None:
        self._chat, self._user, self._reader = chat, user, reader
        self._here, self._on_chosen = here, on_chosen
        self._asked = self._shown = 0  # searches; of those that were asked for the last one counts
        self._one_at_a_time = asyncio.Lock()
        self._order: Order = 'newest'
        self._words = ''  # that were searched for
        self._found: list[Message] = []
        self._looks: dict[int, Look] = {}
        self._further: Further | None = None
        self._orders: dict[Order, ui.html] = {}
        with dialogs.titled(TITLE) as self._dialog, ui.element('div').classes('search') as inside:
            self._build_asking()
            self._build_found()
            self._show_choices()
            with ui.element('div').classes('dialog-buttons'):
                buttons.plain('Close', self._dialog.close)
        inside.on('keydown', js_handler=browser.WALK_RESULTS)
        self._show_recent()

    def _build_asking(self) -> None:
        self._box = ui.input('Words', on_change=self._typed).classes('full')
        self._box.props(f'outlined autofocus type=search autocomplete=off maxlength={search_query.LONGEST}')
        keys.on_enter(self._box, self._search_now)
        self._problem = ui.label().classes('problem').props('role=status')
        with ui.element('div').classes('search-choices'):
            if self._here is not None:
                self._in_here = _chip(_here_label(self._here), '', self._toggle_here)
            for words, title in NARROWED:
                _chip(words, title, partial(self._insert, words)).classes('narrows')

    def _build_found(self) -> None:
        with ui.element('div').classes('search-head'):
            self._said = ui.label().classes('search-said').props('role=status')
            with ui.element('div').classes('search-choices').props('role=group aria-label=Order') as self._orders_place:
                for order, label in ORDERS.items():
                    self._orders[order] = _chip(label, '', partial(self._set_order, order))
        with ui.element('div').classes('search-found'):
            self._style = ui.html('', sanitize=False, tag='style')
            self._recent = ui.html('', sanitize=False).props('role=group aria-label="Recent searches"')
            self._recent.on('click', lambda event: self._recent_pressed(event.args), js_handler=browser.CHOSEN_RESULT)
            self._clear = buttons.plain('Clear recent searches', self._clear_recent).classes('search-clear')
            self._list = ui.element('div').props('role=group aria-label="Found messages"')
            self._list.on('click', lambda event: self._pressed(event.args), js_handler=browser.CHOSEN_RESULT)
            self._more = buttons.plain('More', self._look_further).classes('search-more')
            self._hint = ui.label(HINT).classes('search-hint')

    @property
    def _typed_words(self) -> str:
        words = dialogs.text_of(self._box).strip()
        return words if words.strip('" ') else ''

    @property
    def _is_closed(self) -> bool:
        return self._dialog.is_deleted or not self._dialog.value

    # Asking

    def _typed(self) -> Awaitable[None]:
        self._asked += 1
        self._show_choices()
        return self._search_soon(self._asked)

    async def _search_soon(self, turn: int) -> None:
        if self._typed_words:
            await asyncio.sleep(PAUSE)
        if not _UNFINISHED.search(self._typed_words):
            await self._search(turn)

    async def _search_now(self) -> None:
        self._asked += 1
        turn, before = self._asked, self._shown
        await self._search(turn)
        if turn == self._asked and self._shown > before:
            self._remember()

    async def _search(self, turn: int) -> None:
        async with self._one_at_a_time:
            if turn != self._asked or self._is_closed:
                return
            words = self._typed_words
            if words:
                await self._find(turn, words, None)
            else:
                self._show_recent()

    async def _look_further(self) -> None:
        turn, further = self._asked, self._further
        async with self._one_at_a_time:
            if turn == self._asked and further is not None and further == self._further and not self._is_closed:
                await self._find(turn, self._words, further)

    async def _find(self, turn: int, words: str, further: Further | None) -> None:
        """Search and show what is found, unless another search was asked for meanwhile."""
        before, offset = further or (None, 0)
        try:
            found = await self._chat.search.find(
                self._user, words, order=self._order, before=before, offset=offset, time_zone=self._reader.key
            )
        except ChatError as error:
            if turn == self._asked and not self._is_closed:
                self._refuse(error.message)
            return
        first = 0 if further is None else len(self._found)
        html = await asyncio.to_thread(_entries, found, first, self._reader)  # of long messages it takes a while
        if turn == self._asked and not self._is_closed:
            self._words = words
            self._shown += 1
            self._show(found, html, is_first=further is None)

    # Showing

    def _show(self, found: Found, html: str, *, is_first: bool) -> None:
        if is_first:
            self._forget_found()
        self._recent.content = ''
        self._clear.set_visibility(False)
        self._further = None if found.before is None else (found.before, found.offset)
        self._found += found.messages
        self._looks |= {look.user_id: look for look in found.looks}
        self._style.content = looks.style(self._looks.values())
        if html:
            with self._list:
                ui.html(html, sanitize=False, tag='ul').classes('search-list')
        self._more.set_visibility(self._further is not None)
        self._orders_place.set_visibility(len(self._found) > 1)
        self._hint.set_visibility(not self._found)
        self._refuse('')
        self._said.text = self._sentence()
        if not is_first:
            browser.focus_result(self._list.client, len(self._found) - len(found.messages))

    def _show_recent(self) -> None:
        recent = self._chat.recent_searches.of(self._user.id)
        self._forget_found()
        self._recent.content = _recent(recent)
        self._clear.set_visibility(bool(recent))
        self._more.set_visibility(False)
        self._orders_place.set_visibility(False)
        self._hint.set_visibility(not recent)
        self._refuse('')

    def _forget_found(self) -> None:
        self._list.clear()
        self._found, self._further = [], None
        self._looks.clear()

    def _refuse(self, sentence: str) -> None:
        """Say why nothing else is found; what was found before stays for whoever is still typing."""
        self._problem.text = sentence
        self._problem.set_visibility(bool(sentence))
        self._said.text = ''

    def _sentence(self) -> str:
        count = len(self._found)
        if not count and self._further is not None:
            return 'Nothing among the newest messages. "More" looks further back.'
        if not count:
            return f'Nothing found for “{self._words}”.'
        messages = '1 message' if count == 1 else f'{count:,} messages'
        return f'{messages}. There may be more.' if self._further is not None else messages

    def _show_choices(self) -> None:
        if self._here is not None:
            self._in_here.props['aria-pressed'] = 'true' if self._is_narrowed_here() else 'false'
        for order, chip in self._orders.items():
            chip.props['aria-pressed'] = 'true' if order == self._order else 'false'

    # Choosing

    async def _pressed(self, place: object) -> None:
        """A link was followed: the browser goes there."""
        if isinstance(place, int) and 0 <= place < len(self._found) and not self._is_closed:
            self._remember()
            self._dialog.close()
            told = self._on_chosen(self._found[place])
            if told is not None:
                await told

    async def _recent_pressed(self, place: object) -> None:
        recent = self._chat.recent_searches.of(self._user.id)
        if isinstance(place, int) and 0 <= place < len(recent):
            self._put(recent[place])
            await self._search_now()

    def _clear_recent(self) -> None:
        self._chat.recent_searches.clear(self._user.id)
        self._show_recent()
        browser.put_cursor(self._box, len(dialogs.text_of(self._box)))

    def _remember(self) -> None:
        self._chat.recent_searches.add(self._user.id, self._words)

    def _insert(self, words: str) -> None:
        before = dialogs.text_of(self._box).rstrip()
        typed = before if words in before.split() else f'{before} {words}'.lstrip()
        self._put(typed, len(typed) - words.endswith('"'))

    def _toggle_here(self) -> None:
        is_narrowed = self._is_narrowed_here()
        words = _IN.sub('', dialogs.text_of(self._box)).strip()
        if self._here is not None and not is_narrowed:
            words = f'{words} in:{self._here.slug}'.lstrip()
        self._put(words)

    def _is_narrowed_here(self) -> bool:
        return self._here is not None and f'in:{self._here.slug}' in dialogs.text_of(self._box).lower().split()

    async def _set_order(self, order: Order) -> None:
        self._order = order
        self._show_choices()
        self._asked += 1
        await self._search(self._asked)

    def _put(self, words: str, cursor: int | None = None) -> None:
        self._box.value = words
        browser.put_cursor(self._box, len(words) if cursor is None else cursor)


def _chip(label: str, title: str, on_click: Callable[[], object]) -> ui.html:
    chip = ui.html(escape(label), sanitize=False, tag='button').classes('search-chip')
    chip.props['type'] = 'button'
    if title:
        chip.props['title'] = title
    chip.on('click', on_click, args=[])
    return chip


def _here_label(room: Room) -> str:
    return 'In this conversation' if room.direct else 'In this room'


def _recent(recent: Sequence[str]) -> str:
    button = '<button type="button" class="search-entry search-recent"'
    entries = ''.join(
        f'<li>{button} data-place="{place}">{escape(words)}</button></li>' for place, words in enumerate(recent)
    )
    return f'<h3>Recent searches</h3><ul class="search-list">{entries}</ul>' if entries else ''


def _entries(found: Found, first: int, reader: ZoneInfo) -> str:
    now = datetime.now(UTC)
    return ''.join(_entry(found, each, place, reader, now) for place, each in enumerate(found.messages, first))


def _entry(found: Found, message: Message, place: int, reader: ZoneInfo, now: datetime) -> str:
    author, room = escape(message.author.name), escape(found.names.get(message.room, message.room))
    moment = message.created_at
    time = (
        f'<time datetime="{moment.isoformat()}" title="{zones.full_time(moment, reader)}">'
        f'{zones.past_time(moment, reader, now)}</time>'
    )
    marked = ''.join(
        f'<mark>{escape(each.text)}</mark>' if each.is_match else escape(each.text)
        for each in search_marks.excerpt(message.body, found.parts, [f'📎 {each.name}' for each in message.attachments])
    )
    return (
        f'<li><a class="search-entry by-{message.author.id:d}" data-place="{place}"'
        f' href="{escape(links.address_of(message.room, message.id))}">{rows.avatar(message.author, "small")}'
        f'<span class="search-text"><span class="search-where"><strong>{author}</strong> in {room} · {time}</span>'
        f'{_quote(found.quoted.get(message.reply_to or 0))}<span class="search-words">{marked}</span></span></a></li>'
    )


def _quote(quoted: Message | None) -> str:
    """Return the beginning of what a message replies to, if that can be read."""
    if quoted is None or quoted.deleted_at is not None:
        return ''
    name, words = escape(quoted.author.name), escape(text.excerpt(quoted.summary, QUOTE))
    return f'<span class="search-quote"><strong>{name}</strong> {words}</span>'
