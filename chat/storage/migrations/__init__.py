"""Bringing the database of any earlier version up to this one, with a copy of the file made before."""

import logging
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from chat.errors import CannotOpen
from chat.storage import sqlite

log = logging.getLogger('hearth.storage')


def refuse_newer(file: Path) -> None:
    """Raise CannotOpen if a newer version has changed the form of the database; changes nothing."""
    if not file.exists():
        return
    if not _revisions(file) <= _known():
        raise CannotOpen(
            f'The data in {file.parent.absolute()} was made by a newer Hearth. '
            'Update this one, or start it with another --data.'
        )


def upgrade(engine: Engine, file: Path) -> None:
    """Run the migrations that the database has not seen; makes it when there is none."""
    with engine.begin() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == _scripts().get_current_head():
        return
    if current is not None:
        log.info('Copied the database to %s before changing its form', _copy(file, current))
    with sqlite.reshaping(engine) as connection:
        _upgrade(connection)


def upgrade_shared(connection: Connection, where: str) -> None:
    """Run the migrations that a database on a server has not seen; raises CannotOpen if a newer version was there.

    What this changes is undone if it fails, and the backups are those of whoever runs the database.
    """
    current = MigrationContext.configure(connection).get_current_revision()
    if current == _scripts().get_current_head():
        return
    if current is not None and current not in _known():
        raise CannotOpen(f'The data in {where} was made by a newer Hearth. Update this one.')
    _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes['connection'] = connection
    command.upgrade(config, 'head')


def _known() -> set[str]:
    return {script.revision for script in _scripts().walk_revisions()}


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option('script_location', str(Path(__file__).parent).replace('%', '%%'))
    return config


def _revisions(file: Path) -> set[str]:
    with sqlite.looking(file) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone() is None:
            return set()
        return {revision for (revision,) in connection.execute('SELECT version_num FROM alembic_version')}


def _copy(file: Path, revision: str) -> Path:
    target, unfinished = file.with_name(f'{file.name}.before-{revision}'), file.with_name(f'{file.name}.copying')
    try:
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(unfinished)) as copy:
            source.backup(copy)
        return unfinished.replace(target)  # at once, so that a full disk costs no earlier copy
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
