"""Bringing older data up to date: nothing is lost when it works, and nothing is changed when it does not."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from chat.storage import Storage, migrations

SCHEMA_OF_THE_FIRST_RELEASE = Path(__file__).parent / 'schema_0001.sql'
NEWEST = '0006'
REVISION = """
import sqlalchemy as sa
from alembic import op

revision = '{number}'
down_revision = '{before}'
branch_labels = None
depends_on = None


def upgrade():
{steps}
"""


@pytest.fixture
def quick_migrations() -> None:
    """Run them: they are what these tests are about."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data folder as the first release left it."""
    folder = tmp_path / 'data'
    folder.mkdir()
    with sqlite3.connect(folder / 'hearth.sqlite') as connection:
        connection.executescript(SCHEMA_OF_THE_FIRST_RELEASE.read_text(encoding='utf-8'))
    return folder


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the migrations be those of a release to come; return the folder that takes further ones."""
    copy = tmp_path / 'migrations'
    shutil.copytree(Path(migrations.__file__).parent, copy)
    monkeypatch.setattr(migrations, '__file__', str(copy / '__init__.py'))
    return copy / 'versions'


def add_revision(versions: Path, number: str, before: str, *steps: str) -> None:
    lines = '\n'.join(f'    {step}' for step in steps)
    (versions / f'{number}.py').write_text(REVISION.format(number=number, before=before, steps=lines), encoding='utf-8')


def look(file: Path, sql: str) -> list[tuple]:
    with sqlite3.connect(file) as connection:
        return connection.execute(sql).fetchall()


def start(folder: Path) -> None:
    storage = Storage(folder)
    try:
        storage.open()
    finally:
        storage.close()


def everything(file: Path) -> list[str]:
    with sqlite3.connect(file) as connection:
        return list(connection.iterdump())


def test_a_table_that_others_refer_to_can_be_made_anew(folder: Path, next_release: Path) -> None:
    before = everything(folder / 'hearth.sqlite')
    add_revision(
        next_release, 'new', NEWEST,
        "with op.batch_alter_table('users') as users:",
        "    users.alter_column('kind', type_=sa.String(99), existing_nullable=False)",
        "op.add_column('rooms', sa.Column('color', sa.String(8), nullable=True))",
    )  # fmt: skip
    start(folder)
    file = folder / 'hearth.sqlite'
    assert look(file, 'SELECT version_num FROM alembic_version') == [('new',)]
    assert 'VARCHAR(99)' in look(file, "SELECT sql FROM sqlite_master WHERE name = 'users'")[0][0]
    assert look(file, 'SELECT name FROM users') == [('Ada',)]
    assert look(file, 'SELECT count(*) FROM messages') == [(2,)]
    assert look(file, 'PRAGMA foreign_key_check') == []
    assert everything(folder / 'hearth.sqlite.before-0001') == before


def test_a_copy_is_made_before_the_form_changes_which_nobody_else_reads(folder: Path, next_release: Path) -> None:
    unfinished = folder / 'hearth.sqlite.copying'
    unfinished.write_text('left behind by a crash')
    unfinished.chmod(0o666)
    add_revision(next_release, 'new', NEWEST, "op.execute('DELETE FROM drafts')")
    start(folder)
    copy = folder / 'hearth.sqlite.before-0001'
    assert copy.stat().st_mode & 0o077 == 0
    assert not unfinished.exists()


def test_after_a_migration_references_are_checked_again(folder: Path, next_release: Path) -> None:
    add_revision(next_release, 'new', NEWEST, 'pass')
    storage = Storage(folder)
    storage.open()
    with storage._database._write_engine.begin() as connection:
        assert connection.exec_driver_sql('PRAGMA foreign_keys').scalar() == 1
    storage.close()


@pytest.mark.parametrize('failing', ['op.execute("SELECT nonsense")', 'raise RuntimeError("no")'])
def test_a_migration_that_fails_changes_nothing(folder: Path, next_release: Path, failing: str) -> None:
    before = everything(folder / 'hearth.sqlite')
    add_revision(next_release, 'new', NEWEST, "op.execute('DELETE FROM drafts')", "op.drop_table('drafts')")
    add_revision(next_release, 'newer', 'new', "op.execute('DROP TABLE sessions')", failing)
    with pytest.raises(Exception, match='no'):
        start(folder)
    assert everything(folder / 'hearth.sqlite') == before


def test_a_migration_that_leaves_references_to_nothing_is_undone(folder: Path, next_release: Path) -> None:
    before = everything(folder / 'hearth.sqlite')
    add_revision(next_release, 'new', NEWEST, 'op.execute("DELETE FROM users")')
    with pytest.raises(Exception, match=r'(?i)foreign key'):
        start(folder)
    assert everything(folder / 'hearth.sqlite') == before


def test_a_database_that_is_up_to_date_is_not_copied(folder: Path) -> None:
    start(folder)
    (copy,) = folder.glob('*.before-*')
    copy.unlink()
    start(folder)
    assert sorted(path.name for path in folder.iterdir()) == ['hearth.lock', 'hearth.sqlite']


async def test_what_the_first_release_stored_is_all_there(folder: Path) -> None:
    file = folder / 'hearth.sqlite'
    tables = ('users', 'sessions', 'rooms', 'memberships', 'messages', 'drafts')
    with sqlite3.connect(file) as connection:
        columns = {table: [row[1] for row in connection.execute(f'PRAGMA table_info({table})')] for table in tables}
    queries = [f'SELECT {", ".join(columns[table])} FROM {table}' for table in tables]
    before = [look(file, query) for query in queries]
    start(folder)
    assert [look(file, query) for query in queries] == before
    assert all(before)


def test_nobody_else_on_the_machine_reads_the_data(tmp_path: Path) -> None:
    folder = tmp_path / 'made before, for everybody'
    folder.mkdir(mode=0o755)
    storage = Storage(folder)
    storage.open()
    assert {path.name: path.stat().st_mode & 0o077 for path in folder.iterdir()} == {
        'hearth.lock': 0, 'hearth.sqlite': 0, 'hearth.sqlite-wal': 0, 'hearth.sqlite-shm': 0
    }  # fmt: skip
    storage.close()
