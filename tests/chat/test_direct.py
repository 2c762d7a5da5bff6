"""Direct messages: one room for every set of people."""

import asyncio

import pytest

from chat import Chat
from chat.audit import Actor
from chat.direct import key_of
from chat.errors import ChatError, Conflict, Forbidden, Invalid, NotFound, RateLimited
from chat.events import MemberJoined, RoomEvent
from chat.models import User, WhoMay
from tests.chat.people import newcomer


async def test_whoever_opens_it_all_find_the_same_room(chat: Chat, ada: User, bo: User) -> None:
    room = await chat.direct.open(ada, [bo.id])
    assert (room.direct, room.private) == (True, True)
    for who, others in ((ada, [bo.id]), (bo, [ada.id]), (ada, [ada.id, bo.id, bo.id])):
        assert (await chat.direct.open(who, others)).slug == room.slug
    third = await newcomer(chat, 'Cy')
    assert (await chat.direct.open(ada, [bo.id, third.id])).slug != room.slug


async def test_it_is_said_whether_it_began_with_this_call(chat: Chat, ada: User, bo: User) -> None:
    room, is_new = await chat.direct.open_or_find(ada, [bo.id])
    assert is_new
    assert await chat.direct.open_or_find(ada, [bo.id]) == (room, False)


async def test_everybody_sees_it_under_the_names_of_the_others(chat: Chat, ada: User, bo: User) -> None:
    cy = await newcomer(chat, 'Cy')
    slug = (await chat.direct.open(ada, [bo.id, cy.id])).slug
    assert [(await chat.rooms.find(who, slug)).name for who in (ada, bo, cy)] == ['Bo, Cy', 'Ada, Cy', 'Ada, Bo']
    assert slug in [entry.room.slug for entry in await chat.rooms.list(cy) if entry.room.name == 'Ada, Bo']
    await chat.storage.write(lambda c: c.exec_driver_sql("UPDATE users SET name='Cleo' WHERE name='Cy'"))
    assert (await chat.rooms.find(ada, slug)).name == 'Bo, Cleo'


async def test_who_writes_to_nobody_else_keeps_notes(chat: Chat, ada: User) -> None:
    room = await chat.direct.open(ada, [])
    assert room.name == 'Notes to myself'
    assert (await chat.messages.send(ada, room.slug, 'milk')).is_new


async def test_what_is_said_there_is_for_them_alone(chat: Chat, ada: User, bo: User) -> None:
    room = await chat.direct.open(ada, [bo.id])
    said = (await chat.messages.send(ada, room.slug, 'between us')).message
    assert (await chat.messages.get(bo, said.id)).body == 'between us'
    stranger = await newcomer(chat, 'Cy')
    administrator = await newcomer(chat, 'Root')
    await chat.storage.write(lambda c: c.exec_driver_sql("UPDATE users SET kind='administrator' WHERE name='Root'"))
    for who in (stranger, administrator):
        with pytest.raises(NotFound):
            await chat.rooms.join(who, room.slug)
        with pytest.raises(NotFound):
            await chat.messages.get(who, said.id)
        assert room.slug not in [entry.room.slug for entry in await chat.rooms.list(who)]


async def test_that_they_belong_to_it_is_told_and_it_counts_for_them(chat: Chat, ada: User, bo: User) -> None:
    heard: list[RoomEvent] = []
    chat.room_state.watch(heard.append)
    room = await chat.direct.open(ada, [bo.id])
    assert [(type(event), event.revision) for event in heard] == [(MemberJoined, 1), (MemberJoined, 2)]
    assert heard == list((await chat.rooms.changes(bo, room.slug, 0)).events)
    await chat.messages.send(ada, room.slug, 'hello')
    assert (await chat.rooms.entry(bo, room.slug)).unread == 1


async def test_it_cannot_be_left_changed_deleted_added_to_or_hooked(chat: Chat, ada: User, bo: User) -> None:
    cy = await newcomer(chat, 'Cy')
    slug = (await chat.direct.open(ada, [bo.id])).slug
    await chat.storage.write(lambda c: c.exec_driver_sql("UPDATE users SET kind='administrator' WHERE name='Ada'"))
    actor = Actor(ada, 'here')
    for attempt in (
        chat.rooms.leave(ada, slug),
        chat.rooms.change(ada, slug, name='Ours'),
        chat.rooms.change(ada, slug, paused=True),
        chat.rooms.delete(ada, slug),
        chat.rooms.add_member(actor, slug, cy.id),
        chat.rooms.set_role(actor, slug, bo.id, 'owner'),
        chat.hooks.create(ada, slug, 'Builds'),
    ):
        with pytest.raises(Forbidden):
            await attempt
    assert len(await chat.rooms.members(ada, slug)) == 2


async def test_nine_people_are_the_most(chat: Chat, ada: User) -> None:
    others = [(await newcomer(chat, f'Guest {number}')).id for number in range(9)]
    with pytest.raises(Invalid) as problem:
        await chat.direct.open(ada, others)
    assert problem.value.field == 'users'
    room = await chat.direct.open(ada, others[:8])
    assert len(await chat.rooms.members(ada, room.slug)) == 9
    longest = key_of(2**63 - number for number in range(1, 10))
    assert len(longest) <= 256  # what the column takes


async def test_who_is_not_here_cannot_be_written_to(chat: Chat, ada: User, bo: User) -> None:
    account = await chat.credentials.register('Cleo', 'correct horse battery', 'here')
    await chat.deletion.delete_own(account, 'keep', 'correct horse battery', 'here')
    nameless = await chat.accounts.add_passing_guest('Dee', 'here')
    await chat.accounts.sign_out(nameless)
    await chat.storage.write(lambda c: c.exec_driver_sql(f"UPDATE users SET banned_until = {2**62} WHERE name = 'Bo'"))
    for other in (account.id, nameless.user.id, bo.id, 999, 2**63 - 1, 0):
        with pytest.raises(NotFound):
            await chat.direct.open(ada, [other])
    with pytest.raises(ChatError):
        await chat.direct.open(bo, [ada.id])


@pytest.mark.parametrize(
    ('policy', 'may'), [('everybody', True), ('members', False), ('administrators', False), ('nobody', False)]
)
async def test_an_administrator_switches_it_off_and_what_was_said_stays_to_be_read(
    chat: Chat, ada: User, bo: User, policy: WhoMay, *, may: bool
) -> None:
    root = await newcomer(chat, 'Root')
    await chat.storage.write(lambda c: c.exec_driver_sql("UPDATE users SET kind='administrator' WHERE name='Root'"))
    room = await chat.direct.open(ada, [bo.id])
    await chat.policies.change(Actor(root, 'here'), direct_messages=policy)
    for attempt in (
        lambda: chat.direct.open(ada, [root.id]),
        lambda: chat.messages.send(ada, room.slug, 'psst'),
    ):
        if may:
            await attempt()
        else:
            with pytest.raises(Forbidden, match='Direct messages are switched off here'):
                await attempt()
    assert (await chat.direct.open(ada, [bo.id])).slug == room.slug
    assert await chat.messages.page(ada, room.slug)


async def test_two_who_write_to_each_other_at_once_meet(chat: Chat, ada: User, bo: User) -> None:
    opened = await asyncio.gather(*(chat.direct.open(who, [ada.id, bo.id]) for who in (ada, bo) for _ in range(4)))
    assert len({room.slug for room in opened}) == 1


async def test_who_deletes_the_account_is_called_so_and_with_the_last_one_it_goes(
    chat: Chat, ada: User, bo: User
) -> None:
    room = await chat.direct.open(ada, [bo.id])
    await chat.messages.send(bo, room.slug, 'farewell')
    await chat.deletion.delete_own(bo, 'keep', None, 'here')
    assert (await chat.rooms.find(ada, room.slug)).name == 'Deleted account'
    await chat.deletion.delete_own(ada, 'keep', None, 'here')
    assert await chat._revisions([room.id]) == {}


@pytest.mark.usefixtures('nothing_forgiven')
async def test_nobody_writes_to_everybody(chat: Chat, ada: User) -> None:
    others = [await newcomer(chat, f'Guest {number}') for number in range(31)]
    for other in others[:30]:
        await chat.direct.open(ada, [other.id])
    with pytest.raises(RateLimited, match='opening direct messages'):
        await chat.direct.open(ada, [others[30].id])
    await chat.direct.open(ada, [others[0].id])  # which is there already


async def test_its_address_says_nothing_of_whose_it_is(chat: Chat, ada: User, bo: User) -> None:
    slug = (await chat.direct.open(ada, [bo.id])).slug
    assert slug.startswith('direct-')
    assert key_of([ada.id, bo.id]) not in slug
    with pytest.raises((NotFound, Conflict)):
        await chat.rooms.find(await newcomer(chat, 'Cy'), slug)
