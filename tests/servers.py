"""A real server in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATIENCE = 60  # s for a server to start


class Server:
    """Hearth in a process of its own, which can be killed and started again."""

    def __init__(self, data: Path, command: Sequence[str] = ('main.py',), **settings: str) -> None:
        self.data = data
        self._command = command
        self._settings = settings
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            self.port = free.getsockname()[1]
        self.site = f'http://127.0.0.1:{self.port}'
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        own = {
            'HEARTH_DATA': str(self.data),
            'HEARTH_PORT': str(self.port),
            'HEARTH_HOST': '127.0.0.1',
            'HEARTH_RATE_LIMITS': 'off',
            **self._settings,
        }
        # What makes NiceGUI behave as in a test must not reach a real server.
        outside = {key: value for key, value in os.environ.items() if not key.startswith(('PYTEST', 'NICEGUI'))}
        self._process = subprocess.Popen([sys.executable, *self._command], cwd=ROOT, env={**outside, **own})
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f'{self.site}/healthz', timeout=1)  # noqa: S310
            except OSError:
                assert self._process.poll() is None, 'the server ended'
                time.sleep(0.1)
            else:
                return
        raise AssertionError('the server did not start')

    def stop(self) -> None:
        """Ask it to end and wait until it has."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)

    def kill(self) -> None:
        """End it as a crash does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
