"""how often people have marked something as unread, so that what was seen before does not undo it

Revision: 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the revision before to this one."""
    op.add_column('memberships', sa.Column('went_back', sa.Integer(), nullable=False, server_default='0'))
