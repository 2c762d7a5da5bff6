"""A real browser before several servers that share one chat."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.people import Person
from tests.databases import PostgreSQLServer
from tests.deploy.balancer import COOKIE, Cluster
from tests.redis_server import RedisServer

pytestmark = pytest.mark.slow

BACK_WITHIN = 15_000  # ms


@pytest_asyncio.fixture(loop_scope='session')
async def cluster(tmp_path: Path, postgresql: PostgreSQLServer) -> AsyncIterator[Cluster]:
    redis = RedisServer()
    redis.start()
    with postgresql.database() as url:
        cluster = Cluster(tmp_path, database_url=url, redis_url=redis.url, HEARTH_RATE_LIMITS='on')
        try:
            await asyncio.to_thread(cluster.start)
            yield cluster
        finally:
            await asyncio.to_thread(cluster.stop)
            redis.stop()


@pytest.mark.parametrize('end', ['tell_to_stop', 'kill'])
async def test_a_page_whose_server_goes_is_back_at_another_with_all_that_was_said_and_half_a_thought(
    chromium: Browser, cluster: Cluster, end: str
) -> None:
    people = []
    for name in ('Ada', 'Bo'):
        context = await chromium.new_context()
        person = Person(await context.new_page(), cluster.site)
        await person.join(name)
        people.append(person)
    ada, bo = people
    await ada.say('before')
    await bo.sees('before')
    await ada.box.fill('half a thought')
    await ada.page.wait_for_timeout(600)
    where = await place(ada)
    server = await asyncio.to_thread(cluster.server_of, where)
    await ada.page.evaluate('window.mark = 1')
    await asyncio.to_thread(getattr(server, end))
    await bo.say('meanwhile')
    await ada.page.wait_for_function('window.mark === undefined', timeout=BACK_WITHIN)
    await expect(ada.box).to_have_value('half a thought', timeout=BACK_WITHIN)
    assert await place(ada) != where
    await ada.sees('meanwhile')
    await ada.say('after')
    await bo.sees('after')
    texts = await ada.rows.all_inner_texts()
    assert [sum(word in text for text in texts) for word in ('before', 'meanwhile', 'after')] == [1, 1, 1]


async def place(person: Person) -> str:
    """Return where the balancer sends somebody."""
    cookies = {each['name']: each['value'] for each in await person.page.context.cookies()}
    return cookies[COOKIE]
