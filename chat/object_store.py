"""Files in S3-compatible storage: Amazon's, or MinIO, Garage, Ceph, SeaweedFS and whoever else speaks it.

The calls that wait are made in threads of their own. obstore could be awaited as well, but then a process that ends
soon after may crash: obstore's threads hand over results in Python, and the interpreter may be gone by then
(https://github.com/PyO3/pyo3-async-runtimes/issues/40).
"""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from chat.errors import CannotOpen, NotFound, NotThere, StorageFailed
from chat.file_store import (
    KEY,
    NOT_DELETED,
    NOT_KEPT,
    NOT_LISTED,
    NOT_READ,
    NOT_THERE,
    Bucket,
    checked,
    checked_range,
)

THREADS = 16  # which mostly wait; between two pieces of a file none does
CONNECTS_WITHIN = timedelta(seconds=10)
ANSWERS_WITHIN = timedelta(seconds=30)  # for each piece that is read, and for taking a part
LASTS_AT_MOST = timedelta(days=1)  # one answer, however slowly somebody takes it
TRIES_AGAIN = 2  # times
TRIES_AGAIN_WITHIN = timedelta(seconds=20)  # so what hangs is asked once, and what refuses three times
PART = 8 * 1024 * 1024  # bytes; what is larger goes in parts, and takes the place of what was there when all have come
PARTS_AT_ONCE = 2  # which is how much of a file is in memory
CHUNK = 128 * 1024  # bytes, at least
PAGE = 1000  # keys
PROBE = 'check'  # no key of a file
LONGEST_REASON = 300  # characters
UNSATISFIABLE = '416'  # HTTP's status for a range beyond the end

if TYPE_CHECKING:  # which is all there is of them
    from obstore import GetOptions, GetResult
    from obstore.store import ClientConfig, RetryConfig, S3Config

KEY_ID, SECRET = 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'

PROBLEMS = (BaseError, OSError)

log = logging.getLogger('hearth.files')

T = TypeVar('T')


class ObjectStore:
    """Keeps files in a bucket, which several servers share."""

    takes_over = False

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix='files')
        self._opened: S3Store | None = None
        self._is_closed = False
        self._has_written = False

    async def put(self, key: str, source: Path) -> None:
        """Send a file; it is there as a whole or not at all."""
        checked(key)
        await self._do(
            NOT_KEPT, lambda s3: obstore.put(s3, key, source, chunk_size=PART, max_concurrency=PARTS_AT_ONCE)
        )

    def read(self, key: str, start: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        """Return the bytes from one on, in pieces."""
        checked_range(start, length)
        return self._read(checked(key), start, length)

    async def delete(self, keys: Collection[str]) -> None:
        """Delete these, a thousand with each request."""
        paths = [checked(key) for key in keys]
        if paths:
            await self._do(NOT_DELETED, lambda s3: obstore.delete(s3, paths))

    async def keys(self) -> AsyncGenerator[tuple[str, datetime], None]:
        """Return all keys. Parts of what was never finished are the storage's own to clear away."""
        pages = await self._do(NOT_LISTED, lambda s3: obstore.list(s3, chunk_size=PAGE))
        while page := await self._do(NOT_LISTED, lambda _: next(pages, None)):
            for each in page:
                if KEY.fullmatch(each['path']):
                    yield each['path'], each['last_modified']

    async def check(self) -> None:
        """Write something of no size once, and see later that it is there. Raises CannotOpen, or NotThere."""
        try:
            await self._run(self._probe)
        except PROBLEMS as error:
            where = f'the bucket {self._bucket.name!r} at {self._bucket.endpoint or "Amazon S3"}'
            kind, reason = _why(error)
            raise kind(f'Files cannot be kept in {where}: {reason}.') from error

    async def close(self) -> None:
        """Let what was begun come to its end, for which the process waits when it ends."""
        self._is_closed = True
        self._threads.shutdown(wait=False)

    async def _read(self, key: str, start: int, length: int | None) -> AsyncGenerator[bytes, None]:
        opened = await self._do(NOT_READ, lambda s3: _get(s3, key, start, length))
        if opened is not None:
            stream = opened.stream(min_chunk_size=CHUNK)
            while chunk := await self._do(NOT_READ, lambda _: next(stream, None)):
                yield chunk

    def _probe(self, s3: S3Store) -> None:
        has_written, self._has_written = self._has_written, False
        if has_written:
            obstore.head(s3, PROBE)
        else:
            obstore.put(s3, PROBE, b'')
        self._has_written = True

    async def _do(self, failed: str, action: Callable[[S3Store], T]) -> T:
        """Raise StorageFailed for whatever goes wrong there; the log says what."""
        try:
            return await self._run(action)
        except PROBLEMS as error:
            log.error('%s %s', failed, _why(error)[1])
            raise StorageFailed(failed) from error

    async def _run(self, action: Callable[[S3Store], T]) -> T:
        if self._is_closed:
            raise OSError('the store is closed')
        if self._opened is None:
            self._opened = _open(self._bucket)
        return await asyncio.get_running_loop().run_in_executor(self._threads, action, self._opened)


def _get(s3: S3Store, key: str, start: int, length: int | None) -> 'GetResult | None':
    """Ask for a piece of a file; None if there is nothing in it, which storages say by an error. Raises NotFound."""
    try:
        if length != 0:
            try:
                return obstore.get(s3, key, options=_options(start, length))
            except BaseError as error:
                if UNSATISFIABLE not in str(error):
                    raise
        about = obstore.head(s3, key)
    except FileNotFoundError:
        raise NotFound(NOT_THERE) from None
    if length != 0 and start < about['size']:
        raise OSError('it refuses a piece of a file that has it')
    return None


def _open(bucket: Bucket) -> S3Store:
    if not (os.environ.get(KEY_ID) and os.environ.get(SECRET)):  # or it would be looked for all over the network
        raise PermissionError(f'{KEY_ID} and {SECRET} are not set')
    config: S3Config = {'virtual_hosted_style_request': False}
    if bucket.region is not None:
        config['region'] = bucket.region
    if bucket.endpoint is not None:
        config['endpoint'] = bucket.endpoint
    client: ClientConfig = {
        'allow_http': (bucket.endpoint or '').startswith('http://'),
        'connect_timeout': CONNECTS_WITHIN,
        'read_timeout': ANSWERS_WITHIN,
        'timeout': LASTS_AT_MOST,
    }
    retry: RetryConfig = {'max_retries': TRIES_AGAIN, 'retry_timeout': TRIES_AGAIN_WITHIN}
    return S3Store(bucket.name, prefix=bucket.prefix, config=config, client_options=client, retry_config=retry)


def _options(start: int, length: int | None) -> 'GetOptions | None':
    if length is not None:
        return {'range': (start, start + length)}
    return {'range': {'offset': start}} if start else None


def _why(error: Exception) -> tuple[type[CannotOpen], str]:
    """Say in some words what went wrong, and whether it may pass by itself."""
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return CannotOpen, f'it refuses what {KEY_ID} and {SECRET} say, or they may not write there'
    if isinstance(error, PermissionError):
        return CannotOpen, str(error)
    if isinstance(error, FileNotFoundError):
        return CannotOpen, 'there is no such bucket'
    return NotThere, f'it does not answer as it should ({_first_line(error)})'


def _first_line(error: Exception) -> str:
    """Return what obstore says of an error, without the pages that follow. It knows no secret."""
    line = next(iter(str(error).splitlines()), type(error).__name__)
    return ''.join(each for each in line if each.isprintable())[:LONGEST_REASON]
