"""A front end on another site, in a real browser: allowed works, not allowed does not."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.api.documented import example
from tests.api.socketio_clients import ORIGINAL_VERSION, javascript_client, needs_npm
from tests.servers import Server

TALK = """async api => {
    const call = async (path, body, token) => {
        const headers = {'Content-Type': 'application/json', ...(token ? {Authorization: `Bearer ${token}`} : {})};
        const answer = await fetch(`${api}${path}`, {method: 'POST', headers, body: JSON.stringify(body)});
        return [answer.status, await answer.json()];
    };
    const [signedIn, {token}] = await call('/sessions', {name: 'Robin'});
    const [sent, message] = await call('/rooms/lobby/messages', {body: 'hello from elsewhere'}, token);
    const [wrong, {error}] = await call('/rooms/lobby/messages', {body: ' '}, token);
    return [signedIn, sent, message.body, wrong, error.code];
}"""
LISTEN = """async ([api, token]) => await new Promise(resolve => {
    const socket = new WebSocket(`${api.replace('http', 'ws')}/ws`), told = [];
    socket.onopen = () => socket.send(JSON.stringify({type: 'authenticate', token}));
    socket.onclose = event => resolve([...told, `closed ${event.code}`]);
    socket.onmessage = event => {
        const frame = JSON.parse(event.data);
        told.push(frame.type);
        if (frame.type === 'ready') socket.send(JSON.stringify({id: 1, type: 'subscribe', room: 'lobby'}));
        if (frame.type === 'ok') resolve(told);
    };
})"""
READ = """async address => {
    try { return (await fetch(address, {credentials: 'include'})).status; } catch (error) { return `${error}`; }
}"""
CHAT_ROOM = """async address => {
    const told = [];
    const connect = () => new Promise((resolve, reject) => {
        const socket = io(address, {forceNew: true, reconnection: false});
        for (const event of ['join', 'message', 'leave'])
            socket.on(event, data => told.push(`${event} ${data.user} ${data.message || ''}`.trim()));
        socket.on('connect', () => resolve(socket));
        socket.on('connect_error', error => reject(error.message));
    });
    const until = async line => { while (!told.includes(line)) await new Promise(r => setTimeout(r, 5)); };
    const robin = await connect();
    robin.emit('join', {user: 'Robin'});
    await until('join Robin');
    const kim = await connect();
    kim.emit('join', {user: 'Kim'});
    await until('join Kim');
    kim.close();
    await until('leave Kim');
    robin.emit('message', {user: 'Robin', message: 'hello from the old page'});
    await until('message Robin hello from the old page');
    return robin.io.engine.transport.name;
}"""
REFUSED = 'TypeError: Failed to fetch'


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def other_site(tmp_path: Path) -> Iterator[str]:
    """Serve an empty page, and the front end of the documentation, on another origin; return that."""
    folder = tmp_path / 'front end'
    folder.mkdir()
    (folder / 'index.html').write_text('<!doctype html><title>Another front end</title>', encoding='utf-8')
    (folder / 'client.html').write_text(example('A front end on another site'), encoding='utf-8')
    with ThreadingHTTPServer(('127.0.0.1', 0), partial(_Quiet, directory=folder)) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{site.server_port}'
        site.shutdown()


@pytest.fixture
def server(tmp_path: Path, other_site: str, request: pytest.FixtureRequest) -> Iterator[Server]:
    """Return a server that allows the other site, or nobody."""
    allowed = {'HEARTH_ALLOWED_ORIGINS': other_site} if request.param == 'allowed' else {}
    server = Server(tmp_path / 'data', **allowed)
    server.start()
    yield server
    server.kill()


@pytest_asyncio.fixture(loop_scope='session')
async def page(stranger, other_site: str) -> Page:
    """Return a page of the other site."""
    somebody = await stranger()
    await somebody.page.goto(other_site)
    return somebody.page


@pytest.fixture
def socketio_script(pytestconfig: pytest.Config) -> Path:
    """Return the Socket.IO client that such pages load."""
    package = javascript_client(pytestconfig.cache.mkdir('socket.io-client'), ORIGINAL_VERSION)
    return package / 'dist' / 'socket.io.min.js'


@pytest.mark.parametrize('server', ['allowed'], indirect=True)
async def test_an_allowed_site_signs_in_sends_and_listens(page: Page, server: Server, join) -> None:
    ada = await join('Ada')
    api = f'{server.site}/api/v1'
    assert await page.evaluate(TALK, api) == [201, 201, 'hello from elsewhere', 422, 'invalid']
    await ada.sees('hello from elsewhere')
    token = await page.evaluate(
        """async api => (await (await fetch(`${api}/sessions`, {method: 'POST', body: '{"name": "Kim"}',
        headers: {'Content-Type': 'application/json'}})).json()).token""",
        api,
    )
    assert await page.evaluate(LISTEN, [api, token]) == ['ready', 'ok']
    assert await page.evaluate(READ, f'{server.site}/') == REFUSED
    assert await page.evaluate(READ, f'{server.site}/rooms/lobby') == REFUSED


@needs_npm
@pytest.mark.parametrize('server', ['allowed'], indirect=True)
async def test_the_client_of_the_flask_socketio_room_talks_from_an_allowed_site(
    page: Page, server: Server, join, socketio_script: Path
) -> None:
    ada = await join('Ada')
    await page.add_script_tag(path=socketio_script)
    assert await page.evaluate(CHAT_ROOM, server.site) == 'websocket'
    await ada.sees('hello from the old page')


@needs_npm
@pytest.mark.parametrize('server', ['not allowed'], indirect=True)
async def test_it_does_not_from_any_other(page: Page, server: Server, socketio_script: Path) -> None:
    await page.add_script_tag(path=socketio_script)
    with pytest.raises(Exception, match='xhr poll error'):
        await page.evaluate(CHAT_ROOM, server.site)


@pytest.mark.parametrize('server', ['not allowed'], indirect=True)
async def test_a_site_that_is_not_allowed_reads_and_hears_nothing(page: Page, server: Server) -> None:
    api = f'{server.site}/api/v1'
    with pytest.raises(Exception, match='Failed to fetch'):
        await page.evaluate(TALK, api)
    assert await page.evaluate(LISTEN, [api, 'any']) == ['closed 1006']
    assert await page.evaluate(READ, f'{api}/me') == REFUSED
    assert await page.evaluate(READ, f'{server.site}/') == REFUSED


@pytest.mark.parametrize('server', ['allowed'], indirect=True)
async def test_the_documented_front_end_talks_with_others_and_with_pages(
    stranger, server: Server, other_site: str, join
) -> None:
    ada, robin, kim = await join('Ada'), (await stranger()).page, (await stranger()).page
    await robin.goto(f'{other_site}/client.html?name=Robin&server={server.site}')
    await kim.goto(f'{other_site}/client.html?name=Kim&server={server.site}')
    await ada.say('hello from a page')
    for page in (robin, kim):
        await expect(page.get_by_text('Ada: hello from a page')).to_be_visible()
    await robin.get_by_label('Message').fill('<b>hello</b> from elsewhere')
    await robin.get_by_role('button', name='Send').click()
    for page in (robin, kim):
        await expect(page.get_by_text('Robin: <b>hello</b> from elsewhere')).to_be_visible()
    await ada.sees('<b>hello</b> from elsewhere')
    await kim.get_by_label('Message').fill(' ')
    await kim.get_by_role('button', name='Send').click()
    await expect(kim.get_by_role('status')).not_to_be_empty()

    server.kill()
    await expect(robin.get_by_role('status')).to_contain_text('Connecting')
    server.start()
    await expect(robin.get_by_role('status')).to_be_empty(timeout=20_000)
    await robin.get_by_label('Message').fill('back again')
    await robin.get_by_role('button', name='Send').click()
    await expect(kim.get_by_text('Robin: back again')).to_be_visible(timeout=20_000)
    assert await kim.locator('li').all_inner_texts() == [
        'Ada: hello from a page', 'Robin: <b>hello</b> from elsewhere', 'Robin: back again',
    ]  # fmt: skip


@pytest.mark.parametrize('server', ['not allowed'], indirect=True)
async def test_the_documented_front_end_says_why_it_cannot(page: Page, server: Server, other_site: str) -> None:
    await page.goto(f'{other_site}/client.html?name=Robin&server={server.site}')
    sentence = f'There is no server at {server.site}, or it does not allow this site.'
    await expect(page.get_by_role('status')).to_have_text(sentence)
