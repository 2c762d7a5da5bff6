"""How people present themselves: the own profile, the profiles of others, and their pictures."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from api import schemas
from api.describe import refusals
from api.who import ERRORS, TheChat, TheSession
from chat.events import iso, user_json
from chat.models import Profile
from chat.pictures import LARGEST
from chat.profiles import Wanted

LARGER = {'/v1/me/picture': LARGEST}  # paths where more than usual is sent, and how many bytes
KIND = 'image/webp'
BINARY = {'type': 'string', 'format': 'binary'}
SENT = {'requestBody': {'required': True, 'content': {'image/*': {'schema': BINARY}}}}
GIVEN: dict[int | str, dict[str, Any]] = {200: {'description': 'The picture', 'content': {KIND: {'schema': BINARY}}}}
CACHING = {'Cache-Control': 'private, no-cache'}
UserId = Annotated[schemas.Id, Path(description='The `id` of the user.', examples=[7])]

router = APIRouter(prefix='/v1', tags=['profiles'], responses=ERRORS)


@router.get('/me/profile')
async def own_profile(chat: TheChat, session: TheSession) -> schemas.OwnProfile:
    """Return the caller's profile."""
    return _own(await chat.profiles.find(session.user.id))


@router.patch('/me/profile', responses=refusals(403, 409, 429))
async def change(chat: TheChat, session: TheSession, wanted: schemas.ProfileChanges) -> schemas.OwnProfile:
    """Change what is given of the caller's profile; the name before is free then. Not for bots.

    A status stays until ``status_until``, or for as long as ``status_for`` says: ``today`` and ``week`` end at
    midnight where the caller is.
    """
    given: Wanted = wanted.model_dump(exclude_unset=True)  # type: ignore[assignment]
    return _own(await chat.profiles.change(session, **given))


@router.put('/me/picture', responses=refusals(403, 429), openapi_extra=SENT)
async def set_picture(chat: TheChat, session: TheSession, request: Request) -> schemas.OwnProfile:
    """Take the body as the caller's picture, a JPEG, PNG, GIF or WebP of at most 8 MB and 32 megapixels. Not for bots.

    Its content says which; its middle is kept, upright, as a square of at most 512 pixels without anything else.
    """
    async with chat.profiles.bring_picture(session.user):
        return _own(await chat.profiles.set_picture(session.user, await request.body()))


@router.delete('/me/picture', status_code=204, responses=refusals(403, 429))
async def remove_picture(chat: TheChat, session: TheSession) -> None:
    """Remove the caller's picture; without one, nothing happens."""
    await chat.profiles.remove_picture(session.user)


@router.get('/users/{user_id}', responses=refusals(404))
async def profile(chat: TheChat, session: TheSession, user_id: UserId) -> schemas.Profile:
    """Return somebody's profile."""
    return schemas.Profile.model_validate(_shown(await chat.profiles.find(user_id)))


@router.get('/users/{user_id}/picture', responses={**refusals(404), **GIVEN}, response_class=Response)
async def picture(chat: TheChat, session: TheSession, user_id: UserId) -> Response:
    """Return somebody's picture, a square WebP."""
    return Response((await chat.profiles.picture(user_id)).data, media_type=KIND, headers=CACHING)


def _own(profile: Profile) -> schemas.OwnProfile:
    own = {**_shown(profile), 'time_zone': profile.time_zone, 'theme': profile.theme}
    return schemas.OwnProfile.model_validate(own)


def _shown(profile: Profile) -> dict[str, Any]:
    return {
        'user': user_json(profile.user),
        'color': profile.color,
        'picture': profile.picture,
        'status': profile.status,
        'status_until': iso(profile.status_until),
        'time_zone': profile.clock,
        'created_at': iso(profile.created_at),
    }
