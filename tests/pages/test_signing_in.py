"""Signing in with a site elsewhere, as people do it: there and back, with a real provider, and what must not work."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User
from starlette.responses import Response

from chat import identities
from tests.openid_provider import SECRET, OpenIdProvider
from tests.pages.people import SITE, chat_of, go_to, join_room, person_of, rows, sees, send_message
from web.openid import kept
from web.openid.fetching import _trusted
from web.openid.way import Way

GOOD = 'a long sentence'
EXPIRED, FAILED = 'provider_expired', 'provider_failed'


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenIdProvider]:
    """Return a provider that the chat of the test knows as School."""
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')
    provider = OpenIdProvider()
    provider.start()
    rules = {'allow': '{ role = ["pupil", "teacher"] }', 'moderators': '{ role = "teacher" }'}
    monkeypatch.setenv('HEARTH_OIDC_FILE', str(provider.settings(tmp_path, **rules)))
    provider.person['role'] = 'pupil'
    yield provider
    provider.stop()


def link_of(user: User, words: str) -> str:
    """Return where the link leads that a screen reader calls so."""

    def said(link: ui.element) -> str:
        text = ''.join(each.text for each in link.descendants() if isinstance(each, ui.label))
        return str(link.props.get('aria-label', text))

    with user:
        (link,) = [each for each in ElementFilter() if each.tag == 'a' and said(each) == words]
    return str(link.props['href'])


async def set_out(user: User, address: str = '/sign-in/school') -> str:
    """Follow a link to the provider; return the address there."""
    answer = await user.http_client.get(address)
    assert answer.status_code == 303
    return answer.headers['location']


async def way_back(address: str) -> str:
    """Let the provider send the browser back; return where to, without the site."""
    async with httpx.AsyncClient(verify=_trusted()) as browser:
        answer = await browser.get(address)
    location = answer.headers['location']
    assert location.startswith(f'{SITE}/sign-in/school/callback?')
    return location.removeprefix(SITE)


async def come_back(user: User, address: str) -> str:
    """Come back from the provider; return where that leads."""
    answer = await user.http_client.get(address)
    assert answer.status_code == 303
    return answer.headers['location']


async def sign_in(user: User, address: str = '/sign-in/school') -> str:
    """Go there and back; return where that leads."""
    return await come_back(user, await way_back(await set_out(user, address)))


def problem(location: str) -> str:
    (found,) = parse_qs(urlsplit(location).query)['problem']
    return found


def is_signed_in(user: User) -> bool:
    return 'hearth_session' in user.http_client.cookies


# There and back


async def test_the_first_page_leads_there_and_back_into_the_room(school: OpenIdProvider, user: User) -> None:
    await user.open('/?room=lobby')
    await sees(user, 'Sign in with School')
    assert await sign_in(user, link_of(user, 'Sign in with School')) == '/rooms/lobby'
    ada = await person_of(user)
    assert (ada.name, ada.kind) == ('Ada', 'member')
    await user.open('/rooms/lobby')
    await send_message(user, 'hello')
    assert rows(user) == ['Ada hello']
    await user.http_client.post('/sign-out', headers={'Origin': SITE})
    await sign_in(user)
    assert await person_of(user) == ada


async def test_without_providers_nothing_is_offered(user: User) -> None:
    await user.open('/')
    await user.should_not_see('Sign in with')
    answer = await user.http_client.get('/sign-in/school')
    assert answer.status_code == 404


@pytest.mark.parametrize('mode', ['guests', 'accounts', 'invited'])
async def test_however_people_come_in_besides_the_provider_is_a_way(
    school: OpenIdProvider, monkeypatch: pytest.MonkeyPatch, mode: str, user: User
) -> None:
    chat = chat_of(user)
    object.__setattr__(chat.settings, 'sign_in', mode)
    await user.open('/')
    await sees(user, 'Sign in with School')
    await sign_in(user)
    assert (await person_of(user)).kind == 'member'


async def test_the_way_begins_with_all_that_is_asked_for(school: OpenIdProvider, user: User) -> None:
    asked = {name: value for name, (value,) in parse_qs(urlsplit(await set_out(user)).query).items()}
    assert set(asked) == {
        'response_type', 'client_id', 'redirect_uri', 'scope', 'state', 'nonce', 'code_challenge',
        'code_challenge_method',
    }  # fmt: skip
    assert asked['redirect_uri'] == f'{SITE}/sign-in/school/callback'
    assert asked['code_challenge_method'] == 'S256'
    assert SECRET not in str(asked)
    assert len({asked['state'], asked['nonce'], asked['code_challenge']}) == 3


async def test_what_the_browser_takes_along_is_for_the_server_alone_and_for_a_short_time(
    school: OpenIdProvider, user: User
) -> None:
    answer = await user.http_client.get('/sign-in/school')
    (cookie,) = answer.headers.get_list('set-cookie')
    assert cookie.startswith('hearth_sign_in=')
    assert {'HttpOnly', 'Max-Age=600', 'Path=/', 'SameSite=lax'} <= set(cookie.split('; '))
    assert answer.headers['cache-control'] == 'no-store'
    await come_back(user, await way_back(answer.headers['location']))
    assert 'hearth_sign_in' not in user.http_client.cookies


async def test_with_a_public_address_the_provider_sends_back_to_that(school: OpenIdProvider, user: User) -> None:
    object.__setattr__(chat_of(user).settings, 'public_url', 'https://chat.example.org')
    answer = await user.http_client.get('/sign-in/school', headers={'Host': 'chat.example.org'})
    (back,) = parse_qs(urlsplit(answer.headers['location']).query)['redirect_uri']
    assert back == 'https://chat.example.org/sign-in/school/callback'
    (cookie,) = answer.headers.get_list('set-cookie')
    assert cookie.startswith('__Host-hearth_sign_in=')
    assert 'Secure' in cookie.split('; ')


async def test_a_teacher_moderates(school: OpenIdProvider, user: User) -> None:
    school.person['role'] = 'teacher'
    await sign_in(user)
    assert (await person_of(user)).kind == 'moderator'


async def test_whom_the_rules_keep_out_is_told_so(school: OpenIdProvider, user: User) -> None:
    school.person['role'] = 'parent'
    await user.open(await sign_in(user, '/sign-in/school?room=garden'))
    await sees(user, 'You were recognized, but this chat does not let that account in.')
    assert not is_signed_in(user)


async def test_who_says_no_there_is_back_at_the_first_page(school: OpenIdProvider, user: User) -> None:
    school.denies = True
    await user.open(await sign_in(user))
    await sees(user, 'You were not signed in there, so you are not here.')


async def test_a_name_full_of_tricks_is_only_a_name(school: OpenIdProvider, user: User) -> None:
    school.person['preferred_username'] = '<img src=x onerror=alert(1)>'
    assert await sign_in(user) == '/rooms/lobby'
    await user.open('/rooms/lobby')
    await send_message(user, 'hello')
    assert rows(user) == ['&lt;img src=x onerror=alert(1)&gt; hello']


async def test_another_person_at_the_same_browser_ends_the_session_before(school: OpenIdProvider, user: User) -> None:
    back = await way_back(await set_out(user))
    await join_room(user, 'Guest')  # in another tab, meanwhile
    guest = await person_of(user)
    before = user.http_client.cookies['hearth_session']
    await come_back(user, back)
    assert (await person_of(user)).id != guest.id
    assert await chat_of(user).sessions.find(before) is None


async def test_keys_may_change_between_two_sign_ins(
    school: OpenIdProvider, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, 'PAUSE', 0.0)
    for _ in range(2):
        user.http_client.cookies.clear()
        assert await sign_in(user) == '/rooms/lobby'
        school.rotate()


# Where it leads


@pytest.mark.parametrize(
    ('room', 'target'),
    [
        ('garden', '/rooms/garden'),
        ('//evil.example', '/rooms/%2F%2Fevil.example'),
        ('https://evil.example', '/rooms/https%3A%2F%2Fevil.example'),
        ('../../evil', '/rooms/..%2F..%2Fevil'),
        ('a\r\nSet-Cookie: x=y', '/rooms/a%0D%0ASet-Cookie%3A%20x%3Dy'),
        ('', '/rooms/lobby'),
        ('x' * 1000, '/rooms/' + 'x' * 64),
        ('漢.字;"', '/rooms/%E6%BC%A2.%E5%AD%97%3B%22'),
    ],
)
async def test_it_leads_to_a_room_and_nowhere_else(school: OpenIdProvider, user: User, room: str, target: str) -> None:
    assert await sign_in(user, f'/sign-in/school?{urlencode({"room": room})}') == target


async def test_the_room_cannot_be_changed_on_the_way(school: OpenIdProvider, user: User) -> None:
    back = await way_back(await set_out(user, '/sign-in/school?room=garden'))
    secret = user.http_client.cookies['hearth_sign_in'].split('.')[0]
    user.http_client.cookies.clear()
    user.http_client.cookies.set('hearth_sign_in', f'{secret}.0.other')
    assert problem(await come_back(user, back)) == EXPIRED


# What must not work


async def test_another_state_is_refused(school: OpenIdProvider, user: User) -> None:
    back = urlsplit(await way_back(await set_out(user)))
    query = {name: value for name, (value,) in parse_qs(back.query).items()}
    for state in ('', 'x', 'ä', query['state'][:-1], query['state'] + 'x'):
        cookies = dict(user.http_client.cookies)
        location = await come_back(user, f'{back.path}?{urlencode({**query, "state": state})}')
        assert problem(location) == EXPIRED
        user.http_client.cookies.update(cookies)
    assert '/token' not in school.asked
    assert not is_signed_in(user)


async def test_a_way_back_is_good_once(school: OpenIdProvider, user: User) -> None:
    back = await way_back(await set_out(user))
    cookies = dict(user.http_client.cookies)
    await come_back(user, back)
    user.http_client.cookies.clear()
    user.http_client.cookies.update(cookies)
    assert problem(await come_back(user, back)) == EXPIRED
    assert school.asked.count('/token') == 1


async def test_the_way_of_another_browser_is_refused(
    school: OpenIdProvider, user: User, create_user: Callable[[], User]
) -> None:
    back = await way_back(await set_out(user))  # of somebody who wants a victim to be signed in as them
    victim = create_user()
    assert problem(await come_back(victim, back)) == EXPIRED
    await set_out(victim)  # even if the victim is on a way of their own
    assert problem(await come_back(victim, back)) == EXPIRED
    assert not is_signed_in(victim)


async def test_a_way_takes_ten_minutes_at_most(
    school: OpenIdProvider, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = await way_back(await set_out(user))
    late = identities.now_ms() + identities.WAY + 1000
    monkeypatch.setattr(identities, 'now_ms', lambda: late)
    await user.open(await come_back(user, back))
    await sees(user, 'That took too long, or began in another browser.')


async def test_a_secret_that_the_server_did_not_give_is_refused(school: OpenIdProvider, user: User) -> None:
    way = Way('school', 'lobby', None, 'made up')
    user.http_client.cookies.set('hearth_sign_in', 'made up.0.lobby')
    query = urlencode({'code': 'x', 'state': way.state})
    assert problem(await come_back(user, f'/sign-in/school/callback?{query}')) == EXPIRED
    assert '/token' not in school.asked


@pytest.mark.parametrize(
    'cookie', ['', '.', '..', '...', 'x', 'x.1', 'x.1.', '.1.lobby', '%', 'x.0.%ff', 'x' * 5000, '"']
)
async def test_a_cookie_that_makes_no_sense_signs_in_nobody(school: OpenIdProvider, user: User, cookie: str) -> None:
    answer = await user.http_client.get(
        '/sign-in/school/callback?code=x&state=y', headers={'Cookie': f'hearth_sign_in={cookie}'}
    )
    assert problem(answer.headers['location']) == EXPIRED


async def test_an_answer_that_says_something_twice_is_refused(school: OpenIdProvider, user: User) -> None:
    back = await way_back(await set_out(user))
    assert problem(await come_back(user, f'{back}&code=other')) == FAILED
    assert '/token' not in school.asked


async def test_the_answer_of_another_provider_is_refused(school: OpenIdProvider, user: User) -> None:
    back = urlsplit(await way_back(await set_out(user)))
    query = {name: value for name, (value,) in parse_qs(back.query).items()} | {'iss': 'https://evil.example'}
    assert problem(await come_back(user, f'{back.path}?{urlencode(query)}')) == FAILED
    assert '/token' not in school.asked


async def test_a_token_that_is_not_true_signs_in_nobody_and_the_log_says_why(
    school: OpenIdProvider, user: User, caplog: pytest.LogCaptureFixture
) -> None:
    school.changes = {'nonce': 'of another way'}
    with caplog.at_level(logging.INFO):
        back = await way_back(await set_out(user))
        await user.open(await come_back(user, back))
    await sees(user, 'The site you sign in with did not answer as it should.')
    assert not is_signed_in(user)
    (said,) = [each for each in caplog.messages if each.startswith("Signing in with 'school' failed: ")]
    assert 'nonce' in said
    code = parse_qs(urlsplit(back).query)['code'][0]
    everything = '\n'.join(each for each in caplog.messages if 'HTTP Request' not in each)
    assert not any(secret in everything for secret in (SECRET, code, 'of another way'))


async def test_a_provider_that_does_not_answer_is_said_on_the_first_page(school: OpenIdProvider, user: User) -> None:
    school.replies['/.well-known/openid-configuration'] = lambda: Response(status_code=500)
    location = await set_out(user, '/sign-in/school?room=lobby')
    assert location == '/?room=lobby&problem=provider_failed'
    await user.open(location)
    await sees(user, 'The site you sign in with did not answer as it should.')


async def test_words_in_an_address_do_not_get_onto_the_page(school: OpenIdProvider, user: User) -> None:
    await user.open('/?problem=Send+your+password+to+evil.example')
    await user.should_not_see('evil')
    await set_out(user)
    await user.open(await come_back(user, '/sign-in/school/callback?error=x&error_description=evil'))
    await user.should_not_see('evil')


async def test_another_site_signs_out_no_guest(school: OpenIdProvider, user: User) -> None:
    answer = await user.http_client.get('/sign-in/school')
    assert answer.headers['location'].startswith(school.issuer)  # a stranger may come from another front end
    await join_room(user, 'Ada')
    for headers in ({}, {'Sec-Fetch-Site': 'cross-site'}, {'Sec-Fetch-Site': 'none'}):
        answer = await user.http_client.get('/sign-in/school?room=garden', headers=headers)
        assert answer.headers['location'] == '/rooms/garden'
    assert (await person_of(user)).name == 'Ada'


# The settings


async def connect(user: User) -> str:
    await go_to(user, '/settings/password')
    return await sign_in(user, link_of(user, 'Connect School'))


async def test_a_guest_connects_and_keeps_name_and_words(school: OpenIdProvider, user: User) -> None:
    school.person['preferred_username'] = 'Somebody'
    await join_room(user, 'Bo')
    await send_message(user, 'hello')
    guest, cookie = await person_of(user), user.http_client.cookies['hearth_session']
    location = await connect(user)
    assert location == '/settings/password?connected=school'
    assert user.http_client.cookies['hearth_session'] != cookie
    bo = await person_of(user)
    assert (bo.id, bo.name, bo.kind) == (guest.id, 'Bo', 'member')
    await go_to(user, location)
    await sees(user, 'School is connected.')
    user.http_client.cookies.clear()
    await sign_in(user)
    assert await person_of(user) == bo
    await go_to(user, '/rooms/lobby')
    assert rows(user) == ['Bo hello']


async def test_what_belongs_to_somebody_else_is_said(
    school: OpenIdProvider, user: User, create_user: Callable[[], User]
) -> None:
    await sign_in(user)
    other = create_user()
    await join_room(other, 'Bo')
    await go_to(other, await connect(other))
    await sees(other, 'That account belongs to somebody else in this chat.')
    assert (await person_of(other)).kind == 'guest'


async def test_only_the_session_that_began_to_connect_ends_it(
    school: OpenIdProvider, user: User, create_user: Callable[[], User]
) -> None:
    await join_room(user, 'Bo')
    await go_to(user, '/settings/password')
    back = await way_back(await set_out(user, link_of(user, 'Connect School')))
    other = create_user()
    await join_room(other, 'Cleo')
    for session in (other.http_client.cookies['hearth_session'], None):
        way = user.http_client.cookies['hearth_sign_in']
        cookie = f'hearth_sign_in={way}' + (f'; hearth_session={session}' if session else '')
        answer = await create_user().http_client.get(back, headers={'Cookie': cookie})
        assert problem(answer.headers['location']) == EXPIRED
    assert (await person_of(user)).kind == (await person_of(other)).kind == 'guest'
    assert await come_back(user, back) == '/settings/password?connected=school'


async def test_only_a_link_of_this_session_connects(
    school: OpenIdProvider, user: User, create_user: Callable[[], User]
) -> None:
    other = create_user()
    await join_room(other, 'Mallory')
    await go_to(other, '/settings/password')
    link = link_of(other, 'Connect School')
    assert await set_out(user, link) == '/'
    await join_room(user, 'Ada')
    for address in (link, '/sign-in/school?connect=1', '/sign-in/school?connect=%C3%A4'):
        location = await set_out(user, address)
        assert location == '/settings/password?problem=forbidden'
    assert 'hearth_sign_in' not in user.http_client.cookies


async def test_a_way_to_sign_in_is_none_to_connect(school: OpenIdProvider, user: User) -> None:
    back = await way_back(await set_out(user))
    await join_room(user, 'Ada')
    secret = user.http_client.cookies['hearth_sign_in'].split('.')[0]
    session = user.http_client.cookies['hearth_session']
    cookie = f'hearth_sign_in={secret}.1.lobby; hearth_session={session}'
    user.http_client.cookies.clear()
    answer = await user.http_client.get(back, headers={'Cookie': cookie})
    assert problem(answer.headers['location']) == EXPIRED


async def disconnect(user: User, provider: str = 'school', origin: str = SITE) -> str:
    answer = await user.http_client.post(
        '/settings/disconnect', data={'provider': provider}, headers={'Origin': origin}
    )
    assert answer.status_code == 303
    return answer.headers['location']


async def test_the_last_way_in_is_kept_until_there_is_a_password(school: OpenIdProvider, user: User) -> None:
    await sign_in(user)
    await go_to(user, '/settings/password')
    await sees(user, 'Connected')
    await go_to(user, await disconnect(user))
    await sees(user, 'It stays connected, as it is your only way back in.')
    await user.http_client.post('/settings/password', data={'password': GOOD}, headers={'Origin': SITE})
    assert await disconnect(user, origin='https://evil.example') == '/settings/password?problem=forbidden'
    assert await disconnect(user) == '/settings/password'
    await go_to(user, '/settings/password')
    assert link_of(user, 'Connect School')
    assert problem(await disconnect(user, 'nowhere')) == 'not_found'


async def test_a_stranger_disconnects_nothing(school: OpenIdProvider, user: User) -> None:
    assert await disconnect(user) == '/'
