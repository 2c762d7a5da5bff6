"""What programs send and get: the models are the schema."""

from typing import Annotated, Any

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


class Problem(BaseModel):
    """Why something was not done: a code for programs, a sentence for people, the field to blame."""

    code: str
    message: str
    field: str | None


class Error(BaseModel):
    """The one shape of every error."""

    error: Problem
