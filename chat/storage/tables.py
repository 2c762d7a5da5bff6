"""The tables, as of the newest migration. Times are whole milliseconds since 1970 in UTC on every database."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)

metadata = MetaData(
    naming_convention={
        'ix': 'ix_%(table_name)s_%(column_0_N_name)s',
        'uq': 'uq_%(table_name)s_%(column_0_N_name)s',
        'fk': 'fk_%(table_name)s_%(column_0_N_name)s',
        'pk': 'pk_%(table_name)s',
    }
)

# SQLite counts rows by itself only for a column of exactly this type.
Id = BigInteger().with_variant(Integer, 'sqlite')
# PostgreSQL finds what begins with some letters only in the order of bytes, which is SQLite's own.
Term = String(64).with_variant(String(64, collation='C'), 'postgresql')

users = Table(
    'users',
    metadata,
    Column('id', Id, primary_key=True),
    Column('name', String(32), nullable=False),
    Column('name_key', String(96), nullable=False, unique=True),  # text.skeleton(name): names that look alike are one
    Column('kind', String(16), nullable=False),
    Column('created_at', BigInteger, nullable=False),
    Column('password_hash', String(256)),
    Column('deleted_at', BigInteger),  # the row stays for the messages
    Column('color', Integer),
    Column('picture', String(64)),  # pictures.digest, if there is one
    Column('status', String(100), nullable=False, server_default=''),
    Column('status_until', BigInteger),  # it clears itself then
    Column('time_zone', String(64)),
    Column('theme', String(8)),
    Column('removing', Boolean, nullable=False, server_default=false()),  # their messages go, a few at a time
    Column('muted_until', BigInteger),  # in every room; clock.FOREVER without an end
    Column('banned_until', BigInteger),  # from the chat; likewise
    Column('recent_emoji', String(256), nullable=False, server_default=''),  # the newest first, a space between two
    Column('skin_tone', Integer, nullable=False, server_default='0'),  # emojis.TONES; 0 for none
    Column('quiet_from', Integer),  # minutes of the day in the own time zone, in which nothing makes itself noticed
    Column('quiet_until', Integer),
    Column('sound', Boolean, nullable=False, server_default=true()),
    Column('caught_up_id', BigInteger, nullable=False, server_default='0'),  # of the newest message then
    sqlite_autoincrement=True,
)

sessions = Table(
    'sessions',
    metadata,
    Column('id', Id, primary_key=True),
    Column('token_hash', String(64), nullable=False, unique=True),
    Column('user_id', ForeignKey('users.id'), nullable=False, index=True),
    Column('time_zone', String(64)),
    Column('theme', String(8)),  # not used any more: a theme is the user's
    Column('user_agent', String(256), nullable=False),
    Column('created_at', BigInteger, nullable=False),
    Column('last_used_at', BigInteger, nullable=False),
    Column('passing', Boolean, nullable=False, server_default=false()),  # it lasts as long as its one connection
    Column('link_hash', String(64), unique=True, index=True),  # of a link that signs in another device
    Column('link_until', BigInteger),
    Column('address', String(64)),  # that began it
    sqlite_autoincrement=True,
)

rooms = Table(
    'rooms',
    metadata,
    Column('id', Id, primary_key=True),
    Column('slug', String(64), nullable=False, unique=True),
    Column('name', String(64), nullable=False),
    Column('topic', String(250), nullable=False),
    Column('private', Boolean, nullable=False),
    Column('revision', BigInteger, nullable=False),
    Column('created_at', BigInteger, nullable=False),
    Column('created_by', ForeignKey('users.id')),
    Column('changed_revision', BigInteger, nullable=False, server_default='0'),  # of the last change of the room itself
    Column('description', Text, nullable=False, server_default=''),
    Column('posting', String(16), nullable=False, server_default='everybody'),  # who writes: models.Posting
    Column('slow_mode', Integer, nullable=False, server_default='0'),  # seconds between two messages of one person
    Column('paused', Boolean, nullable=False, server_default=false()),
    Column('archived_at', BigInteger),
    Column('people_key', String(256)),  # of direct messages alone: whose they are, see direct.key_of
    Index(None, 'people_key', unique=True),
    sqlite_autoincrement=True,
)

memberships = Table(
    'memberships',
    metadata,
    Column('room_id', ForeignKey('rooms.id'), primary_key=True),
    Column('user_id', ForeignKey('users.id'), primary_key=True),
    Column('role', String(16), nullable=False),
    Column('joined_at', BigInteger, nullable=False),
    Column('left_at', BigInteger),
    Column('revision', BigInteger, nullable=False),  # of the last change: joined, left, or the person is another
    Column('last_read_id', BigInteger, nullable=False),
    Column('joined_revision', BigInteger, nullable=False, server_default='0'),
    Column('favorite', Boolean, nullable=False, server_default=false()),
    Column('muted_until', BigInteger),
    Column('banned_until', BigInteger),  # who is banned has left
    Column('spoke_at', BigInteger),  # where there is a slow mode
    Column('notify', String(16)),  # models.Level; None for what is usual for the kind of room
    Column('went_back', Integer, nullable=False, server_default='0'),  # how often something was marked as unread
    Index(None, 'room_id', 'revision'),
    Index(None, 'user_id'),
)

messages = Table(
    'messages',
    metadata,
    Column('id', Id, primary_key=True),
    Column('room_id', ForeignKey('rooms.id'), nullable=False),
    Column('author_id', ForeignKey('users.id'), nullable=False),
    Column('revision', BigInteger, nullable=False),
    Column('body', Text, nullable=False),
    Column('html', Text, nullable=False),
    Column('html_version', Integer, nullable=False),  # markup.VERSION that made ``html``
    Column('client_message_id', String(64)),
    Column('created_at', BigInteger, nullable=False),
    Column('edited_at', BigInteger),
    Column('deleted_at', BigInteger),
    Column('reply_to', ForeignKey('messages.id'), index=True),  # or deleting a message walks through all others
    Column('hidden_at', BigInteger),  # by a moderator; the words stay for moderation.KEPT, so that it can be undone
    Column('shown_again', Boolean, nullable=False, server_default=false()),  # after it was hidden
    Column('first_revision', BigInteger, nullable=False, server_default='0'),  # at which it was sent; 0 if unknown
    Column(
        'worded_revision', BigInteger, nullable=False, server_default='0'
    ),  # at which it got its words, or lost them
    Column('change', String(16), nullable=False, server_default='worded'),  # the newest: models.Change
    Column('reacted', Boolean, nullable=False, server_default=false()),  # there may be reactions
    Column('mentions_all', Boolean, nullable=False, server_default=false()),
    Column('pinned_at', BigInteger),
    Column('pinned_by', BigInteger),
    Column('attached', Boolean, nullable=False, server_default=false()),  # there are files
    Index(None, 'hidden_at'),
    Index(None, 'room_id', 'id'),
    Index('ix_messages_pinned_at', 'room_id', 'pinned_at'),
    UniqueConstraint('room_id', 'revision'),
    UniqueConstraint('room_id', 'author_id', 'client_message_id'),
    sqlite_autoincrement=True,
)

reactions = Table(
    'reactions',
    metadata,
    Column('message_id', ForeignKey('messages.id'), primary_key=True),
    Column('user_id', ForeignKey('users.id'), primary_key=True, index=True),
    Column('emoji', String(64), primary_key=True),
    Column('created_at', BigInteger, nullable=False),
)

mentions = Table(
    'mentions',
    metadata,
    Column('message_id', ForeignKey('messages.id'), primary_key=True),
    Column('user_id', ForeignKey('users.id'), primary_key=True),
    Column('name', String(32), nullable=False),  # as they were called then, and so as the words have it
    Index('ix_mentions_user_id', 'user_id', 'message_id'),
)

files = Table(
    'files',  # each once, however many share it
    metadata,
    Column('id', Id, primary_key=True),
    Column('digest', String(64), nullable=False, unique=True),  # SHA-256 of what came
    Column('key', String(32), nullable=False, unique=True),  # where the bytes are; no other file ever has the same
    Column('type', String(64), nullable=False),  # by content: chat.file_types
    Column('size', BigInteger, nullable=False),  # bytes of what is kept
    Column('width', Integer),  # pixels, of pictures alone
    Column('height', Integer),
    Column('thumbnail_size', Integer),  # bytes
    Column('created_at', BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

attachments = Table(
    'attachments',  # files as people share them
    metadata,
    Column('id', Id, primary_key=True),
    Column('file_id', ForeignKey('files.id'), nullable=False, index=True),
    Column('room_id', ForeignKey('rooms.id'), nullable=False, index=True),
    Column('owner_id', ForeignKey('users.id'), nullable=False, index=True),
    Column('message_id', ForeignKey('messages.id'), index=True),  # None until it is sent
    Column('position', Integer, nullable=False, server_default='0'),  # in the message
    Column('name', String(255), nullable=False),
    Column('created_at', BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

message_versions = Table(
    'message_versions',  # the words that edited messages had before
    metadata,
    Column('id', Id, primary_key=True),
    Column('message_id', ForeignKey('messages.id'), nullable=False, index=True),
    Column('body', Text, nullable=False),
    Column('written_at', BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

search_terms = Table(
    'search_terms',  # in which messages each stands: chat.search_terms; and in none the list of words: storage.search
    metadata,
    Column('term', Term, primary_key=True),
    Column('room_id', BigInteger, primary_key=True, autoincrement=False),
    Column('message_id', BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

drafts = Table(
    'drafts',
    metadata,
    Column('user_id', ForeignKey('users.id'), primary_key=True),
    Column('room_id', ForeignKey('rooms.id'), primary_key=True),
    Column('body', Text, nullable=False),
    Column('updated_at', BigInteger, nullable=False),
    Column('reply_to', BigInteger),  # no reference: a message that is gone by now is no longer answered
)

hooks = Table(
    'hooks',
    metadata,
    Column('id', Id, primary_key=True),
    Column('secret_hash', String(64), nullable=False, unique=True),
    Column('room_id', ForeignKey('rooms.id'), nullable=False, index=True),
    Column('bot_id', ForeignKey('users.id'), nullable=False),
    Column('created_by', ForeignKey('users.id'), nullable=False),
    Column('created_at', BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

links = Table(
    'links',  # each is followed once
    metadata,
    Column('hash', String(64), primary_key=True),
    Column('purpose', String(16), nullable=False),
    Column('user_id', ForeignKey('users.id'), index=True),
    Column('until', BigInteger, nullable=False),
)

identities = Table(
    'identities',  # who somebody is elsewhere
    metadata,
    Column('provider', String(64), primary_key=True),
    Column('subject', String(255), primary_key=True),
    Column('user_id', ForeignKey('users.id'), nullable=False, index=True),
    Column('created_at', BigInteger, nullable=False),
)

pictures = Table(
    'pictures',
    metadata,
    Column('user_id', ForeignKey('users.id'), primary_key=True),
    Column('digest', String(64), nullable=False),
    Column('data', LargeBinary, nullable=False),
)

address_bans = Table(
    'address_bans',
    metadata,
    Column('address', String(64), primary_key=True),  # as web.addresses counts them
    Column('until', BigInteger, nullable=False),
    Column('created_at', BigInteger, nullable=False),
)

invitations = Table(
    'invitations',
    metadata,
    Column('id', Id, primary_key=True),
    Column('token', String(64), nullable=False, unique=True),  # readable, so that the link can be shown again
    Column('label', String(64), nullable=False),
    Column('kind', String(16), nullable=False),  # that who comes by it becomes: guest, member or moderator
    Column('until', BigInteger),
    Column('most_uses', Integer),
    Column('uses', Integer, nullable=False, server_default='0'),
    Column('created_at', BigInteger, nullable=False),
    Column('created_by', ForeignKey('users.id'), nullable=False, index=True),
    Column('revoked_at', BigInteger),
    sqlite_autoincrement=True,
)

invitation_rooms = Table(
    'invitation_rooms',
    metadata,
    Column('invitation_id', ForeignKey('invitations.id'), primary_key=True),
    Column('room_id', ForeignKey('rooms.id'), primary_key=True, index=True),
)

invitation_uses = Table(
    'invitation_uses',
    metadata,
    Column('invitation_id', ForeignKey('invitations.id'), primary_key=True),
    Column('user_id', ForeignKey('users.id'), primary_key=True, index=True),
    Column('used_at', BigInteger, nullable=False),
)

reports = Table(
    'reports',  # of messages, to the moderators
    metadata,
    Column('id', Id, primary_key=True),
    Column('message_id', ForeignKey('messages.id'), nullable=False, index=True),
    Column('reported_by', ForeignKey('users.id'), nullable=False),
    Column('body', Text, nullable=False),  # as it was reported, whatever its author makes of it
    Column('reason', String(500), nullable=False),
    Column('created_at', BigInteger, nullable=False),
    Column('closed_at', BigInteger, index=True),
    Column('closed_by', ForeignKey('users.id')),
    Column('outcome', String(16)),  # models.Outcome
    UniqueConstraint('message_id', 'reported_by'),
    sqlite_autoincrement=True,
)

audit_log = Table(
    'audit_log',  # a line each, in the words of that time: those it is about may be gone
    metadata,
    Column('id', Id, primary_key=True),
    Column('at', BigInteger, nullable=False, index=True),
    Column('actor_id', BigInteger),  # None for strangers and the operator
    Column('actor', String(64), nullable=False),
    Column('address', String(64), nullable=False),
    Column('action', String(32), nullable=False),
    Column('target_id', BigInteger),  # of a user
    Column('target', String(128), nullable=False),
    Column('room', String(64), nullable=False),  # its slug
    Column('details', String(512), nullable=False),
    Column('result', String(16), nullable=False),  # models.Result
    sqlite_autoincrement=True,
)

facts = Table(
    'facts',  # about the chat as a whole
    metadata,
    Column('name', String(64), primary_key=True),
    Column('value', Text, nullable=False),
)
