"""What a page tells its browser by a wire: all of it, once, in order, and after a gap as it is then."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest
from nicegui import core, ui
from nicegui.testing import User

from tests.loops import breathe
from web import page_updates, socket_guard
from web.page_updates import Wire, is_possible, wire_of


class Browser:
    """Takes packets as NiceGUI's browser side does; ``due`` is the number of the next one."""

    def __init__(self, server, page) -> None:
        self.server, self.page = server, page
        self.elements: dict[str, Any] = page.elements
        self.due = 0
        self.numbers: list[int] = []
        self.events: list[str] = []

    def tell(self, key: str, text: str = '', **options: str) -> None:
        query = '&'.join(f'{name}={value}' for name, value in {'key': key, 'text': text, **options}.items())
        assert self.server.get(f'/tell/{self.page.client_id}?{query}').status_code == 200

    def connect(self, due: int | None = None, **query: str):
        number = str(self.due if due is None else due)
        return self.server.connect(self.page.query(next_message_id=number, document_id=f'at {number}', **query))

    async def read(self, ws, seconds: float = 0.3) -> None:
        """Take what comes until nothing does."""
        while True:
            try:
                async with asyncio.timeout(seconds):
                    self.take(await ws.recv())
            except TimeoutError:
                return

    def take(self, packet: str) -> None:
        if packet.startswith('42'):
            event, data = json.loads(packet[2:])
            number = data.pop('_id')
            self.numbers.append(number)
            self.events.append(event)
            if number < self.due:
                return
            self.due = number + 1
            for key, element in data.items() if event == 'update' else ():
                self.elements[key] = element

    def text(self, key: str) -> str | None:
        element = self.elements.get(key)
        return element and element['text']

    @property
    def label(self) -> str:
        return next(each for each in self.elements.values() if each and each['tag'] == 'div' and 'text' in each)['text']


@pytest.fixture
def browser(server) -> Browser:
    return Browser(server, server.open_page('/parts'))


async def test_parts_and_elements_come_each_once_in_the_order_of_their_numbers(server, browser):
    async with browser.connect() as ws:
        await server.shake_hands(ws)
        for number in range(20):
            browser.tell(f'p{number % 3}', f'text {number}')
        await browser.read(ws)
    assert browser.numbers == list(range(len(browser.numbers)))
    assert [browser.text(key) for key in ('p0', 'p1', 'p2')] == ['text 18', 'text 19', 'text 17']
    assert (browser.text('last'), browser.label) == ('the last is text 19', 'text 19')


async def test_a_part_that_is_dropped_is_gone(server, browser):
    async with browser.connect() as ws:
        await server.shake_hands(ws)
        browser.tell('p', 'here')
        await browser.read(ws)
        assert browser.text('p') == 'here'
        browser.tell('p')
        await browser.read(ws)
        assert browser.elements['p'] is None


async def test_what_changes_before_the_browser_comes_waits_for_it(server, browser):
    browser.tell('p', 'early')
    async with browser.connect() as ws:
        await server.shake_hands(ws)
        await browser.read(ws)
    assert (browser.text('p'), browser.label) == ('early', 'early')


async def test_after_a_gap_the_browser_has_what_changed_meanwhile(server, browser, until):
    async with browser.connect() as ws:
        await server.shake_hands(ws)
        browser.tell('p', 'before')
        await browser.read(ws)
    await until(lambda: server.state()['sockets'] == 0)
    browser.tell('p', 'meanwhile')
    browser.tell('q', 'new')
    async with browser.connect() as ws, asyncio.timeout(30):
        await server.shake_hands(ws)
        while browser.label != 'new':
            await browser.read(ws)
    assert (browser.text('p'), browser.text('q'), browser.label) == ('meanwhile', 'new', 'new')
    assert browser.numbers == list(range(len(browser.numbers)))


async def test_what_was_lost_on_the_way_comes_again_and_is_not_older_than_what_followed(server, browser, until):
    async with browser.connect() as ws:
        await server.shake_hands(ws)
        browser.tell('p', 'first')
        await browser.read(ws)
        lost_from = browser.due
        browser.tell('p', 'lost')  # sent, and never read
    await until(lambda: server.state()['sockets'] == 0)
    browser.tell('p', 'newest')
    async with browser.connect(due=lost_from) as ws:
        await server.shake_hands(ws)
        await browser.read(ws)
    assert browser.text('p') == 'newest'
    assert browser.due == max(browser.numbers) + 1


async def test_a_browser_that_asks_for_what_is_long_forgotten_is_told_to_load_the_page_again(server, browser):
    async with browser.connect(due=10_000) as ws:
        await server.shake_hands(ws)
        packets = [await ws.recv()]
    assert 'window.location.reload()' in packets[0]


async def test_what_a_kind_of_element_needs_is_loaded_before_the_first_of_it(server, browser):
    async with browser.connect() as ws:
        await server.shake_hands(ws)
        browser.tell('p', 'words', new='true')
        browser.tell('p', 'more', new='true')
        await browser.read(ws)
    assert browser.events.count('load_js_components') == 1
    assert any(each and each['tag'] == 'nicegui-input' for each in browser.elements.values())
    assert browser.events.index('load_js_components') < len(browser.events) - 1


async def test_parts_come_by_long_polling_too(server):
    page = server.open_page('/parts')
    browser = Browser(server, page)
    async with server.polling(page) as connection:
        await connection.post('40')
        assert '"sid"' in (await connection.get()).text
        browser.tell('p', 'slowly')
        for packet in (await connection.get()).text.split('\x1e'):
            browser.take(packet)
    assert browser.text('p') == 'slowly'


async def test_a_browser_that_is_back_before_its_old_socket_is_known_to_be_gone_misses_nothing(server, browser):
    async with browser.connect() as old:
        await server.shake_hands(old)
        browser.tell('p', 'before')
        await browser.read(old)
        async with browser.connect() as ws:
            browser.tell('p', 'meanwhile')
            await server.shake_hands(ws)
            browser.tell('q', 'after')
            await browser.read(ws)
    assert (browser.text('p'), browser.text('q')) == ('meanwhile', 'after')
    assert browser.numbers == list(range(len(browser.numbers)))


async def test_two_browsers_of_one_page_are_both_told(server, browser):
    async with browser.connect() as ws, browser.connect(due=0) as other:
        await server.shake_hands(ws)
        await server.shake_hands(other)
        browser.tell('p', 'both')
        await browser.read(ws)
        assert browser.text('p') == 'both'
        packets = []
        while '"both"' not in ''.join(packets):
            packets.append(await other.recv())


async def test_there_is_no_wire_where_browsers_are_simulated(user: User):
    await user.open('/')
    assert not is_possible(user.client)
    assert wire_of(user.client) is None


@pytest.mark.parametrize('missing', [*page_updates.NAMES, page_updates.SOCKETS])
async def test_there_is_no_wire_with_a_nicegui_that_is_not_known(user: User, monkeypatch, missing: str):
    await user.open('/')
    monkeypatch.setattr(page_updates.helpers, 'is_user_simulation', lambda: False)
    monkeypatch.setattr(core.sio.eio, 'create_queue', socket_guard.PacketQueue)
    assert is_possible(user.client)
    assert not is_possible(user.client, version='3.19.0')
    names = {name: None for name in page_updates.NAMES if name != missing}
    sockets = {} if missing == page_updates.SOCKETS else {page_updates.SOCKETS: {}}
    assert not is_possible(SimpleNamespace(outbox=SimpleNamespace(**names), **sockets))
    monkeypatch.setattr(core.sio.eio, 'create_queue', asyncio.Queue)
    assert not is_possible(user.client)


async def test_one_update_that_fails_does_not_end_the_page(user: User, caplog, monkeypatch):
    await user.open('/')
    sent: list[bytes] = []

    class Way:
        put = sent.append

    wire = Wire(user.client)
    monkeypatch.setattr(wire, '_look_for_ways', lambda _: [Way])
    wire.enqueue_message('notify', {'message': {1, 2}}, user.client.id)  # no JSON
    await breathe()
    assert not sent
    assert caplog.records
    caplog.clear()
    wire.enqueue_message('notify', {'message': 'fine'}, user.client.id)
    with user.client:
        ui.label('fine, too')
    await breathe()
    assert sent == [b'2["notify",{"message":"fine","_id":0}]']


def test_the_text_of_parts_is_put_together_once_for_all_pages(monkeypatch):
    page_updates._joined.cache_clear()
    for _ in range(100):
        page_updates._joined((('m1', '{"tag":"p"}'), ('m2', 'null')))
    assert page_updates._joined.cache_info().misses == 1
