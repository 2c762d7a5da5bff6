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
    """Put the full address of ``path`` into the clipboard and say so; show it where a browser has none for us.

    Browsers open their clipboard only to pages that came by https or from this very machine.
    """
    site = public_url or str(client.request.base_url).rstrip('/')
    came_by = urlsplit(str(client.request.base_url))
    host = parse_host(came_by.netloc)
    is_secure = 'https' in (came_by.scheme, urlsplit(site).scheme) or (host is not None and host.name in LOCAL_NAMES)
    if is_secure:
        ui.clipboard.write(site + path)
        ui.notify(said)
    else:
        dialogs.show_address(site + path)
