"""Real Socket.IO clients: one with verbs for the tests, and the one for JavaScript that npm has."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import socketio
from websockets.asyncio.client import ClientConnection, connect

from api.socketio import PATH
from tests.api.programs import PATIENCE, Site

EVENTS = ('join', 'leave', 'message', 'edit', 'delete', 'get_user_messages', 'error')
ORIGINAL_VERSION = '4.3.2'  # that the page of the Flask-SocketIO chat room loads
NEWER_VERSION = '4.8.1'

needs_npm = pytest.mark.skipif(shutil.which('npm') is None, reason='Node.js and npm are not installed here')


class SocketIO:
    """The Socket.IO door of a server, and the ways to knock at it."""

    def __init__(self, site: Site) -> None:
        self.chat = site.chat
        self.door = site.door
        self.address = f'http://{site.host}'

    @asynccontextmanager
    async def client(self, *, transport: str = 'websocket', **headers: str) -> AsyncIterator['Client']:
        """Connect somebody who is nobody yet."""
        client = Client()
        await client.io.connect(self.address, transports=[transport], headers=headers)
        try:
            yield client
        finally:
            await client.io.disconnect()

    @asynccontextmanager
    async def joined(self, name: str, **payload: Any) -> AsyncIterator['Client']:
        """Connect somebody who has joined, and has heard so."""
        async with self.client() as client:
            client.joined = await client.ask('join', {'user': name, **payload})
            assert client.joined.get('ok') is True, client.joined
            assert await client.next('join') == {'user': name}
            yield client

    def raw(self, **headers: str) -> connect:
        """Open a WebSocket whose packets are written by hand."""
        origin = headers.pop('origin', None)
        address = f'{self.address}{PATH}/?EIO=4&transport=websocket'.replace('http', 'ws', 1)
        return connect(address, origin=origin, additional_headers=headers, max_size=None)


class Client:
    """The other end of a Socket.IO connection, and all that it heard."""

    def __init__(self) -> None:
        self.io = socketio.AsyncClient(reconnection=False)
        self.joined: dict[str, Any] = {}
        self._heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._disconnected = asyncio.Event()
        for event in EVENTS:
            self.io.on(event, self._hear(event))
        self.io.on('disconnect', self._disconnected.set)

    def _hear(self, event: str) -> Any:
        return lambda data: self._heard.put_nowait((event, data))

    async def ask(self, event: str, *payload: Any) -> dict[str, Any]:
        """Emit an event and return its acknowledgement."""
        return await self.io.call(event, payload, timeout=PATIENCE)

    async def emit(self, event: str, *payload: Any) -> None:
        """Emit an event that wants no acknowledgement."""
        await self.io.emit(event, payload)

    async def heard(self) -> tuple[str, Any]:
        """Return what is told next, whatever it is."""
        async with asyncio.timeout(PATIENCE):
            return await self._heard.get()

    async def next(self, event: str) -> Any:
        """Return what is told next, which is this event."""
        name, data = await self.heard()
        assert name == event, data
        return data

    async def hears_nothing(self) -> None:
        """Say that nothing was told before the answer to a question that was asked now."""
        assert (await self.ask('message', {}))['code'] == 'invalid'
        assert (await self.next('error'))['field'] == 'user'

    async def is_disconnected(self) -> None:
        """Wait until the server has ended the connection."""
        async with asyncio.timeout(PATIENCE):
            await self._disconnected.wait()


async def shake_hands(socket: ClientConnection) -> None:
    """Come as far as any client does before its first event."""
    assert (await socket.recv()).startswith('0')
    await socket.send('40')
    assert (await socket.recv()).startswith('40')


def javascript_client(folder: Path, version: str) -> Path:
    """Return the folder of the JavaScript client of a version, which npm brings unless it is there."""
    package = folder / version / 'node_modules' / 'socket.io-client'
    if not package.exists():
        options = ('--prefix', folder / version, '--ignore-scripts', '--no-audit', '--no-fund', '--silent')
        subprocess.run(['npm', 'install', *options, f'socket.io-client@{version}'], check=True, timeout=300)
    return package
