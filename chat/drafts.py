"""What people have begun to write, kept on the server: it survives a reload, a crash and the end of a session."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import Connection

from chat import text
from chat.errors import StorageFailed
from chat.models import Draft, Message, Room, User
from chat.storage import Storage, messages
from chat.write_behind import WriteBehind

BEHIND = 0.4  # s that the stored draft may be behind the typed one
LONGEST = 20_000  # characters; more than a message may have, so that a text too long is not lost


class _Place(NamedTuple):
    user_id: int
    room_id: int


class Drafts:
    """The drafts of everybody."""

    def __init__(self, storage: Storage) -> None:
        self._kept: WriteBehind[_Place, Draft, None] = WriteBehind(storage, _save, BEHIND)

    def keep(self, user: User, room: Room, body: str, reply_to: Message | None = None) -> None:
        """Keep what somebody has begun to write in a room, and what it answers; nothing, answering none, forgets it."""
        draft = Draft(text.storable(body[:LONGEST]), reply_to)  # a browser may cut an emoji in half
        self._kept.put(_Place(user.id, room.id), draft)

    def newest(self, user: User, room: Room, stored: Draft) -> Draft:
        """Return the draft, which may be newer than what was ``stored`` a moment ago."""
        kept = self._kept.get(_Place(user.id, room.id))
        return stored if kept is None else kept

    async def settle(self, user: User) -> None:
        """Store all drafts now if one of this person waits, so that what is read next has it; raises nothing."""
        if any(place.user_id == user.id for place in self._kept.waiting):
            with suppress(StorageFailed):  # then they wait on, and ``newest`` knows them
                await self._kept.flush()

    async def flush(self) -> None:
        """Store all drafts now."""
        await self._kept.flush()


def _save(connection: Connection, kept: Mapping[_Place, Draft]) -> Sequence[None]:
    for place, draft in kept.items():
        answered = None if draft.reply_to is None else draft.reply_to.id
        messages.save_draft(connection, place.user_id, place.room_id, draft.body, answered)
    return ()
