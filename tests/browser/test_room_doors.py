"""Rooms with rules, people who are added, and direct messages, as somebody with a keyboard or a phone meets them."""

import pytest
from playwright.async_api import expect

from tests.browser.test_for_everyone import violations


@pytest.mark.parametrize(('width', 'dark'), [(1280, False), (360, True)], ids=['wide-light', 'phone-dark'])
async def test_a_room_gets_rules_people_and_a_moderator(join, width: int, dark: bool) -> None:
    bo, ada = await join('Bo'), await join('Ada', width=width, dark=dark)
    page = ada.page

    async def passes_axe() -> None:
        assert '\n'.join(await violations(ada, besides='region')) == ''  # menus stand outside of all landmarks

    async def show_rooms() -> None:
        if width < 700:
            await page.get_by_role('button', name='Show rooms').click()

    async def choose(entry: str) -> None:
        await page.get_by_role('button', name='Room menu').click()
        await page.get_by_role('menuitem', name=entry).click()

    await show_rooms()
    await page.get_by_role('button', name='New room').click()
    await page.get_by_role('textbox', name='Name').fill('Design')
    await page.get_by_role('checkbox', name='Private').click()
    await passes_axe()
    await page.get_by_role('button', name='Create room').click()
    await expect(ada.heading('Design')).to_be_visible()
    await choose('Room settings')
    await page.get_by_label('Description').fill('What we **draw**')
    await page.get_by_role('checkbox', name='Announcements').click()
    await page.get_by_role('radio', name='15 min').click()
    await passes_axe()
    await page.get_by_role('button', name='Save').click()
    await page.get_by_role('button', name='About this room').click()
    await expect(page.get_by_role('strong').filter(has_text='draw')).to_be_visible()
    await passes_axe()
    await page.get_by_role('button', name='Done').click()
    await choose('Add people')
    await expect(page.get_by_role('button', name='Bo', exact=True, pressed=False)).to_be_visible()
    await page.get_by_label('Find people').press_sequentially('bo')
    await page.get_by_label('Find people').press('Enter')
    await expect(page.get_by_role('button', name='Bo', exact=True, pressed=True)).to_be_visible()
    await passes_axe()
    await page.get_by_role('button', name='Add', exact=True).click()
    await bo.page.get_by_role('link', name='Design').click()
    await expect(bo.page.get_by_text('Only moderators write in this room.')).to_be_visible()
    await expect(bo.box).to_be_hidden()
    if width < 1100:
        await page.get_by_role('button', name='Show people').click()
    await page.get_by_role('list', name='People', exact=True).get_by_role('button', name='Bo', exact=True).click()
    await expect(page.get_by_role('button', name='Message', exact=True)).to_be_visible()
    await passes_axe()
    await page.get_by_role('button', name='Role in this room').click()
    await page.get_by_role('radio', name='Moderator').click()
    await passes_axe()
    await page.get_by_role('button', name='Save').click()
    await expect(bo.box).to_be_visible()
    assert ada.complaints == bo.complaints == []


async def test_a_direct_message_is_written_by_keyboard_alone(join) -> None:
    bo, ada = await join('Bo'), await join('Ada')
    keyboard = ada.page.keyboard
    await ada.page.get_by_role('button', name='New direct message').focus()
    await keyboard.press('Enter')
    await expect(ada.page.get_by_label('Find people')).to_be_focused()
    await keyboard.type('bo')
    await keyboard.press('Enter')
    await expect(ada.page.get_by_role('button', name='Bo', exact=True, pressed=True)).to_be_visible()
    await keyboard.press('Enter')
    await expect(ada.heading('Bo')).to_be_visible()
    await expect(ada.box).to_be_focused()
    await keyboard.type('hello')
    await keyboard.press('Enter')
    await ada.sees('hello')
    link = bo.page.get_by_role('navigation', name='Rooms').get_by_role('link', name='Ada')
    await expect(link).to_contain_text('1 unread')
    await link.click()
    await bo.sees('hello')
    assert ada.complaints == bo.complaints == []
