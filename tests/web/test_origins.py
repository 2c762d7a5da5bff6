"""Whose page is asking."""

import pytest

from web.addresses import address_of
from web.origins import is_same_origin, may_connect, parse_host, site_of

SITE = 'https://chat.example.org'


@pytest.mark.parametrize(
    ('origin', 'host', 'scheme'),
    [
        ('http://chat.example.org', 'chat.example.org', 'http'),
        ('http://chat.example.org', 'chat.example.org:80', 'ws'),
        ('http://chat.example.org:80', 'Chat.Example.org', 'http'),
        ('http://192.168.0.7:8080', '192.168.0.7:8080', 'http'),
        ('http://[::1]:8080', '[::1]:8080', 'ws'),
        (SITE, 'chat.example.org:443', 'wss'),
        (SITE, 'chat.example.org', 'http'),  # a proxy ended https
    ],
)
def test_pages_of_this_site_are_known(origin, host, scheme):
    assert is_same_origin(origin, host, scheme)


@pytest.mark.parametrize(
    ('origin', 'host', 'scheme'),
    [
        (None, 'chat.example.org', 'https'),
        ('', '', 'https'),
        ('null', 'null', 'https'),
        ('https://evil.example', 'chat.example.org', 'https'),
        ('https://chat.example.org.evil.example', 'chat.example.org', 'https'),
        ('https://evil.example/chat.example.org', 'chat.example.org', 'https'),
        ('https://chat.example.org@evil.example', 'chat.example.org', 'https'),
        ('https://chat.example.org:8443', 'chat.example.org', 'https'),
        ('http://chat.example.org', 'chat.example.org', 'https'),  # anybody on the way could have written it
        ('http://chat.example.org', 'chat.example.org', 'wss'),
        (f'{SITE}\n', 'chat.example.org', 'https'),
        ('file://', '', 'http'),
        ('chrome-extension://chat.example.org', 'chat.example.org', 'https'),
    ],
)
def test_pages_of_other_sites_are_not(origin, host, scheme):
    assert not is_same_origin(origin, host, scheme)


def test_with_a_public_url_the_host_that_was_asked_for_proves_nothing():
    assert is_same_origin(SITE, '10.0.0.5:8080', 'http', SITE)
    assert is_same_origin(SITE, 'chat.example.org', 'http', f'{SITE}/')
    assert not is_same_origin('http://rebound.example', 'rebound.example', 'http', SITE)
    assert not is_same_origin('http://chat.example.org', 'chat.example.org', 'http', SITE)
    assert is_same_origin('http://localhost:8080', 'localhost:8080', 'http', SITE)


def scope(kind='websocket', method='GET', **headers):
    named = [(name.replace('_', '-').encode(), value.encode()) for name, value in headers.items()]
    scheme = 'ws' if kind == 'websocket' else 'http'
    return {'type': kind, 'method': method, 'scheme': scheme, 'headers': [(b'host', b'chat.example.org'), *named]}


def test_a_socket_is_opened_by_a_browser_on_a_page_of_this_site():
    assert may_connect(scope(origin='http://chat.example.org'))
    assert not may_connect(scope(origin='https://evil.example'))
    assert not may_connect(scope())


def test_polling_asks_without_an_origin_but_never_posts_without():
    assert may_connect(scope('http'))
    assert may_connect(scope('http', sec_fetch_site='same-origin'))
    assert not may_connect(scope('http', sec_fetch_site='cross-site'))
    assert not may_connect(scope('http', sec_fetch_site='same-site'))
    assert not may_connect(scope('http', 'POST'))
    assert may_connect(scope('http', 'POST', origin='http://chat.example.org'))


@pytest.mark.parametrize(
    'host', ['', 'a b', "a;script-src 'x'", 'a,b', 'a:b', 'a/', 'a@b', '[::1', 'a:123456', 'a\n', 'ä']
)
def test_what_is_no_host_is_not_read_as_one(host):
    assert parse_host(host) is None


@pytest.mark.parametrize('url', ['chat.example.org', 'ftp://chat.example.org', 'https://'])
def test_what_is_no_public_url_is_said_in_a_sentence(url):
    with pytest.raises(ValueError, match='it must be like https://'):
        site_of(url)


def test_a_home_counts_as_one_however_many_addresses_it_has():
    def counted(host):
        return address_of({'client': (host, 1)})

    assert counted('2001:db8:1:2::1') == counted('2001:db8:1:2:ffff::9') != counted('2001:db8:1:3::1')
    assert counted('192.0.2.1') == counted('::ffff:192.0.2.1') != counted('192.0.2.2')
    assert address_of({'client': None}) == address_of({}) == ''
