"""Writing to people directly, adding them to a room, saying what they are there, and one's favorites."""

import asyncio
from collections.abc import Callable

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User

from chat.audit import Actor
from tests.pages.people import (
    chat_of,
    choose,
    fire,
    go_to,
    html_of,
    join_room,
    offers,
    person_of,
    press_button,
    sees,
    send_message,
    sign_in,
    until,
)


def find_people(user: User, words: str) -> None:
    """Type some letters of a name into the dialog."""
    user.find(kind=ui.input, content='Find people').clear().type(words)


def found(user: User) -> list[str]:
    """Return whom the dialog offers, with a plus before those who are chosen."""
    with user:
        choices = [each for each in ElementFilter(kind=ui.html) if 'person-choice' in each.classes]
    names = [each.content.partition('class="name">')[2].partition('<')[0] for each in choices]
    marks = ['+' if each.props.get('aria-pressed') == 'true' else '' for each in choices]
    return [mark + name for mark, name in zip(marks, names, strict=True)]


def pick(user: User, name: str) -> None:
    """Choose somebody in the dialog, or take them out again."""
    with user:
        choices = [each for each in ElementFilter(kind=ui.html) if 'person-choice' in each.classes]
    (button,) = [each for each in choices if f'>{name}</span>' in each.content]
    fire(user, button, 'click')


def press_enter(user: User) -> None:
    """Press Enter among the letters."""
    keys = {'isComposing': False, 'keyCode': 13}
    user.find(kind=ui.input, content='Find people').trigger('keydown.enter.exact.prevent', keys)


def say_yes(user: User, label: str) -> None:
    """Press the main button of the dialog."""
    user.find(kind=ui.button, content=label).click()


async def show_card_of(user: User, who: User) -> None:
    """Press somebody in the list of people."""
    person = await person_of(who)
    with user:
        (people,) = [each for each in ElementFilter(kind=ui.html) if 'people' in each.classes]
    fire(user, people, 'click', [f'p{person.id}', True])
    await sees(user, 'card-head')


def section(user: User, title: str) -> list[str]:
    """Return the rooms under a heading of the list."""
    with user:
        for heading in ElementFilter(kind=ui.html):
            if heading.content == title and 'side-heading' in heading.classes:
                place = heading.parent_slot.parent
                found = [each for each in place.descendants() if 'room-link' in each.classes]
                if title == 'Rooms':
                    (joined,) = [each for each in ElementFilter() if 'rooms-joined' in each.classes]
                    found = [each for each in joined.descendants() if 'room-link' in each.classes]
                return [each.content.partition('class="name">')[2].partition('<')[0] for each in found]
    return []


async def test_people_write_to_each_other_and_hear_of_it_at_once(user: User, create_user: Callable[[], User]) -> None:
    bo, cy = create_user(), create_user()
    await join_room(bo, 'Bo')
    await join_room(cy, 'Cy')
    await join_room(user, 'Ada')
    press_button(user, 'New direct message')
    await until(lambda: found(user) == ['Bo', 'Cy'])
    find_people(user, 'c')
    await until(lambda: found(user) == ['Cy'])
    press_enter(user)
    await until(lambda: found(user) == ['+Cy', 'Bo'])
    pick(user, 'Bo')
    await sees(user, 'Chosen: Cy, Bo')
    press_enter(user)
    await sees(user, 'Message Bo, Cy')
    await send_message(user, 'hello')
    for each, names in ((bo, 'Ada, Cy'), (cy, 'Ada, Bo')):
        await until(lambda each=each, names=names: section(each, 'Direct messages') == [names])
        assert section(each, 'Rooms') == ['Lobby']


async def test_direct_messages_are_called_after_the_others_and_cannot_be_left(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await join_room(bo, 'Bo')
    await join_room(user, 'Ada')
    await show_card_of(user, bo)
    say_yes(user, 'Message')
    await sees(user, 'Message Bo')
    await until(lambda: section(user, 'Direct messages') == ['Bo'])
    await sees(user, 'Nobody else reads this.')
    press_button(user, 'Room menu')
    entries = ['About this room', 'Mark as read', 'Notifications', "Copy the room's link", 'Add to favorites']
    assert offers(user) == entries


async def test_the_same_people_have_one_room(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(bo, 'Bo')
    await join_room(user, 'Ada')
    room = await chat_of(user).direct.open(await person_of(bo), [(await person_of(user)).id])
    press_button(user, 'New direct message')
    await until(lambda: found(user) == ['Bo'])
    pick(user, 'Bo')
    say_yes(user, 'Write')
    await sees(user, 'Message Bo')
    assert user.back_history[-1].endswith(room.slug)


async def test_where_direct_messages_are_switched_off_the_dialog_says_so(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await join_room(bo, 'Bo')
    await join_room(user, 'Ada')
    press_button(user, 'New direct message')
    await until(lambda: found(user) == ['Bo'])
    await switch_direct_messages_off(user)
    pick(user, 'Bo')
    say_yes(user, 'Write')
    await sees(user, 'Direct messages are switched off here.')


async def test_where_they_are_switched_off_later_what_was_written_stays(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await join_room(bo, 'Bo')
    await join_room(user, 'Ada')
    room = await chat_of(user).direct.open(await person_of(bo), [(await person_of(user)).id])
    await go_to(user, f'/rooms/{room.slug}')
    await send_message(user, 'hello')
    await switch_direct_messages_off(user)
    user.find(kind=ui.textarea).type('again')
    press_button(user, 'Send')
    await until(lambda: html_of(user).count('hello') == 1)
    await sees(user, 'Direct messages are switched off here.')
    with user:
        (composer,) = [each for each in ElementFilter() if 'composer' in each.classes]
    await until(lambda: 'silent' in composer.classes)


async def switch_direct_messages_off(user: User) -> None:
    """Let an administrator say that nobody writes directly."""
    chat = chat_of(user)
    token = await chat.administration.administrator_link()
    boss = await chat.administration.become_administrator_as(token, 'Boss', 'a long enough password', 'here')
    await chat.policies.change(Actor(boss, ''), direct_messages='nobody')


async def test_owners_add_people_who_see_the_room_at_once(user: User, create_user: Callable[[], User]) -> None:
    bo, cy = create_user(), create_user()
    await join_room(bo, 'Bo')
    await join_room(cy, 'Cy')
    await join_room(user, 'Ada')
    await chat_of(user).rooms.create(await person_of(user), 'Secret', private=True)
    await go_to(user, '/rooms/secret')
    press_button(user, 'Room menu')
    choose(user, 'Add people')
    await until(lambda: found(user) == ['Bo', 'Cy'])
    pick(user, 'Bo')
    say_yes(user, 'Add')
    await until(lambda: section(bo, 'Rooms') == ['Lobby', 'Secret'])
    await sees(user, '2 of 2 here')
    await go_to(user, '/rooms/secret')
    press_button(user, 'Room menu')
    choose(user, 'Add people')
    await until(lambda: found(user) == ['Cy'])


async def test_whom_one_has_chosen_can_be_taken_out_again(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(bo, 'Bo')
    await join_room(user, 'Ada')
    press_button(user, 'New direct message')
    await until(lambda: found(user) == ['Bo'])
    pick(user, 'Bo')
    pick(user, 'Bo')
    assert found(user) == ['Bo']
    (yes,) = user.find(kind=ui.button, content='Write').elements
    assert not yes.enabled
    find_people(user, 'nobody')
    await sees(user, 'Nobody else is called so.')


async def test_letters_without_end_are_looked_for_one_after_the_other(
    user: User, create_user: Callable[[], User], monkeypatch: pytest.MonkeyPatch
) -> None:
    bo = create_user()
    await join_room(bo, 'Bo')
    await join_room(user, 'Ada')
    press_button(user, 'New direct message')
    await until(lambda: found(user) == ['Bo'])
    directory, sought, at_once = chat_of(user).directory, [], []
    find = directory.find

    async def counted(person: object, words: str) -> object:
        sought.append(words)
        at_once.append(None)
        assert len(at_once) == 1
        await asyncio.sleep(0.05)
        at_once.pop()
        return await find(person, words)

    monkeypatch.setattr(directory, 'find', counted)
    (field,) = user.find(kind=ui.input, content='Find people').elements
    for value in (*map(str, range(50)), {'no': 'text'}, 'bo'):
        fire(user, field, 'update:value', value)
    await until(lambda: sought[-1:] == ['bo'] and found(user) == ['Bo'])
    assert len(sought) <= 2


async def test_an_owner_says_what_somebody_is_in_the_room(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await go_to(user, await sign_in(user, 'Ada', new_room='Design'))
    await join_room(bo, 'Bo', room='design')
    await chat_of(user).rooms.change(await person_of(user), 'design', posting='moderators')
    await sees(bo, 'Only moderators write in this room.')
    await sees(user, '2 of 2 here')
    await show_card_of(user, bo)
    say_yes(user, 'Role in this room')
    user.find(kind=ui.radio).elements.pop().value = 'moderator'
    say_yes(user, 'Save')
    for each in (user, bo):
        await sees(each, '<span class="role">Moderator</span>')
    await bo.should_not_see('Only moderators write in this room.', retries=20)
    await show_card_of(user, bo)
    await sees(user, 'Guest · moderator of this room')


async def test_nobody_else_is_offered_to_and_who_asks_all_the_same_is_refused(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await go_to(user, await sign_in(user, 'Ada', new_room='Design'))
    await join_room(bo, 'Bo', room='design')
    await show_card_of(bo, user)
    await sees(bo, 'Guest · owner of this room')
    await bo.should_not_see('Role in this room')
    await sees(user, '2 of 2 here')
    await show_card_of(user, user)
    await user.should_not_see(kind=ui.button, content='Message')
    say_yes(user, 'Role in this room')
    user.find(kind=ui.radio).elements.pop().value = 'member'
    say_yes(user, 'Save')
    await sees(user, 'A room keeps an owner')


async def test_favorites_stand_first_until_they_are_none(user: User) -> None:
    await join_room(user, 'Ada')
    await go_to(user, await sign_in(user, 'Ada', new_room='Design'))
    assert section(user, 'Rooms') == ['Design', 'Lobby']
    press_button(user, 'Room menu')
    choose(user, 'Add to favorites')
    await until(lambda: section(user, 'Favorites') == ['Design'])
    assert section(user, 'Rooms') == ['Lobby']
    press_button(user, 'Room menu')
    choose(user, 'Remove from favorites')
    await until(lambda: section(user, 'Rooms') == ['Design', 'Lobby'])
    assert section(user, 'Favorites') == []


async def test_the_sign_before_a_room_tells_what_it_is(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(bo, 'Bo')
    await join_room(user, 'Ada')
    chat, ada = chat_of(user), await person_of(user)
    for name, rules in (
        ('Secret', {}),
        ('News', {'posting': 'moderators', 'private': False}),
    ):
        room = await chat.rooms.create(ada, name, private=True)
        if rules:
            await chat.rooms.change(ada, room.slug, **rules)
    await chat.direct.open(ada, [(await person_of(bo)).id])
    await go_to(user, '/rooms/lobby')
    shown = html_of(user)
    for name, sign, kind in (
        ('Secret', '>lock</span>', ' (private)'),
        ('News', '>campaign</span>', ' (announcements)'),
        ('Bo', '>@</span>', ' (direct messages)'),
        ('Lobby', '>#</span>', None),
    ):
        words = f'<span class="visually-hidden">{kind}</span>' if kind else ''
        assert f'{sign}<span class="name">{name}</span>{words}' in shown


async def test_leaving_a_private_room_asks_first(user: User, create_user: Callable[[], User]) -> None:
    await join_room(user, 'Ada')
    await chat_of(user).rooms.create(await person_of(user), 'Secret', private=True)
    await go_to(user, '/rooms/secret')
    opened = []
    user.client.open = lambda target, *_: opened.append(target)
    press_button(user, 'Room menu')
    choose(user, 'Leave the room')
    await sees(user, 'Leave this private room?')
    assert opened == []
    say_yes(user, 'Leave')
    await until(lambda: opened == ['/'])


async def test_a_key_of_an_input_method_chooses_nobody(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(bo, 'Bo')
    await join_room(user, 'Ada')
    press_button(user, 'New direct message')
    await until(lambda: found(user) == ['Bo'])
    find_people(user, 'b')
    field = user.find(kind=ui.input, content='Find people')
    field.trigger('keydown.enter.exact.prevent', {'isComposing': True, 'keyCode': 229})
    await asyncio.sleep(0.1)
    assert found(user) == ['Bo']


async def test_archived_rooms_are_found_apart_and_can_be_read_by_those_who_belong_there(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await join_room(bo, 'Bo')
    await join_room(user, 'Ada')
    chat, ada = chat_of(user), await person_of(user)
    await chat.rooms.create(ada, 'Old')
    await chat.messages.send(ada, 'old', 'long ago')
    await chat.rooms.change(ada, 'old', archived=True)
    await until(lambda: section(user, 'Rooms') == ['Lobby'])
    press_button(user, 'Your menu')
    choose(user, 'All rooms and the archive')
    await sees(user, 'Archived rooms')
    user.find(kind=ui.checkbox, content='Archived rooms').click()
    await sees(user, '>inventory_2</span><span class="name">Old</span><span class="visually-hidden"> (archived)</span>')
    await go_to(user, '/rooms/old')
    await sees(user, 'long ago')
    await sees(user, 'This room is archived')
    response = await bo.http_client.get('/rooms/old')
    assert response.status_code == 404
