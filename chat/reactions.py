"""What people do beside answering: react to a message with an emoji, and take that back."""

from dataclasses import dataclass

from sqlalchemy import Connection

from chat import emojis, floor, reach
from chat.errors import Conflict, Forbidden, Invalid
from chat.events import message_event
from chat.models import Message, User
from chat.rate_limits import RateLimits
from chat.room_state import RoomState
from chat.storage import Storage
from chat.storage import reactions as rows

MOST_KINDS = 20  # different emoji on one message
MOST_RECENT = 16  # remembered of each person

_Change = tuple[Message, Message]  # a message before and after; the same one if nothing changed


@dataclass(frozen=True, slots=True)
class Taste:
    """Which emoji somebody took last, the newest first, and in which skin tone they like them."""

    recent: tuple[str, ...] = ()
    skin_tone: int = 0


class Reactions:
    """The actions on reactions."""

    def __init__(self, storage: Storage, room_state: RoomState, rate_limits: RateLimits) -> None:
        self._storage = storage
        self._room_state = room_state
        self._rate_limits = rate_limits

    async def react(self, user: User, message_id: int, emoji: str, on: bool) -> Message:
        """React to a message, or take that back if not ``on``, and tell it; twice is once.

        ``emoji`` is one, or a shortcode of one. Raises Invalid, Conflict, RateLimited, NotFound or Forbidden.
        """
        self._rate_limits.check('reacting', user.id)
        character = emojis.find(emoji)
        if character is None:
            raise Invalid('This is no emoji that is known here.', 'emoji')

        def store(connection: Connection) -> _Change:
            message = reach.message(connection, user, message_id)
            # As whoever changes what they said: where moderators write, all may react, and nobody waits for it.
            reached = reach.member_room(connection, user, message.room)
            floor.require(connection, reached, again=True)
            if message.deleted_at is not None:
                raise Forbidden('This message has been deleted.')
            there = {each.emoji: each.user_ids for each in message.reactions}
            if (user.id in there.get(character, ())) is on:
                return message, message
            if not on:
                return message, rows.take_back(connection, message, user.id, character)
            if character not in there and len(there) >= MOST_KINDS:
                raise Conflict(f'A message has at most {MOST_KINDS} different reactions. Add to one of those.')
            after = rows.put_on(connection, message, reached.user, character)
            _remember(connection, user, character)
            return message, after

        before, after = await self._storage.write(store)
        if after.revision > before.revision:
            self._room_state.publish(message_event(after))
        return after

    async def taste(self, user: User) -> Taste:
        """Return which emoji somebody likes."""
        recent, tone = await self._storage.read(rows.recent, user.id)
        return Taste(tuple(recent), tone)

    async def take(self, user: User, emoji: str) -> None:
        """Remember an emoji that somebody wrote. Raises Invalid, RateLimited or Unauthenticated."""
        self._rate_limits.check('reacting', user.id)
        character = emojis.find(emoji)
        if character is None:
            raise Invalid('This is no emoji that is known here.', 'emoji')

        def store(connection: Connection) -> None:
            _remember(connection, reach.person(connection, user), character)

        await self._storage.write(store)

    async def set_skin_tone(self, user: User, tone: int) -> None:
        """Keep the skin tone in which somebody likes emoji. Raises Invalid, RateLimited or Unauthenticated."""
        self._rate_limits.check('changing', user.id)
        if not 0 <= tone < len(emojis.TONES):
            raise Invalid(f'The skin tones are 0 to {len(emojis.TONES) - 1}.', 'skin_tone')

        def store(connection: Connection) -> None:
            rows.keep_skin_tone(connection, reach.person(connection, user).id, tone)

        await self._storage.write(store)


def _remember(connection: Connection, user: User, emoji: str) -> None:
    """Note that somebody took an emoji, whatever its skin."""
    recent, _ = rows.recent(connection, user.id)
    if recent[:1] != [emoji]:
        rows.keep_recent(connection, user.id, [emoji, *(each for each in recent if each != emoji)][:MOST_RECENT])
