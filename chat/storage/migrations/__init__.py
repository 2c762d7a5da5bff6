"""Bringing the database of any earlier version up to this one, with a copy of the file made before."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from chat.storage import sqlite

log = logging.getLogger('hearth.storage')


def upgrade(engine: Engine, file: Path) -> None:
    """Run the migrations that the database has not seen; makes it when there is none."""
    config = Config()
    config.set_main_option('script_location', str(Path(__file__).parent).replace('%', '%%'))
    newest = ScriptDirectory.from_config(config).get_current_head()
    with engine.begin() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == newest:
        return
    if current is not None:
        log.info('Copied the database to %s before changing its form', _copy(file, current))
    with sqlite.reshaping(engine) as connection:
        config.attributes['connection'] = connection
        command.upgrade(config, 'head')


def _copy(file: Path, revision: str) -> Path:
    target = file.with_name(f'{file.name}.before-{revision}')
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    target.chmod(0o600)
    return target
