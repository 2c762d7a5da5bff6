"""The first page: a name, a room, in."""

from collections.abc import Callable

import pytest
from nicegui.testing import User

from chat.errors import StorageFailed
from tests.pages.people import SITE, chat_of, join_room, sees, sign_in


async def test_a_stranger_is_asked_for_a_name(user: User) -> None:
    await user.open('/')
    await sees(user, 'Your name')
    await sees(user, 'Join')


async def test_a_name_is_enough_to_land_in_the_lobby(user: User) -> None:
    assert await sign_in(user, 'Ada') == '/rooms/lobby'
    await user.open('/rooms/lobby')
    await sees(user, 'Where everybody meets')


async def test_who_comes_back_in_the_same_browser_is_known(user: User) -> None:
    await join_room(user, 'Ada')
    await user.open('/')
    await sees(user, 'Hello, Ada')
    await user.should_not_see('Your name')


async def test_a_shared_link_asks_for_the_name_first_and_then_lands_in_the_room(
    user: User, create_user: Callable[[], User]
) -> None:
    assert await sign_in(user, 'Ada', new_room='Design') == '/rooms/design'
    stranger = create_user()
    response = await stranger.http_client.get('/rooms/design')
    assert response.headers['location'] == '/?room=design'
    await stranger.open('/?room=design')
    await sees(stranger, 'Your name')
    assert await sign_in(stranger, 'Bo', 'design') == '/rooms/design'


@pytest.mark.parametrize('name', ['Ada', 'ADA', ' ada ', 'Аda'])
async def test_a_name_that_somebody_else_has_gets_a_sentence_and_a_suggestion(
    user: User, create_user: Callable[[], User], name: str
) -> None:
    await join_room(user, 'Ada')
    stranger = create_user()
    back = await sign_in(stranger, name)
    assert back.startswith('/?name=')
    await stranger.open(back)
    await sees(stranger, 'Somebody else is called')
    await sees(stranger, 'How about')


async def test_a_name_that_cannot_be_gets_a_sentence(user: User) -> None:
    await user.open(await sign_in(user, 'x' * 33))
    await sees(user, '32 characters')


async def test_the_address_of_the_first_page_puts_no_words_on_it(user: User) -> None:
    await user.open('/?name=Ada&problem=Call+this+number&room=lobby&wait=5')
    await user.should_not_see('Call this number')


async def test_a_form_of_another_site_signs_nobody_in(user: User) -> None:
    response = await user.http_client.post('/join', data={'name': 'Ada'}, headers={'Origin': 'https://evil.example'})
    assert 'set-cookie' not in response.headers
    response = await user.http_client.post('/join', data={'name': 'Ada'})
    assert 'set-cookie' not in response.headers


async def test_the_session_cookie_is_out_of_reach_for_scripts_and_other_sites(user: User) -> None:
    response = await user.http_client.post('/join', data={'name': 'Ada'}, headers={'Origin': SITE})
    cookie = response.headers['set-cookie']
    assert cookie.startswith('hearth_session=')
    assert 'HttpOnly' in cookie
    assert 'SameSite=lax' in cookie


async def test_over_https_the_cookie_is_secure_and_bound_to_this_host(user: User) -> None:
    response = await user.http_client.post(
        'https://test/join', data={'name': 'Ada'}, headers={'Origin': 'https://test'}
    )
    cookie = response.headers['set-cookie']
    assert cookie.startswith('__Host-hearth_session=')
    assert 'Secure' in cookie
    assert 'Path=/;' in cookie


async def test_over_https_a_cookie_that_a_neighboring_host_could_have_set_is_nobodys(user: User) -> None:
    token = await chat_of(user).sessions.begin(await chat_of(user).accounts.add_guest('Ada', 'here'), '')
    for name, location in (('hearth_session', '/?room=lobby'), ('__Host-hearth_session', None)):
        answer = await user.http_client.get('https://test/rooms/lobby', headers={'Cookie': f'{name}={token}'})
        assert answer.headers.get('location') == location


async def test_signing_out_forgets_the_person_in_this_browser(user: User) -> None:
    await join_room(user, 'Ada')
    await user.http_client.post('/sign-out', headers={'Origin': SITE})
    await user.open('/')
    await sees(user, 'Your name')


async def test_a_form_of_another_site_signs_nobody_out(user: User) -> None:
    await join_room(user, 'Ada')
    await user.http_client.post('/sign-out', headers={'Origin': 'https://evil.example'})
    await user.open('/')
    await sees(user, 'Hello, Ada')


async def test_whoever_opens_too_many_rooms_is_told_so_and_is_signed_in(user: User) -> None:
    await sign_in(user, 'Ada')
    for number in range(10):
        assert (await sign_in(user, 'Ada', new_room=f'Room {number}')) == f'/rooms/room-{number}'
    await user.open(await sign_in(user, 'Ada', new_room='One more'))
    await sees(user, 'Hello, Ada')
    await sees(user, 'You are creating rooms too fast. Try again in')


async def test_a_name_is_not_lost_when_the_room_could_not_be_opened(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('chat.rooms.MOST_SLUGS', 2)
    await sign_in(user, 'Ada', new_room='Design')
    user.http_client.cookies.clear()
    await user.open(await sign_in(user, 'Bo', new_room='Design'))
    await sees(user, 'Hello, Bo')
    await sees(user, 'There are many rooms of this name')


async def test_when_the_server_cannot_store_a_name_the_form_says_so(user: User) -> None:
    async def fail(*_: object) -> None:
        raise StorageFailed

    chat_of(user).accounts.add_guest = fail
    await user.open(await sign_in(user, 'Ada'))
    await sees(user, 'The server could not store this')
    await sees(user, 'Your name')


async def test_behind_an_https_proxy_the_cookie_is_secure(user: User) -> None:
    chat = chat_of(user)
    object.__setattr__(chat.settings, 'public_url', 'https://talk.example.org')
    headers = {'Origin': 'https://talk.example.org', 'Host': 'talk.example.org'}
    response = await user.http_client.post('/join', data={'name': 'Ada'}, headers=headers)
    assert response.headers['set-cookie'].startswith('__Host-hearth_session=')
    assert 'Secure' in response.headers['set-cookie']


async def test_signing_out_forgets_the_cookie_by_both_its_names(user: User) -> None:
    await sign_in(user, 'Ada')
    response = await user.http_client.post('/sign-out', headers={'Origin': SITE})
    forgotten = [cookie.split('=')[0] for cookie in response.headers.get_list('set-cookie')]
    assert sorted(forgotten) == ['__Host-hearth_session', 'hearth_session']
