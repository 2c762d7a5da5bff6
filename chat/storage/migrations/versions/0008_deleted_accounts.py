"""messages of deleted accounts that are still to be removed

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the revision before to this one."""
    op.add_column('users', sa.Column('removing', sa.Boolean(), nullable=False, server_default=sa.false()))
