"""The calls of rooms: list, open, change, delete, join, leave, who is there, what changed."""

import httpx
import pytest

from chat import Chat

Headers = dict[str, str]


@pytest.fixture
async def bo(program: httpx.AsyncClient) -> Headers:
    """Return the headers of a program that is signed in as Bo."""
    answer = await program.post('/sessions', json={'name': 'Bo'})
    program.cookies.clear()
    return {'Authorization': f'Bearer {answer.json()["token"]}'}


async def test_a_room_is_opened_listed_changed_and_deleted(
    program: httpx.AsyncClient, ada: Headers, bo: Headers
) -> None:
    answer = await program.post('/rooms', json={'name': 'Book club', 'topic': 'Novels'}, headers=ada)
    assert answer.status_code == 201
    room = {
        'slug': 'book-club', 'name': 'Book club', 'topic': 'Novels', 'private': False, 'joined': True, 'online': 0,
        'unread': 0,
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
        ('room_changed', 4), ('message_edited', 5), ('message_deleted', 6)
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
