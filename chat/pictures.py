"""Pictures of people: whatever comes is decoded, cut to a square and encoded anew, so that nothing else of it is kept.

It comes from anybody, so its size is known before it is decoded, and what kind it is says its content alone.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from io import BytesIO

from PIL import Image, ImageFile

from chat import decoding
from chat.decoding import FORMATS, MOST_PIXELS
from chat.errors import Busy, Invalid, RateLimited, TooLarge
from chat.models import Picture, User

LARGEST = 8 * 1024 * 1024  # bytes
SIDE = 512  # pixels of what is kept, at most
QUALITY = 80  # of 100
THREADS = 1  # decoding takes up to 500 MB: 32 megapixels, which some formats need in several copies
MOST_AT_ONCE = 8  # that are on their way, or wait for the thread
WITHIN = 60.0  # s for one to arrive and be stored
FIELD = 'picture'
RULES = {
    'picture_large': f'A picture has at most {LARGEST // 1024 // 1024} MB.',
    'picture_pixels': f'A picture has at most {MOST_PIXELS // 1_000_000} megapixels.',
    'picture_kind': 'This is no picture that can be read: it must be a JPEG, PNG, GIF or WebP file.',
    'picture_slow': 'The picture took too long to arrive.',
    'picture_broken': 'The picture did not arrive as a whole. Please try again.',
    'picture_missing': 'Choose a picture first.',
}


class UnfitPicture(Invalid):
    """A picture that breaks one of the RULES."""

    def __init__(self, rule: str) -> None:
        super().__init__(RULES[rule], FIELD)
        self.rule = rule


class PictureTooLarge(TooLarge):
    """A picture of more than LARGEST bytes."""

    rule = 'picture_large'

    def __init__(self) -> None:
        super().__init__(RULES[self.rule], FIELD)


class Pictures:
    """Takes pictures in, a few at a time."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix='pictures')
        self._coming: set[int] = set()  # whose is on its way

    def stop(self) -> None:
        """Let go of the threads; stopping twice is harmless."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @asynccontextmanager
    async def coming(self, user: User) -> AsyncIterator[None]:
        """Read and store somebody's picture within this. Raises RateLimited, Busy, or UnfitPicture after WITHIN."""
        if user.id in self._coming:
            raise RateLimited('changing pictures', 1)
        if len(self._coming) >= MOST_AT_ONCE:
            raise Busy('Many people change their pictures just now.')
        self._coming.add(user.id)
        try:
            async with asyncio.timeout(WITHIN):
                yield
        except TimeoutError:
            raise UnfitPicture('picture_slow') from None
        finally:
            self._coming.discard(user.id)

    async def prepare(self, data: bytes) -> Picture:
        """Return what is kept of a picture that came. Raises UnfitPicture or PictureTooLarge."""
        if len(data) > LARGEST:
            raise PictureTooLarge
        return await asyncio.get_running_loop().run_in_executor(self._threads, prepare, data)


def prepare(data: bytes) -> Picture:
    """Return a picture as a square WebP without anything but its pixels; blocks. Raises UnfitPicture."""
    if decoding.is_endless_jpeg(data):
        raise UnfitPicture('picture_kind')
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise UnfitPicture('picture_pixels')
            square = _square(image)
    except Image.DecompressionBombError:
        raise UnfitPicture('picture_pixels') from None
    except UnfitPicture:
        raise
    except Exception:  # a decoder fails in as many ways as there are broken files
        raise UnfitPicture('picture_kind') from None
    kept = BytesIO()
    square.save(kept, 'WEBP', quality=QUALITY)
    return Picture(hashlib.sha256(kept.getvalue()).hexdigest(), kept.getvalue())


def _square(image: ImageFile.ImageFile) -> Image.Image:
    """Return the middle of a picture, upright, in colors that WebP knows; of an animation, its first frame."""
    turn = decoding.turn(image)
    image.draft('RGB', (2 * SIDE, 2 * SIDE))  # a JPEG can be decoded smaller from the start
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box, small = (left, top, left + side, top + side), (min(side, SIDE),) * 2
    square = decoding.in_known_colors(image).resize(small, Image.Resampling.LANCZOS, box, reducing_gap=3.0)
    square = square if turn is None else square.transpose(turn)
    square.info.clear()
    return square
