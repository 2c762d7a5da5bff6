"""What a file is by its content, how it may be shown, and what it is called."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chat import file_types
from chat.file_types import OPENS, OTHER, TYPES, clean_name, kind_of, type_of


def box(*brands: bytes) -> bytes:
    content = b'ftyp' + brands[0] + b'\0\0\2\0' + b''.join(brands[1:])
    return (len(content) + 4).to_bytes(4, 'big') + content + b'\0\0\0\x08free' + b'isom' * 20


def matroska(doctype: bytes, *codecs: bytes) -> bytes:
    head = b'\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\x82' + bytes([0x80 + len(doctype)]) + doctype
    return head + b'\x18\x53\x80\x67' + b''.join(b'\x86' + bytes([0x80 + len(each)]) + each for each in codecs)


def ogg(*packets: bytes) -> bytes:
    pages = (b'OggS\0\2' + bytes(20) + bytes([1, len(each)]) + each for each in packets)
    return b''.join(pages) + bytes(100)


MP3_FRAME = b'\xff\xfb\x90\x64' + bytes(413)  # 128 kbit/s at 44,100 Hz
MP3_FRAME_PADDED = b'\xff\xfb\x92\x64' + bytes(414)
MP3_FRAME_22_KHZ = b'\xff\xf3\x40\xc4' + bytes(100)  # 32 kbit/s at 22,050 Hz, by MPEG 2
FILES = {
    'image/jpeg': [b'\xff\xd8\xff\xe0\0\x10JFIF'],
    'image/png': [b'\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR'],
    'image/gif': [b'GIF87a', b'GIF89a', b'GIF89a/*<script>alert(1)</script>PK\3\4'],
    'image/webp': [b'RIFF\x24\0\0\0WEBPVP8 '],
    'video/mp4': [
        box(b'isom', b'isom', b'iso2', b'avc1'), box(b'mp42', b'mp42'), box(b'dash'), box(b'M4V '),
        box(b'3gp5', b'3gp5', b'isom'),
    ],
    'video/quicktime': [box(b'qt  ', b'qt  ')],
    'video/webm': [matroska(b'webm', b'V_VP9', b'A_OPUS'), matroska(b'webm', b'A_OPUS', b'V_AV1'), matroska(b'webm')],
    'audio/webm': [matroska(b'webm', b'A_OPUS')],
    'audio/mpeg': [
        b'ID3\4\0\0\0\0\x02\x01' + MP3_FRAME, MP3_FRAME * 2, MP3_FRAME_PADDED + MP3_FRAME, MP3_FRAME_22_KHZ * 2,
    ],
    'audio/mp4': [box(b'M4A ', b'M4A ', b'mp42', b'isom'), box(b'M4B ')],
    'audio/ogg': [ogg(b'\1vorbis'), ogg(b'OpusHead\1'), ogg(b'Speex   1'), ogg(b'\x7fFLAC\1')],
    'audio/wav': [b'RIFF\x24\0\0\0WAVEfmt '],
    'audio/flac': [b'fLaC\0\0\0\x22' + bytes(34), b'fLaC\x80\0\0\x22' + bytes(34)],
    'application/pdf': [b'%PDF-1.7\n%\xe2\xe3'],
    'text/plain': [
        b'', b'Hello\tthere\r\n\f', 'Grüße, 世界 👋'.encode(), b'\xef\xbb\xbfwith a mark', b'{"a": 1}',
        b'<!doctype html><script>alert(1)</script>', b'<svg xmlns="http://www.w3.org/2000/svg"/>', b'alert(1)',
        b'ID3 is what MP3 begins with', b'fLaC begins with it', b'RIFF is a kind of file', b'MZ is a name',
        'é'.encode() * file_types.PIECE, b'a' + 'é'.encode() * file_types.PIECE,
    ],
    OTHER: [
        b'\0', b'a\0b', b'\x1b[31mred', b'del\x7f', b'\xff\xfeu\0t\0f\0', 'Grüße'.encode('latin-1'), b'cut \xc3',
        b'a' * file_types.PIECE * 2 + b'\0', b'PK\3\4' + bytes(20), b'MZ\x90\0', b'\x7fELF', b'BM\0\0\0\0',
        b'II*\0\x08\0\0\0', b'\0\0\1\0', b'RIFF\0\0\0\0AVI LIST', b'RIFF\0\0\0\0WEBP\0\0', b'\xff\xd8', b'\x89PNG\n',
        box(b'heic', b'mif1', b'heic'), box(b'avif', b'mif1', b'miaf', b'iso6'), box(b'abcd', b'efgh'),
        b'\0\0\0\x08ftyp', matroska(b'matroska', b'V_VP9'), ogg(b'\x80theora', b'\1vorbis'), b'OggS\0',
        b'\x1a\x45\xdf\xa3', MP3_FRAME, MP3_FRAME + b'\xff\xfb', b'\xff\xfb\xf0\x64' * 200, b'\xff\xf1\x50\x80' * 200,
        b'ID3\x09\0\0',
    ],
}  # fmt: skip


def written(tmp_path: Path, data: bytes, name: str = 'some') -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ('kind', 'data'), [(kind, data) for kind, files in FILES.items() for data in files], ids=lambda each: each[:20]
)
def test_a_file_is_what_it_contains(tmp_path: Path, kind: str, data: bytes) -> None:
    assert type_of(written(tmp_path, data)) == kind


def test_each_type_is_tried() -> None:
    assert set(FILES) == TYPES


def test_its_name_says_nothing(tmp_path: Path) -> None:
    assert type_of(written(tmp_path, b'<html><script>alert(1)</script>', 'photo.png')) == 'text/plain'
    assert type_of(written(tmp_path, FILES['image/png'][0], 'page.html')) == 'image/png'


def test_how_each_type_is_shown() -> None:
    kinds = {kind: {each for each in TYPES if kind_of(each) == kind} for kind in map(kind_of, TYPES)}
    assert kinds['image'] == {'image/jpeg', 'image/png', 'image/gif', 'image/webp'}
    assert kinds['video'] == {'video/mp4', 'video/webm', 'video/quicktime'}
    assert {each.partition('/')[0] for each in kinds['audio']} == {'audio'}
    assert kinds['text'] | kinds['pdf'] == OPENS
    assert kinds['other'] == {OTHER}


@pytest.mark.parametrize('type', ['text/html', 'image/svg+xml', 'text/plain; charset=x', '', 'image', 'video/x'])
def test_what_is_no_type_of_ours_is_not_shown(type: str) -> None:  # noqa: A002
    assert kind_of(type) == 'other'


@given(some.binary(max_size=2_000))
def test_any_bytes_have_a_type(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    assert type_of(written(tmp_path_factory.getbasetemp(), data)) in TYPES


@pytest.mark.parametrize(
    ('raw', 'name'),
    [
        ('Report 2026.pdf', 'Report 2026.pdf'),
        ('Überblick – 世界 👩‍🚀.tar.gz', 'Überblick – 世界 👩‍🚀.tar.gz'),
        ('می‌خواهم.txt', 'می‌خواهم.txt'),  # Persian is spelled with a joiner that cannot be seen
        ('u\u0308.txt', 'ü.txt'),
        ('/etc/passwd', 'passwd'),
        ('..\\..\\windows\\system.ini', 'system.ini'),
        ('a/b\\c', 'c'),
        ('folder/', 'file'),
        ('..', 'file'),
        ('', 'file'),
        (' \u200b\u202e\0', 'file'),
        ('.htaccess', 'htaccess'),
        ('...x', 'x'),
        ('a.txt. .', 'a.txt'),
        ('a  b\n\tc.txt', 'a b c.txt'),
        ('photo\u202egnp.exe', 'photognp.exe'),
        ('a\u200bb\ufeff\u2066\x1b\x00.txt', 'ab.txt'),
        ('half\ud800.txt', 'half.txt'),
        ('a<b>c:d"e|f?g*h.txt', 'a_b_c_d_e_f_g_h.txt'),
        ('con', '_con'),
        ('NUL.txt', '_NUL.txt'),
        ('com1 .log', '_com1.log'),
        ('console.log', 'console.log'),
        ('z' + '\u0351' * 20 + '.txt', 'z' + '\u0351' * 3 + '.txt'),
        ('x' * 200 + '.jpeg', 'x' * 145 + '.jpeg'),
        ('x' * 100_000 + '.jpeg', 'x' * 145 + '.jpeg'),
        ('x' * 200, 'x' * 150),
        ('a.' + 'x' * 200, 'a.' + 'x' * 148),
    ],
)
def test_a_name_is_what_people_see(raw: str, name: str) -> None:
    assert clean_name(raw) == name


@given(some.text(alphabet=some.characters(), max_size=400) | some.text('a.. /\\:e\u0301\u200d👩🚀\u202e', max_size=400))
def test_any_name_becomes_one_that_can_be_shown_and_stored(raw: str) -> None:
    name = clean_name(raw)
    assert 1 <= len(name) <= file_types.NAME_LENGTH
    assert not set(name) & set('/\\<>:"|?*\0\n\u202e\u2066')
    assert name == name.strip('. ') == unicodedata.normalize('NFC', name)
    assert clean_name(name) == name
    name.encode()
