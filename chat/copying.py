"""Moving everything from one database to another: from SQLite to PostgreSQL, and back."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from chat.errors import CannotOpen
from chat.file_store import UPLOADS
from chat.settings import SettingError, Settings
from chat.storage import Storage, contents

SQLITE = 'sqlite:///'


def target_of(url: str) -> tuple[Path | None, str | None]:
    """Return the data folder or the address of the database that a target names; raises SettingError.

    A folder is named as one, or as ``sqlite:///folder`` or ``sqlite:///folder/hearth.sqlite``.
    """
    if url.startswith(('postgresql://', 'postgres://')):
        return None, Settings(database_url=url).database_url
    path = Path(url.removeprefix(SQLITE)).expanduser()
    if '://' in url.removeprefix(SQLITE) or not url.removeprefix(SQLITE):
        raise SettingError(
            "--to must be like 'postgresql://user:password@host/database', or the path of a data folder."
        )
    return path.parent if path.suffix == '.sqlite' else path, None


def copy(settings: Settings, url: str) -> Mapping[str, int]:
    """Copy all rows and uploads to an empty target and return how many rows each table has.

    Raises SettingError or CannotOpen, and leaves the target as it was, when it names none, when either cannot be used,
    or when there is something in it.
    """
    folder, address = target_of(url)
    source = Storage(settings.data, settings.database_url)
    target = Storage(folder or settings.data, address)
    if not source.is_there():
        raise CannotOpen(f'There is no data in {settings.data.absolute()}. Give --data as the server was given it.')
    source.open()
    try:
        target.open()
        try:
            return _copy(source, target, settings.data / UPLOADS, folder)
        finally:
            target.close()
    finally:
        source.close()


def _copy(source: Storage, target: Storage, uploads: Path, folder: Path | None) -> Mapping[str, int]:
    with source.reading() as connection, target.writing() as empty:
        if not contents.is_empty(empty) or (folder is not None and (folder / UPLOADS).exists()):
            raise CannotOpen('There is something in the target already. Give one that is empty.')
        contents.copy(connection, empty)
        there, here = contents.counts(empty), contents.counts(connection)
        if there != here:
            raise CannotOpen(f'Not everything came over, so nothing was changed: {there} in place of {here} rows.')
        if folder is not None and uploads.is_dir():
            _copy_files(uploads, folder / UPLOADS)
    return there


def _copy_files(uploads: Path, target: Path) -> None:
    """Copy a folder as a whole or not at all; raises CannotOpen."""
    try:
        shutil.copytree(uploads, target)
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        raise CannotOpen(
            f'The files in {uploads.absolute()} cannot be copied, so nothing was changed: {error}'
        ) from error
