"""Errors to words: the one shape that every answer that is not a success has."""

import logging
import secrets
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chat.errors import ChatError, RateLimited, TooLarge, Unauthenticated

STATUS = {
    'invalid': 422,
    'unauthenticated': 401,
    'forbidden': 403,
    'not_found': 404,
    'conflict': 409,
    'name_taken': 409,
    'too_large': 413,
    'rate_limited': 429,
    'internal': 500,
    'storage_failed': 503,
}
NOT_JSON = 'The request is not valid JSON.'
NO_OBJECT = 'The request must be a JSON object, sent with "Content-Type: application/json".'
HTTP_ERRORS = {
    400: (422, 'invalid', NOT_JSON),  # FastAPI tells letters that are none, or too deep a nesting, from other bad JSON
    404: (404, 'not_found', 'There is nothing at this address.'),
    405: (405, 'method_not_allowed', 'This cannot be done at this address.'),
}
LARGEST_REQUEST = 256 * 1024  # bytes; 10,000 characters take at most 120,000 when each is escaped
METHODS = ('DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT')
log = logging.getLogger('hearth.api')


class Crash(ChatError):
    """Nobody expected it; ``number`` is in the log."""

    code = 'internal'

    def __init__(self, number: str) -> None:
        super().__init__(f'The server made a mistake. If you tell its operator, name it by its number, {number}.')


class RequestTooLarge(TooLarge):
    """A request of more than LARGEST_REQUEST bytes."""

    def __init__(self) -> None:
        super().__init__(f'A request has at most {LARGEST_REQUEST:,} bytes.')


def install(api: FastAPI) -> None:
    """Answer every error of the API in its one shape."""

    @api.exception_handler(ChatError)
    async def chat_error(_: Request, error: ChatError) -> JSONResponse:
        return of(error)

    @api.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        names = [part for part in first['loc'][1:] if isinstance(part, str)]  # behind "body", "query" or "path"
        field = names[-1] if names else None
        return answer(422, 'invalid', sentence(first['type'], first['msg'], field), field)

    @api.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        otherwise = (error.status_code, 'invalid', str(error.detail))
        status, code, message = HTTP_ERRORS.get(error.status_code, otherwise)
        headers = {'Allow': _allowed(request)} if status == 405 else dict(error.headers or {})
        return answer(status, code, message, headers=headers)

    @api.exception_handler(Exception)
    async def crash(request: Request, error: Exception) -> JSONResponse:
        number = secrets.token_hex(4)
        log.error('Crash %s in %s %r', number, request.method, request.scope['path'], exc_info=error)
        return of(Crash(number))


def of(error: ChatError) -> JSONResponse:
    """Return the answer to an error."""
    return answer(STATUS[error.code], error.code, error.message, error.field, _headers(error))


def answer(
    status: int, code: str, message: str, field: str | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return an error answer."""
    return JSONResponse(body(code, message, field), status, headers)


def body(code: str, message: str, field: str | None) -> dict[str, Any]:
    """Return the one shape of errors."""
    return {'error': {'code': code, 'message': message, 'field': field}}


class LimitRequests:
    """Refuses requests with more than LARGEST_REQUEST bytes, without waiting for their end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting what comes."""
        if scope['type'] != 'http':
            await self._app(scope, receive, send)
            return
        refusal = of(RequestTooLarge())
        declared = dict(scope['headers']).get(b'content-length', b'0')
        if declared.isdigit() and int(declared) > LARGEST_REQUEST:
            await refusal(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get('body', b''))
            return message if received <= LARGEST_REQUEST else {'type': 'http.disconnect'}

        async def unless_too_large(message: Message) -> None:
            if received <= LARGEST_REQUEST:
                await send(message)

        try:
            await self._app(scope, counted, unless_too_large)
        finally:
            if received > LARGEST_REQUEST:
                await refusal(scope, receive, send)


def _allowed(request: Request) -> str:
    """Return the methods of an address; the framework names those of one of its routes alone."""
    scopes = [{**request.scope, 'method': method} for method in METHODS]
    allowed = (scope for scope in scopes if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes))
    return ', '.join(scope['method'] for scope in allowed)


def _headers(error: ChatError) -> dict[str, str] | None:
    if isinstance(error, RateLimited):
        return {'Retry-After': str(error.retry_after)}
    return {'WWW-Authenticate': 'Bearer'} if isinstance(error, Unauthenticated) else None


def sentence(kind: str, said: str, field: str | None) -> str:
    """Say in words what Pydantic has against a value."""
    if kind == 'json_invalid':
        return NOT_JSON
    if kind == 'model_attributes_type':
        return NO_OBJECT
    if kind == 'missing':
        return f'"{field}" is missing.' if field else 'The request has no body.'
    return f'"{field}": {said}.' if field else f'{said}.'
