"""What a chat consists of: plain, frozen facts as they stood when they were read."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

UserKind = Literal['guest', 'member', 'moderator', 'administrator', 'bot']
LinkPurpose = Literal['first', 'administrator', 'password']
SignInMode = Literal['guests', 'accounts', 'invited']
Role = Literal['owner', 'moderator', 'member']
Posting = Literal['everybody', 'moderators']  # who writes in a room: the latter makes it one for announcements
InvitedKind = Literal['guest', 'member', 'moderator']
WhoMay = Literal['everybody', 'members', 'moderators', 'administrators', 'nobody']  # each includes those after it
Outcome = Literal['hidden', 'dismissed']  # of a report
Result = Literal['done', 'refused', 'failed']  # of what stands in the audit log
Level = Literal['everything', 'mentions', 'nothing']  # of what people are told of in a room
MentionOfAll = Literal['ask', 'confirmed', 'if_allowed', 'keep']  # what "@all" is: see Messages.send; or it was there
Change = Literal['worded', 'reacted', 'pinned']  # of a message
KeepOrRemove = Literal['keep', 'remove']  # what becomes of the messages of somebody whose account is deleted
Theme = Literal['light', 'dark']
FileKind = Literal['image', 'video', 'audio', 'text', 'pdf', 'other']  # how a file may be shown
COLORS = 12  # of avatars, see pages/theme.css
MOST_UNREAD = 100  # counting stops here: "99+" is all a person reads


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who can speak: a guest is a name and nothing else, all other people have an account."""

    id: int
    name: str
    kind: UserKind


@dataclass(frozen=True, slots=True)
class Session:
    """One browser or program that is signed in; the token itself is known only to its holder."""

    id: int
    user: User
    time_zone: str | None  # that its holder has chosen, or else what the browser says
    theme: str | None  # of its holder
    expires_at: datetime | None  # None for a bot's, which ends only when it is revoked
    passing: bool = False  # it lasts as long as the one connection of its holder
    zone_is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What sets somebody's avatar apart from one that follows from their id: a color, a picture by its digest."""

    user_id: int
    color: int | None
    picture: str | None


@dataclass(frozen=True, slots=True)
class Profile:
    """How somebody presents themselves; a status line whose time is over is empty."""

    user: User
    color: int | None  # one of COLORS, None for the one that follows from the id
    picture: str | None  # its digest
    status: str
    status_until: datetime | None
    time_zone: str | None  # None for what the browser says
    browsers_zone: str | None  # what the browser that was used last says
    theme: str | None  # None for the system's
    created_at: datetime

    @property
    def look(self) -> Look:
        """How the avatar looks."""
        return Look(self.user.id, self.color, self.picture)

    @property
    def clock(self) -> str | None:
        """The time zone that they are in, as far as it is known."""
        return self.time_zone or self.browsers_zone


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of somebody, as a square WebP."""

    digest: str  # the SHA-256 of ``data``
    data: bytes


@dataclass(frozen=True, slots=True)
class SignIn:
    """A session as its holder sees it among others: ``user_agent`` is what the browser or program called itself."""

    id: int
    user_agent: str
    created_at: datetime
    last_used_at: datetime  # to the hour


@dataclass(frozen=True, slots=True)
class Link:
    """What a link that is followed once is for: to make an administrator, or to set the password of ``user``.

    The ``first`` administrator's is void as soon as there is one.
    """

    purpose: LinkPurpose
    user: User | None


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
    description: str = ''
    posting: Posting = 'everybody'
    slow_mode: int = 0  # seconds between two messages of one person
    paused: bool = False
    archived: bool = False
    direct: bool = False  # messages between some people, who are its name: see ``named_for``

    @property
    def usual_level(self) -> Level:
        """What people are told of who have not chosen."""
        return 'everything' if self.direct else 'mentions'

    @property
    def is_plain(self) -> bool:
        """Whether nothing but belonging to it is asked of whoever writes."""
        return self.posting == 'everybody' and not (self.slow_mode or self.paused or self.archived or self.direct)


@dataclass(frozen=True, slots=True)
class Policy:
    """What administrators set while the chat runs: who may open rooms, invite people, write to people directly."""

    create_rooms: WhoMay = 'everybody'
    invite: WhoMay = 'moderators'
    direct_messages: WhoMay = 'everybody'


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody's place in a room."""

    user: User
    role: Role


@dataclass(frozen=True, slots=True)
class Reaction:
    """Those who reacted to a message with one emoji, in the order in which they did: names, and ids beside them."""

    emoji: str
    users: tuple[str, ...]
    user_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as somebody shared it: ``type`` is what its content is, ``size`` are the bytes of what is kept of it.

    Pictures alone have a width and a height, in pixels as they are shown, and a thumbnail.
    """

    id: int
    name: str
    type: str
    size: int
    width: int | None = None
    height: int | None = None

    @property
    def is_picture(self) -> bool:
        """Whether it was decoded and encoded anew here."""
        return self.width is not None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is kept once, however many share it: ``key`` is where its bytes are, ``digest`` what came (SHA-256).

    What came as a picture is kept re-encoded, with a thumbnail of ``thumbnail_size`` bytes.
    """

    digest: str
    key: str
    type: str
    size: int
    width: int | None = None
    height: int | None = None
    thumbnail_size: int | None = None


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Whom a message mentions: people, by id with their names then, and perhaps all who are in the room."""

    people: tuple[tuple[int, str], ...] = ()
    everybody: bool = False

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids of those whom it mentions by name."""
        return tuple(user_id for user_id, _ in self.people)


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
    hidden: bool = False  # by a moderator: it looks deleted, until it is shown again
    shown_again: bool = False  # it was hidden once
    reactions: tuple[Reaction, ...] = ()  # in the order of the first of each
    attachments: tuple[Attachment, ...] = ()
    mentions: tuple[int, ...] = ()  # the ids of those whom it mentions by name
    mentions_all: bool = False
    pinned_at: datetime | None = None
    # What became of it since some revision, see events.message_event; nothing that a reader sees.
    first_revision: int = field(default=0, compare=False)
    worded_revision: int = field(default=0, compare=False)
    change: Change = field(default='worded', compare=False)

    def __hash__(self) -> int:
        # What pages share is found by message, for every page: all fields would cost more than the finding saves.
        return hash((self.id, self.revision))

    @property
    def summary(self) -> str:
        """The words, or where there are none the names of the files."""
        return self.body or ', '.join(each.name for each in self.attachments)


@dataclass(frozen=True, slots=True)
class Chain:
    """The messages that reply to each other, oldest first; not ``is_whole``: some are left out, as there are many."""

    messages: tuple[Message, ...]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Version:
    """What a message said, from then on until the next version."""

    body: str
    html: str
    written_at: datetime


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
class NotificationSettings:
    """What somebody has set for all rooms: a quiet time in minutes of their day, None for none; a sound or not."""

    quiet_from: int | None = None
    quiet_until: int | None = None
    sound: bool = True


class Counts(NamedTuple):
    """What is unread in a room, and how many of that mention the reader; each ends at MOST_UNREAD."""

    unread: int = 0
    mentions: int = 0


@dataclass(frozen=True, slots=True)
class RoomEntry:
    """A room as the list of rooms shows it to one person."""

    room: Room
    joined: bool
    unread: int = 0
    mentions: int = 0  # of the person, among what is unread
    favorite: bool = False
    level: Level = 'mentions'  # of what they are told of


@dataclass(frozen=True, slots=True)
class Silence:
    """Why somebody may not speak in a room, as a sentence, and until when, if that is known."""

    sentence: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that lets people in, as what ``kind`` says, and into some rooms; None is without end."""

    id: int
    token: str
    label: str  # for whoever made it
    kind: InvitedKind
    rooms: tuple[Room, ...]
    until: datetime | None
    most_uses: int | None
    uses: int
    created_at: datetime
    created_by: User
    is_over: bool
    is_void: bool = False  # for now: whoever made it may not invite so any more


@dataclass(frozen=True, slots=True)
class RoomSummary:
    """A room as administrators see it, who need not belong to it: how many people and messages it has."""

    room: Room
    people: int
    messages: int


@dataclass(frozen=True, slots=True)
class Signed:
    """A session as administrators see it; ``address`` is where it began, if that was noted."""

    user: User
    sign_in: SignIn
    address: str


@dataclass(frozen=True, slots=True)
class SharedLink:
    """An address that somebody shared, in the first message that has it."""

    address: str
    message: Message


@dataclass(frozen=True, slots=True)
class RoomNews:
    """How many messages of others there are in a room."""

    room: Room
    messages: int


@dataclass(frozen=True, slots=True)
class CatchUp:
    """What happened in somebody's rooms since some time, the oldest first, but for what was reacted to most.

    ``up_to`` is the newest message looked at. ``has_more`` messages than were looked at; of the kinds in ``cut`` there
    are more than given. ``names`` are those of the person's rooms, by slug.
    """

    since: datetime | None
    up_to: int
    mentions: tuple[Message, ...]
    questions: tuple[Message, ...]
    reacted: tuple[Message, ...]
    links: tuple[SharedLink, ...]
    rooms: tuple[RoomNews, ...]
    names: dict[str, str]
    has_more: bool
    cut: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody has begun to write, and the message that it answers."""

    body: str = ''
    reply_to: Message | None = None


@dataclass(frozen=True, slots=True)
class RoomView:
    """All that opening a room takes, read in one transaction."""

    room: Room
    members: tuple[Member, ...]
    page: MessagePage
    draft: Draft
    last_read_id: int
    unread: int
    mentions: int
    first_unread: int | None  # the id of the first message that is unread
    level: Level  # of what the reader is told of here
    members_revision: int  # of the last change of who belongs to it, and of how they are called and look
    silence: Silence | None = None  # of the reader
    pinned_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Standing:
    """What moderators have done to somebody, in a room and everywhere, and what one of them may do there.

    Times are those until which it lasts, in the year 9999 without an end, None for what is not so.
    """

    user: User
    muted_here: datetime | None
    banned_here: datetime | None
    muted: datetime | None
    banned: datetime | None
    is_member: bool  # of the room
    may_here: bool
    may_everywhere: bool


@dataclass(frozen=True, slots=True)
class Ban:
    """Who may not come in until when: a person, in a room or everywhere, or an address.

    Without an end it is until the year 9999. ``by`` and ``reason`` are what the audit log still knows of it.
    """

    user: User | None
    address: str
    room: str
    until: datetime | None
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """A message that a moderator has hidden, with the words that can come back, and when they are gone."""

    message: Message
    body: str
    hidden_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody told the moderators about a message; ``body`` is what it said then."""

    id: int
    message_id: int
    room: str  # slug
    direct: bool  # whether it stands among direct messages, which nobody can hide
    author: User
    body: str
    reporter: User
    reason: str
    created_at: datetime
    closed_at: datetime | None
    closed_by: User | None
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A line of the audit log."""

    id: int
    at: datetime
    actor_id: int | None
    actor: str
    address: str
    action: str
    target_id: int | None
    target: str
    room: str
    details: str
    result: Result
