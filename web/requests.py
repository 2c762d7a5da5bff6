"""What a request may bring, whichever door it comes by: so many bytes, and forms in UTF-8 alone."""

import re
from collections.abc import Collection, Mapping

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chat.errors import Invalid, TooLarge
from web.answers import error_answer

LARGEST_REQUEST = 256 * 1024  # bytes; 10,000 characters take at most 120,000 when each is escaped
FORMS = ('application/x-www-form-urlencoded', 'multipart/form-data')
UTF_8 = ('utf-8', 'utf8')
IS_HEAD = 'hearth.head'  # key of the scope of a request that is answered as GET, without the body


class RequestTooLarge(TooLarge):
    """A request of more bytes than it may have."""

    def __init__(self, most: int = LARGEST_REQUEST) -> None:
        super().__init__(f'A request has at most {most:,} bytes.')


class LimitRequests:
    """Refuses what is too large, without waiting for its end, and forms in letters of their own choice.

    Python reads dozens of codings, of which some take the square of the length. ``paths``: only what is sent there;
    ``larger``: the paths where more than LARGEST_REQUEST bytes may be sent, and how many; None where they are counted
    by what reads them. A star in such a path stands for one part of it.
    """

    def __init__(
        self, app: ASGIApp, paths: Collection[str] | None = None, larger: Mapping[str, int | None] | None = None
    ) -> None:
        self._app = app
        self._paths = paths
        self._larger = {
            re.compile(re.escape(path).replace(r'\*', '[^/]+')): most for path, most in (larger or {}).items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting what comes."""
        if scope['type'] != 'http' or (self._paths is not None and scope['path'] not in self._paths):
            await self._app(scope, receive, send)
            return
        most = self._most(scope['path'].removeprefix(scope.get('root_path', '')))
        if most is None:
            await self._app(scope, receive, send)
            return
        refusal = _refusal(scope, most)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get('body', b''))
            return message if received <= most else {'type': 'http.disconnect'}

        async def unless_too_large(message: Message) -> None:
            if received <= most:
                await send(message)

        try:
            await self._app(scope, counted, unless_too_large)
        finally:
            if received > most:
                await _too_large(scope, most)(scope, receive, send)

    def _most(self, path: str) -> int | None:
        return next((most for each, most in self._larger.items() if each.fullmatch(path)), LARGEST_REQUEST)


class AnswerHead:
    """Answers HEAD as GET, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as one for the whole."""
        if scope['type'] != 'http' or scope['method'] != 'HEAD':
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            await send({**message, 'body': b''} if message['type'] == 'http.response.body' else message)

        await self._app({**scope, 'method': 'GET', IS_HEAD: True}, receive, without_body)


def is_form(headers: Headers) -> bool:
    """Whether a request says that it brings a form."""
    return headers.get('content-type', '').partition(';')[0].strip().lower() in FORMS


def _refusal(scope: Scope, most: int) -> Response | None:
    headers = Headers(scope=scope)
    declared = headers.get('content-length', '')
    if declared.isdecimal() and int(declared) > most:
        return _too_large(scope, most)
    # Read as the parser of forms reads it: it must not find another charset than the one that was looked at.
    charset = parse_options_header(headers.get('content-type'))[1].get(b'charset', b'utf-8')
    if is_form(headers) and charset.decode('latin-1').lower() not in UTF_8:
        return error_answer(scope, 422, Invalid.code, 'A form must be in UTF-8.')
    return None


def _too_large(scope: Scope, most: int) -> Response:
    error = RequestTooLarge(most)
    return error_answer(scope, 413, error.code, error.message)
