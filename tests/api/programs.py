"""A real server for real clients, and a program that speaks over its WebSocket: verbs for the tests."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect

from api import create_api, socketio
from chat import Chat
from chat.models import User
from web.prepared_frames import Protocol

PATIENCE = 30.0  # s; generous, as the machine may be busy


@asynccontextmanager
async def serving(chat: Chat, **options: Any) -> AsyncIterator['Site']:
    """Serve the doors for programs of a chat on a free port."""
    app = FastAPI()
    app.mount('/api', create_api(chat))
    door = socketio.Door(chat)
    app.mount(socketio.PATH, door)
    where = {'host': '127.0.0.1', 'port': 0, 'lifespan': 'off', 'log_level': 'warning'}
    config = uvicorn.Config(app, ws=Protocol, ws_per_message_deflate=False, **where, **options)
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    site = Site(chat, server, door, f'127.0.0.1:{port}')
    try:
        yield site
    finally:
        await door.stop()
        server.should_exit = True
        server.stopping.set()
        await task


class _Server(uvicorn.Server):
    """A server that stops at once: neither when its clock ticks next, nor a moment after the last connection."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stopping = asyncio.Event()

    async def main_loop(self) -> None:
        """Serve until it is to stop."""
        await self.stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wait only for those who are still there."""
        for server in self.servers:
            server.close()
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)


class Site:
    """Where a server is."""

    def __init__(self, chat: Chat, server: uvicorn.Server, door: socketio.Door, host: str) -> None:
        self.chat = chat
        self.server = server
        self.door = door
        self.host = host
        self.address = f'ws://{host}/api/v1/ws'

    def connect(self, **headers: str) -> connect:
        """Open a WebSocket that nobody is signed in to."""
        origin = headers.pop('origin', None)
        return connect(self.address, origin=origin, additional_headers=headers, max_size=None)

    @asynccontextmanager
    async def program(self, user: User, **options: Any) -> AsyncIterator['Program']:
        """Open a WebSocket that is signed in as somebody."""
        token = await self.chat.sessions.begin(user, 'a program')
        headers = {'Authorization': f'Bearer {token}'}
        async with connect(self.address, additional_headers=headers, max_size=None, **options) as socket:
            program = Program(socket)
            program.ready = await program.next()
            yield program

    @asynccontextmanager
    async def deaf(self, address: str, **headers: str) -> AsyncIterator[ClientConnection]:
        """Open a WebSocket on which nothing is read any more, and little is on its way that nobody has read."""
        self.server.servers[0].sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        small = socket.socket()
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        small.setblocking(False)
        host, port = self.host.split(':')
        await asyncio.get_running_loop().sock_connect(small, (host, int(port)))
        client = await connect(address, sock=small, additional_headers=headers, max_size=None)
        client.transport.pause_reading()
        try:
            yield client
        finally:
            client.transport.abort()

    async def is_blocked(self) -> None:
        """Wait until the server has something for a client that does not take it."""
        async with asyncio.timeout(PATIENCE):
            while not any(each.transport.get_write_buffer_size() for each in self.server.server_state.connections):
                await asyncio.sleep(0.01)

    async def has_no_connections(self) -> None:
        """Wait until the server holds no connection any more: not that it has closed them, that they are gone."""
        async with asyncio.timeout(PATIENCE):
            while self.server.server_state.connections:
                await asyncio.sleep(0.01)


class Program:
    """The other end of a WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.ready: dict[str, Any] = {}
        self.heard: list[dict[str, Any]] = []  # events that came while an answer was awaited
        self._ids = count(1)

    async def next(self) -> dict[str, Any]:
        """Return the next frame."""
        async with asyncio.timeout(PATIENCE):
            return json.loads(await self.socket.recv())

    async def send(self, **frame: Any) -> None:
        """Send a frame and wait for nothing."""
        await self.socket.send(json.dumps(frame))

    async def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send a frame and return its answer; what is told meanwhile is kept in ``heard``."""
        frame_id = next(self._ids)
        await self.send(id=frame_id, type=kind, **fields)
        while True:
            frame = await self.next()
            if frame.get('id') == frame_id and frame['type'] in ('ok', 'error'):
                return frame
            self.heard.append(frame)

    async def result(self, kind: str, **fields: Any) -> Any:
        """Send a frame and return the result."""
        answer = await self.ask(kind, **fields)
        assert answer['type'] == 'ok', answer
        return answer['result']

    async def events(self, number: int, *kinds: str) -> list[dict[str, Any]]:
        """Return the next numbered events, or those of some kinds."""
        found: list[dict[str, Any]] = []
        while len(found) < number:
            frame = self.heard.pop(0) if self.heard else await self.next()
            if frame['type'] in kinds if kinds else 'revision' in frame:
                found.append(frame)
        return found

    async def closing(self) -> int:
        """Wait until the server closes; return the code."""
        async with asyncio.timeout(PATIENCE):
            await self.socket.wait_closed()
        return self.socket.close_code
