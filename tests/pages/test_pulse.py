"""What pages heard is shown at once after a quiet moment, and otherwise together, for all pages by one timer."""

import asyncio
import gc

from pages.pulse import Pulse, Pulses

INTERVAL = 0.3  # s; a busy machine may take a while for a turn


async def turn() -> None:
    """Let the loop turn a few times, in much less than the interval."""
    await asyncio.sleep(INTERVAL / 100)


async def test_after_a_quiet_moment_all_who_ask_are_called_in_the_next_turn():
    pulse, called = Pulse(INTERVAL), []
    actions = [lambda place=place: called.append(place) for place in range(3)]
    for action in [*actions, *actions]:
        pulse.ask(action)
    assert called == []  # whoever asks may still be told more
    await turn()
    assert called == [0, 1, 2]


async def test_what_is_asked_for_within_the_interval_is_done_once_at_its_end():
    pulse, called = Pulse(INTERVAL), []
    action = lambda: called.append('shown')  # noqa: E731 - the same one each time
    for _ in range(5):
        pulse.ask(action)
        await turn()
    assert called == ['shown']
    await asyncio.sleep(2 * INTERVAL)
    assert called == ['shown', 'shown']
    await asyncio.sleep(2 * INTERVAL)
    assert called == ['shown', 'shown']
    pulse.ask(action)
    await turn()
    assert called == ['shown'] * 3


async def test_what_is_forgotten_is_not_done():
    pulse, called = Pulse(INTERVAL), []
    action = lambda: called.append('shown')  # noqa: E731
    pulse.ask(action)
    assert pulse.forget(action)
    assert not pulse.forget(action)
    await turn()
    assert called == []


async def test_what_may_be_over_in_a_moment_can_be_delayed():
    pulse, called = Pulse(INTERVAL, delay=INTERVAL), []
    pulse.ask(lambda: called.append('shown'))
    await turn()
    assert called == []
    await asyncio.sleep(2 * INTERVAL)
    assert called == ['shown']


async def test_one_that_fails_keeps_none_from_the_others(caplog):
    pulse, called = Pulse(INTERVAL), []

    def broken() -> None:
        raise RuntimeError('a broken page')

    pulse.ask(broken)
    pulse.ask(lambda: called.append('shown'))
    await turn()
    assert called == ['shown']
    assert 'a broken page' in caplog.text
    caplog.clear()


async def test_a_room_has_one_pulse_as_long_as_somebody_holds_it():
    pulses = Pulses()
    held = pulses.of(1, INTERVAL)
    assert pulses.of(1, INTERVAL) is held
    assert pulses.of(1, 1.0) is not held
    assert pulses.of(2, INTERVAL) is not held
    del held
    gc.collect()
    assert not pulses._pulses
