"""reactions, mentions, pins, the versions of edited messages, and what people are told of

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer, 'sqlite')


def upgrade() -> None:
    """Bring a database of the revision before to this one."""
    _add_columns()
    _add_reactions_and_mentions()
    _add_versions()


def _add_columns() -> None:
    op.add_column('users', sa.Column('recent_emoji', sa.String(256), nullable=False, server_default=''))
    op.add_column('users', sa.Column('skin_tone', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('users', sa.Column('quiet_from', sa.Integer()))
    op.add_column('users', sa.Column('quiet_until', sa.Integer()))
    op.add_column('users', sa.Column('sound', sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column('users', sa.Column('caught_up_id', sa.BigInteger(), nullable=False, server_default='0'))
    op.add_column('memberships', sa.Column('notify', sa.String(16)))
    op.add_column('messages', sa.Column('first_revision', sa.BigInteger(), nullable=False, server_default='0'))
    op.add_column('messages', sa.Column('worded_revision', sa.BigInteger(), nullable=False, server_default='0'))
    op.add_column('messages', sa.Column('change', sa.String(16), nullable=False, server_default='worded'))
    op.add_column('messages', sa.Column('reacted', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('messages', sa.Column('mentions_all', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('messages', sa.Column('pinned_at', sa.BigInteger()))
    op.add_column('messages', sa.Column('pinned_by', sa.BigInteger()))
    op.create_index(op.f('ix_messages_pinned_at'), 'messages', ['room_id', 'pinned_at'])
    op.execute('UPDATE messages SET worded_revision = revision')
    op.execute(
        'UPDATE messages SET first_revision = revision'
        ' WHERE edited_at IS NULL AND deleted_at IS NULL AND hidden_at IS NULL AND NOT shown_again'
    )


def _add_reactions_and_mentions() -> None:
    op.create_table(
        'reactions',
        sa.Column('message_id', Id, nullable=False),
        sa.Column('user_id', Id, nullable=False),
        sa.Column('emoji', sa.String(64), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('message_id', 'user_id', 'emoji', name=op.f('pk_reactions')),
        sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_reactions_message_id_messages')),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_reactions_user_id_users')),
    )
    op.create_index(op.f('ix_reactions_user_id'), 'reactions', ['user_id'])
    op.create_table(
        'mentions',
        sa.Column('message_id', Id, nullable=False),
        sa.Column('user_id', Id, nullable=False),
        sa.Column('name', sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint('message_id', 'user_id', name=op.f('pk_mentions')),
        sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_mentions_message_id_messages')),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_mentions_user_id_users')),
    )
    op.create_index(op.f('ix_mentions_user_id'), 'mentions', ['user_id', 'message_id'])


def _add_versions() -> None:
    op.create_table(
        'message_versions',
        sa.Column('id', Id, nullable=False),
        sa.Column('message_id', Id, nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.Column('written_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_message_versions')),
        sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_message_versions_message_id_messages')),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f('ix_message_versions_message_id'), 'message_versions', ['message_id'])
