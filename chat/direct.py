"""Direct messages: a room of its own for every set of people, which none of them leaves and nobody else joins."""

import secrets
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from chat import permissions, reach
from chat.errors import Forbidden, Invalid, NotFound
from chat.events import MemberJoined
from chat.models import Member, Room, User
from chat.rate_limits import RateLimits
from chat.room_state import RoomState
from chat.storage import Storage, facts, rooms, users

MOST_PEOPLE = 9  # with oneself: beyond, a private room serves better
NAME = 'Direct messages'  # as stored; everybody sees the others' names


class Direct:
    """The actions on direct messages; what is said there is said as in any room."""

    def __init__(self, storage: Storage, room_state: RoomState, rate_limits: RateLimits) -> None:
        self._storage = storage
        self._room_state = room_state
        self._rate_limits = rate_limits

    async def open(self, user: User, others: Sequence[int]) -> Room:
        """Return the room of oneself and some others, which begins with the first call.

        Nobody else makes it one's notes. Raises Invalid, NotFound, Forbidden or RateLimited.
        """
        return (await self.open_or_find(user, others))[0]

    async def open_or_find(self, user: User, others: Sequence[int]) -> tuple[Room, bool]:
        """Return the room as ``open`` does, and whether it began with this call."""
        people = {user.id, *others}
        if len(people) > MOST_PEOPLE:
            raise Invalid(f'At most {MOST_PEOPLE} people can write to each other directly. Open a room.', 'users')
        found = await self._storage.read(_find, user, people)
        if found is not None:
            return found, False
        self._rate_limits.check('opening direct messages', user.id)
        room, events = await self._storage.write(_add, user, people)
        for event in events:
            self._room_state.publish(event)
        return room, bool(events)


def key_of(user_ids: Iterable[int]) -> str:
    """Return what a set of people is found by."""
    return '-'.join(map(str, sorted(set(user_ids))))


def _find(connection: Connection, user: User, people: set[int]) -> Room | None:
    fresh = reach.person(connection, user)
    room = rooms.of_people(connection, key_of(people))
    return None if room is None else reach.member_room(connection, fresh, room.slug).room


def _add(connection: Connection, user: User, people: set[int]) -> tuple[Room, list[MemberJoined]]:
    """Store a new room for these people, unless there is one since a moment ago."""
    rooms.hold_people(connection, key_of(people))
    found = _find(connection, user, people)
    if found is not None:
        return found, []
    fresh = reach.person(connection, user)
    if not permissions.may_write_directly(fresh, facts.policy(connection)):
        raise Forbidden('Direct messages are switched off here.')
    here = users.hold_those_here(connection, list(people))
    if len(here) < len(people):
        raise NotFound('One of these people is not here any more.')
    slug = f'direct-{secrets.token_hex(8)}'
    room = rooms.add(connection, slug, NAME, '', private=True, created_by=fresh.id, people_key=key_of(people))
    events = [_join(connection, room, each) for each in here]
    return reach.member_room(connection, fresh, slug).room, events


def _join(connection: Connection, room: Room, user: User) -> MemberJoined:
    number = rooms.next_revision(connection, room.id)
    rooms.join(connection, room.id, user, 'member', number)
    return MemberJoined(room.id, room.slug, number, Member(user, 'member'))
