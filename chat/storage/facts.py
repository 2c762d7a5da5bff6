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


def policy(connection: Connection) -> Policy:
    """Return what administrators have set."""
    found = connection.execute(select(facts.c.value).where(facts.c.name == POLICY)).scalar()
    return Policy() if found is None else Policy(**json.loads(found))


def set_policy(connection: Connection, policy: Policy) -> None:
    """Store what administrators have set."""
    connection.execute(delete(facts).where(facts.c.name == POLICY))
    connection.execute(insert(facts), {'name': POLICY, 'value': json.dumps(asdict(policy))})
