"""Searching in a real browser: by keys alone, on a phone, and for everyone."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.browser.people import Person
from tests.browser.test_for_everyone import violations


def dialog(person: Person) -> Locator:
    return person.page.get_by_role('dialog', name='Search messages')


def box(person: Person) -> Locator:
    return dialog(person).get_by_role('searchbox', name='Words')


def found(person: Person) -> Locator:
    return dialog(person).get_by_role('group', name='Found messages').get_by_role('link')


async def test_keys_open_it_find_and_lead_there(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await bo.create_room('Garden')
    await bo.say('Das Café im Garten')
    await bo.say('no such thing')
    await ada.say('a café here')
    press = ada.page.keyboard.press
    await expect(ada.box).to_be_focused()
    await press('Control+Shift+F')
    await expect(box(ada)).to_be_focused()
    await ada.page.keyboard.type('cafe')
    await expect(found(ada)).to_have_count(2)
    await expect(dialog(ada).get_by_role('status')).to_have_text(['2 messages'])
    await expect(dialog(ada).locator('mark')).to_have_text(['café', 'Café'])
    assert '\n'.join(await violations(ada)) == ''
    await press('ArrowDown')
    await expect(found(ada).first).to_be_focused()
    await press('ArrowDown')
    await press('ArrowDown')
    await expect(found(ada).nth(1)).to_be_focused()
    await press('ArrowUp')
    await press('ArrowUp')
    await expect(box(ada)).to_be_focused()
    await press('ArrowDown')
    await press('ArrowDown')
    await press('Enter')
    await expect(dialog(ada)).to_be_hidden()
    await expect(ada.page).to_have_url(re.compile('/rooms/garden/1$'))
    await expect(ada.row('Das Café im Garten')).to_be_focused()
    await press('/')
    await expect(box(ada)).to_be_focused()
    await expect(box(ada)).to_have_value('')
    await press('ArrowDown')
    await expect(dialog(ada).get_by_role('button', name='cafe', exact=True)).to_be_focused()
    await press('Enter')
    await expect(found(ada)).to_have_count(2)
    await expect(box(ada)).to_be_focused()
    await press('Escape')
    await expect(dialog(ada)).to_be_hidden()
    assert ada.complaints == []


async def test_a_slash_in_a_text_box_is_a_slash(join) -> None:
    ada = await join('Ada')
    await ada.box.press_sequentially('a/b')
    await expect(ada.box).to_have_value('a/b')
    await expect(dialog(ada)).to_be_hidden()


async def test_what_is_typed_before_it_is_there_goes_to_it_and_not_to_the_room(stranger, join) -> None:
    bo = await join('Bo')
    await bo.say('a garden')
    ada = await stranger()
    await ada.have_slow_line(0.2)
    await ada.join('Ada')
    await ada.page.keyboard.press('Control+Shift+F')
    await ada.page.keyboard.type('garx', delay=20)
    await ada.page.keyboard.press('Backspace')
    await expect(found(ada)).to_have_count(1)
    await expect(box(ada)).to_have_value('gar')
    await expect(bo.rows).to_have_count(1)
    assert ada.complaints == []


async def test_a_message_that_the_address_names_already_is_gone_to_again(join) -> None:
    ada = await join('Ada')
    await ada.say('the needle')
    for number in range(12):
        await ada.say('\n\n'.join([f'message {number}'] * 9))
    for _ in range(2):
        await ada.page.get_by_role('button', name='Search messages').click()
        await box(ada).fill('needle')
        await found(ada).first.click()
        await expect(dialog(ada)).to_be_hidden()
        await expect(ada.row('the needle')).to_be_in_viewport()
        await expect(ada.page).to_have_url(re.compile('/rooms/lobby/1$'))
        await ada.scroll_to('0')
        await expect(ada.row('the needle')).not_to_be_in_viewport()


async def test_what_was_deleted_meanwhile_is_said_to_be_gone(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await bo.create_room('Garden')
    await bo.say('the needle')
    await ada.page.keyboard.press('Control+Shift+F')
    await box(ada).fill('needle')
    await expect(found(ada)).to_have_count(1)
    await bo.choose('the needle', 'Delete')
    await bo.page.get_by_role('button', name='Delete').click()
    await bo.sees('This message was deleted.')
    await found(ada).first.click()
    await expect(ada.page.get_by_text('The message that this link leads to is not here')).to_be_visible()
    await expect(ada.heading('Garden')).to_be_visible()


async def test_more_comes_below_and_has_the_focus(join) -> None:
    ada = await join('Ada')
    for number in range(21):
        await ada.say(f'needle {number}')
    await ada.page.keyboard.press('Control+Shift+F')
    await box(ada).fill('needle')
    await expect(found(ada)).to_have_count(20)
    await dialog(ada).get_by_role('button', name='More').click()
    await expect(found(ada)).to_have_count(21)
    await expect(found(ada).last).to_be_focused()
    await expect(dialog(ada).get_by_role('status')).to_have_text(['21 messages'])
    await expect(dialog(ada).get_by_role('button', name='More')).to_be_hidden()


@pytest.mark.parametrize('dark', [False, True], ids=['light', 'dark'])
@pytest.mark.parametrize('width', [1280, 360])
async def test_it_passes_axe_and_fits(join, width: int, dark: bool) -> None:
    ada = await join('Ada', width=width, height=640, dark=dark)
    await ada.say('a question with ' + 'words ' * 60 + 'needle' + ' and more' * 60)
    await ada.choose('a question', 'Reply')
    await expect(ada.page.get_by_text('Replying to Ada')).to_be_visible()  # the menu has given the focus back
    await ada.say('the needle, ' + 'needle' * 40)

    async def is_fine() -> None:
        await ada.page.mouse.move(1, 1)
        assert '\n'.join(await violations(ada)) == ''
        fits = 'each => each.scrollWidth <= each.clientWidth && each.getBoundingClientRect().right <= innerWidth'
        for place in ('.dialog', '.search', '.search-found'):
            assert await ada.page.locator(place).evaluate(fits), place

    await ada.page.get_by_role('button', name='Search messages').click()
    await expect(box(ada)).to_be_focused()
    await is_fine()
    await box(ada).fill('needle')
    await expect(found(ada)).to_have_count(2)
    await dialog(ada).get_by_role('button', name='In this room').click()
    await expect(box(ada)).to_have_value('needle in:lobby')
    await expect(box(ada)).to_be_focused()
    await is_fine()
    await box(ada).fill('is:lost')
    await expect(dialog(ada).locator('.problem')).to_be_visible()
    await box(ada).fill('nothing like it')
    await box(ada).press('Enter')
    await expect(dialog(ada).locator('.search-said')).to_have_text('Nothing found for “nothing like it”.')
    await is_fine()
    await box(ada).fill('')
    await expect(dialog(ada).get_by_role('button', name='nothing like it')).to_be_visible()
    await is_fine()
    assert ada.complaints == []
