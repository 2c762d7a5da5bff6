"""What the person who starts the server sees: where it is, how to come in, how to stop it, or why it cannot start."""

import errno
import gc
import os
import socket
from ipaddress import ip_address
from typing import TextIO

import ifaddr
import qrcode

from chat import Chat
from chat.errors import StorageFailed
from chat.settings import SettingError, Settings
from chat.version import VERSION
from web import entering

EVERYWHERE = {'0.0.0.0': 4, '::': 6}  # noqa: S104 - version of IP; ``::`` is IPv6 alone, as the server's loop wants it
THIS_MACHINE = ('localhost', '127.0.0.1', '::1')
HTTP_PORT = 80
FREE_FOR_ALL = 8080  # a port that needs no rights
NEIGHBORS = 100  # ports tried for a free one to recommend
# New objects between two looks for garbage in cycles, and how many such looks an older one waits for. Pages are full of
# cycles and live long: at Python's own numbers, full looks stop everybody for 100 to 200 ms with a hundred pages. And a
# look at 50,000 new objects stops everybody for 15 to 80 ms, if they are garbage.
COLLECT_AFTER = (5_000, 200, 50)
HALF_BLOCKS = '\xa0▀▄█'  # all that a QR code in a terminal is made of


def announce(settings: Settings, *, stream: TextIO, qr: bool | None = None) -> None:
    """Write where the server is found and how it is stopped; a terminal gets a QR code for phones as well."""
    first, *others = addresses(settings)
    lines = [
        f'Hearth {VERSION}',
        f'  Open:  {first}',
        *(f'         {address}' for address in others),
        f'  Data:  {_kept_in(settings)}',
        '  Ctrl+C stops it.',
    ]
    encoding = stream.encoding or 'utf-8'
    stream.write('\n'.join(lines).encode(encoding, 'backslashreplace').decode(encoding) + '\n')
    wanted = stream.isatty() if qr is None else qr
    if wanted and (address := _address_for_phones(settings)) and _can_show(HALF_BLOCKS, encoding):
        code = qrcode.QRCode()
        code.add_data(address)
        stream.write('\n')
        code.print_ascii(out=stream, tty=stream.isatty(), invert=True)
        stream.write(f'  Scan to open {address}\n')
    stream.flush()


async def announce_administrator(chat: Chat, *, stream: TextIO) -> None:
    """As long as nobody administers the chat, write the address by which somebody comes to."""
    try:
        token = await chat.administration.first_link()
    except StorageFailed:  # it is in the log, and people can still read
        return
    if token is not None:
        address = entering.account_address(addresses(chat.settings)[0], token)
        stream.write(
            f'\n  Nobody administers this chat yet. Whoever opens this address does, once and within 24 hours:\n'
            f'  {address}\n  "python main.py admin-link" prints another.\n'
        )
        stream.flush()


def _kept_in(settings: Settings) -> str:
    """Return where the data is, without the password to it."""
    if settings.database_url is None:
        return str(settings.data.absolute())
    address = settings.database_url.partition('?')[0]
    return f'PostgreSQL at {address.rpartition("@")[2]}' if '@' in address else 'PostgreSQL'


def calm_collector() -> None:
    """Let the garbage collector run less often, and never look at what was there at the start."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def addresses(settings: Settings) -> list[str]:
    """Return where a browser finds this server, the one to give away first.

    With a public URL the server goes by no other name than that and this machine's own, so no others are returned.
    """
    if settings.host not in EVERYWHERE:
        names = ['localhost' if settings.host in THIS_MACHINE else settings.host]
    else:
        names = ['localhost', *_network_addresses(EVERYWHERE[settings.host])]
    urls = [_url(name, settings.port) for name in names if not settings.public_url or name == 'localhost']
    return list(dict.fromkeys([settings.public_url, *urls] if settings.public_url else urls))


def check_port_free(host: str, port: int) -> None:
    """Raise SettingError if the server could not listen there; better before anything is opened than after."""
    try:
        _listen(host, port)
    except PermissionError:
        message = f'Port {port} needs rights that this user does not have. Start with --port {FREE_FOR_ALL}.'
        raise SettingError(message) from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SettingError(_in_use(host, port)) from None
        raise SettingError(
            f'{host!r} is no address that this machine can listen on. Start with another --host.'
        ) from None


def _in_use(host: str, port: int) -> str:
    for other in range(port + 1, min(port + NEIGHBORS, 2**16)):
        try:
            _listen(host, other)
        except OSError:
            continue
        return f'Port {port} is already in use. Stop the other program or start with --port {other}.'
    return f'Port {port} is already in use. Stop the other program or start with another --port.'


def _listen(host: str, port: int) -> None:
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        with socket.socket(family, kind, protocol) as listener:
            if os.name == 'posix':  # as the server does: connections that just ended are no reason to wait
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(address)


def _network_addresses(version: int) -> list[str]:
    """Return this machine's addresses as others see them; those that a machine gives itself come last."""
    found = (ip.ip if isinstance(ip.ip, str) else ip.ip[0] for adapter in ifaddr.get_adapters() for ip in adapter.ips)
    ips = [ip for ip in map(ip_address, found) if ip.version == version and not ip.is_loopback]
    # A link-local IPv6 address means nothing without the name of a network card, which differs on every machine.
    return [str(ip) for ip in sorted(ips, key=lambda ip: ip.is_link_local) if version == 4 or not ip.is_link_local]


def _address_for_phones(settings: Settings) -> str | None:
    if settings.public_url:
        return settings.public_url
    here = _url('localhost', settings.port)
    return next((address for address in addresses(settings) if address != here), None)


def _url(name: str, port: int) -> str:
    host = f'[{name}]' if ':' in name else name
    return f'http://{host}' if port == HTTP_PORT else f'http://{host}:{port}'


def _can_show(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
