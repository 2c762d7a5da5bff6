"""The files that people share, as browsers ask for them."""

from urllib.parse import quote

from chat.models import Attachment


def address(attachment: Attachment) -> str:
    """Return where a file is; its name is there for who saves it."""
    return f'/files/{attachment.id:d}/{quote(attachment.name, safe="")}'


def thumbnail(attachment: Attachment) -> str:
    """Return where the thumbnail of a picture is."""
    return f'/thumbnails/{attachment.id:d}.webp'


def upload_address(slug: str) -> str:
    """Return where a browser brings files for a room: a form with one or more fields ``file``."""
    return f'/files/to/{quote(slug, safe="")}'
