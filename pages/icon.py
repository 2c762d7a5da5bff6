"""The icon of a tab, with how many messages wait."""

from functools import lru_cache
from urllib.parse import quote

MOST = 9  # that fit
_FLAME = (
    '<path fill="#d9562a" d="M16 2c1 5 8 8.5 8 17a8 8 0 0 1-16 0c0-4 2-6.5 3.5-8 .3 2 1.2 3.2 2.5 4'
    'C13.5 10 14 5.5 16 2z"/>'
    '<path fill="#ffb84d" d="M16 27a4 4 0 0 1-4-4c0-2.5 2-4 3.5-6 .5 2 4.5 3 4.5 6a4 4 0 0 1-4 4z"/>'
)


def icon(waiting: int) -> str:
    """Return the icon as an address that has it within."""
    return _icon(f'{MOST}+' if waiting > MOST else f'{waiting:d}' if waiting > 0 else '')


@lru_cache(maxsize=MOST + 2)
def _icon(says: str) -> str:
    mark = (
        f'<circle cx="22" cy="22" r="10" fill="#b3261e"/><text x="22" y="27" fill="#fff" text-anchor="middle"'
        f' font-family="sans-serif" font-weight="700" font-size="{14 if len(says) == 1 else 12}">{says}</text>'
    )
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{_FLAME}{mark if says else ""}</svg>'
    return f'data:image/svg+xml,{quote(svg)}'
