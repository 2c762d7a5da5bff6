"""A real server in a process of its own."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests import warm

ROOT = Path(__file__).parents[1]
PATIENCE = 60  # s for a server to start


class Server:
    """Hearth in a process of its own, which can be killed and started again."""

    def __init__(
        self,
        data: Path,
        command: Sequence[str] = ('main.py',),
        host: str = '127.0.0.1',
        port: int | None = None,
        **settings: str,
    ) -> None:
        self.data = data
        self.host = host
        self.port = port or free_port()
        self.site = f'http://{self.host}:{self.port}'
        self._command = command
        self._settings = settings
        self._process: subprocess.Popen[bytes] | warm.WarmProcess | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = warm.start(self._command, self.environment())
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

    def environment(self) -> dict[str, str]:
        """Return the variables that it runs with, and that commands beside it need."""
        own = {
            'HEARTH_DATA': str(self.data),
            'HEARTH_PORT': str(self.port),
            'HEARTH_HOST': self.host,
            'HEARTH_RATE_LIMITS': 'off',
            **self._settings,
        }
        # What makes NiceGUI behave as in a test must not reach a real server.
        outside = {key: value for key, value in os.environ.items() if not key.startswith(('PYTEST', 'NICEGUI'))}
        return {**outside, **own}

    @property
    def is_running(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.poll() is None

    def tell_to_stop(self) -> None:
        """Ask it to end, and wait for nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    def wait_for_end(self) -> int:
        """Wait until it has ended; return its status."""
        assert self._process is not None
        return self._process.wait(PATIENCE)

    def stop(self) -> None:
        """Ask it to end and wait until it has."""
        self.tell_to_stop()
        self.wait_for_end()

    def kill(self) -> None:
        """End it as a crash does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


def free_port(host: str = '127.0.0.1') -> int:
    """Return a port that nobody uses at the moment."""
    with socket.socket() as listener:
        listener.bind((host, 0))
        port: int = listener.getsockname()[1]
        return port
