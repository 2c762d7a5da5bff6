"""Where one is signed in: seen and ended by its holder alone."""

import asyncio

import httpx
import pytest

from chat import Chat, sessions
from chat.models import User
from tests.api.problems import problem
from tests.chat.people import newcomer

Headers = dict[str, str]


async def sign_in_again(chat: Chat, user: User, user_agent: str) -> Headers:
    return {'Authorization': f'Bearer {await chat.sessions.begin(user, user_agent)}'}


async def listed(program: httpx.AsyncClient, headers: Headers) -> list[tuple[str, bool]]:
    answer = await program.get('/sessions', headers=headers)
    assert answer.status_code == 200
    return [(each['user_agent'], each['current']) for each in answer.json()['sessions']]


@pytest.fixture
async def two(chat: Chat) -> tuple[Headers, Headers]:
    """Return the headers of one person on a phone and on a laptop."""
    ada = await newcomer(chat, 'Ada')
    return await sign_in_again(chat, ada, 'phone'), await sign_in_again(chat, ada, 'laptop')


async def test_ones_own_sessions_are_listed_and_nobody_elses(program: httpx.AsyncClient, chat: Chat, two) -> None:
    phone, laptop = two
    await sign_in_again(chat, await newcomer(chat, 'Bo'), 'of Bo')
    assert await listed(program, phone) == [('laptop', False), ('phone', True)]
    assert await listed(program, laptop) == [('laptop', True), ('phone', False)]
    (first, _) = (await program.get('/sessions', headers=phone)).json()['sessions']
    assert first['created_at'] == first['last_used_at']
    assert 'token' not in str(first)


async def test_one_is_signed_out_and_what_is_open_there_closes(program: httpx.AsyncClient, chat: Chat, two) -> None:
    phone, laptop = two
    session = await chat.sessions.find(laptop['Authorization'].split()[1])
    closed: list[str] = []
    chat.sessions.watch(session, lambda: closed.append('laptop'))
    assert (await program.delete(f'/sessions/{session.id}', headers=phone)).status_code == 204
    assert closed == ['laptop']
    assert (await program.get('/me', headers=laptop)).status_code == 401
    assert await listed(program, phone) == [('phone', True)]
    assert problem(await program.delete(f'/sessions/{session.id}', headers=phone))[:2] == (404, 'not_found')


async def test_everywhere_else_is_everywhere_else(program: httpx.AsyncClient, chat: Chat, two) -> None:
    phone, laptop = two
    of_bo = await sign_in_again(chat, await newcomer(chat, 'Bo'), 'of Bo')
    assert (await program.delete('/sessions', headers=phone)).status_code == 204
    statuses = [(await program.get('/me', headers=who)).status_code for who in (phone, laptop, of_bo)]
    assert statuses == [200, 401, 200]


async def test_a_session_of_somebody_else_looks_like_none(program: httpx.AsyncClient, chat: Chat, two) -> None:
    phone, _ = two
    of_bo = await sign_in_again(chat, await newcomer(chat, 'Bo'), 'of Bo')
    session = await chat.sessions.find(of_bo['Authorization'].split()[1])
    theirs = await program.delete(f'/sessions/{session.id}', headers=phone)
    none = await program.delete(f'/sessions/{session.id + 1_000}', headers=phone)
    assert problem(theirs) == problem(none)
    assert (await program.get('/me', headers=of_bo)).status_code == 200


async def test_a_guest_who_ends_the_last_session_gives_the_name_free(program: httpx.AsyncClient, ada: Headers) -> None:
    (only,) = (await program.get('/sessions', headers=ada)).json()['sessions']
    assert (await program.delete(f'/sessions/{only["id"]}', headers=ada)).status_code == 204
    assert (await program.post('/sessions', json={'name': 'Ada'})).status_code == 201


@pytest.mark.parametrize(('method', 'path'), [('GET', '/sessions'), ('DELETE', '/sessions'), ('DELETE', '/sessions/1')])
async def test_the_tokens_of_bots_are_the_operators(
    program: httpx.AsyncClient, chat: Chat, method: str, path: str
) -> None:
    _, token = await chat.bots.add('Robbie')
    _, other = await chat.bots.add_token('Robbie')
    answer = await program.request(method, path, headers={'Authorization': f'Bearer {token}'})
    assert problem(answer)[:2] == (403, 'forbidden')
    assert (await program.get('/me', headers={'Authorization': f'Bearer {other}'})).status_code == 200


async def test_strangers_see_and_end_none(program: httpx.AsyncClient, ada: Headers) -> None:
    for method, path in (('GET', '/sessions'), ('DELETE', '/sessions'), ('DELETE', '/sessions/1')):
        assert (await program.request(method, path)).status_code == 401
    assert (await program.get('/me', headers=ada)).status_code == 200


# Links that sign in another device.


async def make_link(program: httpx.AsyncClient, headers: Headers) -> str:
    answer = await program.post('/sessions/current/link', headers=headers)
    assert answer.status_code == 201
    assert answer.headers['cache-control'] == 'no-store'
    assert answer.json()['url'] == f'http://chat.test/enter/{answer.json()["token"]}'
    return answer.json()['token']


async def follow(program: httpx.AsyncClient, token: str) -> int:
    answer = await program.post('/enter', json={'token': token})
    program.cookies.clear()
    return answer.status_code


async def test_a_link_signs_in_the_same_person_once(program: httpx.AsyncClient, ada: Headers) -> None:
    token = await make_link(program, ada)
    answer = await program.post('/enter', json={'token': token}, headers={'User-Agent': 'phone'})
    assert answer.status_code == 201
    assert answer.json()['user'] == (await program.get('/me', headers=ada)).json()
    assert (await program.get('/me')).json()['name'] == 'Ada'  # by the cookie
    program.cookies.clear()
    phone = {'Authorization': f'Bearer {answer.json()["token"]}'}
    assert ('phone', True) in await listed(program, phone)
    again = await program.post('/enter', json={'token': token})
    assert problem(again)[:2] == (404, 'not_found')
    assert len(await listed(program, ada)) == 2


async def test_of_many_who_follow_it_at_once_one_comes_in(program: httpx.AsyncClient, ada: Headers) -> None:
    token = await make_link(program, ada)
    statuses = await asyncio.gather(*(follow(program, token) for _ in range(10)))
    assert sorted(statuses) == [201] + [404] * 9


async def test_a_new_link_voids_the_one_before(program: httpx.AsyncClient, ada: Headers) -> None:
    first, second = await make_link(program, ada), await make_link(program, ada)
    assert [await follow(program, each) for each in (first, second)] == [404, 201]


async def test_a_link_is_over_after_ten_minutes(
    program: httpx.AsyncClient, ada: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = sessions.now_ms()
    token = await make_link(program, ada)
    monkeypatch.setattr(sessions, 'now_ms', lambda: start + sessions.LINK + 1_000)
    assert await follow(program, token) == 404
    monkeypatch.setattr(sessions, 'now_ms', lambda: start + sessions.LINK - 1_000)
    assert await follow(program, token) == 201


async def test_a_link_ends_with_the_session_that_made_it(program: httpx.AsyncClient, chat: Chat, two) -> None:
    phone, laptop = two
    of_phone, of_laptop = await make_link(program, phone), await make_link(program, laptop)
    assert (await program.delete('/sessions', headers=laptop)).status_code == 204
    assert [await follow(program, each) for each in (of_phone, of_laptop)] == [404, 201]


async def test_only_the_hash_of_a_link_is_stored(program: httpx.AsyncClient, chat: Chat, ada: Headers) -> None:
    token = await make_link(program, ada)
    stored = await chat.storage.read(lambda c: c.exec_driver_sql('SELECT link_hash FROM sessions').scalars().all())
    assert stored == [sessions.hash_of(token)]
    assert await follow(program, stored[0]) == 404


async def test_no_bot_and_no_stranger_makes_a_link(program: httpx.AsyncClient, chat: Chat) -> None:
    _, token = await chat.bots.add('Robbie')
    answer = await program.post('/sessions/current/link', headers={'Authorization': f'Bearer {token}'})
    assert problem(answer)[:2] == (403, 'forbidden')
    assert (await program.post('/sessions/current/link')).status_code == 401
