"""Files on the room page: brought along, sent, shown in rows, and pictures looked at."""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User

from chat.errors import RateLimited
from chat.files import FileLimits
from chat.messages import MOST_ATTACHMENTS
from chat.models import Attachment, Message
from chat.models import User as Person
from pages import attachments, files, notifier, rows
from tests.chat.files import bring, picture
from tests.pages.people import (
    SITE,
    box,
    bring_to_front,
    chat_of,
    choose,
    fire,
    go_to,
    html_of,
    join_room,
    open_menu_of,
    person_of,
    press_button,
    sees,
    send_message,
    sign_in,
    until,
    write,
)
from tests.pages.people import rows as rows_of

HOSTILE = '"><script>alert(1)<&amp;\'.txt'


def uploader(user: User) -> ui.element:
    """Return what brings files to the server."""
    with user:
        (found,) = [each for each in ElementFilter() if each.tag == 'q-uploader']
    return found


def tell(user: User, event: str, args: object = None) -> None:
    """Let the browser tell what became of files on their way."""
    fire(user, uploader(user), event, args)


def listed(user: User) -> list[str]:
    """Return the names of the files that wait to be sent, in the order in which they are shown."""
    with user:
        (place,) = [each for each in ElementFilter() if 'attached' in each.classes]
    texts = [next(part for part in chip if 'attached-text' in part.classes) for chip in place]
    return [re.search('<bdi>(.*)</bdi>', each.content)[1] for each in texts]


async def attach(user: User, data: bytes = b'hello', name: str = 'notes.txt', room: str = 'lobby') -> Attachment:
    """Bring a file to a room, and let the browser say that it is there."""
    brought = await bring(chat_of(user), await person_of(user), room, data, name)
    tell(user, 'uploaded')
    await until(lambda: name in ''.join(listed(user)) or '&' in ''.join(listed(user)))
    return brought


async def share(user: User, *shared: tuple[bytes, str], words: str = '') -> Message:
    """Send files, without the page."""
    chat, person = chat_of(user), await person_of(user)
    ids = [(await bring(chat, person, 'lobby', data, name)).id for data, name in shared]
    return (await chat.messages.send(person, 'lobby', words, attachments=ids)).message


def row_of(*shared: Attachment, body: str = '') -> str:
    """Return the row of a message with these files."""
    author = Person(7, 'Ada', 'guest')
    html = f'<p>{body}</p>' if body else ''
    message = Message(
        5, 1, 'lobby', 1, author, body, html, None, datetime.now(UTC), None, None, None, attachments=shared
    )
    return rows.row(message, rows.Place(starts_day=False, starts_group=True), ZoneInfo('UTC'), None)


# Rows.


def test_a_picture_is_a_button_whose_size_is_known_before_it_comes() -> None:
    html = row_of(Attachment(3, 'view.png', 'image/png', 5000, 1600, 900))
    assert 'src="/thumbnails/3.webp" width="360" height="202" style="aspect-ratio: 360 / 202"' in html
    assert 'alt="view.png"' in html
    assert 'data-action="view" data-file="3"' in html
    assert 'class="body"' not in html


@pytest.mark.parametrize(
    ('width', 'height', 'fits'),
    [(10, 20, (10, 20)), (360, 300, (360, 300)), (4000, 10, (360, 1)), (1, 9000, (1, 300)), (600, 600, (300, 300))],
)
def test_a_picture_fits_and_is_never_larger_than_it_is(width: int, height: int, fits: tuple[int, int]) -> None:
    assert attachments.fitting(width, height) == fits


def test_several_pictures_stand_in_a_grid_and_other_files_below() -> None:
    shown = [Attachment(number, f'{number}.png', 'image/gif', 1, 9, 9) for number in range(4)]
    html = row_of(Attachment(9, 'a.zip', 'application/zip', 2048), *shown, body='Look')
    assert html.count('class="picture"') == 4
    assert 'class="pictures in-twos"' in html
    assert html.index('<p>Look</p>') < html.index('class="pictures') < html.index('a.zip')
    assert '>GIF</span>' in html


@pytest.mark.parametrize(
    ('kind', 'parts'),
    [
        ('video/mp4', ['<video controls preload="metadata"', 'width="360" height="203"', 'src="/files/3/']),
        ('audio/ogg', ['<audio controls preload="none"', 'src="/files/3/']),
        ('text/plain', ['?open" target="_blank" rel="noopener"', ' download aria-label="Download ']),
        ('application/pdf', ['?open" target="_blank" rel="noopener"', 'picture_as_pdf']),
        ('application/octet-stream', ['class="file-name" href="/files/3/', 'insert_drive_file', '2.0 kB']),
        ('image/png', ['class="file-name" href="/files/3/', '<i class="material-icons file-icon"']),
    ],
)
def test_every_kind_of_file_is_shown_as_it_is_best_used_and_never_as_markup(kind: str, parts: list[str]) -> None:
    html = row_of(Attachment(3, HOSTILE, kind, 2048))
    for part in parts:
        assert part in html
    assert '<script' not in html
    assert '&quot;&gt;&lt;script&gt;' in html


def test_a_hostile_name_of_a_picture_stays_a_name() -> None:
    html = row_of(Attachment(3, HOSTILE, 'image/png', 2048, 10, 10))
    assert '<script' not in html
    assert html.count('&quot;&gt;&lt;script&gt;') == 2


@pytest.mark.parametrize(
    ('count', 'said'),
    [
        (1, '1 byte'),
        (900, '900 bytes'),
        (1024, '1.0 kB'),
        (25 * 1024**2, '25 MB'),
        (1023 * 1024, '1.0 MB'),
        (3 * 1024**3, '3.0 GB'),
    ],
)  # fmt: skip
def test_sizes_are_said_by_the_measure_of_the_limit(count: int, said: str) -> None:
    assert attachments.size(count) == said


async def test_a_message_without_words_is_told_by_its_files_everywhere(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    sent = await share(user, (picture(), 'one.png'), (b'hello', '&lt;b.txt'))
    await until(lambda: 'one.png' in html_of(bo))
    assert 'data-action="view"' in html_of(bo)
    open_menu_of(bo, 'one.png')
    choose(bo, 'Reply')
    await sees(bo, 'Replying to Ada: 📎 one.png, &lt;b.txt')
    await send_message(bo, 'Nice')
    await until(lambda: '<strong>Ada</strong> 📎 one.png, &amp;lt;b.txt' in html_of(user))
    title, text = notifier.words([sent], {'lobby': (await chat_of(user).rooms.list(await person_of(user)))[0]})
    assert text == '📎 one.png, &lt;b.txt'
    await chat_of(user).reports.report(await person_of(bo), sent.id, 'because')
    assert title


async def test_what_was_deleted_takes_its_files_along_everywhere(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    sent = await share(user, (picture(), 'one.png'), words='Look')
    await until(lambda: 'one.png' in html_of(bo))
    view(bo, sent.attachments[0])
    await sees(bo, '1 of 1')
    await chat_of(user).messages.delete(await person_of(user), sent.id)
    await until(lambda: rows_of(bo) == ['Ada This message was deleted.'])
    assert 'data-file' not in html_of(bo)
    assert not is_viewing(bo)


async def test_the_words_of_a_message_with_files_can_go(user: User) -> None:
    await join_room(user, 'Ada')
    await share(user, (b'x', 'a.txt'), words='A caption')
    await until(lambda: 'A caption' in html_of(user))
    open_menu_of(user, 'A caption')
    choose(user, 'Edit')
    user.find(kind=ui.textarea).clear()
    press_button(user, 'Send')
    await until(lambda: 'A caption' not in html_of(user))
    assert '(edited)' in html_of(user)
    assert 'a.txt' in html_of(user)


# Bringing files along.


async def test_what_has_arrived_waits_and_goes_with_the_words(user: User) -> None:
    await join_room(user, 'Ada')
    await attach(user, picture(), 'red.png')
    await attach(user)
    assert listed(user) == ['red.png', 'notes.txt']
    await send_message(user, 'Here')
    await until(lambda: listed(user) == [])
    await until(lambda: 'class="picture"' in html_of(user))
    sent = await chat_of(user).messages.last_of(await person_of(user), 'lobby')
    assert sent.body == 'Here'
    assert [each.name for each in sent.attachments] == ['red.png', 'notes.txt']


async def test_files_can_go_without_words_and_nothing_cannot(user: User) -> None:
    await join_room(user, 'Ada')
    press_button(user, 'Send')
    await sees(user, 'Write something first.')
    await attach(user)
    press_button(user, 'Send')
    await until(lambda: listed(user) == [])
    sent = await chat_of(user).messages.last_of(await person_of(user), 'lobby')
    assert (sent.body, sent.summary) == ('', 'notes.txt')


async def test_a_name_in_a_chip_is_text(user: User) -> None:
    await join_room(user, 'Ada')
    await attach(user, name='&lt;b.txt')
    assert '<bdi>&amp;lt;b.txt</bdi>' in html_of(user)


async def test_one_can_be_taken_back_here_and_elsewhere(user: User) -> None:
    await join_room(user, 'Ada')
    brought = await attach(user)
    press_button(user, 'Remove notes.txt')
    await until(lambda: listed(user) == [])
    ada = await person_of(user)
    assert await chat_of(user).files.pending(ada, 'lobby') == ()
    brought = await attach(user)
    await chat_of(user).files.discard(ada, brought.id)
    press_button(user, 'Remove notes.txt')
    await until(lambda: listed(user) == [])


async def test_they_stand_in_the_order_in_which_they_were_chosen(user: User) -> None:
    await join_room(user, 'Ada')
    tell(user, 'added', ['one.txt', 'two.txt', 5])
    await attach(user, b'2', 'two.txt')
    await attach(user, b'1', 'one.txt')
    await until(lambda: listed(user) == ['one.txt', 'two.txt'])
    press_button(user, 'Send')
    await until(lambda: listed(user) == [])
    sent = await chat_of(user).messages.last_of(await person_of(user), 'lobby')
    assert [each.name for each in sent.attachments] == ['one.txt', 'two.txt']


async def test_they_belong_to_the_draft_of_their_room_and_survive_a_reload(user: User) -> None:
    await join_room(user, 'Ada')
    await sign_in(user, 'Ada', new_room='Design')
    await attach(user)
    user.navigate.to('/rooms/design')
    await sees(user, 'Message Design')
    assert listed(user) == []
    user.navigate.to('/rooms/lobby')
    await sees(user, 'Message Lobby')
    await until(lambda: listed(user) == ['notes.txt'])
    await go_to(user, '/rooms/lobby')
    await until(lambda: listed(user) == ['notes.txt'])


async def test_other_pages_of_the_person_follow(user: User, create_user: Callable[[], User]) -> None:
    other = create_user()
    await join_room(user, 'Ada')
    other.http_client.cookies = user.http_client.cookies
    await go_to(other, '/rooms/lobby')
    bring_to_front(other, in_front=False)
    await attach(user)
    bring_to_front(other)
    await until(lambda: listed(other) == ['notes.txt'])
    press_button(user, 'Send')
    await until(lambda: listed(other) == [])


async def test_what_was_sent_elsewhere_is_said_and_taken_away(user: User) -> None:
    await join_room(user, 'Ada')
    brought = await attach(user)
    await chat_of(user).files.discard(await person_of(user), brought.id)
    write(user, 'with it')
    press_button(user, 'Send')
    await sees(user, 'A file is not there any more, or was sent already.')
    await until(lambda: listed(user) == [])
    assert box(user) == 'with it'


async def test_what_was_sent_does_not_come_back_with_what_was_read_before(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await join_room(user, 'Ada')
    await attach(user)
    files_of, is_read, goes_on = chat_of(user).files, asyncio.Event(), asyncio.Event()
    pending = files_of.pending

    async def late(*args: object) -> tuple[Attachment, ...]:
        found = await pending(*args)
        is_read.set()
        await goes_on.wait()
        return found

    monkeypatch.setattr(files_of, 'pending', late)
    tell(user, 'uploaded')
    await is_read.wait()
    press_button(user, 'Send')
    await until(lambda: listed(user) == [])
    goes_on.set()
    await asyncio.sleep(0.1)
    assert listed(user) == []


async def test_a_message_waits_for_what_is_on_its_way(user: User) -> None:
    await join_room(user, 'Ada')
    tell(user, 'added', ['notes.txt'])
    tell(user, 'start')
    write(user, 'with it')
    press_button(user, 'Send')
    await sees(user, 'Your message goes as soon as the files are here.')
    assert rows_of(user) == []
    await bring(chat_of(user), await person_of(user))
    tell(user, 'uploaded')
    tell(user, 'finish')
    await until(lambda: box(user) == '')
    sent = await chat_of(user).messages.last_of(await person_of(user), 'lobby')
    assert [each.name for each in sent.attachments] == ['notes.txt']
    await user.should_not_see('Your message goes')


async def test_a_message_that_is_written_on_waits_no_longer(user: User) -> None:
    await join_room(user, 'Ada')
    tell(user, 'start')
    write(user, 'with it')
    press_button(user, 'Send')
    await sees(user, 'Your message goes')
    write(user, ', and more')
    await user.should_not_see('Your message goes')
    tell(user, 'finish')
    await attach(user)  # by then what waited would be on its way
    await asyncio.sleep(0.2)
    assert box(user) == 'with it, and more'
    assert rows_of(user) == []


@pytest.mark.parametrize('how', [[413, '{"error": {"message": "A file has at most 25 MB."}}', 'a'], [0, '', 'a']])
async def test_a_message_does_not_go_without_a_file_that_it_waited_for(user: User, how: list[object]) -> None:
    await join_room(user, 'Ada')
    tell(user, 'start')
    write(user, 'with it')
    press_button(user, 'Send')
    await sees(user, 'Your message goes')
    tell(user, 'failed', how)
    tell(user, 'finish')
    await sees(user, 'Not all files have arrived.')
    assert box(user) == 'with it'


async def test_a_file_that_was_taken_away_on_its_way_is_not_waited_for(user: User) -> None:
    await join_room(user, 'Ada')
    tell(user, 'start')
    write(user, 'without it')
    press_button(user, 'Send')
    await sees(user, 'Your message goes')
    tell(user, 'failed', [0, '', 'a'])
    tell(user, 'removed', 1)
    tell(user, 'finish')
    await until(lambda: box(user) == '')


async def test_what_the_server_said_of_a_file_is_shown(user: User) -> None:
    await join_room(user, 'Ada')
    tell(user, 'failed', [422, '{"error": {"code": "invalid", "message": "The file is empty."}}', '<b>.txt'])
    await sees(user, '<b>.txt: The file is empty.')


@pytest.mark.parametrize(
    'told',
    [
        [500, '<h1>Crash</h1>', 'x'], [500, '[' * 4000, 'x'], [500, '{"error": {"message": 5}}', 'x'], [500, '5', {}],
        [500, '"' + 'x' * 9000 + '"', 'x'], [None, None, None], 'nonsense', {}, [1],
        [500, r'{"error": {"message": "\ud800"}}', 'x'],  # half a character, which no page can be told
    ],
)  # fmt: skip
async def test_a_browser_that_tells_nonsense_is_told_in_general(user: User, told: object) -> None:
    await join_room(user, 'Ada')
    tell(user, 'failed', told)
    await sees(user, 'The file could not be brought. Please try again.')


async def test_what_the_browser_refuses_is_said_as_the_server_would(user: User) -> None:
    await join_room(user, 'Ada')
    tell(
        user, 'rejected', [['max-file-size', 'film.mp4'], ['max-files', 'x'], ['duplicate', 'y'], ['odd', 'z'], 5, [1]]
    )
    await sees(user, 'film.mp4: A file has at most 25 MB.')
    await sees(user, f'A message has at most {MOST_ATTACHMENTS} files.')
    await sees(user, 'y: This file is there already.')
    for nonsense in ('x', {}, [[['max-file-size'], {}]], 7):
        tell(user, 'rejected', nonsense)
        tell(user, 'removed', nonsense)
        tell(user, 'added', nonsense)
    assert uploader(user).props['max-file-size'] == 25 * 1024 * 1024


async def test_there_is_room_for_no_more_than_a_message_has(user: User) -> None:
    await join_room(user, 'Ada')
    assert uploader(user).props['max-files'] == MOST_ATTACHMENTS
    await attach(user)
    await until(lambda: uploader(user).props['max-files'] == MOST_ATTACHMENTS - 1)


async def test_where_files_are_off_nothing_offers_them(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    await sign_in(user, 'Ada')
    monkeypatch.setattr(chat_of(user).files, 'limits', FileLimits(0, 0))
    await go_to(user, '/rooms/lobby')
    with user:
        assert [each for each in ElementFilter() if each.tag == 'q-uploader'] == []
    await send_message(user, 'words alone')


async def test_who_may_not_speak_brings_nothing(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await go_to(user, await sign_in(user, 'Ada', new_room='News'))
    await chat_of(user).rooms.change(await person_of(user), 'news', posting='moderators')
    await join_room(bo, 'Bo', room='news')
    with bo:
        (place,) = [each for each in ElementFilter() if 'composer' in each.classes]
    assert 'silent' in place.classes


# Looking at pictures.


def view(user: User, attachment: Attachment) -> None:
    """Choose a picture in the log."""
    with user:
        (log,) = [each for each in ElementFilter() if each.props.get('role') == 'log']
    (message_id,) = re.findall(rf'data-id="(\d+)"(?:(?!</article>).)*data-file="{attachment.id}"', html_of(user))[-1:]
    fire(user, log, 'click', ['view', int(message_id), str(attachment.id)])


def viewer(user: User) -> list[ui.dialog]:
    """Return the viewer, if it is open."""
    with user:
        return [each for each in ElementFilter(kind=ui.dialog) if 'viewer' in each.classes and each.value]


def is_viewing(user: User) -> bool:
    """Whether pictures are looked at."""
    return bool(viewer(user))


def inside(user: User) -> ui.element:
    """Return what stands in the viewer."""
    with user:
        (found,) = [each for each in ElementFilter() if 'viewer-inside' in each.classes]
    return found


async def test_a_picture_is_looked_at_and_the_arrows_lead_to_the_others(user: User) -> None:
    await join_room(user, 'Ada')
    await share(user, (picture(color='red'), 'red.png'), (b'text', 'a.txt'), (picture(color='blue'), 'blue.png'))
    second = await share(user, (picture(color='green'), '&lt;i.png'))
    await until(lambda: html_of(user).count('class="picture"') == 3)
    view(user, second.attachments[0])
    await sees(user, '<bdi>&amp;lt;i.png</bdi>')
    await sees(user, '3 of 3 · Ada · ')
    fire(user, inside(user), 'keydown.right')
    await sees(user, '3 of 3')
    fire(user, inside(user), 'keydown.left')
    await sees(user, '2 of 3')
    await sees(user, '<bdi>blue.png</bdi>')
    press_button(user, 'Previous picture')
    await sees(user, '<bdi>red.png</bdi>')
    with user:
        (slides,) = [each for each in ElementFilter() if each.tag == 'q-carousel']
        (save,) = [each for each in ElementFilter() if each.props.get('aria-label') == 'Download']
    assert save.props['href'].endswith('/red.png')
    for told in ('1', 'x', '99', {}, '-1', '²', 5):
        fire(user, slides, 'update:modelValue', told)
    await sees(user, '<bdi>blue.png</bdi>')
    press_button(user, 'Show at full size')
    assert 'full-size' in slides.classes
    press_button(user, 'Close')
    await until(lambda: not is_viewing(user))


async def test_from_a_picture_one_goes_to_its_message(user: User) -> None:
    await join_room(user, 'Ada')
    sent = await share(user, (picture(), 'red.png'))
    await until(lambda: 'class="picture"' in html_of(user))
    view(user, sent.attachments[0])
    await sees(user, '1 of 1')
    press_button(user, 'Go to message')
    await until(lambda: not is_viewing(user))


async def test_a_picture_in_a_list_of_messages_leads_to_where_it_stands(user: User) -> None:
    await join_room(user, 'Ada')
    sent = await share(user, (picture(), 'red.png'))
    await until(lambda: 'class="picture"' in html_of(user))
    await chat_of(user).messages.send(await person_of(user), 'lobby', 'because', None, sent.id)
    await until(lambda: 'because' in html_of(user))
    open_menu_of(user, 'because')
    choose(user, 'Show conversation')
    await sees(user, 'listed-message')
    with user:
        (shown,) = [each for each in ElementFilter(kind=ui.dialog) if each.props.get('aria-label') == 'Conversation']
        (place,) = [each for each in ElementFilter() if 'listed' in each.classes]
    fire(user, place, 'click', ['view', sent.id, str(sent.attachments[0].id)])
    await until(lambda: not shown.value)
    assert not is_viewing(user)


async def test_whoever_names_a_picture_that_is_not_on_the_page_sees_nothing(user: User) -> None:
    await join_room(user, 'Ada')
    sent = await share(user, (picture(), 'red.png'), (b'x', 'a.txt'))
    await until(lambda: 'class="picture"' in html_of(user))
    with user:
        (log,) = [each for each in ElementFilter() if each.props.get('role') == 'log']
    for what in ('99', str(sent.attachments[1].id), 'x', None, {}, sent.attachments[0].id):
        fire(user, log, 'click', ['view', sent.id, what])
    assert not is_viewing(user)


async def test_whoever_loses_the_room_looks_at_nothing_of_it_any_more(user: User) -> None:
    await join_room(user, 'Ada')
    await go_to(user, await sign_in(user, 'Ada', new_room='Design'))
    user.client.open = lambda *_: None  # its browser stays where it is
    chat, ada = chat_of(user), await person_of(user)
    brought = await bring(chat, ada, 'design', picture(), 'red.png')
    sent = (await chat.messages.send(ada, 'design', '', attachments=[brought.id])).message
    await until(lambda: 'class="picture"' in html_of(user))
    view(user, sent.attachments[0])
    await sees(user, '1 of 1')
    await chat.rooms.delete(ada, 'design')
    await until(lambda: not is_viewing(user))


async def test_what_is_chosen_together_comes_a_few_at_a_time_and_nothing_is_refused(user: User) -> None:
    await join_room(user, 'Ada')

    async def upload(number: int) -> int:
        form = {'file': (f'{number}.txt', str(number).encode(), '')}
        answer = await user.http_client.post('/files/to/lobby', files=form, headers={'Origin': SITE})
        return answer.status_code

    assert await asyncio.gather(*map(upload, range(MOST_ATTACHMENTS))) == [200] * MOST_ATTACHMENTS
    waiting = await chat_of(user).files.pending(await person_of(user), 'lobby')
    assert {each.name for each in waiting} == {f'{number}.txt' for number in range(MOST_ATTACHMENTS)}


async def test_too_many_wait_for_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, 'MOST_WAITING', 1)
    turns, ada = files.Turns(), Person(1, 'Ada', 'guest')
    async with turns.take(ada), turns.take(Person(2, 'Bo', 'guest')):
        with pytest.raises(RateLimited):
            async with turns.take(ada):
                pass
    async with turns.take(ada):
        pass
