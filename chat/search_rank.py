"""How well a message answers a search: a rule about text alone, from what is asked for and what the message says."""

from collections.abc import Sequence

from chat import search_terms
from chat.search_terms import Part

# What each is worth at most. What makes a message the better answer outweighs what only makes it a good one.
AS_TYPED = 4.0  # its words are those that were typed, and not longer ones
TOGETHER = 2.0  # they stand side by side, in the order in which they were typed
MUCH = 1.0  # they are much of what it says
NEW = 1.0  # it is as new as the newest that was found
HALF_AS_NEW = 30 * 86_400_000  # ms older than that

BEGINNING, INSIDE = 0.5, 0.25  # of a longer word, beside 1 for the word itself
OTHER_ORDER = 0.5  # beside 1 for the one in which they were typed
MOST_PLACES = 32  # of each word in a message that are looked at


def score(body: str, parts: Sequence[Part], age: int) -> float:
    """Return how well a message that has all these parts answers, in milliseconds older than the newest one found."""
    new = NEW * HALF_AS_NEW / (HALF_AS_NEW + max(age, 0))
    if not parts:
        return new
    line, words = search_terms.line(body), [part.needle.strip() for part in parts]
    as_typed = sum(_as_typed(line, word) for word in words) / len(words)
    places = [_places(line, word) for word in words]
    return AS_TYPED * as_typed + TOGETHER * _together(words, places) + MUCH * _much(line, words, places) + new


def _as_typed(line: str, word: str) -> float:
    """Return 1 where a message has a word as it was typed, less where it has only longer ones with it."""
    if f' {word} ' in line or search_terms.is_wide(word):  # nobody can tell where a word ends without spaces
        return 1.0
    return BEGINNING if f' {word}' in line else INSIDE


def _places(line: str, word: str) -> list[int]:
    found, place = list[int](), line.find(word)
    while place >= 0 and len(found) < MOST_PLACES:
        found.append(place)
        place = line.find(word, place + len(word))
    return found


def _together(words: Sequence[str], places: Sequence[Sequence[int]]) -> float:
    """Return 1 where the words stand side by side as they were typed, less the farther apart they are."""
    if len(words) == 1:
        return 1.0
    letters = sum(map(len, words)) + len(words) - 1
    last: dict[int, int] = {}  # where each word stood last, in the order of these places
    best = 0.0
    for place, which in sorted((place, which) for which, those in enumerate(places) for place in those):
        last.pop(which, None)
        last[which] = place
        if len(last) == len(words):
            stretch = place + len(words[which]) - min(last.values())
            order = 1.0 if list(last) == sorted(last) else OTHER_ORDER
            best = max(best, order * min(1.0, letters / stretch))
    return best


def _much(line: str, words: Sequence[str], places: Sequence[Sequence[int]]) -> float:
    """Return 1 where a message says nothing else; the root, as a long answer is not much worse than a short one."""
    letters = sum(len(word) * len(those) for word, those in zip(words, places, strict=True))
    return float(min(1.0, letters / (len(line) - 2)) ** 0.5)
