"""What is said instead of an answer: a small page to people, the one JSON shape to programs.

NiceGUI would build a whole page for every unknown path and keep it for a minute, which strangers can do without end.
"""

import html
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from chat.errors import ChatError, Invalid, NotFound, RateLimited, Unauthenticated
from web import mistakes
from web.crashes import crash_of

PROGRAM_PATHS = ('/api/', '/hooks/', '/socket.io/', '/_nicegui_ws/')  # answered in JSON even if a browser asks
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ max-width: 32rem; margin: 20vh auto 0; padding: 0 1.5rem; font: 1.125rem/1.5 system-ui, sans-serif; }}
h1 {{ font-size: 1.5rem; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{message}</p>
<p><a href="/">Go to the rooms</a></p>
</main>
</body>
</html>
"""
STATUS = {  # by code
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
HTTP_ERRORS = {  # by what the framework calls them: status, code and sentence
    400: (422, Invalid.code, 'This form cannot be read.'),
    404: (404, NotFound.code, 'There is nothing at this address.'),
    405: (405, 'method_not_allowed', 'This cannot be done at this address.'),
}
TITLES = {404: 'This page is not there', 429: 'Please wait a moment', 500: 'Something went wrong'}


def error_answer(
    scope: Scope,
    status: int,
    code: str,
    message: str,
    headers: Mapping[str, str] | None = None,
    field: str | None = None,
) -> Response:
    """Say in the form that fits the asker that a request is not answered, and why."""
    headers = {'Cache-Control': 'no-store', **(headers or {})}
    if is_person(scope):
        title = TITLES.get(status, 'This is not possible')
        page = PAGE.format(title=html.escape(title), message=html.escape(message))
        return HTMLResponse(page, status, headers)
    return JSONResponse(error_body(code, message, field), status, headers)


def error_body(code: str, message: str, field: str | None) -> dict[str, Any]:
    """Return the one shape of errors."""
    return {'error': {'code': code, 'message': message, 'field': field}}


def is_person(scope: Scope) -> bool:
    """Whether a browser asks for a page to show, and not a program or a script for data."""
    accepts_pages = 'text/html' in Headers(scope=scope).get('accept', '')
    return accepts_pages and not f'{scope["path"]}/'.startswith(PROGRAM_PATHS)


def headers_of(error: ChatError) -> dict[str, str] | None:
    """Return the headers that the answer to an error has."""
    if isinstance(error, RateLimited):
        return {'Retry-After': str(error.retry_after)}
    return {'WWW-Authenticate': 'Bearer'} if isinstance(error, Unauthenticated) else None


def install(app: FastAPI) -> None:
    """Let the app answer itself what leads nowhere and what goes wrong; installing twice is harmless."""
    app.router.redirect_slashes = False  # a redirect would name whatever host the caller named

    @app.exception_handler(404)  # for which NiceGUI has a handler of its own
    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        otherwise = (error.status_code, Invalid.code, str(error.detail))
        return error_answer(request.scope, *HTTP_ERRORS.get(error.status_code, otherwise), error.headers)

    @app.exception_handler(ChatError)
    async def chat_error(request: Request, error: ChatError) -> Response:
        known = (STATUS[error.code], error.code, error.message)
        return error_answer(request.scope, *known, headers_of(error), error.field)

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> Response:
        message, field = mistakes.first_of(error)
        return error_answer(request.scope, 422, Invalid.code, message, field=field)

    @app.exception_handler(Exception)
    async def crash(request: Request, error: Exception) -> Response:
        said = crash_of(error, f'{request.method} {request.scope["path"]!r}', trace=False)  # it is raised again
        return error_answer(request.scope, 500, said.code, said.message)


async def nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer that there is nothing here; a WebSocket does not open."""
    if scope['type'] == 'websocket':
        await send({'type': 'websocket.close', 'code': 1008})
    else:
        await error_answer(scope, *HTTP_ERRORS[404])(scope, receive, send)
