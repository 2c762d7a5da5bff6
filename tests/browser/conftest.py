"""A real server, a real Chromium, and people who use them."""

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.browser.people import Person
from tests.servers import Server

# The first is Chromium without its windows: pages open in it for less than half the work.
NAMES = ('chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome')
CHROMIUM = next(filter(None, map(shutil.which, (os.environ.get('HEARTH_TEST_CHROMIUM', ''), *NAMES))), None)
PATIENCE = 30_000  # ms for something to come; no more is waited than it takes, and a busy machine takes long
FLAGS = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives a browser, and skip it with a sentence where there is none."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # One loop for all of them, as they share a browser: to start one takes longer than many a test.
            item.add_marker(pytest.mark.asyncio(loop_scope='session'), append=False)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason='no Chromium is installed here (or set HEARTH_TEST_CHROMIUM)'))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Return a running server with an empty history."""
    server = Server(tmp_path / 'data')
    server.start()
    yield server
    server.kill()


@pytest_asyncio.fixture(scope='session', loop_scope='session')
async def chromium() -> AsyncIterator[Browser]:
    """Return a browser without any pages."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        expect.set_options(timeout=PATIENCE)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope='session')
async def stranger(chromium: Browser, server: Server) -> AsyncIterator[Callable[..., 'Person']]:
    """Return a function that brings somebody with a browser profile of their own."""
    contexts: list[BrowserContext] = []

    async def come(*, width: int = 1280, height: int = 800, dark: bool = False, **options: object) -> Person:
        context: BrowserContext = await chromium.new_context(
            viewport={'width': width, 'height': height},
            color_scheme='dark' if dark else 'light',
            timezone_id='Europe/Berlin',
            **options,
        )
        contexts.append(context)
        page: Page = await context.new_page()
        return Person(page, server.site)

    yield come
    for context in contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope='session')
async def join(stranger: Callable[..., Person]) -> Callable[..., Person]:
    """Return a function that brings somebody and joins a room."""

    async def come(name: str, room: str = 'lobby', **how: object) -> Person:
        person = await stranger(**how)
        await person.join(name, room)
        return person

    return come
