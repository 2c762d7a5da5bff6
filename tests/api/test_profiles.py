"""Profiles by the API: one's own is read and changed, others are looked at, pictures come and go."""

from io import BytesIO

import httpx
import pytest
from PIL import Image

from chat import Chat, pictures
from tests.api import problems

Headers = dict[str, str]
NEW = {
    'color': None, 'picture': None, 'status': '', 'status_until': None, 'time_zone': None, 'theme': None
}  # fmt: skip


def picture(kind: str = 'PNG', color: str = 'red') -> bytes:
    data = BytesIO()
    Image.new('RGB', (20, 10), color).save(data, kind)
    return data.getvalue()


def problem(answer: httpx.Response, status: int) -> dict[str, str]:
    """Return the error of an answer that is one."""
    assert problems.problem(answer)[0] == status, answer.text
    return answer.json()['error']


async def id_of(program: httpx.AsyncClient, who: Headers) -> int:
    return (await program.get('/me', headers=who)).json()['id']


async def change(program: httpx.AsyncClient, who: Headers, **wanted: object) -> httpx.Response:
    return await program.patch('/me/profile', json=wanted, headers=who)


async def test_a_new_profile_says_who_one_is_and_since_when(program: httpx.AsyncClient, ada: Headers) -> None:
    answer = await program.get('/me/profile', headers=ada)
    profile = answer.json()
    me = (await program.get('/me', headers=ada)).json()
    assert set(me) == {'id', 'name', 'kind'}
    assert profile == {'user': me, 'created_at': profile['created_at'], **NEW}
    assert profile['created_at'].endswith('Z')


async def test_what_is_given_changes_and_the_rest_stays(program: httpx.AsyncClient, ada: Headers) -> None:
    wanted = {'name': 'Eve', 'color': 3, 'status': 'At lunch', 'time_zone': 'Europe/Berlin', 'theme': 'dark'}
    answer = await change(program, ada, **wanted)
    assert answer.status_code == 200
    profile = answer.json()
    assert profile['user']['name'] == 'Eve'
    assert {key: profile[key] for key in ('color', 'status', 'time_zone', 'theme')} == {
        key: wanted[key] for key in ('color', 'status', 'time_zone', 'theme')
    }
    assert (await program.get('/me/profile', headers=ada)).json() == profile
    assert (await change(program, ada)).json() == profile
    nothing = {'color': None, 'status': '', 'time_zone': None, 'theme': None}
    assert (await change(program, ada, **nothing)).json() == {**profile, **NEW}
    assert (await program.get('/me', headers=ada)).json()['name'] == 'Eve'


async def test_a_status_has_an_end_by_a_span_or_by_a_time(program: httpx.AsyncClient, ada: Headers) -> None:
    assert (await change(program, ada, status='Away', status_for='1h')).json()['status_until'] is not None
    for time in ('2999-01-01T10:00:00Z', '2999-01-01T12:00:00+02:00', '2999-01-01T10:00:00.000000Z'):
        answer = await change(program, ada, status='Away', status_until=time)
        assert answer.json()['status_until'] == '2999-01-01T10:00:00.000Z'
    assert (await change(program, ada, status_until=None)).json()['status_until'] is None


@pytest.mark.parametrize(
    ('wanted', 'field'),
    [
        ({'name': 'Admin'}, 'name'), ({'name': None}, 'name'), ({'name': 7}, 'name'),
        ({'color': 12}, 'color'), ({'color': -1}, 'color'), ({'color': 1.0}, 'color'), ({'color': '3'}, 'color'),
        ({'color': True}, 'color'),
        ({'status': 'x' * 101}, 'status'), ({'status': None}, 'status'),
        ({'status': 'x', 'status_for': '2h'}, 'status_for'), ({'status': 'x', 'status_for': None}, 'status_for'),
        ({'status': 'x', 'status_until': '2020-01-01T00:00:00Z'}, 'status_until'),
        ({'status': 'x', 'status_until': '2999-01-01'}, 'status_until'),
        ({'status': 'x', 'status_until': '2999-01-01T10:00:00'}, 'status_until'),
        ({'status': 'x', 'status_until': '2999-99-01T10:00:00Z'}, 'status_until'),
        ({'status': 'x', 'status_until': 32503680000}, 'status_until'),
        ({'status': 'x', 'status_until': '32503680000'}, 'status_until'),
        ({'status': 'x', 'status_for': '1h', 'status_until': None}, 'status_until'),
        ({'status_for': '1h'}, 'status'),
        ({'time_zone': 'Nowhere'}, 'time_zone'), ({'theme': 'pink'}, 'theme'),
    ],
)  # fmt: skip
async def test_what_breaks_a_rule_changes_nothing_and_names_the_field(
    program: httpx.AsyncClient, ada: Headers, wanted: dict[str, object], field: str
) -> None:
    answer = await change(program, ada, **{'theme': 'dark', **wanted})
    assert problem(answer, 422)['field'] == field
    assert (await program.get('/me/profile', headers=ada)).json()['theme'] is None


async def test_a_name_that_is_taken_is_a_conflict(program: httpx.AsyncClient, ada: Headers, bo: Headers) -> None:
    assert problem(await change(program, ada, name='bo'), 409)['code'] == 'name_taken'
    assert (await change(program, bo, name='Eve')).status_code == 200
    assert (await change(program, ada, name='bo')).status_code == 200


async def test_others_see_a_profile_without_what_is_ones_own(
    program: httpx.AsyncClient, chat: Chat, ada: Headers, bo: Headers
) -> None:
    own = (await change(program, ada, color=3, status='Away', theme='dark')).json()
    user_id = await id_of(program, ada)
    answer = await program.get(f'/users/{user_id}', headers=bo)
    del own['theme']
    assert (answer.status_code, answer.json()) == (200, own)
    cleo = await chat.accounts.add_guest('Cleo', 'here')
    await chat.sessions.begin(cleo, 'a browser', 'Asia/Tokyo')
    assert (await program.get(f'/users/{cleo.id}', headers=bo)).json()['time_zone'] == 'Asia/Tokyo'


async def test_nobody_is_shown_to_strangers_or_made_up(program: httpx.AsyncClient, ada: Headers) -> None:
    user_id = await id_of(program, ada)
    for path in ('/me/profile', f'/users/{user_id}', f'/users/{user_id}/picture'):
        problem(await program.get(path), 401)
    for path in ('/users/999', '/users/999/picture', f'/users/{user_id}/picture'):
        problem(await program.get(path, headers=ada), 404)
    problem(await program.get('/users/x', headers=ada), 422)


@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'GIF', 'WEBP'])
@pytest.mark.parametrize('said', ['image/png', 'image/svg+xml', 'text/html', None])
async def test_a_picture_is_what_its_content_says(
    program: httpx.AsyncClient, ada: Headers, bo: Headers, kind: str, said: str | None
) -> None:
    headers = ada if said is None else {**ada, 'Content-Type': said}
    answer = await program.put('/me/picture', content=picture(kind), headers=headers)
    assert answer.status_code == 200, answer.text
    digest = answer.json()['picture']
    user_id = await id_of(program, ada)
    shown = await program.get(f'/users/{user_id}/picture', headers=bo)
    assert (shown.status_code, shown.headers['content-type']) == (200, 'image/webp')
    assert 'private' in shown.headers['cache-control']
    assert Image.open(BytesIO(shown.content), formats=['WEBP']).size == (10, 10)
    assert (await program.get(f'/users/{user_id}', headers=bo)).json()['picture'] == digest


async def test_a_picture_is_removed_as_often_as_one_likes(program: httpx.AsyncClient, ada: Headers) -> None:
    await program.put('/me/picture', content=picture(), headers=ada)
    for _ in range(2):
        answer = await program.delete('/me/picture', headers=ada)
        assert (answer.status_code, answer.content) == (204, b'')
    assert (await program.get('/me/profile', headers=ada)).json()['picture'] is None
    problem(await program.get(f'/users/{await id_of(program, ada)}/picture', headers=ada), 404)


@pytest.mark.parametrize('content', [b'', b'<svg/>', b'GIF89a', picture()[:50]])
async def test_what_is_no_picture_is_refused(program: httpx.AsyncClient, ada: Headers, content: bytes) -> None:
    answer = await program.put('/me/picture', content=content, headers={**ada, 'Content-Type': 'image/png'})
    assert problem(answer, 422)['field'] == 'picture'


async def test_a_picture_may_be_larger_than_any_other_request_and_no_larger_than_8_mb(
    program: httpx.AsyncClient, ada: Headers
) -> None:
    data = picture('JPEG')
    fits, too_large = (data + bytes(pictures.LARGEST - len(data) + more) for more in (0, 1))
    assert (await program.put('/me/picture', content=fits, headers=ada)).status_code == 200
    assert '8,388,608' in problem(await program.put('/me/picture', content=too_large, headers=ada), 413)['message']
    answer = await program.patch('/me/profile', content=bytes(300_000), headers=ada)
    assert '262,144' in problem(answer, 413)['message']


async def test_a_strangers_picture_is_not_even_read(program: httpx.AsyncClient) -> None:
    async def unread():
        yield picture()
        raise AssertionError('read')

    problem(await program.put('/me/picture', content=unread()), 401)


async def test_a_page_of_another_site_changes_nothing_by_the_cookie(program: httpx.AsyncClient) -> None:
    await program.post('/sessions', json={'name': 'Ada'})
    elsewhere = {'Origin': 'https://elsewhere.example'}
    problem(await program.patch('/me/profile', json={'name': 'Eve'}, headers=elsewhere), 403)
    problem(await program.put('/me/picture', content=picture(), headers=elsewhere), 403)
    problem(await program.delete('/me/picture', headers=elsewhere), 403)


async def test_a_bot_has_a_profile_and_does_not_change_it(program: httpx.AsyncClient, chat: Chat) -> None:
    _, token = await chat.bots.add('Robbie')
    robbie = {'Authorization': f'Bearer {token}'}
    assert (await program.get('/me/profile', headers=robbie)).json()['user']['kind'] == 'bot'
    problem(await change(program, robbie, name='Eve'), 403)
    problem(await program.put('/me/picture', content=picture(), headers=robbie), 403)


async def test_a_change_is_told_to_who_asks_what_changed(program: httpx.AsyncClient, ada: Headers, bo: Headers) -> None:
    for who in (ada, bo):
        await program.put('/rooms/lobby/membership', headers=who)
    before = (await program.get('/rooms/lobby/messages', headers=bo)).json()['revision']
    await change(program, ada, name='Eve')
    answer = (await program.get(f'/rooms/lobby/changes?since={before}', headers=bo)).json()
    user = {'id': await id_of(program, ada), 'name': 'Eve', 'kind': 'guest'}
    changed = {'type': 'member_changed', 'room': 'lobby', 'revision': before + 1}
    assert answer['events'] == [{**changed, 'member': {'user': user, 'role': 'member'}}]
