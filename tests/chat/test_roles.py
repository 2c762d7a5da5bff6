"""A place in a room: favorites, roles, and people who are put in by others."""

import pytest

from chat import Chat
from chat.audit import Actor
from chat.errors import ChatError, Conflict, Forbidden, Invalid, NotAMember, NotFound
from chat.events import RoomEvent
from chat.models import Role, User
from tests.chat.people import newcomer

SINCE_EVER = 2**62  # ms, far away


async def log_of(chat: Chat) -> list[tuple[str, ...]]:
    """Return the lines of the audit log: who, from where, what, to whom, in which room, and what about it."""
    query = 'SELECT actor, address, action, target, room, details, result FROM audit_log ORDER BY id'
    return [tuple(row) for row in await chat.storage.read(lambda c: c.exec_driver_sql(query).all())]


async def make(chat: Chat, user: User, kind: str) -> None:
    await chat.storage.write(lambda c: c.exec_driver_sql(f"UPDATE users SET kind='{kind}' WHERE id={user.id}"))


async def role_of(chat: Chat, user: User, slug: str = 'study') -> Role | None:
    members = await chat.rooms.members(user, slug)
    return next((member.role for member in members if member.user.id == user.id), None)


@pytest.fixture
async def study(chat: Chat, ada: User, bo: User) -> str:
    """Return the address of Ada's room, to which Bo belongs."""
    await chat.rooms.create(ada, 'Study')
    await chat.rooms.join(bo, 'study')
    return 'study'


async def test_a_favorite_is_ones_own(chat: Chat, ada: User, bo: User, study: str) -> None:
    await chat.rooms.favor(ada, study, favorite=True)
    for who, expected in ((ada, True), (bo, False)):
        assert (await chat.rooms.entry(who, study)).favorite == expected
        entries = {entry.room.slug: entry.favorite for entry in await chat.rooms.list(who)}
        assert entries == {'lobby': False, 'study': expected}
    await chat.rooms.favor(ada, study, favorite=False)
    assert not (await chat.rooms.entry(ada, study)).favorite


async def test_who_does_not_belong_to_a_room_has_it_among_no_favorites(chat: Chat, ada: User, study: str) -> None:
    cy = await newcomer(chat, 'Cy')
    with pytest.raises(NotAMember):
        await chat.rooms.favor(cy, study, favorite=True)
    await chat.rooms.favor(ada, study, favorite=True)
    await chat.rooms.leave(ada, study)
    assert not (await chat.rooms.entry(ada, study)).favorite


async def test_an_owner_gives_and_takes_roles_and_it_is_told(chat: Chat, ada: User, bo: User, study: str) -> None:
    heard: list[RoomEvent] = []
    chat.room_state.watch(heard.append)
    before = (await chat.rooms.find(ada, study)).revision
    for role in ('moderator', 'member', 'owner'):
        member = await chat.rooms.set_role(Actor(ada, '192.0.2.7'), study, bo.id, role)
        assert (member.user, member.role) == (bo, role)
        assert await role_of(chat, bo) == role
    assert [(event.type, event.member.role) for event in heard] == [
        ('member_changed', 'moderator'), ('member_changed', 'member'), ('member_changed', 'owner')
    ]  # fmt: skip
    (missed,) = (await chat.rooms.changes(ada, study, before)).events
    assert missed == heard[-1]
    assert (await log_of(chat))[0] == ('Ada', '192.0.2.7', 'set role', 'Bo', 'study', 'moderator', 'done')
    with pytest.raises(Forbidden, match='Only an administrator'):  # they are equals now
        await chat.rooms.set_role(Actor(ada, '192.0.2.7'), study, bo.id, 'member')


async def test_the_same_role_again_changes_nothing(chat: Chat, ada: User, bo: User, study: str) -> None:
    before = await chat.rooms.find(ada, study)
    await chat.rooms.set_role(Actor(ada, 'here'), study, bo.id, 'member')
    assert await chat.rooms.find(ada, study) == before
    assert await log_of(chat) == []


async def test_the_last_owner_stays_one(chat: Chat, ada: User, bo: User, study: str) -> None:
    actor = Actor(ada, 'here')
    with pytest.raises(Conflict) as problem:
        await chat.rooms.set_role(actor, study, ada.id, 'member')
    assert problem.value.field == 'role'
    await chat.rooms.set_role(actor, study, bo.id, 'owner')
    await chat.rooms.set_role(actor, study, ada.id, 'member')
    assert (await role_of(chat, ada), await role_of(chat, bo)) == ('member', 'owner')


async def test_a_bot_has_nothing_to_say(chat: Chat, ada: User, bo: User, study: str) -> None:
    await make(chat, bo, 'bot')
    for role in ('owner', 'moderator'):
        with pytest.raises(Conflict):
            await chat.rooms.set_role(Actor(ada, 'here'), study, bo.id, role)


async def test_roles_are_of_those_who_belong_to_the_room(chat: Chat, ada: User, study: str) -> None:
    cy = await newcomer(chat, 'Cy')
    for user_id in (cy.id, 999, 2**63 - 1, 0):
        with pytest.raises(NotFound):
            await chat.rooms.set_role(Actor(ada, 'here'), study, user_id, 'owner')
    with pytest.raises(Invalid) as problem:
        await chat.rooms.set_role(Actor(ada, 'here'), study, cy.id, 'king')
    assert problem.value.field == 'role'


async def test_a_moderator_puts_people_in_and_it_is_told_and_in_the_log(
    chat: Chat, ada: User, bo: User, study: str
) -> None:
    cy = await newcomer(chat, 'Cy')
    await chat.rooms.change(ada, study, private=True)
    await chat.rooms.set_role(Actor(ada, 'here'), study, bo.id, 'moderator')
    heard: list[RoomEvent] = []
    chat.room_state.watch(heard.append)
    for _ in range(2):
        member = await chat.rooms.add_member(Actor(bo, '192.0.2.7'), study, cy.id)
        assert (member.user, member.role) == (cy, 'member')
    assert [(event.type, event.member.user) for event in heard] == [('member_joined', cy)]
    assert (await chat.rooms.find(cy, study)).slug == study
    assert (await log_of(chat))[1:] == [('Bo', '192.0.2.7', 'add to room', 'Cy', 'study', '', 'done')]


async def test_who_is_not_here_or_banned_there_is_not_put_in(chat: Chat, ada: User, bo: User, study: str) -> None:
    actor = Actor(ada, 'here')
    passing = await chat.accounts.add_passing_guest('Cy', 'here')
    await chat.accounts.sign_out(passing)
    for user_id in (passing.user.id, 999, 2**63 - 1, 0):
        with pytest.raises(NotFound):
            await chat.rooms.add_member(actor, study, user_id)
    await chat.rooms.leave(bo, study)
    await chat.storage.write(lambda c: c.exec_driver_sql(f'UPDATE memberships SET banned_until={SINCE_EVER}'))
    with pytest.raises(ChatError, match='banned'):
        await chat.rooms.add_member(actor, study, bo.id)
    assert await log_of(chat) == []


async def test_nobody_is_put_into_an_archived_room_and_nobody_joins_it(
    chat: Chat, ada: User, bo: User, study: str
) -> None:
    cy = await newcomer(chat, 'Cy')
    await chat.rooms.change(ada, study, archived=True)
    with pytest.raises(Forbidden, match='archived'):
        await chat.rooms.add_member(Actor(ada, 'here'), study, cy.id)
    with pytest.raises(Forbidden, match='archived'):
        await chat.rooms.join(cy, study)
    assert (await chat.rooms.open(bo, study)).room.archived
