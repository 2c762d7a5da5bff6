"""Asking a provider: within 10 seconds, for at most a megabyte, and never where it only sends us on."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx

from chat.identities import Refused

WITHIN = 10.0  # s, for the whole answer: a drop every 9 seconds would otherwise be an answer
LARGEST = 1024 * 1024  # bytes
HEADERS = {'Accept': 'application/json', 'Accept-Encoding': 'identity'}  # a small answer must not unpack to a large one


class Failed(Refused):
    """A provider did not answer as it should; ``reason`` is for the log, and has no secrets."""

    def __init__(self, reason: str) -> None:
        super().__init__('provider_failed')
        self.reason = reason


async def fetch(
    address: str,
    form: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    *,
    token: str | None = None,
) -> dict[str, Any]:
    """Return the JSON object at an address, for whom a token is, or the answer to a form. Raises Failed."""
    headers = HEADERS if token is None else {**HEADERS, 'Authorization': f'Bearer {token}'}
    try:
        async with asyncio.timeout(WITHIN):
            status, body = await _ask(address, form, auth, headers)
    except TimeoutError:
        raise Failed(f'no whole answer within {WITHIN:g} s') from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Failed(f'{type(error).__name__}: {str(error)[:200]!r}') from None
    answer = _read(body)
    if status != 200:
        code = answer.get('error') if answer is not None else None
        raise Failed(f'status {status}' + (f', error {code[:64]!r}' if isinstance(code, str) else ''))
    if answer is None:
        raise Failed('an answer that is no JSON object')
    return answer


async def _ask(
    address: str, form: Mapping[str, str] | None, auth: tuple[str, str] | None, headers: Mapping[str, str]
) -> tuple[int, bytes]:
    async with (
        httpx.AsyncClient(verify=_trusted(), timeout=WITHIN, follow_redirects=False) as client,
        client.stream('GET' if form is None else 'POST', address, data=form, auth=auth, headers=headers) as response,
    ):
        if response.headers.get('content-encoding', 'identity').lower() != 'identity':
            raise Failed('an answer that is packed, though that was not asked for')
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > LARGEST:
                raise Failed(f'an answer of more than {LARGEST:,} bytes')
        return response.status_code, bytes(body)


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


@cache
def _trusted() -> ssl.SSLContext:
    """Return whose certificates count, with what SSL_CERT_FILE names; reading them takes long."""
    return httpx.create_ssl_context()
