"""Finding messages by their words, in all rooms that somebody may read and in no others."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Connection

from chat import permissions, reach, search_query, search_rank
from chat.models import Look, Message, Room, User
from chat.rate_limits import RateLimits
from chat.search_query import Query
from chat.search_terms import Part
from chat.storage import Storage, finding, messages, profiles, rooms
from chat.storage import search as rows
from chat.storage.finding import Candidate

PAGE = 20  # messages
MOST_AT_ONCE = 100
BEST_OF = 200  # messages that are found, the newest, are put in order together

Order = Literal['newest', 'best']


@dataclass(frozen=True, slots=True)
class Found:
    """Messages in the order asked for; there may be more ``before`` an id at an ``offset``, unless the id is None.

    And what they are shown with: what was looked for in their words, the ``names`` of their rooms by slug, what they
    reply to by id, and how their authors look.
    """

    messages: tuple[Message, ...]
    before: int | None
    offset: int = 0
    parts: tuple[Part, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    quoted: dict[int, Message] = field(default_factory=dict)
    looks: tuple[Look, ...] = ()


class Search:
    """Finds messages."""

    def __init__(self, storage: Storage, rate_limits: RateLimits) -> None:
        self._storage = storage
        self._rate_limits = rate_limits

    async def find(
        self, user: User, words: str, *, room: str | None = None, author: str | None = None, order: Order = 'newest',
        before: int | None = None, offset: int = 0, limit: int = PAGE, time_zone: str | None = None,
    ) -> Found:  # fmt: skip
        """Return what has all these words and is what they narrow it to (``search_query``).

        ``room`` and ``author`` do the same as ``in:`` and ``from:``; days are those of the time zone. A room that the
        person may not read is as one that is not there: nothing is found in it. The best are those of the newest 200
        that are found, and come a page at a time; then the best of the 200 before these. Raises Invalid, RateLimited or
        Unauthenticated.
        """
        self._rate_limits.check('searching', user.id)
        query = search_query.parse(words, time_zone, room=room, author=author)
        return await self._storage.read(_find, user, query, order, before, offset, limit)

    async def sweep(self) -> None:
        """Let everything be found, also what servers of an older version store while a newer one is put in place."""
        while await self._storage.write(rows.complete):
            pass


def _find(
    connection: Connection, user: User, query: Query, order: Order, before: int | None, offset: int, limit: int
) -> Found:
    me = reach.person(connection, user)
    there = _readable(connection, me)
    if query.room is not None:
        there = _named(there, query.room)
    if not there:
        return Found((), None)
    room_ids, below = [room.id for room in there], finding.first_beyond(connection, before)
    if order == 'newest':
        found, more = finding.find(connection, query, room_ids, below, limit)
        return _shown(connection, query, there, [each.id for each in found], more)
    found, more = finding.find(connection, query, room_ids, below, BEST_OF)
    page = _best_first(found, query)[offset : offset + limit]
    # The same are put in order for the next page, whatever is said meanwhile.
    more, offset = (below, offset + limit) if offset + limit < len(found) else (more, 0)
    return _shown(connection, query, there, page, more, offset)


def _best_first(found: Sequence[Candidate], query: Query) -> list[int]:
    """Return the ids of messages by how well they answer, the newer first of two that do so alike."""
    newest = max((each.created_at for each in found), default=0)
    scores = {each.id: search_rank.score(each.searched, query.parts, newest - each.created_at) for each in found}
    return sorted(scores, key=lambda each: (scores[each], each), reverse=True)


def _shown(
    connection: Connection, query: Query, there: Sequence[Room], ids: Sequence[int], before: int | None, offset: int = 0
) -> Found:
    """Return messages by their ids, with all that they are shown with."""
    by_id = {message.id: message for message in messages.by_ids(connection, ids)}
    found = [by_id[each] for each in ids]
    slugs = {message.room for message in found}
    names = {room.slug: room.name for room in there if room.slug in slugs}
    looks = profiles.looks_of(connection, {message.author.id for message in found})
    quoted = messages.quoted(connection, found)
    return Found(tuple(found), before, offset, query.parts, names, quoted, tuple(looks))


def _readable(connection: Connection, me: User) -> list[Room]:
    """Return all rooms that somebody may read, under the names that they know them by."""
    may = [
        place.room
        for place in rooms.places(connection, me.id)
        if permissions.may_read(me, place.room, is_member=place.is_member, is_banned=place.is_banned)
    ]
    return rooms.names_for(connection, me.id, may)


def _named(there: Sequence[Room], wanted: str) -> list[Room]:
    """Return the room of an address, or else those of a name."""
    by_address = [room for room in there if room.slug == wanted.lower()]
    return by_address or [room for room in there if room.name.casefold() == wanted.casefold()]
