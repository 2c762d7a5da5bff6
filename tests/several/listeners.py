"""Programs that follow a room wherever a server is left, and what they must have at the end."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.servers import Server

PATIENCE = 60.0  # s for what was missed to come
PAUSE = 0.1  # s before another server is tried
ANSWER_WITHIN = 5.0  # s; then the question is asked again, elsewhere if need be
NUMBERED = (
    'message_sent', 'message_edited', 'message_deleted', 'member_joined', 'member_changed', 'member_left',
    'room_changed',
)  # fmt: skip


class Listener:
    """Somebody who is in the lobby of a chat by a WebSocket, and keeps what was told there."""

    def __init__(self, servers: Sequence[Server], name: str, token: str) -> None:
        self.name = name
        self.token = token
        self.bodies: dict[int, str] = {}  # by id of the message, as they are now
        self.revision = 0
        self.typing: list[str] = []
        self.online: list[str] = []
        self.ended: int | None = None  # the code of the last closing
        self.moves = 0  # how often it connected
        self._servers = list(servers)
        self._socket: ClientConnection | None = None
        self._ids = count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._following = asyncio.create_task(self._follow(), name=f'{name} follows')

    async def _follow(self) -> None:
        """Stay connected: to the first server that is there, beginning with one's own."""
        for place in count():
            server = self._servers[place % len(self._servers)]
            with suppress(OSError, InvalidHandshake, ConnectionClosed, TimeoutError):
                await self._listen(f'{server.site}/api/v1/ws'.replace('http', 'ws', 1))
            self._socket = None
            await asyncio.sleep(PAUSE)

    async def _listen(self, address: str) -> None:
        headers = {'Authorization': f'Bearer {self.token}'}
        async with connect(address, additional_headers=headers, open_timeout=5, max_size=None) as socket:
            self.moves += 1
            since = {'since': self.revision} if self.revision else {}
            await socket.send(json.dumps({'id': 0, 'type': 'subscribe', 'room': 'lobby', **since}))
            self._socket = socket
            try:
                async for words in socket:
                    self._take(json.loads(words))
            finally:
                self.ended = socket.close_code

    def _take(self, frame: dict[str, Any]) -> None:
        kind = frame['type']
        if kind in {'ok', 'error'}:
            waiting = self._answers.pop(frame.get('id', -1), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(frame)
            elif frame.get('id') == 0 and kind == 'ok' and not self.revision:
                self.revision = frame['result']['revision']
        elif kind in NUMBERED:
            assert frame['revision'] > self.revision, f'{self.name} was told {frame} after {self.revision}'
            self.revision = frame['revision']
            if 'message' in frame:
                message = frame['message']
                self.bodies[message['id']] = message['body']
        elif kind == 'typing':
            self.typing = frame['users']
        elif kind == 'presence':
            self.online = frame['online']
        assert kind != 'start_afresh'

    async def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Ask until there is an answer, wherever it comes from, and return the result."""
        while True:
            if self._socket is not None:
                frame_id = next(self._ids)
                answer = self._answers[frame_id] = asyncio.get_running_loop().create_future()
                with suppress(ConnectionClosed, TimeoutError):
                    await self._socket.send(json.dumps({'id': frame_id, 'type': kind, **fields}))
                    frame = await asyncio.wait_for(answer, ANSWER_WITHIN)
                    if frame['type'] == 'ok':
                        return frame['result'] or {}
                    assert frame['code'] in {'storage_failed', 'not_found'}, frame
            await asyncio.sleep(PAUSE)

    async def say(self, body: str) -> dict[str, Any]:
        """Say something, as often as it takes until it is acknowledged: by its id it is one message."""
        return await self.ask('send', room='lobby', body=body, client_message_id=f'{self.name}-{body}')

    async def is_there(self) -> None:
        """Wait until it listens."""
        await until(lambda: self._socket is not None and self.revision > 0)

    async def close(self) -> None:
        """Go away."""
        self._following.cancel()
        if self._socket is not None:
            await self._socket.close()
        with suppress(asyncio.CancelledError, AssertionError):
            await self._following


async def come(servers: Sequence[Server], name: str, token: str | None = None) -> Listener:
    """Let somebody come into the lobby, by the first of these servers that is there."""
    if token is None:
        async with httpx.AsyncClient(base_url=servers[0].site, timeout=30) as http:
            answer = await http.post('/api/v1/sessions', json={'name': name})
            token = answer.json()['token']
    listener = Listener(servers, name, token)
    await listener.is_there()
    return listener


async def until(holds: Any) -> None:
    """Wait until something holds; what it last was is part of the failure."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not holds() and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.05)
    assert holds()


async def stored(server: Server, token: str) -> tuple[dict[int, str], int]:
    """Return all that was said in the lobby, by id, and the room's revision."""
    headers = {'Authorization': f'Bearer {token}'}
    bodies: dict[int, str] = {}
    async with httpx.AsyncClient(base_url=f'{server.site}/api/v1', headers=headers, timeout=30) as http:
        before: dict[str, int] = {}
        while True:
            page = (await http.get('/rooms/lobby/messages', params={'limit': 200, **before})).json()
            bodies.update((message['id'], message['body']) for message in page['messages'])
            if not page['has_more']:
                return bodies, page['revision']
            before = {'before': page['messages'][0]['id']}


async def all_equal_storage(server: Server, listeners: Sequence[Listener]) -> dict[int, str]:
    """Wait until every listener has what is stored, from where each came in, and return all that is stored."""
    bodies, revision = await stored(server, listeners[0].token)
    await until(lambda: all(listener.revision == revision for listener in listeners))
    for listener in listeners:
        first = min(listener.bodies, default=0)
        assert listener.bodies == {key: body for key, body in bodies.items() if key >= first}, listener.name
    return bodies
