"""Statements about the chat as a whole."""

from sqlalchemy import Connection, select

from chat.storage.tables import facts


def chat_id(connection: Connection) -> str:
    """Return what tells this chat from others, wherever its data goes."""
    found: str = connection.execute(select(facts.c.value).where(facts.c.name == 'id')).scalar_one()
    return found
