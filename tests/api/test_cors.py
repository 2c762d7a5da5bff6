"""CORS: pages of the sites that are allowed may call the API with a token, and no others."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api import create_api
from chat import Chat
from chat.settings import Settings
from web.requests import LARGEST_REQUEST

FRONT = 'https://front.example'
PREFLIGHT = {'Access-Control-Request-Method': 'PATCH', 'Access-Control-Request-Headers': 'authorization,content-type'}


@pytest.fixture
async def chat(tmp_path: Path, allowed: tuple[str, ...]) -> AsyncIterator[Chat]:
    """Return a chat that other sites may call."""
    chat = Chat(Settings(data=tmp_path / 'data', allowed_origins=allowed))
    chat.open()
    yield chat
    await chat.stop()


@pytest.fixture
def allowed() -> tuple[str, ...]:
    """Return the sites that may call."""
    return (FRONT, 'http://localhost:3000')


@pytest.fixture
async def program(chat: Chat) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client that nobody is signed in with."""
    site = FastAPI()
    site.mount('/api', create_api(chat))
    transport = httpx.ASGITransport(site, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url='http://chat.test/api/v1') as client:
        yield client


async def test_an_allowed_site_may_read_answers_and_errors_but_brings_no_cookies(
    program: httpx.AsyncClient, chat: Chat
) -> None:
    chat.messages.send = None  # a mistake of the server
    signed_in = await program.post('/sessions', json={'name': 'Ada'}, headers={'Origin': FRONT})
    assert 'set-cookie' not in signed_in.headers
    token = {'Authorization': f'Bearer {signed_in.json()["token"]}', 'Origin': FRONT}
    answers = {
        200: await program.get('/me', headers=token),
        401: await program.get('/me', headers={'Origin': FRONT}),
        404: await program.get('/nothing', headers=token),
        405: await program.put('/me', headers=token),
        413: await program.post('/sessions', content=b'x' * (LARGEST_REQUEST + 1), headers=token),
        422: await program.post('/sessions', json={}, headers=token),
        500: await program.post('/rooms/lobby/messages', json={'body': 'x'}, headers=token),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers['access-control-allow-origin'] == FRONT
        assert 'Origin' in answer.headers['vary']
        assert answer.headers['access-control-expose-headers'] == 'Retry-After'
        assert 'access-control-allow-credentials' not in answer.headers


async def test_a_browser_that_asks_first_is_told_what_it_may(program: httpx.AsyncClient) -> None:
    answer = await program.options('/messages/1', headers={'Origin': FRONT, **PREFLIGHT})
    assert answer.status_code == 200
    assert answer.headers['access-control-allow-origin'] == FRONT
    assert 'PATCH' in answer.headers['access-control-allow-methods']
    assert 'Authorization' in answer.headers['access-control-allow-headers']
    assert 'access-control-allow-credentials' not in answer.headers


@pytest.mark.parametrize(
    'origin', ['https://evil.example', 'https://front.example.evil.example', 'http://front.example', 'null']
)
async def test_other_sites_are_told_nothing(program: httpx.AsyncClient, origin: str) -> None:
    answer = await program.get('/me', headers={'Origin': origin})
    assert 'access-control-allow-origin' not in answer.headers
    refused = await program.options('/me', headers={'Origin': origin, **PREFLIGHT})
    assert refused.status_code == 403
    assert refused.json()['error']['code'] == 'forbidden'
    assert 'access-control-allow-origin' not in refused.headers


@pytest.mark.parametrize('allowed', [('*',)])
async def test_all_sites_may_be_allowed_and_still_bring_no_cookies(program: httpx.AsyncClient) -> None:
    answer = await program.get('/me', headers={'Origin': 'https://anywhere.example', 'Cookie': 'hearth_session=x'})
    assert answer.headers['access-control-allow-origin'] == '*'
    assert 'access-control-allow-credentials' not in answer.headers


@pytest.mark.parametrize('allowed', [()])
async def test_no_site_is_allowed_unless_it_is_named(program: httpx.AsyncClient) -> None:
    answer = await program.get('/me', headers={'Origin': FRONT})
    assert not [name for name in answer.headers if name.startswith('access-control')]
    assert (await program.options('/me', headers={'Origin': FRONT, **PREFLIGHT})).status_code == 405
