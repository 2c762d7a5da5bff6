"""Invitations by the API: made, listed and revoked, and followed by strangers and by who is here."""

import httpx
import pytest

from chat import Chat
from tests.api.problems import problem

Headers = dict[str, str]


@pytest.fixture
async def vault(program: httpx.AsyncClient, ada: Headers) -> Headers:
    """Return the headers of the owner of a private room."""
    await program.post('/rooms', json={'name': 'Vault', 'private': True}, headers=ada)
    return ada


async def make(program: httpx.AsyncClient, headers: Headers, **wanted: object) -> dict[str, object]:
    answer = await program.post('/invitations', json={'rooms': ['vault'], **wanted}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_stranger_comes_by_one_and_is_in_the_room(program: httpx.AsyncClient, vault: Headers) -> None:
    made = await make(program, vault, label='Class 7b', most_uses=1, until='2026-12-24T00:00:00Z')
    assert made['url'] == f'http://chat.test/invite/{made["token"]}'
    found = (await program.post('/invite/find', json={'token': made['token']})).json()
    assert (found['kind'], found['rooms'], found['created_by']['name']) == ('guest', ['Vault'], 'Ada')
    came = await program.post('/invite', json={'token': made['token'], 'name': 'Cleo'})
    program.cookies.clear()
    assert came.status_code == 201
    cleo = {'Authorization': f'Bearer {came.json()["token"]}'}
    assert (await program.get('/rooms/vault/messages', headers=cleo)).status_code == 200
    (listed,) = (await program.get('/invitations', headers=vault)).json()['invitations']
    assert (listed['uses'], listed['is_over'], listed['label']) == (1, True, 'Class 7b')
    uses = (await program.get(f'/invitations/{made["id"]}/uses', headers=vault)).json()
    assert [user['name'] for user in uses['users']] == ['Cleo']
    again = await program.post('/invite', json={'token': made['token'], 'name': 'Dan'})
    assert problem(again)[:2] == (404, 'not_found')


async def test_who_is_here_joins_by_one(program: httpx.AsyncClient, chat: Chat, vault: Headers) -> None:
    made = await make(program, vault)
    bo = await chat.accounts.add_guest('Bo', '')
    headers = {'Authorization': f'Bearer {await chat.sessions.begin(bo, "")}'}
    answer = await program.post('/invite', json={'token': made['token']}, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {'rooms': ['vault']})


async def test_one_that_is_revoked_lets_nobody_in(program: httpx.AsyncClient, vault: Headers) -> None:
    made = await make(program, vault)
    for _ in range(2):
        assert (await program.delete(f'/invitations/{made["id"]}', headers=vault)).status_code == 204
    assert problem(await program.post('/invite/find', json={'token': made['token']}))[0] == 404


async def test_others_may_not_and_see_none(program: httpx.AsyncClient, chat: Chat, vault: Headers) -> None:
    made = await make(program, vault)
    bo = {'Authorization': f'Bearer {await chat.sessions.begin(await chat.accounts.add_guest("Bo", ""), "")}'}
    refused = await program.post('/invitations', json={'rooms': ['lobby']}, headers=bo)
    assert problem(refused)[:2] == (403, 'forbidden')
    assert problem(await program.post('/invitations', json={'rooms': ['vault']}, headers=bo))[0] == 404
    assert (await program.get('/invitations', headers=bo)).json() == {'invitations': []}
    assert problem(await program.delete(f'/invitations/{made["id"]}', headers=bo))[0] == 404
    assert problem(await program.get(f'/invitations/{made["id"]}/uses', headers=bo))[0] == 404
    assert problem(await program.get('/invitations'))[0] == 401


@pytest.mark.parametrize(
    ('wanted', 'field'),
    [
        ({'until': '2020-01-01T00:00:00Z'}, 'until'),
        ({'most_uses': 0}, 'most_uses'),
        ({'kind': 'administrator'}, 'kind'),
        ({'rooms': 'vault'}, 'rooms'),
    ],
)
async def test_what_makes_no_sense_is_refused(
    program: httpx.AsyncClient, vault: Headers, wanted: dict[str, object], field: str
) -> None:
    answer = await program.post('/invitations', json={'rooms': ['vault'], **wanted}, headers=vault)
    assert problem(answer) == (422, 'invalid', field)


async def test_a_stranger_says_a_name(program: httpx.AsyncClient, vault: Headers) -> None:
    made = await make(program, vault)
    answer = await program.post('/invite', json={'token': made['token']})
    assert problem(answer) == (422, 'invalid', 'name')
