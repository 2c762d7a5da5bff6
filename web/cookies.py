"""The session cookie: the one place that knows its name and how it is set and read."""

from collections.abc import Mapping
from typing import Protocol

from starlette.requests import HTTPConnection
from starlette.responses import Response

NAME = 'hearth_session'
SECURE_NAME = f'__Host-{NAME}'  # browsers take this name only over https, for this host alone
NAMES = (SECURE_NAME, NAME)
MAX_AGE = 180 * 24 * 3600  # seconds; the server ends unused sessions earlier


class _HasCookies(Protocol):
    @property
    def cookies(self) -> Mapping[str, str]: ...


def read_token(request: _HasCookies) -> str | None:
    """Return the session token that a browser sent, or None."""
    return next((request.cookies[name] for name in NAMES if request.cookies.get(name)), None)


def set_token(request: HTTPConnection, response: Response, token: str) -> None:
    """Make the browser keep the token where no script and no other site can read it."""
    secure = request.url.scheme == 'https'
    name = SECURE_NAME if secure else NAME
    response.set_cookie(name, token, max_age=MAX_AGE, path='/', secure=secure, httponly=True, samesite='lax')


def clear_token(request: HTTPConnection, response: Response) -> None:
    """Make the browser forget the token."""
    secure = request.url.scheme == 'https'
    name = SECURE_NAME if secure else NAME
    response.delete_cookie(name, path='/', secure=secure, httponly=True, samesite='lax')
