"""What is counted as unread is what a reader has not seen, whatever people do in whichever order."""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chat import Chat
from chat.audit import Actor
from chat.models import User
from chat.settings import Settings
from chat.storage import accounts as account_rows
from tests.chat.people import newcomer
from tests.chat.several import Borrowed, Wire

NAMES = ('Ada', 'Bo', 'Cleo')
WORDS = ('hello', '@Ada hello', '@Bo hello', 'hello @Ada and @Bo', '@all hello', '@all and @Ada', 'a@Ada.example')
PEOPLE = st.integers(0, len(NAMES) - 1)
ANY = st.integers(0, 10**6)


@dataclass
class Said:
    """A message as the model knows it."""

    id: int
    author: int
    words: str
    is_gone: bool = False
    is_hidden: bool = False

    def calls(self, person: int) -> bool:
        """Whether it mentions somebody, by the words."""
        return '@all' in self.words or f'@{NAMES[person]}' in self.words.replace('a@Ada', '')


@dataclass
class Reader:
    """What somebody has seen: the ids of messages, as far as they did not want to see some again."""

    seen: set[int] = field(default_factory=set)


class Reading(RuleBasedStateMachine):
    """One room, three people, one server that is restarted now and then."""

    servers = 1

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp())
        self.said: list[Said] = []
        self.readers = [Reader() for _ in NAMES]

    def do(self, what: Coroutine[Any, Any, Any]) -> Any:
        """Let something happen."""
        return self.loop.run_until_complete(what)

    @initialize()
    def begin(self) -> None:
        """Bring everybody into the lobby."""
        self.do(self.start())
        self.people: list[User] = [self.do(newcomer(self.chats[0], name)) for name in NAMES]
        moderator = self.do(newcomer(self.chats[0], 'Mo'))
        self.moderator = self.do(self.chats[0].storage.write(account_rows.set_kind, moderator, 'moderator'))
        self.room = self.do(self.chats[0].rooms.find(self.people[0], 'lobby'))

    async def start(self) -> None:
        """Start all servers, which hear each other at once."""
        wire = Wire()
        with patch('chat.Bus', lambda url: wire.bus()):
            first = Chat(Settings(data=self.folder, rate_limits='off'))
            first.open()
            self.chats = [first]
            for number in range(1, self.servers):
                other = self.folder / f'{number}'
                other.mkdir(exist_ok=True)
                self.chats.append(Chat(Settings(data=other, rate_limits='off'), storage=Borrowed(first.storage)))
        for chat in self.chats:
            chat.start()

    async def stop(self) -> None:
        """Stop all servers."""
        for chat in reversed(self.chats):
            await chat.stop()

    def chat(self, number: int) -> Chat:
        """Return one of the servers."""
        return self.chats[number % len(self.chats)]

    def pick(self, number: int) -> Said:
        """Return one of the messages."""
        return self.said[number % len(self.said)]

    @rule(author=PEOPLE, words=st.sampled_from(WORDS), server=ANY)
    def send(self, author: int, words: str, server: int) -> None:
        """Say something."""
        sent = self.do(self.chat(server).messages.send(self.people[author], 'lobby', words))
        self.said.append(Said(sent.message.id, author, words))

    @precondition(lambda self: self.said)
    @rule(which=ANY, words=st.sampled_from(WORDS), server=ANY)
    def edit(self, which: int, words: str, server: int) -> None:
        """Change the words, and with them who is mentioned."""
        one = self.pick(which)
        if not (one.is_gone or one.is_hidden):
            self.do(self.chat(server).messages.edit(self.people[one.author], one.id, words))
            one.words = words

    @precondition(lambda self: self.said)
    @rule(which=ANY, server=ANY)
    def delete(self, which: int, server: int) -> None:
        """Take a message away for good."""
        one = self.pick(which)
        self.do(self.chat(server).messages.delete(self.people[one.author], one.id))
        one.is_gone, one.is_hidden = True, False

    @precondition(lambda self: self.said)
    @rule(which=ANY, server=ANY)
    def hide_or_show(self, which: int, server: int) -> None:
        """Hide a message, or show it again."""
        one, moderation = self.pick(which), self.chat(server).moderation
        if one.is_gone:
            return
        if one.is_hidden:
            self.do(moderation.show_again(Actor(self.moderator, ''), one.id))
        else:
            self.do(moderation.hide(Actor(self.moderator, ''), one.id, 'why'))
        one.is_hidden = not one.is_hidden

    @precondition(lambda self: self.said)
    @rule(reader=PEOPLE, which=ANY, server=ANY)
    def see(self, reader: int, which: int, server: int) -> None:
        """Have a page as far as a message on the screen."""
        last, chat = self.pick(which).id, self.chat(server)
        self.do(self.look(chat, reader, last))
        self.readers[reader].seen |= {each.id for each in self.said if each.id <= last}
        if self.servers > 1:  # the other server knows it a moment later
            self.do(chat.unread.settle(self.people[reader]))

    async def look(self, chat: Chat, reader: int, message_id: int) -> None:
        """Note what is on a screen, within the loop that stores it."""
        went_back = (await chat.rooms.open(self.people[reader], 'lobby')).went_back
        chat.unread.seen(self.people[reader], self.room, message_id, went_back)

    @precondition(lambda self: self.said)
    @rule(reader=PEOPLE, which=ANY, server=ANY)
    def mark_unread(self, reader: int, which: int, server: int) -> None:
        """Want to read a message and all that follow again."""
        one = self.pick(which)
        self.do(self.chat(server).unread.mark(self.people[reader], 'lobby', one.id - 1))
        self.readers[reader].seen = {each.id for each in self.said if each.id < one.id}

    @rule(reader=PEOPLE, server=ANY)
    def mark_read(self, reader: int, server: int) -> None:
        """Have read everything."""
        self.do(self.chat(server).unread.mark(self.people[reader], 'lobby', None))
        self.readers[reader].seen = {each.id for each in self.said}

    @rule()
    def restart(self) -> None:
        """Stop all servers and start others on the same folder."""
        self.do(self.stop())
        self.do(self.start())

    @invariant()
    def counts_are_right(self) -> None:
        """Compare what is counted with what was seen, on every server."""
        if not hasattr(self, 'room'):
            return
        for number, (person, reader) in enumerate(zip(self.people, self.readers, strict=True)):
            unseen = [
                each
                for each in self.said
                if each.id not in reader.seen and each.author != number and not (each.is_gone or each.is_hidden)
            ]
            right = (len(unseen), sum(each.calls(number) for each in unseen))
            for chat in self.chats:
                assert self.do(chat.unread.counts(person, [self.room.id])) == {self.room.id: right}
                entry = self.do(chat.rooms.entry(person, 'lobby'))
                assert (entry.unread, entry.mentions) == right
                first = self.do(chat.rooms.open(person, 'lobby')).first_unread
                assert first == (unseen[0].id if unseen else None)

    def teardown(self) -> None:
        """Leave nothing behind."""
        if hasattr(self, 'chats'):
            self.do(self.stop())
        self.loop.close()
        shutil.rmtree(self.folder)


class ReadingOnTwoServers(Reading):
    """The same with two servers of one chat."""

    servers = 2


TestReading = Reading.TestCase
TestReading.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestReadingOnTwoServers = ReadingOnTwoServers.TestCase
TestReadingOnTwoServers.settings = settings(max_examples=10, stateful_step_count=25, deadline=None)
