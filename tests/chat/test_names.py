"""Until when a name is somebody's: a guest's as long as they can come back."""

import pytest

from chat import Chat, accounts, sessions
from chat.errors import NameTaken
from chat.events import MemberLeft
from chat.models import Session, User


async def signed_in(chat: Chat, user: User) -> Session:
    session = await chat.sessions.find(await chat.sessions.begin(user, 'test'))
    assert session is not None
    return session


async def is_free(chat: Chat, name: str) -> bool:
    try:
        await chat.accounts.check_name(name)
    except NameTaken:
        return False
    return True


async def sweep(chat: Chat) -> None:
    await chat.sessions.sweep()
    await chat.accounts.sweep()


def later(monkeypatch: pytest.MonkeyPatch, milliseconds: int) -> None:
    then = accounts.now_ms() + milliseconds
    for part in (accounts, sessions):
        monkeypatch.setattr(part, 'now_ms', lambda: then)


async def names_in(chat: Chat, user: User) -> set[str]:
    return {member.user.name for member in await chat.rooms.members(user, 'lobby')}


async def test_a_guest_who_signs_out_everywhere_leaves_all_rooms_and_the_name_is_free(
    chat: Chat, ada: User, bo: User
) -> None:
    await chat.rooms.create(ada, 'Garden')
    phone, laptop = await signed_in(chat, ada), await signed_in(chat, ada)
    heard: list[object] = []
    chat.room_state.watch(heard.append)
    await chat.accounts.sign_out(phone)
    assert not heard
    assert not await is_free(chat, 'Ada')
    await chat.accounts.sign_out(laptop)
    assert [(type(event), event.room) for event in heard] == [(MemberLeft, 'lobby'), (MemberLeft, 'garden')]
    assert await is_free(chat, 'Ada')
    assert await names_in(chat, bo) == {'Bo'}


async def test_the_next_of_that_name_is_somebody_else(chat: Chat, ada: User, bo: User) -> None:
    said = (await chat.messages.send(ada, 'lobby', 'of the first')).message
    await chat.accounts.sign_out(await signed_in(chat, ada))
    second = await chat.accounts.add_guest('Ada', 'here')
    assert second.id != ada.id
    assert (await chat.messages.get(bo, said.id)).author == ada
    with pytest.raises(accounts.NameTaken):
        await chat.accounts.add_guest('ada', 'here')
    await chat.accounts.sign_out(await signed_in(chat, second))
    assert await is_free(chat, 'Ada')


async def test_a_passing_guest_has_the_name_until_they_go(
    chat: Chat, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await signed_in(chat, bo)
    session = await chat.accounts.add_passing_guest('Cy', 'here')
    chat.sessions.watch(session, lambda: None)
    await chat.rooms.join(session.user, 'lobby')
    later(monkeypatch, sessions.PASSING + 1)
    await chat.sessions._note_passing()
    await sweep(chat)
    assert not await is_free(chat, 'Cy')
    for _ in range(2):
        await chat.accounts.sign_out(session)
    assert await is_free(chat, 'Cy')
    assert await names_in(chat, bo) == {'Bo'}


async def test_those_whom_a_crash_or_time_has_ended_are_let_go_by_the_next_start(chat: Chat, ada: User) -> None:
    await signed_in(chat, ada)
    many = [await chat.accounts.add_passing_guest(f'Guest {number}', 'here') for number in range(3)]
    for guest in many:
        await chat.rooms.join(guest.user, 'lobby')
    await chat.bots.add('Robbie')
    await chat.stop()
    again = Chat(chat.settings)
    again.open()
    try:
        await sweep(again)
        assert [await is_free(again, name) for name in ('Guest 0', 'Guest 2', 'Ada', 'Robbie')] == [
            True,
            True,
            False,
            False,
        ]
        assert await names_in(again, ada) == {'Ada'}
    finally:
        await again.stop()


async def test_a_guest_who_has_just_come_is_not_swept_away_before_signing_in(chat: Chat) -> None:
    await chat.accounts.add_guest('Cy', 'here')
    await chat.accounts.sweep()
    assert not await is_free(chat, 'Cy')


async def test_who_joins_a_room_at_the_very_moment_of_signing_out_leaves_it_later(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await signed_in(chat, ada)
    cy = await chat.accounts.add_guest('Cy', 'here')
    session = await chat.sessions.find(await chat.sessions.begin(cy, ''))
    assert session is not None
    await chat.accounts.sign_out(session)
    await chat.rooms.join(cy, 'lobby')  # as by a call that was under way, here or on another server
    assert await names_in(chat, ada) == {'Ada', 'Cy'}
    later(monkeypatch, 24 * 3600 * 1000)
    await sweep(chat)
    assert await names_in(chat, ada) == {'Ada'}
    assert await is_free(chat, 'Cy')
