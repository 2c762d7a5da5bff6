"""Statements about the words that edited messages had before."""

from sqlalchemy import Connection, delete, insert, select

from chat import markup
from chat.clock import milliseconds, moment
from chat.models import Message, Version
from chat.storage.tables import message_versions, messages

KEPT = 50  # versions of a message, the present one included


def keep(connection: Connection, message: Message) -> None:
    """Store the words of a message that is about to be edited; of too many all but the first gives way."""
    written = message.edited_at or message.created_at
    values = {'message_id': message.id, 'body': message.body, 'written_at': milliseconds(written)}
    connection.execute(insert(message_versions), values)
    stored = select(message_versions.c.id).where(message_versions.c.message_id == message.id)
    ids = connection.execute(stored.order_by(message_versions.c.id)).scalars().all()
    for version_id in ids[1 : len(ids) - KEPT + 2]:
        connection.execute(delete(message_versions).where(message_versions.c.id == version_id))


def of(connection: Connection, message_id: int) -> list[Version]:
    """Return what a message has said, oldest first, and says now; nothing when it is deleted. Hidden words, too."""
    query = select(messages).where(messages.c.id == message_id, messages.c.deleted_at.is_(None))
    now = connection.execute(query).first()
    if now is None:
        return []
    before = select(message_versions).where(message_versions.c.message_id == message_id).order_by(message_versions.c.id)
    found = [Version(row.body, markup.render(row.body), moment(row.written_at)) for row in connection.execute(before)]
    html = now.html if now.html_version == markup.VERSION else markup.render(now.body)
    return [*found, Version(now.body, html, moment(now.created_at if now.edited_at is None else now.edited_at))]
