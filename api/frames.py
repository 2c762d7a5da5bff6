"""What a program may send over the WebSocket: one model a frame, and reading them from what came."""

import json
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import from_json

from api.schemas import LARGEST_ID
from chat.errors import Invalid
from chat.messages import MOST_ATTACHMENTS
from web.mistakes import sentence

LARGEST_FRAME = 64 * 1024  # bytes
LONGEST_ID = 64  # characters of an id that is text

FrameId = int | str | None
Id = Annotated[int, Field(ge=0, le=LARGEST_ID, strict=True)]
Text = Annotated[str, Field(strict=True)]
Flag = Annotated[bool, Field(strict=True)]


class Frame(BaseModel):
    """A frame without more than its type."""

    type: str


class Authenticate(Frame):
    """Who is calling, as the first frame of a connection that said nothing before."""

    token: Text


class Subscribe(Frame):
    """Tell what happens in a room from now on, or after revision ``since``."""

    room: Text
    since: Id | None = None


class Unsubscribe(Frame):
    """Tell no more of a room."""

    room: Text


class Send(Frame):
    """Say something."""

    room: Text
    body: Text
    client_message_id: Text | None = None
    reply_to: Id | None = None
    attachments: list[Id] = Field(default=[], max_length=MOST_ATTACHMENTS)
    confirm_all: Flag = False


class Edit(Frame):
    """Change the words of a message."""

    message_id: Id
    body: Text
    confirm_all: Flag = False


class Delete(Frame):
    """Take a message away."""

    message_id: Id


class React(Frame):
    """React to a message with an emoji, or take that back."""

    message_id: Id
    emoji: Text
    on: Flag


class Typing(Frame):
    """Somebody is writing in a room."""

    room: Text


class Ping(Frame):
    """Is anybody there?"""


KINDS: dict[str, type[Frame]] = {
    'authenticate': Authenticate,
    'subscribe': Subscribe,
    'unsubscribe': Unsubscribe,
    'send': Send,
    'edit': Edit,
    'delete': Delete,
    'react': React,
    'typing': Typing,
    'ping': Ping,
}


def read(text: str | None) -> dict[str, Any]:
    """Return the JSON object in ``text``, which is None for a frame of bytes; raises Invalid."""
    if text is None:
        raise Invalid('A frame is text, not bytes.')
    try:
        data = from_json(text, allow_inf_nan=False)
    except ValueError:
        raise Invalid('The frame is not valid JSON.') from None
    if not isinstance(data, dict):
        raise Invalid('A frame is one JSON object.')
    return data


def id_of(data: dict[str, Any]) -> FrameId:
    """Return the id that the answer shall carry, None if there is none; raises Invalid for what can be none."""
    frame_id = data.get('id')
    is_number = isinstance(frame_id, int) and not isinstance(frame_id, bool) and abs(frame_id) <= LARGEST_ID
    is_text = isinstance(frame_id, str) and len(frame_id) <= LONGEST_ID
    if frame_id is None or is_number or is_text:
        return frame_id
    raise Invalid(f'"id" is a whole number, or text of at most {LONGEST_ID} characters.', 'id')


def understand(data: dict[str, Any]) -> Frame:
    """Return the frame that a JSON object is; raises Invalid."""
    kind = data.get('type')
    model = KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise Invalid(f'"type" is one of {", ".join(KINDS)}.', 'type')
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = str(first['loc'][0])
        raise Invalid(sentence(first, field), field) from None


def text_of(data: dict[str, Any]) -> str:
    """Return the frame that carries this object."""
    return json.dumps(data, ensure_ascii=False, separators=(',', ':'))


def is_too_large(data: str | bytes) -> bool:
    """Whether a frame has more bytes than it may."""
    return len(data) > LARGEST_FRAME or (isinstance(data, str) and len(data.encode()) > LARGEST_FRAME)
