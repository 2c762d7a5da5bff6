"""What happened since one was here, in a dialog whose entries lead to where they were said."""

from collections.abc import Awaitable, Callable, Iterable
from html import escape
from zoneinfo import ZoneInfo

from nicegui import ui

from chat import markup
from chat.models import CatchUp, Message, RoomNews, SharedLink
from pages import attachments, browser, buttons, dialogs, links, zones
from pages.asking import shows_errors

EXCERPT = 160  # characters of a message
LONGEST_ADDRESS = 80  # characters that are shown
NOTHING = 'Nothing has happened since.'
ONLY_NEWEST = 'Much has happened: only the newest messages were looked at.'


async def show(
    look: Callable[[], Awaitable[CatchUp]], done: Callable[[int], Awaitable[object]], reader: ZoneInfo
) -> None:
    """Show what ``look`` finds; ``done`` is awaited with the newest message when one says that one is up to date.

    Both may raise ChatError. What is shown stays until the dialog is closed.
    """
    found = await look()
    with dialogs.titled('Catch up') as dialog:
        ui.label(_since(found, reader)).classes('caught-since')
        with ui.element('nav').classes('caught').props('aria-label="What happened" tabindex=0') as place:
            ui.html(_parts(found, reader), sanitize=False)
        place.on('click', dialog.close, js_handler=browser.FOLLOWED_LINK)
        said = ui.label(ONLY_NEWEST if found.has_more else '').classes('browsed-said').props('role=status')

        @shows_errors
        async def up_to_date() -> None:
            await done(found.up_to)
            said.text = 'You are up to date.'

        with ui.element('div').classes('dialog-buttons'):
            buttons.plain('Close', dialog.close).props('autofocus')
            buttons.main('I am up to date', up_to_date)


def _since(found: CatchUp, reader: ZoneInfo) -> str:
    since = 'Since you were last up to date'
    if found.since is not None:
        since = f'Since {zones.full_time(found.since, reader)}'
    return f'{since}.'


def _parts(found: CatchUp, reader: ZoneInfo) -> str:
    """Return all parts in which there is something."""
    shown = [
        _part('Mentions of you', 'mentions', found, _entries(found.mentions, found, reader)),
        _part('Questions you have not answered', 'questions', found, _entries(found.questions, found, reader)),
        _part('Most reactions', 'reacted', found, (_reacted(each, found, reader) for each in found.reacted)),
        _part('Links', 'links', found, (_link(each, found, reader) for each in reversed(found.links))),
        _part('Rooms', 'rooms', found, map(_room, found.rooms)),
    ]
    return ''.join(shown) or f'<p class="caught-nothing">{NOTHING}</p>'


def _part(title: str, kind: str, found: CatchUp, entries: Iterable[str]) -> str:
    shown = ''.join(f'<li>{each}</li>' for each in entries)
    more = '<p class="caught-more">There are more. These are the newest.</p>' if kind in found.cut else ''
    return f'<h3>{title}</h3><ul>{shown}</ul>{more}' if shown else ''


def _entries(messages: Iterable[Message], found: CatchUp, reader: ZoneInfo) -> list[str]:
    return [_entry(message, found, reader) for message in reversed(list(messages))]


def _entry(message: Message, found: CatchUp, reader: ZoneInfo, more: str = '') -> str:
    words = escape(attachments.excerpt(message, EXCERPT))
    return _to(message, f'{_where(message, found, reader)}<span class="caught-words">{words}</span>{more}')


def _to(message: Message, html: str) -> str:
    """Return a link to a message."""
    return f'<a class="caught-entry" href="{escape(links.address_of(message.room, message.id))}">{html}</a>'


def _where(message: Message, found: CatchUp, reader: ZoneInfo) -> str:
    """Return whose a message is, where it stands and when it was said."""
    room = escape(found.names.get(message.room, message.room))
    day, time = zones.day_of(message.created_at, reader), zones.clock_time(message.created_at, reader)
    who = f'<strong>{escape(message.author.name)}</strong>'
    return f'<span class="caught-where">{who} in {room} · {day:%b} {day.day}, {time}</span>'


def _reacted(message: Message, found: CatchUp, reader: ZoneInfo) -> str:
    counts = ' '.join(f'{escape(each.emoji)} {len(each.user_ids)}' for each in message.reactions)
    return _entry(message, found, reader, f'<span class="caught-reactions">{counts}</span>')


def _link(shared: SharedLink, found: CatchUp, reader: ZoneInfo) -> str:
    address = shared.address
    shown = address if len(address) <= LONGEST_ADDRESS else f'{address[: LONGEST_ADDRESS - 1]}…'
    attributes = f'class="caught-link" href="{escape(address)}" target="_blank" rel="{markup.LINK_REL}"'
    where = _to(shared.message, _where(shared.message, found, reader))
    return f'<a {attributes}>{escape(shown)}</a>{where}'


def _room(news: RoomNews) -> str:
    name, address = escape(news.room.name), escape(links.address_of(news.room.slug))
    messages = '1 message' if news.messages == 1 else f'{news.messages:,} messages'
    count = f'<span class="caught-where">{messages}</span>'
    return f'<a class="caught-entry caught-room" href="{address}"><span>{name}</span>{count}</a>'
