"""How the people of a room look, as style rules that all its pages share.

Messages are prepared HTML that many pages share and that stays as it is. So whoever has a color or a picture of their
own gets one rule, by their id, and nothing of it stands in a message.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from time import monotonic
from weakref import WeakValueDictionary

from chat.errors import StorageFailed
from chat.events import MemberEvent
from chat.models import Look
from chat.telling import tell_each
from pages import pictures

FRESH_FOR = 60.0  # s; of a change by somebody who has left the room no event tells
DIGEST = re.compile('[0-9a-f]{64}')

Read = Callable[[int], Awaitable[tuple[int, Sequence[Look]]]]
log = logging.getLogger('hearth.pages')


class RoomLooks:
    """The looks of one room; ``css`` is all that a page needs of them."""

    def __init__(self, room_id: int, read: Read) -> None:
        self.css = ''
        self._room_id = room_id
        self._read = read
        self._revision = self._heard_of = -1  # as of which the looks are, and should be
        self._read_at = -FRESH_FOR
        self._one_at_a_time = asyncio.Lock()
        self._readings: set[asyncio.Task[None]] = set()
        self._watchers: dict[Callable[[], None], None] = {}

    async def reach(self, revision: int) -> None:
        """Be no older than a revision of the room, and not too old; raises StorageFailed."""
        async with self._one_at_a_time:
            if self._revision >= revision and monotonic() - self._read_at < FRESH_FOR:
                return
            before, self._read_at = self.css, monotonic()
            self._revision, looks = await self._read(self._room_id)
            self._heard_of = max(self._heard_of, self._revision)
            self.css = style(looks)
        if self.css != before:
            tell_each(self._watchers)

    def heard(self, event: MemberEvent) -> None:
        """Note that somebody came, went or is another; every page passes on what it is told."""
        if event.revision > self._heard_of:
            self._heard_of = event.revision
            reading = asyncio.create_task(self._catch_up(event.revision), name='read how people look')
            self._readings.add(reading)
            reading.add_done_callback(self._readings.discard)

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call ``watcher`` when somebody looks otherwise."""
        self._watchers[watcher] = None

    def unwatch(self, watcher: Callable[[], None]) -> None:
        """Stop telling; doing so twice is harmless."""
        self._watchers.pop(watcher, None)

    async def _catch_up(self, revision: int) -> None:
        try:
            await self.reach(revision)
        except StorageFailed:
            self._heard_of = self._revision  # the next event asks again
            log.warning('Could not read how the people of room %s look', self._room_id)


class Looks:
    """The looks of the rooms that pages have open; those of one live as long as somebody holds them."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._rooms: WeakValueDictionary[int, RoomLooks] = WeakValueDictionary()

    async def of(self, room_id: int, revision: int) -> RoomLooks:
        """Return the looks of a room, no older than this revision of it; raises StorageFailed."""
        looks = self._rooms.get(room_id)
        if looks is None:
            looks = self._rooms[room_id] = RoomLooks(room_id, self._read)
        await looks.reach(revision)
        return looks


def style(looks: Iterable[Look]) -> str:
    """Return the rules by which these people look as they do; they are built from numbers and digests alone."""
    return ''.join([_rule(look) for look in looks])


def _rule(look: Look) -> str:
    color = '' if look.color is None else f'background-color:var(--avatar-{look.color:d});'
    picture = ''
    if look.picture is not None and DIGEST.fullmatch(look.picture):
        picture = f'background-image:url({pictures.address(look.user_id, look.picture)});color:transparent;'
    return f'.by-{look.user_id:d} .avatar{{{color}{picture}}}' if color or picture else ''
