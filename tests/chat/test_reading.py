"""What is unread, what of it mentions somebody, and how far they say that they have read."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from chat import Chat
from chat.audit import Actor
from chat.errors import NotAMember, NotFound, RateLimited, StorageFailed
from chat.models import Message, Room, User
from chat.rate_limits import LIMITS
from chat.settings import Settings
from chat.storage import accounts as account_rows
from chat.storage import reading
from chat.unread import WentBack
from tests.chat.people import newcomer
from tests.chat.several import Borrowed


@pytest.fixture
async def lobby(chat: Chat, ada: User, bo: User) -> Room:
    """Return the lobby, where Ada and Bo are."""
    return await chat.rooms.find(ada, 'lobby')


async def say(chat: Chat, user: User, body: str, slug: str = 'lobby') -> Message:
    return (await chat.messages.send(user, slug, body)).message


async def counts(chat: Chat, user: User, slug: str = 'lobby') -> tuple[int, int]:
    entry = await chat.rooms.entry(user, slug)
    listed = {each.room.slug: each for each in await chat.rooms.list(user)}[slug]
    assert (entry.unread, entry.mentions) == (listed.unread, listed.mentions)
    counted = await chat.unread.counts(user, [entry.room.id])
    assert counted == {entry.room.id: (entry.unread, entry.mentions)}
    return entry.unread, entry.mentions


async def test_mentions_by_name_and_of_all_are_counted_among_what_is_unread(
    chat: Chat, lobby: Room, ada: User, bo: User
) -> None:
    for words in ('hello', '@Ada hello', '@Bo it is me', '@all hello', '@all and @Ada, once'):
        await say(chat, bo, words)
    assert await counts(chat, ada) == (5, 3)
    assert await counts(chat, bo) == (0, 0)


async def test_what_was_read_mentions_nobody_any_more(chat: Chat, lobby: Room, ada: User, bo: User) -> None:
    first = await say(chat, bo, '@Ada one')
    await say(chat, bo, '@all two')
    chat.unread.seen(ada, lobby, first.id, 0)
    await chat.unread.settle(ada)
    assert await counts(chat, ada) == (1, 1)


async def test_an_edit_adds_a_mention_and_takes_it_away_and_pages_are_told(
    chat: Chat, lobby: Room, ada: User, bo: User
) -> None:
    message = await say(chat, bo, 'hello')
    told: list[str] = []
    chat.unread.follow(chat.unread.watch(ada, lambda: told.append('look')), [lobby.id])
    await chat.messages.edit(bo, message.id, 'hello @Ada')
    assert await counts(chat, ada) == (1, 1)
    assert told == ['look']
    await chat.messages.edit(bo, message.id, 'hello everybody')
    assert await counts(chat, ada) == (1, 0)


async def test_what_is_deleted_or_hidden_does_not_count_until_it_is_shown_again(
    chat: Chat, lobby: Room, ada: User, bo: User
) -> None:
    mo = await newcomer(chat, 'Mo')
    mo = await chat.storage.write(account_rows.set_kind, mo, 'moderator')
    gone, hidden = await say(chat, bo, '@Ada gone'), await say(chat, bo, '@Ada hidden')
    await chat.messages.delete(bo, gone.id)
    assert await counts(chat, ada) == (1, 1)
    await chat.moderation.hide(Actor(mo, ''), hidden.id, 'why')
    assert await counts(chat, ada) == (0, 0)
    await chat.moderation.show_again(Actor(mo, ''), hidden.id)
    assert await counts(chat, ada) == (1, 1)


async def test_counts_end_at_a_hundred_and_an_all_is_found_among_the_newest(
    chat: Chat, lobby: Room, ada: User, bo: User
) -> None:
    chat.rate_limits._enabled = False
    for _ in range(120):
        await say(chat, bo, 'hello')
    await say(chat, bo, '@all look')
    assert await counts(chat, ada) == (100, 1)


async def test_who_left_a_room_or_never_came_has_nothing_unread_there(
    chat: Chat, lobby: Room, ada: User, bo: User
) -> None:
    await say(chat, bo, '@Ada hello')
    await chat.rooms.leave(ada, 'lobby')
    entry = await chat.rooms.entry(ada, 'lobby')
    assert (entry.unread, entry.mentions) == (0, 0)
    assert await chat.unread.counts(ada, [lobby.id]) == {}
    with pytest.raises(NotAMember):
        await chat.unread.mark(ada, 'lobby', None)


async def test_a_mark_set_by_hand_goes_both_ways(chat: Chat, lobby: Room, ada: User, bo: User) -> None:
    one, two = await say(chat, bo, '@Ada one'), await say(chat, bo, 'two')
    await chat.unread.mark(ada, 'lobby', None)
    assert await counts(chat, ada) == (0, 0)
    await chat.unread.mark(ada, 'lobby', one.id - 1)
    assert await counts(chat, ada) == (2, 1)
    await chat.unread.mark(ada, 'lobby', one.id)
    assert await counts(chat, ada) == (1, 0)
    await chat.unread.mark(ada, 'lobby', 10**15)  # more than there is
    await say(chat, bo, 'three')
    assert await counts(chat, ada) == (1, 0)
    assert two.id > one.id


async def test_marking_unread_wins_over_what_was_seen_just_before(chat: Chat, lobby: Room, ada: User, bo: User) -> None:
    one = await say(chat, bo, 'one')
    chat.unread.seen(ada, lobby, one.id, 0)
    await chat.unread.mark(ada, 'lobby', one.id - 1)
    await chat.unread.settle(ada)
    assert await counts(chat, ada) == (1, 0)


async def test_all_pages_of_the_person_are_told_before_they_could_clear_it(
    chat: Chat, lobby: Room, ada: User, bo: User
) -> None:
    one = await say(chat, bo, 'one')
    chat.unread.seen(ada, lobby, one.id, 0)
    told: list[tuple[str, int, int]] = []
    for user in (ada, bo):
        watch = chat.unread.watch(user, lambda: None)
        watch.on_going_back = lambda back, name=user.name: told.append((name, back.room_id, back.message_id))
    await chat.unread.mark(ada, 'lobby', one.id - 1)
    assert told == [('Ada', lobby.id, one.id - 1)]
    await chat.unread.mark(ada, 'lobby', None)
    assert len(told) == 1


async def test_nobody_marks_a_room_that_is_not_there_for_them(chat: Chat, lobby: Room, ada: User, bo: User) -> None:
    await chat.rooms.create(bo, 'Secret', private=True)
    for slug in ('secret', 'nowhere'):
        with pytest.raises(NotFound):
            await chat.unread.mark(ada, slug, None)


async def test_marking_again_and_again_is_stopped(chat: Chat, lobby: Room, ada: User) -> None:
    for _ in range(LIMITS['marking rooms as read']):
        chat.rate_limits.check('marking rooms as read', ada.id)
    with pytest.raises(RateLimited):
        await chat.unread.mark(ada, 'lobby', None)


async def test_a_room_opens_around_the_first_unread_message(chat: Chat, lobby: Room, ada: User, bo: User) -> None:
    chat.rate_limits._enabled = False
    said = [await say(chat, bo, f'{number}') for number in range(90)]
    await chat.unread.mark(ada, 'lobby', said[9].id)
    view = await chat.rooms.open(ada, 'lobby')
    assert view.first_unread == said[10].id
    assert (view.unread, view.page.messages[0].id) == (80, said[0].id)
    assert view.page.has_newer
    await chat.unread.mark(ada, 'lobby', said[80].id)
    view = await chat.rooms.open(ada, 'lobby')
    assert (view.first_unread, view.page.has_newer) == (said[81].id, False)
    await chat.unread.mark(ada, 'lobby', None)
    assert (await chat.rooms.open(ada, 'lobby')).first_unread is None


async def test_counting_a_hundred_rooms_goes_by_indexes(chat: Chat, lobby: Room, ada: User, bo: User) -> None:
    if chat.settings.database_url is not None:
        return  # where a planner may well read a small table from end to end
    await say(chat, bo, '@Ada hello')
    asked: list[tuple[str, object]] = []

    def note(_: object, __: object, statement: str, parameters: object, ___: object, ____: object) -> None:
        asked.append((statement, parameters))

    def look(connection: Connection) -> list[str]:
        event.listen(connection, 'before_cursor_execute', note)
        reading.counts(connection, ada.id)
        event.remove(connection, 'before_cursor_execute', note)
        plans = []
        for statement, parameters in asked:
            rows = connection.connection.cursor().execute(f'EXPLAIN QUERY PLAN {statement}', parameters).fetchall()
            plans += [row[3] for row in rows]
        return plans

    plans = await chat.storage.read(look)
    scans = [plan for plan in plans if plan.startswith('SCAN') and 'subquery' not in plan and 'anon' not in plan]
    assert len(asked) == 3
    assert scans == []


@pytest.fixture
async def other(chat: Chat, tmp_path: Path) -> AsyncIterator[Chat]:
    """Return another server of the same chat, which hears nothing: Redis is away."""
    folder = tmp_path / 'other'
    folder.mkdir()
    other = Chat(Settings(data=folder), storage=Borrowed(chat.storage))
    yield other
    await other.stop()


async def test_what_was_seen_before_another_server_stored_a_going_back_does_not_undo_it(
    chat: Chat, other: Chat, lobby: Room, ada: User, bo: User
) -> None:
    one, two = await say(chat, bo, 'one'), await say(chat, bo, 'two')
    told: list[WentBack] = []
    chat.unread.watch(ada, lambda: None).on_going_back = told.append
    chat.unread.seen(ada, lobby, two.id, 0)
    await other.unread.mark(ada, 'lobby', one.id - 1)
    await chat.unread.settle(ada)
    assert await counts(chat, ada) == (2, 0)
    assert told == [WentBack(ada.id, lobby.id, one.id - 1, 1)]
    chat.unread.seen(ada, lobby, two.id, told[0].times)  # having come back to it
    await chat.unread.settle(ada)
    assert await counts(chat, ada) == (0, 0)


async def test_a_mark_that_could_not_be_stored_at_first_undoes_no_going_back_either(
    chat: Chat, other: Chat, lobby: Room, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await say(chat, bo, 'one')
    await other.unread.mark(ada, 'lobby', one.id - 1)
    assert (await chat.rooms.open(ada, 'lobby')).went_back == 1
    chat.unread.seen(ada, lobby, one.id, 1)

    async def full(*_: object) -> None:
        raise StorageFailed

    with monkeypatch.context() as broken:
        broken.setattr(chat.storage, 'write', full)
        with pytest.raises(StorageFailed):
            await chat.unread.settle(ada)
    await other.unread.mark(ada, 'lobby', one.id - 1)
    await chat.unread.settle(ada)
    assert await counts(chat, ada) == (1, 0)
    assert (await chat.rooms.open(ada, 'lobby')).went_back == 2


async def test_a_going_back_that_is_heard_late_undoes_no_reading_that_came_after_it(
    chat: Chat, other: Chat, lobby: Room, ada: User, bo: User
) -> None:
    one, _ = await say(chat, bo, 'one'), await say(chat, bo, 'two')
    chat.unread.seen(ada, lobby, one.id, 0)
    await other.unread.mark(ada, 'lobby', one.id - 1)
    await other.unread.mark(ada, 'lobby', None)
    chat.unread._go_back(WentBack(ada.id, lobby.id, one.id - 1, 1))
    await chat.unread.stop()
    assert await counts(chat, ada) == (0, 0)


async def test_what_is_seen_after_going_back_elsewhere_counts_though_older_marks_wait(
    chat: Chat, other: Chat, lobby: Room, ada: User, bo: User
) -> None:
    one, two, _ = [await say(chat, bo, words) for words in ('one', 'two', 'three')]
    chat.unread.seen(ada, lobby, two.id, 0)  # a page that has not heard
    await other.unread.mark(ada, 'lobby', one.id - 1)
    chat.unread.seen(ada, lobby, one.id, 1)  # one that was opened since
    chat.unread.seen(ada, lobby, two.id, 0)
    await chat.unread.settle(ada)
    assert await counts(chat, ada) == (2, 0)


async def test_whoever_opens_a_page_has_read_what_their_other_pages_have_shown(
    chat: Chat, lobby: Room, ada: User, bo: User
) -> None:
    message = await say(chat, bo, 'one')
    watch = chat.unread.watch(ada, lambda: None)
    watch.on_leaving = lambda: chat.unread.seen(ada, lobby, message.id, 0)
    await chat.unread.settle_all(ada)
    assert (await chat.rooms.open(ada, 'lobby')).unread == 0
