"""What a file is, by its content."""

from pathlib import Path
from typing import Literal

FileKind = Literal['image', 'video', 'audio', 'text', 'pdf', 'other']
_STARTS = {
    b'\xff\xd8': 'image/jpeg',
    b'\x89PNG': 'image/png',
    b'GIF8': 'image/gif',
    b'%PDF-': 'application/pdf',
    b'ID3': 'audio/mpeg',
    b'\x1aE\xdf\xa3': 'video/webm',
}


def type_of(source: Path) -> str:
    start = source.read_bytes()[:4096]
    for each, kind in _STARTS.items():
        if start.startswith(each):
            return kind
    try:
        start.decode()
    except ValueError:
        return 'application/octet-stream'
    return 'text/plain'


def kind_of(type: str) -> FileKind:
    if type == 'application/pdf':
        return 'pdf'
    kind = type.partition('/')[0]
    return kind if kind in ('image', 'video', 'audio', 'text') else 'other'  # type: ignore[return-value]


def opens(type: str) -> bool:
    return kind_of(type) in ('text', 'pdf')


def clean_name(name: str) -> str:
    return ''.join(c for c in name.replace('\\', '/').rpartition('/')[2] if c.isprintable())[-150:] or 'file'
