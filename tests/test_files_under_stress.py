"""Files on a real server that is killed, that is asked to stop, and that is sent things without end."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest

from tests.chat.files import picture
from tests.servers import Server

pytestmark = pytest.mark.slow

MEGABYTE = 1024 * 1024
PATIENCE = 20  # s, on a busy machine


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / 'data', HEARTH_UPLOAD_LIMIT_MB='2')
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def http(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """Return a program that is signed in."""
    async with httpx.AsyncClient(base_url=f'{server.site}/api/v1', timeout=60) as http:
        token = (await http.post('/sessions', json={'name': 'Ada'})).json()['token']
        http.cookies.clear()
        http.headers['Authorization'] = f'Bearer {token}'
        await http.put('/rooms/lobby/membership')
        yield http


def head(http: httpx.AsyncClient, length: str) -> bytes:
    return (
        f'POST /api/v1/rooms/lobby/files?name=x HTTP/1.1\r\nHost: here\r\n{length}\r\n'
        f'Authorization: {http.headers["Authorization"]}\r\n\r\n'
    ).encode()


def files_in(folder: Path) -> list[Path]:
    return [each for each in folder.rglob('*') if each.is_file()]


async def test_what_was_acknowledged_is_there_after_a_kill(server: Server, http: httpx.AsyncClient) -> None:
    acknowledged: dict[int, bytes] = {}

    async def bring(number: int) -> None:
        data = picture('PNG', (200 + number, 100)) if number % 3 == 0 else os.urandom(200_000)
        with suppress(httpx.HTTPError):
            answer = await http.post('/rooms/lobby/files', params={'name': f'{number}'}, content=data)
            if answer.status_code == 201:
                acknowledged[answer.json()['id']] = data

    async def bring_all(first: int) -> None:
        for number in range(first, 300, 3):
            await bring(number)

    bringing = [asyncio.create_task(bring_all(first)) for first in range(3)]
    while len(acknowledged) < 10:
        await asyncio.sleep(0.01)
    server.kill()
    await asyncio.gather(*bringing)
    await asyncio.to_thread(server.start)
    for attachment_id, data in acknowledged.items():
        given = await http.get(f'/files/{attachment_id}')
        assert given.status_code == 200
        assert len(given.content) == int(given.headers['content-length'])
        if given.headers['content-type'] != 'image/png':
            assert given.content == data
    ids = list(acknowledged)[:3]
    answer = await http.post('/rooms/lobby/messages', json={'body': '', 'attachments': ids})
    assert [each['id'] for each in answer.json()['attachments']] == ids


async def test_a_kill_in_the_middle_leaves_nothing_that_anybody_gets(server: Server, http: httpx.AsyncClient) -> None:
    coming = server.data / 'coming'
    with closing(socket.create_connection((server.host, server.port))) as sender:
        sender.sendall(head(http, 'Content-Length: 1000000') + b'x' * 600_000)
        while not sum(each.stat().st_size for each in files_in(coming)):
            await asyncio.sleep(0.01)
        server.kill()
    assert files_in(server.data / 'uploads') == []
    for each in coming.iterdir():
        os.utime(each, (0, 0))  # a day and more ago
    await asyncio.to_thread(server.start)
    while files_in(coming):
        await asyncio.sleep(0.05)
    assert (await http.get('/files/1')).status_code == 404


async def test_a_body_without_an_end_ends_at_the_limit(server: Server, http: httpx.AsyncClient) -> None:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(head(http, 'Transfer-Encoding: chunked'))
    sent, answer = 0, asyncio.create_task(reader.read(1_000))
    with suppress(ConnectionError):
        while not answer.done():
            writer.write(b'10000\r\n' + b'x' * 65536 + b'\r\n')
            await writer.drain()
            sent += 65536
            assert sent < 500 * MEGABYTE
    assert b'413' in (await answer).splitlines()[0]
    writer.close()
    async with asyncio.timeout(PATIENCE):
        while files_in(server.data / 'coming'):
            await asyncio.sleep(0.01)
    assert (await http.get('/me')).status_code == 200


async def test_a_lying_length_is_found_out(server: Server, http: httpx.AsyncClient) -> None:
    with closing(socket.create_connection((server.host, server.port))) as sender:
        sender.sendall(head(http, 'Content-Length: 1000') + b'x' * 10)
        sender.shutdown(socket.SHUT_WR)
        await asyncio.sleep(0.5)
    assert files_in(server.data / 'uploads') == []
    assert (await http.get('/files/1')).status_code == 404


async def test_a_server_that_is_asked_to_stop_does_not_wait_for_a_file(server: Server, http: httpx.AsyncClient) -> None:
    with closing(socket.create_connection((server.host, server.port))) as sender:
        sender.sendall(head(http, 'Content-Length: 1000000') + b'x' * 1000)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(server.stop)
    assert not server.is_running
