"""A chat without any door, and the people in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chat import Chat
from chat.models import User
from chat.settings import Settings
from tests.chat.people import newcomer

# What people do is tested on both databases: the statements are the same, and what differs must not show.
ON_BOTH = (
    'test_administration',
    'test_bots',
    'test_catching_up',
    'test_chains',
    'test_deletion',
    'test_direct',
    'test_credentials',
    'test_files',
    'test_floor',
    'test_hooks',
    'test_identities',
    'test_invitations',
    'test_log',
    'test_mentions',
    'test_messages',
    'test_moderation',
    'test_notifications',
    'test_people',
    'test_pins',
    'test_profiles',
    'test_reactions',
    'test_reading',
    'test_reports',
    'test_room_changes',
    'test_roles',
    'test_rooms',
    'test_rooms_under_mischief',
    'test_search',
    'test_sessions',
    'test_supervision',
    'test_versions',
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let the tests of what people do run on SQLite and on PostgreSQL."""
    if 'database_url' in metafunc.fixturenames and metafunc.module.__name__.rpartition('.')[2] in ON_BOTH:
        both = ['sqlite', pytest.param('postgresql', marks=pytest.mark.slow)]
        metafunc.parametrize('database_url', both, indirect=True)


@pytest.fixture
async def chat(tmp_path: Path, database_url: str | None) -> AsyncIterator[Chat]:
    """Return a running chat with its data in a folder of the test."""
    chat = Chat(Settings(data=tmp_path / 'data', database_url=database_url))
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
