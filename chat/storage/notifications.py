"""Statements about what people are told of."""

from sqlalchemy import Connection, select, update

from chat.models import Level, NotificationSettings
from chat.storage.tables import memberships, users


def settings(connection: Connection, user_id: int) -> NotificationSettings:
    """Return what somebody has set for all rooms."""
    query = select(users.c.quiet_from, users.c.quiet_until, users.c.sound).where(users.c.id == user_id)
    row = connection.execute(query).first()
    return NotificationSettings() if row is None else NotificationSettings(*row)


def set_settings(connection: Connection, user_id: int, settings: NotificationSettings) -> None:
    """Store what somebody sets for all rooms."""
    values = {'quiet_from': settings.quiet_from, 'quiet_until': settings.quiet_until, 'sound': settings.sound}
    connection.execute(update(users).where(users.c.id == user_id).values(**values))


def set_level(connection: Connection, room_id: int, user_id: int, level: Level) -> None:
    """Store of what somebody is told in a room."""
    here = (memberships.c.room_id == room_id) & (memberships.c.user_id == user_id)
    connection.execute(update(memberships).where(here).values(notify=level))
