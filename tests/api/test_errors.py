"""The one shape of every error, whatever was sent."""

import asyncio
import json

import httpx
import pytest

from chat import Chat
from chat import errors as chat_errors
from chat.errors import ChatError
from tests.api.programs import serving
from web import answers
from web.requests import LARGEST_REQUEST

NOT_JSON = 'The request is not valid JSON.'
JSON = {'Content-Type': 'application/json'}


def problem(answer: httpx.Response) -> tuple[int, str, str | None]:
    body = answer.json()
    assert set(body) == {'error'}
    assert set(body['error']) == {'code', 'message', 'field'}
    return answer.status_code, body['error']['code'], body['error']['field']


@pytest.mark.parametrize(
    'body',
    [
        b'{', b'\xff\xfe', b'{"body": "\xff"}', b'[' * 50_000, b'{"reply_to": ' + b'9' * 5_000 + b'}',
        b'{"body": "x"}}', b"{'body': 'x'}", b'{"body": "\x00"}',
    ],
)  # fmt: skip
async def test_what_is_no_json_is_called_so(program: httpx.AsyncClient, ada: dict[str, str], body: bytes) -> None:
    answer = await program.post('/rooms/lobby/messages', content=body, headers={**ada, **JSON})
    assert problem(answer) == (422, 'invalid', None)
    assert answer.json()['error']['message'] == NOT_JSON


@pytest.mark.parametrize('body', [b'[]', b'5', b'"x"', b'true', b'[{"body": "x"}]'])
async def test_json_that_is_no_object_is_told_what_is_expected(
    program: httpx.AsyncClient, ada: dict[str, str], body: bytes
) -> None:
    answer = await program.post('/rooms/lobby/messages', content=body, headers={**ada, **JSON})
    assert problem(answer) == (422, 'invalid', None)
    assert 'must be a JSON object' in answer.json()['error']['message']


@pytest.mark.parametrize('kind', ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data', ''])
async def test_who_forgets_the_content_type_is_told_of_it(
    program: httpx.AsyncClient, ada: dict[str, str], kind: str
) -> None:
    """The first mistake with curl, whose ``-d`` says it sends a form."""
    headers = {**ada, 'Content-Type': kind}
    answer = await program.post('/rooms/lobby/messages', content=b'{"body": "x"}', headers=headers)
    assert problem(answer) == (422, 'invalid', None)
    assert 'Content-Type: application/json' in answer.json()['error']['message']


@pytest.mark.parametrize('field', ['body', 'client_message_id'])
async def test_half_a_character_is_refused_everywhere(
    program: httpx.AsyncClient, ada: dict[str, str], field: str
) -> None:
    sent = json.dumps({'body': 'x', field: 'half an emoji \ud83d'}).encode()
    answer = await program.post('/rooms/lobby/messages', content=sent, headers={**ada, **JSON})
    assert problem(answer) == (422, 'invalid', field)
    answer = await program.post('/sessions', content=b'{"name": "\\ud83d"}', headers=JSON)
    assert problem(answer) == (422, 'invalid', 'name')


@pytest.mark.parametrize(
    'slug', ['%ed%a0%80', '%00', '..%2flobby', 'x' * 5_000, '%F0%9F%98%80', "lobby'--", 'LOBBY', '%20lobby']
)
async def test_a_room_that_cannot_be_is_not_found(program: httpx.AsyncClient, ada: dict[str, str], slug: str) -> None:
    assert problem(await program.get(f'/rooms/{slug}/messages', headers=ada)) == (404, 'not_found', None)


async def test_a_slash_too_much_is_not_found_and_leads_nowhere_else(
    program: httpx.AsyncClient, ada: dict[str, str]
) -> None:
    answer = await program.get('/rooms/lobby/messages/', headers={**ada, 'Host': 'evil.example'})
    assert problem(answer) == (404, 'not_found', None)
    assert 'location' not in answer.headers


@pytest.mark.parametrize(
    ('query', 'field', 'says'),
    [
        *((f'limit={text}', 'limit', 'must be a whole number') for text in ('x', '1_0', '1.0', '%205', '5%20', '')),
        ('limit=0', 'limit', 'must be at least 1'),
        ('limit=201', 'limit', 'must be at most 200'),
        ('before=1_0', 'before', 'must be a whole number'),
        ('after=-1', 'after', 'must be at least 0'),
        (f'before={"9" * 5_000}', 'before', 'must be a whole number'),
    ],
)  # fmt: skip
async def test_what_is_no_number_is_said_in_words(
    program: httpx.AsyncClient, ada: dict[str, str], query: str, field: str, says: str
) -> None:
    answer = await program.get(f'/rooms/lobby/messages?{query}', headers=ada)
    assert problem(answer) == (422, 'invalid', field)
    assert answer.json()['error']['message'] == f'"{field}" {says}.'


@pytest.mark.parametrize(
    ('path', 'body', 'says'),
    [
        ('/rooms/lobby/messages', {'body': 5}, '"body" must be text.'),
        ('/rooms/lobby/messages', {}, '"body" is missing.'),
        ('/rooms/lobby/messages', {'body': 'x', 'reply_to': '5'}, '"reply_to" must be a whole number.'),
        ('/rooms/lobby/messages', {'body': 'x', 'reply_to': 1.5}, '"reply_to" must be a whole number.'),
        ('/rooms/lobby/messages', {'body': 'x', 'reply_to': -1}, '"reply_to" must be at least 0.'),
        ('/rooms', {'name': 'x', 'private': 'yes'}, '"private" must be true or false.'),
    ],
)
async def test_what_is_of_another_type_is_said_in_words(
    program: httpx.AsyncClient, ada: dict[str, str], path: str, body: dict[str, object], says: str
) -> None:
    answer = await program.post(path, json=body, headers=ada)
    assert (answer.status_code, answer.json()['error']['message']) == (422, says)


async def test_a_method_that_is_not_known_says_which_are(program: httpx.AsyncClient) -> None:
    answer = await program.put('/me')
    assert problem(answer) == (405, 'method_not_allowed', None)
    assert answer.headers['allow'] == 'DELETE, GET'
    assert (await program.put('/rooms')).headers['allow'] == 'GET, POST'


async def test_the_longest_message_fits_however_it_is_written(program: httpx.AsyncClient, ada: dict[str, str]) -> None:
    """Why a request may be larger than 64 KiB: each of 10,000 emoji may be written with twelve bytes."""
    body = json.dumps({'body': '\U0001f600' * 10_000, 'client_message_id': 'x' * 64}).encode()
    assert len(body) > 120_000
    answer = await program.post('/rooms/lobby/messages', content=body, headers={**ada, **JSON})
    assert answer.status_code == 201
    assert answer.json()['body'] == '\U0001f600' * 10_000


async def test_a_body_without_end_is_not_read_to_its_end(program: httpx.AsyncClient, ada: dict[str, str]) -> None:
    sent = 0

    async def endless():
        nonlocal sent
        while True:
            sent += 1
            yield b' ' * 65_536

    answer = await asyncio.wait_for(
        program.post('/rooms/lobby/messages', content=endless(), headers={**ada, **JSON}), 5
    )
    assert problem(answer) == (413, 'too_large', None)
    assert sent <= LARGEST_REQUEST // 65_536 + 2


@pytest.mark.parametrize('declared', ['9' * 19, '262145'])
async def test_a_body_said_to_be_too_large_is_not_read_at_all(
    program: httpx.AsyncClient, ada: dict[str, str], declared: str
) -> None:
    async def untouched():
        raise AssertionError('read')
        yield b''

    headers = {**ada, **JSON, 'Content-Length': declared}
    answer = await program.post('/rooms/lobby/messages', content=untouched(), headers=headers)
    assert problem(answer) == (413, 'too_large', None)


async def test_the_trace_of_a_crash_is_logged_once_and_has_its_number(
    chat: Chat, ada: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError('the cable is on fire')

    monkeypatch.setattr(chat.messages, 'page', broken)
    async with serving(chat, log_config=None) as site, httpx.AsyncClient(base_url=f'http://{site.host}') as program:
        answer = await program.get('/api/v1/rooms/lobby/messages', headers=ada)
    assert problem(answer) == (500, 'internal', None)
    number = answer.json()['error']['message'].split()[-1].rstrip('.')
    assert caplog.text.count('RuntimeError: the cable is on fire') == 1
    assert f'This is crash {number}.' in caplog.text


def test_every_error_of_the_chat_has_a_status() -> None:
    def children(kind: type[ChatError]) -> set[type[ChatError]]:
        return {kind}.union(*(children(child) for child in kind.__subclasses__()))

    codes = {
        kind.code
        for kind in children(chat_errors.ChatError) - {ChatError}
        if kind.__module__ in ('chat.errors', 'web.crashes', 'web.requests')
    }
    assert codes == set(answers.STATUS)
