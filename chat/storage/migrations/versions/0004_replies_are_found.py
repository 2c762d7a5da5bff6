"""replies are found

Revision: 0004, after 0003.

Whoever deletes messages has the database look for replies to each of them. Without an index that is a walk through all
messages for every one.
"""

from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the revision before to this one."""
    op.create_index(op.f('ix_messages_reply_to'), 'messages', ['reply_to'])
