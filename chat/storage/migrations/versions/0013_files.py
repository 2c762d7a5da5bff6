"""files, and the messages that they go with

Revision: 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer, 'sqlite')


def upgrade() -> None:
    """Bring a database of the revision before to this one."""
    op.add_column('messages', sa.Column('attached', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        'files',
        sa.Column('id', Id, nullable=False),
        sa.Column('digest', sa.String(64), nullable=False),
        sa.Column('key', sa.String(32), nullable=False),
        sa.Column('type', sa.String(64), nullable=False),
        sa.Column('size', sa.BigInteger(), nullable=False),
        sa.Column('width', sa.Integer()),
        sa.Column('height', sa.Integer()),
        sa.Column('thumbnail_size', sa.Integer()),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_files')),
        sa.UniqueConstraint('digest', name=op.f('uq_files_digest')),
        sa.UniqueConstraint('key', name=op.f('uq_files_key')),
        sqlite_autoincrement=True,
    )
    _add_attachments()


def _add_attachments() -> None:
    op.create_table(
        'attachments',
        sa.Column('id', Id, nullable=False),
        sa.Column('file_id', Id, nullable=False),
        sa.Column('room_id', Id, nullable=False),
        sa.Column('owner_id', Id, nullable=False),
        sa.Column('message_id', Id),
        sa.Column('position', sa.Integer(), nullable=False, server_default='0'),
        sa.Column('name', sa.String(255), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_attachments')),
        sa.ForeignKeyConstraint(['file_id'], ['files.id'], name=op.f('fk_attachments_file_id_files')),
        sa.ForeignKeyConstraint(['room_id'], ['rooms.id'], name=op.f('fk_attachments_room_id_rooms')),
        sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_attachments_owner_id_users')),
        sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_attachments_message_id_messages')),
        sqlite_autoincrement=True,
    )
    for column in ('file_id', 'room_id', 'owner_id', 'message_id'):
        op.create_index(op.f(f'ix_attachments_{column}'), 'attachments', [column])
