"""Whoever watches over the server gets a plain answer, with no session asked."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api import health
from chat import Chat, readiness
from chat.errors import StorageFailed
from chat.settings import Settings
from tests.chat.several import eventually
from tests.redis_server import RedisServer


@pytest.fixture
async def watcher(chat: Chat) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of a server that is alive."""
    app = FastAPI()
    health.install(app, chat)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://chat.test') as client:
        yield client


@pytest.mark.parametrize('path', ['/healthz', '/readyz'])
@pytest.mark.parametrize('method', ['GET', 'HEAD'])
async def test_a_server_that_is_well_says_so(watcher: httpx.AsyncClient, path: str, method: str) -> None:
    answer = await watcher.request(method, path)
    assert answer.status_code == 200
    if method == 'GET':
        assert answer.json() == {'status': 'ok'} | ({'sqlite': sqlite3.sqlite_version} if path == '/readyz' else {})
    assert path not in (await watcher.get('/openapi.json')).json()['paths']


async def test_a_server_whose_storage_is_closed_is_alive_and_not_ready(watcher: httpx.AsyncClient, chat: Chat) -> None:
    await chat.stop()
    assert (await watcher.get('/healthz')).status_code == 200
    answer = await watcher.get('/readyz')
    assert answer.status_code == 503
    assert answer.json()['error'] == {'code': 'storage_failed', 'message': 'The storage is closed.', 'field': None}


async def test_a_server_that_is_stopping_is_alive_and_sends_people_elsewhere(
    watcher: httpx.AsyncClient, chat: Chat
) -> None:
    chat.readiness.is_stopping = True
    assert (await watcher.get('/healthz')).status_code == 200
    answer = await watcher.get('/readyz?without=redis')
    assert answer.status_code == 503
    assert answer.headers['Cache-Control'] == 'no-store'
    assert 'is stopping' in answer.json()['error']['message']


@pytest.mark.parametrize(('fails', 'sentence'), [('read', 'cannot be read'), ('write', 'cannot be written')])
async def test_a_server_that_cannot_use_its_storage_says_what_it_cannot(
    watcher: httpx.AsyncClient, chat: Chat, monkeypatch: pytest.MonkeyPatch, fails: str, sentence: str
) -> None:
    async def fail(*_: object) -> None:
        raise StorageFailed

    monkeypatch.setattr(chat.storage, fails, fail)
    answer = await watcher.get('/readyz')
    assert answer.status_code == 503
    assert sentence in answer.json()['error']['message']


async def test_a_storage_that_never_answers_keeps_nobody_waiting(
    watcher: httpx.AsyncClient, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, 'ANSWERED_WITHIN', 0.05)
    answered = asyncio.Event()
    monkeypatch.setattr(chat.storage, 'read', lambda *_: answered.wait())
    answer = await watcher.get('/readyz')
    assert answer.status_code == 503
    assert 'has not answered' in answer.json()['error']['message']
    answered.set()


async def test_however_many_ask_the_disk_is_asked_once_a_second(
    watcher: httpx.AsyncClient, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment, written = [0.0], []
    monkeypatch.setattr(chat.readiness, '_clock', lambda: moment[0])
    write = chat.storage.write
    monkeypatch.setattr(chat.storage, 'write', lambda action: written.append(action) or write(action))
    await asyncio.gather(*(watcher.get('/readyz') for _ in range(10)))
    await watcher.get('/readyz')
    assert len(written) == 1
    moment[0] = 1.0
    await watcher.get('/readyz')
    assert len(written) == 2


async def test_a_server_without_its_redis_is_not_ready_and_serves_all_the_same(tmp_path: Path) -> None:
    redis = RedisServer()
    chat = Chat(Settings(data=tmp_path / 'several', redis_url=redis.url))
    chat.open()
    chat.start()
    app = FastAPI()
    health.install(app, chat)
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://chat.test') as client:
            answer = await client.get('/readyz')
            assert answer.status_code == 503
            assert answer.json()['error']['code'] == 'redis_away'
            assert 'Redis cannot be reached' in answer.json()['error']['message']
            assert (await client.get('/readyz?without=redis')).status_code == 200
            redis.start()
            await eventually(lambda: not chat.bus.is_away)
            assert (await client.get('/readyz')).json() == {
                'status': 'ok', 'sqlite': sqlite3.sqlite_version, 'redis': chat.bus.version
            }  # fmt: skip
    finally:
        await chat.stop()
        redis.stop()
