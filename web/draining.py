"""A server among several that is told to stop says so first, and serves on until the balancer has noticed.

Whoever comes meanwhile is still answered, so nobody meets a server that is just ending. Then it ends as ever: requests
are finished, and WebSockets are closed with 1012, on which pages and programs come back, by the balancer, elsewhere.
"""

import asyncio
import signal
import threading
from types import FrameType

from nicegui.server import Server

from chat.readiness import Readiness
from chat.settings import Settings

DRAIN = 5.0  # s; a balancer that asks every second and believes the second no has noticed after three


def is_one_of_several(settings: Settings) -> bool:
    """Whether others serve the same chat, to which people can be sent; a single server is better back soon."""
    return settings.redis_url is not None


def use(readiness: Readiness, drain: float = DRAIN) -> None:
    """Let NiceGUI's server, which is about to listen, not end at SIGTERM but be unready from then on, and end later.

    A second SIGTERM, or Ctrl+C at any time, ends it at once. Call it at start-up, when uvicorn has set its handlers; it
    puts back those that were there before when it ends.
    """
    server = getattr(Server, 'instance', None)
    if server is None or threading.current_thread() is not threading.main_thread():
        return  # browsers are only simulated; or nobody hears signals here, uvicorn neither
    loop = asyncio.get_running_loop()

    def stop(number: int, frame: FrameType | None) -> None:
        if readiness.is_stopping:
            server.handle_exit(number, frame)
            return
        readiness.is_stopping = True
        loop.call_soon_threadsafe(loop.call_later, drain, server.handle_exit, number, None)

    signal.signal(signal.SIGTERM, stop)
