"""Incoming webhooks: who makes and ends them, and what is said through them."""

import asyncio

import pytest

from chat import Chat, markup
from chat.audit import Actor
from chat.errors import ChatError, Conflict, Forbidden, Invalid, NameTaken, NotFound, RateLimited
from chat.events import MemberJoined, MemberLeft, RoomEvent
from chat.hooks import MOST_HOOKS, escaped, with_head
from chat.models import User
from chat.storage import accounts as account_rows
from tests.chat.people import newcomer


@pytest.fixture
async def workshop(chat: Chat, ada: User) -> str:
    """Return the address of a room that Ada owns."""
    return (await chat.rooms.create(ada, 'Workshop')).slug


@pytest.fixture
def told(chat: Chat) -> list[RoomEvent]:
    """Return what is told in any room."""
    events: list[RoomEvent] = []
    chat.room_state.watch(events.append)
    return events


async def names(chat: Chat, user: User, slug: str) -> list[str]:
    return sorted(member.user.name for member in await chat.rooms.members(user, slug))


async def bodies(chat: Chat, user: User, slug: str) -> list[str]:
    return [message.body for message in (await chat.messages.page(user, slug)).messages]


async def test_a_hook_speaks_as_a_bot_that_belongs_to_the_room(
    chat: Chat, ada: User, workshop: str, told: list[RoomEvent]
) -> None:
    hook, secret = await chat.hooks.create(ada, workshop, 'Builds')
    assert (hook.room, hook.bot.name, hook.bot.kind) == (workshop, 'Builds', 'bot')
    assert await names(chat, ada, workshop) == ['Ada', 'Builds']
    message = await chat.hooks.post(secret, 'green')
    assert (message.author, message.room, message.body) == (hook.bot, workshop, 'green')
    assert [event.type for event in told] == ['member_joined', 'message_sent']
    assert isinstance(told[0], MemberJoined)
    assert told[0].member.role == 'member'
    assert told[1].revision == told[0].revision + 1


async def test_the_secret_itself_is_not_stored_and_signs_nobody_in(chat: Chat, ada: User, workshop: str) -> None:
    _, secret = await chat.hooks.create(ada, workshop, 'Builds')
    stored = await chat.storage.read(lambda c: c.exec_driver_sql('SELECT * FROM hooks').all())
    assert secret not in repr(stored)
    assert await chat.sessions.find(secret) is None
    assert await chat.bots.list() == []


async def test_a_token_is_no_secret_of_a_hook(chat: Chat, ada: User) -> None:
    token = await chat.sessions.begin(ada, 'test')
    with pytest.raises(NotFound):
        await chat.hooks.post(token, 'x')


async def test_hooks_are_listed_room_by_room(chat: Chat, ada: User, workshop: str) -> None:
    other = (await chat.rooms.create(ada, 'Other')).slug
    first, _ = await chat.hooks.create(ada, workshop, 'Builds')
    second, _ = await chat.hooks.create(ada, workshop, 'Alarms')
    assert await chat.hooks.list(ada, workshop) == (first, second)
    assert await chat.hooks.list(ada, other) == ()


async def test_a_deleted_hook_ends_and_its_bot_leaves_but_its_words_stay(
    chat: Chat, ada: User, workshop: str, told: list[RoomEvent]
) -> None:
    hook, secret = await chat.hooks.create(ada, workshop, 'Builds')
    await chat.hooks.post(secret, 'green')
    told.clear()
    await chat.hooks.delete(ada, workshop, hook.id)
    assert [type(event) for event in told] == [MemberLeft]
    assert await names(chat, ada, workshop) == ['Ada']
    assert await chat.hooks.list(ada, workshop) == ()
    assert await bodies(chat, ada, workshop) == ['green']
    with pytest.raises(NotFound):
        await chat.hooks.post(secret, 'red')
    with pytest.raises(NotFound):
        await chat.hooks.delete(ada, workshop, hook.id)


async def test_a_hook_whose_bot_has_left_says_nothing_and_can_be_deleted(
    chat: Chat, ada: User, workshop: str, told: list[RoomEvent]
) -> None:
    hook, secret = await chat.hooks.create(ada, workshop, 'Builds')
    await chat.rooms.leave(hook.bot, workshop)
    with pytest.raises(NotFound):
        await chat.hooks.post(secret, 'x')
    told.clear()
    await chat.hooks.delete(ada, workshop, hook.id)
    assert told == []


async def test_a_hook_ends_with_its_room(chat: Chat, ada: User, workshop: str) -> None:
    _, secret = await chat.hooks.create(ada, workshop, 'Builds')
    await chat.rooms.delete(ada, workshop)
    with pytest.raises(NotFound):
        await chat.hooks.post(secret, 'x')


# Who may.


async def attempts(chat: Chat, user: User, slug: str, hook_id: int) -> list[type[ChatError]]:
    """Return what somebody is told who tries everything."""
    found: list[type[ChatError]] = []
    for attempt in (
        chat.hooks.create(user, slug, 'Mine'), chat.hooks.list(user, slug), chat.hooks.delete(user, slug, hook_id)
    ):  # fmt: skip
        with pytest.raises(ChatError) as caught:
            await attempt
        found.append(caught.type)
    return found


@pytest.mark.parametrize('how', ['leaves', 'is gone'])
async def test_hooks_end_when_the_last_owner_goes(
    chat: Chat, ada: User, bo: User, workshop: str, how: str, told: list[RoomEvent]
) -> None:
    """Nobody could end them any more."""
    await chat.rooms.join(bo, workshop)
    _, secret = await chat.hooks.create(ada, workshop, 'Builds')
    told.clear()
    if how == 'leaves':
        await chat.rooms.leave(ada, workshop)
    else:
        session = await chat.sessions.find(await chat.sessions.begin(ada, 'test'))
        assert session is not None
        await chat.accounts.sign_out(session)
    left = [event for event in told if isinstance(event, MemberLeft) and event.room == workshop]
    assert [event.member.user.name for event in left] == ['Ada', 'Builds']
    assert await names(chat, bo, workshop) == ['Bo']
    with pytest.raises(NotFound):
        await chat.hooks.post(secret, 'x')
    room = await chat.rooms.find(bo, workshop)
    assert list((await chat._changes_since(room.id, left[0].revision - 1)).events) == left


async def test_hooks_go_on_when_somebody_else_leaves(chat: Chat, ada: User, bo: User, workshop: str) -> None:
    await chat.rooms.join(bo, workshop)
    _, secret = await chat.hooks.create(ada, workshop, 'Builds')
    await chat.rooms.leave(bo, workshop)
    await chat.hooks.post(secret, 'green')
    assert await bodies(chat, ada, workshop) == ['green']


@pytest.mark.parametrize('how', ['the hook', 'the room', 'its owner'])
async def test_the_name_of_a_hook_that_ended_is_free(chat: Chat, ada: User, workshop: str, how: str) -> None:
    hook, _ = await chat.hooks.create(ada, workshop, 'Builds')
    if how == 'the hook':
        await chat.hooks.delete(ada, workshop, hook.id)
    elif how == 'the room':
        await chat.rooms.delete(ada, workshop)
    else:
        await chat.rooms.leave(ada, workshop)
    assert (await chat.accounts.add_guest('Builds', 'here')).id != hook.bot.id


async def test_neither_members_nor_strangers_manage_the_hooks_of_a_room(
    chat: Chat, ada: User, bo: User, workshop: str
) -> None:
    hook, secret = await chat.hooks.create(ada, workshop, 'Builds')
    assert await attempts(chat, bo, workshop, hook.id) == [Forbidden] * 3
    await chat.rooms.join(bo, workshop)
    assert await attempts(chat, bo, workshop, hook.id) == [Forbidden] * 3
    assert await attempts(chat, hook.bot, workshop, hook.id) == [Forbidden] * 3
    await chat.hooks.post(secret, 'still here')


async def test_the_hooks_of_a_private_room_are_not_there_for_strangers(chat: Chat, ada: User, bo: User) -> None:
    den = (await chat.rooms.create(ada, 'Den', private=True)).slug
    hook, secret = await chat.hooks.create(ada, den, 'Builds')
    assert await attempts(chat, bo, den, hook.id) == [NotFound] * 3
    await chat.hooks.post(secret, 'in private')


async def test_nobody_owns_the_lobby(chat: Chat, ada: User) -> None:
    assert await attempts(chat, ada, 'lobby', 1) == [Forbidden] * 3


@pytest.mark.parametrize('slug', ['nowhere', '', '\ud800', 'a\x00b'])
async def test_a_room_that_is_not_there_has_no_hooks(chat: Chat, ada: User, slug: str) -> None:
    assert await attempts(chat, ada, slug, 1) == [NotFound] * 3


async def test_a_hook_is_deleted_only_from_its_own_room(chat: Chat, ada: User, bo: User, workshop: str) -> None:
    hook, secret = await chat.hooks.create(ada, workshop, 'Builds')
    bos = (await chat.rooms.create(bo, 'Lair')).slug
    for number in (hook.id, 99, 2**63 - 1):
        with pytest.raises(NotFound):
            await chat.hooks.delete(bo, bos, number)
    await chat.hooks.post(secret, 'still here')


@pytest.mark.parametrize('name', ['', 'bot', 'all', 'x' * 33, '\ud800'])
async def test_a_hook_is_named_by_the_rules_for_people(chat: Chat, ada: User, workshop: str, name: str) -> None:
    with pytest.raises(Invalid):
        await chat.hooks.create(ada, workshop, name)


async def test_a_name_that_is_taken_makes_no_hook(chat: Chat, ada: User, bo: User, workshop: str) -> None:
    with pytest.raises(NameTaken):
        await chat.hooks.create(ada, workshop, 'bo')
    assert await chat.hooks.list(ada, workshop) == ()
    assert await names(chat, ada, workshop) == ['Ada']


@pytest.mark.usefixtures('nothing_forgiven')
async def test_making_hooks_is_limited_in_pace_and_number(
    chat: Chat, ada: User, workshop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        await chat.hooks.create(ada, workshop, f'Builds {number}')
    with pytest.raises(RateLimited):
        await chat.hooks.create(ada, workshop, 'Builds')
    monkeypatch.setattr(chat.rate_limits, '_enabled', False)
    for number in range(10, MOST_HOOKS):
        await chat.hooks.create(ada, workshop, f'Builds {number}')
    with pytest.raises(Conflict, match='at most 50 webhooks'):
        await chat.hooks.create(ada, workshop, 'Builds')


# What is said.


@pytest.mark.parametrize('secret', ['', 'wrong', '\ud800', 'x' * 10_000])
async def test_an_unknown_secret_says_nothing(chat: Chat, secret: str) -> None:
    with pytest.raises(NotFound) as caught:
        await chat.hooks.post(secret, 'x')
    assert caught.value.message == 'There is no such webhook.'


@pytest.mark.parametrize('body', ['', ' \n ', '\u200b', 'x' * 10_001, '\ud800'])
async def test_what_no_message_may_be_is_refused(chat: Chat, ada: User, workshop: str, body: str) -> None:
    _, secret = await chat.hooks.create(ada, workshop, 'Builds')
    for username in (None, 'Jenkins'):
        with pytest.raises(Invalid):
            await chat.hooks.post(secret, body, username)
    assert await bodies(chat, ada, workshop) == []


@pytest.mark.usefixtures('nothing_forgiven')
async def test_a_hook_is_slowed_down_as_people_are_and_only_that_hook(chat: Chat, ada: User, workshop: str) -> None:
    _, secret = await chat.hooks.create(ada, workshop, 'Builds')
    _, other = await chat.hooks.create(ada, workshop, 'Alarms')

    async def flood() -> None:
        for number in range(70):
            await chat.hooks.post(secret, str(number))

    with pytest.raises(RateLimited) as caught:
        await flood()
    assert caught.value.retry_after >= 1
    await chat.hooks.post(other, 'fire')


@pytest.mark.parametrize('username', [None, '', ' \n ', 'Builds', 'BUILDS', ' builds ', '\u200b'])
async def test_a_username_that_says_nothing_new_is_not_shown(
    chat: Chat, ada: User, workshop: str, username: str | None
) -> None:
    _, secret = await chat.hooks.create(ada, workshop, 'Builds')
    assert (await chat.hooks.post(secret, 'green', username)).body == 'green'


@pytest.mark.parametrize(
    ('username', 'body', 'html'),
    [
        ('Jenkins', 'green', '<p><strong>Jenkins:</strong> green</p>'),
        ('*J*\n<b>', 'green', '<p><strong>*J* &lt;b&gt;:</strong> green</p>'),
        ('a' * 99, 'green', f'<p><strong>{"a" * 32}:</strong> green</p>'),
        ('J', '> quote', '<p><strong>J:</strong></p>\n<blockquote>\n<p>quote</p>\n</blockquote>'),
        ('\u202eJ\u2066\u200b', 'green', '<p><strong>J:</strong> green</p>'),
        ('J', '- one\n- two', '<p><strong>J:</strong></p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>'),
    ],
)
async def test_another_username_stands_in_bold_before_the_words(
    chat: Chat, ada: User, workshop: str, username: str, body: str, html: str
) -> None:
    hook, secret = await chat.hooks.create(ada, workshop, 'Builds')
    message = await chat.hooks.post(secret, body, username)
    assert message.html == html
    assert message.author == hook.bot


async def test_a_hook_that_ends_while_it_speaks_either_has_spoken_or_has_not(
    chat: Chat, ada: User, workshop: str
) -> None:
    hook, secret = await chat.hooks.create(ada, workshop, 'Builds')
    *said, _ = await asyncio.gather(
        *(chat.hooks.post(secret, str(number)) for number in range(20)),
        chat.hooks.delete(ada, workshop, hook.id),
        return_exceptions=True,
    )
    spoken = [each.body for each in said if not isinstance(each, BaseException)]
    assert {type(each) for each in said if isinstance(each, BaseException)} <= {NotFound}
    assert sorted(await bodies(chat, ada, workshop)) == sorted(spoken)


def test_words_before_a_block_get_a_paragraph_of_their_own() -> None:
    assert with_head('Hey', 'you') == 'Hey you'
    for body in ('> a', '# a', '```\na\n```', '* a', '1. a', '| a |\n|---|', '---'):
        assert with_head('Hey', body) == f'Hey\n\n{body}'


def test_escaped_words_are_shown_as_they_are() -> None:
    everything = ''.join(map(chr, range(33, 127)))
    for words in (everything, ':tada:', '[a](https://x.org)', 'https://x.org', '&amp;', '**a**', '`a`', '\\'):
        assert markup.plain(f'**{escaped(words)}**') == words
        assert '<a' not in markup.render(escaped(words))


@pytest.mark.parametrize('how', ['muted in the room', 'muted everywhere', 'banned'])
async def test_whoever_may_not_speak_does_not_by_a_webhook_either(
    chat: Chat, ada: User, workshop: str, how: str
) -> None:
    hook, secret = await chat.hooks.create(ada, workshop, 'Builds')
    boss = Actor(await chat.storage.write(account_rows.set_kind, await newcomer(chat, 'Boss'), 'administrator'), '')
    account = await chat.storage.write(account_rows.set_kind, ada, 'member')
    if how == 'banned':
        await chat.moderation.ban(boss, account.id, None, None, 'spam')
    else:
        await chat.moderation.mute(boss, account.id, workshop if 'room' in how else None, None, 'spam')
        with pytest.raises(Forbidden, match='muted'):
            await chat.hooks.create(account, workshop, 'Another')
    with pytest.raises(Forbidden):
        await chat.hooks.post(secret, 'I speak on')
    if how == 'banned':
        await chat.moderation.unban(boss, account.id, None)
    else:
        await chat.moderation.unmute(boss, account.id, workshop if 'room' in how else None)
    assert (await chat.hooks.post(secret, 'built')).author == hook.bot
