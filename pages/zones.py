"""Times as the reader's clock and calendar show them."""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LONGEST_NAME = 64  # characters of a zone's name, as stored


@lru_cache(maxsize=256)
def zone(name: str | None) -> ZoneInfo:
    """Return the zone of that name; UTC if there is none."""
    try:
        return ZoneInfo(name or 'UTC')
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo('UTC')


def is_known(name: object) -> bool:
    """Whether this is a time zone's name: it comes from a browser, so it may be anything."""
    return isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and zone(name).key == name


def clock_time(moment: datetime, reader: ZoneInfo) -> str:
    """Return "14:05"."""
    return moment.astimezone(reader).strftime('%H:%M')


def day_of(moment: datetime, reader: ZoneInfo) -> date:
    """Return the day a moment falls on for the reader."""
    return moment.astimezone(reader).date()


def long_day(day: date) -> str:
    """Return "Monday, November 23, 2026"."""
    return f'{day:%A}, {day:%B} {day.day}, {day.year}'


def full_time(moment: datetime, reader: ZoneInfo) -> str:
    """Return the day and the time."""
    return f'{long_day(day_of(moment, reader))} at {clock_time(moment, reader)}'
