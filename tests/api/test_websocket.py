"""The WebSocket: who may open it, what is told in which order, and what ends it."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import InvalidStatus

from api import callers, frames, outbox, ws
from chat import Chat
from chat.events import room_json
from chat.models import User
from tests.api.programs import PATIENCE, Program, Site, serving
from tests.chat.people import newcomer
from web import prepared_frames


@pytest.fixture
async def site(chat: Chat) -> AsyncIterator[Site]:
    """Return a served API."""
    async with serving(chat) as site:
        yield site


@pytest.fixture
async def ada(chat: Chat) -> User:
    """Return Ada, who is in the lobby."""
    return await newcomer(chat, 'Ada')


@pytest.fixture
async def bo(chat: Chat) -> User:
    """Return Bo, who is in the lobby."""
    return await newcomer(chat, 'Bo')


@pytest.fixture
def log(site: Site, caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Return what is logged, by the server too, which keeps it from the root."""
    logger = logging.getLogger('uvicorn.error')
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


async def bearer(chat: Chat, user: User) -> dict[str, str]:
    return {'Authorization': f'Bearer {await chat.sessions.begin(user, "a program")}'}


async def rename(chat: Chat, user: User, name: str) -> None:
    session = await chat.sessions.find(await chat.sessions.begin(user, 'a browser'))
    assert session is not None
    await chat.profiles.change(session, name=name)


async def say_much(chat: Chat, user: User) -> None:
    """Say more than fits on the way to somebody who does not read."""
    await asyncio.gather(*(chat.messages.send(user, 'lobby', 'x' * 9_000) for _ in range(40)))


async def test_a_program_that_is_signed_in_is_told_so_unasked(site: Site, ada: User) -> None:
    async with site.program(ada) as program:
        user = {'id': ada.id, 'name': 'Ada', 'kind': 'guest'}
        assert program.ready == {'type': 'ready', 'user': user, 'protocol': 1}


async def test_the_first_frame_can_say_who_is_calling(site: Site, chat: Chat, ada: User) -> None:
    token = await chat.sessions.begin(ada, '')
    async with site.connect() as socket:
        program = Program(socket)
        await program.send(type='authenticate', token=token)
        assert (await program.next())['user']['name'] == 'Ada'
        answer = await program.ask('authenticate', token=token)
        assert answer['code'] == 'invalid'
        assert (await program.ask('ping'))['type'] == 'ok'


@pytest.mark.parametrize(
    'first',
    ['{"type":"authenticate","token":"wrong"}', '{"id":7,"type":"ping"}', '{"type":"authenticate"}', '[]', b'x', ''],
)
async def test_whoever_does_not_say_it_first_is_told_so_and_let_go(site: Site, first: str | bytes) -> None:
    async with site.connect(**{'Authorization': 'Bearer wrong'}) as socket:
        program = Program(socket)
        await socket.send(first)
        error = await program.next()
        assert error['type'] == 'error'
        assert error['id'] == (7 if 'ping' in str(first) else None)
        assert await program.closing() == 1008


async def test_whoever_says_nothing_is_let_go(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ws, 'AUTHENTICATE_WITHIN', 0.1)
    async with site.connect() as socket:
        program = Program(socket)
        assert (await program.next())['code'] == 'unauthenticated'
        assert await program.closing() == 1008


async def test_a_cookie_signs_in_pages_of_this_site_and_no_others(site: Site, chat: Chat, ada: User) -> None:
    cookie = f'hearth_session={await chat.sessions.begin(ada, "")}'
    async with site.connect(Cookie=cookie, origin=f'http://{site.host}') as socket:
        assert (await Program(socket).next())['user']['name'] == 'Ada'


@pytest.mark.parametrize(
    'origin', ['https://evil.example', 'null', 'http://127.0.0.1:1', 'http://localhost.evil.example']
)
async def test_a_page_of_another_site_gets_no_upgrade(site: Site, ada: User, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with site.connect(origin=origin):
            pass
    assert refused.value.response.status_code == 403
    assert json.loads(refused.value.response.body)['error']['code'] == 'forbidden'


async def test_an_allowed_site_may_call_but_its_cookies_count_for_nothing(site: Site, chat: Chat, ada: User) -> None:
    object.__setattr__(chat.settings, 'allowed_origins', ('https://front.example',))
    token = await chat.sessions.begin(ada, '')
    async with site.connect(origin='https://front.example', Cookie=f'hearth_session={token}') as socket:
        program = Program(socket)
        await program.send(type='authenticate', token=token)
        assert (await program.next())['type'] == 'ready'
        assert (await program.result('ping')) is None


async def test_a_page_of_an_allowed_site_is_nobody_until_it_names_a_token(site: Site, chat: Chat, ada: User) -> None:
    object.__setattr__(chat.settings, 'allowed_origins', ('https://front.example',))
    cookie = f'hearth_session={await chat.sessions.begin(ada, "")}'
    async with site.connect(origin='https://front.example', Cookie=cookie) as socket:
        program = Program(socket)
        assert (await program.ask('ping'))['code'] == 'unauthenticated'
        assert await program.closing() == 1008


async def test_a_stranger_who_goes_at_once_or_is_refused_leaves_no_error_in_the_log(
    site: Site, chat: Chat, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_gone, find = asyncio.Event(), chat.sessions.find

    async def find_later(token: str | None) -> object:
        if token is not None:
            await is_gone.wait()
        return await find(token)

    monkeypatch.setattr(chat.sessions, 'find', find_later)
    async with site.connect() as socket:
        await socket.send('{"type":"authenticate","token":"x"}')
        await asyncio.sleep(0.05)  # it is being looked for
        socket.transport.abort()
        await site.has_no_connections()
        is_gone.set()
    with pytest.raises(InvalidStatus):
        async with site.connect(origin='https://evil.example'):
            pass
    async with asyncio.timeout(PATIENCE):
        while site.server.server_state.tasks:
            await asyncio.sleep(0.01)
    assert not [record for record in log.records if record.levelno >= logging.ERROR]


async def test_text_that_is_none_closes_and_leaves_no_error_in_the_log(
    site: Site, ada: User, log: pytest.LogCaptureFixture
) -> None:
    async with site.program(ada) as program:
        await program.socket.send(b'\xff', text=True)
        assert await program.closing() == 1007
    assert not [record for record in log.records if record.levelno >= logging.ERROR]


async def test_a_frame_may_come_in_parts(site: Site, ada: User) -> None:
    async with site.program(ada) as program:
        await program.socket.send(['{"id":1,', '', '"type":', '"ping"}'])
        assert await program.next() == {'type': 'ok', 'id': 1, 'result': None}


@pytest.mark.parametrize('frame_id', [7, 'a'])
async def test_who_signs_in_with_an_id_is_answered_with_it(site: Site, chat: Chat, ada: User, frame_id: object) -> None:
    token = await chat.sessions.begin(ada, '')
    async with site.connect() as socket:
        program = Program(socket)
        await program.send(id=frame_id, type='authenticate', token=token)
        ready = await program.next()
        assert (ready['type'], ready['id']) == ('ready', frame_id)


async def test_not_more_connections_from_one_address_than_a_class_needs(
    site: Site, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, 'CONNECTIONS_PER_ADDRESS', 1)
    async with site.program(ada):
        with pytest.raises(InvalidStatus) as refused:
            async with site.connect():
                pass
        assert refused.value.response.status_code == 429
        assert refused.value.response.headers['Retry-After'] == '30'
    async with asyncio.timeout(5):
        while True:
            try:
                async with site.program(ada):
                    return
            except InvalidStatus:
                await asyncio.sleep(0.05)


async def test_subscribing_tells_the_room_its_people_and_then_what_happens(
    site: Site, chat: Chat, ada: User, bo: User
) -> None:
    async with site.program(ada) as program:
        result = await program.result('subscribe', room='lobby')
        assert result['room'] == room_json(await chat.rooms.find(ada, 'lobby'))
        assert result['room']['topic'] == 'Where everybody meets'
        assert [(each['user']['name'], each['presence']) for each in result['members']] == [
            ('Ada', 'online'), ('Bo', 'offline')
        ]  # fmt: skip
        sent = (await chat.messages.send(bo, 'lobby', 'hello')).message
        await chat.messages.edit(bo, sent.id, 'hello!')
        await chat.messages.delete(bo, sent.id)
        told = await program.events(3)
        assert [each['type'] for each in told] == ['message_sent', 'message_edited', 'message_deleted']
        assert [each['revision'] for each in told] == [result['revision'] + number for number in (1, 2, 3)]
        assert [each['message']['body'] for each in told] == ['hello', 'hello!', '']
        assert {each['room'] for each in told} == {'lobby'}


async def test_subscribing_joins_a_room_that_is_open_and_no_other(site: Site, chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Open')
    await chat.rooms.create(ada, 'Closed', private=True)
    async with site.program(bo) as program:
        result = await program.result('subscribe', room='open')
        assert [each['user']['name'] for each in result['members']] == ['Ada', 'Bo']
        for room in ('closed', 'nowhere', '\u0000', 'x' * 5000):
            answer = await program.ask('subscribe', room=room)
            assert answer['code'] == 'not_found'


async def test_who_comes_back_is_told_what_was_missed_then_what_is_new_none_twice(
    site: Site, chat: Chat, ada: User, bo: User
) -> None:
    async with site.program(ada) as program:
        since = (await program.result('subscribe', room='lobby'))['revision']
    sent = [(await chat.messages.send(bo, 'lobby', f'{number}')).message for number in range(20)]
    async with site.program(ada) as program:
        await program.send(id=1, type='subscribe', room='lobby', since=since)
        later = [chat.messages.send(bo, 'lobby', f'{number}') for number in range(20, 40)]
        sent += [each.message for each in await asyncio.gather(*later)]
        told = await program.events(40)
        assert [each['revision'] for each in told] == list(range(since + 1, since + 41))
        assert sorted(each['message']['id'] for each in told) == sorted(message.id for message in sent)


async def test_who_was_away_too_long_is_told_to_start_afresh(
    site: Site, chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('chat.storage.changes.MOST_CHANGES', 2)
    for _ in range(3):
        await chat.messages.send(bo, 'lobby', 'news')
    async with site.program(ada) as program:
        answer = await program.result('subscribe', room='lobby', since=0)
        (told,) = await program.events(1, 'start_afresh')
        assert told == {'type': 'start_afresh', 'room': 'lobby'}
        await chat.messages.send(bo, 'lobby', 'one more')
        (event,) = await program.events(1)
        assert event['revision'] == answer['revision'] + 1


async def test_who_left_among_too_much_that_was_missed_hears_no_more(
    site: Site, chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('chat.storage.changes.MOST_CHANGES', 2)
    async with site.program(ada) as program:
        await program.result('subscribe', room='lobby')
        with monkeypatch.context() as lost:
            lost.setattr(chat.room_state, 'publish', lambda _: None)
            await chat.rooms.leave(ada, 'lobby')
            for _ in range(3):
                await chat.messages.send(bo, 'lobby', 'news')
        await chat.room_state.compare()
        assert await program.events(1, 'start_afresh')
        async with asyncio.timeout(PATIENCE):
            while chat.room_state.listeners:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)  # nor does it listen again
        assert chat.room_state.listeners == 0


async def test_who_comes_back_to_several_busy_rooms_is_told_everything_as_fast_as_it_is_taken(
    site: Site, chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, 'MOST_WAITING', 40)
    object.__setattr__(chat.rate_limits, '_enabled', False)
    slugs = [(await chat.rooms.create(bo, f'Busy {number}')).slug for number in range(5)]
    for slug in slugs:
        await asyncio.gather(*(chat.messages.send(bo, slug, 'x' * 9_000) for _ in range(30)))
    async with site.deaf(site.address, **await bearer(chat, ada)) as socket:
        program = Program(socket)
        for slug in slugs:
            await program.send(id=slug, type='subscribe', room=slug, since=1)
        await program.send(type='send', room=slugs[-1], body='I am back')
        async with asyncio.timeout(PATIENCE):
            while (await chat.messages.page(bo, slugs[-1], limit=1)).messages[0].body != 'I am back':
                await asyncio.sleep(0.01)
        socket.transport.resume_reading()  # only now
        told = await program.events(5 * 31 + 1)
        for slug in slugs:
            revisions = [each['revision'] for each in told if each['room'] == slug]
            assert revisions == list(range(2, 34 if slug == slugs[-1] else 33))


async def test_who_missed_more_than_may_wait_is_told_it_in_parts_each_once(
    site: Site, chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, 'MOST_CHARACTERS', 200_000)
    object.__setattr__(chat.rate_limits, '_enabled', False)
    async with site.program(ada) as program:
        since = (await program.result('subscribe', room='lobby'))['revision']
        await program.result('unsubscribe', room='lobby')
        await say_much(chat, bo)
        await program.send(id=1, type='subscribe', room='lobby', since=since)
        assert [each['revision'] for each in await program.events(40)] == list(range(since + 1, since + 41))
        await chat.messages.send(bo, 'lobby', 'and on')
        assert (await program.events(1))[0]['revision'] == since + 41


async def test_a_revision_that_is_yet_to_come_starts_afresh(site: Site, ada: User) -> None:
    async with site.program(ada) as program:
        await program.result('subscribe', room='lobby', since=10**6)
        assert await program.events(1, 'start_afresh')


async def test_what_is_sent_is_answered_after_it_is_stored_and_told_to_the_sender_too(
    site: Site, chat: Chat, ada: User
) -> None:
    async with site.program(ada) as program:
        await program.result('subscribe', room='lobby')
        message = await program.result('send', room='lobby', body='*hi*', client_message_id='a')
        assert (await chat.messages.get(ada, message['id'])).body == '*hi*'
        again = await program.result('send', room='lobby', body='other', client_message_id='a')
        assert again == message
        answered = await program.result('send', room='lobby', body='re', reply_to=message['id'])
        assert answered['reply_to'] == message['id']
        edited = await program.result('edit', message_id=message['id'], body='hello')
        assert edited['html'] == '<p>hello</p>\n' or 'hello' in edited['html']
        gone = await program.result('delete', message_id=message['id'])
        assert gone['deleted_at'] is not None
        told = await program.events(4)
        assert [each['type'] for each in told] == ['message_sent', 'message_sent', 'message_edited', 'message_deleted']


async def test_what_may_not_be_is_an_error_with_its_code_and_the_connection_stays(
    site: Site, chat: Chat, ada: User, bo: User
) -> None:
    theirs = (await chat.messages.send(bo, 'lobby', 'mine')).message
    async with site.program(ada) as program:
        for code, kind, fields in (
            ('forbidden', 'edit', {'message_id': theirs.id, 'body': 'yours'}),
            ('forbidden', 'delete', {'message_id': theirs.id}),
            ('not_found', 'edit', {'message_id': 999, 'body': 'x'}),
            ('not_found', 'send', {'room': 'nowhere', 'body': 'x'}),
            ('invalid', 'send', {'room': 'lobby', 'body': ' '}),
            ('invalid', 'typing', {'room': 'lobby'}),
        ):
            answer = await program.ask(kind, **fields)
            assert (answer['type'], answer['code']) == ('error', code)
            assert answer['message']
        assert (await chat.messages.get(ada, theirs.id)).body == 'mine'
        assert (await program.ask('ping'))['type'] == 'ok'


@pytest.mark.usefixtures('nothing_forgiven')
async def test_a_flood_is_told_how_long_to_wait(site: Site, ada: User) -> None:
    async with site.program(ada) as program:
        answers = [await program.ask('send', room='lobby', body='spam') for _ in range(61)]
        assert answers[-1]['code'] == 'rate_limited'
        assert 'Try again in' in answers[-1]['message']


async def test_direct_messages_and_archived_rooms_are_listened_to_and_the_latter_not_joined(
    site: Site, chat: Chat, ada: User, bo: User
) -> None:
    await chat.rooms.create(ada, 'Garden')
    await chat.rooms.change(ada, 'garden', archived=True)
    slug = (await chat.direct.open(ada, [bo.id])).slug
    async with site.program(ada) as program:
        room = (await program.ask('subscribe', room='garden'))['result']['room']
        assert (room['slug'], room['archived']) == ('garden', True)
        refused = await program.ask('send', room='garden', body='x')
        assert (refused['code'], refused['message'][:21]) == ('forbidden', 'This room is archived')
        room = (await program.ask('subscribe', room=slug))['result']['room']
        assert (room['name'], room['direct']) == ('Bo', True)
        await chat.messages.send(bo, slug, 'psst')
        (told,) = await program.events(1)
        assert told['message']['body'] == 'psst'
    async with site.program(bo) as program:
        assert (await program.ask('subscribe', room='garden'))['code'] == 'forbidden'
    async with site.program(await newcomer(chat, 'Cy')) as program:
        assert (await program.ask('subscribe', room=slug))['code'] == 'not_found'


async def test_unsubscribing_ends_what_is_told(site: Site, chat: Chat, ada: User, bo: User) -> None:
    async with site.program(ada) as program:
        await program.result('subscribe', room='lobby')
        await program.result('unsubscribe', room='lobby')
        assert chat.room_state.listeners == 0
        assert (await program.ask('unsubscribe', room='lobby'))['type'] == 'ok'


async def test_subscribing_twice_is_listening_once(site: Site, chat: Chat, ada: User, bo: User) -> None:
    async with site.program(ada) as program:
        await program.result('subscribe', room='lobby')
        await program.result('subscribe', room='lobby')
        assert chat.room_state.listeners == 1
        await chat.messages.send(bo, 'lobby', 'once')
        await program.result('ping')
        assert sum(each['type'] == 'message_sent' for each in program.heard) <= 1


async def test_subscribing_again_tells_nothing_twice_though_it_looked_before_what_was_told(
    site: Site, chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site.program(ada) as program:
        await program.result('subscribe', room='lobby')
        before = await chat.rooms.enter(ada, 'lobby')
        await chat.messages.send(bo, 'lobby', 'once')
        (told,) = await program.events(1)

        async def enter_before(*_: object) -> object:
            return before

        monkeypatch.setattr(chat.rooms, 'enter', enter_before)
        again = await program.result('subscribe', room='lobby')
        assert again['revision'] == told['revision']
        await chat.messages.send(bo, 'lobby', 'and on')
        assert [each['message']['body'] for each in await program.events(1)] == ['and on']


async def test_what_comes_after_ones_own_leaving_is_not_told_even_in_the_same_news(
    site: Site, chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site.program(bo) as program:
        await program.result('subscribe', room='lobby')
        with monkeypatch.context() as lost:
            lost.setattr(chat.room_state, 'publish', lambda _: None)
            await chat.messages.send(ada, 'lobby', 'among us')
            await chat.rooms.leave(bo, 'lobby')
            await chat.messages.send(ada, 'lobby', 'without Bo')
        await chat.room_state.compare()
        assert [each['type'] for each in await program.events(2)] == ['message_sent', 'member_left']
        await program.result('ping')
        assert not [each for each in program.heard if 'revision' in each]


async def test_who_leaves_or_is_gone_with_a_room_hears_no_more_of_it(
    site: Site, chat: Chat, ada: User, bo: User
) -> None:
    await chat.rooms.create(ada, 'Design')
    async with site.program(bo) as program:
        await program.result('subscribe', room='design')
        await program.result('subscribe', room='lobby')
        await chat.rooms.leave(bo, 'design')
        (left,) = await program.events(1, 'member_left')
        assert left['member']['user']['name'] == 'Bo'
        assert chat.room_state.listeners == 1


async def test_typing_is_told_to_all_in_the_room_once_for_all(site: Site, ada: User, bo: User) -> None:
    async with site.program(ada) as hers, site.program(bo) as his:
        await hers.result('subscribe', room='lobby')
        await his.result('subscribe', room='lobby')
        await his.send(type='typing', room='lobby')
        assert (await hers.events(1, 'typing')) == [{'type': 'typing', 'room': 'lobby', 'users': ['Bo']}]
        await his.result('send', room='lobby', body='done')
        assert (await hers.events(1, 'typing'))[0]['users'] == []


@pytest.mark.slow
async def test_who_is_renamed_is_told_so_and_types_by_the_new_name(site: Site, chat: Chat, ada: User, bo: User) -> None:
    async with site.program(ada) as first, site.program(bo) as second:
        revision = (await first.result('subscribe', room='lobby'))['revision']
        await second.result('subscribe', room='lobby')
        await rename(chat, ada, 'Eve')
        user = {'id': ada.id, 'name': 'Eve', 'kind': 'guest'}
        told = {'type': 'member_changed', 'room': 'lobby', 'revision': revision + 1}
        for program in (first, second):
            assert await program.events(1) == [{**told, 'member': {'user': user, 'role': 'member'}}]
        await first.result('typing', room='lobby')
        assert (await second.events(1, 'typing'))[0]['users'] == ['Eve']
        assert (await first.result('send', room='lobby', body='hello'))['author'] == user
        members = (await second.result('subscribe', room='lobby'))['members']
        assert {member['user']['name'] for member in members} == {'Eve', 'Bo'}


async def test_who_is_renamed_where_the_connection_does_not_listen_types_by_the_new_name(
    site: Site, chat: Chat, ada: User, bo: User
) -> None:
    async with site.program(ada) as first, site.program(bo) as second:
        await second.result('subscribe', room='lobby')
        await rename(chat, ada, 'Eve')
        await first.result('subscribe', room='lobby')
        await first.result('typing', room='lobby')
        assert (await second.events(1, 'typing'))[0]['users'] == ['Eve']


async def test_who_is_online_is_told_at_first_and_when_it_changes(
    site: Site, chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site.program(ada) as program:
        await program.result('subscribe', room='lobby')
        (first,) = await program.events(1, 'presence')
        assert first == {'type': 'presence', 'room': 'lobby', 'online': ['Ada']}
        async with site.program(bo):
            assert (await program.events(1, 'presence'))[0]['online'] == ['Ada', 'Bo']
        await newcomer(chat, 'Cy')
        async with site.program(await newcomer(chat, 'Dora')):
            assert (await program.events(1, 'presence'))[0]['online'] == ['Ada', 'Bo', 'Dora']


async def test_those_who_are_there_are_told_of_everybody_who_comes_however_close(
    site: Site, ada: User, bo: User, chat: Chat
) -> None:
    cy = await newcomer(chat, 'Cy')
    async with site.program(ada) as hers:
        await hers.result('subscribe', room='lobby')
        async with site.program(cy) as one, site.program(bo) as other:
            await one.result('subscribe', room='lobby')
            await other.result('subscribe', room='lobby')
            for program in (hers, one, other):
                while (await program.events(1, 'presence'))[0]['online'] != ['Ada', 'Bo', 'Cy']:
                    pass


async def test_frames_without_an_id_get_no_answer_and_each_id_gets_one(site: Site, ada: User) -> None:
    async with site.program(ada) as program:
        await program.send(type='ping')
        for frame_id in (0, -1, 2**53, 'text', 'é' * 64):
            await program.send(id=frame_id, type='ping')
            assert await program.next() == {'type': 'ok', 'id': frame_id, 'result': None}


MALFORMED: tuple[str | bytes, ...] = (
    '', '{', 'null', '[]', '"ping"', '1', '{}', '{"type":null}', '{"type":"none"}', '{"type":{}}', '{"type":[]}',
    '[' * 60_000, '{"a":' * 10_000, '{"id":' + '9' * 5_000 + ',"type":"ping"}', '{"id":NaN,"type":"ping"}',
    '{"id":1.5,"type":"ping"}', '{"id":true,"type":"ping"}', '{"id":{},"type":"ping"}',
    '{"id":"' + 'x' * 65 + '","type":"ping"}', '{"id":"\\ud800","type":"ping"}', b'\x00\xff', b'{"type":"ping"}',
    '{"type":"subscribe","room":7}', '{"type":"subscribe","room":"lobby","since":-1}',
    '{"type":"subscribe","room":"lobby","since":"1"}',
    '{"type":"subscribe","room":"lobby","since":99999999999999999999}',
    '{"type":"send","room":"lobby"}', '{"type":"send","room":"lobby","body":null}', '{"type":"send","body":"x"}',
    '{"type":"send","room":"lobby","body":"\\ud800"}', '{"type":"edit","message_id":"1","body":"x"}',
    '{"type":"react","message_id":1,"emoji":"no emoji","on":true}', '{"type":"delete","message_id":true}',
)  # fmt: skip


async def test_a_malformed_frame_is_an_error_and_the_connection_stays(site: Site, ada: User) -> None:
    async with site.program(ada) as program:
        for frame in MALFORMED:
            await program.socket.send(frame)
            error = await program.next()
            assert (error['type'], error['code']) == ('error', 'invalid'), frame
        assert (await program.ask('ping'))['type'] == 'ok'


async def test_a_frame_that_is_too_large_ends_the_connection(site: Site, ada: User) -> None:
    async with site.program(ada) as program:
        await program.socket.send('x' * frames.LARGEST_FRAME)
        assert (await program.next())['code'] == 'invalid'
        await program.socket.send('é' * (frames.LARGEST_FRAME // 2 + 1))
        assert await program.closing() == 1009
    async with site.connect() as socket:
        await socket.send('x' * (frames.LARGEST_FRAME + 1))
        assert await Program(socket).closing() == 1009


async def test_a_mistake_of_the_server_is_a_number_that_is_in_the_log(
    site: Site, chat: Chat, ada: User, caplog: pytest.LogCaptureFixture
) -> None:
    chat.messages.edit = None
    async with site.program(ada) as program:
        error = await program.ask('edit', message_id=1, body='x')
        assert error['code'] == 'internal'
        number = error['message'].split()[-1].rstrip('.')
        assert number in caplog.text
        assert 'Traceback' not in error['message']
        assert (await program.ask('ping'))['type'] == 'ok'


async def test_a_session_that_ends_ends_its_connections(site: Site, chat: Chat, ada: User) -> None:
    token = await chat.sessions.begin(ada, '')
    async with site.connect(Authorization=f'Bearer {token}') as socket:
        program = Program(socket)
        await program.next()
        await chat.sessions.end(await chat.sessions.find(token))
        assert (await program.next())['code'] == 'unauthenticated'
        assert await program.closing() == 1008


@pytest.mark.slow
async def test_one_that_reads_too_slowly_is_closed_and_the_others_do_not_notice(
    site: Site, chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, 'MOST_WAITING', 50)
    object.__setattr__(chat.rate_limits, '_enabled', False)
    async with site.program(ada, max_queue=1) as slow, site.program(bo) as quick:
        since = (await slow.result('subscribe', room='lobby'))['revision']
        await quick.result('subscribe', room='lobby')
        slow.socket.transport.pause_reading()
        heard = 0
        for _ in range(40):
            await asyncio.gather(*(chat.messages.send(bo, 'lobby', 'x' * 5_000) for _ in range(20)))
            heard += len(await quick.events(20))
        assert heard == 800
        slow.socket.transport.resume_reading()
        assert await slow.closing() == 1013
    monkeypatch.undo()
    async with site.program(ada) as back:
        await back.send(id=1, type='subscribe', room='lobby', since=since)
        assert [each['revision'] for each in await back.events(800)] == list(range(since + 1, since + 801))


async def test_when_the_server_stops_connections_are_told_that_it_comes_back(chat: Chat, ada: User) -> None:
    async with serving(chat) as site:
        token = await chat.sessions.begin(ada, '')
        socket = await site.connect(Authorization=f'Bearer {token}')
        program = Program(socket)
        await program.next()
    assert await program.closing() == 1012
    assert chat.room_state.listeners == 0


@pytest.mark.slow
async def test_a_connection_that_answers_no_ping_is_let_go(chat: Chat, ada: User) -> None:
    async with (
        serving(chat, ws_ping_interval=0.1, ws_ping_timeout=0.1) as site,
        site.program(ada, close_timeout=0.1) as program,
    ):
        await program.result('subscribe', room='lobby')
        program.socket.transport.pause_reading()
        async with asyncio.timeout(5):
            while chat.room_state.listeners:
                await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_one_that_takes_nothing_any_more_is_let_go(
    site: Site, chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ws, 'STUCK_FOR', 0.2)
    await say_much(chat, bo)
    async with site.deaf(site.address, **await bearer(chat, ada)) as deaf:
        await deaf.send('{"type":"subscribe","room":"lobby","since":1}')
        await site.is_blocked()
        await site.has_no_connections()
    assert chat.room_state.listeners == 0


async def test_nobody_who_takes_nothing_keeps_the_connection_by_closing_it_or_answering_no_ping(
    chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared_frames, 'CLOSES_WITHIN', 0.1)
    await say_much(chat, bo)
    async with (
        serving(chat, ws_ping_interval=0.1, ws_ping_timeout=0.1) as site,
        site.deaf(site.address, **await bearer(chat, ada)) as deaf,
    ):
        await deaf.send('{"type":"subscribe","room":"lobby","since":1}')
        await site.is_blocked()
        await site.has_no_connections()
    async with serving(chat) as site, site.deaf(site.address, **await bearer(chat, ada)) as deaf:
        await deaf.send('{"type":"subscribe","room":"lobby","since":1}')
        await site.is_blocked()
        closing = asyncio.create_task(deaf.close())
        await site.has_no_connections()
        closing.cancel()


async def test_nobody_who_takes_nothing_keeps_a_server_from_ending(
    chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared_frames, 'CLOSES_WITHIN', 0.1)
    await say_much(chat, bo)
    async with AsyncExitStack() as still_open, asyncio.timeout(PATIENCE), serving(chat) as site:
        deaf = await still_open.enter_async_context(site.deaf(site.address, **await bearer(chat, ada)))
        await deaf.send('{"type":"subscribe","room":"lobby","since":1}')
        await site.is_blocked()


@pytest.mark.slow
async def test_connections_leave_nothing_behind(site: Site, chat: Chat, ada: User) -> None:
    before = len(asyncio.all_tasks())
    for _ in range(30):
        async with site.program(ada) as program:
            await program.result('subscribe', room='lobby')
    async with asyncio.timeout(5):
        while chat.room_state.listeners or len(asyncio.all_tasks()) > before:
            await asyncio.sleep(0.05)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
FIELDS = {
    'id': JSON,
    'type': st.sampled_from([*frames.KINDS, 'react', 'none']) | JSON,
    'room': st.just('lobby') | JSON,
    'since': st.integers(-1, 5) | JSON,
    'body': st.text(max_size=60) | JSON,
    'message_id': st.integers(0, 3) | JSON,
    'client_message_id': JSON,
    'reply_to': st.integers(0, 3) | JSON,
    'token': JSON,
}
HOSTILE = (
    st.fixed_dictionaries({}, optional=FIELDS).map(json.dumps)
    | JSON.map(json.dumps)
    | st.text(max_size=200).map(lambda text: text.encode('utf-8', 'replace').decode())
    | st.binary(max_size=200)
)


@pytest.mark.slow
async def test_whatever_a_frame_is_it_has_its_answer_and_the_server_goes_on(chat: Chat, ada: User) -> None:
    object.__setattr__(chat.rate_limits, '_enabled', False)
    async with serving(chat) as site, site.program(ada) as program:
        loop = asyncio.get_running_loop()

        async def send_and_see(hostile: list[str | bytes]) -> None:
            for frame in hostile:
                await program.socket.send(frame)
            answer = await program.ask('ping')
            assert answer == {'type': 'ok', 'id': answer['id'], 'result': None}
            assert all(each.get('code') != 'internal' for each in program.heard)
            program.heard.clear()

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(HOSTILE, min_size=1, max_size=8))
        def check(hostile: list[str | bytes]) -> None:
            asyncio.run_coroutine_threadsafe(send_and_see(hostile), loop).result(PATIENCE)

        await asyncio.to_thread(check)
