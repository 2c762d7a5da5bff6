"""Statements about invitations: what they let into, and who has come by them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, case, delete, func, insert, or_, select, update

from chat.clock import moment, now_ms
from chat.models import Invitation, InvitedKind, Room, User
from chat.storage import rooms as room_rows
from chat.storage import users as user_rows
from chat.storage.postgresql import hold_rooms
from chat.storage.tables import invitation_rooms, invitation_uses, invitations, rooms, users

_INVITATIONS = select(
    invitations,
    users.c.name.label('inviter_name'),
    users.c.kind.label('inviter_kind'),
    users.c.deleted_at.label('inviter_deleted_at'),
    users.c.banned_until.label('inviter_banned_until'),
    users.c.name_key.label('inviter_key'),
).join_from(invitations, users)


def add(
    connection: Connection,
    inviter: User,
    token: str,
    label: str,
    kind: InvitedKind,
    room_ids: Sequence[int],
    until: int | None,
    most_uses: int | None,
) -> Invitation:
    """Store a new invitation to some rooms."""
    values = {
        'token': token, 'label': label, 'kind': kind, 'until': until, 'most_uses': most_uses, 'created_at': now_ms(),
        'created_by': inviter.id,
    }  # fmt: skip
    invitation_id: int = connection.execute(insert(invitations).returning(invitations.c.id), values).scalar_one()
    if room_ids:
        found = [{'invitation_id': invitation_id, 'room_id': room_id} for room_id in room_ids]
        connection.execute(insert(invitation_rooms), found)
    row = connection.execute(_INVITATIONS.where(invitations.c.id == invitation_id)).one()
    return _invitations(connection, [row])[0]


def by_token(connection: Connection, token: str) -> Invitation | None:
    """Return the invitation with this token if it can be followed now, by who was not banned or deleted since.

    In a transaction that writes, its rooms stay as they are.
    """
    mine = select(invitations.c.id).where(invitations.c.token == token)
    its_rooms = select(invitation_rooms.c.room_id).where(invitation_rooms.c.invitation_id.in_(mine))
    hold_rooms(connection, rooms.c.id.in_(its_rooms))
    row = connection.execute(_INVITATIONS.where(invitations.c.token == token, *_open(now_ms()))).first()
    if row is None or row.inviter_deleted_at is not None or (row.inviter_banned_until or 0) > now_ms():
        return None
    if user_rows.is_released(row.inviter_key):  # a guest whom nobody can be any more
        return None
    return _invitations(connection, [row])[0]


def by_id(connection: Connection, invitation_id: int) -> Invitation | None:
    """Return an invitation, also one that is over."""
    row = connection.execute(_INVITATIONS.where(invitations.c.id == invitation_id)).first()
    return None if row is None else _invitations(connection, [row])[0]


def made_by(connection: Connection, inviter_id: int | None, limit: int) -> list[Invitation]:
    """Return the invitations that somebody made, or all, the newest first."""
    mine = _INVITATIONS if inviter_id is None else _INVITATIONS.where(invitations.c.created_by == inviter_id)
    rows = connection.execute(mine.order_by(invitations.c.id.desc()).limit(limit)).all()
    return _invitations(connection, rows)


def use(connection: Connection, invitation_id: int, user: User) -> bool | None:
    """Note that somebody came by an invitation; returns whether for the first time, None if it lets nobody more in."""
    mine = (invitation_uses.c.invitation_id == invitation_id) & (invitation_uses.c.user_id == user.id)
    if connection.execute(select(invitation_uses.c.user_id).where(mine)).first() is not None:
        return False
    counted = update(invitations).where(invitations.c.id == invitation_id, *_open(now_ms()))
    is_last = invitations.c.uses + 1 >= invitations.c.most_uses
    over = case((is_last, now_ms()), else_=None)
    if connection.execute(counted.values(uses=invitations.c.uses + 1, revoked_at=over)).rowcount == 0:
        return None
    values = {'invitation_id': invitation_id, 'user_id': user.id, 'used_at': now_ms()}
    connection.execute(insert(invitation_uses), values)
    return True


def users_of(connection: Connection, invitation_id: int) -> list[User]:
    """Return who came by an invitation, the last first."""
    query = select(users).join_from(invitation_uses, users).where(invitation_uses.c.invitation_id == invitation_id)
    rows = connection.execute(query.order_by(invitation_uses.c.used_at.desc(), users.c.id.desc()))
    return [User(row.id, row.name, row.kind) for row in rows]


def revoke(connection: Connection, invitation_id: int) -> None:
    """Let nobody come by an invitation any more."""
    connection.execute(update(invitations).where(invitations.c.id == invitation_id).values(revoked_at=now_ms()))


def forget_over(connection: Connection, before: int) -> None:
    """Forget the invitations that were over before that time."""
    over = or_(invitations.c.until < before, invitations.c.revoked_at < before)
    ids = select(invitations.c.id).where(over)
    for table in (invitation_rooms, invitation_uses):
        connection.execute(delete(table).where(table.c.invitation_id.in_(ids)))
    connection.execute(delete(invitations).where(over))


def _open(now: int) -> list[Any]:
    return [
        invitations.c.revoked_at.is_(None),
        invitations.c.until.is_(None) | (invitations.c.until > now),
        invitations.c.most_uses.is_(None) | (invitations.c.uses < invitations.c.most_uses),
    ]


def _invitations(connection: Connection, found: Sequence[Row[*tuple[Any, ...]]]) -> list[Invitation]:
    query = select(invitation_rooms.c.invitation_id, rooms).join_from(invitation_rooms, rooms)
    wanted = invitation_rooms.c.invitation_id.in_([row.id for row in found])
    by_invitation: dict[int, list[Room]] = {}
    for row in connection.execute(query.where(wanted).order_by(func.lower(rooms.c.name))):
        by_invitation.setdefault(row.invitation_id, []).append(room_rows.room_of(row))
    now = now_ms()
    return [
        Invitation(
            id=row.id,
            token=row.token,
            label=row.label,
            kind=row.kind,
            rooms=tuple(by_invitation.get(row.id, ())),
            until=None if row.until is None else moment(row.until),
            most_uses=row.most_uses,
            uses=row.uses,
            created_at=moment(row.created_at),
            created_by=User(row.created_by, row.inviter_name, row.inviter_kind),
            is_over=row.revoked_at is not None
            or (row.until is not None and row.until <= now)
            or (row.most_uses is not None and row.uses >= row.most_uses),
        )
        for row in found
    ]
