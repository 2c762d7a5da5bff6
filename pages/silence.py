"""Whether somebody may speak in a room just now, as the box to write in says it; looked at anew when that may end."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from nicegui import Client, background_tasks

from chat import Chat, permissions
from chat.errors import ChatError
from chat.models import Role, Room, Silence, User
from pages.composer import Composer
from pages.room_settings import duration

LONGEST_WAIT = 24 * 3600.0  # s after which it is looked whether somebody may speak again


class SilenceRule:
    """Shows why one may not speak, or else how slowly."""

    def __init__(
        self,
        chat: Chat,
        client: Client,
        composer: Composer,
        *,
        user: Callable[[], User],
        room: Callable[[], Room],
        role: Callable[[], Role | None],
    ) -> None:
        self._chat = chat
        self._client = client
        self._composer = composer
        self._user = user
        self._room = room
        self._role = role
        self._ends: asyncio.TimerHandle | None = None
        self._is_closed = False

    def show(self, silence: Silence | None) -> None:
        """Show it in the box."""
        self._forget_end()
        if silence is None:
            self._composer.show_rule(self._slow_mode(), silent=False)
            return
        self._composer.show_rule(silence.sentence, silent=True)
        if silence.until is not None:
            wait = min((silence.until - datetime.now(UTC)).total_seconds() + 1, LONGEST_WAIT)
            self._ends = asyncio.get_running_loop().call_later(max(wait, 1), self.look)

    def look(self) -> None:
        """Ask whether the person may speak now, and show it."""
        background_tasks.create(self._refresh(), name='look who may speak', context=self._client)

    def close(self) -> None:
        """Look no longer; closing twice is harmless."""
        self._is_closed = True
        self._forget_end()

    async def _refresh(self) -> None:
        try:
            silence = await self._chat.rooms.silence(self._user(), self._room().slug)
        except ChatError:
            return  # whoever writes all the same is told
        if not self._is_closed:
            self.show(silence)

    def _slow_mode(self) -> str:
        room = self._room()
        is_slow = room.slow_mode and permissions.waits_in_slow_mode(self._user(), self._role())
        return f'Slow mode: one message every {duration(room.slow_mode)}.' if is_slow else ''

    def _forget_end(self) -> None:
        if self._ends is not None:
            self._ends.cancel()
            self._ends = None
