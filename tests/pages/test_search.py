"""Searching on the page: what is found, what of it is marked, and where it leads."""

import asyncio
import re

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User

from chat import Chat
from chat.audit import Actor
from chat.models import User as Person
from chat.rate_limits import LIMITS
from pages import search
from tests.chat import files
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
    until,
)

BUTTON = f'{search.TITLE} (Ctrl+Shift+F)'


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, 'PAUSE', 0.02)


async def _begin(user: User) -> tuple[Chat, Person, Person]:
    """Let Ada open the dialog in a chat where Bo is."""
    await join_room(user, 'Ada')
    chat = chat_of(user)
    bo = await chat.accounts.add_guest('Bo <b>', '')
    await chat.rooms.join(bo, 'lobby')
    await _open(user)
    return chat, await person_of(user), bo


async def _open(user: User) -> None:
    press_button(user, BUTTON)
    await until(lambda: user.find(kind=ui.input, content='Words').elements)


def _is_open(user: User) -> bool:
    with user:
        dialogs = [each for each in ElementFilter(kind=ui.dialog) if each.props.get('aria-label') == search.TITLE]
    return any(each.value for each in dialogs)


def _box(user: User) -> ui.input:
    (box,) = user.find(kind=ui.input, content='Words').elements
    return box


def _type(user: User, words: object) -> None:
    fire(user, _box(user), 'update:value', words)


def _enter(user: User) -> None:
    fire(user, _box(user), 'keydown.enter.exact.prevent', {})


def _group(user: User, label: str) -> ui.element:
    with user:
        (found,) = [each for each in ElementFilter() if each.props.get('aria-label') == label]
    return found


def _press(user: User, place: object) -> None:
    fire(user, _group(user, 'Found messages'), 'click', place)


def _found(user: User) -> list[str]:
    """Return what is found, as '[marked] words'."""
    words = re.findall(r'class="search-words">(.*?)</span>', html_of(user))
    return [each.replace('<mark>', '[').replace('</mark>', ']') for each in words]


def _recent(user: User) -> list[str]:
    return re.findall(r'search-recent" data-place="\d+">(.*?)<', html_of(user))


def _said(user: User) -> list[str]:
    with user:
        return [
            each.text
            for each in ElementFilter(kind=ui.label, only_visible=True)
            if each.props.get('role') == 'status' and each.text
        ]


def _chip(user: User, label: str) -> ui.html:
    with user:
        (chip,) = [
            each for each in ElementFilter(kind=ui.html) if each.props.get('tag') == 'button' and each.content == label
        ]
    return chip


def _button(user: User, label: str) -> ui.button:
    with user:
        (button,) = [each for each in ElementFilter(kind=ui.button) if each.text == label]
    return button


async def _say(chat: Chat, person: Person, *said: str, room: str = 'lobby') -> list[int]:
    return [(await chat.messages.send(person, room, each)).message.id for each in said]


async def test_what_is_typed_is_found_newest_first_with_what_matched_marked(user: User) -> None:
    chat, _, bo = await _begin(user)
    _, newer = await _say(chat, bo, 'The **café** opens', 'Cafe <script>alert(1)</script>')
    _type(user, 'CAFE')
    await until(lambda: _found(user) == ['[Cafe] &lt;script&gt;alert(1)&lt;/script&gt;', 'The [café] opens'])
    assert _said(user) == ['2 messages']
    assert f'href="/rooms/lobby/{newer}"' in html_of(user)
    assert '<strong>Bo &lt;b&gt;</strong> in Lobby · <time' in html_of(user)
    assert '<script>' not in html_of(user)


async def test_what_a_message_replies_to_and_who_said_it_are_shown_with_it(user: User) -> None:
    chat, ada, bo = await _begin(user)
    await chat.profiles.change(await chat.sessions.find(await chat.sessions.begin(bo, '')), color=3)
    (question,) = await _say(chat, ada, 'Tea & coffee?')
    await chat.messages.send(bo, 'lobby', 'a coffee', reply_to=question)
    await chat.rooms.create(bo, 'Attic')
    await _say(chat, bo, 'more coffee', room='attic')
    _type(user, 'coffee')
    await until(lambda: len(_found(user)) == 3)
    assert '<span class="search-quote"><strong>Ada</strong> Tea &amp; coffee?</span>' in html_of(user)
    assert f'.by-{bo.id} .avatar{{background-color:var(--avatar-3);}}' in html_of(user)
    assert 'in Attic · ' in html_of(user)
    await chat.messages.delete(ada, question)
    _enter(user)
    await until(lambda: len(_found(user)) == 2)
    assert 'search-quote' not in html_of(user)


async def test_files_are_found_by_their_names(user: User) -> None:
    chat, _, bo = await _begin(user)
    brought = await files.bring(chat, bo, name='<plan>_of_may.txt')
    await chat.messages.send(bo, 'lobby', '', attachments=[brought.id])
    _type(user, 'plan')
    await until(lambda: len(_found(user)) == 1)
    assert '[plan]' in _found(user)[0]
    _type(user, 'has:file')
    await until(lambda: len(_found(user)) == 1 and '[plan]' not in _found(user)[0])
    assert 'of_may.txt' in _found(user)[0]


async def test_the_words_alone_are_marked_of_what_operators_narrow(user: User) -> None:
    chat, ada, bo = await _begin(user)
    await _say(chat, bo, 'tea from Bo')
    await _say(chat, ada, 'tea from Ada')
    _type(user, 'from:Ada tea')
    await until(lambda: _found(user) == ['[tea] from Ada'])
    _type(user, 'from:Ada')
    await until(lambda: _found(user) == ['tea from Ada'])


@pytest.mark.parametrize(
    ('words', 'sentence'),
    [
        ('has:feet', 'What can be asked for with "has:"'),
        ('tea before:soon', '"before:" needs a day, such as before:2026-11-26.'),
        ('x' * 251, 'A search has at most 250 characters; this one has 251.'),
    ],
)
async def test_what_is_refused_is_said_below_the_box(user: User, words: str, sentence: str) -> None:
    chat, ada, _ = await _begin(user)
    await _say(chat, ada, 'tea')
    _type(user, 'tea')
    await until(lambda: _found(user) == ['[tea]'])
    _type(user, words)
    _enter(user)
    await until(lambda: any(sentence in each for each in _said(user)))
    assert len(_said(user)) == 1
    assert user.notify.messages == []
    assert chat.recent_searches.of(ada.id) == ()
    _type(user, 'te')
    await until(lambda: _said(user) == ['1 message'])


async def test_an_operator_is_let_be_finished_and_refused_on_enter(user: User, monkeypatch) -> None:
    chat, ada, _ = await _begin(user)
    await _say(chat, ada, 'tea')
    asked = _asked(chat, monkeypatch)
    for words in ('tea from:', 'in:"', '"'):
        _type(user, words)
        await asyncio.sleep(0.2)
    assert asked == []
    _type(user, 'tea from:')
    _enter(user)
    await until(lambda: _said(user) == ['Something is missing after "from:".'])


def _asked(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which each search comes."""
    asked, find = [], chat.search.find

    async def find_and_note(user: Person, words: str, **more: object) -> object:
        asked.append(words)
        return await find(user, words, **more)

    monkeypatch.setattr(chat.search, 'find', find_and_note)
    return asked


async def test_searching_too_fast_is_said_once_below_the_box(user: User) -> None:
    chat, ada, _ = await _begin(user)
    chat.rate_limits._enabled = True
    for _ in range(LIMITS['searching']):
        chat.rate_limits.check('searching', ada.id)
    for words in ('t', 'te', 'tea'):
        _type(user, words)
        _enter(user)
    await until(lambda: any('You are searching too fast.' in each for each in _said(user)))
    assert user.notify.messages == []


async def test_while_one_types_only_the_last_words_are_searched_for(user: User, monkeypatch) -> None:
    monkeypatch.setattr(search, 'PAUSE', 0.3)
    chat, ada, _ = await _begin(user)
    await _say(chat, ada, 'coffee')
    asked = _asked(chat, monkeypatch)
    for end in range(1, 7):
        _type(user, 'coffee'[:end])
        await asyncio.sleep(0.01)
    await until(lambda: _found(user) == ['[coffee]'])
    assert asked == ['coffee']


async def test_enter_waits_for_nothing_and_searches_once(user: User, monkeypatch) -> None:
    monkeypatch.setattr(search, 'PAUSE', 1_000)
    chat, ada, _ = await _begin(user)
    await _say(chat, ada, 'coffee')
    asked = _asked(chat, monkeypatch)
    _type(user, 'coffee')
    _enter(user)
    await until(lambda: _found(user) == ['[coffee]'])
    assert asked == ['coffee']


async def test_an_older_answer_never_takes_the_place_of_a_newer_one(user: User, monkeypatch) -> None:
    chat, ada, _ = await _begin(user)
    await _say(chat, ada, 'coffee', 'tea')
    find, may_answer, at_once, most = chat.search.find, asyncio.Event(), 0, 0

    async def find_slowly(person: Person, words: str, **more: object) -> object:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        if words == 'coffee':
            await may_answer.wait()
        at_once -= 1
        return await find(person, words, **more)

    monkeypatch.setattr(chat.search, 'find', find_slowly)
    shown = []
    monkeypatch.setattr(search._Search, '_show', _noting(search._Search._show, shown))
    _type(user, 'coffee')
    await until(lambda: at_once)
    for words in ('t', 'te', 'tea'):
        _type(user, words)
        _enter(user)
    may_answer.set()
    await until(lambda: _found(user) == ['[tea]'])
    assert shown == ['tea']
    assert most == 1


def _noting(show, shown: list[str]):
    def show_and_note(self, *args: object, **more: object) -> None:
        shown.append(self._words)
        show(self, *args, **more)

    return show_and_note


@pytest.mark.parametrize('order', ['Newest first', 'Best first'])
async def test_more_goes_on_where_the_first_ended_and_twice_is_once(user: User, monkeypatch, order: str) -> None:
    chat, ada, _ = await _begin(user)
    fire(user, _chip(user, order), 'click')
    find = chat.search.find
    monkeypatch.setattr(chat.search, 'find', lambda *args, **more: find(*args, limit=2, **more))
    await _say(chat, ada, *(f'coffee {number}' for number in range(5)))
    _type(user, 'coffee')
    await until(lambda: _found(user) == ['[coffee] 4', '[coffee] 3'])
    assert _said(user) == ['2 messages. There may be more.']
    for _ in range(2):
        fire(user, _button(user, 'More'), 'click')
    await until(lambda: len(_found(user)) == 4)
    await asyncio.sleep(0.1)
    assert _found(user) == [f'[coffee] {number}' for number in (4, 3, 2, 1)]
    fire(user, _button(user, 'More'), 'click')
    await until(lambda: _said(user) == ['5 messages'])
    assert not _button(user, 'More').visible
    _press(user, 4)
    await until(lambda: not _is_open(user))


async def test_the_best_come_first_where_that_is_chosen(user: User) -> None:
    chat, ada, _ = await _begin(user)
    await _say(chat, ada, 'coffee', 'the coffeehouse of somebody else')
    _type(user, 'coffee')
    await until(lambda: _found(user) == ['the [coffee]house of somebody else', '[coffee]'])
    newest, best = (_chip(user, label) for label in ('Newest first', 'Best first'))
    assert (newest.props['aria-pressed'], best.props['aria-pressed']) == ('true', 'false')
    fire(user, best, 'click')
    await until(lambda: _found(user) == ['[coffee]', 'the [coffee]house of somebody else'])
    assert (newest.props['aria-pressed'], best.props['aria-pressed']) == ('false', 'true')
    fire(user, newest, 'click')
    await until(lambda: _found(user) == ['the [coffee]house of somebody else', '[coffee]'])


async def test_where_nothing_is_found_it_says_so_with_a_hint(user: User) -> None:
    await _begin(user)
    _type(user, 'zzz <i>')
    await until(lambda: _said(user) == ['Nothing found for “zzz <i>”.'])
    await sees(user, search.HINT)


async def test_operators_are_put_into_the_box(user: User) -> None:
    chat, ada, _ = await _begin(user)
    await _say(chat, ada, 'see https://example.org', 'see you')
    _type(user, 'see')
    await until(lambda: len(_found(user)) == 2)
    for _ in range(2):
        fire(user, _chip(user, 'has:link'), 'click')
    assert _box(user).value == 'see has:link'
    await until(lambda: len(_found(user)) == 1)
    fire(user, _chip(user, 'from:'), 'click')
    assert _box(user).value == 'see has:link from:'
    for each, _title in search.NARROWED:
        assert _chip(user, each.replace('"', '&quot;')).props['title']


async def test_the_open_room_is_put_in_and_taken_out(user: User) -> None:
    chat, ada, _ = await _begin(user)
    await chat.rooms.create(ada, 'Attic')
    await _say(chat, ada, 'coffee above', room='attic')
    await _say(chat, ada, 'coffee below')
    _type(user, 'coffee in:attic')
    await until(lambda: _found(user) == ['[coffee] above'])
    chip = _chip(user, 'In this room')
    fire(user, chip, 'click')
    assert _box(user).value == 'coffee in:lobby'
    assert chip.props['aria-pressed'] == 'true'
    await until(lambda: _found(user) == ['[coffee] below'])
    fire(user, chip, 'click')
    assert _box(user).value == 'coffee'
    assert chip.props['aria-pressed'] == 'false'
    await until(lambda: len(_found(user)) == 2)


async def test_what_was_searched_for_is_offered_again_also_after_a_reload_until_it_is_cleared(user: User) -> None:
    chat, ada, _ = await _begin(user)
    await _say(chat, ada, 'tea <1>', 'coffee')
    assert _recent(user) == []
    for words, shown in (('tea <1>', '[tea] &lt;[1]&gt;'), ('coffee', '[coffee]')):
        _type(user, words)
        _enter(user)
        await until(lambda shown=shown: _found(user) == [shown])
    _type(user, 'coff')  # only typed
    await until(lambda: _found(user) == ['[coff]ee'])
    await go_to(user, '/rooms/lobby')
    await _open(user)
    assert _recent(user) == ['coffee', 'tea &lt;1&gt;']
    with user:
        (place,) = [each for each in ElementFilter(kind=ui.html) if each.props.get('aria-label') == 'Recent searches']
    fire(user, place, 'click', 1)
    await until(lambda: _found(user) == ['[tea] &lt;[1]&gt;'])
    assert _box(user).value == 'tea <1>'
    assert _recent(user) == []
    _type(user, '')
    await until(lambda: _recent(user) == ['tea &lt;1&gt;', 'coffee'])
    assert _found(user) == []
    fire(user, _button(user, 'Clear recent searches'), 'click')
    assert _recent(user) == []
    assert chat.recent_searches.of(ada.id) == ()


async def test_recent_searches_are_nobody_elses(user: User, create_user) -> None:
    await _begin(user)
    _type(user, 'a secret')
    _enter(user)
    await until(lambda: _said(user) == ['Nothing found for “a secret”.'])
    bo = create_user()
    await join_room(bo, 'Cy')
    await _open(bo)
    assert _recent(bo) == []


async def test_choosing_closes_and_remembers_the_search(user: User) -> None:
    chat, ada, _ = await _begin(user)
    await _say(chat, ada, 'coffee')
    _type(user, 'coffee')
    await until(lambda: _found(user) == ['[coffee]'])
    _press(user, 0)
    await until(lambda: not _is_open(user))
    assert chat.recent_searches.of(ada.id) == ('coffee',)


async def test_a_message_that_its_address_names_already_is_gone_to_again(user: User) -> None:
    chat, ada, _ = await _begin(user)
    (said,) = await _say(chat, ada, 'coffee')
    await go_to(user, f'/rooms/lobby/{said}')
    await _open(user)
    _type(user, 'coffee')
    await until(lambda: _found(user) == ['[coffee]'])
    await chat.messages.delete(ada, said)
    await until(lambda: 'class="tombstone"' in html_of(user))
    _press(user, 0)
    await until(lambda: user.notify.messages == ['This message was deleted.'])


@pytest.mark.parametrize('told', [-1, 99, 'x', None, [0], True])
async def test_a_place_that_is_not_there_leads_nowhere(user: User, told: object) -> None:
    await _begin(user)
    _press(user, told)
    await asyncio.sleep(0.05)
    assert _box(user).value in (None, '')


@pytest.mark.parametrize('value', [None, 7, ['tea'], {'a': 1}, '\ud800', '  ', '"', 'x' * 100_000])
async def test_whatever_a_browser_tells_is_no_crash(user: User, value: object) -> None:
    await _begin(user)
    _type(user, value)
    _enter(user)
    await asyncio.sleep(0.1)
    _type(user, 'zzz')
    await until(lambda: _said(user) == ['Nothing found for “zzz”.'])


async def test_private_rooms_of_others_are_never_found(user: User) -> None:
    chat, ada, bo = await _begin(user)
    await chat.rooms.create(bo, 'Den', private=True)
    await _say(chat, bo, 'secret coffee', room='den')
    await _say(chat, ada, 'coffee')
    for words in ('coffee', 'coffee in:den', 'secret'):
        _type(user, words)
        _enter(user)
        await until(lambda words=words: _found(user) == (['[coffee]'] if words == 'coffee' else []))
    assert 'Den' not in html_of(user)


async def test_who_was_removed_finds_nothing_more_there(user: User) -> None:
    chat, ada, bo = await _begin(user)
    await chat.rooms.create(bo, 'Den', private=True)
    await chat.rooms.add_member(Actor(bo, ''), 'den', ada.id)
    await _say(chat, bo, 'secret coffee', room='den')
    _type(user, 'secret')
    await until(lambda: _found(user) == ['[secret] coffee'])
    await chat.moderation.remove(Actor(bo, ''), 'den', ada.id, 'why not')
    _enter(user)
    await until(lambda: _found(user) == [])
    await sees(user, 'Nothing found for “secret”.')


async def test_the_menu_and_the_keys_open_it(user: User) -> None:
    await join_room(user, 'Ada')
    press_button(user, 'Your menu')
    assert search.TITLE in offers(user)
    choose(user, search.TITLE)
    await until(lambda: user.find(kind=ui.input, content='Words').elements)
    fire(user, user.client.layout, 'shortcut', ['find', 0])
    await until(lambda: len(user.find(kind=ui.input, content='Words').elements) == 2)


async def test_where_no_room_is_open_none_is_offered(user: User) -> None:
    await join_room(user, 'Ada')
    user.navigate.to('/rooms/nowhere')
    await sees(user, 'There is no such room')
    await _open(user)
    with user:
        assert not [each for each in ElementFilter(kind=ui.html) if each.content == 'In this room']
