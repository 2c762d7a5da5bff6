"""What the browser tells of keys, done by the server; which keys those are, only a browser shows."""

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User

from pages import shortcuts
from tests.pages.people import (
    box,
    choose,
    fire,
    html_of,
    join_room,
    offers,
    press_button,
    row_id,
    sees,
    send_message,
    until,
)


def press(user: User, *told: object) -> None:
    """Let the browser tell of a shortcut, or of anything else under its name."""
    fire(user, user.client.layout, 'shortcut', list(told))


async def test_r_replies_to_the_message_that_has_the_focus(user: User) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'hello')
    press(user, 'r', row_id(user, 'hello'))
    await sees(user, 'Replying to Ada')


async def test_e_edits_ones_own_message_and_no_other(user: User, create_user) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'mine')
    bo = create_user()
    await join_room(bo, 'Bo')
    press(bo, 'e', row_id(bo, 'mine'))
    await bo.should_not_see('Editing your message')
    press(user, 'e', row_id(user, 'mine'))
    await sees(user, 'Editing your message')
    assert box(user) == 'mine'


async def test_a_finger_that_rests_on_a_message_opens_its_menu(user: User) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'hello')
    press(user, 'menu', row_id(user, 'hello'))
    await until(lambda: offers(user)[:2] == ['Reply', 'Edit'])
    choose(user, 'Reply')
    await sees(user, 'Replying to Ada')


async def test_the_overview_shows_every_key(user: User) -> None:
    await join_room(user, 'Ada')
    press(user, '?', 0)
    await sees(user, shortcuts.TITLE)
    for keys, what in shortcuts.OVERVIEW:
        assert all(f'<kbd>{key}</kbd>' in html_of(user) for key in keys)
        assert what in html_of(user)


async def test_everything_is_in_the_menu_as_well(user: User) -> None:
    await join_room(user, 'Ada')
    press_button(user, 'Your menu')
    assert {'Go to room…', 'Catch up', 'Keyboard shortcuts'} <= set(offers(user))
    choose(user, 'Keyboard shortcuts')
    await sees(user, shortcuts.WHERE)


@pytest.mark.parametrize('told', [[], ['r'], ['r', 'x'], ['r', 10**9], [None, 1], ['zz', 1], [['r'], 1], ['menu', {}]])
async def test_what_no_browser_would_tell_does_nothing(user: User, told: list[object]) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'hello')
    press(user, *told)
    await user.should_not_see('Replying to')
    with user:
        assert not [each for each in ElementFilter(kind=ui.menu) if each.value]
