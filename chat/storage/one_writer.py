"""How SQLite is used: one thread writes, and only it checkpoints.

SQLite up to 3.51.2 can corrupt its write-ahead log when two connections do. Transactions that wait while another
commits share the next commit; each has a savepoint of its own, so that one that fails takes nothing else with it.
Readers have their own connections and cannot write.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from chat.errors import ChatError, StorageFailed
from chat.storage import migrations, opening, sqlite

READERS = 2  # threads that read; on few cores more only wait for each other
LARGEST_COMMIT = 64  # transactions that share a commit at most, so that the first of them does not wait long

log = logging.getLogger('hearth.storage')


class _Job(NamedTuple):
    run: Callable[[Connection], Any]
    result: asyncio.Future[Any]


class _Outcome(NamedTuple):
    job: _Job
    result: Any
    problem: BaseException | None


class OneWriter:
    """A database in a file, which this process has for itself."""

    versions: Mapping[str, str] = {'sqlite': sqlite.VERSION}
    many_write = False

    def __init__(self, folder: Path) -> None:
        self._file = folder / 'hearth.sqlite'
        self._asked: list[_Job] = []  # in this turn of the event loop
        self._jobs: SimpleQueue[list[_Job]] = SimpleQueue()
        self._writer: Thread | None = None
        self._writing: Connection | None = None  # the writer's; taking one anew costs as much as a statement
        self._readers: ThreadPoolExecutor | None = None
        self._held = ExitStack()  # what closing lets go of, the folder last
        self._read_engine = sqlite.reading_engine(self._file, READERS)
        self._write_engine = sqlite.writing_engine(self._file)

    def is_there(self) -> bool:
        """Whether the database has been made."""
        return self._file.exists()

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
        self._hand_over()
        self._jobs.put([])
        self._writer.join()
        self._writer = None
        if self._readers is not None:
            self._readers.shutdown()
            self._readers = None
        self._held.close()

    def read(self, query: Callable[[Connection], Any]) -> Awaitable[Any]:
        """Run the query on a thread that reads."""
        if self._readers is None:
            raise StorageFailed
        return asyncio.get_running_loop().run_in_executor(self._readers, self._read, query)

    def write(self, action: Callable[[Connection], Any]) -> Awaitable[Any]:
        """Let the writer run the action; a caller that goes away undoes nothing."""
        if self._writer is None:
            raise StorageFailed
        loop = asyncio.get_running_loop()
        self._asked.append(_Job(action, loop.create_future()))
        if len(self._asked) == 1:
            loop.call_soon(self._hand_over)
        return self._asked[-1].result

    def reading(self) -> AbstractContextManager[Connection]:
        """Return a connection that reads one consistent state, for whoever may block."""
        return self._read_engine.begin()

    def writing(self) -> AbstractContextManager[Connection]:
        """Return the connection that writes, for whoever may block and is alone."""
        return self._write_engine.begin()

    def _read(self, query: Callable[[Connection], Any]) -> Any:
        try:
            with self._read_engine.begin() as connection:
                return query(connection)
        except SQLAlchemyError as error:
            log.exception('A read failed')
            raise StorageFailed from error

    def _hand_over(self) -> None:
        """Give the writer what was asked for in one turn of the loop together.

        One by one, the first would have a commit of its own, and the two threads would fight for the interpreter.
        """
        jobs, self._asked = self._asked, []
        if jobs:
            self._jobs.put(jobs)

    def _write_forever(self) -> None:
        while jobs := self._next_jobs():
            for start in range(0, len(jobs), LARGEST_COMMIT):
                self._commit(jobs[start : start + LARGEST_COMMIT])
        self._stop_writing()

    def _next_jobs(self) -> list[_Job]:
        """Return all jobs that wait, or wait for the next; none is the end."""
        jobs = self._jobs.get()
        while jobs and not self._jobs.empty():
            more = self._jobs.get()
            if not more:
                self._jobs.put(more)  # the end, after these
                break
            jobs += more
        return jobs

    def _stop_writing(self) -> None:
        if self._writing is not None:
            with suppress(SQLAlchemyError):
                self._writing.close()
            self._writing = None

    def _commit(self, jobs: list[_Job]) -> None:
        """Run the jobs in one transaction and tell each its result only after the commit."""
        outcomes: list[_Outcome] = []
        try:
            if self._writing is None:
                self._writing = self._write_engine.connect()
            connection = self._writing
            with connection.begin() as transaction:
                if len(jobs) == 1:  # nothing else has to be kept from it: it needs no savepoint
                    outcomes.append(_attempt(jobs[0], connection, nullcontext()))
                    if outcomes[0].problem is not None:
                        transaction.rollback()
                else:
                    for job in jobs:
                        outcomes.append(_attempt(job, connection, sqlite.savepoint(connection)))
        except BaseException as error:
            log.exception('A commit failed')
            self._stop_writing()
            failure = StorageFailed()
            failure.__cause__ = error
            outcomes = [_Outcome(job, None, failure) for job in jobs]
        with suppress(RuntimeError):  # the loop has ended, and with it all who waited
            jobs[0].result.get_loop().call_soon_threadsafe(_settle, outcomes)


def _attempt(job: _Job, connection: Connection, savepoint: AbstractContextManager[object]) -> _Outcome:
    try:
        with savepoint:
            return _Outcome(job, job.run(connection), None)
    except ChatError as error:  # an ordinary answer: nothing was wrong with the database
        return _Outcome(job, None, error)
    except BaseException as error:  # even a panic of a library: without the writer everybody would wait for ever
        if not sqlite.in_transaction(connection):
            raise
        if isinstance(error, SQLAlchemyError):
            log.exception('A transaction failed')
            return _Outcome(job, None, StorageFailed())
        return _Outcome(job, None, error)


def _settle(outcomes: list[_Outcome]) -> None:
    for job, result, problem in outcomes:
        if job.result.done():
            continue  # whoever asked has gone
        if problem is None:
            job.result.set_result(result)
        else:
            job.result.set_exception(problem)
