"""What is said instead of an answer: a small page to people, the one JSON shape to programs.

NiceGUI would build a whole page for every unknown path and keep it for a minute, which strangers can do without end.
"""

import html
from collections.abc import Mapping

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Scope

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
TITLES = {404: 'This page is not there', 429: 'Please wait a moment', 500: 'Something went wrong'}


def error_answer(
    scope: Scope, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Say in the form that fits the asker that a request is not answered, and why."""
    headers = {'Cache-Control': 'no-store', **(headers or {})}
    if is_person(scope):
        title = TITLES.get(status, 'This is not possible')
        page = PAGE.format(title=html.escape(title), message=html.escape(message))
        return HTMLResponse(page, status, headers)
    return JSONResponse({'error': {'code': code, 'message': message, 'field': None}}, status, headers)


def is_person(scope: Scope) -> bool:
    """Whether a browser asks for a page to show, and not a program or a script for data."""
    accepts_pages = 'text/html' in Headers(scope=scope).get('accept', '')
    return accepts_pages and not f'{scope["path"]}/'.startswith(PROGRAM_PATHS)


def install_not_found(app: FastAPI) -> None:
    """Let the app answer unknown paths and its own failures itself; installing twice is harmless."""
    app.add_exception_handler(404, _not_found)
    app.add_exception_handler(Exception, _failed)


async def _not_found(request: Request, _: Exception) -> Response:
    return error_answer(request.scope, 404, 'not_found', 'There is nothing at this address.')


async def _failed(request: Request, _: Exception) -> Response:
    # The server logs the error by itself: it is raised again once this has been sent.
    return error_answer(
        request.scope, 500, 'internal', 'The server failed to answer this. Please try again in a moment.'
    )
