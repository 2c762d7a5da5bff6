"""What people do in a real browser: verbs for the tests."""

import asyncio
import re

from playwright.async_api import Locator, Page, WebSocketRoute, expect

TOP = 'id => { const row = document.getElementById(id); return row && Math.round(row.getBoundingClientRect().top); }'


class Person:
    """Somebody at a browser. What the page said or asked for against the rules is kept in ``complaints``."""

    def __init__(self, page: Page, site: str) -> None:
        self.page = page
        self.site = site
        self.complaints: list[str] = []
        page.on('console', self._heard)
        page.on('pageerror', lambda error: self.complaints.append(str(error)))
        page.on('dialog', lambda dialog: self.complaints.append(f'dialog: {dialog.message}'))
        page.on('request', self._asked)

    async def have_slow_line(self, delay: float) -> None:
        """Let everything that pages and server tell each other travel so many seconds, each way."""

        def carry(browser: WebSocketRoute) -> None:
            server = browser.connect_to_server()
            loop = asyncio.get_running_loop()
            browser.on_message(lambda message: loop.call_later(delay, server.send, message))
            server.on_message(lambda message: loop.call_later(delay, browser.send, message))

        await self.page.route_web_socket(re.compile('.*'), carry)

    async def open(self, path: str) -> None:
        """Go to a page of the site."""
        await self.page.goto(self.site + path)

    async def join(self, name: str, room: str = 'lobby') -> None:
        """Follow the link to a room, say a name, land there."""
        await self.open(f'/rooms/{room}')
        await self.page.get_by_role('textbox', name='Your name').fill(name)
        await self.page.get_by_role('button', name='Join').click()
        await expect(self.box).to_be_editable()
        await self.at_end()

    @property
    def box(self) -> Locator:
        """The text box messages are written in."""
        return self.page.get_by_role('textbox', name='Message')

    @property
    def rows(self) -> Locator:
        """The messages on the page."""
        return self.page.get_by_role('log', name='Messages').get_by_role('article')

    def row(self, text: str) -> Locator:
        """The messages with these words."""
        return self.rows.filter(has_text=text)

    async def say(self, text: str) -> None:
        """Send a message and wait until it is stored."""
        await self.box.fill(text)
        await self.box.press('Enter')
        await expect(self.box).to_have_value('')

    async def sees(self, text: str) -> None:
        """Wait until a message with these words is there."""
        await expect(self.row(text).last).to_be_visible()

    async def choose(self, text: str, action: str) -> None:
        """Choose an entry of a message's menu, and wait until that has given the focus back."""
        await self.row(text).hover()
        await self.row(text).get_by_role('button', name='More actions').click()
        await self.page.get_by_role('menuitem', name=action).click()
        await expect(self.page.locator('.row-menu')).to_be_hidden()

    async def create_room(self, name: str) -> None:
        """Open a new room by the dialog."""
        await self.page.get_by_role('button', name='New room').click()
        await self.page.get_by_role('textbox', name='Name').fill(name)
        await self.page.get_by_role('button', name='Create room').click()
        await expect(self.heading(name)).to_be_visible()

    async def enter(self, room: str) -> None:
        """Choose a room in the list."""
        await self.page.get_by_role('navigation', name='Rooms').get_by_role('link', name=room).click()
        await expect(self.heading(room)).to_be_visible()
        await expect(self.page.get_by_placeholder(f'Message {room}')).to_be_visible()

    def heading(self, room: str) -> Locator:
        """The name of the open room."""
        return self.page.get_by_role('heading', level=1, name=room, exact=True)

    async def mark(self) -> None:
        """Leave a mark that a load of the page would wipe."""
        await self.page.evaluate('window.mark = 1')

    async def is_marked(self) -> bool:
        """Whether the page has not been loaded since."""
        return await self.page.evaluate('window.mark === 1')

    async def ids(self) -> list[int]:
        """The ids of the messages on the page, in order."""
        return await self.rows.evaluate_all('rows => rows.map(row => Number(row.dataset.id))')

    async def few_rows(self) -> None:
        """Wait until the page holds few messages: it is trimmed a moment after the last fifty came."""
        await self.rows.nth(260).wait_for(state='detached')

    async def scroll_to(self, top: str) -> None:
        """Scroll the conversation; 0 is its end, and less is further up."""
        await self.page.locator('.scroller').evaluate(f'scroller => scroller.scrollTop = {top}')

    async def at_end(self) -> None:
        """Wait until the server knows that the newest message is on the screen."""
        await expect(self.page.locator('.jump')).to_be_hidden()

    async def place_of_what_is_read(self) -> tuple[str, int]:
        """The id and the place of the first message wholly on the screen."""
        row = await self.rows.evaluate_all('rows => rows.find(row => row.getBoundingClientRect().top > 150).id')
        return row, await self.page.evaluate(TOP, row)

    async def top_of(self, row: str) -> int | None:
        """The place of a message on the screen."""
        return await self.page.evaluate(TOP, row)

    async def close(self) -> None:
        """Close the browser."""
        await self.page.context.close()

    def _heard(self, message: object) -> None:
        if message.type == 'error':
            self.complaints.append(message.text)

    def _asked(self, request: object) -> None:
        if not re.match(rf'{re.escape(self.site)}/|data:|blob:', request.url):
            self.complaints.append(f'request to {request.url}')


def without_socket_noise(person: Person) -> list[str]:
    """What the page complained about, without the lost connections that a test made."""
    noise = ('WebSocket connection to', 'net::ERR_')
    return [each for each in person.complaints if not any(part in each for part in noise)]
