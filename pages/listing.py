"""Some messages in a dialog of their own, which stay as they are in the room for as long as it is open."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from html import escape
from zoneinfo import ZoneInfo

from nicegui import background_tasks, ui

from chat.errors import ChatError
from chat.models import Message
from pages import attachments, browser, buttons, dialogs, rows, zones

GO = 'go'


@dataclass(frozen=True, slots=True)
class Listed:
    """Messages in the order in which they stand in a list, and a sentence below them."""

    messages: Sequence[Message]
    sentence: str = ''


@dataclass(frozen=True, slots=True)
class RowButton:
    """What can be done with a message in a list; the list closes before, if it ``closes``."""

    label: str
    act: Callable[[Message], object]
    is_offered: Callable[[Message], bool]
    closes: bool = False


class Listing:
    """A list of messages; each one's time leads to its place in the room."""

    def __init__(
        self,
        title: str,
        reader: Callable[[], ZoneInfo],
        load: Callable[[], Awaitable[Listed]],
        go_to: Callable[[int], object],
        row_buttons: Sequence[RowButton] = (),
    ) -> None:
        self._title = title
        self._reader = reader
        self._load = load
        self._buttons = {GO: RowButton('', lambda message: go_to(message.id), _is_there, closes=True)}
        self._buttons |= {f'b{number}': each for number, each in enumerate(row_buttons)}
        self._messages: dict[int, Message] = {}
        self._rows: dict[int, ui.html] = {}
        self._dialog: ui.dialog | None = None
        self._is_loading = self._is_old = False

    @property
    def ids(self) -> frozenset[int]:
        """The messages that are shown."""
        return frozenset(self._messages)

    @property
    def is_open(self) -> bool:
        """Whether somebody reads it."""
        return self._dialog is not None and not self._dialog.is_deleted and self._dialog.value is True

    async def open(self, place: ui.element) -> None:
        """Show the list as part of ``place``; raises ChatError."""
        listed = await self._load()
        if place.is_deleted:
            return
        with place, dialogs.titled(self._title) as self._dialog:
            self._list = ui.element('div').classes('listed').props('role=group aria-live=polite tabindex=0')
            self._list.props['aria-label'] = self._title
            self._list.on('click', lambda event: self._pressed(*event.args), js_handler=browser.PRESSED_ROW_BUTTON)
            self._sentence = ui.label().classes('listed-sentence')
            with ui.element('div').classes('dialog-buttons'):
                buttons.plain('Close', self._dialog.close)
        self._show(listed)

    def close(self) -> None:
        """Close the list; twice is once."""
        if self._dialog is not None and not self._dialog.is_deleted:
            self._dialog.close()

    def refresh(self) -> None:
        """Show the messages as they are now, if anybody reads them."""
        self._is_old = True
        if self.is_open and not self._is_loading:
            background_tasks.create(self._refresh(), name='refresh a list of messages', context=self._list.client)

    async def _refresh(self) -> None:
        self._is_loading = True
        try:
            while self._is_old and self.is_open:
                self._is_old = False
                listed = await self._load()
                if self.is_open:
                    self._show(listed)
        except ChatError:
            self.close()  # it is not for this person any more
        finally:
            self._is_loading = False

    def _show(self, listed: Listed) -> None:
        self._messages = messages = {message.id: message for message in listed.messages}
        for gone in self._rows.keys() - messages.keys():
            self._rows.pop(gone).delete()
        before = None
        for number, message in enumerate(messages.values()):
            html = self._html(message, before)
            if message.id not in self._rows:
                with self._list:
                    self._rows[message.id] = ui.html(html, sanitize=False)
            elif self._rows[message.id].content != html:
                self._rows[message.id].content = html
            if self._list.default_slot.children[number] is not self._rows[message.id]:
                self._rows[message.id].move(target_index=number)
            before = message
        self._sentence.text = listed.sentence
        self._sentence.set_visibility(bool(listed.sentence))

    def _html(self, message: Message, before: Message | None) -> str:
        offered = (
            f'<button type="button" class="listed-button" data-action="{key}">{each.label}</button>'
            for key, each in self._buttons.items()
            if key != GO and each.is_offered(message)
        )
        follows = message.reply_to is None or (before is not None and before.id == message.reply_to)
        quoted = None if follows else self._messages.get(message.reply_to or 0)
        to = f'<span class="listed-to">to {escape(quoted.author.name)}</span>' if quoted is not None else ''
        name, moment, reader = escape(message.author.name), message.created_at, self._reader()
        short = zones.short_time(moment, reader)
        time = f'<time datetime="{moment.isoformat()}" title="{zones.full_time(moment, reader)}">{short}</time>'
        if message.deleted_at is None:
            label = f'{short}: go to it in the room'
            time = f'<button type="button" class="listed-time" data-action="{GO}" aria-label="{label}">{time}</button>'
        return (
            f'<article class="listed-message by-{message.author.id}" data-id="{message.id}"'
            f' aria-label="{name}, {short}">{rows.avatar(message.author, "small")}<div class="listed-text">'
            f'<header><strong>{name}</strong>{to}{time}</header>{rows.words(message)}'
            f'<div class="listed-buttons">{"".join(offered)}</div></div></article>'
        )

    def _pressed(self, action: object, message_id: object, *_: object) -> object:
        action = GO if action == attachments.VIEW else action  # a picture is looked at where it stands
        button = self._buttons.get(action) if isinstance(action, str) else None
        message = self._messages.get(message_id) if isinstance(message_id, int) else None
        if button is None or message is None or not button.is_offered(message):
            return None
        if button.closes:
            self.close()
        else:
            self._list.run_method('focus')  # as the button may be gone in a moment, and the focus with it
        return button.act(message)


def _is_there(message: Message) -> bool:
    return message.deleted_at is None
