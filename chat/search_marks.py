"""Which part of a message is shown where it was found, and what of that is marked: rules about text alone.

What is compared has no case, width and accents, so it is shorter or longer than what was written. It is made of one
letter with its marks after the other here, so that each character of it leads back to where it comes from.
"""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from chat import markup, search_terms, text
from chat.search_terms import Part

LENGTH = 240  # characters of an excerpt
LEAD = 3  # a third of an excerpt stands before what is marked first
CUT = '…'
JOINER = '\u200d'

Span = tuple[int, int]


class Segment(NamedTuple):
    """A piece of an excerpt, and whether it is what was looked for."""

    text: str
    is_match: bool


def excerpt(body: str, parts: Sequence[Part], names: Sequence[str] = (), length: int = LENGTH) -> tuple[Segment, ...]:
    """Return a message on one line with the ``names`` of its files, or of a long one what is around the first match.

    All together it is the message's words. They are shown without the signs of Markdown, unless what was found is in
    what these hide, as the address of a link is.
    """
    words = _shown(body, parts, names)
    spaced, letters = _compared(words)
    matches = _merged(_found(parts, *_line(spaced, letters)))
    start, end = _window(words, [first for first, _ in letters], matches[0] if matches else (0, 0), length)
    return tuple(_segments(words, matches, start, end))


def _shown(body: str, parts: Sequence[Part], names: Sequence[str]) -> str:
    as_read, as_written = (  # what a file is called is no Markdown
        text.on_one_line(search_terms.searched(words, names)) for words in (markup.plain(body), body)
    )
    return as_read if as_read and search_terms.has_all(as_read, parts) else as_written


def _compared(words: str) -> tuple[str, list[Span]]:
    """Return words as they are compared, and for each character of that where it comes from."""
    made, origins = [], list[Span]()
    for start, end in _letters(words):
        piece = _comparable(words[start:end])
        made.append(piece)
        origins += [(start, end)] * len(piece)
    return ''.join(made), origins


def _letters(words: str) -> Iterator[Span]:
    """Yield where each letter stands, with all that is written as one with it."""
    start = 0
    for place in range(1, len(words)):
        if not _continues(words[place]) and words[place - 1] != JOINER:
            yield start, place
            start = place
    if words:
        yield start, len(words)


@lru_cache(maxsize=8_192)
def _comparable(letter: str) -> str:
    return search_terms.comparable(letter)


@lru_cache(maxsize=8_192)
def _continues(character: str) -> bool:
    """Whether a character is compared as one with what stands before it: marks, ends of Korean syllables, joiners."""
    first = unicodedata.normalize('NFKD', character)[0]
    is_mark = unicodedata.category(first)[0] == 'M' or '\u1160' <= first <= '\u11ff'
    is_joiner = character in '\u200c\u200d' or '\U0001f3fb' <= character <= '\U0001f3ff'
    return is_mark or is_joiner or not search_terms.comparable(character)


def _line(spaced: str, origins: Sequence[Span]) -> tuple[str, list[Span]]:
    """Return the same as ``search_terms.line`` does, and for each character of that where it comes from."""
    pieces, places = [' '], list[Span]([(0, 0)])
    for run in search_terms.RUN.finditer(spaced):
        pieces += [run.group(), ' ']
        places += [*origins[run.start() : run.end()], (0, 0)]
    return ''.join(pieces), places


def _found(parts: Iterable[Part], line: str, places: Sequence[Span]) -> Iterator[Span]:
    """Yield where in the words something stands that is looked for."""
    for part in parts:
        inner = len(part.needle) - len(part.needle.lstrip(' '))
        outer = len(part.needle.rstrip(' '))
        at = line.find(part.needle)
        while at >= 0:
            yield places[at + inner][0], places[at + outer - 1][1]
            at = line.find(part.needle, at + 1)


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged = list[Span]()
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _window(words: str, starts: Sequence[int], match: Span, length: int) -> Span:
    """Return what is shown of words, if possible from the beginning of a word to the end of one."""
    if len(words) <= length:
        return 0, len(words)
    start = max(min(match[0] - length // LEAD, len(words) - length), 0)
    if start:
        space = words.find(' ', start - 1, match[0])
        start = space + 1 if space >= 0 else min(_from(starts, start), match[0])
    end = start + length
    if end < len(words):
        space = words.rfind(' ', max(match[1], start + 1), end + 1)
        end = space if space >= 0 else _until(starts, start, end)
    return start, min(end, len(words))


def _from(starts: Sequence[int], place: int) -> int:
    """Return where the next letter begins."""
    found = bisect_left(starts, place)
    return starts[found] if found < len(starts) else place


def _until(starts: Sequence[int], start: int, place: int) -> int:
    """Return where a letter begins, the last before a place; one with very many marks is cut."""
    found = bisect_right(starts, place) - 1
    return starts[found] if found >= 0 and starts[found] > start else place


def _segments(words: str, matches: Sequence[Span], start: int, end: int) -> Iterator[Segment]:
    if start > 0:
        yield Segment(CUT, is_match=False)
    at = start
    for match in matches:
        first, last = max(match[0], at), min(match[1], end)
        if first >= last:
            continue
        if first > at:
            yield Segment(words[at:first], is_match=False)
        yield Segment(words[first:last], is_match=True)
        at = last
    if at < end:
        yield Segment(words[at:end], is_match=False)
    if end < len(words):
        yield Segment(CUT, is_match=False)
