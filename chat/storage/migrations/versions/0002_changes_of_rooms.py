"""changes of rooms

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the revision before to this one."""
    op.add_column('rooms', sa.Column('changed_revision', sa.BigInteger(), server_default='0', nullable=False))
