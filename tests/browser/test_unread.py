"""What is unread, and what makes itself noticed, as only a browser shows it."""

import json
import re
from collections.abc import Callable

from playwright.async_api import Locator, Page, expect

from tests.browser.people import Person

# Headless browsers show no notifications; this notes what would be shown, and lets tests press one.
STUB = """
window.shown = [];
window.Notification = class {
  static permission = 'granted';
  static requestPermission() { return Promise.resolve('granted'); }
  constructor(title, options) { Object.assign(this, {title, ...options}); window.shown.push(this);
    setTimeout(() => this.onshow?.()); }
  close() {}
};
window.played = [];
window.Audio = class { constructor(address) { this.address = address; }
  play() { window.played.push(this.address); return Promise.resolve(); } };
"""
HIDE = """hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
  document.dispatchEvent(new Event('visibilitychange')); }"""


def link(person: Person, room: str) -> Locator:
    return person.page.get_by_role('navigation', name='Rooms').get_by_role('link', name=room)


async def hide(page: Page, hidden: bool = True) -> None:
    await page.evaluate(HIDE, hidden)


async def shown(person: Person) -> list[dict[str, object]]:
    return json.loads(await person.page.evaluate('JSON.stringify(window.shown)'))


async def second_window(person: Person, path: str) -> Person:
    other = Person(await person.page.context.new_page(), person.site)
    await other.open(path)
    await expect(other.box).to_be_editable()
    return other


async def test_what_one_device_sees_is_read_on_the_other_and_marked_unread_it_is_so_on_both(
    join: Callable[..., Person],
) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await bo.create_room('Design')
    await ada.page.goto(f'{ada.site}/rooms/design')
    await expect(ada.heading('Design')).to_be_visible()
    phone = await second_window(ada, '/rooms/lobby')
    await ada.enter('Lobby')
    await bo.say('first')
    await bo.say('@Ada second')
    for device in (ada, phone):
        await expect(link(device, 'Design')).to_contain_text('2 unread')
        await expect(link(device, 'Design')).to_contain_text('1 mention')
    await ada.enter('Design')
    for device in (ada, phone):
        await expect(link(device, 'Design')).not_to_contain_text('unread')
    await ada.choose('second', 'Mark unread from here')
    for device in (ada, phone):
        await expect(link(device, 'Design')).to_contain_text(re.compile('1 unread.*, 1 mention'))
    await expect(ada.page.locator('.new-line + article')).to_contain_text('second')
    await ada.page.wait_for_timeout(2500)
    await expect(link(phone, 'Design')).to_contain_text('1 unread')
    await ada.enter('Lobby')
    await ada.page.reload()
    await expect(link(ada, 'Design')).to_contain_text('1 unread')
    await expect(ada.page).to_have_title(re.compile(r'^\(1\) Lobby'))
    await ada.enter('Design')
    for device in (ada, phone):
        await expect(link(device, 'Design')).not_to_contain_text('unread')
    assert (ada.complaints, phone.complaints) == ([], [])


async def test_a_long_way_of_unread_opens_at_its_beginning_and_is_not_read_by_that(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await bo.say('known')
    await ada.sees('known')
    await ada.create_room('Design')
    for number in range(40):
        await bo.say(f'new {number}.')
    await expect(link(ada, 'Lobby')).to_contain_text('40 unread')
    await ada.enter('Lobby')
    await expect(ada.row('new 0.')).to_be_in_viewport()
    await expect(ada.row('new 39.')).not_to_be_in_viewport()
    await expect(ada.page.locator('.jump')).to_contain_text('40 new messages')
    await expect(link(ada, 'Lobby')).to_contain_text('40 unread')
    await ada.page.locator('.jump').click()
    await ada.at_end()
    await expect(link(ada, 'Lobby')).not_to_contain_text('unread')
    assert ada.complaints == []


async def test_a_room_that_opened_at_the_line_of_the_new_still_follows_what_comes(join) -> None:
    ada, bo = await join('Ada', width=360, height=700), await join('Bo')
    for number in range(40):
        await bo.say(f'known {number}.')
    await ada.sees('known 39.')
    await ada.page.wait_for_timeout(2500)  # what is read is stored a moment later
    await ada.open('/settings/notifications')
    await bo.say('unread.')
    await ada.open('/rooms/lobby')
    await expect(ada.page.locator('.new-line + article')).to_contain_text('unread.')
    await ada.at_end()
    for number in range(3):
        await bo.say(f'later {number}.')
        await expect(ada.row(f'later {number}.')).to_be_in_viewport(ratio=1)
    await ada.at_end()
    assert ada.complaints == []


async def test_what_came_while_the_tab_was_hidden_begins_further_up_and_one_jumps_there(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await hide(ada.page)
    for number in range(40):
        await bo.say(f'new {number}.')
    await expect(ada.page).to_have_title(re.compile(r'^\(40\) Lobby'))
    await hide(ada.page, False)
    bar = ada.page.locator('.new-bar')
    await expect(bar).to_contain_text(re.compile(r'40 new since \d\d:\d\d'))
    await expect(ada.row('new 0.')).not_to_be_in_viewport()
    await bar.get_by_role('button', name='Jump to first unread').click()
    await expect(ada.row('new 0.')).to_be_in_viewport()
    await expect(bar).to_be_hidden()
    assert ada.complaints == []


async def test_the_line_of_the_day_comes_before_that_of_the_new(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await ada.create_room('Design')
    await bo.say('hello')
    await expect(link(ada, 'Lobby')).to_contain_text('1 unread')
    await ada.enter('Lobby')
    await expect(ada.page.locator('.day-line + .new-line + article')).to_contain_text('hello')


async def test_a_browser_that_is_gone_has_seen_nothing(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    phone = await second_window(ada, '/rooms/lobby')
    await phone.create_room('Design')
    await ada.page.wait_for_timeout(300)
    await ada.page.context.set_offline(True)  # the tab is in front, and its connection is cut
    await ada.page.close()
    await bo.say('is anybody there')
    await phone.page.context.set_offline(False)
    await phone.page.reload()
    await expect(link(phone, 'Lobby')).to_contain_text('1 unread')


async def test_a_hidden_tab_is_noticed_by_a_notification_a_sound_the_title_and_the_icon(join, stranger) -> None:
    ada, bo = await stranger(), await join('Bo')
    await ada.page.add_init_script(STUB)
    await ada.join('Ada')
    await bo.create_room('<b>"\'`${1}\\u0022')
    await ada.open(bo.page.url.removeprefix(bo.site))
    await ada.at_end()
    await ada.enter('Lobby')
    await bo.say('nobody in particular')
    await expect(link(ada, 'b>')).to_contain_text('1 unread')
    await hide(ada.page)
    await ada.page.wait_for_timeout(300)
    await bo.say('still nobody')
    await bo.say('@Ada "); alert(1); (" </script><img src=x onerror=alert(2)>')
    await ada.page.wait_for_function('window.shown.length > 0')
    (one,) = await shown(ada)
    assert one['title'] == 'Bo in <b>"\'`${1}\\u0022'
    assert one['body'].startswith('@Ada "); alert(1); ("')
    assert await ada.page.evaluate('window.played') == ['/notification.wav']
    await expect(ada.page).to_have_title(re.compile(r'^\(3\) Lobby'))
    icon = ada.page.locator('link[rel~=icon]')
    await expect(icon).to_have_attribute('href', re.compile('%3E3%3C/text'))
    await ada.page.evaluate('window.shown[0].onclick()')
    await hide(ada.page, False)
    await expect(ada.page.get_by_role('heading', level=1)).to_have_text(re.compile('^<b>'))
    await expect(ada.page).to_have_title(re.compile('^<b>'))
    await expect(icon).not_to_have_attribute('href', re.compile('text'))
    assert (await ada.page.request.get(f'{ada.site}/notification.wav')).status == 200
    assert ada.complaints == []


async def test_a_room_that_tells_of_nothing_is_quiet_and_counted_without_emphasis(join, stranger) -> None:
    ada, bo = await stranger(), await join('Bo')
    await ada.page.add_init_script(STUB)
    await ada.join('Ada')
    await ada.page.get_by_role('button', name='Room menu').click()
    await ada.page.get_by_role('menuitem', name='Notifications').click()
    await ada.page.get_by_text('Nothing: no message does').click()
    await ada.page.get_by_role('button', name='Save').click()
    await ada.create_room('Design')
    await hide(ada.page)
    await bo.say('@Ada look')
    await expect(link(ada, 'Lobby')).to_contain_text(re.compile('1 unread.*, 1 mention'))
    await expect(link(ada, 'Lobby').locator('.badge').first).to_have_class(re.compile('quiet'))
    await expect(ada.page).to_have_title('Design · Hearth')
    assert await shown(ada) == []


async def test_the_settings_ask_the_browser_and_say_what_came_of_a_trial(join, stranger) -> None:
    ada = await stranger()
    await ada.page.add_init_script(STUB)
    await ada.join('Ada')
    await ada.open('/settings/notifications')
    result = ada.page.get_by_role('status')
    await ada.page.get_by_role('button', name='Allow desktop notifications').click()
    await expect(result).to_have_text('Desktop notifications are allowed in this browser.')
    await ada.page.get_by_role('button', name='Send a test notification').click()
    await expect(result).to_contain_text('It was shown.')
    assert [each['title'] for each in await shown(ada)] == ['Hearth']
    await ada.page.get_by_label('Quiet from').fill('22:00')
    await ada.page.get_by_label('Sound').select_option('off')
    await ada.page.get_by_role('button', name='Save').click()
    await expect(ada.page.get_by_role('alert')).to_contain_text('A quiet time has a beginning and an end')
    await expect(ada.page.get_by_label('Quiet from')).to_have_value('22:00')
    await expect(ada.page.get_by_label('Sound')).to_have_value('off')
    await ada.page.get_by_label('Quiet until').fill('07:00')
    await ada.page.get_by_role('button', name='Save').click()
    await expect(ada.page.get_by_text('Saved.')).to_be_visible()
    assert ada.complaints == []


async def test_what_was_seen_a_moment_before_a_reload_is_not_new_after_it(join: Callable[..., Person]) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    for words in ('one', 'two', 'three'):
        await bo.say(words)
        await ada.sees(words)
        await ada.page.wait_for_timeout(300)  # as long as it takes to read a word
        await ada.page.reload()
        await ada.sees(words)
        await expect(ada.box).to_be_editable()
        await expect(ada.page.locator('.new-line')).to_have_count(0)
