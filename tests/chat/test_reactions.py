"""Reacting to messages: who may, how often one counts, and what is told."""

import asyncio
from random import Random

import pytest

from chat import Chat, emojis, rate_limits
from chat.audit import Actor
from chat.errors import Conflict, Forbidden, Invalid, NotAMember, NotFound, RateLimited
from chat.events import MessageReacted, MessageSent, Told
from chat.models import Message, Reaction, User
from chat.reactions import MOST_KINDS, MOST_RECENT
from chat.storage import messages as rows
from tests.chat.people import newcomer
from tests.chat.several import eventually


@pytest.fixture
async def message(chat: Chat, ada: User) -> Message:
    """Return something that Ada said in the lobby."""
    return (await chat.messages.send(ada, 'lobby', 'cake?')).message


async def listen(chat: Chat, user: User, slug: str = 'lobby') -> list[Told]:
    """Return what is told in a room from now on."""
    told: list[Told] = []
    room = await chat.rooms.find(user, slug)
    chat.room_state.subscribe(room.id, room.revision, told.extend)
    return told


def shown(message: Message) -> dict[str, tuple[str, ...]]:
    return {each.emoji: each.users for each in message.reactions}


async def test_who_reacted_is_told_to_all_and_read_by_all(chat: Chat, ada: User, bo: User, message: Message) -> None:
    told = await listen(chat, ada)
    reacted = await chat.reactions.react(bo, message.id, '👍', on=True)
    assert reacted.reactions == (Reaction('👍', ('Bo',), (bo.id,)),)
    assert (reacted.body, reacted.html, reacted.edited_at) == (message.body, message.html, None)
    assert reacted.revision == message.revision + 1
    assert (await chat.messages.get(ada, message.id)).reactions == reacted.reactions
    assert (await chat.messages.page(ada, 'lobby')).messages[-1].reactions == reacted.reactions
    await eventually(lambda: told)
    assert [(type(event), event.message.reactions) for event in told] == [(MessageReacted, reacted.reactions)]


async def test_reactions_stand_in_the_order_of_the_first_of_each(
    chat: Chat, ada: User, bo: User, message: Message
) -> None:
    for user, emoji in ((bo, '🎉'), (ada, '👍'), (ada, '🎉')):
        await chat.reactions.react(user, message.id, emoji, on=True)
        await asyncio.sleep(0.002)  # times are whole milliseconds
    assert shown(await chat.messages.get(ada, message.id)) == {'🎉': ('Bo', 'Ada'), '👍': ('Ada',)}


async def test_what_is_told_is_what_is_read_again_though_clocks_go_back_and_it_is_read_once(
    chat: Chat, ada: User, bo: User, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, 'MOST_PEOPLE_SHARED', 0)
    times = iter(range(2_000_000_000_000, 0, -1))
    monkeypatch.setattr('chat.storage.reactions.now_ms', lambda: next(times))
    read: list[object] = []
    really = rows._reactions
    monkeypatch.setattr(rows, '_reactions', lambda connection, ids: read.extend(ids) or really(connection, ids))
    for user, emoji in ((bo, '🎉'), (ada, '👍'), (ada, '🎉'), (bo, '👍')):
        read.clear()
        reacted = await chat.reactions.react(user, message.id, emoji, on=True)
        assert len(read) <= 1  # with what thousands react to, reading it is all that reacting takes
        assert await chat.messages.get(ada, message.id) == reacted
    assert shown(reacted) == {'🎉': ('Bo', 'Ada'), '👍': ('Ada', 'Bo')}


async def test_twice_is_once_and_takes_no_revision(chat: Chat, ada: User, bo: User, message: Message) -> None:
    first = await chat.reactions.react(bo, message.id, '👍', on=True)
    told = await listen(chat, ada)
    assert await chat.reactions.react(bo, message.id, ':thumbsup:', on=True) == first
    gone = await chat.reactions.react(bo, message.id, '👍', on=False)
    assert (gone.reactions, gone.revision) == ((), first.revision + 1)
    assert (await chat.reactions.react(bo, message.id, '👍', on=False)).revision == gone.revision
    assert [each.revision for each in told] == [gone.revision]


async def test_ten_at_once_by_one_are_one(chat: Chat, ada: User, message: Message) -> None:
    answers = await asyncio.gather(*(chat.reactions.react(ada, message.id, '👍', on=True) for _ in range(10)))
    assert {each.revision for each in answers} == {message.revision + 1}
    assert shown(await chat.messages.get(ada, message.id)) == {'👍': ('Ada',)}


async def test_one_emoji_is_one_however_it_is_written(chat: Chat, ada: User, bo: User, message: Message) -> None:
    await chat.reactions.react(ada, message.id, '\u2764', on=True)
    reacted = await chat.reactions.react(bo, message.id, '\u2764\ufe0f', on=True)
    assert shown(reacted) == {'\u2764\ufe0f': ('Ada', 'Bo')}


@pytest.mark.parametrize('emoji', ['', 'hello', '👍👍', '<b>', '\ud83d', 'x' * 1_000, '\x00'])
async def test_only_an_emoji_is_a_reaction(chat: Chat, ada: User, message: Message, emoji: str) -> None:
    with pytest.raises(Invalid) as problem:
        await chat.reactions.react(ada, message.id, emoji, on=True)
    assert problem.value.field == 'emoji'


async def test_a_message_has_so_many_different_reactions_at_most(
    chat: Chat, ada: User, bo: User, message: Message
) -> None:
    signs = [chr(0x1F600 + number) for number in range(MOST_KINDS)]
    for sign in signs:
        await chat.reactions.react(ada, message.id, sign, on=True)
    with pytest.raises(Conflict, match='at most 20 different'):
        await chat.reactions.react(bo, message.id, '👍', on=True)
    await chat.reactions.react(bo, message.id, signs[0], on=True)
    await chat.reactions.react(ada, message.id, signs[1], on=False)
    assert '👍' in shown(await chat.reactions.react(bo, message.id, '👍', on=True))


async def test_who_does_not_belong_to_the_room_reacts_to_nothing_there(chat: Chat, ada: User, message: Message) -> None:
    stranger = await chat.accounts.add_guest('Eve', 'here')
    with pytest.raises(NotAMember):
        await chat.reactions.react(stranger, message.id, '👍', on=True)


async def test_what_is_in_a_private_room_is_not_there_for_others(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Secret', private=True)
    message = (await chat.messages.send(ada, 'secret', 'hush')).message
    with pytest.raises(NotFound):
        await chat.reactions.react(bo, message.id, '👍', on=True)


async def test_nobody_reacts_to_what_is_deleted_or_hidden(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Study')
    await chat.rooms.join(bo, 'study')
    deleted, hidden = [(await chat.messages.send(bo, 'study', word)).message for word in ('one', 'two')]
    for each in (deleted, hidden):
        await chat.reactions.react(ada, each.id, '👍', on=True)
    await chat.messages.delete(bo, deleted.id)
    await chat.moderation.hide(Actor(ada, 'here'), hidden.id, 'rude')
    for each in (deleted, hidden):
        assert (await chat.messages.get(ada, each.id)).reactions == ()
        for on in (True, False):
            with pytest.raises(Forbidden, match='deleted'):
                await chat.reactions.react(ada, each.id, '👍', on=on)


async def test_what_is_shown_again_has_its_reactions_again(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Study')
    await chat.rooms.join(bo, 'study')
    message = (await chat.messages.send(bo, 'study', 'one')).message
    await chat.reactions.react(ada, message.id, '👍', on=True)
    await chat.moderation.hide(Actor(ada, 'here'), message.id, 'rude')
    await chat.moderation.show_again(Actor(ada, 'here'), message.id)
    assert shown(await chat.messages.get(bo, message.id)) == {'👍': ('Ada',)}


async def test_who_is_muted_does_not_react(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Study')
    await chat.rooms.join(bo, 'study')
    message = (await chat.messages.send(ada, 'study', 'x')).message
    await chat.moderation.mute(Actor(ada, 'here'), bo.id, 'study', None, 'noise')
    with pytest.raises(Forbidden, match='muted'):
        await chat.reactions.react(bo, message.id, '👍', on=True)


async def test_nobody_reacts_in_an_archive_and_all_do_to_announcements(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Study')
    await chat.rooms.join(bo, 'study')
    message = (await chat.messages.send(ada, 'study', 'x')).message
    await chat.rooms.change(ada, 'study', posting='moderators', slow_mode=60)
    for emoji in ('👍', '🎉'):
        await chat.reactions.react(bo, message.id, emoji, on=True)
    await chat.rooms.change(ada, 'study', archived=True)
    with pytest.raises(Forbidden, match='archived'):
        await chat.reactions.react(bo, message.id, '👍', on=False)


async def test_reacting_without_end_is_stopped(
    chat: Chat, ada: User, message: Message, nothing_forgiven: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rate_limits.LIMITS, 'reacting', 5)
    for number in range(5):
        await chat.reactions.react(ada, message.id, '👍', on=number % 2 == 0)
    with pytest.raises(RateLimited, match='You are reacting too fast'):
        await chat.reactions.react(ada, message.id, '👍', on=False)


async def test_who_comes_back_is_told_what_they_do_not_know(chat: Chat, ada: User, bo: User, message: Message) -> None:
    await chat.reactions.react(bo, message.id, '👍', on=True)
    for since, kind in ((message.revision - 1, MessageSent), (message.revision, MessageReacted)):
        (event,) = (await chat.rooms.changes(ada, 'lobby', since)).events
        assert type(event) is kind
        assert shown(event.message) == {'👍': ('Bo',)}


async def test_a_reaction_carries_the_name_that_its_author_has_now(
    chat: Chat, ada: User, bo: User, message: Message
) -> None:
    await chat.reactions.react(bo, message.id, '👍', on=True)
    session = await chat.sessions.find(await chat.sessions.begin(bo, 'test'))
    assert session is not None
    await chat.profiles.change(session, name='Robert')
    assert shown(await chat.messages.get(ada, message.id)) == {'👍': ('Robert',)}


async def test_what_one_took_last_is_remembered(chat: Chat, ada: User, bo: User, message: Message) -> None:
    signs = [chr(0x1F600 + number) for number in range(MOST_RECENT)]
    for sign in (*signs, '👍🏽', '😁', '😁'):
        await chat.reactions.take(ada, sign)
    recent = (await chat.reactions.taste(ada)).recent
    assert recent[:2] == ('😁', '👍🏽')
    assert (len(recent), len(set(recent))) == (MOST_RECENT, MOST_RECENT)
    await chat.reactions.react(ada, message.id, '🎉', on=True)
    await chat.reactions.react(ada, message.id, '👍🏽', on=False)
    assert (await chat.reactions.taste(ada)).recent[:2] == ('🎉', '😁')
    assert (await chat.reactions.taste(bo)).recent == ()


async def test_the_longest_emoji_are_remembered_too(chat: Chat, ada: User) -> None:
    longest = sorted((emojis.with_tone(each.character, 5) for each in emojis.all_emojis()), key=len)[-MOST_RECENT:]
    chat.rate_limits._enabled = False
    for sign in longest:
        await chat.reactions.take(ada, sign)
    assert set((await chat.reactions.taste(ada)).recent) == set(longest)


async def test_one_has_a_skin_tone(chat: Chat, ada: User) -> None:
    assert (await chat.reactions.taste(ada)).skin_tone == 0
    await chat.reactions.set_skin_tone(ada, 3)
    assert (await chat.reactions.taste(ada)).skin_tone == 3
    for tone in (-1, 6):
        with pytest.raises(Invalid):
            await chat.reactions.set_skin_tone(ada, tone)


async def test_who_is_deleted_takes_the_reactions_along(chat: Chat, ada: User, bo: User, message: Message) -> None:
    other = (await chat.messages.send(ada, 'lobby', 'tea?')).message
    await chat.reactions.react(bo, message.id, '👍', on=True)
    await chat.reactions.react(ada, message.id, '👍', on=True)
    await chat.reactions.react(bo, other.id, '🎉', on=True)
    told = await listen(chat, ada)
    await chat.deletion.delete_own(bo, 'keep', None, 'here')
    await eventually(lambda: sum(isinstance(event, MessageReacted) for event in told) == 2)
    now = {event.message.id: shown(event.message) for event in told if isinstance(event, MessageReacted)}
    assert now == {message.id: {'👍': ('Ada',)}, other.id: {}}
    assert shown(await chat.messages.get(ada, message.id)) == {'👍': ('Ada',)}


async def test_a_room_is_deleted_with_its_reactions(chat: Chat, ada: User) -> None:
    await chat.rooms.create(ada, 'Study')
    message = (await chat.messages.send(ada, 'study', 'x')).message
    await chat.reactions.react(ada, message.id, '👍', on=True)
    await chat.rooms.delete(ada, 'study')
    left = await chat.storage.read(lambda c: c.exec_driver_sql('SELECT count(*) FROM reactions').scalar())
    assert left == 0


@pytest.mark.parametrize('seed', range(5))
async def test_whatever_some_people_do_ends_as_a_set(chat: Chat, ada: User, bo: User, seed: int) -> None:
    chat.rate_limits._enabled = False
    chance, people = Random(seed), [ada, bo, await newcomer(chat, 'Cleo')]
    message = (await chat.messages.send(ada, 'lobby', 'x')).message
    expected: dict[str, set[str]] = {}
    for _ in range(30):
        user, emoji, on = chance.choice(people), chance.choice('👍🎉😀'), chance.random() < 0.6
        before, names = message.revision, expected.setdefault(emoji, set())
        is_change = (user.name in names) is not on
        (names.add if on else names.discard)(user.name)
        message = await chat.reactions.react(user, message.id, emoji, on=on)
        assert message.revision == before + is_change
        assert {each: set(users) for each, users in shown(message).items()} == {k: v for k, v in expected.items() if v}
    assert await chat.messages.get(bo, message.id) == message


async def test_what_many_reacted_to_is_not_kept_once_for_each_of_them(
    chat: Chat, ada: User, bo: User, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, 'MOST_PEOPLE_SHARED', 1)
    one = await chat.reactions.react(ada, message.id, '👍', on=True)
    assert await chat.messages.get(bo, message.id) is one
    kept = rows._shared.cache_info().currsize
    two = await chat.reactions.react(bo, message.id, '👍', on=True)
    again = await chat.messages.get(bo, message.id)
    assert again == two
    assert again is not two
    assert rows._shared.cache_info().currsize == kept
