"""The rooms at the left: one's own, some of the others, and all of them in a dialog."""

import asyncio

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User

from chat.audit import Actor
from chat.models import User as Person
from tests.pages.people import chat_of, fire, join_room, person_of, sees, until

NAMES = ('Ärzte', 'Bakery', 'Cinema', 'Dancing')


async def _open_rooms(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be four rooms of somebody else's, of which two have a place in the list."""
    monkeypatch.setattr('pages.room.OTHERS_SHOWN', 2)
    await join_room(user, 'Ada')
    chat = chat_of(user)
    owner = await chat.accounts.add_guest('Owner', '')
    for name in NAMES:
        await chat.rooms.create(owner, name, 'In the evening' if name == 'Cinema' else '')
    await chat.rooms.create(owner, 'Hidden', private=True)
    await chat.rooms.join(await person_of(user), 'bakery')
    await user.open('/rooms/lobby')


def _listed(user: User, place: str) -> list[str]:
    """Return which rooms are links in a part of the page."""
    with user:
        shown = ''.join(each.content for each in ElementFilter(kind=ui.html) if place in each.classes)
    return [name for name in (*NAMES, 'Hidden', 'Lobby') if f'>{name}<' in shown]


async def test_some_of_the_other_rooms_are_shown_and_all_can_be_browsed(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _open_rooms(user, monkeypatch)
    assert _listed(user, 'rooms-others') == ['Cinema', 'Dancing']
    user.find('Browse all rooms').click()
    await sees(user, 'All rooms')
    await until(lambda: _listed(user, 'rooms-found') == [*NAMES, 'Lobby'])


async def test_a_room_comes_and_goes_while_the_page_is_open(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    await _open_rooms(user, monkeypatch)
    chat = chat_of(user)
    assert _listed(user, 'room-link') == ['Bakery', 'Lobby']
    owner = (await chat.rooms.members(await person_of(user), 'bakery'))[0].user
    await chat.rooms.change(owner, 'bakery', private=True)
    await chat.moderation.remove(Actor(owner, ''), 'bakery', (await person_of(user)).id, 'why')
    await until(lambda: _listed(user, 'room-link') == ['Lobby'])
    await chat.rooms.join(await person_of(user), 'cinema')
    await until(lambda: _listed(user, 'room-link') == ['Cinema', 'Lobby'])


async def test_where_all_rooms_have_a_place_there_is_nothing_to_browse(user: User) -> None:
    await join_room(user, 'Ada')
    await user.should_not_see('Browse all rooms')


@pytest.mark.parametrize(
    ('words', 'found'),
    [
        ('anc', ['Dancing']),
        ('ÄRZ', ['Ärzte']),
        ('EVENING', ['Cinema']),
        (' ', [*NAMES, 'Lobby']),
        ('%', []),
        ('hidden', []),
    ],
)
async def test_some_letters_find_a_room(
    user: User, monkeypatch: pytest.MonkeyPatch, words: str, found: list[str]
) -> None:
    await _open_rooms(user, monkeypatch)
    user.find('Browse all rooms').click()
    await until(lambda: bool(_listed(user, 'rooms-found')))
    user.find(kind=ui.input, content='Find a room').type(words)
    await until(lambda: _listed(user, 'rooms-found') == found)
    if not found:
        await sees(user, 'No room is called so.')


async def test_a_list_that_is_cut_says_so(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    await _open_rooms(user, monkeypatch)
    monkeypatch.setattr('chat.rooms.MOST_LISTED', 2)
    user.find('Browse all rooms').click()
    await sees(user, 'There are more. A few letters of the name find them.')
    assert _listed(user, 'rooms-found') == ['Bakery', 'Cinema', 'Dancing', 'Lobby']


async def test_words_without_end_are_looked_for_one_after_the_other(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _open_rooms(user, monkeypatch)
    user.find('Browse all rooms').click()
    await until(lambda: bool(_listed(user, 'rooms-found')))
    rooms, sought, at_once = chat_of(user).rooms, [], []
    find = rooms.list_and_more

    async def counted(person: Person, **options: object) -> object:
        sought.append(options['words'])
        at_once.append(None)
        assert len(at_once) == 1
        await asyncio.sleep(0.05)
        at_once.pop()
        return await find(person, **options)

    monkeypatch.setattr(rooms, 'list_and_more', counted)
    (field,) = user.find(kind=ui.input, content='Find a room').elements
    for number in range(50):
        fire(user, field, 'update:value', f'{number}')
    fire(user, field, 'update:value', 'anc')
    await until(lambda: _listed(user, 'rooms-found') == ['Dancing'])
    assert sought[-1] == 'anc'
    assert len(sought) <= 2
