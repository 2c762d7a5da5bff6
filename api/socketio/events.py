"""What is said over Socket.IO: the events that a client may send, and what it is told, put into words once for all."""

import json
from collections import deque
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeVar

from engineio.packet import MESSAGE  # type: ignore[import-untyped]
from engineio.packet import Packet as EnginePacket
from pydantic import BaseModel, ValidationError
from socketio.packet import EVENT, Packet  # type: ignore[import-untyped]

from api.frames import Flag, Id, Text
from chat.errors import ChatError, Invalid
from chat.events import MemberJoined, MemberLeft, MessageDeleted, MessageEdited, MessageSent, RoomEvent, iso
from web.mistakes import sentence

MOST_CHARACTERS = 1_000_000  # of what somebody said, as JSON, in one answer
FIELDS = {'name': 'user', 'body': 'message'}  # how the chat calls what is called otherwise here


class Join(BaseModel):
    """Come into a room as somebody; ``token`` says that one was here before."""

    user: Text
    room: Text | None = None
    token: Text | None = None


class Message(BaseModel):
    """Say something in the room."""

    user: Text
    message: Text
    confirm_all: Flag = False


class Edit(BaseModel):
    """Change the words of a message."""

    id: Id
    message: Text
    confirm_all: Flag = False


class Delete(BaseModel):
    """Take a message away."""

    id: Id


class GetUserMessages(BaseModel):
    """What has somebody said in the room?"""

    user: Text


P = TypeVar('P', bound=BaseModel)


def understand(event: str, model: type[P], payload: tuple[Any, ...]) -> P:
    """Return what an event carries; raises Invalid."""
    if not payload or not isinstance(payload[0], dict):
        raise Invalid(f'"{event}" carries one JSON object.')
    try:
        return model.model_validate(payload[0])
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = str(first['loc'][0])
        raise Invalid(sentence(first, field), field) from None


def packet_of(event: str, data: dict[str, Any]) -> EnginePacket:
    """Return the packet that tells an event."""
    return EnginePacket(MESSAGE, Packet(EVENT, data=[event, data]).encode())


def said(author: str, newest_first: Iterable[str]) -> EnginePacket:
    """Return the packet that tells what somebody said, oldest first: the newest of it, as far as it goes."""
    messages: deque[str] = deque()
    characters = 0
    for body in newest_first:
        characters += len(json.dumps(body))
        if characters > MOST_CHARACTERS:
            break
        messages.appendleft(body)
    return packet_of('get_user_messages', {'user': author, 'messages': list(messages)})


@lru_cache(maxsize=256)  # the same for all who listen
def told(event: RoomEvent) -> EnginePacket | None:
    """Return the packet that tells a change of a room; None for what has no event here."""
    match event:
        case MessageSent(message=message):
            created_at = iso(message.created_at)
            data = {'user': message.author.name, 'message': message.summary, 'id': message.id, 'created_at': created_at}
            return packet_of('message', data)
        case MessageEdited(message=message):
            return packet_of('edit', {'id': message.id, 'user': message.author.name, 'message': message.summary})
        case MessageDeleted(message=message):
            return packet_of('delete', {'id': message.id, 'user': message.author.name})
        case MemberJoined(member=member):
            return joined(member.user.name)
        case MemberLeft(member=member):  # unless the listeners know them by another name
            return left(member.user.name)
    return None


def joined(name: str) -> EnginePacket:
    """Return the packet that tells that somebody came."""
    return packet_of('join', {'user': name})


@lru_cache(maxsize=256)  # likewise
def left(name: str) -> EnginePacket:
    """Return the packet that tells that somebody went."""
    return packet_of('leave', {'user': name})


def error_json(error: ChatError) -> dict[str, Any]:
    """Return an error in the form that clients get it."""
    field = None if error.field is None else FIELDS.get(error.field, error.field)
    return {'code': error.code, 'message': error.message, 'field': field}
