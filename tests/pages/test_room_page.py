"""The room page: people talk, and everybody sees the same at once."""

from collections.abc import Callable

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User

from tests.pages.people import (
    box,
    bring_to_front,
    chat_of,
    choose,
    close_page,
    fire,
    go_to,
    html_of,
    join_room,
    offers,
    open_menu_of,
    person_of,
    press_button,
    press_key,
    row_id,
    rows,
    see_end,
    sees,
    send_message,
    sign_in,
    until,
    write,
)


async def test_what_one_says_both_see(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(user, 'hello')
    await send_message(bo, 'hi Ada')
    await until(lambda: rows(user) == rows(bo) and len(rows(user)) == 2)
    assert rows(user) == ['Ada hello', 'Bo hi Ada']


async def test_messages_of_one_author_stand_under_one_name(user: User) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'one')
    await send_message(user, 'two')
    await until(lambda: rows(user) == ['Ada one', 'two'])


async def test_an_edit_is_seen_by_everybody_and_marked(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(user, 'helo')
    await sees(bo, 'helo')
    open_menu_of(user, 'helo')
    choose(user, 'Edit')
    assert box(user) == 'helo'
    user.find(kind=ui.textarea).clear()
    await send_message(user, 'hello')
    await until(lambda: rows(bo) == ['Ada hello (edited)'])
    assert rows(user) == rows(bo)


async def test_a_deleted_message_leaves_a_tombstone_for_everybody(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(user, 'a mistake')
    await sees(bo, 'a mistake')
    open_menu_of(user, 'a mistake')
    choose(user, 'Delete')
    await sees(user, 'Delete this message for everybody?')
    user.find(kind=ui.button, content='Delete').click()
    await until(lambda: rows(bo) == ['Ada This message was deleted.'])
    assert rows(user) == rows(bo)


async def test_only_the_author_is_offered_to_edit_and_delete(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(user, 'mine')
    await sees(bo, 'mine')
    open_menu_of(bo, 'mine')
    assert 'Reply' in offers(bo)
    assert 'Edit' not in offers(bo)
    assert 'Delete' not in offers(bo)
    open_menu_of(user, 'mine')
    assert {'Reply', 'Edit', 'Copy link', 'Delete'} <= set(offers(user))


async def test_whoever_fires_the_hidden_menu_all_the_same_changes_nothing(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(user, 'mine')
    await sees(bo, 'mine')
    message = await chat_of(user).messages.get(await person_of(bo), row_id(bo, 'mine'))
    open_menu_of(bo, 'mine')
    with bo:
        hidden = [item for item in ElementFilter(kind=ui.menu_item, only_visible=False) if not item.visible]
    assert len(hidden) >= 8
    for item in hidden:
        fire(bo, item, 'click')
    bo.find(kind=ui.textarea).clear()
    write(bo, 'not mine')
    press_button(bo, 'Send')
    await sees(bo, 'Only its author can edit this message.')
    user_again = await chat_of(user).messages.get(await person_of(bo), message.id)
    assert user_again.body == 'mine'
    assert user_again.revision == message.revision


async def test_the_arrow_up_edits_the_last_message_and_escape_brings_the_draft_back(user: User) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'first')
    press_key(user, 'keydown.up')
    await until(lambda: box(user) == 'first')
    await sees(user, 'Editing your message')
    press_key(user, 'keydown.esc')
    assert box(user) == ''


async def test_changes_to_one_message_are_asked_about_before_another_is_edited_or_answered(
    user: User,
) -> None:
    await join_room(user, 'Ada')
    for words in ('first', 'second'):
        await send_message(user, words)
    await until(lambda: len(rows(user)) == 2)
    write(user, 'a draft')
    for label in ('Edit', 'Reply'):
        open_menu_of(user, 'first')
        choose(user, 'Edit')
        await until(lambda: box(user) == 'first')
        user.find(kind=ui.textarea).clear()
        write(user, 'first, but better')
        open_menu_of(user, 'second')
        choose(user, label)
        await sees(user, 'Discard your changes to the other message?')
        assert box(user) == 'first, but better'
        with user:
            newest = [each for each in ElementFilter(kind=ui.button) if each.text == 'Discard'][-1]
        fire(user, newest, 'click')
        await until(lambda label=label: box(user) == ('second' if label == 'Edit' else 'a draft'))
        press_key(user, 'keydown.esc')
        await until(lambda: box(user) == 'a draft')
    open_menu_of(user, 'first')
    choose(user, 'Edit')
    await until(lambda: box(user) == 'first')
    open_menu_of(user, 'second')
    choose(user, 'Edit')  # where nothing was changed, nothing is asked
    await until(lambda: box(user) == 'second')
    user.find(kind=ui.textarea).clear()
    write(user, 'changed')
    open_menu_of(user, 'second')
    choose(user, 'Edit')  # the same once more
    assert box(user) == 'changed'


async def test_enter_sends_but_not_while_an_input_method_is_open(user: User) -> None:
    await join_room(user, 'Ada')
    write(user, 'にほん')
    press_key(user, 'keydown.enter.exact.prevent', isComposing=True, keyCode=229)
    assert box(user) == 'にほん'
    press_key(user, 'keydown.enter.exact.prevent', isComposing=False, keyCode=13)
    await until(lambda: rows(user) == ['Ada にほん'])


async def test_what_cannot_be_sent_stays_with_a_sentence(user: User) -> None:
    await join_room(user, 'Ada')
    write(user, 'x' * 10_001)
    press_button(user, 'Send')
    await sees(user, '10,000 characters')
    assert len(box(user)) == 10_001
    assert rows(user) == []


async def test_nothing_is_lost_when_storage_fails(user: User) -> None:
    await join_room(user, 'Ada')
    chat_of(user).storage.close()
    write(user, 'precious')
    press_button(user, 'Send')
    await sees(user, 'could not store')
    assert box(user) == 'precious'


async def test_a_draft_survives_another_room_and_a_reload(user: User) -> None:
    await join_room(user, 'Ada')
    await sign_in(user, 'Ada', new_room='Design')
    write(user, 'half a thought')
    user.navigate.to('/rooms/design')
    await sees(user, 'Message Design')
    assert box(user) == ''
    user.navigate.to('/rooms/lobby')
    await sees(user, 'Message Lobby')
    assert box(user) == 'half a thought'
    await go_to(user, '/rooms/lobby')
    assert box(user) == 'half a thought'


async def test_a_draft_that_is_stored_while_the_page_is_read_is_the_newest(user: User) -> None:
    await join_room(user, 'Ada')
    chat = chat_of(user)
    read = chat.rooms.open

    async def store_meanwhile(*args: object) -> object:
        found = await read(*args)
        await chat.drafts.flush()
        return found

    chat.rooms.open = store_meanwhile
    write(user, 'half a')
    await chat.drafts.flush()
    write(user, ' thought')
    await go_to(user, '/rooms/lobby')
    assert box(user) == 'half a thought'


async def test_a_reply_is_still_one_after_another_room_and_a_reload(user: User) -> None:
    await join_room(user, 'Ada')
    await sign_in(user, 'Ada', new_room='Design')
    await send_message(user, 'why?')
    question = row_id(user, 'why?')
    open_menu_of(user, 'why?')
    choose(user, 'Reply')
    write(user, 'because')
    user.navigate.to('/rooms/design')
    await sees(user, 'Message Design')
    await user.should_not_see('Replying to')
    user.navigate.to('/rooms/lobby')
    await sees(user, 'Replying to Ada: why?')
    await until(lambda: rows(user))
    open_menu_of(user, 'why?')
    choose(user, 'Edit')
    await sees(user, 'Editing your message')
    press_key(user, 'keydown.esc')
    await chat_of(user).drafts.flush()
    await go_to(user, '/rooms/lobby')
    await sees(user, 'Replying to Ada: why?')
    assert box(user) == 'because'
    press_button(user, 'Send')
    await until(lambda: box(user) == '')
    answer = await chat_of(user).messages.last_of(await person_of(user), 'lobby')
    assert answer.reply_to == question
    await go_to(user, '/rooms/lobby')
    await user.should_not_see('Replying to')


async def test_a_reply_that_is_left_or_whose_message_is_deleted_is_none_any_more(user: User) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'why?')
    open_menu_of(user, 'why?')
    choose(user, 'Reply')
    press_key(user, 'keydown.esc')
    await go_to(user, '/rooms/lobby')
    await user.should_not_see('Replying to')
    open_menu_of(user, 'why?')
    choose(user, 'Reply')
    write(user, 'because')
    await chat_of(user).messages.delete(await person_of(user), row_id(user, 'why?'))
    await until(lambda: not about(user))
    assert box(user) == 'because'
    press_button(user, 'Send')
    await until(lambda: box(user) == '')


def about(user: User) -> str:
    """Return what is said above the box."""
    with user:
        return ''.join(each.text for each in ElementFilter(kind=ui.label) if 'composer-about-what' in each.classes)


async def test_an_unknown_room_gets_a_page_that_says_so(user: User) -> None:
    await join_room(user, 'Ada')
    response = await user.http_client.get('/rooms/nowhere')
    assert response.status_code == 404
    assert 'There is no such room' in response.text
    user.navigate.to('/rooms/nowhere')
    await sees(user, 'There is no such room')
    await sees(user, 'Go to the lobby')


@pytest.mark.slow
async def test_people_who_come_are_listed_and_noticed(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await sees(user, '<strong>Bo</strong> joined')
    await sees(user, '2 of 2 here')
    await sees(bo, '2 of 2 here')


@pytest.mark.slow
async def test_somebody_new_is_noticed_once_and_who_comes_back_is_too(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    presence = chat_of(user).presence
    moment = [presence.clock() + 3600]
    presence.clock = lambda: moment[0]
    await join_room(bo, 'Bo')
    await send_message(bo, 'hello')
    await sees(user, '2 of 2 here')
    assert html_of(user).count('joined') == 1
    close_page(bo)
    moment[0] += 3600
    presence.sweep()
    await sees(user, '<strong>Bo</strong> left')
    await go_to(bo, '/rooms/lobby')
    await until(lambda: html_of(user).count('<strong>Bo</strong> joined') == 2)


async def test_just_after_a_start_nobody_is_said_to_join_who_was_there_before(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await join_room(bo, 'Bo')
    close_page(bo)
    await join_room(user, 'Ada')
    await go_to(bo, '/rooms/lobby')
    await sees(user, '2 of 2 here')
    assert 'joined' not in html_of(user)


async def test_who_types_is_shown_to_the_others_only(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    write(user, 'hm')
    await sees(bo, 'Ada is typing…')
    await user.should_not_see('is typing…')


@pytest.mark.usefixtures('nothing_forgiven')
async def test_a_busy_person_is_told_how_long_to_wait(user: User) -> None:
    await join_room(user, 'Ada')
    ada = await person_of(user)
    for _ in range(60):
        await chat_of(user).messages.send(ada, 'lobby', 'spam')
    write(user, 'one more')
    press_button(user, 'Send')
    await sees(user, 'You are sending too fast')
    assert box(user) == 'one more'


@pytest.mark.slow
async def test_unread_messages_of_another_room_are_counted_and_cleared_by_opening_it(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await join_room(bo, 'Bo')
    await join_room(user, 'Ada')
    await go_to(user, await sign_in(user, 'Ada', new_room='Design'))
    await send_message(bo, 'one')
    await send_message(bo, 'two')
    await sees(user, '<span class="badge">2')
    await until(lambda: user.client.title == '(2) Design · Hearth')
    bring_to_front(user)
    user.navigate.to('/rooms/lobby')
    await until(lambda: user.client.title == '(2) Lobby · Hearth')
    see_end(user)
    await until(lambda: user.client.title == 'Lobby · Hearth')
    await user.should_not_see('<span class="badge">')


async def test_a_reply_quotes_what_it_answers(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(user, 'Tea or coffee?')
    await sees(bo, 'Tea or coffee?')
    open_menu_of(bo, 'Tea or coffee?')
    choose(bo, 'Reply')
    await sees(bo, 'Replying to Ada')
    await send_message(bo, 'Tea!')
    await until(lambda: rows(user)[-1:] == ['Bo Ada Tea or coffee? Tea!'])


async def test_leaving_a_room_is_told_to_the_others(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await sees(user, '<strong>Bo</strong> joined')
    press_button(bo, 'Room menu')
    choose(bo, 'Leave the room')
    await sees(user, '<strong>Bo</strong> left')
    await sees(user, '1 of 1 here')


async def test_markup_of_a_message_stays_text(user: User) -> None:
    await join_room(user, 'Ada')
    await send_message(user, '<img src=x onerror=alert(1)> <script>alert(2)</script>')
    await until(lambda: len(rows(user)) == 1)
    await user.should_not_see('<img')
    await user.should_not_see('<script')
    await sees(user, '&lt;img src=x onerror=alert(1)&gt;')


async def test_markup_in_names_stays_text(user: User, create_user: Callable[[], User]) -> None:
    await join_room(user, '<b>Ada</b>')
    bo = create_user()
    await join_room(bo, 'Bo')
    await send_message(user, 'hi')
    await sees(bo, '&lt;b&gt;Ada&lt;/b&gt;')
    await bo.should_not_see('<b>Ada')
