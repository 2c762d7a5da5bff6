"""Catching up by the API."""

import httpx

from chat import Chat
from tests.api import problems

Headers = dict[str, str]


async def _bo(program: httpx.AsyncClient) -> Headers:
    answer = await program.post('/sessions', json={'name': 'Bo'})
    program.cookies.clear()
    return {'Authorization': f'Bearer {answer.json()["token"]}'}


async def test_what_happened_and_then_being_up_to_date(program: httpx.AsyncClient, ada: Headers, chat: Chat) -> None:
    bo = await _bo(program)
    await program.put('/rooms/lobby/membership', headers=bo)
    room = (
        await program.post(
            '/direct', json={'users': [(await program.get('/me', headers=bo)).json()['id']]}, headers=ada
        )
    ).json()
    asked = (await program.post(f'/rooms/{room["slug"]}/messages', json={'body': 'When?'}, headers=ada)).json()
    link = {'body': 'https://example.org'}
    shared = (await program.post('/rooms/lobby/messages', json=link, headers=ada)).json()
    found = (await program.get('/catch-up', headers=bo)).json()
    assert found['questions'] == [asked]
    assert found['links'] == [{'address': 'https://example.org', 'message': shared}]
    assert found['rooms'] == [
        {'room': room['slug'], 'name': 'Ada', 'messages': 1},
        {'room': 'lobby', 'name': 'Lobby', 'messages': 1},
    ]
    assert (found['mentions'], found['reacted'], found['has_more'], found['cut']) == ([], [], False, [])
    assert found['up_to'] == shared['id']
    answer = await program.post('/catch-up/done', json={'up_to': asked['id']}, headers=bo)
    assert (answer.status_code, answer.json()) == (200, {'up_to': asked['id']})
    assert (await program.get('/catch-up', headers=bo)).json()['since'] == asked['created_at']
    answer = await program.post('/catch-up/done', headers=bo)
    assert (answer.status_code, answer.json()) == (200, {'up_to': shared['id']})
    assert (await program.get('/catch-up', headers=bo)).json()['rooms'] == []


async def test_the_body_is_optional_as_the_document_says(program: httpx.AsyncClient, ada: Headers) -> None:
    document = (await program.get('http://chat.test/api/openapi.json')).json()
    body = document['paths']['/v1/catch-up/done']['post']['requestBody']
    assert not body.get('required', False)
    for sent in ({}, {'json': None}):
        assert (await program.post('/catch-up/done', headers=ada, **sent)).status_code == 200
    for wrong in ({}, {'up_to': -1}, {'up_to': 'x'}, {'up_to': None}, []):
        answer = await program.post('/catch-up/done', json=wrong, headers=ada)
        assert problems.problem(answer)[0] == 422


async def test_strangers_are_told_nothing(program: httpx.AsyncClient) -> None:
    assert problems.problem(await program.get('/catch-up'))[0] == 401
    assert problems.problem(await program.post('/catch-up/done'))[0] == 401
