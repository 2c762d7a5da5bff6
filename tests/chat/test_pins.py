"""Pins: what a room keeps at hand, and who says so."""

import pytest

from chat import Chat, pins
from chat.audit import Actor
from chat.errors import Conflict, Forbidden, NotFound, RateLimited
from chat.events import MessageEvent, MessagePinned, Told
from chat.models import Role, User
from chat.storage import accounts as account_rows
from tests.chat.people import newcomer


@pytest.fixture
async def owner(chat: Chat) -> User:
    """Return Olga, who owns the study."""
    olga = await newcomer(chat, 'Olga')
    await chat.rooms.create(olga, 'Study')
    return olga


async def made(chat: Chat, name: str, kind: str) -> User:
    return await chat.storage.write(account_rows.set_kind, await newcomer(chat, name), kind)  # type: ignore[arg-type]


async def say(chat: Chat, user: User, body: str = 'hello', slug: str = 'study') -> int:
    if slug == 'study':
        await chat.rooms.join(user, slug)
    return (await chat.messages.send(user, slug, body)).message.id


async def pinned(chat: Chat, user: User, slug: str = 'study') -> list[str]:
    return [each.body for each in await chat.pins.pinned(user, slug)]


async def hear(chat: Chat, user: User, slug: str = 'study') -> list[Told]:
    heard: list[Told] = []
    view = await chat.rooms.open(user, slug)
    chat.room_state.subscribe(view.room.id, view.page.revision, heard.extend)
    return heard


async def test_the_newest_pin_stands_first_and_everybody_is_told(chat: Chat, owner: User, bo: User) -> None:
    one, two = await say(chat, bo, 'one'), await say(chat, bo, 'two')
    heard = await hear(chat, bo)
    await chat.pins.pin(owner, two, on=True)
    message = await chat.pins.pin(owner, one, on=True)
    assert message.pinned_at is not None
    assert message.edited_at is None
    assert await pinned(chat, bo) == ['one', 'two']
    assert [type(each) for each in heard] == [MessagePinned, MessagePinned]
    assert isinstance(heard[1], MessageEvent)
    assert heard[1].message == message
    assert (await chat.rooms.open(bo, 'study')).pinned_ids == {one, two}


async def test_twice_is_once_both_ways(chat: Chat, owner: User) -> None:
    one = await say(chat, owner)
    first = await chat.pins.pin(owner, one, on=True)
    assert (await chat.pins.pin(owner, one, on=True)) == first
    off = await chat.pins.pin(owner, one, on=False)
    assert off.pinned_at is None
    assert (await chat.pins.pin(owner, one, on=False)).revision == off.revision
    assert await pinned(chat, owner) == []


async def test_who_missed_it_is_told_later(chat: Chat, owner: User, bo: User) -> None:
    one = await say(chat, bo)
    revision = (await chat.rooms.open(bo, 'study')).page.revision
    await chat.pins.pin(owner, one, on=True)
    (event,) = (await chat.rooms.changes(bo, 'study', revision)).events
    assert isinstance(event, MessagePinned)


@pytest.mark.parametrize(('role', 'may'), [('owner', True), ('moderator', True), ('member', False)])
async def test_those_who_look_after_a_room_pin_there(chat: Chat, owner: User, bo: User, role: Role, may: bool) -> None:
    one = await say(chat, bo)
    await chat.rooms.set_role(Actor(owner, 'here'), 'study', bo.id, role)
    if may:
        assert (await chat.pins.pin(bo, one, on=True)).pinned_at is not None
        assert (await chat.pins.pin(bo, one, on=False)).pinned_at is None
    else:
        with pytest.raises(Forbidden, match='owners and moderators'):
            await chat.pins.pin(bo, one, on=True)
        with pytest.raises(Forbidden, match='owners and moderators'):
            await chat.pins.pin(bo, one, on=False)


@pytest.mark.parametrize('kind', ['moderator', 'administrator'])
async def test_moderators_of_the_chat_pin_in_open_rooms_also_from_outside(chat: Chat, owner: User, kind: str) -> None:
    mo, one = await made(chat, 'Mo', kind), await say(chat, owner)
    await chat.pins.pin(mo, one, on=True)
    assert await pinned(chat, mo) == ['hello']
    await chat.rooms.create(owner, 'Secret', private=True)
    secret = await say(chat, owner, slug='secret')
    with pytest.raises(NotFound):
        await chat.pins.pin(mo, secret, on=True)
    with pytest.raises(NotFound):
        await chat.pins.pinned(mo, 'secret')


async def test_in_direct_messages_everybody_pins(chat: Chat, ada: User, bo: User) -> None:
    room = await chat.direct.open(ada, [bo.id])
    one = await say(chat, ada, slug=room.slug)
    await chat.pins.pin(bo, one, on=True)
    assert await pinned(chat, ada, room.slug) == ['hello']
    await chat.pins.pin(ada, one, on=False)
    boss = await made(chat, 'Boss', 'administrator')
    with pytest.raises(NotFound):
        await chat.pins.pin(boss, one, on=True)
    await chat.policies.change(Actor(boss, 'here'), direct_messages='nobody')
    with pytest.raises(Forbidden, match='switched off'):
        await chat.pins.pin(bo, one, on=True)


async def test_who_is_muted_pins_nothing(chat: Chat, owner: User, bo: User) -> None:
    one = await say(chat, bo)
    await chat.rooms.set_role(Actor(owner, 'here'), 'study', bo.id, 'moderator')
    await chat.moderation.mute(Actor(owner, 'here'), bo.id, 'study', 5, 'rude')
    with pytest.raises(Forbidden, match='muted'):
        await chat.pins.pin(bo, one, on=True)


async def test_in_an_archived_room_nothing_is_pinned_and_what_is_pinned_stays(chat: Chat, owner: User) -> None:
    one = await say(chat, owner)
    await chat.pins.pin(owner, one, on=True)
    await chat.rooms.change(owner, 'study', archived=True)
    with pytest.raises(Forbidden, match='archived'):
        await chat.pins.pin(owner, one, on=False)
    assert await pinned(chat, owner) == ['hello']


async def test_what_is_deleted_is_pinned_no_longer_and_cannot_be(chat: Chat, owner: User, bo: User) -> None:
    one = await say(chat, bo)
    await chat.pins.pin(owner, one, on=True)
    await chat.messages.delete(bo, one)
    assert await pinned(chat, owner) == []
    assert (await chat.rooms.open(owner, 'study')).pinned_ids == frozenset()
    with pytest.raises(Conflict, match='deleted'):
        await chat.pins.pin(owner, one, on=True)


async def test_what_is_hidden_is_out_of_sight_with_its_pin_until_it_is_shown_again(
    chat: Chat, owner: User, bo: User
) -> None:
    one = await say(chat, bo)
    await chat.pins.pin(owner, one, on=True)
    await chat.moderation.hide(Actor(owner, 'here'), one, 'rude')
    assert await pinned(chat, owner) == []
    with pytest.raises(Conflict, match='deleted'):
        await chat.pins.pin(owner, one, on=True)
    await chat.moderation.show_again(Actor(owner, 'here'), one)
    assert await pinned(chat, owner) == ['hello']


async def test_what_is_shown_again_has_lost_its_pin_where_as_many_as_may_be_are_pinned_by_now(
    chat: Chat, owner: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pins, 'MOST', 1)
    one, two = await say(chat, bo, 'one'), await say(chat, bo, 'two')
    await chat.pins.pin(owner, one, on=True)
    await chat.moderation.hide(Actor(owner, 'here'), one, 'rude')
    await chat.pins.pin(owner, two, on=True)
    await chat.moderation.show_again(Actor(owner, 'here'), one)
    assert await pinned(chat, owner) == ['two']


async def test_showing_all_of_somebody_again_pins_no_more_than_the_most(
    chat: Chat, owner: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pins, 'MOST', 2)
    for body in ('one', 'two'):
        await chat.pins.pin(owner, await say(chat, bo, body), on=True)
    await chat.moderation.hide_all(Actor(owner, 'here'), bo.id, 'study', 60, 'rude')
    await chat.pins.pin(owner, await say(chat, owner, 'three'), on=True)
    await chat.moderation.show_all_again(Actor(owner, 'here'), bo.id, 'study')
    assert len(await pinned(chat, owner)) == 2


async def test_what_is_hidden_can_be_taken_off_and_stays_off(chat: Chat, owner: User, bo: User) -> None:
    one = await say(chat, bo)
    await chat.pins.pin(owner, one, on=True)
    await chat.moderation.hide(Actor(owner, 'here'), one, 'rude')
    await chat.pins.pin(owner, one, on=False)
    await chat.moderation.show_again(Actor(owner, 'here'), one)
    assert await pinned(chat, owner) == []


async def test_more_than_the_most_is_a_conflict_in_words(
    chat: Chat, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pins, 'MOST', 2)
    ids = [await say(chat, owner, f'{number}') for number in range(3)]
    for each in ids[:2]:
        await chat.pins.pin(owner, each, on=True)
    with pytest.raises(Conflict, match='2 messages are pinned here, which is the most'):
        await chat.pins.pin(owner, ids[2], on=True)
    await chat.pins.pin(owner, ids[0], on=False)
    await chat.pins.pin(owner, ids[2], on=True)
    assert await pinned(chat, owner) == ['2', '1']


async def test_editing_what_is_pinned_leaves_it_pinned(chat: Chat, owner: User) -> None:
    one = await say(chat, owner)
    await chat.pins.pin(owner, one, on=True)
    assert (await chat.messages.edit(owner, one, 'hello all')).pinned_at is not None
    assert await pinned(chat, owner) == ['hello all']


async def test_pinning_without_end_is_limited(chat: Chat, owner: User) -> None:
    one = await say(chat, owner)

    async def pin_without_end() -> None:
        for number in range(200):
            await chat.pins.pin(owner, one, on=number % 2 == 0)

    with pytest.raises(RateLimited):
        await pin_without_end()
