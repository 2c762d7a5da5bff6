"""What telling a message to many programs costs, beside a bare FastAPI broadcast of one prepared text.

    pip install -r benchmarks/requirements.txt
    python -m benchmarks.api_fanout [--clients 200] [--rate 20] [--seconds 10] [--rounds 3]

What is said are the ten lines of a small talk in turn, some with Markdown; the prepared text is that of the second.
Both servers run in processes of their own with the same settings of uvicorn, and take turns, so that a noisy machine
troubles both alike. A client sends ``rate`` messages a second over its WebSocket; every client gets every message.
CPU is that of the server's process alone, all it does included: for Hearth also rights, Markdown and the commit.
Latency runs from the sending of a message to its arrival at each client; clients and server share the machine.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import httpx
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.servers import Server, serve
from benchmarks.talk import LINES


class Result(NamedTuple):
    """CPU of the server per delivery in microseconds, and the latencies of all deliveries in milliseconds."""

    cpu: float
    latencies: list[float]


def main() -> None:
    """Let the two take turns and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (('clients', 200), ('rate', 20), ('seconds', 10), ('rounds', 3)):
        parser.add_argument(f'--{name}', type=int, default=default)
    options = parser.parse_args()
    results: dict[str, list[Result]] = {'bare': [], 'hearth': []}
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / 'prepared.json'
        prepared.write_text(asyncio.run(prepare()), encoding='utf-8')
        for number in range(options.rounds):
            for kind in ('bare', 'hearth') if number % 2 == 0 else ('hearth', 'bare'):
                with serve(kind, None, *[str(prepared)] * (kind == 'bare')) as server:
                    measuring = measure(server, options.clients, options.rate, options.seconds)
                    results[kind].append(asyncio.run(measuring))
                    print(describe(kind, results[kind][-1:]))
    print()
    for kind, found in results.items():
        print(describe(kind, found))
    ratio = statistics.median(each.cpu for each in results['hearth']) / statistics.median(
        each.cpu for each in results['bare']
    )
    print(f'CPU per delivery, Hearth to bare: {ratio:.2f}')


def describe(kind: str, results: list[Result]) -> str:
    """Return the median CPU and the latencies of some rounds in a line."""
    latencies = sorted(latency for each in results for latency in each.latencies)
    p50, p99 = (latencies[int(len(latencies) * part)] for part in (0.5, 0.99))
    cpu = statistics.median(each.cpu for each in results)
    return f'{kind:7} {cpu:6.1f} µs a delivery   p50 {p50:6.1f} ms   p99 {p99:6.1f} ms   {len(latencies)} deliveries'


async def prepare() -> str:
    """Return the text that Hearth tells for the message, for the bare server to tell."""
    with serve('hearth') as server:
        (client,) = await come(server, 1)
        await client.send(say(LINES[1]))
        while 'message_sent' not in (text := str(await client.recv())):
            pass
        await client.close()
        return text


async def come(server: Server, number: int, name: str = 'Guest') -> list[ClientConnection]:
    """Connect clients, for Hearth each as a guest of its own who listens to the lobby."""
    site = server.site.replace('http', 'ws', 1)
    if server.kind == 'bare':
        return [await connect(f'{site}/ws', compression=None) for _ in range(number)]
    clients = []
    async with httpx.AsyncClient(base_url=f'{server.site}/api/v1') as http:
        for each in range(number):
            token = (await http.post('/sessions', json={'name': f'{name} {each}'})).json()['token']
            http.cookies.clear()
            headers = {'Authorization': f'Bearer {token}'}
            client = await connect(f'{site}/api/v1/ws', additional_headers=headers, compression=None)
            await client.send(json.dumps({'id': 1, 'type': 'subscribe', 'room': 'lobby'}))
            while '"type":"ok"' not in str(await client.recv()):
                pass
            clients.append(client)
    return clients


def say(body: str) -> str:
    """Return the frame that says something in the lobby."""
    return json.dumps({'type': 'send', 'room': 'lobby', 'body': body})


async def measure(server: Server, number: int, rate: int, seconds: int) -> Result:
    """Send for some seconds and note when each message arrives at each client."""
    clients = await come(server, number)
    sent_at: list[float] = []
    latencies: list[float] = []
    total = rate * seconds
    frames = [line if server.kind == 'bare' else say(line) for line in LINES]

    async def listen(client: ClientConnection) -> None:
        for place in range(total):
            while 'message_sent' not in await client.recv(decode=True):
                pass
            latencies.append((time.perf_counter() - sent_at[place]) * 1000)

    listening = [asyncio.create_task(listen(client)) for client in clients]
    await asyncio.sleep(3)  # what came with the joining is over
    cpu = server.cpu()
    begin = time.perf_counter()
    for place in range(total):
        await asyncio.sleep(max(0.0, begin + place / rate - time.perf_counter()))
        sent_at.append(time.perf_counter())
        await clients[0].send(frames[place % len(frames)])
    await asyncio.gather(*listening)
    cpu = server.cpu() - cpu
    await asyncio.gather(*(client.close() for client in clients))
    return Result(cpu / (total * number) * 1e6, latencies)


if __name__ == '__main__':
    main()
