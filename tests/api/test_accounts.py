"""Accounts by the API: made, claimed, signed in to, and administered."""

import httpx
import pytest

from chat import Chat
from chat.operator import read_token
from chat.providers import Provider
from tests.api.problems import problem

Headers = dict[str, str]
GOOD, OTHER = 'a long sentence', 'another sentence'


def headers_of(answer: httpx.Response) -> Headers:
    return {'Authorization': f'Bearer {answer.json()["token"]}'}


async def signed_in(program: httpx.AsyncClient, path: str, **body: object) -> Headers:
    answer = await program.post(path, json=body)
    program.cookies.clear()
    assert answer.status_code == 201
    return headers_of(answer)


@pytest.fixture
async def boss(program: httpx.AsyncClient, chat: Chat) -> Headers:
    """Return the headers of an administrator."""
    return await signed_in(
        program, '/links', token=await chat.administration.first_link(), name='Boss', password=GOOD
    )  # fmt: skip


async def test_an_account_is_made_and_signed_in_to_with_its_password(program: httpx.AsyncClient) -> None:
    made = await program.post('/accounts', json={'name': 'Cleo', 'password': GOOD})
    assert made.status_code == 201
    assert made.json()['user']['kind'] == 'member'
    assert made.headers['cache-control'] == 'no-store'
    assert 'hearth_session' in made.cookies
    program.cookies.clear()
    back = await program.post('/sessions', json={'name': 'cleo', 'password': GOOD})
    assert back.status_code == 201
    assert back.json()['user'] == made.json()['user']
    assert back.json()['token'] != made.json()['token']


@pytest.mark.parametrize('name', ['Cleo', 'Guest', 'Nobody', ''])
async def test_a_wrong_password_and_a_wrong_name_look_alike(program: httpx.AsyncClient, name: str) -> None:
    await program.post('/accounts', json={'name': 'Cleo', 'password': GOOD})
    await program.post('/sessions', json={'name': 'Guest'})
    program.cookies.clear()
    answer = await program.post('/sessions', json={'name': name, 'password': OTHER})
    assert problem(answer) == (401, 'unauthenticated', None)
    assert answer.json()['error']['message'] == 'This name and password do not belong together.'
    assert 'set-cookie' not in answer.headers


async def test_the_name_of_an_account_is_nobody_elses(program: httpx.AsyncClient) -> None:
    await program.post('/accounts', json={'name': 'Cleo', 'password': GOOD})
    program.cookies.clear()
    for path, body in (('/sessions', {'name': 'CLEO'}), ('/accounts', {'name': 'Сleo', 'password': OTHER})):
        assert problem(await program.post(path, json=body))[:2] == (409, 'name_taken')


@pytest.mark.parametrize('password', ['short', 'password', 'Cleo Cleo', 'x' * 129])
async def test_a_bad_password_is_said_with_its_field(program: httpx.AsyncClient, password: str) -> None:
    answer = await program.post('/accounts', json={'name': 'CleoCleo', 'password': password})
    assert problem(answer) == (422, 'invalid', 'password')


async def test_guessing_is_stopped_with_how_long(program: httpx.AsyncClient, nothing_forgiven: None) -> None:
    await program.post('/accounts', json={'name': 'Cleo', 'password': GOOD})
    program.cookies.clear()
    for _ in range(10):
        assert (await program.post('/sessions', json={'name': 'Cleo', 'password': OTHER})).status_code == 401
    answer = await program.post('/sessions', json={'name': 'Cleo', 'password': GOOD})
    assert problem(answer)[:2] == (429, 'rate_limited')
    assert 170 < int(answer.headers['retry-after']) <= 180


async def test_a_guest_claims_the_name_and_the_token_changes(program: httpx.AsyncClient, ada: Headers) -> None:
    claimed = await program.put('/me/password', json={'password': GOOD}, headers=ada)
    assert claimed.status_code == 200
    assert claimed.json()['user']['kind'] == 'member'
    program.cookies.clear()
    assert (await program.get('/me', headers=ada)).status_code == 401
    assert (await program.get('/me', headers=headers_of(claimed))).json() == claimed.json()['user']
    again = await program.put('/me/password', json={'password': OTHER}, headers=headers_of(claimed))
    assert problem(again) == (422, 'invalid', 'current_password')
    body = {'password': OTHER, 'current_password': GOOD}
    assert (await program.put('/me/password', json=body, headers=headers_of(claimed))).status_code == 200


async def test_a_browser_that_claims_a_name_keeps_its_cookie_up_to_date(program: httpx.AsyncClient) -> None:
    await program.post('/sessions', json={'name': 'Ada'})
    origin = {'Origin': 'http://chat.test'}
    assert (await program.put('/me/password', json={'password': GOOD}, headers=origin)).status_code == 200
    assert (await program.get('/me')).json()['kind'] == 'member'


async def test_an_administrator_makes_accounts_and_says_who_is_what(program: httpx.AsyncClient, boss: Headers) -> None:
    made = await program.post('/users', json={'name': 'Dora'}, headers=boss)
    assert made.status_code == 201
    assert made.json()['url'] == f'http://chat.test/link/{made.json()["token"]}'
    dora = await signed_in(program, '/links', token=made.json()['token'], password=OTHER)
    assert (await program.get('/me', headers=dora)).json()['name'] == 'Dora'
    user_id = made.json()['user']['id']
    changed = await program.patch(f'/users/{user_id}', json={'kind': 'moderator'}, headers=boss)
    assert changed.json()['kind'] == 'moderator'
    listed = (await program.get('/users', headers=boss)).json()['users']
    assert [(each['name'], each['kind']) for each in listed] == [('Boss', 'administrator'), ('Dora', 'moderator')]
    link = await program.post(f'/users/{user_id}/password-link', headers=boss)
    assert link.status_code == 201
    assert (await program.get('/me', headers=dora)).status_code == 200
    await signed_in(program, '/links', token=link.json()['token'], password=GOOD)
    assert (await program.get('/me', headers=dora)).status_code == 401


async def test_the_last_administrator_stays_one(program: httpx.AsyncClient, boss: Headers) -> None:
    me = (await program.get('/me', headers=boss)).json()
    answer = await program.patch(f'/users/{me["id"]}', json={'kind': 'member'}, headers=boss)
    assert problem(answer)[:2] == (409, 'conflict')


async def test_an_account_becomes_an_administrator_by_the_link_alone(program: httpx.AsyncClient, chat: Chat) -> None:
    cleo = await signed_in(program, '/accounts', name='Cleo', password=GOOD)
    token = await chat.administration.first_link()
    stranger = await program.post('/links', json={'token': token})
    assert problem(stranger) == (422, 'invalid', 'password')
    done = await program.post('/links', json={'token': token}, headers=cleo)
    assert done.json()['user']['kind'] == 'administrator'
    assert problem(await program.post('/links', json={'token': token}, headers=cleo))[:2] == (404, 'not_found')


async def test_a_guest_becomes_an_administrator_under_the_own_name(
    program: httpx.AsyncClient, chat: Chat, ada: Headers
) -> None:
    token = await chat.administration.first_link()
    assert problem(await program.post('/links', json={'token': token}, headers=ada))[0] == 403
    done = await program.post('/links', json={'token': token, 'password': GOOD}, headers=ada)
    assert done.json()['user']['name'] == 'Ada'
    assert done.json()['user']['kind'] == 'administrator'


async def test_the_operator_alone_makes_links_to_administer(
    program: httpx.AsyncClient, chat: Chat, boss: Headers
) -> None:
    for headers in ({}, boss):
        assert problem(await program.post('/administrator-link', headers=headers))[:2] == (401, 'unauthenticated')
    operator = {'Authorization': f'Bearer {read_token(chat.settings.data)}'}
    answer = await program.post('/administrator-link', headers=operator)
    assert (await chat.administration.link(answer.json()['token'])).purpose == 'administrator'


@pytest.mark.parametrize('who', ['stranger', 'guest', 'member', 'moderator', 'bot'])
@pytest.mark.parametrize(
    ('method', 'path', 'body'),
    [
        ('GET', '/users', None),
        ('POST', '/users', {'name': 'Dora'}),
        ('PATCH', '/users/{boss}', {'kind': 'member'}),
        ('POST', '/users/{boss}/password-link', None),
    ],
)
async def test_nobody_else_administers(
    program: httpx.AsyncClient, chat: Chat, boss: Headers, ada: Headers, who: str, method: str, path: str, body: object
) -> None:
    me = (await program.get('/me', headers=boss)).json()
    headers: Headers = {}
    if who == 'guest':
        headers = ada
    elif who == 'bot':
        headers = {'Authorization': f'Bearer {(await chat.bots.add("Robbie"))[1]}'}
    elif who in ('member', 'moderator'):
        headers = await signed_in(program, '/accounts', name='Cleo', password=GOOD)
        cleo = (await program.get('/me', headers=headers)).json()
        await program.patch(f'/users/{cleo["id"]}', json={'kind': who}, headers=boss)
    answer = await program.request(method, path.format(boss=me['id']), json=body, headers=headers)
    assert problem(answer)[0] == (401 if who == 'stranger' else 403)


@pytest.mark.parametrize('sign_in', ['accounts', 'invited'])
async def test_where_a_name_is_not_enough_it_is_refused(
    program: httpx.AsyncClient, chat: Chat, sign_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for actions in (chat.accounts, chat.credentials):
        monkeypatch.setattr(actions, '_mode', sign_in)
    answer = await program.post('/sessions', json={'name': 'Ada'})
    assert problem(answer)[:2] == (401, 'unauthenticated')
    made = await program.post('/accounts', json={'name': 'Ada', 'password': GOOD})
    assert made.status_code == (201 if sign_in == 'accounts' else 403)


# How people come in


async def test_a_stranger_is_told_how_people_come_in(program: httpx.AsyncClient, chat: Chat) -> None:
    answer = await program.get('/sign-in')
    assert (answer.status_code, answer.json()) == (200, {'sign_in': 'guests', 'providers': []})
    school = Provider('school', 'School', 'https://login.example.org', 'hearth', 's3cret', allow={'hd': ('secret',)})
    chat.identities.providers = {'school': school}
    answer = await program.get('/sign-in')
    there = {'key': 'school', 'name': 'School', 'url': 'http://chat.test/sign-in/school'}
    assert answer.json() == {'sign_in': 'guests', 'providers': [there]}
    object.__setattr__(chat.settings, 'public_url', 'https://chat.example.org')
    (there,) = (await program.get('/sign-in')).json()['providers']
    assert there['url'] == 'https://chat.example.org/sign-in/school'
