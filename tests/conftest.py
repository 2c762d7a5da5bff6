"""What all tests share: a chat of their own for each, in a folder that is thrown away."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings
from nicegui import background_tasks
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from chat import rate_limits
from chat.storage import Storage, migrations, sqlite
from chat.storage import postgresql as on_postgresql
from tests import databases
from tests.databases import PostgreSQLServer
from tests.redis_server import RedisServer
from tests.s3_server import KEY_ID, SECRET, S3Server

MOST_COMPILED = 5_000  # statements

# How long an example takes is the machine's business, which may be busy.
settings.register_profile('hearth', deadline=None)
settings.load_profile('hearth')


def pytest_collection_finish() -> None:
    """Keep what was imported out of garbage collections: NiceGUI makes two for each simulated person."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope='session', autouse=True)
def statements_compiled_once() -> Iterator[None]:
    """Let all engines share the statements that SQLAlchemy has compiled, as each test has engines of its own.

    Compiling them anew would take a quarter of the tests' time. They come out alike for dialects of one kind.
    """
    compiled: LRUCache[Any, Any] = LRUCache(MOST_COMPILED)

    def create(*args: Any, **options: Any) -> Engine:
        engine = create_engine(*args, **options)
        engine._compiled_cache = compiled
        return engine

    with pytest.MonkeyPatch.context() as patch:
        for part in (sqlite, on_postgresql):
            patch.setattr(part, 'create_engine', create)
        patch.setattr(DefaultDialect, '__hash__', lambda dialect: hash(type(dialect)))
        patch.setattr(DefaultDialect, '__eq__', lambda dialect, other: type(dialect) is type(other))
        yield


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


@pytest.fixture(autouse=True)
def no_tasks_of_ended_loops() -> None:
    """Forget what a page began while the loop of its test ended: NiceGUI 3.18 would try to cancel it forever."""
    ended = [task for task in background_tasks.running_tasks if task.get_loop().is_closed()]
    background_tasks.running_tasks.difference_update(ended)


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
    with server.lent_database() as url:
        yield url


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let a server that a test starts keep its data in a folder of the test."""
    folder = tmp_path / 'data'
    monkeypatch.setenv('HEARTH_DATA', str(folder))
    monkeypatch.setenv('HEARTH_PORT', '0')  # a Hearth that runs on this machine is in nobody's way
    monkeypatch.setattr('sys.argv', ['main.py'])
    return folder


@pytest.fixture
def nothing_forgiven(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what was attempted count in full, however long the machine takes to come to the attempt too many."""
    monkeypatch.setattr(rate_limits, 'exp2', lambda _: 1.0)


@pytest.fixture(scope='session')
def any_redis() -> Iterator[str]:
    """Return the address of a real Redis: the one of HEARTH_TEST_REDIS_URL, or one of the tests' own."""
    if 'HEARTH_TEST_REDIS_URL' in os.environ:
        yield os.environ['HEARTH_TEST_REDIS_URL']
        return
    server = RedisServer()
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def redis_url(any_redis: str) -> str:
    """Return the address of a real Redis, with a channel that no other test speaks on."""
    return f'{any_redis}?channel={uuid4().hex}'


@pytest.fixture(scope='session')
def any_s3() -> Iterator[S3Server]:
    """Return a running S3-compatible server with a bucket ``hearth``, started for the first test that asks for it."""
    server = S3Server()
    server.start()
    server.make_bucket('hearth')
    yield server
    server.stop()


@pytest.fixture
def s3(any_s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """Return an S3-compatible server whose keys are in the environment."""
    monkeypatch.setenv('AWS_ACCESS_KEY_ID', KEY_ID)
    monkeypatch.setenv('AWS_SECRET_ACCESS_KEY', SECRET)
    return any_s3


@pytest.fixture
def s3_url(s3: S3Server) -> str:
    """Return the address of a place in S3-compatible storage where no other test keeps files."""
    return f's3://hearth/{uuid4().hex}?endpoint={s3.endpoint}&region=us-east-1'
