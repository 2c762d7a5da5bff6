"""Going about by the keyboard alone, and by a finger that rests on a message."""

import re

from playwright.async_api import Locator, expect

from tests.browser.test_for_everyone import violations

FOCUSED = 'document.activeElement.matches("article") && document.activeElement.querySelector(".body").textContent'


async def _focused(person) -> str:
    return await person.page.evaluate(FOCUSED)


async def test_j_and_k_go_from_message_to_message_and_esc_back_to_the_box(join) -> None:
    ada = await join('Ada')
    press = ada.page.keyboard.press
    for words in ('one', 'two', 'three'):
        await ada.say(words)
    await expect(ada.rows).to_have_count(3)
    await press('Escape')  # the box is empty
    assert await _focused(ada) == 'three'
    label = await ada.page.evaluate('document.activeElement.getAttribute("aria-label")')
    assert label.startswith('Ada, ')
    await press('k')
    await press('K')
    assert await _focused(ada) == 'one'
    assert await ada.page.evaluate('getComputedStyle(document.activeElement).outlineStyle') == 'solid'
    await press('k')
    assert await _focused(ada) == 'one'
    await press('j')
    assert await _focused(ada) == 'two'
    await press('Escape')
    await expect(ada.box).to_be_focused()
    await ada.page.keyboard.type('jkre?')
    await expect(ada.box).to_have_value('jkre?')
    await press('Escape')
    await expect(ada.box).to_be_focused()  # what is in the box is not left
    assert ada.complaints == []


async def test_k_goes_up_through_history_that_was_not_loaded(join) -> None:
    ada = await join('Ada')
    for number in range(14):
        await ada.say('\n\n'.join([f'message {number}'] * 9))
    await ada.page.reload()
    await ada.sees('message 13')
    assert await ada.page.evaluate('document.querySelector(".scroller").scrollHeight > 2000')
    await expect(ada.box).to_be_focused()
    await ada.page.keyboard.press('Escape')
    for _ in range(13):
        await ada.page.keyboard.press('k')
    assert (await _focused(ada)).startswith('message 0')
    assert await ada.page.evaluate('document.activeElement.getBoundingClientRect().top') > 0


async def test_keys_of_another_script_count_by_their_place(join) -> None:
    ada = await join('Ada')
    await ada.say('one')
    await ada.say('two')
    await ada.page.keyboard.press('Escape')
    press = (
        'document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: "л", code: "KeyK", bubbles: true}))'
    )
    await ada.page.evaluate(press)
    assert await _focused(ada) == 'one'


async def test_r_replies_and_e_edits_what_is_ones_own(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await ada.say('mine')
    await bo.say('yours')
    await ada.sees('yours')
    press = ada.page.keyboard.press
    await press('Escape')
    await press('e')
    await press('r')
    await expect(ada.page.get_by_text('Replying to Bo')).to_be_visible()
    await expect(ada.box).to_be_focused()
    await ada.page.keyboard.type('the answer')
    await press('Enter')
    await ada.sees('the answer')
    await expect(ada.box).to_have_value('')
    await press('Escape')
    await press('k')
    await press('k')
    assert await _focused(ada) == 'mine'
    await press('e')
    await expect(ada.page.get_by_text('Editing your message')).to_be_visible()
    await expect(ada.box).to_have_value('mine')
    await expect(ada.box).to_be_focused()


async def test_the_overview_comes_by_its_key_and_by_the_menu(join) -> None:
    ada = await join('Ada')
    await ada.say('hello')
    await ada.page.keyboard.press('Escape')
    await ada.page.keyboard.press('?')
    dialog = ada.page.get_by_role('dialog', name='Keyboard shortcuts')
    await expect(dialog).to_be_visible()
    assert '\n'.join(await violations(ada)) == ''
    await ada.page.keyboard.press('r')  # nothing below a dialog hears it
    await ada.page.keyboard.press('Escape')
    await expect(dialog).to_be_hidden()
    await expect(ada.page.get_by_text('Replying to')).to_be_hidden()
    assert await _focused(ada) == 'hello'
    await ada.page.get_by_role('button', name='Your menu').click()
    await ada.page.get_by_role('menuitem', name='Keyboard shortcuts').click()
    await expect(dialog).to_be_visible()


async def test_menus_are_gone_through_by_the_arrows_and_give_the_focus_back(join) -> None:
    ada = await join('Ada')
    await ada.say('hello')
    press = ada.page.keyboard.press
    await press('Escape')
    await press('Enter')
    items = ada.page.get_by_role('menu').get_by_role('menuitem')
    await expect(items.first).to_be_visible()
    await expect(ada.page.get_by_role('menu')).to_be_focused()
    await press('ArrowDown')
    await expect(items.first).to_be_focused()
    await press('ArrowUp')
    await expect(ada.page.get_by_role('menuitem', name='Delete')).to_be_focused()
    await press('Home')
    await expect(items.first).to_be_focused()
    await press('End')
    await expect(ada.page.get_by_role('menuitem', name='Delete')).to_be_focused()
    await press('Escape')
    await expect(ada.page.get_by_role('menu')).to_be_hidden()
    await expect(ada.row('hello').get_by_role('button', name='More actions')).to_be_focused()
    for name in ('Room menu', 'Your menu'):
        button = ada.page.get_by_role('button', name=name)
        await button.focus()
        await press('Enter')
        await expect(items.first).to_be_visible()
        await expect(ada.page.get_by_role('menu')).to_be_focused()
        await press('ArrowDown')
        await expect(items.first).to_be_focused()
        await press('Escape')
        await expect(ada.page.get_by_role('menu')).to_be_hidden()
        await expect(button).to_be_focused()


async def test_the_focus_does_not_wait_until_a_menu_or_dialog_has_come_or_gone(join) -> None:
    ada = await join('Ada')
    await ada.say('hello')
    press, clock = ada.page.keyboard.press, ada.page.clock
    await press('Escape')
    await clock.install()
    await clock.pause_at(await ada.page.evaluate('Date.now() + 1000'))

    async def after_a_moment(place: Locator) -> None:
        await expect(place).to_be_attached()
        await clock.run_for(20)  # what would come and go in pictures takes 300 ms
        await expect(place).to_be_focused()

    await press('Enter')
    await after_a_moment(ada.page.get_by_role('menu'))
    await ada.page.get_by_role('menuitem', name='Edit').click()
    await expect(ada.page.get_by_text('Editing your message')).to_be_visible()
    await after_a_moment(ada.box)
    await press('Escape')
    await expect(ada.page.get_by_text('Editing your message')).to_be_hidden()
    await press('Control+Shift+F')
    await after_a_moment(ada.page.get_by_role('dialog').get_by_role('searchbox'))
    await press('Escape')
    await after_a_moment(ada.box)


async def test_ctrl_k_goes_to_a_room_and_to_a_person(join) -> None:
    ada, bo = await join('Ada'), await join('Zoé')
    await bo.create_room('Café Büro')
    press, kind = ada.page.keyboard.press, ada.page.keyboard.type
    await expect(ada.box).to_be_focused()
    await press('Control+k')
    box = ada.page.get_by_role('combobox', name='Room or person')
    await expect(box).to_be_focused()
    options = ada.page.get_by_role('option')
    await expect(options.locator('.name')).to_have_text(['Zoé', 'Café Büro', 'Lobby'])
    await expect(options.first).to_have_attribute('aria-selected', 'true')
    assert '\n'.join(await violations(ada)) == ''
    await press('ArrowDown')
    await expect(options.nth(1)).to_have_attribute('aria-selected', 'true')
    chosen = await box.get_attribute('aria-activedescendant')
    assert await options.nth(1).get_attribute('id') == chosen
    await kind('buro cafe')
    await press('Enter')
    await expect(ada.heading('Café Büro')).to_be_visible()
    await expect(ada.page.get_by_role('dialog')).to_be_hidden()
    await expect(ada.page.get_by_placeholder('Message Café Büro')).to_be_focused()
    await ada.page.get_by_role('button', name='Go to room').click()
    await expect(box).to_be_focused()
    await kind('zoe')
    await expect(options.locator('.name')).to_have_text(['Zoé'])
    await options.first.click()
    await expect(ada.heading('Zoé')).to_be_visible()
    await expect(ada.page.locator('.q-dialog')).to_have_count(0)  # one that is still there keeps the keys
    await press('Control+k')
    await expect(box).to_be_focused()
    await press('Escape')
    await expect(box).to_be_hidden()
    await expect(ada.page.get_by_placeholder('Message Zoé')).to_be_focused()
    assert ada.complaints == []


async def test_what_is_typed_before_the_switcher_is_there_goes_to_it_and_not_to_the_room(stranger, join) -> None:
    bo = await join('Bo')
    await bo.create_room('Garden')
    ada = await stranger()
    await ada.have_slow_line(0.2)
    await ada.join('Ada')
    await ada.page.keyboard.press('Control+k')
    await ada.page.keyboard.type('garx', delay=20)
    await ada.page.keyboard.press('Backspace')
    await ada.page.keyboard.press('Enter')
    await expect(ada.heading('Garden')).to_be_visible()
    await bo.enter('Lobby')
    await expect(bo.rows).to_have_count(0)
    assert ada.complaints == []


async def test_a_finger_that_rests_on_a_message_opens_its_menu(join) -> None:
    ada = await join('Ada', width=360, height=640, has_touch=True, is_mobile=True)
    await ada.say('hello there')
    place = await ada.row('hello there').bounding_box()
    devtools = await ada.page.context.new_cdp_session(ada.page)
    touch = {'x': place['x'] + 120, 'y': place['y'] + place['height'] / 2}
    await devtools.send('Input.dispatchTouchEvent', {'type': 'touchStart', 'touchPoints': [touch]})
    await expect(ada.page.get_by_role('menuitem', name='Reply')).to_be_visible()
    await devtools.send('Input.dispatchTouchEvent', {'type': 'touchEnd', 'touchPoints': []})
    await ada.page.wait_for_timeout(500)
    await expect(ada.page.get_by_role('menuitem', name='Reply')).to_be_visible()
    await ada.page.get_by_role('menuitem', name='Reply').tap()
    await expect(ada.page.get_by_text('Replying to Ada')).to_be_visible()
    await ada.row('hello there').tap()
    await expect(ada.page.get_by_role('menu')).to_be_hidden()


async def test_a_right_click_keeps_the_menu_of_the_browser(join) -> None:
    ada = await join('Ada')
    await ada.say('hello')
    await ada.page.evaluate('addEventListener("contextmenu", (event) => window.prevented = event.defaultPrevented)')
    await ada.row('hello').click(button='right')
    assert await ada.page.evaluate('window.prevented') is False
    await expect(ada.page.get_by_role('menu')).to_be_hidden()


async def test_catching_up_leads_to_where_something_was_said(join) -> None:
    ada, bo = await join('Ada'), await join('Bo', width=360)
    await bo.say('a beginning')
    await ada.sees('a beginning')
    await ada.choose('a beginning', 'Reply')
    await ada.say('really? https://example.org/page')
    await bo.page.get_by_role('button', name='Show rooms').click()
    await bo.page.get_by_role('button', name='Your menu').click()
    await bo.page.get_by_role('menuitem', name='Catch up').click()
    dialog = bo.page.get_by_role('dialog', name='Catch up')
    await expect(dialog.get_by_role('heading', level=3)).to_have_text(
        ['Questions you have not answered', 'Links', 'Rooms']
    )
    assert '\n'.join(await violations(bo)) == ''
    await dialog.get_by_role('link', name='really?').click()
    await expect(dialog).to_be_hidden()
    await expect(bo.page).to_have_url(re.compile('/rooms/lobby/2$'))
    await expect(bo.row('really?')).to_be_visible()
    await bo.page.get_by_role('button', name='Show rooms').click()
    await bo.page.get_by_role('button', name='Your menu').click()
    await bo.page.get_by_role('menuitem', name='Catch up').click()
    await dialog.get_by_role('button', name='I am up to date').click()
    await expect(dialog.get_by_role('status')).to_have_text('You are up to date.')
    await expect(dialog.get_by_role('link', name='really?')).to_be_visible()
    await dialog.get_by_role('button', name='Close').click()
    await expect(dialog).to_be_hidden()
    assert bo.complaints == []
