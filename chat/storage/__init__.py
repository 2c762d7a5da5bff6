"""Where everything is kept: whole transactions, each one function of a connection, run off the event loop.

A file of SQLite in the data folder, or a PostgreSQL server when there is an address of one. What is asked of them is
the same; how they are asked is in ``one_writer`` and ``postgresql``.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from time import perf_counter
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from chat.errors import CannotOpen, StorageFailed
from chat.measures import Measures
from chat.storage import facts, search
from chat.storage.one_writer import OneWriter
from chat.storage.postgresql import PostgreSQL

P = ParamSpec('P')
T = TypeVar('T')


class Database(Protocol):
    """What a database must be able to do."""

    @property
    def versions(self) -> Mapping[str, str]:
        """What it is and which version of it, for whoever reads of a fault in one."""

    @property
    def many_write(self) -> bool:
        """Whether several transactions write at once, so that they do not end in the order of the ids they took."""

    def is_there(self) -> bool:
        """Whether there is a database already."""

    def open(self) -> None:
        """Make or migrate it; raises CannotOpen."""

    def close(self) -> None:
        """Finish what was asked for and let go of it."""

    def reading(self) -> AbstractContextManager[Connection]:
        """Return a connection that reads one consistent state, for whoever may block."""

    def writing(self) -> AbstractContextManager[Connection]:
        """Return a connection whose transaction ends with the block, for whoever may block and is alone."""

    def read(self, query: Callable[[Connection], Any]) -> Awaitable[Any]:
        """Run a function on one consistent state; raises what it raised, or StorageFailed."""

    def write(self, action: Callable[[Connection], Any]) -> Awaitable[Any]:
        """Run a function as one transaction and wait until it is on disk; raises what it raised, or StorageFailed."""


class Storage:
    """The database of one server process."""

    def __init__(self, folder: Path, url: str | None = None, measures: Measures | None = None) -> None:
        self._measures = measures or Measures()
        self._database: Database = OneWriter(folder) if url is None else PostgreSQL(url)
        self._is_open = False
        self.chat_id = ''  # what tells this chat from others, as soon as it is open

    @property
    def versions(self) -> Mapping[str, str]:
        """What everything is kept in, and which version of it."""
        return self._database.versions

    @property
    def many_write(self) -> bool:
        """Whether something can be stored under a lower id than what can be read already."""
        return self._database.many_write

    @property
    def is_open(self) -> bool:
        """Whether reading and writing are possible."""
        return self._is_open

    def is_there(self) -> bool:
        """Whether the database has been made."""
        return self._database.is_there()

    def open(self) -> None:
        """Make or migrate the database; blocks, as nothing can be done before.

        Raises CannotOpen, and leaves the data as it is, when it cannot be used.
        """
        self._database.open()
        try:
            self._look()
        except SQLAlchemyError as error:
            self._database.close()
            raise CannotOpen(f'The index for searching cannot be made: {getattr(error, "orig", error)}') from error
        self._is_open = True

    def _look(self) -> None:
        with self._database.reading() as connection:
            self.chat_id = facts.chat_id(connection)
            is_made = search.is_up_to_date(connection)
        while not is_made:
            with self._database.writing() as connection:
                is_made = search.bring_up_to_date(connection)

    def close(self) -> None:
        """Finish what was asked for and let go of the database; closing twice is harmless."""
        if self._is_open:
            self._is_open = False
            self._database.close()

    def reading(self) -> AbstractContextManager[Connection]:
        """Return a connection that reads one consistent state; for whoever runs no server."""
        return self._database.reading()

    def writing(self) -> AbstractContextManager[Connection]:
        """Return a connection whose transaction ends with the block; for whoever runs no server."""
        return self._database.writing()

    async def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``query(connection, …)`` on one consistent state of the database and return its result."""
        if not self._is_open:
            raise StorageFailed
        started = perf_counter()
        try:
            result: T = await self._database.read(lambda connection: query(connection, *args, **kwargs))
        finally:
            self._measures.reads.observe(perf_counter() - started)
        return result

    async def write(self, action: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``action(connection, …)`` as one transaction; returns after it is on disk.

        Raises what the action raised, or StorageFailed when the database did not take it; then nothing was stored.
        """
        if not self._is_open:
            raise StorageFailed
        started = perf_counter()
        try:
            result: T = await self._database.write(lambda connection: action(connection, *args, **kwargs))
        finally:
            self._measures.writes.observe(perf_counter() - started)
        return result
