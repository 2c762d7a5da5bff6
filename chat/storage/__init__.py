"""Where everything is kept: whole transactions, each one function of a connection, run off the event loop.

One thread writes, and only it checkpoints: SQLite up to 3.51.2 can corrupt its write-ahead log when two connections do.
Transactions that wait while another commits share the next commit; each has a savepoint of its own, so that one that
fails takes nothing else with it. Readers have their own connections and cannot write.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from chat.errors import ChatError, StorageFailed
from chat.storage import migrations, opening, sqlite

READERS = 2  # threads that read; on few cores more only wait for each other
LARGEST_COMMIT = 64  # transactions that share a commit at most, so that the first of them does not wait long

P = ParamSpec('P')
T = TypeVar('T')
log = logging.getLogger('hearth.storage')


class _Job(NamedTuple):
    run: Callable[[Connection], Any]
    result: 'Future[Any]'


class Storage:
    """The database of one server process."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / 'hearth.sqlite'
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._writer: Thread | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._held = ExitStack()  # what closing lets go of, the folder last
        self._read_engine = sqlite.reading_engine(self._file, READERS)
        self._write_engine = sqlite.writing_engine(self._file)

    def open(self) -> None:
        """Make or migrate the database and start the threads; blocks, as nothing can be done before.

        Raises CannotOpen, and leaves the data as it is, when it cannot be used or another server uses it.
        """
        with opening.explained(self._file), ExitStack() as held:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            held.enter_context(opening.lock(self._file.parent))
            migrations.refuse_newer(self._file)
            held.callback(self._write_engine.dispose)
            held.callback(self._read_engine.dispose)
            self._file.touch(mode=0o600)  # the files that SQLite puts beside it have the same mode
            migrations.upgrade(self._write_engine, self._file)
            self._held = held.pop_all()
        self._readers = ThreadPoolExecutor(READERS, 'storage-read')
        self._writer = Thread(target=self._write_forever, name='storage-write', daemon=True)
        self._writer.start()

    def close(self) -> None:
        """Finish what was asked for and close the files; closing twice is harmless."""
        if self._writer is None:
            return
        self._jobs.put(None)
        self._writer.join()
        self._writer = None
        if self._readers is not None:
            self._readers.shutdown()
            self._readers = None
        self._held.close()

    @property
    def is_open(self) -> bool:
        """Whether reading and writing are possible."""
        return self._writer is not None

    async def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``query(connection, …)`` on one consistent state of the database and return its result."""
        if self._readers is None:
            raise StorageFailed
        return await asyncio.get_running_loop().run_in_executor(self._readers, lambda: self._read(query, args, kwargs))

    async def write(self, action: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``action(connection, …)`` as one transaction; returns after it is on disk.

        Raises what the action raised, or StorageFailed when the database did not take it; then nothing was stored.
        """
        if self._writer is None:
            raise StorageFailed
        job = _Job(lambda connection: action(connection, *args, **kwargs), Future())
        self._jobs.put(job)
        # A caller that goes away must not undo what is being stored: shielded, the result is merely not waited for.
        return await asyncio.shield(asyncio.wrap_future(job.result))

    def _read(self, query: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        try:
            with self._read_engine.begin() as connection:
                return query(connection, *args, **kwargs)
        except SQLAlchemyError as error:
            log.exception('A read failed')
            raise StorageFailed from error

    def _write_forever(self) -> None:
        while (job := self._jobs.get()) is not None:
            jobs = [job]
            stop = False
            while len(jobs) < LARGEST_COMMIT and not self._jobs.empty():
                following = self._jobs.get()
                if following is None:
                    stop = True
                    break
                jobs.append(following)
            self._commit(jobs)
            if stop:
                return

    def _commit(self, jobs: list[_Job]) -> None:
        """Run the jobs in one transaction and tell each its result only after the commit."""
        outcomes: list[tuple[_Job, Any, BaseException | None]] = []
        try:
            with self._write_engine.begin() as connection:
                for job in jobs:
                    outcomes.append((job, *_attempt(job, connection)))
        except BaseException as error:
            log.exception('A commit failed')
            failure = StorageFailed()
            failure.__cause__ = error
            outcomes = [(job, None, failure) for job in jobs]
        for job, result, problem in outcomes:
            if problem is None:
                job.result.set_result(result)
            else:
                job.result.set_exception(problem)


def _attempt(job: _Job, connection: Connection) -> tuple[Any, BaseException | None]:
    try:
        with connection.begin_nested():
            return job.run(connection), None
    except ChatError as error:  # an ordinary answer: nothing was wrong with the database
        return None, error
    except BaseException as error:  # even a panic of a library: without the writer everybody would wait for ever
        if not sqlite.in_transaction(connection):
            raise
        if isinstance(error, SQLAlchemyError):
            log.exception('A transaction failed')
            return None, StorageFailed()
        return None, error
