"""Writes an animated PNG anew: times and places of its frames, and their pixels, decoded and encoded again."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

from PIL import Image

from chat import decoding
from chat.animations import Broken, Kept, Limits, Reader, frame
from chat.color_profiles import Profile

EFFORT = 2  # of 9; all of it takes three times as long, for a tenth of the bytes
MOST_CHUNKS = 100_000  # of usually 8 kB or more each

_SIGNATURE = b'\x89PNG\r\n\x1a\n'
_OF_EVERY_FRAME = (b'PLTE', b'tRNS', b'iCCP')
_CONTROL = struct.Struct('>IIIIIHHBB')  # number, width, height, left, top, time as a fraction, what becomes of it, how


@dataclass(slots=True)
class _Frame:
    control: tuple[int, ...]  # without its number
    pixels: list[bytes] = field(default_factory=list)

    @property
    def size(self) -> tuple[int, int]:
        return self.control[0], self.control[1]


def is_animated(data: bytes) -> bool:
    """Whether a PNG says so before its first pixels. Raises Broken for one of more than MOST_CHUNKS."""
    names = [name for name, _ in _chunks(data)]
    return b'acTL' in names[: names.index(b'IDAT')] if b'IDAT' in names else False


def rewrite(data: bytes, kept: BinaryIO) -> Kept:
    """Write what is kept of an animated PNG. Raises Broken, TooMuch or what Pillow raises."""
    head, loop, shared, frames = _parsed(data)
    width, height = struct.unpack('>II', head[:8])
    kept.write(_SIGNATURE)
    number = 0
    profile: Profile | None = None
    for each in frames:
        image = _decoded(each, head, shared)
        profile = profile or Profile(image.info.get('icc_profile'))
        colors, pixels = _encoded(profile.in_srgb(image))
        if not number:
            kept.write(_chunk(b'IHDR', head[:8] + colors))
            kept.write(_chunk(b'acTL', struct.pack('>II', len(frames), loop)))
        kept.write(_chunk(b'fcTL', _CONTROL.pack(number, *each.control)))
        kept.write(_chunk(b'fdAT', struct.pack('>I', number + 1) + pixels) if number else _chunk(b'IDAT', pixels))
        number += 2 if number else 1
    kept.write(_chunk(b'IEND', b''))
    return Kept(width, height, len(frames))


def _decoded(each: _Frame, head: bytes, shared: bytes) -> Image.Image:
    alone = _chunk(b'IHDR', struct.pack('>II', *each.size) + head[8:]) + shared
    alone = _SIGNATURE + alone + _chunk(b'IDAT', b''.join(each.pixels)) + _chunk(b'IEND', b'')
    return frame(alone, 'PNG', each.size)


def _encoded(image: Image.Image) -> tuple[bytes, bytes]:
    """Return the kind of a frame's colors, which is the same for all frames, and its pixels."""
    image = decoding.in_known_colors(image)
    image.info.clear()
    written = BytesIO()
    image.save(written, 'PNG', compress_level=EFFORT)
    chunks = list(_chunks(written.getvalue()))
    return chunks[0][1][8:], b''.join(content for name, content in chunks if name == b'IDAT')


def _parsed(data: bytes) -> tuple[bytes, int, bytes, list[_Frame]]:
    """Return the head, how often all is shown, what all frames need, and the frames."""
    head = shared = b''
    loop = said = 0
    frames: list[_Frame] = []
    limits: Limits | None = None
    for name, content in _chunks(data):
        if name == b'IHDR' and len(content) == 13:
            head, (width, height) = content, struct.unpack('>II', content[:8])
            limits = Limits(width, height)
        elif limits is None:
            break
        elif name == b'acTL' and len(content) == 8:
            said, loop = struct.unpack('>II', content)
        elif name in _OF_EVERY_FRAME and not frames:
            shared += _chunk(name, content)
        elif name == b'fcTL' and len(content) == _CONTROL.size:
            frames.append(_frame(content, width, height))
            limits.count(*frames[-1].size)
        elif name in (b'IDAT', b'fdAT') and frames:  # a picture before the first frame is for who shows no animations
            frames[-1].pixels.append(content if name == b'IDAT' else content[4:])
        elif name == b'IEND':
            if frames and len(frames) == said and frames[0].size == (width, height):
                return head, loop, shared, frames
            break
    raise Broken


def _frame(content: bytes, width: int, height: int) -> _Frame:
    _, wide, high, left, top, time, of, disposal, blend = _CONTROL.unpack(content)
    if left + wide > width or top + high > height or disposal > 2 or blend > 1:
        raise Broken
    return _Frame((wide, high, left, top, time, of, disposal, blend))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Find the parts of a PNG, up to its end."""
    reader = Reader(data)
    if reader.take(8) != _SIGNATURE:
        raise Broken
    for _ in range(MOST_CHUNKS):
        size, name = struct.unpack('>I4s', reader.take(8))
        content = reader.take(size)
        reader.take(4)
        yield name, content
        if name == b'IEND':
            return
    raise Broken


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack('>I', len(content)) + name + content + struct.pack('>I', zlib.crc32(name + content))
