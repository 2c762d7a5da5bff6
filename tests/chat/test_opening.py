"""Whatever keeps the data from being opened is said in one sentence, and the data stays as it is."""

import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event

from chat.errors import CannotOpen
from chat.settings import Settings
from chat.storage import Storage, migrations, sqlite

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from chat.storage import Storage
Storage(Path(sys.argv[1])).open()
print('open', flush=True)
sys.stdin.read()
"""


@pytest.fixture
def quick_migrations() -> None:
    """Run them: they are what these tests are about."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data folder that a server used and left."""
    folder = tmp_path / 'data'
    start(folder)
    return folder


@pytest.fixture
def file(folder: Path) -> Path:
    return folder / 'hearth.sqlite'


@pytest.fixture
def held(folder: Path) -> Iterator[Storage]:
    """Return an open storage that has the folder."""
    storage = Storage(folder)
    storage.open()
    yield storage
    storage.close()


def start(folder: Path) -> None:
    storage = Storage(folder)
    try:
        storage.open()
    finally:
        storage.close()


def refusal(folder: Path) -> str:
    """Return the sentence that opening ends with."""
    with pytest.raises(CannotOpen) as caught:
        start(folder)
    return str(caught.value)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def change(file: Path, sql: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(sql)


def make_newer(file: Path) -> None:
    change(file, "UPDATE alembic_version SET version_num = '9999'")


def in_use(folder: Path) -> str:
    return f'Another Hearth already uses the folder {folder}. Stop it, or start this one with another --data.'


# One process has the folder.


def test_a_second_opening_is_refused_and_harms_nobody(folder: Path, held: Storage) -> None:
    before = contents(folder)
    assert refusal(folder) == in_use(folder)
    assert contents(folder) == before
    assert held.is_open


def test_what_is_open_cannot_be_opened_again(folder: Path, held: Storage) -> None:
    with pytest.raises(CannotOpen):
        held.open()
    assert refusal(folder) == in_use(folder)


def test_another_way_to_write_the_folder_leads_to_the_same_lock(
    folder: Path, held: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'link').symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    assert refusal(Path('link')) == in_use(tmp_path / 'link')
    assert refusal(Path('data')) == in_use(folder)


def test_who_closes_or_could_not_open_lets_go_of_the_folder(folder: Path, file: Path) -> None:
    good = file.read_bytes()
    file.write_bytes(b'no database' * 999)
    refusal(folder)
    file.write_bytes(good)
    start(folder)
    start(folder)


@pytest.mark.slow
def test_a_killed_server_lets_go_of_the_folder(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, '-c', HOLD, folder], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == 'open\n'
        assert refusal(folder) == in_use(folder)
        other.send_signal(signal.SIGKILL)
    assert (folder / 'hearth.lock').exists()
    start(folder)


@pytest.mark.slow
def test_the_server_says_it_and_ends_with_status_2(folder: Path, held: Storage) -> None:
    own = {'HEARTH_DATA': str(folder), 'HEARTH_HOST': '127.0.0.1', 'HEARTH_PORT': '0'}
    # What makes NiceGUI behave as in a test must not reach a real server.
    outside = {key: value for key, value in os.environ.items() if not key.startswith(('PYTEST', 'NICEGUI'))}
    ended = subprocess.run(
        [sys.executable, 'main.py'], cwd=ROOT, env={**outside, **own}, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, '', f'{in_use(folder)}\n')


# Data of a newer version.


def test_data_of_a_newer_version_is_left_alone(folder: Path, file: Path) -> None:
    make_newer(file)
    before = contents(folder)
    assert refusal(folder) == (
        f'The data in {folder} was made by a newer Hearth. Update this one, or start it with another --data.'
    )
    assert contents(folder) == before


def test_data_of_a_newer_version_is_left_alone_even_if_that_crashed(folder: Path, file: Path, tmp_path: Path) -> None:
    crashed = tmp_path / 'crashed'
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
        shutil.copytree(folder, crashed)
    assert (crashed / 'hearth.sqlite-wal').stat().st_size  # the new revision is in the log alone
    assert b'9999' not in (crashed / 'hearth.sqlite').read_bytes()
    (crashed / 'hearth.sqlite-shm').unlink()
    before = contents(crashed)
    assert 'newer Hearth' in refusal(crashed)
    after = contents(crashed)
    after.pop('hearth.sqlite-shm', None)  # SQLite's index of the log, made anew whenever somebody looks
    assert after == before


def test_a_database_without_a_log_mode_is_not_even_switched_to_it(folder: Path, file: Path) -> None:
    make_newer(file)
    change(file, 'PRAGMA journal_mode=DELETE')
    before = contents(folder)
    assert 'newer Hearth' in refusal(folder)
    assert contents(folder) == before


# Broken files.


@pytest.mark.parametrize('broken', ['junk', 'zeros', 'half', 'head'])
def test_a_broken_file_is_named_and_left_alone(folder: Path, file: Path, broken: str) -> None:
    good = file.read_bytes()
    file.write_bytes(
        {'junk': b'junk' * 9_999, 'zeros': bytes(len(good)), 'half': good[: len(good) // 2], 'head': good[:100]}[broken]
    )
    before = contents(folder)
    assert refusal(folder) == (
        f'The file {file} is damaged or no database. Move it away, and the files hearth.sqlite-wal and '
        'hearth.sqlite-shm if they are there, and put a copy in its place.'
    )
    assert contents(folder) == before


def test_the_newest_copy_is_recommended_for_a_broken_file(folder: Path, file: Path) -> None:
    for revision in ('0001', '0002'):
        (folder / f'hearth.sqlite.before-{revision}').touch()
    file.write_bytes(b'junk' * 9_999)
    assert refusal(folder).endswith(
        f' and put a copy in its place, such as {folder}/hearth.sqlite.before-0002, which was made before an update.'
    )


def test_a_file_that_turns_out_to_be_broken_while_it_is_brought_up_to_date_is_named(
    folder: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_damage(*_: object) -> None:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute('PRAGMA writable_schema=ON')
            connection.execute("UPDATE sqlite_master SET rootpage = 9999 WHERE name = 'rooms'")
            connection.commit()
        with closing(sqlite3.connect(file)) as connection:
            connection.execute('SELECT * FROM rooms').fetchall()

    monkeypatch.setattr(migrations, 'upgrade', find_damage)
    assert f'{file} is damaged' in refusal(folder)


# A system that refuses.


def not_kept(folder: Path, reason: str) -> str:
    return f'The data cannot be kept in {folder}: {reason}.'


def test_a_path_below_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    folder = Settings(data=tmp_path / 'file' / 'data').data
    assert refusal(folder) == not_kept(folder, os.strerror(errno.ENOTDIR))


def test_a_folder_that_cannot_even_be_asked_about_is_named(tmp_path: Path) -> None:
    folder = Settings(data=tmp_path / ('long' * 99)).data
    assert refusal(folder) == not_kept(folder, os.strerror(errno.ENAMETOOLONG))


@pytest.mark.parametrize('number', [errno.EACCES, errno.EROFS, errno.ENOSPC])
@pytest.mark.parametrize('step', ['mkdir', 'touch'])
def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int
) -> None:
    def refuse(self: Path, *_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), str(self))

    monkeypatch.setattr(Path, step, refuse)  # these tests may run as root, who has all rights
    assert refusal(tmp_path) == not_kept(tmp_path, os.strerror(number))


def test_a_lock_that_cannot_be_made_is_no_other_server(tmp_path: Path) -> None:
    (tmp_path / 'hearth.lock').mkdir()
    assert refusal(tmp_path) == not_kept(tmp_path, os.strerror(errno.EISDIR))


def test_a_folder_in_the_place_of_the_file_is_said(tmp_path: Path) -> None:
    (tmp_path / 'hearth.sqlite').mkdir()
    assert refusal(tmp_path) == not_kept(tmp_path, 'unable to open database file')


def test_a_disk_that_is_full_while_the_tables_are_made_is_said_and_passes(tmp_path: Path) -> None:
    storage = Storage(tmp_path)

    def limit_pages(connection: sqlite3.Connection, _: object) -> None:
        connection.execute('PRAGMA max_page_count = 3')

    event.listen(storage._database._write_engine, 'connect', limit_pages)
    with pytest.raises(CannotOpen) as caught:
        storage.open()
    assert str(caught.value) == not_kept(tmp_path, 'database or disk is full')
    start(tmp_path)


def test_a_disk_that_is_full_while_a_copy_is_made_costs_no_earlier_copy(
    folder: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, *_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    (folder / 'hearth.sqlite.before-0001').write_text('an earlier copy')
    before = contents(folder)
    monkeypatch.setattr(migrations.ScriptDirectory, 'get_current_head', lambda _: 'next')
    monkeypatch.setattr(Path, 'replace', refuse)
    assert refusal(folder) == not_kept(folder, os.strerror(errno.ENOSPC))
    assert contents(folder) == before


def test_another_program_that_has_the_file_is_said(folder: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, 'BUSY_TIMEOUT', 10)
    with closing(sqlite3.connect(file)) as other:
        other.execute('BEGIN IMMEDIATE')
        assert refusal(folder) == f'Another program uses the file {file}. Close it, and start again.'


def test_a_fault_of_ours_keeps_its_traceback(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        sqlite3.connect(':memory:').execute('SELECT nonsense')

    monkeypatch.setattr(migrations, 'upgrade', fail)
    with pytest.raises(sqlite3.OperationalError):
        start(folder)


@pytest.mark.parametrize('name', ['what? 100%', 'a?mode=memory', 'räum#1', "o'clock & more"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    start(folder)
    start(folder)
    assert sorted(path.name for path in folder.iterdir()) == ['hearth.lock', 'hearth.sqlite']
    make_newer(folder / 'hearth.sqlite')
    assert 'newer Hearth' in refusal(folder)
