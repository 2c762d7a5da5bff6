"""What a browser takes along to a provider: one random secret in a cookie, of which all else is made.

State, nonce and verifier are keyed hashes of that secret and of what the way is for, so that none of it can be changed
on the way. That somebody set out, and when, is in the database (`Identities.set_out`), for any server to look up once.
"""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, unquote

from starlette.requests import HTTPConnection
from starlette.responses import Response

from chat.identities import WAY
from web import cookies

NAME = 'hearth_sign_in'
SECURE_NAME = f'__Host-{NAME}'  # see cookies.SECURE_NAME
LONGEST_ROOM = 64  # characters
LONGEST_COOKIE = 1024


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a provider and back to a room; ``session_id`` is whose account it is for, if it is to connect one."""

    provider: str
    room: str
    session_id: int | None
    secret: str

    @classmethod
    def begin(cls, provider: str, room: str, session_id: int | None = None) -> Self:
        """Return a new one."""
        return cls(provider, room[:LONGEST_ROOM], session_id, secrets.token_urlsafe(32))

    @classmethod
    def read(cls, request: cookies.HasCookies, provider: str, session_id: int | None) -> Self | None:
        """Return the one that a browser is on, if it is for this provider and, where that matters, this session."""
        found = cookies.read(request, SECURE_NAME, NAME)
        secret, connects, room = (*found[:LONGEST_COOKIE].split('.', 2), '', '')[:3]
        return cls(provider, unquote(room), session_id if connects == '1' else None, secret) if secret else None

    @property
    def state(self) -> str:
        """What the provider hands back, to show that this browser asked."""
        return self._derive('state')

    @property
    def nonce(self) -> str:
        """What the ID token must carry, to show that it was made for this."""
        return self._derive('nonce')

    @property
    def verifier(self) -> str:
        """What is worth the code, and known only to who asked for it (PKCE)."""
        return self._derive('verifier')

    def keep(self, request: HTTPConnection, response: Response, public_url: str | None) -> None:
        """Make the browser keep it where no script and no other site can read it."""
        secure = cookies.is_secure(request, public_url)
        value = f'{self.secret}.{int(self.session_id is not None)}.{quote(self.room, safe="")}'
        response.headers['Cache-Control'] = 'no-store'
        response.set_cookie(
            SECURE_NAME if secure else NAME,
            value,
            max_age=WAY // 1000,
            path='/',
            secure=secure,
            httponly=True,
            samesite='lax',  # it has to come along when the provider sends the browser back
        )

    def _derive(self, what: str) -> str:
        message = json.dumps([what, self.provider, self.room, self.session_id])
        digest = hmac.digest(self.secret.encode('utf-8', 'replace'), message.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b'=').decode()


def forget(response: Response) -> None:
    """Make the browser forget which way it was on."""
    for name in (SECURE_NAME, NAME):
        response.delete_cookie(name, path='/', secure=name == SECURE_NAME, httponly=True, samesite='lax')


def connect_proof(token: str, provider: str) -> str:
    """Return what shows that a link to connect an account stood on a page of the session with this token.

    Or another site could lead somebody to a provider where they are signed in as somebody else, who would get a way in.
    """
    return hmac.new(token.encode('utf-8', 'replace'), f'connect {provider}'.encode(), hashlib.sha256).hexdigest()


def is_same(ours: str, theirs: str) -> bool:
    """Whether a secret is the right one, told in a time that says nothing about it."""
    return hmac.compare_digest(ours.encode(), theirs.encode('utf-8', 'replace'))
