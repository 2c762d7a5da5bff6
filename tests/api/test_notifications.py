"""How far one has read, and of what one is told, by the API."""

import httpx
import pytest

from tests.api.problems import problem

Headers = dict[str, str]


@pytest.fixture
async def room(program: httpx.AsyncClient, ada: Headers, bo: Headers) -> str:
    """Return the path of the lobby, which Ada and Bo belong to."""
    for who in (ada, bo):
        assert (await program.put('/rooms/lobby/membership', headers=who)).status_code == 200
    return '/rooms/lobby'


async def say(program: httpx.AsyncClient, who: Headers, body: str) -> int:
    return (await program.post('/rooms/lobby/messages', json={'body': body}, headers=who)).json()['id']


async def counts(program: httpx.AsyncClient, who: Headers) -> tuple[int, int]:
    shown = (await program.get('/rooms/lobby', headers=who)).json()
    (listed,) = (await program.get('/rooms', headers=who)).json()['rooms']
    assert listed == shown
    return shown['unread'], shown['mentions']


async def test_a_program_reads_as_far_as_it_says_and_back_again(
    program: httpx.AsyncClient, room: str, ada: Headers, bo: Headers
) -> None:
    first = await say(program, bo, '@Ada one')
    await say(program, bo, 'two')
    assert await counts(program, ada) == (2, 1)
    steps: list[tuple[object, tuple[int, int]]] = [
        ({'message_id': first}, (1, 0)), ({'message_id': None}, (0, 0)), ({'message_id': first - 1}, (2, 1)),
        ({}, (0, 0)), ({'message_id': 0}, (2, 1)), ({'message_id': 2**62}, (0, 0)),
    ]  # fmt: skip
    for sent, after in steps:
        answer = await program.put(f'{room}/read', json=sent, headers=ada)
        assert (answer.status_code, answer.content) == (204, b'')
        assert await counts(program, ada) == after


async def test_without_a_body_everything_is_read(
    program: httpx.AsyncClient, room: str, ada: Headers, bo: Headers
) -> None:
    await say(program, bo, 'one')
    assert (await program.put(f'{room}/read', headers=ada)).status_code == 204
    assert await counts(program, ada) == (0, 0)


async def test_only_members_mark_and_choose(program: httpx.AsyncClient, room: str, ada: Headers, bo: Headers) -> None:
    await program.post('/rooms', json={'name': 'Open'}, headers=bo)
    await program.post('/rooms', json={'name': 'Secret', 'private': True}, headers=bo)
    for call, body in (('read', {}), ('notifications', {'level': 'nothing'})):
        assert problem(await program.put(f'/rooms/open/{call}', json=body, headers=ada))[0] == 403
        assert problem(await program.put(f'/rooms/secret/{call}', json=body, headers=ada))[0] == 404
        assert problem(await program.put(f'/rooms/lobby/{call}', json=body))[0] == 401


async def test_the_level_of_a_room_is_set_and_shown(program: httpx.AsyncClient, room: str, ada: Headers) -> None:
    assert (await program.put(f'{room}/notifications', json={'level': 'nothing'}, headers=ada)).status_code == 204
    assert (await program.get(room, headers=ada)).json()['notify'] == 'nothing'
    assert problem(await program.put(f'{room}/notifications', json={'level': 'often'}, headers=ada))[0] == 422


async def test_a_quiet_time_is_set_as_times_of_the_day(program: httpx.AsyncClient, ada: Headers) -> None:
    path = '/me/notifications'
    nothing = {'quiet_from': None, 'quiet_until': None, 'sound': True}
    assert (await program.get(path, headers=ada)).json() == nothing
    night = {'quiet_from': '22:00', 'quiet_until': '07:00'}
    assert (await program.patch(path, json=night, headers=ada)).json() == {**night, 'sound': True}
    assert (await program.patch(path, json={'sound': False}, headers=ada)).json() == {**night, 'sound': False}
    for wrong in ({'quiet_from': None}, {'quiet_from': '25:00'}, {'quiet_until': '22:00'}, {'sound': 'yes'}):
        assert problem(await program.patch(path, json=wrong, headers=ada))[0] == 422
    assert (await program.get(path, headers=ada)).json() == {**night, 'sound': False}
