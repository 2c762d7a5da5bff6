"""How SQLite is opened."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool

VERSION = sqlite3.sqlite_version
BUSY_TIMEOUT = 10_000  # ms to wait for a lock, such as that of a backup
PAGE_CACHE = 32_768  # KiB a connection


def writing_engine(file: Path) -> Engine:
    """Return the engine of the one connection that writes and checkpoints."""
    arguments = {'check_same_thread': False}  # opened by one thread, then used by one other
    engine = create_engine(_url(file), poolclass=StaticPool, connect_args=arguments, hide_parameters=True)
    # What was deleted is overwritten: by default only where SQLite was built so. What a savepoint would bring back is
    # kept in memory, as files that come and go with each cost as much as what is stored.
    pragmas = ('synchronous=FULL', 'wal_autocheckpoint=1000', 'secure_delete=ON', 'temp_store=MEMORY')
    _configure(engine, *pragmas, begin='BEGIN IMMEDIATE')
    return engine


def reading_engine(file: Path, threads: int) -> Engine:
    """Return the engine of connections that cannot write and never checkpoint."""
    engine = create_engine(_url(file), poolclass=QueuePool, pool_size=threads, max_overflow=0, hide_parameters=True)
    _configure(engine, 'query_only=ON', 'wal_autocheckpoint=0', begin='BEGIN')
    return engine


def looking(file: Path) -> closing[sqlite3.Connection]:
    """Open a database only to look at it, and leave it and the files beside it as they are."""
    # Even a reader makes an empty log where there is none, and leaves it there; without a log, all is in the file.
    log = file.with_name(f'{file.name}-wal')
    how = 'mode=ro' if log.exists() and log.stat().st_size else 'immutable=1'
    return closing(sqlite3.connect(f'{file.absolute().as_uri()}?{how}', uri=True))


@contextmanager
def reshaping(engine: Engine) -> Iterator[Connection]:
    """Begin a transaction that may make a table anew which others refer to; references are checked at its end."""
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.execute('PRAGMA foreign_keys=OFF')  # which SQLite ignores once the transaction has begun
        try:
            with connection.begin():
                yield connection
                broken = connection.exec_driver_sql('PRAGMA foreign_key_check').first()
                if broken is not None:
                    raise RuntimeError(f'A foreign key of the table {broken[0]} would lead nowhere.')
        finally:
            driver.execute('PRAGMA foreign_keys=ON')


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Undo what is done within, and nothing before, if it raises."""
    driver: Any = connection.connection.dbapi_connection  # directly: as for beginning a transaction
    driver.execute('SAVEPOINT job')
    try:
        yield
    except BaseException:
        if in_transaction(connection):
            driver.execute('ROLLBACK TO job')
            driver.execute('RELEASE job')
        raise
    driver.execute('RELEASE job')


def execute_many(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run a statement with each of some rows, without what SQLAlchemy does around it: a fifth of storing small rows."""
    driver: Any = connection.connection.dbapi_connection
    try:
        driver.executemany(statement, rows)
    except sqlite3.Error as error:
        raise DBAPIError(statement, None, error, hide_parameters=True) from error


def in_transaction(connection: Connection) -> bool:
    """Whether SQLite still has the transaction: a full disk can end it as a whole, not only the statement."""
    return bool(getattr(connection.connection.dbapi_connection, 'in_transaction', False))


def probe(connection: Connection) -> None:
    """Write the least there is: a number that nobody uses, anew, which takes a page."""
    number = connection.exec_driver_sql('PRAGMA user_version').scalar_one()
    connection.exec_driver_sql(f'PRAGMA user_version = {int(number)}')


def last_id(connection: Connection, table: str) -> int:
    """Return the last id that was given in a table, 0 if none was."""
    return connection.execute(text('SELECT seq FROM sqlite_sequence WHERE name = :name'), {'name': table}).scalar() or 0


def set_last_id(connection: Connection, table: str, number: int) -> None:
    """Go on with the id after this one."""
    connection.execute(text('DELETE FROM sqlite_sequence WHERE name = :name'), {'name': table})
    values = {'name': table, 'number': number}
    connection.execute(text('INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)'), values)


def _url(file: Path) -> URL:
    return URL.create('sqlite', database=str(file))  # put together as text, a question mark would end the path


def _configure(engine: Engine, *pragmas: str, begin: str) -> None:
    everywhere = ('journal_mode=WAL', 'foreign_keys=ON', f'busy_timeout={BUSY_TIMEOUT}', f'cache_size=-{PAGE_CACHE}')

    @event.listens_for(engine, 'connect')
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # sqlite3 must not begin transactions on its own
        for pragma in (*everywhere, *pragmas):
            connection.execute(f'PRAGMA {pragma}')

    @event.listens_for(engine, 'begin')
    def _begin(connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection  # directly: it is part of every transaction
        driver.execute(begin)


def size(connection: Connection) -> int:
    """Return how many bytes the database has."""
    pages = connection.exec_driver_sql('PRAGMA page_count').scalar_one()
    return int(pages) * int(connection.exec_driver_sql('PRAGMA page_size').scalar_one())
