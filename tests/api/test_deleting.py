"""Deleting accounts by the API: one's own, and those of others, and what programs that listen are told."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from chat import Chat
from chat.models import User
from tests.api.problems import problem
from tests.api.programs import Site, serving
from tests.api.socketio_clients import Client, SocketIO
from tests.chat.people import newcomer

Headers = dict[str, str]
GOOD, OTHER = 'a long sentence', 'another sentence'
SITE = 'http://chat.test'


@pytest.fixture
async def boss(program: httpx.AsyncClient, chat: Chat) -> Headers:
    """Return the headers of an administrator."""
    link = {'token': await chat.administration.administrator_link(), 'name': 'Boss', 'password': GOOD}
    answer = await program.post('/links', json=link)
    program.cookies.clear()
    return {'Authorization': f'Bearer {answer.json()["token"]}'}


@pytest.fixture
async def cleo(program: httpx.AsyncClient) -> Headers:
    """Return the headers of a member with a password."""
    answer = await program.post('/accounts', json={'name': 'Cleo', 'password': GOOD})
    program.cookies.clear()
    return {'Authorization': f'Bearer {answer.json()["token"]}'}


async def delete_me(
    program: httpx.AsyncClient, headers: Headers, messages: str = 'keep', **body: object
) -> httpx.Response:
    return await program.request(
        'DELETE', '/me', params={'messages': messages}, headers=headers, **({'json': body} if body else {})
    )


async def say(program: httpx.AsyncClient, headers: Headers, body: str) -> dict[str, object]:
    answer = await program.post('/rooms/lobby/messages', json={'body': body}, headers=headers)
    assert answer.status_code == 201
    return answer.json()


async def id_of(program: httpx.AsyncClient, headers: Headers) -> int:
    return (await program.get('/me', headers=headers)).json()['id']


async def finished(chat: Chat) -> None:
    """Wait until no message is left that is to go."""
    count = 'SELECT count(*) FROM users WHERE removing'
    async with asyncio.timeout(20):
        while await chat.storage.read(lambda c: c.exec_driver_sql(count).scalar()):
            await asyncio.sleep(0.01)


async def test_a_guest_is_deleted_and_what_was_said_keeps_its_author_without_the_name(
    program: httpx.AsyncClient, ada: Headers, boss: Headers
) -> None:
    said = await say(program, ada, 'hello')
    answer = await delete_me(program, ada)
    assert (answer.status_code, answer.content) == (204, b'')
    assert problem(await program.get('/me', headers=ada))[:2] == (401, 'unauthenticated')
    author = {'id': said['author']['id'], 'name': 'Deleted account', 'kind': 'guest'}
    assert (await program.get(f'/messages/{said["id"]}', headers=boss)).json() == {**said, 'author': author}
    by_name = await program.get('/rooms/lobby/messages?author=Deleted account', headers=boss)
    assert [each['id'] for each in by_name.json()['messages']] == [said['id']]
    assert (await program.get('/rooms/lobby/messages?author=Ada', headers=boss)).json()['messages'] == []
    assert (await program.post('/sessions', json={'name': 'Ada'})).status_code == 201


async def test_messages_that_are_removed_are_tombstones(
    program: httpx.AsyncClient, chat: Chat, ada: Headers, boss: Headers
) -> None:
    said = [await say(program, ada, str(number)) for number in range(3)]
    assert (await delete_me(program, ada, 'remove')).status_code == 204
    await finished(chat)
    for each in said:
        now = (await program.get(f'/messages/{each["id"]}', headers=boss)).json()
        assert now['deleted_at'] is not None
        gone = {'body': '', 'html': '', 'deleted_at': now['deleted_at'], 'revision': now['revision']}
        assert now == {**each, **gone, 'author': {**each['author'], 'name': 'Deleted account'}}
    assert {each['id'] for each in said} == {
        each['id'] for each in (await program.get('/rooms/lobby/messages', headers=boss)).json()['messages']
    }


async def test_whoever_has_a_password_sends_it_in_the_body(program: httpx.AsyncClient, cleo: Headers) -> None:
    for wrong in ({}, {'password': None}, {'password': ''}, {'password': OTHER}):
        answer = await delete_me(program, cleo, **wrong)
        assert problem(answer) == (422, 'invalid', 'password')
        assert answer.json()['error']['message'] == 'This is not your password.'
    assert (await program.get('/me', headers=cleo)).status_code == 200
    assert (await delete_me(program, cleo, password=GOOD)).status_code == 204
    program.cookies.clear()
    answer = await program.post('/sessions', json={'name': 'Cleo', 'password': GOOD})
    assert problem(answer)[:2] == (401, 'unauthenticated')


async def test_a_password_in_the_address_counts_for_nothing(program: httpx.AsyncClient, cleo: Headers) -> None:
    answer = await program.delete(f'/me?messages=keep&password={GOOD}', headers=cleo)
    assert problem(answer) == (422, 'invalid', 'password')


@pytest.mark.parametrize('messages', [None, '', 'all', 'Keep'])
async def test_what_becomes_of_the_messages_must_be_said(
    program: httpx.AsyncClient, ada: Headers, boss: Headers, messages: str | None
) -> None:
    params = {} if messages is None else {'messages': messages}
    for path, headers in (('/me', ada), (f'/users/{await id_of(program, ada)}', boss)):
        answer = await program.delete(path, params=params, headers=headers)
        assert problem(answer) == (422, 'invalid', 'messages')
    assert (await program.get('/me', headers=ada)).status_code == 200


@pytest.mark.parametrize('body', [b'[]', b'{"password": 5}', b'{', b'"keep"'])
async def test_a_body_that_is_none_deletes_nobody(program: httpx.AsyncClient, ada: Headers, body: bytes) -> None:
    headers = {**ada, 'Content-Type': 'application/json'}
    answer = await program.request('DELETE', '/me?messages=keep', content=body, headers=headers)
    assert problem(answer)[:2] == (422, 'invalid')
    assert (await program.get('/me', headers=ada)).status_code == 200


async def test_by_the_cookie_it_takes_a_page_of_this_site(program: httpx.AsyncClient) -> None:
    await program.post('/sessions', json={'name': 'Ada'})
    for foreign in ({}, {'Origin': 'https://evil.example'}):
        assert problem(await delete_me(program, foreign))[:2] == (403, 'forbidden')
    answer = await delete_me(program, {'Origin': SITE})
    assert answer.status_code == 204
    forgotten = [cookie.split('=')[0] for cookie in answer.headers.get_list('set-cookie')]
    assert sorted(forgotten) == ['__Host-hearth_session', 'hearth_session']


@pytest.mark.parametrize(
    ('who', 'own', 'others'),
    [
        ('nobody', (401, 'unauthenticated'), (401, 'unauthenticated')),
        ('guest', 204, (403, 'forbidden')),
        ('member', 204, (403, 'forbidden')),
        ('moderator', 204, (403, 'forbidden')),
        ('bot', (403, 'forbidden'), (403, 'forbidden')),
        ('operator', (401, 'unauthenticated'), (401, 'unauthenticated')),
        ('administrator', 204, 204),
        ('last administrator', (409, 'conflict'), 204),
    ],
)
async def test_who_may_delete_what(
    program: httpx.AsyncClient, chat: Chat, boss: Headers, who: str, own: object, others: object
) -> None:
    def outcome(answer: httpx.Response) -> object:
        return answer.status_code if answer.status_code == 204 else problem(answer)[:2]

    other = await newcomer(chat, 'Other')
    headers = await headers_of(chat, boss, who)
    assert outcome(await program.delete(f'/users/{other.id}?messages=keep', headers=headers)) == others
    assert outcome(await delete_me(program, headers, password=GOOD)) == own


async def headers_of(chat: Chat, boss: Headers, who: str) -> Headers:
    if who == 'nobody':
        return {}
    if who == 'operator':
        return {'Authorization': f'Bearer {(chat.settings.data / "operator.token").read_text().strip()}'}
    if who == 'last administrator':
        return boss
    if who == 'bot':
        return {'Authorization': f'Bearer {(await chat.bots.add("Robbie"))[1]}'}
    if who == 'guest':
        user = await newcomer(chat, 'Eve')
    else:
        user = await chat.credentials.register('Eve', GOOD, 'here')
    if who in ('moderator', 'administrator'):
        administrator = (await chat.sessions.find(boss['Authorization'].split()[1])).user
        await chat.administration.set_kind(administrator, user.id, who)
    return {'Authorization': f'Bearer {await chat.sessions.begin(user, "")}'}


async def test_an_administrator_deletes_others_and_may_remove_their_messages_later(
    program: httpx.AsyncClient, chat: Chat, boss: Headers, cleo: Headers
) -> None:
    said = await say(program, cleo, 'spam')
    path = f'/users/{await id_of(program, cleo)}'
    for _ in range(2):
        assert (await program.delete(f'{path}?messages=keep', headers=boss)).status_code == 204
    assert (await program.get('/me', headers=cleo)).status_code == 401
    assert [each['name'] for each in (await program.get('/users', headers=boss)).json()['users']] == ['Boss']
    assert problem(await program.patch(path, json={'kind': 'member'}, headers=boss))[:2] == (404, 'not_found')
    assert (await program.get(f'/messages/{said["id"]}', headers=boss)).json()['body'] == 'spam'
    assert (await program.delete(f'{path}?messages=remove', headers=boss)).status_code == 204
    await finished(chat)
    assert (await program.get(f'/messages/{said["id"]}', headers=boss)).json()['body'] == ''


async def test_an_administrator_does_not_get_round_the_own_password(program: httpx.AsyncClient, boss: Headers) -> None:
    answer = await program.delete(f'/users/{await id_of(program, boss)}?messages=keep', headers=boss)
    assert problem(answer)[:2] == (403, 'forbidden')


async def test_whom_there_is_not_is_not_found(program: httpx.AsyncClient, boss: Headers) -> None:
    for user_id, status in ((999, 404), (2**63 - 1, 404), (2**63, 422), (-1, 422), ('Ada', 422)):
        answer = await program.delete(f'/users/{user_id}?messages=keep', headers=boss)
        assert problem(answer)[0] == status


async def test_guessing_the_password_is_stopped(
    program: httpx.AsyncClient, cleo: Headers, nothing_forgiven: None
) -> None:
    for _ in range(10):
        assert (await delete_me(program, cleo, password=OTHER)).status_code == 422
    answer = await delete_me(program, cleo, password=GOOD)
    assert problem(answer)[:2] == (429, 'rate_limited')
    assert int(answer.headers['retry-after']) > 0


# What programs that listen are told.


@pytest.fixture
async def site(chat: Chat) -> AsyncIterator[Site]:
    """Return a served API."""
    async with serving(chat) as site:
        yield site


@pytest.fixture
async def eve(chat: Chat) -> User:
    """Return Eve, who is in the lobby."""
    return await newcomer(chat, 'Eve')


@pytest.fixture
async def bo(chat: Chat) -> User:
    """Return Bo, who is in the lobby."""
    return await newcomer(chat, 'Bo')


async def test_a_websocket_is_told_who_left_by_the_new_name_and_each_tombstone(
    site: Site, chat: Chat, eve: User, bo: User
) -> None:
    said = [(await chat.messages.send(eve, 'lobby', str(number))).message for number in range(3)]
    async with site.program(bo) as program:
        since = (await program.result('subscribe', room='lobby'))['revision']
        await chat.deletion.delete_own(eve, 'remove', None, 'here')
        left, *deleted = await program.events(4)
        assert (left['type'], left['member']) == (
            'member_left', {'user': {'id': eve.id, 'name': 'Deleted account', 'kind': 'guest'}, 'role': 'member'},
        )  # fmt: skip
        assert [each['message']['id'] for each in deleted] == [each.id for each in reversed(said)]
        assert {each['type'] for each in deleted} == {'message_deleted'}
        assert {each['message']['author']['name'] for each in deleted} == {'Deleted account'}
        live = [left, *deleted]
    async with site.program(bo) as program:  # and whoever comes back is told the same
        await program.result('subscribe', room='lobby', since=since)
        assert await program.events(4) == live


async def test_the_persons_own_sockets_are_closed(site: Site, chat: Chat, eve: User) -> None:
    socketio = SocketIO(site)
    token = await chat.sessions.begin(eve, '')
    async with site.program(eve) as program, socketio.joined('Eve', token=token) as client:
        await program.result('subscribe', room='lobby')
        await chat.deletion.delete_own(eve, 'keep', None, 'here')
        assert await program.closing() == 1008
        assert (await client.next('error'))['code'] == 'unauthenticated'
        await client.is_disconnected()
    assert await chat.sessions.find(token) is None


async def leaves(client: Client, count: int) -> list[str]:
    """Return the names of those of whom a client is told next that they left."""
    left: list[str] = []
    while len(left) < count:
        event, data = await client.heard()
        left += [data['user']] if event == 'leave' else []
    return left


async def test_a_socketio_client_is_told_who_left_by_the_name_it_knows(
    site: Site, chat: Chat, eve: User, bo: User
) -> None:
    socketio = SocketIO(site)
    await chat.messages.send(eve, 'lobby', 'hello')
    async with socketio.joined('Kim') as kim, socketio.joined('Lee') as lee:
        await chat.deletion.delete_own(eve, 'keep', None, 'here')
        for client in (kim, lee):
            assert await leaves(client, 1) == ['Eve']
        await kim.ask('get_user_messages', {'user': 'Deleted account'})
        assert await kim.next('get_user_messages') == {'user': 'Deleted account', 'messages': ['hello']}


async def test_a_socketio_client_is_not_told_again_of_somebody_who_had_left(
    site: Site, chat: Chat, eve: User, bo: User
) -> None:
    socketio = SocketIO(site)
    async with socketio.joined('Kim') as kim, socketio.joined('Lee') as lee:
        await chat.messages.send(eve, 'lobby', 'hello')
        await chat.rooms.leave(eve, 'lobby')
        await chat.deletion.delete_own(eve, 'keep', None, 'here')
        await chat.rooms.leave(bo, 'lobby')
        for client in (kim, lee):
            assert await leaves(client, 2) == ['Eve', 'Bo']


async def test_a_passing_guest_whom_an_administrator_deletes_is_let_go(site: Site, chat: Chat, bo: User) -> None:
    socketio = SocketIO(site)
    token = await chat.administration.administrator_link()
    boss = await chat.administration.become_administrator_as(token, 'Boss', GOOD, 'here')
    async with socketio.joined('Kim') as kim:
        (kims,) = [each.user for each in await chat.rooms.members(bo, 'lobby') if each.user.name == 'Kim']
        await chat.deletion.delete_by(boss, kims.id, 'remove')
        assert (await kim.next('error'))['code'] == 'unauthenticated'
        await kim.is_disconnected()
    assert [each.user for each in await chat.rooms.members(bo, 'lobby')] == [bo]
