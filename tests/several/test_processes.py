"""Several processes serve one chat, and nobody notices which one they are on, whatever goes wrong beneath."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.databases import PostgreSQLServer
from tests.redis_server import RedisServer
from tests.servers import ROOT, Server
from tests.several.listeners import Listener, all_equal_storage, come, until

pytestmark = pytest.mark.slow
two = pytest.mark.parametrize('servers', [2], indirect=True)
three = pytest.mark.parametrize('servers', [3], indirect=True)


def beginning_with(servers: Sequence[Server], place: int) -> list[Server]:
    """Return the servers as somebody knows them who is on one of them."""
    return [*servers[place:], *servers[:place]]


async def people(servers: Sequence[Server], each: int = 2) -> list[Listener]:
    """Let some people come to each server."""
    places = [place for place in range(len(servers)) for _ in range(each)]
    return [await come(beginning_with(servers, place), f'Guest {number}') for number, place in enumerate(places)]


async def talk(listener: Listener, ended: asyncio.Event) -> list[str]:
    """Say, change and delete something all the time; return what was acknowledged to be said."""
    said: list[str] = []
    mine: list[int] = []
    while not ended.is_set():
        body = f'{listener.name} says {len(said)}'
        message = await listener.say(body)
        said.append(body)
        mine.append(message['id'])
        if len(said) % 5 == 0:
            await listener.ask('edit', message_id=mine[-1], body=f'{body} (other words)')
        if len(said) % 7 == 0:
            await listener.ask('delete', message_id=mine.pop(0))
        await asyncio.sleep(0.02)
    return said


@asynccontextmanager
async def all_talking(listeners: Sequence[Listener], left: Server) -> AsyncIterator[None]:
    """Let all of them talk meanwhile; in the end each has what is stored, and what was acknowledged is there once."""
    ended = asyncio.Event()
    talking = [asyncio.create_task(talk(listener, ended)) for listener in listeners]
    await asyncio.sleep(1)
    yield
    await asyncio.sleep(1)
    ended.set()
    said = [body for each in await asyncio.gather(*talking) for body in each]
    assert len(said) > len(listeners)
    assert len(await all_equal_storage(left, listeners)) == len(said)
    for listener in listeners:
        await listener.close()


@three
async def test_people_on_three_servers_hear_each_other_at_once_and_alike(servers: list[Server]) -> None:
    listeners = await people(servers)
    ada, bo = listeners[0], listeners[-1]
    message = await ada.say('hello')
    await until(lambda: all(listener.bodies.get(message['id']) == 'hello' for listener in listeners))
    await ada.ask('edit', message_id=message['id'], body='good morning')
    await until(lambda: all(listener.bodies[message['id']] == 'good morning' for listener in listeners))
    await ada.ask('delete', message_id=message['id'])
    await until(lambda: all(listener.bodies[message['id']] == '' for listener in listeners))
    await bo.ask('typing', room='lobby')
    await until(lambda: all(listener.typing == [bo.name] for listener in listeners if listener is not bo))
    names = sorted(listener.name for listener in listeners)
    await until(lambda: all(sorted(listener.online) == names for listener in listeners))
    await all_equal_storage(servers[0], listeners)
    for listener in listeners:
        await listener.close()


@two
async def test_what_is_unread_is_the_same_on_every_server(servers: list[Server]) -> None:
    ada = await come(servers, 'Ada')
    bo = await come(beginning_with(servers, 1), 'Bo')
    await ada.close()
    for number in range(3):
        await bo.say(f'{number}')
    headers = {'Authorization': f'Bearer {ada.token}'}
    for server in servers:
        async with httpx.AsyncClient(base_url=f'{server.site}/api/v1', headers=headers) as http:
            (lobby,) = (await http.get('/rooms')).json()['rooms']
            assert lobby['unread'] == 3
    await bo.close()


@two
async def test_signing_out_on_one_server_ends_what_is_open_on_another(servers: list[Server]) -> None:
    ada = await come(beginning_with(servers, 1), 'Ada')
    async with httpx.AsyncClient(base_url=f'{servers[0].site}/api/v1') as http:
        answer = await http.delete('/sessions/current', headers={'Authorization': f'Bearer {ada.token}'})
        assert answer.status_code == 204
    await until(lambda: ada.ended == 1008)
    await ada.close()


@two
async def test_while_redis_is_away_people_talk_on_and_afterwards_all_have_everything(
    servers: list[Server], redis: RedisServer
) -> None:
    listeners = await people(servers)
    async with all_talking(listeners, servers[1]):
        redis.stop()
        on_one = listeners[0].bodies
        before = len(on_one)
        await until(lambda: len(on_one) > before + 20)
        async with httpx.AsyncClient() as http:
            await until_status(http, f'{servers[0].site}/readyz', 503)
            assert (await http.get(f'{servers[0].site}/readyz?without=redis')).status_code == 200
            redis.start()
            await until_status(http, f'{servers[0].site}/readyz', 200)


@two
async def test_a_redis_that_hangs_keeps_nobody_from_talking(servers: list[Server], redis: RedisServer) -> None:
    listeners = await people(servers, each=1)
    redis.freeze()
    try:
        for number in range(5):
            await listeners[0].say(f'{number}')
        await until(lambda: len(listeners[1].bodies) == 5)  # found in storage
    finally:
        redis.thaw()
    await all_equal_storage(servers[0], listeners)
    for listener in listeners:
        await listener.close()


@two
async def test_a_postgresql_that_is_started_anew_loses_nothing(
    servers: list[Server], own_postgresql: PostgreSQLServer
) -> None:
    listeners = await people(servers)
    async with all_talking(listeners, servers[0]):
        await asyncio.to_thread(own_postgresql.stop)
        await asyncio.sleep(1)
        await asyncio.to_thread(own_postgresql.start)


@three
async def test_a_server_that_is_killed_under_load_takes_nothing_with_it(servers: list[Server]) -> None:
    listeners = await people(servers)
    async with all_talking(listeners, servers[0]):
        servers[1].kill()
        await until(lambda: all(listener.moves > 1 for listener in listeners[2:4]))


@three
async def test_servers_that_are_started_anew_one_after_the_other_lose_nothing(servers: list[Server]) -> None:
    listeners = await people(servers)
    async with all_talking(listeners, servers[0]):
        for server in servers:
            await asyncio.to_thread(server.stop)
            await asyncio.to_thread(server.start)


async def until_status(http: httpx.AsyncClient, address: str, status: int) -> None:
    """Wait until an address answers so."""
    for _ in range(600):
        if (await http.get(address)).status_code == status:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f'{address} does not answer {status}')


@two
async def test_a_token_that_a_command_revokes_opens_nothing_any_more_on_any_server(servers: list[Server]) -> None:
    token = (await command(servers[0], 'bot', 'add', 'Robot')).split()[-1]
    robots = [await come(beginning_with(servers, place), 'Robot', token) for place in range(2)]
    await command(servers[0], 'bot', 'revoke', 'Robot')
    await until(lambda: all(robot.ended == 1008 for robot in robots))
    for robot in robots:
        await robot.close()


async def command(server: Server, *words: str) -> str:
    """Do what an operator does beside running servers; return what is printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, 'main.py', *words, cwd=ROOT, env=server.environment(), stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return printed.decode()
