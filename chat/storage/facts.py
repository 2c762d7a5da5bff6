"""Statements about the chat as a whole."""

import json
from dataclasses import asdict

from sqlalchemy import Connection, delete, insert, select

from chat.models import Policy
from chat.storage.tables import facts

POLICY = 'policy'


def chat_id(connection: Connection) -> str:
    """Return what tells this chat from others, wherever its data goes."""
    found: str = connection.execute(select(facts.c.value).where(facts.c.name == 'id')).scalar_one()
    return found


def get(connection: Connection, name: str) -> str | None:
    """Return a fact, None if nobody has put it there."""
    return connection.execute(select(facts.c.value).where(facts.c.name == name)).scalar()


def put(connection: Connection, name: str, value: str) -> None:
    """Store a fact in the place of what it was."""
    connection.execute(delete(facts).where(facts.c.name == name))
    connection.execute(insert(facts), {'name': name, 'value': value})


def policy(connection: Connection) -> Policy:
    """Return what administrators have set."""
    found = get(connection, POLICY)
    return Policy() if found is None else Policy(**json.loads(found))


def set_policy(connection: Connection, policy: Policy) -> None:
    """Store what administrators have set."""
    put(connection, POLICY, json.dumps(asdict(policy)))
