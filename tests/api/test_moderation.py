"""Moderating by the API: each call, who may make it, and what everybody else gets then."""

from typing import Any

import httpx
import pytest

from chat import Chat
from chat.audit import Actor
from chat.storage import accounts as account_rows
from tests.api.problems import problem
from tests.chat.people import newcomer

Headers = dict[str, str]
WHY = {'reason': 'spam'}
GOOD = 'a long sentence'


async def headers_of(chat: Chat, name: str, kind: str, address: str = '') -> tuple[int, Headers]:
    user = await chat.storage.write(account_rows.set_kind, await newcomer(chat, name), kind)  # type: ignore[arg-type]
    return user.id, {'Authorization': f'Bearer {await chat.sessions.begin(user, "", address=address)}'}


@pytest.fixture
async def mo(chat: Chat) -> Headers:
    """Return the headers of a moderator of the chat."""
    return (await headers_of(chat, 'Mo', 'moderator'))[1]


@pytest.fixture
async def boss(chat: Chat) -> Headers:
    """Return the headers of an administrator."""
    return (await headers_of(chat, 'Boss', 'administrator'))[1]


@pytest.fixture
async def bo(chat: Chat) -> tuple[int, Headers]:
    """Return the id and the headers of a guest."""
    return await headers_of(chat, 'Bo', 'guest', '203.0.113.9')


async def say(program: httpx.AsyncClient, headers: Headers, body: str = 'hello') -> httpx.Response:
    return await program.post('/rooms/lobby/messages', json={'body': body}, headers=headers)


async def done(program: httpx.AsyncClient, headers: Headers, call: str, body: object = None) -> Any:
    """Make a call that works, twice, as twice is once; return what the second answers."""
    method, path = call.split()
    for _ in range(2):
        answer = await program.request(method, path, headers=headers, **({} if body is None else {'json': body}))
        assert answer.status_code in (200, 204), (call, answer.text)
    return answer.json() if answer.content else None


async def test_muting_in_a_room_and_everywhere(
    program: httpx.AsyncClient, mo: Headers, bo: tuple[int, Headers]
) -> None:
    user_id, headers = bo
    for path in (f'/rooms/lobby/members/{user_id}/mute', f'/users/{user_id}/mute'):
        await done(program, mo, f'PUT {path}', {**WHY, 'minutes': 5})
        assert problem(await say(program, headers))[:2] == (403, 'forbidden')
        await done(program, mo, f'DELETE {path}')
        assert (await say(program, headers)).status_code == 201


async def test_removing_and_banning_from_a_room(
    program: httpx.AsyncClient, mo: Headers, bo: tuple[int, Headers]
) -> None:
    user_id, headers = bo
    await done(program, mo, f'DELETE /rooms/lobby/members/{user_id}', WHY)
    assert (await program.get('/rooms/lobby', headers=headers)).json()['joined'] is False
    await done(program, mo, f'PUT /rooms/lobby/bans/{user_id}', WHY)
    assert problem(await program.put('/rooms/lobby/membership', headers=headers))[:2] == (404, 'not_found')
    (ban,) = (await done(program, mo, 'GET /rooms/lobby/bans'))['bans']
    assert (ban['user']['name'], ban['room'], ban['until'], ban['by']) == ('Bo', 'lobby', None, 'Mo')
    await done(program, mo, f'DELETE /rooms/lobby/bans/{user_id}')
    assert (await program.put('/rooms/lobby/membership', headers=headers)).status_code == 200


async def test_banning_from_the_chat_with_the_address(
    program: httpx.AsyncClient, mo: Headers, bo: tuple[int, Headers]
) -> None:
    user_id, headers = bo
    assert (await program.put(f'/users/{user_id}/ban', json={**WHY, 'address': True}, headers=mo)).status_code == 204
    assert (await program.get('/me', headers=headers)).status_code == 401
    people, addresses = (await done(program, mo, 'GET /bans'))['bans']
    assert (people['user']['name'], people['address']) == ('Bo', '')
    assert (addresses['user'], addresses['address']) == (None, '203.0.113.9')
    await done(program, mo, 'DELETE /bans?address=203.0.113.9')
    await done(program, mo, f'DELETE /users/{user_id}/ban')
    assert (await done(program, mo, 'GET /bans'))['bans'] == []


@pytest.mark.parametrize('call', ['guest', 'account', 'password', 'link'])
async def test_by_no_way_somebody_comes_in_from_an_address_that_is_banned(
    program: httpx.AsyncClient, chat: Chat, mo: Headers, call: str
) -> None:
    cleo = await chat.credentials.register('Cleo', GOOD, 'here')
    session = await chat.sessions.find(await chat.sessions.begin(cleo, ''))
    bad = (await headers_of(chat, 'Bad', 'guest', '127.0.0.1'))[1]  # from where the test client comes
    bad_id = (await program.get('/me', headers=bad)).json()['id']
    assert session is not None
    link, _ = await chat.accounts.make_link(session)
    user = await chat.sessions.find(mo['Authorization'].split()[1])
    assert user is not None
    await chat.moderation.ban(Actor(user.user, 'elsewhere'), bad_id, None, None, 'spam', address=True)
    calls: dict[str, tuple[str, dict[str, str]]] = {
        'guest': ('/sessions', {'name': 'Eve'}),
        'account': ('/accounts', {'name': 'Eve', 'password': GOOD}),
        'password': ('/sessions', {'name': 'Cleo', 'password': GOOD}),
        'link': ('/enter', {'token': link}),
    }
    path, body = calls[call]
    assert problem(await program.post(path, json=body))[:2] == (403, 'forbidden')


@pytest.mark.parametrize('call', ['password', 'link', 'own link'])
async def test_by_no_way_somebody_comes_in_who_is_banned(
    program: httpx.AsyncClient, chat: Chat, boss: Headers, mo: Headers, call: str
) -> None:
    cleo = await chat.credentials.register('Cleo', GOOD, 'here')
    session = await chat.sessions.find(await chat.sessions.begin(cleo, ''))
    assert session is not None
    own, _ = await chat.accounts.make_link(session)
    link = (await program.post(f'/users/{cleo.id}/password-link', headers=boss)).json()['token']
    await done(program, mo, f'PUT /users/{cleo.id}/ban', WHY)
    calls: dict[str, tuple[str, dict[str, str]]] = {
        'password': ('/sessions', {'name': 'Cleo', 'password': GOOD}),
        'link': ('/links', {'token': link, 'password': 'another sentence'}),
        'own link': ('/enter', {'token': own}),
    }
    path, body = calls[call]
    answer = await program.post(path, json=body)
    assert problem(answer)[0] in (403, 404)
    assert 'set-cookie' not in answer.headers


async def test_signing_somebody_out(program: httpx.AsyncClient, mo: Headers, bo: tuple[int, Headers]) -> None:
    user_id, headers = bo
    await done(program, mo, f'DELETE /users/{user_id}/sessions', WHY)
    assert (await program.get('/me', headers=headers)).status_code == 401


async def test_hiding_and_showing_again(program: httpx.AsyncClient, mo: Headers, bo: tuple[int, Headers]) -> None:
    said = (await say(program, bo[1], 'bad words')).json()
    path = f'/messages/{said["id"]}'
    assert said['hidden'] is False
    hidden = await done(program, mo, f'PUT {path}/hidden', WHY)
    assert (hidden['hidden'], hidden['body'], hidden['html']) == (True, '', '')
    assert (await program.get(path, headers=bo[1])).json() == hidden
    for where in ('/rooms/lobby/hidden-messages', '/hidden-messages'):
        (listed,) = (await done(program, mo, f'GET {where}'))['hidden']
        assert (listed['message'], listed['body']) == (hidden, 'bad words')
    shown = await done(program, mo, f'DELETE {path}/hidden')
    assert (shown['hidden'], shown['body'], shown['deleted_at']) == (False, 'bad words', None)
    assert (await program.delete(path, headers=mo)).json()['hidden'] is True


async def test_hiding_all_of_somebody(program: httpx.AsyncClient, mo: Headers, bo: tuple[int, Headers]) -> None:
    for number in range(3):
        await say(program, bo[1], str(number))
    path = f'/users/{bo[0]}/hidden-messages'
    answer = await program.post(path, json={**WHY, 'minutes': 5, 'room': 'lobby'}, headers=mo)
    assert answer.json() == {'count': 3}
    assert (await program.delete(f'{path}?room=lobby', headers=mo)).json() == {'count': 3}
    assert (await program.post(path, json={**WHY, 'minutes': 5}, headers=mo)).json() == {'count': 3}
    assert (await program.delete(path, headers=mo)).json() == {'count': 3}


async def test_reporting(program: httpx.AsyncClient, mo: Headers, boss: Headers, bo: tuple[int, Headers]) -> None:
    said = (await say(program, bo[1], 'bad words')).json()
    await done(program, mo, f'POST /messages/{said["id"]}/report', WHY)
    assert (await done(program, bo[1], 'GET /reports'))['reports'] == []
    (report,) = (await done(program, mo, 'GET /reports'))['reports']
    assert (report['body'], report['reporter']['name'], report['outcome']) == ('bad words', 'Mo', None)
    path = f'/reports/{report["id"]}'
    assert problem(await program.patch(path, json={'outcome': 'dismissed'}, headers=bo[1]))[:2] == (404, 'not_found')
    assert problem(await program.patch(path, json={'outcome': 'x'}, headers=mo)) == (422, 'invalid', 'outcome')
    closed = (await program.patch(path, json={'outcome': 'hidden'}, headers=mo)).json()
    assert (closed['outcome'], closed['closed_by']['name']) == ('hidden', 'Mo')
    assert problem(await program.patch(path, json={'outcome': 'hidden'}, headers=mo))[:2] == (409, 'conflict')
    assert (await done(program, mo, 'GET /reports?closed=true'))['reports'] == [closed]
    assert (await program.get(f'/messages/{said["id"]}', headers=bo[1])).json()['hidden'] is True


async def test_the_audit_log_says_from_where(
    program: httpx.AsyncClient, mo: Headers, boss: Headers, bo: tuple[int, Headers]
) -> None:
    await done(program, mo, f'PUT /users/{bo[0]}/mute', {**WHY, 'minutes': 1})
    newest, _ = (await done(program, boss, 'GET /audit-log'))['entries']
    told = {'actor': 'Mo', 'address': '127.0.0.1', 'action': 'mute', 'target': 'Bo', 'target_id': bo[0]}
    assert newest == {**newest, **told, 'room': '', 'details': 'for 1 minute: spam', 'result': 'done'}
    assert (await done(program, boss, 'GET /audit-log?action=ban'))['entries'] == []
    assert len((await done(program, boss, f'GET /audit-log?user_id={bo[0]}&limit=1'))['entries']) == 1
    assert problem(await program.get('/audit-log', headers=mo))[:2] == (403, 'forbidden')


async def test_standing(program: httpx.AsyncClient, mo: Headers, bo: tuple[int, Headers]) -> None:
    await done(program, mo, f'PUT /rooms/lobby/members/{bo[0]}/mute', WHY)
    found = await done(program, mo, f'GET /users/{bo[0]}/standing?room=lobby')
    assert found.pop('user')['name'] == 'Bo'
    assert found.pop('muted_here').startswith('9999-')
    flags = {'is_member': True, 'may_here': True, 'may_everywhere': True}
    assert found == {'banned_here': None, 'muted': None, 'banned': None, **flags}
    assert problem(await program.get(f'/users/{bo[0]}/standing', headers=bo[1]))[:2] == (403, 'forbidden')


CALLS = [
    'PUT /rooms/lobby/members/{id}/mute', 'DELETE /rooms/lobby/members/{id}/mute', 'DELETE /rooms/lobby/members/{id}',
    'PUT /rooms/lobby/bans/{id}', 'DELETE /rooms/lobby/bans/{id}', 'GET /rooms/lobby/bans', 'PUT /users/{id}/mute',
    'DELETE /users/{id}/mute', 'PUT /users/{id}/ban', 'DELETE /users/{id}/ban', 'DELETE /users/{id}/sessions',
    'POST /users/{id}/hidden-messages', 'DELETE /users/{id}/hidden-messages', 'GET /rooms/lobby/hidden-messages',
    'GET /hidden-messages', 'GET /bans', 'DELETE /bans?address=x', 'PUT /messages/{message}/hidden',
    'DELETE /messages/{message}/hidden', 'GET /audit-log',
]  # fmt: skip


@pytest.mark.parametrize('call', CALLS)
async def test_a_guest_moderates_nobody_and_a_stranger_is_asked_who_they_are(
    program: httpx.AsyncClient, ada: Headers, bo: tuple[int, Headers], call: str
) -> None:
    await program.put('/rooms/lobby/membership', headers=ada)
    message = (await say(program, bo[1])).json()['id']
    method, path = call.format(id=bo[0], message=message).split()
    body = None if method == 'GET' else {**WHY, 'minutes': 5}
    for headers, status in ((ada, 403), ({}, 401)):
        answer = await program.request(method, path, headers=headers, json=body)
        assert problem(answer)[0] == status
