"""What a file that is being uploaded costs a conversation: how long messages take with one on its way, and without.

    pip install -r benchmarks/requirements.txt
    python -m benchmarks.uploading [--clients 50] [--rate 20] [--seconds 10] [--rounds 9] [--megabytes 25] [--mbit 200]

In each round people talk on one server for some seconds in three ways: while nothing else happens; while one file after
the other is uploaded to it, every one of them new to the server; and while the same is uploaded to a second server on
the same machine, which shows what of the difference is the machine's. Whoever uploads is a process of its own and sends
``mbit`` megabits a second; 0 is as fast as the machine can. ``--what picture`` uploads photos of 12 megapixels, which
are decoded and encoded anew. What was uploaded stays until the end: 6 GB with these numbers.
Latency runs from the sending of a message to its arrival at each client.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from io import BytesIO

import httpx
from PIL import Image
from websockets.asyncio.client import ClientConnection

from benchmarks.api_fanout import come, say
from benchmarks.latencies import percentile
from benchmarks.servers import Server, serve
from benchmarks.talk import LINES

PIECE = 64 * 1024  # bytes
PHOTO = (4000, 3000)  # pixels
MARK = 16  # bytes that make another file of it
MEEK = 19  # the uploader would be elsewhere, and take no processor from those who talk


def main() -> None:
    """Let quiet times and uploads take turns and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = (('clients', 50), ('rate', 20), ('seconds', 10), ('rounds', 9), ('megabytes', 25), ('mbit', 200))
    for name, default in numbers:
        parser.add_argument(f'--{name}', type=int, default=default)
    parser.add_argument('--what', choices=('file', 'picture'), default='file')
    parser.add_argument('--uploader', nargs=2, metavar=('SITE', 'TOKEN'), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.uploader:
        with suppress(KeyboardInterrupt):
            asyncio.run(upload(*options.uploader, options.what, options.megabytes, options.mbit))
        return
    no_quota = {'HEARTH_UPLOAD_QUOTA_MB': '0'}
    with serve('hearth', None, **no_quota) as server, serve('hearth', None, **no_quota) as other:
        found = asyncio.run(measure(server, other, options))
    print('all rounds')
    for way, rounds in found.items():
        show(way, [each for latencies in rounds for each in latencies])
    # A disk that stalls in one round would be all that is left of all together.
    p99 = {way: statistics.median(percentile(each, 0.99) for each in rounds) for way, rounds in found.items()}
    print('p99, the median of the rounds: ' + ', '.join(f'{way} {p99[way]:.1f} ms' for way in p99))
    print(f'p99 with an upload, to p99 without: {p99["here"] / p99["quiet"]:.2f}')
    print(f'p99 with an upload, to p99 with one to another server: {p99["here"] / p99["elsewhere"]:.2f}')


def show(way: str, latencies: list[float]) -> None:
    """Print the latencies in a line."""
    p50, p99 = percentile(latencies, 0.5), percentile(latencies, 0.99)
    print(f'{way:10} p50 {p50:6.1f} ms   p99 {p99:6.1f} ms   {len(latencies)} deliveries', flush=True)


async def measure(server: Server, other: Server, options: argparse.Namespace) -> dict[str, list[list[float]]]:
    """Return the latencies of each round: of the quiet ones, and of those with uploads here and to the other server."""
    clients = await come(server, options.clients)
    uploaded_to = {'quiet': None, 'here': server, 'elsewhere': other}
    tokens = {each.site: await sign_in(each) for each in (server, other)}
    await asyncio.sleep(3)  # what came with the joining is over
    found: dict[str, list[list[float]]] = {way: [] for way in uploaded_to}
    for number in range(options.rounds):
        for way, target in sorted(uploaded_to.items(), reverse=number % 2 == 0):
            uploader = None
            if target is not None:
                uploader = await asyncio.create_subprocess_exec(*command(target, tokens[target.site], options))
            await asyncio.sleep(2)  # until the first upload is on its way
            latencies = await talk(clients, options.rate, options.seconds)
            found[way].append(latencies)
            if uploader is not None:
                if uploader.returncode is not None:
                    raise SystemExit('The uploader has ended by itself: there may be no room left for files.')
                uploader.terminate()
                await uploader.wait()
            show(way, latencies)
    await asyncio.gather(*(client.close() for client in clients))
    return found


async def sign_in(server: Server) -> str:
    """Return the token of a new guest."""
    async with httpx.AsyncClient(base_url=f'{server.site}/api/v1') as http:
        answer = await http.post('/sessions', json={'name': 'Photographer'})
        return str(answer.json()['token'])


def command(server: Server, token: str, options: argparse.Namespace) -> list[str]:
    """Return how a process is started that uploads for ever."""
    start = [sys.executable, '-m', 'benchmarks.uploading', '--uploader', server.site, token, '--what', options.what]
    return [*start, '--megabytes', str(options.megabytes), '--mbit', str(options.mbit)]


async def talk(clients: list[ClientConnection], rate: int, seconds: int) -> list[float]:
    """Send for some seconds, and return in ms how long each message took to each client."""
    sent_at: list[float] = []
    latencies: list[float] = []
    total = rate * seconds

    async def listen(client: ClientConnection) -> None:
        for place in range(total):
            while 'message_sent' not in await client.recv(decode=True):
                pass
            latencies.append((time.perf_counter() - sent_at[place]) * 1000)

    listening = [asyncio.create_task(listen(client)) for client in clients]
    begin = time.perf_counter()
    for place in range(total):
        await asyncio.sleep(max(0.0, begin + place / rate - time.perf_counter()))
        sent_at.append(time.perf_counter())
        await clients[0].send(say(LINES[place % len(LINES)]))
    await asyncio.gather(*listening)
    return latencies


async def upload(site: str, token: str, what: str, megabytes: int, mbit: int) -> None:
    """Upload one file after the other, for ever."""
    os.nice(MEEK)
    headers = {'Authorization': f'Bearer {token}'}
    rest = photo() if what == 'picture' else os.urandom(megabytes * 1024 * 1024 - MARK)
    async with httpx.AsyncClient(base_url=f'{site}/api/v1', headers=headers, timeout=60) as http:
        while True:
            answer = await http.post(
                '/rooms/lobby/files',
                params={'name': 'holiday.jpg'},
                content=paced(rest, os.urandom(MARK), mbit),  # another file each time
                headers={'Content-Length': str(len(rest) + MARK)},
            )
            answer.raise_for_status()


async def paced(data: bytes, end: bytes, mbit: int) -> AsyncIterator[bytes]:
    """Give a file at a pace, and its end."""
    begin = time.perf_counter()
    for at in range(0, len(data), PIECE):
        yield data[at : at + PIECE]
        if mbit:
            await asyncio.sleep(max(0.0, begin + (at + PIECE) * 8 / (mbit * 1e6) - time.perf_counter()))
    yield end


def photo() -> bytes:
    """Return a picture as a camera makes it."""
    data = BytesIO()
    Image.effect_noise(PHOTO, 40).convert('RGB').save(data, 'JPEG', quality=85)
    return data.getvalue()


if __name__ == '__main__':
    main()
