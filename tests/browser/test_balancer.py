"""A real browser, https, and two servers behind the balancer."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.people import Person
from tests.deploy.balancer import COOKIE, Cluster, certificate

pytestmark = pytest.mark.slow

BACK_WITHIN = 15_000  # ms


@pytest_asyncio.fixture(loop_scope='session')
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    cluster = Cluster(tmp_path, certificate=certificate(tmp_path), HEARTH_RATE_LIMITS='on')
    try:
        await asyncio.to_thread(cluster.start)
        yield cluster
    finally:
        await asyncio.to_thread(cluster.stop)


async def test_a_page_whose_server_goes_comes_back_by_itself_at_the_other(chromium: Browser, cluster: Cluster) -> None:
    """Whether it is told to stop or dies; each server has a chat of its own here, so a newcomer is asked for a name."""
    for end in ('tell_to_stop', 'kill'):
        context = await chromium.new_context(ignore_https_errors=True)
        ada = Person(await context.new_page(), cluster.secure_site)
        await ada.join(f'Ada {end}')
        await ada.say('through the balancer')
        await ada.sees('through the balancer')
        where = {each['name']: each['value'] for each in await context.cookies()}[COOKIE]
        server = await asyncio.to_thread(cluster.server_of, where)
        await ada.page.evaluate('window.mark = 1')
        await asyncio.to_thread(getattr(server, end))
        await ada.page.wait_for_function('window.mark === undefined', timeout=BACK_WITHIN)
        await expect(ada.page.get_by_role('textbox', name='Your name')).to_be_visible(timeout=BACK_WITHIN)
        now = {each['name']: each['value'] for each in await context.cookies()}[COOKIE]
        assert now != where
        await context.close()
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        await asyncio.to_thread(cluster.wait_until_ready, 2)
