"""Who has the floor: rooms for announcements, pauses, slow mode, archives, and people who are muted."""

from datetime import timedelta

import pytest

from chat import Chat, clock, floor
from chat.audit import Actor
from chat.errors import Forbidden, NotAMember, SlowMode
from chat.models import Role, User
from chat.rooms import RoomChanges
from tests.chat.people import newcomer

WHO = ('owner', 'room moderator', 'member', 'moderator', 'administrator', 'bot')
KINDS = {'moderator': 'moderator', 'administrator': 'administrator', 'bot': 'bot'}
ROLES: dict[str, Role] = {'room moderator': 'moderator'}


class Time:
    """A clock that a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = clock.now_ms()
        for module in ('chat.floor', 'chat.storage.rooms', 'chat.storage.messages', 'chat.reach'):
            monkeypatch.setattr(f'{module}.now_ms', lambda: self.now)

    def pass_by(self, span: timedelta) -> None:
        self.now += int(span.total_seconds() * 1000)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """Return a clock that stands still."""
    return Time(monkeypatch)


@pytest.fixture
async def people(chat: Chat) -> dict[str, User]:
    """Return the people of a room, by what they are in it or in the chat."""
    people = {who: await newcomer(chat, f'The {who}') for who in WHO}
    actor = Actor(people['owner'], 'here')
    await chat.rooms.create(people['owner'], 'Study')
    for who in WHO[1:]:
        await chat.rooms.join(people[who], 'study')
        if who in KINDS:
            query = f"UPDATE users SET kind='{KINDS[who]}' WHERE id={people[who].id}"
            await chat.storage.write(lambda c, query=query: c.exec_driver_sql(query))
    for who, role in ROLES.items():
        await chat.rooms.set_role(actor, 'study', people[who].id, role)
    return people


async def mute(chat: Chat, user: User, until: int, *, everywhere: bool = False) -> None:
    table, column = ('users', 'id') if everywhere else ('memberships', 'user_id')
    query = f'UPDATE {table} SET muted_until={until} WHERE {column}={user.id}'
    await chat.storage.write(lambda c: c.exec_driver_sql(query))


async def those_who_speak(chat: Chat, people: dict[str, User]) -> set[str]:
    """Return who gets a word in."""
    found = set()
    for who, user in people.items():
        try:
            await chat.messages.send(user, 'study', 'x')
        except Forbidden:
            continue
        found.add(who)
    return found


ABOVE_MEMBERS = set(WHO) - {'member', 'bot'}


@pytest.mark.parametrize(
    ('rules', 'may'),
    [
        ({}, set(WHO)),
        ({'posting': 'moderators'}, set(WHO) - {'member'}),
        ({'paused': True}, ABOVE_MEMBERS),
        ({'paused': True, 'posting': 'moderators'}, ABOVE_MEMBERS),
        ({'archived': True}, set()),
        ({'private': True}, set(WHO)),
    ],
)
async def test_who_speaks_where(chat: Chat, people: dict[str, User], rules: RoomChanges, may: set[str]) -> None:
    await chat.rooms.change(people['owner'], 'study', **rules)
    assert await those_who_speak(chat, people) == may
    await chat.rooms.change(people['owner'], 'study', posting='everybody', paused=False, archived=False)
    assert await those_who_speak(chat, people) == set(WHO)


@pytest.mark.parametrize(
    ('rules', 'sentence'),
    [
        ({'posting': 'moderators'}, 'Only moderators write in this room.'),
        ({'paused': True}, 'This room is paused. You can read, and write again when it goes on.'),
        ({'archived': True}, 'This room is archived: it can be read, and nobody writes in it.'),
    ],
)
async def test_whoever_may_not_speak_hears_why_and_reads_on(
    chat: Chat, people: dict[str, User], rules: RoomChanges, sentence: str
) -> None:
    await chat.messages.send(people['owner'], 'study', 'hello')
    await chat.rooms.change(people['owner'], 'study', **rules)
    with pytest.raises(Forbidden) as problem:
        await chat.messages.send(people['member'], 'study', 'x')
    assert problem.value.message == sentence
    (said,) = (await chat.messages.page(people['member'], 'study')).messages
    assert said.body == 'hello'


async def test_who_does_not_belong_there_is_asked_to_join(chat: Chat, people: dict[str, User]) -> None:
    with pytest.raises(NotAMember):
        await chat.messages.send(await newcomer(chat, 'Cy'), 'study', 'x')


@pytest.mark.parametrize('everywhere', [False, True])
async def test_who_is_muted_is_silent_until_then(
    chat: Chat, people: dict[str, User], time: Time, *, everywhere: bool
) -> None:
    member = people['member']
    said = (await chat.messages.send(member, 'study', 'x')).message
    await mute(chat, member, time.now + 60_000, everywhere=everywhere)
    with pytest.raises(Forbidden, match=r'muted you here until .* UTC'):
        await chat.messages.send(member, 'study', 'y')
    with pytest.raises(Forbidden, match='muted'):  # or they would speak by changing what they said
        await chat.messages.edit(member, said.id, 'y')
    await chat.messages.delete(member, said.id)
    time.pass_by(timedelta(minutes=1))
    assert (await chat.messages.send(member, 'study', 'y')).is_new


async def test_a_mute_of_one_room_holds_there_alone_and_one_without_end_says_no_time(
    chat: Chat, people: dict[str, User]
) -> None:
    member = people['member']
    await chat.storage.write(
        lambda c: c.exec_driver_sql(
            f'UPDATE memberships SET muted_until={clock.FOREVER} WHERE user_id={member.id}'
            " AND room_id=(SELECT id FROM rooms WHERE slug='study')"
        )
    )
    with pytest.raises(Forbidden, match='A moderator has muted you here'):
        await chat.messages.send(member, 'study', 'x')
    assert (await chat.messages.send(member, 'lobby', 'x')).is_new


async def test_in_slow_mode_members_wait_between_two_messages(chat: Chat, people: dict[str, User], time: Time) -> None:
    await chat.rooms.change(people['owner'], 'study', slow_mode=30)
    member = people['member']
    await chat.messages.send(member, 'study', 'one')
    time.pass_by(timedelta(seconds=10))
    with pytest.raises(SlowMode) as problem:
        await chat.messages.send(member, 'study', 'two')
    assert (problem.value.retry_after, problem.value.code) == (20, 'rate_limited')
    assert problem.value.message == 'This room is in slow mode. You can write again in 20 seconds.'
    await chat.messages.send(await _joined(chat, 'Cy'), 'study', 'others need not')
    time.pass_by(timedelta(seconds=20))
    assert (await chat.messages.send(member, 'study', 'two')).is_new


async def test_who_moderates_does_not_wait(chat: Chat, people: dict[str, User]) -> None:
    await chat.rooms.change(people['owner'], 'study', slow_mode=30)
    for who in ABOVE_MEMBERS:
        for _ in range(2):
            await chat.messages.send(people[who], 'study', 'x')


async def test_what_was_said_before_can_be_put_right_in_slow_mode(chat: Chat, people: dict[str, User]) -> None:
    await chat.rooms.change(people['owner'], 'study', slow_mode=30)
    said = (await chat.messages.send(people['member'], 'study', 'teh')).message
    assert (await chat.messages.edit(people['member'], said.id, 'the')).body == 'the'
    await chat.messages.delete(people['member'], said.id)
    with pytest.raises(SlowMode):  # deleting gives no word back
        await chat.messages.send(people['member'], 'study', 'again')


@pytest.mark.parametrize('rules', [{'slow_mode': 30}, {'paused': True}, {'archived': True}])
async def test_a_message_that_is_sent_again_has_been_said(
    chat: Chat, people: dict[str, User], rules: RoomChanges
) -> None:
    """Its answer was lost on the way, and the room has changed since."""
    if 'slow_mode' in rules:
        await chat.rooms.change(people['owner'], 'study', **rules)
    first = await chat.messages.send(people['member'], 'study', 'x', client_message_id='7')
    await chat.rooms.change(people['owner'], 'study', **rules)
    again = await chat.messages.send(people['member'], 'study', 'x', client_message_id='7')
    assert (again.message.id, again.is_new) == (first.message.id, False)


async def test_what_stood_is_not_changed_in_a_pause_or_an_archive_and_is_in_a_room_for_announcements(
    chat: Chat, people: dict[str, User]
) -> None:
    owner, member = people['owner'], people['member']
    said = (await chat.messages.send(member, 'study', 'x')).message
    await chat.rooms.change(owner, 'study', posting='moderators')
    await chat.messages.edit(member, said.id, 'y')
    for rules in ({'posting': 'everybody', 'paused': True}, {'paused': False, 'archived': True}):
        await chat.rooms.change(owner, 'study', **rules)
        with pytest.raises(Forbidden):
            await chat.messages.edit(member, said.id, 'z')
    await chat.messages.delete(member, said.id)  # one's own words can always be taken back


def test_who_may_speak_is_told_nothing() -> None:
    assert floor.sentence(None, 0) == ''
    assert floor.sentence('not_a_member', 0) == 'Join the room first.'


async def _joined(chat: Chat, name: str) -> User:
    user = await newcomer(chat, name)
    await chat.rooms.join(user, 'study')
    return user
