"""What is unread on the pages, and what makes itself noticed; with simulated browsers."""

import asyncio
import json
from collections.abc import Callable

import pytest
from nicegui import Client, ElementFilter, ui
from nicegui.testing import User

from chat.storage import reading
from pages import browser, icon, sound
from tests.pages.people import (
    SITE,
    bring_to_front,
    chat_of,
    choose,
    fire,
    go_to,
    html_of,
    join_room,
    open_menu_of,
    person_of,
    press_button,
    row_id,
    rows,
    see_end,
    sees,
    send_message,
    sign_in,
    until,
)

HOSTILE = '"]); alert(1); ([" \' ` ${1} </script><img src=x onerror=alert(2)> \u2028 \\'


def said(user: User) -> list[object] | None:
    """Return what the browser was told to notify of last."""
    with user:
        places = [each for each in ElementFilter() if 'signals' in each.classes]
    told = places[0].props.get('data-said') if places else None
    return None if told is None else json.loads(told)


async def count(user: User, slug: str = 'lobby') -> tuple[int, int]:
    entry = await chat_of(user).rooms.entry(await person_of(user), slug)
    return entry.unread, entry.mentions


async def two_in_the_lobby(user: User, bo: User) -> None:
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    bring_to_front(user)


async def test_mentions_stand_beside_what_is_unread_in_words_and_color(
    user: User, create_user: Callable[[], User]
) -> None:
    await two_in_the_lobby(user, bo := create_user())
    await go_to(user, await sign_in(user, 'Ada', new_room='Design'))
    await send_message(bo, 'one')
    await send_message(bo, '@Ada two')
    await sees(user, '<span class="badge mentions"><span aria-hidden="true">@1</span>')
    await sees(user, '<span class="visually-hidden">, 1 mention</span>')
    await sees(user, '<span class="badge">2<span class="visually-hidden"> unread</span></span>')


async def test_marked_unread_a_message_stays_so_on_the_page_that_has_it_in_front(
    user: User, create_user: Callable[[], User]
) -> None:
    await two_in_the_lobby(user, bo := create_user())
    for words in ('one', 'two', 'three'):
        await send_message(bo, words)
    await until(lambda: len(rows(user)) == 3)
    await until(lambda: user.client.title == 'Lobby · Hearth')
    open_menu_of(user, 'two')
    choose(user, 'Mark unread from here')
    await until(lambda: user.client.title == '(2) Lobby · Hearth')
    see_end(user)
    bring_to_front(user)
    assert (
        f'New</span></div><article class="message first by-{(await person_of(bo)).id}" id="m{row_id(user, "two")}"'
        in (html_of(user))
    )
    await send_message(bo, 'four')
    await until(lambda: user.client.title == '(3) Lobby · Hearth')
    assert await count(user) == (3, 0)
    press_button(user, 'Room menu')
    choose(user, 'Mark as read')
    await until(lambda: user.client.title == 'Lobby · Hearth')
    assert await count(user) == (0, 0)


async def test_a_program_that_marks_a_room_unread_is_heard_by_the_pages(
    user: User, create_user: Callable[[], User]
) -> None:
    await two_in_the_lobby(user, bo := create_user())
    await send_message(bo, 'one')
    await until(lambda: len(rows(user)) == 1)
    see_end(user)
    await chat_of(user).unread.mark(await person_of(user), 'lobby', 0)
    await until(lambda: user.client.title == '(1) Lobby · Hearth')
    assert await count(user) == (1, 0)


async def test_what_another_server_stored_as_unread_without_a_word_coming_through_shows_with_the_next_mark(
    user: User, create_user: Callable[[], User]
) -> None:
    await two_in_the_lobby(user, bo := create_user())
    await send_message(bo, 'one')
    await until(lambda: len(rows(user)) == 1)
    (lobby,) = await chat_of(user).rooms.list(await person_of(user))
    await chat_of(user).storage.write(reading.set_mark, lobby.room.id, (await person_of(user)).id, 0)
    await send_message(bo, 'two')
    await until(lambda: user.client.title == '(2) Lobby · Hearth')
    assert await count(user) == (2, 0)
    press_button(user, 'Room menu')
    choose(user, 'Mark as read')
    await until(lambda: user.client.title == 'Lobby · Hearth')
    await send_message(bo, 'three')
    await until(lambda: len(rows(user)) == 3)
    await chat_of(user).unread.settle_all(await person_of(user))
    assert await count(user) == (0, 0)


async def test_a_message_that_is_deleted_unseen_is_not_counted_any_more(
    user: User, create_user: Callable[[], User]
) -> None:
    await two_in_the_lobby(user, bo := create_user())
    bring_to_front(user, in_front=False)
    await send_message(bo, '@Ada look')
    await until(lambda: user.client.title == '(1) Lobby · Hearth')
    message_id = row_id(user, 'look')
    await chat_of(user).messages.delete(await person_of(bo), message_id)
    await until(lambda: user.client.title == 'Lobby · Hearth')


async def test_a_browser_that_says_nothing_for_long_has_seen_nothing(
    user: User, create_user: Callable[[], User], monkeypatch: pytest.MonkeyPatch
) -> None:
    await two_in_the_lobby(user, bo := create_user())
    asked: list[str] = []

    def note(client: Client, code: str, **how: object) -> object:
        asked.append(code)
        return really(client, code, **how)

    really = Client.run_javascript
    monkeypatch.setattr('pages.room.SIGN_LASTS', -1.0)  # every sign is too old
    monkeypatch.setattr(Client, 'run_javascript', note)
    await send_message(bo, 'look')
    await until(lambda: len(rows(user)) == 1)
    await until(lambda: browser.SIGN_OF_LIFE in asked)
    assert await count(user) == (1, 0)
    monkeypatch.setattr('pages.room.SIGN_LASTS', 60.0)
    bring_to_front(user)
    ada, chat = await person_of(user), chat_of(user)
    (entry,) = await chat.rooms.list(ada)
    for _ in range(100):
        if await chat.unread.counts(ada, [entry.room.id]) == {entry.room.id: (0, 0)}:
            return
        await asyncio.sleep(0.05)
    raise AssertionError('it never counted as seen')


async def test_a_hidden_page_is_told_of_a_mention_as_data_whatever_it_says(
    user: User, create_user: Callable[[], User]
) -> None:
    await two_in_the_lobby(user, bo := create_user())
    bring_to_front(user, in_front=False)
    await send_message(bo, 'nobody in particular')
    await send_message(bo, f'@Ada {HOSTILE}')
    await until(lambda: said(user) is not None)
    title, body, tag, ring, number = said(user) or []
    (room,) = await chat_of(user).rooms.list(await person_of(user))
    assert (title, tag, ring, number) == ('Bo in Lobby', f'hearth-{room.room.id}', True, 1)
    assert str(body).startswith('@Ada "]); alert(1); (["')
    assert HOSTILE not in browser.SIGNALS


async def test_what_is_in_front_or_one_says_oneself_or_in_a_quiet_time_makes_no_notification(
    user: User, create_user: Callable[[], User]
) -> None:
    await two_in_the_lobby(user, bo := create_user())
    chat, ada = chat_of(user), await person_of(user)
    await chat.notifications.set_level(ada, 'lobby', 'everything')
    await send_message(bo, '@Ada in front')
    await until(lambda: len(rows(user)) == 1)
    bring_to_front(user, in_front=False)
    await chat.messages.send(ada, 'lobby', 'mine')
    await chat.notifications.change(ada, quiet_from='00:00', quiet_until='23:59')
    await chat.messages.send(await person_of(bo), 'lobby', '@Ada quiet')
    await until(lambda: user.client.title == '(1) Lobby · Hearth')
    assert said(user) is None


async def test_of_several_messages_one_notification_tells_how_many(
    user: User, create_user: Callable[[], User], monkeypatch: pytest.MonkeyPatch
) -> None:
    await two_in_the_lobby(user, bo := create_user())
    chat, ada, other = chat_of(user), await person_of(user), await person_of(bo)
    await chat.notifications.set_level(ada, 'lobby', 'everything')
    await go_to(user, await sign_in(user, 'Ada', new_room='Design'))
    bring_to_front(user, in_front=False)
    for number in range(6):
        await chat.messages.send(other, 'lobby', f'news {number}')
    await until(lambda: (said(user) or [''])[0] == '5 new messages in Lobby')
    assert (said(user) or [])[1] == 'Bo: news 5'


async def test_pressing_a_notification_shows_its_room_and_no_other_tag_does(
    user: User, create_user: Callable[[], User]
) -> None:
    await two_in_the_lobby(user, create_user())
    (lobby,) = await chat_of(user).rooms.list(await person_of(user))
    await go_to(user, await sign_in(user, 'Ada', new_room='Design'))
    for tag in ('hearth-999', 'hearth-²', 'hearth-' + '9' * 30, 'elsewhere', None, 7, ['x']):
        fire(user, user.client.layout, 'notified', tag)
    await until(lambda: user.client.title == 'Design · Hearth')
    fire(user, user.client.layout, 'notified', f'hearth-{lobby.room.id}')
    await until(lambda: user.client.title == 'Lobby · Hearth')


async def test_a_half_filled_form_keeps_what_was_given_and_says_what_is_wrong(user: User) -> None:
    await join_room(user, 'Ada')
    form = {'quiet_from': '22:00', 'quiet_until': '', 'sound': 'off'}
    answer = await user.http_client.post('/settings/notifications', data=form, headers={'Origin': SITE})
    await go_to(user, answer.headers['location'])
    await sees(user, 'A quiet time has a beginning and an end: give both, or neither.')
    with user:
        kept = [each.props.get('^value') for each in ElementFilter() if each.props.get('name') == 'quiet_from']
    assert kept == ['22:00']
    assert 'value="off" selected' in html_of(user)
    answer = await user.http_client.post(
        '/settings/notifications', data={**form, 'quiet_until': '07:00'}, headers={'Origin': SITE}
    )
    assert answer.headers['location'] == '/settings/notifications?done=1'
    assert not (await chat_of(user).notifications.settings(await person_of(user))).sound


async def test_a_form_of_another_site_sets_nothing(user: User) -> None:
    await join_room(user, 'Ada')
    answer = await user.http_client.post(
        '/settings/notifications', data={'sound': 'off'}, headers={'Origin': 'https://elsewhere.example'}
    )
    assert 'forbidden' in answer.headers['location']
    assert (await chat_of(user).notifications.settings(await person_of(user))).sound


async def test_what_a_trial_came_to_is_said_in_words_that_are_known(user: User) -> None:
    await join_room(user, 'Ada')
    await go_to(user, '/settings/notifications')
    with user:
        (button,) = [
            each.parent_slot.parent
            for each in ElementFilter(kind=ui.label)
            if each.text == 'Send a test notification' and each.parent_slot is not None
        ]
    fire(user, button, 'click', 'denied')
    await sees(user, 'This browser refuses.')
    fire(user, button, 'click', '<b>anything</b>')
    await user.should_not_see('anything')


def test_the_icon_counts_to_nine() -> None:
    assert len({icon.icon(number) for number in range(30)}) == 11
    assert '9%2B' in icon.icon(10)
    assert '%3Ctext' not in icon.icon(0)


def test_the_sound_is_short_and_small() -> None:
    assert sound.sound().startswith(b'RIFF')
    assert len(sound.sound()) < 25_000


async def test_a_room_of_no_interest_is_counted_quietly(user: User, create_user: Callable[[], User]) -> None:
    await two_in_the_lobby(user, bo := create_user())
    await chat_of(user).notifications.set_level(await person_of(user), 'lobby', 'nothing')
    await go_to(user, await sign_in(user, 'Ada', new_room='Design'))
    await send_message(bo, '@Ada look')
    await sees(user, '<span class="badge quiet">1')
    await sees(user, '<span class="badge mentions">')
    assert user.client.title == 'Design · Hearth'
