"""Addresses that people give to each other."""

from urllib.parse import quote, urlsplit

from nicegui import Client, ui

from pages import dialogs
from web.origins import LOCAL_NAMES, parse_host


def address_of(slug: str, message_id: int | None = None) -> str:
    """Return the path of a room, or of a message in it."""
    path = f'/rooms/{quote(slug, safe="")}'
    return path if message_id is None else f'{path}/{message_id}'


def share(client: Client, public_url: str | None, path: str, said: str) -> None:
    """Put the full address of ``path`` into the clipboard and say so; show it where a browser has none for us."""
    address = _site(client, public_url) + path
    if _has_clipboard(client, public_url):
        ui.clipboard.write(address)
        ui.notify(said)
    else:
        dialogs.show_address(address)


def copy(client: Client, public_url: str | None, text: str, said: str) -> None:
    """Put a text into the clipboard and say so; show it where a browser has none for us."""
    if _has_clipboard(client, public_url):
        ui.clipboard.write(text)
        ui.notify(said)
    else:
        dialogs.show_text(text)


def _site(client: Client, public_url: str | None) -> str:
    return public_url or str(client.request.base_url).rstrip('/')


def _has_clipboard(client: Client, public_url: str | None) -> bool:
    """Browsers open their clipboard only to pages that came by https or from this very machine."""
    came_by = urlsplit(str(client.request.base_url))
    host = parse_host(came_by.netloc)
    is_https = 'https' in (came_by.scheme, urlsplit(_site(client, public_url)).scheme)
    return is_https or (host is not None and host.name in LOCAL_NAMES)
