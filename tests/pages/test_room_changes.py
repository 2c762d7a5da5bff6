"""What a page shows when the room itself changes or goes."""

from collections.abc import Callable

from nicegui.testing import User

from tests.pages.people import chat_of, go_to, join_room, person_of, sees, sign_in, until


async def test_a_new_name_and_topic_are_on_every_page_at_once(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await go_to(user, await sign_in(user, 'Ada', new_room='Design'))
    await join_room(bo, 'Bo', room='design')
    await chat_of(user).rooms.change(await person_of(user), 'design', name='Art', topic='Shapes')
    for each in (user, bo):
        await sees(each, 'Message Art')
        await sees(each, 'Shapes')
        await sees(each, '<span class="name">Art</span>')
        await until(lambda each=each: each.client.title == 'Art · Hearth')


async def test_a_room_that_is_deleted_lets_its_pages_go(user: User) -> None:
    await join_room(user, 'Ada')
    await go_to(user, await sign_in(user, 'Ada', new_room='Design'))
    opened = []
    user.client.open = lambda target, *_: opened.append(target)
    chat = chat_of(user)
    await chat.rooms.delete(await person_of(user), 'design')
    assert opened == ['/']
    assert chat.room_state.listeners == 0
