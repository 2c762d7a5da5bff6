"""What may come as a picture, and what is kept of it."""

import hashlib
import struct
import zlib
from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image, ImageSequence, PngImagePlugin

from chat import decoding, pictures
from chat.models import Picture
from chat.pictures import Pictures, PictureTooLarge, UnfitPicture

LEFT, RIGHT = (255, 0, 0), (0, 0, 255)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    data = BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def halves(size: tuple[int, int] = (60, 60)) -> Image.Image:
    """Return a picture that is red at the left and blue at the right."""
    image = Image.new('RGB', size, RIGHT)
    image.paste(LEFT, (0, 0, size[0] // 2, size[1]))
    return image


def opened(picture: Picture) -> Image.Image:
    image = Image.open(BytesIO(picture.data), formats=['WEBP'])
    image.load()
    return image


def is_near(color: object, other: tuple[int, ...]) -> bool:
    return all(abs(one - two) < 60 for one, two in zip(color, other, strict=False))


def at(image: Image.Image, x: float, y: float) -> object:
    return image.convert('RGB').getpixel((int(x * (image.width - 1)), int(y * (image.height - 1))))


@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'GIF', 'WEBP'])
def test_kept_is_a_square_webp_and_its_digest(kind: str) -> None:
    picture = pictures.prepare(encoded(halves((600, 400)), kind))
    image = opened(picture)
    assert (image.format, image.size) == ('WEBP', (400, 400))
    assert is_near(at(image, 0.1, 0.5), LEFT)
    assert is_near(at(image, 0.9, 0.5), RIGHT)
    assert picture.digest == hashlib.sha256(picture.data).hexdigest()


@pytest.mark.parametrize(
    ('size', 'side'),
    [((4000, 3000), 512), ((513, 2000), 512), ((512, 512), 512), ((40, 30), 30), ((1, 1), 1), ((30000, 1), 1)],
)
def test_what_is_large_becomes_smaller_and_nothing_larger(size: tuple[int, int], side: int) -> None:
    assert opened(pictures.prepare(encoded(halves(size), 'PNG'))).size == (side, side)


def test_the_middle_is_kept() -> None:
    image = Image.new('RGB', (300, 100), RIGHT)
    image.paste(LEFT, (100, 0, 200, 100))
    kept = opened(pictures.prepare(encoded(image, 'PNG')))
    assert is_near(at(kept, 0.05, 0.5), LEFT)
    assert is_near(at(kept, 0.95, 0.5), LEFT)


@pytest.mark.parametrize(
    ('orientation', 'red'),
    [(1, (0, 0.5)), (2, (1, 0.5)), (3, (1, 0.5)), (4, (0, 0.5)), (5, (0.5, 0)), (6, (0.5, 0)), (7, (0.5, 1)),
     (8, (0.5, 1))],
)  # fmt: skip
@pytest.mark.parametrize('kind', ['JPEG', 'WEBP', 'PNG'])
def test_a_photo_stands_upright_however_the_camera_was_held(
    kind: str, orientation: int, red: tuple[float, float]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    kept = opened(pictures.prepare(encoded(halves(), kind, exif=exif.tobytes())))
    assert is_near(at(kept, *red), LEFT)
    assert is_near(at(kept, 1 - red[0], 1 - red[1]), RIGHT)


@pytest.mark.parametrize('exif', [b'Exif\0\0', b'Exif\0\0II*\0\xff\xff\xff\xff', b'Exif\0\0MM\0*\0\0\0\x08\xff\xff'])
def test_a_broken_note_of_a_camera_harms_no_picture(exif: bytes) -> None:
    assert opened(pictures.prepare(encoded(halves(), 'JPEG', exif=exif))).size == (60, 60)


def test_nothing_but_the_pixels_is_kept() -> None:
    secret = b'52.5200 N 13.4050 E'
    exif = Image.Exif()
    exif[0x010E] = secret.decode()
    text = PngImagePlugin.PngInfo()
    text.add_text('Comment', secret.decode())
    text.add_itxt('XML:com.adobe.xmp', secret.decode())
    sent = [
        encoded(halves(), 'JPEG', exif=exif, comment=secret, icc_profile=secret, xmp=secret),
        encoded(halves(), 'PNG', pnginfo=text, exif=exif),
        encoded(halves(), 'WEBP', exif=exif, xmp=secret, icc_profile=secret),
        encoded(halves(), 'GIF', comment=secret),
        encoded(halves(), 'JPEG') + secret,
    ]
    for data in sent:
        kept = pictures.prepare(data)
        assert secret not in kept.data
        assert not set(opened(kept).info) & {'exif', 'xmp', 'icc_profile', 'comment'}
        assert [chunk for chunk in (b'EXIF', b'XMP ', b'ICCP') if chunk in kept.data[:100]] == []


@pytest.mark.parametrize('kind', ['GIF', 'WEBP', 'PNG'])
def test_of_an_animation_the_first_picture_is_kept(kind: str) -> None:
    frames = [Image.new('RGB', (20, 20), color) for color in (LEFT, RIGHT, RIGHT)]
    kept = opened(pictures.prepare(encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)))
    assert is_near(at(kept, 0.5, 0.5), LEFT)
    assert len(list(ImageSequence.Iterator(kept))) == 1


def test_what_can_be_seen_through_stays_so() -> None:
    clear = Image.new('RGBA', (20, 20), (255, 0, 0, 0))
    indexed = Image.new('P', (20, 20), 0)
    indexed.putpalette([255, 0, 0] * 256)
    for data in (
        encoded(clear, 'PNG'), encoded(indexed, 'PNG', transparency=0), encoded(indexed, 'GIF', transparency=0),
        encoded(Image.new('LA', (20, 20), (255, 0)), 'PNG'),
    ):  # fmt: skip
        assert opened(pictures.prepare(data)).convert('RGBA').getpixel((5, 5))[3] == 0


@pytest.mark.parametrize(
    ('image', 'kind', 'gray'),
    [
        (Image.new('1', (20, 20), 1), 'PNG', 255),
        (Image.new('L', (20, 20), 100), 'JPEG', 100),
        (Image.new('I;16', (20, 20), 100 * 256), 'PNG', 100),
        (Image.new('CMYK', (20, 20), (0, 0, 0, 155)), 'JPEG', 100),
        (Image.new('P', (20, 20), 0), 'GIF', 0),
    ],
    ids=lambda each: getattr(each, 'mode', None),
)
def test_colors_are_what_they_were_however_they_were_written(image: Image.Image, kind: str, gray: int) -> None:
    kept = opened(pictures.prepare(encoded(image, kind)))
    assert all(abs(value - gray) < 12 for value in at(kept, 0.5, 0.5))


def png_that_says(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))

    head = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + chunk(b'IDAT', zlib.compress(b'\0')) + chunk(b'IEND', b'')


def jpeg_that_says(width: int, height: int) -> bytes:
    data = bytearray(encoded(halves(), 'JPEG'))
    place = data.index(b'\xff\xc0') + 5
    data[place : place + 4] = struct.pack('>HH', height, width)
    return bytes(data)


def gif_that_says(width: int, height: int) -> bytes:
    data = bytearray(encoded(halves(), 'GIF'))
    data[6:10] = struct.pack('<HH', width, height)
    return bytes(data)


def gif_whose_frame_says(width: int, height: int) -> bytes:
    data = bytearray(encoded(halves(), 'GIF'))
    place = data.index(b',\0\0\0\0' + struct.pack('<HH', 60, 60)) + 5
    data[place : place + 4] = struct.pack('<HH', width, height)
    return bytes(data)


def webp_that_says(width: int, height: int) -> bytes:
    frames = [Image.new('RGB', (20, 20), color) for color in (LEFT, RIGHT)]
    data = bytearray(encoded(frames[0], 'WEBP', save_all=True, append_images=frames[1:]))
    data[24:30] = struct.pack('<I', width - 1)[:3] + struct.pack('<I', height - 1)[:3]
    return bytes(data)


@pytest.mark.parametrize(
    'make', [png_that_says, jpeg_that_says, gif_that_says, gif_whose_frame_says, webp_that_says],
    ids=lambda make: make.__name__,
)  # fmt: skip
@pytest.mark.parametrize('size', [(16_000, 16_000), (8_001, 4_000), (10_000, 10_000)])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(
    make: Callable[[int, int], bytes], size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, '_square', None)  # which would decode it
    with pytest.raises(UnfitPicture) as problem:
        pictures.prepare(make(*size))
    assert (problem.value.rule, problem.value.field) == ('picture_pixels', 'picture')


def test_thirty_two_megapixels_are_taken() -> None:
    image = Image.new('L', (8_000, 4_000), 100)
    assert opened(pictures.prepare(encoded(image, 'JPEG'))).size == (512, 512)


@pytest.mark.parametrize(
    'data',
    [
        b'', b'x', b'<svg xmlns="http://www.w3.org/2000/svg"/>', b'<html><script>alert(1)</script>', b'GIF89a',
        b'\xff\xd8\xff', b'RIFF\0\0\0\0WEBPVP8 ', b'%PDF-1.7', b'\0' * 1000,
        encoded(halves(), 'PNG')[:80], encoded(halves(), 'JPEG')[:300], encoded(halves(), 'WEBP')[:60],
        encoded(halves(), 'BMP'), encoded(halves(), 'TIFF'), encoded(halves(), 'ICO'), encoded(halves(), 'PPM'),
        png_that_says(10, 10), jpeg_that_says(0, 0),
        b'\xff\xd8' + b'\xff\xda' * (decoding.MOST_SCANS + 1) + encoded(halves(), 'JPEG')[2:],
    ],
)  # fmt: skip
def test_what_is_no_whole_picture_of_a_known_kind_is_refused(data: bytes) -> None:
    with pytest.raises(UnfitPicture) as problem:
        pictures.prepare(data)
    assert problem.value.rule == 'picture_kind'


def test_a_progressive_photo_is_taken() -> None:
    noise = Image.effect_noise((400, 400), 80)
    data = encoded(noise, 'JPEG', progressive=True)
    assert data.count(b'\xff\xda') > 1
    assert opened(pictures.prepare(data)).size == (400, 400)


def test_a_photo_that_a_phone_appended_a_film_to_is_taken() -> None:
    data = encoded(halves(), 'JPEG') + b'ftypmp42' + b'\xff\xda' * (decoding.MOST_SCANS + 1)
    assert opened(pictures.prepare(data)).size == (60, 60)


async def test_eight_megabytes_are_taken_and_not_a_byte_more() -> None:
    taking = Pictures()
    data = encoded(halves(), 'JPEG')
    assert (await taking.prepare(data + bytes(pictures.LARGEST - len(data)))).data
    with pytest.raises(PictureTooLarge, match='at most 8 MB'):
        await taking.prepare(data + bytes(pictures.LARGEST - len(data) + 1))
    taking.stop()
    taking.stop()
