"""Accounts as people meet them: on the first page, in the settings, and by the links of administrators."""

from collections.abc import Callable

import pytest
from nicegui import ui
from nicegui.testing import User

from chat.models import User as Person
from tests.pages.people import (
    SITE,
    chat_of,
    choose,
    go_to,
    join_room,
    offers,
    person_of,
    press_button,
    rows,
    sees,
    send_message,
    sign_in,
    until,
)

GOOD, OTHER = 'a long sentence', 'another sentence'


async def send(user: User, path: str, origin: str = SITE, **fields: str) -> str:
    """Send a form; return where that leads."""
    response = await user.http_client.post(path, data=fields, headers={'Origin': origin})
    assert response.status_code == 303
    return response.headers['location']


async def register(user: User, name: str) -> Person:
    return await chat_of(user).credentials.register(name, GOOD, 'here')


async def become_administrator(user: User, name: str = 'Boss') -> None:
    token = await chat_of(user).administration.first_link()
    assert await send(user, '/link', token=token, name=name, password=GOOD) == '/rooms/lobby'


def set_sign_in(user: User, mode: str) -> None:
    chat = chat_of(user)
    object.__setattr__(chat.settings, 'sign_in', mode)
    chat.accounts._mode = chat.credentials._mode = mode


# The first page


async def test_who_has_an_account_signs_in_with_the_password(user: User) -> None:
    ada = await register(user, 'Ada')
    await user.open('/?account=1')
    await sees(user, 'With the name and password of your account.')
    await sees(user, 'Password')
    assert await sign_in(user, 'ada', account='1', password=GOOD) == '/rooms/lobby'
    assert await person_of(user) == ada


async def test_a_guest_who_wants_the_name_of_an_account_is_asked_for_its_password(user: User) -> None:
    ada = await register(user, 'Ada')
    back = await sign_in(user, 'Ada', 'garden')
    await user.open(back)
    await sees(user, '"Ada" is the name of an account')
    await sees(user, '"Ada 2"')
    await sees(user, 'Password')
    await sign_in(user, 'Ada', account='1', password=GOOD)
    assert await person_of(user) == ada


@pytest.mark.parametrize('name', ['Ada', 'Nobody'])
async def test_a_wrong_password_says_as_much_as_a_wrong_name(user: User, name: str) -> None:
    await register(user, 'Ada')
    back = await sign_in(user, name, account='1', password=OTHER)
    assert OTHER.split(maxsplit=1)[0] not in back
    await user.open(back)
    await sees(user, 'This name and password do not belong together.')
    assert 'hearth_session' not in user.http_client.cookies


async def test_where_accounts_are_needed_a_stranger_makes_one_in_a_step(user: User) -> None:
    set_sign_in(user, 'accounts')
    await user.open('/')
    await sees(user, 'Sign in, or make an account with a name and a password.')
    await sees(user, 'Make an account')
    await user.should_not_see('I have an account')
    await user.open(await sign_in(user, 'Ada', account='1', password='short', new_account='1'))
    await sees(user, 'A password has at least 8 characters.')
    assert await sign_in(user, 'Ada', account='1', password=GOOD, new_account='1') == '/rooms/lobby'
    assert (await person_of(user)).kind == 'member'


async def test_where_one_has_to_be_invited_a_stranger_is_told_so_and_shown_nothing(user: User) -> None:
    await chat_of(user).rooms.create(await register(user, 'Ada'), 'Secret plans')
    set_sign_in(user, 'invited')
    await user.open('/')
    await sees(user, 'Whoever has none needs an invitation.')
    await user.should_not_see('Make an account')
    await user.should_not_see('Secret plans')
    for fields in ({}, {'account': '1', 'password': GOOD, 'new_account': '1'}):
        await sign_in(user, 'Bo', **fields)
        assert 'hearth_session' not in user.http_client.cookies
    assert await sign_in(user, 'Ada', account='1', password=GOOD) == '/rooms/lobby'


# The settings


async def test_a_guest_makes_the_name_theirs_and_the_open_page_is_loaded_again(user: User) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'hello')
    cookie, opened = user.http_client.cookies['hearth_session'], []
    user.client.open = lambda target, *_: opened.append(target)
    assert await send(user, '/settings/password', password=GOOD) == '/settings/password?done=1'
    assert user.http_client.cookies['hearth_session'] != cookie
    assert (await person_of(user)).kind == 'member'
    assert rows(user) == []
    await until(lambda: opened == ['/rooms/lobby'])
    await go_to(user, '/rooms/lobby')
    await send_message(user, 'still here')
    await until(lambda: rows(user) == ['Ada hello', 'still here'])
    await go_to(user, '/settings/password?done=1')
    await sees(user, 'The password is set.')
    await sees(user, 'Current password')


@pytest.mark.parametrize(
    ('fields', 'sentence'),
    [
        ({'password': 'seven77'}, 'A password has at least 8 characters.'),
        ({'password': 'x' * 129}, 'A password has at most 128 characters.'),
        ({'password': 'iloveyou'}, 'Many people have this password.'),
    ],
)
async def test_a_password_that_cannot_be_is_said_and_not_kept_in_the_address(
    user: User, fields: dict[str, str], sentence: str
) -> None:
    await join_room(user, 'Ada')
    back = await send(user, '/settings/password', **fields)
    assert fields['password'] not in back
    await go_to(user, back)
    await sees(user, sentence)


async def test_another_password_needs_the_one_before(user: User) -> None:
    await join_room(user, 'Ada')
    await send(user, '/settings/password', password=GOOD)
    back = await send(user, '/settings/password', password=OTHER, current_password=OTHER)
    await go_to(user, back)
    await sees(user, 'This is not your password.')
    assert (await send(user, '/settings/password', password=OTHER, current_password=GOOD)).endswith('?done=1')


async def test_a_form_of_another_site_sets_no_password(user: User) -> None:
    await join_room(user, 'Ada')
    await send(user, '/settings/password', origin='https://evil.example', password=GOOD)
    assert (await person_of(user)).kind == 'guest'


@pytest.mark.parametrize('path', ['/settings/password', '/settings/people'])
async def test_a_stranger_has_no_settings(user: User, path: str) -> None:
    response = await user.http_client.get(path)
    assert (response.status_code, response.headers['location']) == (303, '/')
    assert await send(user, '/settings/password', password=GOOD) == '/'


async def test_an_open_settings_page_ends_with_its_session(user: User) -> None:
    await join_room(user, 'Ada')
    await go_to(user, '/settings/password')
    await sees(user, 'Set the password')
    await chat_of(user).accounts.sign_out_elsewhere(
        await chat_of(user).sessions.find(await chat_of(user).sessions.begin(await person_of(user), 'phone'))
    )
    await user.should_not_see('Set the password')


async def test_a_guest_is_offered_in_the_room_to_make_the_name_theirs(user: User) -> None:
    await join_room(user, 'Ada')
    opened: list[str] = []
    user.client.open = lambda target, *_: opened.append(target)
    press_button(user, 'Your menu')
    choose(user, 'Make the name yours')
    assert opened == ['/settings/password']
    await send(user, '/settings/password', password=GOOD)
    await go_to(user, '/rooms/lobby')
    press_button(user, 'Your menu')
    assert 'Make the name yours' not in offers(user)


# Administrators


async def test_the_link_of_the_start_makes_the_administrator_by_a_button(user: User) -> None:
    token = await chat_of(user).administration.first_link()
    for _ in range(2):  # as by a messenger that shows a preview
        await user.open(f'/link/{token}')
        await sees(user, 'Become the administrator')
    back = await send(user, '/link', token=token, name='Boss', password='short')
    await user.open(back)
    await sees(user, 'A password has at least 8 characters.')
    assert await send(user, '/link', token=token, name='Boss', password=GOOD) == '/rooms/lobby'
    assert (await person_of(user)).kind == 'administrator'
    await user.open(f'/link/{token}')
    await sees(user, 'This link has been used, or its time is over.')


async def test_a_guest_and_an_account_become_administrators_as_who_they_are(
    user: User, create_user: Callable[[], User]
) -> None:
    await join_room(user, 'Ada')
    token = await chat_of(user).administration.first_link()
    await go_to(user, f'/link/{token}')
    await sees(user, 'Choose a password: it makes the name yours')
    await send(user, '/link', token=token, name='Mallory', password=GOOD)
    ada = await person_of(user)
    assert (ada.name, ada.kind) == ('Ada', 'administrator')
    bo = create_user()
    await register(bo, 'Bo')
    await sign_in(bo, 'Bo', account='1', password=GOOD)
    token = await chat_of(user).administration.administrator_link()
    await go_to(bo, f'/link/{token}')
    await sees(bo, 'Bo can then make accounts')
    await send(bo, '/link', token=token)
    assert (await person_of(bo)).kind == 'administrator'


async def test_a_form_of_another_site_makes_no_administrator(user: User) -> None:
    await register(user, 'Ada')
    await sign_in(user, 'Ada', account='1', password=GOOD)
    token = await chat_of(user).administration.first_link()
    await send(user, '/link', origin='https://evil.example', token=token)
    assert (await person_of(user)).kind == 'member'


async def test_an_administrator_makes_an_account_whose_owner_sets_the_password(
    user: User, create_user: Callable[[], User]
) -> None:
    await become_administrator(user)
    await go_to(user, '/settings/people')
    user.find('New account').click()
    user.find(kind=ui.input, content='Name').type('Dora')
    user.find('Make it').click()
    await sees(user, 'A link for Dora')
    (shown,) = user.find(kind=ui.input, content='Address').elements
    dora = create_user()
    await go_to(dora, shown.value.removeprefix(SITE))
    await sees(dora, 'Hello, Dora')
    token = shown.value.rpartition('/')[2]
    assert await send(dora, '/link', token=token, password=OTHER) == '/rooms/lobby'
    assert (await person_of(dora)).name == 'Dora'
    press_button(user, 'Actions for Dora')
    kinds = ['Make member', 'Make moderator', 'Make administrator']
    assert offers(user) == [*kinds, 'Link for a new password']
    choose(user, 'Make moderator')
    chat = chat_of(user)
    boss = await person_of(user)
    await sees(user, 'Dora is moderator now.')
    assert [each.kind for each in await chat.administration.accounts(boss)] == ['administrator', 'moderator']


async def test_the_last_administrator_is_told_that_somebody_has_to(user: User) -> None:
    await become_administrator(user)
    await go_to(user, '/settings/people')
    press_button(user, 'Actions for Boss')
    choose(user, 'Make member')
    await sees(user, 'Somebody has to administer this chat')
    assert (await person_of(user)).kind == 'administrator'


async def test_others_are_not_shown_the_accounts(user: User) -> None:
    await join_room(user, 'Ada')
    response = await user.http_client.get('/settings/people')
    assert (response.status_code, response.headers['location']) == (303, '/settings')


async def test_a_page_of_a_former_administrator_does_nothing_any_more(user: User) -> None:
    await become_administrator(user)
    chat, boss = chat_of(user), await person_of(user)
    cleo = await register(user, 'Cleo')
    await go_to(user, '/settings/people')
    await chat.administration.set_kind(boss, cleo.id, 'administrator')
    await chat.administration.set_kind(cleo, boss.id, 'member')
    press_button(user, 'Actions for Cleo')
    choose(user, 'Link for a new password')
    await sees(user, 'Only an administrator may do this.')
