"""Names, sessions, rooms, presence, drafts and unread marks."""

import asyncio
from datetime import timedelta

import pytest

from chat import Chat, drafts, sessions, unread
from chat.errors import Invalid, NameTaken, RateLimited, StorageFailed
from chat.events import MemberJoined, MemberLeft
from chat.models import Draft, User
from chat.pacing import Paced
from chat.presence import Presence
from chat.rate_limits import RateLimits
from tests.chat.several import PATIENCE


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


# Names and sessions


@pytest.mark.parametrize('name', ['Ada', 'ADA', ' ada', 'Аda', 'A d a', 'Ａｄａ'])
async def test_a_name_that_looks_like_somebody_elses_is_taken_and_a_free_one_suggested(
    chat: Chat, ada: User, name: str
) -> None:
    with pytest.raises(NameTaken) as problem:
        await chat.accounts.add_guest(name, 'here')
    assert (problem.value.code, problem.value.field) == ('name_taken', 'name')
    assert (await chat.accounts.add_guest(problem.value.suggestion, 'here')).id != ada.id


async def test_two_who_want_the_same_name_at_once_do_not_both_get_it(chat: Chat) -> None:
    results = await asyncio.gather(*(chat.accounts.add_guest('Cy', 'here') for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, User) for result in results) == 1


async def test_a_session_is_found_by_its_token_and_only_the_hash_is_stored(chat: Chat, ada: User) -> None:
    token = await chat.sessions.begin(ada, 'test')
    assert (await chat.sessions.find(token)).user == ada
    stored = await chat.storage.read(lambda c: c.exec_driver_sql('SELECT * FROM sessions').all())
    assert token not in str(stored)
    for wrong in (None, '', 'x', token + 'x', token[:-1]):
        assert await chat.sessions.find(wrong) is None


async def test_a_session_slides_for_thirty_days_and_ends_after_a_hundred_and_eighty(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await chat.sessions.begin(ada, 'test')
    start, day = sessions.now_ms(), 24 * 3600 * 1000
    for days in (29, 58, 87, 116, 145, 174):
        monkeypatch.setattr(sessions, 'now_ms', lambda days=days: start + days * day)
        assert await chat.sessions.find(token) is not None
    monkeypatch.setattr(sessions, 'now_ms', lambda: start + 181 * day)
    assert await chat.sessions.find(token) is None


async def test_a_session_that_was_not_used_for_thirty_days_has_ended(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await chat.sessions.begin(ada, 'test')
    later = sessions.now_ms() + int(timedelta(days=30, minutes=1).total_seconds()) * 1000
    monkeypatch.setattr(sessions, 'now_ms', lambda: later)
    assert await chat.sessions.find(token) is None


async def test_ending_a_session_tells_those_who_watch_it(chat: Chat, ada: User) -> None:
    token = await chat.sessions.begin(ada, 'test')
    session = await chat.sessions.find(token)
    told: list[str] = []
    chat.sessions.watch(session, lambda: told.append('page'))
    await chat.sessions.end(session)
    assert told == ['page']
    assert await chat.sessions.find(token) is None


# Rooms


async def test_joining_twice_is_once_and_leaving_is_told(chat: Chat) -> None:
    heard: list[object] = []
    chat.room_state.watch(heard.append)
    cy = await chat.accounts.add_guest('Cy', 'here')
    for _ in range(2):
        await chat.rooms.join(cy, 'lobby')
    for _ in range(2):
        await chat.rooms.leave(cy, 'lobby')
    assert [type(event) for event in heard] == [MemberJoined, MemberLeft]
    assert heard[1].revision == heard[0].revision + 1


async def test_rooms_of_the_same_name_get_addresses_of_their_own(chat: Chat, ada: User) -> None:
    slugs = [(await chat.rooms.create(ada, 'Design Team')).slug for _ in range(3)]
    assert slugs == ['design-team', 'design-team-2', 'design-team-3']
    with pytest.raises(Invalid) as problem:
        await chat.rooms.create(ada, ' ')
    assert problem.value.field == 'name'


async def test_opening_a_room_joins_it_and_what_was_said_before_is_not_unread(chat: Chat, ada: User) -> None:
    await chat.messages.send(ada, 'lobby', 'before')
    cy = await chat.accounts.add_guest('Cy', 'here')
    view = await chat.rooms.open(cy, 'lobby')
    assert view.unread == 0
    assert {member.user.name for member in view.members} == {'Ada', 'Cy'}
    assert [message.body for message in view.page.messages] == ['before']


# Presence


async def test_a_person_is_online_then_away_then_online_again() -> None:
    clock = Clock()
    presence = Presence(clock)
    page = presence.connect(1)
    assert presence.status(1) == 'online'
    clock.now += 301
    presence.sweep()
    assert presence.status(1) == 'away'
    page.touch()
    assert presence.status(1) == 'online'
    presence.stop()


async def test_a_reload_is_no_leave_and_join_and_who_is_gone_for_a_minute_is_gone() -> None:
    clock = Clock()
    presence = Presence(clock)
    told: list[frozenset[int]] = []
    first = presence.connect(1)
    presence.watch(told.append)
    first.close()
    clock.now += 59
    presence.sweep()
    assert presence.status(1) == 'online'
    second = presence.connect(1)
    second.lost()
    first.close()
    clock.now += 59
    presence.sweep()
    assert (presence.status(1), told) == ('online', [])
    clock.now += 2
    presence.sweep()
    assert presence.status(1) == 'offline'
    second.found()
    assert presence.status(1) == 'online'
    presence.stop()


async def test_one_of_two_pages_is_enough_to_be_here() -> None:
    clock = Clock()
    presence = Presence(clock)
    one, _ = presence.connect(1), presence.connect(1)
    one.close()
    clock.now += 120
    presence.sweep()
    assert presence.status(1) == 'online'
    presence.stop()


# Drafts and unread marks


async def test_a_draft_is_there_at_once_and_on_disk_soon(chat: Chat, ada: User) -> None:
    room = await chat.rooms.find(ada, 'lobby')
    for text in ('h', 'ha', 'half'):
        chat.drafts.keep(ada, room, text)
    assert chat.drafts.newest(ada, room, Draft()).body == 'half'
    assert drafts.BEHIND < 0.5  # s
    async with asyncio.timeout(PATIENCE):
        while (await chat.rooms.open(ada, 'lobby')).draft.body != 'half':
            await asyncio.sleep(0.01)
    chat.drafts.keep(ada, room, '')
    assert chat.drafts.newest(ada, room, Draft('half')).body == ''
    await chat.drafts.flush()
    assert (await chat.rooms.open(ada, 'lobby')).draft.body == ''


async def test_a_draft_keeps_what_it_answers_until_that_is_gone(chat: Chat, ada: User) -> None:
    room = await chat.rooms.find(ada, 'lobby')
    question = (await chat.messages.send(ada, 'lobby', 'why?', 'q')).message
    chat.drafts.keep(ada, room, '', question)
    assert chat.drafts.newest(ada, room, Draft()) == Draft('', question)
    await chat.drafts.flush()
    kept = (await chat.rooms.open(ada, 'lobby')).draft
    assert kept.reply_to is not None
    assert (kept.body, kept.reply_to.id) == ('', question.id)
    chat.drafts.keep(ada, room, 'because', question)
    await chat.drafts.flush()
    await chat.messages.delete(ada, question.id)
    assert (await chat.rooms.open(ada, 'lobby')).draft == Draft('because')
    chat.drafts.keep(ada, room, '')
    await chat.drafts.flush()
    assert await chat.storage.read(lambda c: c.exec_driver_sql('SELECT count(*) FROM drafts').scalar()) == 0


async def test_a_draft_outlives_a_storage_that_fails_for_a_while(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await chat.rooms.find(ada, 'lobby')

    async def full(*_: object) -> None:
        raise StorageFailed

    with monkeypatch.context() as broken:
        broken.setattr(chat.storage, 'write', full)
        chat.drafts.keep(ada, room, 'kept')
        with pytest.raises(StorageFailed):
            await chat.drafts.flush()
        assert chat.drafts.newest(ada, room, Draft()).body == 'kept'
    await chat.drafts.flush()
    assert (await chat.rooms.open(ada, 'lobby')).draft.body == 'kept'


async def test_a_draft_is_stored_when_the_server_stops(chat: Chat, ada: User) -> None:
    room = await chat.rooms.find(ada, 'lobby')
    chat.drafts.keep(ada, room, 'last words')
    await chat.stop()
    again = Chat(chat.settings)
    again.open()
    assert (await again.rooms.open(ada, 'lobby')).draft.body == 'last words'
    await again.stop()


async def test_unread_counts_others_messages_after_the_mark_and_the_mark_never_goes_back(
    chat: Chat, ada: User, bo: User
) -> None:
    room = await chat.rooms.find(ada, 'lobby')
    sent = [(await chat.messages.send(bo, 'lobby', str(number))).message for number in range(4)]
    await chat.messages.send(ada, 'lobby', 'mine')
    assert await chat.unread.counts(ada, [room.id]) == {room.id: (4, 0)}
    chat.unread.seen(ada, room, sent[1].id, 0)
    assert await chat.unread.counts(ada, [room.id]) == {room.id: (2, 0)}
    chat.unread.seen(ada, room, sent[0].id, 0)
    assert await chat.unread.counts(ada, [room.id]) == {room.id: (2, 0)}
    await chat.messages.delete(bo, sent[3].id)
    assert await chat.unread.counts(ada, [room.id]) == {room.id: (1, 0)}
    chat.unread.seen(ada, room, 10**12, 0)  # more than there is
    await chat.unread.settle(ada)
    await chat.messages.send(bo, 'lobby', 'new')
    assert await chat.unread.counts(ada, [room.id]) == {room.id: (1, 0)}


async def test_pages_are_told_of_changed_counts_at_most_once_a_second(chat: Chat, ada: User, bo: User) -> None:
    assert chat.unread._tell._interval == unread.TELL_AT_MOST_EVERY == 1.0
    chat.unread._tell._interval = 1_000.0  # a busy machine may take longer for what follows
    room = await chat.rooms.find(ada, 'lobby')
    told: list[str] = []
    watch = chat.unread.watch(ada, lambda: told.append('look'))
    chat.unread.follow(watch, [room.id])
    for number in range(20):
        await chat.messages.send(bo, 'lobby', str(number))
    await chat.messages.send(ada, 'lobby', 'mine')
    assert len(told) == 1
    chat.unread.unwatch(watch)
    chat.unread.unwatch(watch)


# How often


def test_a_flood_is_stopped_and_forgiven_with_time() -> None:
    clock = Clock()
    limits = RateLimits(clock=clock)
    for _ in range(60):
        limits.check('sending', 1)
    limits.check('sending', 2)
    with pytest.raises(RateLimited) as problem:
        limits.check('sending', 1)
    clock.now += problem.value.retry_after
    limits.check('sending', 1)
    with pytest.raises(RateLimited):
        limits.check('sending', 1)
    clock.now += 3600
    for _ in range(60):
        limits.check('sending', 1)


def test_limits_can_be_off_for_load_tests() -> None:
    limits = RateLimits(enabled=False)
    for _ in range(1000):
        limits.check('sending', 1)


async def test_a_paced_action_is_done_at_once_and_then_together() -> None:
    done: list[int] = []
    paced = Paced(lambda: done.append(1), 0.05)
    for _ in range(5):
        paced()
    assert len(done) == 1
    await asyncio.sleep(0.08)
    assert len(done) == 2
    await asyncio.sleep(0.08)
    assert len(done) == 2
    paced()
    paced.close()
    paced()
    assert len(done) == 3


# Listeners that fail


async def test_a_page_that_fails_keeps_no_news_from_the_others(
    chat: Chat, ada: User, bo: User, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []

    def broken(*_: object) -> None:
        raise RuntimeError('a page that is half gone')

    room = await chat.rooms.find(ada, 'lobby')
    for on_change in (broken, lambda: told.append('unread'), broken):
        chat.unread.follow(chat.unread.watch(ada, on_change), [room.id])
    for watcher in (broken, lambda event: told.append(event.type)):
        chat.room_state.watch(watcher)
    for on_presence in (broken, lambda who: told.append(f'presence of {set(who)}')):
        chat.presence.watch(on_presence)
    await chat.messages.send(bo, 'lobby', 'hello')
    chat.presence.connect(ada.id)
    assert told == ['unread', 'message_sent', f'presence of {{{ada.id}}}']
    assert caplog.text.count('half gone') >= 4


async def test_a_draft_with_half_a_character_is_kept_as_far_as_it_can_be(chat: Chat, ada: User) -> None:
    room = await chat.rooms.find(ada, 'lobby')
    chat.drafts.keep(ada, room, 'cut \ud83d' + 'x' * 30_000)
    await chat.drafts.flush()
    draft = (await chat.rooms.open(ada, 'lobby')).draft.body
    assert draft.startswith('cut ?x')
    assert len(draft) == 20_000
