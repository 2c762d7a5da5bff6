"""What is found by the index: messages that have all that somebody asks for, the newest first."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, intersect, or_, select

from chat import search_terms, text
from chat.clock import milliseconds
from chat.search_query import Query
from chat.search_terms import AFTER_ALL, LISTED, Part
from chat.storage import files as file_rows
from chat.storage.catching_up import last_before
from chat.storage.postgresql import use_indexes
from chat.storage.tables import attachments, files, messages, users
from chat.storage.tables import search_terms as rows

LOOKED_AT = 200  # messages that are compared at first; then as many as before, as the index is asked anew each time
MOST_LOOKED_AT = 2_000  # by one search: whoever wants more asks for what comes before
WALKED = 512  # ids that are looked through one after the other, the newest: what is common is found there
FIRST_SPAN = 8_192  # ids that the index is asked about at first
WIDER = 4  # times as many at each step after that
MOST_PASSED = 40_000  # ids that a search passes by which asks for nothing that is in the index
FEW = 500  # messages that are compared rather than asking the index for other things, too
MANY = 20_000  # rows of the index that are too many to go through at each step
MOST_WORDS = 100  # in which a part of a word is: one that is in more is common

# What can be asked for by "has:", beside search_query.HAS.
_IS_PICTURE = exists().where(
    attachments.c.message_id == messages.c.id, attachments.c.file_id == files.c.id, files.c.width.is_not(None)
)
HAS: dict[str, ColumnElement[bool]] = {
    'link': messages.c.html.contains('<a href="http'),
    'file': messages.c.attached,
    'image': and_(messages.c.attached, _IS_PICTURE),
}

_Condition = ColumnElement[bool]


class Candidate(NamedTuple):
    """A message that may be meant, what it is found by (``search_terms.searched``), and when it was said, in ms."""

    id: int
    searched: str
    created_at: int


@dataclass(frozen=True, slots=True)
class _Source:
    """Ids of messages that have something; where there are as many as ``most``, it is quicker to do without."""

    ids: Select[Any]
    id: ColumnElement[int]
    most: int | None


def first_beyond(connection: Connection, before: int | None) -> int:
    """Return the id that follows the newest, or an id that is asked for if it is lower."""
    newest = connection.execute(select(func.max(messages.c.id))).scalar() or 0
    return newest + 1 if before is None else min(before, newest + 1)


def find(
    connection: Connection, query: Query, room_ids: Sequence[int], below: int, limit: int
) -> tuple[list[Candidate], int | None]:
    """Return messages in some rooms that have all that is asked for, the newest first.

    Their ids are below one. And the id before which there may be more, or None: so many are looked at, and so many
    returned.
    """
    use_indexes(connection)
    narrowed = _narrowed(connection, query, room_ids, below)
    if narrowed is None:
        return [], None
    search = _Search(connection, narrowed, limit)
    search.walk()
    if not search.is_over:
        search.ask_the_index()
    return search.result()


@dataclass(frozen=True, slots=True)
class _Narrowed:
    """What a search is narrowed to beside its words: some rooms, an author, ids from one on and below another."""

    query: Query
    room_ids: Sequence[int]
    author_id: int | None
    lowest: int
    below: int

    def conditions(self) -> Iterator[_Condition]:
        """Yield what a message has to meet, apart from its place."""
        yield messages.c.deleted_at.is_(None)
        yield messages.c.hidden_at.is_(None)
        if self.author_id is not None:
            yield messages.c.author_id == self.author_id
        if self.query.after is not None:
            yield messages.c.created_at >= milliseconds(self.query.after)
        if self.query.before is not None:
            yield messages.c.created_at < milliseconds(self.query.before)
        if self.query.pinned:
            yield messages.c.pinned_at.is_not(None)
        yield from (HAS[each] for each in sorted(self.query.has))

    def sources(self) -> Iterator[_Source]:
        """Yield what other indexes than that of words have."""
        theirs = messages.alias()
        its_id = theirs.c.id + 0  # a sum, as SQLite would take the index of ids, which is no help
        here = select(theirs.c.id).where(theirs.c.room_id.in_(self.room_ids))
        if self.author_id is not None:
            yield _Source(here.where(theirs.c.author_id == self.author_id), its_id, FEW)
        if self.query.has & {'file', 'image'}:
            shared = select(attachments.c.message_id).where(attachments.c.room_id.in_(self.room_ids))
            yield _Source(shared, attachments.c.message_id + 0, FEW)
        if self.query.pinned:
            yield _Source(here.where(theirs.c.pinned_at.is_not(None)), its_id, FEW)


def _narrowed(connection: Connection, query: Query, room_ids: Sequence[int], below: int) -> _Narrowed | None:
    """Return what a query narrows a search to, None if that is nothing."""
    lowest, author_id = 1, None
    if query.author is not None:
        wanted = select(users.c.id).where(users.c.name_key == text.skeleton(query.author))
        author_id = connection.execute(wanted).scalar()
        if author_id is None:
            return None
    if query.after is not None:
        lowest = last_before(connection, milliseconds(query.after)) + 1
    if query.before is not None:
        below = min(below, last_before(connection, milliseconds(query.before)) + 1)
    return _Narrowed(query, room_ids, author_id, lowest, below)


class _Search:
    """One search on its way from the newest message down."""

    def __init__(self, connection: Connection, narrowed: _Narrowed, limit: int) -> None:
        self._connection = connection
        self._narrowed = narrowed
        self._below = narrowed.below
        self._limit = limit
        self._looked_at = 0
        self._found: list[Candidate] = []

    @property
    def is_over(self) -> bool:
        """Whether there is enough, or nothing else, or whoever searches has to ask again."""
        is_enough = len(self._found) > self._limit or self._looked_at >= MOST_LOOKED_AT
        return is_enough or self._below <= self._narrowed.lowest

    def result(self) -> tuple[list[Candidate], int | None]:
        """Return what is found, and the id before which there may be more."""
        if len(self._found) > self._limit:
            return self._found[: self._limit], self._found[self._limit - 1].id
        return self._found, self._below if self._below > self._narrowed.lowest else None

    def walk(self) -> None:
        """Look at all messages, as long as what is asked for is so common that enough will be among them."""
        top = self._below
        while not self.is_over and len(self._found) * MOST_LOOKED_AT >= (self._limit + 1) * (top - self._below):
            self._look(self._below - WALKED)

    def ask_the_index(self) -> None:
        """Look at messages that the index names.

        The first thing that is rare is all that it is asked for, as messages tell the rest faster.
        """
        asked = []
        for source in self._sources():
            some = source.ids.where(source.id < self._below).limit(source.most or FEW)
            number = self._connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()
            if number < FEW:
                return self._look_down_to(1, [source])
            if number != source.most:
                asked.append(source)
        span, end = FIRST_SPAN, 1 if asked else self._below - MOST_PASSED
        while not self.is_over and self._below > end:
            self._look_down_to(self._below - span, asked)
            span *= WIDER
        return None

    def _look_down_to(self, lowest: int, sources: Collection[_Source]) -> None:
        while not self.is_over and self._below > lowest:
            self._look(lowest, sources)

    def _sources(self) -> Iterator[_Source]:
        """Yield what can be asked for, first what may well be rare, as longer words are."""
        yield from self._narrowed.sources()
        for part in sorted(self._narrowed.query.parts, key=lambda part: len(part.needle), reverse=True):
            yield from self._of_words(part)

    def _of_words(self, part: Part) -> Iterator[_Source]:
        """Yield what the index has of each message that has a part."""
        for term in part.terms:
            yield self._source(rows.c.term == term, None)
        for start in part.beginnings:
            begins = and_(rows.c.term >= start, rows.c.term < start + AFTER_ALL)
            words = _words_with(self._connection, part.within) if part.within else ()
            if len(words) <= MOST_WORDS:  # else it is so common that messages tell
                yield self._source(or_(begins, rows.c.term.in_(words)) if words else begins, MANY)

    def _source(self, condition: _Condition, most: int | None) -> _Source:
        here = rows.c.room_id.in_(self._narrowed.room_ids)
        return _Source(select(rows.c.message_id).where(condition, here), rows.c.message_id, most)

    def _look(self, lowest: int, sources: Collection[_Source] = ()) -> None:
        """Look at the newest messages that some sources have, if there are any, down to an id."""
        lowest = max(lowest, self._narrowed.lowest)
        most = min(max(LOOKED_AT, self._looked_at), MOST_LOOKED_AT - self._looked_at)
        candidates = _read(self._connection, self._candidates(lowest, sources).limit(most))
        self._found += (each for each in candidates if search_terms.has_all(each.searched, self._narrowed.query.parts))
        self._looked_at += len(candidates)
        self._below = candidates[-1].id if len(candidates) == most else lowest

    def _candidates(self, lowest: int, sources: Collection[_Source]) -> Select[Any]:
        where = [*self._narrowed.conditions()]
        if sources:
            ids = [each.ids.where(each.id >= lowest, each.id < self._below) for each in sources]
            where.append(messages.c.id.in_(intersect(*ids) if len(ids) > 1 else ids[0]))
        else:
            where += [messages.c.room_id.in_(self._narrowed.room_ids)]
            where += [messages.c.id >= lowest, messages.c.id < self._below]
        wanted = select(messages.c.id, messages.c.body, messages.c.attached, messages.c.created_at).where(*where)
        return wanted.order_by(messages.c.id.desc())


def _read(connection: Connection, wanted: Select[Any]) -> list[Candidate]:
    found = connection.execute(wanted).all()
    names = file_rows.names_of(connection, [row.id for row in found if row.attached])
    return [Candidate(row.id, search_terms.searched(row.body, names.get(row.id, ())), row.created_at) for row in found]


def _words_with(connection: Connection, part: str) -> Sequence[str]:
    """Return words that have a part within them, not at their beginning; one more than are asked for if there are."""
    in_list = and_(rows.c.term >= LISTED, rows.c.term < LISTED + AFTER_ALL)
    has_it = func.strpos if connection.dialect.name == 'postgresql' else func.instr
    within = has_it(rows.c.term, part) > len(LISTED) + 1
    found = connection.execute(select(rows.c.term).where(in_list, within).limit(MOST_WORDS + 1)).scalars()
    return [term.removeprefix(LISTED) for term in found]
