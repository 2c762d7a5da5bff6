"""Mentions by the API, the WebSocket and Socket.IO: who is meant, and all of a room only when that is confirmed."""

import httpx
import pytest

from chat import Chat, permissions
from tests.api.programs import serving

Headers = dict[str, str]


async def fill_lobby(chat: Chat, people: int) -> None:
    """Let so many people be in the lobby beside those who are there."""
    for number in range(people):
        await chat.rooms.join(await chat.accounts.add_guest(f'Number {number}', 'here'), 'lobby')


async def say(program: httpx.AsyncClient, headers: Headers, body: str, **more: object) -> httpx.Response:
    return await program.post('/rooms/lobby/messages', json={'body': body, **more}, headers=headers)


async def test_a_message_tells_whom_it_mentions(program: httpx.AsyncClient, ada: Headers, bo: Headers) -> None:
    await say(program, bo, 'here I am')
    bos_id = (await program.get('/me', headers=bo)).json()['id']
    message = (await say(program, ada, 'hello @bo')).json()
    assert (message['mentions'], message['mentions_all']) == ([bos_id], False)
    assert message['html'] == f'<p>hello <span class="mention" data-user="{bos_id}">@bo</span></p>'
    assert (await program.get(f'/messages/{message["id"]}', headers=bo)).json() == message
    edited = await program.patch(f'/messages/{message["id"]}', json={'body': 'hello @all'}, headers=ada)
    assert (edited.json()['mentions'], edited.json()['mentions_all']) == ([], True)


async def test_all_of_more_than_five_people_are_mentioned_only_when_that_is_confirmed(
    program: httpx.AsyncClient, chat: Chat, ada: Headers
) -> None:
    await fill_lobby(chat, permissions.A_FEW)
    refused = await say(program, ada, 'hello @all')
    assert refused.status_code == 409
    assert refused.json()['error'] == {
        'code': 'conflict', 'field': 'confirm_all',
        'message': 'This would notify all 5 people: it has to be confirmed, by programs with "confirm_all".',
    }  # fmt: skip
    assert (await say(program, ada, 'hello @all', confirm_all='true')).status_code == 422
    sent = await say(program, ada, 'hello @all', confirm_all=True)
    assert (sent.status_code, sent.json()['mentions_all']) == (201, True)
    plain = (await say(program, ada, 'hello')).json()
    address = f'/messages/{plain["id"]}'
    assert (await program.patch(address, json={'body': '@all'}, headers=ada)).status_code == 409
    edited = await program.patch(address, json={'body': '@all', 'confirm_all': True}, headers=ada)
    assert edited.json()['mentions_all']


async def test_all_of_more_than_fifteen_people_are_not_for_everybody(
    program: httpx.AsyncClient, chat: Chat, ada: Headers
) -> None:
    await fill_lobby(chat, permissions.MANY)
    refused = await say(program, ada, 'hello @all', confirm_all=True)
    assert (refused.status_code, refused.json()['error']['code']) == (403, 'forbidden')


@pytest.mark.parametrize('kind', ['send', 'edit'])
async def test_the_websocket_asks_as_well(chat: Chat, kind: str) -> None:
    user = await chat.accounts.add_guest('Ada', 'here')
    await chat.rooms.join(user, 'lobby')
    await fill_lobby(chat, permissions.A_FEW)
    async with serving(chat) as site, site.program(user) as ada:
        what: dict[str, object] = {'room': 'lobby'}
        if kind == 'edit':
            what = {'message_id': (await ada.result('send', room='lobby', body='hello'))['id']}
        refused = await ada.ask(kind, body='@all', **what)
        assert (refused['type'], refused['code'], refused['field']) == ('error', 'conflict', 'confirm_all')
        assert (await ada.result(kind, body='@all', confirm_all=True, **what))['mentions_all']
