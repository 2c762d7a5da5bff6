"""Writes an animated WebP anew: times and places of its frames, and their pixels, decoded and encoded again."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from PIL import Image

from chat import decoding
from chat.animations import Broken, Kept, Limits, Reader, frame
from chat.color_profiles import Profile

QUALITY = 85  # of 100
EFFORT = 2  # of 6; half the time of what is usual, for a twentieth more bytes
MOST_CHUNKS = 10_000

_ALPHA, _ANIMATED = 0x10, 0x02
_PIXELS = (b'ALPH', b'VP8 ', b'VP8L')


@dataclass(frozen=True, slots=True)
class _Frame:
    place: bytes  # left and top, halved
    size: tuple[int, int]
    time: bytes
    flags: int  # what becomes of it, and whether it covers what was there
    chunks: list[tuple[bytes, bytes]]


def is_animated(data: bytes) -> bool:
    """Whether a WebP says so in its head."""
    return data[12:16] == b'VP8X' and len(data) > 20 and bool(data[20] & _ANIMATED)


def is_lossless(data: bytes) -> bool:
    """Whether the pixels of a WebP that does not move are stored exactly."""
    return any(name == b'VP8L' for name, _ in _chunks(data))


def rewrite(data: bytes, kept: BinaryIO) -> Kept:
    """Write what is kept of an animated WebP. Raises Broken, TooMuch or what Pillow raises."""
    head, ground, profile, frames = _parsed(data)
    kept.write(b'RIFF\0\0\0\0WEBP' + _chunk(b'VP8X', head) + _chunk(b'ANIM', ground))
    for each in frames:
        alone = each.place + _three(each.size[0] - 1) + _three(each.size[1] - 1) + each.time + bytes([each.flags])
        kept.write(_chunk(b'ANMF', alone + _encoded_again(each, profile)))
    size = kept.tell()
    kept.seek(4)
    kept.write(struct.pack('<I', size - 8))
    return Kept(_number(head[4:7]) + 1, _number(head[7:10]) + 1, len(frames))


def encode(image: Image.Image, kept: BinaryIO, *, lossless: bool) -> None:
    """Write a picture as WebP, as exactly as it was stored."""
    image.save(kept, 'WEBP', lossless=lossless, quality=QUALITY, method=EFFORT)


def _encoded_again(each: _Frame, profile: Profile) -> bytes:
    names = [name for name, _ in each.chunks]
    alone = b''.join(_chunk(*chunk) for chunk in each.chunks)
    if b'ALPH' in names:
        alone = _chunk(b'VP8X', bytes([_ALPHA, 0, 0, 0]) + b''.join(_three(side - 1) for side in each.size)) + alone
    image = frame(_file(alone), 'WEBP', each.size)
    image.info.clear()
    image = decoding.in_known_colors(profile.in_srgb(image))
    written = BytesIO()
    encode(image, written, lossless=b'VP8L' in names)
    return b''.join(_chunk(*chunk) for chunk in _chunks(written.getvalue()) if chunk[0] in _PIXELS)


def _parsed(data: bytes) -> tuple[bytes, bytes, Profile, list[_Frame]]:
    """Return the head, background and loop, the profile, and the frames."""
    head = ground = profile = b''
    frames: list[_Frame] = []
    limits: Limits | None = None
    for name, content in _chunks(data):
        if name == b'VP8X' and len(content) == 10 and not head:
            head = bytes([content[0] & _ALPHA | _ANIMATED, 0, 0, 0]) + content[4:]
            limits = Limits(_number(content[4:7]) + 1, _number(content[7:]) + 1)
        elif name == b'ANIM' and len(content) == 6:
            ground = content
        elif name == b'ICCP':
            profile = content
        elif name == b'ANMF' and limits is not None:
            each = _frame(content)
            limits.count(*each.size)
            frames.append(each)
    if not (head and ground and frames):
        raise Broken
    return head, ground, Profile(profile), frames


def _frame(content: bytes) -> _Frame:
    if len(content) < 16:
        raise Broken
    chunks = [chunk for chunk in _parts(Reader(content[16:])) if chunk[0] in _PIXELS]
    size = _number(content[6:9]) + 1, _number(content[9:12]) + 1
    return _Frame(content[:6], size, content[12:15], content[15] & 3, chunks)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Find the parts of a WebP, and nothing after its end."""
    reader = Reader(data)
    riff, size, webp = struct.unpack('<4sI4s', reader.take(12))
    if (riff, webp) != (b'RIFF', b'WEBP'):
        raise Broken
    return _parts(Reader(reader.take(size - 4) if size >= 4 else b''))


def _parts(reader: Reader) -> Iterator[tuple[bytes, bytes]]:
    for _ in range(MOST_CHUNKS):
        if reader.is_at_end:
            return
        name, size = struct.unpack('<4sI', reader.take(8))
        yield name, reader.take(size)
        if size % 2 and not reader.is_at_end:
            reader.take(1)
    raise Broken


def _file(content: bytes) -> bytes:
    return b'RIFF' + struct.pack('<I', len(content) + 4) + b'WEBP' + content


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack('<I', len(content)) + content + b'\0' * (len(content) % 2)


def _number(three: bytes) -> int:
    return int.from_bytes(three, 'little')


def _three(number: int) -> bytes:
    return number.to_bytes(3, 'little')
