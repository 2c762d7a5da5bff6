"""links that sign in

Revision: 0006, after 0005.

A session can have one link that signs in another device, once and for some minutes; it goes with the session.
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the revision before to this one."""
    op.add_column('sessions', sa.Column('link_hash', sa.String(64)))
    op.add_column('sessions', sa.Column('link_until', sa.BigInteger()))
    op.create_index(op.f('ix_sessions_link_hash'), 'sessions', ['link_hash'], unique=True)
