"""A room in which 20 messages are said a second, and somebody who reads and writes in it; by a wire and without one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from tests.browser.people import Person
from tests.servers import Server

EVERY = 0.05  # s between two messages
WITHOUT_WIRE = """
import runpy
from web import page_updates
page_updates.NICEGUI = 'another'
runpy.run_path('main.py', run_name='__main__')
"""
KEEP = """rows => { window.kept = [...rows]; getSelection().selectAllChildren(rows[0].querySelector('.body')); }"""
ANNOUNCED = """log => { window.announced = [];
  new MutationObserver(changes => changes.forEach(change => change.addedNodes.forEach(node => {
    const rows = [...node.querySelectorAll?.('article') ?? []];
    if (!node.closest?.('[aria-live=off]')) announced.push(...rows.map(row => row.id));
  }))).observe(log, {childList: true, subtree: true}); }"""


@pytest.fixture(params=['by a wire', 'by elements'])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """Return a running server, the second time with a NiceGUI that it does not know."""
    command = ('main.py',) if request.param == 'by a wire' else ('-c', WITHOUT_WIRE)
    server = Server(tmp_path / 'data', command=command)
    server.start()
    yield server
    server.kill()


@asynccontextmanager
async def busy(server: Server, join: Callable) -> AsyncIterator[list[int]]:
    """Let a program talk in the lobby, 20 times a second, until the end; gives the ids of what it said."""
    said: list[int] = []
    async with httpx.AsyncClient(base_url=f'{server.site}/api/v1') as http:
        token = (await http.post('/sessions', json={'name': 'Robbie'})).json()['token']
        headers = {'Authorization': f'Bearer {token}'}

        async def talk() -> None:
            while True:
                body = {'body': f'News number {len(said)}'}
                answer = await http.post('/rooms/lobby/messages', json=body, headers=headers)
                said.append(answer.json()['id'])
                await asyncio.sleep(EVERY)

        talking = asyncio.create_task(talk())
        try:
            yield said
        finally:
            talking.cancel()


async def said_more(said: list[int], number: int) -> None:
    wanted = len(said) + number
    async with asyncio.timeout(30):
        while len(said) < wanted:
            await asyncio.sleep(0.05)


async def test_one_writes_undisturbed_and_reads_what_one_has_selected(server: Server, join: Callable) -> None:
    ada: Person = await join('Ada')
    await ada.say('The first')
    await ada.say('The second')
    await ada.sees('The second')
    await ada.rows.evaluate_all(KEEP)
    await ada.page.get_by_role('log', name='Messages').evaluate(ANNOUNCED)
    words = 'This is typed while others talk, key by key, and nothing of it is lost.'
    async with busy(server, join) as said:
        await said_more(said, 20)
        await ada.box.click()
        await ada.page.keyboard.type(words, delay=30)
        await expect(ada.box).to_have_value(words)
        await ada.box.press('Enter')
        await expect(ada.box).to_have_value('')
        await ada.sees(words)
        await said_more(said, 20)
    assert await ada.page.evaluate('kept.every(row => row.isConnected)')  # made anew, a picture in it would flicker
    await expect(ada.row(f'News number {len(said) - 1}')).to_be_visible()
    ids = await ada.ids()
    assert ids == sorted(set(ids))
    assert set(said) < set(ids)
    announced = await ada.page.evaluate('announced')
    assert announced == [f'm{each}' for each in ids[2:]]
    assert ada.complaints == []


async def test_text_stays_selected_and_the_place_stays_under_the_eye(server: Server, join: Callable) -> None:
    ada: Person = await join('Ada')
    for number in range(30):
        await ada.say(f'Something of two lines\n\nand a number: {number}')
    async with busy(server, join) as said:
        await said_more(said, 5)
        await ada.rows.evaluate_all(KEEP)
        await ada.scroll_to('-600')
        await expect(ada.page.locator('.jump')).to_be_visible()
        row, top = await ada.place_of_what_is_read()
        await said_more(said, 30)
        assert abs(await ada.top_of(row) - top) <= 1
        assert await ada.page.evaluate('getSelection().toString()') == 'Something of two lines\n\nand a number: 0'
        assert await ada.page.evaluate('kept.every(row => row.isConnected)')
    await ada.page.locator('.jump').click()
    await expect(ada.row(f'News number {len(said) - 1}')).to_be_visible()
    assert ada.complaints == []


async def test_edits_and_deletions_of_what_was_just_said_are_shown(server: Server, join: Callable) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await ada.say('Firts')
    await ada.say('Wrong')
    await bo.sees('Firts')
    await ada.choose('Firts', 'Edit')
    await expect(ada.box).to_have_value('Firts')
    await ada.say('First')
    await bo.sees('First')
    await ada.choose('Wrong', 'Delete')
    await ada.page.get_by_role('button', name='Delete').click()
    await expect(bo.page.get_by_text('This message was deleted.')).to_be_visible()
    await expect(bo.rows).to_have_count(2)
    await bo.box.press_sequentially('I am typing')
    await expect(ada.page.get_by_text('Bo is typing…')).to_be_visible()
    await bo.say('Typed')
    await ada.sees('Typed')
    await expect(ada.page.get_by_text('Bo is typing…')).to_be_hidden()
    assert ada.complaints == bo.complaints == []
