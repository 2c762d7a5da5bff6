"""Statements about everything there is, for administrators."""

from typing import Any

from sqlalchemy import Connection, Row, func, select

from chat.clock import moment
from chat.models import Bot, Hook, Room, RoomSummary, Signed, SignIn, User
from chat.storage import files, postgresql, sqlite
from chat.storage import rooms as room_rows
from chat.storage import users as user_rows
from chat.storage.hooks import every_hook
from chat.storage.tables import memberships, messages, pictures, rooms, sessions, users


def room_summaries(connection: Connection) -> list[RoomSummary]:
    """Return all rooms but those of direct messages, by name, with how many people and messages each has."""
    people = dict(_counted(connection, memberships.c.room_id, memberships.c.left_at.is_(None)))
    said = dict(_counted(connection, messages.c.room_id, messages.c.deleted_at.is_(None)))
    query = select(rooms).where(rooms.c.people_key.is_(None)).order_by(func.lower(rooms.c.name), rooms.c.id)
    found = [room_rows.room_of(row) for row in connection.execute(query)]
    return [RoomSummary(room, people.get(room.id, 0), said.get(room.id, 0)) for room in found]


def ordinary_room(connection: Connection, slug: str) -> Room | None:
    """Return a room that is not one of direct messages, whoever belongs to it; held until the transaction ends."""
    postgresql.hold_rooms(connection, rooms.c.slug == slug)
    room = room_rows.by_slug(connection, slug)
    return None if room is None or room.direct else room


def sessions_of_people(connection: Connection, limit: int) -> list[Signed]:
    """Return who is signed in where, bots and passing guests aside, the session used last first."""
    query = select(sessions, users.c.name, users.c.kind).join_from(sessions, users)
    of_people = query.where(users.c.kind != 'bot', sessions.c.passing.is_(False))
    found = connection.execute(of_people.order_by(sessions.c.last_used_at.desc(), sessions.c.id.desc()).limit(limit))
    return [_signed(row) for row in found]


def owner_of_session(connection: Connection, session_id: int) -> User | None:
    """Return whose session that is, or None."""
    user_id = connection.execute(select(sessions.c.user_id).where(sessions.c.id == session_id)).scalar()
    return None if user_id is None else user_rows.get(connection, user_id)


def programs(connection: Connection) -> tuple[list[Bot], list[Hook]]:
    """Return the bots that have tokens, and the webhooks of all rooms."""
    return user_rows.bots(connection), every_hook(connection)


def sizes(connection: Connection) -> tuple[int, int]:
    """Return how many bytes the database has, and how many there are of pictures of people and shared files."""
    whole = (postgresql if connection.dialect.name == 'postgresql' else sqlite).size(connection)
    shown = connection.execute(select(func.coalesce(func.sum(func.length(pictures.c.data)), 0))).scalar_one()
    return whole, int(shown) + files.size(connection)


def _counted(connection: Connection, column: Any, where: Any) -> list[tuple[int, int]]:
    query = select(column, func.count()).where(where).group_by(column)
    return [(room_id, count) for room_id, count in connection.execute(query)]


def _signed(row: Row[*tuple[Any, ...]]) -> Signed:
    sign_in = SignIn(row.id, row.user_agent, moment(row.created_at), moment(row.last_used_at))
    return Signed(User(row.user_id, row.name, row.kind), sign_in, row.address or '')
