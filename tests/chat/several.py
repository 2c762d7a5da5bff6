"""Several servers of one chat in this process, and who listens to them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from chat import Chat
from chat.bus import Bus, Hint, _line
from chat.events import MemberEvent, MemberLeft, MessageEvent, RoomChanged, Told
from chat.models import User
from chat.rooms import Rooms
from chat.settings import Settings
from chat.storage import Storage

PATIENCE = 20.0  # s; generous, as the machine may be busy


class Borrowed:
    """The storage of another server, as if both had opened one database."""

    is_open = True

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def close(self) -> None:
        """Leave it to whoever opened it."""


@asynccontextmanager
async def servers(folder: Path, url: str, count: int = 2, **settings: Any) -> AsyncIterator[list[Chat]]:
    """Run some servers of one chat."""
    first = Chat(Settings(data=folder, redis_url=url, **settings))
    first.open()
    chats = [first]
    for number in range(1, count):
        own = Settings(data=folder / str(number), redis_url=url, **settings)
        own.data.mkdir()
        chats.append(Chat(own, storage=Borrowed(first.storage)))
    for chat in chats:
        chat.start()
    try:
        await eventually(lambda: all(chat.bus.is_connected_for(0) for chat in chats))
        await hear_each_other(chats)
        yield chats
    finally:
        for chat in reversed(chats):
            await chat.stop()


async def hear_each_other(chats: Sequence[Chat]) -> None:
    """Wait until every server has heard of all others."""
    await eventually(lambda: all(len(chat.presence._servers) >= len(chats) - 1 for chat in chats))


async def eventually(is_so: Callable[[], object], within: float = PATIENCE) -> None:
    """Wait until something is so."""
    deadline = asyncio.get_running_loop().time() + within
    while not is_so():
        assert asyncio.get_running_loop().time() < deadline, 'it never came to that'
        await asyncio.sleep(0.01)


class Listener:
    """A page of a room: starts from a snapshot and applies what it is told as "put by id"."""

    def __init__(self) -> None:
        self.messages: dict[int, tuple[str, bool]] = {}
        self.names: dict[int, str] = {}  # of the members
        self.name = ''
        self.revisions: list[int] = []
        self.states: list[Told] = []

    async def open(self, chat: Chat, user: User, slug: str = 'lobby') -> None:
        """Read the room and listen from there on."""
        self._read = (chat.rooms, user, slug)
        self.messages, self.names, self.name, revision = await look(*self._read)
        room = await chat.rooms.find(user, slug)
        self.subscription = chat.room_state.subscribe(room.id, revision, self.deliver)

    def deliver(self, events: Sequence[Told]) -> None:
        """Take what is told."""
        for event in events:
            if isinstance(event, MessageEvent):
                self.messages[event.message.id] = (event.message.body, event.message.deleted_at is not None)
            elif isinstance(event, MemberEvent):
                self.names.pop(event.member.user.id, None)
                if not isinstance(event, MemberLeft):
                    self.names[event.member.user.id] = event.member.user.name
            elif isinstance(event, RoomChanged):
                self.name = event.name
            else:
                self.states.append(event)
                continue
            self.revisions.append(event.revision)

    async def is_right(self) -> bool:
        """Whether what was heard comes to what is stored, in order and nothing twice."""
        messages, names, name, _ = await look(*self._read)
        assert self.revisions == sorted(set(self.revisions))
        return (self.messages, self.names, self.name) == (messages, names, name)

    @property
    def members(self) -> set[str]:
        """The names of those who belong to the room."""
        return set(self.names.values())


class Reader(Listener):
    """A page that shows authors by name, and learns by whom who left is called now."""

    def __init__(self) -> None:
        super().__init__()
        self.authors: dict[int, User] = {}

    async def open(self, chat: Chat, user: User, slug: str = 'lobby') -> None:
        """Read the room and listen from there on."""
        self._stored = (chat, user, slug)
        await super().open(chat, user, slug)
        self.authors = await self._authors()

    def deliver(self, events: Sequence[Told]) -> None:
        """Take what is told."""
        super().deliver(events)
        for event in events:
            if isinstance(event, MessageEvent):
                self.authors[event.message.id] = event.message.author
            elif isinstance(event, MemberLeft):
                user = event.member.user
                self.authors |= {each: user for each, author in self.authors.items() if author.id == user.id}

    async def is_right(self) -> bool:
        """Whether what was heard comes to what is stored."""
        return await super().is_right() and self.authors == await self._authors()

    async def _authors(self) -> dict[int, User]:
        chat, user, slug = self._stored
        return {each.id: each.author for each in (await chat.messages.page(user, slug, limit=200)).messages}


async def all_right(listeners: Iterable[Listener], within: float = PATIENCE) -> None:
    """Wait until everybody has heard everything."""
    deadline = asyncio.get_running_loop().time() + within
    for listener in listeners:
        while not await listener.is_right():
            assert asyncio.get_running_loop().time() < deadline, 'a listener never caught up'
            await asyncio.sleep(0.02)


async def look(rooms: Rooms, user: User, slug: str) -> tuple[dict[int, tuple[str, bool]], dict[int, str], str, int]:
    """Return a room's messages, members, name and revision as they are stored."""
    view = await rooms.open(user, slug)
    messages = {each.id: (each.body, each.deleted_at is not None) for each in view.page.messages}
    return messages, {member.user.id: member.user.name for member in view.members}, view.room.name, view.page.revision


class Wire:
    """Buses that hear each other at once, without a Redis, as far as ``passes`` lets each hint through."""

    def __init__(self, passes: Callable[[Hint], bool] = lambda _: True) -> None:
        self.passes = passes
        self.buses: list[WiredBus] = []

    def bus(self) -> 'WiredBus':
        """Return another server's bus."""
        self.buses.append(WiredBus(self))
        return self.buses[-1]


class WiredBus(Bus):
    """A bus of a ``Wire``."""

    is_alone = False
    is_away = False

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def tell(self, hint: Hint) -> None:
        """Tell the others at once."""
        if self._wire.passes(hint):
            for other in self._wire.buses:
                if other is not self:
                    other._take(self._id.encode() + b'\n' + _line(hint))
