"""Who administers the chat, how somebody comes to, and what that lets them do."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from chat import Chat, administration, rate_limits
from chat.errors import Conflict, Forbidden, Invalid, NameTaken, NotFound, RateLimited, Unauthenticated
from chat.models import Session, User
from tests.chat.people import by_password, newcomer

GOOD, OTHER = 'a long sentence', 'another sentence'
DAY = 24 * 3600 * 1000  # ms


@pytest.fixture
async def boss(chat: Chat) -> User:
    """Return an administrator with a password."""
    return await _become(chat, await first_link(chat), 'Boss')


@pytest.fixture
async def cleo(chat: Chat) -> User:
    """Return a member with a password."""
    return await chat.credentials.register('Cleo', GOOD, 'here')


async def signed_in(chat: Chat, user: User) -> Session:
    session = await chat.sessions.find(await chat.sessions.begin(user, 'test'))
    assert session is not None
    return session


async def kind_of(chat: Chat, user: User) -> str:
    return (await signed_in(chat, user)).user.kind


async def test_the_first_link_makes_an_administrator_once(chat: Chat) -> None:
    token = await first_link(chat)
    for _ in range(2):  # looking does not use it up
        assert (await chat.administration.link(token)).purpose == 'first'
    user = await chat.administration.become_administrator_as(token, 'Boss', GOOD, 'here')
    assert user.kind == 'administrator'
    assert await by_password(chat, 'Boss', GOOD, 'here') == user
    with pytest.raises(NotFound, match='has been used'):
        await chat.administration.become_administrator_as(token, 'Mallory', GOOD, 'here')
    assert await chat.administration.first_link() is None


async def test_with_the_first_administrator_all_first_links_are_void(chat: Chat, cleo: User) -> None:
    one, other = await first_link(chat), await first_link(chat)  # of two servers
    await chat.administration.become_administrator(one, await signed_in(chat, cleo))
    for attempt in (chat.administration.link(other), _become(chat, other, 'Mallory')):
        with pytest.raises(NotFound):
            await attempt


async def test_of_many_who_follow_first_links_at_once_one_becomes_the_administrator(chat: Chat) -> None:
    links = [await first_link(chat) for _ in range(3)]
    attempts = (_become(chat, link, f'Person {number}') for number, link in enumerate(links * 2))
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    assert sorted(type(each).__name__ for each in answers) == ['NotFound'] * 5 + ['User']
    assert len(await everybody(chat)) == 1


async def test_the_operators_link_works_whoever_there_is(chat: Chat, boss: User, cleo: User) -> None:
    token = await chat.administration.administrator_link()
    session = await signed_in(chat, cleo)
    user, renewed = await chat.administration.become_administrator(token, session)
    assert user.kind == 'administrator'
    again = await chat.sessions.find(renewed)
    assert again.user == user
    assert (await chat.accounts.sign_ins(cleo))[0].id == again.id != session.id
    with pytest.raises(NotFound):
        await chat.administration.become_administrator(token, session)


async def test_an_administrator_who_is_locked_out_comes_back_by_the_operators_link(chat: Chat, boss: User) -> None:
    closed: list[str] = []
    chat.sessions.watch(await signed_in(chat, boss), lambda: closed.append('old'))
    token = await chat.administration.administrator_link()
    assert await chat.administration.become_administrator_as(token, 'boss', OTHER, 'here') == boss
    assert closed == ['old']
    assert await by_password(chat, 'Boss', OTHER, 'here') == boss
    with pytest.raises(Unauthenticated):
        await by_password(chat, 'Boss', GOOD, 'here')


async def test_the_name_of_a_guest_or_bot_is_not_taken_from_them(chat: Chat, ada: User) -> None:
    await chat.bots.add('Robbie')
    token = await first_link(chat)
    for name in ('Ada', 'ada', 'Robbie'):
        with pytest.raises(NameTaken, match=f'How about "{name} 2"'):
            await chat.administration.become_administrator_as(token, name, GOOD, 'here')
    with pytest.raises(NameTaken):  # who has signed out is nobody
        await chat.administration.become_administrator_as(token, 'Ada', GOOD, 'here', guest=ada)
    await chat.sessions.begin(ada, 'test')
    user = await chat.administration.become_administrator_as(token, 'Ada', GOOD, 'here', guest=ada)
    assert (user.id, user.kind) == (ada.id, 'administrator')


async def test_a_guest_needs_a_password_first_and_the_link_stays_good(chat: Chat, ada: User) -> None:
    token = await first_link(chat)
    with pytest.raises(Forbidden):
        await chat.administration.become_administrator(token, await signed_in(chat, ada))
    with pytest.raises(Invalid):
        await chat.administration.become_administrator_as(token, 'Boss', 'short', 'here')
    assert (await _become(chat, token, 'Boss')).kind == 'administrator'


async def test_a_session_that_has_ended_makes_nobody_anything(chat: Chat, cleo: User) -> None:
    token, session = await first_link(chat), await signed_in(chat, cleo)
    await chat.accounts.sign_out(session)
    with pytest.raises(Unauthenticated):
        await chat.administration.become_administrator(token, session)
    assert await kind_of(chat, cleo) == 'member'


async def test_a_link_for_a_password_sets_it_once_and_ends_all_sessions(chat: Chat, boss: User, cleo: User) -> None:
    closed: list[str] = []
    chat.sessions.watch(await signed_in(chat, cleo), lambda: closed.append('old'))
    token, _ = await chat.administration.password_link(boss, cleo.id)
    assert (await chat.administration.link(token)).user == cleo
    assert await chat.administration.set_password_by_link(token, OTHER, 'here') == cleo
    assert closed == ['old']
    assert await by_password(chat, 'Cleo', OTHER, 'here') == cleo
    with pytest.raises(NotFound):
        await chat.administration.set_password_by_link(token, GOOD, 'here')


async def test_a_password_that_is_refused_leaves_the_link_good(chat: Chat, boss: User, cleo: User) -> None:
    token, _ = await chat.administration.password_link(boss, cleo.id)
    with pytest.raises(Invalid):
        await chat.administration.set_password_by_link(token, 'password', 'here')
    assert await chat.administration.set_password_by_link(token, OTHER, 'here') == cleo


async def test_of_ten_who_follow_a_link_at_once_one_sets_the_password(chat: Chat, boss: User, cleo: User) -> None:
    token, _ = await chat.administration.password_link(boss, cleo.id)
    attempts = (chat.administration.set_password_by_link(token, f'sentence {n}', 'here') for n in range(10))
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    assert sorted(type(each).__name__ for each in answers) == ['NotFound'] * 9 + ['User']


async def test_a_newer_link_voids_the_one_before_and_a_day_voids_all(
    chat: Chat, boss: User, cleo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, _ = await chat.administration.password_link(boss, cleo.id)
    token, until = await chat.administration.password_link(boss, cleo.id)
    with pytest.raises(NotFound):
        await chat.administration.link(before)
    assert await chat.administration.link(token)
    late = administration.now_ms() + DAY
    assert abs(until.timestamp() * 1000 - late) < DAY / 24
    monkeypatch.setattr(administration, 'now_ms', lambda: late)
    for attempt in (chat.administration.link(token), chat.administration.set_password_by_link(token, GOOD, 'here')):
        with pytest.raises(NotFound):
            await attempt
    await chat.administration.sweep()
    assert await chat.storage.read(lambda c: c.exec_driver_sql('SELECT count(*) FROM links').scalar()) == 0


async def test_a_link_is_for_what_it_was_made_for(chat: Chat, boss: User, cleo: User) -> None:
    for_password, _ = await chat.administration.password_link(boss, cleo.id)
    for_administrator = await chat.administration.administrator_link()
    attempts = (
        _become(chat, for_password, 'Mallory'),
        chat.administration.become_administrator(for_password, await signed_in(chat, cleo)),
        chat.administration.set_password_by_link(for_administrator, GOOD, 'here'),
        chat.accounts.follow_link(for_administrator, '', 'here'),
    )
    for attempt in attempts:
        with pytest.raises(NotFound):
            await attempt
    assert await kind_of(chat, cleo) == 'member'
    assert await chat.administration.link(for_password)
    assert await chat.administration.link(for_administrator)


@pytest.mark.parametrize('token', ['', 'x', '\0', 'half \ud83d', 'x' * 100_000, "' OR 1=1 --"])
async def test_a_token_that_is_none_is_a_void_link(chat: Chat, token: str) -> None:
    with pytest.raises(NotFound):
        await chat.administration.link(token)


async def test_an_account_that_an_administrator_makes_is_its_owners_by_the_link(chat: Chat, boss: User) -> None:
    user, token, _ = await chat.administration.add_account(boss, 'Dora')
    with pytest.raises(NameTaken):
        await chat.accounts.add_guest('Dora', 'here')
    with pytest.raises(Unauthenticated):
        await by_password(chat, 'Dora', '', 'here')
    assert await chat.administration.set_password_by_link(token, OTHER, 'here') == user
    assert [each.name for each in await chat.administration.accounts(boss)] == ['Boss', 'Dora']


async def test_a_link_that_was_kept_opens_nothing_once_its_owner_has_set_a_password(
    chat: Chat, boss: User, cleo: User
) -> None:
    token, _ = await chat.administration.password_link(boss, cleo.id)
    await chat.credentials.set_password(await signed_in(chat, cleo), OTHER, GOOD, 'here')
    with pytest.raises(NotFound):
        await chat.administration.set_password_by_link(token, 'a third sentence', 'elsewhere')


async def test_a_former_administrator_comes_back_as_nobody_else_by_a_link_that_was_kept(
    chat: Chat, boss: User, cleo: User
) -> None:
    await chat.administration.set_kind(boss, cleo.id, 'administrator')
    kept, _ = await chat.administration.password_link(boss, cleo.id)
    await chat.administration.set_kind(cleo, boss.id, 'member')
    with pytest.raises(NotFound):
        await chat.administration.set_password_by_link(kept, OTHER, 'here')


async def test_accounts_are_found_by_letters_of_their_names(chat: Chat, boss: User, cleo: User) -> None:
    assert [each.name for each in await chat.administration.accounts(boss, 'CL')] == ['Cleo']
    assert await chat.administration.accounts(boss, 'nobody') == []


async def test_the_last_administrator_stays_one(chat: Chat, boss: User, cleo: User) -> None:
    with pytest.raises(Conflict, match='somebody else'):
        await chat.administration.set_kind(boss, boss.id, 'member')
    await chat.administration.set_kind(boss, cleo.id, 'administrator')
    await chat.administration.set_kind(boss, boss.id, 'moderator')
    assert await kind_of(chat, boss) == 'moderator'


async def test_two_administrators_cannot_unmake_each_other_at_once(chat: Chat, boss: User, cleo: User) -> None:
    await chat.administration.set_kind(boss, cleo.id, 'administrator')
    await asyncio.gather(
        chat.administration.set_kind(boss, cleo.id, 'member'),
        chat.administration.set_kind(cleo, boss.id, 'member'),
        return_exceptions=True,
    )
    assert sorted([await kind_of(chat, boss), await kind_of(chat, cleo)]) == ['administrator', 'member']


@pytest.mark.parametrize('who', ['guest', 'bot', 'nobody'])
async def test_guests_and_bots_are_made_nothing_of(chat: Chat, boss: User, ada: User, who: str) -> None:
    bot, _ = await chat.bots.add('Robbie')
    user_id = {'guest': ada.id, 'bot': bot.id, 'nobody': 2**62}[who]
    for attempt in (
        chat.administration.set_kind(boss, user_id, 'member'),
        chat.administration.password_link(boss, user_id),
    ):
        with pytest.raises(NotFound):
            await attempt


@pytest.mark.parametrize('kind', ['guest', 'bot', 'owner', ''])
async def test_there_are_three_things_to_make_of_somebody(chat: Chat, boss: User, cleo: User, kind: str) -> None:
    with pytest.raises(Invalid) as problem:
        await chat.administration.set_kind(boss, cleo.id, kind)
    assert problem.value.field == 'kind'


Attempt = Callable[[Chat, User, int], Awaitable[object]]
ADMINISTRATORS_MAY: dict[str, Attempt] = {
    'accounts': lambda chat, user, _: chat.administration.accounts(user),
    'add': lambda chat, user, _: chat.administration.add_account(user, 'Dora'),
    'link': lambda chat, user, other: chat.administration.password_link(user, other),
    'kind': lambda chat, user, other: chat.administration.set_kind(user, other, 'moderator'),
}


@pytest.mark.parametrize('action', ADMINISTRATORS_MAY)
@pytest.mark.parametrize('who', ['guest', 'member', 'moderator', 'bot', 'former', 'administrator'])
async def test_only_administrators_administer(chat: Chat, boss: User, cleo: User, who: str, action: str) -> None:
    user = await somebody(chat, boss, who)
    attempt = ADMINISTRATORS_MAY[action](chat, user, cleo.id)
    if who == 'administrator':
        await attempt
    else:
        with pytest.raises(Forbidden):
            await attempt
        assert await kind_of(chat, cleo) == 'member'


async def somebody(chat: Chat, boss: User, who: str) -> User:
    if who == 'guest':
        return await newcomer(chat, 'Eve')
    if who == 'bot':
        return (await chat.bots.add('Robbie'))[0]
    user = await chat.credentials.register('Eve', GOOD, 'here')
    if who == 'former':  # what the caller believes to know of them counts for nothing
        await chat.administration.set_kind(boss, user.id, 'administrator')
        await chat.administration.set_kind(boss, user.id, 'member')
        return User(user.id, user.name, 'administrator')
    return user if who == 'member' else await chat.administration.set_kind(boss, user.id, who)


async def test_links_are_tried_only_so_often(chat: Chat, nothing_forgiven: None) -> None:
    for _ in range(rate_limits.LIMITS['joining']):
        with pytest.raises(NotFound):
            await chat.administration.set_password_by_link('x', GOOD, 'here')
    with pytest.raises(RateLimited):
        await chat.administration.set_password_by_link('x', GOOD, 'here')


async def first_link(chat: Chat) -> str:
    token = await chat.administration.first_link()
    assert token is not None
    return token


async def _become(chat: Chat, token: str, name: str) -> User:
    return await chat.administration.become_administrator_as(token, name, GOOD, 'here')


async def everybody(chat: Chat) -> list[str]:
    return await chat.storage.read(lambda c: list(c.exec_driver_sql('SELECT name FROM users').scalars()))
