"""What programs send and get: the models are the schema."""

import re
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticKnownError

from chat.models import Role, UserKind
from chat.presence import Status

LARGEST_ID = 2**63 - 1

DIGITS = re.compile('-?[0-9]+')


def digits(value: object) -> object:
    """Refuse text that Pydantic would take for a whole number as well: ``1_0``, ``1.0``, blanks around it."""
    if isinstance(value, str) and not DIGITS.fullmatch(value):
        raise PydanticKnownError('int_parsing')
    return value


WholeNumber = Annotated[int, BeforeValidator(digits)]
Id = Annotated[WholeNumber, Field(ge=0, le=LARGEST_ID)]
Moment = Annotated[str, Field(examples=['2026-11-23T09:00:00.000Z'])]
Slug = Annotated[str, Field(examples=['book-club'])]
RoomSlug = Annotated[str, Path(description="The room's address.", examples=['lobby'])]
Revision = Annotated[int, Field(examples=[57])]
MessageId = Annotated[int, Field(examples=[123])]
Token = Annotated[str, Field(examples=['rq3Hk0mT…'])]


def no_default(schema: dict[str, Any]) -> None:
    """Keep a default out of the schema: programs made from it would send what was not to change."""
    del schema['default']


class Wanted(BaseModel):
    """What a program sends: nothing is taken for something else, as "yes" for true."""

    model_config = ConfigDict(strict=True)


class NewSession(Wanted):
    """Who wants to sign in."""

    name: str = Field(examples=['Ada'])
    password: str | None = Field(default=None, examples=[None])


class NewMessage(Wanted):
    """What is to be said; the same ``client_message_id`` again gives the first message again."""

    body: str = Field(examples=['Hello *everybody*'])
    client_message_id: str | None = Field(default=None, examples=[None])
    reply_to: Id | None = Field(default=None, examples=[None])


class MessageChanges(Wanted):
    """Other words for a message."""

    body: str = Field(examples=['Hello everybody'])


class NewRoom(Wanted):
    """A room to be opened; a private one is found by its members alone."""

    name: str = Field(examples=['Book club'])
    topic: str = Field(default='', examples=['Novels'])
    private: bool = Field(default=False, examples=[False])


class RoomChanges(Wanted):
    """What is to be another in a room; what is not given stays."""

    name: str = Field(default='', examples=['Book club'], json_schema_extra=no_default)
    topic: str = Field(default='', examples=['Novels'], json_schema_extra=no_default)
    private: bool = Field(default=False, examples=[True], json_schema_extra=no_default)


class User(BaseModel):
    """Somebody who can speak."""

    id: int = Field(examples=[7])
    name: str = Field(examples=['Ada'])
    kind: UserKind


class Session(BaseModel):
    """A fresh session; the token is shown this once."""

    token: Token
    user: User


class FollowedLink(Wanted):
    """The token of a link that signs in."""

    token: Token


class Link(BaseModel):
    """A link that signs in another device as the caller: once, until ``expires_at``."""

    token: Token
    url: str = Field(examples=['https://chat.example.org/enter/rq3Hk0mT…'])
    expires_at: Moment


class SignIn(BaseModel):
    """Where the caller is signed in; ``last_used_at`` is right to the hour."""

    id: int = Field(examples=[31])
    user_agent: str = Field(examples=['Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'])
    created_at: Moment
    last_used_at: Moment
    current: bool = Field(examples=[True])


class SignIns(BaseModel):
    """The caller's sessions, the one used last first; ``current`` is the one of this call."""

    sessions: list[SignIn]


class Message(BaseModel):
    """One message in its newest version; times are UTC."""

    id: MessageId
    room: Slug
    revision: Revision
    author: User
    body: str = Field(examples=['raw *Markdown*'])
    html: str = Field(examples=['<p>raw <em>Markdown</em></p>'])
    client_message_id: str | None = Field(examples=['c2f7a9'])
    created_at: Moment
    edited_at: Moment | None = Field(examples=[None])
    deleted_at: Moment | None = Field(examples=[None])
    reply_to: MessageId | None = Field(examples=[None])
    reactions: list[Any] = Field(examples=[[]])
    attachments: list[Any] = Field(examples=[[]])


class MessagePage(BaseModel):
    """Neighboring messages, oldest first, as of ``revision``; ``has_more`` in the direction that was asked for."""

    messages: list[Message]
    revision: Revision
    has_more: bool = Field(examples=[True])


class Room(BaseModel):
    """A room; ``slug`` is its address and stays. ``online`` of its members are here; ``unread`` ends at 100."""

    slug: Slug
    name: str = Field(examples=['Book club'])
    topic: str = Field(examples=['Novels'])
    private: bool = Field(examples=[False])
    joined: bool = Field(examples=[True])
    online: int = Field(examples=[3])
    unread: int = Field(examples=[2])


class Rooms(BaseModel):
    """The caller's rooms, and open ones to join; ``has_more`` of these than are listed."""

    rooms: list[Room]
    has_more: bool = Field(examples=[False])


class Member(BaseModel):
    """Somebody who belongs to a room."""

    user: User
    role: Role
    presence: Status


class Members(BaseModel):
    """Everybody who belongs to a room."""

    members: list[Member]


class EventMember(BaseModel):
    """Who came or went, and with which role."""

    user: User
    role: Role


class MessageHappened(BaseModel):
    """A message was sent, edited or deleted; it is carried as it is now."""

    type: Literal['message_sent', 'message_edited', 'message_deleted']
    room: Slug
    revision: Revision
    message: Message


class MemberHappened(BaseModel):
    """Somebody joined or left."""

    type: Literal['member_joined', 'member_left']
    room: Slug
    revision: Revision
    member: EventMember


class RoomHappened(BaseModel):
    """The room itself is another."""

    type: Literal['room_changed']
    room: Slug
    revision: Revision
    name: str = Field(examples=['Book club'])
    topic: str = Field(examples=['Poems'])
    private: bool = Field(examples=[False])


Happened = Annotated[MessageHappened | MemberHappened | RoomHappened, Field(discriminator='type')]


class Changes(BaseModel):
    """What changed after a revision, and the revision that leads to; no events when it is not ``complete``."""

    events: list[Happened]
    revision: Revision
    complete: bool = Field(examples=[True])


class Problem(BaseModel):
    """Why something was not done: a code for programs, a sentence for people, the field to blame."""

    code: str = Field(examples=['invalid'])
    message: str = Field(examples=['Please name the room.'])
    field: str | None = Field(examples=['name'])


class Error(BaseModel):
    """The one shape of every error."""

    error: Problem
