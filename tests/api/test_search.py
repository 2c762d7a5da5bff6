"""Searching by the API."""

import httpx

Headers = dict[str, str]


async def _say(program: httpx.AsyncClient, headers: Headers, body: str) -> dict[str, object]:
    answer = await program.post('/rooms/lobby/messages', json={'body': body}, headers=headers)
    assert answer.status_code == 201
    message: dict[str, object] = answer.json()
    return message


async def test_messages_are_found_the_newest_first_and_a_page_at_a_time(
    program: httpx.AsyncClient, ada: Headers
) -> None:
    said = [await _say(program, ada, f'coffee {number}') for number in range(3)]
    await _say(program, ada, 'tea')
    found = (await program.get('/search', params={'q': 'Coffee', 'limit': 2}, headers=ada)).json()
    assert found == {'messages': [said[2], said[1]], 'before': said[1]['id']}
    params: dict[str, str | int] = {'q': 'Coffee', 'limit': 2, 'before': found['before']}
    assert (await program.get('/search', params=params, headers=ada)).json() == {'messages': [said[0]], 'before': None}


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
