"""Run by Alembic; the connection comes from ``upgrade``."""

from alembic import context

from chat.storage.tables import metadata

context.configure(connection=context.config.attributes['connection'], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
