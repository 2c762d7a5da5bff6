"""The audit log: a line for every action of a moderator or administrator, and for every sign-in that failed."""

from collections.abc import Sequence

import pytest
from sqlalchemy import insert, update

from chat import Chat, audit, log
from chat.audit import Actor
from chat.clock import now_ms
from chat.errors import ChatError, Forbidden, Unauthenticated
from chat.models import LogEntry, User
from chat.storage import accounts as account_rows
from chat.storage.tables import audit_log
from tests.chat.people import newcomer

GOOD = 'a long sentence'
HERE = '192.0.2.7'


@pytest.fixture
async def boss(chat: Chat) -> User:
    """Return an administrator with a password."""
    token = await chat.administration.first_link()
    assert token is not None
    return await chat.administration.become_administrator_as(token, 'Boss', GOOD, HERE)


async def lines(chat: Chat, boss: User, **wanted: int | str) -> Sequence[LogEntry]:
    """Return what stands in the log, the oldest first."""
    return (await chat.log.entries(Actor(boss, HERE), **wanted))[::-1]  # type: ignore[arg-type]


async def told(chat: Chat, boss: User) -> list[tuple[str, str, str, str, str]]:
    """Return who did what to whom, with what result, after the administrator was made."""
    found = await lines(chat, boss)
    assert {each.address for each in found} <= {HERE, ''}
    return [(each.actor, each.action, each.target, each.details, each.result) for each in found[1:]]


async def test_what_administrators_do_stands_in_the_log(chat: Chat, boss: User) -> None:
    dan, link, _ = await chat.administration.add_account(boss, 'Dan', HERE)
    await chat.administration.set_password_by_link(link, GOOD, HERE)
    await chat.administration.set_kind(boss, dan.id, 'moderator', HERE)
    await chat.administration.set_kind(boss, dan.id, 'moderator', HERE)  # changes nothing
    await chat.administration.password_link(boss, dan.id, HERE)
    await chat.deletion.delete_by(boss, dan.id, 'keep', HERE)
    assert await told(chat, boss) == [
        ('Boss', 'make account', 'Dan', '', 'done'),
        ('Dan', 'set password by link', 'Dan', '', 'done'),
        ('Boss', 'change kind', 'Dan', 'from member to moderator', 'done'),
        ('Boss', 'make password link', 'Dan', '', 'done'),
        ('Boss', 'delete account', 'Dan', 'keep the messages', 'done'),
    ]
    (first, *_) = await lines(chat, boss)
    assert (first.actor, first.action, first.target_id) == ('Boss', 'become administrator', boss.id)


async def test_what_the_operator_does_stands_in_the_log(chat: Chat, boss: User) -> None:
    cleo = await chat.credentials.register('Cleo', GOOD, HERE)
    session = await chat.sessions.find(await chat.sessions.begin(cleo, 'test'))
    assert session is not None
    token = await chat.administration.administrator_link()
    await chat.administration.become_administrator(token, session, HERE)
    await chat.bots.add('Robbie')
    await chat.bots.add_token('Robbie')
    await chat.bots.revoke('Robbie')
    assert await told(chat, boss) == [
        ('the operator', 'make administrator link', '', '', 'done'),
        ('Cleo', 'become administrator', 'Cleo', '', 'done'),
        ('the operator', 'make bot', 'Robbie', '', 'done'),
        ('the operator', 'make bot token', 'Robbie', '', 'done'),
        ('the operator', 'revoke bot tokens', 'Robbie', 'all', 'done'),
    ]


async def test_webhooks_of_administrators_stand_in_the_log_and_those_of_owners_do_not(chat: Chat, boss: User) -> None:
    ada = await newcomer(chat, 'Ada')
    for user, name in ((ada, 'Adas'), (boss, 'Bosses')):
        slug = (await chat.rooms.create(user, name)).slug
        hook, _ = await chat.hooks.create(user, slug, f'{name} hook', HERE)
        await chat.hooks.delete(user, slug, hook.id, HERE)
    assert [(each.actor, each.action, each.room) for each in (await lines(chat, boss))[1:]] == [
        ('Boss', 'make webhook', 'bosses'),
        ('Boss', 'delete webhook', 'bosses'),
    ]


async def test_every_sign_in_that_fails_stands_in_the_log_without_what_was_typed(chat: Chat, boss: User) -> None:
    cleo = await chat.credentials.register('Cleo', GOOD, HERE)
    await chat.moderation.ban(Actor(boss, HERE), cleo.id, None, None, 'spam')
    attempts = (
        chat.credentials.sign_in('Boss', 'a secret word', HERE, ''),
        chat.credentials.sign_in('my secret', 'a secret word', HERE, ''),
        chat.credentials.sign_in('Cleo', GOOD, HERE, ''),
        chat.accounts.follow_link('a secret token', '', HERE),
        chat.administration.set_password_by_link('a secret token', GOOD, HERE),
    )
    for attempt in attempts:
        with pytest.raises(ChatError):
            await attempt
    found = (await told(chat, boss))[1:]
    assert [(who, action, whom, result) for who, action, whom, _, result in found] == [
        ('somebody', 'sign in', 'Boss', 'failed'),
        ('somebody', 'sign in', '', 'failed'),
        ('somebody', 'sign in', 'Cleo', 'refused'),
        ('somebody', 'sign in', '', 'failed'),
        ('somebody', 'sign in', '', 'failed'),
    ]
    assert not [each for each in await lines(chat, boss) if 'secret' in str(each)]


async def test_no_line_can_look_like_two(chat: Chat, boss: User) -> None:
    bo = await newcomer(chat, 'Bo')
    raw = 'spam\r\n2026 Boss\tunban\x1b[2J \u202eevil\x00'
    await chat.storage.write(audit.note, Actor(bo, raw), 'mute', raw, room=raw, details=raw)
    (*_, line) = await lines(chat, boss)
    for value in (line.address, line.target, line.room, line.details):
        assert value.isprintable()
        assert value.startswith('spam 2026 Boss')
    await chat.moderation.mute(Actor(boss, HERE), bo.id, None, None, 'a\u202eb\nc')
    assert (await lines(chat, boss))[-1].details.isprintable()


async def test_the_log_is_read_by_administrators_in_parts_and_by_person_and_action(chat: Chat, boss: User) -> None:
    ada, bo = await newcomer(chat, 'Ada'), await newcomer(chat, 'Bo')
    for user in (ada, bo):
        await chat.moderation.mute(Actor(boss, HERE), user.id, None, None, 'spam')
        await chat.moderation.unmute(Actor(boss, HERE), user.id, None)
    every = await chat.log.entries(Actor(boss, HERE))
    newest = await chat.log.entries(Actor(boss, HERE), limit=2)
    assert [*newest, *await chat.log.entries(Actor(boss, HERE), before=newest[-1].id)] == every
    assert {each.target for each in await lines(chat, boss, user_id=ada.id)} == {'Ada'}
    assert [each.target for each in await lines(chat, boss, action='mute')] == ['Ada', 'Bo']
    assert len(await lines(chat, boss, user_id=boss.id)) == len(every)
    for stranger, error in ((Actor(ada, HERE), Forbidden), (Actor(None, HERE), Unauthenticated)):
        with pytest.raises(error):
            await chat.log.entries(stranger)


async def test_moderators_do_not_read_the_log(chat: Chat) -> None:
    mo = await chat.storage.write(account_rows.set_kind, await newcomer(chat, 'Mo'), 'moderator')
    with pytest.raises(Forbidden):
        await chat.log.entries(Actor(mo, HERE))


async def test_old_lines_are_forgotten_and_failed_sign_ins_sooner(
    chat: Chat, boss: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def line(days: int, result: str) -> dict[str, object]:
        text = dict.fromkeys(('actor', 'address', 'action', 'target', 'room'), '')
        return {**text, 'at': now_ms() - days * log.DAY, 'details': f'{result} {days}', 'result': result}

    wanted = [(400, 'done'), (300, 'done'), (40, 'failed'), (20, 'failed'), (10, 'refused'), (5, 'failed')]
    await chat.storage.write(lambda c: c.execute(insert(audit_log), [line(*each) for each in wanted]))
    await chat.log.sweep()
    assert [each.details for each in (await lines(chat, boss))[1:]] == [
        'done 300',
        'failed 20',
        'refused 10',
        'failed 5',
    ]
    monkeypatch.setattr(log, 'MOST_FAILED', 2)
    await chat.log.sweep()
    assert [each.details for each in (await lines(chat, boss))[1:]] == ['done 300', 'refused 10', 'failed 5']
    await chat.storage.write(lambda c: c.execute(update(audit_log).values(at=0)))
    await chat.log.sweep()
    assert await lines(chat, boss) == []
