"""What every answer tells the browser to refuse, and which hosts this server answers to at all.

The policy lets a page run only the scripts that NiceGUI itself wrote into it. They are known by their first words, and
only if those stand in the page exactly once: markup that slipped in from elsewhere gets none, whatever it looks like.
Text of users cannot bring such words along: NiceGUI escapes ``<`` in all that elements carry, and the page's title.
"""

import logging
import secrets

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.answers import error_answer
from web.origins import HTTP_SCHEMES, Host, parse_host, site_of

log = logging.getLogger('hearth.web')

NONCE = 'hearth.nonce'  # key of the scope
HSTS_AGE = 365 * 24 * 3600  # seconds
FIXED_HEADERS = {
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
}
TEMPLATE_SCRIPTS = (
    b'<script type="importmap">\n      {"imports": ',
    b'<script>\n      addStyle = (c) =>',
    b'<script type="module">\n      import * as Vue from "vue";',
    b'<script type="module">\n      // Load DOMPurify for HTML sanitization',
)


def install(app: FastAPI, *, public_url: str | None = None) -> None:
    """Put the headers around everything the app answers, its own failures included; installing twice is harmless.

    The nonce is written inside of GZip, which NiceGUI adds later, so that pages are still compressed.
    """
    if not any(getattr(each, 'cls', None) is ScriptNonce for each in app.user_middleware):
        app.add_middleware(ScriptNonce)

    def build_middleware_stack() -> ASGIApp:
        return SecurityHeaders(type(app).build_middleware_stack(app), public_url=public_url)

    # Middleware in the list sits inside of the one that answers 500, which would then go without headers.
    app.build_middleware_stack = build_middleware_stack  # type: ignore[method-assign]


class SecurityHeaders:
    """Puts the security headers on every answer, and refuses hosts that this server is not known by."""

    def __init__(self, app: ASGIApp, *, public_url: str | None = None) -> None:
        self._app = app
        self._site = site_of(public_url) if public_url else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its answer back with the headers."""
        if scope['type'] not in ('http', 'websocket'):
            await self._app(scope, receive, send)
            return
        named = Headers(scope=scope).getlist('host')
        host = parse_host(named[0]) if len(named) == 1 else None
        scope[NONCE] = nonce = secrets.token_urlsafe(16)

        async def send_with_headers(message: Message) -> None:
            if message['type'] == 'http.response.start':
                self._add_headers(MutableHeaders(raw=message.setdefault('headers', [])), scope, host, nonce)
            await send(message)

        app = self._app if self._is_trusted(named, host) else _refuse_host
        await app(scope, receive, send_with_headers)

    def _is_trusted(self, named: list[str], host: Host | None) -> bool:
        if host is None:
            return not named and self._site is None  # a probe that speaks HTTP/1.0 names no host
        return self._site is None or host.is_local or host.name == self._site[1].name

    def _add_headers(self, headers: MutableHeaders, scope: Scope, host: Host | None, nonce: str) -> None:
        hosts = {each for each in (host, self._site and self._site[1]) if each}
        is_page = headers.get('x-nicegui-content') == 'page'
        for name, value in FIXED_HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault('Content-Security-Policy', policy(hosts, nonce if is_page else None))
        if self._is_secure(scope):
            headers.setdefault('Strict-Transport-Security', f'max-age={HSTS_AGE}')

    def _is_secure(self, scope: Scope) -> bool:
        scheme = HTTP_SCHEMES.get(scope['scheme'], scope['scheme'])
        return scheme == 'https' or (self._site is not None and self._site[0] == 'https')


class ScriptNonce:
    """Puts the nonce that the headers announce on NiceGUI's own scripts; only pages are held back for it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and a page's HTML back with the nonce in it."""
        if scope['type'] != 'http' or NONCE not in scope:
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = bytearray()

        async def send_with_nonce(message: Message) -> None:
            nonlocal start
            if message['type'] == 'http.response.start' and _is_page(message):
                start = message
            elif start is None or message['type'] != 'http.response.body':
                await send(message)
            else:
                body.extend(message.get('body', b''))
                if not message.get('more_body', False):
                    html = put_nonce(bytes(body), scope[NONCE])
                    body.clear()  # NiceGUI keeps the request, and with it this function, as long as the page is open
                    MutableHeaders(raw=start['headers'])['Content-Length'] = str(len(html))
                    await send(start)
                    await send({'type': 'http.response.body', 'body': html})

        await self._app(scope, receive, send_with_nonce)


def put_nonce(html: bytes, nonce: str) -> bytes:
    """Mark NiceGUI's own inline scripts in a page; one that looks like two gets no mark, and the page stays dead."""
    if any(html.count(script) != 1 for script in TEMPLATE_SCRIPTS):
        log.error('A page without a nonce: its template is not the known one, or something imitates it.')
        return html
    mark = f'<script nonce="{nonce}"'.encode()
    for script in TEMPLATE_SCRIPTS:
        html = html.replace(script, mark + script.removeprefix(b'<script'))
    return html


def policy(hosts: set[Host], nonce: str | None) -> str:
    """Return the Content-Security-Policy; only a page of NiceGUI has a nonce, and may evaluate the props it is sent."""
    scripts = f"'self' 'nonce-{nonce}' 'unsafe-eval'" if nonce else "'self'"
    # Older Safari does not count a WebSocket to the same host as 'self'.
    names = sorted(host.name if host.port is None else f'{host.name}:{host.port}' for host in hosts)
    sockets = ''.join(f' ws://{name} wss://{name}' for name in names)
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        f"font-src 'self' data:; connect-src 'self'{sockets}; media-src 'self' blob:; manifest-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    )


def _is_page(message: Message) -> bool:
    headers = Headers(raw=message['headers'])
    return headers.get('x-nicegui-content') == 'page' and headers.get('content-type', '').startswith('text/html')


async def _refuse_host(scope: Scope, receive: Receive, send: Send) -> None:
    if scope['type'] == 'websocket':
        await send({'type': 'websocket.close', 'code': 1008})
    else:
        await error_answer(scope, 400, 'invalid', 'This server does not go by that name.')(scope, receive, send)
