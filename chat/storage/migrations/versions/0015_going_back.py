"""how often people have marked something as unread, so that what was seen before does not undo it

Revision: 0015, after 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the revision before to this one."""
    op.add_column('memberships', sa.Column('went_back', sa.Integer(), nullable=False, server_default='0'))
