"""The layers around every request do what NiceGUI's own do, and start nothing for each piece of a body."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import nicegui.ui_run
import pytest
from nicegui import app as nicegui_app
from nicegui.middlewares import RedirectWithPrefixMiddleware, SetCacheControlMiddleware
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from web import plain_layers
from web.plain_layers import CHANGING, FILES, CacheControl, Prefix

PIECES = 100


def theirs(app: ASGIApp) -> ASGIApp:
    return SetCacheControlMiddleware(RedirectWithPrefixMiddleware(app))


def ours(app: ASGIApp) -> ASGIApp:
    return CacheControl(Prefix(app))


@pytest.fixture(autouse=True)
def _config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nicegui_app.config, 'cache_control_directives', 'public, max-age=5', raising=False)


def site() -> Starlette:
    async def leading(request: Request) -> Response:
        return RedirectResponse(request.query_params['to'])

    async def words(_request: Request) -> Response:
        return PlainTextResponse('words', headers={'Cache-Control': 'no-store'})

    async def length(request: Request) -> Response:
        return PlainTextResponse(str(sum([len(piece) async for piece in request.stream()])))

    return Starlette(
        routes=[Route('/lead', leading), Route('/length', length, methods=['POST']), Route('/{path:path}', words)]
    )


async def asked(layers: Callable[[ASGIApp], ASGIApp], path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    transport = httpx.ASGITransport(layers(site()))
    async with httpx.AsyncClient(transport=transport, base_url='http://chat.test') as client:
        answer = await client.get(path, headers=headers)
    return answer.status_code, dict(answer.headers), answer.text


@pytest.mark.parametrize('prefix', [None, '', '/chat', '/chat/', 'https://elsewhere.test'])
@pytest.mark.parametrize(
    'path',
    ['/lead?to=/rooms/lobby', '/lead?to=https://chat.test/rooms', '/lead?to=there', '/words', f'{FILES}nicegui.js',
     f'{CHANGING}codehilite', '/_nicegui/0.0/nicegui.js', '/_nicegui', f'{FILES[:-1]}'],
)  # fmt: skip
async def test_the_answers_are_the_same(path: str, prefix: str | None) -> None:
    headers = {} if prefix is None else {'X-Forwarded-Prefix': prefix}
    assert await asked(ours, path, **headers) == await asked(theirs, path, **headers)


async def test_they_say_what_they_are_for() -> None:
    _, headers, _ = await asked(ours, '/lead?to=/rooms/lobby', **{'X-Forwarded-Prefix': '/chat'})
    assert headers['location'] == '/chat/rooms/lobby'
    _, headers, _ = await asked(ours, f'{FILES}nicegui.js')
    assert headers['cache-control'] == 'public, max-age=5'
    _, headers, _ = await asked(ours, '/words')
    assert headers['cache-control'] == 'no-store'


async def test_nothing_is_started_for_a_piece_of_a_body() -> None:
    """What NiceGUI's layers start for each is garbage that stops everybody while it is collected."""
    assert await started_for_a_body(ours) == 0
    assert await started_for_a_body(theirs) > PIECES  # else these are not needed any more


async def started_for_a_body(layers: Callable[[ASGIApp], ASGIApp]) -> int:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(PIECES):
            yield b'0123456789'

    tasks = 0

    def make(loop: asyncio.AbstractEventLoop, work, **options) -> asyncio.Task:
        nonlocal tasks
        tasks += 1
        return asyncio.Task(work, loop=loop, **options)

    loop = asyncio.get_running_loop()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(layers(site())), base_url='http://chat.test') as client:
        loop.set_task_factory(make)
        try:
            answer = await client.post('/length', content=body())
        finally:
            loop.set_task_factory(None)
    assert answer.text == str(10 * PIECES)
    return tasks


def test_nicegui_takes_these_and_one_without_such_layers_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nicegui.ui_run, 'SetCacheControlMiddleware', SetCacheControlMiddleware)
    monkeypatch.setattr(nicegui.ui_run, 'RedirectWithPrefixMiddleware', RedirectWithPrefixMiddleware)
    for _ in range(2):
        plain_layers.use()
        assert nicegui.ui_run.SetCacheControlMiddleware is CacheControl
        assert nicegui.ui_run.RedirectWithPrefixMiddleware is Prefix
    monkeypatch.delattr(nicegui.ui_run, 'SetCacheControlMiddleware')
    plain_layers.use()
    assert not hasattr(nicegui.ui_run, 'SetCacheControlMiddleware')
