"""Of what people are told: by room, by whom a message mentions, and by the time of their day."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import Chat, notifications
from chat.errors import Invalid, NotAMember, NotFound
from chat.models import Level, Message, NotificationSettings, User
from chat.notifications import clock, is_quiet, minutes, weigh

NOON, NIGHT = 12 * 60, 23 * 60 + 30
ALWAYS = NotificationSettings()
BY_NIGHT = NotificationSettings(22 * 60, 7 * 60)
ME = 7
PLAIN = Message(
    1, 1, 'lobby', 1, User(8, 'Bo', 'guest'), 'hello', '<p>hello</p>', None, datetime.now(UTC), None, None, None
)
CALLS_ME, CALLS_ALL = replace(PLAIN, mentions=(ME,)), replace(PLAIN, mentions_all=True)
MINE, GONE = replace(CALLS_ALL, author=User(ME, 'Ada', 'guest')), replace(CALLS_ME, deleted_at=datetime.now(UTC))


@pytest.mark.parametrize(
    ('message', 'level', 'weight'),
    [
        (PLAIN, 'everything', 'notify'), (PLAIN, 'mentions', 'count'), (PLAIN, 'nothing', 'count'),
        (CALLS_ME, 'everything', 'notify'), (CALLS_ME, 'mentions', 'notify'), (CALLS_ME, 'nothing', 'count'),
        (CALLS_ALL, 'everything', 'notify'), (CALLS_ALL, 'mentions', 'notify'), (CALLS_ALL, 'nothing', 'count'),
        (MINE, 'everything', 'nothing'), (GONE, 'everything', 'nothing'),
    ],
)  # fmt: skip
def test_a_message_is_what_the_level_says_and_by_night_it_only_counts(
    message: Message, level: Level, weight: str
) -> None:
    assert weigh(message, ME, level, ALWAYS, NOON) == weight
    assert weigh(message, ME, level, BY_NIGHT, NOON) == weight
    assert weigh(message, ME, level, BY_NIGHT, NIGHT) == ('nothing' if weight == 'nothing' else 'count')


def test_a_quiet_time_passes_midnight_and_ends_at_its_end() -> None:
    quiet = [clock(minute) for minute in range(24 * 60) if is_quiet(BY_NIGHT, minute)]
    assert {'22:00', '23:59', '00:00', '06:59'} <= set(quiet)
    assert not {'21:59', '07:00', '12:00'} & set(quiet)


@given(st.integers(0, 1439), st.integers(0, 1439))
def test_every_minute_is_quiet_either_by_a_time_or_by_the_rest_of_the_day(begin: int, end: int) -> None:
    there, rest = NotificationSettings(begin, end), NotificationSettings(end, begin)
    for minute in range(0, 1440, 17):
        assert is_quiet(there, minute) + is_quiet(rest, minute) == (begin != end)


@given(st.integers(0, 1439))
def test_times_of_the_day_come_back_as_they_were(minute: int) -> None:
    assert minutes(clock(minute) or '', 'x') == minute


@pytest.mark.parametrize('time', ['24:00', '7:00', '07:60', '0700', '07:00:00', '٠٧:٠٠', '07:00\n', 'soon', ' 07:00'])
def test_nothing_else_is_a_time_of_the_day(time: str) -> None:
    with pytest.raises(Invalid):
        minutes(time, 'quiet_from')


async def test_settings_are_kept_and_what_is_not_given_stays(chat: Chat, ada: User, bo: User) -> None:
    await chat.notifications.change(ada, quiet_from='22:00', quiet_until='07:00')
    await chat.notifications.change(ada, sound=False)
    assert await chat.notifications.settings(ada) == NotificationSettings(22 * 60, 7 * 60, sound=False)
    assert await chat.notifications.settings(bo) == ALWAYS
    await chat.notifications.change(ada, quiet_from=None, quiet_until=None)
    assert await chat.notifications.settings(ada) == NotificationSettings(sound=False)


@pytest.mark.parametrize(
    ('wanted', 'sentence'),
    [
        ({'quiet_from': '22:00'}, notifications.HALF),
        ({'quiet_until': '22:00'}, notifications.HALF),
        ({'quiet_from': '22:00', 'quiet_until': '22:00'}, notifications.NO_LENGTH),
        ({'quiet_from': 'late', 'quiet_until': '22:00'}, notifications.NO_TIME),
    ],
)
async def test_half_a_quiet_time_is_none(chat: Chat, ada: User, wanted: dict[str, str], sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        await chat.notifications.change(ada, **wanted)  # type: ignore[arg-type]
    assert refused.value.message == sentence
    assert await chat.notifications.settings(ada) == ALWAYS


async def test_a_room_tells_of_mentions_and_direct_messages_of_everything_until_one_chooses(
    chat: Chat, ada: User, bo: User
) -> None:
    direct = await chat.direct.open(ada, [bo.id])
    assert (await chat.rooms.entry(ada, 'lobby')).level == 'mentions'
    assert (await chat.rooms.entry(ada, direct.slug)).level == 'everything'
    await chat.notifications.set_level(ada, 'lobby', 'nothing')
    assert (await chat.rooms.entry(ada, 'lobby')).level == 'nothing'
    assert (await chat.rooms.entry(bo, 'lobby')).level == 'mentions'
    assert {each.room.slug: each.level for each in await chat.rooms.list(ada)}['lobby'] == 'nothing'


async def test_a_level_is_for_members_and_one_of_three(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(bo, 'Open')
    await chat.rooms.create(bo, 'Secret', private=True)
    with pytest.raises(NotAMember):
        await chat.notifications.set_level(ada, 'open', 'nothing')
    with pytest.raises(NotFound):
        await chat.notifications.set_level(ada, 'secret', 'nothing')
    with pytest.raises(Invalid):
        await chat.notifications.set_level(ada, 'lobby', 'sometimes')  # type: ignore[arg-type]


async def test_all_pages_of_the_person_list_the_rooms_anew(chat: Chat, ada: User, bo: User) -> None:
    told: list[str] = []
    for user in (ada, bo):
        chat.unread.watch(user, lambda: None, lambda name=user.name: told.append(name))
    await chat.notifications.set_level(ada, 'lobby', 'everything')
    assert told == ['Ada']
