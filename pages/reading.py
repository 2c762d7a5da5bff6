"""What one reads beside the log: one conversation alone, what is pinned, and what a message said before."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from nicegui import Client, ui

from chat import Chat, permissions
from chat.models import Message, Role, Room, User, Version
from pages import buttons, dialogs, links, zones
from pages.asking import shows_errors
from pages.listing import Listed, Listing, RowButton
from pages.message_list import MessageList
from pages.row_menu import RowEntry


class Reading:
    """Serves one room on one page: the entries of a message's menu, and the lists that they open within ``place``."""

    def __init__(
        self,
        chat: Chat,
        client: Client,
        place: ui.element,
        messages: MessageList,
        pinned_ids: frozenset[int],
        *,
        user: Callable[[], User],
        room: Callable[[], Room],
        role: Callable[[int], Role | None],
        may_moderate: Callable[[User], bool],
        may_reply: Callable[[Message], bool],
        go_to: Callable[[int], object],
        reply_to: Callable[[Message], object],
        on_pins: Callable[[], object],
    ) -> None:
        self._chat = chat
        self._client = client
        self._place = place
        self._messages = messages
        self._pinned_ids = set(pinned_ids)
        self._user = user
        self._room = room
        self._role = role
        self._may_moderate = may_moderate
        self._may_reply = may_reply
        self._go_to = go_to
        self._reply_to = reply_to
        self._on_pins = on_pins
        self._conversation: Listing | None = None
        self._pins: Listing | None = None

    @property
    def has_pins(self) -> bool:
        """Whether anything is pinned to the room."""
        return bool(self._pinned_ids)

    def row_entries(self) -> list[RowEntry]:
        """Return what stands in the menu of a message."""
        return [
            RowEntry('Show conversation', self.show_conversation, self._may_be_in_conversation),
            RowEntry('Pin', lambda each: self._pin(each, on=True), lambda each: self._may_pin(each, on=True)),
            RowEntry('Unpin', lambda each: self._pin(each, on=False), lambda each: self._may_pin(each, on=False)),
            RowEntry('Edit history', self._show_versions, self._may_see_versions),
            RowEntry('Copy text', self._copy_text, lambda each: each.deleted_at is None),
        ]

    @shows_errors
    async def show_conversation(self, message: Message) -> None:
        """Show the messages that reply to each other, without what else is said in the room."""

        async def load() -> Listed:
            chain = await self._chat.messages.chain(self._user(), message.id)
            if len(chain.messages) == 1:
                return Listed(chain.messages, 'Nobody has replied so far.')
            missing = '' if chain.is_whole else 'There are many: some between the first and the newest are left out.'
            return Listed(chain.messages, missing)

        self.close()
        reply = RowButton('Reply', self._reply_to, self._may_reply, closes=True)
        self._conversation = Listing('Conversation', self._reader, load, self._go_to, [reply])
        await self._conversation.open(self._place)

    @shows_errors
    async def show_pins(self) -> None:
        """Show what is pinned to the room."""

        async def load() -> Listed:
            pinned = await self._chat.pins.pinned(self._user(), self._room().slug)
            self._set_pinned({each.id for each in pinned})
            return Listed(pinned, '' if pinned else 'Nothing is pinned here.')

        self.close()
        unpin = RowButton('Unpin', lambda each: self._pin(each, on=False), lambda each: self._may_pin(each, on=False))
        self._pins = Listing('Pinned messages', self._reader, load, self._go_to, [unpin])
        await self._pins.open(self._place)

    def heard(self, message: Message) -> None:
        """Take notice that a message was sent, or is another now."""
        was_pinned = message.id in self._pinned_ids
        is_pinned = message.pinned_at is not None
        if was_pinned or is_pinned:
            self._set_pinned(self._pinned_ids | {message.id} if is_pinned else self._pinned_ids - {message.id})
            if self._pins is not None:
                self._pins.refresh()
        if self._conversation is not None and not self._conversation.ids.isdisjoint({message.id, message.reply_to}):
            self._conversation.refresh()

    def refresh(self) -> None:
        """Show again what is open, as anything may have changed."""
        for listing in (self._conversation, self._pins):
            if listing is not None:
                listing.refresh()

    async def start_afresh(self) -> None:
        """Find out anew what is pinned, as some changes were not told; raises ChatError."""
        pinned = await self._chat.pins.pinned(self._user(), self._room().slug)
        self._set_pinned({each.id for each in pinned})
        self.refresh()

    def close(self) -> None:
        """Show nothing of the room any more."""
        for listing in (self._conversation, self._pins):
            if listing is not None:
                listing.close()
        self._conversation = self._pins = None

    def _set_pinned(self, ids: set[int]) -> None:
        had_pins, self._pinned_ids = self.has_pins, ids
        if had_pins != self.has_pins:
            self._on_pins()

    def _may_be_in_conversation(self, message: Message) -> bool:
        is_reply = message.reply_to is not None
        return message.deleted_at is None and (is_reply or self._messages.may_have_replies(message.id))

    def _may_pin(self, message: Message, *, on: bool) -> bool:
        user = self._user()
        may = permissions.may_pin(user, self._role(user.id), self._room())
        return may and message.deleted_at is None and (message.pinned_at is None) is on

    @shows_errors
    async def _pin(self, message: Message, *, on: bool) -> None:
        await self._chat.pins.pin(self._user(), message.id, on=on)
        with self._client:
            words = 'The message is pinned.' if on else 'The message is pinned no longer.'
            ui.notify(words, position='top', group=False)

    def _may_see_versions(self, message: Message) -> bool:
        is_own = permissions.is_author(self._user(), message) and not message.hidden
        return message.edited_at is not None and (is_own or self._may_moderate(message.author))

    @shows_errors
    async def _show_versions(self, message: Message) -> None:
        versions = await self._chat.messages.versions(self._user(), message.id)
        if not versions or self._place.is_deleted:
            return
        with self._place, dialogs.titled('Edit history') as dialog:
            html = ''.join(self._version(number, each, len(versions)) for number, each in enumerate(versions, 1))
            shown = ui.html(f'<ol class="versions">{html}</ol>', sanitize=False).classes('listed')
            shown.props('role=group tabindex=0 aria-label="Edit history"')
            with ui.element('div').classes('dialog-buttons'):
                buttons.plain('Close', dialog.close)

    def _version(self, number: int, version: Version, count: int) -> str:
        what = 'First' if number == 1 else 'Now' if number == count else 'Edited'
        time = zones.full_time(version.written_at, self._reader())
        return f'<li><p class="version-time">{what}: {time}</p><div class="body">{version.html}</div></li>'

    def _copy_text(self, message: Message) -> None:
        links.copy(self._client, self._chat.settings.public_url, message.summary, 'Text copied')

    def _reader(self) -> ZoneInfo:
        return self._messages.reader
