"""Statements about accounts: passwords, kinds, and the links that give either."""

from typing import get_args

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from chat.models import Link, LinkPurpose, User, UserKind
from chat.storage.postgresql import hold_name
from chat.storage.tables import links, users

KINDS: tuple[UserKind, ...] = ('member', 'moderator', 'administrator')


def by_key(connection: Connection, name_key: str) -> tuple[User, str | None] | None:
    """Return whose name has this skeleton and what is stored of their password, or None."""
    row = connection.execute(select(users).where(users.c.name_key == name_key)).first()
    return None if row is None else (User(row.id, row.name, row.kind), row.password_hash)


def password_hash(connection: Connection, user_id: int) -> str | None:
    """Return what is stored of somebody's password, or None."""
    return connection.execute(select(users.c.password_hash).where(users.c.id == user_id)).scalar()


def set_password_hash(connection: Connection, user_id: int, stored: str, *, before: str | None = None) -> bool:
    """Store a password, if ``before`` is None or still what is stored; returns whether. Links to set one are void."""
    if stored != before:
        connection.execute(delete(links).where(links.c.user_id == user_id, links.c.purpose == 'password'))
    here = users.c.id == user_id
    if before is not None:
        here &= users.c.password_hash == before
    return connection.execute(update(users).where(here).values(password_hash=stored)).rowcount > 0


def set_kind(connection: Connection, user: User, kind: UserKind) -> User:
    """Store what somebody is from now on."""
    connection.execute(update(users).where(users.c.id == user.id).values(kind=kind))
    return User(user.id, user.name, kind)


def everybody(connection: Connection) -> list[User]:
    """Return all accounts by name."""
    rows = connection.execute(select(users).where(users.c.kind.in_(KINDS)).order_by(users.c.name_key))
    return [User(row.id, row.name, row.kind) for row in rows]


def hold_administrators(connection: Connection) -> None:
    """Let nobody else make or unmake an administrator until the transaction ends."""
    hold_name(connection, 'who administers')


def has_administrator(connection: Connection, but: int | None = None) -> bool:
    """Whether there is an administrator, other than one."""
    query = select(users.c.id).where(users.c.kind == 'administrator')
    if but is not None:
        query = query.where(users.c.id != but)
    return connection.execute(query.limit(1)).first() is not None


def add_link(connection: Connection, link_hash: str, purpose: LinkPurpose, user_id: int | None, until: int) -> None:
    """Store a link; the one for the same person before is void."""
    if user_id is not None:
        connection.execute(delete(links).where(links.c.user_id == user_id))
    values = {'hash': link_hash, 'purpose': purpose, 'user_id': user_id, 'until': until}
    connection.execute(insert(links), values)


def find_link(connection: Connection, link_hash: str, now: int) -> Link | None:
    """Return what a link is for, or None if it is void."""
    row = connection.execute(
        select(links.c.purpose, users.c.id, users.c.name, users.c.kind)
        .join_from(links, users, isouter=True)
        .where(_valid(link_hash, now))
    ).first()
    return None if row is None else Link(row.purpose, None if row.id is None else User(row.id, row.name, row.kind))


def take_link(connection: Connection, link_hash: str, now: int) -> Link | None:
    """Return what a link is for, or None if it is void; from now on it is."""
    link = find_link(connection, link_hash, now)
    taken = connection.execute(delete(links).where(_valid(link_hash, now))).rowcount
    return link if taken else None


def delete_links(connection: Connection, *purposes: LinkPurpose) -> None:
    """Forget all links of these purposes."""
    connection.execute(delete(links).where(links.c.purpose.in_(purposes)))


def delete_links_before(connection: Connection, now: int) -> None:
    """Forget the links whose time is over."""
    connection.execute(delete(links).where(links.c.until <= now))


def _valid(link_hash: str, now: int) -> ColumnElement[bool]:
    # By name: a way to a provider is kept beside, and must never count as a link that makes an administrator.
    is_link = links.c.purpose.in_(get_args(LinkPurpose))
    return (links.c.hash == link_hash) & (links.c.until > now) & is_link
