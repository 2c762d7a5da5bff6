"""Statements about accounts that are deleted: their rows stay for the messages, with nothing in them of who it was."""

from sqlalchemy import Connection, and_, delete, select, update

from chat import text
from chat.clock import now_ms
from chat.models import User
from chat.storage import files, messages, profiles, users
from chat.storage.tables import (
    drafts,
    identities,
    invitation_uses,
    invitations,
    links,
    memberships,
    mentions,
    pictures,
    sessions,
)
from chat.storage.tables import users as rows

THEIRS = (
    sessions,
    drafts,
    links,
    identities,
    pictures,
    invitation_uses,
    mentions,
)  # rows of these go with the person
_OF_THE_DELETED = select(rows.c.id).where(rows.c.deleted_at.is_not(None))


def find(connection: Connection, user_id: int) -> tuple[User, bool] | None:
    """Return a user, deleted or not, and which of the two; None for nobody."""
    row = connection.execute(select(rows).where(rows.c.id == user_id)).first()
    return None if row is None else (User(row.id, row.name, row.kind), row.deleted_at is not None)


def forget(connection: Connection, user_id: int) -> list[int]:
    """Delete an account: nobody can be this person any more; returns the ids of the sessions that ended.

    What is theirs goes before their own row changes, as those do it who sign in: the other way round, two would wait
    for each other.
    """
    ended = users.delete_sessions_of(connection, user_id)
    for table in THEIRS:
        connection.execute(delete(table).where(table.c.user_id == user_id))
    files.forget_unsent_of(connection, [user_id])
    theirs = update(memberships).where(memberships.c.user_id == user_id)
    connection.execute(theirs.values(notify=None))
    made = update(invitations).where(invitations.c.created_by == user_id)  # they are void, and say no more for whom
    connection.execute(made.values(label=''))
    # A guest, as no account is left; what looks for accounts and administrators need not know of deleted ones.
    values = {
        'name': text.DELETED_ACCOUNT, 'kind': 'guest', 'deleted_at': now_ms(), 'password_hash': None,
        'muted_until': None, 'banned_until': None,
    }  # fmt: skip
    profiles.forget(connection, user_id)
    connection.execute(update(rows).where(rows.c.id == user_id).values(values))
    users.release_name(connection, user_id)
    return ended


def forget_leftovers(connection: Connection) -> None:
    """Delete what reached the database for somebody at the very moment of their deletion, as a draft on another server.

    It was worth nothing: no session of a deleted account is found.
    """
    for table in THEIRS:
        connection.execute(delete(table).where(table.c.user_id.in_(_OF_THE_DELETED)))
    files.forget_unsent_of(connection, _OF_THE_DELETED)
    told = and_(memberships.c.user_id.in_(_OF_THE_DELETED), memberships.c.notify.is_not(None))
    connection.execute(update(memberships).where(told).values(notify=None))


def begin_removing(connection: Connection, user_id: int) -> None:
    """Note that all messages of somebody go."""
    connection.execute(update(rows).where(rows.c.id == user_id).values(removing=True))


def removing(connection: Connection) -> list[int]:
    """Return the ids of those whose messages go, and may not be gone yet."""
    return list(connection.execute(select(rows.c.id).where(rows.c.removing).order_by(rows.c.id)).scalars())


def end_removing(connection: Connection, user_id: int) -> None:
    """Note that no message of somebody is left, if that is so."""
    if not messages.ids_by(connection, user_id):
        connection.execute(update(rows).where(rows.c.id == user_id).values(removing=False))
