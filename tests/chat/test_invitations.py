"""Invitations: whom they let in, where, for how long and how often, and who may make one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from chat import Chat
from chat.audit import Actor
from chat.errors import ChatError, Forbidden, Invalid, NameTaken, NotFound
from chat.models import Invitation, SignInMode, User
from chat.settings import Settings
from chat.storage import accounts as account_rows
from chat.storage.tables import invitations
from tests.chat.people import newcomer

HERE = '192.0.2.7'
GOOD = 'a long sentence'


async def of_kind(chat: Chat, name: str, kind: str) -> User:
    user = await newcomer(chat, name)
    return await chat.storage.write(account_rows.set_kind, user, kind)


@pytest.fixture
async def boss(chat: Chat) -> Actor:
    """Return an administrator."""
    return Actor(await of_kind(chat, 'Boss', 'administrator'), HERE)


@pytest.fixture
async def vault(chat: Chat, ada: User) -> Actor:
    """Return the owner of a private room."""
    await chat.rooms.create(ada, 'Vault', private=True)
    return Actor(ada, HERE)


async def come(chat: Chat, invitation: Invitation, name: str, password: str | None = None) -> User:
    user, token = await chat.invitations.come(invitation.token, name, password, HERE, 'test')
    session = await chat.sessions.find(token)
    assert session is not None
    assert session.user == user
    return user


async def rooms_of(chat: Chat, user: User) -> list[str]:
    return sorted(entry.room.slug for entry in await chat.rooms.list(user) if entry.joined)


async def test_a_guest_says_a_name_and_is_in_the_private_room(chat: Chat, vault: Actor) -> None:
    invitation = await chat.invitations.create(vault, ['vault'])
    found = await chat.invitations.find(invitation.token)
    assert ([room.name for room in found.rooms], found.created_by) == (['Vault'], vault.user)
    cleo = await come(chat, invitation, 'Cleo')
    assert cleo.kind == 'guest'
    assert await rooms_of(chat, cleo) == ['vault']
    assert await chat.invitations.who_came(vault, invitation.id) == [cleo]


@pytest.mark.parametrize('kind', ['member', 'moderator'])
async def test_who_is_invited_to_an_account_gets_one_with_the_password(chat: Chat, boss: Actor, kind: str) -> None:
    invitation = await chat.invitations.create(boss, ['lobby'], kind)  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        await come(chat, invitation, 'Cleo')
    cleo = await come(chat, invitation, 'Cleo', GOOD)
    assert (cleo.kind, await rooms_of(chat, cleo)) == (kind, ['lobby'])
    assert (await chat.credentials.sign_in('Cleo', GOOD, HERE, 'test'))[0] == cleo


async def test_somebody_who_is_here_joins_the_rooms_once(chat: Chat, vault: Actor, bo: User) -> None:
    invitation = await chat.invitations.create(vault, ['vault', 'lobby'], most_uses=1)
    await chat.invitations.accept(Actor(bo, HERE), invitation.token)
    assert await rooms_of(chat, bo) == ['lobby', 'vault']
    (listed,) = await chat.invitations.list(vault)
    assert (listed.uses, listed.is_over) == (1, True)


async def test_a_member_becomes_a_moderator_by_an_invitation_for_moderators(chat: Chat, boss: Actor, bo: User) -> None:
    invitation = await chat.invitations.create(boss, kind='moderator')
    with pytest.raises(Forbidden, match='name yours'):
        await chat.invitations.accept(Actor(bo, HERE), invitation.token)
    dan = await of_kind(chat, 'Dan', 'member')
    await chat.invitations.accept(Actor(dan, HERE), invitation.token)
    assert {user.name: user.kind for user in await chat.administration.accounts(boss.user)}['Dan'] == 'moderator'  # type: ignore[arg-type]


async def test_a_taken_name_or_a_wrong_one_uses_nothing_up(chat: Chat, vault: Actor, bo: User) -> None:
    invitation = await chat.invitations.create(vault, ['vault'], most_uses=1)
    for name, kind in (('Bo', NameTaken), ('', Invalid), ('admin', Invalid)):
        with pytest.raises(kind):
            await come(chat, invitation, name)
    await come(chat, invitation, 'Cleo')
    with pytest.raises(NotFound):
        await come(chat, invitation, 'Dan')


async def test_two_who_come_by_the_last_use_at_once_are_one(chat: Chat, vault: Actor) -> None:
    invitation = await chat.invitations.create(vault, ['vault'], most_uses=1)
    came = await asyncio.gather(
        *(come(chat, invitation, f'Guest {number}') for number in range(4)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in came) == ['NotFound'] * 3 + ['User']
    assert len(await chat.rooms.members(vault.user, 'vault')) == 2  # type: ignore[arg-type]


async def over(chat: Chat, boss: Actor, vault: Actor, invitation: Invitation) -> None:
    past = int((datetime.now(UTC) - timedelta(seconds=1)).timestamp() * 1000)
    await chat.storage.write(lambda c: c.execute(update(invitations).values(until=past)))


ENDS: dict[str, Callable[[Chat, Actor, Actor, Invitation], object]] = {
    'its time is over': over,
    'it was taken back': lambda chat, boss, vault, it: chat.invitations.revoke(vault, it.id),
    'an administrator took it back': lambda chat, boss, vault, it: chat.invitations.revoke(boss, it.id),
    'the room was deleted': lambda chat, boss, vault, it: chat.rooms.delete(vault.user, 'vault'),  # type: ignore[arg-type]
    'the room was archived': lambda chat, boss, vault, it: chat.rooms.change(vault.user, 'vault', archived=True),  # type: ignore[arg-type]
    'its maker has left': lambda chat, boss, vault, it: chat.rooms.leave(vault.user, 'vault'),  # type: ignore[arg-type]
    'its maker was banned': lambda chat, boss, vault, it: chat.moderation.ban(boss, vault.user.id, None, None, 'x'),  # type: ignore[union-attr]
    'its maker was deleted': lambda chat, boss, vault, it: chat.deletion.delete_by(boss.user, vault.user.id, 'keep'),  # type: ignore[arg-type,union-attr]
}


@pytest.mark.parametrize('end', ENDS.values(), ids=ENDS)
async def test_it_is_void_when(
    chat: Chat, boss: Actor, vault: Actor, bo: User, end: Callable[[Chat, Actor, Actor, Invitation], object]
) -> None:
    invitation = await chat.invitations.create(vault, ['vault'])
    await chat.rooms.add_member(vault, 'vault', bo.id)  # or it would go with its last member
    await end(chat, boss, vault, invitation)  # type: ignore[misc]
    with pytest.raises(NotFound):
        await chat.invitations.find(invitation.token)
    with pytest.raises(NotFound):
        await come(chat, invitation, 'Cleo')
    listed = [each for each in await chat.invitations.list(boss) if each.id == invitation.id]
    assert all(each.is_over or each.is_void for each in listed)  # for good, or for now
    assert not await chat.credentials.is_account('Cleo')
    await chat.accounts.check_name('Cleo')  # nobody was made in vain


async def test_of_several_rooms_those_are_left_out_that_its_maker_rules_no_more(chat: Chat, boss: Actor) -> None:
    await chat.rooms.create(boss.user, 'Vault', private=True)  # type: ignore[arg-type]
    invitation = await chat.invitations.create(boss, ['vault', 'lobby'])
    await chat.rooms.leave(boss.user, 'vault')  # type: ignore[arg-type]
    cleo = await come(chat, invitation, 'Cleo')
    assert await rooms_of(chat, cleo) == ['lobby']


async def test_who_is_banned_from_the_room_stays_out_of_it(chat: Chat, vault: Actor, bo: User) -> None:
    invitation = await chat.invitations.create(vault, ['vault'])
    await chat.moderation.ban(vault, bo.id, 'vault', None, 'enough')
    await chat.invitations.accept(Actor(bo, HERE), invitation.token)
    assert await rooms_of(chat, bo) == ['lobby']


@pytest.mark.parametrize(
    ('who', 'rooms', 'kind', 'outcome'),
    [
        ('administrator', [], 'guest', None),
        ('administrator', ['lobby'], 'moderator', None),
        ('administrator', ['vault'], 'guest', NotFound),
        ('moderator', ['lobby'], 'member', None),
        ('moderator', [], 'moderator', Forbidden),
        ('member', ['lobby'], 'guest', Forbidden),
        ('member', [], 'guest', Forbidden),
        ('guest', [], 'guest', Forbidden),
        ('owner', ['vault'], 'guest', None),
        ('owner', ['vault'], 'moderator', Forbidden),
        ('owner', ['vault', 'lobby'], 'guest', None),
        ('owner', [], 'guest', Forbidden),
        ('in the room', ['vault'], 'guest', Forbidden),
    ],
)
async def test_who_may_invite(
    chat: Chat, vault: Actor, bo: User, who: str, rooms: list[str], kind: str, outcome: type[ChatError] | None
) -> None:
    if who == 'in the room':
        await chat.rooms.add_member(vault, 'vault', bo.id)
    is_kind = who in ('administrator', 'moderator', 'member', 'guest')
    actor = Actor(await of_kind(chat, 'Moe', who), HERE) if is_kind else vault if who == 'owner' else Actor(bo, HERE)
    made = chat.invitations.create(actor, rooms, kind)  # type: ignore[arg-type]
    if outcome is None:
        assert (await made).kind == kind
        return
    with pytest.raises(outcome):
        await made


async def test_members_invite_where_administrators_let_them(chat: Chat, boss: Actor) -> None:
    dan = Actor(await of_kind(chat, 'Dan', 'member'), HERE)
    await chat.policies.change(boss, invite='members')
    invitation = await chat.invitations.create(dan, ['lobby'])
    await chat.policies.change(boss, invite='nobody')
    with pytest.raises(NotFound):
        await chat.invitations.find(invitation.token)


@pytest.mark.parametrize(
    ('options', 'field'),
    [
        ({'most_uses': 0}, 'most_uses'),
        ({'most_uses': 10_001}, 'most_uses'),
        ({'until': datetime.now(UTC) - timedelta(minutes=1)}, 'until'),
        ({'until': datetime.now(UTC) + timedelta(days=400)}, 'until'),
        ({'label': 'x' * 65}, 'label'),
    ],
)
async def test_what_makes_no_sense_is_refused(chat: Chat, boss: Actor, options: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as problem:
        await chat.invitations.create(boss, **options)  # type: ignore[arg-type]
    assert problem.value.field == field


async def test_one_sees_and_takes_back_the_own_ones_alone(chat: Chat, boss: Actor, vault: Actor, bo: User) -> None:
    invitation = await chat.invitations.create(vault, ['vault'], label='Class 7b')
    assert [each.label for each in await chat.invitations.list(boss)] == ['Class 7b']
    assert await chat.invitations.list(Actor(bo, HERE)) == []
    for attempt in (chat.invitations.revoke, chat.invitations.who_came):
        with pytest.raises(NotFound):
            await attempt(Actor(bo, HERE), invitation.id)


async def test_what_was_done_stands_in_the_log(chat: Chat, boss: Actor, vault: Actor) -> None:
    invitation = await chat.invitations.create(vault, ['vault'], label='Class 7b', most_uses=3)
    await come(chat, invitation, 'Cleo')
    await chat.invitations.revoke(boss, invitation.id)
    lines = [(each.actor, each.action, each.target, each.room) for each in (await chat.log.entries(boss))[::-1]]
    assert lines == [
        ('Ada', 'invite', 'Class 7b', 'vault'),
        ('Cleo', 'come by invitation', 'Class 7b', 'vault'),
        ('Boss', 'revoke invitation', 'Class 7b', 'vault'),
    ]
    assert invitation.token not in str(await chat.log.entries(boss))


@pytest.fixture
async def closed(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Chat]:
    """Return a chat that is not open to everybody."""
    mode: SignInMode = request.param
    chat = Chat(Settings(data=tmp_path / 'closed', sign_in=mode))
    chat.open()
    chat.start()
    yield chat
    await chat.stop()


async def administrator(chat: Chat) -> Actor:
    token = await chat.administration.administrator_link()
    return Actor(await chat.administration.become_administrator_as(token, 'Boss', GOOD, HERE), HERE)


@pytest.mark.parametrize('closed', ['invited'], indirect=True)
async def test_where_one_needs_an_invitation_it_is_the_only_way_in(closed: Chat) -> None:
    boss = await administrator(closed)
    for way in (closed.accounts.add_guest('Cleo', HERE), closed.credentials.register('Cleo', GOOD, HERE)):
        with pytest.raises(ChatError):
            await way
    for kind, password in (('guest', None), ('member', GOOD)):
        invitation = await closed.invitations.create(boss, ['lobby'], kind)  # type: ignore[arg-type]
        assert (await come(closed, invitation, f'A {kind}', password)).kind == kind


@pytest.mark.parametrize('closed', ['accounts'], indirect=True)
async def test_where_guests_do_not_come_in_nobody_is_invited_as_one(closed: Chat) -> None:
    boss = await administrator(closed)
    with pytest.raises(Invalid) as problem:
        await closed.invitations.create(boss, ['lobby'], 'guest')
    assert problem.value.field == 'kind'


@pytest.mark.parametrize('closed', ['invited', 'accounts'], indirect=True)
async def test_a_rooms_owner_lets_nobody_new_into_a_closed_chat(closed: Chat) -> None:
    boss = await administrator(closed)
    invitation = await closed.invitations.create(boss, ['lobby'], 'member')
    cleo = Actor(await come(closed, invitation, 'Cleo', GOOD), HERE)
    await closed.rooms.create(cleo.user, 'Study', private=True)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        await closed.invitations.create(cleo, ['study'], 'member')


async def test_who_was_removed_does_not_come_back_by_the_link_that_let_them_in(
    chat: Chat, vault: Actor, bo: User
) -> None:
    invitation = await chat.invitations.create(vault, ['vault', 'lobby'])
    await chat.invitations.accept(Actor(bo, HERE), invitation.token)
    await chat.moderation.remove(vault, 'vault', bo.id, 'enough')
    await chat.invitations.accept(Actor(bo, HERE), invitation.token)
    assert await rooms_of(chat, bo) == ['lobby']


async def test_one_that_is_used_up_is_forgotten_in_time(
    chat: Chat, vault: Actor, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    invitation = await chat.invitations.create(vault, ['vault'], most_uses=1)
    await chat.invitations.accept(Actor(bo, HERE), invitation.token)
    await chat.invitations.sweep()
    assert len(await chat.invitations.list(vault)) == 1
    monkeypatch.setattr('chat.invitations.KEPT', -1000)
    await chat.invitations.sweep()
    assert await chat.invitations.list(vault) == []


async def test_who_was_a_moderator_by_an_invitation_and_is_none_any_more_stays_none(chat: Chat, boss: Actor) -> None:
    invitation = await chat.invitations.create(boss, kind='moderator')
    dan = await of_kind(chat, 'Dan', 'member')
    await chat.invitations.accept(Actor(dan, HERE), invitation.token)
    assert boss.user is not None
    await chat.administration.set_kind(boss.user, dan.id, 'member')
    await chat.invitations.accept(Actor(dan, HERE), invitation.token)
    assert {user.name: user.kind for user in await chat.administration.accounts(boss.user)}['Dan'] == 'member'


async def test_the_invitation_of_a_guest_ends_with_the_guest(chat: Chat, boss: Actor, ada: User) -> None:
    await chat.policies.change(boss, invite='everybody')
    invitation = await chat.invitations.create(Actor(ada, HERE), ['lobby'])
    session = await chat.sessions.find(await chat.sessions.begin(ada, ''))
    assert session is not None
    await chat.accounts.sign_out(session)
    with pytest.raises(NotFound):
        await chat.invitations.find(invitation.token)
