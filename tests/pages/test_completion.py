"""Completion in the message box: what is suggested, and what is written then."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nicegui import ElementFilter, ui
from nicegui.testing import User

from chat.models import Room
from chat.models import User as Person
from pages import browser, suggestions
from pages.message_box import MessageBox
from pages.suggestions import MOST, Asked
from tests.pages.people import box, fire, html_of, join_room, press_key, rows, until

PEOPLE = [
    Person(number, name, 'guest')
    for number, name in enumerate(['Ada', 'Ada Lovelace', 'Bo', 'Zoë <b>', 'Grace Ada', '太郎', 'C# Bot', '@home'], 1)
]


def room(number: int, name: str, slug: str, *, private: bool = False) -> Room:
    return Room(number, slug, name, '', private, 1, datetime.now(UTC))


ROOMS = [room(1, 'Lobby', 'lobby'), room(2, 'Book [club]', 'book-club'), room(3, '設計', '設計', private=True)]


@pytest.mark.parametrize(
    ('typed', 'expected'),
    [
        ('@', ('@', '', 0)), ('hi @ad', ('@', 'ad', 3)), ('(@ad', ('@', 'ad', 1)), ('@Ada Lo', ('@', 'Ada Lo', 0)),
        ('@@ho', ('@', '@ho', 0)), ('今日は@太', ('@', '太', 3)), ('see #lo', ('#', 'lo', 4)),
        ('#Book c', ('#', 'Book c', 0)),
        ('well :sm', (':', 'sm', 5)), (':+1', (':', '+1', 0)), ('@Bo :sm', (':', 'sm', 4)),
        ('#lobby @a', ('@', 'a', 7)),
    ],
)  # fmt: skip
def test_what_is_asked_for(typed: str, expected: tuple[str, str, int]) -> None:
    sign, words, start = expected
    assert suggestions.asked(typed, len(typed)) == Asked(sign, words, start, len(typed))


@pytest.mark.parametrize(
    'typed',
    [
        '',
        'ad',
        'me@ad',
        '@ ad',
        '@\nad',
        '# heading',
        '#',
        '##x',
        'x#1',
        ':',
        ':D',
        ':-)',
        '10:30',
        'https://example.org/@a',
        ':s',
    ],
)
def test_what_asks_for_nothing(typed: str) -> None:
    assert suggestions.asked(typed, len(typed)) is None


def test_the_cursor_counts_and_not_the_end() -> None:
    assert suggestions.asked('hi @a, you', 5) == Asked('@', 'a', 3, 5)
    assert suggestions.asked('hi @ada', 5) is None


@given(st.text('ab@ 👍', max_size=8), st.text('ab@ 👍', max_size=4), st.data())
def test_where_somebody_has_typed_is_seen_in_the_text(before: str, new: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(before)))
    after = before[:place] + new + before[place:]
    cursor = suggestions.cursor_after(before, after)
    assert 0 <= cursor <= len(after)
    assert after.endswith(before[len(before) - (len(after) - cursor) :])
    if new and not set(new) & set(before):
        assert cursor == place + len(new)


@given(st.text(max_size=60), st.integers(0, 60))
def test_whatever_is_typed_what_is_asked_for_stands_there(typed: str, cursor: int) -> None:
    cursor = min(cursor, len(typed))
    asked = suggestions.asked(typed, cursor)
    assert asked is None or typed[asked.start : asked.end] == asked.sign + asked.words
    if asked is not None and asked.sign == '@':
        suggestions.people(asked.words, PEOPLE)


def test_people_are_found_by_the_beginnings_of_their_names() -> None:
    def found(words: str) -> list[str]:
        return [each.text for each in suggestions.people(words, PEOPLE, but=3)]

    assert found('ad') == ['@Ada ', '@Ada Lovelace ', '@Grace Ada ']
    assert found('ADA LO') == ['@Ada Lovelace ']
    assert found('lo') == ['@Ada Lovelace ']
    assert found('al') == ['@all ']
    assert found('@h') == ['@@home ']
    assert found('bo') == ['@C# Bot ']  # not oneself
    assert found('')[-1] == '@all '
    assert found('xyz') == []


def test_few_of_many_are_suggested() -> None:
    crowd = [Person(number, f'A{number}', 'guest') for number in range(1, 500)]
    found = suggestions.people('a', crowd)
    assert len(found) == MOST
    assert found[-1].text == '@all '


def test_names_are_shown_as_they_are() -> None:
    (found,) = suggestions.people('zo', PEOPLE)
    assert 'Zoë &lt;b&gt;' in found.html
    assert '<b>' not in found.html


def test_rooms_become_links() -> None:
    assert [each.text for each in suggestions.rooms('lo', ROOMS)] == ['[#Lobby](/rooms/lobby) ']
    assert [each.text for each in suggestions.rooms('club', ROOMS)] == []
    assert [each.text for each in suggestions.rooms('book-c', ROOMS)] == [r'[#Book \[club\]](/rooms/book-club) ']
    assert 'lock' in suggestions.rooms('設', ROOMS)[0].html


def test_emoji_are_found_by_shortcode_and_name() -> None:
    assert suggestions.emoji('tada')[0].text == '🎉 '
    assert suggestions.emoji('thumbsup', tone=3)[0].text == '👍🏽 '
    assert len(suggestions.emoji('sm')) == MOST


def test_a_browser_counts_otherwise() -> None:
    assert browser.units('👍a') == 3
    assert [browser.characters('👍a', count) for count in (-1, 0, 2, 3, 9)] == [0, 0, 1, 2, 2]


def message_box(user: User) -> MessageBox:
    with user:
        (found,) = ElementFilter(kind=MessageBox)
    return found


def type_in(user: User, text: str) -> None:
    """Let the browser tell what is in the box now."""
    fire(user, message_box(user), 'update:value', text)


def key(user: User, name: object, cursor: object = None) -> None:
    """Press a key that belongs to the list."""
    place = message_box(user).parent_slot.parent
    typed = message_box(user).typed
    fire(user, place, 'keydown.capture', [name, browser.units(typed) if cursor is None else cursor])


def shown(user: User) -> list[str]:
    return [part.partition('"')[0] for part in html_of(user).split('data-text="')[1:]]


async def two(user: User, create_user: Callable[[], User]) -> User:
    other = create_user()
    await join_room(other, 'Bo')
    await join_room(user, 'Ada')
    return other


async def test_what_is_chosen_takes_the_place_of_what_was_typed(user: User, create_user: Callable[[], User]) -> None:
    await two(user, create_user)
    type_in(user, 'hi @')
    assert shown(user) == ['@Bo ', '@all ']
    type_in(user, 'hi @b')
    assert shown(user) == ['@Bo ']
    key(user, 'Enter')
    await until(lambda: box(user) == 'hi @Bo ')
    assert rows(user) == []


def type_on_while_it_is_put_in(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the browser tell another @ behind what is taken before it answers that this is in the box."""

    async def put(*_: object) -> str:
        type_in(user, '@Bo @')
        return '@Bo '

    monkeypatch.setattr(browser, 'put_suggestion', put)


async def test_what_is_typed_after_it_was_put_in_and_heard_with_that_stays(
    user: User, create_user: Callable[[], User], monkeypatch: pytest.MonkeyPatch
) -> None:
    await two(user, create_user)
    type_on_while_it_is_put_in(user, monkeypatch)
    type_in(user, '@b')
    key(user, 'Enter')
    await until(lambda: box(user) == '@Bo @')
    await until(lambda: not message_box(user)._putting)
    assert box(user) == '@Bo @'
    assert shown(user) == ['@Bo ', '@all ']


async def test_a_list_like_the_one_before_is_told_again_as_the_browser_has_taken_that_away(
    user: User, create_user: Callable[[], User], monkeypatch: pytest.MonkeyPatch
) -> None:
    await two(user, create_user)
    type_on_while_it_is_put_in(user, monkeypatch)
    type_in(user, '@')
    with user:
        (place,) = [each for each in ElementFilter(kind=ui.html) if 'suggestions-place' in each.classes]
    before, offered = place.content, shown(user)
    key(user, 'Enter')
    await until(lambda: box(user) == '@Bo @' and not message_box(user)._putting)
    assert shown(user) == offered
    assert place.content != before  # else NiceGUI would leave the page as it is


async def test_the_arrows_go_round(user: User, create_user: Callable[[], User]) -> None:
    await two(user, create_user)
    type_in(user, '@')
    key(user, 'ArrowUp')
    key(user, 'Tab')
    await until(lambda: box(user) == '@all ')


async def test_escape_closes_it_for_this_sign(user: User, create_user: Callable[[], User]) -> None:
    await two(user, create_user)
    type_in(user, '@')
    key(user, 'Escape')
    await until(lambda: shown(user) == [])
    type_in(user, '@b')
    assert shown(user) == []
    type_in(user, '@b @')
    assert shown(user) == ['@Bo ', '@all ']


async def test_what_is_written_out_is_not_suggested(user: User, create_user: Callable[[], User]) -> None:
    await two(user, create_user)
    type_in(user, 'hi @bo')
    assert shown(user) == []


async def test_enter_sends_when_the_list_is_gone_here_already(user: User, create_user: Callable[[], User]) -> None:
    await two(user, create_user)
    type_in(user, 'hello')
    key(user, 'Enter')
    await until(lambda: rows(user) == ['Ada hello'])


async def test_enter_without_a_list_sends(user: User, create_user: Callable[[], User]) -> None:
    await two(user, create_user)
    type_in(user, 'hello @b')
    press_key(user, 'keydown.enter.exact.prevent')
    await until(lambda: rows(user) == ['Ada hello @b'])
    assert shown(user) == []


async def test_a_browser_can_tell_anything(user: User, create_user: Callable[[], User]) -> None:
    await two(user, create_user)
    type_in(user, '@')
    for name, cursor in ((None, 1), ('Enter', 'x'), ('x', 1), ([], 1)):
        if name != 'Enter':
            key(user, name, cursor)
    assert shown(user) == ['@Bo ', '@all ']
    with user:
        (place,) = [each for each in ElementFilter(kind=ui.html) if 'suggestions-place' in each.classes]
    for args in ('x', -1, 99, None, {}):
        fire(user, place, 'mousedown', args)
    assert box(user) == '@'
    fire(user, place, 'mousedown', 0)
    await until(lambda: box(user) == '@Bo ')


async def test_rooms_are_looked_for_when_they_are_asked_for(user: User) -> None:
    await join_room(user, 'Ada')
    type_in(user, 'see #lo')
    await until(lambda: shown(user) == ['[#Lobby](/rooms/lobby) '])
    key(user, 'Enter')
    await until(lambda: box(user) == 'see [#Lobby](/rooms/lobby) ')


async def test_emoji_too(user: User) -> None:
    await join_room(user, 'Ada')
    type_in(user, ':tada')
    await until(lambda: shown(user)[:1] == ['🎉 '])


async def test_what_the_page_puts_into_the_box_opens_no_list(user: User, create_user: Callable[[], User]) -> None:
    await two(user, create_user)
    message_box(user).fill('hi @')
    assert shown(user) == []
