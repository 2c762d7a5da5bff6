"""Of what the caller is told: the calls of ``/api/v1/me/notifications``, and of a room's ``notifications``."""

from fastapi import APIRouter

from api import schemas
from api.describe import refusals
from api.who import ERRORS, TheChat, TheSession
from chat import notifications
from chat.models import NotificationSettings
from chat.notifications import Wanted

router = APIRouter(prefix='/v1', tags=['rooms'], responses=ERRORS)


@router.get('/me/notifications')
async def notifications_of_caller(chat: TheChat, session: TheSession) -> schemas.Notifications:
    """Return when the caller's pages are quiet, and whether they make a sound."""
    return _shown(await chat.notifications.settings(session.user))


@router.patch('/me/notifications', responses=refusals(429))
async def change_notifications(
    chat: TheChat, session: TheSession, wanted: schemas.NotificationChanges
) -> schemas.Notifications:
    """Change what is given. A quiet time has both ends, where the caller is, and may pass midnight; null for none."""
    given: Wanted = wanted.model_dump(exclude_unset=True)  # type: ignore[assignment]
    return _shown(await chat.notifications.change(session.user, **given))


@router.put('/rooms/{slug}/notifications', status_code=204, responses=refusals(403, 404, 429))
async def set_level(chat: TheChat, session: TheSession, slug: schemas.RoomSlug, wanted: schemas.NewLevel) -> None:
    """Set of what the caller is told in a room: everything, mentions of the caller and all, or nothing."""
    await chat.notifications.set_level(session.user, slug, wanted.level)


def _shown(settings: NotificationSettings) -> schemas.Notifications:
    begin, end = notifications.clock(settings.quiet_from), notifications.clock(settings.quiet_until)
    return schemas.Notifications(quiet_from=begin, quiet_until=end, sound=settings.sound)
