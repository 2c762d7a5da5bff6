"""Invitations: making them, and coming by one."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api import schemas, signing_in
from api.caching import uncached
from api.describe import ANY_CALL, refusals
from api.who import COOKIE, ERRORS, TOKEN, OptionalSession, TheActor, TheChat
from chat.audit import Actor
from chat.errors import Invalid
from chat.events import iso, user_json
from chat.models import Invitation as ChatInvitation
from chat.models import InvitedKind
from web import entering
from web.addresses import address_of

InvitationId = Annotated[schemas.Id, Path(description='The `id` of the invitation.', examples=[4])]
ANYBODY: dict[str, Any] = {'security': [{}, {TOKEN.scheme_name: []}, {COOKIE.scheme_name: []}]}

router = APIRouter(prefix='/v1', tags=['invitations'], responses=ANY_CALL)


class NewInvitation(schemas.Wanted):
    """Whom to let in, where, until when and how often; None is without end."""

    rooms: list[str] = Field(default=[], examples=[['book-club']])
    kind: InvitedKind = Field(default='guest', examples=['guest'])
    until: schemas.Time | None = Field(default=None, examples=['2027-01-01T00:00:00Z'])
    most_uses: schemas.WholeNumber | None = Field(default=None, ge=1, examples=[30])
    label: str = Field(default='', examples=['Class 7b'])


class Invitation(BaseModel):
    """An invitation, as its maker sees it."""

    id: int = Field(examples=[4])
    token: schemas.Token
    url: str = Field(examples=['https://chat.example.org/invite/rq3Hk0mT…'])
    label: str = Field(examples=['Class 7b'])
    kind: InvitedKind = Field(examples=['guest'])
    rooms: list[str] = Field(examples=[['book-club']])
    until: schemas.Moment | None = Field(examples=['2027-01-01T00:00:00.000Z'])
    most_uses: int | None = Field(examples=[30])
    uses: int = Field(examples=[2])
    created_at: schemas.Moment
    created_by: schemas.User
    is_over: bool = Field(examples=[False])
    is_void: bool = Field(examples=[False])


class Invitations(BaseModel):
    """Some invitations, the newest first."""

    invitations: list[Invitation]


class Users(BaseModel):
    """Who came by an invitation, the last first."""

    users: list[schemas.User]


class Found(BaseModel):
    """What an invitation lets into, by the names of the rooms."""

    kind: InvitedKind = Field(examples=['guest'])
    rooms: list[str] = Field(examples=[['Book club']])
    created_by: schemas.User


class Token(schemas.Wanted):
    """What the link ends with."""

    token: str = Field(examples=['rq3Hk0mT…'])


class Coming(Token):
    """Who comes by an invitation; nobody in particular for who is signed in."""

    name: str | None = Field(default=None, examples=['Ada'])
    password: str | None = Field(default=None, examples=[None])


class Joined(BaseModel):
    """The slugs of the rooms that the caller belongs to now."""

    rooms: list[str] = Field(examples=[['book-club']])


@router.post(
    '/invitations', status_code=201, responses=ERRORS | refusals(403, 404, 429), dependencies=[Depends(uncached)]
)
async def create(chat: TheChat, actor: TheActor, new: NewInvitation, request: Request) -> Invitation:
    """Make an invitation."""
    made = await chat.invitations.create(actor, new.rooms, new.kind, new.until, new.most_uses, new.label)
    return _shown(chat, request, made)


@router.get('/invitations', responses=ERRORS, dependencies=[Depends(uncached)])
async def invitations(chat: TheChat, actor: TheActor, request: Request) -> Invitations:
    """Return the invitations that the caller made; for administrators all."""
    found = await chat.invitations.list(actor)
    return Invitations(invitations=[_shown(chat, request, each) for each in found])


@router.delete('/invitations/{invitation_id}', status_code=204, responses=ERRORS | refusals(404, 429))
async def revoke(chat: TheChat, actor: TheActor, invitation_id: InvitationId) -> None:
    """Take an invitation back; twice is once."""
    await chat.invitations.revoke(actor, invitation_id)


@router.get('/invitations/{invitation_id}/uses', responses=ERRORS | refusals(404))
async def uses(chat: TheChat, actor: TheActor, invitation_id: InvitationId) -> Users:
    """Return who came by an invitation, the last first."""
    found = await chat.invitations.who_came(actor, invitation_id)
    return Users.model_validate({'users': [user_json(each) for each in found]})


@router.post('/invite/find', responses=refusals(404), dependencies=[Depends(uncached)])
async def find(chat: TheChat, wanted: Token) -> Found:
    """Return what an invitation lets into; for strangers, too."""
    found = await chat.invitations.find(wanted.token)
    rooms = [room.name for room in found.rooms]
    return Found.model_validate({'kind': found.kind, 'rooms': rooms, 'created_by': user_json(found.created_by)})


@router.post(
    '/invite',
    status_code=201,
    responses={**refusals(401, 403, 404, 409, 429), 200: {'model': Joined, 'description': 'The rooms are joined.'}},
    dependencies=[Depends(uncached)],
    openapi_extra=ANYBODY,
)
async def follow(
    chat: TheChat, session: OptionalSession, coming: Coming, request: Request, response: Response
) -> schemas.Session:
    """Come by an invitation: as a stranger by a name, or a name and a password; or as who is calling."""
    address = address_of(request.scope)
    if session is not None:
        found = await chat.invitations.accept(Actor(session.user, address), coming.token)
        joined = Joined(rooms=[room.slug for room in found.rooms])
        return JSONResponse(joined.model_dump(), 200)  # type: ignore[return-value]
    if coming.name is None:
        raise Invalid('"name" is missing.', 'name')
    agent = request.headers.get('user-agent', '')
    user, token = await chat.invitations.come(coming.token, coming.name, coming.password, address, agent)
    return await signing_in.give(chat, user, token, request, response)


def _shown(chat: TheChat, request: Request, invitation: ChatInvitation) -> Invitation:
    site = entering.site(request, chat.settings.public_url)
    return Invitation.model_validate(
        {
            'id': invitation.id,
            'token': invitation.token,
            'url': entering.invitation_address(site, invitation.token),
            'label': invitation.label,
            'kind': invitation.kind,
            'rooms': [room.slug for room in invitation.rooms],
            'until': iso(invitation.until),
            'most_uses': invitation.most_uses,
            'uses': invitation.uses,
            'created_at': iso(invitation.created_at),
            'created_by': user_json(invitation.created_by),
            'is_over': invitation.is_over,
            'is_void': invitation.is_void,
        }
    )
