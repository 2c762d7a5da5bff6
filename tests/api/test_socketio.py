"""Socket.IO: who comes and goes, what is told to whom, and what strangers may not do."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest
from engineio.payload import Payload
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api import callers
from api.socketio import door, events, waiting
from chat import Chat, presence, rate_limits
from chat.events import RoomEvent
from chat.models import User
from tests.api.problems import problem
from tests.api.programs import PATIENCE, serving
from tests.api.socketio_clients import (
    NEWER_VERSION,
    ORIGINAL_VERSION,
    Client,
    SocketIO,
    javascript_client,
    needs_npm,
    shake_hands,
)
from tests.chat.files import bring
from tests.chat.people import newcomer
from web import prepared_frames

FRONT = 'https://front.example'
HANDSHAKE = {'EIO': '4', 'transport': 'polling'}


@pytest.fixture
async def site(chat: Chat) -> AsyncIterator[SocketIO]:
    """Return a served chat."""
    async with serving(chat) as site:
        yield SocketIO(site)


@pytest.fixture
async def bo(chat: Chat) -> User:
    """Return Bo, who is in the lobby by another door."""
    return await newcomer(chat, 'Bo')


@pytest.fixture
async def http(site: SocketIO) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client that polls by hand."""
    async with httpx.AsyncClient(base_url=f'{site.address}{door.PATH}') as http:
        yield http


def names(members: Any) -> list[str]:
    return [member.user.name for member in members]


# Coming and going.


@pytest.mark.parametrize('transport', ['websocket', 'polling'])
async def test_a_name_is_enough_to_join_and_to_talk(site: SocketIO, chat: Chat, transport: str) -> None:
    async with site.joined('Kim') as kim, site.client(transport=transport) as ada:
        joined = await ada.ask('join', {'user': 'Ada'})
        assert joined == {'ok': True, 'user': 'Ada', 'room': 'lobby'}
        assert await ada.next('join') == await kim.next('join') == {'user': 'Ada'}
        said = await ada.ask('message', {'user': 'Ada', 'message': 'Hello *all*'})
        heard = await kim.next('message')
        assert heard == await ada.next('message')
        assert heard == {'user': 'Ada', 'message': 'Hello *all*', 'id': said['id'], 'created_at': heard['created_at']}
        assert (await chat.messages.get((await newcomer(chat, 'Bo')), said['id'])).body == 'Hello *all*'


async def test_a_client_may_go_on_from_polling_to_websocket(site: SocketIO) -> None:
    client = Client()
    await client.io.connect(site.address)
    assert client.io.transport() == 'websocket'
    assert (await client.ask('join', {'user': 'Ada'}))['ok']
    await client.io.disconnect()


async def test_whoever_disconnects_has_left(site: SocketIO, chat: Chat, bo: User) -> None:
    async with site.joined('Kim') as kim:
        async with site.joined('Ada'):
            assert await kim.next('join') == {'user': 'Ada'}
            assert 'Ada' in names(await chat.rooms.members(bo, 'lobby'))
        assert await kim.next('leave') == {'user': 'Ada'}
        assert 'Ada' not in names(await chat.rooms.members(bo, 'lobby'))


async def test_members_come_and_go_by_other_doors(site: SocketIO, chat: Chat) -> None:
    async with site.joined('Kim') as kim:
        bo = await newcomer(chat, 'Bo')
        assert await kim.next('join') == {'user': 'Bo'}
        await chat.rooms.leave(bo, 'lobby')
        assert await kim.next('leave') == {'user': 'Bo'}
        await kim.hears_nothing()


async def test_who_opens_and_closes_a_page_comes_and_goes_once(
    site: SocketIO, chat: Chat, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, 'GONE_AFTER', 0.0)
    monkeypatch.setattr(chat.presence._tell, '_interval', 0.0)
    async with site.joined('Kim') as kim:
        page = chat.presence.connect(bo.id)
        assert await kim.next('join') == {'user': 'Bo'}
        page.close()
        chat.presence.sweep()
        assert await kim.next('leave') == {'user': 'Bo'}
        await newcomer(chat, 'Cy')
        assert await kim.next('join') == {'user': 'Cy'}


async def test_a_name_belongs_to_whoever_came_first(site: SocketIO) -> None:
    async with site.joined('Ada'), site.joined('Kim') as kim, site.client() as other:
        answer = await other.ask('join', {'user': 'ada'})
        assert (answer['code'], answer['field']) == ('name_taken', 'user')
        assert 'ada 2' in answer['message']
        assert await other.next('error') == answer
        await kim.hears_nothing()


async def test_a_name_is_free_again_for_a_new_guest_when_its_guest_has_disconnected(
    site: SocketIO, chat: Chat, bo: User
) -> None:
    async with site.joined('Kim') as kim:
        async with site.joined('Ada') as ada:
            await kim.next('join')
            mine = (await ada.ask('message', {'user': 'Ada', 'message': 'mine'}))['id']
        assert [(await kim.heard())[0] for _ in range(2)] == ['message', 'leave']
        async with site.joined('Ada') as ada:  # as the page that was loaded again does
            assert await kim.next('join') == {'user': 'Ada'}
            assert (await ada.ask('edit', {'id': mine, 'message': 'of another'}))['code'] == 'forbidden'
            await ada.next('error')
            await ada.ask('get_user_messages', {'user': 'Ada'})
            assert await ada.next('get_user_messages') == {'user': 'Ada', 'messages': ['mine']}
    assert (await chat.messages.get(bo, mine)).author.name == 'Ada'


@pytest.mark.parametrize('mode', ['accounts', 'invited'])
async def test_where_a_name_is_not_enough_nobody_joins_by_one(site: SocketIO, chat: Chat, mode: str) -> None:
    chat.accounts._mode = mode
    async with site.client() as other:
        assert (await other.ask('join', {'user': 'Ada'}))['code'] == 'unauthenticated'
        assert (await other.next('error'))['code'] == 'unauthenticated'


async def test_the_name_of_an_account_is_nobody_elses(site: SocketIO, chat: Chat) -> None:
    await chat.credentials.register('Ada', 'a long sentence', 'here')
    async with site.client() as other:
        assert (await other.ask('join', {'user': 'ada'}))['code'] == 'name_taken'


async def test_a_name_on_a_page_stays_its_persons_when_they_close_it(site: SocketIO, chat: Chat, bo: User) -> None:
    await chat.sessions.begin(bo, 'a page')
    async with site.client() as other:
        assert (await other.ask('join', {'user': 'Bo'}))['code'] == 'name_taken'


async def test_whoever_comes_with_a_token_is_the_same_person_again_and_stays_a_member(
    site: SocketIO, chat: Chat, bo: User
) -> None:
    mine = (await chat.messages.send(bo, 'lobby', 'mine')).message.id
    token = await chat.sessions.begin(bo, 'a page')
    async with site.joined('Bo', token=token) as client:
        assert (await client.ask('edit', {'id': mine, 'message': 'still mine'}))['ok']
    assert 'Bo' in names(await chat.rooms.members(bo, 'lobby'))
    assert await chat.sessions.find(token) is not None


@pytest.mark.parametrize(
    ('payload', 'code', 'field'),
    [
        ({'user': 'Bo', 'token': 'wrong'}, 'unauthenticated', None),
        ({'user': 'Ada', 'token': 'of Bo'}, 'forbidden', 'user'),
        ({'user': 'admin'}, 'invalid', 'user'),
        ({'user': ''}, 'invalid', 'user'),
        ({'user': 'x' * 33}, 'invalid', 'user'),
        ({'user': 'Ada', 'room': 'nowhere'}, 'not_found', None),
        ({'user': 'Ada', 'room': 'secret'}, 'not_found', None),
        ({'user': 'Ada', 'room': '\x00'}, 'not_found', None),
    ],
)
async def test_a_join_that_fails_says_why(
    site: SocketIO, chat: Chat, bo: User, payload: dict[str, str], code: str, field: str | None
) -> None:
    await chat.rooms.create(bo, 'Secret', private=True)
    if payload.get('token') == 'of Bo':
        payload = {**payload, 'token': await chat.sessions.begin(bo, '')}
    async with site.client() as client:
        answer = await client.ask('join', payload)
        assert set(answer) == {'code', 'message', 'field'}
        assert (answer['code'], answer['field']) == (code, field)
        assert (await client.ask('message', {'user': 'Ada', 'message': 'x'}))['code'] == 'unauthenticated'
        assert (await client.ask('join', {'user': 'Cy'}))['ok']


async def test_joining_twice_is_once_and_nobody_becomes_somebody_else(site: SocketIO) -> None:
    async with site.joined('Kim') as kim, site.joined('Ada') as ada:
        assert await kim.next('join') == {'user': 'Ada'}
        assert (await ada.ask('join', {'user': 'Ada'})) == ada.joined
        assert (await ada.ask('join', {'user': 'Bo'}))['code'] == 'conflict'
        await kim.hears_nothing()


async def test_joining_another_room_leaves_the_first(site: SocketIO, chat: Chat, bo: User) -> None:
    await chat.rooms.create(bo, 'Garden')
    async with site.joined('Kim') as kim, site.joined('Ada') as ada:
        await kim.next('join')
        assert (await ada.ask('join', {'user': 'Ada', 'room': 'garden'}))['room'] == 'garden'
        assert await kim.next('leave') == {'user': 'Ada'}
        assert await ada.next('join') == {'user': 'Ada'}
        await ada.ask('message', {'user': 'Ada', 'message': 'in the garden'})
        assert (await ada.next('message'))['message'] == 'in the garden'
        await kim.hears_nothing()


async def test_whoever_is_out_of_the_room_says_and_hears_nothing(site: SocketIO, chat: Chat, bo: User) -> None:
    async with site.joined('Ada') as ada:
        me = next(member.user for member in await chat.rooms.members(bo, 'lobby') if member.user.name == 'Ada')
        await chat.rooms.leave(me, 'lobby')
        assert await ada.next('leave') == {'user': 'Ada'}
        await chat.messages.send(bo, 'lobby', 'among us')
        assert (await ada.ask('message', {'user': 'Ada', 'message': 'x'}))['code'] == 'forbidden'
        assert (await ada.next('error'))['code'] == 'forbidden'
        assert (await ada.ask('join', {'user': 'Ada'}))['ok']


async def test_what_comes_after_ones_own_leaving_is_not_told_even_in_the_same_news(
    site: SocketIO, chat: Chat, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site.joined('Ada') as ada:
        me = next(member.user for member in await chat.rooms.members(bo, 'lobby') if member.user.name == 'Ada')
        with monkeypatch.context() as lost:
            lost.setattr(chat.room_state, 'publish', lambda _: None)
            await chat.messages.send(bo, 'lobby', 'among us')
            await chat.rooms.leave(me, 'lobby')
            await chat.messages.send(bo, 'lobby', 'without Ada')
        await chat.room_state.compare()
        assert (await ada.next('message'))['message'] == 'among us'
        assert await ada.next('leave') == {'user': 'Ada'}
        await ada.hears_nothing()


async def test_a_room_that_is_deleted_says_so(site: SocketIO, chat: Chat, bo: User) -> None:
    await chat.rooms.create(bo, 'Garden')
    async with site.joined('Ada', room='garden') as ada:
        await chat.rooms.delete(bo, 'garden')
        assert (await ada.next('error'))['code'] == 'not_found'
        assert (await ada.ask('join', {'user': 'Ada', 'room': 'lobby'}))['ok']


async def test_a_session_that_ends_takes_its_connections_with_it(site: SocketIO, chat: Chat, bo: User) -> None:
    token = await chat.sessions.begin(bo, 'a page')
    async with site.joined('Kim') as kim, site.joined('Bo', token=token) as client:
        await kim.next('join')
        session = await chat.sessions.find(token)
        assert session is not None
        await chat.accounts.sign_out(session)
        assert (await client.next('error'))['code'] == 'unauthenticated'
        await client.is_disconnected()
        assert await kim.next('leave') == {'user': 'Bo'}


async def test_a_server_that_stops_lets_go_of_everybody(site: SocketIO, chat: Chat, bo: User) -> None:
    async with site.joined('Ada') as ada:
        await site.door.stop()
        await ada.is_disconnected()
        await site.door.stop()
    assert 'Ada' not in names(await chat.rooms.members(bo, 'lobby'))
    assert chat.room_state.listeners == 0


# What is said.


async def test_files_without_words_are_told_by_their_names(site: SocketIO, chat: Chat, bo: User) -> None:
    async with site.joined('Ada') as ada:
        shared = await bring(chat, bo, name='notes.txt')
        await chat.messages.send(bo, 'lobby', '', attachments=[shared.id])
        assert (await ada.next('message'))['message'] == 'notes.txt'


async def test_who_is_renamed_goes_on_by_the_name_they_joined_with_and_is_shown_by_the_new_one(
    site: SocketIO, chat: Chat, bo: User
) -> None:
    ada = await newcomer(chat, 'Ada')
    token = await chat.sessions.begin(ada, 'a front end')
    session = await chat.sessions.find(token)
    assert session is not None
    await chat.rooms.create(bo, 'Garden')
    async with site.joined('Bo', token=await chat.sessions.begin(bo, '')) as other:
        async with site.joined('Ada', token=token) as client:
            await other.next('join')
            await chat.profiles.change(session, name='Eve')
            for name in ('Ada', 'Eve'):
                assert (await client.ask('message', {'user': name, 'message': f'as {name}'}))['ok'] is True
                for each in (client, other):
                    told = await each.next('message')
                    assert (told['user'], told['message']) == ('Eve', f'as {name}')
            assert (await client.ask('message', {'user': 'Bo', 'message': 'no'}))['code'] == 'forbidden'
            await client.next('error')
            await client.ask('get_user_messages', {'user': 'Ada'})
            own = {'user': 'Ada', 'messages': ['as Ada', 'as Eve']}
            assert await client.next('get_user_messages') == own
            assert (await client.ask('join', {'user': 'Ada', 'room': 'garden'}))['user'] == 'Eve'
            assert await client.next('join') == {'user': 'Eve'}
        await other.hears_nothing()  # of the new name, which the original room has no word for
        chat.presence.clock = lambda: monotonic() + presence.GONE_AFTER
        chat.presence.sweep()
        assert await other.next('leave') == {'user': 'Eve'}


async def test_a_token_is_joined_with_by_the_name_of_today(site: SocketIO, chat: Chat) -> None:
    ada = await newcomer(chat, 'Ada')
    token = await chat.sessions.begin(ada, 'a front end')
    session = await chat.sessions.find(token)
    assert session is not None
    await chat.profiles.change(session, name='Eve')
    async with site.client() as client:
        assert (await client.ask('join', {'user': 'Ada', 'token': token}))['code'] == 'forbidden'
        await client.next('error')
        assert (await client.ask('join', {'user': 'Eve', 'token': token}))['user'] == 'Eve'


async def test_what_other_doors_say_is_told(site: SocketIO, chat: Chat, bo: User) -> None:
    async with site.joined('Ada') as ada:
        sent = (await chat.messages.send(bo, 'lobby', 'from a page')).message
        heard = await ada.next('message')
        assert heard.pop('created_at').endswith('Z')
        assert heard == {'user': 'Bo', 'message': 'from a page', 'id': sent.id}
        await chat.messages.edit(bo, sent.id, 'better')
        assert await ada.next('edit') == {'id': sent.id, 'user': 'Bo', 'message': 'better'}
        await chat.messages.delete(bo, sent.id)
        assert await ada.next('delete') == {'id': sent.id, 'user': 'Bo'}
        await chat.rooms.create(bo, 'Elsewhere')
        await chat.messages.send(bo, 'elsewhere', 'not for the lobby')
        await ada.hears_nothing()


async def test_only_the_author_edits_and_deletes(site: SocketIO, chat: Chat, bo: User) -> None:
    theirs = (await chat.messages.send(bo, 'lobby', 'of Bo')).message.id
    async with site.joined('Ada') as ada:
        assert (await ada.ask('edit', {'id': theirs, 'message': 'x'}))['code'] == 'forbidden'
        assert (await ada.ask('delete', {'id': theirs}))['code'] == 'forbidden'
        assert (await ada.ask('delete', {'id': 2**62}))['code'] == 'not_found'
        mine = (await ada.ask('message', {'user': 'Ada', 'message': 'mine'}))['id']
        assert await ada.ask('edit', {'id': mine, 'message': 'better'}) == {'ok': True, 'id': mine}
        assert await ada.ask('delete', {'id': mine}) == {'ok': True, 'id': mine}
    assert (await chat.messages.get(bo, theirs)).body == 'of Bo'


async def test_nobody_speaks_for_somebody_else(site: SocketIO, bo: User) -> None:
    async with site.joined('Ada') as ada:
        answer = await ada.ask('message', {'user': 'Bo', 'message': 'I am Bo'})
        assert (answer['code'], answer['field']) == ('forbidden', 'user')
        assert (await ada.ask('message', {'user': '  Ada ', 'message': 'as it was typed'}))['ok']


@pytest.mark.parametrize('event', ['message', 'edit', 'delete', 'get_user_messages'])
async def test_nobody_does_anything_before_joining(site: SocketIO, bo: User, chat: Chat, event: str) -> None:
    await chat.messages.send(bo, 'lobby', 'x')
    async with site.client() as client:
        answer = await client.ask(event, {'user': 'Bo', 'message': 'x', 'id': 1})
        assert answer['code'] == 'unauthenticated'


async def test_what_somebody_said_is_told_to_the_asker_alone(site: SocketIO, chat: Chat, bo: User) -> None:
    ids = [(await chat.messages.send(bo, 'lobby', body)).message.id for body in ('one', 'two', 'three')]
    await chat.messages.delete(bo, ids[1])
    async with site.joined('Ada') as ada, site.joined('Kim') as kim:
        await ada.next('join')
        assert await ada.ask('get_user_messages', {'user': 'Bo'}) == {'ok': True}
        assert await ada.next('get_user_messages') == {'user': 'Bo', 'messages': ['one', 'three']}
        await ada.emit('get_user_messages', {'user': 'Nobody'})
        assert await ada.next('get_user_messages') == {'user': 'Nobody', 'messages': []}
        assert (await ada.ask('get_user_messages', {'user': 'x' * 1000}))['field'] == 'user'
        await kim.hears_nothing()


async def test_what_somebody_said_is_told_as_far_as_it_goes_the_newest_of_it(
    site: SocketIO, chat: Chat, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, 'MOST_CHARACTERS', 35)
    for body in ('one', '\N{GRINNING FACE}' * 2, 'three'):  # an emoji has 12 characters in JSON
        await chat.messages.send(bo, 'lobby', body)
    async with site.joined('Ada') as ada:
        await ada.emit('get_user_messages', {'user': 'Bo'})
        assert (await ada.next('get_user_messages'))['messages'] == ['\N{GRINNING FACE}' * 2, 'three']


async def test_asking_too_often_is_refused_in_words(site: SocketIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rate_limits.LIMITS, 'asking', 2)
    async with site.joined('Ada') as ada:
        answers = [await ada.ask('get_user_messages', {'user': 'Ada'}) for _ in range(4)]
        assert answers[0]['ok']
        assert answers[-1]['code'] == 'rate_limited'


async def test_what_one_says_keeps_its_order(site: SocketIO) -> None:
    async with site.joined('Kim') as kim, site.joined('Ada') as ada:
        await kim.next('join')
        for number in range(50):
            await ada.emit('message', {'user': 'Ada', 'message': str(number)})
        assert [(await kim.next('message'))['message'] for _ in range(50)] == [str(number) for number in range(50)]


async def test_speaking_too_fast_is_refused_in_words(site: SocketIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rate_limits.LIMITS, 'sending', 2)
    async with site.joined('Ada') as ada:
        answers = [await ada.ask('message', {'user': 'Ada', 'message': 'x'}) for _ in range(4)]
        assert answers[0]['ok']
        assert answers[-1]['code'] == 'rate_limited'
        assert 'Try again in' in answers[-1]['message']


# What comes malformed, too large, too often or from the wrong site.


async def test_a_malformed_payload_gets_an_error_and_changes_nothing(
    site: SocketIO, caplog: pytest.LogCaptureFixture
) -> None:
    payloads: list[tuple[Any, ...]] = [
        (), (None,), ([],), ('text',), (7,), (True,), ({},), ({'user': None, 'message': None, 'id': None},),
        ({'user': 1, 'message': 1, 'id': '1'},), ({'user': ['Ada'], 'message': {}, 'id': True},),
        ({'user': 'Ada' * 5000, 'message': ' ', 'id': -1},), ({'user': '\x00', 'message': '\x00', 'id': 2**63},),
        ({'user': 'Ada', 'message': 'x' * 10_001, 'id': 1.5, 'room': 7},), ([[[[]]]], 'more'),
    ]  # fmt: skip
    async with site.joined('Ada') as ada:
        for event in ('join', 'message', 'edit', 'delete', 'get_user_messages', 'nothing', ''):
            for payload in payloads:
                if event == 'get_user_messages' and payload and isinstance(payload[0], dict):
                    continue  # asks for a name, and says nothing
                answer = await ada.ask(event, *payload)
                assert set(answer) == {'code', 'message', 'field'}, (event, payload)
                assert answer['code'] in ('invalid', 'forbidden', 'conflict'), (event, payload)
                assert await ada.next('error') == answer
        assert (await ada.ask('message', {'user': 'Ada', 'message': 'still here', 'unknown': 1}))['ok']
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.slow
@pytest.mark.parametrize(
    'packet',
    [
        '42["connect",{}]', '42["disconnect"]', '42["*",{}]', '420["*"]', '42["connect_error"]',
        '42', '42{}', '42[]', '42[1]', '42[null]', '49', '4', '', '43[]',
        '44{}', '450-["message"]', '4511-["message"]', '45["message"]', '461-[{"_placeholder":true,"num":0}]', '0{}',
        '2', '9', 'x', '4²["join"]', '42' + '9' * 200 + '["join"]', '40[]', b'\x04',
        '42["join","' + 'x' * 70_000 + '"]',
    ],
)  # fmt: skip
async def test_a_packet_that_no_client_sends_ends_the_connection(
    site: SocketIO, caplog: pytest.LogCaptureFixture, packet: str | bytes
) -> None:
    async with site.raw() as socket:
        await shake_hands(socket)
        await socket.send(packet)
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(ConnectionClosed):
                await socket.recv()
    async with site.joined('Ada'):
        pass
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


HALF_AN_EMOJI = '["message",{"user":"Ada","message":"\\ud800"}]'
BINARY = '["message",{"user":"Ada","message":{"_placeholder":true,"num":0}}]'


@pytest.mark.parametrize(
    ('packets', 'acknowledged'),
    [
        (['427' + HALF_AN_EMOJI], 7), (['42' + HALF_AN_EMOJI], None), (['42["message"'], None), (['421["x",NaN]'], 1),
        (['420["x",' + '[' * 5000 + ']' * 5000 + ']'], 0), (['451-3' + BINARY, b'x'], 3),
        (['452-' + BINARY, b'x', '3', b'y'], None),
    ],
)  # fmt: skip
@pytest.mark.parametrize('transport', ['websocket', 'polling'])
async def test_a_mistake_in_a_packet_is_answered_and_the_connection_stays(
    site: SocketIO, http: httpx.AsyncClient, transport: str, packets: list[str | bytes], acknowledged: int | None
) -> None:
    last = '4299["get_user_messages",{}]'
    if transport == 'websocket':
        async with site.raw() as socket:
            await shake_hands(socket)
            for packet in [*packets, last]:
                await socket.send(packet)
            told = [await socket.recv() for _ in range(4 if acknowledged is not None else 3)]
    else:
        opened = await http.get('/', params=HANDSHAKE)
        query = {**HANDSHAKE, 'sid': json.loads(opened.text[1:])['sid']}
        texts = ['bAAAA' if isinstance(packet, bytes) else packet for packet in packets]
        for text in ['40', *texts, last]:
            assert (await http.post('/', params=query, content=text)).status_code == 200
        told = (await http.get('/', params=query)).text.split('\x1e')[1:]
    assert [packet[:2] for packet in told] == ['42', *['43'] * (acknowledged is not None), '42', '43']
    event, error = json.loads(told[0][2:])
    assert (event, error['code']) == ('error', 'invalid')
    if acknowledged is not None:
        assert told[1] == f'43{acknowledged}' + json.dumps([error], separators=(',', ':'))


@pytest.mark.parametrize('transport', ['websocket', 'polling'])
async def test_who_sends_bytes_is_told_that_they_cannot(site: SocketIO, transport: str) -> None:
    async with site.client(transport=transport) as ada:
        await ada.ask('join', {'user': 'Ada'})
        answer = await ada.ask('message', {'user': 'Ada', 'message': b'Hello'})
        assert answer['code'] == 'invalid'
        assert (await ada.ask('message', {'user': 'Ada', 'message': 'Hello'}))['ok']


async def test_attachments_that_nobody_announced_end_the_connection(site: SocketIO) -> None:
    for packets in ([b'x'], ['451-["message"]', b'x', b'y'], ['451-["message"]', '42["message"]']):
        async with site.raw() as socket:
            await shake_hands(socket)
            for packet in packets:
                await socket.send(packet)
            async with asyncio.timeout(PATIENCE):
                await socket.wait_closed()


@pytest.mark.parametrize(
    'content', [b'x', b'5', b'2probe', b'42["connect",{}]', b'\xff', b'4' * 70_000, b'\x1e'.join([b'6'] * 101)]
)
async def test_so_does_one_that_is_posted(http: httpx.AsyncClient, content: bytes) -> None:
    opened = await http.get('/', params=HANDSHAKE)
    query = {**HANDSHAKE, 'sid': json.loads(opened.text[1:])['sid']}
    assert problem(await http.post('/', params=query, content=content)) == (400, 'invalid', None)
    assert problem(await http.get('/', params=query)) == (400, 'invalid', None)


@pytest.mark.parametrize(
    ('method', 'query', 'status', 'code'),
    [
        ('GET', {'EIO': '3', 'transport': 'polling'}, 400, 'invalid'),
        ('GET', {**HANDSHAKE, 'j': '0'}, 400, 'invalid'),
        ('GET', {**HANDSHAKE, 'sid': 'unknown'}, 400, 'invalid'),
        ('GET', {'EIO': '4', 'transport': 'websocket'}, 400, 'invalid'),
        ('POST', HANDSHAKE, 400, 'invalid'),
        ('DELETE', HANDSHAKE, 405, 'method_not_allowed'),
        ('OPTIONS', HANDSHAKE, 405, 'method_not_allowed'),
        ('GET', {}, 400, 'invalid'),
    ],
)
async def test_requests_that_no_client_makes_are_refused(
    http: httpx.AsyncClient, method: str, query: dict[str, str], status: int, code: str
) -> None:
    assert problem(await http.request(method, '/', params=query)) == (status, code, None)


async def test_there_is_nothing_below(http: httpx.AsyncClient) -> None:
    assert problem(await http.get('/more', params=HANDSHAKE)) == (404, 'not_found', None)


@pytest.mark.parametrize('origin', ['https://evil.example', 'null', 'http://127.0.0.1:1'])
async def test_pages_of_other_sites_are_refused_at_every_request(
    site: SocketIO, http: httpx.AsyncClient, origin: str
) -> None:
    foreign = {'Origin': origin}
    opened = await http.get('/', params=HANDSHAKE)
    query = {**HANDSHAKE, 'sid': json.loads(opened.text[1:])['sid']}
    for answer in (
        await http.get('/', params=HANDSHAKE, headers=foreign),
        await http.get('/', params=query, headers=foreign),
        await http.post('/', params=query, headers=foreign, content='40'),
    ):
        assert problem(answer) == (403, 'forbidden', None)
        assert 'access-control-allow-origin' not in answer.headers
    with pytest.raises(InvalidStatus) as refused:
        async with site.raw(origin=origin):
            pass
    assert refused.value.response.status_code == 403
    assert json.loads(refused.value.response.body)['error']['code'] == 'forbidden'


async def test_pages_of_this_site_may_call(site: SocketIO, http: httpx.AsyncClient) -> None:
    assert (await http.get('/', params=HANDSHAKE, headers={'Origin': site.address})).status_code == 200
    async with site.raw(origin=site.address) as socket:
        await shake_hands(socket)


async def test_pages_of_allowed_sites_may_call_and_bring_no_cookies(chat: Chat) -> None:
    object.__setattr__(chat.settings, 'allowed_origins', (FRONT,))
    async with serving(chat) as served, httpx.AsyncClient(base_url=f'http://{served.host}{door.PATH}') as http:
        site = SocketIO(served)
        opened = await http.get('/', params=HANDSHAKE, headers={'Origin': FRONT})
        unknown = await http.get('/', params={**HANDSHAKE, 'sid': 'x'}, headers={'Origin': FRONT})
        for answer in (opened, unknown):
            assert answer.headers['access-control-allow-origin'] == FRONT
            assert 'Origin' in answer.headers['vary']
            assert 'access-control-allow-credentials' not in answer.headers
            assert 'set-cookie' not in answer.headers
        async with site.raw(origin=FRONT) as socket:
            await shake_hands(socket)


async def test_not_more_connections_from_one_address_than_a_class_needs(
    site: SocketIO, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, 'CONNECTIONS_PER_ADDRESS', 1)
    async with site.joined('Ada') as ada:
        answer = await http.get('/', params=HANDSHAKE)
        assert problem(answer) == (429, 'rate_limited', None)
        assert answer.headers['Retry-After'] == '30'
        assert (await ada.ask('message', {'user': 'Ada', 'message': 'x'}))['ok']
        assert site.chat.measures.connections['socketio']() == 1
    async with asyncio.timeout(PATIENCE):
        while site.chat.measures.connections['socketio']():
            await asyncio.sleep(0.01)
    assert (await http.get('/', params=HANDSHAKE)).status_code == 200


async def test_a_client_that_takes_nothing_is_let_go(
    site: SocketIO, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, 'MOST_WAITING', 5)
    async with site.joined('Kim') as kim:
        opened = await http.get('/', params=HANDSHAKE)
        query = {**HANDSHAKE, 'sid': json.loads(opened.text[1:])['sid']}
        await http.post('/', params=query, content='40\x1e42["join",{"user":"Ada"}]')
        assert await kim.next('join') == {'user': 'Ada'}
        for number in range(6):
            await kim.ask('message', {'user': 'Kim', 'message': str(number)})
        assert [(await kim.heard())[0] for _ in range(7)].count('leave') == 1
        assert problem(await http.get('/', params=query)) == (400, 'invalid', None)


async def test_what_a_stranger_makes_the_server_answer_is_bounded_too(
    site: SocketIO, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, 'MOST_WAITING', 50)
    for packet in ('40/x,', '42["message"', '427["message",{}]'):
        opened = await http.get('/', params=HANDSHAKE)
        query = {**HANDSHAKE, 'sid': json.loads(opened.text[1:])['sid']}
        await http.post('/', params=query, content='40')
        answers = [await http.post('/', params=query, content='\x1e'.join([packet] * 90)) for _ in range(2)]
        assert problem(answers[-1]) == (400, 'invalid', None)
    assert site.chat.measures.drops['socketio'] == 3


async def test_a_poll_takes_no_more_than_every_client_reads_and_the_next_takes_the_rest(
    site: SocketIO, chat: Chat, bo: User, http: httpx.AsyncClient
) -> None:
    opened = await http.get('/', params=HANDSHAKE)
    query = {**HANDSHAKE, 'sid': json.loads(opened.text[1:])['sid']}
    await http.post('/', params=query, content='40\x1e42["join",{"user":"Ada"}]')
    for number in range(40):
        await chat.messages.send(bo, 'lobby', str(number))
    told: list[str] = []
    while len(told) < 42:
        packets = (await http.get('/', params=query)).text.split('\x1e')
        assert len(packets) <= 16
        told += packets
    assert [json.loads(packet[2:])[1]['message'] for packet in told[2:]] == [str(number) for number in range(40)]


async def test_a_burst_reaches_a_python_client_that_polls(
    site: SocketIO, chat: Chat, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site.client(transport='polling') as ada:
        await ada.ask('join', {'user': 'Ada'})
        await ada.next('join')
        monkeypatch.setattr(Payload, 'max_decode_packets', 16)  # as where no server is in the same process
        burst: list[RoomEvent] = []
        with monkeypatch.context() as held:
            held.setattr(chat.room_state, 'publish', burst.append)
            for number in range(50):
                await chat.messages.send(bo, 'lobby', str(number))
        for event in burst:
            chat.room_state.publish(event)
        assert {(await ada.next('message'))['message'] for _ in range(50)} == {str(number) for number in range(50)}


async def test_nobody_who_takes_nothing_keeps_a_server_from_ending(
    chat: Chat, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared_frames, 'CLOSES_WITHIN', 0.1)
    await asyncio.gather(*(chat.messages.send(bo, 'lobby', 'x' * 9_000) for _ in range(40)))
    async with AsyncExitStack() as still_open, asyncio.timeout(PATIENCE), serving(chat) as site:
        address = f'ws://{site.host}{door.PATH}/?EIO=4&transport=websocket'
        deaf = await still_open.enter_async_context(site.deaf(address))
        for packet in ('40', '42["join",{"user":"Ada"}]', '42["get_user_messages",{"user":"Bo"}]'):
            await deaf.send(packet)
        await site.is_blocked()


async def test_a_poll_is_answered_in_time_for_a_server_to_stop(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, 'LONGEST_POLL', 0.05)
    opened = await http.get('/', params=HANDSHAKE)
    query = {**HANDSHAKE, 'sid': json.loads(opened.text[1:])['sid']}
    assert (await http.get('/', params=query)).text == '6'


async def test_a_mistake_of_the_server_has_a_number(
    site: SocketIO, chat: Chat, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with site.joined('Ada') as ada:
        with monkeypatch.context() as broken:
            broken.setattr(chat.messages, 'send', None)
            answer = await ada.ask('message', {'user': 'Ada', 'message': 'x'})
        assert answer['code'] == 'internal'
        number = answer['message'].rpartition(' ')[2].rstrip('.')
        assert number in caplog.text
        assert (await ada.ask('message', {'user': 'Ada', 'message': 'x'}))['ok']


# The JavaScript client, and the front end of the Flask-SocketIO chat room with it.

ORIGINAL_FRONT_END = """
const {io} = require(process.argv[2]), told = [];
const open = (name, onJoin) => {
    const socket = io(process.argv[3], {forceNew: true, transports: JSON.parse(process.argv[4])});
    for (const event of ['message', 'join', 'leave', 'get_user_messages'])
        socket.on(event, data => told.push([name, event, data]));
    socket.on('join', data => { if (data.user === name) onJoin(socket); });
    socket.emit('join', {user: name});
    return socket;
};
const until = async test => { while (!told.some(test)) await new Promise(resolve => setTimeout(resolve, 5)); };
open('ada', async ada => {
    const bo = open('bo', socket => socket.emit('message', {user: 'bo', message: 'hello'}));
    await until(([name, event]) => name === 'ada' && event === 'message');
    ada.emit('get_user_messages', {user: 'bo'});
    await until(([name, event]) => event === 'get_user_messages');
    bo.disconnect();
    await until(([name, event]) => event === 'leave');
    ada.disconnect();
    console.log(JSON.stringify(told.filter(([name]) => name === 'ada')));
});
"""


@pytest.mark.slow
@needs_npm
@pytest.mark.parametrize('version', [ORIGINAL_VERSION, NEWER_VERSION])
@pytest.mark.parametrize('transports', [['polling', 'websocket'], ['websocket'], ['polling']])
async def test_the_original_front_end_runs_unchanged(
    site: SocketIO, tmp_path: Path, pytestconfig: pytest.Config, version: str, transports: list[str]
) -> None:
    package = await asyncio.to_thread(javascript_client, pytestconfig.cache.mkdir('socket.io-client'), version)
    script = tmp_path / 'front_end.cjs'
    script.write_text(ORIGINAL_FRONT_END, encoding='utf-8')
    node = await asyncio.create_subprocess_exec(
        'node', script, package, site.address, json.dumps(transports), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(PATIENCE * 3):
        told = json.loads((await node.communicate())[0])
    message = told[2][2]
    assert told == [
        ['ada', 'join', {'user': 'ada'}],
        ['ada', 'join', {'user': 'bo'}],
        [
            'ada',
            'message',
            {'user': 'bo', 'message': 'hello', 'id': message['id'], 'created_at': message['created_at']},
        ],
        ['ada', 'get_user_messages', {'user': 'bo', 'messages': ['hello']}],
        ['ada', 'leave', {'user': 'bo'}],
    ]
