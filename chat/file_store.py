"""Where the bytes of files are kept: in a folder, or in S3-compatible storage (``object_store.py``).

What a file is called and who may have it is known elsewhere. Here are keys of random letters, and bytes.
"""

import asyncio
import errno
import logging
import os
import re
import time
from collections.abc import AsyncGenerator, Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import BinaryIO, NamedTuple, Protocol, TypeVar
from urllib.parse import parse_qsl, urlsplit
from urllib.request import url2pathname
from uuid import uuid4

from chat.errors import CannotOpen, NotFound, StorageFailed

UPLOADS = 'uploads'  # the folder of files in the data folder, unless they are kept elsewhere
KEY = re.compile(r'[0-9a-f]{32}(?:-thumbnail)?')
THREADS = 3  # of a folder: a disk that is slow keeps nobody but those who want a file
CHUNK = 256 * 1024  # bytes
LEFT_BEHIND_AFTER = 24 * 3600.0  # s; no put takes that long, so whoever wrote it has ended
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

NOT_KEPT = 'The server could not keep this file. Please try again in a moment.'
NO_ROOM = 'The server has no room left for files. Please tell those who run it.'
NOT_READ = 'The server cannot read this file just now. Please try again in a moment.'
NOT_DELETED = 'The server could not delete all of the files.'
NOT_LISTED = 'The server cannot tell which files it keeps.'
NOT_THERE = 'This file is not there.'

LIKE = "it must be like 's3://bucket/prefix?endpoint=https://host:9000&region=name' or 'file:///path'"
NO_PASSWORD = 'it must hold no user or password: these go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'  # noqa: S105
BUCKET = re.compile(r'[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]')
PREFIX = re.compile(r'(?!\.)[A-Za-z0-9._-]+(?:/(?!\.)[A-Za-z0-9._-]+)*')
ENDPOINT = re.compile(
    r'https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?'
)
REGION = re.compile(r'[A-Za-z0-9-]{1,64}')

_FOLDER = re.compile(r'[0-9a-f]{2}')
_TEMPORARY = re.compile(r'\.[a-z0-9-]+\.[0-9a-f]{32}')  # what is not under its key yet

log = logging.getLogger('hearth.files')

T = TypeVar('T')


class FileStore(Protocol):
    """Keeps bytes under keys: 32 hexadecimal digits, and ``-thumbnail`` perhaps; others raise ValueError.

    ``takes_over`` says whether ``put`` may keep the very bytes of its source, which are best on the disk by then.
    """

    takes_over: bool

    async def put(self, key: str, source: Path) -> None:
        """Keep what is in a file, safely when this returns. Raises StorageFailed, and then there is no half of it.

        Nobody writes to the file any more; it can be deleted.
        """

    def read(self, key: str, start: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        """Return the bytes from one on, in pieces; none where there are none.

        Raises NotFound before the first piece, or StorageFailed. Close it (``aclosing``) when not all is wanted.
        """

    async def delete(self, keys: Collection[str]) -> None:
        """Delete what is there of these. Raises StorageFailed when something of it may have stayed."""

    def keys(self) -> AsyncGenerator[tuple[str, datetime], None]:
        """Return all keys with when they were put, in no order, and clear away what was never finished."""

    async def check(self) -> None:
        """Raise CannotOpen with a sentence for the operator if nothing can be kept; NotThere if that may pass."""

    async def close(self) -> None:
        """Finish what was begun and let go of everything; closing twice is harmless."""


class Bucket(NamedTuple):
    """A place in S3-compatible storage; without an endpoint it is Amazon's."""

    name: str
    prefix: str | None = None
    endpoint: str | None = None
    region: str | None = None


def of(url: str | None, folder: Path) -> FileStore:
    """Return the store at an address, by default one in the data folder; touches nothing yet. Raises ValueError."""
    place = folder / UPLOADS if url is None else place_of(url)
    if isinstance(place, Path):
        return FolderStore(place)
    from chat.object_store import ObjectStore  # noqa: PLC0415 - 16 MB that few need

    return ObjectStore(place)


def place_of(url: str) -> Path | Bucket:
    """Read an address of a store. Raises ValueError with a sentence that does not repeat it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError(LIKE) from None
    if not url.isprintable() or parts.fragment or parts.scheme not in ('file', 's3'):
        raise ValueError(LIKE)
    if parts.scheme == 'file':
        return _folder(parts.netloc, parts.path, parts.query)
    return _bucket(parts.netloc, parts.path.strip('/'), parts.query)


def checked(key: str) -> str:
    """Return the key if it is one: nothing else ever becomes part of a path. Raises ValueError."""
    if not KEY.fullmatch(key):
        raise ValueError('A key of a file is 32 hexadecimal digits.')
    return key


def checked_range(start: int, length: int | None) -> None:
    """Raise ValueError for what can be no piece of a file."""
    if start < 0 or (length is not None and length < 0):
        raise ValueError('A file has no bytes before its first.')


class FolderStore:
    """Keeps files in a folder, which several servers may share: ``uploads/ab/abcd…``."""

    takes_over = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix='files')
        self._is_closed = False

    async def put(self, key: str, source: Path) -> None:
        """Copy a file here: under another name at first, so that nobody ever finds half of it."""
        path = self._path(key)
        await self._do(NOT_KEPT, partial(_put, path, source))

    def read(self, key: str, start: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        """Return the bytes from one on, in pieces."""
        checked_range(start, length)
        return self._read(_Reading(self._path(key), start, length))

    async def delete(self, keys: Collection[str]) -> None:
        """Delete what is there of these; one that cannot be deleted keeps none of the others."""
        paths = [self._path(key) for key in keys]
        await self._do(NOT_DELETED, partial(_delete, paths))

    async def keys(self) -> AsyncGenerator[tuple[str, datetime], None]:
        """Return all keys, a folder at a time, and delete what was begun a day ago and never finished."""
        for folder in await self._do(NOT_LISTED, partial(_folders, self._folder)):
            for each in await self._do(NOT_LISTED, partial(_keys, folder)):
                yield each

    async def check(self) -> None:
        """Write a little and delete it. Raises CannotOpen."""
        try:
            await self._run(partial(_probe, self._folder))
        except OSError as error:
            raise CannotOpen(
                f'Files cannot be kept in {self._folder.absolute()}: {error.strerror or error}.'
            ) from error

    async def close(self) -> None:
        """Finish what was begun and end the threads."""
        self._is_closed = True
        await asyncio.to_thread(self._threads.shutdown)

    def _path(self, key: str) -> Path:
        return self._folder / checked(key)[:2] / key

    async def _read(self, reading: '_Reading') -> AsyncGenerator[bytes, None]:
        try:
            while chunk := await self._do(NOT_READ, reading.next_chunk):
                yield chunk
        finally:
            self._begin(reading.close)

    async def _do(self, failed: str, action: Callable[[], T]) -> T:
        try:
            return await self._run(action)
        except OSError as error:
            if failed == NOT_READ and isinstance(error, FileNotFoundError):
                raise NotFound(NOT_THERE) from None
            log.error('%s %s', failed, error)
            raise StorageFailed(NO_ROOM if error.errno in FULL else failed) from error

    async def _run(self, action: Callable[[], T]) -> T:
        if self._is_closed:
            raise OSError('the store is closed')
        return await asyncio.get_running_loop().run_in_executor(self._threads, action)

    def _begin(self, action: Callable[[], None]) -> None:
        """Do it soon, and wait for nothing: whoever asked may be gone."""
        try:
            self._threads.submit(action)
        except RuntimeError:  # the threads have ended
            action()


class _Reading:
    """A file that is read by one thread at a time; closing it waits for what a thread still reads for nobody."""

    def __init__(self, path: Path, start: int, length: int | None) -> None:
        self._path = path
        self._start = start
        self._left = length
        self._lock = Lock()
        self._file: BinaryIO | None = None
        self._is_closed = False

    def next_chunk(self) -> bytes:
        with self._lock:
            if self._is_closed:
                return b''
            if self._file is None:
                self._file = self._path.open('rb', buffering=0)
                self._file.seek(self._start)
            chunk = self._file.read(CHUNK if self._left is None else min(CHUNK, self._left))
            if self._left is not None:
                self._left -= len(chunk)
            return chunk

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            if self._file is not None:
                self._file.close()


def _put(path: Path, source: Path) -> None:
    _make(path.parent.parent)
    _make(path.parent)
    temporary = path.with_name(f'.{path.name}.{uuid4().hex}')
    try:
        if not _linked(source, temporary):
            with source.open('rb') as came:
                _write(temporary, came)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync(path.parent)


def _linked(source: Path, path: Path) -> bool:
    """Give a file a second name, where the system can: to copy it would keep disk and processor from others."""
    if not source.is_file():  # a pipe, of which the name alone would be kept
        return False
    try:
        path.hardlink_to(source)
    except OSError:
        return False
    with path.open('rb') as kept:
        path.chmod(0o600)
        os.fsync(kept.fileno())
    return True


def _write(path: Path, came: BinaryIO) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, 'O_BINARY', 0)
    with os.fdopen(os.open(path, flags, 0o600), 'wb') as kept:
        while chunk := came.read(CHUNK):
            kept.write(chunk)
            kept.flush()
            os.fsync(kept.fileno())  # in portions, as messages wait for the disk, too


def _make(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    """Have the names in a folder on the disk, where the system can: Windows and some network drives cannot."""
    if os.name == 'nt':
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(opened)


def _delete(paths: Iterable[Path]) -> None:
    problem: OSError | None = None
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            problem = error
    if problem is not None:
        raise problem


def _folders(folder: Path) -> list[Path]:
    found = []
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if _FOLDER.fullmatch(entry.name) and entry.is_dir():
                found.append(Path(entry.path))
            else:
                _tidy(entry)
    return found


def _keys(folder: Path) -> list[tuple[str, datetime]]:
    found = []
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if not KEY.fullmatch(entry.name) or entry.name[:2] != folder.name:
                _tidy(entry)
                continue
            with suppress(FileNotFoundError):  # deleted meanwhile
                found.append((entry.name, datetime.fromtimestamp(entry.stat().st_mtime, UTC)))
    return found


def _tidy(entry: os.DirEntry[str]) -> None:
    """Delete a temporary file whose writer has ended; anything else that lies about is not ours."""
    if _TEMPORARY.fullmatch(entry.name):
        with suppress(FileNotFoundError):
            if entry.stat().st_mtime < time.time() - LEFT_BEHIND_AFTER:
                os.unlink(entry.path)


def _probe(folder: Path) -> None:
    _make(folder)
    path = folder / f'.check.{uuid4().hex}'
    try:
        _write(path, BytesIO(b'.'))
    finally:
        path.unlink(missing_ok=True)


def _folder(host: str, path: str, query: str) -> Path:
    if host not in ('', 'localhost') or query or not path.strip('/') or '%00' in path:
        raise ValueError(LIKE)
    return Path(url2pathname(path))


def _bucket(name: str, prefix: str, query: str) -> Bucket:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        raise ValueError(LIKE) from None
    given = dict(pairs)
    if '@' in name + ''.join(given.values()):
        raise ValueError(NO_PASSWORD)
    endpoint = ENDPOINT.fullmatch(given.get('endpoint', 'https://amazon'))
    is_known = len(given) == len(pairs) and given.keys() <= {'endpoint', 'region'}
    is_like = BUCKET.fullmatch(name) and (not prefix or PREFIX.fullmatch(prefix))
    is_place = endpoint and 0 < int(endpoint['port'] or 1) < 2**16 and REGION.fullmatch(given.get('region', 'any'))
    if not (is_known and is_like and is_place):
        raise ValueError(LIKE)
    return Bucket(name, prefix or None, given.get('endpoint'), given.get('region'))
