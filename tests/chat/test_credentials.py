"""Making a name one's own: registering, claiming, signing in, and who is kept from it."""

import asyncio

import pytest

from chat import Chat, rate_limits
from chat.credentials import WRONG
from chat.errors import (
    ChatError,
    Conflict,
    Forbidden,
    Invalid,
    NameTaken,
    RateLimited,
    StorageFailed,
    Unauthenticated,
)
from chat.models import Session, User
from chat.settings import Settings
from tests.chat.people import by_password, newcomer

GOOD, OTHER = 'a long sentence', 'another sentence'


async def signed_in(chat: Chat, user: User) -> Session:
    session = await chat.sessions.find(await chat.sessions.begin(user, 'test'))
    assert session is not None
    return session


async def test_a_guest_makes_the_name_theirs_and_keeps_what_was_said(chat: Chat, ada: User) -> None:
    said = (await chat.messages.send(ada, 'lobby', 'hello')).message
    session = await signed_in(chat, ada)
    user, token = await chat.credentials.set_password(session, GOOD, None, 'here')
    assert (user.id, user.name, user.kind) == (ada.id, 'Ada', 'member')
    again = await chat.sessions.find(token)
    assert again.user == user
    await chat.accounts.sign_out(again)
    await chat.accounts.sweep()
    with pytest.raises(NameTaken):
        await chat.accounts.add_guest('ada', 'here')
    back = await by_password(chat, 'ADA', GOOD, 'here')
    assert back == user
    assert (await chat.messages.get(back, said.id)).author == user


async def test_whatever_was_open_ends_with_a_new_password_and_one_session_takes_the_place_of_the_one_that_asked(
    chat: Chat, ada: User
) -> None:
    token = await chat.sessions.begin(ada, 'laptop')
    session, phone = await chat.sessions.find(token), await signed_in(chat, ada)
    before = next(each for each in await chat.accounts.sign_ins(ada) if each.id == session.id)
    link, _ = await chat.accounts.make_link(session)
    closed: list[str] = []
    chat.sessions.watch(phone, lambda: closed.append('phone'))
    chat.sessions.watch(session, lambda: closed.append('laptop'))
    _, renewed = await chat.credentials.set_password(session, GOOD, None, 'here')
    assert sorted(closed) == ['laptop', 'phone']  # whoever has had the token may have opened something, too
    assert await chat.sessions.find(token) is None
    (only,) = await chat.accounts.sign_ins(ada)
    assert (only.user_agent, only.created_at) == ('laptop', before.created_at)
    with pytest.raises(ChatError, match='has been used'):
        await chat.accounts.follow_link(link, '', 'here')
    assert (await chat.sessions.find(renewed)).id == only.id != session.id
    with pytest.raises(Unauthenticated):
        await chat.accounts.make_link(session)


async def test_a_password_is_changed_by_whoever_knows_it_alone(chat: Chat, ada: User) -> None:
    _, token = await chat.credentials.set_password(await signed_in(chat, ada), GOOD, None, 'here')
    session = await chat.sessions.find(token)
    for wrong in (None, '', OTHER):
        with pytest.raises(Invalid, match='not your password') as problem:
            await chat.credentials.set_password(session, OTHER, wrong, 'here')
        assert problem.value.field == 'current_password'
    await chat.credentials.set_password(session, OTHER, GOOD, 'here')
    with pytest.raises(Unauthenticated):
        await by_password(chat, 'Ada', GOOD, 'here')
    assert (await by_password(chat, 'Ada', OTHER, 'here')).id == ada.id


async def test_a_session_that_has_ended_sets_no_password(chat: Chat, ada: User) -> None:
    session = await signed_in(chat, ada)
    await signed_in(chat, ada)
    await chat.accounts.sign_out(session)
    with pytest.raises(Unauthenticated):
        await chat.credentials.set_password(session, GOOD, None, 'here')
    assert not await chat.credentials.has_password(ada)


async def test_of_two_who_set_a_password_at_once_one_is_told_so(chat: Chat, ada: User) -> None:
    one, other = await signed_in(chat, ada), await signed_in(chat, ada)
    answers = await asyncio.gather(
        chat.credentials.set_password(one, GOOD, None, 'here'),
        chat.credentials.set_password(other, OTHER, None, 'there'),
        return_exceptions=True,
    )
    (refused,) = [each for each in answers if isinstance(each, BaseException)]
    assert isinstance(refused, Conflict | Unauthenticated)
    (won,) = [each for each in answers if not isinstance(each, BaseException)]
    assert (await chat.sessions.find(won[1])).user.kind == 'member'


async def test_bots_have_no_password(chat: Chat) -> None:
    _, token = await chat.bots.add('Robbie')
    with pytest.raises(Forbidden):
        await chat.credentials.set_password(await chat.sessions.find(token), GOOD, None, 'here')
    assert await chat.sessions.find(token) is not None


@pytest.mark.parametrize('name', ['Ada', 'Bo', 'Robbie', 'Nobody', '', 'x' * 1000, 'half \ud83d', 'a\0b', ' ', 'admin'])
async def test_a_wrong_name_is_answered_as_a_wrong_password_is(chat: Chat, bo: User, name: str) -> None:
    await chat.credentials.register('Ada', GOOD, 'here')
    await chat.bots.add('Robbie')
    with pytest.raises(Unauthenticated) as problem:
        await by_password(chat, name, OTHER, 'here')
    assert str(problem.value) == WRONG


async def test_whoever_guesses_keeps_the_owner_out_nowhere_else(chat: Chat, nothing_forgiven: None) -> None:
    await chat.credentials.register('Ada', GOOD, 'home')
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            await by_password(chat, 'Ada', OTHER, 'elsewhere')
    for password in (OTHER, GOOD):
        with pytest.raises(RateLimited) as problem:
            await by_password(chat, 'ADA', password, 'elsewhere')
        assert 170 < problem.value.retry_after <= 180
    assert await by_password(chat, 'Ada', GOOD, 'home')
    with pytest.raises(Unauthenticated):
        await by_password(chat, 'Bo', OTHER, 'elsewhere')


async def test_guesses_at_once_are_all_counted(chat: Chat) -> None:
    await chat.credentials.register('Ada', GOOD, 'home')
    guesses = (by_password(chat, 'Ada', OTHER, 'elsewhere') for _ in range(30))
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert [type(each) for each in answers].count(Unauthenticated) == 10
    assert [type(each) for each in answers].count(RateLimited) == 20


def test_after_three_minutes_there_are_ten_tries_again() -> None:
    now = 0.0
    limits = rate_limits.RateLimits(clock=lambda: now)
    for _ in range(2):
        for _ in range(10):
            limits.check('trying passwords', 'ada')
            now += 1
        with pytest.raises(RateLimited):
            limits.check('trying passwords', 'ada')
        now += 170
    limits.check('trying passwords', 'ada')


async def test_two_who_register_one_name_at_once_get_one_account(chat: Chat) -> None:
    answers = await asyncio.gather(
        *(chat.credentials.register(name, GOOD, 'here') for name in ('Ada', 'ada', 'АDA')), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in answers) == ['NameTaken', 'NameTaken', 'User']


async def test_a_hash_of_weaker_times_is_made_anew_by_signing_in(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    user = await chat.credentials.register('Ada', GOOD, 'here')
    before = await stored(chat)
    monkeypatch.setattr(type(chat.passwords), 'is_outdated', lambda *_: True)
    assert await by_password(chat, 'Ada', GOOD, 'here') == user
    assert await stored(chat) != before
    assert await by_password(chat, 'Ada', GOOD, 'here') == user


async def stored(chat: Chat) -> list[str]:
    return await chat.storage.read(lambda c: list(c.exec_driver_sql('SELECT password_hash FROM users').scalars()))


async def test_the_password_itself_is_nowhere(chat: Chat) -> None:
    await chat.credentials.register('Ada', 'Zauberspruch 77', 'here')
    rows = await chat.storage.read(lambda c: str(c.exec_driver_sql('SELECT * FROM users').all()))
    assert 'argon2id' in rows
    assert 'Zauber' not in rows


@pytest.mark.parametrize(
    ('mode', 'guest', 'stranger'),
    [('guests', 'in', 'in'), ('accounts', Unauthenticated, 'in'), ('invited', Unauthenticated, Forbidden)],
)
async def test_who_comes_in_is_as_the_server_is_set(tmp_path, mode: str, guest: object, stranger: object) -> None:
    chat = Chat(Settings(data=tmp_path / mode, sign_in=mode))
    chat.open()
    try:
        assert await outcome(chat.accounts.add_guest('Guest', 'here')) == guest
        assert await outcome(chat.accounts.add_passing_guest('Passing', 'here')) == guest
        assert await outcome(chat.credentials.register('Stranger', GOOD, 'here')) == stranger
    finally:
        await chat.stop()


async def test_a_guest_of_before_makes_the_name_an_account_where_a_name_is_not_enough_any_more(tmp_path) -> None:
    chat = Chat(Settings(data=tmp_path))
    chat.open()
    token = await chat.sessions.begin(await newcomer(chat, 'Ada'), 'test')
    await chat.stop()
    chat = Chat(Settings(data=tmp_path, sign_in='invited'))
    chat.open()
    try:
        user, _ = await chat.credentials.set_password(await chat.sessions.find(token), GOOD, None, 'here')
        assert (user.name, user.kind) == ('Ada', 'member')
    finally:
        await chat.stop()


async def outcome(attempt: object) -> object:
    try:
        await attempt
    except ChatError as error:
        return type(error)
    return 'in'


async def test_a_full_disk_changes_no_password(chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await signed_in(chat, ada)

    async def full(*_: object, **__: object) -> None:
        raise StorageFailed

    monkeypatch.setattr(chat.storage, 'write', full)
    with pytest.raises(StorageFailed):
        await chat.credentials.set_password(session, GOOD, None, 'here')
    monkeypatch.undo()
    assert not await chat.credentials.has_password(ada)
    assert (await chat.accounts.sign_ins(ada))[0].id == session.id


async def test_who_is_signing_in_with_a_password_that_is_changed_meanwhile_does_not_get_in(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await chat.credentials.register('Ada', GOOD, 'home')
    session = await signed_in(chat, ada)
    verify = chat.passwords.verify

    async def verify_and_wait(stored: str | None, password: str) -> bool:
        is_right = await verify(stored, password)
        monkeypatch.undo()
        await chat.credentials.set_password(session, OTHER, GOOD, 'home')
        return is_right

    monkeypatch.setattr(chat.passwords, 'verify', verify_and_wait)
    with pytest.raises(Unauthenticated):
        await chat.credentials.sign_in('Ada', GOOD, 'elsewhere', 'thief')
    assert len(await chat.accounts.sign_ins(ada)) == 1


async def test_what_was_right_counts_as_no_guess(chat: Chat, nothing_forgiven: None) -> None:
    await chat.credentials.register('Ada', GOOD, 'home')
    for _ in range(12):
        await by_password(chat, 'Ada', GOOD, 'home')


async def test_one_address_cannot_keep_the_server_busy_with_passwords(chat: Chat, nothing_forgiven: None) -> None:
    sessions = [await signed_in(chat, await chat.credentials.register(f'Eve {n}', GOOD, f'{n}')) for n in range(7)]
    refused: list[str] = []
    for session in sessions:
        for _ in range(10):
            with pytest.raises(ChatError) as problem:
                await chat.credentials.check_password(session.user, OTHER, 'here')
            refused.append(problem.value.code)
    assert refused.count('invalid') == rate_limits.LIMITS['comparing passwords']
    assert 'rate_limited' in refused
    assert await by_password(chat, 'Eve 1', GOOD, 'there')
