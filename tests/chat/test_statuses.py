"""What people are up to: until when it stands, and how open pages come to know."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chat import Chat, statuses, time_zones
from chat.models import Session, User
from chat.profiles import Wanted
from chat.statuses import StatusFor
from tests.chat.people import newcomer
from tests.chat.several import eventually, servers

BERLIN, LA, UTC_ZONE = ZoneInfo('Europe/Berlin'), ZoneInfo('America/Los_Angeles'), ZoneInfo('UTC')
WEDNESDAY = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)  # Thursday in Berlin


@pytest.mark.parametrize(
    ('choice', 'zone', 'now', 'end'),
    [
        ('30m', BERLIN, WEDNESDAY, datetime(2026, 11, 26, 0, 0, tzinfo=UTC)),
        ('1h', BERLIN, WEDNESDAY, datetime(2026, 11, 26, 0, 30, tzinfo=UTC)),
        ('4h', BERLIN, WEDNESDAY, datetime(2026, 11, 26, 3, 30, tzinfo=UTC)),
        ('today', UTC_ZONE, WEDNESDAY, datetime(2026, 11, 26, tzinfo=UTC)),
        ('today', BERLIN, WEDNESDAY, datetime(2026, 11, 26, 23, tzinfo=UTC)),
        ('today', LA, WEDNESDAY, datetime(2026, 11, 26, 8, tzinfo=UTC)),
        ('week', UTC_ZONE, WEDNESDAY, datetime(2026, 11, 30, tzinfo=UTC)),
        ('week', BERLIN, WEDNESDAY, datetime(2026, 11, 29, 23, tzinfo=UTC)),
        ('week', UTC_ZONE, datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 12, 7, tzinfo=UTC)),  # a Monday
        ('week', UTC_ZONE, datetime(2026, 11, 29, 23, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)),  # a Sunday
        ('today', BERLIN, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)),  # of 25 h
        ('today', ZoneInfo('America/Santiago'), datetime(2026, 9, 5, 12, tzinfo=UTC),
         datetime(2026, 9, 6, 4, tzinfo=UTC)),  # where that day begins at one
        ('never', BERLIN, WEDNESDAY, None),
    ],
)  # fmt: skip
def test_when_a_status_clears_itself(choice: StatusFor, zone: ZoneInfo, now: datetime, end: datetime | None) -> None:
    assert statuses.until(choice, zone, now) == end


def test_time_zones_have_the_names_that_browsers_know() -> None:
    for known in ('UTC', 'Europe/Berlin', 'Asia/Calcutta', 'America/Argentina/Buenos_Aires'):
        assert time_zones.is_known(known)
    for unknown in (None, 7, '', 'Nowhere', '/etc/passwd', '../UTC', 'Europe/Berlin\0', 'x' * 65):
        assert not time_zones.is_known(unknown)
    places = time_zones.places()
    assert places[0] == 'UTC'
    assert {'Europe/Berlin', 'Asia/Kolkata', 'America/Indiana/Knox'} <= set(places)
    assert all(time_zones.is_known(place) for place in places)


class Looker:
    """An open page that shows what people are up to."""

    def __init__(self, chat: Chat) -> None:
        self.told: list[frozenset[int]] = []
        chat.statuses.watch(self.hear)

    def hear(self, user_ids: frozenset[int]) -> None:
        self.told.append(user_ids)


async def say(chat: Chat, user: User, **wanted: object) -> None:
    changes: Wanted = wanted  # type: ignore[assignment]
    await chat.profiles.change(Session(0, user, None, None, None), **changes)


async def test_who_looks_is_told_of_a_line_that_is_set_changed_and_over(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    bo = await newcomer(chat, 'Bo')
    await say(chat, bo, status='Reading')
    looker = Looker(chat)
    await chat.statuses.read()
    assert (chat.statuses.line(bo.id), chat.statuses.line(ada.id)) == ('Reading', '')
    await say(chat, ada, status='At lunch', status_for='30m')
    await chat.statuses.read()
    assert chat.statuses.line(ada.id) == 'At lunch'
    await say(chat, bo, color=3)
    await chat.statuses.read()
    later = statuses.now_ms() + 31 * 60 * 1000
    monkeypatch.setattr(statuses, 'now_ms', lambda: later)
    await chat.statuses.read()
    assert (chat.statuses.line(bo.id), chat.statuses.line(ada.id)) == ('Reading', '')
    assert looker.told == [{bo.id}, {ada.id}, {ada.id}]


async def test_nobody_who_stopped_looking_is_told(chat: Chat, ada: User) -> None:
    looker = Looker(chat)
    chat.statuses.unwatch(looker.hear)
    chat.statuses.unwatch(looker.hear)
    await say(chat, ada, status='At lunch')
    await chat.statuses.read()
    assert (looker.told, chat.statuses.line(ada.id)) == ([], '')


async def shows(chats: Sequence[Chat], user: User, line: str) -> None:
    await eventually(lambda: all(chat.statuses.line(user.id) == line for chat in chats))


async def test_a_line_is_shown_at_once_to_whoever_looks_also_to_the_first(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(chat, ada, status='At lunch')
    Looker(chat)
    await shows([chat], ada, 'At lunch')
    monkeypatch.setattr(statuses, 'READ_EVERY', 1_000)
    await shows([chat], ada, 'At lunch')
    await say(chat, ada, status='Back')
    await shows([chat], ada, 'Back')


async def test_a_line_that_is_over_goes_by_itself(chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statuses, 'READ_EVERY', 0.02)
    Looker(chat)
    await say(chat, ada, status='At lunch', status_for='30m')
    await shows([chat], ada, 'At lunch')
    later = statuses.now_ms() + 31 * 60 * 1000
    monkeypatch.setattr(statuses, 'now_ms', lambda: later)
    await shows([chat], ada, '')


async def test_a_line_that_is_set_on_one_server_is_shown_on_all(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statuses, 'READ_EVERY', 1_000)  # so that it is not found out by looking
    async with servers(tmp_path / 'data', redis_url) as (here, there):
        ada = await newcomer(here, 'Ada')
        lookers = [Looker(here), Looker(there)]
        await say(here, ada, status='At lunch')
        await shows([here, there], ada, 'At lunch')
        assert all(looker.told == [{ada.id}] for looker in lookers)
