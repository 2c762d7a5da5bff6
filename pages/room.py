"""The room page: rooms at the left, the conversation in the middle, people at the right."""

from collections.abc import Awaitable, Sequence
from dataclasses import replace
from html import escape
from time import monotonic
from urllib.parse import quote, unquote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, background_tasks, events, ui

from chat import Chat, permissions
from chat.direct import MOST_PEOPLE
from chat.errors import ChatError, Forbidden, NotFound
from chat.models import Level, Message, Room, RoomEntry, RoomView, Session, User
from chat.pacing import Paced
from chat.presence import Connection
from chat.unread import WentBack
from pages import (
    browser,
    buttons,
    catch_up,
    devices,
    ending,
    links,
    people_choice,
    room_browser,
    room_list,
    search,
    shortcuts,
    switcher,
    theme,
    zones,
)
from pages.asking import shows_errors
from pages.card import CardAction, PersonCard
from pages.conversation import Conversation
from pages.looks import Looks, RoomLooks
from pages.my_menu import MyMenu
from pages.notifier import Notifier, room_of
from pages.people import People
from pages.pulse import Pulses
from pages.room_list import OTHERS_SHOWN, RoomList
from pages.room_menu import RoomMenu
from web import cookies
from web.page_updates import wire_of

BUILD_TIMEOUT = 10.0  # s
TITLE_AT_MOST_EVERY = 1.0  # s
NO_MESSAGE = 'The message that this link leads to is not here: it was deleted, or never was in this room.'
SIGN_LASTS = 5.0  # s for which a browser counts as there after it has said something
LONGEST_ID = 19  # digits that a database can count to


def install(chat: Chat) -> None:
    """Register the page of every room."""
    pulses, looks = Pulses(), Looks(chat.profiles.looks)
    devices.prepare()

    @ui.page('/rooms/{slug}', response_timeout=BUILD_TIMEOUT)
    async def room(request: Request, client: Client, slug: str) -> Response | None:
        return await show(request, client, slug, '')

    @ui.page('/rooms/{slug}/{message_id}', response_timeout=BUILD_TIMEOUT)
    async def message(request: Request, client: Client, slug: str, message_id: str) -> Response | None:
        return await show(request, client, slug, message_id)

    async def show(request: Request, client: Client, slug: str, message_id: str) -> Response | None:
        session = await chat.sessions.find(cookies.read_token(request))
        if session is None:
            return RedirectResponse(f'/?room={quote(slug, safe="")}', 303)
        await RoomPage(chat, pulses, looks, session, client).build(slug, message_id)
        return None


class RoomPage:
    """One browser tab: what belongs to the person stands, the conversation changes with the room."""

    def __init__(self, chat: Chat, pulses: Pulses, looks: Looks, session: Session, client: Client) -> None:
        self._chat = chat
        self._pulses = pulses
        self._looks = looks
        self._session = session
        self._user = session.user
        self._client = client
        self._reader = zones.zone(session.time_zone)
        self._in_front = False  # until the browser says so: a page may open, or come back, behind others
        self._sign_at = self._asked_at = -SIGN_LASTS
        self._rooms_lie_over = False
        self._loaded: tuple[RoomView, RoomLooks] | None = None
        self._conversation: Conversation | None = None
        self._room_menu = RoomMenu(chat, client, lambda: self._conversation, self._listed, self._refresh_rooms_now)
        self._shortcuts = shortcuts.Shortcuts(client, self._do_with_message, self._open_menu, self._go, self._search)
        self._presence: Connection | None = None
        self._watch = chat.unread.watch(self._user, self._counts_changed)
        self._notifier = Notifier(chat, self._user, lambda: self._reader, self._level_of)
        self._wire = wire_of(client)
        self._pins: ui.element | None = None  # made when something is pinned for the first time
        self._is_message_missing = False  # which the address names
        self._about: ui.element | None = None  # made when there is a description for the first time
        self._titled = ''
        self._show_title_soon = Paced(self._show_title, TITLE_AT_MOST_EVERY)

    async def build(self, slug: str, message_id: str) -> None:
        """Build the page around a room and hold what it listens to until the browser is gone."""
        self._client.on_connect(self._connected)
        self._client.on_disconnect(self._disconnected)
        self._client.on_delete(self._close)
        ui.on('browser', self._browser_told)
        ui.on('new-line', self._line_told)
        ui.on('notified', self._notified)
        self._loaded = await self._load(slug, _number(message_id))
        if self._loaded is None:
            self._client.status_code = 404
        self._build_sides(theme.apply(self._session.theme, reader=self._user.id))
        with ui.element('div').classes('frame') as frame:
            with ui.element('div').classes('middle'):
                self._build_head()
                middle = ui.element('div').classes('middle')
            self._people = People(self._chat.presence.status, self._chat.statuses.line, self._people_button)
            self._card = PersonCard(
                self._chat, self._client, lambda: self._reader, self._people.role, self._card_actions
            )
        self._card.listen(self._people.list, 'p', 'who', self._people.get)
        frame.on('keydown.esc', self._people.uncover, args=[])
        with middle:
            routes = {'/rooms/{slug}': self._show_room, '/rooms/{slug}/{message_id}': self._show_room}
            ui.sub_pages(routes, show_404=False)
        self._watch.on_rooms = self._refresh_rooms_now
        self._watch.on_mark = self._mark_changed
        self._watch.on_leaving = self._mark_now
        self._watch.on_going_back = self._leave_unread
        await self._refresh_rooms()

    def _build_sides(self, dark: ui.dark_mode) -> None:
        with (
            ui.left_drawer(value=False, bordered=False)
            .props('show-if-above breakpoint=700 width=264')
            .classes('side left') as self._left
        ):
            brand = f'{theme.LOGO}<span>Hearth</span>'
            ui.html(brand, sanitize=False, tag='a').classes('brand').props('href=/')
            # On a phone the rooms lie over the conversation (Quasar says which), and go when one was chosen.
            self._left.on('onLayout', self._note_whether_rooms_lie_over)
            self._rooms = RoomList(self._create_room, self._write_directly, self._browse_rooms, self._go)
            elsewhere = (
                ('Go to room…', self._go),
                (search.TITLE, self._search),
                ('Catch up', self._catch_up),
                ('All rooms and the archive', self._browse_rooms),
            )
            self._me = MyMenu(self._chat, self._session, self._client, dark, lambda: self._reader, elsewhere)

    def _note_whether_rooms_lie_over(self, event: events.GenericEventArguments) -> None:
        self._rooms_lie_over = event.args is False

    def _build_head(self) -> None:
        with ui.element('header').classes('head') as self._header:
            buttons.icon('menu', 'Show rooms', self._left.toggle).classes('toggle-left')
            self._head = ui.html('', sanitize=False).classes('head-text')
            buttons.icon('manage_search', f'{search.TITLE} (Ctrl+Shift+F)', self._search).props('aria-haspopup=dialog')
            buttons.menu('more_vert', 'Room menu', self._fill_room_menu, anew=True)
            self._people_button = buttons.icon('group', 'Show people')

    def _fill_room_menu(self) -> None:
        self._room_menu.fill()

    def _show_room(self, slug: str, message_id: str = '') -> Awaitable[None] | None:
        """Show a room in place: at once if it was loaded with the page."""
        self._leave_conversation()
        slug = unquote(slug)  # a link followed in place comes as the browser encodes it
        marked = _number(message_id)
        self._is_message_missing = bool(message_id)
        if self._loaded is not None and self._loaded[0].room.slug == slug:
            loaded, self._loaded = self._loaded, None
            self._show(*loaded, marked)
            return None
        if not self._client.has_socket_connection:
            self._show_missing()
            return None
        return self._load_and_show(slug, marked)

    @shows_errors
    async def _load_and_show(self, slug: str, marked: int | None) -> None:
        loaded = await self._load(slug, marked)
        if self._client.is_deleted:
            return
        if loaded is None:
            self._show_missing()
            return
        self._show(*loaded, marked)
        if self._conversation is not None:
            self._listen()
            if self._rooms_lie_over:
                self._left.hide()
            self._focus()
        await self._refresh_rooms()

    def _show(self, view: RoomView, looks: RoomLooks, marked: int | None) -> None:
        self._show_head(view.room)
        if all(each.id != marked or each.deleted_at is not None for each in view.page.messages):
            marked = None
        self._is_message_missing &= marked is None
        self._conversation = Conversation(
            self._chat,
            self._user,
            view,
            self._people,
            looks,
            self._card,
            self._wire,
            self._pulses,
            reader=self._reader,
            marked=marked,
            is_in_front=lambda: self._in_front,
            is_alive=self._is_alive,
            on_activity=self._touch,
            on_counts=self._refresh_counted,
            on_said=self._said_here,
            on_room_changed=self._room_changed,
            on_pins=self._offer_pins,
            on_me_changed=self._show_me,
            on_removed=self._removed,
        )
        self._offer_pins()
        self._rooms.set_current(view.room)
        self._refresh_title()

    def _show_head(self, room: Room) -> None:
        sign = room_list.sign(room) if room.private or not room.is_plain else ''
        self._head.content = (
            f'<h1>{sign}<span>{escape(room.name)}</span></h1><div class="topic">{escape(room.topic)}</div>'
        )
        self._offer_description(is_there=bool(room.description))

    def _offer_description(self, *, is_there: bool) -> None:
        if is_there and self._about is None:
            with self._header:
                self._about = buttons.icon('info_outline', 'About this room', self._room_menu.show_about)
            self._about.move(target_index=2)  # beside the name
        if self._about is not None:
            self._about.set_visibility(is_there)

    def _offer_pins(self) -> None:
        has_pins = self._conversation is not None and self._conversation.reading.has_pins
        if has_pins and self._pins is None:
            with self._header:
                self._pins = buttons.icon('push_pin', 'Pinned messages', self._show_pins)
            self._pins.props['aria-haspopup'] = 'dialog'
            self._pins.move(target_index=self._header.default_slot.children.index(self._head) + 1)
        if self._pins is not None:
            self._pins.set_visibility(has_pins)

    async def _show_pins(self) -> None:
        if self._conversation is not None:
            await self._conversation.reading.show_pins()

    def _show_missing(self) -> None:
        self._head.content = '<h1>No such room</h1><div class="topic"></div>'
        self._offer_description(is_there=False)
        self._offer_pins()
        self._rooms.set_current(None)
        self._people.show(())
        with ui.element('div').classes('missing'):
            with ui.element('h2'):
                ui.label('There is no such room, or it is not open to you.')
            ui.label('Choose another from the list of rooms, or open a new one.')
            buttons.main('Go to the lobby', lambda: ui.navigate.to('/rooms/lobby'))
        ui.page_title('No such room · Hearth')

    def _leave_conversation(self) -> None:
        if self._conversation is not None:
            self._card.close()
            self._conversation.close()
            self._conversation = None

    async def _load(self, slug: str, around: int | None) -> tuple[RoomView, RoomLooks] | None:
        try:
            await self._chat.unread.settle_all(self._user)
            await self._chat.drafts.settle(self._user)
            view = await self._chat.rooms.open(self._user, slug, around)
        except (NotFound, Forbidden):  # the latter: one could have joined before it was archived
            return None
        return view, await self._looks.of(view.room.id, view.members_revision)

    async def _refresh_rooms(self) -> None:
        entries, has_more = await self._chat.rooms.list_and_more(self._user, most_others=OTHERS_SHOWN)
        if self._client.is_deleted:
            return
        self._rooms.show([self._as_shown(entry) for entry in entries], has_more=has_more)
        if self._conversation is not None:
            self._rooms.set_current(self._conversation.room)
            others = [room_id for room_id in self._rooms.joined_ids if room_id != self._conversation.room.id]
            self._chat.unread.follow(self._watch, others)
        self._refresh_title()

    def _as_shown(self, entry: RoomEntry) -> RoomEntry:
        """Return a room with the counts that its page knows of, if it is open."""
        if self._conversation is None or entry.room.id != self._conversation.room.id:
            return entry
        unread, mentions = self._conversation.seeing.counts
        return replace(entry, unread=unread, mentions=mentions)

    def _counts_changed(self) -> None:
        background_tasks.create(self._refresh_counts(), name='refresh unread counts')

    async def _refresh_counts(self) -> None:
        try:
            counts = await self._chat.unread.counts(self._user, self._watch.room_ids)
        except ChatError:
            return  # the next change asks again
        if self._client.is_deleted:
            return
        if counts.keys() != self._watch.room_ids:  # some are not this person's any more
            await self._refresh_rooms()
            return
        self._rooms.set_counts(counts)
        self._refresh_title()

    def _refresh_counted(self) -> None:
        self._show_title_soon()

    def _refresh_title(self) -> None:
        if self._title() != self._titled:
            self._show_title_soon()

    def _show_title(self) -> None:
        if self._conversation is not None:
            self._rooms.set_counts({self._conversation.room.id: self._conversation.seeing.counts})
        if self._conversation is not None:
            self._notifier.show_count(self._waiting())
        if self._title() == self._titled:
            return
        self._titled = self._title()
        if self._titled:
            with self._client:
                ui.page_title(self._titled)

    def _title(self) -> str:
        if self._conversation is None:
            return ''
        waiting = self._waiting()
        return f'({waiting}) ' * bool(waiting) + f'{self._conversation.room.name} · Hearth'

    def _waiting(self) -> int:
        """How many messages wait in all rooms."""
        return self._rooms.unread_elsewhere + self._unread_here()

    def _unread_here(self) -> int:
        if self._conversation is None:
            return 0
        entry = self._rooms.entry(self._conversation.room.id)
        return 0 if entry is not None and entry.level == 'nothing' else self._conversation.seeing.counts.unread

    def _is_alive(self) -> bool:
        """Whether the browser has given a sign of life just now; if not, it is asked for one."""
        now = monotonic()
        if now - self._sign_at < SIGN_LASTS:
            return True
        if now - self._asked_at > SIGN_LASTS:
            self._asked_at = now
            self._client.run_javascript(browser.SIGN_OF_LIFE)
        return False

    def _connected(self) -> None:
        """The browser is there, for the first time or again after a gap."""
        if self._presence is None:
            self._presence = self._chat.presence.connect(self._user.id)
            self._chat.sessions.watch(self._session, self._session_ended)
            self._client.run_javascript(browser.REPORT)
            self._client.run_javascript(browser.KEEP_FOCUS)
            self._client.run_javascript(browser.WATCH_NEW_LINE)
            self._client.run_javascript(browser.TAKE_FILES)
            self._shortcuts.listen()
            self._focus()
        else:
            self._presence.found()
        self._client.run_javascript(browser.SIGN_OF_LIFE)
        self._listen()

    def _listen(self) -> None:
        if self._conversation is not None:
            self._conversation.listen()
            if self._is_message_missing:
                self._is_message_missing = False
                with self._client:
                    ui.notify(NO_MESSAGE, type='warning')

    def _disconnected(self) -> None:
        # The socket before may be noticed to be gone only after the page came back by another.
        if self._presence is not None and not self._client.has_socket_connection:
            self._presence.lost()
            self._watch.on_message = None
            self._mark_now()
            self._in_front = False  # until it is back and says so: nobody sees what comes now

    def _mark_now(self) -> None:
        if self._conversation is not None:
            self._conversation.seeing.mark_now()

    def _focus(self) -> None:
        """Let one type at once; on a phone that would open the keyboard over the conversation."""
        is_phone = 'Mobi' in self._client.request.headers.get('user-agent', '')
        if self._conversation is not None and not is_phone and not self._conversation.is_marked:
            self._conversation.focus()

    def _touch(self) -> None:
        if self._presence is not None:
            self._presence.touch()

    def _close(self) -> None:
        """The browser is gone: nothing of the page listens any longer."""
        self._leave_conversation()
        self._show_title_soon.close()
        self._notifier.close()
        self._people.close()
        self._chat.unread.unwatch(self._watch)
        self._chat.sessions.unwatch(self._session, self._session_ended)
        if self._presence is not None:
            self._presence.close()

    @shows_errors
    async def _browser_told(self, event: events.GenericEventArguments) -> None:
        told = event.args if isinstance(event.args, list) and len(event.args) == 3 else (None, True, '')
        zone_name, in_front, kept = told
        comes_back = in_front is True and not self._in_front
        self._in_front, self._sign_at = in_front is True, monotonic()
        self._watch.on_message = None if self._in_front else self._notifier.heard
        if self._in_front:
            self._touch()
        if self._conversation is not None:
            self._conversation.seeing.seen()
            if comes_back:
                self._conversation.look_at_files()
            await self._conversation.bring_back(kept)
        is_chosen = self._session.zone_is_chosen
        if zones.is_known(zone_name) and zone_name != self._reader.key and not is_chosen:
            self._reader = zones.zone(zone_name)
            if self._conversation is not None:
                self._conversation.messages.set_zone(self._reader)
            await self._chat.sessions.remember_time_zone(self._session, self._reader.key)

    def _level_of(self, room_id: int) -> Level | None:
        entry = self._rooms.entry(room_id)
        return None if entry is None else entry.level

    def _said_here(self, message: Message) -> None:
        if self._watch.on_message is not None:
            self._watch.on_message(message)

    def _notified(self, event: events.GenericEventArguments) -> None:
        """A notification was pressed: show the room that it was about."""
        room_id = room_of(event.args)
        entry = self._rooms.entry(room_id) if room_id is not None else None
        here = self._conversation.room.id if self._conversation is not None else None
        if entry is not None and entry.room.id != here:
            with self._client:
                ui.navigate.to(links.address_of(entry.room.slug))

    def _line_told(self, event: events.GenericEventArguments) -> None:
        if self._conversation is not None:
            self._conversation.seeing.line_told(event.args)

    async def _create_room(self, name: str, topic: str, private: bool) -> None:
        room = await self._chat.rooms.create(self._user, name, topic, private=private)
        ui.navigate.to(links.address_of(room.slug))

    @shows_errors
    async def _browse_rooms(self) -> None:
        with self._client:
            await room_browser.browse(
                lambda words, archived: self._chat.rooms.list_and_more(self._user, words=words, archived=archived)
            )

    def _card_actions(self, user: User) -> list[CardAction]:
        """Return what can be done from the card about somebody."""
        actions: list[CardAction] = []
        if user.id != self._user.id and user.kind != 'bot':
            actions.append(('Message', lambda: self._write_to([user])))
        return actions + self._room_menu.card_actions(user)

    @shows_errors
    async def _write_to(self, others: list[User]) -> None:
        room = await self._chat.direct.open(self._user, [each.id for each in others])
        with self._client:
            ui.navigate.to(links.address_of(room.slug))

    @shows_errors
    async def _write_directly(self) -> None:
        user = self._user

        async def write(chosen: list[User]) -> None:
            room = await self._chat.direct.open(user, [each.id for each in chosen])
            ui.navigate.to(links.address_of(room.slug))

        with self._client:
            await people_choice.choose(
                'New direct message',
                'Write',
                find=lambda words: self._chat.directory.find(user, words),
                on_chosen=write,
                but=frozenset({user.id}),
                most=MOST_PEOPLE - 1,
            )

    def _mark_changed(self, room_id: int) -> None:
        if self._conversation is not None:
            self._conversation.seeing.mark_changed(room_id)

    def _leave_unread(self, back: WentBack) -> None:
        if self._conversation is not None:
            self._conversation.seeing.leave_unread(back)

    @shows_errors
    async def _go(self) -> None:
        """Let one choose a room, or a person to write to."""
        user = self._user

        async def find_people(words: str) -> tuple[Sequence[User], bool]:
            if not permissions.may_write_directly(user, await self._chat.policies.get()):
                return (), False
            return await self._chat.directory.find(user, words, switcher.MOST_PEOPLE)

        with self._client:
            await switcher.show(
                find_rooms=lambda words: self._chat.rooms.list_and_more(user, words=words),
                find_people=find_people,
                on_person=lambda other: self._write_to([other]),
                is_current=lambda room: self._conversation is not None and self._conversation.room.id == room.id,
            )

    def _search(self) -> None:
        """Let one search all rooms, beginning from the one that is open."""
        with self._client:
            here = None if self._conversation is None else self._conversation.room
            search.show(self._chat, self._user, self._reader, here, self._go_again)

    def _go_again(self, message: Message) -> Awaitable[None] | None:
        """Go to a message whose link is the address already: following that changes nothing."""
        conversation, address = self._conversation, links.address_of(message.room, message.id)
        if conversation is None or unquote(self._client.sub_pages_router.current_path) != unquote(address):
            return None
        return conversation.go_to(message.id)

    @shows_errors
    async def _catch_up(self) -> None:
        """Show what happened since one was here."""
        user, catching_up = self._user, self._chat.catching_up
        with self._client:
            await catch_up.show(
                lambda: catching_up.look(user), lambda up_to: catching_up.done(user, up_to), self._reader
            )

    def _do_with_message(self, entry: str, message_id: object) -> None:
        if self._conversation is not None:
            self._conversation.choose(entry, message_id)

    def _open_menu(self, message_id: object) -> None:
        if self._conversation is not None:
            self._conversation.open_menu(message_id)

    def _listed(self, room_id: int) -> RoomEntry | None:
        return self._rooms.entry(room_id)

    def _refresh_rooms_now(self) -> None:
        background_tasks.create(self._refresh_rooms_quietly(), name='refresh rooms', context=self._client)

    async def _refresh_rooms_quietly(self) -> None:
        try:
            await self._refresh_rooms()
        except ChatError:
            return  # the next change asks again

    def _show_me(self, user: User) -> None:
        self._user = user
        self._me.show(user)

    def _room_changed(self) -> None:
        if self._conversation is not None:
            self._show_head(self._conversation.room)
            self._refresh_rooms_now()

    def _removed(self) -> None:
        self._leave_conversation()
        self._client.open('/')

    def _session_ended(self) -> None:
        """Nothing is shown or taken any more, whether the browser follows or not; who has a new session comes back."""
        address = links.address_of(self._conversation.room.slug) if self._conversation is not None else '/'
        self._close()
        ending.end(self._client, address)


def _number(message_id: str) -> int | None:
    """Return the id in an address, or None: whatever else stands there is as if nothing did."""
    return int(message_id) if message_id.isdecimal() and len(message_id) < LONGEST_ID else None
