"""What administrators see of everything there is, and how they put it in order."""

from collections.abc import Awaitable, Callable

import pytest

from chat import Chat
from chat.audit import Actor
from chat.errors import ChatError, Forbidden, NotFound, Unauthenticated
from chat.health import Health
from chat.models import Policy, User
from chat.storage import accounts as account_rows

HERE = '192.0.2.7'
Attempt = Callable[[Chat, Actor], Awaitable[object]]


@pytest.fixture
async def boss(chat: Chat) -> Actor:
    """Return an administrator, who belongs to no room."""
    return Actor(await of_kind(chat, 'Boss', 'administrator'), HERE)


async def of_kind(chat: Chat, name: str, kind: str) -> User:
    user = await chat.accounts.add_guest(name, 'here')
    return await chat.storage.write(account_rows.set_kind, user, kind)


async def log_of(chat: Chat, boss: Actor) -> list[tuple[str, str, str]]:
    return [(each.action, each.target, each.room) for each in (await chat.log.entries(boss))[::-1]]


ATTEMPTS: dict[str, Attempt] = {
    'rooms': lambda chat, actor: chat.supervision.rooms(actor),
    'archive': lambda chat, actor: chat.supervision.set_archived(actor, 'lobby', archived=True),
    'delete': lambda chat, actor: chat.supervision.delete_room(actor, 'lobby'),
    'sessions': lambda chat, actor: chat.supervision.sessions(actor),
    'end session': lambda chat, actor: chat.supervision.end_session(actor, 1),
    'programs': lambda chat, actor: chat.supervision.programs(actor),
    'make bot': lambda chat, actor: chat.supervision.add_bot(actor, 'Robbie'),
    'make token': lambda chat, actor: chat.supervision.add_bot_token(actor, 'Robbie'),
    'revoke': lambda chat, actor: chat.supervision.revoke_bot(actor, 'Robbie'),
    'end hook': lambda chat, actor: chat.supervision.end_hook(actor, 1),
    'health': lambda chat, actor: chat.health.get(actor),
    'settings': lambda chat, actor: chat.policies.change(actor, invite='nobody'),
}


@pytest.mark.parametrize('attempt', ATTEMPTS.values(), ids=ATTEMPTS)
@pytest.mark.parametrize('kind', ['guest', 'member', 'moderator', 'nobody', 'of old'])
async def test_only_administrators_see_and_do_it(chat: Chat, attempt: Attempt, kind: str) -> None:
    actor = Actor(None, HERE)
    if kind != 'nobody':
        user = await of_kind(chat, 'Moe', 'member' if kind == 'of old' else kind)
        # Whoever was an administrator a moment ago may still be shown as one.
        actor = Actor(User(user.id, user.name, 'administrator') if kind == 'of old' else user, HERE)
    with pytest.raises(Unauthenticated if kind == 'nobody' else Forbidden):
        await attempt(chat, actor)
    assert await chat.policies.get() == Policy()
    assert not (await chat.rooms.list_open())[0].archived


async def test_rooms_are_listed_with_their_people_and_size_and_what_is_private_stays_so(
    chat: Chat, boss: Actor, ada: User, bo: User
) -> None:
    await chat.rooms.create(ada, 'Vault', private=True)
    await chat.messages.send(ada, 'vault', 'the combination is 4711')
    gone = (await chat.messages.send(ada, 'lobby', 'hello')).message
    await chat.messages.send(bo, 'lobby', 'hi')
    await chat.messages.delete(ada, gone.id)
    found = await chat.supervision.rooms(boss)
    assert [(each.room.slug, each.people, each.messages) for each in found] == [('lobby', 2, 1), ('vault', 1, 1)]
    assert boss.user is not None
    with pytest.raises(NotFound):
        await chat.rooms.find(boss.user, 'vault')


async def test_a_room_is_archived_and_opened_again(chat: Chat, boss: Actor, ada: User) -> None:
    await chat.rooms.create(ada, 'Vault', private=True)
    for archived in (True, True, False):
        assert (await chat.supervision.set_archived(boss, 'vault', archived=archived)).archived is archived
        if archived:
            with pytest.raises(Forbidden, match='archived'):
                await chat.messages.send(ada, 'vault', 'still here')
    await chat.messages.send(ada, 'vault', 'again')
    assert await log_of(chat, boss) == [('archive room', 'Vault', 'vault'), ('open room again', 'Vault', 'vault')]


async def test_a_room_is_deleted_with_all_in_it(chat: Chat, boss: Actor, ada: User) -> None:
    await chat.rooms.create(ada, 'Vault', private=True)
    await chat.supervision.delete_room(boss, 'vault')
    with pytest.raises(NotFound):
        await chat.rooms.find(ada, 'vault')
    assert await log_of(chat, boss) == [('delete room', 'Vault', 'vault')]
    with pytest.raises(NotFound):
        await chat.supervision.delete_room(boss, 'vault')


async def test_a_session_is_listed_and_ended_with_its_open_pages(chat: Chat, boss: Actor, ada: User) -> None:
    token = await chat.sessions.begin(ada, 'Firefox')
    session = await chat.sessions.find(token)
    assert session is not None
    ended: list[str] = []
    chat.sessions.watch(session, lambda: ended.append('now'))
    (listed,) = [each for each in await chat.supervision.sessions(boss) if each.user == ada]
    assert listed.sign_in.user_agent == 'Firefox'
    await chat.supervision.end_session(boss, listed.sign_in.id)
    assert ended == ['now']
    assert await chat.sessions.find(token) is None
    assert await log_of(chat, boss) == [('end session', 'Ada', '')]
    with pytest.raises(NotFound):
        await chat.supervision.end_session(boss, listed.sign_in.id)


async def test_bots_are_made_and_their_tokens_end(chat: Chat, boss: Actor) -> None:
    bot, token = await chat.supervision.add_bot(boss, 'Robbie')
    _, other = await chat.supervision.add_bot_token(boss, 'Robbie')
    (listed,) = (await chat.supervision.programs(boss))[0]
    assert (listed.user, len(listed.tokens)) == (bot, 2)
    await chat.supervision.revoke_bot(boss, 'Robbie', listed.tokens[0].id)
    assert [await chat.sessions.find(each) is None for each in (token, other)] == [True, False]
    await chat.supervision.revoke_bot(boss, 'Robbie')
    assert await chat.sessions.find(other) is None
    with pytest.raises(NotFound):  # a bot's sessions are its tokens
        await chat.supervision.end_session(boss, listed.tokens[0].id)
    assert [action for action, *_ in await log_of(chat, boss)] == [
        'make bot', 'make bot token', 'revoke bot tokens', 'revoke bot tokens',
    ]  # fmt: skip


async def test_a_webhook_of_any_room_is_listed_and_ended(chat: Chat, boss: Actor, ada: User) -> None:
    await chat.rooms.create(ada, 'Vault', private=True)
    hook, secret = await chat.hooks.create(ada, 'vault', 'Builds')
    assert (await chat.supervision.programs(boss))[1] == [hook]
    await chat.supervision.end_hook(boss, hook.id)
    with pytest.raises(NotFound):
        await chat.hooks.post(secret, 'built')
    assert await log_of(chat, boss) == [('delete webhook', 'Builds', 'vault')]
    with pytest.raises(NotFound):
        await chat.supervision.end_hook(boss, hook.id)


async def test_settings_hold_at_once_and_wrong_ones_are_refused(chat: Chat, boss: Actor, ada: User) -> None:
    assert await chat.policies.change(boss, create_rooms='moderators') == Policy(create_rooms='moderators')
    with pytest.raises(Forbidden):
        await chat.rooms.create(ada, 'Study')
    with pytest.raises(ChatError) as problem:
        await chat.policies.change(boss, invite='whoever')  # type: ignore[typeddict-item]
    assert (problem.value.code, problem.value.field) == ('invalid', 'invite')
    assert await log_of(chat, boss) == [('change settings', '', '')]


async def test_the_health_of_the_server_is_told_in_numbers(chat: Chat, boss: Actor, ada: User) -> None:
    assert (await chat.health.get(boss)).messages_per_second == 0
    connection = chat.presence.connect(ada.id)
    for number in range(6):
        await chat.messages.send(ada, 'lobby', f'hello {number}')
    health: Health = await chat.health.get(boss)
    assert health.people_online == 1
    assert health.messages_per_second == pytest.approx(0.1)
    assert health.delivery_p95 is not None
    assert health.database_size > 10_000
    assert health.upload_size == 0
    assert (health.redis, health.problem) == ('not used', '')
    assert {'hearth', 'python'} < health.versions.keys()
    connection.close()
