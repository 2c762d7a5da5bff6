"""Whoever is removed from a room sees and hears nothing of it from that instant, by any door.

Each door is tried with a credential, or a connection, that worked a moment before: on the server where it was done, and
on another one of the same chat.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from chat import Chat, room_state, sessions
from chat.audit import Actor
from chat.events import StartAfresh, Told
from chat.models import Message, User
from chat.storage import accounts as account_rows
from tests.api.programs import Program, Site, serving
from tests.api.socketio_clients import SocketIO
from tests.chat.several import eventually, servers

WHY = 'spam'


@dataclass
class Scene:
    """A private room of Ada's, with Bo in it, who has said something there, and who signed in on the server ``at``."""

    here: Chat  # where it is done
    at: Site  # where Bo is
    boss: User
    ada: User
    bo: User
    slug: str
    message: Message
    adas: Message
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """How Bo's program says who is calling."""
        return {'Authorization': f'Bearer {self.token}'}

    async def do(self, how: str) -> None:
        """Do it to Bo, and let the room go on."""
        moderation, actor = self.here.moderation, Actor(self.ada, '')
        if how == 'removed':
            await moderation.remove(actor, self.slug, self.bo.id, WHY)
        elif how == 'banned here':
            await moderation.ban(actor, self.bo.id, self.slug, None, WHY)
        else:
            await moderation.ban(Actor(self.boss, ''), self.bo.id, None, None, WHY)
        await self.go_on()

    async def go_on(self) -> None:
        """Let the room go on: everything happens there that people are told of."""
        said = (await self.here.messages.send(self.ada, self.slug, 'a secret')).message
        await self.here.messages.edit(self.ada, said.id, 'another secret')
        await self.here.reactions.react(self.ada, said.id, '🤫', on=True)
        await self.here.rooms.change(self.ada, self.slug, topic='a secret topic')
        room = await self.here.rooms.find(self.ada, self.slug)
        self.here.room_state.typing(room.id, self.ada)

    async def arrived(self) -> None:
        """Wait until what happened has reached the server where Bo is: somebody else there has heard it."""
        page = await self.at.chat.messages.page(self.ada, self.slug)
        await eventually(lambda: max((getattr(each, 'revision', 0) for each in self.told), default=0) >= page.revision)

    async def listen(self) -> None:
        """Let Ada listen on the server where Bo is."""
        self.told: list[Told] = []
        room = await self.at.chat.rooms.find(self.ada, self.slug)
        self.at.chat.room_state.subscribe(room.id, room.revision, self.told.extend)


@pytest.fixture(params=['here', 'on another server'])
async def scene(
    request: pytest.FixtureRequest, tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scene]:
    """Return the scene, with Bo on the server where it is done, or on another one."""
    for part in (room_state, sessions):
        monkeypatch.setattr(part, 'COMPARE_EVERY', 1_000)  # by hints alone
    async with (
        servers(tmp_path / 'data', redis_url, 1 if request.param == 'here' else 2) as chats,
        AsyncExitStack() as stack,
    ):
        site = await stack.enter_async_context(serving(chats[-1]))
        yield await scene_of(chats[0], site)


async def scene_of(here: Chat, site: Site) -> Scene:
    boss, ada, bo = [await here.accounts.add_guest(name, 'here') for name in ('Boss', 'Ada', 'Bo')]
    boss = await here.storage.write(account_rows.set_kind, boss, 'administrator')
    slug = (await here.rooms.create(ada, 'Secret')).slug
    await here.rooms.join(bo, slug)
    await here.rooms.change(ada, slug, private=True)
    message = (await here.messages.send(bo, slug, 'hello')).message
    adas = (await here.messages.send(ada, slug, 'hello Bo')).message
    token = await site.chat.sessions.begin(bo, '')
    scene = Scene(here, site, boss, ada, bo, slug, message, adas, token)
    await scene.listen()
    return scene


HOW = ['removed', 'banned here', 'banned everywhere']
CALLS: list[tuple[str, str, Any]] = [
    ('GET', '/rooms/{slug}', None),
    ('GET', '/rooms/{slug}/members', None),
    ('GET', '/rooms/{slug}/messages', None),
    ('GET', '/rooms/{slug}/changes?since=0', None),
    ('GET', '/messages/{own}', None),
    ('GET', '/messages/{other}', None),
    ('GET', '/rooms/{slug}/hooks', None),
    ('GET', '/rooms/{slug}/bans', None),
    ('GET', '/rooms/{slug}/hidden-messages', None),
    ('PUT', '/rooms/{slug}/membership', None),
    ('DELETE', '/rooms/{slug}/membership', None),
    ('POST', '/rooms/{slug}/messages', {'body': 'x'}),
    ('PATCH', '/messages/{own}', {'body': 'x'}),
    ('DELETE', '/messages/{own}', None),
    ('PUT', '/messages/{other}/reactions/👍', None),
    ('DELETE', '/messages/{other}/reactions/👍', None),
    ('POST', '/messages/{other}/report', {'reason': 'x'}),
    ('PUT', '/messages/{other}/hidden', {'reason': 'x'}),
    ('PATCH', '/rooms/{slug}', {'topic': 'x'}),
    ('DELETE', '/rooms/{slug}', None),
    ('POST', '/rooms/{slug}/hooks', {'name': 'x'}),
    ('GET', '/users/{ada}/standing?room={slug}', None),
]


@pytest.mark.parametrize('how', HOW)
async def test_no_call_answers_any_more(scene: Scene, how: str) -> None:
    async with httpx.AsyncClient(base_url=f'http://{scene.at.host}/api/v1', headers=scene.headers) as program:
        assert (await program.get(f'/rooms/{scene.slug}/messages')).status_code == 200
        assert 'hello' in (await program.get('/search', params={'q': 'hello'})).text
        await scene.do(how)
        ids = {'slug': scene.slug, 'own': scene.message.id, 'other': scene.adas.id, 'ada': scene.ada.id}
        for method, path, body in CALLS:
            answer = await program.request(method, path.format(**ids), json=body)
            assert answer.status_code == (401 if how == 'banned everywhere' else 404), (method, path, answer.text)
            assert 'ecret' not in answer.text
        for q in ('hello', f'in:{scene.slug}'):
            found = await program.get('/search', params={'q': q})
            assert 'hello' not in found.text
        listed = await program.get('/rooms')
        assert scene.slug not in listed.text
        assert 'ecret' not in listed.text
        assert 'ecret' not in (await program.get('/reports')).text
    (message,) = [
        each for each in (await scene.here.messages.page(scene.ada, scene.slug)).messages if each.id == scene.message.id
    ]
    assert message.body == 'hello'


@pytest.mark.parametrize('how', HOW)
async def test_a_websocket_that_is_open_hears_that_it_is_over_and_nothing_more(scene: Scene, how: str) -> None:
    async with scene.at.connect(**scene.headers) as socket:
        program = Program(socket)
        await program.next()
        await program.result('subscribe', room=scene.slug)
        await scene.do(how)
        await scene.arrived()
        if how == 'banned everywhere':
            assert await program.closing() == 1008
            return
        assert (await program.ask('ping'))['type'] == 'ok'
        events = [each for each in program.heard if each['type'] not in ('presence', 'typing')]
        assert [each['type'] for each in events] == ['member_left']
        assert events[0]['member']['user']['id'] == scene.bo.id
        program.heard.clear()
        for frame in (
            {'type': 'subscribe', 'room': scene.slug},
            {'type': 'subscribe', 'room': scene.slug, 'since': 0},
            {'type': 'typing', 'room': scene.slug},
            {'type': 'send', 'room': scene.slug, 'body': 'x'},
            {'type': 'edit', 'message_id': scene.message.id, 'body': 'x'},
            {'type': 'delete', 'message_id': scene.message.id},
            {'type': 'react', 'message_id': scene.message.id, 'emoji': '👍', 'on': True},
        ):
            answer = await program.ask(frame.pop('type'), **frame)  # type: ignore[arg-type]
            assert answer['code'] in ('not_found', 'invalid'), answer
        await scene.go_on()
        await scene.arrived()
        await program.ask('ping')
        assert program.heard == []


@pytest.mark.parametrize('how', HOW)
async def test_a_websocket_that_was_away_is_told_nothing_when_it_comes_back(scene: Scene, how: str) -> None:
    async with scene.at.connect(**scene.headers) as socket:
        program = Program(socket)
        await program.next()
        await program.result('subscribe', room=scene.slug)
    await scene.do(how)
    async with scene.at.connect(**scene.headers) as socket:
        program = Program(socket)
        if how == 'banned everywhere':
            await program.send(type='authenticate', token=scene.token)
            assert (await program.next())['code'] == 'unauthenticated'
            return
        await program.next()
        assert (await program.ask('subscribe', room=scene.slug, since=1))['code'] == 'not_found'
        await scene.go_on()
        await scene.arrived()
        await program.ask('ping')
        assert program.heard == []


@pytest.mark.parametrize('how', HOW)
async def test_a_socketio_client_hears_nothing_more(scene: Scene, how: str) -> None:
    async with SocketIO(scene.at).joined('Bo', token=scene.token, room=scene.slug) as client:
        await scene.do(how)
        await scene.arrived()
        if how == 'banned everywhere':
            await client.is_disconnected()
            heard = [await client.heard()]
            if heard[0][0] == 'leave':  # a guest who is banned has left the room, too
                heard.append(await client.heard())
            assert heard[-1][1]['code'] == 'unauthenticated'
            return
        assert await client.next('leave') == {'user': 'Bo'}
        answer = await client.ask('message', {'user': 'Bo', 'message': 'x'})
        assert answer['code'] in ('not_found', 'forbidden')
        assert (await client.ask('get_user_messages', {'user': 'Ada'})).get('ok') is None
        assert (await client.ask('edit', {'id': scene.message.id, 'message': 'x'})).get('ok') is None
        assert (await client.ask('join', {'user': 'Bo', 'token': scene.token, 'room': scene.slug})).get('ok') is None
        await scene.go_on()
        await scene.arrived()
        for _ in range(4):  # what was asked for, and refused
            assert await client.next('error')
        await client.hears_nothing()


@pytest.mark.parametrize('how', HOW)
async def test_the_counts_of_other_rooms_have_no_more_of_it(scene: Scene, how: str) -> None:
    chat, changed = scene.at.chat, list[str]()
    room = await chat.rooms.find(scene.bo, scene.slug)
    watch = chat.unread.watch(scene.bo, lambda: changed.append('counts'))
    chat.unread.follow(watch, [room.id])
    await scene.do(how)
    await eventually(lambda: changed)
    if how != 'banned everywhere':
        assert await chat.unread.counts(scene.bo, [room.id]) == {}
    assert scene.slug not in [each.room.slug for each in await chat.rooms.list(scene.bo)]


async def test_a_hint_that_is_lost_shows_nothing_either(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_state, 'COMPARE_EVERY', 1_000)
    async with servers(tmp_path / 'data', redis_url) as (here, there), serving(there) as site:
        scene = await scene_of(here, site)
        async with site.connect(**scene.headers) as socket:
            program = Program(socket)
            await program.next()
            await program.result('subscribe', room=scene.slug)
            tell = here.bus.tell
            monkeypatch.setattr(here.bus, 'tell', lambda hint: None)
            await here.moderation.remove(Actor(scene.ada, ''), scene.slug, scene.bo.id, WHY)
            monkeypatch.setattr(here.bus, 'tell', tell)
            await scene.go_on()
            await scene.arrived()
            await program.ask('ping')
            assert [each['type'] for each in program.heard if 'revision' in each] == ['member_left']


async def test_removing_while_the_room_is_subscribed_to_lets_nothing_through(scene: Scene) -> None:
    async with scene.at.connect(**scene.headers) as socket:
        program = Program(socket)
        await program.next()
        await program.send(id='s', type='subscribe', room=scene.slug, since=0)
        await asyncio.gather(scene.do('removed'), program.send(type='subscribe', room=scene.slug))
        await scene.arrived()
        await program.ask('ping')
        await scene.go_on()
        await scene.arrived()
        heard = len(program.heard)
        await program.ask('ping')
        late = program.heard[heard:]
        assert [each for each in late if 'revision' in each] == []


@pytest.mark.parametrize('door', ['websocket', 'socketio'])
async def test_being_removed_among_more_than_can_be_told_shows_nothing_either(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    monkeypatch.setattr('chat.storage.changes.MOST_CHANGES', 1)  # the removal and what is said next are more
    async with scene.at.connect(**scene.headers) as socket:
        program = Program(socket)
        await program.next()
        await program.result('subscribe', room=scene.slug)
        async with SocketIO(scene.at).joined('Bo', token=scene.token, room=scene.slug) as client:
            with monkeypatch.context() as patched:
                patched.setattr(scene.here.room_state, 'publish', lambda event: None)
                await scene.do('removed')
            await scene.go_on()
            await eventually(lambda: any(isinstance(each, StartAfresh) for each in scene.told))
            await scene.go_on()
            await scene.arrived()
            if door == 'websocket':
                await program.ask('ping')
                assert [each for each in program.heard if 'revision' in each] == []
            else:
                await client.hears_nothing()
