"""What a message said before it was edited, and who sees that."""

import pytest

from chat import Chat
from chat.audit import Actor
from chat.errors import Forbidden, NotFound
from chat.models import User
from chat.storage import accounts as account_rows
from chat.storage import versions
from tests.chat.people import newcomer


async def made(chat: Chat, name: str, kind: str) -> User:
    return await chat.storage.write(account_rows.set_kind, await newcomer(chat, name), kind)  # type: ignore[arg-type]


async def say(chat: Chat, user: User, *bodies: str, slug: str = 'lobby') -> int:
    """Send the first words and edit them to the others."""
    message_id = (await chat.messages.send(user, slug, bodies[0])).message.id
    for body in bodies[1:]:
        await chat.messages.edit(user, message_id, body)
    return message_id


async def bodies(chat: Chat, user: User, message_id: int) -> list[str]:
    return [each.body for each in await chat.messages.versions(user, message_id)]


async def stored(chat: Chat) -> int:
    query = 'SELECT count(*) FROM message_versions'
    return await chat.storage.read(lambda c: c.exec_driver_sql(query).scalar_one())


async def test_the_author_sees_every_version_oldest_first_and_when_it_was_written(chat: Chat, ada: User) -> None:
    message_id = await say(chat, ada, 'helo', 'hello', 'hello *all*')
    found = await chat.messages.versions(ada, message_id)
    assert [(each.body, each.html) for each in found] == [
        ('helo', '<p>helo</p>'),
        ('hello', '<p>hello</p>'),
        ('hello *all*', '<p>hello <em>all</em></p>'),
    ]
    message = await chat.messages.get(ada, message_id)
    assert found[0].written_at == message.created_at
    assert found[2].written_at == message.edited_at
    assert found[0].written_at <= found[1].written_at <= found[2].written_at


async def test_what_was_never_edited_has_one_version(chat: Chat, ada: User) -> None:
    message_id = await say(chat, ada, 'hello', 'hello')
    assert await bodies(chat, ada, message_id) == ['hello']


async def test_whoever_may_not_moderate_the_author_sees_none(chat: Chat, ada: User, bo: User) -> None:
    message_id = await say(chat, ada, 'helo', 'hello')
    with pytest.raises(Forbidden, match='Only its author, and moderators'):
        await chat.messages.versions(bo, message_id)


async def test_those_who_may_moderate_the_author_there_see_them(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Study')
    mo, boss = await made(chat, 'Mo', 'moderator'), await made(chat, 'Boss', 'administrator')
    for user in (bo, mo):
        await chat.rooms.join(user, 'study')
    of_bo = await say(chat, bo, 'helo', 'hello', slug='study')
    of_ada = await say(chat, ada, 'helo', 'hello', slug='study')
    of_mo = await say(chat, mo, 'helo', 'hello', slug='study')
    for user in (ada, mo, boss):  # the owner, and those of the chat, also from outside
        assert await bodies(chat, user, of_bo) == ['helo', 'hello']
    for user in (mo, boss):
        assert await bodies(chat, user, of_ada) == ['helo', 'hello']
    assert await bodies(chat, boss, of_mo) == ['helo', 'hello']
    for user in (ada, bo):
        with pytest.raises(Forbidden):
            await chat.messages.versions(user, of_mo)


async def test_in_direct_messages_only_the_author_sees_them(chat: Chat, ada: User) -> None:
    boss = await made(chat, 'Boss', 'administrator')
    room = await chat.direct.open(ada, [boss.id])
    message_id = await say(chat, ada, 'helo', 'hello', slug=room.slug)
    assert await bodies(chat, ada, message_id) == ['helo', 'hello']
    with pytest.raises(Forbidden):
        await chat.messages.versions(boss, message_id)


async def test_they_go_with_the_words_when_the_message_is_deleted(chat: Chat, ada: User) -> None:
    message_id = await say(chat, ada, 'helo', 'hello')
    assert await stored(chat) == 1
    await chat.messages.delete(ada, message_id)
    assert await bodies(chat, ada, message_id) == []
    assert await stored(chat) == 0


async def test_of_a_hidden_message_moderators_alone_see_them(chat: Chat, ada: User, bo: User) -> None:
    mo = await made(chat, 'Mo', 'moderator')
    message_id = await say(chat, ada, 'helo', 'hello')
    await chat.moderation.hide(Actor(mo, 'here'), message_id, 'rude')
    assert await bodies(chat, mo, message_id) == ['helo', 'hello']
    for user in (ada, bo):
        with pytest.raises(Forbidden):
            await chat.messages.versions(user, message_id)


async def test_who_does_not_see_the_room_finds_nothing(chat: Chat, ada: User) -> None:
    boss = await made(chat, 'Boss', 'administrator')
    await chat.rooms.create(ada, 'Study', private=True)
    message_id = await say(chat, ada, 'helo', 'hello', slug='study')
    with pytest.raises(NotFound):
        await chat.messages.versions(boss, message_id)


async def test_of_too_many_the_first_and_the_newest_are_kept(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, 'KEPT', 4)
    message_id = await say(chat, ada, *[f'{number}' for number in range(8)])
    assert await bodies(chat, ada, message_id) == ['0', '5', '6', '7']
    assert await stored(chat) == 3


async def test_an_edit_that_is_refused_leaves_no_version(chat: Chat, ada: User, bo: User) -> None:
    message_id = await say(chat, ada, 'mine')
    with pytest.raises(Forbidden):
        await chat.messages.edit(bo, message_id, 'yours')
    assert await stored(chat) == 0
