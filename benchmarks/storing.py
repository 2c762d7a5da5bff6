"""How many messages a second are stored, each acknowledged after its commit, beside one-by-one commits of such rows.

    pip install -r benchmarks/requirements.txt
    python -m benchmarks.storing [--rounds 5] [--senders 50] [--messages 2000]

Both write to a database of their own on the same disk, in WAL mode with ``synchronous=FULL``. Hearth does all that
sending is: rights, Markdown, the room's revision, telling. The peer is the driver alone: two prepared statements and a
commit for each message.
"""

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

import uvloop

from benchmarks.page_fanout import table
from benchmarks.talk import LINES
from chat import Chat, markup
from chat.clock import now_ms
from chat.models import User
from chat.settings import Settings


async def _send(folder: Path, senders: int, total: int) -> float:
    chat = Chat(Settings(data=folder, rate_limits=False))
    chat.open()
    chat.start()
    people: list[User] = []
    for number in range(senders):
        people.append(await chat.accounts.add_guest(f'Guest {number}', ''))
        await chat.rooms.join(people[-1], 'lobby')
    left = iter(range(total))

    async def talk(user: User) -> None:
        for number in left:
            await chat.messages.send(user, 'lobby', LINES[number % len(LINES)], f'{user.id}-{number}')

    begin = time.perf_counter()
    await asyncio.gather(*(talk(user) for user in people))
    rate = total / (time.perf_counter() - begin)
    await chat.stop()
    with sqlite3.connect(folder / 'hearth.sqlite') as database:
        (stored,) = database.execute('SELECT count(*) FROM messages').fetchone()
        assert stored == total, f'{stored} of {total} messages are stored'
    return rate


def hearth(senders: int, total: int) -> float:
    """Return the messages a second that Hearth stores."""
    with tempfile.TemporaryDirectory() as folder:
        return uvloop.run(_send(Path(folder), senders, total))


def one_by_one(total: int) -> float:
    """Return the messages a second that ``sqlite3`` stores, with the same tables."""
    with tempfile.TemporaryDirectory() as folder:
        chat = Chat(Settings(data=Path(folder)))
        chat.open()
        chat.storage.close()
        database = sqlite3.connect(Path(folder) / 'hearth.sqlite', isolation_level=None)
        database.execute('PRAGMA synchronous=FULL')
        database.execute(
            "INSERT INTO users (id, name, name_key, kind, created_at) VALUES (1, 'Guest', 'guest', 'guest', 0)"
        )
        html = [markup.render(line) for line in LINES]
        begin = time.perf_counter()
        for number in range(total):
            place = number % len(LINES)
            database.execute('BEGIN IMMEDIATE')
            database.execute('UPDATE rooms SET revision = revision + 1 WHERE id = 1')
            database.execute(
                'INSERT INTO messages (room_id, author_id, revision, body, html, html_version, client_message_id,'
                ' created_at) VALUES (1, 1, ?, ?, ?, ?, ?, ?)',
                (number + 1, LINES[place], html[place], markup.VERSION, f'1-{number}', now_ms()),
            )
            database.execute('COMMIT')
        rate = total / (time.perf_counter() - begin)
        database.close()
        return rate


def main() -> None:
    """Let the two take turns and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (('rounds', 5), ('senders', 50), ('messages', 2000)):
        parser.add_argument(f'--{name}', type=int, default=default)
    options = parser.parse_args()
    table(lines(options.rounds, options.senders, options.messages))


def lines(rounds: int, senders: int = 50, messages: int = 2000) -> list[str]:
    """Return the lines of the table."""
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(hearth(senders, messages))
        theirs.append(one_by_one(messages))
        print(f'  Hearth {ours[-1]:6.0f}/s   one by one {theirs[-1]:6.0f}/s')
    mine, other = statistics.median(ours), statistics.median(theirs)
    return [
        f'| messages stored and acknowledged, {senders} senders, beside one by one | {mine:.0f}/s | {other:.0f}/s |'
        f' {mine / other:.2f} |'
    ]


if __name__ == '__main__':
    main()
