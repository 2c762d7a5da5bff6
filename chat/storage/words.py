"""What goes with the words of a message, and so goes when they go.

Reactions, mentions, files, former versions, and the terms to find it by.
"""

from sqlalchemy import Connection, delete, select

from chat.storage import files, search
from chat.storage.tables import mentions, message_versions, messages, reactions

_TABLES = (reactions, mentions, message_versions)


def forget(connection: Connection, message_ids: list[int]) -> None:
    """Delete what goes with the words of some messages, as long as these are still stored."""
    search.forget(connection, message_ids)
    files.forget(connection, message_ids)
    for table in _TABLES:
        connection.execute(delete(table).where(table.c.message_id.in_(message_ids)))


def forget_of_room(connection: Connection, room_id: int) -> None:
    """Delete what goes with the words of all messages of a room."""
    search.forget_room(connection, room_id)
    files.forget_room(connection, room_id)
    here = select(messages.c.id).where(messages.c.room_id == room_id)
    for table in _TABLES:
        connection.execute(delete(table).where(table.c.message_id.in_(here)))
