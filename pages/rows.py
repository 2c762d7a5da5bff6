"""Messages as prepared HTML, made once per version and shared by all pages that show it alike.

What differs between readers is not in here: a page's own style rule tells which rows are the reader's.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from html import escape
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chat import markup, text
from chat.models import COLORS, Message, User
from pages import attachments, chips, zones

GROUPED_FOR = timedelta(minutes=5)  # messages of one author within this time stand under one name (Campfire)
CACHED_ROWS = 20_000  # about 1.5 KiB each
CACHED_BLOCKS = 1_000  # about 12 KiB each
NEW_LINE = '<div class="new-line" role="separator" aria-label="New messages"><span>New</span></div>'
EXCERPT = 120  # characters of a quoted message


_REACT = (
    '<button type="button" class="message-button react-button" data-action="pick" aria-label="Add reaction"'
    f' title="Add reaction" aria-haspopup="dialog">{chips.PICK}</button>'
)


class Place(NamedTuple):
    """How a row stands among its neighbors."""

    starts_day: bool
    starts_group: bool
    is_first_new: bool = False


def place_of(message: Message, before: Message | None, reader: ZoneInfo) -> Place:
    """Return how ``message`` is to be shown after the one ``before`` it."""
    if before is None:
        return Place(starts_day=True, starts_group=True)
    starts_day = zones.day_of(message.created_at, reader) != zones.day_of(before.created_at, reader)
    another = message.author.id != before.author.id or message.created_at - before.created_at > GROUPED_FOR
    return Place(starts_day, starts_day or another or message.reply_to is not None)


def rows(
    messages: Sequence[Message],
    before: Message | None,
    reader: ZoneInfo,
    quoted: dict[int, Message],
    new_after: int | None,
) -> str:
    """Return the rows of neighboring messages; a line stands above the first that is newer than ``new_after``."""
    has_line = new_after is not None and messages[-1].id > new_after and (before is None or before.id <= new_after)
    quotes = tuple(quoted[each.reply_to] for each in messages if each.reply_to in quoted)
    return _rows(tuple(messages), before, reader, quotes, new_after if has_line else None)


@lru_cache(maxsize=CACHED_BLOCKS)  # pages that are opened at about the same time show the same history
def _rows(
    messages: tuple[Message, ...],
    before: Message | None,
    reader: ZoneInfo,
    quotes: tuple[Message, ...],
    new_after: int | None,
) -> str:
    quoted = {each.id: each for each in quotes}
    parts = []
    for message in messages:
        place = place_of(message, before, reader)
        if new_after is not None and message.id > new_after and (before is None or before.id <= new_after):
            place = place._replace(starts_group=True, is_first_new=True)
        parts.append(row(message, place, reader, quoted.get(message.reply_to or 0)))
        before = message
    return ''.join(parts)


def one(
    message: Message, before: Message | None, reader: ZoneInfo, quoted: Message | None, new_after: int | None
) -> str:
    """Return the row of a message that was just said, as ``rows`` does."""
    if new_after is None or (before is not None and before.id > new_after):
        return _following(message, before, reader, quoted)
    return rows([message], before, reader, {} if quoted is None else {quoted.id: quoted}, new_after)


@lru_cache(maxsize=CACHED_ROWS)  # every page of a room asks
def _following(message: Message, before: Message | None, reader: ZoneInfo, quoted: Message | None) -> str:
    return row(message, place_of(message, before, reader), reader, quoted)


@lru_cache(maxsize=CACHED_ROWS)
def row(message: Message, place: Place, reader: ZoneInfo, quoted: Message | None) -> str:
    """Return one message as an article, with the day's line above it if it is the day's first, and that of the new."""
    day = zones.long_day(zones.day_of(message.created_at, reader))
    line = f'<div class="day-line" role="separator"><span>{day}</span></div>' if place.starts_day else ''
    line += NEW_LINE if place.is_first_new else ''
    head = _head(message, reader) if place.starts_group else _side_time(message, reader)
    kind = (' first' if place.starts_group else '') + (' is-hidden' if message.hidden else '')
    name = escape(message.author.name)
    label = f'{name}, {zones.clock_time(message.created_at, reader)}'
    said = f'{_pin(message)}{_quote(message, quoted)}{words(message)}{chips.chips(message)}'
    return (
        f'{line}<article class="message{kind} by-{message.author.id}" id="m{message.id}" data-id="{message.id}"'
        f' tabindex="-1" aria-label="{label}" aria-describedby="s{message.id}">{head}<div class="said"'
        f' id="s{message.id}">{said}</div>'
        f'{_actions(message)}</article>'
    )


def avatar(user: User, size: str = '') -> str:
    """Return a person's colored initials."""
    initials = escape(text.initials(user.name))
    return f'<span class="avatar {size} color-{user.id % COLORS}" aria-hidden="true">{initials}</span>'


def _head(message: Message, reader: ZoneInfo) -> str:
    return (
        f'{avatar(message.author)}<header><button type="button" class="author" aria-haspopup="dialog">'
        f'{escape(message.author.name)}</button>{_time(message, reader)}</header>'
    )


def _side_time(message: Message, reader: ZoneInfo) -> str:
    return f'<span class="side-time">{_time(message, reader)}</span>'


def _time(message: Message, reader: ZoneInfo) -> str:
    moment = message.created_at
    return (
        f'<time datetime="{moment.isoformat()}" title="{zones.full_time(moment, reader)}">'
        f'{zones.clock_time(moment, reader)}</time>'
    )


def words(message: Message) -> str:
    """Return what a message says and what goes with it, or what became of it."""
    if message.hidden:
        return '<p class="tombstone">Hidden by a moderator.</p>'
    if message.deleted_at is not None:
        return '<p class="tombstone">This message was deleted.</p>'
    large = ' only-emoji' if markup.is_only_emoji(message.body) else ''
    edited = '<span class="edited">(edited)</span>' if message.edited_at is not None else ''
    body = f'<div class="body{large}">{message.html}</div>' if message.body or not message.attachments else ''
    return f'{body}{edited}{attachments.shown(message)}'


def _quote(message: Message, quoted: Message | None) -> str:
    """Return a button that leads to the message that this one replies to, if it can be read."""
    if message.reply_to is None or message.deleted_at is not None:
        return ''
    if quoted is None or quoted.deleted_at is not None:
        what = 'hidden' if quoted is not None and quoted.hidden else 'deleted'
        return f'<p class="quote">Reply to a {what} message</p>'
    name, excerpt = escape(quoted.author.name), escape(attachments.excerpt(quoted, EXCERPT))
    return (
        f'<button type="button" class="quote" data-action="quote" aria-label="Reply to {name} {excerpt}">'
        f'<strong>{name}</strong> {excerpt}</button>'
    )


def _pin(message: Message) -> str:
    if message.pinned_at is None:
        return ''
    return '<p class="pinned"><i class="material-icons" aria-hidden="true">push_pin</i>Pinned</p>'


def _actions(message: Message) -> str:
    if message.deleted_at is not None and not message.hidden:  # what is hidden can be shown again, see theme.css
        return ''
    more = (
        '<button type="button" class="message-button" data-action="menu" aria-label="More actions"'
        ' aria-haspopup="menu" tabindex="0">'  # by which Quasar finds what to give the focus back to
        '<i class="material-icons" aria-hidden="true">more_horiz</i></button>'
    )
    return more if message.hidden else more + _REACT
