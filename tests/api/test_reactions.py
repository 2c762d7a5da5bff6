"""Reactions by programs: the calls, the frame, what is told, and what old front ends are not."""

from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
import pytest

from chat import Chat
from chat.models import Message, User
from tests.api.problems import problem
from tests.api.programs import Site, serving
from tests.api.socketio_clients import SocketIO
from tests.chat.people import newcomer

Headers = dict[str, str]


@pytest.fixture
async def site(chat: Chat) -> AsyncIterator[Site]:
    """Return a served API."""
    async with serving(chat) as site:
        yield site


@pytest.fixture
async def bo(chat: Chat) -> User:
    """Return Bo, who is in the lobby."""
    return await newcomer(chat, 'Bo')


@pytest.fixture
async def message(chat: Chat, bo: User) -> Message:
    """Return something that Bo said in the lobby."""
    return (await chat.messages.send(bo, 'lobby', 'cake?')).message


@pytest.fixture
async def here(program: httpx.AsyncClient, ada: Headers) -> Headers:
    """Return the headers of Ada's program, who is in the lobby."""
    await program.put('/rooms/lobby/membership', headers=ada)
    return ada


@pytest.mark.parametrize('emoji', [quote('👍'), '👍', '+1', ':thumbsup:', quote(':+1:')])
async def test_a_program_reacts_and_takes_it_back(
    program: httpx.AsyncClient, here: Headers, message: Message, emoji: str
) -> None:
    address = f'/messages/{message.id}/reactions/{emoji}'
    me = (await program.get('/me', headers=here)).json()['id']
    answer = await program.put(address, headers=here)
    assert answer.status_code == 200
    assert answer.json()['reactions'] == [{'emoji': '👍', 'users': ['Ada'], 'user_ids': [me]}]
    assert (await program.put(address, headers=here)).json() == answer.json()
    assert (await program.get(f'/messages/{message.id}', headers=here)).json() == answer.json()
    gone = await program.delete(address, headers=here)
    assert (gone.status_code, gone.json()['reactions']) == (200, [])
    assert (await program.delete(address, headers=here)).json() == gone.json()


@pytest.mark.parametrize('emoji', [quote('#️⃣'), quote('*️⃣'), quote('❤️'), quote('❤'), quote('🏴󠁧󠁢󠁳󠁣󠁴󠁿'), quote('🧑🏽‍🤝‍🧑🏽')])
async def test_every_emoji_gets_through_an_address(
    program: httpx.AsyncClient, here: Headers, message: Message, emoji: str
) -> None:
    answer = await program.put(f'/messages/{message.id}/reactions/{emoji}', headers=here)
    assert answer.status_code == 200
    assert len(answer.json()['reactions']) == 1


@pytest.mark.parametrize('emoji', ['hello', quote('👍👍'), 'x' * 65, '%00', '%FF'])
async def test_what_is_no_emoji_is_said_to_be_none(
    program: httpx.AsyncClient, here: Headers, message: Message, emoji: str
) -> None:
    for method in ('PUT', 'DELETE'):
        answer = await program.request(method, f'/messages/{message.id}/reactions/{emoji}', headers=here)
        assert problem(answer) == (422, 'invalid', 'emoji')


async def test_only_members_react_and_what_is_not_theirs_is_not_there(
    program: httpx.AsyncClient, chat: Chat, ada: Headers, bo: User, message: Message
) -> None:
    answer = await program.put(f'/messages/{message.id}/reactions/+1', headers=ada)
    assert answer.status_code == 403
    await chat.rooms.create(bo, 'Secret', private=True)
    secret = (await chat.messages.send(bo, 'secret', 'hush')).message
    assert problem(await program.put(f'/messages/{secret.id}/reactions/+1', headers=ada)) == (404, 'not_found', None)
    assert (await program.put(f'/messages/{message.id}/reactions/+1')).status_code == 401


async def test_changes_tell_of_it_once_with_all_of_the_message(
    program: httpx.AsyncClient, here: Headers, message: Message
) -> None:
    since = (await program.get('/rooms/lobby/messages', headers=here)).json()['revision']
    for emoji in ('+1', 'tada'):
        reacted = await program.put(f'/messages/{message.id}/reactions/{emoji}', headers=here)
    changes = (await program.get(f'/rooms/lobby/changes?since={since}', headers=here)).json()
    (event,) = changes['events']
    assert (event['type'], event['revision']) == ('message_reacted', since + 2)
    assert event['message'] == reacted.json()


async def test_a_websocket_reacts_and_is_told_like_everybody(
    site: Site, chat: Chat, bo: User, message: Message
) -> None:
    ada = await newcomer(chat, 'Ada')
    async with site.program(ada) as one, site.program(bo) as other:
        for program in (one, other):
            await program.result('subscribe', room='lobby')
        result = await one.result('react', message_id=message.id, emoji='👍', on=True)
        assert result['reactions'] == [{'emoji': '👍', 'users': ['Ada'], 'user_ids': [ada.id]}]
        for program in (one, other):
            await program.ask('ping')
            told = [each for each in program.heard if each['type'] == 'message_reacted']
            assert [each['message'] for each in told] == [result]
        assert (await one.result('react', message_id=message.id, emoji='👍', on=False))['reactions'] == []


@pytest.mark.parametrize(
    ('wrong', 'field'), [({'emoji': 'x y'}, 'emoji'), ({'on': 'yes'}, 'on'), ({'emoji': 1}, 'emoji'), ({'on': 1}, 'on')]
)
async def test_a_wrong_frame_says_what_is_wrong(
    site: Site, bo: User, message: Message, wrong: dict[str, object], field: str
) -> None:
    async with site.program(bo) as program:
        frame = {'message_id': message.id, 'emoji': '👍', 'on': True, **wrong}
        answer = await program.ask('react', **frame)
        assert (answer['code'], answer['field']) == ('invalid', field)


async def test_a_front_end_of_the_first_chat_room_is_not_told(
    site: Site, chat: Chat, bo: User, message: Message
) -> None:
    async with SocketIO(site).joined('Old') as client:
        await chat.reactions.react(bo, message.id, '👍', on=True)
        await chat.messages.send(bo, 'lobby', 'next')
        assert (await client.next('message'))['message'] == 'next'
