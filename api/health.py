"""Whether the server is alive, and whether it can serve, for whoever watches over it."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from api import errors
from api.caching import UNCACHED
from chat import Chat
from chat.errors import StorageFailed
from web.answers import STATUS

METHODS = ['GET', 'HEAD']
WELL = {'status': 'ok'}


def install(app: FastAPI, chat: Chat) -> None:
    """Answer ``/healthz`` and ``/readyz``; of several chats the last one counts."""
    app.state.chat = chat
    app.add_api_route('/healthz', healthz, methods=METHODS, include_in_schema=False)
    app.add_api_route('/readyz', readyz, methods=METHODS, include_in_schema=False)


async def healthz() -> dict[str, str]:
    """Say that the server is alive."""
    return WELL


async def readyz(request: Request) -> Response:
    """Say whether a message could be stored now, and otherwise what is missing."""
    chat: Chat = request.app.state.chat
    missing = await chat.readiness.missing()
    if missing is not None:
        return errors.answer(STATUS[StorageFailed.code], StorageFailed.code, missing, headers=UNCACHED)
    return JSONResponse({**WELL, **chat.readiness.stands_on}, headers=UNCACHED)
