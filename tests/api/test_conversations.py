"""Pins, chains of replies, and what messages said before: as programs see them."""

import httpx
import pytest

from tests.api.problems import problem


async def said(program: httpx.AsyncClient, who: dict[str, str], body: str, reply_to: int | None = None) -> int:
    answer = await program.post('/rooms/study/messages', json={'body': body, 'reply_to': reply_to}, headers=who)
    assert answer.status_code == 201
    message_id: int = answer.json()['id']
    return message_id


@pytest.fixture
async def study(program: httpx.AsyncClient, ada: dict[str, str]) -> None:
    """Let Ada own a room."""
    assert (await program.post('/rooms', json={'name': 'Study'}, headers=ada)).status_code == 201


@pytest.mark.usefixtures('study')
async def test_a_message_is_pinned_and_unpinned(
    program: httpx.AsyncClient, ada: dict[str, str], bo: dict[str, str]
) -> None:
    one, two = await said(program, ada, 'one'), await said(program, bo, 'two')
    for message_id in (one, two, two):
        answer = await program.put(f'/messages/{message_id}/pin', headers=ada)
        assert answer.status_code == 200
        assert answer.json()['pinned_at'].endswith('Z')
    pins = (await program.get('/rooms/study/pins', headers=bo)).json()
    assert [each['body'] for each in pins['messages']] == ['two', 'one']
    assert (await program.delete(f'/messages/{two}/pin', headers=ada)).json()['pinned_at'] is None
    changes = (await program.get('/rooms/study/changes?since=0', headers=bo)).json()['events']
    assert [each['type'] for each in changes if 'message' in each] == ['message_sent', 'message_sent']
    revision = (await program.get('/rooms/study/messages', headers=bo)).json()['revision']
    await program.delete(f'/messages/{one}/pin', headers=ada)
    (event,) = (await program.get(f'/rooms/study/changes?since={revision}', headers=bo)).json()['events']
    assert event['type'] == 'message_pinned'
    assert event['message']['pinned_at'] is None
    assert (await program.get('/rooms/study/pins', headers=bo)).json() == {'messages': []}


@pytest.mark.usefixtures('study')
async def test_who_may_not_pin_is_told_so(program: httpx.AsyncClient, ada: dict[str, str], bo: dict[str, str]) -> None:
    one = await said(program, ada, 'one')
    assert problem(await program.put(f'/messages/{one}/pin', headers=bo))[:2] == (403, 'forbidden')
    assert problem(await program.delete(f'/messages/{one}/pin', headers=bo))[:2] == (403, 'forbidden')
    assert problem(await program.put('/messages/999/pin', headers=bo))[:2] == (404, 'not_found')
    assert problem(await program.put(f'/messages/{one}/pin'))[:2] == (401, 'unauthenticated')
    assert problem(await program.get('/rooms/nowhere/pins', headers=bo))[:2] == (404, 'not_found')
    await program.delete(f'/messages/{one}', headers=ada)
    assert problem(await program.put(f'/messages/{one}/pin', headers=ada))[:2] == (409, 'conflict')


@pytest.mark.usefixtures('study')
async def test_a_conversation_is_read_alone(
    program: httpx.AsyncClient, ada: dict[str, str], bo: dict[str, str]
) -> None:
    first = await said(program, ada, 'first')
    await said(program, bo, 'something else')
    reply = await said(program, bo, 'reply', first)
    for message_id in (first, reply):
        answer = await program.get(f'/messages/{message_id}/conversation', headers=bo)
        assert answer.status_code == 200
        assert [each['body'] for each in answer.json()['messages']] == ['first', 'reply']
    assert problem(await program.get('/messages/999/conversation', headers=bo))[:2] == (404, 'not_found')


@pytest.mark.usefixtures('study')
async def test_versions_are_for_the_author_and_those_above(
    program: httpx.AsyncClient, ada: dict[str, str], bo: dict[str, str]
) -> None:
    of_bo, of_ada = await said(program, bo, 'helo'), await said(program, ada, 'hi')
    edited = (await program.patch(f'/messages/{of_bo}', json={'body': 'hello'}, headers=bo)).json()
    for who in (ada, bo):
        versions = (await program.get(f'/messages/{of_bo}/versions', headers=who)).json()['versions']
        assert versions == [
            {'body': 'helo', 'html': '<p>helo</p>', 'written_at': edited['created_at']},
            {'body': 'hello', 'html': '<p>hello</p>', 'written_at': edited['edited_at']},
        ]
    assert problem(await program.get(f'/messages/{of_ada}/versions', headers=bo))[:2] == (403, 'forbidden')
    assert problem(await program.get('/messages/999/versions', headers=bo))[:2] == (404, 'not_found')
    await program.delete(f'/messages/{of_bo}', headers=bo)
    assert (await program.get(f'/messages/{of_bo}/versions', headers=bo)).json() == {'versions': []}
