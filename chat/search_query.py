"""What somebody asks a search for: words, "phrases", and from: in: before: after: has: is:."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from chat import search_terms, text
from chat.errors import Invalid
from chat.search_terms import Part
from chat.time_zones import zone

LONGEST = 250  # characters
MOST_PARTS = 20
HAS = {  # what can be asked for, and what storage calls it
    'link': 'link', 'links': 'link', 'file': 'file', 'files': 'file',
    'image': 'image', 'images': 'image', 'picture': 'image', 'pictures': 'image',
}  # fmt: skip

_TOKEN = re.compile(
    r"""(?P<key>from|in|before|after|has|is):(?:"(?P<quoted>[^"]*)"|(?P<plain>\S*))|"(?P<phrase>[^"]*)"|(?P<word>\S+)""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Query:
    """What a message must have to be found."""

    parts: tuple[Part, ...] = ()
    author: str | None = None  # a name
    room: str | None = None  # its address or name
    after: datetime | None = None  # sent then or later
    before: datetime | None = None  # sent earlier
    has: frozenset[str] = frozenset()  # of the values of HAS
    pinned: bool = False


def parse(raw: str, time_zone: str | None = None, *, room: str | None = None, author: str | None = None) -> Query:
    """Return what is asked for, with days as they are in a time zone; raises Invalid, mostly for the field ``q``.

    A room and an author can be given beside it; those named in it are what counts.
    """
    raw = text.storable(raw)
    if len(raw) > LONGEST:
        raise Invalid(f'A search has at most {LONGEST} characters; this one has {len(raw):,}.', 'q')
    query, parts = Query(author=_given(author, 'author'), room=_given(room, 'room')), list[Part]()
    for token in _TOKEN.finditer(raw):
        if token['key']:
            value = token['plain'] if token['quoted'] is None else token['quoted']
            query = _narrowed(query, token['key'].lower(), value.strip(), time_zone)
        elif token['phrase'] is not None:
            parts += search_terms.phrase(token['phrase'])
        else:
            parts += search_terms.word(token['word'])
    if len(parts) > MOST_PARTS:
        raise Invalid(f'A search has at most {MOST_PARTS} words.', 'q')
    query = replace(query, parts=tuple(dict.fromkeys(parts)))
    if query == Query():
        raise Invalid('Say what to look for: a word, or from: and a name.', 'q')
    return query


def _given(name: str | None, field: str) -> str | None:
    if name is None:
        return None
    if len(name) > LONGEST:
        raise Invalid(f'A name has at most {LONGEST} characters here; this one has {len(name):,}.', field)
    return text.storable(name)


def _narrowed(query: Query, key: str, value: str, time_zone: str | None) -> Query:
    if not value:
        raise Invalid(f'Something is missing after "{key}:".', 'q')
    if key == 'from':
        return replace(query, author=value.removeprefix('@'))
    if key == 'in':
        return replace(query, room=value.removeprefix('#'))
    if key == 'before':
        return replace(query, before=_day(key, value, time_zone, 0))
    if key == 'after':
        return replace(query, after=_day(key, value, time_zone, 1))
    if key == 'has' and value.lower() in HAS:
        return replace(query, has=query.has | {HAS[value.lower()]})
    if key == 'is' and value.lower() == 'pinned':
        return replace(query, pinned=True)
    raise Invalid('What can be asked for with "has:" is a link, a file or an image, and with "is:" pinned.', 'q')


def _day(key: str, value: str, time_zone: str | None, later: int) -> datetime:
    """Return when a day begins, or the one some days later."""
    try:
        return datetime.combine(date.fromisoformat(value) + timedelta(days=later), time(), zone(time_zone))
    except (ValueError, OverflowError):
        raise Invalid(f'"{key}:" needs a day, such as {key}:2026-11-26.', 'q') from None
