"""A form with a file, read while it comes: nothing of it is kept here."""

import asyncio
from collections.abc import AsyncIterator
from typing import Self

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from chat.errors import Invalid, TooLarge

FIELD = 'file'
MOST_BESIDES = 16 * 1024  # bytes of a form that are no file
MOST_BEFORE = 256 * 1024  # bytes that may come until a file begins, which take in some of it: servers read in pieces
BEGINS_WITHIN = 60.0  # s
TOO_MUCH = 'This form has too much beside its file.'
BROKEN = 'The file did not arrive as a whole. Please try again.'


class UploadForm:
    """The file of a form, from its ``name`` on; ``pieces`` gives its bytes as they come."""

    def __init__(self, request: Request) -> None:
        kind, options = parse_options_header(request.headers.get('content-type'))
        if kind != b'multipart/form-data' or not options.get(b'boundary'):
            raise Invalid('This is no form with a file.', FIELD)
        self.name = ''
        self._coming = request.stream()
        self._data: list[bytes] = []
        self._is_file = self._is_found = self._is_whole = False
        self._besides = self._came = 0
        self._header = self._value = self._disposition = b''
        self._parser = MultipartParser(
            options[b'boundary'],
            {
                'on_part_begin': self._begin,
                'on_header_field': self._add_to_header,
                'on_header_value': self._add_to_value,
                'on_header_end': self._end_header,
                'on_headers_finished': self._end_headers,
                'on_part_data': self._take,
                'on_part_end': self._end,
            },
        )

    @classmethod
    async def begun(cls, request: Request) -> Self:
        """Return a form whose file has begun to come; raises Invalid or TooLarge."""
        form = cls(request)
        try:
            async with asyncio.timeout(BEGINS_WITHIN):
                await form._find()
        except TimeoutError:
            raise Invalid('The file took too long to arrive.', FIELD) from None
        return form

    async def pieces(self) -> AsyncIterator[bytes]:
        """Give what comes of the file; raises Invalid if its end never does."""
        while True:
            data, self._data = self._data, []
            for piece in data:
                yield piece
            if self._is_whole and not self._data:
                return
            if not await self._read():
                raise Invalid(BROKEN, FIELD)

    async def _find(self) -> None:
        """Read until the file begins. Line breaks and parts without anything are no part's bytes: count what comes."""
        while not self._is_found:
            if self._came > MOST_BEFORE:
                raise TooLarge(TOO_MUCH, FIELD)
            if not await self._read():
                raise Invalid('Choose a file first.', FIELD)

    async def _read(self) -> bool:
        try:
            piece = await anext(self._coming, None)
            if piece is None:
                return False
            self._came += len(piece)
            self._parser.write(piece)
        except ClientDisconnect:
            raise Invalid(BROKEN, FIELD) from None
        except MultipartParseError:
            raise Invalid('This form cannot be read.', FIELD) from None
        return True

    def _begin(self) -> None:
        self._disposition = b''
        self._is_file = False

    def _add_to_header(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._header += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b'content-disposition':
            self._disposition = self._value
        self._header = self._value = b''

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        if options.get(b'name') == FIELD.encode() and b'filename' in options and not self._is_found:
            self.name = _as_it_was(options[b'filename'].decode('utf-8', 'replace'))
            self._is_file = self._is_found = True

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._data.append(data[start:end])
        else:
            self._count(end - start)

    def _end(self) -> None:
        if self._is_file:
            self._is_file, self._is_whole = False, True

    def _count(self, length: int) -> None:
        self._besides += length
        if self._besides > MOST_BESIDES:
            raise TooLarge(TOO_MUCH, FIELD)


def _as_it_was(name: str) -> str:
    """Return a name without what browsers put for quotes and line breaks (WHATWG HTML, multipart/form-data)."""
    return name.replace('%22', '"').replace('%0D', '\r').replace('%0A', '\n')
