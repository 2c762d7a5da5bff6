"""The calls of rooms: list, open, change, delete, join, leave, who is there, what changed."""

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat import Chat
from tests.api.problems import problem

Headers = dict[str, str]


async def test_a_room_is_opened_listed_changed_and_deleted(
    program: httpx.AsyncClient, ada: Headers, bo: Headers
) -> None:
    answer = await program.post('/rooms', json={'name': 'Book club', 'topic': 'Novels'}, headers=ada)
    assert answer.status_code == 201
    room = {
        'slug': 'book-club', 'name': 'Book club', 'topic': 'Novels', 'description': '', 'private': False,
        'posting': 'everybody', 'slow_mode': 0, 'paused': False, 'archived': False, 'direct': False,
        'joined': True, 'favorite': False, 'online': 0, 'unread': 0, 'mentions': 0, 'notify': 'mentions',
    }  # fmt: skip
    assert answer.json() == room
    assert (await program.get('/rooms/book-club', headers=bo)).json() == {**room, 'joined': False}
    listed = (await program.get('/rooms', headers=bo)).json()['rooms']
    assert [(each['slug'], each['joined']) for each in listed] == [('book-club', False), ('lobby', False)]
    changed = await program.patch('/rooms/book-club', json={'topic': 'Poems'}, headers=ada)
    assert changed.json() == {**room, 'topic': 'Poems'}
    assert (await program.patch('/rooms/book-club', json={'topic': 'Mine'}, headers=bo)).status_code == 403
    assert (await program.delete('/rooms/book-club', headers=bo)).status_code == 403
    deleted = await program.delete('/rooms/book-club', headers=ada)
    assert (deleted.status_code, deleted.content) == (204, b'')
    assert (await program.get('/rooms/book-club', headers=ada)).status_code == 404


async def test_what_is_not_given_stays_and_what_is_not_known_is_ignored(
    program: httpx.AsyncClient, ada: Headers
) -> None:
    room = (await program.post('/rooms', json={'name': 'Design', 'topic': 'Shapes'}, headers=ada)).json()
    for body in ({}, {'color': 'red'}, {'slug': 'mine', 'created_by': None}):
        answer = await program.patch('/rooms/design', json=body, headers=ada)
        assert (answer.status_code, answer.json()) == (200, room)
    assert (await program.get('/rooms/design/changes?since=1', headers=ada)).json()['events'] == []


async def test_of_the_open_rooms_so_many_are_listed_and_it_is_said_that_there_are_more(
    program: httpx.AsyncClient, ada: Headers, bo: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('chat.rooms.MOST_LISTED', 1)
    await program.post('/rooms', json={'name': 'Garden'}, headers=ada)
    await program.post('/rooms', json={'name': 'Study'}, headers=ada)
    mine, theirs = [(await program.get('/rooms', headers=who)).json() for who in (ada, bo)]
    assert [room['slug'] for room in mine['rooms']] == ['garden', 'study', 'lobby']
    assert [room['slug'] for room in theirs['rooms']] == ['garden']
    assert (mine['has_more'], theirs['has_more']) == (False, True)


@pytest.mark.usefixtures('nothing_forgiven')
async def test_who_comes_and_goes_without_end_is_told_to_wait(
    program: httpx.AsyncClient, chat: Chat, ada: Headers
) -> None:
    user_id = (await program.get('/me', headers=ada)).json()['id']
    for _ in range(120):
        chat.rate_limits.check('joining and leaving rooms', user_id)
    answer = await program.put('/rooms/lobby/membership', headers=ada)
    assert problem(answer) == (429, 'rate_limited', None)
    assert int(answer.headers['retry-after']) >= 1


async def test_nobody_changes_or_deletes_the_lobby(program: httpx.AsyncClient, ada: Headers) -> None:
    await program.put('/rooms/lobby/membership', headers=ada)
    for answer in (
        await program.patch('/rooms/lobby', json={'name': 'Mine'}, headers=ada),
        await program.delete('/rooms/lobby', headers=ada),
    ):
        assert problem(answer) == (403, 'forbidden', None)
    assert (await program.get('/rooms/lobby', headers=ada)).json()['name'] == 'Lobby'


@pytest.mark.usefixtures('nothing_forgiven')
async def test_who_would_rename_too_fast_is_told_when_to_come_back(program: httpx.AsyncClient, ada: Headers) -> None:
    await program.post('/rooms', json={'name': 'Design'}, headers=ada)
    for number in range(1_000):
        answer = await program.patch('/rooms/design', json={'topic': str(number)}, headers=ada)
        if answer.status_code != 200:
            break
    assert problem(answer) == (429, 'rate_limited', None)
    assert int(answer.headers['retry-after']) >= 1


async def test_joining_and_leaving(program: httpx.AsyncClient, ada: Headers, bo: Headers) -> None:
    await program.post('/rooms', json={'name': 'Design'}, headers=ada)
    for _ in range(2):
        assert (await program.put('/rooms/design/membership', headers=bo)).json()['joined']
    members = (await program.get('/rooms/design/members', headers=bo)).json()['members']
    assert [(each['user']['name'], each['role'], each['presence']) for each in members] == [
        ('Ada', 'owner', 'offline'), ('Bo', 'member', 'offline')
    ]  # fmt: skip
    for _ in range(2):
        assert (await program.delete('/rooms/design/membership', headers=bo)).status_code == 204
    assert len((await program.get('/rooms/design/members', headers=ada)).json()['members']) == 1


async def test_unread_and_online_are_counted(program: httpx.AsyncClient, chat: Chat, ada: Headers, bo: Headers) -> None:
    await program.put('/rooms/lobby/membership', headers=ada)
    await program.post('/rooms/lobby/messages', json={'body': 'hello'}, headers=bo)
    user_id = (await program.get('/me', headers=bo)).json()['id']
    chat.presence.connect(user_id)
    room = (await program.get('/rooms/lobby', headers=ada)).json()
    assert (room['unread'], room['online']) == (1, 1)


async def test_what_changed_is_told_in_order_each_thing_as_it_is_now(program: httpx.AsyncClient, ada: Headers) -> None:
    await program.post('/rooms', json={'name': 'Design'}, headers=ada)
    sent = (await program.post('/rooms/design/messages', json={'body': 'a'}, headers=ada)).json()
    gone = (await program.post('/rooms/design/messages', json={'body': 'b'}, headers=ada)).json()
    await program.patch('/rooms/design', json={'name': 'Art'}, headers=ada)
    edited = await program.patch(f'/messages/{sent["id"]}', json={'body': 'c'}, headers=ada)
    assert edited.json()['body'] == 'c'
    deleted = await program.delete(f'/messages/{gone["id"]}', headers=ada)
    assert deleted.json()['deleted_at']
    answer = (await program.get('/rooms/design/changes?since=1', headers=ada)).json()
    assert [(each['type'], each['revision']) for each in answer['events']] == [
        ('room_changed', 4), ('message_sent', 5), ('message_deleted', 6)
    ]  # fmt: skip
    answer_to_a_reader = (await program.get('/rooms/design/changes?since=2', headers=ada)).json()
    assert [each['type'] for each in answer_to_a_reader['events']] == [
        'room_changed', 'message_edited', 'message_deleted'
    ]  # fmt: skip
    assert (answer['revision'], answer['complete']) == (6, True)
    assert (await program.get(f'/messages/{sent["id"]}', headers=ada)).json()['body'] == 'c'


async def test_too_many_changes_are_not_told_one_by_one(
    program: httpx.AsyncClient, ada: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('chat.storage.changes.MOST_CHANGES', 1)
    for body in 'ab':
        await program.post('/rooms/lobby/messages', json={'body': body}, headers=ada)
    answer = (await program.get('/rooms/lobby/changes?since=0', headers=ada)).json()
    assert answer == {'events': [], 'revision': 3, 'complete': False}


async def test_a_private_room_is_there_for_its_members_alone(
    program: httpx.AsyncClient, ada: Headers, bo: Headers
) -> None:
    await program.post('/rooms', json={'name': 'Secret', 'private': True}, headers=ada)
    sent = (await program.post('/rooms/secret/messages', json={'body': 'x'}, headers=ada)).json()
    for method, path in (
        ('GET', '/rooms/secret'), ('PATCH', '/rooms/secret'), ('DELETE', '/rooms/secret'),
        ('PUT', '/rooms/secret/membership'), ('DELETE', '/rooms/secret/membership'), ('GET', '/rooms/secret/members'),
        ('GET', '/rooms/secret/messages'), ('POST', '/rooms/secret/messages'), ('GET', '/rooms/secret/changes?since=0'),
        ('GET', f'/messages/{sent["id"]}'), ('PATCH', f'/messages/{sent["id"]}'), ('DELETE', f'/messages/{sent["id"]}'),
    ):  # fmt: skip
        missing = path.replace('secret', 'nowhere').replace(str(sent['id']), '999')
        body = None if method in {'GET', 'PUT', 'DELETE'} else {'body': 'x'}
        answers = [await program.request(method, each, headers=bo, json=body) for each in (path, missing)]
        assert [answer.status_code for answer in answers] == [404, 404], (method, path)
        assert answers[0].json() == answers[1].json()
    assert 'secret' not in str((await program.get('/rooms', headers=bo)).json())


CALLS = [
    ('GET', '/rooms'), ('POST', '/rooms'), ('GET', '/rooms/lobby'), ('PATCH', '/rooms/lobby'),
    ('DELETE', '/rooms/lobby'), ('PUT', '/rooms/lobby/membership'), ('DELETE', '/rooms/lobby/membership'),
    ('GET', '/rooms/lobby/members'), ('GET', '/rooms/lobby/changes?since=0'),
]  # fmt: skip


@pytest.mark.parametrize(('method', 'path'), CALLS)
async def test_nobody_gets_in_without_a_session(program: httpx.AsyncClient, method: str, path: str) -> None:
    for headers in ({}, {'Authorization': 'Bearer wrong'}):
        answer = await program.request(method, path, json={'name': 'x'}, headers=headers)
        assert problem(answer) == (401, 'unauthenticated', None)


@pytest.mark.parametrize('slug', ['%ed%a0%80', '%00', '..%2flobby', 'x' * 5_000, 'LOBBY', '%20lobby'])
async def test_a_room_that_cannot_be_is_not_found(program: httpx.AsyncClient, ada: Headers, slug: str) -> None:
    for method, path in CALLS[2:]:
        body = {'topic': 'x'} if method == 'PATCH' else None
        answer = await program.request(method, path.replace('lobby', slug), json=body, headers=ada)
        assert problem(answer) == (404, 'not_found', None), (method, path)


@pytest.mark.parametrize('query', ['', 'since=', 'since=x', 'since=-1', 'since=1.5', 'since=9223372036854775808'])
async def test_a_revision_is_a_whole_number_that_storage_can_count_to(
    program: httpx.AsyncClient, ada: Headers, query: str
) -> None:
    answer = await program.get(f'/rooms/lobby/changes?{query}', headers=ada)
    assert problem(answer) == (422, 'invalid', 'since')


async def test_the_schema_offers_no_default_for_what_is_to_stay(program: httpx.AsyncClient) -> None:
    """A program made from it would send them all, and open a private room to everybody."""
    models = (await program.get('http://chat.test/api/openapi.json')).json()['components']['schemas']
    assert not any('default' in field for field in models['RoomChanges']['properties'].values())
    assert 'required' not in models['RoomChanges']


@pytest.mark.parametrize(
    ('field', 'body'),
    [
        ('name', {'name': ''}), ('name', {'name': None}), ('name', {'name': 7}), ('topic', {'topic': None}),
        ('private', {'private': None}), ('private', {'private': 'perhaps'}), ('topic', {'topic': 'x' * 251}),
    ],
)  # fmt: skip
async def test_bad_input_names_its_field(program: httpx.AsyncClient, ada: Headers, field: str, body: dict) -> None:
    await program.post('/rooms', json={'name': 'Design'}, headers=ada)
    for method, path in (('PATCH', '/rooms/design'), ('POST', '/rooms')):
        answer = await program.request(method, path, json={'name': 'ok', **body}, headers=ada)
        assert answer.status_code == 422
        assert answer.json()['error']['field'] == field


FIELDS = st.sampled_from(['name', 'topic', 'private'])
VALUES = (
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()) | st.dictionaries(FIELDS, st.text())
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=VALUES | st.dictionaries(FIELDS, VALUES))
async def test_whatever_is_sent_never_crashes_the_server(
    program: httpx.AsyncClient, chat: Chat, ada: Headers, body: object
) -> None:
    chat.rate_limits._enabled = False
    for method, path in (('POST', '/rooms'), ('PATCH', '/rooms/lobby')):
        answer = await program.request(method, path, json=body, headers=ada)
        assert answer.status_code < 500
        if answer.status_code >= 400:
            problem(answer)


@pytest.mark.parametrize('wanted', [{'private': 'yes'}, {'private': 1}, {'name': 7}, {'topic': True}])
async def test_a_value_is_taken_for_what_it_is(
    program: httpx.AsyncClient, ada: dict[str, str], wanted: dict[str, object]
) -> None:
    answer = await program.post('/rooms', json={'name': 'Book club', **wanted}, headers=ada)
    assert problem(answer) == (422, 'invalid', next(iter(wanted)))
