"""Several servers that share one chat, behind the balancer: they die, or restart one by one, and nothing is lost."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.databases import PostgreSQLServer
from tests.deploy.balancer import Cluster
from tests.redis_server import RedisServer
from tests.servers import Server

pytestmark = pytest.mark.slow

READERS = 6
PAUSE = 0.05  # s between messages
PATIENCE = 30  # s


@pytest.fixture
async def cluster(tmp_path: Path, postgresql: PostgreSQLServer) -> AsyncIterator[Cluster]:
    redis = RedisServer()
    redis.start()
    with postgresql.database() as url:
        cluster = Cluster(tmp_path, servers=3, database_url=url, redis_url=redis.url)
        try:
            await asyncio.to_thread(cluster.start)
            yield cluster
        finally:
            await asyncio.to_thread(cluster.stop)
            redis.stop()


class Reader:
    """A program that comes back by its revision whenever its connection ends."""

    def __init__(self, cluster: Cluster, headers: dict[str, str]) -> None:
        self._address = f'{cluster.site}/api/v1/ws'.replace('http', 'ws')
        self._headers = headers
        self._revision: int | None = None
        self.heard: list[str] = []
        self.revisions: list[int] = []
        self.codes: list[int | None] = []
        self.is_there = asyncio.Event()

    async def read(self) -> None:
        while True:
            with suppress(ConnectionClosed, InvalidStatus, OSError):
                async with connect(self._address, additional_headers=self._headers) as socket:
                    await socket.recv()
                    since = {} if self._revision is None else {'since': self._revision}
                    await socket.send(json.dumps({'id': 1, 'type': 'subscribe', 'room': 'lobby', **since}))
                    try:
                        async for text in socket:
                            self._take(json.loads(text))
                    finally:
                        self.codes.append(socket.close_code)
            await asyncio.sleep(0.1)

    def _take(self, frame: dict[str, Any]) -> None:
        if frame['type'] == 'ok':
            self.is_there.set()
            if self._revision is None:
                self._revision = frame['result']['revision']
        elif 'revision' in frame:
            self._revision = frame['revision']
            self.revisions.append(frame['revision'])
            if frame['type'] == 'message_sent':
                self.heard.append(frame['message']['body'])


class Writer:
    """A program that says one thing after the other; ``again`` counts how often it had to say one again."""

    def __init__(self, cluster: Cluster, headers: dict[str, str]) -> None:
        self._site, self._headers = cluster.site, headers
        self.said: list[str] = []
        self.again = 0

    async def write(self, until: asyncio.Event) -> None:
        for number in count():
            if until.is_set():
                return
            message = {'body': f'number {number}', 'client_message_id': f'n{number}'}
            while not await self._say(message):
                self.again += 1
                await asyncio.sleep(0.1)
            self.said.append(message['body'])
            await asyncio.sleep(PAUSE)

    async def _say(self, message: dict[str, str]) -> bool:
        async with httpx.AsyncClient(base_url=f'{self._site}/api/v1', headers=self._headers, timeout=20) as http:
            try:
                answer = await http.post('/rooms/lobby/messages', json=message)
            except httpx.TransportError:
                return False
            return answer.status_code in (200, 201)


async def restart_one_by_one(cluster: Cluster) -> None:
    for server in cluster.servers:
        await asyncio.to_thread(server.stop)
        await start(cluster, server)


async def kill_one_by_one(cluster: Cluster) -> None:
    for server in cluster.servers[:2]:
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(2)
        await start(cluster, server)


async def start(cluster: Cluster, server: Server) -> None:
    await asyncio.to_thread(server.start)
    await asyncio.to_thread(cluster.wait_until_ready, len(cluster.servers))


@pytest.mark.parametrize('trouble', [restart_one_by_one, kill_one_by_one])
async def test_every_reader_hears_everything_once_and_in_order(cluster: Cluster, trouble: Any) -> None:
    tokens = []
    for number in range(READERS + 1):
        async with httpx.AsyncClient(base_url=f'{cluster.site}/api/v1') as http:
            tokens.append((await http.post('/sessions', json={'name': f'Guest {number}'})).json()['token'])
    headers = [{'Authorization': f'Bearer {token}'} for token in tokens]
    writer, readers = Writer(cluster, headers[0]), [Reader(cluster, each) for each in headers[1:]]
    tasks = [asyncio.create_task(reader.read()) for reader in readers]
    for reader in readers:
        await asyncio.wait_for(reader.is_there.wait(), PATIENCE)
    enough = asyncio.Event()
    writing = asyncio.create_task(writer.write(enough))
    await asyncio.sleep(1)
    await trouble(cluster)
    await asyncio.sleep(1)
    enough.set()
    await writing
    async with asyncio.timeout(PATIENCE):
        while any(len(reader.heard) < len(writer.said) for reader in readers):
            await asyncio.sleep(0.1)
    for reader in readers:
        assert reader.heard == writer.said
        assert reader.revisions == sorted(set(reader.revisions))
    codes = {code for reader in readers for code in reader.codes}
    if trouble is restart_one_by_one:
        assert writer.again == 0
        assert codes == {1012}
    else:
        assert codes
    for task in tasks:
        task.cancel()
