"""The list stays where the reader is."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from chat import Chat
from chat.settings import Settings
from tests.browser.people import Person
from tests.servers import Server

HISTORY = 400


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Return a server whose lobby has a long history."""
    asyncio.run(_talk(tmp_path / 'data'))
    server = Server(tmp_path / 'data')
    server.start()
    yield server
    server.kill()


async def test_it_opens_at_the_end_with_the_newest_fifty(join) -> None:
    ada = await join('Ada')
    await expect(ada.rows).to_have_count(50)
    await expect(ada.row(f'message {HISTORY}.')).to_be_in_viewport()


async def test_older_messages_load_above_and_the_place_under_the_eye_stays(join) -> None:
    ada = await join('Ada')
    ids = await ada.ids()
    await ada.scroll_to('-scroller.scrollHeight')
    row, before = f'm{ids[0]}', await ada.top_of(f'm{ids[0]}')
    await expect(ada.rows).to_have_count(100)
    assert abs(await ada.top_of(row) - before) <= 2


async def test_what_arrives_while_one_reads_moves_nothing_and_is_announced(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await ada.scroll_to('-600')
    await expect(ada.page.locator('.jump')).to_have_text('Jump to the newestarrow_downward')
    row, before = await ada.place_of_what_is_read()
    await bo.say('news one')
    await bo.say('news two')
    await expect(ada.page.locator('.jump')).to_contain_text('2 new messages')
    assert abs(await ada.top_of(row) - before) <= 2
    await ada.page.locator('.jump').click()
    await expect(ada.row('news two')).to_be_in_viewport()
    await ada.at_end()


async def test_a_long_way_up_and_down_again_has_no_gap_no_double_and_a_small_page(join) -> None:
    ada = await join('Ada')
    seen: set[int] = set()
    for _ in range(60):
        ids = await ada.ids()
        assert ids == sorted(set(ids))
        seen.update(ids)
        if await ada.page.get_by_text('This is the beginning of Lobby').is_visible():
            break
        await ada.scroll_to('-scroller.scrollHeight')
        await ada.page.wait_for_timeout(150)
        await ada.few_rows()
    seen.update(await ada.ids())
    assert len(seen) == HISTORY
    await expect(ada.rows).to_have_count(210)
    for _ in range(60):
        ids = await ada.ids()
        assert ids == list(range(ids[0], ids[-1] + 1))
        if ids[-1] == max(seen):
            break
        await ada.scroll_to('0')
        await ada.page.wait_for_timeout(150)
        await ada.few_rows()
    assert ids[-1] == max(seen)
    await ada.scroll_to('0')
    await ada.at_end()


async def test_newer_messages_load_below_once_and_the_place_under_the_eye_stays(join) -> None:
    ada = await join('Ada')
    await ada.open('/rooms/lobby/100')
    await expect(ada.page.locator('.marked .message')).to_be_in_viewport()
    ids = await ada.ids()
    await ada.scroll_to('0')
    await expect(ada.rows).to_have_count(len(ids) + 50)
    await expect(ada.page.locator(f'#m{ids[-1]}')).to_be_in_viewport()
    await ada.page.wait_for_timeout(1000)
    assert len(await ada.ids()) == len(ids) + 50
    await expect(ada.page.locator(f'#m{ids[-1]}')).to_be_in_viewport()


async def test_who_is_back_at_the_end_before_a_picture_showed_them_away_from_it_reads_on(join) -> None:
    ada = await join('Ada')
    await ada.open('/rooms/lobby/100')
    await expect(ada.page.locator('.marked .message')).to_be_in_viewport()
    await ada.page.evaluate('Element.prototype.scrollIntoView = () => {}')  # so the end stays in view
    await ada.scroll_to('0')
    await expect(ada.row(f'message {HISTORY}.')).to_be_in_viewport()
    await ada.at_end()


async def test_what_is_let_go_of_below_leaves_the_browser(join) -> None:
    ada = await join('Ada')
    await ada.open('/rooms/lobby/60')
    await expect(ada.page.locator('.marked .message')).to_be_in_viewport()
    for _ in range(60):
        if (await ada.ids())[-1] > HISTORY - 60:
            break
        await ada.scroll_to('0')
        await ada.page.wait_for_timeout(150)
    await expect(ada.rows).to_have_count(210)
    newest = (await ada.ids())[-1]
    await ada.scroll_to('-scroller.scrollHeight')
    await expect(ada.page.locator(f'#m{newest}')).to_have_count(0)
    await expect(ada.rows).to_have_count(210)


async def test_in_a_window_that_shows_all_it_loads_the_page_comes_to_rest(join) -> None:
    ada = await join('Ada', height=7000)
    await ada.open('/rooms/lobby/200')
    await expect(ada.page.locator('.marked .message')).to_be_in_viewport()
    await ada.page.wait_for_timeout(4000)
    assert (await ada.ids())[0] > 1
    await expect(ada.page.locator('.marked .message')).to_be_in_viewport()


async def test_a_link_opens_around_its_message_and_marks_it(join) -> None:
    ada = await join('Ada')
    await ada.open('/rooms/lobby/100')
    await expect(ada.page.locator('#m100')).to_be_in_viewport()
    await expect(ada.page.locator('.marked .message')).to_have_id('m100')
    await ada.say('back at the end')
    await expect(ada.row('back at the end')).to_be_in_viewport()


async def _talk(data: Path) -> None:
    chat = Chat(Settings(data=data, rate_limits='off'))
    chat.open()
    people = [await chat.accounts.add_guest(name, 'here') for name in ('Grace', 'Alan')]
    for person in people:
        await chat.rooms.join(person, 'lobby')
    for number in range(1, HISTORY + 1):
        await chat.messages.send(people[number // 3 % 2], 'lobby', f'message {number}.')
    await chat.stop()


async def test_what_one_says_in_one_window_moves_nothing_in_the_other(join) -> None:
    ada = await join('Ada')
    other = Person(await ada.page.context.new_page(), ada.site)
    await other.open('/rooms/lobby')
    await other.at_end()
    await ada.scroll_to('-600')
    await expect(ada.page.locator('.jump')).to_be_visible()
    row, before = await ada.place_of_what_is_read()
    await other.say('from the other window')
    await expect(ada.rows.last).to_contain_text('from the other window')
    assert abs(await ada.top_of(row) - before) <= 2
    await ada.say('from this window')
    await expect(ada.row('from this window')).to_be_in_viewport()
