"""Under which terms a message is found, and what is asked for when somebody searches: rules about text alone.

Case, width and accents do not count. Scripts without spaces between words (Chinese, Japanese, Korean, Thai …) are found
by any part: they are kept as pairs of letters that follow each other. All others are kept as words, which are found by
their beginning, and by any part of three letters: these are looked for in a list of all words that there are.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from chat import text

VERSION = 2  # of these rules: stored terms made by others are made anew when the chat starts
LONGEST_TERM = 64  # characters; what is longer is found by its beginning
SHORTEST_PART = 3  # letters of a word within it; what is shorter is in too many
LISTED = '\x01'  # before a word in the list of words; no term begins so
AFTER_ALL = '\U0010ffff'  # follows whatever a term can go on with
MOST_PAIRS = 8  # of one word that the index is asked for; the rest is compared with the message itself
# Of a message, as a hostile one would cost too much: more than one in a script with spaces has.
MOST_CHARACTERS = 12_000  # some have compatible forms of eighteen
MOST_TERMS = 4_000
AT_ONCE = 1_000  # characters that are put into their compatible form together

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
    """One word or phrase that is looked for: what ``line`` has, and what the index has of the same message.

    That are terms, beginnings of terms, and of one word either its beginning or a part of it ``within`` a longer one.
    """

    needle: str
    terms: tuple[str, ...] = ()
    beginnings: tuple[str, ...] = ()
    within: str = ''


def searched(body: str, names: Iterable[str] = ()) -> str:
    """Return what a message is found by: its words, and the names of its files."""
    return '\n'.join((body, *names))


def terms(body: str) -> frozenset[str]:
    """Return the terms under which a message is found."""
    if body.isascii():
        return frozenset(run[:LONGEST_TERM] for run in _runs(body))
    return frozenset(term for run in _runs(body) for term in _terms(run))


def listed(terms: Iterable[str]) -> list[str]:
    """Return those of some terms that are words with something within them, as they stand in the list of words."""
    return [LISTED + term for term in terms if SHORTEST_PART < len(term) < LONGEST_TERM]  # no pair is as long


def line(body: str) -> str:
    """Return the words of a message as they are compared: a space before and after each."""
    return f' {" ".join(_runs(body))} '


def word(raw: str) -> list[Part]:
    """Return what is looked for by a word as somebody types it, which may be the beginning of one."""
    return [_wide(run) if is_wide(run) else _spaced(run) for run in _runs(raw)]


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
    plain = unicodedata.normalize('NFC', _NOT_COUNTED.sub('', text.sought(_compatible(_calm(raw)))))
    return ''.join(map(_apart, plain))


def is_wide(run: str) -> bool:
    """Whether a word is of a script without spaces."""
    return _IS_UNSPACED.match(run) is not None


def _runs(raw: str) -> Sequence[str]:
    """Return the words of a text, each of scripts with spaces or of scripts without, and symbols one by one."""
    if raw.isascii():  # most of what is said, ten times as fast
        return _ASCII_WORD.findall(raw.lower())[:MOST_TERMS]
    return list(_first(run for each in comparable(raw).split() for run in RUN.findall(each)))


def _compatible(raw: str) -> str:
    """Return a text with all that looks different and is the same in one form, as long as it may be."""
    kept = ''
    for start in range(0, len(raw), AT_ONCE):
        kept += unicodedata.normalize('NFKC', raw[start : start + AT_ONCE])
        if len(kept) > MOST_CHARACTERS:
            break
    return kept[:MOST_CHARACTERS]


def _first(runs: Iterable[str]) -> Iterator[str]:
    """Yield words as long as they have no more terms than a message may have."""
    left = MOST_TERMS
    for run in runs:
        yield run[:left] if is_wide(run) else run
        left -= len(run) if is_wide(run) else 1
        if left <= 0:
            return


def _calm(raw: str) -> str:
    """Return a text without those marks that are too many on one letter: putting them in order takes their square."""
    kept, marks = [], 0
    for character in raw:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= text.MARKS_IN_A_ROW:
            kept.append(character)
    return ''.join(kept)


@lru_cache(maxsize=16_384)
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


def _wide(run: str) -> Part:
    return Part(run, _pairs(run)) if len(run) > 1 else Part(run, beginnings=(run,))


def _spaced(run: str) -> Part:
    if len(run) < SHORTEST_PART:
        return Part(f' {run}', beginnings=(run[:LONGEST_TERM],))
    return Part(run, beginnings=(run[:LONGEST_TERM],), within=run[:LONGEST_TERM])
