"""Whose page is asking. Pure questions about Origin and Host, asked before a socket opens and before a form counts.

Behind a proxy that ends https, the server may believe it speaks http: an https origin of the same host is this site.
The other way round is not: a page that came over http may have been written by anybody on the way.
"""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

_HOST = r'(\[[0-9a-fA-F:.]{2,45}\]|[a-zA-Z0-9._-]{1,253})(?::([0-9]{1,5}))?'
HOST = re.compile(_HOST)
ORIGIN = re.compile(rf'(https?)://{_HOST}')
DEFAULT_PORTS = {'http': 80, 'https': 443}
HTTP_SCHEMES = {'ws': 'http', 'wss': 'https'}
LOCAL_NAMES = ('localhost', '127.0.0.1', '[::1]')  # who asks for these is on this machine: health checks


class Host(NamedTuple):
    """A host as named in a header; ``port`` is None where the scheme's own is meant."""

    name: str
    port: int | None

    @property
    def is_local(self) -> bool:
        """Whether it names this very machine."""
        return self.name in LOCAL_NAMES


def parse_host(host: str) -> Host | None:
    """Read a Host header; None if it is anything but a name or address and perhaps a port."""
    match = HOST.fullmatch(host)
    return Host(match[1].lower(), int(match[2]) if match[2] else None) if match else None


def is_same_origin(origin: str | None, host: str, scheme: str, public_url: str | None = None) -> bool:
    """Whether a page of ``origin`` is a page of this site, which was asked for as ``host`` over ``scheme``.

    With a public URL set, that is this site, and besides it only what runs on this very machine. No origin is no proof.
    """
    match = ORIGIN.fullmatch(origin or '')
    if match is None:
        return False
    theirs = match[1], Host(match[2].lower(), int(match[3]) if match[3] else None)
    if public_url and _is_same(theirs, *site_of(public_url)):
        return True
    ours = parse_host(host)
    if ours is None or (public_url and not ours.is_local):
        return False
    return _is_same(theirs, HTTP_SCHEMES.get(scheme, scheme), ours)


def may_connect(scope: Scope, public_url: str | None = None) -> bool:
    """Whether this request may open or use the socket of a page, which only a browser on a page of this site does.

    Browsers send an Origin with every WebSocket and every POST, so one without it is no browser and is refused. With
    the GET of long-polling they send none to their own site; what else they say of themselves must not say otherwise.
    """
    headers = Headers(scope=scope)
    origin = headers.get('origin')
    if origin is not None:
        return is_same_origin(origin, headers.get('host', ''), scope.get('scheme', 'http'), public_url)
    is_polling = scope['type'] == 'http' and scope['method'] == 'GET'
    return is_polling and headers.get('sec-fetch-site', 'same-origin') == 'same-origin'


def may_call(scope: Scope, public_url: str | None, allowed: tuple[str, ...]) -> bool:
    """Whether the API may be used by whoever sent this: programs, pages of this site, and pages of ``allowed`` ones.

    Programs send no Origin. ``allowed`` are origins as browsers write them, or ``*`` alone.
    """
    headers = Headers(scope=scope)
    origin = headers.get('origin')
    if origin is None or origin in allowed or allowed == ('*',):
        return True
    return is_same_origin(origin, headers.get('host', ''), scope.get('scheme', 'http'), public_url)


def site_of(public_url: str) -> tuple[str, Host]:
    """Return the scheme and the host of a public URL; raises ValueError if it names none."""
    parts = urlsplit(public_url)
    host = parse_host(parts.netloc)
    if parts.scheme not in DEFAULT_PORTS or host is None:
        raise ValueError(f'{public_url!r} is no public URL: it must be like https://chat.example.org.')
    return parts.scheme, host


def _is_same(theirs: tuple[str, Host], scheme: str, host: Host) -> bool:
    their_scheme, their_host = theirs
    if their_scheme not in (scheme, 'https'):
        return False
    default = DEFAULT_PORTS[their_scheme]
    return (their_host.name, their_host.port or default) == (host.name, host.port or default)
