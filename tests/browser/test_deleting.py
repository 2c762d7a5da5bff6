"""Deleting one's account in a real browser, while others look on."""

import pytest
from playwright.async_api import expect

from tests.browser.test_for_everyone import violations

PATH = '/settings/account'
DONE = 'The account is deleted.'


@pytest.mark.parametrize('dark', [False, True], ids=['light', 'dark'])
@pytest.mark.parametrize('width', [1280, 360])
async def test_its_pages_pass_axe_and_fit(join, width: int, dark: bool) -> None:
    ada = await join('Ada Constantinopolitanopoulos', width=width, dark=dark)
    await ada.open(f'{PATH}?problem=unsure')
    await expect(ada.page.get_by_role('alert')).to_be_visible()
    assert '\n'.join(await violations(ada)) == ''
    assert await ada.page.evaluate('document.scrollingElement.scrollWidth') == width
    await ada.page.get_by_role('radio', name='Remove all of them').check()
    await ada.page.get_by_role('checkbox').check()
    await ada.page.get_by_role('button', name='Delete my account').click()
    await expect(ada.page.get_by_role('status')).to_contain_text(DONE)
    assert '\n'.join(await violations(ada)) == ''
    assert ada.complaints == []


async def test_it_is_done_by_keyboard_alone_and_said_on_the_first_page(join) -> None:
    ada = await join('Ada')
    await ada.open(PATH)
    await expect(ada.page.get_by_role('button', name='Delete my account')).to_be_visible()
    keyboard = ada.page.keyboard
    await ada.page.get_by_role('link', name='Delete account').focus()
    await keyboard.press('Tab')
    await expect(ada.page.get_by_role('radio', name='Keep them')).to_be_focused()
    await keyboard.press('Tab')
    await keyboard.press('Tab')
    await keyboard.press('Enter')  # the browser asks for the box first
    await expect(ada.page.get_by_role('checkbox')).to_be_focused()
    await keyboard.press('Space')
    await keyboard.press('Enter')
    await expect(ada.page.get_by_role('status')).to_have_text(DONE)
    # The page before had a socket, by which the server would lead it elsewhere: it is gone.
    await ada.page.wait_for_timeout(1500)
    await expect(ada.page.get_by_role('status')).to_have_text(DONE)
    assert await ada.page.context.cookies() == []
    assert ada.complaints == []


async def test_others_see_it_at_once_and_other_tabs_are_closed(join) -> None:
    bo, ada = await join('Bo'), await join('Ada')
    await ada.say('history')
    await bo.page.reload()
    await bo.sees('history')
    await ada.say('live')
    await bo.sees('live')
    form = await ada.page.context.new_page()
    await form.goto(f'{ada.site}{PATH}')
    await form.get_by_role('checkbox').check()
    await form.get_by_role('button', name='Delete my account').click()
    await expect(form.get_by_role('status')).to_have_text(DONE)
    await expect(ada.page.get_by_role('button', name='Join')).to_be_visible()
    await expect(bo.row('history')).to_contain_text('Deleted account')
    await expect(bo.page.get_by_role('article', name='Deleted account')).to_have_count(2)
    await expect(bo.page.get_by_text('Ada left')).to_be_visible()
    await expect(bo.page.get_by_role('list', name='People', exact=True).get_by_text('Ada')).to_be_hidden()
    assert bo.complaints == []
