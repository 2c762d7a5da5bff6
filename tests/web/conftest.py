"""A small real server behind the guard, and a visitor who speaks to it in raw packets."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

ROOT = Path(__file__).parents[2]
SOCKET = '/_nicegui_ws/socket.io/'
PATIENCE = 10  # s, on a busy machine
A_WHILE = 0.15  # s; what must not come would be there by then
SERVER = """
import json
import sys
from contextlib import suppress
sys.path.insert(0, {root!r})
from nicegui import Client, app, core, ui
from starlette.responses import StreamingResponse
from web import answers, headers, prepared_frames, socket_guard
from web.page_updates import wire_of
from web.page_limits import LimitPageBuilds, PageBuildLimit

clicks = []
replies = []
built = []
build = Client.__init__

def count_and_build(client, *args, **options):
    built.append(1)
    build(client, *args, **options)

Client.__init__ = count_and_build

@ui.page('/')
def first():
    ui.add_head_html('<style>.own {{ color: red }}</style>')
    ui.label('</script><script>alert(1)</script>')
    ui.button('Click', on_click=lambda: clicks.append(1))

@ui.page('/flood')
async def flood():
    await ui.context.client.connected()
    ui.timer(0.005, lambda: ui.run_javascript('x' * 50_000))

@ui.page('/ask')
async def ask():
    await ui.context.client.connected()
    with suppress(TimeoutError):
        replies.append(await ui.run_javascript('6 * 7', timeout=5))

@ui.page('/brief', reconnect_timeout=0.2)
def brief():
    ui.label('soon gone')

@ui.page('/rooms/many')
def many():
    ui.label('one of many')

wires = {{}}

@ui.page('/parts')
def parts():
    wires[ui.context.client.id] = wire_of(ui.context.client), ui.label('nothing'), ui.element('div')

@app.get('/tell/{{client_id}}')
async def tell(client_id, key, text='', new=False):
    wire, label, box = wires[client_id]
    label.set_text(f'{{text}} is to come')
    if text:
        wire.put(key, json.dumps({{'tag': 'p', 'text': text}}))
        wire.put_own('last', lambda: json.dumps({{'tag': 'p', 'text': 'the last is ' + text}}))
    else:
        wire.drop(key)
    wire.flush()
    label.set_text(text)
    if new:
        with box:
            ui.input('of a kind that was not there before')
    return {{}}

@app.get('/fails')
def fails():
    raise ValueError('on purpose')

@app.get('/stream')
async def stream():
    async def parts():
        for part in ('<p>one', '<p>two'):
            yield part
    return StreamingResponse(parts(), media_type='text/html')

@app.get('/state')
def state():
    sockets = core.sio.eio.sockets
    return {{
        'clicks': len(clicks), 'pages': list(Client.instances),
        'replies': replies, 'pages_built': len(built), 'sockets': len(sockets),
        'queued': sum(each.queue.size_in_bytes for each in sockets.values()),
        'waiting_for_attachments': len(core.sio._binary_packet), 'ping': core.sio.eio.ping_interval,
    }}

headers.install(app)
headers.install(app)
answers.install(app)
app.add_middleware(LimitPageBuilds, limit=PageBuildLimit(per_minute=5), pages=('/rooms/*',))
for _ in range(2):  # twice is once
    socket_guard.install(core.sio, session_cookie_names=('hearth_session',), sockets_per_address=20)
app.on_startup(lambda: socket_guard.set_pings(core.sio))
app.on_startup(prepared_frames.use)
ui.run(host='127.0.0.1', port={port}, reload=False, show=False, title='</title><script>alert(2)</script>',
       reconnect_timeout=20, **socket_guard.UVICORN_LIMITS)
"""


class Page:
    """A page that a visitor has been sent, and the means to open its socket or somebody else's."""

    def __init__(self, server: 'Server', response: httpx.Response) -> None:
        self.server = server
        self.html = response.text
        self.headers = response.headers
        self.client_id = re.search(r"'client_id': '([0-9a-f-]+)'", self.html)[1]
        raw = re.search(r'String\.raw`(.*?)`', self.html, re.DOTALL)[1]
        for entity, character in (('&lt;', '<'), ('&gt;', '>'), ('&#96;', '`'), ('&#36;', '$'), ('&amp;', '&')):
            raw = raw.replace(entity, character)
        self.elements = json.loads(raw)

    def query(self, **changes: str | None) -> dict[str, str]:
        query = {
            'EIO': '4', 'transport': 'websocket', 'client_id': self.client_id, 'next_message_id': '0',
            'implicit_handshake': 'true', 'tab_id': 'tab', 'document_id': 'document',
        }  # fmt: skip
        return {name: value for name, value in {**query, **changes}.items() if value is not None}

    def click(self, **changes: object) -> str:
        """The packet that the browser sends for a click on the button."""
        button = next(each for each in self.elements.items() if each[1].get('props', {}).get('label') == 'Click')
        listener = next(each for each in button[1]['events'] if each['type'] == 'click')
        event = {'id': int(button[0]), 'client_id': self.client_id, 'listener_id': listener['listener_id'], 'args': []}
        event.update(changes)
        return '42' + json.dumps(['event', event])


class Polling:
    """A connection by long-polling."""

    def __init__(self, http: httpx.AsyncClient, sid: str, origin: str) -> None:
        self._http = http
        self._origin = origin
        self.query = {'EIO': '4', 'transport': 'polling', 'sid': sid}

    async def get(self) -> httpx.Response:
        return await self._http.get(SOCKET, params=self.query)

    async def post(self, *packets: str, origin: str | None = '') -> httpx.Response:
        origin = self._origin if origin == '' else origin
        headers = {'origin': origin} if origin else {}
        return await self._http.post(SOCKET, params=self.query, content='\x1e'.join(packets), headers=headers)


class Server:
    """The server under attack."""

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self.origin = f'http://127.0.0.1:{port}'
        self._log = log
        self._read = 0

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(self.origin + path, headers=headers)

    def state(self) -> dict:
        return self.get('/state').json()

    def start_reading_log(self) -> None:
        self._read = self._log.stat().st_size

    def log(self) -> str:
        """What the server logged since the test began."""
        return self._log.read_bytes()[self._read :].decode()

    def open_page(self, path: str = '/', cookie: str | None = 'hearth_session=mine') -> Page:
        return Page(self, self.get(path, **({'cookie': cookie} if cookie else {})))

    def address(self, query: dict[str, str] | str) -> str:
        query = query if isinstance(query, str) else str(httpx.QueryParams(query))
        return f'ws://127.0.0.1:{self.port}{SOCKET}?{query}'

    def connect(
        self,
        query: dict[str, str] | str,
        *,
        origin: str | None = '',
        cookie: str | None = 'hearth_session=mine',
        **headers: str,
    ) -> connect:
        return connect(
            self.address(query),
            origin=self.origin if origin == '' else origin,
            additional_headers={'cookie': cookie, **headers} if cookie else headers,
            max_size=None,
        )

    @asynccontextmanager
    async def shaken(self, page: Page, **options: str | None) -> AsyncIterator[ClientConnection]:
        """A socket that did what the page's own browser does."""
        async with self.connect(page.query(), **options) as ws:
            assert '"sid"' in await self.shake_hands(ws)
            yield ws

    @asynccontextmanager
    async def polling(self, page: Page) -> AsyncIterator['Polling']:
        """The same page's connection by long-polling, as behind a proxy that knows no WebSockets."""
        async with httpx.AsyncClient(base_url=self.origin, cookies={'hearth_session': 'mine'}) as http:
            answer = await http.get(SOCKET, params=page.query(transport='polling'))
            connection = Polling(http, json.loads(answer.text[1:])['sid'], self.origin)
            yield connection
            await connection.post('1')  # the packet that closes it

    async def arrives(self, ws: ClientConnection, click: str) -> bool:
        """Send a click; returns whether it was made, and once."""
        before, end = self.state()['clicks'], time.monotonic() + PATIENCE
        await ws.send(click)
        while self.state()['clicks'] == before and time.monotonic() < end:
            await asyncio.sleep(0.02)
        await asyncio.sleep(A_WHILE)
        return self.state()['clicks'] == before + 1

    async def is_dropped(self, ws: ClientConnection, click: str) -> bool:
        """Send a click that must not be made; returns whether it was not, for a while."""
        before = self.state()['clicks']
        await ws.send(click)
        await asyncio.sleep(A_WHILE)
        return self.state()['clicks'] == before

    async def shake_hands(self, ws: ClientConnection) -> str:
        """Connect to the page that the address names; what comes back tells whether it worked."""
        assert (await ws.recv()).startswith('0')
        await ws.send('40')
        return await ws.recv()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever needs the server is slow."""
    for item in items:
        if 'running_server' in getattr(item, 'fixturenames', ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def server(running_server: Server) -> Server:
    end = time.monotonic() + PATIENCE
    while running_server.state()['sockets'] and time.monotonic() < end:
        time.sleep(0.1)  # until it has noticed that those of the test before are closed
    running_server.start_reading_log()
    return running_server


@pytest.fixture
def until() -> Callable[..., object]:
    async def wait_until(condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end
            await asyncio.sleep(0.05)

    return wait_until


@pytest.fixture(scope='session')
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp('server')
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    script, log = folder / 'server.py', folder / 'server.log'
    script.write_text(SERVER.format(root=str(ROOT), port=port))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(('PYTEST', 'NICEGUI'))}
    with log.open('w') as output:
        process = subprocess.Popen(
            [sys.executable, str(script)], cwd=folder, env=environment, stdout=output, stderr=output
        )
    found = Server(port, log)
    try:
        _wait_for(found, process)
        yield found
    finally:
        process.kill()  # with a broken guard, a socket that never reads would keep it from ending
        process.wait(10)


def _wait_for(server: Server, process: subprocess.Popen) -> None:
    for _ in range(300):
        try:
            server.state()
        except httpx.TransportError:
            assert process.poll() is None, server.log()
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(server.log())
