"""Programs with a name: what their tokens open, and what ends them."""

from collections.abc import Callable

import pytest

from chat import Chat, sessions
from chat.errors import Invalid, NameTaken, NotFound
from chat.models import Bot, User

YEAR = 365 * 24 * 3600 * 1000  # ms


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Move the sessions' clock by so many milliseconds."""
    start = sessions.now_ms()

    def move(milliseconds: int) -> None:
        monkeypatch.setattr(sessions, 'now_ms', lambda: start + milliseconds)

    return move


async def only_bot(chat: Chat) -> Bot:
    (bot,) = await chat.bots.list()
    return bot


async def test_a_token_signs_the_bot_in_at_every_door(chat: Chat) -> None:
    bot, token = await chat.bots.add('Robbie')
    assert (bot.name, bot.kind) == ('Robbie', 'bot')
    session = await chat.sessions.find(token)
    assert session is not None
    assert (session.user, session.expires_at) == (bot, None)
    await chat.rooms.join(bot, 'lobby')
    assert (await chat.messages.send(bot, 'lobby', 'hello')).message.author == bot


async def test_the_token_itself_is_not_stored(chat: Chat) -> None:
    _, token = await chat.bots.add('Robbie')
    stored = await chat.storage.read(lambda c: c.exec_driver_sql('SELECT * FROM sessions').all())
    assert token not in repr(stored)


@pytest.mark.parametrize('name', ['', 'bot', 'all', 'x' * 33, 'half \ud800', 'a\u202eb'])
async def test_a_bot_is_named_by_the_rules_for_people(chat: Chat, name: str) -> None:
    with pytest.raises(Invalid):
        await chat.bots.add(name)
    assert await chat.bots.list() == []


async def test_the_bot_of_a_webhook_has_no_tokens(chat: Chat, ada: User) -> None:
    """Whoever made the webhook must be the only one who lets others speak as it."""
    room = await chat.rooms.create(ada, 'Workshop')
    await chat.hooks.create(ada, room.slug, 'Builds')
    for action in (chat.bots.add_token, chat.bots.revoke):
        with pytest.raises(NotFound, match='"Builds" speaks for a webhook and has no tokens'):
            await action('builds')
    assert await chat.bots.list() == []


async def test_a_very_long_name_is_not_looked_at_twice(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('chat.text.skeleton', None)
    with pytest.raises(NotFound, match='There is no bot called'):
        await chat.bots.revoke('a' + '\u0300\u0316' * 64_000)


async def test_a_name_that_looks_like_somebodys_is_taken(chat: Chat, ada: User) -> None:
    with pytest.raises(NameTaken) as caught:
        await chat.bots.add('ADA')
    assert caught.value.suggestion == 'ADA 2'
    await chat.bots.add('Robbie')
    with pytest.raises(NameTaken):
        await chat.accounts.add_guest('robbie', 'here')


async def test_the_operator_is_not_slowed_down(chat: Chat) -> None:
    for number in range(150):
        await chat.bots.add(f'Robbie {number}')
    assert len(await chat.bots.list()) == 150


async def test_a_bot_can_have_several_tokens_and_lose_one(chat: Chat) -> None:
    bot, first = await chat.bots.add('Robbie')
    again, second = await chat.bots.add_token('ROBBIE')
    assert (again, first != second) == (bot, True)
    tokens = (await only_bot(chat)).tokens
    assert await chat.bots.revoke('Robbie', tokens[0].id) == 1
    assert await chat.sessions.find(first) is None
    assert await chat.sessions.find(second) is not None
    assert (await only_bot(chat)).tokens == tokens[1:]


async def test_a_bot_without_tokens_is_not_listed_and_can_get_one(chat: Chat) -> None:
    _, token = await chat.bots.add('Robbie')
    await chat.bots.add_token('Robbie')
    assert await chat.bots.revoke('Robbie') == 2
    assert await chat.bots.revoke('Robbie') == 0
    assert await chat.bots.list() == []
    assert await chat.sessions.find(token) is None
    await chat.bots.add_token('Robbie')
    assert len((await only_bot(chat)).tokens) == 1


async def test_what_is_connected_with_a_token_ends_with_it(chat: Chat) -> None:
    told: list[str] = []
    _, first = await chat.bots.add('Robbie')
    _, second = await chat.bots.add_token('Robbie')
    for name, token in (('first', first), ('second', second)):
        session = await chat.sessions.find(token)
        assert session is not None
        chat.sessions.watch(session, lambda name=name: told.append(name))
    await chat.bots.revoke('Robbie', (await only_bot(chat)).tokens[0].id)
    assert told == ['first']
    await chat.bots.revoke('Robbie')
    assert told == ['first', 'second']


async def test_a_bots_token_never_ends_by_itself(chat: Chat, ada: User, later: Callable[[int], None]) -> None:
    _, token = await chat.bots.add('Robbie')
    guests = await chat.sessions.begin(ada, 'test')
    later(2 * YEAR)
    await chat.sessions.sweep()
    assert await chat.sessions.find(token) is not None
    assert await chat.sessions.find(guests) is None
    later(9 * YEAR)
    session = await chat.sessions.find(token)
    assert session is not None
    assert session.expires_at is None


async def test_it_is_known_when_a_token_was_used_last(chat: Chat, later: Callable[[int], None]) -> None:
    _, token = await chat.bots.add('Robbie')
    before = (await only_bot(chat)).tokens[0]
    later(YEAR)
    await chat.sessions.find(token)
    after = (await only_bot(chat)).tokens[0]
    assert (after.last_used_at - before.last_used_at).days in (364, 365)
    assert after.created_at == before.created_at


@pytest.mark.parametrize('name', ['Ada', 'Nobody', '', '\ud800', 'a\x00b', 'x' * 10_000])
async def test_only_bots_have_tokens_to_make_and_end(chat: Chat, ada: User, name: str) -> None:
    token = await chat.sessions.begin(ada, 'test')
    with pytest.raises(NotFound):
        await chat.bots.add_token(name)
    with pytest.raises(NotFound):
        await chat.bots.revoke(name)
    assert await chat.sessions.find(token) is not None


async def test_a_token_is_ended_only_by_the_name_of_its_bot(chat: Chat) -> None:
    _, token = await chat.bots.add('Robbie')
    await chat.bots.add('Marvin')
    robbies = (await chat.bots.list())[0].tokens[0].id
    for number in (robbies, 99, 2**63 - 1):
        with pytest.raises(NotFound):
            await chat.bots.revoke('Marvin', number)
    assert await chat.sessions.find(token) is not None
