"""Statements about reactions to messages, and about the emoji that somebody took last."""

from dataclasses import replace

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from chat.clock import now_ms
from chat.models import Message, Reaction, User
from chat.storage import messages as message_rows
from chat.storage.postgresql import hold_rooms
from chat.storage.tables import messages, reactions, rooms, users

_OF_THE_DELETED = select(users.c.id).where(users.c.deleted_at.is_not(None))


def put_on(connection: Connection, message: Message, user: User, emoji: str) -> Message:
    """Store that somebody reacts to a message, as somebody who has not yet; the message takes a revision.

    It comes after all others, whatever the clock says, as that is where it is shown until they are read again.
    """
    newest = select(func.max(reactions.c.created_at)).where(reactions.c.message_id == message.id)
    now = max(now_ms(), (connection.execute(newest).scalar() or 0) + 1)
    values = {'message_id': message.id, 'user_id': user.id, 'emoji': emoji, 'created_at': now}
    connection.execute(insert(reactions), values)
    return message_rows.note_reaction(connection, message, _with(message.reactions, user, emoji))


def _with(before: tuple[Reaction, ...], user: User, emoji: str) -> tuple[Reaction, ...]:
    if emoji not in [each.emoji for each in before]:
        return (*before, Reaction(emoji, (user.name,), (user.id,)))
    return tuple(
        replace(each, users=(*each.users, user.name), user_ids=(*each.user_ids, user.id))
        if each.emoji == emoji
        else each
        for each in before
    )


def take_back(connection: Connection, message: Message, user_id: int, emoji: str) -> Message:
    """Store that somebody who does react to a message does so no more."""
    this = and_(reactions.c.message_id == message.id, reactions.c.user_id == user_id, reactions.c.emoji == emoji)
    connection.execute(delete(reactions).where(this))
    return message_rows.change(connection, message, 'reacted', reacted=_is_any_left(connection, message.id))


def of_the_deleted(connection: Connection) -> list[int]:
    """Return the ids of those whose accounts are deleted while there are reactions of theirs."""
    whose = select(reactions.c.user_id).where(reactions.c.user_id.in_(_OF_THE_DELETED)).distinct()
    return list(connection.execute(whose.order_by(reactions.c.user_id)).scalars())


def reacted_to(connection: Connection, user_id: int) -> dict[int, list[int]]:
    """Return the ids of the messages that somebody reacts to, by room, the newest first."""
    query = select(messages.c.room_id, messages.c.id).join_from(reactions, messages)
    query = query.where(reactions.c.user_id == user_id).distinct().order_by(messages.c.id.desc())
    ids: dict[int, list[int]] = {}
    for row in connection.execute(query):
        ids.setdefault(row.room_id, []).append(row.id)
    return ids


def take_back_all(connection: Connection, user_id: int, room_id: int, message_ids: list[int]) -> list[Message]:
    """Take somebody's reactions to some messages of a room back; returns the messages as they are then."""
    hold_rooms(connection, rooms.c.id == room_id)
    changed = []
    for message_id in message_ids:
        this = and_(reactions.c.message_id == message_id, reactions.c.user_id == user_id)
        message = message_rows.by_id(connection, message_id)
        if connection.execute(delete(reactions).where(this)).rowcount and message is not None:
            is_any_left = _is_any_left(connection, message_id)
            changed.append(message_rows.change(connection, message, 'reacted', reacted=is_any_left))
    return changed


def recent(connection: Connection, user_id: int) -> tuple[list[str], int]:
    """Return the emoji that somebody took last, the newest first, and their skin tone."""
    row = connection.execute(select(users.c.recent_emoji, users.c.skin_tone).where(users.c.id == user_id)).first()
    return ([], 0) if row is None else (row.recent_emoji.split(), row.skin_tone)


def keep_recent(connection: Connection, user_id: int, recent_emoji: list[str]) -> None:
    """Store which emoji somebody took last, the newest first."""
    values = {'recent_emoji': ' '.join(recent_emoji)}
    connection.execute(update(users).where(users.c.id == user_id).values(**values))


def keep_skin_tone(connection: Connection, user_id: int, tone: int) -> None:
    """Store which skin tone somebody chose."""
    connection.execute(update(users).where(users.c.id == user_id).values(skin_tone=tone))


def _is_any_left(connection: Connection, message_id: int) -> bool:
    count = select(func.count()).select_from(reactions).where(reactions.c.message_id == message_id)
    return bool(connection.execute(count).scalar())
