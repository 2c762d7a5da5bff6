"""Who is calling: a token from anywhere, the cookie from this site alone."""

import asyncio
from http.cookies import SimpleCookie

import httpx
import pytest
from fastapi import FastAPI

from api import create_api
from chat import Chat
from chat.settings import Settings
from web.cookies import NAME, SECURE_NAME

SITE = 'http://chat.test'
HELLO = {'url': '/rooms/lobby/messages', 'json': {'body': 'hello'}}


async def sign_in(program: httpx.AsyncClient, name: str, **headers: str) -> httpx.Response:
    answer = await program.post('/sessions', json={'name': name}, headers=headers)
    assert answer.status_code == 201
    return answer


@pytest.mark.parametrize('method', ['GET', 'POST', 'DELETE'])
@pytest.mark.parametrize(
    'origin', [None, 'null', '', 'https://evil.example', 'http://chat.test.evil.example', 'http://chat.test:81']
)
async def test_a_cookie_reads_from_anywhere_and_changes_only_from_this_site(
    program: httpx.AsyncClient, method: str, origin: str | None
) -> None:
    await sign_in(program, 'Ada')
    address, json = {
        'GET': ('/me', None), 'POST': ('/rooms/lobby/messages', {'body': 'x'}), 'DELETE': ('/sessions/current', None)
    }[method]  # fmt: skip
    headers = {} if origin is None else {'Origin': origin}
    answer = await program.request(method, address, json=json, headers=headers)
    assert answer.status_code == (200 if method == 'GET' else 403)
    from_here = await program.request(method, address, json=json, headers={'Origin': SITE})
    assert from_here.status_code < 300


@pytest.mark.parametrize('origin', [None, 'https://evil.example', SITE])
async def test_a_token_works_from_anywhere(program: httpx.AsyncClient, ada: dict[str, str], origin: str | None) -> None:
    headers = ada if origin is None else {**ada, 'Origin': origin}
    assert (await program.post(**HELLO, headers=headers)).status_code == 201


async def test_a_token_counts_more_than_a_cookie(program: httpx.AsyncClient, ada: dict[str, str]) -> None:
    await sign_in(program, 'Bo')
    assert (await program.get('/me')).json()['name'] == 'Bo'
    assert (await program.get('/me', headers=ada)).json()['name'] == 'Ada'
    wrong = {'Authorization': 'Bearer wrong'}
    assert (await program.get('/me', headers=wrong)).status_code == 401


@pytest.mark.parametrize('spelling', ['Bearer {}', 'bearer {}', 'BEARER  {}'])
async def test_the_word_bearer_may_be_spelled_in_any_case(
    program: httpx.AsyncClient, ada: dict[str, str], spelling: str
) -> None:
    token = ada['Authorization'].removeprefix('Bearer ')
    assert (await program.get('/me', headers={'Authorization': spelling.format(token)})).status_code == 200


@pytest.mark.parametrize('header', ['', 'Bearer', 'Bearer ', 'Basic QWRhOng=', '\xff', 'Bearer \xff', 'x' * 5_000])
async def test_any_other_authorization_is_nobody(program: httpx.AsyncClient, header: str) -> None:
    answer = await program.get('/me', headers={'Authorization': header.encode('latin-1')})
    assert answer.status_code == 401
    assert answer.headers['www-authenticate'] == 'Bearer'


async def test_a_browser_that_signs_in_again_leaves_its_session_before(program: httpx.AsyncClient, chat: Chat) -> None:
    first = (await sign_in(program, 'Ada')).json()['token']
    session = await chat.sessions.find(first)
    told: list[str] = []
    chat.sessions.watch(session, lambda: told.append('ended'))
    second = (await sign_in(program, 'Bo', Origin=SITE)).json()['token']
    assert first != second
    assert await chat.sessions.find(first) is None
    assert told == ['ended']
    assert (await program.get('/me')).json()['name'] == 'Bo'


async def test_another_site_neither_signs_its_visitor_in_here_nor_out(program: httpx.AsyncClient, chat: Chat) -> None:
    first = (await sign_in(program, 'Ada')).json()['token']
    answer = await sign_in(program, 'Eve', Origin='https://evil.example')
    assert 'set-cookie' not in answer.headers
    assert await chat.sessions.find(first) is not None


async def test_a_sign_in_that_fails_changes_nothing(program: httpx.AsyncClient, chat: Chat) -> None:
    first = (await sign_in(program, 'Ada')).json()['token']
    answer = await program.post('/sessions', json={'name': 'Ada'})
    assert answer.status_code == 409
    assert 'set-cookie' not in answer.headers
    assert await chat.sessions.find(first) is not None


async def test_signing_out_takes_the_cookie_back(program: httpx.AsyncClient) -> None:
    await sign_in(program, 'Ada')
    answer = await program.delete('/sessions/current', headers={'Origin': SITE})
    assert answer.status_code == 204
    assert answer.content == b''
    assert (await program.get('/me')).status_code == 401


async def test_the_cookie_fits_the_scheme(chat: Chat) -> None:
    site = FastAPI()
    site.mount('/api', create_api(chat))
    for scheme, name, secure in (('http', NAME, False), ('https', SECURE_NAME, True)):
        transport = httpx.ASGITransport(site)
        async with httpx.AsyncClient(transport=transport, base_url=f'{scheme}://chat.test/api/v1') as client:
            answer = await sign_in(client, f'By {scheme}')
            cookie = SimpleCookie(answer.headers['set-cookie'])[name]
            assert (bool(cookie['secure']), cookie['samesite'], cookie['path']) == (secure, 'lax', '/')
            assert bool(cookie['httponly'])
            assert (await client.post(**HELLO, headers={'Origin': f'{scheme}://chat.test'})).status_code == 201


async def test_behind_a_proxy_the_public_url_is_this_site(tmp_path) -> None:
    chat = Chat(Settings(data=tmp_path / 'behind a proxy', public_url='https://talk.example.org'))
    chat.open()
    site = FastAPI()
    site.mount('/api', create_api(chat))
    transport = httpx.ASGITransport(site)
    async with httpx.AsyncClient(transport=transport, base_url='http://10.0.0.5:8080/api/v1') as client:
        answer = await sign_in(client, 'Ada')
        cookie = SimpleCookie(answer.headers['set-cookie'])['__Host-hearth_session']
        assert cookie['secure']  # the browser speaks https, to the proxy
        carried = {'Cookie': f'{cookie.key}={cookie.value}'}
        for origin, status in (('https://talk.example.org', 201), ('http://10.0.0.5:8080', 403)):
            assert (await client.post(**HELLO, headers={'Origin': origin, **carried})).status_code == status
    await chat.stop()


async def test_a_first_message_joins_an_open_room_and_reading_joins_none(
    program: httpx.AsyncClient, chat: Chat, ada: dict[str, str]
) -> None:
    owner = await chat.accounts.add_guest('Owner', '')
    await chat.rooms.create(owner, 'Study')

    async def members() -> set[str]:
        return {member.user.name for member in (await chat.rooms.open(owner, 'study')).members}

    assert (await program.get('/rooms/study/messages', headers=ada)).status_code == 200
    assert await members() == {'Owner'}
    said = [program.post('/rooms/study/messages', json={'body': str(n)}, headers=ada) for n in range(5)]
    assert {answer.status_code for answer in await asyncio.gather(*said)} == {201}
    assert await members() == {'Owner', 'Ada'}
