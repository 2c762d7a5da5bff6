"""Of what people are told while they look elsewhere: a level for each room, and a time of the day that is quiet."""

import re
from collections.abc import Callable
from typing import Literal, TypedDict, Unpack, get_args

from sqlalchemy import Connection

from chat import reach
from chat.errors import Invalid
from chat.models import Level, Message, NotificationSettings, User
from chat.rate_limits import RateLimits
from chat.storage import Storage
from chat.storage import notifications as rows

Weight = Literal['nothing', 'count', 'notify']
DAY = 24 * 60  # minutes
HALF = 'A quiet time has a beginning and an end: give both, or neither.'
NO_TIME = 'Give a time of the day as hours and minutes, such as 22:00.'
NO_LENGTH = 'The quiet time ends when it begins. To be told of nothing, choose that for the room.'
_TIME = re.compile('([01][0-9]|2[0-3]):([0-5][0-9])')


class Wanted(TypedDict, total=False):
    """What is to be another; what is not given stays."""

    quiet_from: str | None  # "22:00" where the person is
    quiet_until: str | None
    sound: bool


def weigh(message: Message, user_id: int, level: Level, settings: NotificationSettings, minute: int) -> Weight:
    """Return what a message is for somebody at this minute of their day."""
    if message.author.id == user_id or message.deleted_at is not None:
        return 'nothing'
    is_called = message.mentions_all or user_id in message.mentions
    is_wanted = level == 'everything' or (level == 'mentions' and is_called)
    return 'notify' if is_wanted and not is_quiet(settings, minute) else 'count'


def is_quiet(settings: NotificationSettings, minute: int) -> bool:
    """Whether this minute of the day lies in the quiet time, which may pass midnight."""
    begin, end = settings.quiet_from, settings.quiet_until
    if begin is None or end is None:
        return False
    return (minute - begin) % DAY < (end - begin) % DAY


def minutes(time: str, field: str) -> int:
    """Return a time of the day such as "22:00" in minutes; raises Invalid."""
    parts = _TIME.fullmatch(time)
    if parts is None:
        raise Invalid(NO_TIME, field)
    return int(parts[1]) * 60 + int(parts[2])


def clock(minute: int | None) -> str | None:
    """Return minutes of the day as "22:00"."""
    return None if minute is None else f'{minute // 60:02d}:{minute % 60:02d}'


def changed(settings: NotificationSettings, wanted: Wanted) -> NotificationSettings:
    """Return the settings as they are wanted; raises Invalid."""
    begin, end = settings.quiet_from, settings.quiet_until
    if 'quiet_from' in wanted:
        begin = minutes(wanted['quiet_from'], 'quiet_from') if wanted['quiet_from'] else None
    if 'quiet_until' in wanted:
        end = minutes(wanted['quiet_until'], 'quiet_until') if wanted['quiet_until'] else None
    if (begin is None) != (end is None):
        raise Invalid(HALF, 'quiet_from' if begin is None else 'quiet_until')
    if begin is not None and begin == end:
        raise Invalid(NO_LENGTH, 'quiet_until')
    return NotificationSettings(begin, end, wanted.get('sound', settings.sound))


class Notifications:
    """What people set about it; ``on_level`` is told of whoever has another level in a room."""

    def __init__(self, storage: Storage, rate_limits: RateLimits, on_level: Callable[[int], object]) -> None:
        self._storage = storage
        self._rate_limits = rate_limits
        self._on_level = on_level

    async def set_level(self, user: User, slug: str, level: Level) -> None:
        """Set of what somebody is told in a room. Raises Invalid, NotFound, NotAMember or RateLimited."""
        self._rate_limits.check('changing', user.id)
        if level not in get_args(Level):
            raise Invalid(f'Choose one of {", ".join(get_args(Level))}.', 'level')

        def store(connection: Connection) -> None:
            reached = reach.member_room(connection, user, slug)
            rows.set_level(connection, reached.room.id, user.id, level)

        await self._storage.write(store)
        self._on_level(user.id)

    async def settings(self, user: User) -> NotificationSettings:
        """Return what somebody has set for all rooms."""
        return await self._storage.read(rows.settings, user.id)

    async def change(self, user: User, **wanted: Unpack[Wanted]) -> NotificationSettings:
        """Change what is given. Raises Invalid, Unauthenticated or RateLimited."""
        self._rate_limits.check('changing', user.id)

        def store(connection: Connection) -> NotificationSettings:
            fresh = reach.person(connection, user)
            after = changed(rows.settings(connection, fresh.id), wanted)
            rows.set_settings(connection, fresh.id, after)
            return after

        after = await self._storage.write(store)
        self._on_level(user.id)
        return after
