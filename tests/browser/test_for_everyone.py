"""Keyboard only, screen readers, phones, light and dark, little motion."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

CODE = '```python\ndef warm(x: int) -> str:\n    """Docstring."""\n    return f"{x}"  # comment\n```'
STANDS_STILL = (
    'document.getAnimations().every('
    '({playState, effect}) => playState !== "running" || effect.getComputedTiming().endTime === Infinity)'
)


async def violations(person, *, besides: str = '') -> list[str]:
    """What axe-core finds wrong with the page once nothing fades, besides one rule that does not apply."""
    await person.page.wait_for_function(STANDS_STILL)
    results = await Axe().run(person.page, options={'rules': {besides: {'enabled': False}}} if besides else {})
    return [
        f'{each["id"]}: {each["help"]} {[node["html"][:200] for node in each["nodes"][:3]]}'
        for each in results.response['violations']
    ]


@pytest.mark.parametrize('dark', [False, True], ids=['light', 'dark'])
@pytest.mark.parametrize('width', [1440, 768, 360])
async def test_every_page_passes_axe(stranger, join, width: int, dark: bool) -> None:
    ada = await stranger(width=width, dark=dark)
    await ada.open('/')
    await expect(ada.page.get_by_role('button', name='Join')).to_be_visible()
    assert '\n'.join(await violations(ada)) == ''
    bo = await join('Bo')
    await ada.join('Ada')
    await ada.say(f'Hello **all** with `code`, a [link](https://example.org)\n\n> a quote\n\n{CODE}')
    await bo.say('| a | b |\n|---|---|\n| 1 | 2 |\n\n- one\n- two')
    await bo.say('a mistake')
    await bo.choose('a mistake', 'Delete')
    await bo.page.get_by_role('button', name='Delete').click()
    await ada.sees('This message was deleted.')
    await ada.say('🎉')
    await ada.page.mouse.move(5, 5)
    assert '\n'.join(await violations(ada)) == ''
    await ada.choose('Hello all', 'Reply')
    await expect(ada.page.get_by_text('Replying to Ada')).to_be_visible()
    await expect(ada.page.get_by_role('menuitem', name='Edit')).to_be_hidden()
    assert '\n'.join(await violations(ada)) == ''
    await ada.row('Hello all').hover()
    await ada.row('Hello all').get_by_role('button', name='More actions').click()
    await expect(ada.page.get_by_role('menuitem', name='Edit')).to_be_visible()
    assert '\n'.join(await violations(ada, besides='region')) == ''  # a menu stands outside of all landmarks
    await ada.page.keyboard.press('Escape')
    if width < 700:
        await ada.page.get_by_role('button', name='Show rooms').click()
    await ada.page.get_by_role('button', name='New room').click()
    await expect(ada.page.get_by_role('button', name='Create room')).to_be_visible()
    assert '\n'.join(await violations(ada)) == ''
    await ada.open('/rooms/nowhere')
    await expect(ada.page.get_by_role('button', name='Go to the lobby')).to_be_visible()
    assert '\n'.join(await violations(ada)) == ''
    await ada.open('/')
    await expect(ada.page.get_by_role('heading', name='Hello, Ada')).to_be_visible()
    assert '\n'.join(await violations(ada)) == ''


async def test_controls_have_the_roles_and_names_that_the_contract_promises(join) -> None:
    ada = await join('Ada')
    await ada.say('hello')
    await expect(ada.rows).to_have_count(1)
    await expect(ada.page.get_by_role('list', name='People', exact=True)).to_be_visible()
    await expect(ada.page.get_by_role('navigation', name='Rooms')).to_be_visible()
    await expect(ada.page.get_by_role('button', name='Send')).to_be_visible()
    await ada.row('hello').hover()
    await ada.row('hello').get_by_role('button', name='More actions').click()
    for entry in ('Reply', 'Edit', 'Copy link', 'Delete'):
        await expect(ada.page.get_by_role('menu').get_by_role('menuitem', name=entry)).to_be_visible()


async def test_only_what_is_said_now_is_announced(join) -> None:
    ada = await join('Ada')
    await ada.say('history')
    await ada.page.reload()
    await ada.sees('history')
    await ada.say('live')
    quiet = 'row => row.closest("[aria-live]")?.getAttribute("aria-live") ?? "by the log"'
    assert await ada.row('history').evaluate(quiet) == 'off'
    assert await ada.row('live').evaluate(quiet) == 'by the log'


async def test_everything_works_by_keyboard_alone(stranger) -> None:
    ada = await stranger()
    await ada.open('/')
    keyboard = ada.page.keyboard
    await expect(ada.page.get_by_role('textbox', name='Your name')).to_be_focused()
    await keyboard.type('Ada')
    await keyboard.press('Enter')
    await expect(ada.box).to_be_focused()
    await keyboard.type('by keybord')
    await keyboard.press('Enter')
    await ada.sees('by keybord')
    more = ada.row('by keybord').get_by_role('button', name='More actions')
    await _tab_to(ada, more, backwards=True)
    assert await more.evaluate('button => getComputedStyle(button).opacity') == '1'
    assert await more.evaluate('button => getComputedStyle(button).outlineStyle') != 'none'
    await keyboard.press('Enter')
    await expect(ada.page.get_by_role('menuitem', name='Edit')).to_be_visible()
    await _choose_by_keyboard(ada, 'Edit')
    await expect(ada.box).to_be_focused()
    await expect(ada.box).to_have_value('by keybord')
    await keyboard.press('ControlOrMeta+A')
    await keyboard.type('by keyboard')
    await keyboard.press('Enter')
    await expect(ada.row('by keyboard')).to_contain_text('(edited)')
    await _tab_to(ada, ada.page.get_by_role('button', name='New room'), backwards=True)
    await keyboard.press('Enter')
    await expect(ada.page.get_by_role('textbox', name='Name')).to_be_focused()
    await keyboard.type('Design')
    await keyboard.press('Enter')
    await expect(ada.heading('Design')).to_be_visible()
    await _tab_to(ada, ada.page.get_by_role('link', name='Lobby'), backwards=True)
    await keyboard.press('Enter')
    await expect(ada.heading('Lobby')).to_be_visible()


async def test_a_narrow_phone_shows_everything_without_scrolling_sideways(join) -> None:
    ada = await join('Ada', width=320, height=640, has_touch=True, is_mobile=True)
    await ada.say(f'{CODE}\n\n' + 'a' * 300)
    assert await ada.page.evaluate('document.scrollingElement.scrollWidth') == 320
    await expect(ada.rows.last.get_by_role('button', name='More actions')).to_have_css('opacity', '0.8')
    people, show = (
        ada.page.get_by_role('list', name='People', exact=True),
        ada.page.get_by_role('button', name='Show people'),
    )
    for hide in (lambda: ada.page.mouse.click(10, 300), lambda: ada.page.keyboard.press('Escape')):
        await expect(show).to_have_attribute('aria-expanded', 'false')
        await show.click()
        await expect(people).to_be_in_viewport()
        await expect(show).to_have_attribute('aria-expanded', 'true')
        await hide()
        await expect(people).not_to_be_in_viewport()
    await ada.page.get_by_role('button', name='Show rooms').click()
    await expect(ada.page.get_by_role('navigation', name='Rooms')).to_be_in_viewport()


async def test_the_theme_follows_the_system_until_one_is_chosen(join) -> None:
    ada = await join('Ada', dark=True)
    page = 'getComputedStyle(document.body).backgroundColor'
    assert await ada.page.evaluate(page) == 'rgb(25, 22, 19)'
    await ada.page.get_by_role('button', name='Your menu').click()
    await ada.page.get_by_role('menuitem', name='Light theme').click()
    await ada.page.wait_for_function(f'{page} === "rgb(250, 247, 243)"')
    await ada.page.reload()
    await ada.page.wait_for_function(f'{page} === "rgb(250, 247, 243)"')


async def test_times_are_those_of_the_readers_zone(join) -> None:
    ada = await join('Ada')
    await ada.say('when?')
    shown = await ada.row('when?').locator('time').inner_text()
    there = 'row => new Date(row.querySelector("time").dateTime).toTimeString().slice(0, 5)'
    assert shown == await ada.row('when?').evaluate(there)


async def test_little_motion_is_respected(join) -> None:
    ada = await join('Ada', reduced_motion='reduce')
    duration = 'getComputedStyle(document.querySelector(".conversation")).animationDuration'
    assert float((await ada.page.evaluate(duration)).removesuffix('s')) <= 0.001


async def _tab_to(person, target, *, backwards: bool) -> None:
    for _ in range(40):
        if await target.evaluate('element => element === document.activeElement'):
            return
        await person.page.keyboard.press('Shift+Tab' if backwards else 'Tab')
    raise AssertionError('not reached by Tab')


async def _choose_by_keyboard(person, name: str) -> None:
    item = person.page.get_by_role('menuitem', name=name)
    for _ in range(12):
        if await item.evaluate('element => element === document.activeElement'):
            await person.page.keyboard.press('Enter')
            return
        await person.page.keyboard.press('Tab')
    raise AssertionError('not reached in the menu')
