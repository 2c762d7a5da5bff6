"""How the API describes itself: what its OpenAPI document says beside the calls and their models."""

import re
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from api import schemas
from chat.errors import (
    ChatError,
    Forbidden,
    Invalid,
    NameTaken,
    NotFound,
    RateLimited,
    StorageFailed,
    Unauthenticated,
)
from web.answers import STATUS, error_body
from web.crashes import Crash
from web.requests import RequestTooLarge

DESCRIPTION = """\
The door for programs of a Hearth chat server: whatever a person can do in a page, a program can do here, and both see
it at once.

Sign in with `POST /v1/sessions` and send the token as `Authorization: Bearer TOKEN`. Every answer that is not a success
has one shape, `{"error": {"code", "message", "field"}}`. A path that is not here is answered with 404 (`not_found`), a
method that it does not have with 405 (`method_not_allowed`).

To be told what happens instead of asking, connect to the WebSocket at `/v1/ws`.
"""
TAGS = [
    {'name': 'sessions', 'description': 'Signing in and out.'},
    {'name': 'accounts', 'description': "Names that are somebody's for good, and who administers the chat."},
    {'name': 'profiles', 'description': 'How people present themselves.'},
    {'name': 'rooms', 'description': 'Rooms, who belongs to them, and what has changed in them.'},
    {'name': 'messages', 'description': 'Reading, sending, editing and deleting.'},
    {'name': 'files', 'description': 'Bringing files to a room, and getting them.'},
    {'name': 'moderation', 'description': 'Muting, banning, hiding, all of it undone; reports, and the audit log.'},
    {'name': 'invitations', 'description': 'Links that let people in, and into rooms.'},
    {'name': 'administration', 'description': 'All rooms, sessions and webhooks, settings, and how the server is.'},
    {'name': 'webhooks', 'description': "Addresses by which other programs speak in a room; for the room's owner."},
    {'name': 'bots', 'description': "Bots and their tokens; for the server's operator, and administrators."},
]
REFUSALS: tuple[tuple[ChatError, str], ...] = (
    (Unauthenticated(), 'Nobody is signed in, or the session has ended.'),
    (Forbidden("Only the room's owner or a moderator can change it."), 'The caller may not do this.'),
    (NotFound('There is no such room, or it is not open to you.'), 'It is not there, or not for the caller.'),
    (NameTaken('Ada', 'Ada2'), 'It clashes with what is there already.'),
    (RequestTooLarge(), 'The request has too many bytes.'),
    (Invalid('"name" is missing.', 'name'), 'An input breaks a rule; `field` names it.'),
    (RateLimited('sending', 4), 'Too much in too short a time.'),
    (Crash('1f0c3a9e'), 'The server made a mistake.'),
    (StorageFailed(), 'The database did not take it; nothing was changed.'),
)
HEADERS = {
    401: {'WWW-Authenticate': {'description': 'How to sign in.', 'schema': {'type': 'string', 'const': 'Bearer'}}},
    429: {'Retry-After': {'description': 'In how many seconds.', 'schema': {'type': 'string', 'pattern': '^[0-9]+$'}}},
}


def _refusal(error: ChatError, when: str) -> dict[str, Any]:
    headers = HEADERS.get(STATUS[error.code], {})
    return {'model': schemas.Error, 'description': when, 'headers': headers}


EVERY_REFUSAL = {STATUS[error.code]: _refusal(error, when) for error, when in REFUSALS}
EXAMPLES = {str(STATUS[error.code]): error_body(error.code, error.message, error.field) for error, _ in REFUSALS}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route declares as its error answers."""
    return {status: EVERY_REFUSAL[status] for status in statuses}


ANY_CALL = refusals(413, 422, 500, 503)


def operation_id(route: APIRoute) -> str:
    """Return the name that generated clients call an operation by."""
    return f'{route.tags[0]}_{route.name}'


def install(api: FastAPI) -> None:
    """Complete the document by what FastAPI has no place for."""
    write = api.openapi

    def openapi() -> dict[str, Any]:
        document = write()  # which FastAPI keeps
        for operations in document['paths'].values():
            for operation in operations.values():
                _complete(operation)
        return document

    api.openapi = openapi  # type: ignore[method-assign]


def _complete(operation: dict[str, Any]) -> None:
    operation['description'] = operation['description'].replace('``', '`')  # Markdown's, not the docstring's
    operation['summary'] = re.split(r'[;.:]', operation['description'])[0].replace('`', '')
    operation['responses'] = dict(sorted(operation['responses'].items()))
    for status in EXAMPLES.keys() & operation['responses'].keys():  # FastAPI would leave out "field": null
        operation['responses'][status]['content']['application/json']['example'] = EXAMPLES[status]
