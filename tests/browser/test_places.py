"""Places in a room: links to messages, quotes that lead to theirs, one conversation alone, and what is pinned."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from chat import Chat
from chat.settings import Settings
from tests.browser.people import Person
from tests.browser.test_for_everyone import violations
from tests.servers import Server

HISTORY = 300
ANSWERED, ANSWER = 20, 290  # far from each other: not on one page
WIDTHS = [(1280, 800), (360, 640)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Return a server whose lobby has a long history, in which one message answers a much older one."""
    asyncio.run(_talk(tmp_path / 'data'))
    server = Server(tmp_path / 'data')
    server.start()
    yield server
    server.kill()


async def _talk(data: Path) -> None:
    chat = Chat(Settings(data=data, rate_limits=False))
    chat.open()
    grace, alan = [await chat.accounts.add_guest(name, 'here') for name in ('Grace', 'Alan')]
    for person in (grace, alan):
        await chat.rooms.join(person, 'lobby')
    for number in range(1, HISTORY + 1):
        reply_to = ANSWERED if number == ANSWER else None
        await chat.messages.send((grace, alan)[number // 3 % 2], 'lobby', f'message {number}.', reply_to=reply_to)
    await chat.rooms.create(grace, 'Study')
    await chat.messages.send(grace, 'study', 'in the study')
    await chat.stop()


async def has_focus(person: Person, row: str) -> None:
    """Wait until a message has the focus, in view."""
    await expect(person.page.locator(f'#{row}')).to_be_focused()
    await expect(person.page.locator(f'#{row}')).to_be_in_viewport()


async def walks_both_ways(person: Person) -> None:
    """Scroll up to the beginning and down to the end without a gap or a double."""
    for top, end in (('-scroller.scrollHeight', 1), ('0', HISTORY)):
        for _ in range(60):
            ids = await person.ids()
            assert ids == list(range(ids[0], ids[-1] + 1))
            if end in ids:
                break
            await person.scroll_to(top)
            await person.page.wait_for_timeout(150)
        assert end in ids
    await person.scroll_to('0')
    await person.at_end()


@pytest.mark.parametrize(('width', 'height'), [*WIDTHS, (1440, 1600)])
async def test_a_link_opens_around_its_message_with_the_focus_and_leads_both_ways(
    join, width: int, height: int
) -> None:
    ada = await join('Ada', width=width, height=height)
    await ada.open('/rooms/lobby/100')
    await has_focus(ada, 'm100')
    await expect(ada.page.locator('.marked .message')).to_have_id('m100')
    await ada.page.wait_for_timeout(500)
    await has_focus(ada, 'm100')
    await walks_both_ways(ada)
    assert ada.complaints == []


@pytest.mark.parametrize(('width', 'height'), WIDTHS)
async def test_a_quote_leads_to_its_message_by_keyboard_and_from_there_both_ways(join, width: int, height: int) -> None:
    ada = await join('Ada', width=width, height=height)
    await ada.mark()
    await ada.row(f'message {ANSWER}.').get_by_role('button', name='Reply to').focus()
    await ada.page.keyboard.press('Enter')
    await has_focus(ada, f'm{ANSWERED}')
    assert await ada.is_marked()
    await walks_both_ways(ada)
    await ada.row(f'message {ANSWER}.').get_by_role('button', name='Reply to').click()
    await has_focus(ada, f'm{ANSWERED}')
    assert ada.complaints == []


async def test_a_quote_of_what_is_on_the_page_scrolls_to_it_and_loads_nothing(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await bo.row('message 260.').scroll_into_view_if_needed()
    await bo.choose('message 260.', 'Reply')
    await bo.say('an answer')
    quote = ada.row('an answer').get_by_role('button', name='Reply to')
    await expect(quote).to_be_in_viewport()
    ids = await ada.ids()
    await quote.click()
    await has_focus(ada, 'm260')
    assert set(ids) <= set(await ada.ids())
    await expect(ada.page.locator('.marked')).to_have_count(0)


@pytest.mark.parametrize('name', ['301', 'abc', '999999999999999999999999', '301 ', '-1'])
async def test_a_link_to_what_is_not_there_says_so_and_opens_the_room(join, name: str) -> None:
    ada = await join('Ada')
    await ada.open(f'/rooms/lobby/{name}')
    await expect(ada.page.get_by_text('The message that this link leads to is not here')).to_be_visible()
    await expect(ada.row(f'message {HISTORY}.')).to_be_in_viewport()
    await expect(ada.box).to_be_focused()


async def test_what_is_pinned_is_found_in_the_head_of_the_room_live(join) -> None:
    grace, bo = await join('Bo 1'), await join('Bo 2', width=360, height=640)
    await grace.create_room('Garden')
    await bo.open('/rooms/garden')
    await expect(bo.box).to_be_editable()
    pins = bo.page.get_by_role('button', name='Pinned messages')
    await grace.say('Where the key is')
    await bo.sees('Where the key is')
    await expect(pins).to_have_count(0)
    await grace.choose('Where the key is', 'Pin')
    await expect(bo.row('Where the key is')).to_contain_text('Pinned')
    for number in range(40):
        await grace.say(f'line {number}')
    await pins.click()
    listed = bo.page.get_by_role('dialog', name='Pinned messages')
    await expect(listed.get_by_role('article')).to_have_count(1)
    await expect(listed.get_by_role('button', name='Unpin')).to_have_count(0)
    assert '\n'.join(await violations(bo)) == ''
    assert await bo.page.evaluate('document.documentElement.scrollWidth') <= 360
    await grace.row('Where the key is').scroll_into_view_if_needed()
    await grace.choose('line 39', 'Pin')
    await expect(listed.get_by_role('article')).to_have_count(2)
    await expect(listed.get_by_role('article').first).to_contain_text('line 39')
    await listed.get_by_role('article').last.get_by_role('button').click()
    await expect(listed).to_be_hidden()
    await expect(bo.page.locator('.message:focus')).to_contain_text('Where the key is')
    await expect(bo.page.locator('.message:focus')).to_be_in_viewport()
    await grace.page.get_by_role('button', name='Pinned messages').click()
    for text in ('line 39', 'Where the key is'):
        await (
            grace.page.get_by_role('dialog')
            .get_by_role('article')
            .filter(has_text=text)
            .get_by_role('button', name='Unpin')
            .click()
        )
    await expect(grace.page.get_by_text('Nothing is pinned here.')).to_be_visible()
    await expect(grace.page.get_by_role('group', name='Pinned messages')).to_be_focused()
    await expect(pins).to_be_hidden()
    assert grace.complaints == []
    assert bo.complaints == []


@pytest.mark.parametrize(('width', 'dark'), [(1280, False), (360, True)], ids=['wide-light', 'phone-dark'])
async def test_one_conversation_is_read_alone_and_new_replies_come_in(join, width: int, dark: bool) -> None:
    ada, bo = await join('Ada', width=width, dark=dark), await join('Bo')
    await ada.choose(f'message {ANSWER}.', 'Show conversation')
    shown = ada.page.get_by_role('dialog', name='Conversation')
    await expect(shown.get_by_role('article')).to_have_count(2)
    await bo.choose(f'message {ANSWER}.', 'Reply')
    await bo.say('one more reply')
    await bo.say('something else')
    await expect(shown.get_by_role('article')).to_have_count(3)
    await expect(shown).not_to_contain_text('something else')
    assert '\n'.join(await violations(ada)) == ''
    assert await ada.page.evaluate('document.documentElement.scrollWidth') <= width
    await shown.get_by_role('article').filter(has_text='one more reply').get_by_role('button', name='Reply').click()
    await expect(shown).to_be_hidden()
    await expect(ada.box).to_be_focused()
    await ada.say('from within')
    await ada.choose('from within', 'Show conversation')
    await expect(shown.get_by_role('article')).to_have_count(4)
    await shown.get_by_role('article').first.get_by_role('button').first.focus()
    await ada.page.keyboard.press('Enter')
    await expect(shown).to_be_hidden()
    await has_focus(ada, f'm{ANSWERED}')
    await ada.page.wait_for_timeout(500)  # a dialog that is gone gives back the focus no more
    await has_focus(ada, f'm{ANSWERED}')
    assert ada.complaints == []


@pytest.mark.parametrize(('width', 'dark'), [(1280, True), (360, False)], ids=['wide-dark', 'phone-light'])
async def test_the_author_reads_what_a_message_said_before(join, width: int, dark: bool) -> None:
    ada = await join('Ada', width=width, dark=dark)
    await ada.say('helo')
    await ada.choose('helo', 'Edit')
    await expect(ada.box).to_have_value('helo')
    await ada.say('hello **all**')
    await ada.sees('hello all')
    await ada.choose('hello all', 'Edit history')
    shown = ada.page.get_by_role('dialog', name='Edit history')
    await expect(shown.get_by_role('listitem')).to_have_count(2)
    await expect(shown.get_by_role('listitem').first).to_contain_text('helo')
    assert '\n'.join(await violations(ada)) == ''
    assert await ada.page.evaluate('document.documentElement.scrollWidth') <= width
    await ada.page.keyboard.press('Escape')
    await expect(shown).to_be_hidden()
    await expect(ada.row('hello all').get_by_role('button', name='More actions')).to_be_focused()


async def test_a_menu_opens_beside_its_message_also_when_that_was_shown_anew(join) -> None:
    ada = await join('Ada')
    await ada.say('helo')
    await ada.choose('helo', 'Edit')
    await expect(ada.box).to_have_value('helo')
    await ada.say('hello')
    await ada.sees('hello')
    button = ada.row('hello').get_by_role('button', name='More actions')
    for _ in range(3):
        await button.click()
        menu = ada.page.locator('.row-menu')
        await expect(menu).to_be_focused()
        beside, opened = await button.bounding_box(), await menu.bounding_box()
        assert abs(opened['x'] + opened['width'] - beside['x'] - beside['width']) < 60
        await ada.page.keyboard.press('Escape')
        await expect(menu).to_be_hidden()


async def test_the_text_of_a_message_is_copied_as_it_was_written(join) -> None:
    ada = await join('Ada')
    await ada.page.context.grant_permissions(['clipboard-read', 'clipboard-write'])
    text = 'a *quoted* "word"\n\n`</script>` \\ ${1} 🎉'
    await ada.say(text)
    await ada.choose('quoted', 'Copy text')
    await expect(ada.page.get_by_text('Text copied')).to_be_visible()
    assert await ada.page.evaluate('navigator.clipboard.readText()') == text
    assert ada.complaints == []
