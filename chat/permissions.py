"""Who may do what: pure questions, asked by actions inside their transaction.

Pages ask the same questions to hide a button; they decide nothing.
"""

from datetime import datetime, timedelta

from chat.models import Message, Role, Room, User


def may_read(user: User, room: Room, *, is_member: bool) -> bool:
    """Whether the room exists for this person at all."""
    return is_member or not room.private


def may_join(user: User, room: Room) -> bool:
    """Whether this person may become a member without being invited."""
    return not room.private


def may_send(user: User, *, is_member: bool) -> bool:
    """Whether this person may speak in a room."""
    return is_member


def may_manage_sessions(user: User) -> bool:
    """Whether this person may see and end the own sessions; those of a bot are the operator's."""
    return user.kind != 'bot'


def may_create_rooms(user: User) -> bool:
    """Whether this person may open new rooms."""
    return user.kind != 'bot'


def may_change_room(role: Role | None) -> bool:
    """Whether somebody with this role may rename a room, change its topic or who may find it, or delete it."""
    return role == 'owner'


def may_manage_hooks(role: Role | None) -> bool:
    """Whether somebody of this role may give other programs a way to speak in the room, and take it away."""
    return role == 'owner'


def may_edit(user: User, message: Message, now: datetime, window: timedelta | None) -> bool:
    """Whether this person may change the words: only the author, and only for ``window`` (``None``: for ever)."""
    in_time = window is None or now - message.created_at <= window
    return is_author(user, message) and message.deleted_at is None and in_time


def may_delete(user: User, message: Message) -> bool:
    """Whether this person may take the message away."""
    return is_author(user, message) and message.deleted_at is None


def is_author(user: User, message: Message) -> bool:
    """Whether these are this person's own words."""
    return message.author.id == user.id
