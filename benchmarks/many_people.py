"""How much one server process does for many people who talk now and then, as in a company or at a conference.

    pip install -r benchmarks/requirements.txt
    python -m benchmarks.many_people [--people 500] [--room 20] [--every 120] [--seconds 60]

Everybody has a page open in a room of ``--room`` people and says something every ``--every`` seconds on average. Shown
are the time in which all of them came in (as after a restart), the CPU of the server while they talk as a share of one
core, its memory, and the latency of the messages.
"""

import argparse
import asyncio
import random
import time

import httpx
import uvloop

from benchmarks.browsers import Page, mark
from benchmarks.page_fanout import sign_in
from benchmarks.servers import Server, serve
from benchmarks.talk import LINES

AT_ONCE = 8  # people who come in at the same time
SETTLE = 5.0  # s


async def come_in(server: Server, people: int, in_room: int) -> list[Page]:
    """Open everybody's page."""
    at_once = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(timeout=120, limits=httpx.Limits(max_connections=AT_ONCE)) as http:
        cookies = [await sign_in(http, server, f'Guest {number}') for number in range(people)]
        for first in range(0, people, in_room):
            token = cookies[first].partition('=')[2]
            headers = {'Authorization': f'Bearer {token}'}
            await http.post(f'{server.site}/api/v1/rooms', json={'name': f'Room {first // in_room}'}, headers=headers)

        async def come(number: int) -> Page:
            async with at_once:
                page = Page(server.site, f'/rooms/room-{number // in_room}', cookies[number])
                await page.open(http)
                return page

        return await asyncio.gather(*map(come, range(people)))


async def measure(server: Server, people: int, in_room: int, every: float, seconds: float) -> None:
    """Let them come and talk, and print what that took."""
    begin, cpu = time.perf_counter(), server.cpu()
    pages = await come_in(server, people, in_room)
    print(f'{people} people came in within {time.perf_counter() - begin:.0f} s, {server.cpu() - cpu:.0f} s of CPU')
    await asyncio.sleep(SETTLE)
    sent: dict[int, float] = {}
    rooms: dict[int, int] = {}
    saying = []
    begin, cpu = time.perf_counter(), server.cpu()
    total = int(people / every * seconds)
    for number in range(total):
        await asyncio.sleep(max(0.0, begin + number * every / people - time.perf_counter()))
        writer = random.randrange(people)
        sent[number], rooms[number] = time.perf_counter(), writer // in_room
        saying.append(asyncio.create_task(pages[writer].say(f'{LINES[number % len(LINES)]} {mark(number)}')))
    await asyncio.gather(*saying)
    await asyncio.sleep(1)
    elapsed, used = time.perf_counter() - begin, server.cpu() - cpu
    latencies = []
    for place, page in enumerate(pages):
        page.check()
        due = {number for number, room in rooms.items() if room == place // in_room}
        assert set(page.arrived) == due, 'a page misses a message, or has one of another room'
        latencies += [(page.arrived[number] - sent[number]) * 1000 for number in due]
    latencies.sort()
    p50, p99 = (latencies[int(len(latencies) * part)] for part in (0.5, 0.99))
    print(f'{total / elapsed:.1f} messages/s in rooms of {in_room}: {used / elapsed:.0%} of a core,')
    print(f'{server.memory() / 1024**2:.0f} MiB, latency p50 {p50:.0f} ms, p99 {p99:.0f} ms')
    await asyncio.gather(*(page.close() for page in pages))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (('people', 500), ('room', 20), ('every', 120), ('seconds', 60)):
        parser.add_argument(f'--{name}', type=int, default=default)
    options = parser.parse_args()
    with serve('hearth') as server:
        uvloop.run(measure(server, options.people, options.room, options.every, options.seconds))


if __name__ == '__main__':
    main()
