"""Statements about how people present themselves."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from chat.clock import moment, now_ms
from chat.models import Look, Picture, Profile, User
from chat.storage.tables import memberships, pictures, sessions, users

NOTHING = {
    'color': None, 'picture': None, 'status': '', 'status_until': None, 'time_zone': None, 'theme': None,
    'recent_emoji': '', 'skin_tone': 0, 'quiet_from': None, 'quiet_until': None, 'sound': True, 'caught_up_id': 0,
}  # fmt: skip
_BROWSERS_ZONE = (
    select(sessions.c.time_zone)
    .where(sessions.c.user_id == users.c.id, sessions.c.time_zone.is_not(None))
    .order_by(sessions.c.last_used_at.desc(), sessions.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_LOOKS_LIKE_ANYBODY = users.c.color.is_(None) & users.c.picture.is_(None)


def get(connection: Connection, user_id: int) -> Profile | None:
    """Return somebody's profile as it is now, or None."""
    query = select(users, _BROWSERS_ZONE.label('browsers_zone')).where(users.c.id == user_id)
    row = connection.execute(query).first()
    return None if row is None else _profile(row)


def change(connection: Connection, /, user_id: int, **values: object) -> None:
    """Store new values of a profile's columns."""
    connection.execute(update(users).where(users.c.id == user_id).values(**values))


def put_picture(connection: Connection, user_id: int, picture: Picture | None) -> None:
    """Store somebody's picture in place of the one before, or that there is none."""
    connection.execute(delete(pictures).where(pictures.c.user_id == user_id))
    if picture is not None:
        connection.execute(insert(pictures), {'user_id': user_id, 'digest': picture.digest, 'data': picture.data})
    change(connection, user_id, picture=None if picture is None else picture.digest)


def picture(connection: Connection, user_id: int) -> Picture | None:
    """Return somebody's picture, or None."""
    row = connection.execute(select(pictures).where(pictures.c.user_id == user_id)).first()
    return None if row is None else Picture(row.digest, bytes(row.data))


def forget(connection: Connection, user_id: int) -> None:
    """Leave nothing of a profile but the name."""
    connection.execute(delete(pictures).where(pictures.c.user_id == user_id))
    change(connection, user_id, **NOTHING)


def looks(connection: Connection, room_id: int) -> list[Look]:
    """Return the looks of those who belong to a room or ever did, and look otherwise than anybody would."""
    return _looks(connection, select(memberships.c.user_id).where(memberships.c.room_id == room_id))


def looks_of(connection: Connection, user_ids: Collection[int]) -> list[Look]:
    """Return the looks of those of some people who look otherwise than anybody would."""
    return _looks(connection, user_ids)


def members_revision(connection: Connection, room_id: int) -> int:
    """Return the revision of the last change of who belongs to a room, and of how they are called and look."""
    query = select(func.max(memberships.c.revision)).where(memberships.c.room_id == room_id)
    return connection.execute(query).scalar() or 0


def statuses(connection: Connection, now: int) -> dict[int, str]:
    """Return all status lines by user id, but those whose time is over."""
    query = select(users.c.id, users.c.status).where(
        users.c.status != '', users.c.status_until.is_(None) | (users.c.status_until > now)
    )
    return {row.id: row.status for row in connection.execute(query)}


def _looks(connection: Connection, who: Collection[int] | Select[Any]) -> list[Look]:
    query = select(users.c.id, users.c.color, users.c.picture).where(users.c.id.in_(who), ~_LOOKS_LIKE_ANYBODY)
    return [Look(row.id, row.color, row.picture) for row in connection.execute(query.order_by(users.c.id))]


def _profile(row: Row[*tuple[Any, ...]]) -> Profile:
    is_over = row.status_until is not None and row.status_until <= now_ms()
    has_end = row.status_until is not None and not is_over
    return Profile(
        user=User(row.id, row.name, row.kind),
        color=row.color,
        picture=row.picture,
        status='' if is_over else row.status,
        status_until=moment(row.status_until) if has_end else None,
        time_zone=row.time_zone,
        browsers_zone=row.browsers_zone,
        theme=row.theme,
        created_at=moment(row.created_at),
    )
