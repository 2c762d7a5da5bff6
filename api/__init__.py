"""The door for programs."""

from fastapi import FastAPI
from starlette.types import ASGIApp

from api import (
    accounts,
    administration,
    bots,
    catching_up,
    cors,
    describe,
    direct,
    docs,
    errors,
    files,
    hooks,
    invitations,
    messages,
    moderation,
    notifications,
    pins,
    profiles,
    rooms,
    search,
    sessions,
)
from api.ws import Gate
from chat import Chat
from chat.version import VERSION
from web.requests import LimitRequests


def create_api(chat: Chat) -> ASGIApp:
    """Return the application to be mounted at ``/api``."""
    # Without redirects: they would name whatever host the caller named, and are no answer in the one shape of errors.
    api = FastAPI(
        title='Hearth',
        version=VERSION,
        description=describe.DESCRIPTION,
        openapi_tags=describe.TAGS,
        generate_unique_id_function=describe.operation_id,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    api.state.chat = chat
    people = (sessions, accounts, profiles, invitations, moderation, administration)
    for part in (*people, rooms, notifications, direct, messages, files, pins, hooks, bots, catching_up, search):
        api.include_router(part.router)
    api.add_api_websocket_route('/v1/ws', Gate(chat).enter)
    api.add_middleware(LimitRequests, larger={**profiles.LARGER, **files.LARGER})
    errors.install(api)
    describe.install(api)
    docs.install(api)
    return cors.allow(api, chat.settings.allowed_origins)
