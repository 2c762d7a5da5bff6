"""Statements about people and their sessions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, exists, func, insert, select, update

from chat.clock import moment, now_ms
from chat.models import Bot, BotToken, Session, SignIn, User, UserKind
from chat.storage.tables import memberships, sessions, users

_IS_THERE = users.c.deleted_at.is_(None)
_IS_LET_IN = users.c.banned_until.is_(None) | (users.c.banned_until <= bindparam('now', callable_=now_ms))
# A guest who is banned keeps the name, or would have it again by coming back.
_NOBODY_CAN_BE = (users.c.kind == 'guest') & _IS_LET_IN & ~exists().where(sessions.c.user_id == users.c.id)
_BY_ID = select(users.c.id, users.c.name, users.c.kind).where(users.c.id == bindparam('user_id'), _IS_THERE)
LONGEST_ADDRESS = 64  # characters
_RELEASED = ' '  # no skeleton has a space, so such a key is no name's
_SESSION = select(
    sessions.c.id, sessions.c.created_at, sessions.c.last_used_at, sessions.c.passing,
    users.c.id.label('user_id'), users.c.name, users.c.kind, users.c.theme,
    func.coalesce(users.c.time_zone, sessions.c.time_zone).label('time_zone'),
    users.c.time_zone.is_not(None).label('zone_is_chosen'),
).join_from(sessions, users).where(_IS_THERE, _IS_LET_IN)  # fmt: skip


def get(connection: Connection, user_id: int) -> User | None:
    """Return the user, or None; a deleted account is nobody's."""
    row = connection.execute(_BY_ID, {'user_id': user_id}).first()
    return None if row is None else User(row.id, row.name, row.kind)


def acting(connection: Connection, user_id: int) -> User | None:
    """Return the user, or None for nobody, and for somebody who is banned."""
    row = connection.execute(_BY_ID.where(_IS_LET_IN), {'user_id': user_id}).first()
    return None if row is None else User(row.id, row.name, row.kind)


def hold_as_they_are(connection: Connection, user_id: int) -> int | None:
    """Let nobody change somebody until the transaction ends; returns until when they are banned, None for nobody."""
    query = select(users.c.banned_until).where(users.c.id == user_id, _IS_THERE)
    row = connection.execute(query.with_for_update(read=True)).first()
    return None if row is None else (row.banned_until or 0)


def name_is_taken(connection: Connection, name_key: str) -> bool:
    """Whether somebody has a name with this skeleton."""
    return connection.execute(select(users.c.id).where(users.c.name_key == name_key)).first() is not None


def bot_by_key(connection: Connection, name_key: str) -> User | None:
    """Return the bot whose name has this skeleton, or None."""
    row = connection.execute(select(users).where(users.c.name_key == name_key, users.c.kind == 'bot')).first()
    return None if row is None else User(row.id, row.name, row.kind)


def bots(connection: Connection) -> list[Bot]:
    """Return the bots that have tokens, in the order they were made."""
    query = select(users.c.id.label('user_id'), users.c.name, users.c.kind, sessions.c.id, sessions.c.created_at,
                   sessions.c.last_used_at).join_from(users, sessions)  # fmt: skip
    rows = connection.execute(query.where(users.c.kind == 'bot').order_by(users.c.id, sessions.c.id))
    tokens: dict[User, list[BotToken]] = {}
    for row in rows:
        token = BotToken(row.id, moment(row.created_at), moment(row.last_used_at))
        tokens.setdefault(User(row.user_id, row.name, row.kind), []).append(token)
    return [Bot(user, tuple(theirs)) for user, theirs in tokens.items()]


def add(connection: Connection, name: str, name_key: str, kind: UserKind) -> User:
    """Store a new user."""
    values = {'name': name, 'name_key': name_key, 'kind': kind, 'created_at': now_ms()}
    user_id: int = connection.execute(insert(users).returning(users.c.id), values).scalar_one()
    return User(user_id, name, kind)


def forsaken(connection: Connection, created_before: int) -> list[int]:
    """Return the ids of the guests without a session who still have their names, or belong to a room.

    What somebody did at the very moment of signing out may have made them a member after they had left all rooms.
    """
    left_over = users.c.name_key.not_like(f'{_RELEASED}%') | exists().where(
        memberships.c.user_id == users.c.id, memberships.c.left_at.is_(None)
    )
    query = select(users.c.id).where(_NOBODY_CAN_BE, left_over, users.c.created_at < created_before)
    return list(connection.execute(query.order_by(users.c.id)).scalars())


def without_session(connection: Connection, user_ids: Sequence[int]) -> list[User]:
    """Return those of some users who are guests without a session: nobody can be them any more."""
    found = connection.execute(select(users).where(users.c.id.in_(user_ids), _NOBODY_CAN_BE).order_by(users.c.id))
    return [User(row.id, row.name, row.kind) for row in found]


def hold(connection: Connection, user_id: int) -> bool:
    """Let nobody else change somebody until the transaction ends; returns whether their name is still theirs."""
    theirs = (users.c.id == user_id) & users.c.name_key.not_like(f'{_RELEASED}%')
    found = connection.execute(select(users.c.id).where(theirs).with_for_update(key_share=True))
    return found.first() is not None


def hold_those_here(connection: Connection, user_ids: Sequence[int]) -> list[User]:
    """Return those of some users who can be written to, by id, and let nobody else change them until the end.

    Whose account is deleted, who has given up the name, and who is banned, cannot.
    """
    is_out = users.c.banned_until.is_not(None) & (users.c.banned_until > now_ms())
    here = users.c.id.in_(user_ids) & _IS_THERE & users.c.name_key.not_like(f'{_RELEASED}%') & ~is_out
    found = connection.execute(select(users).where(here).order_by(users.c.id).with_for_update(key_share=True))
    return [User(row.id, row.name, row.kind) for row in found]


def is_released(name_key: str) -> bool:
    """Whether a name is nobody's any more, by the key that is stored of it."""
    return name_key.startswith(_RELEASED)


def release_name(connection: Connection, user_id: int) -> None:
    """Let somebody else have the name of a bot, or of a guest whom nobody can be; what they said stays under it.

    Asked again here, as at this very moment the guest may have become somebody with an account.
    """
    values = {'name_key': f'{_RELEASED}{user_id}'}
    connection.execute(update(users).where(users.c.id == user_id, (users.c.kind == 'bot') | _NOBODY_CAN_BE), values)


def sign_ins(connection: Connection, user_id: int) -> list[SignIn]:
    """Return the sessions of a user, the one used last first."""
    query = select(sessions).where(sessions.c.user_id == user_id)
    rows = connection.execute(query.order_by(sessions.c.last_used_at.desc(), sessions.c.id.desc()))
    return [SignIn(row.id, row.user_agent, moment(row.created_at), moment(row.last_used_at)) for row in rows]


def add_session(
    connection: Connection,
    user: User,
    token_hash: str,
    user_agent: str = '',
    time_zone: str | None = None,
    *,
    passing: bool = False,
    address: str = '',
) -> int:
    """Store a session of a user and return its id; only the hash of its token is kept."""
    now = now_ms()
    values = {
        'user_id': user.id, 'token_hash': token_hash, 'user_agent': user_agent, 'time_zone': time_zone,
        'created_at': now, 'last_used_at': now, 'passing': passing, 'address': address[:LONGEST_ADDRESS],
    }  # fmt: skip
    session_id: int = connection.execute(insert(sessions).returning(sessions.c.id), values).scalar_one()
    return session_id


def find_session(connection: Connection, token_hash: str) -> tuple[Row[*tuple[Any, ...]], User] | None:
    """Return the row of a session and its user, or None."""
    row = connection.execute(_SESSION.where(sessions.c.token_hash == token_hash)).first()
    return None if row is None else (row, User(row.user_id, row.name, row.kind))


def as_session(row: Row[*tuple[Any, ...]], user: User, expires_at: int | None) -> Session:
    """Return the session of a row that ``find_session`` returned."""
    until = None if expires_at is None else moment(expires_at)
    return Session(row.id, user, row.time_zone, row.theme, until, row.passing, row.zone_is_chosen)


def link_owner(connection: Connection, link_hash: str, now: int) -> User | None:
    """Return whom a link would sign in, or None."""
    valid = (sessions.c.link_hash == link_hash) & (sessions.c.link_until > now)
    row = connection.execute(
        select(users.c.id, users.c.name, users.c.kind).join_from(sessions, users).where(valid)
    ).first()
    return None if row is None else User(row.id, row.name, row.kind)


def take_link(connection: Connection, link_hash: str, now: int) -> User | None:
    """Return whom a link signs in, or None; it is worth nothing from now on."""
    valid = (sessions.c.link_hash == link_hash) & (sessions.c.link_until > now)
    taken = update(sessions).where(valid).values(link_hash=None, link_until=None).returning(sessions.c.user_id)
    user_id = connection.execute(taken).scalar()
    return None if user_id is None else get(connection, user_id)


def change_session(connection: Connection, /, session_id: int, **values: object) -> bool:
    """Store new values of a session's columns; returns whether there is such a session."""
    return connection.execute(update(sessions).where(sessions.c.id == session_id).values(**values)).rowcount > 0


def replace_session(connection: Connection, session_id: int, token_hash: str) -> bool:
    """Store a session like another, with the hash of another token, in its place; returns whether that was there."""
    kept = [sessions.c[name] for name in ('user_id', 'time_zone', 'user_agent', 'created_at', 'passing', 'address')]
    found = connection.execute(delete(sessions).where(sessions.c.id == session_id).returning(*kept)).mappings().first()
    if found is None:
        return False
    connection.execute(insert(sessions), {**found, 'token_hash': token_hash, 'last_used_at': now_ms()})
    return True


def delete_session(connection: Connection, session_id: int) -> None:
    """Forget a session."""
    connection.execute(delete(sessions).where(sessions.c.id == session_id))


def existing_sessions(connection: Connection, session_ids: list[int]) -> set[int]:
    """Return those of some sessions' ids that are stored."""
    return set(connection.execute(select(sessions.c.id).where(sessions.c.id.in_(session_ids))).scalars())


def delete_sessions_of(
    connection: Connection, user_id: int, session_id: int | None = None, *, but: int | None = None
) -> list[int]:
    """Forget all sessions of a user, or one of them, or all ``but`` one, and return their ids."""
    which = sessions.c.user_id == user_id
    if session_id is not None:
        which &= sessions.c.id == session_id
    if but is not None:
        which &= sessions.c.id != but
    return list(connection.execute(delete(sessions).where(which).returning(sessions.c.id)).scalars())


def note_use(connection: Connection, session_ids: list[int], now: int) -> None:
    """Store that sessions were in use just now."""
    connection.execute(update(sessions).where(sessions.c.id.in_(session_ids)).values(last_used_at=now))


def note_passing(connection: Connection, session_ids: list[int], now: int) -> None:
    """Store that those of some sessions that are passing were in use just now."""
    these = sessions.c.passing & sessions.c.id.in_(session_ids)
    connection.execute(update(sessions).where(these).values(last_used_at=now))


def delete_passing(connection: Connection, last_used: int, created: int) -> list[int]:
    """Forget passing sessions last used or created before these times, and return their ids."""
    ended = sessions.c.passing & ((sessions.c.last_used_at < last_used) | (sessions.c.created_at < created))
    return list(connection.execute(delete(sessions).where(ended).returning(sessions.c.id)).scalars())


def delete_sessions_unused_since(connection: Connection, last_used: int, created: int) -> list[int]:
    """Forget sessions of people last used or created before these times, and return their ids."""
    ended = (sessions.c.last_used_at < last_used) | (sessions.c.created_at < created)
    of_people = sessions.c.user_id.not_in(select(users.c.id).where(users.c.kind == 'bot'))
    return list(connection.execute(delete(sessions).where(ended, of_people).returning(sessions.c.id)).scalars())
