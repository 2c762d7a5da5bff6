"""What keeps the data from being opened, each reason as one sentence for whoever starts the server."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.exc import DBAPIError

from chat.errors import CannotOpen, InUse

BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
IN_USE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
REFUSED_BY_THE_SYSTEM = {
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY
}  # fmt: skip


def lock(folder: Path) -> FileLock:
    """Return what holds the folder for one process as long as it is entered; entering it never waits."""
    # The system lets go of the lock however the process ends. The file stays and means nothing by itself, so a
    # system without such locks must not make do with one that is held as long as the file is there.
    return FileLock(folder / 'hearth.lock', timeout=0, mode=0o600, thread_local=False, fallback_to_soft=False)


@contextmanager
def explained(file: Path) -> Iterator[None]:
    """Raise CannotOpen for whatever the system or SQLite has against opening the file; faults of ours stay theirs."""
    try:
        yield
    except Timeout as error:
        raise InUse(
            f'Another Hearth already uses the folder {file.parent.absolute()}. '
            'Stop it, or start this one with another --data.'
        ) from error
    except OSError as error:
        raise CannotOpen(_not_kept(file, error.strerror or str(error))) from error
    except (sqlite3.Error, DBAPIError) as error:
        sentence = _sentence(file, error.orig if isinstance(error, DBAPIError) else error)
        if sentence is None:
            raise
        raise CannotOpen(sentence) from error


def _sentence(file: Path, error: BaseException | None) -> str | None:
    code = getattr(error, 'sqlite_errorcode', sqlite3.SQLITE_ERROR) & 0xFF  # without the details in the higher bits
    if code in BROKEN:
        return _broken(file)
    if code in IN_USE:
        return f'Another program uses the file {file.absolute()}. Close it, and start again.'
    return _not_kept(file, str(error)) if code in REFUSED_BY_THE_SYSTEM else None


def _broken(file: Path) -> str:
    copies = sorted(file.parent.absolute().glob(f'{file.name}.before-*'))
    which = f', such as {copies[-1]}, which was made before an update' if copies else ''
    # SQLite would play the log of the broken file into the copy, and break that too.
    return (
        f'The file {file.absolute()} is damaged or no database. Move it away, and the files {file.name}-wal and '
        f'{file.name}-shm if they are there, and put a copy in its place{which}.'
    )


def _not_kept(file: Path, reason: str) -> str:
    return f'The data cannot be kept in {file.parent.absolute()}: {reason}.'
