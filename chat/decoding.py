"""What is alike wherever a picture from anybody is decoded: which kinds, how large, upright, in known colors."""

import re

from PIL import Image

FORMATS = ('JPEG', 'PNG', 'GIF', 'WEBP')
MOST_PIXELS = 32_000_000
MOST_SCANS = 100  # of a JPEG, each over all its pixels; a camera's has one, a progressive one about ten
MOST_SEGMENTS = 10_000  # of a JPEG, of which a profile or a map of depth takes some hundreds
MOST_JUNK = 65_536  # bytes between the segments before the first scan, which are skipped one by one

_ORIENTATION = 0x0112  # the tag of EXIF that says how the camera was held
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
# Two bytes that begin a segment of a JPEG, and those that end what a scan has stored.
_MARKER = re.compile(rb'\xff[^\x00\xff]', re.DOTALL)
_AFTER_SCAN = re.compile(rb'\xff[^\x00\xd0-\xd7\xff]', re.DOTALL)
_SCAN, _END = 0xDA, 0xD9
_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length after them


def is_endless_jpeg(data: bytes) -> bool:
    """Whether this is a JPEG whose few bytes would keep a decoder busy: too many scans, segments, or bytes between.

    It is counted as a decoder goes: what stands after the picture's end is no part of it, however much it looks like
    scans. Phones append a film or a second photo.
    """
    if not data.startswith(b'\xff\xd8'):
        return False
    place, scans, junk = 2, 0, 0
    for _ in range(MOST_SEGMENTS):
        found = (_AFTER_SCAN if scans else _MARKER).search(data, place)
        if found is None or data[found.end() - 1] == _END:
            return False
        junk += 0 if scans else found.start() - place
        scans += data[found.end() - 1] == _SCAN
        if scans > MOST_SCANS or junk > MOST_JUNK:
            return True
        place = found.end()
        if data[place - 1] not in _ALONE:
            place += int.from_bytes(data[place : place + 2], 'big')
    return True


def turn(image: Image.Image) -> Image.Transpose | None:
    """Return what makes a picture upright, as the camera noted it; None if it is."""
    try:
        noted: object = image.getexif().get(_ORIENTATION)
    except Exception:  # what a camera notes may be broken without harm to the picture
        return None
    return _TURNS.get(noted) if isinstance(noted, int) else None


def in_known_colors(image: Image.Image) -> Image.Image:
    """Return a picture as RGB, or as RGBA if something of it can be seen through."""
    image = in_8_bits(image)
    if image.mode in ('RGB', 'RGBA'):
        return image.convert('RGBA') if 'transparency' in image.info else image
    return image.convert('RGBA' if image.has_transparency_data else 'RGB')


def in_8_bits(image: Image.Image) -> Image.Image:
    """Return a picture of 65,536 steps from black to white in 256, of which the darkest would be taken otherwise."""
    clear = image.info.get('transparency')
    if isinstance(clear, tuple) and max(clear) > 255:  # Pillow divides the pixels, and leaves this as it was
        image.info['transparency'] = tuple(value >> 8 for value in clear)
    if image.mode != 'I;16':
        return image
    small = image.point(lambda value: value * (1 / 256)).convert('L')
    if isinstance(clear, int):
        small.info['transparency'] = clear >> 8
    return small
