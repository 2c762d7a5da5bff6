"""What is stored a moment later: the newest wins, and nothing that goes wrong with one value keeps the others."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from chat.errors import StorageFailed
from chat.storage import Storage
from chat.write_behind import WriteBehind
from tests.loops import breathe

SOON = 0.01  # seconds
PATIENCE = 1_000  # times SOON


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    storage = Storage(tmp_path)
    storage.open()
    await storage.write(lambda connection: connection.execute(text('CREATE TABLE kept (name TEXT UNIQUE, value TEXT)')))
    yield storage
    storage.close()


@pytest.fixture
def kept(storage: Storage) -> WriteBehind[str, str, str]:
    return WriteBehind(storage, save, SOON)


def save(connection: Connection, values: Mapping[str, str]) -> list[str]:
    for name, value in values.items():
        if value == 'beyond words':
            raise ValueError('There is no way to store this.')
        connection.execute(text('INSERT OR REPLACE INTO kept VALUES (:name, :value)'), {'name': name, 'value': value})
        if value == 'against the rules':
            connection.execute(text('INSERT INTO kept VALUES (:name, :value)'), {'name': name, 'value': value})
    return [name for name, value in values.items() if value == 'remarkable']


async def nothing_waits(kept: WriteBehind[str, str, str]) -> None:
    """Give it the time it needs; the tests look at what came of it."""
    for _ in range(PATIENCE):
        await asyncio.sleep(SOON)
        if not kept.waiting:
            break


async def stored(storage: Storage) -> dict[str, str]:
    return dict(await storage.read(lambda c: [tuple(row) for row in c.execute(text('SELECT * FROM kept'))]))


async def test_the_newest_value_is_known_at_once_and_stored_soon_in_one_transaction(
    storage: Storage, kept: WriteBehind[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    transactions: list[object] = []
    write = storage.write

    async def counted(action, *args):
        transactions.append(action)
        return await write(action, *args)

    monkeypatch.setattr(storage, 'write', counted)
    for number in range(100):
        kept.put('a', f'{number}')
        kept.put('b', f'{number}')
    assert kept.get('a') == '99'
    assert set(kept.waiting) == {'a', 'b'}
    await nothing_waits(kept)
    assert await stored(storage) == {'a': '99', 'b': '99'}
    assert len(transactions) == 1
    assert not kept.waiting


async def test_a_value_that_changes_while_it_is_stored_is_stored_again(
    storage: Storage, kept: WriteBehind[str, str, str]
) -> None:
    kept.put('a', 'first')
    storing = asyncio.create_task(kept.flush())
    for _ in range(2):
        await asyncio.sleep(0)
    assert kept.get('a') == 'first'
    kept.put('a', 'second')
    assert kept.get('a') == 'second'
    await storing
    assert kept.get('a') == 'second'
    await kept.flush()
    assert await stored(storage) == {'a': 'second'}


@pytest.mark.parametrize('poison', ['beyond words', 'against the rules'])
async def test_a_value_that_cannot_be_stored_keeps_no_other_from_it(
    storage: Storage, kept: WriteBehind[str, str, str], caplog: pytest.LogCaptureFixture, poison: str
) -> None:
    for name in ('a', 'poisoned', 'z'):
        kept.put(name, poison if name == 'poisoned' else 'fine')
    await nothing_waits(kept)
    assert await stored(storage) == {'a': 'fine', 'z': 'fine'}
    assert 'poisoned' in caplog.text
    kept.put('later', 'fine')
    await nothing_waits(kept)
    assert 'later' in await stored(storage)
    assert not kept.waiting


async def test_a_database_that_fails_for_a_while_loses_nothing(
    storage: Storage,
    kept: WriteBehind[str, str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def full(*_: object) -> None:
        raise StorageFailed

    kept.put('a', 'old')
    with monkeypatch.context() as broken:
        broken.setattr(storage, 'write', full)
        await asyncio.sleep(5 * SOON)
        kept.put('a', 'new')
        kept.put('b', 'b')
        with pytest.raises(StorageFailed):
            await kept.flush()
        assert (kept.get('a'), kept.get('b')) == ('new', 'b')
    await nothing_waits(kept)
    assert await stored(storage) == {'a': 'new', 'b': 'b'}
    assert 'trying again' in caplog.text


async def test_who_stops_waiting_for_a_flush_undoes_nothing(storage: Storage, kept: WriteBehind[str, str, str]) -> None:
    kept.put('a', 'x')
    impatient = asyncio.create_task(kept.flush())
    await asyncio.sleep(0)
    impatient.cancel()
    kept.put('b', 'y')
    await kept.flush()
    assert await stored(storage) == {'a': 'x', 'b': 'y'}


async def test_what_cannot_be_stored_waits_on_though_whoever_asked_has_gone(
    storage: Storage, kept: WriteBehind[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = asyncio.Event()

    async def fail_later(*_: object) -> None:
        await goes_on.wait()
        raise StorageFailed

    kept.put('a', 'x')
    with monkeypatch.context() as broken:
        broken.setattr(storage, 'write', fail_later)
        impatient = asyncio.create_task(kept.flush())
        await breathe()
        impatient.cancel()
        await breathe()
        assert kept.get('a') == 'x'
        goes_on.set()
        await breathe()
    assert kept.get('a') == 'x'
    await nothing_waits(kept)
    assert await stored(storage) == {'a': 'x'}


@pytest.mark.parametrize('other', ['fine', 'beyond words'])
async def test_whoever_asked_is_told_what_is_stored_and_what_was_found_then(storage: Storage, other: str) -> None:
    told: list[tuple[set[str], list[str]]] = []
    kept = WriteBehind(storage, save, SOON, lambda keys, found: told.append((set(keys), list(found))))
    for name, value in (('a', 'remarkable'), ('b', other), ('c', 'remarkable')):
        kept.put(name, value)
    await kept.flush()
    assert told == [({'a', 'b', 'c'}, ['a', 'c'])]
