"""Finding messages by their words, in all rooms that somebody may read and in no others."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from chat import permissions, reach, search_query
from chat.models import Look, Message, Room, User
from chat.rate_limits import RateLimits
from chat.search_query import Query
from chat.search_terms import Part
from chat.storage import Storage, messages, profiles, rooms
from chat.storage import search as rows

PAGE = 20  # messages
MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Found:
    """Messages, the newest first; there may be more ``before`` an id, unless that is None.

    And what they are shown with: what was looked for in their words, the ``names`` of their rooms by slug, what they
    reply to by id, and how their authors look.
    """

    messages: tuple[Message, ...]
    before: int | None
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
        self, user: User, words: str, *, room: str | None = None, author: str | None = None,
        before: int | None = None, limit: int = PAGE, time_zone: str | None = None,
    ) -> Found:  # fmt: skip
        """Return what has all these words and is what they narrow it to (``search_query``), the newest first.

        ``room`` and ``author`` do the same as ``in:`` and ``from:``; days are those of the time zone. A room that the
        person may not read is as one that is not there: nothing is found in it. Raises Invalid, RateLimited or
        Unauthenticated.
        """
        self._rate_limits.check('searching', user.id)
        query = search_query.parse(words, time_zone, room=room, author=author)
        return await self._storage.read(_find, user, query, before, limit)


def _find(connection: Connection, user: User, query: Query, before: int | None, limit: int) -> Found:
    me = reach.person(connection, user)
    there = _readable(connection, me)
    if query.room is not None:
        there = _named(there, query.room)
    ids, more = rows.find(connection, query, [room.id for room in there], before, limit) if there else ([], None)
    by_id = {message.id: message for message in messages.by_ids(connection, ids)}
    found = [by_id[each] for each in ids]
    slugs = {message.room for message in found}
    return Found(
        tuple(found),
        more,
        query.parts,
        {room.slug: room.name for room in there if room.slug in slugs},
        messages.quoted(connection, found),
        tuple(profiles.looks_of(connection, {message.author.id for message in found})),
    )


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
