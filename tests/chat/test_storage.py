"""What was acknowledged is on disk; what failed took nothing else with it."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, inspect, text

from chat import Chat
from chat.errors import Invalid, StorageFailed
from chat.models import User
from chat.settings import Settings
from chat.storage import Storage, sqlite, tables

ROOT = Path(__file__).parents[2]


def look(folder: Path, sql: str) -> list[tuple]:
    """Read the database file as any other program would."""
    with sqlite3.connect(folder / 'hearth.sqlite') as connection:
        return connection.execute(sql).fetchall()


async def test_what_was_acknowledged_can_be_read_by_another_program_at_once(
    chat: Chat, ada: User, data_folder: Path, tmp_path: Path
) -> None:
    await chat.messages.send(ada, 'lobby', 'on disk')
    assert look(tmp_path / 'data', 'SELECT body FROM messages') == [('on disk',)]


async def test_the_database_is_written_with_full_synchronization_and_read_by_connections_that_cannot_write(
    chat: Chat,
) -> None:
    def pragmas(connection):
        names = ('journal_mode', 'synchronous', 'foreign_keys', 'query_only', 'wal_autocheckpoint', 'temp_store')
        return [connection.exec_driver_sql(f'PRAGMA {name}').scalar() for name in names]

    full = in_memory = 2
    assert await chat.storage.write(pragmas) == ['wal', full, 1, 0, 1000, in_memory]
    assert (await chat.storage.read(pragmas))[2:] == [1, 1, 0, 0]


async def test_one_failing_transaction_takes_no_other_with_it(chat: Chat) -> None:
    def make_room(connection, slug, then_fail=False):
        connection.execute(
            tables.rooms.insert(),
            {'slug': slug, 'name': slug, 'topic': '', 'private': False, 'revision': 0, 'created_at': 0},
        )
        if then_fail:
            raise Invalid('No.')

    jobs = [chat.storage.write(make_room, f'r{number}', then_fail=number % 3 == 0) for number in range(30)]
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [isinstance(result, Invalid) for result in results] == [number % 3 == 0 for number in range(30)]
    slugs = await chat.storage.read(
        lambda connection: set(connection.execute(text('SELECT slug FROM rooms')).scalars())
    )
    assert slugs == {'lobby', *(f'r{number}' for number in range(30) if number % 3)}


async def test_a_statement_that_breaks_a_rule_of_the_database_fails_alone(chat: Chat, ada: User) -> None:
    def break_it(connection):
        connection.execute(text('INSERT INTO memberships (room_id, user_id) VALUES (99, 99)'))

    broken, sent = await asyncio.gather(
        chat.storage.write(break_it), chat.messages.send(ada, 'lobby', 'hello'), return_exceptions=True
    )
    assert isinstance(broken, StorageFailed)
    assert sent.message.body == 'hello'


async def test_what_the_driver_alone_refuses_is_a_failure_of_storage(chat: Chat) -> None:
    with pytest.raises(StorageFailed):
        await chat.storage.write(sqlite.execute_many, 'INSERT INTO nowhere VALUES (?)', [(1,)])


async def test_a_full_disk_is_said_stores_nothing_and_passes(chat: Chat, ada: User, tmp_path: Path) -> None:
    await chat.messages.send(ada, 'lobby', 'before')

    def limit_pages(connection, pages):
        connection.exec_driver_sql(f'PRAGMA max_page_count = {pages}')

    await chat.storage.write(limit_pages, 1)  # SQLite keeps at least what it has
    outcomes = await asyncio.gather(
        *(chat.messages.send(ada, 'lobby', 'x' * 9_000) for _ in range(20)), return_exceptions=True
    )
    failed = [outcome for outcome in outcomes if isinstance(outcome, StorageFailed)]
    stored = [outcome for outcome in outcomes if not isinstance(outcome, StorageFailed)]
    assert failed
    count = look(tmp_path / 'data', 'SELECT count(*) FROM messages WHERE length(body) = 9000')
    assert count == [(len(stored),)]
    await chat.storage.write(limit_pages, 1_000_000)
    await chat.messages.send(ada, 'lobby', 'after')
    page = await chat.messages.page(ada, 'lobby')
    assert page.messages[-1].body == 'after'
    revisions = [message.revision for message in page.messages]
    assert revisions == list(range(revisions[0], revisions[0] + len(revisions)))


async def test_after_closing_nothing_is_taken_and_closing_again_is_harmless(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    storage.open()
    storage.close()
    storage.close()
    with pytest.raises(StorageFailed):
        await storage.write(lambda _: None)
    with pytest.raises(StorageFailed):
        await storage.read(lambda _: None)


@pytest.mark.slow
def test_whatever_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    script = f"""
import asyncio
from pathlib import Path
from chat import Chat
from chat.settings import Settings

async def main():
    chat = Chat(Settings(data=Path({str(tmp_path)!r}), rate_limits="off"))
    chat.open()
    ada = await chat.accounts.add_guest("Ada", "here")
    await chat.rooms.join(ada, "lobby")
    async def talk(who):
        while True:
            sent = await chat.messages.send(ada, "lobby", who)
            print(sent.message.id, flush=True)
    await asyncio.gather(*(talk(str(number)) for number in range(8)))

asyncio.run(main())
"""
    process = subprocess.Popen([sys.executable, '-c', script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _ in range(200)]
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().split('\n')
    acknowledged += [int(line) for line in rest[:-1] if line]
    process.wait()
    stored = {row[0] for row in look(tmp_path, 'SELECT id FROM messages')}
    assert set(acknowledged) <= stored
    assert look(tmp_path, 'PRAGMA integrity_check') == [('ok',)]
    revisions = [row[0] for row in look(tmp_path, 'SELECT revision FROM messages ORDER BY id')]
    assert revisions == list(range(revisions[0], revisions[0] + len(revisions)))


async def test_the_tables_of_a_fresh_database_are_those_of_the_code(chat: Chat, tmp_path: Path) -> None:
    engine = create_engine(f'sqlite:///{tmp_path / "data" / "hearth.sqlite"}')
    found = inspect(engine)
    assert set(found.get_table_names()) == {*tables.metadata.tables, 'alembic_version'}
    for table in tables.metadata.tables.values():
        assert [column['name'] for column in found.get_columns(table.name)] == [column.name for column in table.columns]
        expected = {tuple(column.name for column in index.columns) for index in table.indexes}
        assert {tuple(index['column_names']) for index in found.get_indexes(table.name)} == expected
    engine.dispose()


async def test_the_data_of_the_first_release_opens(tmp_path: Path) -> None:
    folder = tmp_path / 'old'
    folder.mkdir()
    with sqlite3.connect(folder / 'hearth.sqlite') as connection:
        connection.executescript((Path(__file__).parent / 'schema_0001.sql').read_text(encoding='utf-8'))
    chat = Chat(Settings(data=folder))
    chat.open()
    try:
        ada = (await chat.sessions.find('the token of Ada')).user
        page = await chat.messages.page(ada, 'lobby')
        assert [message.body for message in page.messages] == ['hello from the first release', '']
        sent = await chat.messages.send(ada, 'lobby', 'still here')
        assert sent.message.revision == page.revision + 1
    finally:
        await chat.stop()


async def test_a_reader_cannot_write(chat: Chat) -> None:
    with pytest.raises(StorageFailed):
        await chat.storage.read(lambda connection: connection.execute(text('DELETE FROM rooms')))
    assert await chat.storage.read(lambda connection: connection.execute(text('SELECT count(*) FROM rooms')).scalar())


async def test_transactions_that_wait_share_a_commit(chat: Chat) -> None:
    commits: list[object] = []
    event.listen(chat.storage._database._write_engine, 'commit', commits.append)
    blocker = chat.storage.write(lambda _: time.sleep(0.05))
    await asyncio.gather(blocker, *(chat.storage.write(lambda _: None) for _ in range(50)))
    assert 1 <= len(commits) <= 3


async def test_who_stops_waiting_neither_undoes_nor_breaks_anything(chat: Chat, ada: User) -> None:
    blocker = asyncio.create_task(chat.storage.write(lambda _: time.sleep(0.05)))
    impatient = asyncio.create_task(chat.messages.send(ada, 'lobby', 'said and gone'))
    await asyncio.sleep(0.01)
    impatient.cancel()
    await blocker
    await chat.messages.send(ada, 'lobby', 'next')
    assert [each.body for each in (await chat.messages.page(ada, 'lobby')).messages] == ['said and gone', 'next']


class Panic(BaseException):
    """What a library in another language raises when it gives up (pyo3): no Exception."""


async def test_whatever_an_action_raises_the_others_go_on(chat: Chat, ada: User) -> None:
    def panic(connection) -> None:
        connection.execute(text("UPDATE rooms SET name = 'half done'"))
        raise Panic

    with pytest.raises(Panic):
        await asyncio.wait_for(chat.storage.write(panic), 2)
    await asyncio.wait_for(chat.messages.send(ada, 'lobby', 'still here'), 2)
    assert (await chat.rooms.find(ada, 'lobby')).name == 'Lobby'


async def test_a_read_sees_one_state_however_long_it_takes(chat: Chat, ada: User) -> None:
    started, may_end = threading.Event(), threading.Event()

    def count_twice(connection) -> tuple[int, int]:
        first = connection.execute(text('SELECT count(*) FROM messages')).scalar()
        started.set()
        may_end.wait(2)
        return first, connection.execute(text('SELECT count(*) FROM messages')).scalar()

    reading = asyncio.create_task(chat.storage.read(count_twice))
    await asyncio.to_thread(started.wait, 2)
    await chat.messages.send(ada, 'lobby', 'meanwhile')
    may_end.set()
    assert await reading == (0, 0)


async def test_the_words_of_a_deleted_message_are_nowhere_in_the_files_after_a_stop(tmp_path: Path) -> None:
    folder = tmp_path / 'kept'
    chat = Chat(Settings(data=folder))
    chat.open()
    ada = await chat.accounts.add_guest('Ada', 'here')
    room = await chat.rooms.join(ada, 'lobby')
    for body in ('SECRET-WORDS', 'SECRET-WORDS ' * 700):  # within a page of the file, and on pages of its own
        chat.drafts.keep(ada, room, body)
        await chat.drafts.flush()
        chat.drafts.keep(ada, room, '')
        message = (await chat.messages.send(ada, 'lobby', body)).message
        await chat.messages.send(ada, 'lobby', 'other words')
        await chat.messages.delete(ada, message.id)
    await chat.stop()
    assert [path.name for path in folder.iterdir() if b'SECRET-WORDS' in path.read_bytes()] == []


async def test_deleted_words_are_overwritten_wherever_sqlite_was_built(chat: Chat) -> None:
    assert await chat.storage.write(lambda c: c.exec_driver_sql('PRAGMA secure_delete').scalar()) == 1


async def test_a_server_that_cannot_store_what_waits_stops_all_the_same(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise StorageFailed

    room = await chat.rooms.find(ada, 'lobby')
    sent = (await chat.messages.send(ada, 'lobby', 'x')).message
    monkeypatch.setattr(chat.storage, 'write', full)
    chat.drafts.keep(ada, room, 'x')
    chat.unread.seen(ada, room, sent.id, 0)
    await chat.stop()
    assert not chat.storage.is_open


async def test_the_words_of_people_do_not_get_into_the_log(
    chat: Chat, ada: User, caplog: pytest.LogCaptureFixture
) -> None:
    await chat.storage.write(lambda connection: connection.exec_driver_sql('PRAGMA max_page_count = 1'))
    with pytest.raises(StorageFailed):
        await chat.messages.send(ada, 'lobby', 'SECRET-WORDS ' * 700)
    assert 'full' in caplog.text
    assert 'SECRET-WORDS' not in caplog.text
