"""Files in a folder and in S3-compatible storage: whatever is promised of one holds for the other."""

import asyncio
import errno
import os
import random
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from chat import file_store, object_store
from chat.errors import CannotOpen, NotFound, NotThere, StorageFailed
from chat.file_store import Bucket, FileStore, FolderStore
from tests.s3_server import KEY_ID, SECRET, S3Server

ROOT = Path(__file__).parents[2]
FOLDER = 'folder'
S3 = pytest.param('s3', marks=pytest.mark.slow)
KEY = 'ab' + '0' * 30
PATIENCE = 180  # s, for what would otherwise wait for ever
BAD_KEYS = (
    '', 'a', 'A' * 32, 'a' * 31, 'a' * 33, 'g' * 32, '../../etc/passwd', f'{KEY}\n', f'/{KEY}', f'{KEY}/',
    f'{KEY}-small', f'{KEY}-thumbnail-thumbnail', f'../{KEY}', '\uff41' * 32, f'{KEY[:31]}\0',
)  # fmt: skip
PUT = """
import asyncio, sys
from pathlib import Path
from chat import file_store
store = file_store.of(sys.argv[1], Path())
asyncio.run(store.put(sys.argv[2], Path(sys.argv[3])))
"""
PUT_AND_READ = """
import asyncio, re, sys
from pathlib import Path
from chat import file_store

def most():  # KiB; what getrusage says counts what the parent had
    return int(re.search('VmHWM:[^0-9]*([0-9]+)', Path('/proc/self/status').read_text())[1])

async def there_and_back(store, path):
    await store.put('0' * 32, path)
    assert sum([len(chunk) async for chunk in store.read('0' * 32)]) == path.stat().st_size

async def main(url, large, small):
    store = file_store.of(url, Path())
    await there_and_back(store, Path(small))
    before = most()
    await there_and_back(store, Path(large))
    print((most() - before) // 1024)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture(params=[FOLDER, S3])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty store."""
    if request.param == FOLDER:
        return f'file://{tmp_path / "files"}'
    address: str = request.getfixturevalue('s3_url')
    return address


@pytest.fixture
async def store(url: str, tmp_path: Path) -> AsyncIterator[FileStore]:
    """Return an empty store."""
    async with opened(url) as store:
        yield store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / 'files'


@pytest.fixture
async def in_folder(folder: Path) -> AsyncIterator[FileStore]:
    async with opened(f'file://{folder}') as store:
        yield store


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[FileStore]:
    store = file_store.of(url, Path('nowhere'))
    yield store
    await store.close()


def some_file(folder: Path, data: bytes) -> Path:
    path = folder / uuid4().hex
    path.write_bytes(data)
    return path


async def all_of(reading: AsyncGenerator[bytes, None]) -> bytes:
    return b''.join([chunk async for chunk in reading])


async def all_keys(store: FileStore) -> list[str]:
    told = store.keys()
    return sorted([key async for key, _ in told])


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob('*') if path.is_file()]


# What holds for both.


@pytest.mark.parametrize('size', [0, 1, file_store.CHUNK, 2 * file_store.CHUNK + 1, object_store.PART + 1])
async def test_what_was_put_is_read(store: FileStore, tmp_path: Path, size: int) -> None:
    data = random.Random(size).randbytes(size)
    source = some_file(tmp_path, data)
    await store.put(KEY, source)
    assert source.read_bytes() == data
    assert await all_of(store.read(KEY)) == data


@pytest.mark.parametrize(
    ('start', 'length'),
    [(0, 10), (0, 4), (3, None), (5, 2), (9, 1), (9, None), (9, 5), (0, 11), (10, None), (10, 5), (19, None), (19, 2),
     (4, 0), (0, 0), (10, 0)],
)  # fmt: skip
@pytest.mark.parametrize('data', [b'0123456789', b''])
async def test_a_piece_is_read(store: FileStore, tmp_path: Path, data: bytes, start: int, length: int | None) -> None:
    await store.put(KEY, some_file(tmp_path, data))
    assert await all_of(store.read(KEY, start, length)) == data[start:][:length]


async def test_a_piece_of_a_large_file_is_read(store: FileStore, tmp_path: Path) -> None:
    data = random.Random(1).randbytes(3_000_000)
    await store.put(KEY, some_file(tmp_path, data))
    assert await all_of(store.read(KEY, 999_999, 1_500_000)) == data[999_999:2_499_999]


@pytest.mark.parametrize(('start', 'length'), [(0, None), (5, None), (0, 3), (0, 0)])
async def test_what_is_not_there_is_said_before_anything_is_read(
    store: FileStore, start: int, length: int | None
) -> None:
    with pytest.raises(NotFound):
        await anext(store.read(KEY, start, length))


@pytest.mark.parametrize(('start', 'length'), [(-1, None), (0, -1)])
def test_there_is_nothing_before_the_first_byte(store: FileStore, start: int, length: int | None) -> None:
    with pytest.raises(ValueError, match='no bytes before'):
        store.read(KEY, start, length)


async def test_what_is_put_again_takes_the_place(store: FileStore, tmp_path: Path) -> None:
    await store.put(KEY, some_file(tmp_path, b'a longer one'))
    await store.put(KEY, some_file(tmp_path, b'short'))
    assert await all_of(store.read(KEY)) == b'short'


async def test_what_is_deleted_is_gone_and_nothing_else(store: FileStore, tmp_path: Path) -> None:
    other, thumbnail = '1' * 32, f'{KEY}-thumbnail'
    for key in (KEY, thumbnail, other):
        await store.put(key, some_file(tmp_path, key.encode()))
    await store.delete([KEY])
    assert await all_keys(store) == [other, thumbnail]
    assert await all_of(store.read(thumbnail)) == thumbnail.encode()
    with pytest.raises(NotFound):
        await anext(store.read(KEY))
    await store.delete([KEY, thumbnail, '2' * 32])
    await store.delete([])
    assert await all_keys(store) == [other]


async def test_keys_come_with_the_time_they_were_put(store: FileStore, tmp_path: Path) -> None:
    assert await all_keys(store) == []
    before = datetime.now(UTC) - timedelta(seconds=2)  # S3 tells whole seconds
    await store.put(KEY, some_file(tmp_path, b'.'))
    told = store.keys()
    [(key, put_at)] = [each async for each in told]
    assert key == KEY
    assert put_at.utcoffset() == timedelta()
    assert before <= put_at <= datetime.now(UTC) + timedelta(seconds=2)


async def test_all_of_many_keys_are_told_and_deleted(store: FileStore, tmp_path: Path) -> None:
    source = some_file(tmp_path, b'.')
    keys = [f'{number % 256:02x}{number:030x}' for number in range(1100)]
    for start in range(0, len(keys), 50):
        await asyncio.gather(*(store.put(key, source) for key in keys[start : start + 50]))
    assert await all_keys(store) == sorted(keys)
    await store.delete(keys)
    assert await all_keys(store) == []


@pytest.mark.parametrize('key', BAD_KEYS)
async def test_other_keys_are_refused(store: FileStore, tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match='32 hexadecimal'):
        await store.put(key, some_file(tmp_path, b'.'))
    with pytest.raises(ValueError, match='32 hexadecimal'):
        store.read(key)
    await store.put(KEY, some_file(tmp_path, b'.'))
    with pytest.raises(ValueError, match='32 hexadecimal'):
        await store.delete([KEY, key])
    assert await all_keys(store) == [KEY]


async def test_of_those_who_put_the_same_at_once_one_stays_whole(store: FileStore, tmp_path: Path) -> None:
    versions = [bytes([letter]) * 700_000 for letter in b'abcdef']
    await asyncio.gather(*(store.put(KEY, some_file(tmp_path, version)) for version in versions))
    assert await all_of(store.read(KEY)) in versions
    assert await all_keys(store) == [KEY]


async def test_a_file_that_cannot_be_read_is_not_put(store: FileStore, tmp_path: Path) -> None:
    with pytest.raises(StorageFailed):
        await store.put(KEY, tmp_path / 'nothing')
    assert await all_keys(store) == []


async def test_who_stops_reading_harms_nothing(store: FileStore, tmp_path: Path) -> None:
    data = random.Random(2).randbytes(3_000_000)
    await store.put(KEY, some_file(tmp_path, data))
    for _ in range(20):
        reading = store.read(KEY)
        assert data.startswith(await anext(reading))
        await reading.aclose()
    assert await all_of(store.read(KEY)) == data


async def test_whether_anything_can_be_kept_is_told_without_a_trace(store: FileStore) -> None:
    await store.check()
    await store.check()
    assert await all_keys(store) == []


async def test_closing_twice_is_harmless(store: FileStore) -> None:
    await store.close()
    await store.close()


@pytest.mark.slow
def test_a_large_file_is_never_in_memory_as_a_whole(url: str, tmp_path: Path) -> None:
    large, small = some_file(tmp_path, os.urandom(64 * 1024 * 1024)), some_file(tmp_path, b'.')
    command = [sys.executable, '-c', PUT_AND_READ, url, large, small]
    grown = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=PATIENCE).stdout
    assert int(grown) < 48  # MiB


# A folder.


async def test_a_folder_is_for_its_owner_alone(in_folder: FileStore, folder: Path, tmp_path: Path) -> None:
    await in_folder.put(KEY, some_file(tmp_path, b'.'))
    kept = folder / KEY[:2] / KEY
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, kept.parent, kept)] == [0o700, 0o700, 0o600]
    assert files_in(folder) == [kept]


@pytest.mark.parametrize(
    ('number', 'sentence'),
    [(errno.ENOSPC, file_store.NO_ROOM), (errno.EDQUOT, file_store.NO_ROOM), (errno.EIO, file_store.NOT_KEPT)],
)
async def test_a_disk_that_refuses_keeps_nothing(
    in_folder: FileStore, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    await in_folder.check()

    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, 'fsync', refuse)
    with pytest.raises(StorageFailed) as caught:
        await in_folder.put(KEY, some_file(tmp_path, b'.'))
    assert str(caught.value) == sentence
    assert files_in(folder) == []
    with pytest.raises(CannotOpen, match=os.strerror(number)):
        await in_folder.check()
    assert files_in(folder) == []


async def test_what_is_longer_than_the_system_lets_it_be_is_not_kept(
    in_folder: FileStore, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_store, '_linked', lambda *_: False)  # as where it has to be copied
    source = some_file(tmp_path, bytes(3_000_000))
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, usual[1]))
    try:
        with pytest.raises(StorageFailed, match='no room left'):
            await in_folder.put(KEY, source)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert files_in(folder) == []


async def test_a_slow_disk_keeps_nobody_waiting_who_wants_nothing_of_it(
    in_folder: FileStore, folder: Path, tmp_path: Path
) -> None:
    os.mkfifo(slow := tmp_path / 'slow')
    putting = asyncio.create_task(in_folder.put(KEY, slow))
    with writing(slow) as source:
        source.send(b'the first half, ')
        await until(lambda: len(files_in(folder)) == 1)
        async with asyncio.timeout(PATIENCE):
            await in_folder.put('1' * 32, some_file(tmp_path, b'meanwhile'))
        assert await all_keys(in_folder) == ['1' * 32]
        source.send(b'the second')
    await putting
    assert await all_of(in_folder.read(KEY)) == b'the first half, the second'


def test_who_is_killed_while_putting_leaves_no_half(folder: Path, tmp_path: Path) -> None:
    os.mkfifo(slow := tmp_path / 'slow')
    process = subprocess.Popen([sys.executable, '-c', PUT, f'file://{folder}', KEY, slow], cwd=ROOT)
    with writing(slow) as source:
        source.send(b'half' * 300_000)
        asyncio.run(until(lambda: bool(files_in(folder)) and files_in(folder)[0].stat().st_size > 500_000))
        process.send_signal(signal.SIGKILL)
        process.wait()
    [half] = files_in(folder)
    store = FolderStore(folder)
    assert asyncio.run(all_keys(store)) == []
    with pytest.raises(NotFound):
        asyncio.run(anext(store.read(KEY)))
    assert half.exists()
    make_older(half, timedelta(days=1))
    assert asyncio.run(all_keys(store)) == []
    assert files_in(folder) == []


async def test_only_what_a_put_left_behind_is_cleared_away(in_folder: FileStore, folder: Path, tmp_path: Path) -> None:
    await in_folder.put(KEY, some_file(tmp_path, b'.'))
    fresh = folder / 'ab' / f'.{KEY}.{uuid4().hex}'
    others = [folder / 'ab' / name for name in ('.nfs0123', 'notes', '1' * 32)] + [folder / 'README', folder / KEY]
    old = [folder / 'ab' / f'.{KEY}-thumbnail.{uuid4().hex}', folder / f'.check.{uuid4().hex}']
    for path in (fresh, *others, *old):
        path.write_bytes(b'.')
    for path in (*others, *old, folder / 'ab' / KEY):
        make_older(path, timedelta(days=2))
    assert await all_keys(in_folder) == [KEY]
    assert sorted(files_in(folder)) == sorted([fresh, *others, folder / 'ab' / KEY])


async def test_no_file_stays_open(
    in_folder: FileStore, folder: Path, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    await in_folder.put(KEY, some_file(tmp_path, bytes(3_000_000)))
    await all_of(in_folder.read(KEY))
    begun = in_folder.read(KEY)
    await anext(begun)
    await begun.aclose()
    await in_folder.close()
    assert open_files_in(folder) == []
    assert [str(each.message) for each in recwarn if each.category is ResourceWarning] == []


def test_who_was_closed_while_a_thread_came_to_read_opens_nothing(tmp_path: Path) -> None:
    reading = file_store._Reading(some_file(tmp_path, b'data'), 0, None)
    reading.close()
    assert reading.next_chunk() == b''
    assert open_files_in(tmp_path) == []


async def test_one_that_cannot_be_deleted_keeps_no_other(in_folder: FileStore, folder: Path, tmp_path: Path) -> None:
    other = 'ab' + '1' * 30
    await in_folder.put(other, some_file(tmp_path, b'.'))
    (folder / 'ab' / KEY).mkdir()
    with pytest.raises(StorageFailed):
        await in_folder.delete([KEY, other])
    assert files_in(folder) == []


@pytest.mark.parametrize('name', ['files', 'files/deeper'])
async def test_where_no_folder_can_be_is_said_at_the_start(tmp_path: Path, name: str) -> None:
    (tmp_path / 'files').write_bytes(b'.')
    async with opened(f'file://{tmp_path / name}') as store:
        with pytest.raises(CannotOpen, match=f'^Files cannot be kept in {tmp_path / name}: .*\\.$'):
            await store.check()
        with pytest.raises(StorageFailed):
            await store.put(KEY, some_file(tmp_path, b'.'))


async def test_a_closed_folder_takes_nothing(in_folder: FileStore, tmp_path: Path) -> None:
    await in_folder.close()
    with pytest.raises(StorageFailed):
        await in_folder.put(KEY, some_file(tmp_path, b'.'))
    with pytest.raises(StorageFailed):
        await anext(in_folder.read(KEY))


# S3-compatible storage.


@pytest.mark.slow
async def test_who_has_not_the_keys_is_told_so(s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('AWS_SECRET_ACCESS_KEY', 'a-wrong-s3cret')
    async with opened(s3_url) as store:
        with pytest.raises(
            CannotOpen, match='it refuses what AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY say'
        ) as caught:
            await store.check()
        assert not isinstance(caught.value, NotThere)
        await everything_fails(store, tmp_path)


@pytest.mark.parametrize('name', ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
async def test_without_keys_nobody_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv('AWS_ACCESS_KEY_ID', KEY_ID)
    monkeypatch.setenv('AWS_SECRET_ACCESS_KEY', SECRET)
    monkeypatch.delenv(name)
    async with opened('s3://hearth?endpoint=http://127.0.0.1:1') as store:
        with pytest.raises(CannotOpen, match='AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set'):
            await store.check()
        await everything_fails(store, tmp_path)


@pytest.mark.slow
async def test_a_bucket_that_is_missing_is_said_at_the_start(s3: S3Server) -> None:
    async with opened(f's3://nobody?endpoint={s3.endpoint}') as store:
        with pytest.raises(CannotOpen, match=r"in the bucket 'nobody' at .*: there is no such bucket"):
            await store.check()


async def test_a_storage_that_is_away_is_an_error_with_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv('AWS_ACCESS_KEY_ID', KEY_ID)
    monkeypatch.setenv('AWS_SECRET_ACCESS_KEY', SECRET)
    async with opened('s3://hearth/prefix?endpoint=http://127.0.0.1:1') as store:
        with pytest.raises(NotThere, match='it does not answer as it should'):
            await store.check()
        await everything_fails(store, tmp_path)
    assert caplog.text.count('hearth.files') == 4
    assert SECRET not in caplog.text
    assert '\n' not in ''.join(caplog.messages)


@pytest.mark.slow
async def test_a_storage_that_hangs_is_not_waited_for(
    s3: S3Server, s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(s3_url) as patient:
        await patient.put('1' * 32, some_file(tmp_path, b'.'))
        monkeypatch.setattr(object_store, 'ANSWERS_WITHIN', timedelta(seconds=0.5))
        monkeypatch.setattr(object_store, 'TRIES_AGAIN_WITHIN', timedelta(seconds=0.1))
        s3.freeze()
        try:
            async with opened(s3_url) as store, asyncio.timeout(PATIENCE):
                await everything_fails(store, tmp_path)
                with pytest.raises(NotThere):
                    await store.check()
        finally:
            s3.thaw()
        await patient.check()
        assert await all_of(patient.read('1' * 32)) == b'.'


@pytest.mark.slow
async def test_who_reads_slowly_is_not_cut_off(s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_store, 'ANSWERS_WITHIN', timedelta(seconds=1))
    data = random.Random(3).randbytes(20_000_000)  # more than what lies between the two holds
    async with opened(s3_url) as store:
        await store.put(KEY, some_file(tmp_path, data))
        reading = store.read(KEY)
        read = [await anext(reading)]
        for _ in range(3):
            await asyncio.sleep(1.2)
            read.append(await anext(reading))
        assert b''.join([*read, await all_of(reading)]) == data


@pytest.mark.slow
async def test_what_is_cut_off_on_its_way_leaves_no_half(s3: S3Server, s3_url: str, tmp_path: Path) -> None:
    source = some_file(tmp_path, os.urandom(2 * object_store.PART + 1))
    async with cutting(s3, after=3_000_000) as proxy, opened(s3_url.replace(s3.endpoint, proxy.endpoint)) as store:
        with pytest.raises(StorageFailed):
            await store.put(KEY, source)
    async with opened(s3_url) as store:
        assert await all_keys(store) == []


@pytest.mark.slow
@pytest.mark.parametrize('size', [object_store.PART - 1, 2 * object_store.PART + 1])
async def test_who_is_killed_while_sending_leaves_no_half(s3: S3Server, s3_url: str, tmp_path: Path, size: int) -> None:
    source = some_file(tmp_path, os.urandom(size))
    async with cutting(s3, after=3_000_000, hangs=True) as proxy:
        command = [sys.executable, '-c', PUT, s3_url.replace(s3.endpoint, proxy.endpoint), KEY, source]
        process = subprocess.Popen(command, cwd=ROOT)  # noqa: ASYNC220 - it starts in a moment
        async with asyncio.timeout(PATIENCE):
            await proxy.has_cut.wait()
        process.send_signal(signal.SIGKILL)
        process.wait()
    async with opened(s3_url) as store:
        assert await all_keys(store) == []
        with pytest.raises(NotFound):
            await anext(store.read(KEY))


@pytest.mark.slow
def test_a_process_can_end_right_after(s3_url: str, tmp_path: Path) -> None:
    command = [sys.executable, '-c', PUT, s3_url, KEY, some_file(tmp_path, b'.')]
    processes = [subprocess.Popen(command, cwd=ROOT) for _ in range(12)]
    assert [process.wait(PATIENCE) for process in processes] == [0] * len(processes)


@pytest.mark.slow
async def test_stores_in_one_bucket_do_not_see_each_other(s3: S3Server, s3_url: str, tmp_path: Path) -> None:
    async with opened(s3_url) as here, opened(s3_url.replace('?', '/deeper?')) as there:
        await here.put(KEY, some_file(tmp_path, b'here'))
        await there.put('1' * 32, some_file(tmp_path, b'there'))
        assert (await all_keys(here), await all_keys(there)) == ([KEY], ['1' * 32])


# Addresses.


@pytest.mark.parametrize(
    ('url', 'place'),
    [
        ('file:///srv/hearth', Path('/srv/hearth')),
        ('file:///srv/with%20a%20space/ü@home/', Path('/srv/with a space/ü@home')),
        ('file://localhost/srv', Path('/srv')),
        ('s3://bucket', Bucket('bucket')),
        ('s3://my.bucket/', Bucket('my.bucket')),
        ('s3://bucket/a/b.c_d-e/', Bucket('bucket', 'a/b.c_d-e')),
        ('s3://bucket?region=eu-west-1', Bucket('bucket', region='eu-west-1')),
        ('s3://bucket/x?endpoint=http://[::1]:9000', Bucket('bucket', 'x', 'http://[::1]:9000')),
        (
            's3://bucket?region=any&endpoint=https%3A%2F%2Fs3.example.org%2Fstorage%2Fs3',
            Bucket('bucket', None, 'https://s3.example.org/storage/s3', 'any'),
        ),
    ],
)
def test_a_place_is_found_by_its_address(url: str, place: Path | Bucket) -> None:
    assert file_store.place_of(url) == place


@pytest.mark.parametrize(
    'url',
    [
        '', 'uploads', '/srv/hearth', 'file:', 'file://', 'file:///', 'file://host/srv', 'file:///srv?a=b', 'file:///a%00',
        'file:///a\n', 'http://bucket', 's3:', 's3://', 's3://B', 's3://ab', 's3://Bucket', 's3://bucket:80',
        's3://bucket/../x', 's3://bucket/a//b', 's3://bucket/.a', 's3://bucket/a b', 's3://bucket/ü', 's3://bucket#a',
        's3://bucket?endpoint', 's3://bucket?endpoint=', 's3://bucket?endpoint=host:9000',
        's3://bucket?endpoint=ftp://host', 's3://bucket?endpoint=http://host:0', 's3://bucket?endpoint=http://host:65536',
        's3://bucket?endpoint=http://host/../x', 's3://bucket?endpoint=http://host?a=b', 's3://bucket?region=',
        's3://bucket?region=a&region=b', 's3://bucket?secret=s3cret', 's3://[::1', 's3://[bucket]',
    ],
)  # fmt: skip
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r'^it must be like') as caught:
        file_store.of(url, Path('data'))
    assert 's3cret' not in str(caught.value)


@pytest.mark.parametrize(
    'url',
    [
        's3://key:s3cret@bucket', 's3://s3cret@bucket/x', 's3://bucket?endpoint=http://key:s3cret@host:9000',
        's3://bucket?endpoint=http://key:s3cret%40host',
    ],
)  # fmt: skip
def test_an_address_with_a_password_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match=r'^it must hold no user or password') as caught:
        file_store.of(url, Path('data'))
    assert 's3cret' not in str(caught.value)


async def test_without_an_address_files_are_in_the_data_folder(tmp_path: Path) -> None:
    store = file_store.of(None, tmp_path)
    assert files_in(tmp_path) == []
    await store.put(KEY, some_file(tmp_path, b'.'))
    await store.close()
    assert (tmp_path / 'uploads' / 'ab' / KEY).read_bytes() == b'.'


def test_the_client_of_s3_is_loaded_only_where_it_is_needed() -> None:
    program = (
        'import sys; from pathlib import Path; from chat import file_store; from chat.settings import Settings;'
        'file_store.of(None, Path()); assert "obstore" not in sys.modules;'
        'file_store.of("s3://bucket", Path()); assert "obstore" in sys.modules'
    )
    subprocess.run([sys.executable, '-c', program], cwd=ROOT, check=True)


# What the tests are made of.


async def everything_fails(store: FileStore, folder: Path) -> None:
    with pytest.raises(StorageFailed) as caught:
        await store.put(KEY, some_file(folder, b'.'))
    assert str(caught.value) == file_store.NOT_KEPT
    assert caught.value.__cause__ is not None
    with pytest.raises(StorageFailed, match='cannot read'):
        await anext(store.read(KEY))
    with pytest.raises(StorageFailed, match='could not delete'):
        await store.delete([KEY])
    with pytest.raises(StorageFailed, match='cannot tell'):
        await anext(store.keys())


def open_files_in(folder: Path) -> list[str]:
    held = [os.path.realpath(each) for each in Path('/proc/self/fd').iterdir()]
    return [path for path in held if path.startswith(str(folder))]


async def until(is_so: object) -> None:
    assert callable(is_so)
    async with asyncio.timeout(PATIENCE):
        while not is_so():
            await asyncio.sleep(0.01)


def make_older(path: Path, age: timedelta) -> None:
    then = time.time() - age.total_seconds() - 1
    os.utime(path, (then, then))


class _Pipe:
    """The end of a pipe that somebody writes into, without waiting for who reads."""

    def __init__(self, path: Path) -> None:
        self._number = os.open(path, os.O_RDWR)  # which waits for nobody

    def send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._number, data) :]

    def close(self) -> None:
        os.close(self._number)


@contextmanager
def writing(path: Path) -> Iterator[_Pipe]:
    pipe = _Pipe(path)
    try:
        yield pipe
    finally:
        pipe.close()


class _Proxy:
    """Passes on what is sent to a server, and nothing more after so many bytes."""

    def __init__(self, server: S3Server, after: int, *, hangs: bool) -> None:
        self._server = server
        self._left = after
        self._hangs = hangs
        self.has_cut = asyncio.Event()
        self.endpoint = ''

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection('127.0.0.1', int(self._server.endpoint.rpartition(':')[2]))
        back = asyncio.create_task(self._pass_on(there[0], writer))
        try:
            while data := await reader.read(65536):
                self._left -= len(data)
                if self._left < 0:
                    self.has_cut.set()
                    if self._hangs:
                        await asyncio.sleep(PATIENCE)
                    break
                there[1].write(data)
                await there[1].drain()
        finally:
            back.cancel()
            there[1].close()
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def cutting(server: S3Server, after: int, *, hangs: bool = False) -> AsyncIterator[_Proxy]:
    proxy = _Proxy(server, after, hangs=hangs)
    listener = await asyncio.start_server(proxy.serve, '127.0.0.1', 0)
    proxy.endpoint = f'http://127.0.0.1:{listener.sockets[0].getsockname()[1]}'
    try:
        yield proxy
    finally:
        listener.close()
