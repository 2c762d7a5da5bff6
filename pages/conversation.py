"""The middle of the room page: one room's messages and the box to write in, as long as the room is open."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from time import monotonic
from typing import TypeGuard
from zoneinfo import ZoneInfo

from nicegui import background_tasks, ui

from chat import Chat
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
from chat.models import Member, MentionOfAll, Message, MessagePage, Role, RoomView, User
from chat.room_state import Subscription
from pages import attachments, dialogs, links
from pages.asking import shows_errors
from pages.attaching import Attaching
from pages.card import PersonCard
from pages.composer import Composer
from pages.looks import RoomLooks
from pages.message_list import MessageList
from pages.moderating import Moderating
from pages.people import People
from pages.pulse import Pulses
from pages.reacting import Reacting
from pages.reading import Reading
from pages.row_menu import RowEntry, RowMenu
from pages.seeing import Seeing
from pages.silence import SilenceRule
from pages.suggestions import Suggestions
from pages.typing_line import TypingLine
from pages.viewer import Viewer
from web.page_updates import Wire

TRIES = 5  # to read a page that is no older than what was told
TELL_TYPING_EVERY = 3.0  # s, while somebody types
SHOW_TOGETHER = 0.1  # s, what follows upon something that was shown
# Who types is mostly over with a message, which brings that along; one who has just begun is told of a moment later.
STATES_EVERY, STATES_AFTER = 1.0, 0.5  # s


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
        self._on_activity = on_activity
        self._on_said = on_said  # of what is said while the page is not in front
        self._on_room_changed = on_room_changed
        self._on_me_changed = on_me_changed
        self._on_removed = on_removed
        self._subscription: Subscription | None = None
        self._news: list[Told] = []  # heard, and not yet shown
        self._held: list[Told] | None = None  # heard while nobody knows whether this person still belongs here
        self._pulse = pulses.of(self.room.id, SHOW_TOGETHER)
        slow_pulse = pulses.of(self.room.id, STATES_EVERY, STATES_AFTER)
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
                on_seen=self._seen,
                on_down=self._read_on,
            )
            self._typing = TypingLine(self._client, wire, slow_pulse, lambda: self._user)
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
        self.seeing = Seeing(
            chat,
            self._client,
            self._place,
            self.messages,
            view,
            slow_pulse,
            user=lambda: self._user,
            is_in_front=is_in_front,
            is_alive=is_alive,
            on_counts=on_counts,
            load=self._load,
        )
        self._reacting = Reacting(chat, self._client, self._place, lambda: self._user)
        card.listen(self.messages.log, 'm', 'author', self._author_of)
        card.moderating = self._moderating = Moderating(
            chat, self._client, lambda: self._user, lambda: self.room, people.role
        )
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
        self._silence = SilenceRule(
            chat,
            self._client,
            self._composer,
            user=lambda: self._user,
            room=lambda: self.room,
            role=lambda: self.role,
        )
        self._silence.show(view.silence)

    def listen(self) -> None:
        """Begin to show what happens from the snapshot on; doing so twice is harmless."""
        if self._subscription is None:
            self._subscription = self._chat.room_state.subscribe(self.room.id, self._since, self._heard)
            self.seeing.begin(self._subscription)
            self._chat.presence.watch(self._presence_changed)
            self._presence_changed(self._people.ids)
            self._chat.statuses.watch(self._people.refresh_lines)
            self._people.refresh_lines(self._people.ids)
            self._looks.watch(self._show_looks)
            self._show_looks()
            self._composer.open()
            self._attaching.refresh()
            self.messages.go_to_marked()
            self.seeing.seen()

    def close(self) -> None:
        """Let go of the room; closing twice is harmless."""
        self._pulse.forget(self._show_all)
        self._news.clear()
        self._typing.wait_no_longer()
        self.seeing.end()
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
        self._silence.close()

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

    def _seen(self) -> None:
        self.seeing.seen()

    def _read_on(self) -> None:
        self.seeing.read_on()

    def _heard(self, events: Sequence[Told]) -> None:
        for event in events:
            if isinstance(event, Typing):
                self._typing.heard(event.users)
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
        if not self.messages.unseen and any(self._is_news(event) for event in news):
            self.seeing.begin_new()
        if self._attaching.ids:
            self._attaching.heard([event.message for event in news if isinstance(event, MessageSent)])
        said = tuple([event.message for event in news if _is_plain(event)])
        if len(said) != len(news) or not self._say(said):
            for event in news:
                self._show_one(event)
        self._typing.put()
        self.messages.flush()
        self.seeing.count()

    def _is_news(self, event: Told) -> bool:
        return isinstance(event, MessageSent) and event.message.author.id != self._user.id

    def _say(self, messages: tuple[Message, ...]) -> bool:
        """Show what all pages of the room show alike; returns whether it could be shown so."""
        authors = [message.author.id for message in messages]
        if not self.messages.say(messages, own=authors.count(self._user.id)):
            return False
        self.seeing.mentions += sum(self.seeing.calls(message) for message in messages)
        self._typing.said(authors)
        return True

    def _show_one(self, event: Told) -> None:
        if isinstance(event, MessageEvent):
            self._look_at_counts(event)
            self._typing.said((event.message.author.id,))
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
            self.seeing.mentions += self.seeing.calls(event.message)
        elif self.messages.unseen and isinstance(event, MessageEdited | MessageDeleted):
            self.seeing.recount()

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
                self._silence.look()
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
        self._typing.rename(user)
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
        self._silence.look()
        self._on_room_changed()

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
            self.seeing.count()

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
        self.seeing.recount()
        self._silence.look()
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
            self.seeing.count()
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
            self._silence.look()
            raise
        except Invalid as error:
            if error.field == 'attachments':  # one was sent elsewhere, or taken back
                self._attaching.refresh()
            raise
        self._attaching.sent(files)
        self.seeing.answered()
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
            RowEntry('Mark unread from here', self.seeing.mark_unread, lambda each: not each.hidden),
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
