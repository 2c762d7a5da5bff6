"""What a chat consists of: plain, frozen facts as they stood when they were read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

UserKind = Literal['guest', 'member', 'bot']
Role = Literal['owner', 'member']
MOST_UNREAD = 100  # counting stops here: "99+" is all a person reads


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who can speak; a guest is a name and nothing else."""

    id: int
    name: str
    kind: UserKind


@dataclass(frozen=True, slots=True)
class Session:
    """One browser or program that is signed in; the token itself is known only to its holder."""

    id: int
    user: User
    time_zone: str | None
    theme: str | None
    expires_at: datetime | None  # None for a bot's, which ends only when it is revoked
    passing: bool = False  # it lasts as long as the one connection of its holder


@dataclass(frozen=True, slots=True)
class SignIn:
    """A session as its holder sees it among others: ``user_agent`` is what the browser or program called itself."""

    id: int
    user_agent: str
    created_at: datetime
    last_used_at: datetime  # to the hour


@dataclass(frozen=True, slots=True)
class BotToken:
    """One of a bot's tokens, without the token itself, which is known only to its holder."""

    id: int
    created_at: datetime
    last_used_at: datetime


@dataclass(frozen=True, slots=True)
class Bot:
    """A program with a name, and its tokens."""

    user: User
    tokens: tuple[BotToken, ...]


@dataclass(frozen=True, slots=True)
class Hook:
    """An incoming webhook: whoever has its secret speaks as ``bot`` in ``room``, which is the room's slug."""

    id: int
    room: str
    bot: User
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Room:
    """A place to talk; ``revision`` is the number of its last change."""

    id: int
    slug: str
    name: str
    topic: str
    private: bool
    revision: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody's place in a room."""

    user: User
    role: Role


@dataclass(frozen=True, slots=True)
class Message:
    """One message in its newest version; a deleted one keeps its id, place and author, and has no words."""

    id: int
    room_id: int
    room: str
    revision: int
    author: User
    body: str
    html: str
    client_message_id: str | None
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    reply_to: int | None

    def __hash__(self) -> int:
        # What pages share is found by message, for every page: all fields would cost more than the finding saves.
        return hash((self.id, self.revision))


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Some neighboring messages of a room, oldest first, and the room's revision they were read at.

    ``above`` is the message just before the first, if there is one: how the first is shown depends on it.
    """

    messages: tuple[Message, ...]
    above: Message | None
    quoted: dict[int, Message]
    revision: int
    has_older: bool
    has_newer: bool


@dataclass(frozen=True, slots=True)
class RoomEntry:
    """A room as the list of rooms shows it to one person."""

    room: Room
    joined: bool
    unread: int


@dataclass(frozen=True, slots=True)
class RoomView:
    """All that opening a room takes, read in one transaction."""

    room: Room
    members: tuple[Member, ...]
    page: MessagePage
    draft: str
    last_read_id: int
    unread: int
