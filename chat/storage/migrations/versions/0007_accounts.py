"""accounts, ways to sign in, and profiles

Revision: 0007, after 0006.

A theme belongs to a person from now on: the one they chose last, on whichever device.
"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer, 'sqlite')
LAST_THEME = """
UPDATE users SET theme = (
    SELECT theme FROM sessions WHERE sessions.user_id = users.id AND theme IS NOT NULL
    ORDER BY last_used_at DESC, id DESC LIMIT 1
)
"""


def upgrade() -> None:
    """Bring a database of the revision before to this one."""
    op.add_column('users', sa.Column('password_hash', sa.String(256)))
    op.add_column('users', sa.Column('deleted_at', sa.BigInteger()))
    op.add_column('users', sa.Column('color', sa.Integer()))
    op.add_column('users', sa.Column('picture', sa.String(64)))
    op.add_column('users', sa.Column('status', sa.String(100), nullable=False, server_default=''))
    op.add_column('users', sa.Column('status_until', sa.BigInteger()))
    op.add_column('users', sa.Column('time_zone', sa.String(64)))
    op.add_column('users', sa.Column('theme', sa.String(8)))
    op.execute(LAST_THEME)
    op.add_column('memberships', sa.Column('joined_revision', sa.BigInteger(), nullable=False, server_default='0'))
    op.execute('UPDATE memberships SET joined_revision = revision WHERE left_at IS NULL')
    op.create_table(
        'links',
        sa.Column('hash', sa.String(64), nullable=False),
        sa.Column('purpose', sa.String(16), nullable=False),
        sa.Column('user_id', Id),
        sa.Column('until', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('hash', name=op.f('pk_links')),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_links_user_id_users')),
    )
    op.create_index(op.f('ix_links_user_id'), 'links', ['user_id'])
    op.create_table(
        'identities',
        sa.Column('provider', sa.String(64), nullable=False),
        sa.Column('subject', sa.String(255), nullable=False),
        sa.Column('user_id', Id, nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('provider', 'subject', name=op.f('pk_identities')),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_identities_user_id_users')),
    )
    op.create_index(op.f('ix_identities_user_id'), 'identities', ['user_id'])
    op.create_table(
        'pictures',
        sa.Column('user_id', Id, nullable=False),
        sa.Column('digest', sa.String(64), nullable=False),
        sa.Column('data', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('user_id', name=op.f('pk_pictures')),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_pictures_user_id_users')),
    )
