"""Favorites, roles, people put into rooms, direct messages, and archived rooms: the calls of programs."""

import httpx
import pytest

from chat import Chat
from tests.api.problems import problem

Headers = dict[str, str]


async def id_of(program: httpx.AsyncClient, who: Headers) -> int:
    return (await program.get('/me', headers=who)).json()['id']


async def test_a_room_becomes_a_favorite_and_ceases_to_be_one(
    program: httpx.AsyncClient, ada: Headers, bo: Headers
) -> None:
    await program.post('/rooms', json={'name': 'Garden'}, headers=ada)
    for method, expected in (('PUT', True), ('PUT', True), ('DELETE', False), ('DELETE', False)):
        answer = await program.request(method, '/rooms/garden/favorite', headers=ada)
        assert (answer.status_code, answer.content) == (204, b'')
        assert (await program.get('/rooms/garden', headers=ada)).json()['favorite'] is expected
    assert problem(await program.put('/rooms/garden/favorite', headers=bo)) == (403, 'forbidden', None)


async def test_somebody_is_put_into_a_room_and_given_a_role(
    program: httpx.AsyncClient, ada: Headers, bo: Headers
) -> None:
    await program.post('/rooms', json={'name': 'Study', 'private': True}, headers=ada)
    bos = await id_of(program, bo)
    place = f'/rooms/study/members/{bos}'
    assert problem(await program.put(place, json={'role': 'owner'}, headers=ada)) == (404, 'not_found', None)
    for _ in range(2):
        answer = await program.put(place, headers=ada)
        user = {'id': bos, 'name': 'Bo', 'kind': 'guest'}
        assert (answer.status_code, answer.json()) == (200, {'user': user, 'role': 'member', 'presence': 'offline'})
    assert problem(await program.put(place, json={'role': 'owner'}, headers=bo)) == (403, 'forbidden', None)
    answer = await program.put(place, json={'role': 'moderator'}, headers=ada)
    assert answer.json()['role'] == 'moderator'
    changed = (await program.get('/rooms/study/changes?since=2', headers=bo)).json()['events']
    assert [(each['type'], each['member']['role']) for each in changed] == [('member_changed', 'moderator')]
    answer = await program.put(
        f'/rooms/study/members/{await id_of(program, ada)}', json={'role': 'member'}, headers=ada
    )
    assert problem(answer) == (409, 'conflict', 'role')
    assert problem(await program.put(place, json={'role': 'king'}, headers=ada)) == (422, 'invalid', 'role')


async def test_what_is_not_for_the_caller_is_not_there(program: httpx.AsyncClient, ada: Headers, bo: Headers) -> None:
    await program.post('/rooms', json={'name': 'Study', 'private': True}, headers=ada)
    bos = await id_of(program, bo)
    for method, path in (
        ('PUT', f'/rooms/study/members/{bos}'), ('PUT', '/rooms/study/favorite'), ('DELETE', '/rooms/study/favorite'),
    ):  # fmt: skip
        answers = [await program.request(method, each, headers=bo) for each in (path, path.replace('study', 'nowhere'))]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()


async def test_direct_messages_are_opened_once_and_found_again(
    program: httpx.AsyncClient, ada: Headers, bo: Headers
) -> None:
    first = await program.post('/direct', json={'users': [await id_of(program, bo)]}, headers=ada)
    assert first.status_code == 201
    room = first.json()
    assert (room['name'], room['direct'], room['private'], room['joined']) == ('Bo', True, True, True)
    again = await program.post('/direct', json={'users': [await id_of(program, ada)]}, headers=bo)
    assert (again.status_code, again.json()['slug'], again.json()['name']) == (200, room['slug'], 'Ada')
    path = f'/rooms/{room["slug"]}'
    sent = await program.post(f'{path}/messages', json={'body': 'psst'}, headers=ada)
    assert sent.status_code == 201
    assert (await program.get(path, headers=bo)).json()['unread'] == 1
    refused = await program.delete(f'{path}/membership', headers=bo)
    assert problem(refused) == (403, 'forbidden', None)
    assert (await program.put(f'{path}/favorite', headers=bo)).status_code == 204


@pytest.mark.parametrize(
    ('body', 'status', 'field'),
    [
        ({}, 422, 'users'), ({'users': 'Bo'}, 422, 'users'), ({'users': ['x']}, 422, 'users'),
        ({'users': [-1]}, 422, 'users'), ({'users': list(range(2, 11))}, 422, 'users'), ({'users': [999]}, 404, None),
        ({'users': [2**63]}, 422, 'users'), ({'users': list(range(200))}, 422, 'users'), ({'users': [0]}, 404, None),
    ],
)  # fmt: skip
async def test_one_writes_to_people_who_are_there(
    program: httpx.AsyncClient, ada: Headers, body: dict, status: int, field: str | None
) -> None:
    answer = await program.post('/direct', json=body, headers=ada)
    assert problem(answer) == (status, 'invalid' if status == 422 else 'not_found', field)


async def test_archived_rooms_are_a_list_of_their_own(program: httpx.AsyncClient, ada: Headers, bo: Headers) -> None:
    await program.post('/rooms', json={'name': 'Garden'}, headers=ada)
    changed = await program.patch('/rooms/garden', json={'archived': True}, headers=ada)
    assert changed.json()['archived'] is True
    for who in (ada, bo):
        listed = [
            (await program.get(f'/rooms{query}', headers=who)).json()['rooms'] for query in ('', '?archived=true')
        ]
        assert [[room['slug'] for room in rooms] for rooms in listed] == [['lobby'], ['garden']]
    assert problem(await program.put('/rooms/garden/membership', headers=bo)) == (403, 'forbidden', None)
    assert problem(await program.get('/rooms?archived=yes', headers=ada)) == (422, 'invalid', 'archived')
    answer = await program.post('/rooms/garden/messages', json={'body': 'x'}, headers=ada)
    assert problem(answer) == (403, 'forbidden', None)


async def test_a_room_in_slow_mode_says_when_to_come_back(
    program: httpx.AsyncClient, ada: Headers, bo: Headers
) -> None:
    await program.post('/rooms', json={'name': 'Garden'}, headers=ada)
    await program.patch('/rooms/garden', json={'slow_mode': 3_600, 'description': '**Roses**'}, headers=ada)
    assert (await program.post('/rooms/garden/messages', json={'body': 'x'}, headers=bo)).status_code == 201
    answer = await program.post('/rooms/garden/messages', json={'body': 'y'}, headers=bo)
    assert problem(answer) == (429, 'rate_limited', None)
    assert 3_590 < int(answer.headers['retry-after']) <= 3_600
    event = (await program.get('/rooms/garden/changes?since=1', headers=ada)).json()['events'][0]
    assert (event['type'], event['slow_mode'], event['description']) == ('room_changed', 3_600, '**Roses**')


async def test_what_a_moderator_does_is_noted_with_the_address(
    program: httpx.AsyncClient, chat: Chat, ada: Headers, bo: Headers
) -> None:
    await program.post('/rooms', json={'name': 'Garden'}, headers=ada)
    await chat.storage.write(lambda c: c.exec_driver_sql("UPDATE users SET kind='administrator' WHERE name='Bo'"))
    assert (await program.patch('/rooms/garden', json={'paused': True}, headers=bo)).status_code == 200
    assert (await program.delete('/rooms/garden', headers=bo)).status_code == 204
    query = 'SELECT actor, address, action, room FROM audit_log ORDER BY id'
    assert [tuple(row) for row in await chat.storage.read(lambda c: c.exec_driver_sql(query).all())] == [
        ('Bo', '127.0.0.1', 'change room', 'garden'), ('Bo', '127.0.0.1', 'delete room', 'garden')
    ]  # fmt: skip
