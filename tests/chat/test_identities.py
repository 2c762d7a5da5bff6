"""Coming in by the word of a provider: who somebody is then, and what they are."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from chat import Chat, identities
from chat.errors import ChatError, Forbidden, NotFound, RateLimited, Unauthenticated
from chat.identities import Refused
from chat.models import Session, User
from chat.providers import Provider, Who
from chat.rate_limits import LIMITS
from chat.settings import Settings
from chat.storage import tables
from tests.chat.people import newcomer

SCHOOL = Provider(
    'school', 'School', 'https://school.example', 'hearth',
    allow={'role': ('pupil', 'teacher')}, moderators={'role': ('teacher',)},
)  # fmt: skip
CLUB = Provider('club', 'Club', 'https://club.example', 'hearth')


@pytest.fixture
async def chat(tmp_path: Path, database_url: str | None) -> AsyncIterator[Chat]:
    """Return a running chat that knows two providers."""
    chat = Chat(Settings(data=tmp_path / 'data', database_url=database_url, oidc_file=(SCHOOL, CLUB)))
    chat.open()
    chat.start()
    yield chat
    await chat.stop()


def pupil(subject: str = 'ada', name: object = 'Ada', **claims: Any) -> Who:
    return Who(SCHOOL, {'sub': subject, 'preferred_username': name, 'role': 'pupil', **claims})


async def signed_in(chat: Chat, user: User) -> Session:
    session = await chat.sessions.find(await chat.sessions.begin(user, 'test'))
    assert session is not None
    return session


async def problem(coming: Any) -> str:
    with pytest.raises(Refused) as caught:
        await coming
    assert caught.value.message == identities.RULES[caught.value.rule]
    return caught.value.rule


async def test_the_first_time_makes_an_account_and_later_ones_find_it(chat: Chat) -> None:
    ada = await chat.identities.sign_in(pupil())
    assert (ada.name, ada.kind) == ('Ada', 'member')
    assert await chat.identities.sign_in(pupil(name='Another name')) == ada
    other = await chat.identities.sign_in(pupil('bo', 'Bo'))
    elsewhere = await chat.identities.sign_in(Who(CLUB, {'sub': 'ada'}))
    assert len({ada.id, other.id, elsewhere.id}) == 3
    assert await chat.identities.of(ada) == ['school']


async def test_whom_the_rules_do_not_let_in_stays_out_also_later(chat: Chat) -> None:
    assert await problem(chat.identities.sign_in(pupil(role='guest'))) == 'provider_not_allowed'
    await chat.identities.sign_in(pupil())
    assert await problem(chat.identities.sign_in(pupil(role=[]))) == 'provider_not_allowed'
    session = await signed_in(chat, await newcomer(chat, 'Bo'))
    assert await problem(chat.identities.connect(session, pupil(role=None))) == 'provider_not_allowed'


@pytest.mark.parametrize(
    ('claims', 'name'),
    [
        ({'preferred_username': 'ada.l', 'name': 'Ada Lovelace'}, 'ada.l'),
        ({'preferred_username': 'ada@example.org'}, 'ada'),
        ({'preferred_username': '  ', 'name': 'Ada  Lovelace\n'}, 'Ada Lovelace'),
        ({'name': 'Ada', 'email': 'x@example.org'}, 'Ada'),
        ({'email': 'ada@example.org'}, 'ada'),
        ({'preferred_username': 'x' * 100}, 'x' * 32),
        ({'preferred_username': 'x' * 1_000_000}, 'x' * 32),
        ({'preferred_username': 'Ad\u200ba'}, 'Ada'),
        ({'preferred_username': '\u202eadA'}, 'adA'),
        ({'preferred_username': 'admin'}, 'admin 2'),
        ({'preferred_username': 'everyone'}, 'everyone 2'),
        ({'preferred_username': '<script>alert(1)</script>'}, '<script>alert(1)</script>'),
        ({'preferred_username': '漢字'}, '漢字'),
        ({'preferred_username': 7, 'name': ['x'], 'email': None}, 'Member 2'),
        ({'preferred_username': '@everyone', 'name': '!!!'}, 'Member 2'),
        ({'preferred_username': '\x00', 'name': '\u200b'}, 'Member 2'),
        ({'preferred_username': 'a' + '\u0301' * 10}, 'Member 2'),
        ({'preferred_username': '\ud800', 'name': 'Ada'}, 'Ada'),
        ({}, 'Member 2'),
    ],
)
async def test_a_name_is_made_of_what_the_provider_says_by_the_rules_for_names(
    chat: Chat, claims: dict[str, Any], name: str
) -> None:
    user = await chat.identities.sign_in(Who(CLUB, {'sub': 'x', **claims}))
    assert user.name == name
    assert (await chat.identities.sign_in(Who(CLUB, {'sub': 'x', **claims}))).id == user.id


async def test_a_name_that_is_taken_gets_a_number(chat: Chat) -> None:
    await newcomer(chat, 'Ada')
    assert (await chat.identities.sign_in(pupil())).name == 'Ada 2'
    assert (await chat.identities.sign_in(pupil('other', 'ADA'))).name == 'ADA 3'
    names = [(await chat.identities.sign_in(pupil(f'{number}', None))).name for number in range(2)]
    assert names == ['Member 2', 'Member 3']


async def test_two_sign_ins_of_somebody_new_at_once_make_one_account(chat: Chat) -> None:
    users = await asyncio.gather(*(chat.identities.sign_in(pupil()) for _ in range(12)))
    assert len(set(users)) == 1
    assert users[0].name == 'Ada'


async def test_a_whole_class_of_one_name_comes_in_at_once(chat: Chat) -> None:
    users = await asyncio.gather(*(chat.identities.sign_in(pupil(f'{number}')) for number in range(20)))
    assert len({user.id for user in users}) == len({user.name for user in users}) == 20


async def test_of_two_who_connect_the_same_identity_at_once_one_does(chat: Chat) -> None:
    sessions = [await signed_in(chat, await newcomer(chat, name)) for name in ('Ada', 'Bo', 'Cleo')]
    done = await asyncio.gather(
        *(chat.identities.connect(session, pupil()) for session in sessions), return_exceptions=True
    )
    assert sum(isinstance(each, tuple) for each in done) == 1
    assert sum(isinstance(each, Refused) for each in done) == 2


# What they are


async def test_a_claim_makes_a_moderator_when_they_sign_in(chat: Chat) -> None:
    assert (await chat.identities.sign_in(pupil(role='teacher'))).kind == 'moderator'
    bo = await chat.identities.sign_in(pupil('bo', 'Bo'))
    assert bo.kind == 'member'
    assert await chat.identities.sign_in(pupil('bo', role=['pupil', 'teacher'])) == User(bo.id, 'Bo', 'moderator')


async def test_a_missing_claim_takes_nothing_away(chat: Chat) -> None:
    ada = await chat.identities.sign_in(pupil(role='teacher'))
    assert await chat.identities.sign_in(pupil()) == ada


async def test_administrators_are_left_alone(chat: Chat) -> None:
    ada = await chat.identities.sign_in(pupil())
    session = await signed_in(chat, ada)
    await chat.administration.become_administrator(await chat.administration.administrator_link(), session)
    assert (await chat.identities.sign_in(pupil(role='teacher'))).kind == 'administrator'


async def test_who_is_made_an_administrator_at_that_moment_stays_one(chat: Chat) -> None:
    boss = await chat.identities.sign_in(pupil('boss', 'Boss'))
    await chat.administration.become_administrator(
        await chat.administration.administrator_link(), await signed_in(chat, boss)
    )
    for number in range(10):
        ada = await chat.identities.sign_in(pupil(f'{number}'))
        await asyncio.gather(
            chat.administration.set_kind(boss, ada.id, 'administrator'),
            *(chat.identities.sign_in(pupil(f'{number}', role='teacher')) for _ in range(3)),
        )
        assert (await chat.identities.sign_in(pupil(f'{number}'))).kind == 'administrator'


# Connecting


async def test_a_guest_keeps_name_and_words_and_becomes_a_member(chat: Chat, ada: User) -> None:
    said = (await chat.messages.send(ada, 'lobby', 'hello')).message
    token = await chat.sessions.begin(ada, 'laptop')
    session = await chat.sessions.find(token)
    user, renewed = await chat.identities.connect(session, pupil(name='Somebody'))
    assert user == User(ada.id, 'Ada', 'member')
    assert await chat.sessions.find(token) is None
    again = await chat.sessions.find(renewed)
    assert again.user == user
    assert again.id != session.id  # whatever was open by the one before has ended
    await chat.accounts.sign_out(again)
    await chat.accounts.sweep()
    back = await chat.identities.sign_in(pupil())
    assert back == user
    assert (await chat.messages.get(back, said.id)).author == user


async def test_an_account_gets_another_way_in(chat: Chat) -> None:
    bo = await chat.credentials.register('Bo', 'a long sentence', 'here')
    user, _ = await chat.identities.connect(await signed_in(chat, bo), pupil(role='teacher'))
    assert user == User(bo.id, 'Bo', 'moderator')
    await chat.identities.connect(await signed_in(chat, bo), Who(CLUB, {'sub': 'x'}))
    assert await chat.identities.of(bo) == ['school', 'club']
    assert await chat.identities.sign_in(Who(CLUB, {'sub': 'x'})) == user


async def test_connecting_again_changes_nothing(chat: Chat) -> None:
    ada = await chat.identities.sign_in(pupil())
    assert (await chat.identities.connect(await signed_in(chat, ada), pupil()))[0] == ada
    assert await chat.identities.of(ada) == ['school']


async def test_what_belongs_to_somebody_else_is_not_taken(chat: Chat, bo: User) -> None:
    ada = await chat.identities.sign_in(pupil())
    token = await chat.sessions.begin(bo, 'laptop')
    session = await chat.sessions.find(token)
    assert await problem(chat.identities.connect(session, pupil())) == 'provider_somebody_else'
    assert (await chat.sessions.find(token)).user == bo
    assert await chat.identities.sign_in(pupil()) == ada


async def test_a_session_that_has_ended_connects_nothing(chat: Chat, ada: User) -> None:
    session = await signed_in(chat, ada)
    await chat.accounts.sign_out(session)
    with pytest.raises(Unauthenticated):
        await chat.identities.connect(session, pupil())
    assert (await chat.identities.sign_in(pupil())).id != ada.id


async def test_bots_have_tokens(chat: Chat) -> None:
    _, token = await chat.bots.add('Robot')
    with pytest.raises(Forbidden):
        await chat.identities.connect(await chat.sessions.find(token), pupil())


async def test_a_deleted_account_is_nobody_any_more(chat: Chat) -> None:
    ada = await chat.identities.sign_in(pupil())
    gone = update(tables.users).where(tables.users.c.id == ada.id).values(deleted_at=1, name_key=' 1')
    await chat.storage.write(lambda connection: connection.execute(gone))
    other = await chat.identities.sign_in(pupil())
    assert (other.name, other.id != ada.id) == ('Ada', True)
    assert await chat.identities.sign_in(pupil()) == other


# Disconnecting


async def test_the_last_way_in_stays(chat: Chat) -> None:
    ada = await chat.identities.sign_in(pupil())
    assert await problem(chat.identities.disconnect(ada, 'school')) == 'provider_last'
    session = await signed_in(chat, ada)
    await chat.identities.connect(session, Who(CLUB, {'sub': 'x'}))
    await chat.identities.disconnect(ada, 'school')
    assert await problem(chat.identities.disconnect(ada, 'club')) == 'provider_last'
    assert await chat.identities.of(ada) == ['club']
    assert (await chat.identities.sign_in(pupil())).id != ada.id


async def test_a_password_is_a_way_in_and_a_provider_that_is_gone_is_none(chat: Chat) -> None:
    bo = await chat.credentials.register('Bo', 'a long sentence', 'here')
    await chat.identities.connect(await signed_in(chat, bo), pupil())
    await chat.identities.disconnect(bo, 'school')
    with pytest.raises(NotFound):
        await chat.identities.disconnect(bo, 'school')
    ada = await chat.identities.sign_in(pupil('ada 2'))
    await chat.identities.connect(await signed_in(chat, ada), Who(CLUB, {'sub': 'x'}))
    chat.identities.providers = {'school': SCHOOL}
    assert await chat.identities.of(ada) == ['school']
    assert await problem(chat.identities.disconnect(ada, 'school')) == 'provider_last'


async def test_two_ways_that_are_given_up_at_once_leave_one(chat: Chat) -> None:
    for number in range(10):
        ada = await chat.identities.sign_in(pupil(f'{number}'))
        await chat.identities.connect(await signed_in(chat, ada), Who(CLUB, {'sub': f'{number}'}))
        await asyncio.gather(
            *(chat.identities.disconnect(ada, key) for key in ('school', 'club')), return_exceptions=True
        )
        assert len(await chat.identities.of(ada)) == 1


# The way there


async def test_a_way_is_gone_once_and_within_ten_minutes(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    await chat.identities.set_out('secret', 'here')
    await chat.identities.come_back('secret', 'here')
    assert await problem(chat.identities.come_back('secret', 'here')) == 'provider_expired'
    assert await problem(chat.identities.come_back('another', 'here')) == 'provider_expired'
    await chat.identities.set_out('late', 'here')
    now = identities.now_ms()
    monkeypatch.setattr(identities, 'now_ms', lambda: now + identities.WAY + 1000)
    assert await problem(chat.identities.come_back('late', 'here')) == 'provider_expired'


async def test_of_many_who_come_back_by_one_way_one_does(chat: Chat) -> None:
    await chat.identities.set_out('secret', 'here')
    done = await asyncio.gather(
        *(chat.identities.come_back('secret', 'here') for _ in range(8)), return_exceptions=True
    )
    assert sum(each is None for each in done) == 1


async def test_a_way_is_no_link_that_makes_an_administrator(chat: Chat) -> None:
    await chat.identities.set_out('secret', 'here')
    key = identities._key_of('secret')
    for token in ('secret', key, f'sign-in {key}'):
        with pytest.raises(NotFound):
            await chat.administration.become_administrator_as(token, 'Mallory', 'a long sentence', 'here')
    await chat.identities.come_back('secret', 'here')


async def test_a_link_is_no_way(chat: Chat) -> None:
    token = await chat.administration.administrator_link()
    assert await problem(chat.identities.come_back(token, 'here')) == 'provider_expired'


async def test_ways_that_nobody_came_back_by_are_swept(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    past = identities.now_ms() - identities.WAY - 1000
    monkeypatch.setattr(identities, 'now_ms', lambda: past)
    await chat.identities.set_out('secret', 'here')
    await chat.administration.sweep()
    count = await chat.storage.read(lambda connection: connection.execute(tables.links.select()).all())
    assert count == []


@pytest.mark.usefixtures('nothing_forgiven')
async def test_an_address_sets_out_and_comes_back_so_often_and_no_more(chat: Chat) -> None:
    for number in range(0, LIMITS['signing in'], 2):
        await chat.identities.set_out(f'{number}', 'here')
        await chat.identities.come_back(f'{number}', 'here')
    for attempt in (chat.identities.set_out('one', 'here'), chat.identities.come_back('one', 'here')):
        with pytest.raises(RateLimited):
            await attempt
    await chat.identities.set_out('other', 'there')


async def test_providers_that_are_not_named_are_not_there(chat: Chat) -> None:
    with pytest.raises(ChatError):
        chat.identities.provider('nowhere')
