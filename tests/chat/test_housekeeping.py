"""What is done every hour."""

import asyncio

import pytest

from chat import housekeeping
from chat.errors import StorageFailed
from chat.housekeeping import Housekeeping


async def test_chores_are_done_at_once_and_then_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, 'EVERY', 0.0)
    done: list[str] = []
    enough = asyncio.Event()

    async def one() -> None:
        done.append('one')

    async def other() -> None:
        done.append('other')
        if len(done) == 6:
            enough.set()

    chores = Housekeeping(one, other)
    chores.start()
    chores.start()
    async with asyncio.timeout(10):
        await enough.wait()
    chores.stop()
    chores.stop()
    assert done == ['one', 'other'] * 3


async def test_they_outlive_a_storage_that_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(housekeeping, 'EVERY', 0.0)
    tries = 0
    enough = asyncio.Event()

    async def fail() -> None:
        nonlocal tries
        tries += 1
        if tries == 3:
            enough.set()
        raise StorageFailed

    chores = Housekeeping(fail)
    chores.start()
    async with asyncio.timeout(10):
        await enough.wait()
    chores.stop()
    assert 'trying again in an hour' in caplog.text


async def test_a_chore_that_fails_keeps_none_of_the_others() -> None:
    done = asyncio.Event()

    async def fail() -> None:
        raise StorageFailed

    async def other() -> None:
        done.set()

    chores = Housekeeping(fail, other)
    chores.start()
    async with asyncio.timeout(10):
        await done.wait()
    chores.stop()
