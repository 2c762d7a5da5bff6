"""the index by which messages are found; it is filled when the chat starts

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

Term = sa.String(64).with_variant(sa.String(64, collation='C'), 'postgresql')


def upgrade() -> None:
    """Bring a database of the revision before to this one."""
    op.create_table(
        'search_terms',
        sa.Column('term', Term, nullable=False),
        sa.Column('room_id', sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column('message_id', sa.BigInteger(), nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint('term', 'room_id', 'message_id', name=op.f('pk_search_terms')),
        sqlite_with_rowid=False,
    )
