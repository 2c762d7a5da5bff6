"""What programs send and get: the models are the schema."""

import re
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticKnownError

from chat.messages import MOST_ATTACHMENTS
from chat.models import COLORS, Level, Posting, Role, SignInMode, Theme, UserKind
from chat.presence import Status
from chat.rooms import SLOWEST
from chat.statuses import StatusFor

LARGEST_ID = 2**63 - 1

DIGITS = re.compile('-?[0-9]+')
TIME = re.compile(r'[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:.]+(?:[Zz]|[+-][0-9:]+)')


def digits(value: object) -> object:
    """Refuse text that Pydantic would take for a whole number as well: ``1_0``, ``1.0``, blanks around it."""
    if isinstance(value, str) and not DIGITS.fullmatch(value):
        raise PydanticKnownError('int_parsing')
    return value


def flag(value: object) -> object:
    """Refuse text that Pydantic would take for true or false as well: ``yes``, ``1``."""
    if isinstance(value, str) and value not in ('true', 'false'):
        raise PydanticKnownError('bool_parsing')
    return value


def time(value: object) -> object:
    """Refuse what Pydantic would take for a time as well: numbers, and days without an hour."""
    if not isinstance(value, str) or not TIME.fullmatch(value):
        raise PydanticKnownError('datetime_type')
    return value


WholeNumber = Annotated[int, BeforeValidator(digits)]
Id = Annotated[WholeNumber, Field(ge=0, le=LARGEST_ID)]
Flag = Annotated[bool, BeforeValidator(flag)]
Color = Annotated[WholeNumber, Field(ge=0, lt=COLORS)]
Time = Annotated[AwareDatetime, BeforeValidator(time), Field(strict=False)]  # in JSON it is text
Moment = Annotated[str, Field(examples=['2026-11-23T09:00:00.000Z'])]
Slug = Annotated[str, Field(examples=['book-club'])]
RoomSlug = Annotated[str, Path(description="The room's address.", examples=['lobby'])]
Revision = Annotated[int, Field(examples=[57])]
MessageId = Annotated[int, Field(examples=[123])]
UserId = Annotated[int, Field(examples=[7])]
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


class NewAccount(Wanted):
    """A name, and the password that makes it the caller's: 8 to 128 characters."""

    name: str = Field(examples=['Ada'])
    password: str = Field(examples=['correct horse battery'])


class NewPassword(Wanted):
    """A password of 8 to 128 characters, and the one before if there is one."""

    password: str = Field(examples=['correct horse battery'])
    current_password: str | None = Field(default=None, examples=[None])


class OwnPassword(Wanted):
    """The caller's password, if there is one."""

    password: str | None = Field(default=None, examples=['correct horse battery'])


class NewUser(Wanted):
    """What somebody is to be called."""

    name: str = Field(examples=['Ada'])


class NewKind(Wanted):
    """What somebody is to be."""

    kind: Literal['member', 'moderator', 'administrator']


class TakenLink(Wanted):
    """The token of a link, and what it needs to be followed."""

    token: Token
    name: str | None = Field(default=None, examples=['Ada'])
    password: str | None = Field(default=None, examples=['correct horse battery'])


class NewMessage(Wanted):
    """What is to be said; the same ``client_message_id`` again gives the first message again.

    ``confirm_all`` is to be true for what mentions all of a room of more than 5 people. ``attachments`` are the ids of
    files that were brought to the room before, with which the words may be empty.
    """

    body: str = Field(examples=['Hello *everybody*'])
    client_message_id: str | None = Field(default=None, examples=[None])
    reply_to: Id | None = Field(default=None, examples=[None])
    attachments: list[Id] = Field(default=[], max_length=MOST_ATTACHMENTS, examples=[[]])
    confirm_all: bool = Field(default=False, examples=[False])


class MessageChanges(Wanted):
    """Other words for a message; ``confirm_all`` if they may mention all of a room of more than 5 people."""

    body: str = Field(examples=['Hello everybody'])
    confirm_all: bool = Field(default=False, examples=[False])


class NewRoom(Wanted):
    """A room to be opened; a private one is found by its members alone."""

    name: str = Field(examples=['Book club'])
    topic: str = Field(default='', examples=['Novels'])
    private: bool = Field(default=False, examples=[False])


class RoomChanges(Wanted):
    """What is to be another in a room; what is not given stays."""

    name: str = Field(default='', examples=['Book club'], json_schema_extra=no_default)
    topic: str = Field(default='', examples=['Novels'], json_schema_extra=no_default)
    description: str = Field(default='', examples=['What we read.'], json_schema_extra=no_default)
    private: bool = Field(default=False, examples=[True], json_schema_extra=no_default)
    posting: Posting = Field(default='everybody', examples=['moderators'], json_schema_extra=no_default)
    slow_mode: WholeNumber = Field(default=0, ge=0, le=SLOWEST, examples=[30], json_schema_extra=no_default)
    paused: bool = Field(default=False, examples=[False], json_schema_extra=no_default)
    archived: bool = Field(default=False, examples=[False], json_schema_extra=no_default)


class NewPlace(Wanted):
    """What somebody is to be in a room; without it, they only come to belong to it."""

    role: Role | None = Field(default=None, examples=['moderator'])


class HowFar(Wanted):
    """The id of the newest message that was read; null for all there is."""

    message_id: Id | None = Field(default=None, examples=[123])


class NewLevel(Wanted):
    """Of what somebody is to be told in a room."""

    level: Level


class Notifications(BaseModel):
    """When the caller's pages are quiet, as times of the day where the caller is, and whether they make a sound."""

    quiet_from: str | None = Field(examples=['22:00'])
    quiet_until: str | None = Field(examples=['07:00'])
    sound: bool = Field(examples=[True])


class NotificationChanges(Wanted):
    """What is to be another of it; what is not given stays."""

    quiet_from: str | None = Field(default=None, examples=['22:00'], json_schema_extra=no_default)
    quiet_until: str | None = Field(default=None, examples=['07:00'], json_schema_extra=no_default)
    sound: bool = Field(default=True, examples=[False], json_schema_extra=no_default)


class NewDirect(Wanted):
    """The ids of those to write to directly, at most 8; without any, one writes to oneself."""

    users: list[Id] = Field(max_length=100, examples=[[8]])


class User(BaseModel):
    """Somebody who can speak."""

    id: int = Field(examples=[7])
    name: str = Field(examples=['Ada'])
    kind: UserKind


class Session(BaseModel):
    """A fresh session; the token is shown this once."""

    token: Token
    user: User


class Profile(BaseModel):
    """How somebody presents themselves to others.

    ``color`` is null for one that follows from the id, ``picture`` the SHA-256 of the picture if there is one,
    ``time_zone`` where they are, as far as it is known. A status whose time is over is empty.
    """

    user: User
    color: int | None = Field(examples=[3])
    picture: str | None = Field(examples=['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'])
    status: str = Field(examples=['At lunch'])
    status_until: Moment | None = Field(examples=['2026-11-23T10:00:00.000Z'])
    time_zone: str | None = Field(examples=['Europe/Berlin'])
    created_at: Moment


class OwnProfile(Profile):
    """The caller's profile; ``time_zone`` is the chosen one, null for what the browser says, as null is a theme."""

    theme: Theme | None = Field(examples=['dark'])


class ProfileChanges(Wanted):
    """What is to be another in the caller's profile; what is not given stays, and null stands for no choice."""

    name: str = Field(default='', examples=['Ada'], json_schema_extra=no_default)
    color: Color | None = Field(default=None, examples=[3], json_schema_extra=no_default)
    status: str = Field(default='', examples=['At lunch'], json_schema_extra=no_default)
    status_for: StatusFor = Field(default='never', examples=['1h'], json_schema_extra=no_default)
    status_until: Time | None = Field(default=None, examples=['2026-11-23T10:00:00Z'], json_schema_extra=no_default)
    time_zone: str | None = Field(default=None, examples=['Europe/Berlin'], json_schema_extra=no_default)
    theme: Theme | None = Field(default=None, examples=['dark'], json_schema_extra=no_default)


class FollowedLink(Wanted):
    """The token of a link that signs in."""

    token: Token


class Link(BaseModel):
    """A link that is followed once, until ``expires_at``."""

    token: Token
    url: str = Field(examples=['https://chat.example.org/enter/rq3Hk0mT…'])
    expires_at: Moment


class PasswordLink(Link):
    """An account, and the link by which its owner sets the password."""

    user: User


class AdministratorLink(BaseModel):
    """The token of a link that makes an administrator: it leads to ``/link/TOKEN``."""

    token: Token


class Users(BaseModel):
    """People."""

    users: list[User]


class Provider(BaseModel):
    """Another site that people can sign in with: a browser that goes to ``url`` comes back signed in, as a page."""

    key: str = Field(examples=['school'])
    name: str = Field(examples=['School'])
    url: str = Field(examples=['https://chat.example.org/sign-in/school'])


class WaysIn(BaseModel):
    """How people come in: ``sign_in`` is what the server is set to."""

    sign_in: SignInMode = Field(examples=['guests'])
    providers: list[Provider]


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


class Reaction(BaseModel):
    """Those who reacted with one emoji, in the order in which they did: their names, and their ids beside them."""

    emoji: str = Field(examples=['👍'])
    users: list[str] = Field(examples=[['Ada']])
    user_ids: list[UserId]


class Attachment(BaseModel):
    """A file that goes with a message, or will: ``GET /files/{id}`` gives it.

    ``type`` is what its content is, ``size`` how many bytes there are to get. Pictures alone have a width and a height,
    in pixels, and a thumbnail.
    """

    id: Annotated[int, Field(examples=[5])]
    name: str = Field(examples=['plan.pdf'])
    type: str = Field(examples=['application/pdf'])
    size: int = Field(examples=[48213])
    width: int | None = Field(examples=[None])
    height: int | None = Field(examples=[None])


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
    reactions: list[Reaction]
    attachments: list[Attachment]
    hidden: bool = Field(examples=[False])
    mentions: list[UserId]
    mentions_all: bool = Field(examples=[False])
    pinned_at: Moment | None = Field(examples=[None])


class MessagePage(BaseModel):
    """Neighboring messages, oldest first, as of ``revision``; ``has_more`` in the direction that was asked for."""

    messages: list[Message]
    revision: Revision
    has_more: bool = Field(examples=[True])


KINDS_OF_NEWS = ('mentions', 'questions', 'reacted')


class SharedLink(BaseModel):
    """An address, and the first message that has it."""

    address: str = Field(examples=['https://example.org'])
    message: Message


class RoomNews(BaseModel):
    """How many messages of others are new in a room."""

    room: Slug
    name: str = Field(examples=['Book club'])
    messages: int = Field(examples=[12])


class CatchUp(BaseModel):
    """What happened since the caller was up to date, the oldest first; ``up_to`` is the newest message looked at."""

    since: Moment | None = Field(examples=['2026-11-23T09:00:00.000Z'])
    up_to: MessageId
    mentions: list[Message]
    questions: list[Message]
    reacted: list[Message]
    links: list[SharedLink]
    rooms: list[RoomNews]
    has_more: bool = Field(examples=[False])
    cut: list[str] = Field(examples=[[]])


class UpTo(Wanted):
    """The message with which somebody is up to date."""

    up_to: Id = Field(examples=[123])


class Messages(BaseModel):
    """Some messages of a room."""

    messages: list[Message]


class Found(BaseModel):
    """What a search found, the newest first; there may be more ``before`` an id, unless that is null."""

    messages: list[Message]
    before: int | None = Field(description='Give it as `before` to go on.', examples=[123])


class Version(BaseModel):
    """What a message said, from ``written_at`` until the next version."""

    body: str = Field(examples=['raw *Markdown*'])
    html: str = Field(examples=['<p>raw <em>Markdown</em></p>'])
    written_at: Moment


class Versions(BaseModel):
    """What a message has said, oldest first, the last being what it says now; none when it is deleted."""

    versions: list[Version]


class Room(BaseModel):
    """A room; ``slug`` is its address and stays. ``online`` of its members are here; ``unread`` ends at 100,
    and so do ``mentions``, which are those of the caller in it. ``notify`` is what the caller is told of.

    ``direct`` messages between some people have their names; ``slow_mode`` is in seconds, 0 for none.
    """

    slug: Slug
    name: str = Field(examples=['Book club'])
    topic: str = Field(examples=['Novels'])
    private: bool = Field(examples=[False])
    description: str = Field(examples=['What we read, **in order**.'])
    posting: Posting
    slow_mode: int = Field(examples=[0])
    paused: bool = Field(examples=[False])
    archived: bool = Field(examples=[False])
    direct: bool = Field(examples=[False])
    joined: bool = Field(examples=[True])
    favorite: bool = Field(examples=[False])
    online: int = Field(examples=[3])
    unread: int = Field(examples=[2])
    mentions: int = Field(examples=[1])
    notify: Level


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
    """Who came or went or is another, and with which role."""

    user: User
    role: Role


class MessageHappened(BaseModel):
    """A message was sent, edited, deleted or pinned, or somebody reacted to it; it is carried as it is now."""

    type: Literal['message_sent', 'message_edited', 'message_deleted', 'message_reacted', 'message_pinned']
    room: Slug
    revision: Revision
    message: Message


class MemberHappened(BaseModel):
    """Somebody joined or left, or a member has another name, kind, look or role."""

    type: Literal['member_joined', 'member_changed', 'member_left']
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
    description: str = Field(examples=['What we read, **in order**.'])
    posting: Posting
    slow_mode: int = Field(examples=[0])
    paused: bool = Field(examples=[False])
    archived: bool = Field(examples=[False])


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
