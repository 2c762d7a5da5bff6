"""WebSocket frames that are put together once and sent to many.

A server masks nothing, and without compression a text is the same bytes for every client; uvicorn would put them
together anew for each. ``Protocol`` takes the place of uvicorn's own and hands the application a way to write such
bytes, as an extension of the scope. Everything else about the connection stays uvicorn's.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from nicegui.server import Server
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

EXTENSION = 'hearth.write'  # of the scope: a Write
Write = Callable[[bytes], bool]


def use() -> None:
    """Let NiceGUI's server, which is about to listen, speak by ``Protocol``: ``ui.run`` leaves no choice (3.18)."""
    server = getattr(Server, 'instance', None)  # none where browsers are only simulated
    if server is not None:
        server.config.ws_protocol_class = Protocol


class Protocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket with a way to write whole frames; for connections without compression."""

    async def run_asgi(self) -> None:
        """Serve the connection."""
        extensions: dict[str, Any] = {**self.scope.get('extensions', {}), EXTENSION: self.write_frame}
        self.scope['extensions'] = extensions
        await super().run_asgi()

    def write_frame(self, frame: bytes) -> bool:
        """Write a whole frame at once; False, and nothing is written, if the client has to be waited for or is gone."""
        if self.close_sent or not self.handshake_complete or not self.writable.is_set() or self.transport.is_closing():
            return False
        self.transport.write(frame)
        return True


@lru_cache(maxsize=64)  # one is on its way to all at a time, and a few more to those who come back
def frame_of(text: str) -> bytes:
    """Return the frame of a text, made once for all it goes to."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
