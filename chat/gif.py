"""Writes a GIF anew: its colors, times and places, and the pixels of each frame, decoded and encoded again."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from chat.animations import Broken, Kept, Limits, Reader, frame

MOST_BLOCKS = 500_000  # of usually 255 bytes each
MOST_SIDE = 0xFFFF  # that its two bytes can say

_FRAME, _EXTENSION = 0x2C, 0x21
_CONTROL, _APPLICATION = 0xF9, 0xFF
_HAS_TABLE, _INTERLACED, _TABLE_SIZE = 0x80, 0x40, 0x07
_DISPOSAL_AND_CLEAR = 0x1D  # what becomes of a frame, and whether a color of it is clear
_LOOPS = (b'NETSCAPE2.0', b'ANIMEXTS1.0')


@dataclass(frozen=True, slots=True)
class _Frame:
    control: bytes  # how long it is shown, what becomes of it then, which color is clear; may be empty
    place: tuple[int, int]
    size: tuple[int, int]
    interlaced: bool
    table: bytes  # its own colors, or none
    pixels: bytes  # as LZW: the size of its first codes, and blocks


def rewrite(data: bytes, kept: BinaryIO) -> Kept:
    """Write what is kept of a GIF. Raises Broken, TooMuch or what Pillow raises."""
    gif = _Gif(data)
    kept.write(b'GIF89a' + struct.pack('<HHBBB', *gif.size, _flags(gif.table), gif.background, 0) + gif.table)
    if gif.loop:
        kept.write(b'\x21\xff\x0bNETSCAPE2.0\x03\x01' + gif.loop + b'\0')
    for each in gif.frames:
        if each.control:
            kept.write(b'\x21\xf9\x04' + each.control + b'\0')
        kept.write(b',' + struct.pack('<HHHHB', *each.place, *each.size, _flags(each.table)) + each.table)
        kept.write(_encoded_again(each))
    kept.write(b';')
    return Kept(*gif.size, len(gif.frames))


def _encoded_again(each: _Frame) -> bytes:
    """Return a frame's pixels as LZW. Without a table of colors their numbers are decoded as grays, as they are."""
    flags = _INTERLACED if each.interlaced else 0
    head = b'GIF89a' + struct.pack('<HH', *each.size) + b'\0\0\0,' + struct.pack('<HHHHB', 0, 0, *each.size, flags)
    numbers = frame(head + each.pixels + b';', 'GIF', each.size)
    numbers.info.clear()
    written = BytesIO()
    numbers.save(written, 'GIF', optimize=False, interlace=0)
    return _Gif(written.getvalue()).frames[0].pixels


class _Gif:
    """What there is in a GIF, with nothing decoded."""

    def __init__(self, data: bytes) -> None:
        self._reader = Reader(data)
        self._blocks = _Blocks(self._reader)
        self._limits: Limits | None = None
        self._control = b''  # of the frame that follows
        self.frames: list[_Frame] = []
        self.loop = b''  # how often all is shown, or nothing: once
        if self._reader.take(6) not in (b'GIF87a', b'GIF89a'):
            raise Broken
        width, height, flags, self.background, _ = struct.unpack('<HHBBB', self._reader.take(7))
        self.size = (width, height)
        self.table = _table(self._reader, flags)
        while not self._reader.is_at_end:
            kind = self._reader.take(1)[0]
            if kind == _FRAME:
                self._read_frame()
            elif kind == _EXTENSION:
                self._read_extension()
            elif kind:  # the end, or what no browser reads on after; zeros are skipped
                break
        if not self.frames:
            raise Broken

    def _read_frame(self) -> None:
        left, top, width, height, flags = struct.unpack('<HHHHB', self._reader.take(9))
        if self._limits is None:  # browsers and Pillow make a picture as large as its first frame needs
            self.size = (max(self.size[0], left + width), max(self.size[1], top + height))
            if max(self.size) > MOST_SIDE:
                raise Broken
            self._limits = Limits(*self.size)
        self._limits.count(width, height)
        table = _table(self._reader, flags)
        pixels = self._reader.take(1) + b''.join(bytes([len(block)]) + block for block in self._blocks.read()) + b'\0'
        interlaced = bool(flags & _INTERLACED)
        self.frames.append(_Frame(self._control, (left, top), (width, height), interlaced, table, pixels))
        self._control = b''

    def _read_extension(self) -> None:
        label, blocks = self._reader.take(1)[0], list(self._blocks.read())
        sizes = [len(block) for block in blocks]
        if label == _CONTROL and sizes[:1] == [4]:
            self._control = bytes([blocks[0][0] & _DISPOSAL_AND_CLEAR]) + blocks[0][1:]
        elif label == _APPLICATION and sizes[:2] == [11, 3] and blocks[0] in _LOOPS and blocks[1][0] == 1:
            self.loop = blocks[1][1:]


class _Blocks:
    """Reads the blocks of a GIF, of which there are at most so many."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._left = MOST_BLOCKS

    def read(self) -> Iterator[bytes]:
        while size := self._reader.take(1)[0]:
            yield self._reader.take(size)
            self._spend()
        self._spend()

    def _spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Broken


def _table(reader: Reader, flags: int) -> bytes:
    return reader.take(3 << (flags & _TABLE_SIZE) + 1) if flags & _HAS_TABLE else b''


def _flags(table: bytes) -> int:
    """Return what says how many colors a table has: a power of two."""
    return _HAS_TABLE | (len(table) // 3).bit_length() - 2 if table else 0
