"""Invitations as people meet them: the page of one, and the list of those one has made."""

from collections.abc import Callable

import pytest
from nicegui.testing import User

from chat.audit import Actor
from chat.models import Invitation, InvitedKind
from chat.storage import accounts as account_rows
from tests.pages.people import (
    SITE,
    chat_of,
    choose,
    go_to,
    join_room,
    offers,
    person_of,
    press_button,
    sees,
    sign_in,
    until,
)

GOOD = 'a long sentence'


async def invite(user: User, kind: InvitedKind = 'guest', **terms: int) -> Invitation:
    """Let an administrator invite people to a private room."""
    chat = chat_of(user)
    boss = await chat.storage.write(account_rows.set_kind, await chat.accounts.add_guest('Boss', ''), 'administrator')
    await chat.sessions.begin(boss, '')
    await chat.rooms.create(boss, 'Vault', private=True)
    return await chat.invitations.create(Actor(boss, 'here'), ['vault'], kind, None, terms.get('most_uses'))


async def follow(user: User, invitation: Invitation, origin: str = SITE, **fields: str) -> str:
    """Send the form of an invitation; return where that leads."""
    form = {'token': invitation.token, **fields}
    response = await user.http_client.post('/invite', data=form, headers={'Origin': origin})
    assert response.status_code == 303
    return response.headers['location']


async def rooms_of(user: User) -> list[str]:
    return [each.room.slug for each in await chat_of(user).rooms.list(await person_of(user)) if each.joined]


async def test_a_stranger_says_a_name_and_is_in_the_room(user: User) -> None:
    invitation = await invite(user)
    await user.open(f'/invite/{invitation.token}')
    await sees(user, 'Boss invites you to Vault.')
    await sees(user, 'Your name')
    assert await follow(user, invitation, name='Ada') == '/rooms/vault'
    assert (await person_of(user)).kind == 'guest'
    assert await rooms_of(user) == ['vault']


async def test_the_list_says_which_let_nobody_in_now(user: User) -> None:
    invitation = await invite(user)
    await join_room(user, 'Ada')
    chat = chat_of(user)
    ada = await chat.storage.write(account_rows.set_kind, await person_of(user), 'administrator')
    await chat.rooms.add_member(Actor(invitation.created_by, ''), 'vault', ada.id)  # or it goes with its last
    await chat.storage.write(account_rows.set_kind, invitation.created_by, 'member')
    await chat.rooms.leave(invitation.created_by, 'vault')
    await go_to(user, '/settings/invitations')
    await sees(user, 'lets nobody in')
    press_button(user, 'Actions for Vault')
    assert offers(user) == ['Who came', 'Take it back']


async def test_who_is_invited_as_a_member_chooses_a_password(user: User) -> None:
    invitation = await invite(user, 'member')
    await user.open(f'/invite/{invitation.token}')
    await sees(user, 'New password')
    back = await follow(user, invitation, name='Ada', password='short')
    assert back.startswith(f'/invite/{invitation.token}?')
    assert await follow(user, invitation, name='Ada', password=GOOD) == '/rooms/vault'
    assert (await person_of(user)).kind == 'member'


async def test_who_has_an_account_signs_in_and_joins(user: User) -> None:
    invitation = await invite(user)
    ada = await chat_of(user).credentials.register('Ada', GOOD, 'here')
    await user.open(f'/invite/{invitation.token}?account=1')
    await sees(user, 'Sign in and join')
    back = await follow(user, invitation, account='1', name='Ada', password='not the one')
    await user.open(back)
    await sees(user, 'do not belong together')
    assert await follow(user, invitation, account='1', name='Ada', password=GOOD) == '/rooms/vault'
    assert await person_of(user) == ada


async def test_who_is_signed_in_joins_by_a_button(user: User) -> None:
    await join_room(user, 'Ada')
    invitation = await invite(user)
    await go_to(user, f'/invite/{invitation.token}')
    await sees(user, 'You are signed in as Ada.')
    assert await rooms_of(user) == ['lobby']  # looking joins nothing
    assert await follow(user, invitation) == '/rooms/vault'
    assert await rooms_of(user) == ['lobby', 'vault']


async def test_a_taken_name_is_said_and_kept(user: User, create_user: Callable[[], User]) -> None:
    await join_room(create_user(), 'Ada')
    invitation = await invite(user, most_uses=1)
    await user.open(await follow(user, invitation, name='Ada'))
    await sees(user, 'Somebody goes by this name already.')
    assert await follow(user, invitation, name='Cleo') == '/rooms/vault'


@pytest.mark.parametrize('end', ['used up', 'taken back', 'made up'])
async def test_one_that_is_void_says_so(user: User, create_user: Callable[[], User], end: str) -> None:
    invitation = await invite(user, most_uses=1)
    token = invitation.token
    if end == 'used up':
        await follow(create_user(), invitation, name='Cleo')
    elif end == 'taken back':
        await chat_of(user).invitations.revoke(Actor(invitation.created_by, ''), invitation.id)
    else:
        token = 'x' * 5_000
    await user.open(f'/invite/{token}')
    await sees(user, 'This invitation is void')


async def test_a_form_of_another_site_lets_nobody_in(user: User) -> None:
    invitation = await invite(user)
    assert (await follow(user, invitation, 'https://evil.example', name='Ada')).startswith('/invite/')
    assert 'hearth_session' not in user.http_client.cookies


async def test_one_invites_from_the_room_and_takes_it_back_in_the_settings(user: User) -> None:
    await sign_in(user, 'Ada', new_room='Study')
    await user.open('/rooms/study')
    press_button(user, 'Room menu')
    choose(user, 'Invite people')
    await sees(user, 'Into these rooms')
    user.find('Make the link').click()
    await sees(user, 'An invitation')
    (made,) = await chat_of(user).invitations.list(Actor(await person_of(user), ''))
    assert [room.slug for room in made.rooms] == ['study']
    await go_to(user, '/settings/invitations')
    await sees(user, 'Study')
    press_button(user, 'Actions for Study')
    assert offers(user) == ['Show the link', 'Who came', 'Take it back']
    choose(user, 'Take it back')
    await until(lambda: 'over' in text_of(user))


def text_of(user: User) -> str:
    with user:
        return ' '.join(str(getattr(each, 'text', '')) for each in user.current_layout.descendants())


async def test_somebody_without_a_room_of_their_own_is_told_that_they_may_not(user: User) -> None:
    await join_room(user, 'Ada')
    press_button(user, 'Room menu')
    assert 'Invite people' not in offers(user)
    await go_to(user, '/settings/invitations')
    user.find('Invite people').click()
    await sees(user, 'Make the link')
    user.find('Make the link').click()
    await sees(user, 'You may not invite people here.')


@pytest.mark.parametrize('path', ['/join', '/invite'])
async def test_who_is_banned_is_told_so(user: User, path: str) -> None:
    invitation = await invite(user)
    chat = chat_of(user)
    ada = await chat.credentials.register('Ada', GOOD, 'here')
    await chat.moderation.ban(Actor(invitation.created_by, 'elsewhere'), ada.id, None, None, 'Spam')
    form = {'token': invitation.token, 'name': 'Ada', 'password': GOOD, 'account': '1'}
    answer = await user.http_client.post(path, data=form, headers={'Origin': SITE})
    await user.open(answer.headers['location'])
    await sees(user, 'You are banned from this chat.')
