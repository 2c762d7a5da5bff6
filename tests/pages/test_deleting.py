"""Deleting one's account on its page, and what others see of it."""

from collections.abc import Callable

import pytest
from nicegui import ElementFilter
from nicegui.testing import User

from chat.errors import NameTaken
from pages import ending
from tests.pages.people import (
    SITE,
    chat_of,
    close_page,
    go_to,
    html_of,
    join_room,
    person_of,
    rows,
    see_top,
    sees,
    send_message,
    sign_in,
    until,
)

PATH = '/settings/account'
GOOD = 'a long sentence'


async def send(user: User, origin: str = SITE, **fields: str) -> str:
    """Send the form; return where that leads."""
    response = await user.http_client.post(PATH, data=fields, headers={'Origin': origin})
    assert response.status_code == 303
    if 'set-cookie' in response.headers:  # httpx forgets a cookie only by its date
        assert 'hearth_session=""' in response.headers['set-cookie']
        user.http_client.cookies.clear()
    return response.headers['location']


async def set_password(user: User) -> None:
    chat = chat_of(user)
    session = await chat.sessions.find(user.http_client.cookies['hearth_session'])
    _, token = await chat.credentials.set_password(session, GOOD, None, 'here')
    user.http_client.cookies['hearth_session'] = token


async def is_there(user: User, name: str) -> bool:
    try:
        await chat_of(user).accounts.check_name(name)
    except NameTaken:
        return True
    return False


async def test_a_stranger_is_led_to_the_first_page(user: User) -> None:
    response = await user.http_client.get(PATH)
    assert (response.status_code, response.headers['location']) == (303, '/')
    assert await send(user, sure='1') == '/'


async def test_what_happens_is_said_before(user: User) -> None:
    await join_room(user, 'Ada')
    await go_to(user, PATH)
    for words in (
        'This cannot be undone.',
        'You are signed out on all your devices',
        'Keep them, under the name “Deleted account”',
        'Remove all of them',
        'where they mention your name or have copied your words',
        'Copies that people have made, and backups of this server.',
        'delete the account of “Ada” for good',
    ):
        await sees(user, words)
    await user.should_not_see('Your password')


async def test_a_guest_deletes_the_account_and_is_told_so_on_the_first_page(user: User) -> None:
    await join_room(user, 'Ada')
    await go_to(user, await send(user, messages='keep', sure='1'))
    await sees(user, 'The account is deleted.')
    await sees(user, 'Your name')
    assert not await is_there(user, 'Ada')


async def test_the_cookie_is_forgotten(user: User) -> None:
    await sign_in(user, 'Ada')
    fields = {'messages': 'keep', 'sure': '1'}
    response = await user.http_client.post(PATH, data=fields, headers={'Origin': SITE})
    forgotten = [cookie.split('=')[0] for cookie in response.headers.get_list('set-cookie')]
    assert sorted(forgotten) == ['__Host-hearth_session', 'hearth_session']


async def test_the_sentence_is_not_for_whoever_is_signed_in(user: User) -> None:
    await sign_in(user, 'Ada')
    await user.open('/?deleted=keep')
    await sees(user, 'Hello, Ada')
    await user.should_not_see('The account is deleted.')


async def test_whoever_has_a_password_gives_it(user: User) -> None:
    await join_room(user, 'Ada')
    await set_password(user)
    await go_to(user, PATH)
    await sees(user, 'Your password')
    for wrong in ({}, {'password': ''}, {'password': 'another sentence'}):
        back = await send(user, messages='remove', sure='1', **wrong)
        assert back == f'{PATH}?messages=remove&problem=invalid'
        await go_to(user, back)
        await sees(user, 'This is not your password. Nothing was deleted.')
    assert await is_there(user, 'Ada')
    assert await send(user, messages='remove', sure='1', password=GOOD) == '/?deleted=remove'
    assert not await is_there(user, 'Ada')


@pytest.mark.parametrize('kind', ['keep', 'remove'])
async def test_nothing_happens_unless_one_is_sure_and_the_choice_is_kept(user: User, kind: str) -> None:
    await join_room(user, 'Ada')
    await go_to(user, await send(user, messages=kind))
    await sees(user, 'Check the box if you are sure. Nothing was deleted.')
    with user:
        radios = [each for each in ElementFilter() if each.props.get('type') == 'radio']
    assert [each.props['value'] for each in radios if '^checked' in each.props] == [kind]
    assert await is_there(user, 'Ada')


async def test_a_choice_that_there_is_not_is_refused(user: User) -> None:
    await join_room(user, 'Ada')
    fields = {'messages': 'all', 'sure': '1'}
    response = await user.http_client.post(PATH, data=fields, headers={'Origin': SITE})
    assert response.status_code == 422
    assert await is_there(user, 'Ada')


@pytest.mark.parametrize('origin', ['https://evil.example', 'null'])
async def test_a_form_of_another_site_deletes_nobody(user: User, origin: str) -> None:
    await join_room(user, 'Ada')
    back = await send(user, origin, messages='remove', sure='1')
    assert 'problem=forbidden' in back
    await go_to(user, back)
    await sees(user, 'This was not done: the form came from another site')
    assert await is_there(user, 'Ada')


async def test_the_address_of_the_page_puts_no_words_on_it(user: User) -> None:
    await join_room(user, 'Ada')
    await go_to(user, f'{PATH}?problem=Call+this+number&messages=<b>&wait=7')
    await sees(user, 'Delete my account')
    await user.should_not_see('Call this number')
    assert '<b>' not in html_of(user)


async def test_the_last_administrator_is_told_what_to_do(user: User) -> None:
    chat = chat_of(user)
    token = await chat.administration.administrator_link()
    boss = await chat.administration.become_administrator_as(token, 'Boss', GOOD, 'here')
    user.http_client.cookies['hearth_session'] = await chat.sessions.begin(boss, '')
    await go_to(user, await send(user, messages='keep', sure='1', password=GOOD))
    await sees(user, 'make somebody else an administrator first')


# The person's own pages.


async def test_all_open_pages_of_the_person_are_led_away_and_show_nothing(
    user: User, create_user: Callable[[], User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, 'ANSWER_WITHIN', 0.0)
    await join_room(user, 'Ada')
    form = create_user()
    form.http_client.cookies = user.http_client.cookies
    await form.open(PATH)
    await send_message(user, 'hello')
    opened: dict[str, list[str]] = {'room': [], 'form': []}
    user.client.open = lambda target, *_: opened['room'].append(target)
    form.client.open = lambda target, *_: opened['form'].append(target)
    assert await send(form, messages='keep', sure='1') == '/?deleted=keep'
    await until(lambda: opened['room'] and opened['form'])
    assert opened == {'room': ['/rooms/lobby'], 'form': ['/settings']}
    for each in (user, form):
        with each:
            assert [element for element in ElementFilter() if element.tag in ('form', 'article')] == []
    chat = chat_of(user)
    assert (chat.room_state.listeners, chat.sessions._on_end) == (0, {})


async def test_a_form_that_ends_the_session_is_answered_before_its_page_is_led_away(user: User) -> None:
    await join_room(user, 'Ada')
    await go_to(user, PATH)
    opened = []
    user.client.open = lambda target, *_: opened.append(target)
    await send(user, messages='keep', sure='1')
    assert opened == []
    await until(lambda: opened == ['/settings'])


# What others see.


async def test_rows_that_are_shown_have_the_new_name_at_once(user: User, create_user: Callable[[], User]) -> None:
    ada, bo = create_user(), user
    await join_room(bo, 'Bo')
    await join_room(ada, 'Ada')
    await send_message(ada, 'history')
    await go_to(bo, '/rooms/lobby')
    await send_message(ada, 'live')
    message = (await chat_of(bo).messages.page(await person_of(bo), 'lobby')).messages[0]
    await chat_of(bo).messages.send(await person_of(bo), 'lobby', 'I agree, @Ada', None, message.id)
    await until(lambda: rows(bo)[-1:] == ['Bo Ada history I agree, @Ada'])
    await send(ada, messages='keep', sure='1')
    expected = ['Deleted account history', 'live', 'Bo Deleted account history I agree, @Ada']
    await until(lambda: rows(bo) == expected)
    assert 'aria-label="Ada' not in html_of(bo)
    await sees(bo, '<strong>Ada</strong> left')
    await until(lambda: '<span class="name">Ada</span>' not in html_of(bo))


async def test_rows_are_tombstones_at_once(user: User, create_user: Callable[[], User]) -> None:
    ada, bo = create_user(), user
    await join_room(bo, 'Bo')
    await join_room(ada, 'Ada')
    for words in ('one', 'two'):
        await send_message(ada, words)
    await until(lambda: len(rows(bo)) == 2)
    await send(ada, messages='remove', sure='1')
    gone = 'This message was deleted.'
    await until(lambda: rows(bo) == [f'Deleted account {gone}', gone])


async def test_a_room_that_was_left_before_shows_the_new_name_too(user: User, create_user: Callable[[], User]) -> None:
    ada, bo = create_user(), user
    await join_room(bo, 'Bo')
    await join_room(ada, 'Ada')
    await send_message(ada, 'hello')
    await chat_of(ada).rooms.leave(await person_of(ada), 'lobby')
    await sees(bo, '<strong>Ada</strong> left')
    await until(lambda: rows(bo) == ['Ada hello'])
    await send(ada, messages='keep', sure='1')
    await until(lambda: rows(bo) == ['Deleted account hello'])
    assert html_of(bo).count(' left') == 1
    assert '<strong>Deleted account</strong> left' not in html_of(bo)


async def test_what_is_loaded_later_goes_on_under_the_new_name(user: User, create_user: Callable[[], User]) -> None:
    ada, bo = create_user(), user
    await join_room(ada, 'Ada')
    person = await person_of(ada)
    for number in range(60):
        await chat_of(ada).messages.send(person, 'lobby', f'message {number}')
    await join_room(bo, 'Bo')
    await until(lambda: len(rows(bo)) == 50)
    await send(ada, messages='keep', sure='1')
    await until(lambda: rows(bo)[0].startswith('Deleted account') or 'Ada' not in ' '.join(rows(bo)))
    see_top(bo)
    await until(lambda: len(rows(bo)) == 60)
    assert rows(bo)[0] == 'Deleted account message 0'
    assert rows(bo)[1:] == [f'message {number}' for number in range(1, 60)]


async def test_who_comes_later_sees_the_same(user: User, create_user: Callable[[], User]) -> None:
    ada, bo = create_user(), user
    await join_room(ada, 'Ada')
    await send_message(ada, 'hello')
    await send(ada, messages='keep', sure='1')
    await join_room(bo, 'Bo')
    await until(lambda: rows(bo) == ['Deleted account hello'])


async def test_a_page_that_missed_it_catches_up(user: User, create_user: Callable[[], User]) -> None:
    ada, bo = create_user(), user
    await join_room(bo, 'Bo')
    await join_room(ada, 'Ada')
    await send_message(ada, 'hello')
    await until(lambda: rows(bo) == ['Ada hello'])
    chat = chat_of(bo)
    publish, chat.room_state.publish = chat.room_state.publish, lambda event: None
    await send(ada, messages='keep', sure='1')
    chat.room_state.publish = publish
    await chat.room_state.compare()
    await until(lambda: rows(bo) == ['Deleted account hello'])


async def test_pages_of_the_form_that_were_closed_leave_nothing(user: User) -> None:
    await sign_in(user, 'Ada')
    for _ in range(20):
        await user.open(PATH)
        close_page(user)
    assert chat_of(user).sessions._on_end == {}
