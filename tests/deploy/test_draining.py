"""A real server that is told to stop: alone it ends at once, as one of several it lets the balancer notice first."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.browsers import Page
from tests.servers import Server
from web.draining import DRAIN

pytestmark = pytest.mark.slow

RESTARTS = 1012  # the code that says: come back, by the balancer to another server
SOON = 2.5  # s; connections that end, storage that closes, on a slow machine


@pytest.fixture
def one_of_several(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / 'data', command=('-m', 'tests.deploy.one_of_several'))
    yield server
    server.kill()


async def test_one_of_several_is_unready_at_once_serves_on_and_then_sends_everybody_elsewhere(
    one_of_several: Server,
) -> None:
    server = one_of_several
    await asyncio.to_thread(server.start)
    async with httpx.AsyncClient(base_url=server.site) as http, AsyncExitStack() as stack:
        headers = await sign_in(http)
        sockets = await open_every_door(stack, server, http, headers)
        told = time.monotonic()
        server.tell_to_stop()
        await asyncio.sleep(0.5)
        assert 'is stopping' in await unready(http)
        newcomer = await stack.enter_async_context(connect(ws(server, '/api/v1/ws'), additional_headers=headers))
        said = await http.post('/api/v1/rooms/lobby/messages', json={'body': 'still here'}, headers=headers)
        assert said.status_code == 201
        assert await codes([*sockets, newcomer]) == [RESTARTS] * (len(sockets) + 1)
        assert DRAIN <= time.monotonic() - told < DRAIN + SOON
        await asyncio.to_thread(server.wait_for_end)


async def test_told_twice_it_ends_at_once(one_of_several: Server) -> None:
    await asyncio.to_thread(one_of_several.start)
    one_of_several.tell_to_stop()
    await asyncio.sleep(0.2)
    told = time.monotonic()
    one_of_several.tell_to_stop()
    await asyncio.to_thread(one_of_several.wait_for_end)
    assert time.monotonic() - told < SOON


async def test_a_single_server_ends_at_once_and_asks_everybody_to_come_back(tmp_path: Path) -> None:
    server = Server(tmp_path / 'data')
    await asyncio.to_thread(server.start)
    try:
        async with httpx.AsyncClient(base_url=server.site) as http, AsyncExitStack() as stack:
            sockets = await open_every_door(stack, server, http, await sign_in(http))
            told = time.monotonic()
            server.tell_to_stop()
            assert await codes(sockets) == [RESTARTS] * len(sockets)
            await asyncio.to_thread(server.wait_for_end)
            assert time.monotonic() - told < SOON
    finally:
        server.kill()


async def sign_in(http: httpx.AsyncClient) -> dict[str, str]:
    """Return the headers of somebody new; the client keeps the cookie, as a browser does."""
    answer = await http.post('/api/v1/sessions', json={'name': 'Ada'})
    return {'Authorization': f'Bearer {answer.json()["token"]}'}


async def open_every_door(
    stack: AsyncExitStack, server: Server, http: httpx.AsyncClient, headers: dict[str, str]
) -> list[ClientConnection]:
    """Return a WebSocket of a program, one of Socket.IO and one of a page."""
    program = await stack.enter_async_context(connect(ws(server, '/api/v1/ws'), additional_headers=headers))
    socketio = await stack.enter_async_context(connect(ws(server, '/socket.io/?EIO=4&transport=websocket')))
    page = Page(server.site, '/rooms/lobby', '; '.join(f'{name}={value}' for name, value in http.cookies.items()))
    await page.open(http)
    stack.push_async_callback(page.close)
    assert page._socket is not None
    return [program, socketio, page._socket]


async def unready(http: httpx.AsyncClient) -> str:
    """Return why a server says that it is not ready."""
    answer = await http.get('/readyz', params={'without': 'redis'})
    assert answer.status_code == 503
    sentence: str = answer.json()['error']['message']
    return sentence


async def codes(sockets: list[ClientConnection]) -> list[int | None]:
    """Wait until the server has closed all these; return with which codes."""
    async with asyncio.timeout(DRAIN + 10):
        await asyncio.gather(*(socket.wait_closed() for socket in sockets))
    return [socket.close_code for socket in sockets]


def ws(server: Server, path: str) -> str:
    """Return the address of a WebSocket."""
    return f'ws://{server.host}:{server.port}{path}'
