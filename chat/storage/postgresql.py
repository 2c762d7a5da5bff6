"""How PostgreSQL is used: many connections write at once, and a room's row is held by whoever changes the room.

The statements are the same as for SQLite, where one thread writes. What follows from several writing is all here: rows
that are held, transactions that are tried again because another one came first, connections that are lost.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, create_engine, func, make_url, select, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from chat.errors import CannotOpen, ChatError, NotThere, StorageFailed
from chat.storage import migrations
from chat.storage.tables import rooms

# Threads, each with a connection; a database takes 100 by default, for all servers together. Those who wait for a room
# that somebody holds must not keep others from reading.
READERS, WRITERS = 4, 8
OLDEST = 15  # major version
CONNECT_TIMEOUT = 5  # s
# Acknowledged is on disk, whatever is usual for the cluster. Nothing here takes seconds, so what does is stuck. A room
# that is held by a server that froze, or lost its network, is let go of before those who wait for it give up.
OPTIONS = (
    '-c synchronous_commit=on -c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=5s'
)
# Migrating, and copying everything, may take as long as it takes.
UNHURRIED = (
    'SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0'
)
UPGRADING = 7_204_117_003  # the number of the lock by which one server at a time migrates; any number, always this one

TRIES = 5
PAUSE = 0.01  # s before the second try; twice as long before each further one, and spread
# https://www.postgresql.org/docs/current/errcodes-appendix.html
CAME_SECOND = {
    '40001',  # serialization_failure
    '40P01',  # deadlock_detected
    '23505',  # unique_violation: somebody else just took this name, address or id
    '23503',  # foreign_key_violation: somebody else just deleted what is referred to
}

_LAST_ID = text(
    "SELECT last_value FROM pg_sequences WHERE format('%I.%I', schemaname, sequencename)::regclass"
    " = pg_get_serial_sequence(:table, 'id')::regclass"
)

# Two numbers, so that it is never the lock of a migration, which has one.
_HOLD = text('SELECT pg_advisory_xact_lock(1, hashtext(:name))')

UNSURE = 'The server lost its database at this very moment. Please look whether it was stored before you try again.'

log = logging.getLogger('hearth.storage')


class PostgreSQL:
    """A database on a server, which several servers of the chat can share."""

    many_write = True

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername='postgresql+psycopg')
        self._engine = _engine(self._url.render_as_string(hide_password=False))
        self._reading = self._engine.execution_options(isolation_level='REPEATABLE READ', postgresql_readonly=True)
        self._readers: ThreadPoolExecutor | None = None
        self._writers: ThreadPoolExecutor | None = None
        self._version = ''

    @property
    def versions(self) -> Mapping[str, str]:
        """Which PostgreSQL it was when it was opened."""
        return {'postgresql': self._version}

    def is_there(self) -> bool:
        """A database on a server is made by whoever runs that: there is always one to try."""
        return True

    def open(self) -> None:
        """Connect, bring the database up to date, and start the threads; blocks. Raises CannotOpen."""
        try:
            with _explained(self._where()), self._engine.begin() as connection:
                self._version = _version(connection)
                connection.exec_driver_sql(UNHURRIED)
                connection.exec_driver_sql(f'SELECT pg_advisory_xact_lock({UPGRADING})')
                migrations.upgrade_shared(connection, self._where())
        except BaseException:
            self._engine.dispose()
            raise
        self._readers = ThreadPoolExecutor(READERS, 'storage-read')
        self._writers = ThreadPoolExecutor(WRITERS, 'storage-write')

    def close(self) -> None:
        """Finish what was asked for and close the connections; closing twice is harmless."""
        for threads in (self._writers, self._readers):
            if threads is not None:
                threads.shutdown()
        self._readers = self._writers = None
        self._engine.dispose()

    def read(self, query: Callable[[Connection], Any]) -> Awaitable[Any]:
        """Run the query on one consistent state."""
        return _in(self._readers, self._reading, query)

    def write(self, action: Callable[[Connection], Any]) -> Awaitable[Any]:
        """Run the action as one transaction; again, when another one came first."""
        return _in(self._writers, self._engine, action)

    def reading(self) -> AbstractContextManager[Connection]:
        """Return a connection that reads one consistent state, for whoever may block."""
        return _unhurried(self._reading)

    def writing(self) -> AbstractContextManager[Connection]:
        """Return a connection whose transaction ends with the block, for whoever may block."""
        return _unhurried(self._engine)

    def _where(self) -> str:
        return f'the database {self._url.database!r} at {self._url.host or self._url.query.get("host", "localhost")}'


def hold_rooms(connection: Connection, which: ColumnElement[bool]) -> None:
    """Let nobody else change these rooms until the transaction ends, and see what they changed before.

    Whoever changes anything in a room begins with this, so that what is asked first (who may?) still holds when it is
    done. SQLite has one writer, and readers change nothing: there is nothing to hold.
    """
    if connection.dialect.name == 'postgresql' and not connection.get_execution_options().get('postgresql_readonly'):
        rows = select(rooms.c.id).where(which).order_by(rooms.c.id)  # in one order, or two would wait for each other
        connection.execute(rows.with_for_update(key_share=True))


def hold_name(connection: Connection, name: str) -> None:
    """Let nobody else who holds the same name go on until the transaction ends: many may look for a free one like it.

    Without it, all but one of them would come second again and again.
    """
    if connection.dialect.name == 'postgresql':
        connection.execute(_HOLD, {'name': name})


def use_indexes(connection: Connection) -> None:
    """Let whatever the rest of the transaction reads be found by an index, if there is one.

    Without fresh statistics, as after much was stored, the planner rather reads a whole table, however large.
    """
    if connection.dialect.name == 'postgresql':
        connection.exec_driver_sql('SET LOCAL enable_seqscan = off')


def probe(connection: Connection) -> None:
    """Write the least there is: a transaction's number, which is on disk after the commit."""
    connection.exec_driver_sql('SELECT pg_current_xact_id()')


def last_id(connection: Connection, table: str) -> int:
    """Return the last id that was given in a table, 0 if none was."""
    return connection.execute(_LAST_ID, {'table': table}).scalar() or 0


def set_last_id(connection: Connection, table: str, number: int) -> None:
    """Go on with the id after this one."""
    sequence = func.pg_get_serial_sequence(table, 'id')
    connection.execute(select(func.setval(sequence, max(number, 1), number > 0)))


def _engine(url: str) -> Engine:
    return create_engine(
        url,
        pool_size=READERS + WRITERS,
        max_overflow=0,
        hide_parameters=True,
        connect_args={'connect_timeout': CONNECT_TIMEOUT, 'options': OPTIONS, 'application_name': 'hearth'},
    )


@contextmanager
def _unhurried(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        connection.exec_driver_sql(UNHURRIED)
        yield connection


def _in(threads: ThreadPoolExecutor | None, engine: Engine, action: Callable[[Connection], Any]) -> Awaitable[Any]:
    if threads is None:
        raise StorageFailed
    return asyncio.get_running_loop().run_in_executor(threads, _run, engine, action)


def _run(engine: Engine, action: Callable[[Connection], Any]) -> Any:
    for attempt in range(TRIES):
        try:
            return _attempt(engine, action)
        except _AgainError:
            time.sleep(PAUSE * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311 - only so that two do not meet again
        except ChatError:  # an ordinary answer
            raise
        except SQLAlchemyError as error:
            log.exception('A transaction failed')
            raise StorageFailed from error
    log.error('A transaction failed %s times, as others came first or the connection was lost', TRIES)
    raise StorageFailed


class _AgainError(Exception):
    """The transaction was not stored, and may be when it is tried again."""


def _attempt(engine: Engine, action: Callable[[Connection], Any]) -> Any:
    committing = False
    try:
        with engine.connect() as connection, connection.begin() as transaction:
            result = action(connection)
            committing = True
            transaction.commit()
            return result
    except DBAPIError as error:
        # A connection that is lost during the commit leaves open whether it was stored: that must not happen twice.
        state = getattr(error.orig, 'sqlstate', None)
        is_lost = error.connection_invalidated or (isinstance(error, OperationalError) and state is None)
        if state in CAME_SECOND or (is_lost and not committing):
            raise _AgainError from error
        if is_lost:
            raise StorageFailed(UNSURE) from error
        raise


@contextmanager
def _explained(where: str) -> Iterator[None]:
    """Raise CannotOpen for whatever keeps the database from being used."""
    try:
        yield
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()
        kind = NotThere if isinstance(error, OperationalError) else CannotOpen
        raise kind(f'Hearth cannot use {where}: {reason[0] if reason else error}') from error


def _version(connection: Connection) -> str:
    number = connection.exec_driver_sql('SHOW server_version_num').scalar_one()
    version = f'{int(number) // 10_000}.{int(number) % 10_000}'
    if int(number) // 10_000 < OLDEST:
        raise CannotOpen(f'Hearth needs PostgreSQL {OLDEST} or newer, and this is {version}.')
    encoding = connection.exec_driver_sql('SHOW server_encoding').scalar_one()
    if encoding != 'UTF8':
        raise CannotOpen(
            f"Hearth needs a database in UTF-8, and this one is in {encoding}; make it with ENCODING 'UTF8'."
        )
    return version


def size(connection: Connection) -> int:
    """Return how many bytes the database has."""
    return int(connection.exec_driver_sql('SELECT pg_database_size(current_database())').scalar_one())
