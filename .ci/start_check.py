"""Checks that a start command starts the server, and that Ctrl+C stops it cleanly.

``python .ci/start_check.py FOLDER COMMAND`` runs the command in the folder, which is a fresh copy of the project.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import IO, NoReturn

HOST = '127.0.0.1'
START_TIMEOUT = 120.0  # seconds until /healthz answers, installing included
STOP_TIMEOUT = 10.0  # seconds from Ctrl+C to the end
POLL = 0.5  # seconds
ENDED_BY_CTRL_C = (0, 130, -signal.SIGINT)  # cleanly; as a shell says it; as a shell that died of it says it


def main(folder: str, command: str) -> None:
    """Start, look, stop; any surprise ends the program with a sentence and what the server wrote."""
    port = free_port()
    with tempfile.TemporaryFile() as output, running(folder, command, port, output) as process:
        seconds = wait_until_healthy(process, port, output)
        started = monotonic()
        os.killpg(process.pid, signal.SIGINT)  # a terminal sends Ctrl+C to the whole group as well
        try:
            status = process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            fail(f'The server still runs {STOP_TIMEOUT:g} s after Ctrl+C.', output)
        if status not in ENDED_BY_CTRL_C:
            fail(f'The server ended with status {status} after Ctrl+C.', output)
        if 'Traceback' in read(output):
            fail('The server wrote a traceback.', output)
        stopped = monotonic() - started
    sys.stdout.write(f'Healthy after {seconds:.0f} s, ended {stopped:.1f} s after Ctrl+C with status {status}.\n')


@contextmanager
def running(folder: str, command: str, port: int, output: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command in a process group of its own; nothing of it is left afterwards."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script in the background hands down that it is ignored
    process = subprocess.Popen(  # noqa: S603 - the command is the README's own
        ['/bin/bash', '-c', command],
        cwd=folder,
        env=os.environ | {'HEARTH_PORT': str(port)},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until_healthy(process: subprocess.Popen[bytes], port: int, output: IO[bytes]) -> float:
    """Return after how many seconds the server said that it is well."""
    started = monotonic()
    while health_status(port) != http.client.OK:
        if process.poll() is not None:
            fail(f'The server ended with status {process.returncode} before it was healthy.', output)
        if monotonic() > started + START_TIMEOUT:
            fail(f'The server was not healthy within {START_TIMEOUT:g} s.', output)
        sleep(POLL)
    return monotonic() - started


def health_status(port: int) -> int | None:
    """Ask how the server is; None if nobody answers."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request('GET', '/healthz')
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def free_port() -> int:
    """Return a port that nobody uses at the moment."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def read(output: IO[bytes]) -> str:
    """Return all that the server wrote."""
    output.seek(0)
    return output.read().decode(errors='replace')


def fail(sentence: str, output: IO[bytes]) -> NoReturn:
    """End with the sentence; what the server wrote goes before it."""
    sys.exit(f'{read(output)}\n{sentence}')


if __name__ == '__main__':
    main(*sys.argv[1:])
