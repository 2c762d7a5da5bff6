"""A person is as present as the best of all servers says, and a server's word counts as long as it lives."""

from collections.abc import Callable

import pytest

from chat import presence as module
from chat.bus import Came, Hint
from chat.presence import (
    AWAY_AFTER,
    FORGET_SERVER_AFTER,
    GONE_AFTER,
    SWEEP_EVERY,
    TELL_ALL_EVERY,
    Changed,
    Everybody,
    Presence,
)
from tests.chat.several import Wire

ADA, BO = 1, 2


class Clock:
    """A clock that is set by hand, and the presences that go by it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.presences: list[Presence] = []

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Let time pass, with all the looks at it that come by themselves."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + SWEEP_EVERY, end)
            for presence in self.presences:
                presence.sweep()


class AtOnce:
    """A pace that keeps nothing waiting."""

    def __init__(self, action: Callable[[], None], _: float) -> None:
        self._action = action

    def __call__(self) -> None:
        self._action()

    def close(self) -> None:
        """Nothing waits."""


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def two(wire: Wire, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> list[Presence]:
    """Return the presences of two servers, who tell each other at once."""
    monkeypatch.setattr(module, 'Paced', AtOnce)
    clock.presences = [Presence(clock, wire.bus()), Presence(clock, wire.bus())]
    return clock.presences


async def test_the_best_of_all_servers_counts(two: list[Presence], clock: Clock) -> None:
    here, there = two
    desktop, phone = here.connect(ADA), there.connect(ADA)
    clock.pass_by(AWAY_AFTER)
    assert [each.status(ADA) for each in two] == ['away', 'away']
    phone.touch()
    assert [each.status(ADA) for each in two] == ['online', 'online']
    phone.close()
    desktop.close()
    clock.pass_by(GONE_AFTER)
    assert [each.status(ADA) for each in two] == ['offline', 'offline']


async def test_watchers_are_told_only_what_changes_for_them(two: list[Presence], clock: Clock) -> None:
    told: list[frozenset[int]] = []
    here, there = two
    here.watch(told.append)
    here.connect(ADA)
    phone = there.connect(ADA)
    assert told == [frozenset({ADA})]
    phone.close()
    clock.pass_by(GONE_AFTER)
    assert told == [frozenset({ADA})]


async def test_a_server_that_lives_is_not_forgotten(two: list[Presence], clock: Clock) -> None:
    two[1].connect(ADA)
    clock.pass_by(AWAY_AFTER - 1)
    assert two[0].status(ADA) == 'online'


async def test_a_server_that_dies_takes_its_people_along_within_a_minute(two: list[Presence], clock: Clock) -> None:
    here, there = two
    there.connect(ADA)
    clock.presences = [here]
    clock.pass_by(FORGET_SERVER_AFTER - SWEEP_EVERY)
    assert here.status(ADA) == 'online'
    clock.pass_by(2 * SWEEP_EVERY)
    assert here.status(ADA) == 'offline'
    assert here._servers == {}


async def test_the_people_of_a_server_that_ends_in_order_have_a_minute_to_come_back(
    two: list[Presence], clock: Clock
) -> None:
    here, there = two
    told: list[frozenset[int]] = []
    there.connect(ADA)
    there.connect(BO)
    here.watch(told.append)
    there.start()
    there.stop()
    there.stop()
    clock.presences = [here]
    clock.pass_by(GONE_AFTER - SWEEP_EVERY)
    here.connect(ADA)
    clock.pass_by(2 * SWEEP_EVERY)
    assert [here.status(each) for each in (ADA, BO)] == ['online', 'offline']
    assert told == [frozenset({BO})]


async def test_a_server_that_comes_is_told_who_is_there(two: list[Presence], wire: Wire, clock: Clock) -> None:
    two[0].connect(ADA)
    late = Presence(clock, wire.bus())
    assert late.status(ADA) == 'offline'
    wire.buses[-1].tell(Came(missed=False))
    assert late.status(ADA) == 'online'


async def test_what_was_lost_is_told_with_everybody(two: list[Presence], wire: Wire, clock: Clock) -> None:
    def loses_changes(hint: Hint) -> bool:
        return not isinstance(hint, Changed)

    here, there = two
    going = there.connect(ADA)
    assert here.status(ADA) == 'online'
    wire.passes = loses_changes
    going.close()
    there.connect(BO)
    clock.pass_by(GONE_AFTER + TELL_ALL_EVERY)
    assert [here.status(each) for each in (ADA, BO)] == ['offline', 'online']


async def test_many_people_are_told_in_parts_and_a_lost_part_takes_nobody_away(
    two: list[Presence], wire: Wire, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, 'MOST_TOLD_AT_ONCE', 3)
    here, there = two
    leaving = [there.connect(user_id) for user_id in range(1, 11)]
    parts: list[Everybody] = []
    here._bus.hear(Everybody, lambda _, part: parts.append(part))
    clock.pass_by(TELL_ALL_EVERY)
    assert [(part.above, part.upto, list(part.statuses)) for part in parts] == [
        (0, 3, [1, 2, 3]), (3, 6, [4, 5, 6]), (6, 9, [7, 8, 9]), (9, None, [10])
    ]  # fmt: skip
    wire.passes = lambda hint: isinstance(hint, Everybody) and hint.above != 3
    clock.pass_by(TELL_ALL_EVERY)
    assert all(here.status(user_id) == 'online' for user_id in range(1, 11))
    for connection in leaving:
        connection.close()
    clock.pass_by(GONE_AFTER)
    there.connect(5)
    clock.pass_by(TELL_ALL_EVERY)
    assert [user_id for user_id in range(1, 11) if here.status(user_id) == 'online'] == [5]


async def test_after_a_gap_whoever_comes_was_not_gone(two: list[Presence], wire: Wire, clock: Clock) -> None:
    clock.pass_by(GONE_AFTER)
    assert two[0].is_settled
    wire.buses[1].tell(Came(missed=True))
    assert not two[0].is_settled
    clock.pass_by(GONE_AFTER)
    assert two[0].is_settled


async def test_who_is_swept_from_another_server_changes_nothing_on_this_one(two: list[Presence], clock: Clock) -> None:
    here, there = two
    here.connect(ADA)
    there.connect(ADA)
    clock.presences = [here]
    clock.pass_by(FORGET_SERVER_AFTER + SWEEP_EVERY)
    assert here.status(ADA) == 'online'
