"""How SQLite is opened: the one place that differs between databases."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool, StaticPool

BUSY_TIMEOUT = 10_000  # ms to wait for a lock, such as that of a backup
PAGE_CACHE = 32_768  # KiB a connection


def writing_engine(file: Path) -> Engine:
    """Return the engine of the one connection that writes and checkpoints."""
    url, arguments = f'sqlite:///{file}', {'check_same_thread': False}  # opened by one thread, then used by one other
    engine = create_engine(url, poolclass=StaticPool, connect_args=arguments)
    _configure(engine, 'synchronous=FULL', 'wal_autocheckpoint=1000', begin='BEGIN IMMEDIATE')
    return engine


def reading_engine(file: Path, threads: int) -> Engine:
    """Return the engine of connections that cannot write and never checkpoint."""
    engine = create_engine(f'sqlite:///{file}', poolclass=QueuePool, pool_size=threads, max_overflow=0)
    _configure(engine, 'query_only=ON', 'wal_autocheckpoint=0', begin='BEGIN')
    return engine


def in_transaction(connection: Connection) -> bool:
    """Whether SQLite still has the transaction: a full disk can end it as a whole, not only the statement."""
    return bool(getattr(connection.connection.dbapi_connection, 'in_transaction', False))


def _configure(engine: Engine, *pragmas: str, begin: str) -> None:
    everywhere = ('journal_mode=WAL', 'foreign_keys=ON', f'busy_timeout={BUSY_TIMEOUT}', f'cache_size=-{PAGE_CACHE}')

    @event.listens_for(engine, 'connect')
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # sqlite3 must not begin transactions on its own
        for pragma in (*everywhere, *pragmas):
            connection.execute(f'PRAGMA {pragma}')

    @event.listens_for(engine, 'begin')
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)
