"""The page of a link that signs in another device."""

from collections.abc import Callable

import pytest
from nicegui import ui
from nicegui.testing import User

from tests.pages.people import SITE, chat_of, choose, go_to, join_room, person_of, press_button, sees, until


async def link_of(user: User) -> str:
    """Make a link by the page, as people do; return its path."""
    press_button(user, 'Your menu')
    choose(user, 'Where you are signed in')
    await sees(user, 'This one')
    user.find('Add a device').click()
    await sees(user, 'Scan this with the other device')
    (shown,) = user.find(kind=ui.input, content='Address').elements
    assert shown.value.startswith(f'{SITE}/enter/')
    return shown.value.removeprefix(SITE)


async def follow(user: User, path: str, origin: str = SITE) -> str:
    token = path.rpartition('/')[2]
    response = await user.http_client.post('/enter', data={'token': token}, headers={'Origin': origin})
    assert response.status_code == 303
    return response.headers['location']


async def test_a_second_device_is_signed_in_by_a_button_and_not_by_looking(
    user: User, create_user: Callable[[], User]
) -> None:
    await join_room(user, 'Ada')
    phone = create_user()
    path = await link_of(user)
    for _ in range(2):  # as by a messenger that shows a preview
        await go_to(phone, path)
        await sees(phone, 'Go on as Ada')
    assert 'hearth_session' not in phone.http_client.cookies
    await go_to(phone, await follow(phone, path))
    assert await person_of(phone) == await person_of(user)
    await sees(phone, 'Message Lobby')


async def test_a_link_that_was_used_says_so(user: User, create_user: Callable[[], User]) -> None:
    await join_room(user, 'Ada')
    phone, other = create_user(), create_user()
    path = await link_of(user)
    await follow(phone, path)
    await go_to(other, await follow(other, path))
    await sees(other, 'This link has been used, or its time is over.')
    assert 'hearth_session' not in other.http_client.cookies


async def test_who_is_somebody_else_here_is_told_and_signed_out(user: User, create_user: Callable[[], User]) -> None:
    await join_room(user, 'Ada')
    bo = create_user()
    await join_room(bo, 'Bo')
    path = await link_of(user)
    await go_to(bo, path)
    await sees(bo, 'Bo is signed out here then.')
    await follow(bo, path)
    assert (await person_of(bo)).name == 'Ada'
    await until(lambda: True)
    await chat_of(bo).accounts.check_name('Bo')  # free again: a guest's last session has ended


async def test_ones_own_link_is_not_used_up_where_one_is_signed_in(user: User) -> None:
    await join_room(user, 'Ada')
    path = await link_of(user)
    await go_to(user, path)
    await sees(user, 'You are signed in here already.')


@pytest.mark.parametrize('origin', ['https://evil.example', 'null'])
async def test_a_form_of_another_site_signs_in_nobody(user: User, create_user: Callable[[], User], origin: str) -> None:
    await join_room(user, 'Ada')
    phone = create_user()
    path = await link_of(user)
    assert 'problem=forbidden' in await follow(phone, path, origin)
    assert 'hearth_session' not in phone.http_client.cookies
    await follow(phone, path)
    assert (await person_of(phone)).name == 'Ada'
