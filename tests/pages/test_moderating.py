"""What moderators do from the room page, and what everybody sees of it."""

from collections.abc import Callable

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User

from chat.audit import Actor
from chat.errors import Forbidden, NotFound
from chat.events import StartAfresh, message_event
from chat.room_state import Subscription
from chat.storage import accounts as account_rows
from tests.pages.people import (
    chat_of,
    choose,
    fire,
    go_to,
    html_of,
    join_room,
    offers,
    open_menu_of,
    person_of,
    row_id,
    rows,
    sees,
    send_message,
    until,
)


async def join_as(user: User, name: str, kind: str) -> None:
    """Come into the lobby as a moderator or administrator."""
    await join_room(user, name)
    person = await person_of(user)
    await chat_of(user).storage.write(account_rows.set_kind, person, kind)  # type: ignore[arg-type]
    await go_to(user, '/rooms/lobby')


def press(user: User, label: str) -> None:
    """Press the newest button with these words."""
    with user:
        *_, button = [each for each in ElementFilter(kind=ui.button) if each.text == label]
    fire(user, button, 'click')


def answer(user: User, label: str, value: object) -> None:
    """Fill in a field of the dialog that is open."""
    with user:
        *_, field = [each for each in ElementFilter() if each.props.get('label') == label]
    field.set_value(value)


def buttons_of_card(user: User) -> list[str]:
    """Return what the card about a person offers moderators: all but "Message", which it offers everybody."""
    with user:
        (place,) = [each for each in ElementFilter() if 'card-actions' in each.classes]
        found = [each.text for each in place.descendants() if isinstance(each, ui.button)]
    return [each for each in found if each != 'Message']


async def press_name(user: User, name: str) -> None:
    """Press somebody's name in the list of people, and wait for the card."""
    other = next(
        each.user
        for each in await chat_of(user).rooms.members(await person_of(user), 'lobby')
        if each.user.name == name
    )
    with user:
        (place,) = [each for each in ElementFilter(kind=ui.html) if 'people' in each.classes]
    fire(user, place, 'click', [f'p{other.id}', True])
    await until(lambda: f'card-name">{name}<' in html_of(user))


async def test_everybody_can_report_what_others_said(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(user, 'bad words')
    await sees(bo, 'bad words')
    open_menu_of(user, 'bad words')
    assert {'Edit', 'Delete'} <= set(offers(user))
    assert not {'Report', 'Hide'} & set(offers(user))
    open_menu_of(bo, 'bad words')
    assert 'Report' in offers(bo)
    assert not {'Edit', 'Delete', 'Hide'} & set(offers(bo))
    choose(bo, 'Report')
    press(bo, 'Report')
    await sees(bo, 'Say why')
    answer(bo, 'Reason', 'insults')
    press(bo, 'Report')
    await sees(bo, 'The moderators have been told.')
    boss = await chat_of(user).accounts.add_guest('Boss', 'here')
    boss = await chat_of(user).storage.write(account_rows.set_kind, boss, 'administrator')
    (report,) = await chat_of(user).reports.list(Actor(boss, ''))
    assert (report.reason, report.body) == ('insults', 'bad words')


async def test_a_moderator_hides_a_message_and_shows_it_again(user: User, create_user: Callable[[], User]) -> None:
    mo = create_user()
    await join_room(user, 'Ada')
    await join_as(mo, 'Mo', 'moderator')
    await send_message(user, 'bad words')
    await sees(mo, 'bad words')
    message_id = row_id(mo, 'bad words')
    open_menu_of(mo, 'bad words')
    assert {'Report', 'Hide'} <= set(offers(mo))
    assert not {'Edit', 'Delete'} & set(offers(mo))
    choose(mo, 'Hide')
    answer(mo, 'Reason', 'spam')
    press(mo, 'Hide')
    for each in (user, mo):
        await until(lambda each=each: rows(each) == ['Ada Hidden by a moderator.'])
    open_menu_of(mo, 'Hidden by a moderator.')
    assert offers(mo) == ['Show again']
    choose(mo, 'Show again')
    for each in (user, mo):
        await until(lambda each=each: rows(each) == ['Ada bad words'])
    assert row_id(user, 'bad words') == message_id


async def test_only_pages_of_moderators_have_a_menu_on_hidden_messages(
    user: User, create_user: Callable[[], User]
) -> None:
    mo = create_user()
    await join_room(user, 'Ada')
    await join_as(mo, 'Mo', 'moderator')

    def moderates(page: User) -> bool:
        with page:
            (place,) = [each for each in ElementFilter() if 'conversation' in each.classes]
        return 'moderates' in place.classes

    assert (moderates(user), moderates(mo)) == (False, True)
    await send_message(user, 'mine')
    await sees(user, 'mine')
    message_id = row_id(user, 'mine')
    await chat_of(user).moderation.hide(Actor(await person_of(mo), ''), message_id, 'spam')
    await sees(user, 'Hidden by a moderator.')
    open_menu_of(user, 'Hidden by a moderator.')
    assert offers(user) == []


async def test_the_card_lets_moderators_mute_and_undo_it(user: User, create_user: Callable[[], User]) -> None:
    mo = create_user()
    await join_room(user, 'Ada')
    await join_as(mo, 'Mo', 'moderator')
    await press_name(mo, 'Ada')
    await until(lambda: 'Mute' in buttons_of_card(mo))
    assert buttons_of_card(mo) == [
        'Mute', 'Remove from the room', 'Ban', 'Hide messages',
        'Show hidden messages again', 'Sign out everywhere',
    ]  # fmt: skip
    press(mo, 'Mute')
    answer(mo, 'Reason', 'spam')
    press(mo, 'Mute')
    await sees(mo, 'Ada is muted.')
    ada = await person_of(user)
    with pytest.raises(Forbidden, match='until'):
        await chat_of(user).messages.send(ada, 'lobby', 'x')
    await press_name(mo, 'Ada')
    await until(lambda: 'Unmute in this room' in buttons_of_card(mo))
    press(mo, 'Unmute in this room')
    await sees(mo, 'That is undone.')
    await chat_of(user).messages.send(ada, 'lobby', 'x')


async def test_who_is_banned_by_the_card_is_taken_out_of_the_page(user: User, create_user: Callable[[], User]) -> None:
    mo = create_user()
    await join_room(user, 'Ada')
    await join_as(mo, 'Mo', 'moderator')
    await press_name(mo, 'Ada')
    await until(lambda: 'Mute' in buttons_of_card(mo))
    press(mo, 'Ban')
    answer(mo, 'Reason', 'spam')
    press(mo, 'Ban')
    await sees(mo, 'Ada is banned.')
    await user.should_not_see('Message the lobby')
    with pytest.raises(NotFound):
        await chat_of(user).rooms.find(await person_of(user), 'lobby')


async def test_the_card_offers_nothing_to_those_who_may_not(user: User, create_user: Callable[[], User]) -> None:
    mo = create_user()
    await join_room(user, 'Ada')
    await join_as(mo, 'Mo', 'moderator')
    await press_name(user, 'Mo')
    assert buttons_of_card(user) == []


async def test_who_was_removed_among_more_than_can_be_told_is_led_away(
    user: User, create_user: Callable[[], User]
) -> None:
    mo = create_user()
    await join_room(user, 'Ada')
    await join_as(mo, 'Mo', 'moderator')
    chat, ada, actor = chat_of(user), await person_of(user), Actor(await person_of(mo), '')
    room = await chat.rooms.find(ada, 'lobby')
    (mine,) = [each for each in chat.room_state._rooms[room.id].subscriptions if is_of(each, ada.name)]
    publish, chat.room_state.publish = chat.room_state.publish, lambda event: None
    await chat.moderation.ban(actor, ada.id, 'lobby', None, 'spam')
    secret = (await chat.messages.send(await person_of(mo), 'lobby', 'a secret')).message
    chat.room_state.publish = publish
    mine.revision = secret.revision
    mine.deliver([StartAfresh(room.id)])
    mine.deliver([message_event(secret)])
    await until(lambda: mine not in chat.room_state._rooms[room.id].subscriptions)
    assert 'secret' not in html_of(user)


def is_of(subscription: Subscription, name: str) -> bool:
    """Whether a page of somebody listens by this."""
    return subscription.deliver.__self__._user.name == name


async def test_a_room_that_is_not_theirs_any_more_goes_from_the_list_of_a_page_elsewhere(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    chat, ada = chat_of(user), await person_of(user)
    room = await chat.rooms.create(ada, 'Secret garden')
    await chat.rooms.join(await person_of(bo), room.slug)
    await chat.rooms.change(ada, room.slug, private=True)
    await go_to(bo, '/rooms/lobby')
    await sees(bo, 'Secret garden')
    await chat.moderation.remove(Actor(ada, ''), room.slug, (await person_of(bo)).id, 'spam')
    await bo.should_not_see('Secret garden', retries=60)
