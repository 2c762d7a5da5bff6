"""Pictures in messages: whatever comes is decoded and encoded anew in its own format, upright, with its pixels alone.

Where it was taken, by which camera, what was written into it, and what hangs on behind it is not kept. A picture comes
from anybody, so its size is known before it is decoded, and what kind it is says its content alone.
"""

import asyncio
import errno
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, ImageFile, JpegImagePlugin

from chat import animations, apng, decoding, gif, webp
from chat.animations import Kept, TooMuch
from chat.color_profiles import Profile
from chat.decoding import FORMATS, MOST_PIXELS
from chat.errors import Invalid

LARGEST = 64 * 1024 * 1024  # bytes, all of which are read at once
THUMBNAIL = 720  # pixels of its longer side, twice as many as are shown
JPEG_QUALITY = 88  # of 100, for what came better than that; else it stays as it was
THUMBNAIL_QUALITY = 80
THREADS = 1  # decoding takes up to 500 MB: 32 megapixels, which some formats need in several copies
TYPES = {'JPEG': 'image/jpeg', 'PNG': 'image/png', 'GIF': 'image/gif', 'WEBP': 'image/webp'}
FIELD = 'file'
RULES = {
    'image_large': f'A picture has at most {LARGEST // 1024 // 1024} MB.',
    'image_pixels': f'A picture has at most {MOST_PIXELS // 1_000_000} megapixels.',
    'image_frames': f'An animated picture has at most {animations.MOST_FRAMES} frames.',
    'image_together': (
        f'The frames of an animated picture have at most {animations.MOST_PIXELS_TOGETHER // 1_000_000} megapixels '
        'together.'
    ),
    'image_broken': 'This picture cannot be read.',
}

_COARSE = 884  # the sum of the table by which brightness is rounded, in JPEG_QUALITY
_SUBSAMPLINGS = (0, 1, 2)  # that Pillow can write
_PLAIN_MODES = ('1', 'L', 'LA', 'P', 'RGB', 'RGBA')  # of a PNG
# What a disk says when it cannot take the result: no fault of the picture's.
_FAULTS_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.ENOENT, errno.EMFILE}


class UnfitImage(Invalid):
    """A picture that breaks one of the RULES."""

    def __init__(self, rule: str) -> None:
        super().__init__(RULES[rule], FIELD)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was kept of a picture: its type, size on the screen and in bytes, and whether it moves."""

    type: str
    width: int
    height: int
    size: int
    animated: bool


class Images:
    """Takes pictures in, one after the other."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix='images')

    def stop(self) -> None:
        """Let go of the threads; stopping twice is harmless."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def prepare(self, source: Path, kept: Path, thumbnail: Path) -> Prepared:
        """Write what is kept of a picture, and a small one. Raises UnfitImage; whoever stops waiting leaves nothing."""
        work = self._threads.submit(prepare, source, kept, thumbnail)
        try:
            return await asyncio.wrap_future(work)
        except asyncio.CancelledError:

            def remove(_: Future[Prepared]) -> None:
                _remove(kept, thumbnail)

            work.add_done_callback(remove)
            raise


def prepare(source: Path, kept: Path, thumbnail: Path) -> Prepared:
    """Write what is kept of a picture, and a small one; blocks. Raises UnfitImage, and leaves nothing then."""
    try:
        return _prepare(source, kept, thumbnail)
    except BaseException as problem:
        _remove(kept, thumbnail)
        if (unfit := _unfit(problem)) is not None:
            raise unfit from None
        raise


def _prepare(source: Path, kept: Path, thumbnail: Path) -> Prepared:
    if source.stat().st_size > LARGEST:
        raise UnfitImage('image_large')
    data = source.read_bytes()
    if decoding.is_endless_jpeg(data):
        raise UnfitImage('image_broken')
    kind, rewrite = _animation(data)
    if rewrite is None:
        return _keep_still(data, kept, thumbnail)
    with kept.open('wb') as file:
        written = rewrite(data, file)
    with Image.open(kept, formats=[kind]) as image:
        _write_thumbnail(image, thumbnail)
    return Prepared(TYPES[kind], written.width, written.height, kept.stat().st_size, written.frames > 1)


def _animation(data: bytes) -> tuple[str, Callable[[bytes, BinaryIO], Kept] | None]:
    """Return how a picture is written anew that may have several frames, as every GIF may; nothing for all others."""
    if data.startswith(b'GIF8'):
        return 'GIF', gif.rewrite
    if data.startswith(b'\x89PNG') and apng.is_animated(data):
        return 'PNG', apng.rewrite
    if data.startswith(b'RIFF') and webp.is_animated(data):
        return 'WEBP', webp.rewrite
    return '', None


def _keep_still(data: bytes, kept: Path, thumbnail: Path) -> Prepared:
    with Image.open(BytesIO(data), formats=FORMATS) as image:
        if image.width * image.height > MOST_PIXELS:
            raise UnfitImage('image_pixels')
        kind = 'JPEG' if image.format == 'MPO' else str(image.format)  # several photos in one file; the first is shown
        upright = _upright(image)
        _write_thumbnail(upright, thumbnail)
        with kept.open('wb') as file:
            if kind == 'JPEG':
                _write_jpeg(upright, file, image)
            elif kind == 'PNG':
                _write_png(upright, file)
            else:
                webp.encode(_bare(decoding.in_known_colors(upright)), file, lossless=webp.is_lossless(data))
    return Prepared(TYPES[kind], *upright.size, kept.stat().st_size, animated=False)


def _upright(image: ImageFile.ImageFile) -> Image.Image:
    """Return a picture as its camera was held, in the colors that are shown without a profile."""
    turn = decoding.turn(image)
    image.load()
    profile = Profile(image.info.get('icc_profile'))
    result = decoding.in_8_bits(profile.in_srgb(image))
    return result if turn is None else result.transpose(turn)


def _write_jpeg(image: Image.Image, file: BinaryIO, came: ImageFile.ImageFile) -> None:
    """Write a photo as finely as it came, but no finer than JPEG_QUALITY: what is lost does not come back."""
    options: dict[str, Any] = {'quality': JPEG_QUALITY}
    if isinstance(came, JpegImagePlugin.JpegImageFile) and image.mode == came.mode:
        sampling, tables = JpegImagePlugin.get_sampling(came), came.quantization
        if sampling in _SUBSAMPLINGS:
            options['subsampling'] = sampling
        if sum(tables[0]) > _COARSE:
            options = {**options, 'quality': -1, 'qtables': tables}
    _bare(image).save(file, 'JPEG', **options)


def _write_png(image: Image.Image, file: BinaryIO) -> None:
    clear = image.info.get('transparency')
    if image.mode != 'P' and (clear is not None or image.mode not in _PLAIN_MODES):
        image, clear = decoding.in_known_colors(image), None
    _bare(image).save(file, 'PNG', compress_level=apng.EFFORT, **({} if clear is None else {'transparency': clear}))


def _write_thumbnail(image: Image.Image, thumbnail: Path) -> None:
    scale = min(1, THUMBNAIL / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    small = decoding.in_known_colors(image).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    with thumbnail.open('wb') as file:
        _bare(small).save(file, 'WEBP', quality=THUMBNAIL_QUALITY, method=webp.EFFORT)


def _bare(image: Image.Image) -> Image.Image:
    """Return a picture that brings nothing but its pixels to where it is written."""
    image.info.clear()
    return image


def _unfit(problem: BaseException) -> UnfitImage | None:
    """Return what is wrong with the picture; nothing if the picture is not to blame."""
    if isinstance(problem, UnfitImage) or not isinstance(problem, Exception):
        return None
    if isinstance(problem, OSError) and problem.errno in _FAULTS_OF_THE_DISK:
        return None
    if isinstance(problem, TooMuch):
        return UnfitImage(problem.rule)
    if isinstance(problem, Image.DecompressionBombError):
        return UnfitImage('image_pixels')
    return UnfitImage('image_broken')  # a decoder fails in as many ways as there are broken files


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
