"""What all animated pictures have in common: their limits, and that each frame is decoded and encoded by itself.

A picture's container is written anew, with nothing in it but what is named there, and each frame is put back into its
place: so frames, times and loops stay exactly what they were, and there is never more than one frame in memory.
"""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from chat.decoding import MOST_PIXELS

MOST_FRAMES = 500
MOST_PIXELS_TOGETHER = 150_000_000  # of all frames, each as large as the whole picture, which is what browsers draw


class Broken(Exception):
    """A picture's container is not what it says."""


class TooMuch(Exception):
    """A picture has more pixels or frames than are taken; ``rule`` is the one of chat/images.py."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Kept:
    """What was written of a picture."""

    width: int
    height: int
    frames: int


class Limits:
    """Counts a picture's frames as its container is read, before any is decoded."""

    def __init__(self, width: int, height: int) -> None:
        if not (width and height):
            raise Broken
        self._area = width * height
        self._frames = self._together = 0
        if self._area > MOST_PIXELS:
            raise TooMuch('image_pixels')

    def count(self, width: int, height: int) -> None:
        """Count another frame, which may be larger than the picture if it is made to harm."""
        if not (width and height):
            raise Broken
        if width * height > MOST_PIXELS:
            raise TooMuch('image_pixels')
        self._frames += 1
        self._together += max(self._area, width * height)
        if self._frames > MOST_FRAMES:
            raise TooMuch('image_frames')
        if self._frames > 1 and self._together > MOST_PIXELS_TOGETHER:
            raise TooMuch('image_together')


def frame(data: bytes, kind: str, size: tuple[int, int]) -> Image.Image:
    """Return one frame, decoded, of a picture that was put together of it alone."""
    with Image.open(BytesIO(data), formats=[kind]) as image:
        if image.size != size:
            raise Broken
        image.load()
        return image


class Reader:
    """Reads bytes in order, and never beyond their end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.place = 0

    @property
    def is_at_end(self) -> bool:
        """Whether everything is read."""
        return self.place >= len(self._data)

    def take(self, count: int) -> bytes:
        """Return the next bytes, all of them. Raises Broken."""
        taken = self._data[self.place : self.place + count]
        if len(taken) != count:
            raise Broken
        self.place += count
        return taken
