"""Servers in processes of their own, and what they use."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).parents[1]
MOST_LOG = 20_000  # characters of a server's log that are shown when something went wrong
PEERS = {
    'flask': ('flask_room', 'threading'),  # the packages of the original room
    'flask-gevent': ('flask_room', 'gevent'),
    'nicegui': ('nicegui_chat',),
    'bare': ('bare_broadcast',),
}


class Server(NamedTuple):
    """A server that answers."""

    kind: str
    port: int
    process: psutil.Process

    @property
    def site(self) -> str:
        return f'http://127.0.0.1:{self.port}'

    def cpu(self) -> float:
        """Return the CPU time it has used, in seconds."""
        times = self.process.cpu_times()
        return times.user + times.system

    def memory(self) -> int:
        """Return the memory that is its own, in bytes."""
        return self.process.memory_full_info().uss


@contextmanager
def serve(kind: str, data: Path | None = None, *arguments: str, **settings: str) -> Iterator[Server]:
    """Run Hearth or one of PEERS, with ``arguments``; Hearth without ``data`` begins with none.

    ``settings`` are variables of the environment.
    """
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        if kind == 'hearth':
            command = ['main.py', '--host', '127.0.0.1', '--port', str(port), '--data', str(data or folder)]
        else:
            module, *options = PEERS[kind]
            command = ['-m', f'benchmarks.peers.{module}', str(port), *options, *arguments]
        environment = {**os.environ, 'HEARTH_RATE_LIMITS': 'off', **settings}
        with Path(folder, 'log').open('wb') as log:
            process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            _wait(port, process, Path(folder, 'log'))
            yield Server(kind, port, psutil.Process(process.pid))
        except BaseException:
            sys.stderr.write(Path(folder, 'log').read_text(encoding='utf-8', errors='replace')[-MOST_LOG:])
            raise
        finally:
            process.terminate()
            process.wait()


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    while process.poll() is None:
        try:
            urllib.request.urlopen(f'http://127.0.0.1:{port}/healthz', timeout=1)
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(log.read_text(encoding='utf-8', errors='replace'))
