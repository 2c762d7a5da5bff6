"""What listeners are told.

Numbered events carry the room's revision and the whole thing that changed, so that applying one means "put by id".
States (presence, typing) carry no number: they may be lost and are sent again.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

import pydantic_core
from pydantic import TypeAdapter

from chat.models import Attachment, Member, Message, Posting, Room, User


@dataclass(frozen=True)
class RoomEvent:
    """A numbered change in one room."""

    type: ClassVar[str]
    room_id: int
    room: str
    revision: int

    @cached_property
    def text(self) -> str:
        """The event as JSON: put into words once, however many listen."""
        return json.dumps(to_json(self), ensure_ascii=False, separators=(',', ':'))


@dataclass(frozen=True)
class MessageEvent(RoomEvent):
    """A change of a message, with the message as it is now."""

    message: Message


@dataclass(frozen=True)
class MessageSent(MessageEvent):
    """Somebody said something."""

    type = 'message_sent'


@dataclass(frozen=True)
class MessageEdited(MessageEvent):
    """The author changed the words."""

    type = 'message_edited'


@dataclass(frozen=True)
class MessageDeleted(MessageEvent):
    """The words are gone; a tombstone keeps the place."""

    type = 'message_deleted'


@dataclass(frozen=True)
class MessageReacted(MessageEvent):
    """Somebody reacted, or took that back; the words are as they were."""

    type = 'message_reacted'


@dataclass(frozen=True)
class MessagePinned(MessageEvent):
    """A message was pinned to the room, or no longer is; the words are as they were."""

    type = 'message_pinned'


@dataclass(frozen=True)
class MemberEvent(RoomEvent):
    """A change of who belongs to a room, or of somebody who does."""

    member: Member


@dataclass(frozen=True)
class MemberJoined(MemberEvent):
    """Somebody became a member."""

    type = 'member_joined'


@dataclass(frozen=True)
class MemberChanged(MemberEvent):
    """A member has another name, is of another kind, or looks otherwise."""

    type = 'member_changed'


@dataclass(frozen=True)
class MemberLeft(MemberEvent):
    """Somebody stopped being a member."""

    type = 'member_left'


@dataclass(frozen=True)
class RoomChanged(RoomEvent):
    """The room itself is another now; its address stays."""

    type = 'room_changed'
    name: str
    topic: str
    private: bool
    description: str = ''
    posting: Posting = 'everybody'
    slow_mode: int = 0
    paused: bool = False
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Typing:
    """Who is writing in a room just now; a state, without a number."""

    type: ClassVar[str] = 'typing'
    room_id: int
    users: tuple[User, ...]


@dataclass(frozen=True, slots=True)
class StartAfresh:
    """Too much has changed to tell one by one: read the room anew; a state, without a number."""

    type: ClassVar[str] = 'start_afresh'
    room_id: int


@dataclass(frozen=True, slots=True)
class RoomGone:
    """The room is no more; a state, without a number."""

    type: ClassVar[str] = 'room_gone'
    room_id: int


@dataclass(frozen=True, slots=True)
class Changes:
    """The events of a room after some revision, and the revision they lead to; empty when not ``complete``."""

    events: tuple[RoomEvent, ...]
    revision: int
    complete: bool


Told = RoomEvent | Typing | StartAfresh | RoomGone


def message_event(message: Message, since: int | None = None) -> MessageEvent:
    """Return the event that tells of the newest version of ``message`` to who knows the room as of revision ``since``.

    Without one: to who knows all but the newest change.
    """
    known = message.revision - 1 if since is None else since
    if message.worded_revision <= known:
        kind: type[MessageEvent] = MessagePinned if message.change == 'pinned' else MessageReacted
    elif message.deleted_at is not None:
        kind = MessageDeleted
    else:
        kind = MessageSent if message.first_revision > known else MessageEdited
    return kind(message.room_id, message.room, message.revision, message)


def told_since(event: RoomEvent, since: int) -> RoomEvent:
    """Return an event that was read for who knew less as it is told to who knows the room as of ``since``."""
    return message_event(event.message, since) if isinstance(event, MessageSent | MessageEdited) else event


def room_changed(room: Room) -> RoomChanged:
    """Return the event that tells what a room is like now."""
    values = {name: getattr(room, name) for name in _OF_ROOM}
    return RoomChanged(room.id, room.slug, room.revision, **values)


def to_json(event: RoomEvent) -> dict[str, Any]:
    """Return a numbered event in the form every door speaks."""
    data: dict[str, Any] = {'type': event.type, 'room': event.room, 'revision': event.revision}
    if isinstance(event, MessageEvent):
        data['message'] = message_json(event.message)
    elif isinstance(event, MemberEvent):
        data['member'] = {'user': user_json(event.member.user), 'role': event.member.role}
    elif isinstance(event, RoomChanged):
        data.update({name: getattr(event, name) for name in _OF_ROOM})
    return data


def from_json(room_id: int, text: str) -> RoomEvent:
    """Return the event that was put into words as ``text``; raises ValueError if it is none."""
    data = pydantic_core.from_json(text)  # which refuses what is nested too deeply by a ValueError, too
    if not isinstance(data, dict) or not isinstance(data.get('type'), str) or data['type'] not in _READERS:
        raise ValueError('This is no event of a room.')
    data['room_id'] = room_id
    if isinstance(data.get('message'), dict):
        data['message']['room_id'] = room_id
    event: RoomEvent = _READERS[data['type']].validate_python(data)
    return event


def user_json(user: User) -> dict[str, Any]:
    """Return a user in the form every door speaks."""
    return {'id': user.id, 'name': user.name, 'kind': user.kind}


def room_json(room: Room) -> dict[str, Any]:
    """Return a room in the form every door speaks."""
    return {'slug': room.slug, **{name: getattr(room, name) for name in _OF_ROOM}, 'direct': room.direct}


def message_json(message: Message) -> dict[str, Any]:
    """Return a message in the form every door speaks."""
    return {
        'id': message.id,
        'room': message.room,
        'revision': message.revision,
        'author': user_json(message.author),
        'body': message.body,
        'html': message.html,
        'client_message_id': message.client_message_id,
        'created_at': iso(message.created_at),
        'edited_at': iso(message.edited_at),
        'deleted_at': iso(message.deleted_at),
        'reply_to': message.reply_to,
        'reactions': [
            {'emoji': each.emoji, 'users': list(each.users), 'user_ids': list(each.user_ids)}
            for each in message.reactions
        ],
        'attachments': [attachment_json(each) for each in message.attachments],
        'hidden': message.hidden,
        'mentions': list(message.mentions),
        'mentions_all': message.mentions_all,
        'pinned_at': iso(message.pinned_at),
    }


def attachment_json(attachment: Attachment) -> dict[str, Any]:
    """Return what goes with a message, or will, in the form every door speaks."""
    return {name: getattr(attachment, name) for name in ('id', 'name', 'type', 'size', 'width', 'height')}


def iso(moment: datetime | None) -> str | None:
    """Return a UTC time as ``2026-11-23T09:00:00.000Z``."""
    return None if moment is None else moment.isoformat(timespec='milliseconds').replace('+00:00', 'Z')


# What a room is like, in the words of every door.
_OF_ROOM = ('name', 'topic', 'private', 'description', 'posting', 'slow_mode', 'paused', 'archived')

_READERS: dict[str, TypeAdapter[Any]] = {
    kind.type: TypeAdapter(kind)
    for kind in (
        MessageSent,
        MessageEdited,
        MessageDeleted,
        MessageReacted,
        MessagePinned,
        MemberJoined,
        MemberChanged,
        MemberLeft,
        RoomChanged,
    )
}
