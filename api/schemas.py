"""What programs send and get: the models are the schema."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

LARGEST_ID = 2**63 - 1

Id = Annotated[int, Field(ge=0, le=LARGEST_ID)]


class NewSession(BaseModel):
    """Who wants to sign in."""

    name: str = Field(examples=['Ada'])
    password: str | None = None


class NewMessage(BaseModel):
    """What is to be said; the same ``client_message_id`` again gives the first message again."""

    body: str = Field(examples=['Hello *everybody*'])
    client_message_id: str | None = None
    reply_to: Id | None = None


class MessageChanges(BaseModel):
    """Other words for a message."""

    body: str = Field(examples=['Hello everybody'])


class NewRoom(BaseModel):
    """A room to be opened; a private one is found by its members alone."""

    name: str = Field(examples=['Book club'])
    topic: str = ''
    private: bool = False


class RoomChanges(BaseModel):
    """What is to be another in a room; what is not given stays."""

    name: str = Field(default='', examples=['Book club'])
    topic: str = ''
    private: bool = False


class User(BaseModel):
    """Somebody who can speak."""

    id: int
    name: str
    kind: str


class Session(BaseModel):
    """A fresh session; the token is shown this once."""

    token: str
    user: User


class Message(BaseModel):
    """One message in its newest version; times are UTC."""

    id: int
    room: str
    revision: int
    author: User
    body: str
    html: str
    client_message_id: str | None
    created_at: str
    edited_at: str | None
    deleted_at: str | None
    reply_to: int | None
    reactions: list[Any]
    attachments: list[Any]


class MessagePage(BaseModel):
    """Neighboring messages, oldest first, as of ``revision``; ``has_more`` in the direction that was asked for."""

    messages: list[Message]
    revision: int
    has_more: bool


class Room(BaseModel):
    """A room; ``slug`` is its address and stays. ``online`` of its members are here; ``unread`` ends at 100."""

    slug: str
    name: str
    topic: str
    private: bool
    joined: bool
    online: int
    unread: int


class Rooms(BaseModel):
    """The rooms that the caller may see."""

    rooms: list[Room]


class Member(BaseModel):
    """Somebody who belongs to a room."""

    user: User
    role: str
    presence: str = Field(description='online, away or offline')


class Members(BaseModel):
    """Everybody who belongs to a room."""

    members: list[Member]


class EventMember(BaseModel):
    """Who came or went, and with which role."""

    user: User
    role: str


class MessageHappened(BaseModel):
    """A message was sent, edited or deleted; it is carried as it is now."""

    type: Literal['message_sent', 'message_edited', 'message_deleted']
    room: str
    revision: int
    message: Message


class MemberHappened(BaseModel):
    """Somebody joined or left."""

    type: Literal['member_joined', 'member_left']
    room: str
    revision: int
    member: EventMember


class RoomHappened(BaseModel):
    """The room itself is another."""

    type: Literal['room_changed']
    room: str
    revision: int
    name: str
    topic: str
    private: bool


Happened = Annotated[MessageHappened | MemberHappened | RoomHappened, Field(discriminator='type')]


class Changes(BaseModel):
    """What changed after a revision, and the revision that leads to; no events when it is not ``complete``."""

    events: list[Happened]
    revision: int
    complete: bool


class Problem(BaseModel):
    """Why something was not done: a code for programs, a sentence for people, the field to blame."""

    code: str
    message: str
    field: str | None


class Error(BaseModel):
    """The one shape of every error."""

    error: Problem
