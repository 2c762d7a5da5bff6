"""Places in a room: quotes and links that lead there, one conversation alone, pins, and what was said before."""

import asyncio
import re
from collections.abc import Callable

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User

from chat.audit import Actor
from pages import browser
from tests.pages.people import (
    chat_of,
    choose,
    close_page,
    end_of,
    fire,
    go_to,
    html_of,
    join_room,
    offers,
    open_menu_of,
    person_of,
    press_button,
    rows,
    see_end,
    see_top,
    sees,
    send_message,
    sign_in,
    top_of,
    until,
)


async def own_room(user: User, name: str = 'Ada') -> None:
    """Come in and open a room of one's own, the study."""
    await join_room(user, name)
    await chat_of(user).rooms.create(await person_of(user), 'Study')
    await go_to(user, '/rooms/study')


async def say(user: User, body: str, reply_to: int | None = None, slug: str = 'study') -> int:
    """Say something without the page."""
    chat_of(user).rate_limits._enabled = False
    return (await chat_of(user).messages.send(await person_of(user), slug, body, reply_to=reply_to)).message.id


def press_in(user: User, role: str, action: str, message_id: object) -> None:
    """Press a button of a message in the log, or in the list that is open."""
    with user:
        *_, place = [each for each in ElementFilter() if each.props.get('role') == role]
    fire(user, place, 'click', [action, message_id])


def listed(user: User) -> list[str]:
    """Return the messages in the list that is open: who said it, what, and the buttons."""
    with user:
        html = [each.content for each in ElementFilter(kind=ui.html) if 'listed-message' in each.content]
    hidden = r'<(time|span class="avatar)[^>]*>.*?</\w+>'
    return [' '.join(re.sub(r'<[^>]+>', ' ', re.sub(hidden, ' ', each)).split()) for each in html]


def has_head_button(user: User) -> bool:
    with user:
        return any(
            each.tag == 'q-btn' and each.props.get('aria-label') == 'Pinned messages'
            for each in ElementFilter(only_visible=True)
        )


def ids(user: User) -> list[int]:
    return [int(each) for each in re.findall(r'<article[^>]* id="m(\d+)"', html_of(user))]


def jump_of(user: User) -> ui.button | None:
    """Return the button that leads to the newest message, if it is there."""
    with user:
        return next((each for each in ElementFilter(kind=ui.button, only_visible=True) if 'jump' in each.classes), None)


def hold_pages(user: User, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Let what is read of a room come no sooner than the event that this returns is set."""
    answers, really = asyncio.Event(), chat_of(user).messages.page

    async def late(*args: object, **kwargs: object) -> object:
        page = await really(*args, **kwargs)  # type: ignore[arg-type]
        await answers.wait()
        return page

    monkeypatch.setattr(chat_of(user).messages, 'page', late)
    return answers


# Quotes.


async def test_a_quote_leads_to_a_message_that_is_not_on_the_page_without_a_reload(user: User) -> None:
    await own_room(user)
    old = await say(user, 'long ago')
    for number in range(120):
        await say(user, f'{number}')
    answer = await say(user, 'an answer', old)
    await go_to(user, '/rooms/study')
    client = user.client
    assert old not in ids(user)
    press_in(user, 'log', 'quote', answer)
    await until(lambda: old in ids(user) and answer not in ids(user))
    assert user.client is client
    await send_message(user, 'back at the end')
    await until(lambda: answer in ids(user) and old not in ids(user))


async def test_older_messages_that_come_after_a_jump_are_not_mixed_in(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await own_room(user)
    said = [await say(user, f'{number}') for number in range(200)]
    answer = await say(user, 'an answer', said[30])
    await go_to(user, '/rooms/study')
    answers = hold_pages(user, monkeypatch)
    see_top(user)
    press_in(user, 'log', 'quote', answer)
    await until(lambda: ids(user) == said[5:55])
    answers.set()
    await asyncio.sleep(0.1)
    assert ids(user) == said[5:55]
    see_top(user)
    await until(lambda: ids(user) == said[:55])


async def test_who_comes_to_the_end_while_older_messages_load_is_asked_where_they_are(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await own_room(user)
    said = [await say(user, f'{number}') for number in range(200)]
    await go_to(user, f'/rooms/study/{said[100]}')
    await until(lambda: jump_of(user))  # it is at the message
    answers = hold_pages(user, monkeypatch)
    see_top(user)
    see_end(user)
    await asyncio.sleep(0.1)
    before = end_of(user)
    answers.set()
    await until(lambda: ids(user) == said[25:125])
    assert end_of(user) is not before  # a browser tells of a new one also if it is in view already
    see_end(user)
    await until(lambda: ids(user) == said[25:175])


async def test_who_comes_to_the_top_while_newer_messages_load_is_asked_where_they_are(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await own_room(user)
    said = [await say(user, f'{number}') for number in range(200)]
    await go_to(user, f'/rooms/study/{said[100]}')
    await until(lambda: jump_of(user))  # it is at the message
    answers = hold_pages(user, monkeypatch)
    see_end(user)
    await asyncio.sleep(0.1)
    see_top(user)
    before = top_of(user)
    answers.set()
    await until(lambda: ids(user) == said[75:175])
    await until(lambda: top_of(user) is not before)
    see_top(user)
    await until(lambda: ids(user) == said[25:175])


async def test_a_jump_leads_to_where_the_end_of_what_is_loaded_is_asked_for(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await own_room(user)
    said = [await say(user, f'{number}') for number in range(200)]
    answer = await say(user, 'an answer', said[30])
    await go_to(user, '/rooms/study')
    arrived = asyncio.Event()
    monkeypatch.setattr(browser, 'go_to_row', lambda *_: arrived.wait())
    press_in(user, 'log', 'quote', answer)
    await until(lambda: ids(user) == said[5:55])
    before = end_of(user)
    arrived.set()
    await until(lambda: end_of(user) is not before)


async def test_who_goes_to_the_newest_while_it_is_asked_where_they_are_stays_there(
    user: User, create_user: Callable[[], User], monkeypatch: pytest.MonkeyPatch
) -> None:
    bo = create_user()
    await own_room(user)
    said = [await say(user, f'{number}') for number in range(200)]
    await join_room(bo, 'Bo', 'study')
    await go_to(user, f'/rooms/study/{said[100]}')
    await until(lambda: jump_of(user))
    drawn = asyncio.Event()
    monkeypatch.setattr(browser, 'draw', lambda _: drawn.wait())
    see_end(user)
    await until(lambda: ids(user)[-1] == said[174])
    fire(user, jump_of(user), 'click')
    await until(lambda: ids(user)[-1] == said[-1])
    drawn.set()
    await asyncio.sleep(0.1)
    await say(bo, 'news')
    await sees(user, 'news')
    assert jump_of(user) is None


async def test_a_quote_of_what_was_deleted_or_hidden_says_so_and_is_no_button(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await own_room(user)
    await join_room(bo, 'Bo', 'study')
    one, two = await say(bo, 'one'), await say(bo, 'two')
    for reply_to in (one, two):
        await say(user, 'an answer', reply_to)
    await until(lambda: rows(user)[2:] == ['Ada Bo one an answer', 'Ada Bo two an answer'])
    assert html_of(user).count('data-action="quote"') == 2
    await chat_of(user).messages.delete(await person_of(bo), one)
    await chat_of(user).moderation.hide(Actor(await person_of(user), 'here'), two, 'rude')
    await until(
        lambda: (
            rows(user)[2:]
            == [
                'Ada Reply to a deleted message an answer',
                'Ada Reply to a hidden message an answer',
            ]
        )
    )
    assert 'data-action="quote"' not in html_of(user)


@pytest.mark.parametrize('gone', ['deleted', 'hidden'])
async def test_whoever_presses_a_quote_as_its_message_goes_is_told(
    user: User, create_user: Callable[[], User], gone: str
) -> None:
    bo = create_user()
    await own_room(user)
    await join_room(bo, 'Bo', 'study')
    one = await say(bo, 'one')
    answer = await say(user, 'an answer', one)
    await until(lambda: answer in ids(user))
    if gone == 'deleted':
        await chat_of(user).messages.delete(await person_of(bo), one)
    else:
        await chat_of(user).moderation.hide(Actor(await person_of(user), 'here'), one, 'rude')
    await until(lambda: f'Reply to a {gone} message' in html_of(user))
    press_in(user, 'log', 'quote', answer)
    await sees(user, 'This message was deleted.' if gone == 'deleted' else 'This message is hidden.')


@pytest.mark.parametrize(('action', 'message_id'), [('quote', 10**20), ('quote', 'x'), ('quote', None), ('x', 1)])
async def test_a_press_on_what_is_not_there_does_nothing(user: User, action: str, message_id: object) -> None:
    await own_room(user)
    await say(user, 'one')
    await until(lambda: rows(user) == ['Ada one'])
    press_in(user, 'log', action, message_id)
    assert rows(user) == ['Ada one']


# Links.


async def test_a_link_opens_around_its_message_and_marks_it(user: User) -> None:
    await own_room(user)
    said = [await say(user, f'{number}') for number in range(120)]
    await go_to(user, f'/rooms/study/{said[30]}')
    assert ids(user) == said[5:55]
    with user:
        (marked,) = [each for each in ElementFilter(kind=ui.html) if 'marked' in each.classes]
    assert f'id="m{said[30]}"' in marked.content
    await user.should_not_see('The message that this link leads to')


@pytest.mark.parametrize('where', ['in another room', 'deleted', 'nowhere', 'abc', '1.0', '%F0%9F%8E%89', '-1'])
async def test_a_link_to_what_is_not_there_says_so_and_opens_the_room(user: User, where: str) -> None:
    await own_room(user)
    one = await say(user, 'one')
    gone = await say(user, 'two')
    await chat_of(user).messages.delete(await person_of(user), gone)
    other = await say(user, 'elsewhere', slug='lobby')
    named = {'in another room': other, 'deleted': gone, 'nowhere': 999}.get(where, where)
    await go_to(user, f'/rooms/study/{named}')
    await sees(user, 'The message that this link leads to is not here')
    assert ids(user) == [one, gone]
    with user:
        assert not [each for each in ElementFilter(kind=ui.html) if 'marked' in each.classes]


async def test_who_may_not_come_in_sees_what_a_stranger_to_the_room_sees(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await own_room(user)
    one = await say(user, 'secret')
    await chat_of(user).rooms.change(await person_of(user), 'study', private=True)
    await join_room(bo, 'Bo')
    close_page(bo)
    for address in (f'/rooms/study/{one}', '/rooms/study/999', f'/rooms/nowhere/{one}'):
        page = await bo.http_client.get(address)
        assert page.status_code == 404
        assert 'There is no such room, or it is not open to you.' in page.text
        assert 'secret' not in page.text
        assert 'The message that this link leads to' not in page.text
    bo.http_client.cookies.clear()
    response = await bo.http_client.get(f'/rooms/study/{one}')
    assert (response.status_code, response.headers['location']) == (303, '/?room=study')
    assert await sign_in(bo, 'Cy', 'lobby')


# One conversation alone.


async def test_a_conversation_is_shown_without_what_else_is_said_and_follows_what_happens(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await own_room(user)
    await join_room(bo, 'Bo', 'study')
    first = await say(user, 'Coffee?')
    await say(bo, 'Nice weather')
    second = await say(bo, 'I bring some', first)
    await sees(user, 'I bring some')
    open_menu_of(user, 'I bring some')
    choose(user, 'Show conversation')
    await until(lambda: listed(user) == ['Ada Coffee? Reply', 'Bo I bring some Reply'])
    third = await say(user, 'Thanks', second)
    await say(bo, 'Still nice')
    await until(lambda: listed(user)[2:] == ['Ada Thanks Reply'])
    await say(bo, 'Me too', first)
    await until(lambda: listed(user)[3:] == ['Bo to Ada Me too Reply'])
    open_menu_of(bo, 'Me too')
    choose(bo, 'Show conversation')
    await until(lambda: listed(bo) == listed(user))
    await chat_of(user).messages.edit(await person_of(bo), second, 'I bring two')
    await chat_of(user).messages.delete(await person_of(user), third)
    await until(lambda: listed(user)[1:3] == ['Bo I bring two (edited) Reply', 'Ada This message was deleted.'])
    await chat_of(user).profiles.change(
        await chat_of(user).sessions.find(bo.http_client.cookies['hearth_session']), name='Boris'
    )
    await until(lambda: listed(user)[1] == 'Boris I bring two (edited) Reply')


async def test_one_replies_from_there(user: User) -> None:
    await own_room(user)
    first = await say(user, 'Coffee?')
    await say(user, 'I bring some', first)
    await sees(user, 'I bring some')
    open_menu_of(user, 'I bring some')
    choose(user, 'Show conversation')
    await until(lambda: len(listed(user)) == 2)
    press_in(user, 'group', 'b0', first)
    await sees(user, 'Replying to Ada')
    await send_message(user, 'Tea, please')
    await until(lambda: 'Ada Ada Coffee? Tea, please' in rows(user))


async def test_only_what_is_a_reply_or_has_one_offers_its_conversation(user: User) -> None:
    await own_room(user)
    first = await say(user, 'Coffee?')
    await say(user, 'I bring some', first)
    await say(user, 'Nice weather')
    await sees(user, 'Nice weather')
    for text, is_offered in (('Nice', False), ('bring', True), ('Nice', False)):
        open_menu_of(user, text)
        assert ('Show conversation' in offers(user)) is is_offered
    press_in(user, 'log', 'menu', first)
    assert 'Show conversation' in offers(user)


async def test_a_list_is_gone_with_the_right_to_read_the_room(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await own_room(user)
    await chat_of(user).rooms.change(await person_of(user), 'study', private=True)
    await join_room(bo, 'Bo')
    await chat_of(user).rooms.add_member(Actor(await person_of(user), 'here'), 'study', (await person_of(bo)).id)
    first = await say(user, 'secret')
    await say(user, 'answer', first)
    await go_to(bo, '/rooms/study')
    open_menu_of(bo, 'answer')
    choose(bo, 'Show conversation')
    await until(lambda: len(listed(bo)) == 2)
    (dialog,) = _dialogs(bo)
    await chat_of(user).moderation.remove(
        Actor(await person_of(user), 'here'), 'study', (await person_of(bo)).id, 'rude'
    )
    await until(lambda: dialog.value is False or dialog.is_deleted)


async def test_another_room_takes_the_list_away(user: User) -> None:
    await own_room(user)
    first = await say(user, 'one')
    await say(user, 'two', first)
    await sees(user, 'two')
    open_menu_of(user, 'two')
    choose(user, 'Show conversation')
    await until(lambda: len(listed(user)) == 2)
    (dialog,) = _dialogs(user)
    with user:
        ui.navigate.to('/rooms/lobby')
    await until(lambda: dialog.is_deleted)


def _dialogs(user: User) -> list[ui.dialog]:
    with user:
        return list(ElementFilter(kind=ui.dialog))


# Pins.


async def test_who_looks_after_a_room_pins_and_everybody_sees_it_at_once(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await own_room(user)
    await join_room(bo, 'Bo', 'study')
    await send_message(bo, 'Where the key is')
    await sees(user, 'Where the key is')
    assert not has_head_button(bo)
    open_menu_of(bo, 'Where the key is')
    assert {'Pin', 'Unpin'}.isdisjoint(offers(bo))
    open_menu_of(user, 'Where the key is')
    assert 'Unpin' not in offers(user)
    choose(user, 'Pin')
    await until(lambda: rows(bo) == ['Bo push_pin Pinned Where the key is'])
    await until(lambda: has_head_button(bo) and has_head_button(user))
    press_button(bo, 'Pinned messages')
    await until(lambda: listed(bo) == ['Bo Where the key is'])
    one = await say(bo, 'Wi-Fi')
    await chat_of(user).pins.pin(await person_of(user), one, on=True)
    await until(lambda: listed(bo) == ['Bo Wi-Fi', 'Bo Where the key is'])
    await chat_of(user).messages.edit(await person_of(bo), one, 'Wi-Fi: guest')
    await until(lambda: listed(bo)[0] == 'Bo Wi-Fi: guest (edited)')
    await chat_of(user).messages.delete(await person_of(bo), one)
    await until(lambda: listed(bo) == ['Bo Where the key is'])
    open_menu_of(user, 'Where the key is')
    assert 'Pin' not in offers(user)
    choose(user, 'Unpin')
    await until(lambda: rows(bo)[0] == 'Bo Where the key is')
    await until(lambda: not has_head_button(bo) and listed(bo) == [])
    await sees(bo, 'Nothing is pinned here.')


async def test_one_unpins_in_the_list_and_goes_from_there(user: User) -> None:
    await own_room(user)
    one = await say(user, 'one')
    person = await person_of(user)
    await chat_of(user).pins.pin(person, one, on=True)
    for number in range(80):
        await say(user, f'{number}')
    await go_to(user, '/rooms/study')
    assert has_head_button(user)
    assert one not in ids(user)
    press_button(user, 'Pinned messages')
    await until(lambda: listed(user) == ['Ada one Unpin'])
    press_in(user, 'group', 'go', one)
    await until(lambda: one in ids(user))
    press_button(user, 'Pinned messages')
    await until(lambda: listed(user))
    press_in(user, 'group', 'b0', one)
    await until(lambda: not has_head_button(user))
    assert await chat_of(user).pins.pinned(person, 'study') == []


async def test_whoever_fires_the_buttons_of_others_changes_nothing(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await own_room(user)
    await join_room(bo, 'Bo', 'study')
    one = await say(user, 'one')
    await sees(bo, 'one')
    open_menu_of(bo, 'one')
    with bo:
        items = list(ElementFilter(kind=ui.menu_item, only_visible=False))
    pin, unpin = [each for each in items if _label(each) in ('Pin', 'Unpin')]
    fire(bo, pin, 'click')
    await sees(bo, 'owners and moderators pin')
    pinned = await chat_of(user).pins.pin(await person_of(user), one, on=True)
    await until(lambda: has_head_button(bo))
    press_button(bo, 'Pinned messages')
    await until(lambda: listed(bo) == ['Ada one'])
    press_in(bo, 'group', 'b0', one)
    fire(bo, unpin, 'click')
    for action, message_id in (('go', 'x'), ('go', 999), ('b7', one), (None, one), (['go'], one)):
        press_in(bo, 'group', action, message_id)  # type: ignore[arg-type]
    await sees(bo, 'owners and moderators pin')
    assert (await chat_of(user).messages.get(await person_of(user), one)).revision == pinned.revision


def _label(item: ui.menu_item) -> str:
    return ''.join(str(getattr(each, 'text', '')) for each in item.descendants())


async def test_in_direct_messages_both_pin_and_in_an_archived_room_nobody(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await own_room(user)
    await join_room(bo, 'Bo')
    room = await chat_of(user).direct.open(await person_of(user), [(await person_of(bo)).id])
    await say(user, 'dear Bo', slug=room.slug)
    await go_to(bo, f'/rooms/{room.slug}')
    open_menu_of(bo, 'dear Bo')
    assert 'Pin' in offers(bo)
    await say(user, 'one')
    await sees(user, 'one')
    open_menu_of(user, 'one')
    assert 'Pin' in offers(user)
    await chat_of(user).rooms.change(await person_of(user), 'study', archived=True)
    await go_to(user, '/rooms/study')
    open_menu_of(user, 'one')
    assert 'Pin' not in offers(user)


# What was said before, and copying.


async def test_the_author_and_moderators_are_offered_what_was_said_before(
    user: User, create_user: Callable[[], User]
) -> None:
    bo, cy = create_user(), create_user()
    await own_room(user)
    for other, name in ((bo, 'Bo'), (cy, 'Cy')):
        await join_room(other, name, 'study')
    one = await say(bo, 'helo')
    await sees(bo, 'helo')
    open_menu_of(bo, 'helo')
    assert 'Edit history' not in offers(bo)
    await chat_of(user).messages.edit(await person_of(bo), one, 'hello <b>all</b>')
    await until(lambda: all('hello &lt;' in html_of(each) for each in (user, bo, cy)))
    for each, is_offered in ((user, True), (bo, True), (cy, False)):
        open_menu_of(each, 'hello &lt;')
        assert ('Edit history' in offers(each)) is is_offered
    for each in (user, bo):
        choose(each, 'Edit history')
        await until(lambda each=each: 'class="versions"' in html_of(each))
        versions = re.findall(r'<li><p class="version-time">(\w+): [^<]+</p>(.*?)</li>', html_of(each))
        assert versions == [
            ('First', '<div class="body"><p>helo</p></div>'),
            ('Now', '<div class="body"><p>hello &lt;b&gt;all&lt;/b&gt;</p></div>'),
        ]
    await chat_of(user).moderation.hide(Actor(await person_of(user), 'here'), one, 'rude')
    await until(lambda: 'Hidden by a moderator.' in html_of(user))
    press_in(user, 'log', 'menu', one)
    assert 'Edit history' in offers(user)
    assert 'Copy text' not in offers(user)


async def test_a_text_is_shown_to_be_copied_where_the_browser_has_no_clipboard_for_us(user: User) -> None:
    await own_room(user)
    await say(user, 'a *quoted* "word"')
    await sees(user, 'quoted')
    open_menu_of(user, 'quoted')
    choose(user, 'Copy text')
    await sees(user, 'Copy this text')
    with user:
        assert 'a *quoted* "word"' in [each.value for each in ElementFilter(kind=ui.textarea)]
