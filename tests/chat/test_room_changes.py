"""Rooms that change and go."""

import asyncio

import pytest

from chat import Chat
from chat.errors import Forbidden, Invalid, NotFound
from chat.events import RoomChanged, RoomGone, Told
from chat.models import User


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
    assert await chat.rooms.change(ada, 'design', name='Design', topic='Shapes', private=False) == before


@pytest.mark.parametrize('wrong', [{'name': ''}, {'name': 'x' * 65}, {'topic': 'x' * 251}])
async def test_a_room_takes_no_name_or_topic_that_a_new_one_would_not(chat: Chat, ada: User, wrong: dict) -> None:
    await chat.rooms.create(ada, 'Design')
    with pytest.raises(Invalid) as problem:
        await chat.rooms.change(ada, 'design', **wrong)
    assert problem.value.field == next(iter(wrong))


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
    chat.drafts.keep(bo, room, 'half a thought')
    await chat.drafts.flush()
    chat.room_state.subscribe(room.id, 4, told.extend)
    await asyncio.sleep(0.1)
    await chat.rooms.delete(ada, 'design')
    assert told == [RoomGone(room.id)]
    assert chat.room_state.listeners == 0
    with pytest.raises(NotFound):
        await chat.messages.get(bo, first.id)
    assert [entry.room.slug for entry in await chat.rooms.list(bo)] == ['lobby']
    assert (await chat.rooms.create(bo, 'Design')).slug == 'design'


async def test_a_server_that_missed_the_deletion_finds_it_out(chat: Chat, ada: User, told: list[Told]) -> None:
    room = await chat.rooms.create(ada, 'Design')
    chat.room_state.subscribe(room.id, 1, told.extend)
    await asyncio.sleep(0.1)  # it has asked what came between
    chat.room_state.gone, tell = lambda room_id: None, chat.room_state.gone
    await chat.rooms.delete(ada, 'design')
    chat.room_state.gone = tell
    await chat.room_state.compare()
    assert told == [RoomGone(room.id)]


@pytest.fixture
def told() -> list[Told]:
    """Return what a listener was told."""
    return []
