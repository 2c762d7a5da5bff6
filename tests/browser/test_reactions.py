"""Reactions in a real browser: by mouse, by keyboard, on a phone, and what others see of it."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.people import Person
from tests.browser.test_for_everyone import violations


def chip(person: Person, text: str) -> Locator:
    """The first reaction to the message with these words."""
    return person.row(text).get_by_role('group', name='Reactions').get_by_role('button').first


def picker(person: Person, name: str = 'Add reaction') -> Locator:
    """The picker of emoji."""
    return person.page.get_by_role('dialog', name=name)


async def open_picker(person: Person, text: str) -> None:
    """Ask for the picker beside a message."""
    await person.row(text).hover()
    await person.row(text).get_by_role('button', name='Add reaction').last.click()
    await expect(picker(person).get_by_role('searchbox')).to_be_focused()


async def test_by_mouse_and_the_other_sees_it_at_once(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await ada.say('cake?')
    await bo.sees('cake?')
    await open_picker(bo, 'cake?')
    await picker(bo).get_by_role('button', name='Food & Drink').click()
    await picker(bo).get_by_role('button', name='shortcake').click()
    await expect(picker(bo)).to_be_hidden()
    await expect(chip(ada, 'cake?')).to_have_accessible_name('1, Bo reacted with shortcake')
    await expect(chip(ada, 'cake?')).to_have_attribute('title', 'Bo reacted with shortcake')
    own = 'button => getComputedStyle(button).fontWeight'
    assert await chip(bo, 'cake?').evaluate(own) != await chip(ada, 'cake?').evaluate(own)
    await chip(ada, 'cake?').click()
    await expect(chip(bo, 'cake?')).to_contain_text('2')
    await chip(ada, 'cake?').click()
    await expect(chip(bo, 'cake?')).to_contain_text('1')
    await chip(bo, 'cake?').click()
    await expect(chip(ada, 'cake?')).to_be_hidden()
    assert ada.complaints + bo.complaints == []


async def test_a_row_that_changes_below_a_menu_or_a_dialog_takes_the_focus_of_nobody(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await ada.say('cake?')
    await bo.sees('cake?')
    button = ada.row('cake?').get_by_role('button', name='More actions')
    await ada.row('cake?').hover()
    await button.click()
    await expect(ada.page.get_by_role('menu')).to_be_focused()
    await open_picker(bo, 'cake?')
    await bo.page.keyboard.type('shortcake')
    await picker(bo).get_by_role('button', name='shortcake').click()
    await expect(chip(ada, 'cake?')).to_be_visible()
    await ada.page.keyboard.press('Escape')
    await expect(button).to_be_focused()
    await ada.choose('cake?', 'Delete')
    await expect(ada.page.get_by_role('button', name='Cancel')).to_be_focused()
    await chip(bo, 'cake?').click()
    await expect(chip(ada, 'cake?')).to_be_hidden()
    await ada.page.keyboard.press('Escape')
    await expect(button).to_be_focused()
    assert ada.complaints + bo.complaints == []


async def test_by_keyboard_alone(join) -> None:
    ada = await join('Ada')
    await ada.say('cake?')
    button = ada.row('cake?').get_by_role('button', name='Add reaction')
    await button.focus()
    await ada.page.keyboard.press('Enter')
    box = picker(ada).get_by_role('searchbox', name='Find an emoji')
    await expect(box).to_be_focused()
    await ada.page.keyboard.type('thumbs')
    await expect(picker(ada).get_by_role('button', name='thumbs up')).to_be_visible()
    for key, name in (('ArrowDown', 'thumbs up'), ('ArrowRight', 'thumbs down')):
        await ada.page.keyboard.press(key)
        await expect(picker(ada).get_by_role('button', name=name)).to_be_focused()
    await ada.page.keyboard.press('ArrowUp')
    await expect(box).to_be_focused()
    await ada.page.keyboard.press('Enter')
    await expect(picker(ada)).to_be_hidden()
    await expect(chip(ada, 'cake?')).to_have_accessible_name('1, Ada reacted with thumbs up')
    await chip(ada, 'cake?').focus()
    await ada.page.keyboard.press('Enter')
    await expect(chip(ada, 'cake?')).to_be_hidden()
    await expect(ada.row('cake?').get_by_role('button', name='More actions')).to_be_focused()
    await button.focus()
    await ada.page.keyboard.press('Enter')
    await expect(box).to_be_focused()
    await ada.page.keyboard.press('Escape')
    await expect(picker(ada)).to_be_hidden()
    assert ada.complaints == []


async def test_pressing_a_reaction_keeps_the_focus_there(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await ada.say('cake?')
    await bo.sees('cake?')
    await open_picker(bo, 'cake?')
    await bo.page.keyboard.type('tada')
    await expect(picker(bo).get_by_role('button', name='party popper')).to_be_visible()
    await bo.page.keyboard.press('Enter')
    await chip(ada, 'cake?').focus()
    await ada.page.keyboard.press('Enter')
    await expect(chip(ada, 'cake?')).to_contain_text('2')
    await expect(chip(ada, 'cake?')).to_be_focused()
    await ada.page.keyboard.press('Enter')
    await expect(chip(ada, 'cake?')).to_contain_text('1')


@pytest.mark.parametrize('dark', [False, True], ids=['light', 'dark'])
async def test_on_a_phone_it_fits_and_the_menu_has_it(join, dark: bool) -> None:
    ada = await join('Ada', width=360, height=640, dark=dark, has_touch=True)
    await ada.say('cake?')
    await ada.choose('cake?', 'Add reaction')
    await expect(picker(ada)).to_be_visible()
    box = await picker(ada).bounding_box()
    assert box['x'] >= 0
    assert box['x'] + box['width'] <= 360
    assert box['y'] >= 0
    assert box['y'] + box['height'] <= 640
    assert await ada.page.evaluate('document.documentElement.scrollWidth') <= 360
    await picker(ada).get_by_role('button', name='Medium skin').tap()
    await picker(ada).get_by_role('button', name='People & Body').tap()
    await picker(ada).get_by_role('button', name='waving hand medium skin tone').tap()
    await expect(chip(ada, 'cake?')).to_contain_text('👋🏽')
    await expect(picker(ada)).to_be_hidden()
    assert '\n'.join(await violations(ada)) == ''
    await chip(ada, 'cake?').tap()
    await expect(chip(ada, 'cake?')).to_be_hidden()
    assert ada.complaints == []


async def test_the_open_picker_passes_axe(join) -> None:
    ada = await join('Ada')
    await ada.say('cake?')
    await open_picker(ada, 'cake?')
    await expect(picker(ada)).to_be_visible()
    assert '\n'.join(await violations(ada)) == ''


async def test_an_emoji_is_put_where_the_cursor_is(join) -> None:
    ada = await join('Ada')
    await ada.box.fill('👋 Hello Bo')
    for _ in range(3):
        await ada.box.press('ArrowLeft')
    await ada.page.get_by_role('button', name='Insert emoji').click()
    await expect(picker(ada, 'Insert emoji').get_by_role('searchbox')).to_be_focused()
    await ada.page.keyboard.type('tada')
    await picker(ada, 'Insert emoji').get_by_role('button', name='party popper').click()
    await expect(ada.box).to_have_value('👋 Hello🎉 Bo')
    await expect(ada.box).to_be_focused()
    await ada.page.keyboard.type('!')
    await expect(ada.box).to_have_value('👋 Hello🎉! Bo')
    await ada.box.press('Enter')
    await ada.sees('👋 Hello🎉! Bo')
    assert ada.complaints == []


async def test_reactions_to_what_is_read_and_what_is_not_move_nothing_under_the_eye(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    for number in range(40):
        await ada.say(f'line {number:02}')
    await bo.sees('line 39')
    await ada.page.reload()
    await ada.sees('line 39')
    await ada.at_end()
    await ada.scroll_to('-100')
    await expect(ada.page.locator('.jump')).to_be_visible()
    row, place = await ada.place_of_what_is_read()
    for text in ('line 39', 'line 00'):
        await bo.row(text).scroll_into_view_if_needed()
        await open_picker(bo, text)
        await picker(bo).get_by_role('button').filter(has_text='😀').last.click()
        await expect(chip(ada, text)).to_contain_text('1')
        assert abs(await ada.top_of(row) - place) <= 1
