"""What all tests share: a chat of their own for each, in a folder that is thrown away."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from chat.storage import Storage, migrations
from tests import databases
from tests.databases import PostgreSQLServer


def pytest_collection_finish() -> None:
    """Keep what was imported out of garbage collections: NiceGUI makes two for each simulated person."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope='session')
def new_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a database as the migrations make it."""
    folder = tmp_path_factory.mktemp('new')
    storage = Storage(folder)
    storage.open()
    storage.close()
    return (folder / 'hearth.sqlite').read_bytes()


@pytest.fixture(autouse=True)
def quick_migrations(new_database: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make new databases by copying one: running the migrations takes longer than most tests do."""
    upgrade = migrations.upgrade

    def copy_or_upgrade(engine: Engine, file: Path) -> None:
        if file.stat().st_size:
            upgrade(engine, file)
        else:
            file.write_bytes(new_database)

    monkeypatch.setattr(migrations, 'upgrade', copy_or_upgrade)


@pytest.fixture(scope='session')
def postgresql() -> Iterator[PostgreSQLServer]:
    """Return a running PostgreSQL, started for the first test that asks for it."""
    with databases.postgresql() as server:
        server.make_template()
        yield server


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Return where a test keeps its data: None is SQLite in its folder, which it is unless it says otherwise."""
    if getattr(request, 'param', 'sqlite') == 'sqlite':
        yield None
        return
    server: PostgreSQLServer = request.getfixturevalue('postgresql')
    with server.database() as url:
        yield url


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let a server that a test starts keep its data in a folder of the test."""
    folder = tmp_path / 'data'
    monkeypatch.setenv('HEARTH_DATA', str(folder))
    monkeypatch.setenv('HEARTH_PORT', '0')  # a Hearth that runs on this machine is in nobody's way
    monkeypatch.setattr('sys.argv', ['main.py'])
    return folder
