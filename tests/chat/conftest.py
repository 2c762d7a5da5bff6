"""A chat without any door, and the people in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chat import Chat
from chat.models import User
from chat.settings import Settings
from tests.chat.people import newcomer


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Chat]:
    """Return a running chat with its data in a folder of the test."""
    chat = Chat(Settings(data=tmp_path / 'data'))
    chat.open()
    chat.start()
    yield chat
    await chat.stop()


@pytest.fixture
async def ada(chat: Chat) -> User:
    """Return Ada, who is in the lobby."""
    return await newcomer(chat, 'Ada')


@pytest.fixture
async def bo(chat: Chat) -> User:
    """Return Bo, who is in the lobby."""
    return await newcomer(chat, 'Bo')
