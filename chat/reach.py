"""Fetching through what a person may reach: what they may not see and what is not there look alike."""

from dataclasses import dataclass

from sqlalchemy import Connection

from chat import permissions
from chat.clock import now_ms
from chat.errors import Forbidden, NotAMember, NotFound, Unauthenticated
from chat.models import Message, Role, Room, User
from chat.storage import messages, rooms, users


@dataclass(frozen=True, slots=True)
class Reached:
    """A room that a person may see, with their place in it as it is now."""

    user: User
    room: Room
    role: Role | None
    last_read_id: int
    went_back: int  # how often they have marked something there as unread
    muted_until: int = 0  # ms, in this room or everywhere
    spoke_at: int = 0  # ms, where there is a slow mode

    @property
    def is_member(self) -> bool:
        """Whether the person belongs to the room."""
        return self.role is not None


def room(connection: Connection, user: User, slug: str) -> Reached:
    """Return the room, or raise NotFound; the person is loaded afresh, or Unauthenticated is raised."""
    found = rooms.reached(connection, slug if slug.isprintable() else '', user.id)  # half characters reach no database
    if found is None:
        raise Unauthenticated
    fresh, reached, role = found.user, found.room, found.role
    is_banned = found.banned_until > now_ms()
    if reached is not None and permissions.may_read(fresh, reached, is_member=role is not None, is_banned=is_banned):
        named = rooms.named_for(connection, fresh.id, reached) if reached.direct else reached
        return Reached(fresh, named, role, found.last_read_id, found.went_back, found.muted_until, found.spoke_at)
    raise NotFound('There is no such room, or it is not open to you.')


def member_room(connection: Connection, user: User, slug: str) -> Reached:
    """Return a room that the person belongs to, or raise NotFound or NotAMember."""
    reached = room(connection, user, slug)
    if not reached.is_member:
        raise NotAMember
    return reached


def message(connection: Connection, user: User, message_id: int) -> Message:
    """Return a message in a room that the person may see, or raise NotFound."""
    messages.hold_room_of(connection, message_id)
    found = messages.by_id(connection, message_id)
    if found is not None:
        try:
            room(connection, user, found.room)
        except NotFound:
            found = None
    if found is None:
        raise NotFound('There is no such message, or it is not for you.')
    return found


def person(connection: Connection, user: User) -> User:
    """Return the person as stored now, or raise Unauthenticated, also for who is banned."""
    fresh = users.acting(connection, user.id)
    if fresh is None:
        raise Unauthenticated
    return fresh


def administrator(connection: Connection, user: User | None) -> User:
    """Return the person as stored now, or raise Unauthenticated, or Forbidden for who is no administrator."""
    if user is None:
        raise Unauthenticated
    fresh = person(connection, user)
    if not permissions.may_administer(fresh):
        raise Forbidden('Only an administrator may do this.')
    return fresh
