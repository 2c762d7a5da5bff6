"""How people present themselves to others: their name, how they look, what they are up to, and where they are."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypedDict, Unpack, get_args

from sqlalchemy import Connection

from chat import accounts, permissions, reach, rooms, statuses, text, time_zones
from chat.clock import milliseconds, moment
from chat.errors import Forbidden, Invalid, NotFound, Unauthenticated
from chat.events import RoomEvent
from chat.models import COLORS, Look, Picture, Profile, Session, Theme, User
from chat.pictures import Pictures
from chat.rate_limits import RateLimits
from chat.room_state import RoomState
from chat.statuses import Statuses, StatusFor
from chat.storage import Storage, users
from chat.storage import profiles as rows

NOBODY = 'There is nobody of that id.'


class Wanted(TypedDict, total=False):
    """What is to be another in a profile; what is not given stays."""

    name: str
    color: int | None
    status: str
    status_for: StatusFor
    status_until: datetime | None
    time_zone: str | None
    theme: str | None


class Profiles:
    """The actions on profiles: one's own is changed, everybody's is looked at."""

    def __init__(
        self,
        storage: Storage,
        room_state: RoomState,
        rate_limits: RateLimits,
        statuses: Statuses,
        pictures: Pictures,
    ) -> None:
        self._storage = storage
        self._room_state = room_state
        self._rate_limits = rate_limits
        self._statuses = statuses
        self._pictures = pictures

    async def find(self, user_id: int) -> Profile:
        """Return somebody's profile, for whoever is signed in; raises NotFound."""
        profile = await self._storage.read(rows.get, user_id)
        if profile is None:
            raise NotFound(NOBODY)
        return profile

    async def change(self, session: Session, **wanted: Unpack[Wanted]) -> Profile:
        """Change what is given, and tell the rooms of who is called or looks otherwise.

        ``status_for`` counts from now, and days end in the person's time zone. A status without an end stays.
        Raises Invalid, NameTaken, Forbidden, Unauthenticated or RateLimited.
        """
        self._rate_limits.check('changing', session.user.id)
        wanted = _cleaned(wanted)

        def store(connection: Connection) -> tuple[Profile, Sequence[RoomEvent]]:
            before = _own(connection, session.user, hold_rooms='name' in wanted or 'color' in wanted)
            after = _changed(before, wanted, session.time_zone)
            if after == before:
                return before, ()
            _rename(connection, before.user, after.user.name)
            rows.change(connection, before.user.id, **_columns(after))
            is_told = (after.user, after.look) != (before.user, before.look)
            return after, rooms.tell_changed(connection, after.user) if is_told else ()

        after = await self._store_and_tell(store)
        if {'status', 'status_for', 'status_until'} & wanted.keys():
            self._statuses.changed()
        return after

    def bring_picture(self, user: User) -> AbstractAsyncContextManager[None]:
        """Return what the reading and storing of a new picture has to happen within, since few can at a time.

        Entering it raises RateLimited or Busy, and UnfitPicture is raised when it takes too long.
        """
        self._rate_limits.check('changing pictures', user.id)
        return self._pictures.coming(user)

    async def set_picture(self, user: User, data: bytes) -> Profile:
        """Keep a picture as the own one and tell it; to be called within ``bring_picture``.

        Raises UnfitPicture, PictureTooLarge, Forbidden or Unauthenticated.
        """
        picture = await self._pictures.prepare(data)
        return await self._put_picture(user, picture)

    async def remove_picture(self, user: User) -> Profile:
        """Have no picture any more and tell it. Raises Forbidden, Unauthenticated or RateLimited."""
        self._rate_limits.check('changing', user.id)
        return await self._put_picture(user, None)

    async def picture(self, user_id: int) -> Picture:
        """Return somebody's picture, for whoever is signed in; raises NotFound."""
        picture = await self._storage.read(rows.picture, user_id)
        if picture is None:
            raise NotFound('There is no picture of anybody of that id.')
        return picture

    async def looks(self, room_id: int) -> tuple[int, Sequence[Look]]:
        """Return how the people of a room look, also those who have left it, and the revision as of which they do."""

        def read(connection: Connection) -> tuple[int, Sequence[Look]]:
            return rows.members_revision(connection, room_id), rows.looks(connection, room_id)

        return await self._storage.read(read)

    async def _put_picture(self, user: User, picture: Picture | None) -> Profile:
        def store(connection: Connection) -> tuple[Profile, Sequence[RoomEvent]]:
            before = _own(connection, user, hold_rooms=True)
            after = replace(before, picture=None if picture is None else picture.digest)
            if after == before:
                return before, ()
            rows.put_picture(connection, before.user.id, picture)
            return after, rooms.tell_changed(connection, after.user)

        return await self._store_and_tell(store)

    async def _store_and_tell(self, store: Callable[[Connection], tuple[Profile, Sequence[RoomEvent]]]) -> Profile:
        profile, events = await self._storage.write(store)
        for event in events:
            self._room_state.publish(event)
        return profile


def _own(connection: Connection, user: User, *, hold_rooms: bool) -> Profile:
    """Return somebody's own profile to be changed, which stays as it is for all others until the transaction ends."""
    if hold_rooms:
        rooms.hold_all(connection, user)
    if not users.hold(connection, user.id):
        raise Unauthenticated
    if not permissions.may_change_profile(reach.person(connection, user)):
        raise Forbidden('Whoever runs the server says how a bot is called and looks.')
    profile = rows.get(connection, user.id)
    if profile is None:
        raise Unauthenticated
    return profile


def _rename(connection: Connection, user: User, name: str) -> None:
    key = text.skeleton(name)
    if key != text.skeleton(user.name):
        accounts.require_free(connection, name)
    if name != user.name:
        rows.change(connection, user.id, name=name, name_key=key)


def _cleaned(wanted: Wanted) -> Wanted:
    """Return what is wanted as it is stored; raises Invalid."""
    cleaned = wanted.copy()
    if 'name' in wanted:
        cleaned['name'] = text.clean_name(wanted['name'])
    if 'status' in wanted:
        cleaned['status'] = text.clean_status(wanted['status'])
    if (color := wanted.get('color')) is not None and not 0 <= color < COLORS:
        raise Invalid(f'The colors are 0 to {COLORS - 1}.', 'color')
    if (zone := wanted.get('time_zone')) is not None and not time_zones.is_known(zone):
        raise Invalid('This is no time zone that is known here, such as "Europe/Berlin".', 'time_zone')
    if (theme := wanted.get('theme')) is not None and theme not in get_args(Theme):
        raise Invalid(f'The themes are {" and ".join(get_args(Theme))}.', 'theme')
    _check_end(wanted)
    return cleaned


def _check_end(wanted: Wanted) -> None:
    if 'status_for' in wanted and 'status_until' in wanted:
        raise Invalid('Say either for how long or until when.', 'status_until')
    if 'status_for' in wanted and wanted['status_for'] not in get_args(StatusFor):
        raise Invalid(f'A status is for one of {", ".join(get_args(StatusFor))}.', 'status_for')
    if (until := wanted.get('status_until')) is not None and until <= datetime.now(UTC):
        raise Invalid('The end of a status lies in the future.', 'status_until')


def _changed(profile: Profile, wanted: Wanted, zone: str | None) -> Profile:
    """Return the profile as it is wanted; ``zone`` is where the days end of somebody who has not chosen one."""
    after = replace(
        profile,
        user=replace(profile.user, name=wanted.get('name', profile.user.name)),
        color=wanted.get('color', profile.color),
        status=wanted.get('status', profile.status),
        time_zone=wanted.get('time_zone', profile.time_zone),
        theme=wanted.get('theme', profile.theme),
    )
    return replace(after, status_until=_end(after, wanted, zone))


def _end(after: Profile, wanted: Wanted, zone: str | None) -> datetime | None:
    if not {'status', 'status_for', 'status_until'} & wanted.keys():
        return after.status_until
    if not after.status:
        if 'status' not in wanted:
            raise Invalid('Say what you are up to first.', 'status')
        return None
    until = wanted.get('status_until')
    if 'status_for' in wanted:
        until = statuses.until(wanted['status_for'], time_zones.zone(after.time_zone or zone), datetime.now(UTC))
    return None if until is None else moment(milliseconds(until))  # as it is stored


def _columns(after: Profile) -> dict[str, object]:
    """Return what is stored of a profile, beside the name and the picture."""
    return {
        'color': after.color,
        'status': after.status,
        'status_until': None if after.status_until is None else milliseconds(after.status_until),
        'time_zone': after.time_zone,
        'theme': after.theme,
    }
