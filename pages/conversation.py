"""The middle of the room page: one room's messages and the box to write in, as long as the room is open."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from time import monotonic
from typing import TypeGuard
from zoneinfo import ZoneInfo

from nicegui import background_tasks, ui

from chat import Chat, permissions
from chat.errors import ChatError, Forbidden, Invalid, NotFound, StorageFailed
from chat.events import (
    MemberChanged,
    MemberEvent,
    MemberJoined,
    MemberLeft,
    MessageDeleted,
    MessageEdited,
    MessageEvent,
    MessageSent,
    RoomChanged,
    RoomGone,
    StartAfresh,
    Told,
    Typing,
)
from chat.models import Counts, Member, MentionOfAll, Message, MessagePage, Role, RoomView, Silence, User
from chat.room_state import Subscription
from chat.unread import WentBack
from pages import attachments, dialogs, links
from pages.asking import shows_errors
from pages.attaching import Attaching
from pages.card import PersonCard
from pages.composer import Composer
from pages.live_rows import live_rows
from pages.looks import RoomLooks
from pages.message_list import MessageList
from pages.moderating import Moderating
from pages.new_bar import NewBar
from pages.people import People
from pages.pulse import Pulses
from pages.reacting import Reacting
from pages.reading import Reading
from pages.room_settings import duration
from pages.row_menu import RowEntry, RowMenu
from pages.suggestions import Suggestions
from pages.viewer import Viewer
from web.page_updates import Wire

TRIES = 5  # to read a page that is no older than what was told
TELL_TYPING_EVERY = 3.0  # s, while somebody types
SHOW_TOGETHER = 0.1  # s, what follows upon something that was shown
# Who types is mostly over with a message, which brings that along; one who has just begun is told of a moment later.
STATES_EVERY, STATES_AFTER = 1.0, 0.5  # s
LONGEST_WAIT = 24 * 3600.0  # s after which it is looked whether somebody may speak again


class Conversation:
    """Listens to one room for one page and shows what it hears."""

    def __init__(
        self,
        chat: Chat,
        user: User,
        view: RoomView,
        people: People,
        looks: RoomLooks,
        card: PersonCard,
        wire: Wire | None,
        pulses: Pulses,
        *,
        reader: ZoneInfo,
        marked: int | None,
        is_in_front: Callable[[], bool],
        is_alive: Callable[[], bool],
        on_activity: Callable[[], object],
        on_counts: Callable[[], object],
        on_said: Callable[[Message], object],
        on_room_changed: Callable[[], object],
        on_pins: Callable[[], object],
        on_me_changed: Callable[[User], object],
        on_removed: Callable[[], object],
    ) -> None:
        self._client = ui.context.client
        self._chat = chat
        self._user = user
        self.room = view.room
        self._since = view.page.revision
        self._people = people
        self._looks = looks
        self._is_in_front = is_in_front
        self._is_alive = is_alive  # the browser has given a sign of life just now; else it is asked for one
        self._on_activity = on_activity
        self._on_counts = on_counts
        self._on_said = on_said  # of what is said while the page is not in front
        self._on_room_changed = on_room_changed
        self._on_me_changed = on_me_changed
        self._on_removed = on_removed
        self._subscription: Subscription | None = None
        self._news: list[Told] = []  # heard, and not yet shown
        self._held: list[Told] | None = None  # heard while nobody knows whether this person still belongs here
        self._pulse = pulses.of(self.room.id, SHOW_TOGETHER)
        self._read_id = 0
        self._went_back = view.went_back
        self.mentions = view.mentions  # of the person, among what is unseen
        self._counted: tuple[int, int] | None = None
        self._left_unread = False  # on purpose: seeing does not clear it
        self._is_recounting = False
        self._line = ''  # where the line of the new is on the screen
        self._new = view.unread  # how many messages the bar at the top tells of, 0 for no bar
        self._who_types: Sequence[User] = ()
        self._typing_says = ''
        self._slow_pulse = pulses.of(self.room.id, STATES_EVERY, STATES_AFTER)
        self._told_typing_at = -TELL_TYPING_EVERY
        self._just_joined: set[int] = set()  # who was noticed to join; their presence follows
        people.show(view.members)
        with ui.element('div').classes('conversation') as self._place:
            self._style = ui.html(looks.css, sanitize=False, tag='style')
            self.messages = MessageList(
                view.room,
                view.page,
                reader,
                user_id=user.id,
                first_unread=view.first_unread,
                unseen=view.unread,
                marked=marked,
                wire=wire,
                load=self._load,
                on_action=self._row_pressed,
                on_seen=self.seen,
                on_down=self._read_on,
            )
            self._typing = live_rows(self._client, wire, 'typing')
            self._attaching = Attaching(chat, self._client, view.room, lambda: self._user)
            self._composer = Composer(
                view.room,
                chat.drafts.newest(user, view.room, view.draft),
                on_send=self._send,
                on_edit=self._edit,
                on_change=self._changed,
                find_last=lambda: chat.messages.last_of(user, view.room.slug),
                pick_emoji=self._pick_emoji,
                suggestions=Suggestions(chat, lambda: self._user, lambda: people.users),
                attaching=self._attaching,
            )
        self._reacting = Reacting(chat, self._client, self._place, lambda: self._user)
        card.listen(self.messages.log, 'm', 'author', self._author_of)
        card.moderating = self._moderating = Moderating(
            chat, self._client, lambda: self._user, lambda: self.room, people.role
        )
        self._bar = NewBar(self._place, self._jump_to_new, self.mark_read)
        self._show_whether_moderates()
        self.reading = Reading(
            chat,
            self._client,
            self._place,
            self.messages,
            view.pinned_ids,
            user=lambda: self._user,
            room=lambda: self.room,
            role=people.role,
            may_moderate=self._moderating.may,
            may_reply=self._may_reply,
            go_to=self.go_to,
            reply_to=self._composer.reply_to,
            on_pins=on_pins,
        )
        self._menu = RowMenu(self._place, self._row_entries, self.messages.get)
        self._viewer = Viewer(self._place, self.messages, self.go_to)
        self._silence_ends: asyncio.TimerHandle | None = None
        self._show_silence(view.silence)

    def listen(self) -> None:
        """Begin to show what happens from the snapshot on; doing so twice is harmless."""
        if self._subscription is None:
            self._subscription = self._chat.room_state.subscribe(self.room.id, self._since, self._heard)
            self._chat.presence.watch(self._presence_changed)
            self._presence_changed(self._people.ids)
            self._chat.statuses.watch(self._people.refresh_lines)
            self._people.refresh_lines(self._people.ids)
            self._looks.watch(self._show_looks)
            self._show_looks()
            self._composer.open()
            self._attaching.refresh()
            self.messages.go_to_marked()
            self.seen()

    def close(self) -> None:
        """Let go of the room; closing twice is harmless."""
        self._pulse.forget(self._show_all)
        self._news.clear()
        self._slow_pulse.forget(self._show_who_types)
        self.mark_now()
        if self._subscription is not None:
            self._chat.room_state.unsubscribe(self._subscription)
            self._subscription = None
            self._chat.presence.unwatch(self._presence_changed)
            self._chat.statuses.unwatch(self._people.refresh_lines)
            self._looks.unwatch(self._show_looks)
            self.messages.close()
            self._typing.close()
            self.reading.close()
            self._viewer.close()
        self._forget_end_of_silence()

    @property
    def user(self) -> User:
        """The person, as they are now."""
        return self._user

    @property
    def member_ids(self) -> frozenset[int]:
        """Who belongs to this room."""
        return self._people.ids

    @property
    def role(self) -> Role | None:
        """What the person is in this room."""
        return self._people.role(self._user.id)

    def role_of(self, user_id: int) -> Role | None:
        """What somebody is in this room; None for who does not belong to it."""
        return self._people.role(user_id)

    @property
    def is_marked(self) -> bool:
        """Whether it was opened at a message, which has the focus then."""
        return self.messages.is_marked

    def focus(self) -> None:
        """Put the cursor into the message box."""
        self._composer.focus()

    def look_at_files(self) -> None:
        """Show what waits to be sent, which may have been brought on another page."""
        if self._subscription is not None:
            self._attaching.refresh()

    async def bring_back(self, text: object) -> None:
        """Put what was typed while the server was away into the box, unless it was sent all the same."""
        if not isinstance(text, str) or not text.strip():
            return
        last = await self._chat.messages.last_of(self._user, self.room.slug)
        if last is None or last.body != text.strip():
            self._composer.bring_back(text)

    def seen(self) -> None:
        """Note that the newest message is on the screen, if it is."""
        self._refresh_bar()
        if self._subscription is not None and self._is_looking() and not self._left_unread:
            self.messages.seen()
            self.mentions = 0
            self._read_id = self.messages.newest_id
            self._is_alive()  # asks for a sign now, so that it is here when the mark is due
            self._slow_pulse.ask(self._mark_read)
            self._count()

    def mark_now(self) -> None:
        """Note what was seen without waiting, as the page may be gone in a moment."""
        if self._slow_pulse.forget(self._mark_read) and self._is_alive():
            self._mark_read()

    def _is_looking(self) -> bool:
        return self.messages.at_end and self._is_in_front()

    def _count(self) -> None:
        if self._counted != self.counts:
            self._counted = self.counts
            self._on_counts()
        self._refresh_bar()

    def _mark_read(self) -> None:
        if self._is_alive():  # else it answers, if it can, and then it has seen
            self._chat.unread.seen(self._user, self.room, self._read_id, self._went_back)

    @property
    def counts(self) -> Counts:
        """How many messages nobody has looked at, and how many of them mention the person."""
        return Counts(self.messages.unseen, self.mentions)

    @shows_errors
    async def mark_read(self) -> None:
        """Have read everything."""
        self._read_on()
        self._new = 0
        await self._chat.unread.mark(self._user, self.room.slug, None)

    def mark_changed(self, room_id: int) -> None:
        """Take note that the person has read more of a room, or less, here or elsewhere."""
        if room_id == self.room.id and (self.messages.unseen or self._left_unread):
            self._recount()

    def leave_unread(self, back: WentBack) -> None:
        """Take note that the person wants to read what comes after a message again: seeing it now does not count."""
        if back.room_id != self.room.id or back.times <= self._went_back or self._subscription is None:
            return
        self._went_back = back.times
        self._slow_pulse.forget(self._mark_read)
        self._left_unread = True
        self.messages.draw_line(back.message_id)
        self._line = ''
        self.messages.flush()

    def _read_on(self) -> None:
        self._left_unread = False
        self.seen()

    def _recount(self) -> None:
        if not self._is_recounting:
            self._is_recounting = True
            background_tasks.create(self._ask_for_counts(), name='count what is unread here', context=self._client)

    async def _ask_for_counts(self) -> None:
        try:
            while self._subscription is not None:
                revision = self._subscription.revision
                found = await self._chat.unread.counts(self._user, [self.room.id])
                if self._subscription is None or self._subscription.revision == revision:
                    self._take_counts(found.get(self.room.id, Counts()))
                    return
                # else something came meanwhile, which may be counted or not
        except ChatError:
            return  # the next change asks again
        finally:
            self._is_recounting = False

    def _take_counts(self, counts: Counts) -> None:
        if self._subscription is None:
            return
        self.messages.set_unseen(counts.unread)
        self.mentions = counts.mentions
        if not counts.unread:
            self._left_unread = False
        elif self._left_unread:
            self._new = counts.unread
        self._count()

    def line_told(self, where: object) -> None:
        """Take note of where the line of the new stands on the screen: what one has been at needs no bar."""
        self._line = where if isinstance(where, str) else ''
        self._refresh_bar()

    def _refresh_bar(self) -> None:
        if self._line == 'here' and self._is_in_front():
            self._new = 0
        if not self._new:
            self._bar.hide()
            return
        self._new = max(self._new, self.messages.unseen)
        first, after = self.messages.first_new, self.messages.new_after
        is_further_up = first is None and after is not None and after < self.messages.newest_id
        if is_further_up or self._line == 'above':
            self._bar.show(self._new, first, self.messages.reader)
        else:
            self._bar.hide()

    async def _jump_to_new(self) -> None:
        if self.messages.first_new is not None:
            self.messages.go_to_line()
            return
        after = self.messages.new_after or 0
        page = await self._load(after=after)
        if page is not None and page.messages:
            with self._client:
                ui.navigate.to(links.address_of(self.room.slug, page.messages[0].id))

    @shows_errors
    async def _mark_unread(self, message: Message) -> None:
        await self._chat.unread.mark(self._user, self.room.slug, message.id - 1)

    def _heard(self, events: Sequence[Told]) -> None:
        for event in events:
            if isinstance(event, Typing):
                self._who_types = event.users
                self._slow_pulse.ask(self._show_who_types)
                continue
            if self._is_end(event):  # nothing of the room may be shown any more, from this moment on
                self._on_removed()
                return
            if self._held is not None:
                self._held.append(event)
                continue
            if isinstance(event, StartAfresh):  # one's own leaving may be among what is not told
                self._held = []
            if not self._news:
                self._pulse.ask(self._show_all)
            self._news.append(event)

    def _is_end(self, event: Told) -> bool:
        return isinstance(event, RoomGone) or (isinstance(event, MemberLeft) and event.member.user.id == self._user.id)

    def _show_all(self) -> None:
        news, self._news = self._news, []
        if not self._is_in_front():
            for event in news:
                if isinstance(event, MessageSent):
                    self._on_said(event.message)
        if not self.messages.unseen and not self._is_looking():
            self._begin_new(news)
        if self._attaching.ids:
            self._attaching.heard([event.message for event in news if isinstance(event, MessageSent)])
        said = tuple([event.message for event in news if _is_plain(event)])
        if len(said) != len(news) or not self._say(said):
            for event in news:
                self._show_one(event)
        self._put_who_types()
        self.messages.flush()
        self._count()

    def _begin_new(self, news: Sequence[Told]) -> None:
        """Let the line stand above what comes while nobody looks."""
        if not self.messages.has_newer and any(self._is_news(event) for event in news):
            self.messages.draw_line(self.messages.newest_id)
            self._new, self._line = 1, ''

    def _is_news(self, event: Told) -> bool:
        return isinstance(event, MessageSent) and event.message.author.id != self._user.id

    def _say(self, messages: tuple[Message, ...]) -> bool:
        """Show what all pages of the room show alike; returns whether it could be shown so."""
        authors = [message.author.id for message in messages]
        before = self.mentions
        self.mentions += sum(self._calls_me(message) for message in messages)
        if not self.messages.say(messages, own=authors.count(self._user.id)):
            self.mentions = before
            return False
        if self._who_types:
            self._who_types = [user for user in self._who_types if user.id not in authors]
        return True

    def _calls_me(self, message: Message) -> bool:
        me = self._user.id
        return (message.mentions_all or me in message.mentions) and message.author.id != me

    def _show_one(self, event: Told) -> None:
        if isinstance(event, MessageEvent):
            self._look_at_counts(event)
            if self._who_types:
                self._who_types = [user for user in self._who_types if user.id != event.message.author.id]
            if event.message.deleted_at is not None:
                self._composer.forget(event.message.id)
                self._viewer.forget(event.message.id)
            self._put(event.message, is_said=isinstance(event, MessageSent))
            self.reading.heard(event.message)
        elif isinstance(event, MemberEvent):
            self._show_member(event)
        elif isinstance(event, RoomChanged):
            self._changed_room(event)
        elif isinstance(event, StartAfresh):
            background_tasks.create(self._start_afresh(), name='start afresh', context=self._client)

    def _look_at_counts(self, event: MessageEvent) -> None:
        if isinstance(event, MessageSent):
            self.mentions += self._calls_me(event.message)
        elif self.messages.unseen and isinstance(event, MessageEdited | MessageDeleted):
            self._recount()

    def _show_member(self, event: MemberEvent) -> None:
        self._looks.heard(event)
        user = event.member.user
        if isinstance(event, MemberJoined):
            self._people.add(event.member)
            self._just_joined.add(user.id)
            self._note(user, came=True)
        elif isinstance(event, MemberChanged):
            self._people.change(event.member)
            if user.id == self._user.id:  # who may be of another rank now, or muted
                self._look_for_silence()
        elif isinstance(event, MemberLeft):
            self._left(event.member)
        self._rename(user)  # that they came or went may be all that is told of a gap in which they were renamed
        if user.id == self._user.id:
            self._show_whether_moderates()

    def _left(self, member: Member) -> None:
        """Show that somebody has left, by the name they had here: who has deleted the account has another."""
        shown = self._people.remove(member)
        if shown is not None:
            self._note(shown.user, came=False)

    def _rename(self, user: User) -> None:
        """Show somebody by the name that they have now."""
        self.messages.rename(user)
        self._composer.rename(user)
        self.reading.refresh()
        self._who_types = [user if each.id == user.id else each for each in self._who_types]
        if user.id == self._user.id and user != self._user:
            self._user = user
            self._on_me_changed(user)

    def _show_whether_moderates(self) -> None:
        """Let hidden messages have their menu on the pages of those who may show them again."""
        self._place.classes(**{'add' if self._moderating.may_here else 'remove': 'moderates'})

    def _show_looks(self) -> None:
        if not self._style.is_deleted:
            self._style.content = self._looks.css

    def _author_of(self, message_id: int) -> User | None:
        message = self.messages.get(message_id)
        return None if message is None else message.author

    def _show_who_types(self) -> None:
        self._put_who_types()
        self._typing.flush()

    def _put_who_types(self) -> None:
        sentence = _typing_sentence([user for user in self._who_types if user.id != self._user.id])
        if sentence != self._typing_says:
            self._typing_says = sentence
            self._typing.put('typing', escape(sentence), 'history')

    def _changed_room(self, event: RoomChanged) -> None:
        name = self.room.name if self.room.direct else event.name  # direct messages are called otherwise for everybody
        self.room = replace(
            self.room,
            name=name,
            topic=event.topic,
            private=event.private,
            description=event.description,
            posting=event.posting,
            slow_mode=event.slow_mode,
            paused=event.paused,
            archived=event.archived,
        )
        self._composer.set_room_name(name)
        self._look_for_silence()
        self._on_room_changed()

    def _look_for_silence(self) -> None:
        background_tasks.create(self._refresh_silence(), name='look who may speak', context=self._client)

    async def _refresh_silence(self) -> None:
        try:
            silence = await self._chat.rooms.silence(self._user, self.room.slug)
        except ChatError:
            return  # whoever writes all the same is told
        if self._subscription is not None:
            self._show_silence(silence)

    def _show_silence(self, silence: Silence | None) -> None:
        self._forget_end_of_silence()
        if silence is None:
            self._composer.show_rule(self._slow_mode(), silent=False)
            return
        self._composer.show_rule(silence.sentence, silent=True)
        if silence.until is not None:
            wait = min((silence.until - datetime.now(UTC)).total_seconds() + 1, LONGEST_WAIT)
            self._silence_ends = asyncio.get_running_loop().call_later(max(wait, 1), self._look_for_silence)

    def _slow_mode(self) -> str:
        is_slow = self.room.slow_mode and permissions.waits_in_slow_mode(self._user, self.role)
        return f'Slow mode: one message every {duration(self.room.slow_mode)}.' if is_slow else ''

    def _forget_end_of_silence(self) -> None:
        if self._silence_ends is not None:
            self._silence_ends.cancel()
            self._silence_ends = None

    def _put(self, message: Message, *, is_said: bool) -> None:
        quoted = None if message.reply_to is None else self.messages.get(message.reply_to)
        if message.reply_to is not None and quoted is None and message.id > self.messages.newest_id:
            background_tasks.create(
                self._put_reply(message, is_said=is_said), name='show a reply', context=self._client
            )
            return
        self._show(message, quoted, is_said=is_said)

    def _show(self, message: Message, quoted: Message | None, *, is_said: bool) -> None:
        self.messages.put(message, quoted, is_own=message.author.id == self._user.id, is_said=is_said)

    async def _put_reply(self, message: Message, *, is_said: bool) -> None:
        """Show a reply to a message that is not on the page."""
        try:
            quoted = await self._chat.messages.get(self._user, message.reply_to or 0)
            message = await self._chat.messages.get(self._user, message.id)  # it may have changed meanwhile
        except ChatError:
            quoted = None
        if self._subscription is not None:
            self._show(message, quoted, is_said=is_said)
            self.messages.flush()
            self._count()

    def _presence_changed(self, user_ids: frozenset[int]) -> None:
        for member, came in self._people.refresh(user_ids):
            if not came or (self._chat.presence.is_settled and member.user.id not in self._just_joined):
                self._note(member.user, came=came)
            self._just_joined.discard(member.user.id)
        self.messages.flush()

    def _note(self, user: User, *, came: bool) -> None:
        if user.id != self._user.id:
            self.messages.note(user.name, came=came)

    async def _start_afresh(self) -> None:
        await self._read_afresh()
        held, self._held = self._held or [], None
        if self._subscription is not None:
            self._heard(held)

    @shows_errors
    async def _read_afresh(self) -> None:
        try:
            members = await self._chat.rooms.members(self._user, self.room.slug)
        except NotFound:
            self._on_removed()
            return
        page = await self._load()
        if page is None or self._subscription is None:
            return
        me = next((member.user for member in members if member.user.id == self._user.id), None)
        if me is None:
            self._on_removed()
            return
        self._people.show(members)
        self.messages.start_afresh(page)
        await self.reading.start_afresh()
        self._recount()
        self._look_for_silence()
        self._rename(me)
        await self._looks.reach(page.revision)

    @shows_errors
    async def go_to(self, message_id: int) -> None:
        """Show a message of this room, wherever in its history it stands, and mark it."""
        message = self.messages.get(message_id)
        if message is None:
            page = await self._load(around=message_id)
            if page is None or self._subscription is None:
                return
            self.messages.start_afresh(page, marked=message_id)
            self._count()
        elif message.deleted_at is not None:
            raise NotFound('This message is hidden.' if message.hidden else 'This message was deleted.')
        self.messages.go_to(message_id)

    @shows_errors
    async def _load(
        self, before: int | None = None, after: int | None = None, around: int | None = None
    ) -> MessagePage | None:
        messages, slug = self._chat.messages, self.room.slug
        for _ in range(TRIES):
            if around is None:
                page = await messages.page(self._user, slug, before=before, after=after)
            else:
                page = await messages.around(self._user, slug, around)
            if self._subscription is None or page.revision >= self._subscription.revision:
                return page  # else something was told meanwhile that this page does not know
        raise StorageFailed

    async def _send(self, body: str, client_message_id: str, reply_to: int | None, of_all: MentionOfAll) -> None:
        self._on_activity()
        files = self._attaching.ids
        try:
            await self._chat.messages.send(
                self._user, self.room.slug, body, client_message_id, reply_to, attachments=files, of_all=of_all
            )
        except Forbidden:
            self._look_for_silence()
            raise
        except Invalid as error:
            if error.field == 'attachments':  # one was sent elsewhere, or taken back
                self._attaching.refresh()
            raise
        self._attaching.sent(files)
        self._new = 0  # who answers has read what is there
        self._read_on()
        self.messages.go_to_end()

    async def _edit(self, message: Message, body: str, of_all: MentionOfAll) -> None:
        await self._chat.messages.edit(self._user, message.id, body, of_all=of_all)

    def _changed(self, body: str, reply_to: Message | None) -> None:
        self._chat.drafts.keep(self._user, self.room, body, reply_to)
        self._on_activity()
        if body.strip() and monotonic() - self._told_typing_at >= TELL_TYPING_EVERY:
            self._told_typing_at = monotonic()
            self._chat.room_state.typing(self.room.id, self._user)

    def _row_entries(self) -> list[RowEntry]:
        """Return what stands in the menu of a message, in this order."""
        return [
            RowEntry('Reply', self._composer.reply_to, self._may_reply),
            RowEntry('Add reaction', lambda each: self._reacting.pick(each.id), lambda each: each.deleted_at is None),
            RowEntry('Edit', self._begin_edit, lambda each: self._chat.messages.may_edit(self._user, each)),
            *self.reading.row_entries(),
            RowEntry('Copy link', self._copy_link, lambda each: not each.hidden),
            RowEntry('Mark unread from here', self._mark_unread, lambda each: not each.hidden),
            RowEntry('Delete', self._ask_to_delete, lambda each: each.author.id == self._user.id, is_danger=True),
            *self._moderating.row_entries(),
        ]

    def _row_pressed(self, action: object, message_id: object, what: object = '') -> Awaitable[None] | None:
        """Do what a button of a row is for; a browser can tell anything."""
        message = self.messages.get(message_id) if isinstance(message_id, int) else None
        if message is None:
            return None
        if action == 'react' and isinstance(what, str):
            return self._reacting.toggle(message, what)
        if action == 'pick':
            return self._reacting.pick(message.id)
        if action == 'menu' and self._has_menu(message):
            self._menu.open(message)
        if action == attachments.VIEW:
            self._viewer.open(what)
        if action == 'quote' and message.reply_to is not None:
            return self.go_to(message.reply_to)
        return None

    def _may_reply(self, message: Message) -> bool:
        return message.deleted_at is None and not self._composer.is_silent

    def choose(self, label: str, message_id: object) -> None:
        """Do with a message what an entry of its menu says, if that is offered."""
        message = self.messages.get(message_id) if isinstance(message_id, int) else None
        if message is not None and self._has_menu(message):
            self._menu.choose(label, message)

    def open_menu(self, message_id: object) -> None:
        """Open the menu of a message, if it has one."""
        self._row_pressed('menu', message_id)

    def _has_menu(self, message: Message) -> bool:
        return message.deleted_at is None or (message.hidden and self._moderating.may(message.author))

    def _pick_emoji(self, target: str, write: Callable[[str], object]) -> Awaitable[None]:
        return self._reacting.pick_for_words(target, write)

    def _begin_edit(self, message: Message) -> None:
        if message.deleted_at is None:
            self._composer.edit(message)

    def _copy_link(self, message: Message) -> None:
        path = links.address_of(self.room.slug, message.id)
        links.share(self._client, self._chat.settings.public_url, path, 'Link copied')

    def _ask_to_delete(self, message: Message) -> None:
        dialogs.confirm('Delete this message for everybody?', 'Delete', lambda: self._delete(message.id))

    @shows_errors
    async def _delete(self, message_id: int) -> None:
        await self._chat.messages.delete(self._user, message_id)


def _is_plain(event: Told) -> TypeGuard[MessageSent]:
    return type(event) is MessageSent and event.message.reply_to is None


def _typing_sentence(users: Sequence[User]) -> str:
    names = [user.name for user in users]
    if len(names) > 2:
        return 'Several people are typing…'
    if not names:
        return ''
    return f'{" and ".join(names)} {"is" if len(names) == 1 else "are"} typing…'
