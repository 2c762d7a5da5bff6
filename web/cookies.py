"""The session cookie: the one place that knows its name and how it is set and read."""

from collections.abc import Mapping
from typing import Protocol

from starlette.requests import HTTPConnection
from starlette.responses import Response

from web.origins import parse_host

NAME = 'hearth_session'
SECURE_NAME = f'__Host-{NAME}'  # browsers take this name only over https, for this host alone
NAMES = (SECURE_NAME, NAME)
MAX_AGE = 180 * 24 * 3600  # seconds; the server ends unused sessions earlier


class HasCookies(Protocol):
    """A request of whatever framework, as far as its cookies matter."""

    @property
    def cookies(self) -> Mapping[str, str]:
        """What a browser sent along, by name."""


def read_token(request: HasCookies) -> str | None:
    """Return the session token that a browser sent, or None."""
    return read(request, SECURE_NAME, NAME) or None


def read(request: HasCookies, secure_name: str, name: str) -> str:
    """Return what a browser sent by one of the two names of a cookie, the one for https alone or the other; or nothing.

    Over https by its safe name alone: the other one, a neighboring host of the same domain could have set.
    """
    over_https = isinstance(request, HTTPConnection) and request.url.scheme in ('https', 'wss')
    return request.cookies.get(secure_name) or ('' if over_https else request.cookies.get(name, ''))


def set_token(request: HTTPConnection, response: Response, token: str, public_url: str | None) -> None:
    """Make the browser keep the token where no script and no other site can read it, and no cache besides."""
    name, secure = _name(request, public_url)
    response.headers['Cache-Control'] = 'no-store'
    response.set_cookie(name, token, max_age=MAX_AGE, path='/', secure=secure, httponly=True, samesite='lax')


def clear_token(response: Response) -> None:
    """Make the browser forget the token, by whichever name it has it."""
    for name in NAMES:
        response.delete_cookie(name, path='/', secure=name == SECURE_NAME, httponly=True, samesite='lax')


def is_secure(request: HTTPConnection, public_url: str | None) -> bool:
    """Whether a cookie can be kept to https.

    Behind a proxy that ends https the server may believe it speaks http; then the public URL knows better.
    """
    return request.url.scheme == 'https' or _is_https_site(request, public_url)


def _name(request: HTTPConnection, public_url: str | None) -> tuple[str, bool]:
    """Return the cookie's name and whether it is for https alone."""
    secure = is_secure(request, public_url)
    return SECURE_NAME if secure else NAME, secure


def _is_https_site(request: HTTPConnection, public_url: str | None) -> bool:
    if not public_url or not public_url.startswith('https:'):
        return False
    host = parse_host(request.headers.get('host', ''))
    return host is not None and not host.is_local
