"""Time zones by the names that browsers and people know them by, such as "Europe/Berlin"."""

from functools import lru_cache
from importlib import resources
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


@lru_cache(maxsize=1)
def places() -> tuple[str, ...]:
    """Return the names of zones that are called after a place, and UTC, for people to choose from."""
    # What the package lists: to walk through the files of all zones takes a tenth of a second.
    names = resources.files('tzdata').joinpath('zones').read_text(encoding='utf-8').split()
    return ('UTC', *sorted(name for name in names if '/' in name and not name.startswith(('Etc/', 'SystemV/', 'US/'))))
