"""What telling a message to room pages costs, beside a Flask-SocketIO room and NiceGUI's own chat, in the same run.

    pip install -r benchmarks/requirements.txt
    python -m benchmarks.page_fanout [--rounds 5] [--pages 100] [--seconds 10] [--only steady,bursts,…]

The pages are browsers without a screen in a process of their own, see ``browsers``; ten of them write as people do,
into the box and with Enter. Each page must show every message once and in order, or the run fails. CPU is all that the
server's process uses from the first message until the last one has arrived everywhere, divided by messages times
pages. Latency runs from the moment of writing to the arrival at each page.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import httpx
import uvloop

from benchmarks.browsers import Browser, Page, Room, mark
from benchmarks.servers import Server, serve
from benchmarks.talk import LINES

WRITERS = 10
SETTLE = 3.0  # s after the last one came in
PATIENCE = 120.0  # s for the last message to arrive
LOOK_EVERY = 0.05  # s
SHOWN = 40  # of the newest messages that every page must show at the end, at least


class Pace(NamedTuple):
    """``together`` messages at once, ``rate`` a second in all."""

    rate: float
    together: int = 1


STEADY, BURSTS, LONE = Pace(20), Pace(100, together=25), Pace(0.5)
SLOW, SLOW_SECONDS = Pace(0.4), 20  # what NiceGUI's own way bears; at more it loses connections


class Result(NamedTuple):
    """CPU of the server per delivery in microseconds, and all latencies in milliseconds, sorted."""

    cpu: float
    latencies: list[float]

    def latency(self, part: float) -> float:
        return self.latencies[min(int(len(self.latencies) * part), len(self.latencies) - 1)]


async def come_in(server: Server, number: int) -> list[Browser]:
    """Open pages, each as somebody of its own."""
    browsers: list[Browser] = []
    async with httpx.AsyncClient(timeout=60) as http:
        for each in range(number):
            browser: Page | Room
            if server.kind.startswith('flask'):
                browser = Room(server.site)
            elif server.kind == 'nicegui':
                browser = Page(server.site, '/rooms/lobby')
            else:
                browser = Page(server.site, '/rooms/lobby', await sign_in(http, server, f'Guest {each}'))
            await browser.open(http)
            browsers.append(browser)
    return browsers


async def sign_in(http: httpx.AsyncClient, server: Server, name: str) -> str:
    """Return the session cookie of a new guest."""
    answer = await http.post(f'{server.site}/api/v1/sessions', json={'name': name})
    http.cookies.clear()
    return f'hearth_session={answer.json()["token"]}'


async def talk(server: Server, browsers: list[Browser], pace: Pace, total: int) -> Result:
    """Let some of them talk, and check what everybody sees."""
    sent_at: list[float] = []
    saying = []
    cpu, begin = server.cpu(), time.perf_counter()
    for number in range(total):
        due = begin + number // pace.together * pace.together / pace.rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        writers = min(max(WRITERS, pace.together), len(browsers))
        sent_at.append(time.perf_counter())
        words = f'{LINES[number % len(LINES)]} {mark(number)}'
        saying.append(asyncio.create_task(browsers[number % writers].say(words)))
    for _ in range(int(PATIENCE / LOOK_EVERY)):
        if all(len(browser.arrived) == total for browser in browsers):
            break
        await asyncio.sleep(LOOK_EVERY)
    cpu = server.cpu() - cpu
    for each in saying:
        each.cancel()
    order = list(browsers[0].arrived)
    agree = not isinstance(browsers[0], Room)  # the threads of Flask-SocketIO may overtake each other
    for browser in browsers:
        browser.check()
        assert sorted(browser.arrived) == list(range(total)), f'{total - len(browser.arrived)} messages are missing'
        assert not agree or list(browser.arrived) == order, 'the pages do not agree about the order'
        shown = browser.shown()
        newest = min(SHOWN, total)
        assert not agree or shown[-newest:] == order[-newest:], (
            f'the page shows {shown[-newest:]} and not {order[-newest:]}'
        )
        assert len(shown) == len(set(shown)), 'a message stands on the page twice'
    latencies = sorted(
        (moment - sent_at[number]) * 1000 for browser in browsers for number, moment in browser.arrived.items()
    )
    return Result(cpu / (total * len(browsers)) * 1e6, latencies)


async def _run(server: Server, pages: int, pace: Pace, total: int) -> Result:
    browsers = await come_in(server, pages)
    try:
        await asyncio.sleep(SETTLE)
        return await talk(server, browsers, pace, total)
    finally:
        await asyncio.gather(*(browser.close() for browser in browsers))


def run(kind: str, pages: int, pace: Pace, seconds: float) -> Result:
    """Start a server, fill its room and let people talk."""
    with serve(kind) as server:
        result = uvloop.run(_run(server, pages, pace, int(pace.rate * seconds)))
    p50, p99 = result.latency(0.5), result.latency(0.99)
    print(f'  {kind:13} {pages:4} pages {pace.rate:5g}/s  {result.cpu:8.1f} µs   p50 {p50:7.1f} ms   p99 {p99:7.1f} ms')
    return result


def middle(results: Iterable[Result], value: Callable[[Result], float]) -> float:
    """Return the median of the rounds."""
    return statistics.median(map(value, results))


def rounds(number: int, *runs: Callable[[], Result]) -> list[list[Result]]:
    """Let the runs take turns, in the other order each time."""
    results: list[list[Result]] = [[] for _ in runs]
    for each in range(number):
        turn = list(enumerate(runs))
        for place, once in turn if each % 2 == 0 else reversed(turn):
            results[place].append(once())
    return results


def main() -> None:
    """Measure what is asked for and print one line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (('rounds', 5), ('pages', 100), ('seconds', 10)):
        parser.add_argument(f'--{name}', type=int, default=default)
    parser.add_argument('--only', default='steady,bursts,nicegui,growth,lone')
    options = parser.parse_args()
    table(lines(options.rounds, options.pages, options.seconds, options.only.split(',')))


def lines(number: int, pages: int, seconds: int, only: Iterable[str]) -> list[str]:
    """Return the lines of the table."""
    return [line for name in only for line in MEASURES[name](number, pages, seconds)]


def table(found: Iterable[str]) -> None:
    """Print lines with what they are of."""
    print('\n| what | Hearth | beside | ratio |\n| --- | --- | --- | --- |')
    print('\n'.join(found))


def _beside_flask(what: str, number: int, pages: int, pace: Pace, seconds: int) -> list[str]:
    kinds = ('hearth', 'flask', 'flask-gevent')
    runs = [lambda kind=kind: run(kind, pages, pace, seconds) for kind in kinds]
    hearth, *peers = rounds(number, *runs)
    cpu = middle(hearth, lambda each: each.cpu)
    lines = []
    for kind, peer in zip(kinds[1:], peers, strict=True):
        other = middle(peer, lambda each: each.cpu)
        lines.append(f'| CPU per delivery, {what}, beside {kind} | {cpu:.1f} µs | {other:.1f} µs | {cpu / other:.2f} |')
    p50, p99 = (middle(hearth, lambda each, part=part: each.latency(part)) for part in (0.5, 0.99))
    return [*lines, f'| latency p50 / p99, {what} | {p50:.0f} / {p99:.0f} ms | | |']


def steady(number: int, pages: int, seconds: int) -> list[str]:
    return _beside_flask(f'{pages} pages, 20 messages/s', number, pages, STEADY, seconds)


def bursts(number: int, pages: int, seconds: int) -> list[str]:
    return _beside_flask(f'{pages} pages, 100 messages/s in bursts', number, pages, BURSTS, seconds)


def beside_nicegui(number: int, pages: int, seconds: int) -> list[str]:
    hearth, peer = rounds(
        number, lambda: run('hearth', pages, STEADY, seconds), lambda: run('nicegui', pages, SLOW, SLOW_SECONDS)
    )
    cpu, other = (middle(each, lambda result: result.cpu) for each in (hearth, peer))
    return [
        f'| CPU per delivery, {pages} pages, beside a refreshed list | {cpu:.1f} µs | {other:.0f} µs |'
        f' {cpu / other:.4f} |'
    ]


def growth(number: int, pages: int, seconds: int) -> list[str]:
    sizes = (50, 100, 200, 400)
    results = rounds(number, *(lambda size=size: run('hearth', size, STEADY, seconds) for size in sizes))
    costs = [middle(each, lambda result: result.cpu) for each in results]
    return [
        f'| CPU per delivery, {size} pages beside 50 | {cost:.1f} µs | {costs[0]:.1f} µs | {cost / costs[0]:.2f} |'
        for size, cost in zip(sizes, costs, strict=True)
    ]


def lone(number: int, pages: int, seconds: int) -> list[str]:
    (results,) = rounds(number, lambda: run('hearth', pages, LONE, 2 * seconds))
    p50 = middle(results, lambda each: each.latency(0.5))
    return [f'| latency p50 of a lone message, {pages} pages | {p50:.1f} ms | | |']


MEASURES = {'steady': steady, 'bursts': bursts, 'nicegui': beside_nicegui, 'growth': growth, 'lone': lone}

if __name__ == '__main__':
    main()
