"""The plumbing of the guard: requests no page makes, packets filtered on the way in, counted on the way out."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any
from urllib.parse import parse_qs

from engineio.packet import MESSAGE, Packet  # type: ignore[import-untyped]
from starlette.types import Message, Receive, Scope, Send

from web import frames, origins
from web.answers import error_answer
from web.prepared_frames import Write, text_frame

SEPARATOR = '\x1e'  # between the packets of one request of long-polling
Abort = Callable[[], None]


class Refusal(Enum):
    """Why a request for the socket goes no further: status, code and sentence."""

    FOREIGN = 403, 'forbidden', 'This socket is for pages of this site.'
    METHOD = 405, 'invalid', 'This method is not known here.'
    MALFORMED = 400, 'invalid', 'This is not what a page would ask.'

    @classmethod
    def of(cls, scope: Scope, query: Mapping[str, str], socket: Any, public_url: str | None) -> 'Refusal | None':
        """Return why a request is refused, or None; what Engine.IO would refuse itself it would also log, unescaped."""
        if not origins.may_connect(scope, public_url):
            return cls.FOREIGN
        if scope['type'] == 'http' and scope['method'] not in ('GET', 'POST'):
            return cls.METHOD
        return None if is_sound(scope, query, socket) else cls.MALFORMED


def is_sound(scope: Scope, query: Mapping[str, str], socket: Any) -> bool:
    """Whether Engine.IO would take a request; ``socket`` is the connection that it names, or None."""
    is_websocket = scope['type'] == 'websocket'
    if query.get('transport') != ('websocket' if is_websocket else 'polling'):
        return False
    if 'j' in query:  # JSONP would let a script of any site read the answers
        return False
    if 'sid' not in query:
        return query.get('EIO') == '4' and (is_websocket or scope['method'] == 'GET')
    if socket is None or not socket.connected or socket.closed or socket.upgraded:
        return False
    return not (is_websocket and socket.upgrading)


def read_query(scope: Scope) -> dict[str, str]:
    """Return what stands in the address; of several values the first, as NiceGUI and Engine.IO do: they must agree."""
    try:
        text = scope.get('query_string', b'').decode()
    except UnicodeDecodeError:
        return {}
    return {name: values[0] for name, values in parse_qs(text).items()}


async def refuse(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    """Turn a request away; a WebSocket before it opens, which its browser sees as 403."""
    if scope['type'] == 'websocket':
        await send({'type': 'websocket.close', 'code': 1008})
    else:
        await error_answer(scope, *refusal.value)(scope, receive, send)


def aborter(receive: Receive) -> Abort | None:
    """Return what drops a WebSocket's connection on the spot, without waiting for the other side to read.

    ASGI has no word for it, so this reaches for uvicorn's transport; with any other server there is none.
    """
    transport = getattr(getattr(receive, '__self__', None), 'transport', None)
    return getattr(transport, 'abort', None)


class TextOnly:
    """Receives a WebSocket's messages for Engine.IO: passes what a page may say, and ends the connection on binary."""

    def __init__(self, receive: Receive, abort: Abort | None) -> None:
        self._receive = receive
        self._abort = abort

    async def __call__(self) -> Message:
        """Return the next message that may pass."""
        while True:
            message = await self._receive()
            if message['type'] != 'websocket.receive':
                return message
            text = message.get('text')
            verdict = frames.Verdict.CLOSE if text is None else frames.judge(text)
            if verdict is frames.Verdict.PASS:
                return message
            if verdict is frames.Verdict.CLOSE:
                if self._abort is not None:
                    self._abort()
                return {'type': 'websocket.disconnect', 'code': 1003}


async def read_packets(receive: Receive, most: int) -> list[str] | None:
    """Read the packets in a request's body; None if it is more than ``most`` bytes or no text."""
    body = bytearray()
    while len(body) <= most:
        message = await receive()
        body += message.get('body', b'')
        if not message.get('more_body', False):
            break
    try:
        return body.decode().split(SEPARATOR) if len(body) <= most else None
    except UnicodeDecodeError:
        return None


def replay(scope: Scope, packets: Sequence[str]) -> tuple[Scope, Receive]:
    """Return a request like this one, with these packets for its body."""
    body = SEPARATOR.join(packets).encode()
    headers = [(name, value) for name, value in scope['headers'] if name != b'content-length']
    request = {'type': 'http.request', 'body': body, 'more_body': False}

    async def receive() -> Message:
        return request

    return {**scope, 'headers': [*headers, (b'content-length', str(len(body)).encode())]}, receive


class PacketQueue(asyncio.Queue[Any]):
    """What waits to be sent to one browser; knows its size in bytes, or nearly: text counts by its characters."""

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self.size_in_bytes = 0
        self.is_awaited = False  # whoever reads has sent all that it took before, and asks for more

    async def get(self) -> Any:
        """Return the next packet."""
        self.is_awaited = True
        try:
            return await super().get()
        finally:
            self.is_awaited = False

    def _put(self, item: Any) -> None:
        super()._put(item)
        self.size_in_bytes += _size(item)

    def _get(self) -> Any:
        item = super()._get()
        self.size_in_bytes -= _size(item)
        return item


class Outgoing:
    """What goes out to one browser: at once if it can, else by its queue, which is bounded.

    Engine.IO hands every packet to a writing task of its own, at 30 µs each; writing takes 8. A packet is written only
    while that task waits for another one, so that none overtakes those before it.
    """

    def __init__(self, socket: Any, most: int, most_bytes: int, overflow: Callable[[], object]) -> None:
        self._socket = socket
        self._queue: PacketQueue = socket.queue
        self._send = socket.send
        self._most, self._most_bytes, self._overflow = most, most_bytes, overflow
        self.write: Write | None = None  # of its WebSocket, once there is one

    async def send(self, packet: Any) -> None:
        """Send a packet as Engine.IO wants it sent."""
        if packet.packet_type == MESSAGE and isinstance(packet.data, str):
            self.put(packet.data)
        else:
            await self._send(packet)
            self._check()

    def put(self, text: str | bytes) -> None:
        """Send the text of a Socket.IO packet: write it now, or let it wait behind the others."""
        if self._socket.closed or self._socket.closing:
            return
        if self.write is not None and self._is_idle():
            data = text.encode() if isinstance(text, str) else text
            if self.write(text_frame(b'4' + data)):
                return
        self._queue.put_nowait(Packet(MESSAGE, text if isinstance(text, str) else text.decode()))
        self._check()

    def _is_idle(self) -> bool:
        return self._queue.is_awaited and not self._queue.qsize() and self._socket.upgraded

    def _check(self) -> None:
        # One packet that is too large by itself is let through: refused, it would be sent again for ever.
        waiting = self._queue.qsize()
        if waiting > self._most or (self._queue.size_in_bytes > self._most_bytes and waiting > 1):
            self._overflow()


def _size(packet: Any) -> int:
    data = getattr(packet, 'data', None)
    return len(data) if isinstance(data, str | bytes) else 0
