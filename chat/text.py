"""Every rule about short text: what a message, a name, a room or a topic may contain, and what is derived from them.

All functions are pure. Those called ``clean_…`` return the text to store, or raise ``Invalid`` with a sentence that
says what to change; cleaning twice is the same as cleaning once.
"""
# ruff: noqa: RUF001 - letters that look like others are what the table at the end is about

import re
import secrets
import unicodedata
from collections.abc import Callable, Iterator
from typing import NamedTuple

import emoji

from chat import markup
from chat.errors import Invalid

# Lengths in characters (code points after NFC).
BODY_LENGTH = 10_000
NAME_LENGTH = 32
ROOM_NAME_LENGTH = 64
TOPIC_LENGTH = 250
DESCRIPTION_LENGTH = 2_000
LABEL_LENGTH = 64
STATUS_LENGTH = 100
REASON_LENGTH = 400
SLUG_LENGTH = 48
SKELETON_LENGTH = 96  # a column's width; one character can stand for a phrase of 18 letters
RAW_LENGTH = 4  # times the length of a name or topic: what may come, as invisible characters and loose accents go
FIRST_NUMBERS = 20  # that are suggested in order
ANY_NUMBER = 1_000_000  # below which a number lies that is suggested then
MARKS_IN_A_ROW = 3  # more accents on one letter than any script writes spill over the lines above and below


DELETED_ACCOUNT = 'Deleted account'  # the author of what was said by somebody who has deleted theirs

# "@all" must not be a person's name, but "Ali" looks like it and must be: these words are compared by their letters.
MENTION_WORDS = frozenset({'all', 'channel', 'everyone', 'here', 'room'})
# Nobody should look like one of these, so they are compared as two names are.
ROLE_WORDS = frozenset({'admin', 'administrator', 'bot', 'hearth', 'moderator', 'server', 'system', DELETED_ACCOUNT})


def clean_body(raw: str, *, may_be_empty: bool = False) -> str:
    """Return a message's text without control characters and blank edges."""
    body = re.sub(r'\r\n?|[\x85\u2028\u2029]', '\n', _whole(raw, 'body'))
    body = re.sub(r'[\x00-\x08\x0b-\x1f\x7f-\x9f]', '', body).strip()
    if all(c.isspace() or _is_invisible(c) for c in body):
        if may_be_empty:
            return ''
        raise Invalid('Write something first.', 'body')
    _MESSAGE.check_length(body)
    return body


def clean_name(raw: str) -> str:
    """Return a person's name on one line, in one spelling, with nothing in it that cannot be seen."""
    name = _one_line(_NAME.check_raw(raw))
    if not name:
        raise Invalid('Please choose a name.', 'name')
    _NAME.check_length(name)
    if _visible(name) != name:
        raise Invalid('A name cannot contain invisible characters.', 'name')
    if _too_many_marks(name):
        raise Invalid('A name cannot pile accents on one letter.', 'name')
    key = skeleton(name)
    if not (any(map(str.isalnum, key)) or emoji.emoji_count(key)):
        raise Invalid('A name needs at least one letter, digit or emoji.', 'name')
    if key in _ROLE_KEYS or _letters(name) in MENTION_WORDS:
        raise Invalid(f'"{name}" means something else here. Please choose another name.', 'name')
    return name


def clean_room_name(raw: str) -> str:
    """Return a room's name on one line."""
    name = _one_line(_visible(_ROOM_NAME.check_raw(raw)))
    if not name:
        raise Invalid('Please name the room.', 'name')
    _ROOM_NAME.check_length(name)
    if _too_many_marks(name):
        raise Invalid("A room's name cannot pile accents on one letter.", 'name')
    return name


def clean_topic(raw: str) -> str:
    """Return a room's topic on one line; it may be empty."""
    topic = _one_line(_visible(_TOPIC.check_raw(raw)))
    _TOPIC.check_length(topic)
    if _too_many_marks(topic):
        raise Invalid('A topic cannot pile accents on one letter.', 'topic')
    return topic


def clean_description(raw: str) -> str:
    """Return what a room is for, as Markdown; it may be empty."""
    description = re.sub(r'\r\n?|[\x85\u2028\u2029]', '\n', _whole(raw, 'description'))
    description = re.sub(r'[\x00-\x08\x0b-\x1f\x7f-\x9f]', '', description).strip()
    _DESCRIPTION.check_length(description)
    return description


def clean_label(raw: str) -> str:
    """Return what an invitation is for, as its maker calls it, on one line; it may be empty."""
    label = _one_line(_visible(_LABEL.check_raw(raw)))
    _LABEL.check_length(label)
    return label


def clean_status(raw: str) -> str:
    """Return what somebody says that they are up to on one line; it may be empty."""
    status = _one_line(_visible(_STATUS.check_raw(raw)))
    _STATUS.check_length(status)
    if _too_many_marks(status):
        raise Invalid('A status cannot pile accents on one letter.', 'status')
    return status


def clean_reason(raw: str) -> str:
    """Return why a moderator is asked for something, or does it, on one line; there is always a reason."""
    reason = _one_line(_visible(_REASON.check_raw(raw)))
    if not reason:
        raise Invalid('Say why, in a few words.', 'reason')
    _REASON.check_length(reason)
    return reason


def one_line(raw: str, length: int) -> str:
    """Return any text as it can stand in a log: on one line, cut, nothing that hides or turns what follows."""
    return cut(' '.join(_NOT_ON_ONE_LINE.sub(' ', storable(raw[: RAW_LENGTH * length])).split()), length)


def foreign_name(raw: str) -> str:
    """Return a name that somebody has elsewhere as it can be shown here: on one line, cut, nothing invisible."""
    return cut(visible_line(raw[: RAW_LENGTH * NAME_LENGTH]), NAME_LENGTH)


def visible_line(raw: str) -> str:
    """Return any text on one line, in one spelling, without what cannot be seen or would turn other words around."""
    return _one_line(_visible(raw))


def without_piles(text: str) -> str:
    """Return a text without the accents that spill over the lines above and below."""
    kept, marks = '', 0
    for character in text:
        marks = marks + 1 if _is_mark(character) else 0
        kept += character if marks <= MARKS_IN_A_ROW else ''
    return kept


def cut(text: str, length: int) -> str:
    """Return at most so many characters, without cutting one that is made of several."""
    if len(text) <= length:
        return text
    kept = ''
    for grapheme in _graphemes(text[: length + 16]):  # the longest emoji has 10
        if len(kept) + len(grapheme) > length:
            break
        kept += grapheme
    return kept or text[:length]


def slug_of(room_name: str) -> str:
    """Return the part of a room's address that is made of its name; making it unique is the caller's.

    Accents go, other scripts stay: browsers show ``/rooms/設計`` as it is and encode it on the way.
    """
    plain = ''.join(_without_accent(c) for c in unicodedata.normalize('NFKC', room_name).lower() if c not in "'’")
    plain = unicodedata.normalize('NFC', plain)
    words = ''.join(c if c.isalnum() or unicodedata.category(c) in {'Mn', 'Mc'} else '-' for c in plain)
    slug = cut(re.sub('-+', '-', words).strip('-'), SLUG_LENGTH).strip('-')
    if not any(map(str.isalnum, slug)):
        return 'room'
    return 'new-room' if slug == 'new' else slug


def is_damaged(text: str) -> bool:
    """Whether there are half characters in it (lone surrogates): neither a database nor a browser takes them."""
    return re.search('[\ud800-\udfff]', text) is not None


def storable(text: str) -> str:
    """Return what nobody looked at as a database takes it: no zeros (PostgreSQL), no half characters."""
    return text.replace('\0', '').encode('utf-8', 'replace').decode()


def skeleton(name: str) -> str:
    """Return the key under which two names count as the same: without case, width, separators and look-alikes.

    Accents tell names apart (Zoé is not Zoe). The key is for comparing only, never for showing.
    """
    return _folded(name)[:SKELETON_LENGTH]


def sought(words: str) -> str:
    """Return a text as it is looked for by some letters: without case, accents and width. Never for comparing names."""
    plain = unicodedata.normalize('NFKD', unicodedata.normalize('NFKC', words).casefold())
    return ''.join(_LATIN_LETTERS.get(c, c) for c in plain if not '\u0300' <= c <= '\u036f')


def suggest_name(name: str, taken: Callable[[str], bool]) -> str:
    """Return the first of 'Ada 2', 'Ada 3', … that is not taken, within the length of a name.

    After some tries the number is any: whoever took them all must not make others wait.
    """
    base = re.sub(r'(?<=\S) \d+$', '', name)
    candidate = ''
    for number in (*range(2, FIRST_NUMBERS), *(secrets.randbelow(ANY_NUMBER) for _ in range(FIRST_NUMBERS))):
        candidate = _numbered(base, number)
        if not taken(candidate):
            break
    return candidate


def initials(name: str) -> str:
    """Return what stands for a person in a small circle: one or two letters, or one emoji or wide character."""
    firsts = [first for word in name.split() if (first := next(_graphemes(word.lstrip(_PUNCTUATION)), ''))]
    if not firsts:
        return next(_graphemes(name.strip()), '?')
    if len(firsts) == 1 or not all(first[0].isalnum() and not _wide(first) for first in (firsts[0], firsts[-1])):
        return _capital(firsts[0])
    return _capital(firsts[0]) + _capital(firsts[-1])


def excerpt(body: str, length: int = 120) -> str:
    """Return the start of a message as plain text on one line, for quotes and notifications."""
    head = body[: length * 10]  # the rest cannot matter, apart from what hides in a very long address
    line = ' '.join(_NOT_ON_ONE_LINE.sub(' ', markup.plain(head) or head).split())
    return line if len(line) <= length else cut(line, length - 1).rstrip() + '…'


# What the rules above are made of.


class _Kind(NamedTuple):
    """A kind of text: how long it may be, what a person calls it, and the field it comes in."""

    length: int
    what: str
    field: str

    def check_length(self, text: str, times: int = 1) -> None:
        """Raise Invalid for a text longer than that, or than several times that."""
        if len(text) > times * self.length:
            had = f'{self.what} has at most {self.length:,} characters; this one has {len(text):,}.'
            raise Invalid(had, self.field)

    def check_raw(self, raw: str) -> str:
        """Return a text that came from outside, unless it is damaged or hopelessly long.

        To put accents in order and to find emoji takes the square of the length: that is for short texts only.
        """
        self.check_length(raw, RAW_LENGTH)
        return _whole(raw, self.field)


_MESSAGE = _Kind(BODY_LENGTH, 'A message', 'body')
_NAME = _Kind(NAME_LENGTH, 'A name', 'name')
_ROOM_NAME = _Kind(ROOM_NAME_LENGTH, "A room's name", 'name')
_TOPIC = _Kind(TOPIC_LENGTH, 'A topic', 'topic')
_DESCRIPTION = _Kind(DESCRIPTION_LENGTH, 'A description', 'description')
_LABEL = _Kind(LABEL_LENGTH, 'A label', 'label')
_STATUS = _Kind(STATUS_LENGTH, 'A status', 'status')
_REASON = _Kind(REASON_LENGTH, 'A reason', 'reason')


def _folded(name: str) -> str:
    folded = _letters(name)
    for look, likes in _SAME_AT_A_GLANCE.items():
        folded = re.sub(f'[{likes}]', look, folded)
    return folded


def _numbered(base: str, number: int) -> str:
    """Return a name with a number that its skeleton shows as well: one letter can stand for eighteen there."""
    ending = f' {number}'
    base = cut(base, NAME_LENGTH - len(ending)).rstrip()
    while len(_folded(base)) + len(ending) > SKELETON_LENGTH:
        base = cut(base, len(base) - 1).rstrip()
    return base + ending


def _whole(raw: str, field: str) -> str:
    """Refuse half characters."""
    if is_damaged(raw):
        raise Invalid('This text is damaged: it contains half a character.', field)
    return raw


def _one_line(raw: str) -> str:
    return ' '.join(unicodedata.normalize('NFC', raw).split())


def _visible(text: str) -> str:
    """Return the text without what cannot be seen; joiners stay where emoji and scripts are written with them."""
    emojis = [(found['match_start'], found['match_end']) for found in emoji.emoji_list(text)]
    inside_emoji = {place for start, end in emojis for place in range(start, end)}
    return ''.join(
        character
        for place, character in enumerate(text)
        if character.isspace()
        or not _is_invisible(character)
        or place in inside_emoji
        or _JOINS_LETTERS.match(text, place)
    )


def _is_invisible(character: str) -> bool:
    category = unicodedata.category(character)
    return category in {'Cc', 'Cf', 'Zl', 'Zp', 'Co', 'Cn', 'Cs'} or bool(_BLANK.match(character))


def _too_many_marks(text: str) -> bool:
    return without_piles(text) != text


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in {'Mn', 'Me'}


def _letters(name: str) -> str:
    """Return a name's letters in one case and width, foreign look-alikes as Latin letters, and nothing between them."""
    words = re.split(r'(\W+)', unicodedata.normalize('NFKC', name))
    text = ''.join(word.translate(_SMALL_GREEK) if _HAS_LATIN.search(word) else word for word in words)
    decomposed = unicodedata.normalize('NFKD', unicodedata.normalize('NFKC', text.casefold()).casefold())
    bare = ''.join(c for c in decomposed.translate(_LATIN_LOOKS) if not _between_letters(c))
    # What belongs to no letter with an accent of its own is only decoration.
    return unicodedata.normalize('NFC', re.sub('[\u0300-\u036f]', '', unicodedata.normalize('NFC', bare)))


def _between_letters(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in 'ZPC' or bool(_BLANK.match(character) or _DECORATION.match(character))


def _without_accent(character: str) -> str:
    """Return a Latin letter without its accent, and any other character as it is."""
    if character in _LATIN_LETTERS:
        return _LATIN_LETTERS[character]
    base = unicodedata.normalize('NFKD', character)
    return base[0] if base[0].isascii() and base[0].isalpha() else character


def _graphemes(text: str) -> Iterator[str]:
    """Yield what a reader sees as one character: a letter with its marks, a whole emoji, a flag."""
    emojis = {found['match_start']: found['match_end'] for found in emoji.emoji_list(text)}
    start = 0
    while start < len(text):
        end = emojis.get(start, start + 1)
        while end < len(text) and (_CONTINUES.match(text[end]) or unicodedata.category(text[end])[0] == 'M'):
            end += 1
        yield text[start:end]
        start = end


def _wide(grapheme: str) -> bool:
    return unicodedata.east_asian_width(grapheme[0]) in {'W', 'F'}


def _capital(grapheme: str) -> str:
    capital = grapheme.upper()
    return capital if len(capital) == len(grapheme) else grapheme


# Letters or symbols by Unicode's account that show nothing: fillers, the braille blank, variation selectors.
_BLANK = re.compile(
    '[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]'
)
# Accents and apostrophes that stand alone, and the stroke that only lengthens Arabic words.
_DECORATION = re.compile('[\u0060\u00a8\u00b4\u02b0-\u02ff\u0640]')
# Persian, Sinhala, Hindi … spell words with invisible joiners between two of their letters.
_JOINS_LETTERS = re.compile('(?<=[\u0600-\u109f\u1780-\u17ff])[\u200c\u200d](?=[\u0600-\u109f\u1780-\u17ff])')
_CONTINUES = re.compile('[\u200c\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]')
# Line ends, and direction marks that would turn around the words after an excerpt.
_NOT_ON_ONE_LINE = re.compile('[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]')
_PUNCTUATION = '!"\'()*+,-./:;<=>?@[\\]^_`{|}~¡¿«»‘’“”„…–—'
_HAS_LATIN = re.compile('[A-Za-z]')

# Latin letters that Unicode does not count as an accented one.
_LATIN_LETTERS = {
    'ß': 'ss', 'æ': 'ae', 'œ': 'oe', 'ø': 'o', 'ł': 'l', 'đ': 'd', 'ð': 'd', 'þ': 'th', 'ħ': 'h', 'ı': 'i', 'ŋ': 'n',
}  # fmt: skip

# The common part of Unicode's table of look-alikes (UTS 39), for what passes as a Latin letter or digit in large or in
# small letters. The whole table joins Hebrew and Arabic letters, too, that their readers tell apart.
_LATIN_LOOKS = {
    ord(like.casefold()): letter
    for letter, likes in {
        'a': 'ɑаαᴀꓮᎪᗅⲁ', 'b': 'ƅʙвьβꓐᏼᏏᗷⲃ', 'c': 'ᴄсϲꓚᏟⲥ', 'd': 'ᴅԁꓓᎠᏧᗞ', 'e': 'ᴇеҽεꓰᎬⲉ', 'f': 'ꓝϝᖴ', 'g': 'ɡɢԍցꓖᏀᏻ',
        'h': 'ʜнһηհꓧᎻᏂⲏ', 'i': 'ıɪɩіιᎥⲓꓲ', 'j': 'ᴊјϳꓙᎫ', 'k': 'ᴋкκꓗᏦⲕ', 'l': 'ʟɭӏǀꓡᏞᒪ', 'm': 'ᴍмμꓟᎷⲙᗰ', 'n': 'ɴνոռꓠⲛ',
        'o': 'ᴏоοօꓳⲟ', 'p': 'ᴘрρꓑᏢᑭⲣ', 'q': 'ԛգզ', 'r': 'ʀгꓣᎡᏒᖇ', 's': 'ꜱѕƽꓢᏚՏ', 't': 'ᴛтτꓔᎢⲧ', 'u': 'ᴜʋսꓴᑌ',
        'v': 'ᴠѵꓦᏙᐯ', 'w': 'ᴡɯѡԝωꓪᎳᏔ', 'x': 'хχꓫⲭ᙭', 'y': 'ʏɣуүγυꓬᎩᎽⲩ', 'z': 'ᴢζꓜᏃ',
        '2': 'ƨ', '3': 'зʒȝӡɜ', '6': 'б', '8': 'ȣ',
    }.items()
    for like in likes
}  # fmt: skip
# These small letters look like another Latin letter than their capitals do, which decides inside a Latin word.
_SMALL_GREEK = {ord('ν'): 'v', ord('υ'): 'u', ord('η'): 'n'}
_SAME_AT_A_GLANCE = {'o': '0', 'l': '1i|'}

_ROLE_KEYS = frozenset(map(skeleton, ROLE_WORDS))
