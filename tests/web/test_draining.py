"""A server among several says that it stops before it does."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
from nicegui.server import Server

from chat.readiness import Readiness
from chat.settings import Settings
from chat.storage import Storage
from web import draining


class Uvicorn:
    """A server that only counts how often it is told to end."""

    def __init__(self) -> None:
        self.told: list[int] = []
        self.ended = asyncio.Event()

    def handle_exit(self, number: int, frame: FrameType | None) -> None:
        self.told.append(number)
        self.ended.set()


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def readiness(tmp_path: Path) -> Readiness:
    return Readiness(Storage(tmp_path))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Uvicorn:
    server = Uvicorn()
    monkeypatch.setattr(Server, 'instance', server, raising=False)
    return server


async def test_it_is_unready_at_once_and_told_to_end_later(readiness: Readiness, server: Uvicorn) -> None:
    draining.use(readiness, drain=1)
    assert not readiness.is_stopping
    os.kill(os.getpid(), signal.SIGTERM)
    assert readiness.is_stopping
    await asyncio.sleep(0.05)
    assert server.told == []
    await asyncio.wait_for(server.ended.wait(), 30)
    assert server.told == [signal.SIGTERM]


async def test_told_a_second_time_it_ends_at_once(readiness: Readiness, server: Uvicorn) -> None:
    draining.use(readiness, drain=60)
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)
    assert server.told == [signal.SIGTERM]


async def test_where_there_is_no_server_signals_are_left_alone(
    readiness: Readiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Server, 'instance', raising=False)
    before = signal.getsignal(signal.SIGTERM)
    draining.use(readiness)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(('redis_url', 'is_one'), [(None, False), ('redis://redis:6379/0', True)])
def test_only_a_server_that_others_can_stand_in_for_takes_its_time(redis_url: str | None, is_one: bool) -> None:
    settings = Settings().model_copy(update={'redis_url': redis_url})
    assert draining.is_one_of_several(settings) is is_one
