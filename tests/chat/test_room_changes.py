"""Rooms that change and go."""

import pytest

from chat import Chat
from chat.audit import Actor
from chat.errors import Forbidden, Invalid, NotFound
from chat.events import Changes, RoomChanged, RoomEvent, RoomGone, Told
from chat.models import Draft, User
from tests.chat.people import newcomer


async def test_what_is_given_changes_and_the_rest_stays(chat: Chat, ada: User, bo: User) -> None:
    room = await chat.rooms.create(ada, 'Design', 'Shapes')
    changed = await chat.rooms.change(ada, 'design', name=' Art  room ')
    assert (changed.name, changed.topic, changed.private, changed.slug) == ('Art room', 'Shapes', False, 'design')
    changed = await chat.rooms.change(ada, 'design', topic='', private=True)
    assert (changed.name, changed.topic, changed.private) == ('Art room', '', True)
    assert await chat.rooms.find(ada, 'design') == changed
    assert changed.revision == room.revision + 3  # its owner joined, and two changes
    with pytest.raises(NotFound):
        await chat.rooms.find(bo, 'design')


async def test_a_change_to_what_it_is_already_is_none(chat: Chat, ada: User) -> None:
    await chat.rooms.create(ada, 'Design', 'Shapes')
    before = await chat.rooms.find(ada, 'design')
    heard: list[RoomEvent] = []
    chat.room_state.watch(heard.append)
    assert await chat.rooms.change(ada, 'design', name='Design', topic='Shapes', private=False) == before
    assert await chat.rooms.change(ada, 'design') == before
    assert heard == []


async def test_a_room_made_private_keeps_its_members_and_a_stranger_no_longer_finds_it(
    chat: Chat, ada: User, bo: User
) -> None:
    await chat.rooms.create(ada, 'Design')
    await chat.rooms.join(bo, 'design')
    await chat.rooms.change(ada, 'design', private=True)
    assert [member.user.name for member in await chat.rooms.members(bo, 'design')] == ['Ada', 'Bo']
    with pytest.raises(NotFound):
        await chat.rooms.find(await newcomer(chat, 'Cy'), 'design')


@pytest.mark.parametrize('wrong', [{'name': ''}, {'name': 'x' * 65}, {'topic': 'x' * 251}])
async def test_a_room_takes_no_name_or_topic_that_a_new_one_would_not(chat: Chat, ada: User, wrong: dict) -> None:
    await chat.rooms.create(ada, 'Design')
    with pytest.raises(Invalid) as problem:
        await chat.rooms.change(ada, 'design', **wrong)
    assert problem.value.field == next(iter(wrong))


async def test_who_was_the_owner_and_comes_back_is_a_member_like_others(chat: Chat, ada: User) -> None:
    await chat.rooms.create(ada, 'Design')
    await chat.rooms.leave(ada, 'design')
    await chat.rooms.join(ada, 'design')
    with pytest.raises(Forbidden):
        await chat.rooms.delete(ada, 'design')


async def test_the_lobby_belongs_to_nobody(chat: Chat, ada: User) -> None:
    with pytest.raises(Forbidden):
        await chat.rooms.change(ada, 'lobby', name='Mine')
    with pytest.raises(Forbidden):
        await chat.rooms.delete(ada, 'lobby')


async def test_a_change_is_told_at_once_and_to_those_who_missed_it(chat: Chat, ada: User, told: list[Told]) -> None:
    room = await chat.rooms.create(ada, 'Design')
    chat.room_state.subscribe(room.id, 1, told.extend)
    await chat.rooms.change(ada, 'design', topic='first')
    await chat.rooms.change(ada, 'design', topic='second')
    assert [event.topic for event in told if isinstance(event, RoomChanged)] == ['first', 'second']
    missed = await chat.rooms.changes(ada, 'design', 0)
    assert [(event.type, event.revision) for event in missed.events] == [('member_joined', 1), ('room_changed', 3)]
    assert missed.events[-1] == told[-1]


async def test_a_deleted_room_is_gone_with_all_that_was_in_it(
    chat: Chat, ada: User, bo: User, told: list[Told]
) -> None:
    room = await chat.rooms.create(ada, 'Design')
    await chat.rooms.join(bo, 'design')
    first = (await chat.messages.send(bo, 'design', 'hello')).message
    await chat.messages.send(bo, 'design', 'again', reply_to=first.id)
    _, secret = await chat.hooks.create(ada, 'design', 'Builds')
    chat.drafts.keep(bo, room, 'half a thought')
    await chat.drafts.flush()
    await chat.room_state.caught_up(chat.room_state.subscribe(room.id, 5, told.extend))
    await chat.rooms.delete(ada, 'design')
    assert told == [RoomGone(room.id)]
    assert chat.room_state.listeners == 0
    with pytest.raises(NotFound):
        await chat.messages.get(bo, first.id)
    with pytest.raises(NotFound):
        await chat.hooks.post(secret, 'green')
    assert [entry.room.slug for entry in await chat.rooms.list(bo)] == ['lobby']
    assert (await chat.rooms.create(bo, 'Design')).slug == 'design'


async def test_a_server_that_missed_the_deletion_finds_it_out(chat: Chat, ada: User, told: list[Told]) -> None:
    room = await chat.rooms.create(ada, 'Design')
    await chat.room_state.caught_up(chat.room_state.subscribe(room.id, 1, told.extend))
    chat.room_state.gone, tell = lambda room_id: None, chat.room_state.gone
    await chat.rooms.delete(ada, 'design')
    chat.room_state.gone = tell
    await chat.room_state.compare()
    assert told == [RoomGone(room.id)]
    assert chat.room_state.listeners == 0


async def test_what_was_being_written_goes_with_the_room_and_nothing_fails(
    chat: Chat, ada: User, caplog: pytest.LogCaptureFixture
) -> None:
    room = await chat.rooms.create(ada, 'Design')
    await chat.rooms.delete(ada, 'design')
    chat.drafts.keep(ada, room, 'half a thought')
    await chat.drafts.flush()
    assert chat.drafts.newest(ada, room, Draft()).body == ''
    assert not caplog.records


async def test_a_revision_that_a_room_has_not_reached_leads_to_no_event(chat: Chat, ada: User) -> None:
    newest = (await chat.rooms.find(ada, 'lobby')).revision
    assert await chat.rooms.changes(ada, 'lobby', newest) == Changes((), newest, complete=True)
    assert await chat.rooms.changes(ada, 'lobby', newest + 1) == Changes((), newest, complete=False)


@pytest.fixture
def told() -> list[Told]:
    """Return what a listener was told."""
    return []


async def test_an_archived_room_is_listed_apart_to_its_members_and_to_others_if_it_is_open(
    chat: Chat, ada: User, bo: User
) -> None:
    for name, private in (('Garden', False), ('Study', True)):
        room = await chat.rooms.create(ada, name, private=private)
        await chat.rooms.change(ada, room.slug, archived=True)
    for who, listed in ((ada, [('garden', True), ('study', True)]), (bo, [('garden', False)])):
        entries, _ = await chat.rooms.list_and_more(who, archived=True)
        assert [(entry.room.slug, entry.joined) for entry in entries] == listed
        assert [entry.room.slug for entry in await chat.rooms.list(who)] == ['lobby']
    assert [room.slug for room in await chat.rooms.list_open()] == ['lobby']
    entries, _ = await chat.rooms.list_and_more(bo, archived=True, words='tud')
    assert entries == []
    await chat.rooms.change(ada, 'garden', archived=False)
    assert (await chat.rooms.join(bo, 'garden')).archived is False


async def test_who_belongs_to_an_archived_room_opens_it_and_others_read_what_is_open(
    chat: Chat, ada: User, bo: User
) -> None:
    await chat.rooms.create(ada, 'Garden')
    await chat.messages.send(ada, 'garden', 'roses')
    await chat.rooms.change(ada, 'garden', archived=True)
    assert (await chat.rooms.open(ada, 'garden')).page.messages[0].body == 'roses'
    assert (await chat.messages.page(bo, 'garden')).messages[0].body == 'roses'
    with pytest.raises(Forbidden, match='archived'):
        await chat.rooms.open(bo, 'garden')


@pytest.mark.parametrize(
    ('wrong', 'field'),
    [({'slow_mode': -1}, 'slow_mode'), ({'slow_mode': 3_601}, 'slow_mode'), ({'posting': 'nobody'}, 'posting'),
     ({'description': 'x' * 2_001}, 'description'), ({'description': '\ud800'}, 'description')],
)  # fmt: skip
async def test_a_rule_is_one_that_there_is(chat: Chat, ada: User, wrong: dict, field: str) -> None:
    await chat.rooms.create(ada, 'Garden')
    with pytest.raises(Invalid) as problem:
        await chat.rooms.change(ada, 'garden', **wrong)
    assert problem.value.field == field


async def test_a_moderator_of_a_room_calms_it_and_changes_nothing_else(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Garden')
    await chat.rooms.join(bo, 'garden')
    with pytest.raises(Forbidden):
        await chat.rooms.change(bo, 'garden', slow_mode=30)
    await chat.rooms.set_role(Actor(ada, 'here'), 'garden', bo.id, 'moderator')
    changed = await chat.rooms.change(bo, 'garden', slow_mode=30, paused=True)
    assert (changed.slow_mode, changed.paused) == (30, True)
    with pytest.raises(Forbidden):
        await chat.rooms.change(bo, 'garden', paused=False, topic='mine')
    assert (await chat.rooms.find(bo, 'garden')).paused


async def test_what_moderators_do_with_a_room_is_in_the_log_and_what_its_owner_does_is_not(
    chat: Chat, ada: User, bo: User
) -> None:
    await chat.storage.write(lambda c: c.exec_driver_sql("UPDATE users SET kind='administrator' WHERE name='Bo'"))
    await chat.rooms.create(ada, 'Garden')
    await chat.rooms.change(ada, 'garden', topic='roses')
    await chat.rooms.change(bo, 'garden', address='192.0.2.7', topic='a secret\nline', name='Park', slow_mode=5)
    await chat.rooms.change(bo, 'garden', name='Park')  # which it is
    await chat.rooms.change(bo, 'garden', archived=True)
    await chat.rooms.change(bo, 'garden', archived=False)
    await chat.rooms.delete(bo, 'garden', address='192.0.2.7')
    query = 'SELECT actor, address, action, target, room, details FROM audit_log ORDER BY id'
    assert [tuple(row) for row in await chat.storage.read(lambda c: c.exec_driver_sql(query).all())] == [
        ('Bo', '192.0.2.7', 'change room', 'Garden', 'garden', 'name: Park, topic, slow_mode: 5'),
        ('Bo', '', 'archive room', 'Park', 'garden', ''),
        ('Bo', '', 'bring room back', 'Park', 'garden', ''),
        ('Bo', '192.0.2.7', 'delete room', 'Park', 'garden', ''),
    ]
