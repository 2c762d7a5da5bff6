"""incoming webhooks

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the revision before to this one."""
    op.create_table(
        'hooks',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('secret_hash', sa.String(length=64), nullable=False),
        sa.Column('room_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('bot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('created_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['bot_id'], ['users.id'], name=op.f('fk_hooks_bot_id')),
        sa.ForeignKeyConstraint(['created_by'], ['users.id'], name=op.f('fk_hooks_created_by')),
        sa.ForeignKeyConstraint(['room_id'], ['rooms.id'], name=op.f('fk_hooks_room_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_hooks')),
        sa.UniqueConstraint('secret_hash', name=op.f('uq_hooks_secret_hash')),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f('ix_hooks_room_id'), 'hooks', ['room_id'])
