"""Hiding what somebody said, and showing it again: what becomes of one message, inside a transaction.

The words of a hidden message stay stored for KEPT, and nobody reads them but the moderators.
"""

from sqlalchemy import Connection

from chat import audit, permissions, pins, reach
from chat.audit import Actor
from chat.errors import Conflict, Forbidden, NotFound, Unauthenticated
from chat.models import Message, Role, Room, User
from chat.storage import messages, reports, rooms
from chat.storage import moderation as rows

KEPT = 7 * 24 * 3600 * 1000  # ms
NO_MESSAGE = 'There is no such message, or it is not for you.'
NOT_YOURS = 'Only its author can delete this message, and a moderator can hide it.'


def hide(connection: Connection, actor: Actor, message_id: int, reason: str) -> tuple[Message, Message]:
    """Hide a message; returns it before and after, the same one twice if it is hidden already.

    Raises NotFound, Forbidden, or Conflict for a message that its author has deleted.
    """
    message = _moderated(connection, actor, message_id)
    if message.hidden:
        return message, message
    if message.deleted_at is not None:
        raise Conflict('Its author has deleted this message already.')
    _note(connection, actor, 'hide message', message, reason)
    if actor.user is not None:
        reports.close(connection, message.id, actor.user, 'hidden')
    return message, rows.hide(connection, message)


def show_again(connection: Connection, actor: Actor, message_id: int) -> tuple[Message, Message]:
    """Show a hidden message again; returns it before and after, the same one twice if it is not hidden.

    Raises NotFound, Forbidden, or Conflict when its words are gone.
    """
    message = _moderated(connection, actor, message_id)
    if not message.hidden:
        return message, message
    shown = put_back(connection, message)
    if shown is None:
        raise Conflict('It was hidden more than 7 days ago: its words are gone.')
    _note(connection, actor, 'show message again', message, '')
    return message, shown


def put_back(connection: Connection, message: Message) -> Message | None:
    """Store that a message is to be read again; None if its words are gone.

    It is pinned as before, unless as many others as may be are pinned by now.
    """
    is_full = len(messages.pinned_ids(connection, message.room_id)) >= pins.MOST
    return rows.show_again(connection, message, unpinned=is_full)


def _moderated(connection: Connection, actor: Actor, message_id: int) -> Message:
    """Return a message that somebody may hide; raises NotFound or Forbidden."""
    messages.hold_room_of(connection, message_id)
    message = messages.by_id(connection, message_id)
    if message is None:
        raise NotFound(NO_MESSAGE)
    user, role, room = _place_of(connection, actor, message)
    others_role = rows.place(connection, room.id, message.author.id).role
    if not permissions.may_moderate_in_room(user, role, room, message.author, others_role):
        raise Forbidden(NOT_YOURS)
    return message


def _place_of(connection: Connection, actor: Actor, message: Message) -> tuple[User, Role | None, Room]:
    """Return who acts and how they stand to the room of a message that they see, or that was reported to them."""
    if actor.user is None:
        raise Unauthenticated
    try:
        reached = reach.room(connection, actor.user, message.room)
    except NotFound:
        user, room = reach.person(connection, actor.user), rooms.by_id(connection, message.room_id)
        if room is None or not (permissions.may_see_reports(user) and reports.is_reported(connection, message.id)):
            raise NotFound(NO_MESSAGE) from None
        return user, None, room
    return reached.user, reached.role, reached.room


def _note(connection: Connection, actor: Actor, action: str, message: Message, reason: str) -> None:
    details = f'message {message.id}: {reason}' if reason else f'message {message.id}'
    audit.note(connection, actor, action, message.author, room=message.room, details=details)
