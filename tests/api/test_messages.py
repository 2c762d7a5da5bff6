"""What scripts may rely on."""

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat import Chat
from chat.errors import StorageFailed

SITE = 'http://chat.test'
MESSAGE_KEYS = {
    'id', 'room', 'revision', 'author', 'body', 'html', 'client_message_id', 'created_at', 'edited_at', 'deleted_at',
    'reply_to', 'reactions', 'attachments', 'hidden', 'mentions', 'mentions_all', 'pinned_at',
}  # fmt: skip


def problem(answer: httpx.Response) -> tuple[int, str, str | None]:
    """Return status, code and field of an error, which has one shape everywhere."""
    body = answer.json()
    assert set(body) == {'error'}
    assert set(body['error']) == {'code', 'message', 'field'}
    assert body['error']['message']
    return answer.status_code, body['error']['code'], body['error']['field']


async def test_a_guest_signs_in_and_gets_a_token_and_the_cookie(program: httpx.AsyncClient) -> None:
    answer = await program.post('/sessions', json={'name': 'Ada'})
    assert answer.status_code == 201
    assert answer.json()['user'] == {'id': 1, 'name': 'Ada', 'kind': 'guest'}
    assert len(answer.json()['token']) >= 43
    assert 'hearth_session=' in answer.headers['set-cookie']
    assert 'HttpOnly' in answer.headers['set-cookie']
    assert (await program.get('/me')).json()['name'] == 'Ada'


async def test_a_taken_name_is_a_conflict_with_a_suggestion(program: httpx.AsyncClient, ada: dict[str, str]) -> None:
    answer = await program.post('/sessions', json={'name': 'ada'})
    assert problem(answer) == (409, 'name_taken', 'name')
    assert 'ada 2' in answer.json()['error']['message']


async def test_another_site_cannot_sign_its_visitor_in_here(program: httpx.AsyncClient) -> None:
    answer = await program.post('/sessions', json={'name': 'Eve'}, headers={'Origin': 'https://evil.example'})
    assert 'set-cookie' not in answer.headers


async def test_a_message_is_sent_and_read_back(program: httpx.AsyncClient, ada: dict[str, str]) -> None:
    answer = await program.post('/rooms/lobby/messages', json={'body': 'raw *Markdown*'}, headers=ada)
    assert answer.status_code == 201
    message = answer.json()
    assert set(message) == MESSAGE_KEYS
    assert message['body'] == 'raw *Markdown*'
    assert message['html'] == '<p>raw <em>Markdown</em></p>'
    assert message['created_at'].endswith('Z')
    page = (await program.get('/rooms/lobby/messages', headers=ada)).json()
    assert page == {'messages': [message], 'revision': message['revision'], 'has_more': False}


async def test_the_same_client_message_id_gives_the_first_message_again(
    program: httpx.AsyncClient, ada: dict[str, str]
) -> None:
    first = await program.post('/rooms/lobby/messages', json={'body': 'one', 'client_message_id': 'x'}, headers=ada)
    again = await program.post('/rooms/lobby/messages', json={'body': 'two', 'client_message_id': 'x'}, headers=ada)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


async def test_only_its_author_changes_or_deletes_a_message(
    program: httpx.AsyncClient, chat: Chat, ada: dict[str, str]
) -> None:
    other = await chat.accounts.add_guest('Bo', '')
    await chat.rooms.join(other, 'lobby')
    theirs = (await chat.messages.send(other, 'lobby', 'hands off')).message
    await program.put('/rooms/lobby/membership', headers=ada)
    for method, body in (('PATCH', {'body': 'mine'}), ('DELETE', None)):
        answer = await program.request(method, f'/messages/{theirs.id}', json=body, headers=ada)
        assert problem(answer) == (403, 'forbidden', None)
    assert (await program.get(f'/messages/{theirs.id}', headers=ada)).json()['body'] == 'hands off'


async def test_a_deleted_message_is_a_tombstone_twice_is_once_and_cannot_be_edited(
    program: httpx.AsyncClient, ada: dict[str, str]
) -> None:
    sent = (await program.post('/rooms/lobby/messages', json={'body': 'x'}, headers=ada)).json()
    first, again = [await program.delete(f'/messages/{sent["id"]}', headers=ada) for _ in range(2)]
    assert first.json() == again.json()
    assert (first.json()['body'], first.json()['html'], first.json()['author']) == ('', '', sent['author'])
    answer = await program.patch(f'/messages/{sent["id"]}', json={'body': 'y'}, headers=ada)
    assert problem(answer) == (403, 'forbidden', None)


@pytest.mark.parametrize('body', [{}, {'body': None}, {'body': 5}, {'body': ' '}, {'body': 'x' * 10_001}])
async def test_other_words_are_held_to_the_same_rules(
    program: httpx.AsyncClient, ada: dict[str, str], body: dict[str, object]
) -> None:
    sent = (await program.post('/rooms/lobby/messages', json={'body': 'x'}, headers=ada)).json()
    answer = await program.patch(f'/messages/{sent["id"]}', json=body, headers=ada)
    assert problem(answer) == (422, 'invalid', 'body')


@pytest.mark.parametrize('message_id', ['x', '-1', '1.5', '9' * 19, '%00'])
async def test_an_id_that_none_can_have_names_its_field(
    program: httpx.AsyncClient, ada: dict[str, str], message_id: str
) -> None:
    for method in ('GET', 'PATCH', 'DELETE'):
        body = {'body': 'x'} if method == 'PATCH' else None
        answer = await program.request(method, f'/messages/{message_id}', json=body, headers=ada)
        assert problem(answer) == (422, 'invalid', 'message_id')


async def test_history_is_paged_in_both_directions(program: httpx.AsyncClient, ada: dict[str, str]) -> None:
    ids = [
        (await program.post('/rooms/lobby/messages', json={'body': str(number)}, headers=ada)).json()['id']
        for number in range(7)
    ]

    async def page(query: str) -> tuple[list[int], bool]:
        body = (await program.get(f'/rooms/lobby/messages?{query}', headers=ada)).json()
        return [message['id'] for message in body['messages']], body['has_more']

    assert await page('limit=3') == (ids[4:], True)
    assert await page(f'limit=3&before={ids[4]}') == (ids[1:4], True)
    assert await page(f'limit=3&before={ids[1]}') == (ids[:1], False)
    assert await page(f'limit=3&after={ids[2]}') == (ids[3:6], True)
    assert await page(f'limit=3&after={ids[5]}') == (ids[6:], False)
    assert await page('author=Nobody') == ([], False)
    assert await page('author=Ada&limit=200') == (ids, False)


@pytest.mark.parametrize(
    ('body', 'field'),
    [
        ({'body': ''}, 'body'),
        ({'body': ' \n '}, 'body'),
        ({'body': 'x' * 10_001}, 'body'),
        ({}, 'body'),
        ({'body': 5}, 'body'),
        ({'body': 'x', 'reply_to': 99}, 'reply_to'),
        ({'body': 'x', 'reply_to': 2**70}, 'reply_to'),
        ({'body': 'x', 'client_message_id': ''}, 'client_message_id'),
        ({'body': 'x', 'client_message_id': 'x' * 65}, 'client_message_id'),
    ],
)
async def test_bad_input_names_its_field(
    program: httpx.AsyncClient, ada: dict[str, str], body: dict[str, object], field: str
) -> None:
    assert problem(await program.post('/rooms/lobby/messages', json=body, headers=ada)) == (422, 'invalid', field)


@pytest.mark.parametrize('query', ['limit=0', 'limit=201', 'limit=x', 'before=x', 'before=-1', 'after=1' + '0' * 30])
async def test_bad_queries_are_invalid(program: httpx.AsyncClient, ada: dict[str, str], query: str) -> None:
    answer = await program.get(f'/rooms/lobby/messages?{query}', headers=ada)
    assert problem(answer) == (422, 'invalid', query.split('=', maxsplit=1)[0])


async def test_nobody_gets_in_without_a_session(program: httpx.AsyncClient) -> None:
    assert problem(await program.get('/rooms/lobby/messages')) == (401, 'unauthenticated', None)
    wrong = {'Authorization': 'Bearer wrong'}
    assert problem(await program.get('/rooms/lobby/messages', headers=wrong)) == (401, 'unauthenticated', None)
    assert problem(await program.post('/rooms/lobby/messages', json={'body': 'x'})) == (401, 'unauthenticated', None)


async def test_a_call_with_the_cookie_must_come_from_this_site(program: httpx.AsyncClient) -> None:
    await program.post('/sessions', json={'name': 'Ada'})
    send = {'json': {'body': 'x'}, 'url': '/rooms/lobby/messages'}
    assert problem(await program.post(**send)) == (403, 'forbidden', None)
    foreign = {'Origin': 'https://evil.example'}
    assert problem(await program.post(**send, headers=foreign)) == (403, 'forbidden', None)
    assert (await program.post(**send, headers={'Origin': SITE})).status_code == 201


async def test_after_signing_out_the_token_opens_nothing(program: httpx.AsyncClient, ada: dict[str, str]) -> None:
    assert (await program.delete('/sessions/current', headers=ada)).status_code == 204
    assert problem(await program.get('/me', headers=ada)) == (401, 'unauthenticated', None)


async def test_a_private_room_and_no_room_look_alike(
    program: httpx.AsyncClient, chat: Chat, ada: dict[str, str]
) -> None:
    owner = await chat.accounts.add_guest('Owner', '')
    await chat.rooms.create(owner, 'Secret', private=True)
    for call in ('get', 'post'):
        body = {'json': {'body': 'x'}} if call == 'post' else {}
        private = await getattr(program, call)('/rooms/secret/messages', headers=ada, **body)
        nothing = await getattr(program, call)('/rooms/nothing/messages', headers=ada, **body)
        assert problem(private) == problem(nothing) == (404, 'not_found', None)
        assert private.json() == nothing.json()


async def test_other_addresses_and_methods_have_the_same_shape(program: httpx.AsyncClient) -> None:
    assert problem(await program.get('/nothing')) == (404, 'not_found', None)
    assert problem(await program.put('/me'))[0] == 405


@pytest.mark.usefixtures('nothing_forgiven')
async def test_a_flood_is_told_when_to_come_back(program: httpx.AsyncClient, ada: dict[str, str]) -> None:
    for _ in range(61):
        answer = await program.post('/rooms/lobby/messages', json={'body': 'x'}, headers=ada)
    assert problem(answer) == (429, 'rate_limited', None)
    assert int(answer.headers['retry-after']) >= 1


async def test_a_request_too_large_is_refused_declared_or_not(program: httpx.AsyncClient, ada: dict[str, str]) -> None:
    huge = b'{"body": "' + b'x' * 300_000 + b'"}'

    async def endless():
        for start in range(0, len(huge), 1000):
            yield huge[start : start + 1000]

    headers = {**ada, 'Content-Type': 'application/json'}
    for content in (huge, endless()):
        answer = await program.post('/rooms/lobby/messages', content=content, headers=headers)
        assert problem(answer) == (413, 'too_large', None)


async def test_a_crash_answers_with_a_number_that_is_in_the_log_and_no_trace(
    program: httpx.AsyncClient, chat: Chat, ada: dict[str, str], monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError('the cable is on fire')

    monkeypatch.setattr(chat.messages, 'page', broken)
    answer = await program.get('/rooms/lobby/messages', headers=ada)
    assert problem(answer) == (500, 'internal', None)
    assert 'cable' not in answer.text
    number = answer.json()['error']['message'].split()[-1].rstrip('.')
    assert number in caplog.text


async def test_a_storage_that_fails_is_said_and_not_called_a_success(
    program: httpx.AsyncClient, chat: Chat, ada: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise StorageFailed

    monkeypatch.setattr(chat.storage, 'write', full)
    answer = await program.post('/rooms/lobby/messages', json={'body': 'x'}, headers=ada)
    assert problem(answer) == (503, 'storage_failed', None)


FIELDS = st.sampled_from(['body', 'reply_to', 'client_message_id', 'name']) | st.text()
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(FIELDS, inner),
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=ANYTHING)
async def test_whatever_is_sent_never_crashes_the_server(
    program: httpx.AsyncClient, ada: dict[str, str], body: object
) -> None:
    for path in ('/rooms/lobby/messages', '/sessions'):
        answer = await program.post(path, json=body, headers=ada)
        assert answer.status_code < 500
        if answer.status_code >= 400:
            problem(answer)
