"""What waits for one program: in order, bounded, and put together once however many it goes to."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
from websockets.frames import Frame

from api import outbox
from api.outbox import Outbox
from tests.loops import breathe
from web import prepared_frames


class Wire:
    """The way to a program, which takes what it is sent when it likes to."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.takes_at_once = False
        self.takes = asyncio.Event()

    async def send(self, message: MutableMapping[str, Any]) -> None:
        await self.takes.wait()
        self.taken.append(message.get('text', message.get('code')))

    def write(self, frame: bytes) -> bool:
        if self.takes_at_once:
            self.taken.append(frame)
        return self.takes_at_once


@pytest.mark.parametrize('is_sending', [False, True])
async def test_nothing_overtakes_what_waits(is_sending: bool) -> None:
    wire = Wire()
    box = Outbox(wire.send, wire.write)
    box.put('first')
    running = asyncio.create_task(box.run())
    if is_sending:
        await breathe()
    wire.takes_at_once = True
    box.put('second')
    wire.takes.set()
    await breathe()
    assert wire.taken == ['first', 'second']
    box.put('third')
    assert len(wire.taken) == 3  # now that nothing waits, it is written at once
    running.cancel()


async def test_whoever_takes_something_now_and_then_is_not_stuck() -> None:
    wire = Wire()
    box = Outbox(wire.send)
    running = asyncio.create_task(box.run())
    for text in 'abc':
        box.put(text)
    await breathe()
    box.is_stuck()
    assert box.is_stuck()
    wire.takes.set()
    await breathe()
    wire.takes.clear()
    assert wire.taken == ['a', 'b', 'c']
    for text in 'de':
        box.put(text)
    await breathe()
    assert not box.is_stuck()  # three were taken since
    assert box.is_stuck()
    running.cancel()


async def test_a_frame_is_put_together_once_for_all_it_goes_to(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bytes] = []

    def count(opcode: Any, data: bytes) -> Frame:
        made.append(data)
        return Frame(opcode, data)

    monkeypatch.setattr(prepared_frames, 'Frame', count)
    wires = [Wire() for _ in range(5)]
    for wire in wires:
        wire.takes_at_once = True
        Outbox(wire.send, wire.write).put('to be put together once')
    assert made == [b'to be put together once']
    assert len({bytes(wire.taken[0]) for wire in wires}) == 1


async def test_what_waits_is_bounded_in_characters_and_still_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, 'MOST_CHARACTERS', 10)
    wire = Wire()
    box = Outbox(wire.send)
    for text in ('x' * 6, 'y' * 4, 'z', 'too late'):
        box.put(text)
    assert box.code == outbox.TOO_SLOW
    wire.takes.set()
    await box.run()
    assert wire.taken == ['xxxxxx', 'yyyy', 1013]


async def test_one_that_is_too_long_by_itself_is_sent_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, 'MOST_CHARACTERS', 10)
    wire = Wire()
    box = Outbox(wire.send)
    box.put('x' * 50)
    assert box.code is None
    box.put('y')
    assert box.code == outbox.TOO_SLOW
