"""The conversation: a log of messages that stays where the reader is.

History stands in blocks of a few rows each, one element a block; what is said while the page is open gets a row of its
own (``live_rows``), which is also what a screen reader announces. A change of a message renders its block anew.
"""

import asyncio
from bisect import bisect_left, bisect_right, insort
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from html import escape
from itertools import pairwise
from zoneinfo import ZoneInfo

from nicegui import background_tasks, ui

from chat.models import MOST_UNREAD, Message, MessagePage, Reaction, Room, User
from pages import browser, chips, rows
from pages.blocks import Block, key_of, talk_of
from pages.live_rows import live_rows
from pages.notices import Notices
from web.page_updates import Wire

BLOCK = 10  # rows; an edit in the history sends so many again
MOST_ROWS = 200  # kept on a page; more than a window shows, see .scroller in theme.css
CACHED = 4096  # messages of people who have another name since
TELLS_WITHIN = 1.0  # s
TRIM_AFTER = 0.5  # s; what is added at one end and removed at the other at once would move the place under the eye


class MessageList:
    """The messages of one room as one page shows them."""

    def __init__(
        self,
        room: Room,
        page: MessagePage,
        reader: ZoneInfo,
        *,
        user_id: int,
        first_unread: int | None,
        unseen: int,
        marked: int | None,
        wire: Wire | None,
        load: Callable[..., Awaitable[MessagePage | None]],
        on_action: Callable[..., object],
        on_seen: Callable[[], object],
        on_down: Callable[[], object],
    ) -> None:
        self._messages: dict[int, Message] = {}
        self._ids: list[int] = []  # of the messages, rising
        self._quoted: dict[int, Message] = {}
        self._user_id = user_id
        self._own: dict[int, str] = {}  # rules for the reader's reactions among many, by message
        self._own_style: ui.html | None = None  # made when there is one for the first time
        self._blocks: list[Block] = []
        self._above = page.above  # just before the first row: whether that begins a day or a group depends on it
        self.reader = reader
        # Whatever is newer is new; a line stands there.
        self._new_after = None if first_unread is None else first_unread - 1
        self._marked = marked  # the message that a link led to
        self._mark: ui.element | None = None  # what it stands in
        self._opens_elsewhere = marked is not None or first_unread is not None  # than at its end
        self._has_arrived = not self._opens_elsewhere  # where it opens
        self._looks = 0  # how often the browser has told whether the end is in view
        self._load = load
        self._on_seen = on_seen
        self._on_down = on_down
        self._loading = False
        self._notice_number = 0
        self._jump_shows: tuple[bool, int] | None = None
        self.has_older, self.has_newer = page.has_older, page.has_newer
        self.at_end = not (page.has_newer or self._opens_elsewhere)
        self.unseen, self._more_are_unseen = unseen, unseen >= MOST_UNREAD
        with ui.element('div').classes('scroller').props('tabindex=0') as self._scroller:
            self._scroller.props['aria-label'] = f'Messages in {room.name}'
            self._scroller.props['role'] = 'region'
            with ui.element('div').classes('log').props('role=log aria-label=Messages') as self.log:
                self.log.on('click', lambda event: on_action(*event.args), js_handler=browser.PRESSED_ROW_BUTTON)
                self._top = ui.element('div').classes('sentinel')
                self._beginning = ui.html(_beginning(room), sanitize=False).classes('beginning')
                self._content = ui.element('div').classes('content')
                self._live = live_rows(ui.context.client, wire)
        self._newest: ui.element | None = None
        self._watch_end()
        self._jump: ui.button | None = None  # made when the reader is away from the end for the first time
        self._add_history(page.messages, page.quoted)
        self._refresh_edges()

    @property
    def newest_id(self) -> int:
        """The id of the newest message shown, 0 if there is none."""
        return self._ids[-1] if self._ids else 0

    @property
    def is_marked(self) -> bool:
        """Whether a message is marked."""
        return self._mark is not None

    def may_have_replies(self, message_id: int) -> bool:
        """Whether there are replies to a message that is on the page, as far as the page knows."""
        return self.has_newer or any(each.reply_to == message_id for each in self._messages.values())

    @property
    def first_new(self) -> Message | None:
        """The message that the line of the new stands above, if it is on the page."""
        place = len(self._ids) if self._new_after is None else bisect_right(self._ids, self._new_after)
        return self._messages[self._ids[place]] if place < len(self._ids) and (place or self._has_line) else None

    @property
    def _has_line(self) -> bool:
        return self._new_after is not None and (self._above is None or self._above.id <= self._new_after)

    @property
    def new_after(self) -> int | None:
        """The message that the line of the new stands below, which need not be on the page."""
        return self._new_after

    @property
    def number_of_new(self) -> str:
        """How many messages are unread, as far as they were counted."""
        return f'{MOST_UNREAD - 1}+' if self._more_are_unseen else f'{self.unseen}'

    def get(self, message_id: int) -> Message | None:
        """Return a message that is on the page."""
        return self._messages.get(message_id)

    @property
    def messages(self) -> list[Message]:
        """The messages on the page, the oldest first."""
        return [self._messages[message_id] for message_id in self._ids]

    def put(self, message: Message, quoted: Message | None, *, is_own: bool, is_said: bool = True) -> None:
        """Show the newest version of a message: in its place, or at the end if it is new, or ``is_said`` just now."""
        if message.id in self._messages or message.id in self._quoted:
            self._replace(message)
        elif message.id > self.newest_id:
            self._append(message, quoted, is_own=is_own, is_new=is_said)
        elif self._above is None or message.id > self._above.id:
            self._insert(message, quoted)

    def say(self, messages: tuple[Message, ...], own: int) -> bool:
        """Show what was just said, ``own`` of it by the reader; False if it has to be put one by one.

        The messages reply to nothing.
        """
        is_at_end = self.at_end or len(self._messages) + len(messages) < MOST_ROWS
        is_new = self._new_after is None or self.newest_id > self._new_after
        if self.has_newer or not is_at_end or not is_new or messages[0].id <= self.newest_id:
            return False
        if len(messages) > 1 and any(later.id <= each.id for each, later in pairwise(messages)):
            return False  # some were edited since, which is told in the order of the edits
        talk = talk_of(messages, self._messages[self._ids[-1]] if self._ids else self._above, self.reader)
        self._messages.update(talk.messages)
        self._ids.extend(talk.messages)
        self._blocks.extend(talk.blocks)
        self._live.put_all(talk.rows)
        self.unseen += len(messages) - own
        return True

    def note(self, name: str, *, came: bool) -> None:
        """Show that somebody came or went, folded with those just before."""
        if self.has_newer:
            return
        if not self._blocks or self._blocks[-1].notices is None:
            self._notice_number += 1
            self._blocks.append(Block(key=f'n{self._notice_number}', kind='notice', notices=Notices()))
        last = self._blocks[-1]
        if last.notices is not None:
            last.notices.add(name, came=came)
            self._live.put(last.key, last.notices.html(), last.kind)

    def rename(self, user: User) -> None:
        """Show all that somebody said, quotes of it, and what they reacted to, with the name that they have now."""
        if self._above is not None and self._above.author.id == user.id:
            self._above = _known_as(user, self._above)
        renamed = set()
        for messages in (self._messages, self._quoted):
            for message_id, message in messages.items():
                known = _known_as(user, message)
                if known is not message:
                    messages[message_id] = known
                    renamed.add(message_id)
        if renamed:
            self._render_where(renamed)

    def draw_line(self, new_after: int) -> None:
        """Let the line of the new stand below this message, and nowhere else."""
        before, self._new_after = self._new_after, new_after
        for place in {before, new_after} - {None}:
            self._render([block for block in self._blocks if block.ids and block.ids[-1] > (place or 0)][:1])

    def flush(self) -> None:
        """Show what was put and noted since the last time."""
        if self.at_end:
            self._trim_top()
        self._live.flush()
        if self.at_end:
            self._on_seen()
        self._refresh_jump()

    def set_zone(self, reader: ZoneInfo) -> None:
        """Show all times in another zone."""
        if reader != self.reader:
            self.reader = reader
            self._render(self._blocks)
            self.flush()

    def go_to_end(self) -> None:
        """Scroll to the newest message."""
        if not self.has_newer:
            self._scroller.run_method('scrollTo', 0, 0)  # the scroller runs from the bottom up: 0 is the end
            return
        background_tasks.create(self._open_newest(), name='open the newest messages', context=self.log.client)

    def _go_down(self) -> None:
        self._on_down()
        self.go_to_end()

    def go_to(self, message_id: int) -> None:
        """Scroll to a message that is on the page, and give it the focus."""
        if self._mark is not None and message_id != self._marked:
            self._mark.classes(remove='marked')
        background_tasks.create(self._go_to(message_id), name='go to a message', context=self.log.client)

    async def _go_to(self, message_id: int) -> None:
        await browser.go_to_row(self.log.client, message_id)
        self._ask_for_end()

    def go_to_marked(self) -> None:
        """Scroll to the message that a link led to, or else to the first unread one, if there is one."""
        if self._opens_elsewhere:
            background_tasks.create(self._arrive(), name='go where the page opens', context=self.log.client)

    async def _arrive(self) -> None:
        """Go there, and take the end for out of view if nothing is told of it: a browser tells only if it is."""
        if self._mark is not None and self._marked is not None:
            await browser.go_to_row(self.log.client, self._marked)
        else:
            await browser.go_to_new_line(self.log.client)
        if self.log.is_deleted:
            return
        self._has_arrived = True
        self._watch_end()
        await asyncio.sleep(TELLS_WITHIN)
        if not (self._looks or self.log.is_deleted):
            self._opens_elsewhere = False
            self._refresh_jump()

    def go_to_line(self) -> None:
        """Scroll to the line of the new."""
        going = browser.go_to_new_line(self.log.client)
        background_tasks.create(going, name='go to the new', context=self.log.client)

    def start_afresh(self, page: MessagePage, marked: int | None = None) -> None:
        """Show these messages instead of all that are shown; one of them may be ``marked``."""
        self._marked, self._mark = marked, None
        self._content.clear()
        self._live.clear()
        self._messages.clear()
        self._own.clear()
        self._ids.clear()
        self._quoted.clear()
        self._blocks.clear()
        self._above, self._opens_elsewhere = page.above, False
        self.has_older, self.has_newer = page.has_older, page.has_newer
        self._add_history(page.messages, page.quoted)
        self.at_end = not page.has_newer
        self._refresh_edges()
        self.flush()

    def close(self) -> None:
        """Leave nothing behind in the browser."""
        self._live.close()

    def seen(self) -> None:
        """Note that the end is on the screen."""
        self.set_unseen(0)

    def set_unseen(self, count: int) -> None:
        """Note how many messages are unread."""
        self.unseen, self._more_are_unseen = count, count >= MOST_UNREAD
        self._refresh_jump()

    def _append(self, message: Message, quoted: Message | None, *, is_own: bool, is_new: bool) -> None:
        if not self.at_end and len(self._messages) >= MOST_ROWS + BLOCK:
            self.has_newer = True  # enough rows wait below; the rest loads when the reader comes there
        if self.has_newer and not is_new:
            return  # a change of something that is not on the page
        if not is_own:
            self.unseen += 1
        if self.has_newer:
            return
        before = self._messages[self._ids[-1]] if self._ids else self._above
        self._messages[message.id] = message
        self._mark_own([message])
        self._ids.append(message.id)
        if quoted is not None:
            self._quoted[quoted.id] = quoted
        key = key_of(message)
        self._blocks.append(Block((message.id,), key=key))
        self._live.put(key, rows.one(message, before, self.reader, quoted, self._new_after), 'message')

    def _insert(self, message: Message, quoted: Message | None) -> None:
        """Show a message in its place among those said later: it was edited since, or its quote had to be fetched."""
        self._remember([message], {quoted.id: quoted} if quoted is not None else {})
        place = self._ids.index(message.id)
        index, block = next(each for each in enumerate(self._blocks) if self._ids[place + 1] in each[1].ids)
        self._blocks[index] = block = replace(block, ids=tuple(sorted((*block.ids, message.id))))
        self._render([block])

    def _replace(self, message: Message) -> None:
        if message.id in self._messages:
            self._messages[message.id] = message
            self._mark_own([message])
            if message.change != 'worded':
                self._make_silent(message.id)
        if message.id in self._quoted:
            self._quoted[message.id] = message
        self._render_where({message.id})

    def _make_silent(self, message_id: int) -> None:
        """Let what follows in the row of a message not be announced: its words have been."""
        for index, block in enumerate(self._blocks):
            if block.kind == 'message' and message_id in block.ids:
                self._blocks[index] = replace(block, kind='history')

    def _render_where(self, ids: set[int]) -> None:
        """Show some messages anew, and those that reply to them."""
        touched = ids | {each.id for each in self._messages.values() if each.reply_to in ids}
        self._render(block for block in self._blocks if not touched.isdisjoint(block.ids))

    async def _load_older(self, in_view: object) -> None:
        if in_view is not True or not self.has_older or self._loading or not self._messages:
            return
        self._loading = True
        first_id = self._ids[0]
        try:
            page = await self._load(before=first_id)
        finally:
            self._loading = False
        if page is None or self.log.is_deleted:
            return
        self._ask_for_end()  # the reader may have come there meanwhile
        if self._ids[:1] != [first_id]:  # the page shows another place by now
            self._watch_top()
            return
        self.has_older, self._above = page.has_older, page.above
        self._add_history(page.messages, page.quoted)
        self._refresh_edges()
        background_tasks.create(self._trim_bottom(), name='trim the newest rows', context=self.log.client)

    async def _load_newer(self) -> None:
        if self._loading or not self._messages:
            return
        self._loading = True
        last_id = self.newest_id
        try:
            page = await self._load(after=last_id)
        finally:
            self._loading = False
        if page is None or self.log.is_deleted:
            return
        if self.newest_id == last_id:  # else the page shows another place by now
            self.has_newer = page.has_newer
            self._live.flush()
            self._add_below(page.messages, page.quoted)
            self._trim_top()
            self._live.flush()
            self._refresh_jump()
        background_tasks.create(self._look_again(), name='look where the reader is', context=self.log.client)

    async def _look_again(self) -> None:
        await browser.draw(self.log.client)
        if not self.log.is_deleted:
            self._ask_for_end()
            self._watch_top()  # the reader may have come there meanwhile

    async def _open_newest(self) -> None:
        page = await self._load()
        if page is not None and not self.log.is_deleted:
            self.start_afresh(page)
            self.go_to_end()

    async def _end_in_view(self, in_view: object) -> None:
        if not self._has_arrived:
            return  # the page opens at its end, and goes from there to where it is to be
        self._looks += 1
        self._opens_elsewhere = False
        self.at_end = in_view is True and not self.has_newer
        if in_view is True and self.has_newer:
            await self._load_newer()
        if self.at_end:
            self._on_seen()
        self._refresh_jump()

    def _add_history(self, messages: Sequence[Message], quoted: dict[int, Message]) -> None:
        """Show messages above all others."""
        self._remember(messages, quoted)
        blocks = []
        for ids in self._divide([message.id for message in messages]):
            with self._content:
                # History is read by going to it; only what is said from now on is announced.
                element = ui.html('', sanitize=False).props('aria-live=off')
            if self._marked in ids:
                self._mark = element.classes('marked')
            blocks.append(Block(tuple(ids), element))
            if self._blocks:
                element.move(self._content, len(blocks) - 1)
        self._blocks = blocks + self._blocks
        self._render(blocks)

    def _add_below(self, messages: Sequence[Message], quoted: dict[int, Message]) -> None:
        """Show messages below all others, out of sight."""
        self._remember(messages, quoted)
        # At its very end a scroller follows what is added there; the reader wants to stay where the end was.
        if self._blocks[-1].element is None:
            self._live.keep_end_in_view()
        else:
            with self._content:
                ui.element('div').run_method('scrollIntoView', {'block': 'end'})
        blocks = [Block((message.id,), key=key_of(message), kind='history') for message in messages]
        self._blocks += blocks
        self._render(blocks)
        self._live.flush()

    def _divide(self, ids: list[int]) -> Iterable[list[int]]:
        """Divide neighboring messages into blocks; a marked one has a block of its own."""
        if self._marked not in ids:
            return [ids[start : start + BLOCK] for start in range(0, len(ids), BLOCK)]
        place = ids.index(self._marked)
        older, newer = ids[:place], ids[place + 1 :]
        return [*self._divide(older), [self._marked], *self._divide(newer)]

    def _mark_own(self, messages: Iterable[Message]) -> None:
        """Mark the reader's reactions to some messages, where their HTML, which all pages share, does not."""
        before = dict(self._own)
        for message in messages:
            rule = chips.own_among_many(message, self._user_id)
            self._own.pop(message.id, None)
            if rule:
                self._own[message.id] = rule
        if self._own == before:
            return
        if self._own_style is None:
            with self._scroller:
                self._own_style = ui.html('', sanitize=False, tag='style')
        self._own_style.content = ' '.join(self._own.values())

    def _remember(self, messages: Sequence[Message], quoted: dict[int, Message]) -> None:
        self._mark_own(messages)
        for message in messages:
            if message.id > self.newest_id:
                self._ids.append(message.id)
            elif message.id not in self._messages:
                insort(self._ids, message.id)
            self._messages[message.id] = message
        self._quoted.update(quoted)

    def _render(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            if block.notices is None:
                messages = [self._messages[message_id] for message_id in block.ids]
                before = self._before(block.ids[0])
                html = rows.rows(messages, before, self.reader, self._quoted, self._new_after)
                if block.element is not None:
                    block.element.content = html
                else:
                    self._live.put(block.key, html, block.kind)

    def _before(self, message_id: int) -> Message | None:
        place = bisect_left(self._ids, message_id)
        return self._messages[self._ids[place - 1]] if place else self._above

    def _trim_top(self) -> None:
        oldest: list[Block] = []
        left = len(self._messages)
        while left > MOST_ROWS + BLOCK and len(self._blocks) > 1:
            block = self._blocks.pop(0)
            self._above = self._messages[block.ids[-1]] if block.ids else self._above
            left -= len(block.ids)
            oldest.append(block)
        if oldest:
            self._drop(oldest)
            if not self.has_older:
                self.has_older = True
                self._refresh_edges()

    async def _trim_bottom(self) -> None:
        await asyncio.sleep(TRIM_AFTER)
        if self.log.is_deleted or self.at_end:
            return
        while len(self._messages) > MOST_ROWS + BLOCK and len(self._blocks) > 1:
            self._drop([self._blocks.pop()])
            self.has_newer = True
        self._live.flush()

    def _drop(self, blocks: Sequence[Block]) -> None:
        for block in blocks:
            for message_id in block.ids:
                del self._messages[message_id]
                self._own.pop(message_id, None)
                self._ids.remove(message_id)
            if block.element is not None:
                block.element.delete()
        self._live.drop(*[block.key for block in blocks if block.element is None])

    def _refresh_edges(self) -> None:
        self._watch_top()
        self._beginning.set_visibility(not self.has_older)
        self._refresh_jump()

    def _watch_end(self) -> None:
        """Tell when the end comes into view and leaves it.

        It is a new element once the page is where it is to be: what a slow browser told of the end at which it opened
        may be the last that it tells.
        """
        if self._newest is not None:
            self._newest.delete()
        with self.log:
            self._newest = ui.element('q-intersection').classes('sentinel')
            self._newest.on('visibility', lambda event: self._end_in_view(event.args))

    def _ask_for_end(self) -> None:
        """Ask whether the end of what is loaded is in view, unless it is known to be.

        A browser tells only of changes from one of its pictures to the next: nothing of an end that was away just
        between two of them, and not again of one that came while something else was loading.
        """
        if not (self.at_end or self.log.is_deleted):
            self._watch_end()

    def _watch_top(self) -> None:
        """Tell when the top comes into view. A new element each time: it also tells when it is in view already."""
        self._top.clear()
        if self.has_older:
            with self._top:
                sentinel = ui.element('q-intersection').classes('sentinel')
                sentinel.on('visibility', lambda event: self._load_older(event.args))

    def _refresh_jump(self) -> None:
        is_away = not (self.at_end or self._opens_elsewhere)
        if self._jump_shows == (is_away, self.unseen):
            return
        self._jump_shows = is_away, self.unseen
        if self._jump is None:
            if not is_away:
                return
            self._jump = self._build_jump()
        self._jump.set_visibility(is_away)
        noun = 'new message' if self.unseen == 1 else 'new messages'
        self._jump.text = f'{self.number_of_new} {noun}' if self.unseen else 'Jump to the newest'

    def _build_jump(self) -> ui.button:
        place = self._scroller.parent_slot.parent  # type: ignore[union-attr]
        with place:
            jump = ui.button('', on_click=self._go_down, color=None).classes('jump')
        jump.move(place, place.default_slot.children.index(self._scroller) + 1)
        return jump.props('no-caps unelevated icon-right=arrow_downward')


def _known_as(user: User, message: Message) -> Message:
    """Return a message as it is by the name that somebody has now; the same one if they have nothing to do with it."""
    is_author = message.author.id == user.id and message.author.name != user.name
    return _renamed(user, message) if is_author or any(_is_old(user, each) for each in message.reactions) else message


def _is_old(user: User, reaction: Reaction) -> bool:
    return user.id in reaction.user_ids and reaction.users[reaction.user_ids.index(user.id)] != user.name


@lru_cache(maxsize=CACHED)
def _renamed(user: User, message: Message) -> Message:
    """Return one and the same message for all pages that show it."""
    reactions = []
    for each in message.reactions:
        people = zip(each.users, each.user_ids, strict=True)
        reactions.append(
            replace(each, users=tuple(user.name if number == user.id else name for name, number in people))
        )
    author = user if message.author.id == user.id else message.author
    return replace(message, author=author, reactions=tuple(reactions))


def _beginning(room: Room) -> str:
    what = f'your messages with {room.name}' if room.direct else room.name
    then = 'Say hello. The address of this page leads here everybody who may come in.'
    if room.private:
        then = 'Nobody else reads this.' if room.direct else 'Say hello. Only those who belong to this room read it.'
    return f'<h2>This is the beginning of {escape(what)}</h2><p>{then}</p>'
