"""Files for tests, and how they come."""

from collections.abc import AsyncIterator, Iterable
from io import BytesIO

from PIL import Image

from chat import Chat
from chat.models import Attachment, User


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """Give a file as it comes from the network."""
    for part in parts:
        yield part


async def bring(
    chat: Chat, user: User, slug: str = 'lobby', data: bytes | Iterable[bytes] = b'hello', name: str = 'notes.txt'
) -> Attachment:
    """Bring a file to a room."""
    parts = [data] if isinstance(data, bytes) else data
    return await chat.files.upload(user, slug, name, pieces(*parts))


async def content(chat: Chat, user: User, attachment: Attachment, *, thumbnail: bool = False) -> bytes:
    """Return the bytes that somebody gets of a file."""
    opened = await chat.files.open(user, attachment.id, thumbnail=thumbnail)
    return b''.join([piece async for piece in opened.read(0, opened.size)])


def picture(kind: str = 'PNG', size: tuple[int, int] = (40, 20), color: str = 'red') -> bytes:
    """Return a picture of one color."""
    data = BytesIO()
    Image.new('RGB', size, color).save(data, kind)
    return data.getvalue()
