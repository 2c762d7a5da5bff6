"""Finding people by some letters of their names."""

import pytest

from chat import Chat, directory
from chat.clock import now_ms
from chat.models import User
from chat.storage import tables
from tests.chat.people import newcomer


async def found(chat: Chat, user: User, words: str = '') -> list[str]:
    people, _ = await chat.directory.find(user, words)
    return [person.name for person in people]


@pytest.mark.parametrize(
    ('words', 'names'),
    [('', ['Bo', 'Bob', 'Cy 100%']), ('BO', ['Bo', 'Bob']), ('ob', ['Bob']), ('cy 1', ['Cy 100%']), ('x', [])],
)
async def test_some_letters_find_a_person(chat: Chat, words: str, names: list[str]) -> None:
    ada = await newcomer(chat, 'Ada')
    for name in ('Bob', 'Bo', 'Cy 100%'):
        await newcomer(chat, name)
    assert await found(chat, ada, words) == names


async def test_nobody_is_found_whom_one_shares_no_room_with(chat: Chat) -> None:
    ada, bo = await newcomer(chat, 'Ada'), await newcomer(chat, 'Bo')
    await chat.rooms.create(bo, 'Design', private=True)
    await chat.rooms.leave(bo, 'lobby')
    assert await found(chat, ada) == []
    await chat.rooms.join(bo, 'lobby')
    assert await found(chat, ada) == ['Bo']


async def test_who_is_banned_is_not_found(chat: Chat) -> None:
    ada, bo = await newcomer(chat, 'Ada'), await newcomer(chat, 'Bo')
    ban = tables.users.update().where(tables.users.c.id == bo.id)
    for until, names in ((now_ms() + 60_000, []), (now_ms() - 1, ['Bo'])):
        await chat.storage.write(lambda connection, until=until: connection.execute(ban.values(banned_until=until)))
        assert await found(chat, ada) == names


async def test_the_bot_of_a_webhook_reads_nothing_and_is_not_found(chat: Chat) -> None:
    ada = await newcomer(chat, 'Ada')
    await chat.rooms.create(ada, 'Design')
    await chat.hooks.create(ada, 'design', 'Build')
    assert await found(chat, ada) == []


async def test_a_long_list_is_cut_and_says_so(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, 'MOST_FOUND', 2)
    ada = await newcomer(chat, 'Ada')
    for name, has_more in (('Bo', False), ('Cy', False), ('Di', True)):
        await newcomer(chat, name)
        people, more = await chat.directory.find(ada)
        assert (len(people), more) == (min(2, len(people)), has_more)
