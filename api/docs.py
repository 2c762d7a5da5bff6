"""The API's own page, ``/api/docs``: Swagger UI, from files that come with the server."""

import secrets
from importlib import resources
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

FILES = Path(str(resources.files('fastapi_swagger') / 'resources'))
UI = {'displayRequestDuration': True, 'filter': True, 'tryItOutEnabled': True}


def install(api: FastAPI) -> None:
    """Show the page, which needs nothing from another host."""
    api.add_route('/docs', page)
    api.mount('/docs/files', StaticFiles(directory=FILES))


async def page(request: Request) -> HTMLResponse:
    """Return the page; the one script that stands in it is let run by a nonce."""
    at = f'{request.scope["root_path"]}/docs/files'
    html = get_swagger_ui_html(
        openapi_url=f'{request.scope["root_path"]}{request.app.openapi_url}',
        title='The API of Hearth',
        swagger_js_url=f'{at}/swagger-ui-bundle.js',
        swagger_css_url=f'{at}/swagger-ui.css',
        swagger_favicon_url=f'{at}/favicon-32x32.png',
        swagger_ui_parameters=UI,
    )
    nonce = secrets.token_urlsafe(16)
    words = (
        bytes(html.body).decode().replace('<script>', f'<script nonce="{nonce}">').replace('<html>', '<html lang="en">')
    )
    return HTMLResponse(words, headers={'Content-Security-Policy': policy(nonce)})


def policy(nonce: str) -> str:
    """Return the page's Content-Security-Policy; Swagger UI writes styles into the page, and icons as data."""
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
