"""Real rooms, real storage, and events that get lost, doubled and shuffled: every page ends equal to what is stored."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from chat import Chat, room_state
from chat.errors import ChatError, StorageFailed
from chat.events import MemberEvent, MemberLeft, MessageEvent, RoomEvent, Told
from chat.models import Member, Message, Session, User
from chat.room_state import Subscription
from chat.settings import Settings

pytestmark = pytest.mark.slow

NAMES = ('Ada', 'Bo', 'Cy', 'Di')


class Page:
    """Shows the lobby to one person: a snapshot, and what is told since."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._subscription: Subscription | None = None
        self.revisions: list[int] = []

    async def open(self, user: User, pause: float) -> 'Page':
        view = await self._chat.rooms.open(user, 'lobby')
        self.messages: dict[int, Message] = {message.id: message for message in view.page.messages}
        self.members: dict[int, Member] = {member.user.id: member for member in view.members}
        await asyncio.sleep(pause)
        self._subscription = self._chat.room_state.subscribe(view.room.id, view.page.revision, self.deliver)
        return self

    async def caught_up(self) -> None:
        if self._subscription is not None:
            await self._chat.room_state.caught_up(self._subscription)

    def close(self) -> None:
        if self._subscription is not None:
            self._chat.room_state.unsubscribe(self._subscription)

    def deliver(self, events: Sequence[Told]) -> None:
        for event in events:
            if isinstance(event, RoomEvent):
                self.revisions.append(event.revision)
            if isinstance(event, MessageEvent):
                self.messages[event.message.id] = event.message
            elif isinstance(event, MemberEvent):
                user = event.member.user
                self.members.pop(user.id, None)  # who came and went in one gap was never seen
                if not isinstance(event, MemberLeft):
                    self.members[user.id] = event.member
                mine = [message for message in self.messages.values() if message.author.id == user.id]
                self.messages.update({message.id: replace(message, author=user) for message in mine})


class Mischief:
    """Stands between the actions and those who listen, and treats events badly."""

    def __init__(self, chat: Chat, random: Random) -> None:
        self._publish = chat.room_state.publish
        self._random = random
        self._on_the_way: list[RoomEvent] = []
        chat.room_state.publish = self.publish  # type: ignore[method-assign]

    def publish(self, event: RoomEvent) -> None:
        self._on_the_way += [event] * self._random.choice([0, 1, 1, 1, 2])
        self._random.shuffle(self._on_the_way)
        while self._on_the_way and self._random.random() < 0.6:
            self._publish(self._on_the_way.pop())

    def let_go(self) -> None:
        while self._on_the_way:
            self._publish(self._on_the_way.pop())


async def act(chat: Chat, random: Random, user: User, pages: list[Page]) -> None:
    """Do one of the things that people do; not all of them are allowed at the moment."""
    found = (await chat.messages.page(user, 'lobby')).messages
    mine = [message.id for message in found if message.author.id == user.id]
    what = random.choice(['send', 'send', 'edit', 'edit', 'delete', 'join', 'leave', 'rename', 'open', 'close'])
    if what == 'open':
        pages.append(await Page(chat).open(user, random.choice([0, 0.002])))
    elif what == 'close' and pages:
        pages.pop(random.randrange(len(pages))).close()
    elif what == 'send':
        await chat.messages.send(user, 'lobby', f'{random.random()}')
    elif what == 'edit' and mine:
        await chat.messages.edit(user, random.choice(mine), f'{random.random()}')
    elif what == 'delete' and mine:
        await chat.messages.delete(user, random.choice(mine))
    elif what == 'join':
        await chat.rooms.join(user, 'lobby')
    elif what == 'leave':
        await chat.rooms.leave(user, 'lobby')
    elif what == 'rename' and await is_member(chat, user):  # of who is none the room is not told
        session = Session(0, user, None, None, None)
        await chat.profiles.change(session, name=random.choice([f'{user.id}', f'Cy {user.id}', random.choice(NAMES)]))


async def is_member(chat: Chat, user: User) -> bool:
    return any(member.user.id == user.id for member in await chat.rooms.members(user, 'lobby'))


async def play(folder: Path, random: Random) -> None:
    chat = Chat(Settings(data=folder, rate_limits=False))
    chat.open()
    try:
        mischief = Mischief(chat, random)
        users = [await chat.accounts.add_guest(name, 'here') for name in NAMES]
        pages: list[Page] = []

        async def live(user: User) -> None:
            for _ in range(10):
                try:
                    await act(chat, random, user, pages)
                except StorageFailed:
                    raise
                except ChatError:
                    pass  # not a member just now

        await asyncio.gather(*map(live, users))
        pages.append(await Page(chat).open(users[0], 0))
        mischief.let_go()
        for _ in range(3):
            await chat.room_state.compare()
            for page in pages:
                await page.caught_up()
        stored = await Page(chat).open(users[0], 0)
        for page in pages:
            assert page.messages == stored.messages
            assert page.members == stored.members
            assert page.revisions == sorted(set(page.revisions))
    finally:
        await chat.stop()


@pytest.mark.parametrize('seed', range(15))
async def test_every_page_ends_equal_to_what_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(room_state, 'OUT_OF_ORDER_GRACE', 0.001)
    await play(tmp_path, Random(seed))
