"""What may come as a picture in a message, and what is kept of it."""

import asyncio
import errno
import random
import struct
import threading
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image, ImageCms, ImageSequence, PngImagePlugin

from chat import animations, apng, decoding, gif, images
from chat.images import Images, Prepared, UnfitImage

LEFT, RIGHT, GREEN = (255, 0, 0), (0, 0, 255), (0, 160, 0)
SECRET = b'52.5200 N 13.4050 E'
KINDS = ['JPEG', 'PNG', 'GIF', 'WEBP']
ANIMATED = ['GIF', 'PNG', 'WEBP']


class Taken:
    """A picture that was prepared, with what was written."""

    def __init__(self, prepared: Prepared, kept: Path, thumbnail: Path) -> None:
        self.prepared = prepared
        self.data = kept.read_bytes()
        self.image = Image.open(BytesIO(self.data), formats=KINDS)
        self.thumbnail = Image.open(BytesIO(thumbnail.read_bytes()), formats=['WEBP'])
        self.thumbnail_data = thumbnail.read_bytes()


Take = Callable[[bytes], Taken]


@pytest.fixture
def take(tmp_path: Path) -> Take:
    def take(data: bytes) -> Taken:
        source, kept, thumbnail = (tmp_path / name for name in ('source', 'kept', 'thumbnail'))
        source.write_bytes(data)
        return Taken(images.prepare(source, kept, thumbnail), kept, thumbnail)

    return take


@pytest.fixture
def refused(tmp_path: Path) -> Callable[[bytes], str]:
    def refused(data: bytes) -> str:
        source, kept, thumbnail = (tmp_path / name for name in ('source', 'kept', 'thumbnail'))
        source.write_bytes(data)
        with pytest.raises(UnfitImage) as problem:
            images.prepare(source, kept, thumbnail)
        assert not kept.exists()
        assert not thumbnail.exists()
        assert problem.value.field == 'file'
        assert problem.value.message == images.RULES[problem.value.rule]
        return problem.value.rule

    return refused


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    data = BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def halves(size: tuple[int, int] = (60, 60), left: tuple[int, ...] = LEFT) -> Image.Image:
    image = Image.new('RGB', size, RIGHT)
    image.paste(left, (0, 0, size[0] // 2, size[1]))
    return image


def photo(size: tuple[int, int]) -> Image.Image:
    bands = [Image.effect_noise((size[0] // 4, size[1] // 4), 60).resize(size) for _ in 'RGB']
    return Image.merge('RGB', bands)


def animation(kind: str, frames: list[Image.Image], **options: object) -> bytes:
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)


def is_near(color: object, other: tuple[int, ...], by: int = 60) -> bool:
    return all(abs(one - two) <= by for one, two in zip(color, other, strict=False))


def at(image: Image.Image, x: float, y: float) -> object:
    return image.convert('RGB').getpixel((int(x * (image.width - 1)), int(y * (image.height - 1))))


# What is kept.


@pytest.mark.parametrize('kind', KINDS)
def test_a_picture_stays_in_its_format(take: Take, kind: str) -> None:
    taken = take(encoded(halves((600, 400)), kind))
    assert taken.prepared == Prepared(f'image/{kind.lower()}', 600, 400, len(taken.data), animated=False)
    assert (taken.image.format, taken.image.size) == (kind, (600, 400))
    for image in (taken.image, taken.thumbnail):
        assert is_near(at(image, 0.1, 0.5), LEFT)
        assert is_near(at(image, 0.9, 0.5), RIGHT)


@pytest.mark.parametrize(
    ('size', 'small'),
    [((4000, 3000), (720, 540)), ((721, 2000), (260, 720)), ((720, 720), (720, 720)), ((40, 30), (40, 30)),
     ((1, 1), (1, 1)), ((30000, 1), (720, 1))],
)  # fmt: skip
def test_the_thumbnail_is_smaller_and_never_larger(take: Take, size: tuple[int, int], small: tuple[int, int]) -> None:
    taken = take(encoded(halves(size), 'PNG'))
    assert (taken.image.size, taken.thumbnail.size) == (size, small)


@pytest.mark.parametrize(
    ('orientation', 'red'),
    [(1, (0, 0.5)), (2, (1, 0.5)), (3, (1, 0.5)), (4, (0, 0.5)), (5, (0.5, 0)), (6, (0.5, 0)), (7, (0.5, 1)),
     (8, (0.5, 1))],
)  # fmt: skip
@pytest.mark.parametrize('kind', ['JPEG', 'WEBP', 'PNG'])
def test_a_photo_stands_upright_however_the_camera_was_held(
    take: Take, kind: str, orientation: int, red: tuple[float, float]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    taken = take(encoded(halves((60, 40)), kind, exif=exif.tobytes()))
    size = (60, 40) if orientation < 5 else (40, 60)
    assert (taken.prepared.width, taken.prepared.height) == taken.image.size == taken.thumbnail.size == size
    for image in (taken.image, taken.thumbnail):
        assert is_near(at(image, *red), LEFT)
        assert is_near(at(image, 1 - red[0], 1 - red[1]), RIGHT)


@pytest.mark.parametrize('exif', [b'Exif\0\0', b'Exif\0\0II*\0\xff\xff\xff\xff', b'Exif\0\0MM\0*\0\0\0\x08\xff\xff'])
def test_a_broken_note_of_a_camera_harms_no_picture(take: Take, exif: bytes) -> None:
    assert take(encoded(halves(), 'JPEG', exif=exif)).image.size == (60, 60)


def with_secrets() -> dict[str, bytes]:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    exif.get_ifd(0x8825)[29] = SECRET.decode()
    notes = PngImagePlugin.PngInfo()
    notes.add_text('Comment', SECRET)
    notes.add_text('Zipped', SECRET, zip=True)
    notes.add_itxt('XML:com.adobe.xmp', SECRET.decode())
    notes.add(b'prVt', SECRET)
    frames = [halves(left=color) for color in (LEFT, GREEN)]
    iptc = b'\xff\xed' + struct.pack('>H', len(SECRET) + 16) + b'Photoshop 3.0\0' + SECRET
    jpeg = encoded(halves(), 'JPEG', exif=exif, comment=SECRET, icc_profile=SECRET, xmp=SECRET)
    return {
        'jpeg': jpeg[:2] + iptc + jpeg[2:] + SECRET,
        'png': encoded(halves(), 'PNG', pnginfo=notes, exif=exif, icc_profile=SECRET) + SECRET,
        'webp': encoded(halves(), 'WEBP', exif=exif, xmp=SECRET, icc_profile=SECRET) + SECRET,
        'gif': encoded(halves(), 'GIF', comment=SECRET) + SECRET,
        'animated png': animation('PNG', frames, pnginfo=notes, exif=exif, icc_profile=SECRET) + SECRET,
        'animated webp': animation('WEBP', frames, exif=exif, xmp=SECRET, icc_profile=SECRET) + SECRET,
        'animated gif': animation('GIF', frames, comment=SECRET) + SECRET,
    }


MARKS = (
    b'Exif', b'EXIF', b'eXIf', b'XMP ', b'xmp', b'ICCP', b'iCCP', b'ICC_PROFILE', b'tEXt', b'iTXt', b'zTXt', b'prVt',
    b'Photoshop', b'\xff\xfe', b'\xff\xe1', b'\xff\xed', b'\x21\xfe',
)  # fmt: skip


@pytest.mark.parametrize('name', with_secrets())
def test_nothing_but_the_pixels_is_kept(take: Take, name: str) -> None:
    data = with_secrets()[name]
    assert data.count(SECRET) > 1
    taken = take(data)
    for kept in (taken.data, taken.thumbnail_data):
        assert SECRET not in kept
        assert [mark for mark in MARKS if mark in kept] == []
    assert not set(taken.image.info) & {'exif', 'xmp', 'icc_profile', 'comment', 'Comment'}


def test_a_photo_weighs_about_what_it_weighed(take: Take) -> None:
    image = photo((800, 600))
    for quality in (50, 75, 95):
        data = encoded(image, 'JPEG', quality=quality)
        assert len(take(data).data) < 1.02 * len(data)


def test_colors_keep_their_resolution_in_a_photo(take: Take) -> None:
    for sampling in (0, 1, 2):
        kept = take(encoded(halves(), 'JPEG', subsampling=sampling)).image
        assert kept.layer[0][1:3] == {0: (1, 1), 1: (2, 1), 2: (2, 2)}[sampling]


@pytest.mark.parametrize('lossless', [True, False])
def test_a_webp_is_as_exact_as_it_came(take: Take, lossless: bool) -> None:
    kept = take(encoded(photo((100, 100)), 'WEBP', lossless=lossless)).data
    assert (b'VP8L' in kept) == lossless


def test_a_photo_that_hides_more_photos_or_a_film_is_taken(take: Take) -> None:
    several = BytesIO()
    halves().save(several, 'MPO', save_all=True, append_images=[halves(left=GREEN)])
    assert Image.open(BytesIO(several.getvalue())).format == 'MPO'
    film = b'ftypmp42' + b'\xff\xda' * 1_000 + SECRET
    for data in (several.getvalue(), encoded(halves(), 'JPEG') + film):
        taken = take(data)
        assert taken.prepared.type == 'image/jpeg'
        assert SECRET not in taken.data
        assert taken.data.count(b'\xff\xd8\xff') == 1
        assert is_near(at(taken.image, 0.1, 0.5), LEFT)


# Colors.


def test_what_can_be_seen_through_stays_so(take: Take) -> None:
    clear = Image.new('RGBA', (20, 20), (255, 0, 0, 0))
    indexed = Image.new('P', (20, 20), 0)
    indexed.putpalette([255, 0, 0] * 256)
    for data in (
        encoded(clear, 'PNG'), encoded(clear, 'WEBP'), encoded(clear, 'WEBP', lossless=True),
        encoded(indexed, 'PNG', transparency=0), encoded(indexed, 'PNG', transparency=bytes(256)),
        encoded(indexed, 'GIF', transparency=0), encoded(Image.new('LA', (20, 20), (255, 0)), 'PNG'),
        encoded(Image.new('L', (20, 20), 9), 'PNG', transparency=9),
        encoded(Image.new('RGB', (20, 20), LEFT), 'PNG', transparency=LEFT),
        encoded(clear, 'PNG', icc_profile=wide_profile()),
        encoded(indexed, 'PNG', transparency=0, icc_profile=wide_profile()),
    ):  # fmt: skip
        taken = take(data)
        assert taken.image.convert('RGBA').getpixel((5, 5))[3] == 0
        assert taken.thumbnail.convert('RGBA').getpixel((5, 5))[3] == 0


def test_a_picture_of_few_colors_keeps_them_exactly_in_its_list(take: Take) -> None:
    image = photo((50, 50)).quantize(100)
    for kind in ('PNG', 'GIF'):
        kept = take(encoded(image, kind)).image
        assert kept.mode == 'P'
        assert kept.convert('RGB').tobytes() == image.convert('RGB').tobytes()


@pytest.mark.parametrize(
    ('image', 'kind', 'gray'),
    [
        (Image.new('1', (20, 20), 1), 'PNG', 255),
        (Image.new('L', (20, 20), 100), 'JPEG', 100),
        (Image.new('L', (20, 20), 100), 'PNG', 100),
        (Image.new('LA', (20, 20), (100, 255)), 'PNG', 100),
        (Image.new('I;16', (20, 20), 100 * 256), 'PNG', 100),
        (Image.new('CMYK', (20, 20), (0, 0, 0, 155)), 'JPEG', 100),
        (Image.new('P', (20, 20), 0), 'GIF', 0),
        (Image.new('L', (20, 20), 100), 'GIF', 100),
    ],
    ids=lambda each: getattr(each, 'mode', None),
)
def test_colors_are_what_they_were_however_they_were_written(
    take: Take, image: Image.Image, kind: str, gray: int
) -> None:
    taken = take(encoded(image, kind))
    for each in (taken.image, taken.thumbnail):
        assert is_near(at(each, 0.5, 0.5), (gray,) * 3, 3)
    assert taken.image.mode in ('1', 'L', 'LA', 'P', 'RGB')


def test_16_bits_become_8(take: Take) -> None:
    row = b'\0' + struct.pack('>HHH', 200 * 256 + 7, 100 * 256, 50 * 256) * 4
    head = struct.pack('>IIBBBBB', 4, 4, 16, 2, 0, 0, 0)
    data = png((b'IHDR', head), (b'IDAT', zlib.compress(row * 4)), (b'IEND', b''))
    assert take(data).image.getpixel((1, 1)) == (200, 100, 50)
    clear = struct.pack('>HHH', 200 * 256 + 7, 100 * 256, 50 * 256)
    data = png((b'IHDR', head), (b'tRNS', clear), (b'IDAT', zlib.compress(row * 4)), (b'IEND', b''))
    assert take(data).image.getpixel((1, 1)) == (200, 100, 50, 0)


def wide_profile() -> bytes:
    """Return a profile like Adobe RGB: the primaries of sRGB, and a green far outside."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes())
    for name, values in {
        b'rXYZ': (0.60974, 0.31111, 0.01947),
        b'gXYZ': (0.20528, 0.62567, 0.06087),
        b'bXYZ': (0.14919, 0.06322, 0.74457),
    }.items():
        entry = profile.index(name, 128)
        place = int.from_bytes(profile[entry + 4 : entry + 8], 'big') + 8
        profile[place : place + 12] = struct.pack('>iii', *(round(value * 65536) for value in values))
    return bytes(profile)


@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'WEBP', 'animated PNG', 'animated WEBP'])
def test_colors_of_another_space_look_as_they_did(take: Take, kind: str) -> None:
    image = Image.new('RGB', (20, 20), (120, 170, 100))
    options = {'icc_profile': wide_profile()} | ({} if 'PNG' in kind else {'quality': 100})
    if kind.startswith('animated'):
        data = animation(kind[9:], [image, halves((20, 20))], **options)
    else:
        data = encoded(image, kind, **options)
    shown = ImageCms.profileToProfile(image, BytesIO(wide_profile()), ImageCms.createProfile('sRGB'))
    assert not is_near(shown.getpixel((1, 1)), (120, 170, 100), 20)
    taken = take(data)
    for each in (taken.image, taken.thumbnail):
        assert is_near(at(each, 0.5, 0.5), shown.getpixel((1, 1)), 10)
    assert 'icc_profile' not in taken.image.info


def test_colors_stay_exactly_what_they_are_with_the_profile_that_browsers_show(take: Take) -> None:
    image = photo((50, 50)).quantize(100)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
    kept = take(encoded(image, 'PNG', icc_profile=srgb)).image
    assert kept.mode == 'P'
    assert kept.convert('RGB').tobytes() == image.convert('RGB').tobytes()


@pytest.mark.parametrize('profile', [b'', b'x', wide_profile()[:200], bytes(5_000_000), wide_profile()[:16] + b'LAB '])
def test_a_profile_that_no_browser_could_use_counts_as_none(take: Take, profile: bytes) -> None:
    kept = take(encoded(Image.new('RGB', (20, 20), LEFT), 'WEBP', lossless=True, icc_profile=profile)).image
    assert at(kept, 0.5, 0.5) == LEFT


def test_a_profile_for_other_colors_counts_as_none(take: Take) -> None:
    assert at(take(encoded(Image.new('L', (20, 20), 90), 'PNG', icc_profile=wide_profile())).image, 0, 0) == (90,) * 3


# What moves.


def moving(kind: str, **options: object) -> bytes:
    frames = [halves((40, 30), left=color) for color in (LEFT, GREEN, RIGHT)]
    return animation(kind, frames, duration=[100, 250, 70], **options)


@pytest.mark.parametrize('kind', ANIMATED)
@pytest.mark.parametrize('loop', [0, 3])
def test_what_moves_goes_on_moving(take: Take, kind: str, loop: int) -> None:
    taken = take(moving(kind, loop=loop))
    assert taken.prepared == Prepared(f'image/{kind.lower()}', 40, 30, len(taken.data), animated=True)
    assert taken.image.info['loop'] == loop
    frames = []
    for each in ImageSequence.Iterator(taken.image):
        each.load()
        frames.append((at(each, 0.1, 0.5), each.info['duration']))
    assert [duration for _, duration in frames] == [100, 250, 70]
    assert all(is_near(color, was) for (color, _), was in zip(frames, (LEFT, GREEN, RIGHT), strict=True))
    assert not getattr(taken.thumbnail, 'is_animated', False)
    assert is_near(at(taken.thumbnail, 0.1, 0.5), LEFT)


def test_a_gif_without_a_loop_is_shown_once(take: Take) -> None:
    assert 'loop' not in take(moving('GIF')).image.info


@pytest.mark.parametrize('kind', ANIMATED)
@pytest.mark.parametrize('disposal', [0, 1, 2])
@pytest.mark.parametrize('clear', [True, False])
def test_frames_look_as_they_did_wherever_they_lie(take: Take, kind: str, disposal: int, clear: bool) -> None:
    frames = []
    for number in range(5):
        image = Image.new('RGBA', (40, 30), (0, 0, 0, 0) if clear else RIGHT)
        image.paste(GREEN, (5 * number, 4, 5 * number + 8, 9))
        frames.append(image)
    options = {'lossless': True} if kind == 'WEBP' else {'disposal': disposal}
    data = animation(kind, frames, duration=40, **options)
    before, after = (
        [each.convert('RGBA').tobytes() for each in ImageSequence.Iterator(image)]
        for image in (Image.open(BytesIO(data)), take(data).image)
    )
    assert len(before) > 1
    assert before == after


def test_the_picture_for_who_shows_no_animations_is_left_out(take: Take) -> None:
    frames = [halves(left=color) for color in (GREEN, LEFT, GREEN)]
    taken = take(animation('PNG', frames, default_image=True))
    assert taken.image.n_frames == 2
    assert not taken.image.info.get('default_image')
    assert is_near(at(taken.image, 0.1, 0.5), LEFT)


def test_an_interlaced_gif_is_the_same_picture(take: Take) -> None:
    image = photo((50, 50)).quantize(200)
    data = encoded(image, 'GIF', interlace=1)
    assert take(data).image.convert('RGB').tobytes() == image.convert('RGB').tobytes()


# What hides something.


def archive() -> bytes:
    data = BytesIO()
    with zipfile.ZipFile(data, 'w') as file:
        file.writestr('evil.js', 'alert(1)')
    return data.getvalue()


PAYLOAD = b'*/=1;/*<script>alert(1)</script>*/'
HIDDEN = PAYLOAD + b'\0;'


@pytest.mark.parametrize('kind', ['gif', 'gif in a block', 'png', 'jpeg', 'webp'])
def test_a_picture_that_is_a_page_and_an_archive_too_is_kept_as_a_picture(take: Take, kind: str) -> None:
    image = halves()
    data = {
        'gif': lambda: encoded(image, 'GIF') + PAYLOAD,
        'gif in a block': lambda: moving('GIF', comment=PAYLOAD)[:-1] + b'\x21\xff\x0bMAGIC123456\x22' + HIDDEN,
        'png': lambda: encoded(image, 'PNG') + PAYLOAD,
        'jpeg': lambda: encoded(image, 'JPEG', comment=PAYLOAD) + PAYLOAD,
        'webp': lambda: encoded(image, 'WEBP') + PAYLOAD,
    }[kind]() + archive()  # fmt: skip
    assert zipfile.is_zipfile(BytesIO(data))
    assert PAYLOAD in data
    taken = take(data)
    for kept in (taken.data, taken.thumbnail_data):
        assert b'script' not in kept
        assert b'evil.js' not in kept
        assert not zipfile.is_zipfile(BytesIO(kept))


def test_what_follows_the_pixels_of_a_frame_is_not_kept(take: Take) -> None:
    """LZW ends by a code of its own, after which its blocks can hold anything."""
    data = encoded(halves(), 'GIF')
    assert data.endswith(b'\0;')
    taken = take(data[:-2] + bytes([len(PAYLOAD)]) + PAYLOAD + b'\0;')
    assert b'script' not in taken.data


@pytest.mark.parametrize(
    'data',
    [
        b'', b'x', b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'<html><script>alert(1)</script>', b'GIF89a', b'GIF89a/*' + PAYLOAD, b'\xff\xd8\xff', b'\xff\xd8',
        b'RIFF\0\0\0\0WEBPVP8 ', b'RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0', b'\x89PNG\r\n\x1a\n', b'%PDF-1.7',
        b'\0' * 1000,
        encoded(halves(), 'BMP'), encoded(halves(), 'TIFF'), encoded(halves(), 'ICO'), encoded(halves(), 'PPM'),
    ],
)  # fmt: skip
def test_what_is_no_picture_of_a_known_kind_is_refused(refused: Callable[[bytes], str], data: bytes) -> None:
    assert refused(data) == 'image_broken'


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('moves', [False, True])
def test_half_a_picture_is_refused(refused: Callable[[bytes], str], kind: str, moves: bool) -> None:
    if moves and kind == 'JPEG':
        data = encoded(photo((100, 100)), kind, progressive=True)
    else:
        data = moving(kind) if moves else encoded(photo((100, 100)), kind)
    for part in (0.3, 0.6, 0.9):
        assert refused(data[: int(len(data) * part)]) == 'image_broken'


# What would cost too much.


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    return b'\x89PNG\r\n\x1a\n' + b''.join(
        struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data)) for name, data in chunks
    )


def png_head(width: int, height: int) -> tuple[bytes, bytes]:
    return b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)


def png_that_says(width: int, height: int) -> bytes:
    return png(png_head(width, height), (b'IDAT', zlib.compress(b'\0')), (b'IEND', b''))


def frame_control(number: int, width: int, height: int, left: int = 0) -> tuple[bytes, bytes]:
    return b'fcTL', struct.pack('>IIIIIHHBB', number, width, height, left, 0, 1, 10, 0, 0)


def apng_of(frames: int, said: int, size: tuple[int, int] = (1, 1), left: int = 0) -> bytes:
    pixels = zlib.compress(b'\0\xff\0\0' if size == (1, 1) else b'\0')
    chunks = [png_head(*size), (b'acTL', struct.pack('>II', said, 0)), frame_control(0, *size), (b'IDAT', pixels)]
    for number in range(1, 2 * frames - 2, 2):
        chunks += [frame_control(number, *size, left), (b'fdAT', struct.pack('>I', number + 1) + pixels)]
    return png(*chunks, (b'IEND', b''))


def gif_of(frames: int, canvas: tuple[int, int] = (1, 1), size: tuple[int, int] = (1, 1)) -> bytes:
    frame = b',\0\0\0\0' + struct.pack('<HH', *size) + b'\0\x02\x02\x44\x01\0'
    return b'GIF89a' + struct.pack('<HH', *canvas) + b'\xf0\0\0' + bytes(6) + frame * frames + b';'


def webp_of(frames: int, canvas: tuple[int, int] = (1, 1), size: tuple[int, int] | None = None) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return name + struct.pack('<I', len(data)) + data + b'\0' * (len(data) % 2)

    def three(*numbers: int) -> bytes:
        return b''.join(number.to_bytes(3, 'little') for number in numbers)

    pixels = encoded(Image.new('RGB', (1, 1), LEFT), 'WEBP', lossless=True)[12:]
    wide, high = size or canvas
    content = chunk(b'VP8X', b'\x02\0\0\0' + three(canvas[0] - 1, canvas[1] - 1)) + chunk(b'ANIM', bytes(6))
    content += chunk(b'ANMF', three(0, 0, wide - 1, high - 1, 100) + b'\0' + pixels) * frames
    return b'RIFF' + struct.pack('<I', len(content) + 4) + b'WEBP' + content


def jpeg_that_says(width: int, height: int) -> bytes:
    data = bytearray(encoded(halves(), 'JPEG'))
    place = data.index(b'\xff\xc0') + 5
    data[place : place + 4] = struct.pack('>HH', height, width)
    return bytes(data)


@pytest.fixture
def no_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError('something was decoded')

    monkeypatch.setattr('PIL.ImageFile.ImageFile.load', fail)
    monkeypatch.setattr('PIL.ImageFile.ImageFile.load_prepare', fail)


MANY = animations.MOST_FRAMES


@pytest.mark.usefixtures('no_decoding')
@pytest.mark.parametrize(
    ('data', 'rule'),
    [
        (png_that_says(30_000, 30_000), 'image_pixels'), (png_that_says(8_001, 4_000), 'image_pixels'),
        (jpeg_that_says(30_000, 30_000), 'image_pixels'), (jpeg_that_says(8_001, 4_000), 'image_pixels'),
        (gif_of(1, (30_000, 30_000)), 'image_pixels'), (gif_of(1, (1, 1), (30_000, 30_000)), 'image_pixels'),
        (gif_of(10_000), 'image_frames'), (gif_of(MANY + 1), 'image_frames'),
        (gif_of(5, (8_000, 4_000)), 'image_together'), (gif_of(160, (1_000, 1_000)), 'image_together'),
        (apng_of(10_000, 10_000), 'image_frames'), (apng_of(10_000, 2), 'image_frames'),
        (apng_of(160, 160, (1_000, 1_000)), 'image_together'), (apng_of(2, 2, (30_000, 30_000)), 'image_pixels'),
        (apng_of(2, 0xFFFFFFFF), 'image_broken'), (apng_of(2, 3), 'image_broken'), (apng_of(3, 2), 'image_broken'),
        (apng_of(2, 2, left=1), 'image_broken'),
        (webp_of(10_000), 'image_frames'), (webp_of(MANY + 1), 'image_frames'),
        (webp_of(160, (1_000, 1_000)), 'image_together'), (webp_of(2, (30_000, 30_000)), 'image_pixels'),
        (webp_of(2, (1, 1), (16_000, 16_000)), 'image_pixels'),
    ],
)  # fmt: skip
def test_what_is_too_much_is_refused_before_anything_is_decoded(
    refused: Callable[[bytes], str], data: bytes, rule: str
) -> None:
    assert refused(data) == rule


@pytest.mark.parametrize(
    'data',
    [
        png_that_says(10, 10), png_that_says(0, 0), jpeg_that_says(0, 0),
        gif_of(1, (0, 0), (0, 0)), gif_of(1, (10, 10), (10, 10)), gif_of(0), gif_of(2)[:-8],
        webp_of(2, (10, 10)), webp_of(0), apng_of(2, 2, (10, 10)),
    ],
)  # fmt: skip
def test_a_picture_that_says_more_than_there_is_is_refused(refused: Callable[[bytes], str], data: bytes) -> None:
    assert refused(data) == 'image_broken'


@pytest.mark.parametrize('data', [gif_of(MANY), apng_of(MANY, MANY), webp_of(MANY)], ids=ANIMATED)
def test_as_many_frames_are_taken_as_the_rule_says(take: Take, data: bytes) -> None:
    assert take(data).image.n_frames == MANY


def test_one_frame_of_thirty_two_megapixels_is_taken_and_no_more_bytes_than_the_rule_says(
    take: Take, refused: Callable[[bytes], str]
) -> None:
    assert take(encoded(Image.new('L', (8_000, 4_000), 100), 'GIF')).prepared.width == 8_000
    assert refused(encoded(halves(), 'JPEG') + bytes(images.LARGEST)) == 'image_large'


def jpeg_with(*parts: bytes) -> bytes:
    return b'\xff\xd8' + b''.join(parts) + encoded(halves(), 'JPEG')[2:]


@pytest.mark.parametrize(
    'data',
    [
        jpeg_with(b'\xff\xda\0\x02' * (decoding.MOST_SCANS + 1)),
        jpeg_with(b'\xff\xe5\0\x02' * decoding.MOST_SEGMENTS),
        jpeg_with(b'\0' * (decoding.MOST_JUNK + 1)),
        jpeg_with(b'\xff' * (decoding.MOST_JUNK + 2)),
        encoded(photo((60, 60)), 'JPEG')[:-2] + b'\xff\xda\0\x02' * (decoding.MOST_SCANS + 1) + b'\xff\xd9',
    ],
)
@pytest.mark.usefixtures('no_decoding')
def test_a_small_jpeg_that_is_endless_work_is_refused(refused: Callable[[bytes], str], data: bytes) -> None:
    assert refused(data) == 'image_broken'


def test_a_progressive_photo_is_taken(take: Take) -> None:
    data = encoded(Image.effect_noise((400, 400), 80), 'JPEG', progressive=True)
    assert data.count(b'\xff\xda') > 1
    assert take(data).image.size == (400, 400)


@pytest.mark.usefixtures('no_decoding')
@pytest.mark.parametrize(
    'data',
    [
        png(png_head(4, 4), *[(b'prVt', b'')] * apng.MOST_CHUNKS, (b'IDAT', b''), (b'IEND', b'')),
        gif_of(1)[:-1] + b'\x21\xfe\0' * gif.MOST_BLOCKS + b';',
        b'GIF89a\1\0\1\0\0\0\0\x21\xfe' + b'\x01x' * gif.MOST_BLOCKS + b'\0;',
    ],
    ids=['png', 'gif', 'gif in one comment'],
)
def test_a_picture_of_countless_parts_is_refused(refused: Callable[[bytes], str], data: bytes) -> None:
    assert refused(data) == 'image_broken'


@pytest.mark.parametrize('name', [b'zTXt', b'iTXt', b'iCCP'])
def test_what_swells_when_it_is_unpacked_is_refused(refused: Callable[[bytes], str], name: bytes) -> None:
    swollen = zlib.compress(bytes(200_000_000), 9)
    content = {b'zTXt': b'a\0\0', b'iTXt': b'a\0\1\0\0\0', b'iCCP': b'a\0\0'}[name] + swollen
    pixels = zlib.compress((b'\0' + bytes(12)) * 4)
    assert refused(png(png_head(4, 4), (name, content), (b'IDAT', pixels), (b'IEND', b''))) == 'image_broken'


# Anything at all.


@settings(deadline=None, max_examples=100)
@given(some.data())
def test_whatever_comes_is_taken_or_refused(tmp_path_factory: pytest.TempPathFactory, data: some.DataObject) -> None:
    folder = tmp_path_factory.getbasetemp()
    source, kept, thumbnail = (folder / name for name in ('source', 'kept', 'thumbnail'))
    whole = bytearray(data.draw(some.sampled_from([*WHOLE, b''])))
    for place in data.draw(some.lists(some.integers(0, max(0, len(whole) - 1)), max_size=8)) if whole else ():
        whole[place] = data.draw(some.integers(0, 255))
    source.write_bytes(bytes(whole)[: data.draw(some.integers(0, len(whole)))] + data.draw(some.binary(max_size=200)))
    try:
        prepared = images.prepare(source, kept, thumbnail)
    except UnfitImage:
        assert not kept.exists()
        assert not thumbnail.exists()
    else:
        with Image.open(kept, formats=KINDS) as image:
            assert image.size == (prepared.width, prepared.height)


WHOLE = [
    *(encoded(halves(), kind) for kind in KINDS), *map(moving, ANIMATED), encoded(halves(), 'JPEG', progressive=True),
    *with_secrets().values(),
]  # fmt: skip


@pytest.mark.slow
def test_a_thousand_damaged_pictures_are_taken_or_refused(take: Take) -> None:
    chance = random.Random(5)
    taken = 0
    for _ in range(1_000):
        data = bytearray(chance.choice(WHOLE))
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(len(data))] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))
        try:
            take(bytes(data))
            taken += 1
        except UnfitImage:
            pass
    assert 0 < taken < 1_000


# Where it is written.


def test_a_full_disk_is_not_the_pictures_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, 'No space left on device')

    source, kept, thumbnail = (tmp_path / name for name in ('source', 'kept', 'thumbnail'))
    source.write_bytes(encoded(halves(), 'PNG'))
    monkeypatch.setattr(images, '_write_png', fail)
    with pytest.raises(OSError, match='No space'):
        images.prepare(source, kept, thumbnail)
    assert [path.name for path in tmp_path.iterdir()] == ['source']


async def test_pictures_are_prepared_one_after_the_other_and_stopping_twice_is_harmless(tmp_path: Path) -> None:
    taking = Images()
    source = tmp_path / 'source'
    source.write_bytes(encoded(halves(), 'PNG'))
    paths = [(tmp_path / f'{number}', tmp_path / f'{number}-thumbnail') for number in range(5)]
    prepared = await asyncio.gather(*(taking.prepare(source, *each) for each in paths))
    assert {(each.width, each.height) for each in prepared} == {(60, 60)}
    assert all(kept.exists() and thumbnail.exists() for kept, thumbnail in paths)
    taking.stop()
    taking.stop()


async def test_whoever_stops_waiting_leaves_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, removed = asyncio.Event(), threading.Event(), asyncio.Event()
    loop, write, remove = asyncio.get_running_loop(), images._write_png, images._remove

    def wait_and_write(*given: object) -> None:
        loop.call_soon_threadsafe(begun.set)
        go_on.wait(20)
        write(*given)

    def remove_and_tell(*paths: Path) -> None:
        remove(*paths)
        loop.call_soon_threadsafe(removed.set)

    monkeypatch.setattr(images, '_write_png', wait_and_write)
    monkeypatch.setattr(images, '_remove', remove_and_tell)
    taking = Images()
    source, kept, thumbnail = (tmp_path / name for name in ('source', 'kept', 'thumbnail'))
    source.write_bytes(encoded(halves(), 'PNG'))
    task = asyncio.create_task(taking.prepare(source, kept, thumbnail))
    await asyncio.wait_for(begun.wait(), 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    await asyncio.wait_for(removed.wait(), 20)
    assert not kept.exists()
    assert not thumbnail.exists()
    taking.stop()
