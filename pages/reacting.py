"""Reacting on a page: a reaction that is pressed is put on or taken back, and others are picked."""

from collections.abc import Callable

from nicegui import Client, ui

from chat import Chat
from chat.models import Message, User
from chat.reactions import Taste
from pages.asking import shows_errors
from pages.emoji_picker import EmojiPicker


class Reacting:
    """What one does with emoji in one room: react to messages, and write them."""

    def __init__(self, chat: Chat, client: Client, place: ui.element, user: Callable[[], User]) -> None:
        self._chat = chat
        self._user = user
        self._picker = EmojiPicker(client, place, self._taste, self._set_tone)

    @shows_errors
    async def toggle(self, message: Message, emoji: str) -> None:
        """React with an emoji, or take that back if one does."""
        user = self._user()
        reacted = next((each.user_ids for each in message.reactions if each.emoji == emoji), ())
        await self._chat.reactions.react(user, message.id, emoji, on=user.id not in reacted)

    @shows_errors
    async def pick(self, message_id: int) -> None:
        """Let one choose an emoji to react with."""

        @shows_errors
        async def react(emoji: str) -> None:
            await self._chat.reactions.react(self._user(), message_id, emoji, on=True)

        await self._picker.open(f'#m{message_id} .message-button', 'Add reaction', react)

    @shows_errors
    async def pick_for_words(self, target: str, write: Callable[[str], object]) -> None:
        """Let one choose an emoji to be written."""

        @shows_errors
        async def take(emoji: str) -> None:
            write(emoji)
            await self._chat.reactions.take(self._user(), emoji)

        await self._picker.open(target, 'Insert emoji', take)

    async def _taste(self) -> Taste:
        return await self._chat.reactions.taste(self._user())

    @shows_errors
    async def _set_tone(self, tone: int) -> None:
        await self._chat.reactions.set_skin_tone(self._user(), tone)
