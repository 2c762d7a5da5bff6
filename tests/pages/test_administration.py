"""The administration in the settings: for administrators, and what moderators see of it."""

from collections.abc import Callable

import pytest
from nicegui import ui
from nicegui.testing import User

from chat.audit import Actor
from chat.models import Policy, UserKind
from chat.models import User as Person
from chat.storage import accounts as account_rows
from tests.pages.people import SITE, chat_of, choose, go_to, join_room, offers, person_of, press_button, sees, until

SECTIONS = {
    'people': 'Everybody with an account',
    'log': 'What moderators and administrators did',
    'rooms': 'Every room and how large it is',
    'sessions': 'Where people are signed in',
    'programs': 'Programs that speak here',
    'rules': 'What holds for everybody here',
    'health': 'As of now',
}


async def become(user: User, kind: UserKind) -> Person:
    """Let somebody join who is of a kind."""
    await join_room(user, 'Boss')
    return await chat_of(user).storage.write(account_rows.set_kind, await person_of(user), kind)


@pytest.mark.parametrize('section', SECTIONS)
@pytest.mark.parametrize('kind', ['guest', 'member', 'moderator', 'administrator'])
async def test_who_sees_which_section(user: User, section: str, kind: UserKind) -> None:
    await become(user, kind)
    sees_it = kind == 'administrator'
    answer = await user.http_client.get(f'/settings/{section}')
    assert answer.status_code == (200 if sees_it else 303)
    if sees_it:
        await go_to(user, f'/settings/{section}')
        await sees(user, SECTIONS[section])


async def test_a_room_is_archived_and_deleted(user: User) -> None:
    boss = await become(user, 'administrator')
    chat = chat_of(user)
    await chat.rooms.create(boss, 'Study')
    await go_to(user, '/settings/rooms')
    await sees(user, '/study · 1 person · 0 messages')
    press_button(user, 'Actions for Study')
    choose(user, 'Archive')
    await sees(user, '/study · archived · 1 person · 0 messages')
    press_button(user, 'Actions for Study')
    choose(user, 'Delete')
    await sees(user, 'Delete "Study" with all 0 messages in it?')
    user.find(kind=ui.button, content='Delete').click()
    await until(lambda: 'study' not in str(shown(user)))


def shown(user: User) -> list[str]:
    with user:
        return [str(getattr(each, 'text', '')) for each in user.current_layout.descendants()]


async def test_somebody_is_signed_out(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(bo, 'Bo')
    await become(user, 'administrator')
    await go_to(user, '/settings/sessions')
    press_button(user, 'Actions for Bo')
    choose(user, 'Sign out there')
    await until(lambda: 'Bo' not in shown(user))
    assert await chat_of(user).sessions.find(bo.http_client.cookies['hearth_session']) is None


async def test_a_bot_is_made_and_its_token_shown_once(user: User) -> None:
    boss = await become(user, 'administrator')
    await go_to(user, '/settings/programs')
    user.find('New bot').click()
    await sees(user, 'Make it')
    user.find('Name').type('Robbie')
    user.find('Make it').click()
    await sees(user, 'The token of Robbie')
    bots, _ = await chat_of(user).supervision.programs(Actor(boss, ''))
    assert [bot.user.name for bot in bots] == ['Robbie']


async def test_rules_are_saved_by_administrators_alone(user: User) -> None:
    await become(user, 'moderator')
    form = {'create_rooms': 'members', 'invite': 'members', 'direct_messages': 'nobody'}
    chat = chat_of(user)

    async def save(origin: str = SITE, **fields: str) -> str:
        answer = await user.http_client.post('/settings/rules', data={**form, **fields}, headers={'Origin': origin})
        assert answer.status_code == 303
        return answer.headers['location']

    assert 'problem' in await save()
    await chat.storage.write(account_rows.set_kind, await person_of(user), 'administrator')
    assert 'problem' in await save('https://evil.example')
    assert 'problem' in await save(invite='whoever')
    assert await chat.policies.get() == Policy()
    assert await save() == '/settings/rules?done=1'
    assert await chat.policies.get() == Policy('members', 'members', 'nobody')


async def test_reports_are_closed_and_what_is_hidden_comes_back(user: User, create_user: Callable[[], User]) -> None:
    boss = await become(user, 'moderator')
    chat = chat_of(user)
    bo = await chat.accounts.add_guest('Bo', '')
    await chat.rooms.join(bo, 'lobby')
    said = (await chat.messages.send(bo, 'lobby', 'buy my watches')).message
    await chat.reports.report(boss, said.id, 'Spam')
    await go_to(user, '/settings/reports')
    await sees(user, 'buy my watches')
    press_button(user, 'Actions for this report')
    choose(user, 'Hide the message')
    await sees(user, 'gone for good on')
    assert (await chat.messages.get(boss, said.id)).hidden
    press_button(user, 'Actions for this message')
    choose(user, 'Show it again')
    await until(lambda: 'buy my watches' not in shown(user))
    assert (await chat.messages.get(boss, said.id)).body == 'buy my watches'


async def test_what_people_wrote_to_each_other_is_judged_without_being_hidden(user: User) -> None:
    boss = await become(user, 'moderator')
    chat = chat_of(user)
    bo, cleo = [await chat.accounts.add_guest(name, '') for name in ('Bo', 'Cleo')]
    room = await chat.direct.open(bo, [cleo.id])
    said = (await chat.messages.send(bo, room.slug, 'threats')).message
    await chat.reports.report(cleo, said.id, 'Fear')
    await go_to(user, '/settings/reports')
    await sees(user, 'Bo in direct messages')
    press_button(user, 'Actions for this report')
    assert offers(user) == ['Dismiss']
    choose(user, 'Dismiss')
    await until(lambda: 'threats' not in shown(user))
    assert await chat.reports.list(Actor(boss, '')) == []


async def test_a_ban_is_ended(user: User) -> None:
    boss = await become(user, 'moderator')
    chat = chat_of(user)
    bo = await chat.accounts.add_guest('Bo', '')
    await chat.moderation.ban(Actor(boss, ''), bo.id, None, None, 'Spam')
    await go_to(user, '/settings/reports')
    press_button(user, 'Actions for the ban of Bo')
    choose(user, 'End the ban')
    await until(lambda: 'Bo' not in shown(user))
    assert await chat.moderation.bans(boss) == []


async def test_the_log_is_read_page_by_page(user: User) -> None:
    boss = await become(user, 'administrator')
    chat = chat_of(user)
    for number in range(60):
        await chat.bots.add(f'Bot {number}', Actor(boss, '192.0.2.7'))
    await go_to(user, '/settings/log')
    await sees(user, 'Boss · make bot: Bot 59')
    assert 'Boss · make bot: Bot 9' not in shown(user)
    first = (await chat.log.entries(Actor(boss, '')))[-1].id
    await go_to(user, f'/settings/log?before={first}')
    await sees(user, 'Boss · make bot: Bot 9')
