"""Whom the door lets in, what may come through it, and when it closes: python-socketio, made fit for strangers."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

import socketio  # type: ignore[import-untyped]
from engineio.packet import NOOP  # type: ignore[import-untyped]
from engineio.packet import Packet as EnginePacket
from engineio.payload import Payload  # type: ignore[import-untyped]
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from api import cors
from api.callers import Callers
from api.errors import answer
from api.frames import LARGEST_FRAME, is_too_large
from api.socketio.client import Client
from api.socketio.coming import Coming
from api.socketio.sieve import Sieve, Verdict, answers
from api.socketio.waiting import Waiting
from chat import Chat
from chat.errors import Invalid, NotFound
from web.addresses import address_of
from web.socket_guard import MOST_PACKETS
from web.socket_traffic import Abort, aborter, is_sound, read_packets, read_query, replay

PATH = '/socket.io'
NAME = 'socketio'  # among the doors that are measured
PING_INTERVAL = 20  # s
PING_TIMEOUT = 20  # s
LONGEST_POLL = 5.0  # s; a server that stops waits for its answers
ABORT = 'hearth.abort'  # key of the scope


class Door:
    """The application to be mounted at PATH. ``stop`` it before the chat."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._callers = Callers(chat.settings)
        self._coming = Coming(chat.presence)
        self._clients: dict[str, Client] = {}  # by what Socket.IO calls their connection
        self._addresses: dict[str, str] = {}  # by what Engine.IO does
        self._tasks: set[asyncio.Task[None]] = set()
        Payload.max_decode_packets = MOST_PACKETS  # one number for the process, which the pages' guard sets, too
        self._sio = socketio.AsyncServer(
            async_mode='asgi',
            async_handlers=False,  # the events of one client in the order they were sent
            cors_allowed_origins=[],  # whose page may call is asked below, and told by api.cors
            cors_credentials=False,
            http_compression=False,
            max_http_buffer_size=LARGEST_FRAME,
            ping_interval=PING_INTERVAL,
            ping_timeout=PING_TIMEOUT,
        )
        self._eio = self._sio.eio
        self._eio.create_queue = Waiting
        self._connect, self._disconnect = self._eio.handlers['connect'], self._eio.handlers['disconnect']
        self._eio.on('connect', self._opened)
        self._eio.on('disconnect', self._closed)
        self._sio.on('connect', self._came)
        self._sio.on('disconnect', self._went)
        self._sio.on('*', self._take)
        self._app = cors.allow(self._answer, chat.settings.allowed_origins)
        chat.measures.connections[NAME] = lambda: self._callers.connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one WebSocket to its end."""
        await self._app(scope, receive, send)

    async def stop(self) -> None:
        """Close all connections, so that clients try again; stopping twice is harmless."""
        await asyncio.gather(*(socket.close(wait=False) for socket in tuple(self._eio.sockets.values())))
        if self._eio.service_task_handle is not None:
            await self._sio.shutdown()

    # Requests and bytes: Engine.IO.

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = read_query(scope)
        socket = self._eio.sockets.get(query.get('sid'))
        refusal = self._refusal(scope, query, socket)
        if refusal is not None:
            await _refuse(refusal, scope, receive, send)
        elif scope['type'] == 'websocket':
            scope[ABORT] = abort = aborter(receive)
            if socket is not None:
                socket.abort = abort
            await self._sio.handle_request(scope, _Sifted(receive, send, abort), send)
        elif scope['method'] == 'POST':
            await self._take_post(scope, receive, send, socket)
        else:
            await self._poll(scope, receive, send, socket)

    def _refusal(self, scope: Scope, query: dict[str, str], socket: Any) -> Response | None:
        if refusal := self._callers.foreign(scope):
            return refusal
        if scope['path'].removeprefix(scope.get('root_path', '')) not in ('', '/'):
            return answer(404, NotFound.code, 'There is nothing at this address.')
        if scope['type'] == 'http' and scope['method'] not in ('GET', 'POST'):
            return answer(405, 'method_not_allowed', 'This cannot be done at this address.')
        if not is_sound(scope, query, socket):  # what Engine.IO refuses itself it would also log, unescaped
            return answer(400, Invalid.code, 'This is not what a Socket.IO client asks, or its connection has ended.')
        return self._callers.too_many(scope) if socket is None else None

    async def _take_post(self, scope: Scope, receive: Receive, send: Send, socket: Any) -> None:
        packets = await read_packets(receive, LARGEST_FRAME) or []
        verdicts = [socket.sieve.judge(packet, may_upgrade=False) for packet in packets[: MOST_PACKETS + 1]]
        if not 0 < len(verdicts) <= MOST_PACKETS or Verdict.CLOSE in verdicts:
            await self._cut(socket)
            await answer(400, Invalid.code, 'These are no packets of a Socket.IO client.')(scope, receive, send)
            return
        judged = list(zip(packets, verdicts, strict=True))
        for packet in (packet for packet, verdict in judged if verdict is Verdict.ANSWER):
            for told in answers(packet):
                self._put(socket, told)
        passed = [packet for packet, verdict in judged if verdict is Verdict.PASS]
        await self._sio.handle_request(*replay(scope, passed), send)

    async def _poll(self, scope: Scope, receive: Receive, send: Send, socket: Any) -> None:
        if socket is None:
            await self._sio.handle_request(scope, receive, send)
            return
        timer = asyncio.get_running_loop().call_later(LONGEST_POLL, socket.queue.put_nowait, EnginePacket(NOOP))
        try:
            await self._sio.handle_request(scope, receive, send)
        finally:
            timer.cancel()

    async def _opened(self, eio_sid: str, environ: dict[str, Any]) -> Any:
        scope = environ['asgi.scope']
        socket = self._eio.sockets[eio_sid]
        socket.abort, socket.sieve = scope.get(ABORT), Sieve()
        socket.queue.on_too_much = partial(self._let_go, socket)
        self._addresses[eio_sid] = address = address_of(scope)
        self._callers.came(address)
        return await self._connect(eio_sid, environ)

    async def _closed(self, eio_sid: str, reason: str) -> None:
        address = self._addresses.pop(eio_sid, None)
        if address is not None:
            self._callers.went(address)
        socket = self._eio.sockets.get(eio_sid)
        if socket is not None:
            socket.queue.put_nowait(EnginePacket(NOOP))  # answers a poll that waits
            if reason == self._eio.reason.PING_TIMEOUT and socket.abort is not None:
                socket.abort()  # what waits to be sent would wait for ever
        await self._disconnect(eio_sid, reason)

    async def _cut(self, socket: Any) -> None:
        """End a connection without waiting for the client to take what is on its way."""
        if socket.abort is not None:
            socket.abort()
        await socket.close(wait=False, abort=True, reason=self._eio.reason.TRANSPORT_ERROR)

    # Connections and events: Socket.IO.

    async def _came(self, sid: str, environ: dict[str, Any], _: Any = None) -> None:
        socket = self._eio.sockets[self._sio.manager.eio_sid_from_sid(sid, '/')]

        def put(packet: EnginePacket) -> None:
            self._put(socket, packet)

        def let_go() -> None:
            self._begin(self._sio.disconnect(sid), 'disconnect a Socket.IO client')

        self._clients[sid] = Client(self._chat, self._coming, put, let_go, address_of(environ['asgi.scope']))

    async def _went(self, sid: str, _: str) -> None:
        client = self._clients.pop(sid, None)
        if client is not None:
            await client.close()

    async def _take(self, event: str, sid: str, *payload: Any) -> dict[str, Any] | None:
        client = self._clients.get(sid)
        return None if client is None else await client.take(event, payload)

    def _put(self, socket: Any, packet: EnginePacket) -> None:
        if not socket.closed and not socket.closing:
            socket.queue.put_nowait(packet)

    def _let_go(self, socket: Any) -> None:
        if not socket.closed and not socket.closing:
            self._chat.measures.drops[NAME] += 1
            self._begin(self._cut(socket), 'cut a slow Socket.IO client')

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Sifted:
    """Receives a WebSocket's messages for Engine.IO: answers mistakes, and ends the connection on what nobody sends."""

    def __init__(self, receive: Receive, send: Send, abort: Abort | None) -> None:
        self._receive = receive
        self._send = send
        self._abort = abort
        self._sieve = Sieve()

    async def __call__(self) -> Message:
        while True:
            message = await self._receive()
            if message['type'] != 'websocket.receive':
                return message
            packet: Any = message.get('text') or message.get('bytes') or ''
            verdict = Verdict.CLOSE if is_too_large(packet) else self._sieve.judge(packet, may_upgrade=True)
            if verdict is Verdict.PASS:
                return message
            if verdict is Verdict.CLOSE:
                if self._abort is not None:
                    self._abort()
                return {'type': 'websocket.disconnect', 'code': 1003}
            if verdict is Verdict.ANSWER:  # at once: whoever does not read it is not read either
                for told in answers(packet):
                    await self._send({'type': 'websocket.send', 'text': told.encode()})


async def _refuse(refusal: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope['type'] == 'websocket':
        await WebSocket(scope, receive, send).send_denial_response(refusal)
    else:
        await refusal(scope, receive, send)
