"""Reactions on the page: chips under the words, and the picker."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User

from chat import emojis
from chat.models import Message, Reaction
from chat.models import User as Person
from chat.reactions import Taste
from pages import chips, emoji_picker
from tests.pages.people import (
    PATIENCE,
    box,
    chat_of,
    choose,
    fire,
    html_of,
    join_room,
    offers,
    open_menu_of,
    person_of,
    press_button,
    row_id,
    rows,
    sees,
    send_message,
    until,
    write,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def message(*reactions: Reaction) -> Message:
    """Return a message with some reactions."""
    author = Person(1, 'Ada', 'guest')
    return Message(1, 1, 'lobby', 1, author, 'x', '<p>x</p>', None, NOW, None, None, None, reactions=reactions)


def by(*names: str, emoji: str = '👍') -> Reaction:
    """Return a reaction of some people."""
    return Reaction(emoji, names, tuple(range(1, len(names) + 1)))


@pytest.mark.parametrize(
    ('names', 'sentence'),
    [
        (('Ada',), 'Ada reacted with thumbs up'),
        (('Ada', 'Bo'), 'Ada and Bo reacted with thumbs up'),
        (('Ada', 'Bo', 'Cleo'), 'Ada, Bo and Cleo reacted with thumbs up'),
        (tuple(map(str, range(21))), f'{", ".join(map(str, range(20)))} and 1 other reacted with thumbs up'),
        (tuple(map(str, range(30))), f'{", ".join(map(str, range(20)))} and 10 others reacted with thumbs up'),
    ],
)
def test_who_reacted_is_said_in_a_sentence(names: tuple[str, ...], sentence: str) -> None:
    assert chips.who(by(*names)) == sentence


def test_a_message_without_reactions_has_nothing_below_it() -> None:
    assert chips.chips(message()) == ''


def test_names_are_text_and_nothing_else() -> None:
    html = chips.chips(message(by('"><script>alert(1)</script>')))
    assert '<script' not in html
    assert '&quot;&gt;&lt;script&gt;' in html


def test_a_loved_message_does_not_make_a_long_page() -> None:
    many = by(*(f'Somebody with a long name {number}' for number in range(5_000)))
    assert len(chips.chips(message(many))) < 5_000


def test_ones_own_reaction_is_marked_also_among_many() -> None:
    names = tuple(f'Somebody {number}' for number in range(chips.MARKED + 2))
    many, few = by(*names), by('Ada', emoji='❤️')
    rule = chips.own_among_many(message(many, few), chips.MARKED + 1)
    assert rule.startswith('#m1 .chip[data-emoji="\\1f44d "] {')
    assert chips.own_among_many(message(many, few), chips.MARKED) == ''  # which the HTML says
    assert chips.own_among_many(message(many, few), 10**6) == ''


async def test_the_page_marks_ones_own_reaction_among_many_as_long_as_it_is_there(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chips, 'MARKED', 0)
    await join_room(user, 'Ada')
    await send_message(user, 'cake?')
    await until(lambda: rows(user) == ['Ada cake?'])
    chat, ada, message_id = chat_of(user), await person_of(user), row_id(user, 'cake?')
    rule = f'#m{message_id} .chip[data-emoji="\\1f44d "]'
    await chat.reactions.react(ada, message_id, '👍', True)
    await until(lambda: rule in styles_of(user))
    await chat.reactions.react(ada, message_id, '👍', False)
    await until(lambda: rule not in styles_of(user))
    await chat.reactions.react(ada, message_id, '👍', True)
    user.navigate.to('/rooms/lobby')
    await until(lambda: rule in styles_of(user))


def styles_of(user: User) -> str:
    with user:
        return ' '.join(each.content for each in ElementFilter(kind=ui.html) if each.props['tag'] == 'style')


def log_of(user: User) -> ui.element:
    """Return the log of the messages."""
    with user:
        (log,) = [each for each in ElementFilter() if each.props.get('role') == 'log']
    return log


def press_chip(user: User, text: str, emoji: str) -> None:
    """Press a reaction below the message with these words."""
    fire(user, log_of(user), 'click', ['react', row_id(user, text), emoji])


def open_picker(user: User, text: str) -> None:
    """Press "Add reaction" in the row of the message with these words."""
    fire(user, log_of(user), 'click', ['pick', row_id(user, text), ''])


def picker(user: User) -> ui.menu | None:
    """Return the picker, if it is open."""
    with user:
        found = [each for each in ElementFilter(kind=ui.menu) if 'picker' in each.classes and each.value]
    return found[0] if found else None


def grid(user: User) -> ui.html:
    """Return what there is to choose from."""
    with user:
        (found,) = [each for each in ElementFilter(kind=ui.html) if 'picker-grid' in each.classes]
    return found


def signs(user: User) -> list[str]:
    """Return the emoji that are offered."""
    return re.findall('data-emoji="([^"]+)"', grid(user).content)


def look_for(user: User, words: str) -> None:
    """Write into the box of the picker."""
    with user:
        (found,) = [each for each in ElementFilter(kind=ui.input) if each.props.get('aria-label') == 'Find an emoji']
        found.value = words


def press(user: User, label: str) -> None:
    """Press one of the buttons beside the emoji."""
    with user:
        labeled = [each for each in ElementFilter(kind=ui.html) if each.props.get('aria-label') == label]
    (button,) = [each for each in labeled if 'picker-tab' in each.classes or 'picker-tone' in each.classes]
    fire(user, button, 'click')


async def until_kept(read: Callable[[], Awaitable[Taste]], is_right: Callable[[Taste], bool]) -> None:
    """Wait until it is stored what somebody likes."""
    for _ in range(PATIENCE):
        if is_right(await read()):
            return
        await asyncio.sleep(0.05)
    assert is_right(await read())


async def test_a_reaction_that_is_picked_is_seen_by_everybody(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(user, 'cake?')
    await until(lambda: rows(bo))
    open_picker(bo, 'cake?')
    await until(lambda: picker(bo))
    assert signs(bo)[0] == '😀'
    fire(bo, grid(bo), 'click', '👍')
    await until(lambda: 'Bo reacted with thumbs up' in html_of(user))
    assert picker(bo) is None
    assert rows(user) == rows(bo) == ['Ada cake? 👍 1 add_reaction']


async def test_pressing_a_reaction_puts_it_on_and_takes_it_back(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(user, 'cake?')
    await until(lambda: rows(user) and rows(bo))
    ada = await person_of(user)
    await chat_of(user).reactions.react(ada, row_id(user, 'cake?'), '🎉', on=True)
    await until(lambda: '🎉 1' in rows(bo)[0])
    press_chip(bo, 'cake?', '🎉')
    await until(lambda: '🎉 2' in rows(user)[0])
    press_chip(bo, 'cake?', '🎉')
    await until(lambda: '🎉 1' in rows(user)[0])


async def test_which_are_ones_own_a_rule_of_the_page_says(user: User) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'cake?')
    await until(lambda: rows(user))
    ada = await person_of(user)
    await chat_of(user).reactions.react(ada, row_id(user, 'cake?'), '🎉', on=True)
    await until(lambda: f'class="chip r{ada.id}"' in html_of(user))
    assert f'.chip.r{ada.id} {{' in chips.own(ada.id)


async def test_the_menu_of_a_row_opens_the_picker(user: User) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'cake?')
    open_menu_of(user, 'cake?')
    assert 'Add reaction' in offers(user)
    choose(user, 'Add reaction')
    await until(lambda: picker(user))


async def test_nothing_can_be_added_to_what_is_deleted(user: User) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'cake?')
    message_id = row_id(user, 'cake?')
    await chat_of(user).messages.delete(await person_of(user), message_id)
    await until(lambda: 'This message was deleted.' in html_of(user))
    assert 'data-action="pick"' not in html_of(user)
    fire(user, log_of(user), 'click', ['react', message_id, '👍'])
    await sees(user, 'This message has been deleted.')


@pytest.mark.parametrize(
    'told', [['react', 1, 'no emoji'], ['react', 1, None], ['react', 'x', '👍'], ['pick', None, '']]
)
async def test_whatever_a_browser_tells_does_no_harm(user: User, told: list[object]) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'cake?')
    fire(user, log_of(user), 'click', told)
    await send_message(user, 'next')
    await until(lambda: rows(user) == ['Ada cake?', 'next'])


async def test_a_new_name_stands_in_the_reactions_too(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(user, 'cake?')
    await until(lambda: rows(user))
    await chat_of(user).reactions.react(await person_of(bo), row_id(user, 'cake?'), '👍', on=True)
    await until(lambda: 'Bo reacted with' in html_of(user))
    session = await chat_of(bo).sessions.find(bo.http_client.cookies['hearth_session'])
    await chat_of(bo).profiles.change(session, name='Robert')
    await until(lambda: 'Robert reacted with' in html_of(user))
    assert 'Bo reacted with' not in html_of(user)


async def test_emoji_are_found_by_their_words(user: User) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'cake?')
    open_picker(user, 'cake?')
    await until(lambda: picker(user))
    look_for(user, 'party pop')
    assert signs(user) == ['🎉', '🍾']
    await sees(user, '2 found')
    look_for(user, 'xyzzy')
    assert signs(user) == []
    await sees(user, 'No emoji is called so.')
    look_for(user, '')
    assert signs(user)[0] == '😀'


async def test_all_emoji_are_there_group_by_group(user: User) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'cake?')
    open_picker(user, 'cake?')
    await until(lambda: picker(user))
    found: list[str] = []
    for group in emojis.GROUPS:
        press(user, group)
        found += signs(user)
    assert found == [each.character for each in emojis.all_emojis()]


async def test_a_skin_tone_is_chosen_once_for_all(user: User) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'cake?')
    open_picker(user, 'cake?')
    await until(lambda: picker(user))
    press(user, 'Medium skin')
    press(user, 'People & Body')
    await until(lambda: '👋🏽' in signs(user))
    ada = await person_of(user)
    await until_kept(lambda: chat_of(user).reactions.taste(ada), lambda taste: taste.skin_tone == 3)
    look_for(user, 'thumbs up')
    assert signs(user)[0] == '👍🏽'


async def test_what_one_took_last_stands_first(user: User) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'cake?')
    await chat_of(user).reactions.take(await person_of(user), '🦄')
    open_picker(user, 'cake?')
    await until(lambda: picker(user))
    assert signs(user)[:2] == ['🦄', '😀']  # and the first group after it
    await sees(user, emoji_picker.RECENT)


async def test_an_emoji_is_put_into_what_one_writes(user: User) -> None:
    await join_room(user, 'Ada')
    user.javascript_rules[re.compile('.*selectionStart$')] = lambda _: len('cake')
    write(user, 'cake!')
    press_button(user, 'Insert emoji')
    await until(lambda: picker(user))
    fire(user, grid(user), 'click', '🎉')
    await until(lambda: box(user) == 'cake🎉!')
    assert picker(user) is None
    ada = await person_of(user)
    await until_kept(lambda: chat_of(user).reactions.taste(ada), lambda taste: taste.recent == ('🎉',))


async def test_a_page_has_no_picker_until_it_is_asked_for(user: User) -> None:
    await join_room(user, 'Ada')
    with user:
        assert [each for each in ElementFilter() if 'picker' in each.classes] == []
