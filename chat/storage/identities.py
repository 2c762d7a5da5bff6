"""Statements about who somebody is elsewhere, and about the ways there that somebody has begun."""

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from chat.clock import now_ms
from chat.models import User
from chat.storage.postgresql import hold_name
from chat.storage.tables import identities, links, users

PURPOSE = 'sign_in'  # in the table of what is followed once; `accounts` looks at its own alone


def hold(connection: Connection, provider: str, subject: str) -> None:
    """Let nobody else sign in as the same person, or connect them, until the transaction ends."""
    hold_name(connection, f'identity {provider} {subject}')


def hold_ways_in(connection: Connection, user: User) -> None:
    """Let nobody else take a way in from this person until the transaction ends."""
    hold_name(connection, f'ways in of {user.id}')


def find(connection: Connection, provider: str, subject: str) -> User | None:
    """Return who this is here, or None; an account that was deleted is nobody."""
    row = connection.execute(
        select(users.c.id, users.c.name, users.c.kind)
        .join_from(identities, users)
        .where(_is(provider, subject), users.c.deleted_at.is_(None))
    ).first()
    return None if row is None else User(row.id, row.name, row.kind)


def add(connection: Connection, provider: str, subject: str, user: User) -> None:
    """Store that this is somebody, in place of an account that was deleted."""
    connection.execute(delete(identities).where(_is(provider, subject)))
    values = {'provider': provider, 'subject': subject, 'user_id': user.id, 'created_at': now_ms()}
    connection.execute(insert(identities), values)


def providers_of(connection: Connection, user_id: int) -> list[str]:
    """Return the keys of the providers that know somebody, once for each identity, the first first."""
    query = select(identities.c.provider).where(identities.c.user_id == user_id)
    return list(connection.execute(query.order_by(identities.c.created_at, identities.c.provider)).scalars())


def count_others(connection: Connection, user_id: int, provider: str, usable: list[str]) -> int:
    """Return by how many identities somebody could still sign in without those of one provider."""
    here = (identities.c.user_id == user_id) & (identities.c.provider != provider) & identities.c.provider.in_(usable)
    number: int = connection.execute(select(func.count()).select_from(identities).where(here)).scalar_one()
    return number


def remove(connection: Connection, user_id: int, provider: str) -> bool:
    """Forget who somebody is at a provider; returns whether that was known."""
    here = (identities.c.user_id == user_id) & (identities.c.provider == provider)
    return connection.execute(delete(identities).where(here)).rowcount > 0


def add_way(connection: Connection, key: str, until: int) -> None:
    """Store that somebody has set out to a provider."""
    connection.execute(insert(links), {'hash': key, 'purpose': PURPOSE, 'user_id': None, 'until': until})


def take_way(connection: Connection, key: str, now: int) -> bool:
    """Return whether somebody set out and is back in time; a second time it is as if nobody had."""
    here = (links.c.hash == key) & (links.c.purpose == PURPOSE) & (links.c.until > now)
    return connection.execute(delete(links).where(here)).rowcount > 0


def _is(provider: str, subject: str) -> ColumnElement[bool]:
    return (identities.c.provider == provider) & (identities.c.subject == subject)
