"""What administrators can see and do by the API, and nobody else."""

from typing import Any

import httpx
import pytest

from chat import Chat
from chat.storage import accounts as account_rows
from tests.api.problems import problem

Headers = dict[str, str]
CALLS: list[tuple[str, str, dict[str, Any] | None]] = [
    ('GET', '/admin/rooms', None),
    ('PATCH', '/admin/rooms/lobby', {'archived': True}),
    ('DELETE', '/admin/rooms/lobby', None),
    ('GET', '/admin/sessions', None),
    ('DELETE', '/admin/sessions/1', None),
    ('GET', '/admin/hooks', None),
    ('DELETE', '/admin/hooks/1', None),
    ('PATCH', '/admin/settings', {'invite': 'nobody'}),
    ('GET', '/admin/health', None),
    ('GET', '/bots', None),
    ('POST', '/bots', {'name': 'Robbie'}),
]


@pytest.fixture
async def boss(program: httpx.AsyncClient, chat: Chat) -> Headers:
    """Return the headers of an administrator."""
    user = await chat.storage.write(account_rows.set_kind, await chat.accounts.add_guest('Boss', ''), 'administrator')
    return {'Authorization': f'Bearer {await chat.sessions.begin(user, "a program")}'}


@pytest.mark.parametrize(('method', 'path', 'body'), CALLS)
async def test_it_is_for_administrators_alone(
    program: httpx.AsyncClient, ada: Headers, method: str, path: str, body: dict[str, Any] | None
) -> None:
    assert problem(await program.request(method, path, json=body))[:2] == (401, 'unauthenticated')
    assert problem(await program.request(method, path, json=body, headers=ada))[:2] == (403, 'forbidden')


async def test_rooms_are_listed_archived_and_deleted(
    program: httpx.AsyncClient, chat: Chat, ada: Headers, boss: Headers
) -> None:
    await program.post('/rooms', json={'name': 'Vault', 'private': True}, headers=ada)
    listed = (await program.get('/admin/rooms', headers=boss)).json()['rooms']
    assert [(each['slug'], each['private'], each['archived'], each['people']) for each in listed] == [
        ('lobby', False, False, 0),
        ('vault', True, False, 1),
    ]
    assert (await program.patch('/admin/rooms/vault', json={'archived': True}, headers=boss)).status_code == 204
    assert (await program.get('/rooms/vault', headers=ada)).json()['archived'] is True
    assert problem(await program.get('/rooms/vault', headers=boss))[0] == 404
    assert (await program.delete('/admin/rooms/vault', headers=boss)).status_code == 204
    assert problem(await program.get('/rooms/vault', headers=ada))[0] == 404
    assert problem(await program.delete('/admin/rooms/vault', headers=boss))[0] == 404


async def test_sessions_are_listed_and_ended(program: httpx.AsyncClient, ada: Headers, boss: Headers) -> None:
    listed = (await program.get('/admin/sessions', headers=boss)).json()['sessions']
    (adas,) = [each for each in listed if each['user']['name'] == 'Ada']
    assert 'token' not in str(listed)
    assert (await program.delete(f'/admin/sessions/{adas["id"]}', headers=boss)).status_code == 204
    assert (await program.get('/me', headers=ada)).status_code == 401


async def test_webhooks_are_listed_and_ended(program: httpx.AsyncClient, ada: Headers, boss: Headers) -> None:
    await program.post('/rooms', json={'name': 'Study'}, headers=ada)
    await program.post('/rooms/study/hooks', json={'name': 'Builds'}, headers=ada)
    (hook,) = (await program.get('/admin/hooks', headers=boss)).json()['hooks']
    assert (hook['room'], hook['bot']['name']) == ('study', 'Builds')
    assert (await program.delete(f'/admin/hooks/{hook["id"]}', headers=boss)).status_code == 204
    assert (await program.get('/admin/hooks', headers=boss)).json() == {'hooks': []}


async def test_settings_are_read_by_all_and_hold_at_once(
    program: httpx.AsyncClient, ada: Headers, boss: Headers
) -> None:
    answer = await program.patch('/admin/settings', json={'create_rooms': 'members'}, headers=boss)
    assert answer.json() == {'create_rooms': 'members', 'invite': 'moderators', 'direct_messages': 'everybody'}
    assert (await program.get('/admin/settings', headers=ada)).json() == answer.json()
    assert problem(await program.post('/rooms', json={'name': 'Study'}, headers=ada))[:2] == (403, 'forbidden')
    wrong = await program.patch('/admin/settings', json={'invite': 'whoever'}, headers=boss)
    assert problem(wrong) == (422, 'invalid', 'invite')


async def test_the_health_of_the_server_is_told(program: httpx.AsyncClient, boss: Headers) -> None:
    health = (await program.get('/admin/health', headers=boss)).json()
    assert health['database_size'] > 0
    assert (health['redis'], health['problem']) == ('not used', '')


async def test_an_administrator_makes_bots_as_the_operator_does(program: httpx.AsyncClient, boss: Headers) -> None:
    made = await program.post('/bots', json={'name': 'Robbie'}, headers=boss)
    assert made.status_code == 201
    bot = {'Authorization': f'Bearer {made.json()["token"]}'}
    assert (await program.get('/me', headers=bot)).json()['kind'] == 'bot'
    assert (await program.delete('/bots/Robbie/tokens', headers=boss)).status_code == 204
    assert (await program.get('/me', headers=bot)).status_code == 401
