"""How long a page of what is found takes, how large the index is, and what it adds to storing a message.

    pip install -r benchmarks/requirements.txt
    python -m benchmarks.searching [--messages 100000] [--rounds 5] [--database postgresql://…]

Messages have 1 to 20 words, as common as words are (Zipf), one in ten in Japanese, in 20 rooms. Without ``--database``
it is SQLite; else a database that is empty.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import uvloop
from sqlalchemy import Connection, func, insert, select, text

from benchmarks.page_fanout import table
from chat import Chat, markup
from chat.clock import now_ms
from chat.models import User
from chat.search import Order
from chat.settings import Settings
from chat.storage import search as rows
from chat.storage.tables import messages, rooms
from chat.storage.tables import search_terms as index

ROOMS = 20
VOCABULARY = 30_000  # words
AT_ONCE = 5_000  # rows that are stored by one statement
CHARACTERS = '会議設計図新明日今回人大学生電車時間場所予定変更確認連絡資料作成'
# The first words of the vocabulary are the commonest, as "the" is; what is beyond 1,000 is rare.
ASKED = {
    'a common word': 'w0x',
    'a rare word': 'w12345x',
    'the beginning of a word': 'w1',
    'two common words': 'w0x w1x',
    'a common and a rare word': 'w0x w4321x',
    'a phrase of common words': '"w0x w1x"',
    'two Japanese characters': '会議',
    'three Japanese characters': '会議設',
    'a common word by one who is rare': 'w0x from:rare',
    'what is nowhere': 'nowhere w0x',
}


def words(count: int) -> Iterator[str]:
    """Yield what people say."""
    chance = random.Random(1)
    vocabulary = [f'w{number}x' for number in range(VOCABULARY)]
    weights = [1 / (number + 1) for number in range(VOCABULARY)]
    pool = chance.choices(vocabulary, weights, k=1_000_000)
    for _ in range(count):
        length = chance.randint(1, 20)
        if chance.random() < 0.1:
            yield ''.join(chance.choices(CHARACTERS, k=2 * length))
        else:
            start = chance.randrange(len(pool) - length)
            yield ' '.join(pool[start : start + length])


def fill(connection: Connection, user: User, rare: User, count: int) -> None:
    """Store messages without their terms."""
    now = now_ms()
    room_ids = list(connection.execute(select(rooms.c.id)).scalars())
    values = (
        {
            'room_id': room_ids[number % len(room_ids)],
            'author_id': rare.id if number % 1_000 == 0 else user.id,
            'revision': number + 100,
            'body': body,
            'html': markup.render('x'),
            'html_version': markup.VERSION,
            'created_at': now - count + number,
        }
        for number, body in enumerate(words(count))
    )
    while some := list(islice(values, AT_ONCE)):
        connection.execute(insert(messages), some)
    connection.execute(rooms.update().values(revision=count + 100))


def rebuild(connection: Connection) -> float:
    """Make the index; returns how many seconds that takes."""
    connection.execute(text("DELETE FROM facts WHERE name = 'search'"))
    begin = time.perf_counter()
    while not rows.bring_up_to_date(connection):
        pass
    return time.perf_counter() - begin


def size(connection: Connection) -> float:
    """Return how many MB the index has."""
    if connection.dialect.name == 'postgresql':
        connection.execute(text('ANALYZE'))
        size = connection.execute(text("SELECT pg_total_relation_size('search_terms')")).scalar_one()
    else:
        pages, of_bytes = (connection.exec_driver_sql(f'PRAGMA {each}').scalar_one() for each in SIZES)
        size = (pages) * of_bytes
    return float(size) / 1e6


SIZES = ('page_count', 'page_size')


def adding(connection: Connection) -> float:
    """Return how many microseconds it takes to store the terms of a message, in a transaction that many share."""
    highest: int = connection.execute(select(func.max(messages.c.id))).scalar_one()
    said = list(words(1_000))
    begin = time.perf_counter()
    for number, body in enumerate(said, 1):
        rows.add(connection, 1, highest + number, body)
    return (time.perf_counter() - begin) / len(said) * 1e6


async def measure(folder: Path, database: str | None, count: int, rounds: int) -> list[str]:
    """Return the lines of the table."""
    chat = Chat(Settings(data=folder, database_url=database, rate_limits=False))
    chat.open()
    chat.start()
    user, rare = await chat.accounts.add_guest('Often', ''), await chat.accounts.add_guest('Rare', '')
    for number in range(ROOMS - 1):
        await chat.rooms.create(user, f'Room {number}')
    await chat.storage.write(fill, user, rare, count)
    before = await chat.storage.write(size)
    took = await chat.storage.write(rebuild)
    of_index = await chat.storage.write(size) - (0 if database else before)
    terms = await chat.storage.read(
        lambda connection: connection.execute(select(func.count()).select_from(index)).scalar()
    )
    add = await chat.storage.write(adding)
    found = [
        f'| making the index of {count:,} messages ({terms:,} terms) | {took:.0f} s | |',
        f'| its size, {of_index / count * 1e3:.2f} KB a message | {of_index:.0f} MB | |',
        f'| storing the terms of one message more | {add:.0f} us | |',
    ]
    for what, asked in ASKED.items():
        newest, best = [await _time(chat, user, asked, order, rounds) for order in ORDERS]
        found.append(f'| {what}: `{asked}` | {newest:.1f} ms | {best:.1f} ms |')
    await chat.stop()
    return found


ORDERS: tuple[Order, ...] = ('newest', 'best')


async def _time(chat: Chat, user: User, asked: str, order: Order, rounds: int) -> float:
    """Return how many milliseconds a page takes."""
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        await chat.search.find(user, asked, order=order)
        times.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(times)


def main() -> None:
    """Measure it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--messages', type=int, default=100_000)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--database')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table(uvloop.run(measure(Path(folder), options.database, options.messages, options.rounds)))


if __name__ == '__main__':
    main()
