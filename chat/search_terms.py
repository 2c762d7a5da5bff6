"""Under which terms a message is found, and what is asked for when somebody searches: rules about text alone.

Case, width and accents do not count. Scripts that put spaces between words are found by the beginning of a word, all
others (Chinese, Japanese, Korean, Thai …) by any part: they are kept as pairs of letters that follow each other.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from chat import text

VERSION = 1  # of these rules: stored terms made by others are made anew when the chat starts
LONGEST_TERM = 64  # characters; what is longer is found by its beginning
MOST_PAIRS = 8  # of one word that the index is asked for; the rest is compared with the message itself

# Hangul is among them, as Korean puts several words between two spaces: particles follow what one looks for.
_UNSPACED = (
    '\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3100-\u318f\u31f0-\u31ff'
    '\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff'
)
_IS_UNSPACED = re.compile(f'[{_UNSPACED}]')
_ASCII_WORD = re.compile('[a-z0-9]+')
RUN = re.compile(rf'[{_UNSPACED}]+|[^{_UNSPACED}\s]+')  # one word of a text that ``comparable`` returned
# Accents, and the points and strokes with which Hebrew and Arabic may be written.
_NOT_COUNTED = re.compile(
    '[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]'
)


@dataclass(frozen=True, slots=True)
class Part:
    """One word or phrase that is looked for: terms that a message has, beginnings of terms, and what ``line`` has."""

    needle: str
    terms: tuple[str, ...] = ()
    beginnings: tuple[str, ...] = ()


def terms(body: str) -> frozenset[str]:
    """Return the terms under which a message is found."""
    return frozenset(term for run in _runs(body) for term in _terms(run))


def line(body: str) -> str:
    """Return the words of a message as they are compared: a space before and after each."""
    return f' {" ".join(_runs(body))} '


def word(raw: str) -> list[Part]:
    """Return what is looked for by a word as somebody types it, which may be the beginning of one."""
    return [Part(run, _pairs(run)) if is_wide(run) and len(run) > 1 else _beginning(run) for run in _runs(raw)]


def phrase(raw: str) -> list[Part]:
    """Return what is looked for by words in quotation marks, which follow each other as they stand there."""
    runs = _runs(raw)
    if not runs:
        return []
    before, after = ('' if is_wide(run) else ' ' for run in (runs[0], runs[-1]))
    needle = f'{before}{" ".join(runs)}{after}'
    # At the ends of a phrase may be the middle of what is written without spaces.
    inner = {term for run in runs for term in (_pairs(run) if is_wide(run) else (run[:LONGEST_TERM],))}
    alone = tuple(run for run in runs if is_wide(run) and len(run) == 1)
    return [Part(needle, tuple(sorted(inner)), alone)]


def has_all(body: str, parts: Iterable[Part]) -> bool:
    """Whether a message really has everything that is looked for: terms do not tell in what order they stand."""
    words = line(body)
    return all(part.needle in words for part in parts)


def comparable(raw: str) -> str:
    """Return a text without case, width and accents, with spaces for all that is no word, and around each symbol."""
    plain = unicodedata.normalize('NFC', _NOT_COUNTED.sub('', text.sought(_calm(raw))))
    return ''.join(map(_apart, plain))


def is_wide(run: str) -> bool:
    """Whether a word is of a script without spaces."""
    return _IS_UNSPACED.match(run) is not None


def _runs(raw: str) -> tuple[str, ...]:
    """Return the words of a text, each of scripts with spaces or of scripts without, and symbols one by one."""
    if raw.isascii():  # most of what is said, ten times as fast
        return tuple(_ASCII_WORD.findall(raw.lower()))
    return tuple(RUN.findall(comparable(raw)))


def _calm(raw: str) -> str:
    """Return a text without those marks that are too many on one letter: putting them in order takes their square."""
    kept, marks = [], 0
    for character in raw:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= text.MARKS_IN_A_ROW:
            kept.append(character)
    return ''.join(kept)


@lru_cache(maxsize=4_096)
def _apart(character: str) -> str:
    """Return a character of a word as it is, a symbol as a word of its own, and a space for all others."""
    category = unicodedata.category(character)
    if category[0] in 'LNM' and character not in '\ufe0e\ufe0f':  # which only choose how an emoji is drawn
        return character
    return f' {character} ' if category == 'So' else ' '


def _terms(run: str) -> Iterable[str]:
    if not is_wide(run):
        return (run[:LONGEST_TERM],)
    return (*(run[place : place + 2] for place in range(len(run) - 1)), run[-1])


def _pairs(run: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(run[place : place + 2] for place in range(len(run) - 1)))[:MOST_PAIRS]


def _beginning(run: str) -> Part:
    return Part(run if is_wide(run) else f' {run}', beginnings=(run[:LONGEST_TERM],))
