"""rooms with doors and rules, invitations, moderation, an audit log

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer, 'sqlite')


def upgrade() -> None:
    """Bring a database of the revision before to this one."""
    _add_columns()
    _add_invitations()
    _add_moderation()


def _add_columns() -> None:
    op.add_column('users', sa.Column('muted_until', sa.BigInteger()))
    op.add_column('users', sa.Column('banned_until', sa.BigInteger()))
    op.add_column('sessions', sa.Column('address', sa.String(64)))
    op.add_column('rooms', sa.Column('description', sa.Text(), nullable=False, server_default=''))
    op.add_column('rooms', sa.Column('posting', sa.String(16), nullable=False, server_default='everybody'))
    op.add_column('rooms', sa.Column('slow_mode', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('rooms', sa.Column('paused', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('rooms', sa.Column('archived_at', sa.BigInteger()))
    op.add_column('rooms', sa.Column('people_key', sa.String(256)))  # by no batch: SQLite would count rooms anew
    op.create_index(op.f('ix_rooms_people_key'), 'rooms', ['people_key'], unique=True)
    op.add_column('memberships', sa.Column('favorite', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('memberships', sa.Column('muted_until', sa.BigInteger()))
    op.add_column('memberships', sa.Column('banned_until', sa.BigInteger()))
    op.add_column('memberships', sa.Column('spoke_at', sa.BigInteger()))
    op.add_column('messages', sa.Column('hidden_at', sa.BigInteger()))
    op.add_column('messages', sa.Column('shown_again', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(op.f('ix_messages_hidden_at'), 'messages', ['hidden_at'])


def _add_invitations() -> None:
    op.create_table(
        'invitations',
        sa.Column('id', Id, nullable=False),
        sa.Column('token', sa.String(64), nullable=False),
        sa.Column('label', sa.String(64), nullable=False),
        sa.Column('kind', sa.String(16), nullable=False),
        sa.Column('until', sa.BigInteger()),
        sa.Column('most_uses', sa.Integer()),
        sa.Column('uses', sa.Integer(), nullable=False, server_default='0'),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('created_by', Id, nullable=False),
        sa.Column('revoked_at', sa.BigInteger()),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_invitations')),
        sa.UniqueConstraint('token', name=op.f('uq_invitations_token')),
        sa.ForeignKeyConstraint(['created_by'], ['users.id'], name=op.f('fk_invitations_created_by_users')),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f('ix_invitations_created_by'), 'invitations', ['created_by'])
    op.create_table(
        'invitation_rooms',
        sa.Column('invitation_id', Id, nullable=False),
        sa.Column('room_id', Id, nullable=False),
        sa.PrimaryKeyConstraint('invitation_id', 'room_id', name=op.f('pk_invitation_rooms')),
        sa.ForeignKeyConstraint(
            ['invitation_id'], ['invitations.id'], name=op.f('fk_invitation_rooms_invitation_id_invitations')
        ),
        sa.ForeignKeyConstraint(['room_id'], ['rooms.id'], name=op.f('fk_invitation_rooms_room_id_rooms')),
    )
    op.create_index(op.f('ix_invitation_rooms_room_id'), 'invitation_rooms', ['room_id'])
    op.create_table(
        'invitation_uses',
        sa.Column('invitation_id', Id, nullable=False),
        sa.Column('user_id', Id, nullable=False),
        sa.Column('used_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('invitation_id', 'user_id', name=op.f('pk_invitation_uses')),
        sa.ForeignKeyConstraint(
            ['invitation_id'], ['invitations.id'], name=op.f('fk_invitation_uses_invitation_id_invitations')
        ),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_invitation_uses_user_id_users')),
    )
    op.create_index(op.f('ix_invitation_uses_user_id'), 'invitation_uses', ['user_id'])


def _add_moderation() -> None:
    op.create_table(
        'address_bans',
        sa.Column('address', sa.String(64), nullable=False),
        sa.Column('until', sa.BigInteger(), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('address', name=op.f('pk_address_bans')),
    )
    op.create_table(
        'reports',
        sa.Column('id', Id, nullable=False),
        sa.Column('message_id', Id, nullable=False),
        sa.Column('reported_by', Id, nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.Column('reason', sa.String(500), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('closed_at', sa.BigInteger()),
        sa.Column('closed_by', Id),
        sa.Column('outcome', sa.String(16)),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_reports')),
        sa.UniqueConstraint('message_id', 'reported_by', name=op.f('uq_reports_message_id_reported_by')),
        sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_reports_message_id_messages')),
        sa.ForeignKeyConstraint(['reported_by'], ['users.id'], name=op.f('fk_reports_reported_by_users')),
        sa.ForeignKeyConstraint(['closed_by'], ['users.id'], name=op.f('fk_reports_closed_by_users')),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f('ix_reports_message_id'), 'reports', ['message_id'])
    op.create_index(op.f('ix_reports_closed_at'), 'reports', ['closed_at'])
    op.create_table(
        'audit_log',
        sa.Column('id', Id, nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('actor_id', sa.BigInteger()),
        sa.Column('actor', sa.String(64), nullable=False),
        sa.Column('address', sa.String(64), nullable=False),
        sa.Column('action', sa.String(32), nullable=False),
        sa.Column('target_id', sa.BigInteger()),
        sa.Column('target', sa.String(128), nullable=False),
        sa.Column('room', sa.String(64), nullable=False),
        sa.Column('details', sa.String(512), nullable=False),
        sa.Column('result', sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_log')),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f('ix_audit_log_at'), 'audit_log', ['at'])
