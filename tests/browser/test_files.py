"""Files in a real browser: chosen, dropped, pasted, on their way, in rows and looked at."""

import asyncio
import wave
from io import BytesIO
from pathlib import Path

import pytest
from playwright.async_api import Locator, Route, expect

from chat import Chat
from chat.settings import Settings
from tests.browser.people import Person
from tests.browser.test_for_everyone import violations
from tests.chat.files import bring, picture
from tests.servers import Server

SLOW = 200_000  # bytes a second that leave the browser
GIVE = """([target, name, type, bytes, kind]) => { const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], name, {type}));
    const more = {bubbles: true, cancelable: true}, place = document.querySelector(target);
    const make = kind === 'paste' ? new ClipboardEvent(kind, {...more, clipboardData: data})
        : new DragEvent(kind, {...more, dataTransfer: data});
    return !place.dispatchEvent(make); }"""
WIDE = picture(size=(1600, 800), color='teal')
FILM = b'\x1a\x45\xdf\xa3\x8b\x42\x82\x84webm' + b'0' * 99


def sound(seconds: int) -> bytes:
    """Return so much silence as a sound file."""
    data = BytesIO()
    with wave.open(data, 'wb') as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16_000 * seconds))
    return data.getvalue()


def file(name: str, data: bytes = b'hello') -> dict[str, object]:
    """Return a file as a person chooses it."""
    return {'name': name, 'mimeType': '', 'buffer': data}


def field(person: Person) -> Locator:
    """Return the field that files are chosen with."""
    return person.page.locator('.uploader input[type=file]')


def chips(person: Person) -> Locator:
    """Return what has arrived and waits to be sent."""
    return person.page.get_by_role('group', name='Files to send').locator('.attached-file')


async def attach(person: Person, *files: dict[str, object]) -> None:
    """Choose files, and wait until they have arrived."""
    await field(person).set_input_files(list(files))
    await expect(chips(person)).to_have_count(len(files))


async def give(person: Person, kind: str, name: str, target: str = '.scroller') -> bool:
    """Let a file be dragged, dropped or pasted somewhere; returns whether the page took it."""
    return await person.page.evaluate(GIVE, [target, name, 'image/png', list(picture()), kind])


async def slow_down(person: Person, bytes_a_second: int) -> None:
    """Let what a person brings take its time; -1 is as fast as it goes."""
    session = await person.page.context.new_cdp_session(person.page)
    await session.send('Network.enable')
    await session.send(
        'Network.emulateNetworkConditions',
        {'offline': False, 'latency': 0, 'downloadThroughput': -1, 'uploadThroughput': bytes_a_second},
    )


async def test_what_is_chosen_waits_goes_and_is_seen(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    async with ada.page.expect_file_chooser() as choosing:
        await ada.page.get_by_role('button', name='Attach files').click()
    await (await choosing.value).set_files([file('wide.png', WIDE), file('notes.txt')])
    await expect(chips(ada).locator('.attached-name')).to_have_text(['wide.png', 'notes.txt'])
    await ada.say('Two files')
    await expect(chips(ada)).to_have_count(0)
    row = bo.row('Two files')
    shown = row.get_by_role('button', name='wide.png').get_by_role('img')
    await expect(shown).to_have_js_property('complete', True)
    assert await shown.evaluate('each => [each.width, each.height, each.naturalWidth > 0]') == [360, 180, True]
    async with bo.page.context.expect_page() as opening:
        await row.get_by_role('link', name='notes.txt', exact=True).click()
    await expect((await opening.value).get_by_text('hello')).to_be_visible()
    async with bo.page.expect_download() as downloading:
        await row.get_by_role('link', name='Download notes.txt').click()
    download = await downloading.value
    assert (download.suggested_filename, await download.failure()) == ('notes.txt', None)
    assert ada.complaints == bo.complaints == []


async def test_ten_at_once_arrive_in_their_order(join) -> None:
    ada = await join('Ada')
    names = [f'{number}.txt' for number in range(10)]
    await attach(ada, *[file(name, name.encode()) for name in names])
    await field(ada).set_input_files([file('eleventh.txt')])
    await expect(ada.page.get_by_role('alert')).to_have_text('A message has at most 10 files.')
    await ada.box.press('Enter')
    await expect(ada.rows.last.locator('.file-name')).to_have_text(names)


async def until_files_are_taken(person) -> None:
    """Wait until the page listens to what is dragged over it, which it does a moment after the box is there."""
    async with asyncio.timeout(30):
        while not await give(person, 'dragover', 'dropped.png'):
            await asyncio.sleep(0.05)


async def test_what_is_dropped_and_pasted_is_brought_along(join) -> None:
    ada = await join('Ada')
    conversation = ada.page.locator('.conversation')
    await until_files_are_taken(ada)
    await expect(conversation).to_have_attribute('data-dropping', '')
    assert await give(ada, 'drop', 'dropped.png')
    await expect(conversation).not_to_have_attribute('data-dropping', '')
    await expect(chips(ada)).to_have_count(1)
    assert await give(ada, 'paste', 'pasted.png', '.composer textarea')
    await expect(chips(ada)).to_have_count(2)
    # A cell of a table comes with a picture of itself, and it is the words that one wants.
    assert not await ada.page.evaluate(
        """() => { const data = new DataTransfer(); data.items.add(new File(['x'], 'cell.png', {type: 'image/png'}));
        data.setData('text/plain', 'x'); data.setData('text/html', '<b>x</b>');
        return !document.querySelector('.composer textarea').dispatchEvent(
            new ClipboardEvent('paste', {bubbles: true, cancelable: true, clipboardData: data})); }"""
    )
    await ada.box.press('Enter')
    await expect(ada.rows.last.locator('.picture')).to_have_count(2)


async def test_sound_plays_in_its_row(join) -> None:
    ada = await join('Ada')
    await attach(ada, file('three.wav', sound(3)))
    await ada.box.press('Enter')
    duration = """player => new Promise((done, failed) => { player.onloadedmetadata = () => done(player.duration);
        player.onerror = () => failed(player.error.message); player.preload = 'auto'; player.load(); })"""
    assert await ada.rows.last.locator('audio').evaluate(duration) == 3
    assert ada.complaints == []


async def test_where_one_edits_or_beside_the_conversation_a_dropped_file_goes_nowhere(join) -> None:
    ada = await join('Ada')
    await until_files_are_taken(ada)
    assert await give(ada, 'drop', 'dropped.png', '.side.left')
    await ada.say('words')
    await ada.box.press('ArrowUp')
    await expect(ada.box).to_have_value('words')
    assert await give(ada, 'dragover', 'dropped.png')
    assert await ada.page.locator('.conversation').get_attribute('data-dropping') is None
    assert await give(ada, 'drop', 'dropped.png')
    await ada.box.press('Escape')
    await expect(ada.page.get_by_text('Editing your message')).to_be_hidden()
    await expect(chips(ada)).to_have_count(0)


async def test_a_message_waits_for_a_file_and_another_is_called_back_on_its_way(join) -> None:
    ada = await join('Ada')
    await slow_down(ada, SLOW)
    await field(ada).set_input_files([file('kept.bin', b'\x00' * 400_000), file('dropped.bin', b'\x01' * 2_000_000)])
    way = ada.page.locator('.on-its-way')
    await expect(way.filter(has_text='kept.bin')).to_contain_text('%')
    await ada.box.fill('here it comes')
    await ada.box.press('Enter')
    await expect(ada.page.get_by_text('Your message goes as soon as the files are here.')).to_be_visible()
    await expect(ada.rows).to_have_count(0)
    await ada.page.get_by_role('button', name='Cancel dropped.bin').click()
    await expect(way.filter(has_text='dropped.bin')).to_be_hidden()
    await ada.sees('here it comes')
    await expect(ada.rows.last.locator('.file-name')).to_have_text(['kept.bin'])
    await expect(ada.box).to_have_value('')
    await expect(chips(ada)).to_have_count(0)


async def test_a_file_whose_way_breaks_off_is_brought_again(join) -> None:
    ada = await join('Ada')

    async def break_off(route: Route) -> None:
        await route.abort()

    await ada.page.route('**/files/to/*', break_off)
    await field(ada).set_input_files([file('lost.txt')])
    await expect(ada.page.locator('.on-its-way').first).to_contain_text('did not arrive')
    await ada.page.unroute('**/files/to/*')
    await ada.page.get_by_role('button', name='Try again').click()
    await expect(chips(ada)).to_have_count(1)
    await expect(ada.page.locator('.on-its-way').first).to_be_hidden()


async def test_what_is_refused_is_said_in_words(join) -> None:
    ada = await join('Ada')
    await field(ada).set_input_files([file('empty.txt', b''), file('huge.bin', b'x' * (25 * 1024 * 1024 + 1))])
    alert = ada.page.get_by_role('alert')
    await expect(alert).to_contain_text('huge.bin: A file has at most 25 MB.')
    await expect(alert).to_contain_text('empty.txt: The file is empty.')
    await expect(ada.page.locator('.on-its-way').first).to_be_hidden()
    await expect(chips(ada)).to_have_count(0)


async def test_what_waits_is_there_after_a_reload_and_can_be_taken_back(join) -> None:
    ada = await join('Ada')
    await attach(ada, file('red.png', picture()), file('notes.txt'))
    await ada.page.reload()
    await expect(chips(ada)).to_have_count(2)
    await ada.page.get_by_role('button', name='Remove red.png').click()
    await expect(chips(ada)).to_have_count(1)
    await expect(ada.box).to_be_focused()
    await ada.page.reload()
    await expect(chips(ada)).to_have_count(1)
    assert ada.complaints == []


async def test_pictures_are_looked_at_by_keyboard(join) -> None:
    ada = await join('Ada')
    await attach(ada, file('red.png', WIDE), file('blue.png', picture(color='blue')))
    await ada.say('Two pictures')
    keys = ada.page.keyboard
    first = ada.page.get_by_role('button', name='red.png')
    await first.focus()
    await keys.press('Enter')
    viewer = ada.page.get_by_role('dialog', name='Pictures')
    await expect(viewer).to_contain_text('1 of 2')
    await expect(viewer.get_by_role('img', name='red.png')).to_be_visible()
    width = await viewer.get_by_role('img', name='red.png').evaluate('each => each.width')
    assert 900 < width <= 1280
    await expect(viewer.get_by_role('button', name='Close')).to_be_focused()
    await keys.press('ArrowRight')
    await expect(viewer.get_by_role('img', name='blue.png')).to_be_visible()
    await expect(viewer).to_contain_text('2 of 2')
    await keys.press('ArrowLeft')
    await expect(viewer.get_by_role('img', name='red.png')).to_be_visible()
    async with ada.page.expect_download() as downloading:
        await viewer.get_by_role('link', name='Download').click()
    assert (await downloading.value).suggested_filename == 'red.png'
    await viewer.get_by_role('img', name='red.png').click()
    await expect(viewer.get_by_role('img', name='red.png')).to_have_js_property('width', 1600)
    await keys.press('ArrowRight')
    await expect(viewer).to_contain_text('2 of 2')
    await keys.press('Escape')
    await expect(viewer).to_be_hidden()
    await expect(first).to_be_focused()
    await first.click()
    await viewer.get_by_role('button', name='Go to message').click()
    await expect(viewer).to_be_hidden()
    await expect(ada.row('Two pictures')).to_be_focused()
    assert ada.complaints == []


async def test_a_finger_goes_from_picture_to_picture(join) -> None:
    ada = await join('Ada', width=360, height=640, has_touch=True)
    await attach(ada, file('red.png', WIDE), file('blue.png', picture(color='blue')))
    await ada.say('Two pictures')
    await ada.page.get_by_role('button', name='red.png').tap()
    viewer = ada.page.get_by_role('dialog', name='Pictures')
    await expect(viewer.get_by_role('img', name='red.png')).to_be_visible()
    await ada.page.wait_for_timeout(400)  # until the viewer stands still
    session = await ada.page.context.new_cdp_session(ada.page)
    for kind, x in (('touchStart', 300), ('touchMove', 240), ('touchMove', 160), ('touchMove', 80), ('touchEnd', None)):
        points = [] if x is None else [{'x': x, 'y': 320}]
        await session.send('Input.dispatchTouchEvent', {'type': kind, 'touchPoints': points})
    await expect(viewer.get_by_role('img', name='blue.png')).to_be_visible()
    await expect(viewer).to_contain_text('2 of 2')


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    """Return a folder whose lobby is full of pictures."""
    asyncio.run(_fill(tmp_path / 'gallery'))
    return tmp_path / 'gallery'


async def _fill(data: Path) -> None:
    chat = Chat(Settings(data=data, rate_limits='off'))
    chat.open()
    grace = await chat.accounts.add_guest('Grace', 'here')
    await chat.rooms.join(grace, 'lobby')
    for number in range(20):
        ids = [(await bring(chat, grace, data=picture(size=(600 + number, 500)), name=f'{number}.png')).id]
        await chat.messages.send(grace, 'lobby', f'picture {number}.' if number % 2 else '', attachments=ids)
    await chat.stop()


async def test_a_room_full_of_pictures_opens_at_its_end_and_nothing_moves_when_they_come(gallery, chromium) -> None:
    server = Server(gallery)
    server.start()
    context = await chromium.new_context(viewport={'width': 1280, 'height': 800})
    come = asyncio.Event()

    async def hold(route: Route) -> None:
        await come.wait()
        await route.continue_()

    try:
        ada = Person(await context.new_page(), server.site)
        await ada.page.route('**/thumbnails/*', hold)
        await ada.join('Ada')
        await expect(ada.rows).to_have_count(20)
        await expect(ada.row('picture 19.')).to_be_in_viewport()
        heights = 'rows => rows.map(row => row.getBoundingClientRect().height)'
        before, place = await ada.rows.evaluate_all(heights), await ada.rows.last.bounding_box()
        come.set()
        shown = ada.rows.last.get_by_role('img')
        await ada.page.wait_for_function('each => each.complete && each.naturalWidth', arg=await shown.element_handle())
        assert await ada.rows.evaluate_all(heights) == before
        assert await ada.rows.last.bounding_box() == place
        await ada.at_end()
        await ada.scroll_to('-1500')
        row, top = await ada.place_of_what_is_read()
        await ada.page.wait_for_function(
            "() => [...document.querySelectorAll('.picture img')].filter(each => each.complete).length > 6"
        )
        assert await ada.top_of(row) == top
    finally:
        await context.close()
        server.kill()


@pytest.mark.parametrize('dark', [False, True], ids=['light', 'dark'])
@pytest.mark.parametrize('width', [1280, 360])
async def test_files_are_for_everyone(join, width: int, dark: bool) -> None:
    ada = await join('Ada', width=width, height=700, dark=dark)
    long = 'a name that is too long for any card whatever its width may be ' * 2 + '.txt'
    kinds = [file('red.png', WIDE), file('s.wav', sound(1)), file('v.webm', FILM)]
    await attach(ada, *kinds, file('b.pdf', b'%PDF-1.7'), file(long), file('a.bin', b'\x00\xff'))
    assert '\n'.join(await violations(ada)) == ''
    await ada.box.press('Enter')
    await expect(ada.rows).to_have_count(1)
    await expect(ada.page.locator('.player audio, .player video')).to_have_count(2)
    await attach(ada, *[file(f'{number}.png', picture(color=color)) for number, color in enumerate(['red', 'blue'])])
    await ada.box.press('Enter')
    await expect(ada.rows).to_have_count(2)
    await slow_down(ada, 100_000)
    await field(ada).set_input_files([file('slow.bin', b'\x00' * 3_000_000)])
    await expect(ada.page.locator('.on-its-way').first).to_contain_text('%')
    assert '\n'.join(await violations(ada)) == ''
    assert await ada.page.evaluate('document.scrollingElement.scrollWidth') == width
    inside = 'all => all.every(each => each.getBoundingClientRect().right <= innerWidth)'
    assert await ada.page.locator('.file, .player, .picture, .attached-file').evaluate_all(inside)
    await ada.page.get_by_role('button', name='0.png').click()
    await expect(ada.page.get_by_role('dialog', name='Pictures')).to_contain_text('2 of 3')
    assert '\n'.join(await violations(ada)) == ''
