"""WebSocket frames that are put together once and sent to many, and connections that end when they shall.

A server masks nothing, and without compression a text is the same bytes for every client; uvicorn would put them
together anew for each. ``Protocol`` takes the place of uvicorn's own and hands the application a way to write such
bytes, as an extension of the scope, and one to drop the connection. It waits for no client for ever, and logs nothing
that a stranger can bring about. Everything else about the connection stays uvicorn's.
"""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from nicegui.server import Server
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

EXTENSION = 'hearth.write'  # of the scope: a Write
ABORT = 'hearth.abort'  # of the scope, too: drops the connection at once
CLOSES_WITHIN = 5.0  # s; a client that reads nothing would hold its connection, and a server that stops, for ever
INVALID_TEXT = 1007
Write = Callable[[bytes], bool]


class _Closing:
    """A transport that gives a client some time to take what is on its way when it is closed, and not all the time."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._timer: asyncio.TimerHandle | None = None
        self.write, self.is_closing = transport.write, transport.is_closing  # the most used of all that is passed on

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def close(self) -> None:
        self._transport.close()
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(CLOSES_WITHIN, self._transport.abort)


def use() -> None:
    """Let NiceGUI's server, which is about to listen, speak by ``Protocol``: ``ui.run`` leaves no choice (3.18)."""
    server = getattr(Server, 'instance', None)  # none where browsers are only simulated
    if server is not None:
        server.config.ws_protocol_class = Protocol


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


class Protocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket with a way to write whole frames; for connections without compression."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, which nobody can keep from closing."""
        super().connection_made(cast(asyncio.Transport, _Closing(cast(asyncio.Transport, transport))))

    async def run_asgi(self) -> None:
        """Serve the connection."""
        own = {EXTENSION: self.write_frame, ABORT: self.transport.abort}
        extensions: dict[str, Any] = {**self.scope.get('extensions', {}), **own}
        self.scope['extensions'] = extensions
        await super().run_asgi()

    async def send(self, message: Any) -> None:
        """Send what the application says; a refusal completes the handshake, too, or uvicorn would log an error."""
        await super().send(message)
        self.handshake_complete = self.handshake_complete or self.close_sent

    def handle_cont(self, event: Frame) -> None:
        """Take a further part of a message; empty ones would count as nothing, however many come."""
        if event.data or event.fin:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Hand a message on; close on text that is none, for which uvicorn would log a traceback."""
        if self.curr_msg_data_type == 'bytes' or self.close_sent or _is_text(b''.join(self.frames)):
            super().send_receive_event_to_app()
            return
        self.frames = []
        self.conn.send_close(INVALID_TEXT)
        self.handle_parser_exception()

    def write_frame(self, frame: bytes) -> bool:
        """Write a whole frame at once; False, and nothing is written, if the client has to be waited for or is gone."""
        if self.close_sent or not self.handshake_complete or not self.writable.is_set() or self.transport.is_closing():
            return False
        self.transport.write(frame)
        return True


def text_frame(data: bytes) -> bytes:
    """Return the frame of a text that is encoded already."""
    return Frame(Opcode.TEXT, data).serialize(mask=False)


@lru_cache(maxsize=64)  # one is on its way to all at a time, and a few more to those who come back
def frame_of(text: str) -> bytes:
    """Return the frame of a text, made once for all it goes to."""
    return text_frame(text.encode())
