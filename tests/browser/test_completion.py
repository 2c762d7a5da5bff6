"""Completion while one writes, as only a browser shows it: keys, pointer, touch, and what is typed meanwhile."""

from collections.abc import Callable

import pytest
from playwright.async_api import Locator, expect

from tests.browser.people import Person
from tests.browser.test_for_everyone import violations


def options(person: Person) -> Locator:
    return person.page.get_by_role('option')


def selected(person: Person) -> Locator:
    return person.page.locator('[role=option][aria-selected=true]')


async def test_a_name_is_completed_by_keyboard_and_enter_sends_nothing(join: Callable[..., Person]) -> None:
    ada, _, _ = await join('Ada'), await join('Bo'), await join('Bob Dylan')
    await ada.box.press_sequentially('hi @b')
    await expect(options(ada)).to_have_text(['BBo', 'BDBob Dylan'])
    await ada.box.press('ArrowDown')
    await expect(selected(ada)).to_have_text('BDBob Dylan')
    await ada.box.press('ArrowDown')
    await expect(selected(ada)).to_have_text('BBo')
    await ada.box.press('ArrowUp')
    await expect(selected(ada)).to_have_text('BDBob Dylan')
    await expect(ada.page.get_by_text('Bob Dylan, 2 of 2.')).to_have_count(1)
    await ada.box.press('Enter')
    await expect(ada.box).to_have_value('hi @Bob Dylan ')
    await expect(options(ada)).to_have_count(0)
    await expect(ada.rows).to_have_count(0)
    await ada.box.press_sequentially('and @b')
    await expect(options(ada)).to_have_count(2)
    await ada.box.press('Tab')
    await expect(ada.box).to_have_value('hi @Bob Dylan and @Bo ')
    await expect(ada.box).to_be_focused()
    await ada.box.press('Enter')
    await expect(ada.box).to_have_value('')
    await expect(ada.row('hi').locator('.mention')).to_have_text(['@Bob Dylan', '@Bo'])
    assert ada.complaints == []


async def test_escape_closes_the_list_and_leaves_what_was_typed(join: Callable[..., Person]) -> None:
    ada, _ = await join('Ada'), await join('Bo')
    await ada.say('first')
    await ada.row('first').hover()
    await ada.choose('first', 'Reply')
    await ada.box.press_sequentially('@')
    await expect(options(ada)).to_have_count(2)
    await ada.box.press('Escape')
    await expect(options(ada)).to_have_count(0)
    await expect(ada.page.get_by_text('Replying to Ada')).to_be_visible()
    await ada.box.press_sequentially('b')
    await ada.box.press('Enter')
    await expect(ada.row('@b')).to_be_visible()


async def test_what_is_typed_while_a_name_is_put_in_stays(stranger: Callable[..., Person], join: Callable) -> None:
    await join('Bob Dylan')
    ada = await stranger()
    await ada.have_slow_line(0.15)
    await ada.join('Ada')
    await ada.box.press_sequentially('see 👍🏽 @b')
    await expect(options(ada)).to_have_count(1)
    await ada.box.press('Enter')
    await ada.page.keyboard.type('of course, ', delay=30)
    await expect(ada.box).to_have_value('see 👍🏽 @Bob Dylan of course, ')
    await ada.page.keyboard.type('@b', delay=30)
    await expect(options(ada)).to_have_count(1)
    await ada.box.press('Enter')
    await ada.page.keyboard.type('!')
    await ada.box.press('Enter')
    await ada.page.keyboard.type('next')
    await expect(ada.row('of course')).to_contain_text('see 👍🏽 @Bob Dylan of course, @Bob Dylan !')
    await expect(ada.box).to_have_value('next')
    await ada.box.press('Enter')
    await expect(ada.row('next')).to_be_visible()
    await expect(ada.box).to_have_value('')


async def test_in_the_middle_of_a_text_only_the_name_is_replaced(join: Callable[..., Person]) -> None:
    ada, _ = await join('Ada'), await join('Bo')
    await ada.box.fill('hello , how are you')
    for _ in range(len(', how are you')):
        await ada.box.press('ArrowLeft')
    await ada.box.press_sequentially('@b')
    await expect(options(ada)).to_have_count(1)
    await ada.box.press('Enter')
    await expect(ada.box).to_have_value('hello @Bo , how are you')
    await ada.page.keyboard.type('(you)')
    await expect(ada.box).to_have_value('hello @Bo (you), how are you')


async def test_a_list_that_belongs_to_another_place_takes_nothing(join: Callable[..., Person]) -> None:
    ada, _ = await join('Ada'), await join('Bo')
    await ada.box.press_sequentially('hello @b')
    await expect(options(ada)).to_have_count(1)
    await ada.box.press('Home')
    await ada.box.press('Enter')
    await expect(ada.row('hello @b')).to_be_visible()


async def test_an_input_method_has_its_keys_for_itself(join: Callable[..., Person]) -> None:
    ada, _ = await join('Ada'), await join('Bo')
    await ada.box.press_sequentially('@b')
    await expect(options(ada)).to_have_count(1)
    how = "{key: 'Enter', keyCode: 229, isComposing: true, bubbles: true, cancelable: true}"
    assert await ada.box.evaluate(f"box => box.dispatchEvent(new KeyboardEvent('keydown', {how}))") in (True, False)
    await ada.box.press_sequentially('o')
    await expect(ada.box).to_have_value('@bo')
    await expect(ada.rows).to_have_count(0)


async def test_rooms_and_emoji_are_completed_too(join: Callable[..., Person]) -> None:
    ada = await join('Ada')
    await ada.create_room('Book_club')
    await ada.box.press_sequentially('see #book')
    await options(ada).filter(has_text='Book_club').wait_for()
    await ada.box.press('Enter')
    await expect(ada.box).to_have_value('see [#Book\\_club](/rooms/book-club) ')
    await ada.box.press_sequentially(':tad')
    await options(ada).first.wait_for()
    await expect(selected(ada)).to_contain_text(':tada:')
    await ada.box.press('Enter')
    await expect(ada.box).to_have_value('see [#Book\\_club](/rooms/book-club) 🎉 ')
    await ada.box.press('Enter')
    await expect(ada.row('see').get_by_role('link', name='#Book_club')).to_have_attribute('href', '/rooms/book-club')


@pytest.mark.parametrize('dark', [False, True])
async def test_on_a_phone_a_tap_takes_and_the_keyboard_stays(join: Callable[..., Person], dark: bool) -> None:
    _ = await join('Bob Dylan'), await join('A name of thirty-two characters')
    ada = await join('Ada', width=360, height=640, has_touch=True, is_mobile=True, dark=dark)
    await ada.box.tap()
    await ada.page.keyboard.type('hello @')
    await expect(options(ada)).to_have_count(3)
    assert await ada.page.evaluate('document.documentElement.scrollWidth') <= 360
    shown = await ada.page.get_by_role('listbox', name='Suggestions').bounding_box()
    assert shown is not None
    assert shown['y'] >= 0
    assert shown['x'] >= 0
    assert shown['x'] + shown['width'] <= 360
    await options(ada).filter(has_text='Bob Dylan').tap()
    await expect(ada.box).to_have_value('hello @Bob Dylan ')
    await expect(ada.box).to_be_focused()


async def test_a_click_takes_and_a_click_elsewhere_closes(join: Callable[..., Person]) -> None:
    ada, _ = await join('Ada'), await join('Bo')
    await ada.box.press_sequentially('@')
    await options(ada).filter(has_text='BBo').click()
    await expect(ada.box).to_have_value('@Bo ')
    await expect(ada.box).to_be_focused()
    await ada.box.press_sequentially('@')
    await expect(options(ada)).to_have_count(2)
    await ada.page.get_by_role('heading', level=1, name='Lobby').click()
    await expect(options(ada)).to_have_count(0)


async def test_who_is_mentioned_sees_it_and_the_others_do_not(join: Callable[..., Person]) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await ada.say('look @bo')
    await ada.say('look @all')
    await ada.say('plain')
    background = 'row => getComputedStyle(row).backgroundColor'
    for text in ('look @bo', 'look @all'):
        await bo.sees(text)
        await bo.page.mouse.move(0, 0)
        await ada.page.mouse.move(0, 0)
        plain = await bo.row('plain').evaluate(background)
        assert await bo.row(text).evaluate(background) != plain
        assert await ada.row(text).evaluate(background) == await ada.row('plain').evaluate(background)
    await bo.row('look @bo').locator('.mention').click()
    await expect(bo.page.get_by_role('dialog', name='About Bo')).to_be_visible()


@pytest.mark.parametrize('dark', [False, True])
async def test_mentions_and_the_list_pass_axe(join: Callable[..., Person], dark: bool) -> None:
    bo, ada = await join('Bo'), await join('Ada', dark=dark)
    await bo.say('look @Ada, @Bo and @all')
    await ada.sees('look')
    await ada.box.press_sequentially('@')
    await expect(options(ada)).to_have_count(2)
    assert await violations(ada) == []
