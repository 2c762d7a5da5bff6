"""A small OpenID Connect provider that speaks HTTP: real codes, real PKCE, really signed ID tokens.

It is honest until a test says otherwise.
"""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.servers import free_port

CLIENT, SECRET = 'hearth', 'a secret: %&+'
PAGE = '<!doctype html><html lang="en"><title>School</title><h1>School</h1><a href="{}">Go on as Ada</a></html>'
PATIENCE = 30  # s for it to start and to stop


class OpenIdProvider:
    """One provider with one client, which knows one person at a time."""

    def __init__(self) -> None:
        self.port = free_port()
        self.issuer = f'http://127.0.0.1:{self.port}'
        self.person: dict[str, Any] = {'sub': 'ada', 'preferred_username': 'Ada'}
        self.user_info: dict[str, Any] | None = None  # what it says besides the ID token, if anything
        self.metadata: dict[str, Any] = {}  # what it says of itself besides, or instead
        self.changes: dict[str, Any] = {}  # claims that an ID token has besides, or instead; None is left out
        self.signs: Callable[[dict[str, Any]], str] = self.sign
        self.replies: dict[str, Callable[[], Response]] = {}  # instead of what it would say, by path
        self.names_itself = True
        self.asks = False  # whether a person has to press something
        self.denies = False
        self.asked: list[str] = []  # paths
        self.public_client = False
        self.access_token: object = 'access'
        self.key = first_key()
        self._codes: dict[str, dict[str, str]] = {}
        paths = {
            '/.well-known/openid-configuration': self._discovery,
            '/authorize': self._authorize,
            '/keys': self._keys,
            '/userinfo': self._tell,
            '/favicon.ico': self._nothing,
        }
        routes = [Route(path, self._counted(answer)) for path, answer in paths.items()]
        app = Starlette(routes=[*routes, Route('/token', self._counted(self._token), methods=['POST'])])
        config = uvicorn.Config(app, '127.0.0.1', self.port, log_level='error', loop='asyncio', lifespan='off')
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> None:
        """Start it and wait until it listens."""
        self._thread.start()
        deadline = time.monotonic() + PATIENCE
        while not self._server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def stop(self) -> None:
        """End it, whoever still waits for an answer."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(PATIENCE)

    def settings(self, folder: Path, **more: str) -> Path:
        """Write the file that makes it known as School; ``more`` are lines of TOML by name."""
        lines = {'name': '"School"', 'issuer': f'"{self.issuer}"', 'client_id': f'"{CLIENT}"'}
        if not self.public_client:
            lines['client_secret'] = f'"{SECRET}"'
        path = folder / 'providers.toml'
        entries = '\n'.join(f'{name} = {value}' for name, value in {**lines, **more}.items())
        path.write_text(f'[providers.school]\n{entries}\n', encoding='utf-8')
        return path

    def rotate(self) -> None:
        """Sign with another key from now on, and publish that one alone."""
        self.key = make_key()

    def sign(self, claims: dict[str, Any]) -> str:
        """Return an ID token, as an honest provider makes it."""
        return jwt.encode({'alg': 'RS256', 'kid': self.key.kid}, claims, self.key)

    def _counted(self, answer: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def reply(request: Request) -> Response:
            self.asked.append(request.url.path)
            instead = self.replies.get(request.url.path)
            return instead() if instead is not None else await answer(request)

        return reply

    async def _discovery(self, _: Request) -> Response:
        itself = {
            'issuer': self.issuer,
            'authorization_endpoint': f'{self.issuer}/authorize',
            'token_endpoint': f'{self.issuer}/token',
            'jwks_uri': f'{self.issuer}/keys',
        }
        if self.user_info is not None:
            itself['userinfo_endpoint'] = f'{self.issuer}/userinfo'
        return JSONResponse({**itself, **self.metadata})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked['client_id'] == CLIENT
        assert asked['response_type'] == 'code'
        assert 'openid' in asked['scope'].split()
        assert asked['code_challenge_method'] == 'S256'
        assert min(len(asked['state']), len(asked['nonce'])) >= 43
        back = {'state': asked['state']} | ({'iss': self.issuer} if self.names_itself else {})
        if self.denies:
            back['error'] = 'access_denied'
        else:
            back['code'] = code = secrets.token_urlsafe()
            self._codes[code] = asked
        target = f'{asked["redirect_uri"]}?{urlencode(back)}'
        return HTMLResponse(PAGE.format(target.replace('&', '&amp;'))) if self.asks else RedirectResponse(target, 302)

    async def _token(self, request: Request) -> Response:
        form = dict(await request.form())
        if not self._is_client(request, form):
            return JSONResponse({'error': 'invalid_client'}, 401)
        asked = self._codes.pop(form.get('code', ''), None)
        digest = hashlib.sha256(form.get('code_verifier', '').encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b'=').decode()
        if (
            asked is None
            or form['grant_type'] != 'authorization_code'
            or (form['redirect_uri'], challenge) != (asked['redirect_uri'], asked['code_challenge'])
        ):
            return JSONResponse({'error': 'invalid_grant'}, 400)
        now = int(time.time())
        claims = {'iss': self.issuer, 'aud': CLIENT, 'iat': now, 'exp': now + 300, 'nonce': asked['nonce']}
        claims = {name: value for name, value in {**claims, **self.person, **self.changes}.items() if value is not None}
        answer = {'access_token': self.access_token, 'token_type': 'Bearer', 'id_token': self.signs(claims)}
        return JSONResponse(answer, headers={'Cache-Control': 'no-store'})

    def _is_client(self, request: Request, form: dict[str, Any]) -> bool:
        if self.public_client:
            return form.get('client_id') == CLIENT and 'client_secret' not in form
        if self.metadata.get('token_endpoint_auth_methods_supported') == ['client_secret_post']:
            return (form.get('client_id'), form.get('client_secret')) == (CLIENT, SECRET)
        scheme, _, given = request.headers.get('authorization', '').partition(' ')
        name, _, secret = base64.b64decode(given).decode().partition(':')
        return (scheme, unquote_plus(name), unquote_plus(secret)) == ('Basic', CLIENT, SECRET)

    async def _tell(self, request: Request) -> Response:
        if request.headers.get('authorization') != f'Bearer {self.access_token}':
            return JSONResponse({'error': 'invalid_token'}, 401)
        return JSONResponse({'sub': self.person['sub'], **(self.user_info or {})})

    async def _nothing(self, _: Request) -> Response:
        return Response(status_code=204)

    async def _keys(self, _: Request) -> Response:
        return JSONResponse({'keys': [self.key.as_dict(private=False)]})


def make_key() -> RSAKey:
    """Return a key with an id of its own."""
    return RSAKey.generate_key(2048, {'kid': secrets.token_hex(4), 'use': 'sig'}, private=True)


@cache
def first_key() -> RSAKey:
    """Return one key for all tests: making one takes long."""
    return make_key()
