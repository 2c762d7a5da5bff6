"""A real server, a real Chromium, and people who use them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.browser.people import Person

ROOT = Path(__file__).parents[2]
CHROMIUM = next(
    (
        path
        for name in (os.environ.get('HEARTH_TEST_CHROMIUM', ''), 'chromium', 'chromium-browser', 'google-chrome')
        if name and (path := shutil.which(name))
    ),
    None,
)
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
PATIENCE = 60  # s for a server to start


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives a browser, and skip it with a sentence where there is none."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason='no Chromium is installed here (or set HEARTH_TEST_CHROMIUM)'))


class Server:
    """Hearth in a process of its own, which can be killed and started again."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data = data
        self._settings = settings
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            self.port = free.getsockname()[1]
        self.site = f'http://127.0.0.1:{self.port}'
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        own = {
            'HEARTH_DATA': str(self.data),
            'HEARTH_PORT': str(self.port),
            'HEARTH_HOST': '127.0.0.1',
            'HEARTH_RATE_LIMITS': 'off',
            **self._settings,
        }
        # What makes NiceGUI behave as in a test must not reach a real server.
        outside = {key: value for key, value in os.environ.items() if not key.startswith(('PYTEST', 'NICEGUI'))}
        self._process = subprocess.Popen([sys.executable, 'main.py'], cwd=ROOT, env={**outside, **own})
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f'{self.site}/healthz', timeout=1)  # noqa: S310
            except OSError:
                assert self._process.poll() is None, 'the server ended'
                time.sleep(0.1)
            else:
                return
        raise AssertionError('the server did not start')

    def kill(self) -> None:
        """End it as a crash does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Return a running server with an empty history."""
    server = Server(tmp_path / 'data')
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """Return a browser without any pages."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def stranger(chromium: Browser, server: Server) -> Callable[..., 'Person']:
    """Return a function that brings somebody with a browser profile of their own."""

    async def come(*, width: int = 1280, height: int = 800, dark: bool = False, **options: object) -> Person:
        context: BrowserContext = await chromium.new_context(
            viewport={'width': width, 'height': height},
            color_scheme='dark' if dark else 'light',
            timezone_id='Europe/Berlin',
            **options,
        )
        page: Page = await context.new_page()
        return Person(page, server.site)

    return come


@pytest.fixture
async def join(stranger: Callable[..., Person]) -> Callable[..., Person]:
    """Return a function that brings somebody and joins a room."""

    async def come(name: str, room: str = 'lobby', **how: object) -> Person:
        person = await stranger(**how)
        await person.join(name, room)
        return person

    return come
