"""A conversation: what people reply to each other, told apart from what else is said in the room."""

import pytest
from sqlalchemy import Connection

from chat import Chat, messages
from chat.audit import Actor
from chat.errors import NotFound
from chat.models import User
from chat.storage import accounts as account_rows
from chat.storage import chains
from tests.chat.people import newcomer


@pytest.fixture(autouse=True)
def unlimited(chat: Chat) -> None:
    chat.rate_limits._enabled = False


async def say(chat: Chat, user: User, body: str, reply_to: int | None = None, slug: str = 'lobby') -> int:
    return (await chat.messages.send(user, slug, body, reply_to=reply_to)).message.id


async def chain(chat: Chat, user: User, message_id: int) -> list[str]:
    return [each.body for each in (await chat.messages.chain(user, message_id)).messages]


async def test_it_is_the_first_message_and_all_that_reply_to_any_in_it(chat: Chat, ada: User, bo: User) -> None:
    first = await say(chat, ada, 'Who brings coffee?')
    await say(chat, bo, 'Something else')
    second = await say(chat, bo, 'I do', first)
    third = await say(chat, ada, 'Thanks', second)
    other = await say(chat, bo, 'And tea?', first)
    await say(chat, ada, 'Something else again')
    expected = ['Who brings coffee?', 'I do', 'Thanks', 'And tea?']
    for message_id in (first, second, third, other):
        assert await chain(chat, ada, message_id) == expected


async def test_a_message_that_nobody_replied_to_is_alone_in_it(chat: Chat, ada: User) -> None:
    alone = await say(chat, ada, 'Hello')
    await say(chat, ada, 'Hello again')
    found = await chat.messages.chain(ada, alone)
    assert [each.id for each in found.messages] == [alone]
    assert found.is_whole


async def test_what_was_deleted_or_hidden_keeps_its_place_and_has_no_words(chat: Chat, ada: User, bo: User) -> None:
    first = await say(chat, ada, 'one')
    second = await say(chat, bo, 'two', first)
    third = await say(chat, ada, 'three', second)
    await chat.messages.delete(ada, first)
    mo = await chat.storage.write(account_rows.set_kind, await newcomer(chat, 'Mo'), 'moderator')
    await chat.moderation.hide(Actor(mo, 'here'), second, 'rude')
    found = (await chat.messages.chain(ada, third)).messages
    assert [(each.body, each.deleted_at is None, each.hidden) for each in found] == [
        ('', False, False),
        ('', False, True),
        ('three', True, False),
    ]


async def test_of_a_long_one_there_are_the_first_this_one_and_the_newest(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, 'LONGEST_CHAIN', 5)
    first = await say(chat, ada, '0')
    ids = [await say(chat, ada, f'{number}', first) for number in range(1, 10)]
    assert await chain(chat, ada, ids[1]) == ['0', '2', '7', '8', '9']
    assert await chain(chat, ada, ids[8]) == ['0', '7', '8', '9']
    assert not (await chat.messages.chain(ada, first)).is_whole


async def test_one_of_exactly_as_many_as_are_shown_is_whole(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, 'LONGEST_CHAIN', 3)
    first = await say(chat, ada, '0')
    await say(chat, ada, '1', first)
    await say(chat, ada, '2', first)
    found = await chat.messages.chain(ada, first)
    assert len(found.messages) == 3
    assert found.is_whole


@pytest.mark.parametrize('shape', ['each replies to the one before', 'all reply to the first'])
async def test_the_longest_costs_no_more_than_what_is_looked_at(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    first = await say(chat, ada, 'first')
    room_id = (await chat.messages.get(ada, first)).room_id

    def store_many(connection: Connection) -> None:
        for number in range(1, 3 * chains.WALKED):
            reply_to = first + number - 1 if shape.startswith('each') else first
            connection.exec_driver_sql(
                'INSERT INTO messages (id, room_id, author_id, revision, body, html, html_version, created_at,'
                f" reply_to) VALUES ({first + number}, {room_id}, {ada.id}, {10_000 + number}, 'x', 'x', 1, 1,"
                f' {reply_to})'
            )

    await chat.storage.write(store_many)
    last = first + 3 * chains.WALKED - 1
    for message_id in (first, last):
        found = await chat.messages.chain(ada, message_id)
        ids = [each.id for each in found.messages]
        assert ids == sorted(set(ids))
        assert len(ids) <= messages.LONGEST_CHAIN
        assert message_id in ids
        assert not found.is_whole


async def test_who_does_not_see_the_room_sees_no_conversation(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Study', private=True)
    secret = await say(chat, ada, 'secret', slug='study')
    with pytest.raises(NotFound, match='There is no such message'):
        await chat.messages.chain(bo, secret)
    with pytest.raises(NotFound, match='There is no such message'):
        await chat.messages.chain(bo, 999)
    assert await chain(chat, ada, secret) == ['secret']


async def test_the_messages_around_one_are_read_unless_it_is_gone(chat: Chat, ada: User, bo: User) -> None:
    ids = [await say(chat, ada, f'{number}') for number in range(80)]
    page = await chat.messages.around(bo, 'lobby', ids[40])
    assert [each.id for each in page.messages] == ids[15:65]
    assert (page.has_older, page.has_newer) == (True, True)
    await chat.messages.delete(ada, ids[40])
    with pytest.raises(NotFound, match='was deleted'):
        await chat.messages.around(bo, 'lobby', ids[40])
    mo = await chat.storage.write(account_rows.set_kind, await newcomer(chat, 'Mo'), 'moderator')
    await chat.moderation.hide(Actor(mo, 'here'), ids[41], 'rude')
    with pytest.raises(NotFound, match='is hidden'):
        await chat.messages.around(bo, 'lobby', ids[41])
    with pytest.raises(NotFound, match='no such message'):
        await chat.messages.around(bo, 'lobby', 999_999)
    await chat.rooms.create(bo, 'Study')
    with pytest.raises(NotFound, match='no such message'):
        await chat.messages.around(bo, 'study', ids[0])
