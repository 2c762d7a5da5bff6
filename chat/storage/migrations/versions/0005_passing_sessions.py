"""passing sessions, and what tells one chat from another

Revision: 0005, after 0004.

Guests without a session have one from now on, which lasts as long as their connection. Those of before are let go of
like all guests whom nobody can be any more.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the revision before to this one."""
    op.add_column('sessions', sa.Column('passing', sa.Boolean(), nullable=False, server_default=sa.false()))
    facts = op.create_table(
        'facts',
        sa.Column('name', sa.String(64), nullable=False),
        sa.Column('value', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_facts')),
    )
    op.bulk_insert(facts, [{'name': 'id', 'value': secrets.token_hex(8)}])
