"""Whether the server is alive, and whether it can serve, for whoever watches over it."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from api import errors
from api.caching import UNCACHED
from chat import Chat

METHODS = ['GET', 'HEAD']
WELL = {'status': 'ok'}
STOPPING = ('unavailable', 'This server is stopping: ask another one.')
UNAVAILABLE = 503


def install(app: FastAPI, chat: Chat) -> None:
    """Answer ``/healthz`` and ``/readyz``; of several chats the last one counts."""
    app.state.chat = chat
    app.add_api_route('/healthz', healthz, methods=METHODS, include_in_schema=False)
    app.add_api_route('/readyz', readyz, methods=METHODS, include_in_schema=False)


async def healthz() -> dict[str, str]:
    """Say that the server is alive."""
    return WELL


async def readyz(request: Request) -> Response:
    """Say whether a message could be stored now and told everywhere, and otherwise what is missing.

    ``?without=redis`` is for balancers: when Redis is gone, every server still serves.
    """
    chat: Chat = request.app.state.chat
    if chat.readiness.is_stopping:
        return errors.answer(UNAVAILABLE, *STOPPING, headers=UNCACHED)
    missing = await chat.readiness.missing(without_redis='redis' in request.query_params.getlist('without'))
    if missing is not None:
        return errors.answer(UNAVAILABLE, missing.code, missing.sentence, headers=UNCACHED)
    return JSONResponse({**WELL, **chat.readiness.stands_on}, headers=UNCACHED)
