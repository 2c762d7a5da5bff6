"""A page's listeners end with its client."""

import asyncio
import gc
from typing import NamedTuple

import pytest
from nicegui import Client, ElementFilter, ui
from nicegui.testing import User

from chat.models import User as Person
from pages.conversation import Conversation
from tests.pages.people import chat_of, choose, join_room, press_button, sees, sign_in, until

pytestmark = pytest.mark.slow

PAGES = 200


@pytest.fixture(autouse=True)
def no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one address open many pages."""
    monkeypatch.setenv('HEARTH_RATE_LIMITS', 'off')


async def test_two_hundred_pages_leave_nothing_behind(user: User) -> None:
    await join_room(user, 'Ada')
    chat = chat_of(user)
    await until(lambda: chat.room_state.listeners == 1)
    before = await _what_is_left_of(user, 50)  # what is made once, is made
    after = await _what_is_left_of(user, PAGES)
    assert chat.room_state.listeners == 1
    assert after.clients == before.clients
    assert after.conversations == before.conversations
    assert after.tasks <= before.tasks
    assert (after.objects - before.objects) / PAGES < 50  # a page is made of thousands


async def test_what_listened_to_the_old_room_is_gone_after_changing_rooms(user: User) -> None:
    await join_room(user, 'Ada')
    await sign_in(user, 'Ada', new_room='Design')
    chat = chat_of(user)
    for slug, name in [('design', 'Design'), ('lobby', 'Lobby')] * 3:
        user.navigate.to(f'/rooms/{slug}')
        await sees(user, f'Message {name}')
        await until(lambda: chat.room_state.listeners == 1)


async def test_a_page_that_no_browser_ever_opens_listens_to_nothing(user: User) -> None:
    await sign_in(user, 'Ada')
    await user.http_client.get('/rooms/lobby')
    await asyncio.sleep(0.2)
    assert chat_of(user).room_state.listeners == 0


async def test_a_session_that_ends_takes_its_open_pages_with_it(user: User) -> None:
    await join_room(user, 'Ada')
    chat = chat_of(user)
    opened = []
    user.client.open = lambda target, *_: opened.append(target)
    session = await chat.sessions.find(user.http_client.cookies['hearth_session'])
    await chat.sessions.end(session)
    await until(lambda: opened == ['/rooms/lobby'])
    # A browser need not follow: nothing is left that could be used, and nothing more is heard.
    assert chat.room_state.listeners == 0
    with user:
        assert not list(ElementFilter(kind=ui.textarea))


async def test_a_page_that_opens_after_its_session_ended_ends_too(user: User) -> None:
    location = await sign_in(user, 'Ada')
    chat = chat_of(user)
    session = await chat.sessions.find(user.http_client.cookies['hearth_session'])
    load = chat.rooms.list_and_more

    async def end_meanwhile(person: Person, **options: int) -> object:
        await chat.sessions.end(session)
        return await load(person, **options)

    chat.rooms.list_and_more = end_meanwhile
    await user.open(location)
    assert chat.room_state.listeners == 0
    with user:
        assert not list(ElementFilter(kind=ui.textarea))


async def test_who_leaves_a_room_hears_no_more_of_it(user: User) -> None:
    await join_room(user, 'Ada')
    press_button(user, 'Room menu')
    choose(user, 'Leave the room')
    await until(lambda: chat_of(user).room_state.listeners == 0)


async def test_an_old_socket_that_ends_late_makes_nobody_look_gone(user: User) -> None:
    await join_room(user, 'Ada')
    chat = chat_of(user)
    session = await chat.sessions.find(user.http_client.cookies['hearth_session'])
    moment = [chat.presence.clock()]
    chat.presence.clock = lambda: moment[0]
    assert user.client.has_socket_connection
    for handler in user.client.disconnect_handlers:
        handler()
    moment[0] += 3600
    chat.presence.sweep()
    assert chat.presence.status(session.user.id) == 'away'


class _Left(NamedTuple):
    clients: int
    conversations: int
    tasks: int
    objects: int


async def _what_is_left_of(user: User, pages: int) -> _Left:
    first = user.client
    for _ in range(pages):
        (await user.open('/rooms/lobby')).delete()
    user.client = first
    await asyncio.sleep(2)  # the outboxes of the pages end
    gc.collect()
    objects = gc.get_objects()
    conversations = sum(isinstance(each, Conversation) for each in objects)
    return _Left(len(Client.instances), conversations, len(asyncio.all_tasks()), len(objects))
