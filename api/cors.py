"""Which other sites' pages may read what the API answers: CORS, by HEARTH_ALLOWED_ORIGINS and never with cookies."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from api.errors import answer
from chat.errors import Forbidden

METHODS = ('GET', 'POST', 'PATCH', 'PUT', 'DELETE')
HEADERS = ('Authorization', 'Content-Type')
EXPOSED = ('Retry-After',)
OK = 200
REMEMBERED = 600  # s that a browser need not ask again


def allow(app: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    """Return the app for pages of these origins as well, or of all for ``*``; errors and refusals are readable, too."""
    if not origins:
        return app
    return _Cors(
        app,
        allow_origins=origins,
        allow_methods=METHODS,
        allow_headers=HEADERS,
        expose_headers=EXPOSED,
        max_age=REMEMBERED,
    )


class _Cors(CORSMiddleware):
    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code != OK:
            return answer(403, Forbidden.code, f'A page of this site may not do that: {bytes(response.body).decode()}.')
        return response
