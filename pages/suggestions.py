"""What could be meant by the letters before the cursor: people after "@", rooms after "#", emoji after ":"."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from time import monotonic

from chat import Chat, emojis, names, text
from chat.models import Room, User
from pages import links, rows

MOST = 8
LOOKED_BACK = 48  # characters before the cursor; no name is longer, and few who look for a room type more of it
FRESH_FOR = 60.0  # s, of the rooms
ALL_HINT = 'everybody in this room'

_ROOM = re.compile(r'(?:^|[\s(])(#)([^\s#][^#\n]*)\Z')
_EMOJI = re.compile(r'(?:^|[\s(])(:)([A-Za-z0-9_+][A-Za-z0-9_+-]+)\Z')
_SIGNS_OF_MARKDOWN = re.compile(r'([\\`*_\[\]<>&~|!:@])')


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for: the ``words`` after a ``sign``, which stand from ``start`` to ``end``, the cursor."""

    sign: str
    words: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to be written: the text, how it is shown as HTML, and how it is called."""

    text: str
    html: str
    name: str
    person: int = 0  # whose look it has


class Suggestions:
    """Knows who and what can be suggested in one room to one person."""

    def __init__(self, chat: Chat, user: Callable[[], User], people: Callable[[], Iterable[User]]) -> None:
        self._chat, self._user, self._people = chat, user, people
        self._rooms: Sequence[Room] = ()
        self._rooms_at = -FRESH_FOR
        self._tone: int | None = None

    def knows(self, sign: str) -> bool:
        """Whether all is there that it takes, without asking storage first: see ``learn``."""
        if sign == '#':
            return monotonic() - self._rooms_at < FRESH_FOR
        return sign != ':' or self._tone is not None

    async def learn(self, sign: str) -> None:
        """Read what ``knows`` says that is missing; raises ChatError."""
        if sign == '#':
            entries = await self._chat.rooms.list(self._user())
            self._rooms = [entry.room for entry in entries if not entry.room.direct]
            self._rooms_at = monotonic()
        elif sign == ':':
            self._tone = (await self._chat.reactions.taste(self._user())).skin_tone

    def of(self, asked: Asked) -> list[Suggestion]:
        """Return what could be meant, the nearest first; nothing if it is written there already."""
        if asked.sign == '@':
            found = people(asked.words, self._people(), but=self._user().id)
        elif asked.sign == '#':
            found = rooms(asked.words, self._rooms)
        else:
            found = emoji(asked.words, self._tone or 0)
        written = names.folded(asked.sign + asked.words)
        return [] if len(found) == 1 and names.folded(found[0].text.strip()) == written else found


def asked(typed: str, cursor: int) -> Asked | None:
    """Return what the text before the cursor asks for, if it asks for anything."""
    if typed[cursor : cursor + 1].isalnum():
        return None
    first = max(0, cursor - LOOKED_BACK)
    before = typed[first:cursor]
    found = [Asked(each[1], each[2], first + each.start(1), cursor) for each in (_ROOM.search(before), _EMOJI.search(before)) if each]  # fmt: skip  # noqa: E501
    sign = before.rfind('@')
    if sign > 0 and before[sign - 1] == '@':  # of a name that begins with one
        sign -= 1
    words = before[sign + 1 :]
    if sign >= 0 and '\n' not in words and not words[:1].isspace() and names.begins(typed, first + sign):
        found.append(Asked('@', words, first + sign, cursor))
    return max(found, key=lambda each: each.start, default=None)


def cursor_after(before: str, after: str) -> int:
    """Return where the cursor is after somebody has typed: behind what is new."""
    most = min(len(before), len(after))
    same = next((place for place in range(most) if before[place] != after[place]), most)
    rest = next((place for place in range(most - same) if before[-1 - place] != after[-1 - place]), most - same)
    return len(after) - rest


def people(words: str, users: Iterable[User], but: int = 0) -> list[Suggestion]:
    """Return the people whose names have words that begin so, and the words that mean all."""
    sought = names.folded(words)
    rated = [(rank, user.name.casefold(), user) for user in users if user.id != but and (rank := _rank(sought, user.name)) is not None]  # fmt: skip  # noqa: E501
    found = [_person(user) for _, _, user in sorted(rated, key=lambda each: each[:2])]
    meant = [word for word in sorted(text.MENTION_WORDS) if word.startswith(sought)] if sought else ['all']
    return [*found[: MOST - len(meant[:1])], *(_all(word) for word in meant)][:MOST]


def rooms(words: str, known: Iterable[Room]) -> list[Suggestion]:
    """Return the rooms whose names have words that begin so, or whose address does."""
    sought = names.folded(words)
    rated = []
    for place, room in enumerate(known):
        ranks = [_rank(sought, room.name), 2 if room.slug.startswith(sought) else None]
        if any(rank is not None for rank in ranks):
            rated.append((min(rank for rank in ranks if rank is not None), place, room))
    return [_room(room) for _, _, room in sorted(rated, key=lambda each: each[:2])[:MOST]]


def emoji(words: str, tone: int = 0) -> list[Suggestion]:
    """Return the emoji that are called so."""
    return [_emoji(each, tone) for each in emojis.search(words, MOST)]


def _rank(sought: str, name: str) -> int | None:
    key = names.folded(name)
    if key.startswith(sought):
        return 0
    return 1 if any(word.startswith(sought) for word in re.split(r'[\s._-]+', key)) else None


def _person(user: User) -> Suggestion:
    shown = f'{rows.avatar(user, "small")}<span class="name">{escape(user.name)}</span>'
    return Suggestion(f'@{user.name} ', shown, user.name, user.id)


def _all(word: str) -> Suggestion:
    hint = f'<span class="hint">{ALL_HINT}</span>'
    sign = '<i class="material-icons" aria-hidden="true">campaign</i>'
    return Suggestion(f'@{word} ', f'{sign}<span class="name">{word}</span>{hint}', f'{word}, {ALL_HINT}')


def _room(room: Room) -> Suggestion:
    label = _SIGNS_OF_MARKDOWN.sub(r'\\\1', room.name)
    sign = f'<i class="material-icons" aria-hidden="true">{"lock" if room.private else "tag"}</i>'
    shown = f'{sign}<span class="name">{escape(room.name)}</span>'
    return Suggestion(f'[#{label}]({links.address_of(room.slug)}) ', shown, room.name)


def _emoji(found: emojis.Emoji, tone: int) -> Suggestion:
    character = emojis.with_tone(found.character, tone)
    code = f'<span class="hint">:{escape(found.shortcode)}:</span>' if found.shortcode else ''
    shown = f'<span class="sign">{escape(character)}</span><span class="name">{escape(found.name)}</span>{code}'
    return Suggestion(f'{character} ', shown, found.name)
