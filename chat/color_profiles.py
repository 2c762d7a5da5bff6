"""The colors of a picture in sRGB, in which browsers show what has no profile of its own."""

from io import BytesIO
from typing import cast

from PIL import Image, ImageCms

from chat import decoding

LARGEST = 4 * 1024 * 1024  # bytes of a profile; those for printing have up to three
ALIKE = 2  # steps of 255 that a color may move without anybody seeing it

_SPACES = {'RGB': 'RGB', 'GRAY': 'L', 'CMYK': 'CMYK'}
_STEPS = range(0, 256, 51)


class Profile:
    """What a picture says of its colors; as in browsers, one that is broken or made for other colors counts as none."""

    def __init__(self, profile: object) -> None:
        self._transform = _transform(profile) if isinstance(profile, bytes) and profile else None
        self._changes_nothing = self._transform is None or _changes_nothing(self._transform)

    def in_srgb(self, image: Image.Image) -> Image.Image:
        """Return a picture without a profile that looks as it did with it; one whose colors stay keeps its mode."""
        image.info.pop('icc_profile', None)
        if self._transform is None or self._transform.input_mode != _colors(image):
            return image.convert('RGB') if image.mode == 'CMYK' else image
        if self._changes_nothing:
            return image
        image = decoding.in_8_bits(image)
        clear = image.convert('RGBA').getchannel('A') if image.has_transparency_data else None
        result = _transformed(image, self._transform)
        if clear is not None:
            result.putalpha(clear)
        result.info.clear()
        return result


def _transform(profile: bytes) -> ImageCms.ImageCmsTransform | None:
    if len(profile) > LARGEST:
        return None
    try:
        opened = ImageCms.getOpenProfile(BytesIO(profile))
        mode = _SPACES[opened.profile.xcolor_space.strip()]
        return ImageCms.buildTransform(opened, ImageCms.createProfile('sRGB'), mode, 'RGB')
    except Exception:  # a profile is broken in as many ways as there are
        return None


def _colors(image: Image.Image) -> str:
    """Return of which colors a picture's profile must tell."""
    if image.mode in ('1', 'L', 'LA', 'I;16'):
        return 'L'
    return 'CMYK' if image.mode == 'CMYK' else 'RGB'


def _transformed(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    mode = transform.input_mode
    # Only what is changed in place gives nothing back.
    return cast(Image.Image, ImageCms.applyTransform(image if image.mode == mode else image.convert(mode), transform))


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether the colors stay as they are: told by trying some, since a profile may call itself anything."""
    if transform.input_mode == 'CMYK':
        return False
    colors = [(gray,) * 3 for gray in range(256)]
    if transform.input_mode == 'RGB':
        colors += [(red, green, blue) for red in _STEPS for green in _STEPS for blue in _STEPS]
    sample = Image.new('RGB', (len(colors), 1))
    sample.putdata(colors)
    moved = zip(sample.tobytes(), _transformed(sample, transform).tobytes(), strict=True)
    return all(abs(before - after) <= ALIKE for before, after in moved)
