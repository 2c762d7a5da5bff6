"""Programs that call the API of a chat of their own."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api import create_api
from chat import Chat
from chat.settings import Settings

SITE = 'http://chat.test'


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Chat]:
    """Return a running chat."""
    chat = Chat(Settings(data=tmp_path / 'data'))
    chat.open()
    chat.start()
    yield chat
    await chat.stop()


@pytest.fixture(scope='session')
def api(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """Return the API, whose chat is put in by each test: to build it takes longer than most tests do."""
    api = create_api(Chat(Settings(data=tmp_path_factory.mktemp('never-opened'))))
    assert isinstance(api, FastAPI)
    return api


@pytest.fixture
async def program(chat: Chat, api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client that nobody is signed in with."""
    site = FastAPI()
    api.state.chat = chat
    site.mount('/api', api)
    transport = httpx.ASGITransport(site, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f'{SITE}/api/v1') as client:
        yield client


@pytest.fixture
async def ada(program: httpx.AsyncClient) -> dict[str, str]:
    """Return the headers of a program that is signed in as Ada."""
    return await _signed_in(program, 'Ada')


@pytest.fixture
async def bo(program: httpx.AsyncClient) -> dict[str, str]:
    """Return the headers of a program that is signed in as Bo."""
    return await _signed_in(program, 'Bo')


async def _signed_in(program: httpx.AsyncClient, name: str) -> dict[str, str]:
    answer = await program.post('/sessions', json={'name': name})
    program.cookies.clear()
    return {'Authorization': f'Bearer {answer.json()["token"]}'}
