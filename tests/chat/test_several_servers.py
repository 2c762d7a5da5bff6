"""Several servers of one chat: whoever is on one of them hears of all."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chat import Chat, accounts, room_state, sessions
from chat.audit import Actor
from chat.bus import Hint
from chat.errors import RateLimited, Unauthenticated
from chat.events import RoomGone, Typing
from chat.models import User
from chat.rate_limits import LIMITS
from chat.room_state import Published
from chat.storage import users as user_rows
from tests.chat.people import by_password, newcomer
from tests.chat.several import Listener, Reader, all_right, eventually, servers
from tests.redis_server import RedisServer


@pytest.fixture
async def two(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Chat]]:
    """Return two servers of one chat, which hear of each other by Redis and not by looking into storage."""
    for part in (room_state, sessions):
        monkeypatch.setattr(part, 'COMPARE_EVERY', 1_000)
    async with servers(tmp_path / 'data', redis_url) as chats:
        yield chats


@pytest.fixture
async def ada(two: list[Chat]) -> User:
    """Return Ada, who came by the first server."""
    return await newcomer(two[0], 'Ada')


async def listen(chat: Chat, user: User, slug: str = 'lobby') -> Listener:
    listener = Listener()
    await listener.open(chat, user, slug)
    await chat.room_state.caught_up(listener.subscription)
    return listener


async def test_what_is_said_changed_and_deleted_on_one_server_is_heard_on_all(tmp_path: Path, redis_url: str) -> None:
    async with servers(tmp_path / 'data', redis_url, 3) as (here, there, elsewhere):
        ada = await newcomer(here, 'Ada')
        listeners = [await listen(chat, ada) for chat in (here, there, elsewhere)]
        room = await here.rooms.create(ada, 'Kitchen')
        said = [(await here.messages.send(ada, 'lobby', f'message {n}')).message for n in range(5)]
        await there.messages.edit(ada, said[1].id, 'other words')
        await elsewhere.messages.delete(ada, said[2].id)
        bo = await newcomer(there, 'Bo')
        await elsewhere.rooms.leave(bo, 'lobby')
        await all_right(listeners)
        kitchens = [await listen(chat, ada, room.slug) for chat in (here, there, elsewhere)]
        await there.rooms.change(ada, room.slug, name='Lounge')
        await all_right(kitchens)
        assert (len(listeners[0].messages), listeners[0].members) == (5, {'Ada'})


async def test_it_is_heard_at_once_and_not_by_asking_storage(
    two: list[Chat], ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = await listen(two[1], ada)
    monkeypatch.setattr(two[1].room_state, '_read_changes', None)
    monkeypatch.setattr(two[1].room_state, '_read_revisions', None)
    await two[0].messages.send(ada, 'lobby', 'hello')
    await eventually(lambda: [body for body, _ in listener.messages.values()] == ['hello'], within=4)


async def test_who_is_deleted_on_one_server_is_nobody_on_all(two: list[Chat], ada: User) -> None:
    here, there = two
    bo = await newcomer(here, 'Bo')
    for words in ('one', 'two', 'three'):
        await here.messages.send(ada, 'lobby', words)
    reader = Reader()
    await reader.open(there, bo)
    session = await there.sessions.find(await here.sessions.begin(ada, ''))
    assert session is not None
    closed: list[str] = []
    there.sessions.watch(session, lambda: closed.append('page'))
    there.drafts.keep(ada, await there.rooms.find(ada, 'lobby'), 'half a thought')
    await there.rooms.create(bo, 'Garden')  # there, so that it is there that Ada is known to have been
    await there.rooms.join(ada, 'garden')
    monitor = Reader()
    await monitor.open(there, bo, 'garden')
    await here.deletion.delete_own(ada, 'remove', None, 'here')
    await eventually(lambda: closed == ['page'], within=4)
    await all_right([reader, monitor])
    assert {author.name for author in reader.authors.values()} == {'Deleted account'}
    await eventually(lambda: all(is_deleted for _, is_deleted in reader.messages.values()))
    await there.drafts.flush()
    assert await here.storage.read(lambda c: c.exec_driver_sql('SELECT count(*) FROM drafts').scalar()) == 0


async def test_a_room_that_is_deleted_is_gone_on_all_servers(two: list[Chat], ada: User) -> None:
    room = await two[0].rooms.create(ada, 'Kitchen')
    listener = await listen(two[1], ada, room.slug)
    await two[0].rooms.delete(ada, room.slug)
    await eventually(lambda: listener.states == [RoomGone(room.id)])
    assert two[1].room_state.active_rooms == 0


async def test_who_types_on_one_server_is_seen_on_the_other_until_they_have_said_it(two: list[Chat], ada: User) -> None:
    here, there = await listen(two[0], ada), await listen(two[1], ada)
    room = await two[0].rooms.find(ada, 'lobby')
    two[0].room_state.typing(room.id, ada)
    await eventually(lambda: there.states == [Typing(room.id, (ada,))])
    await two[0].messages.send(ada, 'lobby', 'hello')
    await eventually(lambda: there.states == [Typing(room.id, (ada,)), Typing(room.id, ())])
    assert here.states == there.states


async def test_typing_elsewhere_is_forgotten_like_typing_here(
    two: list[Chat], ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_state, 'TYPING_SHOWN', 0.05)
    await listen(two[0], ada)
    there = await listen(two[1], ada)
    room = await two[0].rooms.find(ada, 'lobby')
    two[0].room_state.typing(room.id, ada)
    await eventually(lambda: there.states == [Typing(room.id, (ada,)), Typing(room.id, ())])


async def test_many_signs_of_typing_are_told_to_other_servers_once(two: list[Chat], ada: User) -> None:
    await listen(two[0], ada)
    room = await two[0].rooms.find(ada, 'lobby')
    await asyncio.sleep(0.1)  # what else there was to tell has been told
    before = two[0].bus.told
    for _ in range(20):
        two[0].room_state.typing(room.id, ada)
    await two[0].bus._waiting.join()
    assert two[0].bus.told == before + 1


# Presence.


async def test_who_is_on_another_server_is_here(two: list[Chat], ada: User) -> None:
    changes: list[frozenset[int]] = []
    two[1].presence.watch(changes.append)
    page = two[0].presence.connect(ada.id)
    await eventually(lambda: two[1].presence.status(ada.id) == 'online')
    assert changes == [frozenset({ada.id})]
    assert two[1].measures.online == {ada.id}
    page.active_at -= 1_000
    two[0].presence.sweep()
    await eventually(lambda: two[1].presence.status(ada.id) == 'away')


async def test_who_was_there_before_a_server_came_is_known_to_it(tmp_path: Path, redis_url: str) -> None:
    async with servers(tmp_path / 'data', redis_url) as chats:
        ada = await newcomer(chats[0], 'Ada')
        chats[0].presence.connect(ada.id)
        await chats[1].bus.stop()
        chats[1].presence._servers.clear()
        chats[1].presence._settle_all([ada.id])
        assert chats[1].presence.status(ada.id) == 'offline'
        chats[1].bus.start(chats[1].storage.chat_id)
        await eventually(lambda: chats[1].presence.status(ada.id) == 'online')


# Sessions, counts, limits and names.


async def test_a_session_that_is_ended_on_one_server_closes_its_pages_on_all(two: list[Chat], ada: User) -> None:
    here, there = two
    told: list[str] = []
    token = await here.sessions.begin(ada, 'Firefox')
    session = await there.sessions.find(token)
    there.sessions.watch(session, lambda: told.append('open'))
    await here.accounts.sign_out(session)
    await eventually(lambda: told == ['open'])
    there.sessions.watch(session, lambda: told.append('on its way'))
    assert told == ['open', 'on its way']


async def test_a_session_that_ends_untold_closes_its_pages_all_the_same(two: list[Chat], ada: User) -> None:
    told: list[str] = []
    ended, going_on = [
        await two[1].sessions.find(await two[0].sessions.begin(ada, agent)) for agent in ('Firefox', 'Chrome')
    ]
    two[1].sessions.watch(ended, lambda: told.append('ended'))
    two[1].sessions.watch(going_on, lambda: told.append('going on'))
    await two[0].storage.write(user_rows.delete_session, ended.id)
    await two[1].sessions.compare()
    assert told == ['ended']


async def test_a_new_password_closes_what_is_open_elsewhere_on_all_servers(two: list[Chat], ada: User) -> None:
    here, there = two
    sessions = [await chat.sessions.find(await chat.sessions.begin(ada, 'test')) for chat in two]
    closed: list[int] = []
    for chat in two:
        for session in sessions:
            chat.sessions.watch(session, lambda session=session: closed.append(session.id))
    await here.credentials.set_password(sessions[0], 'a long sentence', None, 'here')
    await eventually(lambda: sorted(closed) == sorted([each.id for each in sessions] * 2))
    assert (await by_password(there, 'Ada', 'a long sentence', 'there')).id == ada.id


async def test_guesses_on_all_servers_are_counted_together(two: list[Chat], ada: User) -> None:
    here, there = two
    await here.credentials.register('Cleo', 'a long sentence', 'home')
    key = ('trying passwords', 'cleo elsewhere')
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            await by_password(here, 'Cleo', 'another sentence', 'elsewhere')
    await eventually(lambda: len(there.rate_limits._times.get(key, ())) == 10)
    with pytest.raises(RateLimited):
        await by_password(there, 'Cleo', 'a long sentence', 'elsewhere')


async def test_counts_follow_what_is_said_and_read_on_another_server(two: list[Chat], ada: User) -> None:
    here, there = two
    bo = await newcomer(there, 'Bo')
    room = await here.rooms.find(bo, 'lobby')
    counts: list[int] = []
    told: list[str] = []
    watch = here.unread.watch(bo, lambda: told.append('look again'))
    here.unread.follow(watch, [room.id])
    said = (await there.messages.send(ada, 'lobby', 'hello')).message
    await eventually(lambda: told)
    counts.append((await here.unread.counts(bo, [room.id]))[room.id].unread)
    there.unread.seen(bo, room, said.id, 0)
    await eventually(lambda: len(told) >= 2)
    counts.append((await here.unread.counts(bo, [room.id]))[room.id].unread)
    assert counts == [1, 0]


async def test_a_page_lists_its_rooms_anew_whatever_happens_to_them_on_another_server(
    two: list[Chat], ada: User
) -> None:
    here, there = two
    bo = await newcomer(there, 'Bo')
    told: list[str] = []
    watch = here.unread.watch(bo, lambda: None, lambda: told.append('list'))
    room = await there.rooms.create(ada, 'Study')
    steps = [
        lambda: there.rooms.join(bo, 'study'),
        lambda: there.rooms.change(ada, 'study', name='Library'),
        lambda: there.moderation.remove(Actor(ada, ''), 'study', bo.id, 'why'),
        lambda: there.rooms.delete(ada, 'study'),
    ]
    for number, step in enumerate(steps, 1):
        await step()
        await eventually(lambda number=number: len(told) == number)
        here.unread.follow(watch, [room.id])


async def test_rooms_that_nobody_has_in_view_cost_no_reading_of_their_events(
    two: list[Chat], ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Published] = []
    read: list[str] = []
    two[1].bus.hear(Published, lambda _, published: heard.append(published))
    monkeypatch.setattr(room_state, 'from_json', lambda _, text: read.append(text))
    said = (await two[0].messages.send(ada, 'lobby', 'hello')).message
    await eventually(lambda: [each for each in heard if f'"id":{said.id},' in each.event])
    assert read == []


@pytest.mark.usefixtures('nothing_forgiven')
async def test_whoever_floods_is_stopped_by_the_sum_of_all_servers(two: list[Chat], ada: User) -> None:
    for number in range(LIMITS['creating rooms']):
        two[number % 2].rate_limits.check('creating rooms', ada.id)
    scores = [chat.rate_limits for chat in two]
    key = ('creating rooms', ada.id)
    await eventually(lambda: all(each._score(key) > LIMITS['creating rooms'] - 1 for each in scores))
    for limits in scores:
        with pytest.raises(RateLimited):
            limits.check(*key)


async def test_limits_that_are_off_stay_off(tmp_path: Path, redis_url: str) -> None:
    async with servers(tmp_path / 'data', redis_url, rate_limits=False) as (here, there):
        for _ in range(LIMITS['creating rooms'] + 1):
            here.rate_limits.check('creating rooms', 1)
        assert there.rate_limits._scores == {}


async def test_a_passing_guest_of_another_server_keeps_name_and_place_as_long_as_that_lives(
    two: list[Chat], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = two
    ada = await newcomer(here, 'Ada')
    session = await there.accounts.add_passing_guest('Guest', 'there')
    there.sessions.watch(session, lambda: None)
    await there.rooms.join(session.user, 'lobby')
    then = sessions.now_ms()
    for minutes in range(3, 13, 3):
        monkeypatch.setattr(sessions, 'now_ms', lambda minutes=minutes: then + minutes * 60_000)
        monkeypatch.setattr(accounts, 'now_ms', lambda minutes=minutes: then + minutes * 60_000)
        await there.sessions._note_passing()
        await sweep(here)  # Redis or not: storage knows them
    assert 'Guest' in await names_in(here, ada)
    monkeypatch.setattr(sessions, 'now_ms', lambda: then + 12 * 60_000 + sessions.PASSING + 1)
    await sweep(here)
    assert 'Guest' not in await names_in(here, ada)


async def sweep(chat: Chat) -> None:
    await chat.sessions.sweep()
    await chat.accounts.sweep()


async def names_in(chat: Chat, user: User) -> set[str]:
    return {member.user.name for member in await chat.rooms.members(user, 'lobby')}


# What is lost on the way.


@pytest.mark.parametrize('every', [2, 3, 5])
async def test_whatever_is_lost_everybody_ends_equal_to_storage(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    monkeypatch.setattr(room_state, 'COMPARE_EVERY', 0.1)
    async with servers(tmp_path / 'data', redis_url, 3) as chats:
        ada = await newcomer(chats[0], 'Ada')
        listeners = [await listen(chat, ada) for chat in chats for _ in range(2)]
        lost = lose_every(every, chats)
        said = []
        for number in range(30):
            said.append((await chats[number % 3].messages.send(ada, 'lobby', f'message {number}')).message)
            if number % 4 == 3:
                await chats[(number + 1) % 3].messages.edit(ada, said[number - 1].id, f'edited {number}')
            if number % 7 == 6:
                await chats[(number + 2) % 3].messages.delete(ada, said[number - 3].id)
        await all_right(listeners)
        assert len(lost) >= 30 // every


def lose_every(every: int, chats: list[Chat]) -> list[Hint]:
    """Lose some of what the servers tell of their rooms."""
    told: list[Hint] = []
    lost: list[Hint] = []
    for chat in chats:

        def tell(hint: Hint, pass_on=chat.bus.tell) -> None:
            if isinstance(hint, Published):
                told.append(hint)
                if len(told) % every == 0:
                    lost.append(hint)
                    return
            pass_on(hint)

        chat.bus.tell = tell
    return lost


@pytest.fixture
def own_redis() -> RedisServer:
    """Return a Redis that the test may stop."""
    server = RedisServer()
    server.start()
    yield server
    server.stop()


@pytest.mark.slow
@pytest.mark.parametrize('outage', ['stopped', 'frozen'])
async def test_without_redis_people_of_one_server_talk_on_and_then_all_catch_up(
    tmp_path: Path, own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch, outage: str
) -> None:
    monkeypatch.setattr(room_state, 'COMPARE_EVERY', 1_000)
    async with servers(tmp_path / 'data', own_redis.url) as chats:
        ada, bo = await newcomer(chats[0], 'Ada'), await newcomer(chats[1], 'Bo')
        listeners = [await listen(chat, ada) for chat in chats]
        ended: list[str] = []
        session = await chats[0].sessions.find(await chats[0].sessions.begin(await newcomer(chats[0], 'Cy'), 'Firefox'))
        chats[1].sessions.watch(session, lambda: ended.append('ended'))
        counted: list[str] = []
        watch = chats[1].unread.watch(bo, lambda: counted.append('look again'))
        chats[1].unread.follow(watch, [(await chats[0].rooms.create(bo, 'Quiet')).id])
        own_redis.stop() if outage == 'stopped' else own_redis.freeze()
        await eventually(lambda: all(chat.bus.is_away for chat in chats), within=10)
        for number in range(20):
            for chat, user, listener in zip(chats, (ada, bo), listeners, strict=True):
                sent = (await chat.messages.send(user, 'lobby', f'message {number}')).message
                # What the other server stored just before is a gap, which storage fills first.
                await eventually(lambda: sent.id in listener.messages, within=0.9)  # noqa: B023
        chats[0].presence.connect(ada.id)
        await chats[0].accounts.sign_out(session)
        await all_right(listeners, within=5)  # by storage alone
        await eventually(lambda: ended, within=5)
        own_redis.start() if outage == 'stopped' else own_redis.thaw()
        await chats[0].messages.send(ada, 'lobby', 'it is back')
        await eventually(lambda: not any(chat.bus.is_away for chat in chats), within=10)
        await all_right(listeners, within=5)
        await eventually(lambda: counted, within=5)
        await eventually(lambda: chats[1].presence.status(ada.id) == 'online', within=5)
        said = (await chats[0].messages.send(ada, 'lobby', 'as before')).message
        await eventually(lambda: said.id in listeners[1].messages, within=2)


@pytest.mark.slow
async def test_a_last_word_that_was_lost_with_redis_is_heard_when_it_is_back(
    tmp_path: Path, own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ('COMPARE_EVERY', 'COMPARE_WHILE_AWAY'):
        monkeypatch.setattr(room_state, name, 1_000)  # only the return of Redis makes anybody ask
    async with servers(tmp_path / 'data', own_redis.url) as chats:
        ada = await newcomer(chats[0], 'Ada')
        listener = await listen(chats[1], ada)
        own_redis.stop()
        await eventually(lambda: all(chat.bus.is_away for chat in chats))
        await chats[0].messages.send(ada, 'lobby', 'the last word')
        own_redis.start()
        await all_right([listener], within=5)


async def test_whoever_told_too_much_at_once_makes_the_others_look(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_state, 'COMPARE_EVERY', 1_000)
    monkeypatch.setattr('chat.bus.MOST_WAITING', 1)
    async with servers(tmp_path / 'data', redis_url) as (here, there):
        ada = await newcomer(here, 'Ada')
        listener = await listen(there, ada)
        lost = here.bus.lost
        await asyncio.gather(*(here.messages.send(ada, 'lobby', f'message {n}') for n in range(5)))
        await all_right([listener])
        assert here.bus.lost > lost


async def test_a_server_that_stops_tells_what_waits(two: list[Chat]) -> None:
    heard: list[int] = []
    two[1].bus.hear(Published, lambda _, published: heard.append(published.room_id))
    for number in range(3_000):
        two[0].bus.tell(Published(number, '{}'))
    await two[0].bus.stop()
    await eventually(lambda: heard == list(range(3_000)))
