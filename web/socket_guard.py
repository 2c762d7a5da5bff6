"""The guard around NiceGUI's socket. The one module that touches private names of NiceGUI and its Socket.IO server.

Out of the box any site may open the socket, whoever knows a page's client id fires its handlers, and a stranger can
fill the memory. What a packet may say is decided in ``frames``, whose page may ask in ``origins``; here it is enforced.
"""

import logging
from collections import Counter
from functools import partial
from hmac import compare_digest
from typing import Any

import nicegui
from engineio.payload import Payload  # type: ignore[import-untyped]
from nicegui import Client, app, background_tasks
from nicegui.nicegui import _on_ack, _on_connect, _on_event, _on_handshake, _on_javascript_response, sio_app
from socketio.exceptions import ConnectionRefusedError as Refused  # type: ignore[import-untyped]
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from web import frames
from web.addresses import address_of
from web.answers import nowhere
from web.page_limits import AddressLimit
from web.prepared_frames import EXTENSION
from web.socket_traffic import (
    Outgoing,
    PacketQueue,
    Refusal,
    TextOnly,
    aborter,
    read_packets,
    read_query,
    refuse,
    replay,
)

NICEGUI = '3.18.'  # the version whose private names are used here
PING_INTERVAL = 10  # seconds; a proxy waits longer for a sign of life
PING_TIMEOUT = 5  # seconds
LARGEST_MESSAGE = 1_000_000  # bytes, as NiceGUI's browser side keeps to
MOST_PACKETS = 100  # in one request of long-polling
MOST_QUEUED = 500  # packets that a browser has not taken yet
MOST_QUEUED_BYTES = 1_000_000
SOCKETS_PER_ADDRESS = 200
LOG_LINES_PER_MINUTE = 20  # per address
LONGEST_LOG_LINE = 500  # characters
UVICORN_LIMITS: dict[str, Any] = {
    'ws_max_size': LARGEST_MESSAGE,
    'ws_per_message_deflate': False,  # 127 kB unpack to 205 MB
}
LEVELS = {'debug': logging.DEBUG, 'info': logging.INFO}  # all else is a warning: an error of the server it is not

browser_log = logging.getLogger('hearth.browser')


def check_version(version: str = nicegui.__version__) -> None:
    """Raise RuntimeError if this is not the NiceGUI whose private names the guard knows."""
    if not version.startswith(NICEGUI):
        raise RuntimeError(
            f'The guard around the socket is made for NiceGUI {NICEGUI}*, and this is {version}: '
            'install that version, or go through web/socket_guard.py and its tests with the new one.'
        )


def install(
    sio: Any,
    *,
    public_url: str | None = None,
    session_cookie_names: tuple[str, ...],
    sockets_per_address: int | None = SOCKETS_PER_ADDRESS,
) -> None:
    """Put the guard around NiceGUI's Socket.IO server; a second one takes the place of the first. None: no limit."""
    check_version()
    guard = _Guard(sio, public_url, session_cookie_names, sockets_per_address)
    Payload.max_decode_packets = MOST_PACKETS
    sio.eio.cors_allowed_origins = []  # no CORS header for anybody: whose page may ask is decided below
    sio.eio.max_http_buffer_size = LARGEST_MESSAGE
    sio_app.other_asgi_app = nowhere  # for other addresses than the socket's own
    sio.async_handlers = False  # what a page says is taken in the order of saying, without a task for each packet
    sio.eio.create_queue = PacketQueue
    sio.eio.handle_request = guard.handle_request
    sio.eio.on('connect', guard.on_open)
    sio.eio.on('disconnect', guard.on_close)
    sio.on('connect', guard.on_connect)
    sio.on('handshake', guard.on_handshake)
    sio.on('event', guard.on_event)
    sio.on('javascript_response', guard.on_javascript_response)
    sio.on('ack', guard.on_ack)
    sio.on('log', guard.on_log)
    app.on_delete(_forget_documents)


def set_pings(sio: Any) -> None:
    """Ask every few seconds whether browsers are there; call it at start-up, when NiceGUI has set its own numbers."""
    sio.eio.ping_interval = PING_INTERVAL
    sio.eio.ping_timeout = PING_TIMEOUT


class _Guard:
    """Stands at the doors of the two servers: of Engine.IO, where bytes come in, and of Socket.IO, where events do."""

    def __init__(
        self, sio: Any, public_url: str | None, cookie_names: tuple[str, ...], per_address: int | None
    ) -> None:
        self._sio = sio
        self._public_url = public_url
        self._cookie_names = cookie_names
        self._per_address = per_address
        self._open: Counter[str] = Counter()
        self._addresses: dict[str, str] = {}
        self._log_lines = AddressLimit(LOG_LINES_PER_MINUTE)
        self._answer = partial(type(sio.eio).handle_request, sio.eio)

    # Engine.IO

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request for the socket through to Engine.IO if it is a page's, and only what a page may say."""
        query = read_query(scope)
        socket = self._sio.eio.sockets.get(query.get('sid'))
        if refusal := Refusal.of(scope, query, socket, self._public_url):
            await refuse(scope, receive, send, refusal)
        elif scope['type'] == 'websocket':
            scope['hearth.abort'] = abort = aborter(receive)
            if socket is not None:
                socket.abort, socket.outgoing.write = abort, scope.get('extensions', {}).get(EXTENSION)
            await self._answer(scope, TextOnly(receive, abort), send)
        elif scope['method'] == 'POST':
            await self._take_post(scope, receive, send, socket)
        else:
            await self._answer(scope, receive, send)

    async def _take_post(self, scope: Scope, receive: Receive, send: Send, socket: Any) -> None:
        packets = await read_packets(receive, LARGEST_MESSAGE)
        verdicts = [frames.judge(packet) for packet in packets or []]
        if packets is None or len(packets) > MOST_PACKETS or frames.Verdict.CLOSE in verdicts or socket.closed:
            await self._cut(socket)
            await refuse(scope, receive, send, Refusal.MALFORMED)
            return
        passed = [packet for packet, verdict in zip(packets, verdicts, strict=True) if verdict is frames.Verdict.PASS]
        await self._answer(*replay(scope, passed), send)

    async def on_open(self, eio_sid: str, environ: dict[str, Any]) -> bool | None:
        """Count a new connection, bound what is queued for it, and refuse it if its address holds too many."""
        address = address_of(environ['asgi.scope'])
        if self._per_address is not None and self._open[address] >= self._per_address:
            return False
        self._open[address] += 1
        self._addresses[eio_sid] = address
        self._bound(self._sio.eio.sockets[eio_sid], environ['asgi.scope'])
        await self._sio._handle_eio_connect(eio_sid, environ)
        return None

    async def on_close(self, eio_sid: str, reason: str) -> None:
        """Count a connection out."""
        address = self._addresses.pop(eio_sid, None)
        if address is not None:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]
        await self._sio._handle_eio_disconnect(eio_sid, reason)

    def _bound(self, socket: Any, scope: Scope) -> None:
        def overflow() -> None:
            background_tasks.create(self._cut(socket), name='cut a page that does not read')

        socket.abort = scope.get('hearth.abort')
        socket.outgoing = Outgoing(socket, MOST_QUEUED, MOST_QUEUED_BYTES, overflow)
        socket.outgoing.write = scope.get('extensions', {}).get(EXTENSION)
        socket.send = socket.outgoing.send

    async def _cut(self, socket: Any) -> None:
        if socket.abort is not None:
            socket.abort()  # who does not read would not read a farewell either, and hold its buffers till then
        await socket.close(wait=False, abort=True, reason=self._sio.eio.reason.TRANSPORT_ERROR)

    # Socket.IO

    async def on_connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        """Connect; the page's browser names its page in the address already, and means to shake hands with it."""
        query = read_query(environ['asgi.scope'])
        if query.get('implicit_handshake') == 'true' and not self._may_claim(environ, query):
            raise Refused('Implicit handshake failed')  # the words on which the browser reloads its page
        await _on_connect(sid, environ, auth)

    async def on_handshake(self, sid: str, claim: Any) -> bool:
        """Shake hands for a page, if it was built for the same session; False lets the browser reload."""
        return self._may_claim(self._sio.get_environ(sid), claim) and await _on_handshake(sid, claim)

    def on_event(self, sid: str, event: Any) -> None:
        """Pass on what a person did, if it came through the page's own socket and its element still listens."""
        client = _claimed(sid, event)
        element = client.elements.get(event['id']) if client else None
        if element is not None and event['listener_id'] in element._event_listeners:
            _on_event(sid, event)

    def on_javascript_response(self, sid: str, response: Any) -> None:
        """Pass on the result of a browser expression from the page's own socket."""
        if _claimed(sid, response):
            _on_javascript_response(sid, response)

    def on_ack(self, sid: str, ack: Any) -> None:
        """Forget what the page's own socket says it has."""
        if _claimed(sid, ack):
            _on_ack(sid, ack)

    def on_log(self, sid: str, line: Any) -> None:
        """Log what a page says, on one line and not too often: it is a stranger's text."""
        client = _claimed(sid, line)
        environ = self._sio.get_environ(sid)
        if client and environ and self._log_lines.check(address_of(environ['asgi.scope'])):
            text = line['message'].replace(client.id, '(this page)')  # who knows the id could act as the page
            level = LEVELS.get(line['level'], logging.WARNING)
            browser_log.log(level, 'A browser says: %s', frames.clean_line(text, LONGEST_LOG_LINE))

    def _may_claim(self, environ: dict[str, Any] | None, claim: Any) -> bool:
        if environ is None or not frames.is_handshake(claim):
            return False
        client = Client.instances.get(claim['client_id'])
        if client is None:
            return False
        theirs, ours = HTTPConnection(environ['asgi.scope']).cookies, client.request.cookies
        return all(_is_same(theirs.get(name, ''), ours.get(name, '')) for name in self._cookie_names)


def _forget_documents(client: Client) -> None:
    """Wait no longer for other documents of a page that ends: a second end of it would be an error in the log."""
    for task in client._delete_tasks.values():
        task.cancel()


def _claimed(sid: str, message: dict[str, Any]) -> Client | None:
    client = Client.instances.get(message['client_id'])
    return client if client is not None and sid in client._socket_to_document_id else None


def _is_same(one: str, other: str) -> bool:
    return compare_digest(one.encode('utf-8', 'replace'), other.encode('utf-8', 'replace'))
