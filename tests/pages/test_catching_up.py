"""What a page shows when news comes late, out of order or while one looks elsewhere."""

import asyncio
from collections.abc import Callable

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User

from chat.events import StartAfresh
from pages.message_list import BLOCK, MOST_ROWS
from tests.pages.people import (
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
    press_key,
    rows,
    scroll_away,
    see_end,
    sees,
    send_message,
    sign_in,
    until,
    write,
)


@pytest.fixture(autouse=True)
def no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one person say a lot."""
    monkeypatch.setenv('HEARTH_RATE_LIMITS', 'off')


async def test_a_message_sent_and_edited_in_a_gap_stands_in_its_place(user: User) -> None:
    await join_room(user, 'Ada')
    chat = chat_of(user)
    ada = await person_of(user)
    publish, chat.room_state.publish = chat.room_state.publish, lambda event: None
    one = (await chat.messages.send(ada, 'lobby', 'one')).message
    await chat.messages.send(ada, 'lobby', 'two')
    await chat.messages.edit(ada, one.id, 'uno')
    chat.room_state.publish = publish
    await chat.messages.send(ada, 'lobby', 'three')
    await until(lambda: rows(user) == ['Ada uno (edited)', 'two', 'three'])


async def test_a_reply_to_what_is_not_on_the_page_is_shown_also_when_another_follows(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await join_room(bo, 'Bo')
    somebody = await person_of(bo)
    chat = chat_of(bo)
    first = (await chat.messages.send(somebody, 'lobby', 'the first')).message
    for number in range(60):
        await chat.messages.send(somebody, 'lobby', f'filler {number}')
    await join_room(user, 'Ada')
    await chat.messages.send(somebody, 'lobby', 'an answer', reply_to=first.id)
    await chat.messages.send(somebody, 'lobby', 'and more')
    await until(lambda: [row.removeprefix('Bo ') for row in rows(user)[-2:]] == ['Bo the first an answer', 'and more'])


async def test_a_page_read_too_early_is_read_again(user: User) -> None:
    await join_room(user, 'Ada')
    chat, ada = chat_of(user), await person_of(user)
    stale = await chat.messages.page(ada, 'lobby')
    await send_message(user, 'hello')
    await until(lambda: rows(user) == ['Ada hello'])
    read, pages = chat.messages.page, [stale]

    async def read_late(*args: object, **kwargs: object) -> object:
        return pages.pop() if pages else await read(*args, **kwargs)

    chat.messages.page = read_late
    start_afresh(user)
    await until(lambda: not pages)
    await until(lambda: rows(user) == ['Ada hello'])


async def test_starting_afresh_brings_the_people_too(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    chat = chat_of(user)
    publish, chat.room_state.publish = chat.room_state.publish, lambda event: None
    await join_room(bo, 'Bo')
    chat.room_state.publish = publish
    start_afresh(user)
    await sees(user, 'of 2 here')


async def test_only_what_is_in_front_counts_as_seen(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(bo, 'Bo')
    await join_room(user, 'Ada')
    bring_to_front(user, in_front=False)
    await send_message(bo, 'look')
    await until(lambda: user.client.title == '(1) Lobby · Hearth')
    ada, chat = await person_of(user), chat_of(user)
    (entry,) = await chat.rooms.list(ada)
    assert await chat.unread.counts(ada, [entry.room.id]) == {entry.room.id: (1, 0)}
    bring_to_front(user)
    await until(lambda: user.client.title == 'Lobby · Hearth')
    assert await chat.unread.counts(ada, [entry.room.id]) == {entry.room.id: (0, 0)}


async def test_a_page_not_yet_told_to_be_in_front_has_seen_nothing(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(bo, 'look')
    await until(lambda: rows(user) == ['Bo look'])
    (entry,) = await chat_of(user).rooms.list(await person_of(user))
    assert entry.unread == 1


async def test_the_new_line_stands_where_the_unread_begin_however_many(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(bo, 'known')
    await until(lambda: user.client.title == '(1) Lobby · Hearth')
    bring_to_front(user)
    await until(lambda: user.client.title == 'Lobby · Hearth')
    await go_to(user, '/')
    somebody, chat = await person_of(bo), chat_of(bo)
    for number in range(60):
        await chat.messages.send(somebody, 'lobby', f'unread {number}.')
    await go_to(user, '/rooms/lobby')
    assert len(rows(user)) == 26
    line_and_first = html_of(user).split('<div class="new-line"')[1].split('</article>')[0]
    assert 'unread 0.' in line_and_first


async def test_who_reads_further_up_is_told_how_many_are_new_and_edits_are_not(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(bo, 'one')
    await until(lambda: len(rows(user)) == 1)
    bring_to_front(user)
    scroll_away(user)
    await send_message(bo, 'two')
    await sees(user, '1 new message')
    press_key(bo, 'keydown.up')
    await until(lambda: box(bo) == 'two')
    write(bo, ' and a half')
    press_key(bo, 'keydown.enter.exact.prevent')
    await until(lambda: rows(user)[-1] == 'Bo two and a half (edited)')
    await sees(user, '1 new message')
    see_end(user)
    await user.should_not_see('1 new message')


@pytest.mark.slow
async def test_who_reads_further_up_for_long_keeps_a_small_page(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    scroll_away(user)
    somebody, chat = await person_of(bo), chat_of(bo)
    for number in range(MOST_ROWS + 5 * BLOCK):
        await chat.messages.send(somebody, 'lobby', f'{number}')
    await sees(user, f'{MOST_ROWS + 5 * BLOCK} new messages')
    assert len(rows(user)) <= MOST_ROWS + BLOCK
    with user:
        (jump,) = [each for each in ElementFilter(kind=ui.button) if 'jump' in each.classes]
    fire(user, jump, 'click')
    await until(lambda: rows(user)[-1].endswith(str(MOST_ROWS + 5 * BLOCK - 1)))


async def test_a_text_sent_while_one_changes_rooms_does_not_come_back_as_draft(user: User) -> None:
    await join_room(user, 'Ada')
    await sign_in(user, 'Ada', new_room='Design')
    send, chat = chat_of(user).messages.send, chat_of(user)

    sent = asyncio.Event()

    async def send_slowly(*args: object, **more: object) -> object:
        user.navigate.to('/rooms/design')
        await sees(user, 'Message Design')
        try:
            return await send(*args, **more)
        finally:
            sent.set()

    chat.messages.send = send_slowly
    write(user, 'hello')
    press_key(user, 'keydown.enter.exact.prevent')
    await sent.wait()
    await asyncio.sleep(0)
    user.navigate.to('/rooms/lobby')
    await until(lambda: rows(user) == ['Ada hello'])
    assert box(user) == ''


async def test_a_message_edited_while_another_is_sent_brings_no_sent_text_back(user: User) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'first')
    await until(lambda: rows(user) == ['Ada first'])
    send, chat = chat_of(user).messages.send, chat_of(user)

    async def send_slowly(*args: object, **more: object) -> object:
        open_menu_of(user, 'first')
        choose(user, 'Edit')
        return await send(*args, **more)

    chat.messages.send = send_slowly
    write(user, 'second')
    press_key(user, 'keydown.enter.exact.prevent')
    await until(lambda: rows(user) == ['Ada first', 'second'])
    assert box(user) == 'first'
    press_key(user, 'keydown.esc')
    assert box(user) == ''


async def test_what_was_typed_while_the_server_was_away_comes_back_after_the_reload(user: User) -> None:
    await join_room(user, 'Ada')
    write(user, 'half a')
    await go_to(user, '/rooms/lobby')
    bring_to_front(user, kept='half a thought')
    await until(lambda: box(user) == 'half a thought')
    await go_to(user, '/rooms/lobby')
    assert box(user) == 'half a thought'


@pytest.mark.slow
@pytest.mark.parametrize('kept', ['', '   ', 'sent', ' sent\n', None, 7, ['half'], 'of another time'])
async def test_nothing_comes_back_that_was_sent_or_is_no_text_or_older(user: User, kept: object) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'sent')
    write(user, 'newer')
    bring_to_front(user, kept=kept)
    await asyncio.sleep(0.2)
    assert box(user) == 'newer'


async def test_who_comes_later_sees_who_is_typing(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(bo, 'Bo')
    write(bo, 'hm')
    await join_room(user, 'Ada')
    await sees(user, 'Bo is typing…')


async def test_a_link_is_shown_where_the_browser_has_no_clipboard_for_us(user: User) -> None:
    await join_room(user, 'Ada')
    press_button(user, 'Room menu')
    choose(user, "Copy the room's link")
    await sees(user, 'Copy this address')
    with user:
        (shown,) = [each for each in ElementFilter(kind=ui.input) if each.props.get('readonly')]
    assert shown.value == 'http://test/rooms/lobby'


def start_afresh(user: User) -> None:
    """Tell a page that what changed is more than can be told."""
    chat = chat_of(user)
    for room in chat.room_state._rooms.values():
        for subscription in room.subscriptions:
            subscription.deliver((StartAfresh(room.id),))
