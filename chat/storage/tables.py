"""The tables, as of the newest migration. Times are whole milliseconds since 1970 in UTC on every database."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
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

users = Table(
    'users',
    metadata,
    Column('id', Id, primary_key=True),
    Column('name', String(32), nullable=False),
    Column('name_key', String(96), nullable=False, unique=True),  # text.skeleton(name): names that look alike are one
    Column('kind', String(16), nullable=False),
    Column('created_at', BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

sessions = Table(
    'sessions',
    metadata,
    Column('id', Id, primary_key=True),
    Column('token_hash', String(64), nullable=False, unique=True),
    Column('user_id', ForeignKey('users.id'), nullable=False, index=True),
    Column('time_zone', String(64)),
    Column('theme', String(8)),
    Column('user_agent', String(256), nullable=False),
    Column('created_at', BigInteger, nullable=False),
    Column('last_used_at', BigInteger, nullable=False),
    Column('passing', Boolean, nullable=False, server_default=false()),  # it lasts as long as its one connection
    Column('link_hash', String(64), unique=True, index=True),  # of a link that signs in another device
    Column('link_until', BigInteger),
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
    Column('revision', BigInteger, nullable=False),
    Column('last_read_id', BigInteger, nullable=False),
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
    Index(None, 'room_id', 'id'),
    UniqueConstraint('room_id', 'revision'),
    UniqueConstraint('room_id', 'author_id', 'client_message_id'),
    sqlite_autoincrement=True,
)

drafts = Table(
    'drafts',
    metadata,
    Column('user_id', ForeignKey('users.id'), primary_key=True),
    Column('room_id', ForeignKey('rooms.id'), primary_key=True),
    Column('body', Text, nullable=False),
    Column('updated_at', BigInteger, nullable=False),
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

facts = Table(
    'facts',  # about the chat as a whole
    metadata,
    Column('name', String(64), primary_key=True),
    Column('value', Text, nullable=False),
)
