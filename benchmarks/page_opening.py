"""What opening a room page costs, and keeping it open: with history and without, with many rooms and with one.

    pip install -r benchmarks/requirements.txt
    python -m benchmarks.page_opening [--rounds 5] [--pages 100]

CPU is that of the server's process for reading one page by HTTP, without its files. Memory is what is the process's own
with ``--pages`` pages open and idle, less what it was before, beside pages of NiceGUI that show nothing.
"""

import argparse
import asyncio
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

import httpx
import uvloop
from sqlalchemy import Connection, insert

from benchmarks.browsers import Page
from benchmarks.page_fanout import sign_in, table
from benchmarks.servers import Server, serve
from benchmarks.talk import LINES
from chat import Chat, markup
from chat.clock import now_ms
from chat.settings import Settings
from chat.storage.tables import messages, rooms, users

WARM = 20  # pages that are opened before counting
AT_ONCE = 500  # rows that are stored by one statement
SETTLE = 5.0  # s in which what the opening left behind is let go


def fill(folder: Path, room_count: int, message_count: int) -> None:
    """Make a database with rooms, all of them open, and messages: 50 in the lobby, the others everywhere."""
    chat = Chat(Settings(data=folder))
    chat.open()
    lobby = min(50, message_count)
    elsewhere = [number % room_count + 1 for number in range(message_count - lobby)]

    def store(connection: Connection) -> None:
        now = now_ms()
        author = {'id': 1, 'name': 'Author', 'name_key': 'author', 'kind': 'guest', 'created_at': now}
        connection.execute(insert(users), author)
        for number in range(2, room_count + 1):
            names = {'slug': f'room-{number}', 'name': f'Room {number}', 'topic': ''}
            connection.execute(
                insert(rooms), {'id': number, **names, 'private': False, 'revision': 0, 'created_at': now}
            )
        revisions: dict[int, int] = {}
        values = []
        for place, room_id in enumerate([*elsewhere, *[1] * lobby]):
            revisions[room_id] = revisions.get(room_id, 0) + 1
            body = LINES[place % len(LINES)]
            values.append({
                'room_id': room_id, 'author_id': 1, 'revision': revisions[room_id], 'body': body,
                'html': markup.render(body), 'html_version': markup.VERSION, 'created_at': now,
            })  # fmt: skip
        for start in range(0, len(values), AT_ONCE):
            connection.execute(insert(messages), values[start : start + AT_ONCE])
        for room_id, revision in revisions.items():
            connection.execute(rooms.update().where(rooms.c.id == room_id).values(revision=revision))

    async def run() -> None:
        await chat.storage.write(store)
        await chat.stop()

    asyncio.run(run())


async def opening(server: Server, pages: int) -> float:
    """Return the CPU time of reading a page, in milliseconds."""
    async with httpx.AsyncClient(timeout=60) as http:
        cookie = await sign_in(http, server, 'Guest')
        for _ in range(WARM):
            await Page(server.site, '/rooms/lobby', cookie).load(http)
        before = server.cpu()
        for _ in range(pages):
            await Page(server.site, '/rooms/lobby', cookie).load(http)
        return (server.cpu() - before) / pages * 1000


def cost_of_opening(room_count: int, message_count: int, pages: int) -> float:
    """Return what opening the lobby costs with that much in the database, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), room_count, message_count)
        with serve('hearth', Path(folder)) as server:
            cost = uvloop.run(opening(server, pages))
    print(f'  {room_count:5} rooms {message_count:7} messages  {cost:6.2f} ms')
    return cost


async def _memory(server: Server, path: str, pages: int) -> float:
    async with httpx.AsyncClient(timeout=60) as http:

        async def come(name: str) -> Page:
            page = Page(server.site, path, await sign_in(http, server, name) if server.kind == 'hearth' else '')
            await page.open(http)
            return page

        first = [await come(f'First {number}') for number in range(WARM)]
        await asyncio.sleep(SETTLE)
        before = server.memory()
        opened = [await come(f'Guest {number}') for number in range(pages)]
        await asyncio.sleep(SETTLE)
        used = (server.memory() - before) / pages / 1024
        await asyncio.gather(*(page.close() for page in first + opened))
        return used


def memory_of_page(kind: str, path: str, pages: int) -> float:
    """Return what an open, idle page takes, in KiB."""
    with tempfile.TemporaryDirectory() as folder:
        if kind == 'hearth':
            fill(Path(folder), 1, 50)
        with serve(kind, Path(folder)) as server:
            used = uvloop.run(_memory(server, path, pages))
    print(f'  {kind:8} {path:12} {used:6.0f} KiB')
    return used


def medians(rounds: int, *runs: Callable[[], float]) -> list[float]:
    """Let the runs take turns and return the median of each."""
    results: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for place, run in enumerate(runs):
            results[place].append(run())
    return [statistics.median(each) for each in results]


def main() -> None:
    """Measure and print one line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (('rounds', 5), ('pages', 100)):
        parser.add_argument(f'--{name}', type=int, default=default)
    options = parser.parse_args()
    table(lines(options.rounds, options.pages))


def lines(rounds: int, pages: int) -> list[str]:
    """Return the lines of the table."""
    empty, history, small, large = medians(
        rounds,
        lambda: cost_of_opening(1, 0, pages),
        lambda: cost_of_opening(1, 50, pages),
        lambda: cost_of_opening(1, 100, pages),
        lambda: cost_of_opening(1000, 100_000, pages),
    )
    bare, room = medians(
        rounds,
        lambda: memory_of_page('nicegui', '/bare', pages),
        lambda: memory_of_page('hearth', '/rooms/lobby', pages),
    )
    return [
        f'| CPU of opening a room page with 50 messages, beside none | {history:.1f} ms | {empty:.1f} ms |'
        f' {history / empty:.2f} |',
        f'| the same with 1,000 rooms and 100,000 messages, beside 1 and 100 | {large:.1f} ms | {small:.1f} ms |'
        f' {large / small:.2f} |',
        f'| memory of an open, idle room page, beside a page with nothing | {room:.0f} KiB | {bare:.0f} KiB |'
        f' {room - bare:+.0f} KiB |',
    ]


if __name__ == '__main__':
    main()
