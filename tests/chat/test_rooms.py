"""Opening a room: one moment of it, whatever goes on meanwhile."""

import asyncio
from collections.abc import Sequence

import pytest

from chat import Chat
from chat.errors import Conflict, Invalid, RateLimited
from chat.events import MemberEvent, MessageEvent, Told
from chat.models import User
from chat.storage import changes, tables
from tests.chat.people import newcomer


async def test_a_room_is_opened_as_of_one_moment(chat: Chat, ada: User, bo: User) -> None:
    """What the snapshot shows and what is told since then are together exactly what is stored."""
    chat.rate_limits._enabled = False
    talking = True

    async def talk() -> None:
        while talking:
            sent = await chat.messages.send(ada, 'lobby', 'one')
            await chat.messages.edit(ada, sent.message.id, 'two')
            await chat.rooms.leave(ada, 'lobby')
            await chat.rooms.join(ada, 'lobby')

    talker = asyncio.create_task(talk())
    pages: list[Page] = []
    for _ in range(20):
        page = Page(chat)
        await page.open(bo)
        pages.append(page)
    talking = False
    await talker
    last = await chat.rooms.open(bo, 'lobby')
    await chat.room_state.compare()
    for page in pages:
        await chat.room_state.caught_up(page.subscription)
        assert page.members == {member.user.id: member.user.name for member in last.members}
        newest = last.page.messages[-20:]
        assert {message.id: message for message in newest}.items() <= page.messages.items()


class Page:
    """A snapshot, and what was told since."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    async def open(self, user: User) -> None:
        view = await self._chat.rooms.open(user, 'lobby')
        assert all(message.revision <= view.page.revision for message in view.page.messages)
        assert view.room.revision == view.page.revision
        self.messages = {message.id: message for message in view.page.messages}
        self.members = {member.user.id: member.user.name for member in view.members}
        await asyncio.sleep(0.005)  # the browser takes its time
        self.subscription = self._chat.room_state.subscribe(view.room.id, view.page.revision, self.deliver)

    def deliver(self, events: Sequence[Told]) -> None:
        for event in events:
            if isinstance(event, MessageEvent):
                self.messages[event.message.id] = event.message
            elif isinstance(event, MemberEvent):
                self.members.pop(event.member.user.id, None)
                if event.type != 'member_left':
                    self.members[event.member.user.id] = event.member.user.name


async def test_what_is_told_of_a_leave_is_what_is_stored_of_it(chat: Chat, ada: User) -> None:
    heard: list[object] = []
    chat.room_state.watch(heard.append)
    room = await chat.rooms.create(ada, 'Study')
    await chat.rooms.leave(ada, 'study')
    assert heard == list((await chat._changes_since(room.id, 0)).events)


async def test_who_creates_a_room_is_its_owner_and_in_it(chat: Chat, ada: User) -> None:
    room = await chat.rooms.create(ada, '  Design   Team ', ' What we draw ')
    assert (room.slug, room.name, room.topic, room.private) == ('design-team', 'Design Team', 'What we draw', False)
    (member,) = (await chat.rooms.open(ada, 'design-team')).members
    assert (member.user, member.role) == (ada, 'owner')


@pytest.mark.usefixtures('nothing_forgiven')
async def test_coming_and_going_is_limited_where_it_changes_something(chat: Chat, ada: User, bo: User) -> None:
    """Each change is told to everybody in the room."""
    for _ in range(200):
        await chat.rooms.join(ada, 'lobby')
    for _ in range(59):
        await chat.rooms.leave(ada, 'lobby')
        await chat.rooms.join(ada, 'lobby')
    await chat.rooms.leave(ada, 'lobby')
    with pytest.raises(RateLimited, match='You are joining and leaving rooms too fast'):
        await chat.rooms.join(ada, 'lobby')
    await chat.rooms.leave(bo, 'lobby')
    await chat.rooms.leave(bo, 'lobby')


@pytest.mark.usefixtures('nothing_forgiven')
async def test_deleting_rooms_is_limited(chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    room = await chat.rooms.create(ada, 'Garden')
    for _ in range(60):
        chat.rate_limits.check('changing', ada.id)
    with pytest.raises(RateLimited):
        await chat.rooms.delete(ada, room.slug)
    assert await chat.rooms.find(ada, room.slug) == await chat.rooms.find(ada, 'garden')


async def test_a_private_room_goes_with_its_last_member(chat: Chat, ada: User, bo: User) -> None:
    """Nobody could find it any more, nor what was said in it."""
    room = await chat.rooms.create(ada, 'Study', private=True)
    await chat.hooks.create(ada, room.slug, 'Builds')
    await chat.messages.send(ada, room.slug, 'unspeakable')
    await chat.rooms.leave(ada, room.slug)
    assert await chat._revisions([room.id]) == {}
    left = await chat.storage.read(lambda c: c.exec_driver_sql('SELECT count(*) FROM messages').scalar_one())
    assert left == 0


async def test_a_private_room_stays_as_long_as_somebody_does_and_so_does_an_open_one(
    chat: Chat, ada: User, bo: User
) -> None:
    room = await chat.rooms.create(ada, 'Study')
    await chat.rooms.join(bo, room.slug)
    await chat.rooms.change(ada, room.slug, private=True)
    await chat.rooms.leave(ada, room.slug)
    assert (await chat.rooms.find(bo, room.slug)).private
    garden = await chat.rooms.create(ada, 'Garden')
    await chat.rooms.leave(ada, garden.slug)
    assert await chat.rooms.find(bo, garden.slug)


async def test_all_of_ones_own_rooms_are_listed_and_of_the_others_so_many(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('chat.rooms.MOST_LISTED', 2)
    names = ['One', 'Three', 'Two']
    for name in names:
        await chat.rooms.create(ada, name)
    stranger = await chat.accounts.add_guest('Cleo', 'here')
    entries, has_more = await chat.rooms.list_and_more(ada)
    assert ([entry.room.name for entry in entries], has_more) == (['Lobby', *names], False)
    entries, has_more = await chat.rooms.list_and_more(stranger)
    assert ([entry.room.name for entry in entries], has_more) == (['Lobby', 'One'], True)
    await chat.rooms.join(stranger, 'one')
    entries, has_more = await chat.rooms.list_and_more(stranger)
    assert ([entry.room.name for entry in entries], has_more) == (['One', 'Lobby', 'Three'], True)


async def test_who_comes_back_finds_nothing_unread(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.leave(ada, 'lobby')
    await chat.messages.send(bo, 'lobby', 'while away')
    assert (await chat.rooms.open(ada, 'lobby')).unread == 0


async def test_rooms_are_listed_mine_first_and_by_name_whatever_its_case(chat: Chat, ada: User, bo: User) -> None:
    for name in ('apples', 'Zoo', 'Beta'):
        await chat.rooms.create(ada, name)
    await chat.rooms.create(ada, 'Hidden', private=True)
    entries = await chat.rooms.list(bo)
    listed = [(entry.room.name, entry.joined) for entry in entries]
    assert listed == [('Lobby', True), ('apples', False), ('Beta', False), ('Zoo', False)]
    assert [room.name for room in await chat.rooms.list_open()] == ['apples', 'Beta', 'Lobby', 'Zoo']
    assert [entry.room.name for entry in await chat.rooms.list(ada)] == ['apples', 'Beta', 'Hidden', 'Lobby', 'Zoo']


async def test_a_name_that_very_many_rooms_have_is_refused(chat: Chat, ada: User) -> None:
    def make_many(connection):
        rest = {'name': 'x', 'topic': '', 'private': False, 'revision': 0, 'created_at': 0}
        for number in ('', *(f'-{number}' for number in range(2, 101))):
            connection.execute(tables.rooms.insert(), {'slug': f'echo{number}', **rest})

    await chat.storage.write(make_many)
    with pytest.raises(Conflict, match='choose another') as problem:
        await chat.rooms.create(ada, 'Echo')
    assert problem.value.field == 'name'


async def test_an_address_has_no_more_characters_than_fit(chat: Chat, ada: User) -> None:
    slugs = [(await chat.rooms.create(ada, 'x' * 64)).slug for _ in range(2)]
    assert slugs[0] != slugs[1]
    assert max(map(len, slugs)) <= 64


@pytest.mark.usefixtures('nothing_forgiven')
async def test_rooms_are_not_made_without_end(chat: Chat, ada: User) -> None:
    for number in range(10):
        await chat.rooms.create(ada, f'Room {number}')
    with pytest.raises(RateLimited, match='You are creating rooms too fast'):
        await chat.rooms.create(ada, 'One more')


@pytest.mark.parametrize(('name', 'topic', 'field'), [('x' * 65, '', 'name'), ('x', 'y' * 251, 'topic')])
async def test_what_is_too_long_names_its_field(chat: Chat, ada: User, name: str, topic: str, field: str) -> None:
    with pytest.raises(Invalid) as problem:
        await chat.rooms.create(ada, name, topic)
    assert problem.value.field == field


@pytest.mark.parametrize('slug', ['nowhere', '', 'LOBBY', '\ud800', '\x00', '../lobby', 'x' * 5_000])
async def test_an_address_that_leads_nowhere_is_not_found(chat: Chat, slug: str) -> None:
    stranger = await newcomer(chat, 'Cy')
    with pytest.raises(Exception, match='no such room'):
        await chat.rooms.open(stranger, slug)


async def test_when_very_many_came_and_went_it_is_not_told_one_by_one(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, 'MOST_CHANGES', 10)
    view = await chat.rooms.open(ada, 'lobby')
    for number in range(5):
        await newcomer(chat, f'Guest {number}')
        await chat.messages.send(ada, 'lobby', 'welcome')
    told = await chat._changes_since(view.room.id, view.page.revision)
    assert (len(told.events), told.complete) == (10, True)
    await newcomer(chat, 'One more')
    told = await chat._changes_since(view.room.id, view.page.revision)
    assert (told.events, told.complete) == ((), False)
    assert told.revision == view.page.revision + 11
