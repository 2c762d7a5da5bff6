"""Files in messages as prepared HTML: pictures, players and cards, in rows that pages share."""

from collections.abc import Iterable
from html import escape

from chat import file_types, text
from chat.models import Attachment, FileKind, Message
from pages import files

WIDEST, HIGHEST = 360, 300  # px of a picture that stands alone
VIDEO = 'width="360" height="203"'  # until it is known how it is shaped: nothing may move then
GIF = 'image/gif'
VIEW = 'view'  # what the button that a picture is stands for
ICONS: dict[FileKind, str] = {
    'image': 'image', 'video': 'movie', 'audio': 'audiotrack', 'text': 'description', 'pdf': 'picture_as_pdf',
    'other': 'insert_drive_file',
}  # fmt: skip


def shown(message: Message) -> str:
    """Return what goes with a message: pictures first, then the rest, each as it is best looked at."""
    if not message.attachments:
        return ''
    pictures = [each for each in message.attachments if each.is_picture]
    return _pictures(pictures) + ''.join(_other(each) for each in message.attachments if not each.is_picture)


def excerpt(message: Message, length: int) -> str:
    """Return the start of what a message says as plain text on one line; of one without words which files it has."""
    if message.body or not message.attachments:
        return text.excerpt(message.body, length)
    names = f'📎 {message.summary}'
    return names if len(names) <= length else f'{names[: length - 1]}…'


def size(count: int) -> str:
    """Return so many bytes as people say it, by the same measure as the limit on what may be shared."""
    if count < 1024:
        return '1 byte' if count == 1 else f'{count} bytes'
    number = count / 1024
    for unit in ('kB', 'MB'):
        if number < 1000:
            return f'{number:.1f} {unit}' if number < 10 else f'{number:.0f} {unit}'
        number /= 1024
    return f'{number:.1f} GB'


def icon(kind: FileKind) -> str:
    """Return the picture of a kind of file."""
    return f'<i class="material-icons file-icon" aria-hidden="true">{ICONS[kind]}</i>'


def name(attachment: Attachment) -> str:
    """Return the name of a file, which may be in any script, and turns nothing around it."""
    return f'<bdi>{escape(attachment.name)}</bdi>'


def fitting(width: int, height: int) -> tuple[int, int]:
    """Return how large a picture is shown that stands alone: never larger than it is."""
    scale = min(WIDEST / width, HIGHEST / height, 1)
    return max(round(width * scale), 1), max(round(height * scale), 1)


def _pictures(pictures: list[Attachment]) -> str:
    if not pictures:
        return ''
    count = len(pictures)
    columns = 'alone' if count == 1 else 'in-twos' if count in (2, 4) else 'in-threes'
    return f'<div class="pictures {columns}">{"".join(map(_picture, pictures))}</div>'


def _picture(attachment: Attachment) -> str:
    """Return a picture as a button; how large it will be is known before it has come, so that nothing moves."""
    width, height = fitting(attachment.width or 1, attachment.height or 1)
    moves = '<span class="picture-kind" aria-hidden="true">GIF</span>' if attachment.type == GIF else ''
    return (
        f'<button type="button" class="picture" data-action="{VIEW}" data-file="{attachment.id:d}"'
        f' aria-haspopup="dialog" tabindex="0" title="{escape(attachment.name)}">'  # tabindex: as in rows._actions
        f'<img src="{escape(files.thumbnail(attachment))}" width="{width}" height="{height}"'
        f' style="aspect-ratio: {width} / {height}" loading="lazy"'
        f' decoding="async" draggable="false" alt="{escape(attachment.name)}">{moves}</button>'
    )


def _other(attachment: Attachment) -> str:
    kind = file_types.kind_of(attachment.type)
    address, label = escape(files.address(attachment)), escape(attachment.name)
    if kind == 'video':
        player = f'<video controls preload="metadata" playsinline {VIDEO} src="{address}" aria-label="{label}"></video>'
    elif kind == 'audio':
        player = f'<audio controls preload="none" src="{address}" aria-label="{label}"></audio>'
    else:
        return _card(attachment, kind, address)
    return f'<div class="player">{player}{_card(attachment, kind, address)}</div>'


def _card(attachment: Attachment, kind: FileKind, address: str) -> str:
    """Return a line about a file, by which it is opened or saved."""
    label = escape(attachment.name)
    opens = attachment.type in file_types.OPENS
    how = f'href="{address}?open" target="_blank" rel="noopener"' if opens else f'href="{address}" download'
    return (
        f'<div class="file">{icon(kind)}<div class="file-text"><a class="file-name" {how} title="{label}">'
        f'{name(attachment)}</a><span class="file-size">{size(attachment.size)}</span></div>'
        f'<a class="file-save" href="{address}" download aria-label="Download {label}" title="Download">'
        '<i class="material-icons" aria-hidden="true">download</i></a></div>'
    )


def pictures_of(messages: Iterable[Message]) -> list[tuple[Message, Attachment]]:
    """Return all pictures in some messages, in their order."""
    return [(message, each) for message in messages for each in message.attachments if each.is_picture]
