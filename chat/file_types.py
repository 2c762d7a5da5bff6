"""What a file is, told by its content alone, how it may be shown, and what it is called.

The first bytes are compared with those of the WHATWG's MIME Sniffing Standard, which browsers keep to; those of FLAC
are in RFC 9639, those of Ogg and its codecs in RFC 3533 and 7845, those of WebM in RFC 8794 and 9559. A file can begin
as one kind and go on as another: what comes as a picture is for the decoder in chat/images.py to take or to refuse, and
all else is sent so that a browser guesses nothing.
"""

import codecs
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from chat import text
from chat.models import FileKind

OTHER = 'application/octet-stream'
OPENS = frozenset({'text/plain', 'application/pdf'})  # what may be looked at in a tab of its own
NAME_LENGTH = 150  # characters
EXTENSION_LENGTH = 20  # with its dot; what is longer after a dot is no extension
HEAD = 65_536  # bytes in which everything else stands that a kind is told by
PIECE = 1_048_576  # bytes of a text that are looked at in one go

_KINDS: dict[str, FileKind] = {'image': 'image', 'video': 'video', 'audio': 'audio'}
_IMAGES = ('image/jpeg', 'image/png', 'image/gif', 'image/webp')
_FILMS = ('video/mp4', 'video/webm', 'video/quicktime')
_SOUNDS = ('audio/mpeg', 'audio/mp4', 'audio/ogg', 'audio/wav', 'audio/flac', 'audio/webm')
TYPES = frozenset({*_IMAGES, *_FILMS, *_SOUNDS, *OPENS, OTHER})


def type_of(source: Path) -> str:
    """Return which of TYPES a file is."""
    with source.open('rb') as file:
        head = file.read(HEAD)
        for pattern, kind in _SIGNATURES:
            if pattern.match(head):
                found = kind if isinstance(kind, str) else kind(head)
                if found is not None:
                    return found
        file.seek(0)
        return 'text/plain' if _is_text(file) else OTHER


def kind_of(type: str) -> FileKind:  # noqa: A002 - it is called so everywhere
    """Return how a file of some type may be shown."""
    if type not in TYPES or type == OTHER:
        return 'other'
    if type == 'application/pdf':
        return 'pdf'
    return _KINDS.get(type.partition('/')[0], 'text')


def clean_name(name: str) -> str:
    """Return what a file is called as people see it and any system can store it; there is always a name.

    Its extension stays, whatever is cut. Joiners stay inside emoji and the scripts that are spelled with them.
    """
    last = re.split(r'[/\\]', name)[-1]
    if len(last) > 2 * text.RAW_LENGTH * NAME_LENGTH:
        last = last[: text.RAW_LENGTH * NAME_LENGTH] + last[-text.RAW_LENGTH * NAME_LENGTH :]
    whole = _trimmed(text.without_piles(text.visible_line(re.sub('[<>:"|?*]', '_', last))))
    if _DEVICE.match(whole):
        whole = f'_{whole}'
    stem, dot, extension = whole.rpartition('.')
    if not dot or len(extension) >= EXTENSION_LENGTH:
        return _trimmed(text.cut(whole, NAME_LENGTH)) or 'file'
    return _trimmed(text.cut(stem, NAME_LENGTH - len(extension) - 1)) + dot + extension


def _trimmed(name: str) -> str:
    """Return a name without dots and blanks around it: before it they hide a file, after it Windows drops them."""
    return name.strip('. ')


def _is_text(file: BinaryIO) -> bool:
    """Whether a file is text in UTF-8 to its end. HTML, SVG and scripts are, too, and are shown as mere text."""
    decoder = codecs.getincrementaldecoder('utf-8')()
    try:
        while piece := file.read(PIECE):
            if _CONTROL.search(decoder.decode(piece)):
                return False
        decoder.decode(b'', final=True)
    except UnicodeDecodeError:
        return False
    return True


def _mp4(head: bytes) -> str | None:
    """Tell films, sounds and pictures apart that are stored in one kind of box, by what its maker calls it."""
    size = int.from_bytes(head[:4], 'big')
    major, others = head[8:12], {head[place : place + 4] for place in range(16, min(size, 256), 4)}
    if major == b'qt  ':
        return 'video/quicktime'
    if major in _MP4_SOUNDS:
        return 'audio/mp4'
    if major in _MP4_FILMS or (major not in _MP4_PICTURES and others & _MP4_FILMS):
        return 'video/mp4'
    return None


def _webm(head: bytes) -> str | None:
    """Tell films from sounds by the names of their codecs; other kinds of Matroska are shown by few browsers."""
    if not _DOCTYPE_WEBM.search(head[:64]):
        return None
    return 'audio/webm' if _SOUND_TRACK.search(head) and not _FILM_TRACK.search(head) else 'video/webm'


def _mp3(head: bytes) -> str | None:
    """Return the type if two frames follow each other, as the standard asks: two bytes alone are in many files."""
    size = _mp3_frame(head)
    return 'audio/mpeg' if size and _mp3_frame(head[size : size + 4]) else None


def _mp3_frame(head: bytes) -> int:
    """Return how many bytes a frame of MPEG audio, layer III, has; 0 if it is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version, rate, frequency = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or rate in (0, 15) or frequency == 3:
        return 0
    is_first = version == 3
    bits = (_KBITS_1 if is_first else _KBITS_2)[rate - 1] * 1000
    hertz = (44_100, 48_000, 32_000)[frequency] >> {3: 0, 2: 1, 0: 2}[version]
    return (144 if is_first else 72) * bits // hertz + (head[2] >> 1 & 1)


_KBITS_1 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MP4_SOUNDS = frozenset({b'M4A ', b'M4B ', b'M4P '})
_MP4_FILMS = frozenset(
    {b'isom', b'iso2', b'iso3', b'iso4', b'iso5', b'iso6', b'avc1', b'dash', b'mp41', b'mp42', b'M4V ', b'MSNV'}
)
_MP4_PICTURES = frozenset({b'heic', b'heix', b'hevc', b'heim', b'heis', b'mif1', b'msf1', b'avif', b'avis', b'crx '})
_DOCTYPE_WEBM = re.compile(rb'\x42\x82(\x84|\x40\x04|\x01\0{6}\x04)webm')
_FILM_TRACK = re.compile(rb'\x86[\x80-\xff]V_')
_SOUND_TRACK = re.compile(rb'\x86[\x80-\xff]A_')
_CONTROL = re.compile('[\x00-\x08\x0b\x0e-\x1f\x7f]')
_DEVICE = re.compile(r'(con|prn|aux|nul|com\d|lpt\d) *(\.|$)', re.IGNORECASE)  # files that Windows takes for these
_SIGNATURES: tuple[tuple[re.Pattern[bytes], str | Callable[[bytes], str | None]], ...] = tuple(
    (re.compile(pattern, re.DOTALL), kind)
    for pattern, kind in (
        (rb'\xff\xd8\xff', 'image/jpeg'),
        (rb'\x89PNG\r\n\x1a\n', 'image/png'),
        (rb'GIF8[79]a', 'image/gif'),
        (rb'RIFF....WEBPVP', 'image/webp'),
        (rb'RIFF....WAVE', 'audio/wav'),
        (rb'....ftyp', _mp4),
        (rb'\x1a\x45\xdf\xa3', _webm),
        (rb'OggS\0.{21}\x01.(\x01vorbis|OpusHead|Speex   |\x7fFLAC)', 'audio/ogg'),
        (rb'fLaC[\x00\x80]\0\0\x22', 'audio/flac'),
        (rb'ID3[\x02-\x04][\x00-\x0a][\x00-\xff][\x00-\x7f]{4}', 'audio/mpeg'),
        (rb'\xff[\xe2-\xff]', _mp3),
        (rb'%PDF-', 'application/pdf'),
    )
)
