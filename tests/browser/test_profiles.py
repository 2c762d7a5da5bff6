"""People in a real browser: what one sets in the settings all others see at once, and a card says who is who."""

from io import BytesIO

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.browser.test_for_everyone import violations

FOCUSED = 'document.activeElement.className'
PICTURE = 'element => getComputedStyle(element).backgroundImage'


def photo() -> dict[str, object]:
    data = BytesIO()
    Image.linear_gradient('L').resize((300, 200)).save(data, 'JPEG')
    return {'name': 'photo.jpg', 'mimeType': 'image/jpeg', 'buffer': data.getvalue()}


async def set_picture(person) -> None:
    await person.open('/settings')
    await person.page.get_by_label('A JPEG, PNG, GIF or WebP').set_input_files(photo())
    await person.page.get_by_role('button', name='Use this picture').click()
    await expect(person.page.get_by_text('This is your picture now.')).to_be_visible()


async def save(person, button: str) -> None:
    await person.page.get_by_role('button', name=button).click()
    await expect(person.page.get_by_role('status').get_by_text('Saved.')).to_be_visible()


def people(person):
    return person.page.get_by_role('list', name='People', exact=True)


def card(person):
    return person.page.get_by_role('dialog', name='About')


async def test_what_one_sets_all_others_see_at_once_and_without_a_reload(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await ada.say('hello')
    await bo.say('hi')
    await bo.choose('hello', 'Reply')
    await bo.say('well answered')
    await bo.mark()
    responses = []
    bo.page.on('response', lambda response: responses.append((response.status, response.url)))
    await ada.page.get_by_role('button', name='Your menu').click()
    await ada.page.get_by_role('menuitem', name='Settings').click()
    await expect(ada.page.get_by_role('heading', name='Profile')).to_be_visible()
    await ada.page.get_by_label('Your name').fill('Eve')
    await ada.page.get_by_role('radio', name='Violet').check()
    await save(ada, 'Save name and color')
    await ada.page.get_by_label('What you are up to').fill('On holiday')
    await ada.page.get_by_label('For how long').select_option('Until midnight')
    await save(ada, 'Save the status')
    await set_picture(ada)
    row = bo.row('hello').first
    await expect(row.get_by_role('button', name='Eve')).to_be_visible()
    await expect(bo.row('well answered').locator('.quote')).to_contain_text('Eve')
    await expect(people(bo)).to_contain_text('Eve')
    await expect(people(bo).get_by_text('On holiday')).to_be_visible()
    await expect(row.locator('.avatar')).to_have_css('background-color', 'rgb(122, 70, 181)')
    await expect(row.locator('.avatar')).to_have_css('color', 'rgba(0, 0, 0, 0)')
    address = (await row.locator('.avatar').evaluate(PICTURE)).removeprefix('url("').removesuffix('")')
    assert (200, address) in responses
    listed = people(bo).get_by_role('listitem').filter(has_text='Eve')
    assert await listed.locator('.avatar').evaluate(PICTURE) == f'url("{address}")'
    assert await bo.is_marked()
    await ada.open('/rooms/lobby')
    await expect(ada.page.locator('.me-name')).to_have_text('Eve')
    assert await ada.page.locator('.me .avatar').evaluate(PICTURE) == f'url("{address}")'
    await ada.open('/settings')
    await ada.page.get_by_role('button', name='Remove the picture').click()
    await expect(ada.page.get_by_text('The picture is removed.')).to_be_visible()
    await expect(row.locator('.avatar')).to_have_css('background-image', 'none')
    assert ada.complaints == bo.complaints == []


async def test_a_card_comes_where_the_pointer_rests_and_goes_when_it_leaves(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await ada.say('hello')
    await bo.say('hi')
    await bo.sees('hi')  # or it comes under the pointer
    await bo.row('hello').locator('.avatar').hover()
    await expect(card(bo)).to_contain_text('Ada')
    await expect(card(bo)).to_contain_text('Guest')
    await expect(card(bo)).to_contain_text('Local time')
    assert 'card' not in await bo.page.evaluate(FOCUSED)
    await people(bo).get_by_text('Bo').hover()
    await expect(card(bo)).to_contain_text('Bo')
    await card(bo).get_by_text('Here since').hover()
    await bo.page.wait_for_timeout(700)
    await expect(card(bo)).to_be_visible()
    await bo.page.mouse.move(600, 200)
    await expect(card(bo)).to_be_hidden()
    await bo.row('hello').get_by_role('button', name='Ada').hover()
    await expect(card(bo)).to_contain_text('Ada')
    await bo.page.keyboard.press('Escape')
    await expect(card(bo)).to_be_hidden()
    assert bo.complaints == []


async def test_a_card_is_reached_and_left_by_keyboard_alone(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await ada.say('hello')
    await bo.sees('hello')
    keyboard = bo.page.keyboard
    for _ in range(20):
        await keyboard.press('Shift+Tab')
        if await bo.page.evaluate(FOCUSED) == 'author':
            break
    await keyboard.press('Enter')
    await expect(card(bo)).to_be_focused()
    await expect(card(bo)).to_contain_text('Ada')
    await keyboard.press('Escape')
    await expect(card(bo)).to_be_hidden()
    await expect(bo.row('hello').get_by_role('button', name='Ada')).to_be_focused()
    await bo.page.wait_for_timeout(700)
    await expect(card(bo)).to_be_hidden()


async def test_who_goes_through_the_people_by_keyboard_stays_there_when_somebody_comes(join) -> None:
    ada = await join('Ada')
    name = people(ada).get_by_role('button', name='Ada')
    await expect(ada.box).to_be_focused()  # which a page does once it is there
    await name.focus()
    bo = await join('Bo')
    await expect(people(ada).get_by_role('button', name='Bo')).to_be_visible()
    await expect(name).to_be_focused()
    await ada.box.focus()
    await bo.close()
    await ada.say('hello')
    await expect(ada.box).to_be_focused()


async def test_on_a_phone_a_tap_shows_the_card_and_another_takes_it_away(join) -> None:
    ada = await join('Ada', width=360, height=740, has_touch=True, is_mobile=True)
    await ada.say('hello')
    await ada.row('hello').get_by_role('button', name='Ada').tap()
    await expect(card(ada)).to_be_in_viewport(ratio=1)
    await ada.page.touchscreen.tap(180, 100)
    await expect(card(ada)).to_be_hidden()


@pytest.mark.parametrize('dark', [False, True], ids=['light', 'dark'])
@pytest.mark.parametrize('width', [1280, 360])
async def test_the_settings_and_the_card_pass_axe(join, width: int, dark: bool) -> None:
    ada = await join('Ada', width=width, dark=dark)
    await ada.open('/settings')
    await ada.page.get_by_label('What you are up to').fill('On holiday')
    await save(ada, 'Save the status')
    assert '\n'.join(await violations(ada)) == ''
    assert await ada.page.evaluate('document.scrollingElement.scrollWidth') == width
    await ada.page.get_by_label('Your name').fill('Admin')
    await ada.page.get_by_role('button', name='Save name and color').click()
    await expect(ada.page.get_by_role('alert')).to_contain_text('means something else here')
    await set_picture(ada)
    assert '\n'.join(await violations(ada)) == ''
    await ada.open('/rooms/lobby')
    await ada.say('hello')
    await ada.row('hello').get_by_role('button', name='Ada').click()
    await expect(card(ada)).to_contain_text('On holiday')
    assert '\n'.join(await violations(ada, besides='region')) == ''  # a card stands outside of all landmarks
    assert ada.complaints == []


async def test_a_color_is_chosen_by_keyboard(join) -> None:
    ada = await join('Ada')
    await ada.open('/settings')
    await ada.page.get_by_role('radio', name='The one I was given').focus()
    await ada.page.keyboard.press('ArrowRight')
    await expect(ada.page.get_by_role('radio', name='Rust')).to_be_checked()
    await ada.page.keyboard.press('Enter')
    await expect(ada.page.get_by_text('Saved.')).to_be_visible()
    await expect(ada.page.get_by_role('radio', name='Rust')).to_be_checked()
    await expect(ada.page.locator('.picture-now .avatar')).to_have_css('background-color', 'rgb(176, 69, 29)')
    assert await ada.page.get_by_role('radio').count() == 13


async def test_a_theme_that_is_set_in_the_settings_is_that_of_the_room(join) -> None:
    ada = await join('Ada')
    await ada.open('/settings')
    await ada.page.get_by_label('Theme').select_option('Dark')
    await save(ada, 'Save time and theme')
    for path in ('/settings', '/rooms/lobby'):
        await ada.open(path)
        await ada.page.wait_for_function('getComputedStyle(document.body).backgroundColor === "rgb(25, 22, 19)"')
