import io
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import ifaddr
import pytest

from chat import Chat
from chat.settings import SettingError, Settings
from chat.version import VERSION
from web import startup

FULL_BLOCK = '█'


class Terminal(io.StringIO):
    """Something to write to that says of itself to be a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def network_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this machine a loopback, a card without an address of its own, and one with."""
    cards = [
        ['127.0.0.1', ('::1', 0, 0)],
        ['169.254.7.7', ('fe80::1', 0, 2)],
        ['192.0.2.7', ('2001:db8::7', 0, 0)],
    ]
    adapters = [SimpleNamespace(ips=[SimpleNamespace(ip=ip) for ip in ips]) for ips in cards]
    monkeypatch.setattr(ifaddr, 'get_adapters', lambda: adapters)


def announced(settings: Settings, stream: io.StringIO | None = None, qr: bool | None = None) -> str:
    stream = stream or io.StringIO()
    startup.announce(settings, stream=stream, qr=qr)
    return stream.getvalue()


def test_tells_version_addresses_folder_and_how_to_stop(tmp_path: Path) -> None:
    assert announced(Settings(data=tmp_path)).splitlines() == [
        f'Hearth {VERSION}',
        '  Open:  http://localhost:8080',
        '         http://192.0.2.7:8080',
        '         http://169.254.7.7:8080',
        f'  Data:  {tmp_path}',
        '  Ctrl+C stops it.',
    ]


@pytest.mark.parametrize(
    ('url', 'shown'),
    [
        ('postgresql://ada:geheim@db.example.org:5433/chat', 'PostgreSQL at db.example.org:5433/chat'),
        ('postgresql://ada:ge%2Fhe%40im@db/chat?sslmode=require', 'PostgreSQL at db/chat'),
        ('postgresql://db/chat?password=geheim@', 'PostgreSQL'),
    ],
)
def test_tells_which_database_and_no_password(url: str, shown: str) -> None:
    assert f'  Data:  {shown}\n' in announced(Settings(database_url=url))


@pytest.mark.parametrize(
    ('host', 'port', 'expected'),
    [
        ('0.0.0.0', 80, ['http://localhost', 'http://192.0.2.7', 'http://169.254.7.7']),  # noqa: S104
        ('::', 8080, ['http://localhost:8080', 'http://[2001:db8::7]:8080']),
        ('127.0.0.1', 8080, ['http://localhost:8080']),
        ('::1', 8080, ['http://localhost:8080']),
        ('192.0.2.7', 8080, ['http://192.0.2.7:8080']),
    ],
)
def test_tells_only_addresses_that_it_listens_on(host: str, port: int, expected: list[str]) -> None:
    assert startup.addresses(Settings(host=host, port=port)) == expected


def test_a_public_url_comes_first_and_replaces_the_names_that_it_makes_unknown() -> None:
    public = 'https://chat.example.org'
    assert startup.addresses(Settings(public_url=public)) == [public, 'http://localhost:8080']
    assert startup.addresses(Settings(public_url=public, host='192.0.2.7')) == [public]
    assert startup.addresses(Settings(public_url='http://localhost:8080')) == ['http://localhost:8080']


def test_only_a_terminal_gets_a_qr_code() -> None:
    assert 'Scan to open http://192.0.2.7:8080' in announced(Settings(), Terminal())
    assert FULL_BLOCK in announced(Settings(), Terminal())
    assert FULL_BLOCK in announced(Settings(), qr=True)
    assert FULL_BLOCK not in announced(Settings())
    assert FULL_BLOCK not in announced(Settings(), Terminal(), qr=False)


def test_the_qr_code_is_white_on_black_whatever_colors_the_terminal_has() -> None:
    assert '\x1b[48;5;232m\x1b[38;5;255m' in announced(Settings(), Terminal())
    assert '\x1b' not in announced(Settings(), qr=True)


def test_the_qr_code_leads_to_the_public_url() -> None:
    assert 'Scan to open https://a.example' in announced(Settings(public_url='https://a.example'), qr=True)


def test_no_qr_code_leads_to_where_no_phone_comes() -> None:
    assert FULL_BLOCK not in announced(Settings(host='127.0.0.1'), Terminal())


def test_a_terminal_that_cannot_show_something_does_not_stop_the_start(tmp_path: Path) -> None:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding='ascii')
    startup.announce(Settings(data=tmp_path / 'dätä'), stream=stream, qr=True)
    assert b'd\\xe4t\\xe4' in written.getvalue()
    assert b'Scan' not in written.getvalue()


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(('127.0.0.1', 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize('host', ['127.0.0.1', '0.0.0.0'])  # noqa: S104
def test_a_taken_port_gets_a_sentence_with_a_free_one(host: str, taken_port: int) -> None:
    with pytest.raises(SettingError) as caught:
        startup.check_port_free(host, taken_port)
    sentence, _, port = str(caught.value).removesuffix('.').rpartition(' ')
    assert sentence == f'Port {taken_port} is already in use. Stop the other program or start with --port'
    startup.check_port_free(host, int(port))


def test_a_free_port_is_left_free(taken_port: int) -> None:
    port = Settings(port=0).port
    startup.check_port_free('127.0.0.1', port)
    startup.check_port_free('127.0.0.1', port)


def test_a_port_that_needs_rights_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: object) -> None:
        raise PermissionError(13, 'Permission denied')

    monkeypatch.setattr(socket.socket, 'bind', refuse)  # these tests may run as root, who has all rights
    with pytest.raises(SettingError, match=r'^Port 80 needs rights .* Start with --port 8080\.$'):
        startup.check_port_free('127.0.0.1', 80)


@pytest.mark.parametrize('host', ['192.0.2.77', 'no-such-host.invalid'])
def test_a_host_that_is_not_here_gets_a_sentence(host: str) -> None:
    with pytest.raises(SettingError, match='is no address that this machine can listen on'):
        startup.check_port_free(host, 8080)


async def test_as_long_as_nobody_administers_the_start_says_how_to(tmp_path: Path) -> None:
    chat = Chat(Settings(data=tmp_path, public_url='https://chat.example.org'))
    chat.open()
    try:
        for _ in range(2):  # each start has a link of its own
            stream = io.StringIO()
            await startup.announce_administrator(chat, stream=stream)
            (token,) = re.findall(r'https://chat\.example\.org/link/(\S+)', stream.getvalue())
            assert (await chat.administration.link(token)).purpose == 'first'
        await chat.administration.become_administrator_as(token, 'Boss', 'a long sentence', 'here')
        stream = io.StringIO()
        await startup.announce_administrator(chat, stream=stream)
        assert stream.getvalue() == ''
    finally:
        await chat.stop()


async def test_a_start_that_cannot_store_a_link_goes_on(tmp_path: Path) -> None:
    stream = io.StringIO()
    await startup.announce_administrator(Chat(Settings(data=tmp_path)), stream=stream)  # which was not opened
    assert stream.getvalue() == ''
