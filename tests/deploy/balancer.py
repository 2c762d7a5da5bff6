"""Real Hearth servers behind a real HAProxy, which runs by the configuration that is deployed."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
import yaml

from tests.servers import Server, free_port

DEPLOY = Path(__file__).parents[2] / 'deploy'
CONFIGURATION = DEPLOY / 'haproxy.cfg'
NAME = 'hearth'  # that all servers go by
PATIENCE = 30  # s
COOKIE = 'hearth_server'
A_RECORD = b'\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x01\x00\x04'  # of the name in the question; good for a second


class Names:
    """A name server that knows one name, as Docker's knows a service by the addresses of its containers."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self.addresses = list(addresses)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(('127.0.0.1', 0))
        self.address = f'127.0.0.1:{self._socket.getsockname()[1]}'
        threading.Thread(target=self._answer, name='names', daemon=True).start()

    def _answer(self) -> None:
        while True:
            try:
                asked, whom = self._socket.recvfrom(4096)
                end = asked.index(b'\0', 12) + 5
                is_a = asked[end - 4 : end - 2] == b'\0\x01'
                found = self.addresses if is_a else []
                answers = b''.join(A_RECORD + socket.inet_aton(each) for each in found)
                head = asked[:2] + b'\x85\x80\0\x01' + len(found).to_bytes(2, 'big') + bytes(4)
                self._socket.sendto(head + asked[12:end] + answers, whom)
            except OSError:
                return

    def close(self) -> None:
        """Answer no more."""
        self._socket.close()


class Balancer:
    """HAProxy in front of whoever listens at one port of some addresses of this machine."""

    def __init__(self, folder: Path, hosts: Sequence[str], port: int, certificate: Path | None = None) -> None:
        self.names = Names(hosts)
        self.http_port, self.https_port, self.status_port = free_port(), free_port(), free_port()
        self.site = f'http://127.0.0.1:{self.http_port}'
        self.secure_site = f'https://127.0.0.1:{self.https_port}'
        self.log = folder / 'haproxy.log'
        self.environment = {
            'HEARTH_DNS': self.names.address,
            'HEARTH_SERVERS': f'{NAME}:{port}',
            'HEARTH_HTTP': f'127.0.0.1:{self.http_port}',
            'HEARTH_HTTPS': f'127.0.0.1:{self.https_port}',
            'HEARTH_CERTIFICATE': str(certificate or ''),
            'HEARTH_STATUS': f'127.0.0.1:{self.status_port}',
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it sends people to everybody who listens."""
        with self.log.open('wb') as log:
            self._process = subprocess.Popen(
                [haproxy(), '-db', '-f', str(CONFIGURATION)],
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
            )
        self.wait_until_ready(len(self.names.addresses))

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self.names.close()

    def ready(self) -> int:
        """Return to how many servers it sends people."""
        numbers = httpx.get(f'http://127.0.0.1:{self.status_port}/metrics').text.splitlines()
        line = next(each for each in numbers if each.startswith('haproxy_backend_active_servers{proxy="hearth"}'))
        return int(line.split()[-1])

    def wait_until_ready(self, servers: int) -> None:
        """Wait until it sends people to so many servers."""
        began = time.monotonic()
        while time.monotonic() < began + PATIENCE:
            assert self._process is not None
            assert self._process.poll() is None, self.log.read_text()
            try:
                if self.ready() == servers:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f'not {servers} servers are ready\n{self.log.read_text()}')


class Cluster(Balancer):
    """Some servers and the balancer in front of them.

    With the URLs of a database and of Redis they serve one chat; without, each has a data folder and a chat of its own.
    """

    def __init__(
        self,
        folder: Path,
        servers: int = 2,
        database_url: str | None = None,
        redis_url: str | None = None,
        certificate: Path | None = None,
        **settings: str,
    ) -> None:
        port = free_port('0.0.0.0')  # noqa: S104 - free on each address of this machine
        shared = {'HEARTH_DATABASE_URL': database_url, 'HEARTH_REDIS_URL': redis_url}
        settings = {'FORWARDED_ALLOW_IPS': trusted_by_servers(), **settings}
        settings |= {name: url for name, url in shared.items() if url}
        command = ('main.py',) if redis_url else ('-m', 'tests.deploy.one_of_several')
        self.servers = [
            Server(
                folder / ('data' if database_url else f'data-{number}'),
                command=command,
                host=f'127.0.0.{number + 2}',
                port=port,
                **settings,
            )
            for number in range(servers)
        ]
        super().__init__(folder, [server.host for server in self.servers], port, certificate)

    def start(self) -> None:
        """Start the servers, then the balancer."""
        for server in self.servers:
            server.start()
        super().start()

    def stop(self) -> None:
        """End everything."""
        for server in self.servers:
            server.kill()
        super().stop()

    def server_of(self, place: str) -> Server:
        """Return the server that a balancer's cookie leads to: the one that is asked when somebody comes with it."""
        before = [asked(server) for server in self.servers]
        site = self.secure_site if self.environment['HEARTH_CERTIFICATE'] else self.site
        httpx.get(f'{site}/healthz', headers={'Cookie': f'{COOKIE}={place}'}, verify=False)  # noqa: S501 - our own
        after = [asked(server) for server in self.servers]
        (found,) = (each for each, b, a in zip(self.servers, before, after, strict=True) if b != a)
        return found


def asked(server: Server) -> str | None:
    """Return how often a server was asked whether it is alive; None if it is not."""
    try:
        lines = httpx.get(f'{server.site}/metrics').text.splitlines()
    except httpx.TransportError:
        return None
    return next((line for line in lines if line.startswith('hearth_http_requests_total') and '/healthz' in line), '')


def haproxy() -> str:
    """Return the program; skips where there is none, which CI does not allow."""
    found = shutil.which('haproxy', path=f'{os.environ.get("PATH", "")}:/usr/sbin:/usr/local/sbin')
    if found is None:
        pytest.skip('haproxy is not installed')
    return found


def certificate(folder: Path) -> Path:
    """Make a certificate that nobody has signed; return the file of it and its key."""
    key, signed, both = (folder / name for name in ('key.pem', 'certificate.pem', 'both.pem'))
    kind = [
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
    ]
    subprocess.run(
        ['openssl', 'req', '-x509', *kind, '-keyout', str(key), '-out', str(signed)], capture_output=True, check=True
    )
    both.write_text(signed.read_text() + key.read_text())
    return both


def trusted_by_servers() -> str:
    """Return whose X-Forwarded-For the servers of compose.yaml believe."""
    services = yaml.safe_load((DEPLOY / 'compose.yaml').read_text())['services']
    trusted: str = services['hearth']['environment']['FORWARDED_ALLOW_IPS']
    return trusted
