"""Why a file is flushed in portions while it comes: how long a small write takes beside it on the same disk.

    python -m benchmarks.flushing [--rounds 6] [--seconds 8] [--folder FOLDER]

Eight KiB at a time are written over in a file and flushed, as a message is, in three ways that take turns: while
nothing else happens; while a process writes one file of 25 MB after the other in portions of 256 KiB, 25 MB a second,
and flushes each file at its end; and while it flushes each portion. Linux only.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Process
from pathlib import Path

from benchmarks.latencies import percentile

WAYS = ('quiet', 'at the end', 'in portions')
MESSAGE, JOURNAL = 8 * 1024, 4 * 1024 * 1024  # bytes
PORTION, PORTIONS = 256 * 1024, 100  # bytes, and so many in a file
A_SECOND = 25 * 1024 * 1024  # bytes
REST = 0.015  # s between messages
MEEK = 19


def main() -> None:
    """Let the ways take turns and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rounds', type=int, default=6)
    parser.add_argument('--seconds', type=float, default=8)
    parser.add_argument('--folder', type=Path, default=Path(tempfile.gettempdir()), help='where the disk is')
    options = parser.parse_args()
    found: dict[str, list[list[float]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        for _ in range(options.rounds):
            for way in random.sample(WAYS, len(WAYS)):
                with files_coming(Path(name) / 'file', way):
                    found[way].append(write_messages(Path(name) / 'journal', options.seconds))
    for way, rounds in found.items():
        p50, p99 = (statistics.median(percentile(each, part) for each in rounds) for part in (0.5, 0.99))
        print(f'{way:12} p50 {p50:6.2f} ms   p99 {p99:6.2f} ms   (medians of {options.rounds} rounds)')


@contextmanager
def files_coming(path: Path, way: str) -> Iterator[None]:
    """Let a process write large files meanwhile, unless it is to be quiet."""
    if way == 'quiet':
        yield
        return
    writer = Process(target=write_files, args=(path, way == 'in portions'), daemon=True)
    writer.start()
    time.sleep(1)  # until the first is on its way
    try:
        yield
        if not writer.is_alive():
            raise SystemExit('Nothing was written meanwhile: there may be no room left for files.')
    finally:
        writer.terminate()
        writer.join()
        path.unlink(missing_ok=True)
        os.sync()  # or the next way would run beside what is left of this


def write_files(path: Path, in_portions: bool) -> None:
    """Write and flush one file after the other, for ever."""
    os.nice(MEEK)
    data = os.urandom(PORTION)
    while True:
        with suppress(FileNotFoundError):
            path.unlink()
        begin = time.perf_counter()
        with path.open('wb', buffering=0) as file:
            for number in range(1, PORTIONS + 1):
                file.write(data)
                if in_portions or number == PORTIONS:
                    os.fsync(file.fileno())
                time.sleep(max(0.0, begin + number * PORTION / A_SECOND - time.perf_counter()))


def write_messages(path: Path, seconds: float) -> list[float]:
    """Write and flush for some seconds, and return in ms how long each took."""
    if not path.exists():
        path.write_bytes(bytes(JOURNAL))
    latencies, end = [], time.perf_counter() + seconds
    with path.open('r+b', buffering=0) as file:
        os.fsync(file.fileno())
        while (begin := time.perf_counter()) < end:
            file.seek(len(latencies) * MESSAGE % JOURNAL)
            file.write(os.urandom(MESSAGE))
            os.fdatasync(file.fileno())
            latencies.append((time.perf_counter() - begin) * 1000)
            time.sleep(REST)
    return latencies


if __name__ == '__main__':
    main()
