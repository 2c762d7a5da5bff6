"""Names in running text: whom the words after an "@" mean."""

import re
import unicodedata
from collections.abc import Iterable

EVERYBODY = 0  # the number of nobody, for the words that mean all of a room
LONGEST_WRITTEN = 64  # characters: a name of 32 may be written with loose accents
ADDRESS = 200  # characters before an "@" that are looked at for the beginning of an address

# What goes on after a name makes it another one: letters, digits, accents, what emoji are joined with.
_GOES_ON = re.compile('[\\w@\u200c\u200d\U0001f3fb-\U0001f3ff]')
# Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese: the next word follows without a space.
_NO_SPACES = re.compile(
    '[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7ff'
    '\uf900-\ufaff\U00020000-\U0003ffff]'
)


class Names:
    """The names of some people, with the words that mean all of them, to be found where they are written."""

    def __init__(self, people: Iterable[tuple[int, str]], words: Iterable[str] = ()) -> None:
        self._ids = dict.fromkeys(map(folded, words), EVERYBODY) | {folded(name): user_id for user_id, name in people}
        self._firsts = frozenset(name[0] for name in self._ids if name)

    def __bool__(self) -> bool:
        return bool(self._ids)

    def at(self, text: str, place: int) -> tuple[int, int] | None:
        """Return whom the "@" at this place means, and where the longest name after it ends; None for nobody."""
        written = text[place + 1 : place + 1 + LONGEST_WRITTEN]
        if not written or folded(written[0])[:1] not in self._firsts or not begins(text, place):
            return None
        written = written.partition('\n')[0]
        whole = written.casefold() if written.isascii() else None
        for length in range(len(written), 0, -1):
            if ends(text, place + 1 + length):
                user_id = self._ids.get(folded(written[:length]) if whole is None else whole[:length])
                if user_id is not None:
                    return user_id, place + 1 + length
        return None

    def are_in(self, text: str) -> bool:
        """Whether one of them may be mentioned; Markdown may make code of it."""
        return any(self.at(text, sign.start()) is not None for sign in re.finditer('@', text))


def written(text: str) -> set[str]:
    """Return all that may be a name after an "@" in a text, whoever there is."""
    found = set()
    for sign in re.finditer('@', text):
        begin = sign.end()
        line = text[begin : begin + LONGEST_WRITTEN].partition('\n')[0]
        found |= {line[:length] for length in range(1, len(line) + 1) if ends(text, begin + length)}
    return found


def folded(name: str) -> str:
    """Return the key under which names count as the same here: without case, width and ways to write an accent.

    Their skeletons leave out what is between letters, too: in a sentence, "@Al ice" is not Alice.
    """
    return unicodedata.normalize('NFKC', unicodedata.normalize('NFKC', name).casefold())


def begins(text: str, place: int) -> bool:
    """Whether the sign at this place can begin a name: it is in no word and in no address."""
    before = text[max(0, place - ADDRESS) : place]
    if not before or before[-1].isspace():
        return True
    if before[-1] == '/' or (_GOES_ON.match(before[-1]) and not _NO_SPACES.match(before[-1])):
        return False
    word = before.split()[-1]
    return '://' not in word and 'www.' not in word


def ends(text: str, place: int) -> bool:
    """Whether a name can end just before this place."""
    if place >= len(text):
        return True
    following = text[place]
    if unicodedata.category(following)[0] == 'M':
        return False
    return not _GOES_ON.match(following) or bool(_NO_SPACES.match(following))
