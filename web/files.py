"""Files as answers, for whichever door: whole or in part, and harmless whatever is in them.

Only pictures that were encoded anew here are shown where they are asked for; all else is to be saved, and may do
nothing if a browser shows it all the same: it is of no origin, runs no script, and is of the type that is said.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from chat.files import Opened
from web.requests import IS_HEAD

# Asked for again each time, and answered with 304 if it is known: it is gone with the message, or the membership.
CACHING = 'private, no-cache'
HARMLESS = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
RANGE = re.compile(r'bytes=([0-9]{0,18})-([0-9]{0,18})')


async def answer(request: Request, opened: Opened, *, show: bool = False) -> Response:
    """Return a file, or the part of it that a request asks for; ``show``: a browser may show it in a tab.

    Raises NotFound or StorageFailed before anything is sent.
    """
    headers = _headers(opened, show=show or opened.type.startswith('image/'))
    if _is_among(opened.tag, request.headers.get('if-none-match')):
        return Response(status_code=304, headers=headers)
    span = _span(request, opened)
    if span is None:
        return Response(status_code=416, headers={**headers, 'Content-Range': f'bytes */{opened.size}'})
    start, length = span
    status = 200
    if length < opened.size:
        status, headers['Content-Range'] = 206, f'bytes {start}-{start + length - 1}/{opened.size}'
    headers['Content-Length'] = str(length)
    pieces = opened.read(start, length)
    first = await anext(pieces, b'')  # what cannot be read is still to be told in words
    if request.scope.get(IS_HEAD):
        await pieces.aclose()
        return Response(status_code=status, headers=headers)
    return StreamingResponse(_all(first, pieces), status, headers)


def _headers(opened: Opened, *, show: bool) -> dict[str, str]:
    kind = f'{opened.type}; charset=utf-8' if opened.type.startswith('text/') else opened.type
    return {
        'Content-Type': kind,
        'Content-Disposition': _disposition('inline' if show else 'attachment', opened.attachment.name),
        'Content-Security-Policy': HARMLESS,
        'Cross-Origin-Resource-Policy': 'same-origin',
        'Cache-Control': CACHING,
        'Accept-Ranges': 'bytes',
        'ETag': f'"{opened.tag}"',
    }


def _disposition(how: str, name: str) -> str:
    """Return how a file is to be taken and what it is called, in the two ways of RFC 6266."""
    plain = re.sub(r'[^A-Za-z0-9 ._()+-]', '_', name)
    return f'{how}; filename="{plain}"; filename*=UTF-8\'\'{quote(name, safe="")}'


def _is_among(tag: str, known: str | None) -> bool:
    return known is not None and (known.strip() == '*' or f'"{tag}"' in known)


def _span(request: Request, opened: Opened) -> tuple[int, int] | None:
    """Return where to begin and how many bytes to give; None for a part that is not there.

    More than one part, or one of another version, is answered with the whole.
    """
    match = RANGE.fullmatch(request.headers.get('range', '').replace(' ', ''))
    condition = request.headers.get('if-range')
    if match is None or match[0] == 'bytes=-' or (condition is not None and condition != f'"{opened.tag}"'):
        return 0, opened.size
    if not match[1]:  # the last so many bytes
        length = min(int(match[2]), opened.size)
        return (opened.size - length, length) if length else None
    start, last = int(match[1]), int(match[2] or opened.size)
    if last < start and match[2]:
        return 0, opened.size  # no range at all (RFC 9110, 14.1.1)
    return (start, min(last + 1, opened.size) - start) if start < opened.size else None


async def _all(first: bytes, pieces: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    async with aclosing(pieces):
        yield first
        async for piece in pieces:
            yield piece
