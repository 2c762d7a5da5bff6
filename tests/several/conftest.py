"""Real servers of one chat, with a real PostgreSQL and a real Redis of their own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import databases
from tests.databases import PostgreSQLServer
from tests.redis_server import RedisServer
from tests.servers import Server


@pytest.fixture(scope='module')
def own_postgresql() -> Iterator[PostgreSQLServer]:
    """Return a PostgreSQL that the tests of a file may stop."""
    with databases.postgresql(own=True) as server:
        server.make_template()
        yield server


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """Return a Redis that a test may stop."""
    server = RedisServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def servers(
    request: pytest.FixtureRequest, own_postgresql: PostgreSQLServer, redis: RedisServer, tmp_path: Path
) -> AsyncIterator[list[Server]]:
    """Return running servers, as many as the test asks for."""
    with ExitStack() as ending:
        url = ending.enter_context(own_postgresql.database())
        settings = {'HEARTH_DATABASE_URL': url, 'HEARTH_REDIS_URL': redis.url}
        servers = [Server(tmp_path / 'data', **settings) for _ in range(request.param)]
        for server in servers:
            ending.callback(server.kill)
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in servers))
        yield servers
