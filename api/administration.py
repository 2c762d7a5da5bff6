"""What administrators see of everything there is, and how they put it in order."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from api import schemas
from api.describe import refusals
from api.who import ERRORS, TheActor, TheChat, TheSession
from chat.events import iso, room_json, user_json
from chat.models import Policy as ChatPolicy
from chat.models import RoomSummary, Signed, WhoMay

SessionId = Annotated[schemas.Id, Path(description='The `id` of the session.', examples=[12])]
HookId = Annotated[schemas.Id, Path(description='The `id` of the webhook.', examples=[3])]
Number = Annotated[float, Field(examples=[0.5])]
Bytes = Annotated[int, Field(examples=[1_048_576])]

router = APIRouter(prefix='/v1/admin', tags=['administration'], responses=ERRORS | refusals(403))


class Room(BaseModel):
    """A room, with how many people belong to it, and how many messages it has."""

    slug: schemas.Slug
    name: str = Field(examples=['Book club'])
    topic: str = Field(examples=['Novels'])
    private: bool = Field(examples=[False])
    archived: bool = Field(examples=[False])
    people: int = Field(examples=[5])
    messages: int = Field(examples=[1200])


class Rooms(BaseModel):
    """All rooms but those of direct messages, by name."""

    rooms: list[Room]


class Archived(schemas.Wanted):
    """Whether nobody is to write in a room any more."""

    archived: bool = Field(examples=[True])


class Session(BaseModel):
    """Where somebody is signed in; ``address`` is empty if it was not noted."""

    id: int = Field(examples=[12])
    user: schemas.User
    user_agent: str = Field(examples=['Mozilla/5.0'])
    address: str = Field(examples=['192.0.2.1'])
    created_at: schemas.Moment
    last_used_at: schemas.Moment


class Sessions(BaseModel):
    """Who is signed in where, the session used last first, 500 of them."""

    sessions: list[Session]


class Hook(BaseModel):
    """A webhook of a room, by its ``slug``."""

    id: int = Field(examples=[3])
    room: schemas.Slug
    bot: schemas.User
    created_at: schemas.Moment


class Hooks(BaseModel):
    """The webhooks of all rooms."""

    hooks: list[Hook]


class Policy(BaseModel):
    """Who may open rooms, invite people, and write to others directly."""

    create_rooms: WhoMay = Field(examples=['everybody'])
    invite: WhoMay = Field(examples=['moderators'])
    direct_messages: WhoMay = Field(examples=['everybody'])


class PolicyChanges(schemas.Wanted):
    """What is to be set otherwise; what is not given stays."""

    create_rooms: WhoMay = Field(default='everybody', json_schema_extra=schemas.no_default)
    invite: WhoMay = Field(default='everybody', json_schema_extra=schemas.no_default)
    direct_messages: WhoMay = Field(default='everybody', json_schema_extra=schemas.no_default)


class Health(BaseModel):
    """How the server is that was asked, in numbers; sizes are in bytes, times in seconds."""

    people_online: int = Field(examples=[12])
    connections: dict[str, int] = Field(examples=[{'websocket': 3}])
    messages_per_second: Number
    delivery_p95: float | None = Field(examples=[0.001])
    uptime: Number
    memory: int | None = Field(examples=[104_857_600])
    database_size: Bytes
    upload_size: Bytes
    versions: dict[str, str] = Field(examples=[{'hearth': '0.1.0'}])
    redis: str = Field(examples=['not used'])
    problem: str = Field(examples=[''])


@router.get('/rooms')
async def rooms(chat: TheChat, actor: TheActor) -> Rooms:
    """Return all rooms but those of direct messages, by name; also private ones, and nothing of what is said there."""
    return Rooms(rooms=[Room.model_validate(_room(each)) for each in await chat.supervision.rooms(actor)])


@router.patch('/rooms/{slug}', status_code=204, responses=refusals(404, 429))
async def set_archived(chat: TheChat, actor: TheActor, slug: schemas.RoomSlug, wanted: Archived) -> None:
    """Archive a room, or let people write in it again; twice is once."""
    await chat.supervision.set_archived(actor, slug, archived=wanted.archived)


@router.delete('/rooms/{slug}', status_code=204, responses=refusals(404, 429))
async def delete_room(chat: TheChat, actor: TheActor, slug: schemas.RoomSlug) -> None:
    """Delete a room with all that was said in it."""
    await chat.supervision.delete_room(actor, slug)


@router.get('/sessions')
async def sessions(chat: TheChat, actor: TheActor) -> Sessions:
    """Return who is signed in where, the session used last first."""
    return Sessions(sessions=[Session.model_validate(_signed(each)) for each in await chat.supervision.sessions(actor)])


@router.delete('/sessions/{session_id}', status_code=204, responses=refusals(404, 429))
async def end_session(chat: TheChat, actor: TheActor, session_id: SessionId) -> None:
    """Sign somebody out of one of their sessions; open pages and sockets of it are closed."""
    await chat.supervision.end_session(actor, session_id)


@router.get('/hooks')
async def hooks(chat: TheChat, actor: TheActor) -> Hooks:
    """Return the webhooks of all rooms."""
    _, found = await chat.supervision.programs(actor)
    shown = [
        {'id': each.id, 'room': each.room, 'bot': user_json(each.bot), 'created_at': iso(each.created_at)}
        for each in found
    ]
    return Hooks.model_validate({'hooks': shown})


@router.delete('/hooks/{hook_id}', status_code=204, responses=refusals(404, 429))
async def end_hook(chat: TheChat, actor: TheActor, hook_id: HookId) -> None:
    """End a webhook of whichever room."""
    await chat.supervision.end_hook(actor, hook_id)


@router.get('/settings')
async def policy(chat: TheChat, session: TheSession) -> Policy:
    """Return what administrators have set; for whoever is signed in."""
    return _policy(await chat.policies.get())


@router.patch('/settings', responses=refusals(429))
async def set_policy(chat: TheChat, actor: TheActor, wanted: PolicyChanges) -> Policy:
    """Set what is given; it holds at once, on all servers."""
    return _policy(await chat.policies.change(actor, **wanted.model_dump(exclude_unset=True)))


@router.get('/health')
async def health(chat: TheChat, actor: TheActor) -> Health:
    """Return how the server is that was asked."""
    return Health.model_validate(asdict(await chat.health.get(actor)))


def _policy(policy: ChatPolicy) -> Policy:
    return Policy.model_validate(asdict(policy))


def _room(summary: RoomSummary) -> dict[str, Any]:
    return {**room_json(summary.room), 'people': summary.people, 'messages': summary.messages}


def _signed(signed: Signed) -> dict[str, Any]:
    sign_in = signed.sign_in
    return {
        'id': sign_in.id,
        'user': user_json(signed.user),
        'user_agent': sign_in.user_agent,
        'address': signed.address,
        'created_at': iso(sign_in.created_at),
        'last_used_at': iso(sign_in.last_used_at),
    }
