"""What people do with files: bring one to a room, take it back, open what they may see.

A file comes in pieces, is counted and hashed as it comes, and is kept once, however many share it. Its bytes are in the
file store before anything is known of it, and go from there after nothing is known of it any more: whatever is cut off
leaves bytes that nobody reaches, and that are swept up.
"""

import asyncio
import hashlib
import logging
import os
import secrets
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from chat import file_store, file_types, floor, reach
from chat.clock import milliseconds
from chat.errors import Busy, CannotOpen, ChatError, Forbidden, Invalid, NotFound, RateLimited, StorageFailed, TooLarge
from chat.images import Images
from chat.models import Attachment, StoredFile, User
from chat.rate_limits import RateLimits
from chat.settings import Settings
from chat.storage import Storage, users
from chat.storage import files as rows

T = TypeVar('T')

MEGABYTE = 1024 * 1024
PIECE = 256 * 1024  # bytes that are written at once
THREADS = 2  # that write what comes
MOST_AT_ONCE = 32  # files that are on their way, in all
MOST_EACH = 3  # and of one person
WITHIN = 15 * 60.0  # s for a file to arrive
PAUSE = 60.0  # s without anything of it
UNSENT = timedelta(hours=24)  # that a file waits for its message
ORPHANED = timedelta(hours=24)  # after which bytes that nothing is known of belong to no upload on its way
SWEEP_EVERY = 60.0  # s
KEYS_AT_ONCE = 500
THUMBNAIL = '-thumbnail'
FIELD = 'file'
NO_FILE = 'There is no such file, or it is not for you.'

log = logging.getLogger('hearth.files')


@dataclass(frozen=True, slots=True)
class Opened:
    """A file, or the thumbnail of a picture, that somebody may see: ``read`` gives its bytes from one on, so many."""

    attachment: Attachment
    type: str
    size: int
    tag: str  # changes with the content
    read: Callable[[int, int], AsyncGenerator[bytes, None]]


@dataclass(frozen=True, slots=True)
class FileLimits:
    """How large a file may be, and how much one person may share, in bytes; 0 is no files at all, and no such limit."""

    largest: int
    quota: int


class Files:
    """The actions on files."""

    def __init__(self, storage: Storage, rate_limits: RateLimits, settings: Settings) -> None:
        self._storage = storage
        self._rate_limits = rate_limits
        self._store = file_store.of(settings.uploads_url, settings.data)
        self._folder = settings.data / 'coming'  # where files are while they come
        self.limits = FileLimits(settings.upload_limit_mb * MEGABYTE, settings.upload_quota_mb * MEGABYTE)
        self._images = Images()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix='files')
        self._coming: dict[int, int] = {}  # how many files of each person are on their way
        self._sweeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to take away what nobody shares any more; starting twice is harmless."""
        if self._sweeping is None:
            self._sweeping = asyncio.create_task(self._keep_sweeping(), name='sweep files')

    async def stop(self) -> None:
        """Let go of everything; stopping twice is harmless."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        self._images.stop()
        self._threads.shutdown(wait=False, cancel_futures=True)
        await self._store.close()

    async def require_room(self, user: User, slug: str, size: int = 0) -> None:
        """Raise what ``upload`` would, as far as it is known before anything has come of ``size`` bytes."""
        self._check_size(size)
        await self._storage.read(self._reached, user, slug, size)

    async def upload(
        self, user: User, slug: str, name: str, pieces: AsyncIterator[bytes], size: int | None = None
    ) -> Attachment:
        """Take in a file that comes in pieces, for a message in a room; ``size`` is what its sender says it has.

        Raises Invalid, TooLarge, RateLimited, Busy, NotFound, Forbidden or StorageFailed.
        """
        self._rate_limits.check('sharing files', user.id)
        await self.require_room(user, slug, size or 0)
        name = file_types.clean_name(name)
        async with self._arriving(user) as folder:
            came = folder / 'came'
            digest, length = await self._take(pieces, came)
            if size is not None and size != length:
                raise Invalid('The file did not arrive as a whole. Please try again.', FIELD)
            shared = await self._share(user, slug, name, digest)
            if shared is None:
                shared = await self._share(user, slug, name, digest, await self._keep(came, digest, length))
            if shared is None:
                raise StorageFailed
            return shared

    async def discard(self, user: User, attachment_id: int) -> None:
        """Take back a file that was not sent yet. Raises NotFound, or Forbidden when it was."""
        self._rate_limits.check('changing', user.id)

        def store(connection: Connection) -> None:
            shared = rows.get(connection, attachment_id)
            if shared is None or shared.owner_id != reach.person(connection, user).id:
                raise NotFound(NO_FILE)
            if not rows.discard(connection, attachment_id):  # asked at last: it may be on its way just now
                raise Forbidden('This file has been sent. Delete its message instead.')

        await self._storage.write(store)

    async def open(self, user: User, attachment_id: int, *, thumbnail: bool = False) -> Opened:
        """Return a file for whoever may see its message, or who brought it; raises NotFound."""
        shared = await self._storage.read(_seen, user, attachment_id)
        file, attachment = shared.file, shared.attachment
        if not thumbnail:
            return self._opened(attachment, file.key, file.type, file.size)
        if file.thumbnail_size is None:
            raise NotFound('This file has no thumbnail.')
        return self._opened(attachment, file.key + THUMBNAIL, 'image/webp', file.thumbnail_size)

    async def pending(self, user: User, slug: str) -> tuple[Attachment, ...]:
        """Return what somebody has brought to a room and not sent yet; raises NotFound."""

        def read(connection: Connection) -> tuple[Attachment, ...]:
            reached = reach.room(connection, user, slug)
            return rows.pending(connection, reached.user.id, reached.room.id)

        return await self._storage.read(read)

    async def forget_unshared(self) -> None:
        """Take away what nobody shares any more. Raises StorageFailed."""
        if await self._storage.read(rows.is_any_unshared):
            gone = await self._storage.write(rows.forget_unshared)
            await self._remove(gone)

    async def sweep(self) -> None:
        """Take away also what was never sent, and bytes that nothing is known of. Raises StorageFailed."""
        before = milliseconds(datetime.now(UTC) - UNSENT)
        await self._storage.write(rows.forget_unsent, before)
        await self.forget_unshared()
        await self._run(_tidy, self._folder, datetime.now(UTC) - ORPHANED)
        orphaned = datetime.now(UTC) - ORPHANED
        old: list[str] = []
        async for key, since in self._store.keys():
            if since < orphaned:
                old.append(key)
            if len(old) >= KEYS_AT_ONCE:
                await self._remove_unknown(old)
                old = []
        await self._remove_unknown(old)

    def _opened(self, attachment: Attachment, key: str, kind: str, size: int) -> Opened:
        return Opened(attachment, kind, size, key, lambda start, length: self._store.read(key, start, length))

    def _check_size(self, size: int) -> None:
        if not self.limits.largest:
            raise Forbidden('Files cannot be shared here.')
        if size > self.limits.largest:
            raise TooLarge(f'A file has at most {self.limits.largest // MEGABYTE} MB.', FIELD)

    def _reached(
        self, connection: Connection, user: User, slug: str, size: int, *, hold: bool = False
    ) -> reach.Reached:
        """Return the room that somebody brings a file of so many bytes to, if they may; ``hold``: one at a time."""
        reached = reach.member_room(connection, user, slug)
        floor.require(connection, reached, waits=False)
        if hold:
            users.hold(connection, reached.user.id)
        quota = self.limits.quota
        if quota and rows.used(connection, reached.user.id) + size > quota:
            raise Forbidden(
                f'Your files would take more than {quota // MEGABYTE} MB. Delete messages with files that nobody needs.'
            )
        return reached

    @asynccontextmanager
    async def _arriving(self, user: User) -> AsyncIterator[Path]:
        """Give a folder for one file that is on its way, for as long as it may take."""
        if self._coming.get(user.id, 0) >= MOST_EACH:
            raise RateLimited('sharing files', 1)
        if sum(self._coming.values()) >= MOST_AT_ONCE:
            raise Busy('Many people share files just now.')
        self._coming[user.id] = self._coming.get(user.id, 0) + 1
        folder = self._folder / secrets.token_hex(16)
        try:
            async with asyncio.timeout(WITHIN):
                await self._run(_make_folder, folder)
                yield folder
        except TimeoutError:
            raise Invalid('The file took too long to arrive.', FIELD) from None
        finally:
            self._coming[user.id] -= 1
            if not self._coming[user.id]:
                del self._coming[user.id]
            with suppress(RuntimeError):  # the threads have ended: it is swept up another time
                self._threads.submit(shutil.rmtree, folder, True)

    async def _take(self, pieces: AsyncIterator[bytes], target: Path) -> tuple[str, int]:
        """Write what comes, and return its digest and how many bytes it has."""
        digest, length, waiting = hashlib.sha256(), 0, bytearray()

        def write(data: bytes) -> None:
            digest.update(data)
            with target.open('ab') as file:
                file.write(data)
                if self._store.takes_over:  # messages would wait while the disk takes a large file at its end
                    file.flush()
                    os.fsync(file.fileno())

        await self._run(target.touch, 0o600)
        async for piece in _without_pauses(pieces):
            length += len(piece)
            self._check_size(length)
            waiting += piece
            if len(waiting) >= PIECE:
                data, waiting = bytes(waiting), bytearray()
                await self._run(write, data)
        if waiting:
            await self._run(write, bytes(waiting))
        return digest.hexdigest(), length

    async def _keep(self, came: Path, digest: str, length: int) -> StoredFile:
        """Put the bytes of a new file into the store, and return what it is."""
        if not length:
            raise Invalid('The file is empty.', FIELD)
        file = StoredFile(digest, secrets.token_hex(16), await self._run(file_types.type_of, came), length)
        if file_types.kind_of(file.type) != 'image':
            await self._store.put(file.key, came)
            return file
        kept, small = came.with_name('kept'), came.with_name('thumbnail')
        prepared = await self._images.prepare(came, kept, small)
        await self._store.put(file.key, kept)
        await self._store.put(file.key + THUMBNAIL, small)
        return replace(
            file,
            type=prepared.type,
            size=prepared.size,
            width=prepared.width,
            height=prepared.height,
            thumbnail_size=small.stat().st_size,
        )

    async def _share(
        self, user: User, slug: str, name: str, digest: str, new: StoredFile | None = None
    ) -> Attachment | None:
        """Store that somebody shares what is kept of this digest, or else is new; None if there is neither.

        Asks again whether they may. Bytes that came for nothing go.
        """

        def store(connection: Connection) -> tuple[Attachment | None, StoredFile | None]:
            kept = rows.by_digest(connection, digest) or new
            reached = self._reached(connection, user, slug, 0 if kept is None else kept.size, hold=True)
            if kept is None:
                return None, None
            if kept is new:
                rows.add(connection, kept)
            return rows.share(connection, kept, reached.room.id, reached.user.id, name), kept

        try:
            attachment, kept = await self._storage.write(store)
        except ChatError as error:
            if new is not None and not isinstance(error, StorageFailed):  # else it may be stored: it is swept if not
                await self._let_go(new)
            raise
        if new is not None and kept is not new:
            await self._let_go(new)  # somebody brought the same in the same moment
        return attachment

    async def _let_go(self, file: StoredFile) -> None:
        """Take away bytes that came for nothing; what cannot be taken away now is swept another time."""
        with suppress(StorageFailed):
            await self._remove([file.key])

    async def _remove_unknown(self, keys: list[str]) -> None:
        """Take away those bytes that belong to no file."""
        of_files = {key.removesuffix(THUMBNAIL) for key in keys}
        known = await self._storage.read(rows.known, of_files)
        await self._remove([key for key in of_files if key not in known])

    async def _remove(self, keys: list[str]) -> None:
        await self._store.delete([each for key in keys for each in (key, key + THUMBNAIL)])

    async def _keep_sweeping(self) -> None:
        try:
            await self._store.check()
        except CannotOpen as error:
            log.error('%s Nobody can share files until that is mended.', error)
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            try:
                await self.forget_unshared()
            except StorageFailed:
                log.warning('Could not take away files that nobody shares any more; trying again in a minute')

    async def _run(self, do: Callable[..., T], *arguments: object) -> T:
        """Do what waits for the disk elsewhere; raises StorageFailed."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, do, *arguments)
        except OSError as error:
            log.exception('A file could not be stored')
            raise StorageFailed('The server has no place for the file just now. Please try again later.') from error


def _seen(connection: Connection, user: User, attachment_id: int) -> rows.Shared:
    shared = rows.get(connection, attachment_id)
    if shared is None:
        raise NotFound(NO_FILE)
    if shared.message_id is None:
        if shared.owner_id != reach.person(connection, user).id:
            raise NotFound(NO_FILE)
    else:
        message = reach.message(connection, user, shared.message_id)
        if shared.attachment not in message.attachments:  # it is hidden
            raise NotFound(NO_FILE)
    return shared


async def _without_pauses(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Give what comes, as long as something does; raises Invalid."""
    while True:
        try:
            async with asyncio.timeout(PAUSE):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Invalid('The file stopped arriving. Please try again.', FIELD) from None
        yield piece


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True)


def _tidy(folder: Path, before: datetime) -> None:
    """Delete what is left of files that were on their way when the server was killed."""
    with suppress(FileNotFoundError):
        for each in folder.iterdir():
            if datetime.fromtimestamp(each.stat().st_mtime, UTC) < before:
                shutil.rmtree(each, ignore_errors=True)
