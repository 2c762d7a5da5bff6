"""Going to a room or a person by some letters."""

import re

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User

from chat.models import Policy
from chat.storage import facts
from tests.pages.people import chat_of, fire, html_of, join_room, person_of, press_button, sees, until


async def _open(user: User) -> None:
    """Let there be rooms and people, and open the dialog as Ada."""
    await join_room(user, 'Ada')
    chat, ada = chat_of(user), await person_of(user)
    owner = await chat.accounts.add_guest('Zoë', '')
    await chat.rooms.join(owner, 'lobby')
    for name in ('Bakery', 'Café Büro', 'Łódź'):
        await chat.rooms.create(owner, name)
    await chat.rooms.create(owner, 'Secret', private=True)
    await chat.rooms.join(ada, 'bakery')
    await chat.messages.send(owner, 'bakery', 'news')
    await chat.accounts.add_guest('Stranger', '')
    fire(user, user.client.layout, 'shortcut', ['go', 0])
    await until(lambda: bool(_options(user)))


def _options(user: User) -> list[str]:
    return re.findall(r'role="option".*?class="name">(.*?)<', html_of(user))


def _at(user: User) -> list[str]:
    return re.findall(r'aria-selected="(\w+)"', html_of(user))


def _box(user: User) -> ui.input:
    (box,) = user.find(kind=ui.input, content='Room or person').elements
    return box


def _list(user: User) -> ui.html:
    with user:
        (found,) = [each for each in ElementFilter(kind=ui.html) if each.props.get('role') == 'listbox']
    return found


async def test_what_is_unread_comes_first_and_where_one_is_last(user: User) -> None:
    await _open(user)
    assert _options(user) == ['Bakery', 'Zoë', 'Café Büro', 'Łódź', 'Lobby']
    assert 'Secret' not in html_of(user)
    assert 'Stranger' not in html_of(user)


@pytest.mark.parametrize(
    ('typed', 'found'),
    [
        ('cafe', ['Café Büro']),
        ('BURO CAF', ['Café Büro']),
        ('lodz', ['Łódź']),
        ('zoe', ['Zoë']),
        ('b', ['Bakery', 'Café Büro', 'Lobby']),
        ('nobody', []),
    ],
)
async def test_some_letters_find_it_without_capitals_and_accents(user: User, typed: str, found: list[str]) -> None:
    await _open(user)
    fire(user, _box(user), 'update:value', typed)
    await until(lambda: _options(user) == found)
    if not found:
        await sees(user, 'Nobody and no room is called so.')


async def test_arrows_choose_and_enter_goes_there(user: User) -> None:
    await _open(user)
    assert _at(user) == ['true', *['false'] * 4]
    fire(user, _box(user), 'keydown.down.prevent')
    assert _at(user)[1] == 'true'
    fire(user, _box(user), 'keydown.up.prevent')
    fire(user, _box(user), 'keydown.up.prevent')
    assert _at(user)[4] == 'true'
    assert _box(user).props['aria-activedescendant'] == f'{_list(user).html_id}-4'
    fire(user, _box(user), 'update:value', 'caf')
    fire(user, _box(user), 'keydown.enter.exact.prevent', {})
    await until(
        lambda: (
            '<h1><span class="hash" aria-hidden="true">#</span><span>Café Büro</span>' in html_of(user)
            or 'Café Büro</span></h1>' in html_of(user)
        )
    )


async def test_choosing_a_person_opens_direct_messages_and_then_the_room_stands_for_them(user: User) -> None:
    await _open(user)
    ada = await person_of(user)
    fire(user, _list(user), 'click', 1)
    chat = chat_of(user)

    def opened() -> bool:
        return 'Zoë</span></h1>' in html_of(user)

    await until(opened)
    assert [entry.room.name for entry in await chat.rooms.list(ada) if entry.room.direct] == ['Zoë']
    fire(user, user.client.layout, 'shortcut', ['go', 0])
    await until(lambda: _options(user).count('Zoë') == 1)


async def test_where_direct_messages_are_off_people_are_not_offered(user: User) -> None:
    await join_room(user, 'Ada')
    chat = chat_of(user)
    await chat.storage.write(facts.set_policy, Policy(direct_messages='nobody'))
    bo = await chat.accounts.add_guest('Bo', '')
    await chat.rooms.join(bo, 'lobby')
    press_button(user, 'Go to room… (Ctrl+K)')
    await until(lambda: _options(user) == ['Lobby'])


async def test_who_was_not_known_at_first_is_looked_for(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    await join_room(user, 'Ada')
    monkeypatch.setattr('pages.room.switcher.MOST_PEOPLE', 1)
    chat = chat_of(user)
    for name in ('Bo', 'Cy', 'Di'):
        await chat.rooms.join(await chat.accounts.add_guest(name, ''), 'lobby')
    press_button(user, 'Go to room… (Ctrl+K)')
    await until(lambda: _options(user) == ['Bo', 'Lobby'])
    fire(user, _box(user), 'update:value', 'di')
    await until(lambda: _options(user) == ['Di'])


@pytest.mark.parametrize('told', [-1, 99, 'x', None])
async def test_a_place_that_is_not_there_leads_nowhere(user: User, told: object) -> None:
    await _open(user)
    fire(user, _list(user), 'click', told)
    assert len(_options(user)) == 5
