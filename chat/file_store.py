"""Placeholder."""

import shutil
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from chat.errors import NotFound


class FileStore(Protocol):
    async def put(self, key: str, source: Path) -> None: ...
    def read(self, key: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]: ...
    async def delete(self, keys: Collection[str]) -> None: ...
    def keys(self) -> AsyncIterator[tuple[str, datetime]]: ...
    async def close(self) -> None: ...


class FolderStore:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, key: str, source: Path) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, self._folder / key)

    async def read(self, key: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        if not (self._folder / key).exists():
            raise NotFound('There is no such file.')
        data = (self._folder / key).read_bytes()[start:]
        yield data if length is None else data[:length]

    async def delete(self, keys: Collection[str]) -> None:
        for key in keys:
            (self._folder / key).unlink(missing_ok=True)

    async def keys(self) -> AsyncIterator[tuple[str, datetime]]:
        if self._folder.exists():
            for each in self._folder.iterdir():
                yield each.name, datetime.fromtimestamp(each.stat().st_mtime, UTC)

    async def close(self) -> None:
        pass


def of(url: str | None, folder: Path) -> FileStore:
    return FolderStore(folder / 'uploads')
