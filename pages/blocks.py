"""What stands in the log of a room: blocks of messages, and talks, which all pages of the room show alike."""

from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from nicegui import ui

from chat.models import Message
from pages import rows
from pages.live_rows import Kind
from pages.notices import Notices

CACHED = 64  # talks; one is on its way to all pages of a room at a time


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """Neighboring messages in one element of history, or in the live row ``key``; ``notices`` instead for who came."""

    ids: tuple[int, ...] = ()
    element: ui.html | None = None
    key: str = ''
    kind: Kind = 'message'
    notices: Notices | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Talk:
    """Messages that were said one after the other, with all that a page makes of them."""

    messages: dict[int, Message]
    blocks: tuple[Block, ...]
    rows: tuple[tuple[str, str], ...]  # the key and the HTML of each


@lru_cache(maxsize=CACHED)
def talk_of(messages: tuple[Message, ...], before: Message | None, reader: ZoneInfo) -> Talk:
    """Return messages that reply to nothing as they stand after the one ``before``."""
    shown = []
    for message in messages:
        shown.append((key_of(message), rows.one(message, before, reader, None, None)))
        before = message
    blocks = tuple(Block((message.id,), key=key_of(message)) for message in messages)
    return Talk({message.id: message for message in messages}, blocks, tuple(shown))


def key_of(message: Message) -> str:
    """Return the key of the live row of a message."""
    return f'm{message.id}'
