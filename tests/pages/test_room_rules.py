"""What a page shows of a room's rules, and what keeps somebody from writing there."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User

from chat import clock
from chat.models import Role
from chat.storage import tables
from tests.pages.people import (
    box,
    chat_of,
    choose,
    go_to,
    html_of,
    join_room,
    offers,
    open_menu_of,
    person_of,
    press_button,
    sees,
    send_message,
    sign_in,
    until,
    write,
)

RULES = {
    'archived': 'This room is archived',
    'paused': 'This room is paused',
    'posting': 'Only moderators write in this room.',
}


async def in_design(user: User, bo: User) -> None:
    """Let Ada open a room of hers, and Bo join it."""
    await join_room(user, 'Ada')
    await go_to(user, await sign_in(user, 'Ada', new_room='Design'))
    await join_room(bo, 'Bo', room='design')


async def change(user: User, **wanted: object) -> None:
    """Let somebody change the room."""
    await chat_of(user).rooms.change(await person_of(user), 'design', **wanted)


async def set_role(user: User, who: User, role: Role) -> None:
    """Store what somebody is in the room, as of the next page that is opened."""
    person = await person_of(who)
    here = tables.memberships.c.user_id == person.id
    await chat_of(user).storage.write(
        lambda connection: connection.execute(tables.memberships.update().where(here).values(role=role))
    )


def can_write(user: User) -> bool:
    """Whether the box to write in is offered."""
    with user:
        (composer,) = [each for each in ElementFilter() if 'composer' in each.classes]
    return 'silent' not in composer.classes


@pytest.mark.parametrize('field', ['archived', 'paused', 'posting'])
async def test_who_may_not_write_reads_why_and_can_again_afterwards(
    user: User, create_user: Callable[[], User], field: str
) -> None:
    bo = create_user()
    await in_design(user, bo)
    write(bo, 'half a thought')
    await change(user, **{field: 'moderators' if field == 'posting' else True})
    await sees(bo, RULES[field])
    assert not can_write(bo)
    assert can_write(user) is (field != 'archived')
    await change(user, **{field: 'everybody' if field == 'posting' else False})
    await until(lambda: can_write(bo))
    await bo.should_not_see(RULES[field])
    assert box(bo) == 'half a thought'


async def test_a_page_that_is_opened_later_knows_it_at_once(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await in_design(user, bo)
    await change(user, paused=True)
    await go_to(bo, '/rooms/design')
    assert not can_write(bo)
    await go_to(user, '/rooms/design')
    assert can_write(user)


async def test_whoever_sends_all_the_same_is_told(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await in_design(user, bo)
    await change(user, paused=True)
    await until(lambda: not can_write(bo))
    write(bo, 'all the same')
    press_button(bo, 'Send')
    await sees(bo, RULES['paused'])
    assert box(bo) == 'all the same'
    page = await chat_of(user).messages.page(await person_of(user), 'design')
    assert page.messages == ()


async def test_who_was_muted_can_write_when_the_time_is_over(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await in_design(user, bo)
    person = await person_of(bo)
    until_then = clock.milliseconds(datetime.now(UTC) + timedelta(milliseconds=400))
    muting = tables.users.update().where(tables.users.c.id == person.id).values(muted_until=until_then)
    await chat_of(user).storage.write(lambda connection: connection.execute(muting))
    await go_to(bo, '/rooms/design')
    assert not can_write(bo)
    await sees(bo, 'A moderator has muted you here until')
    await until(lambda: can_write(bo))


async def test_slow_mode_is_said_to_those_who_have_to_wait(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await in_design(user, bo)
    await change(user, slow_mode=300)
    await sees(bo, 'Slow mode: one message every 5 minutes.')
    await user.should_not_see('Slow mode: one message')
    await send_message(bo, 'one')
    write(bo, 'two')
    press_button(bo, 'Send')
    await sees(bo, 'This room is in slow mode. You can write again in')
    assert box(bo) == 'two'


async def test_nobody_is_offered_a_reply_who_may_not_write(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await in_design(user, bo)
    await send_message(user, 'hello')
    await change(user, paused=True)
    await until(lambda: not can_write(bo))
    open_menu_of(bo, 'hello')
    assert 'Reply' not in offers(bo)


async def test_the_owner_changes_everything_in_one_dialog(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await in_design(user, bo)
    press_button(user, 'Room menu')
    choose(user, 'Room settings')
    user.find(kind=ui.input, content='Name').clear().type('Art')
    user.find(kind=ui.input, content='Topic').type('Shapes')
    user.find(kind=ui.textarea, content='Description').type('We *draw* here. <script>alert(1)</script>')
    for label in ('Private', 'Announcements', 'Paused'):
        user.find(kind=ui.checkbox, content=label).click()
    user.find(kind=ui.radio).elements.pop().value = 30
    user.find(kind=ui.button, content='Save').click()
    await sees(bo, 'Message Art')
    room = await chat_of(user).rooms.find(await person_of(bo), 'design')
    assert (room.name, room.topic, room.private, room.posting) == ('Art', 'Shapes', True, 'moderators')
    assert (room.paused, room.slow_mode) == (True, 30)
    press_button(bo, 'Room menu')
    choose(bo, 'About this room')
    await sees(bo, 'We <em>draw</em> here. &lt;script&gt;')
    await bo.should_not_see('<script')
    await sees(bo, 'Only those who are added or invited find and read it.')


async def test_what_somebody_else_has_changed_meanwhile_stays(user: User, create_user: Callable[[], User]) -> None:
    await in_design(user, create_user())
    press_button(user, 'Room menu')
    choose(user, 'Room settings')
    await change(user, topic='Colors')
    user.find(kind=ui.input, content='Name').clear().type('Art')
    user.find(kind=ui.button, content='Save').click()
    await sees(user, 'Message Art')
    assert (await chat_of(user).rooms.find(await person_of(user), 'design')).topic == 'Colors'


async def test_what_is_wrong_stands_in_the_dialog(user: User, create_user: Callable[[], User]) -> None:
    await in_design(user, create_user())
    press_button(user, 'Room menu')
    choose(user, 'Room settings')
    user.find(kind=ui.input, content='Name').clear()
    user.find(kind=ui.button, content='Save').click()
    await sees(user, 'Please name the room')
    assert user.find(kind=ui.input, content='Name').elements


async def test_an_archived_room_comes_back(user: User, create_user: Callable[[], User]) -> None:
    await in_design(user, create_user())
    for label, is_archived in (('Archive the room', True), ('Bring back from the archive', False)):
        press_button(user, 'Room menu')
        choose(user, 'Room settings')
        user.find(kind=ui.button, content=label).click()
        await until(lambda is_archived=is_archived: can_write(user) is not is_archived)


async def test_a_room_is_deleted_after_a_question(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await in_design(user, bo)
    opened = []
    bo.client.open = lambda target, *_: opened.append(target)
    press_button(user, 'Room menu')
    choose(user, 'Room settings')
    user.find(kind=ui.button, content='Delete the room').click()
    await sees(user, 'with all that was said in it?')
    user.find(kind=ui.button, content='Delete for good').click()
    await until(lambda: opened == ['/'])


@pytest.mark.parametrize(
    ('role', 'entries'),
    [
        ('owner', {'Room settings', 'Add people'}),
        ('moderator', {'Room settings', 'Add people'}),
        ('member', set()),
    ],
)
async def test_only_those_are_offered_to_change_a_room_who_may(
    user: User, create_user: Callable[[], User], role: Role, entries: set[str]
) -> None:
    bo = create_user()
    await in_design(user, bo)
    await set_role(user, bo, role)
    await go_to(bo, '/rooms/design')
    press_button(bo, 'Room menu')
    offered = set(offers(bo))
    assert offered & {'Room settings', 'Add people'} == entries
    assert offered >= {'About this room', "Copy the room's link", 'Add to favorites', 'Leave the room'}
    if role == 'moderator':
        choose(bo, 'Room settings')
        await sees(bo, 'Paused')
        await bo.should_not_see('Private:')
        await bo.should_not_see('Delete the room')


async def test_a_new_room_can_be_private(user: User) -> None:
    await join_room(user, 'Ada')
    press_button(user, 'New room')
    user.find(kind=ui.input, content='Name').type('Secret')
    user.find(kind=ui.checkbox, content='Private').click()
    user.find(kind=ui.button, content='Create room').click()
    await sees(user, 'Message Secret')
    assert (await chat_of(user).rooms.find(await person_of(user), 'secret')).private


async def test_owners_and_moderators_are_marked_in_the_list_of_people(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await in_design(user, bo)
    assert html_of(user).count('<span class="role">Owner</span>') == 1
    await set_role(user, bo, 'moderator')
    await go_to(user, '/rooms/design')
    assert html_of(user).count('<span class="role">Moderator</span>') == 1
