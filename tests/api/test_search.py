"""Searching by the API."""

from typing import Any

import httpx

Headers = dict[str, str]


async def _say(program: httpx.AsyncClient, headers: Headers, body: str) -> dict[str, Any]:
    answer = await program.post('/rooms/lobby/messages', json={'body': body}, headers=headers)
    assert answer.status_code == 201
    message: dict[str, Any] = answer.json()
    return message


async def test_messages_are_found_the_newest_first_and_a_page_at_a_time(
    program: httpx.AsyncClient, ada: Headers
) -> None:
    said = [await _say(program, ada, f'coffee {number}') for number in range(3)]
    await _say(program, ada, 'tea')
    found = (await program.get('/search', params={'q': 'Coffee', 'limit': 2}, headers=ada)).json()
    assert found == {'messages': [said[2], said[1]], 'before': said[1]['id'], 'offset': 0}
    params: dict[str, str | int] = {'q': 'Coffee', 'limit': 2, 'before': found['before']}
    rest = (await program.get('/search', params=params, headers=ada)).json()
    assert rest == {'messages': [said[0]], 'before': None, 'offset': 0}


async def test_the_best_come_first_when_they_are_asked_for(program: httpx.AsyncClient, ada: Headers) -> None:
    said = [await _say(program, ada, f'{word} at noon') for word in ('coffee', 'coffees', 'tea')]
    params: dict[str, str | int] = {'q': 'coffee', 'order': 'best', 'limit': 1}
    found = (await program.get('/search', params=params, headers=ada)).json()
    assert found == {'messages': [said[0]], 'before': said[2]['id'] + 1, 'offset': 1}
    params |= {'before': found['before'], 'offset': found['offset']}
    rest = (await program.get('/search', params=params, headers=ada)).json()
    assert rest == {'messages': [said[1]], 'before': None, 'offset': 0}


async def test_no_other_order_can_be_asked_for(program: httpx.AsyncClient, ada: Headers) -> None:
    for wrong in ({'order': 'worst'}, {'offset': -1}, {'offset': 201}):
        answer = await program.get('/search', params={'q': 'coffee', **wrong}, headers=ada)
        assert answer.status_code == 422, wrong
        assert answer.json()['error']['field'] == next(iter(wrong))


async def test_room_and_author_narrow_it(program: httpx.AsyncClient, ada: Headers) -> None:
    await _say(program, ada, 'coffee')
    for params, count in (
        ({'q': 'coffee', 'room': 'lobby', 'author': 'Ada'}, 1),
        ({'author': 'ada'}, 1),
        ({'room': 'lobby'}, 1),
        ({'q': 'coffee', 'author': 'Bo'}, 0),
        ({'q': 'coffee', 'room': 'nowhere'}, 0),
    ):
        found = (await program.get('/search', params=params, headers=ada)).json()
        assert len(found['messages']) == count, params


async def test_a_search_for_nothing_is_refused_with_the_field(program: httpx.AsyncClient, ada: Headers) -> None:
    answer = await program.get('/search', headers=ada)
    assert answer.status_code == 422
    assert answer.json()['error']['field'] == 'q'


async def test_a_stranger_finds_nothing(program: httpx.AsyncClient) -> None:
    answer = await program.get('/search', params={'q': 'coffee'})
    assert answer.status_code == 401
