"""Bringing older data up to date: nothing is lost when it works, and nothing is changed when it does not."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine

from chat import Chat
from chat.events import (
    MemberEvent,
    MemberJoined,
    MemberLeft,
    MessageDeleted,
    MessageEdited,
    MessageEvent,
    MessageSent,
)
from chat.settings import Settings
from chat.storage import Storage, migrations, sqlite

SCHEMA_OF_THE_FIRST_RELEASE = Path(__file__).parent / 'schema_0001.sql'
NEWEST = '0014'
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


THEMES = """
UPDATE sessions SET theme = 'light', last_used_at = 10;
INSERT INTO users VALUES (2, 'Bo', 'bo', 'guest', 1), (3, 'Cy', 'cy', 'guest', 1), (4, 'Di', 'di', 'guest', 1);
INSERT INTO sessions (id, token_hash, user_id, theme, user_agent, created_at, last_used_at) VALUES
    (11, 'a', 1, 'dark', '', 1, 30), (12, 'b', 1, NULL, '', 1, 40), (13, 'c', 1, 'light', '', 1, 20),
    (14, 'd', 2, 'light', '', 1, 50), (15, 'e', 2, 'dark', '', 1, 50), (16, 'f', 3, NULL, '', 1, 60);
"""
MEMBERSHIPS = """
DELETE FROM memberships;
INSERT INTO memberships (room_id, user_id, role, joined_at, left_at, revision, last_read_id) VALUES
    (1, 1, 'member', 1, NULL, 3, 0), (1, 2, 'member', 1, 2, 4, 0);
"""


def test_a_theme_becomes_that_of_the_person_who_chose_it_last_on_whichever_device(folder: Path) -> None:
    file = folder / 'hearth.sqlite'
    with sqlite3.connect(file) as connection:
        connection.executescript(THEMES)
    start(folder)
    assert look(file, 'SELECT name, theme FROM users ORDER BY id') == [
        ('Ada', 'dark'), ('Bo', 'dark'), ('Cy', None), ('Di', None)
    ]  # fmt: skip


async def test_who_belonged_to_a_room_before_has_joined_it_and_who_had_left_has_not(folder: Path) -> None:
    file = folder / 'hearth.sqlite'
    with sqlite3.connect(file) as connection:
        connection.executescript(THEMES + MEMBERSHIPS)
    start(folder)
    query = 'SELECT user_id, revision, joined_revision FROM memberships ORDER BY user_id'
    assert look(file, query) == [(1, 3, 3), (2, 4, 0)]
    chat = Chat(Settings(data=folder))
    chat.open()
    try:
        since_nothing, since_then = await chat._changes_since(1, 0), await chat._changes_since(1, 3)
    finally:
        await chat.stop()
    for changes, told in ((since_nothing, [(MemberJoined, 1), (MemberLeft, 2)]), (since_then, [(MemberLeft, 2)])):
        moved = [event for event in changes.events if isinstance(event, MemberEvent)]
        assert [(type(event), event.member.user.id) for event in moved] == told


def test_profiles_begin_with_nothing(folder: Path) -> None:
    start(folder)
    columns = 'color, picture, status, status_until, time_zone, password_hash, deleted_at'
    assert look(folder / 'hearth.sqlite', f'SELECT {columns} FROM users') == [(None, None, '', None, None, None, None)]
    assert look(folder / 'hearth.sqlite', 'SELECT count(*) FROM pictures') == [(0,)]


def test_nobody_else_on_the_machine_reads_the_data(tmp_path: Path) -> None:
    folder = tmp_path / 'made before, for everybody'
    folder.mkdir(mode=0o755)
    storage = Storage(folder)
    storage.open()
    assert {path.name: path.stat().st_mode & 0o077 for path in folder.iterdir()} == {
        'hearth.lock': 0, 'hearth.sqlite': 0, 'hearth.sqlite-wal': 0, 'hearth.sqlite-shm': 0
    }  # fmt: skip
    storage.close()


def test_no_table_begins_to_count_anew(folder: Path) -> None:
    file = folder / 'hearth.sqlite'
    counted = "SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%' ORDER BY name"
    before, last = look(file, counted), look(file, 'SELECT name, seq FROM sqlite_sequence ORDER BY name')
    start(folder)
    assert set(before) <= set(look(file, counted))
    assert set(last) <= set(look(file, 'SELECT name, seq FROM sqlite_sequence'))


TALK = """
INSERT INTO messages (id, room_id, author_id, revision, body, html, html_version, created_at, edited_at, deleted_at)
VALUES
    (91, 1, 1, 91, 'said', '<p>said</p>', 1, 1, NULL, NULL),
    (92, 1, 1, 92, 'edited', '<p>edited</p>', 1, 1, 2, NULL),
    (93, 1, 1, 93, '', '', 1, 1, NULL, 3);
UPDATE rooms SET revision = 93 WHERE id = 1;
"""


async def test_what_was_said_edited_and_deleted_before_is_told_as_that(folder: Path) -> None:
    with sqlite3.connect(folder / 'hearth.sqlite') as connection:
        connection.executescript(TALK)
    start(folder)
    chat = Chat(Settings(data=folder))
    chat.open()
    try:
        changes = await chat._changes_since(1, 90)
        told = [(type(event), event.message.id) for event in changes.events if isinstance(event, MessageEvent)]
        assert told == [(MessageSent, 91), (MessageEdited, 92), (MessageDeleted, 93)]
        assert all(not event.message.reactions for event in changes.events if isinstance(event, MessageEvent))
    finally:
        await chat.stop()


def test_nobody_has_reacted_is_mentioned_or_pinned_anything_at_first(folder: Path) -> None:
    start(folder)
    file = folder / 'hearth.sqlite'
    for table in ('reactions', 'mentions', 'message_versions'):
        assert look(file, f'SELECT count(*) FROM {table}') == [(0,)]
    kept = 'SELECT DISTINCT reacted, mentions_all, pinned_at, pinned_by, change FROM messages'
    assert look(file, kept) == [(0, 0, None, None, 'worded')]
    settings = 'SELECT DISTINCT recent_emoji, skin_tone, quiet_from, quiet_until, sound, caught_up_id FROM users'
    assert look(file, settings) == [('', 0, None, None, 1, 0)]
    assert look(file, 'SELECT DISTINCT notify, went_back FROM memberships') == [(None, 0)]


def every_earlier_release() -> list[str]:
    folder = Path(migrations.__file__).parent / 'versions'
    return sorted(number for file in folder.glob('*.py') if (number := file.name[:4]) != NEWEST)


@pytest.mark.parametrize('release', every_earlier_release())
def test_the_data_of_every_release_comes_to_the_same_form(tmp_path: Path, folder: Path, release: str) -> None:
    old, new = folder, tmp_path / 'new'
    storage = Storage(new)
    storage.open()
    storage.close()
    stop_at(old / 'hearth.sqlite', release)
    start(old)
    assert form(old / 'hearth.sqlite') == form(new / 'hearth.sqlite')
    assert look(old / 'hearth.sqlite', 'SELECT count(*) FROM messages') == [(2,)]
    assert look(old / 'hearth.sqlite', 'PRAGMA foreign_key_check') == []


def stop_at(file: Path, release: str) -> None:
    """Bring a database of the first release to the form of another."""
    config = migrations._config()
    engine = create_engine(f'sqlite:///{file}')
    with sqlite.reshaping(engine) as connection:
        config.attributes['connection'] = connection
        command.upgrade(config, release)
    engine.dispose()


def form(file: Path) -> dict[str, set[tuple]]:
    """Return the columns and indexes of each table."""
    tables = [name for (name,) in look(file, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = {name: {row[1:] for row in look(file, f'PRAGMA table_info({name})')} for name in tables}
    indexes = look(file, "SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    return {**columns, 'indexes': set(indexes)}
