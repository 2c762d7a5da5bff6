"""Incoming webhooks: the calls of a room's owner, and the door for whoever knows a secret."""

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api import hooks, slack
from chat import Chat
from chat.settings import Settings
from tests.api.problems import problem

SITE = 'http://chat.test'
HOOKS = '/rooms/workshop/hooks'


@pytest.fixture
async def program(chat: Chat, api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of the API and of the door beside it."""
    site = FastAPI()
    api.state.chat = chat
    site.mount('/api', api)
    site.mount(hooks.PATH, hooks.create_door(chat))
    transport = httpx.ASGITransport(site, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f'{SITE}/api/v1') as client:
        yield client


@pytest.fixture
async def hook(program: httpx.AsyncClient, ada: dict[str, str]) -> dict[str, Any]:
    """Return a webhook of a room that Ada owns."""
    await program.post('/rooms', json={'name': 'Workshop'}, headers=ada)
    answer = await program.post(HOOKS, json={'name': 'Builds'}, headers=ada)
    assert answer.status_code == 201
    return answer.json()


async def said(program: httpx.AsyncClient, who: dict[str, str]) -> list[tuple[str, str]]:
    page = (await program.get('/rooms/workshop/messages', headers=who)).json()
    return [(message['author']['name'], message['body']) for message in page['messages']]


async def untouched() -> AsyncIterator[bytes]:
    """A body that nobody may read."""
    raise AssertionError('read')
    yield b''


def is_ok(answer: httpx.Response) -> bool:
    is_text = answer.headers['content-type'].startswith('text/plain')
    return (answer.status_code, answer.text, is_text) == (200, 'ok', True)


@pytest.mark.parametrize('charset', ['punycode', 'undefined', 'utf-7'])
async def test_a_form_in_other_letters_than_utf_8_is_refused_unread(
    program: httpx.AsyncClient, hook: dict[str, Any], charset: str
) -> None:
    headers = {'Content-Type': f'multipart/form-data; boundary=x; charset={charset}'}
    answer = await program.post(hook['url'], content=untouched(), headers=headers)
    assert problem(answer) == (422, 'invalid', None)


async def test_a_body_that_breaks_off_is_no_mistake_of_the_server(
    chat: Chat, hook: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    came = iter([{'type': 'http.request', 'body': b'{"t', 'more_body': True}, {'type': 'http.disconnect'}])

    async def receive() -> Any:
        return next(came)

    async def send(_: object) -> None:
        """Nobody hears it."""

    scope = {'type': 'http', 'method': 'POST', 'path': f'/{hook["secret"]}', 'query_string': b'', 'headers': []}
    await hooks.create_door(chat)(scope, receive, send)
    assert not caplog.records


# The owner's calls.


async def test_a_webhook_shows_its_secret_once(
    program: httpx.AsyncClient, ada: dict[str, str], hook: dict[str, Any]
) -> None:
    assert set(hook) == {'id', 'name', 'room', 'created_at', 'secret', 'url'}
    assert (hook['name'], hook['room']) == ('Builds', 'workshop')
    assert len(hook['secret']) >= 43
    assert hook['url'] == f'{SITE}/hooks/{hook["secret"]}'
    shown = {key: value for key, value in hook.items() if key not in ('secret', 'url')}
    assert (await program.get(HOOKS, headers=ada)).json() == {'hooks': [shown]}


async def test_the_address_is_the_public_one(
    chat: Chat, program: httpx.AsyncClient, ada: dict[str, str], hook: dict[str, Any]
) -> None:
    chat.settings = Settings(data=chat.settings.data, public_url='https://chat.example.org')
    other = (await program.post(HOOKS, json={'name': 'Alarms'}, headers=ada)).json()
    assert other['url'] == f'https://chat.example.org/hooks/{other["secret"]}'


async def test_a_deleted_webhook_is_gone(program: httpx.AsyncClient, ada: dict[str, str], hook: dict[str, Any]) -> None:
    assert (await program.delete(f'{HOOKS}/{hook["id"]}', headers=ada)).status_code == 204
    assert (await program.get(HOOKS, headers=ada)).json() == {'hooks': []}
    assert problem(await program.post(hook['url'], json={'text': 'x'})) == (404, 'not_found', None)
    assert problem(await program.delete(f'{HOOKS}/{hook["id"]}', headers=ada)) == (404, 'not_found', None)


async def test_only_the_owner_manages_webhooks(program: httpx.AsyncClient, hook: dict[str, Any]) -> None:
    bo = {'Authorization': f'Bearer {(await program.post("/sessions", json={"name": "Bo"})).json()["token"]}'}
    program.cookies.clear()
    for headers, refusal in (({}, (401, 'unauthenticated', None)), (bo, (403, 'forbidden', None))):
        for answer in (
            await program.get(HOOKS, headers=headers),
            await program.post(HOOKS, json={'name': 'Mine'}, headers=headers),
            await program.delete(f'{HOOKS}/{hook["id"]}', headers=headers),
        ):
            assert problem(answer) == refusal
    assert is_ok(await program.post(hook['url'], json={'text': 'still here'}))


async def test_the_secret_signs_nobody_in(program: httpx.AsyncClient, hook: dict[str, Any]) -> None:
    mine = {'Authorization': f'Bearer {hook["secret"]}'}
    assert problem(await program.get('/me', headers=mine)) == (401, 'unauthenticated', None)


@pytest.mark.parametrize('sent', [{}, {'name': None}, {'name': 5}, {'name': ' '}, {'name': 'bot'}, {'name': 'x' * 33}])
async def test_a_webhook_needs_a_good_name(
    program: httpx.AsyncClient, ada: dict[str, str], hook: dict[str, Any], sent: dict[str, object]
) -> None:
    assert problem(await program.post(HOOKS, json=sent, headers=ada)) == (422, 'invalid', 'name')


@pytest.mark.parametrize('number', ['x', '-1', '1' + '0' * 30])
async def test_a_webhook_has_a_number(
    program: httpx.AsyncClient, ada: dict[str, str], hook: dict[str, Any], number: str
) -> None:
    assert problem(await program.delete(f'{HOOKS}/{number}', headers=ada)) == (422, 'invalid', 'hook_id')


# The door.


async def test_json_and_both_kinds_of_forms_are_understood(
    program: httpx.AsyncClient, ada: dict[str, str], hook: dict[str, Any]
) -> None:
    url, form = hook['url'], {'Content-Type': 'application/x-www-form-urlencoded'}
    assert is_ok(await program.post(url, json={'text': 'as JSON'}))
    assert is_ok(await program.post(url, content='{"text": "as nothing said"}'))
    assert is_ok(await program.post(url, data={'payload': '{"text": "in a field & more"}'}))
    assert is_ok(await program.post(url, files={'payload': (None, '{"text": "in a part"}')}))
    assert is_ok(await program.post(url, files={'payload': ('a.json', '{"text": "in a file"}')}))
    assert is_ok(await program.post(url, content=' {"text": "as curl sends it"}', headers=form))
    words = ['as JSON', 'as nothing said', 'in a field & more', 'in a part', 'in a file', 'as curl sends it']
    assert await said(program, ada) == [('Builds', each) for each in words]


async def test_what_slack_understands_is_understood(
    program: httpx.AsyncClient, ada: dict[str, str], hook: dict[str, Any]
) -> None:
    sent = {
        'text': 'Build <https://ci.example.org/7|7> &lt;main&gt;', 'username': 'Jenkins', 'icon_emoji': ':rocket:',
        'attachments': [{'title': 'Tests', 'text': 'all green', 'color': 'good'}], 'channel': '#other',
    }  # fmt: skip
    assert is_ok(await program.post(hook['url'], json=sent))
    assert await said(program, ada) == [
        ('Builds', '**Jenkins:** 🚀 Build [7](<https://ci.example.org/7>) <main>\n\n> **Tests**\n>\n> all green')
    ]


JSON_TYPE, FORM_TYPE = 'application/json', 'application/x-www-form-urlencoded'


@pytest.mark.parametrize(
    ('kind', 'content', 'field'),
    [
        (JSON_TYPE, b'', None),
        (JSON_TYPE, b'nonsense', None),
        (JSON_TYPE, b'[]', None),
        (JSON_TYPE, b'"text"', None),
        (JSON_TYPE, b'{"text": "\xff"}', None),
        (JSON_TYPE, b'{"text": "\\ud800"}', None),
        (JSON_TYPE, b'{"text":' * 25_000, None),
        (JSON_TYPE, b'{}', 'text'),
        (JSON_TYPE, b'{"text": null}', 'text'),
        (JSON_TYPE, b'{"text": 5}', 'text'),
        (JSON_TYPE, b'{"text": " "}', 'text'),
        (JSON_TYPE, b'{"text": "' + b'x' * 10_001 + b'"}', 'text'),
        (JSON_TYPE, b'{"text": "x", "username": ["J"]}', 'username'),
        (JSON_TYPE, b'{"text": "x", "icon_emoji": {}}', 'icon_emoji'),
        (JSON_TYPE, b'{"text": "x", "attachments": {}}', 'attachments'),
        (JSON_TYPE, b'{"text": "x", "attachments": ["a"]}', 'attachments'),
        (JSON_TYPE, b'{"attachments": [{"title": 5}]}', 'title'),
        (JSON_TYPE, json.dumps({'attachments': [{}] * (slack.MOST_ATTACHMENTS + 1)}).encode(), 'attachments'),
        (FORM_TYPE, b'', 'payload'),
        (FORM_TYPE, b'text=x', 'payload'),
        (FORM_TYPE, b'payload=nonsense', None),
        (FORM_TYPE, b'payload=%FF', None),
        (FORM_TYPE, b'a=1&' * 60_000, None),
        ('multipart/form-data', b'x', None),
        ('multipart/form-data; boundary=x', b'--x\r\n', 'payload'),
        ('multipart/form-data; boundary=x', b'--x\r\nnonsense', 'payload'),
        ('multipart/form-data; boundary=x', b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 99, None),
    ],
)
async def test_what_makes_no_sense_is_refused_in_the_one_shape(
    program: httpx.AsyncClient, ada: dict[str, str], hook: dict[str, Any], kind: str, content: bytes, field: str | None
) -> None:
    answer = await program.post(hook['url'], content=content, headers={'Content-Type': kind})
    assert problem(answer) == (422, 'invalid', field)
    assert hook['secret'] not in answer.text
    assert await said(program, ada) == []


async def test_a_request_that_is_too_large_is_refused(program: httpx.AsyncClient, hook: dict[str, Any]) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b' ' * 1024

    for content in (b' ' * (256 * 1024 + 1), slowly()):
        assert problem(await program.post(hook['url'], content=content)) == (413, 'too_large', None)


@pytest.mark.parametrize('path', ['wrong', '', 'a/b', '%00', '%FF', 'x' * 5_000, 'wrong?payload=x'])
async def test_an_unknown_secret_is_not_found(program: httpx.AsyncClient, hook: dict[str, Any], path: str) -> None:
    answer = await program.post(f'{SITE}/hooks/{path}', json={'text': 'x'})
    assert problem(answer)[:2] == (404, 'not_found')


@pytest.mark.parametrize('ending', ['x', '/', '/x'])
async def test_a_secret_and_more_is_no_secret(program: httpx.AsyncClient, hook: dict[str, Any], ending: str) -> None:
    assert problem(await program.post(hook['url'] + ending, json={'text': 'x'})) == (404, 'not_found', None)


@pytest.mark.parametrize('method', ['GET', 'PUT', 'DELETE', 'OPTIONS'])
async def test_a_webhook_only_takes(program: httpx.AsyncClient, hook: dict[str, Any], method: str) -> None:
    assert problem(await program.request(method, hook['url'])) == (405, 'method_not_allowed', None)


@pytest.mark.usefixtures('nothing_forgiven')
async def test_a_flood_is_slowed_down(program: httpx.AsyncClient, hook: dict[str, Any]) -> None:
    answers = [await program.post(hook['url'], json={'text': 'x'}) for _ in range(62)]
    assert is_ok(answers[59])
    assert problem(answers[-1]) == (429, 'rate_limited', None)
    assert int(answers[-1].headers['retry-after']) >= 1


async def test_the_secret_is_in_no_log_even_if_the_door_fails(
    chat: Chat,
    program: httpx.AsyncClient,
    hook: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    caplog.set_level(logging.DEBUG)
    logging.getLogger('httpx').setLevel(logging.WARNING)  # the program's own
    monkeypatch.setattr(chat.hooks, 'post', fail)
    answer = await program.post(hook['url'], json={'text': 'x'})
    assert problem(answer) == (500, 'internal', None)
    assert 'ZeroDivisionError' in caplog.text
    assert hook['secret'] not in answer.text + caplog.text


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    content=st.binary(max_size=200) | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(['text', 'username', 'icon_emoji', 'attachments', 'title']), inner),
    ).map(lambda value: json.dumps(value).encode()),
    kind=st.sampled_from([JSON_TYPE, FORM_TYPE, 'multipart/form-data; boundary=x', 'multipart/form-data', 'x/y', '']),
)  # fmt: skip
async def test_nothing_that_is_sent_makes_the_door_fail(
    program: httpx.AsyncClient, hook: dict[str, Any], content: bytes, kind: str
) -> None:
    answer = await program.post(hook['url'], content=content, headers={'Content-Type': kind})
    assert is_ok(answer) or problem(answer)[0] in (422, 429)
