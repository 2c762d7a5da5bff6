"""Incoming webhooks: the calls that make and end them, and the door that takes what other programs have to say.

The address of a webhook is its secret, so nothing behind the door's first step gets to see it in a path.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from api import errors, schemas, slack
from api.caching import uncached
from api.describe import refusals
from api.who import ERRORS, TheChat, TheSession
from chat import Chat
from chat.errors import Invalid
from chat.events import iso
from chat.models import Hook as ChatHook
from web import entering
from web.addresses import address_of
from web.requests import LimitRequests, is_form

PATH = '/hooks'
MOST_FIELDS = 20  # of a form
SECRET = 'hearth.hook_secret'  # noqa: S105 - a key of the scope
HookId = Annotated[schemas.Id, Path(description='The `id` of the webhook.', examples=[4])]

router = APIRouter(prefix='/v1/rooms/{slug}/hooks', tags=['webhooks'], responses=ERRORS | refusals(403, 404))


class NewHook(schemas.Wanted):
    """What the bot of a new webhook is to be called."""

    name: str = Field(examples=['Builds'])


class Hook(BaseModel):
    """An incoming webhook; ``name`` is its bot's."""

    id: int = Field(examples=[4])
    name: str = Field(examples=['Builds'])
    room: schemas.Slug
    created_at: schemas.Moment


class HookWithSecret(Hook):
    """A fresh webhook; its secret, and the address that contains it, are shown this once."""

    secret: schemas.Token
    url: str = Field(examples=['https://chat.example.org/hooks/rq3Hk0mT…'])


class Hooks(BaseModel):
    """The webhooks of a room."""

    hooks: list[Hook]


@router.post('', status_code=201, responses=refusals(409, 429), dependencies=[Depends(uncached)])
async def create(
    chat: TheChat, session: TheSession, slug: schemas.RoomSlug, new: NewHook, request: Request
) -> HookWithSecret:
    """Make a webhook, whose bot joins the room; for the room's owner."""
    hook, secret = await chat.hooks.create(session.user, slug, new.name, address_of(request.scope))
    site = entering.site(request, chat.settings.public_url)
    return HookWithSecret(**hook_json(hook), secret=secret, url=f'{site}{PATH}/{secret}')


@router.get('')
async def list_hooks(chat: TheChat, session: TheSession, slug: schemas.RoomSlug) -> Hooks:
    """Return the webhooks of a room; for its owner."""
    return Hooks(hooks=[Hook(**hook_json(hook)) for hook in await chat.hooks.list(session.user, slug)])


@router.delete('/{hook_id}', status_code=204)
async def delete(chat: TheChat, session: TheSession, slug: schemas.RoomSlug, hook_id: HookId, request: Request) -> None:
    """End a webhook, whose bot leaves the room; for the room's owner."""
    await chat.hooks.delete(session.user, slug, hook_id, address_of(request.scope))


def hook_json(hook: ChatHook) -> dict[str, Any]:
    """Return a webhook as programs get it."""
    return {'id': hook.id, 'name': hook.bot.name, 'room': hook.room, 'created_at': iso(hook.created_at)}


def create_door(chat: Chat) -> ASGIApp:
    """Return the application to be mounted at PATH."""
    door = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    door.state.chat = chat
    door.add_api_route('/', speak, methods=['POST'], response_class=PlainTextResponse)
    door.add_middleware(LimitRequests)
    errors.install(door)
    return _HideSecret(door)


async def payload_of(request: Request) -> slack.Payload:
    """Return what was posted, as JSON or in a form's field; raises Invalid or RequestValidationError."""
    raw = await _field(request) if is_form(request.headers) else await request.body()
    try:
        return slack.Payload.model_validate_json(raw)
    except ValidationError as error:
        raise RequestValidationError(
            [{**each, 'loc': ('body', *each['loc'])} for each in error.errors(include_url=False, include_input=False)]
        ) from None


async def speak(
    request: Request, chat: TheChat, payload: Annotated[slack.Payload, Depends(payload_of)]
) -> PlainTextResponse:
    """Say it in the webhook's room."""
    said = slack.read(payload)
    try:
        await chat.hooks.post(request.scope[SECRET], said.body, said.username)
    except Invalid as error:  # which speaks of a message's body
        raise Invalid(error.message, 'text') from None
    return PlainTextResponse('ok')


async def _field(request: Request) -> str | bytes:
    """Return the form's field ``payload``, or all of it if it is JSON, as curl sends it unless told what it is."""
    body = await request.body()
    if body.lstrip().startswith(b'{'):
        return body
    try:
        field = (await request.form(max_files=MOST_FIELDS, max_fields=MOST_FIELDS)).get('payload')
    except HTTPException:
        raise Invalid('This form cannot be read.') from None
    if field is None:
        raise Invalid('A form must have its JSON in the field "payload".', 'payload')
    return await field.read() if isinstance(field, UploadFile) else field


class _HideSecret:
    """Takes the secret out of the path before anything that could log a path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as one for ``/``."""
        root = scope.get('root_path', '')
        secret = scope.get('path', '').removeprefix(root).removeprefix('/')
        await self._app({**scope, 'path': f'{root}/', 'raw_path': b'', SECRET: secret}, receive, send)
