"""Mentions on the page: who is marked for whom, and the question before all are told."""

import re
from collections.abc import Callable

from nicegui import ElementFilter, ui
from nicegui.testing import User

from chat import permissions
from pages import mention_marks
from tests.chat.people import newcomer
from tests.pages.people import (
    box,
    chat_of,
    choose,
    fire,
    html_of,
    join_room,
    open_menu_of,
    person_of,
    press_button,
    rows,
    sees,
    send_message,
    until,
    write,
)


async def fill_lobby(user: User, people: int) -> None:
    """Let so many people be in the lobby beside those who are there."""
    for number in range(people):
        await newcomer(chat_of(user), f'Number {number}')


def buttons_of(user: User, label: str) -> list[ui.button]:
    with user:
        return [each for each in ElementFilter(kind=ui.button) if each.text == label]


def press(user: User, label: str) -> None:
    """Press a button of the newest dialog."""
    fire(user, buttons_of(user, label)[-1], 'click')


async def test_a_mention_is_in_the_row_by_the_persons_number(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(user, 'hi @bo')
    number = (await person_of(bo)).id
    await until(lambda: f'<span class="mention" data-user="{number}">@bo</span>' in html_of(bo))


async def test_each_page_marks_what_is_meant_for_its_reader(user: User) -> None:
    await join_room(user, 'Ada')
    rules = mention_marks.own((await person_of(user)).id)
    assert rules in user.client.build_response(user.client.request).body.decode()


def test_the_rules_are_made_of_a_number_alone() -> None:
    assert re.sub(r'\b7\b', 'N', mention_marks.own(7)) == re.sub(r'\b8\b', 'N', mention_marks.own(8))


async def test_before_all_of_many_are_told_one_is_asked_and_what_was_typed_stays(user: User) -> None:
    await join_room(user, 'Ada')
    await fill_lobby(user, permissions.A_FEW)
    write(user, 'lunch, @all')
    press_button(user, 'Send')
    await sees(user, f'Notify all {permissions.A_FEW} people?')
    press(user, 'Cancel')
    assert box(user) == 'lunch, @all'
    assert rows(user) == []
    press_button(user, 'Send')
    await until(lambda: len(buttons_of(user, 'Send')) == 2)
    press(user, 'Send')
    await until(lambda: box(user) == '')
    await sees(user, 'lunch')
    (message,) = (await chat_of(user).messages.page(await person_of(user), 'lobby')).messages
    assert message.mentions_all


async def test_an_edit_that_would_tell_all_is_asked_about_too(user: User) -> None:
    await join_room(user, 'Ada')
    await fill_lobby(user, permissions.A_FEW)
    await send_message(user, 'lunch')
    await sees(user, 'lunch')
    open_menu_of(user, 'lunch')
    choose(user, 'Edit')
    user.find(kind=ui.textarea).clear()
    write(user, 'lunch @all')
    press_button(user, 'Send')
    await sees(user, f'Notify all {permissions.A_FEW} people?')
    press(user, 'Send')
    await until(lambda: box(user) == '')
    await until(lambda: rows(user) == ['Ada lunch @all (edited)'])


async def test_who_may_not_tell_all_reads_why(user: User) -> None:
    await join_room(user, 'Ada')
    await fill_lobby(user, permissions.MANY)
    write(user, 'lunch, @all')
    press_button(user, 'Send')
    await sees(user, 'Only moderators may mention all 16 people of this room.')
    assert box(user) == 'lunch, @all'


async def test_a_press_on_a_mention_opens_the_card_of_that_person(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(bo, 'I am @Bo, hi @Ada')
    await until(lambda: rows(user) == ['Bo I am @Bo , hi @Ada'])
    (message,) = (await chat_of(user).messages.page(await person_of(user), 'lobby')).messages
    with user:
        (log,) = [each for each in ElementFilter() if each.props.get('role') == 'log']
    for args in ([f'm{message.id}u{"9" * 19}', True], [f'm{message.id}ux', True], [f'm{message.id}u999', True]):
        fire(user, log, 'click', args)
    fire(user, log, 'click', [f'm{message.id}u{(await person_of(user)).id}', True])
    await until(lambda: 'card-name">Ada<' in html_of(user))
