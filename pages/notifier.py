"""What a page does to be noticed while its tab is hidden: notifications of the desktop, a sound, the icon.

It tells the browser by attributes of one element, so what people wrote never is part of any code.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from nicegui import background_tasks, ui

from chat import Chat, notifications
from chat.errors import ChatError
from chat.models import Level, Message, NotificationSettings, RoomEntry, User
from chat.pacing import Paced
from pages import attachments, browser
from pages.icon import icon

AT_MOST_EVERY = 1.0  # s
BY_DAY = NotificationSettings()
EXCERPT = 140  # characters of a message
TAG = 'hearth-'  # and a room's id: what several tabs show of one room at a time is one notification


class Notifier:
    """Serves one page: hears of messages while the tab is hidden, and makes one notification of what comes together."""

    def __init__(
        self, chat: Chat, user: User, reader: Callable[[], ZoneInfo], level: Callable[[int], Level | None]
    ) -> None:
        self._chat = chat
        self._user = user
        self._reader = reader
        self._level = level
        self._waiting: list[Message] = []
        self._number = 0
        self._notify_soon = Paced(self._notify, AT_MOST_EVERY)
        self._client = ui.context.client
        self._signals: ui.element | None = None  # made when there is something to tell for the first time
        self._icon = icon(0)

    def heard(self, message: Message) -> None:
        """Take note of a message that came while the tab was hidden."""
        level = self._level(message.room_id)
        if level is not None and self._is_wanted(message, level, BY_DAY, 0):  # the rest is asked when it is shown
            self._waiting.append(message)
            self._notify_soon()

    def show_count(self, waiting: int) -> None:
        """Show in the icon how many messages wait."""
        address = icon(waiting)
        if address != self._icon:
            self._icon = address
            self._signal('data-icon', address)

    def close(self) -> None:
        """Notify no longer."""
        self._notify_soon.close()
        self._waiting.clear()

    def _notify(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            background_tasks.create(self._show(waiting), name='notify', context=self._client)

    async def _show(self, messages: list[Message]) -> None:
        try:
            settings = await self._chat.notifications.settings(self._user)
            found = {slug: await self._chat.rooms.entry(self._user, slug) for slug in {each.room for each in messages}}
        except ChatError:
            return  # whoever may not see the room any more is told nothing
        now = datetime.now(UTC).astimezone(self._reader())
        minute = now.hour * 60 + now.minute
        wanted = [
            each
            for each in messages
            if found[each.room].joined and self._is_wanted(each, found[each.room].level, settings, minute)
        ]
        if wanted and not self._client.is_deleted:
            self._number += 1
            title, body = words(wanted, found)
            said = [title, body, f'{TAG}{wanted[-1].room_id}', settings.sound, self._number]
            self._signal('data-said', json.dumps(said))

    def _is_wanted(self, message: Message, level: Level, settings: NotificationSettings, minute: int) -> bool:
        return notifications.weigh(message, self._user.id, level, settings, minute) == 'notify'

    def _signal(self, name: str, value: str) -> None:
        if self._signals is not None:
            self._signals.props[name] = value
            self._signals.update()
            return
        with self._client:
            self._signals = ui.element('div').classes('signals').props('hidden')
            self._signals.props[name] = value
            self._client.run_javascript(browser.SIGNALS)


def words(messages: list[Message], found: dict[str, RoomEntry]) -> tuple[str, str]:
    """Return the title and the text of a notification of some messages."""
    newest = messages[-1]
    names = {found[each.room].room.name for each in messages}
    if len(messages) > 1:
        where = found[newest.room].room.name if len(names) == 1 else f'{len(names)} rooms'
        return (
            f'{len(messages)} new messages in {where}',
            f'{newest.author.name}: {attachments.excerpt(newest, EXCERPT)}',
        )
    room = found[newest.room].room
    title = newest.author.name if room.direct else f'{newest.author.name} in {room.name}'
    return title, attachments.excerpt(newest, EXCERPT)


def room_of(tag: object) -> int | None:
    """Return the id of the room that a notification was about, by the tag that a browser names, or None."""
    number = tag.removeprefix(TAG) if isinstance(tag, str) else ''
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else None
