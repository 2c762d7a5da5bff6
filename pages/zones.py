"""Times as the reader's clock and calendar show them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from chat.time_zones import is_known, zone

__all__ = ['clock_time', 'day_of', 'full_time', 'is_known', 'long_day', 'past_time', 'short_time', 'zone']


def clock_time(moment: datetime, reader: ZoneInfo) -> str:
    """Return "14:05"."""
    return moment.astimezone(reader).strftime('%H:%M')


def day_of(moment: datetime, reader: ZoneInfo) -> date:
    """Return the day a moment falls on for the reader."""
    return moment.astimezone(reader).date()


def long_day(day: date) -> str:
    """Return "Monday, November 23, 2026"."""
    return f'{day:%A}, {day:%B} {day.day}, {day.year}'


def short_time(moment: datetime, reader: ZoneInfo) -> str:
    """Return "Nov 23, 14:05"."""
    day = day_of(moment, reader)
    return f'{day:%b} {day.day}, {clock_time(moment, reader)}'


def past_time(moment: datetime, reader: ZoneInfo, now: datetime) -> str:
    """Return "Nov 23, 14:05", and "Nov 23, 2024" for what was in another year than now."""
    day = day_of(moment, reader)
    return short_time(moment, reader) if day.year == day_of(now, reader).year else f'{day:%b} {day.day}, {day.year}'


def full_time(moment: datetime, reader: ZoneInfo) -> str:
    """Return the day and the time."""
    return f'{long_day(day_of(moment, reader))} at {clock_time(moment, reader)}'
