"""Errors to words: the one shape that every answer that is not a success has."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from chat.errors import ChatError
from web import answers, mistakes
from web.answers import STATUS, error_body, headers_of
from web.crashes import crash_of

# FastAPI tells letters that are none, or too deep a nesting, from other bad JSON.
HTTP_ERRORS = {**answers.HTTP_ERRORS, 400: (422, 'invalid', mistakes.NOT_JSON)}
METHODS = ('DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT')


def install(api: FastAPI) -> None:
    """Answer every error of the API in its one shape."""

    @api.exception_handler(ChatError)
    async def chat_error(_: Request, error: ChatError) -> JSONResponse:
        return of(error)

    @api.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        return answer(422, 'invalid', *mistakes.first_of(error))

    @api.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        otherwise = (error.status_code, 'invalid', str(error.detail))
        status, code, message = HTTP_ERRORS.get(error.status_code, otherwise)
        headers = {'Allow': _allowed(request)} if status == 405 else dict(error.headers or {})
        return answer(status, code, message, headers=headers)

    @api.exception_handler(Exception)
    async def crash(request: Request, error: Exception) -> JSONResponse:
        return of(crash_of(error, f'{request.method} {request.scope["path"]!r}', trace=False))  # it is raised again

    @api.exception_handler(ClientDisconnect)
    async def broken_off(_: Request, __: ClientDisconnect) -> JSONResponse:
        return answer(400, 'invalid', 'The request broke off.')  # which nobody reads


def of(error: ChatError) -> JSONResponse:
    """Return the answer to an error."""
    return answer(STATUS[error.code], error.code, error.message, error.field, headers_of(error))


def answer(
    status: int, code: str, message: str, field: str | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return an error answer."""
    return JSONResponse(error_body(code, message, field), status, headers)


def _allowed(request: Request) -> str:
    """Return the methods of an address; the framework names those of one of its routes alone."""
    scopes = [{**request.scope, 'method': method} for method in METHODS]
    allowed = (scope for scope in scopes if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes))
    return ', '.join(scope['method'] for scope in allowed)
