"""A process that has read all of Hearth's code, and becomes a server or a command of it at once, as often as asked.

Reading the code takes longer than what follows, and tests start hundreds of them. What is asked for comes as lines of
JSON on stdin, and each is answered by one: ``start`` by a process id, ``poll`` by how that process ended.
"""

import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOOK_EVERY = 0.02  # s
PATIENCE = 300  # s for a command to end, on a busy machine

_one_at_a_time = threading.Lock()


class WarmProcess:
    """What a warm process became; it can do what tests ask of a ``Popen``."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], said: Sequence[str]) -> None:
        what = {'arguments': list(arguments), 'environment': dict(environment), 'said': said}
        self.pid: int = _ask(do='start', **what)
        self._status: int | None = None

    def poll(self) -> int | None:
        """Return how it ended, None while it runs: a signal as a negative number."""
        if self._status is None:
            self._status = _ask(do='poll', pid=self.pid)
        return self._status

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it is there."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait(self, timeout: float = 60) -> int:
        """Wait until it has ended and return how; raises TimeoutExpired."""
        deadline = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired('a warm process', timeout)
            time.sleep(LOOK_EVERY)
        return status


def start(
    arguments: Sequence[str], environment: Mapping[str, str], output: Path | None = None, errors: Path | None = None
) -> 'subprocess.Popen[bytes] | WarmProcess':
    """Start Python with these arguments.

    What it prints goes to the ends of these files; of errors to that of the output if they have none of their own.
    """
    if arguments[0] == '-c' or sys.platform != 'linux':  # elsewhere processes cannot be doubled safely
        out, err = (None if each is None else each.open('ab') for each in (output, errors or output))
        return subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment, stdout=out, stderr=err)
    kept = f'/proc/{os.getpid()}/fd/2'  # where pytest keeps what this test says
    return WarmProcess(arguments, environment, [str(output or kept), str(errors or output or kept)])


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run Python with these arguments to its end; returns how it ended, what it printed and the errors it printed."""
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / 'output', Path(folder) / 'errors'
        for each in said:
            each.touch()
        process = start(arguments, environment, *said)
        try:
            status = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            raise AssertionError(f'{arguments} did not end: {[each.read_text() for each in said]}') from None
        output, errors = (each.read_text(encoding='utf-8') for each in said)
        return status, output, errors


@cache
def _warm() -> 'subprocess.Popen[str]':
    clean = {key: value for key, value in os.environ.items() if not key.startswith(('PYTEST', 'NICEGUI', 'HEARTH'))}
    clean['PYTHONPATH'] = str(ROOT)
    command = [sys.executable, str(Path(__file__))]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=clean)


def _ask(**what: object) -> Any:
    with _one_at_a_time:  # several servers are started at once, by threads
        process = _warm()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(what) + '\n')
        process.stdin.flush()
        return json.loads(process.stdout.readline())


def _become(arguments: list[str], environment: dict[str, str], said: list[str]) -> None:
    """Go on as if Python had been started with these arguments."""
    os.setsid()
    os.dup2(2, 1)  # never into the answers
    for number, path in enumerate(said, 1):
        with suppress(OSError):  # what pytest keeps it in may be a socket, which nobody else can open
            os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = arguments
    status = 0
    try:
        if arguments[0] == '-m':
            sys.argv = arguments[1:]
            runpy.run_module(arguments[1], run_name='__main__', alter_sys=True)
        else:
            runpy.run_path(arguments[0], run_name='__main__')
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _answer(line: str) -> int | None:
    what = json.loads(line)
    if what['do'] == 'poll':
        pid, status = os.waitpid(what['pid'], os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None
    pid = os.fork()
    if pid == 0:
        _become(what['arguments'], what['environment'], what['said'])
    return pid


def _read_code() -> None:
    """Load whatever every server loads, and have the garbage collector look at it once and for all."""
    for module in ('main', 'uvicorn.lifespan.on', 'uvicorn.loops.auto', 'httptools', 'wsproto'):
        __import__(module)
    devices, storage = sys.modules['pages.devices'], sys.modules['chat.storage']
    devices.prepare()
    with tempfile.TemporaryDirectory() as folder:  # reads the migrations
        opened = storage.Storage(Path(folder))
        opened.open()
        opened.close()
    gc.collect()
    gc.freeze()


def main() -> None:
    """Read the code, then answer until nobody asks any more."""
    _read_code()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_answer(line)) + '\n')
        sys.stdout.flush()


if __name__ == '__main__':
    main()
