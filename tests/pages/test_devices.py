"""Where one is signed in, and signing out there."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from nicegui import ui
from nicegui.testing import User

from pages.devices import name_of, used
from tests.pages.people import chat_of, choose, fire, join_room, person_of, press_button, sees, until

FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'
SAFARI = (
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) '
    'Version/18.1 Mobile/15E148 Safari/604.1'
)


async def open_devices(user: User) -> None:
    press_button(user, 'Your menu')
    choose(user, 'Where you are signed in')
    await sees(user, 'This one')


async def test_others_are_named_and_signed_out_one_by_one(user: User) -> None:
    await join_room(user, 'Ada')
    ada, chat = await person_of(user), chat_of(user)
    tokens = [await chat.sessions.begin(ada, each) for each in (FIREFOX, SAFARI)]
    await open_devices(user)
    await sees(user, 'Firefox on Linux')
    await sees(user, 'Mobile Safari on iOS')
    press_button(user, 'Sign out Firefox on Linux')
    await until(lambda: user.find('Mobile Safari on iOS').elements and not _shown(user, 'Firefox on Linux'))
    assert [await chat.sessions.find(each) is not None for each in tokens] == [False, True]


async def test_everywhere_else_is_signed_out_at_once(user: User) -> None:
    await join_room(user, 'Ada')
    ada, chat = await person_of(user), chat_of(user)
    tokens = [await chat.sessions.begin(ada, each) for each in (FIREFOX, SAFARI)]
    await open_devices(user)
    (button,) = user.find(kind=ui.button, content='Sign out all others').elements
    fire(user, button, 'click')
    await until(lambda: not _shown(user, 'Firefox on Linux') and not _shown(user, 'Mobile Safari on iOS'))
    assert [await chat.sessions.find(each) for each in tokens] == [None, None]
    assert len(await chat.accounts.sign_ins(ada)) == 1


def _shown(user: User, words: str) -> bool:
    with user:
        return any(words in str(each.text) for each in user.client.elements.values() if isinstance(each, ui.label))


@pytest.mark.parametrize(
    ('user_agent', 'name'),
    [
        (FIREFOX, 'Firefox on Linux'),
        (SAFARI, 'Mobile Safari on iOS'),
        ('MyBot/1.0 (of mine)', 'MyBot'),
        ('', 'A program without a name'),
        ('/', 'A program without a name'),
    ],
)
def test_a_browser_is_called_as_people_call_it(user_agent: str, name: str) -> None:
    assert name_of(user_agent) == name


def test_when_it_was_used_is_said_in_the_readers_zone() -> None:
    now = datetime.now(UTC)
    assert used(now - timedelta(minutes=90), ZoneInfo('UTC')) == 'In use'
    assert used(datetime(2026, 3, 1, 23, 30, tzinfo=UTC), ZoneInfo('Asia/Tokyo')) == 'Last used on March 2, 2026'
