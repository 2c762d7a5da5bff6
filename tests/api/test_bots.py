"""The operator's calls, and that they are nobody else's."""

from urllib.parse import quote

import httpx
import pytest

from chat import Chat
from tests.api.problems import problem

NAMES = ['Robbie', 'CI/CD', 'a/tokens', 'a/tokens/5', 'Who? #1 100%', 'Ünï 🤖', '..a', 'tokens']


@pytest.fixture
def operator(chat: Chat) -> dict[str, str]:
    """Return the headers of the operator."""
    token = (chat.settings.data / 'operator.token').read_text()
    return {'Authorization': f'Bearer {token}'}


def path(name: str) -> str:
    return f'/bots/{quote(name, safe="")}/tokens'


@pytest.mark.parametrize('name', NAMES)
async def test_a_bot_of_any_name_is_made_and_gets_and_loses_tokens(
    program: httpx.AsyncClient, operator: dict[str, str], name: str
) -> None:
    made = await program.post('/bots', json={'name': name}, headers=operator)
    assert made.status_code == 201
    assert (made.json()['user']['name'], made.json()['user']['kind']) == (name, 'bot')
    mine = {'Authorization': f'Bearer {made.json()["token"]}'}
    assert (await program.get('/me', headers=mine)).json() == made.json()['user']
    more = await program.post(path(name), headers=operator)
    assert (more.status_code, more.json()['user']) == (201, made.json()['user'])
    (bot,) = (await program.get('/bots', headers=operator)).json()['bots']
    first, second = bot['tokens']
    assert bot['user'] == made.json()['user']
    assert set(first) == {'id', 'created_at', 'last_used_at'}
    assert (await program.delete(f'{path(name)}/{first["id"]}', headers=operator)).status_code == 204
    assert problem(await program.get('/me', headers=mine)) == (401, 'unauthenticated', None)
    assert (await program.get('/bots', headers=operator)).json()['bots'] == [{**bot, 'tokens': [second]}]
    assert (await program.delete(path(name), headers=operator)).status_code == 204
    assert (await program.get('/bots', headers=operator)).json() == {'bots': []}


async def test_nobody_else_makes_and_ends_bots(chat: Chat, program: httpx.AsyncClient, ada: dict[str, str]) -> None:
    _, token = await chat.bots.add('Robbie')
    number = (await chat.bots.list())[0].tokens[0].id
    strangers = [
        {},
        ada,
        {'Authorization': f'Bearer {token}'},
        {'Authorization': 'Bearer '},
        {'Authorization': 'Basic eA'},
    ]
    for headers in strangers:
        for answer in (
            await program.get('/bots', headers=headers),
            await program.post('/bots', json={'name': 'Marvin'}, headers=headers),
            await program.post(path('Robbie'), headers=headers),
            await program.post(path('Nobody'), headers=headers),
            await program.delete(path('Robbie'), headers=headers),
            await program.delete(f'{path("Robbie")}/{number}', headers=headers),
        ):
            is_signed_in = headers in strangers[1:3]
            if is_signed_in:
                assert problem(answer) == (403, 'forbidden', None)
            else:
                assert problem(answer) == (401, 'unauthenticated', None)
                assert answer.headers['www-authenticate'] == 'Bearer'
    assert [bot.user.name for bot in await chat.bots.list()] == ['Robbie']
    assert await chat.sessions.find(token) is not None


async def test_the_operators_token_is_no_session(program: httpx.AsyncClient, operator: dict[str, str]) -> None:
    assert problem(await program.get('/me', headers=operator)) == (401, 'unauthenticated', None)


@pytest.mark.parametrize('sent', [{}, {'name': None}, {'name': 5}, {'name': ''}, {'name': 'bot'}, {'name': 'x' * 33}])
async def test_a_bot_without_a_good_name_is_not_made(
    program: httpx.AsyncClient, operator: dict[str, str], sent: dict[str, object]
) -> None:
    assert problem(await program.post('/bots', json=sent, headers=operator)) == (422, 'invalid', 'name')


async def test_a_taken_name_is_a_conflict(
    program: httpx.AsyncClient, operator: dict[str, str], ada: dict[str, str]
) -> None:
    answer = await program.post('/bots', json={'name': 'ada'}, headers=operator)
    assert problem(answer) == (409, 'name_taken', 'name')


@pytest.mark.parametrize('name', ['Nobody', 'Ada', '\x00', 'x' * 5_000, '/'])
async def test_who_is_no_bot_has_no_tokens(
    program: httpx.AsyncClient, operator: dict[str, str], ada: dict[str, str], name: str
) -> None:
    assert problem(await program.post(path(name), headers=operator)) == (404, 'not_found', None)
    assert problem(await program.delete(path(name), headers=operator)) == (404, 'not_found', None)
    assert problem(await program.delete(f'{path(name)}/1', headers=operator)) == (404, 'not_found', None)


@pytest.mark.parametrize('number', ['x', '-1', '1' + '0' * 30])
async def test_a_token_has_a_number(program: httpx.AsyncClient, operator: dict[str, str], number: str) -> None:
    await program.post('/bots', json={'name': 'Robbie'}, headers=operator)
    answer = await program.delete(f'{path("Robbie")}/{number}', headers=operator)
    assert problem(answer) == (422, 'invalid', 'token_id')
