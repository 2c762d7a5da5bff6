"""NiceGUI's two layers around every request, doing what they do without what they cost.

They are made of Starlette's ``BaseHTTPMiddleware``, which starts a group of tasks for each request, and another for
each piece of its body, in cycles that only the garbage collector takes apart: while a file of 25 MB came in, that
stopped everybody for 15 to 80 ms at a time (``python -m benchmarks.uploading``). Where NiceGUI has no such layers,
nothing is done here.
"""

import nicegui
import nicegui.ui_run
from nicegui import core
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FILES = f'/_nicegui/{nicegui.__version__}/'
CHANGING = f'{FILES}dynamic_resources/'


def use() -> None:
    """Let NiceGUI put these around its application; calling this twice is harmless."""
    for name, layer in (('RedirectWithPrefixMiddleware', Prefix), ('SetCacheControlMiddleware', CacheControl)):
        if hasattr(nicegui.ui_run, name):
            setattr(nicegui.ui_run, name, layer)


class Prefix:
    """Leads to addresses below the path at which a proxy has this server, as ``X-Forwarded-Prefix`` says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its answer back with the address changed."""
        prefix = Headers(scope=scope).get('X-Forwarded-Prefix', '') if scope['type'] == 'http' else ''
        if not prefix:
            await self._app(scope, receive, send)
            return

        async def send_below(message: Message) -> None:
            if message['type'] == 'http.response.start':
                headers = MutableHeaders(raw=message.setdefault('headers', []))
                if headers.get('Location', '').startswith('/'):
                    headers['Location'] = prefix + headers['Location']
            await send(message)

        await self._app(scope, receive, send_below)


class CacheControl:
    """Lets browsers keep NiceGUI's own files, whose addresses change with its version."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and such a file back with how long it may be kept."""
        path = scope['path'] if scope['type'] == 'http' else ''
        if not path.startswith(FILES) or path.startswith(CHANGING):
            await self._app(scope, receive, send)
            return

        async def send_to_keep(message: Message) -> None:
            if message['type'] == 'http.response.start':
                headers = MutableHeaders(raw=message.setdefault('headers', []))
                headers['Cache-Control'] = core.app.config.cache_control_directives
            await send(message)

        await self._app(scope, receive, send_to_keep)
