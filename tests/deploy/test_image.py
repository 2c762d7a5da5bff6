"""The image: what it is made of, and its steps, played in a folder where no Docker is."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import httpx
import pytest

from tests.deploy.images import DOCKERFILE, ROOT, Player, files_of, is_let_through, patterns_of, read
from tests.servers import free_port

PATIENCE = 60  # s
INSTRUCTIONS = read(DOCKERFILE.read_text())


def said(name: str) -> list[str]:
    """Return what all instructions of a name say."""
    return [each.text for each in INSTRUCTIONS if each.name == name]


def test_it_is_slim_and_runs_as_nobody_in_particular() -> None:
    assert said('FROM')[-1] == 'python:${PYTHON}-slim'
    assert said('ARG') == ['PYTHON=3.13']
    (user,) = said('USER')
    uid, gid = map(int, user.split(':'))
    assert uid >= 10_000
    assert gid >= 10_000


def test_nothing_but_what_runs_gets_into_it() -> None:
    patterns = patterns_of((ROOT / '.dockerignore').read_text())
    for path in (
        'main.py',
        'chat/__init__.py',
        'pages/theme.css',
        'chat/storage/migrations/script.py.mako',
        'web/x.py',
    ):
        assert is_let_through(PurePosixPath(path), patterns), path
    for path in (
        '.env',
        'deploy/.env',
        '.git/config',
        'data/hearth.sqlite',
        'tests/servers.py',
        'chat/__pycache__/x.pyc',
    ):
        assert not is_let_through(PurePosixPath(path), patterns), path


def test_reads_what_goes_on_in_the_next_line_and_leaves_comments_out() -> None:
    assert read('# a\nENV A=1 \\\n    B=2\n# b\nCMD ["x"]') == [('ENV', 'A=1 B=2'), ('CMD', '["x"]')]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that everybody may look into; those of pytest are its user's alone."""
    path = Path(tempfile.mkdtemp(prefix='hearth-image-'))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.mark.slow
def test_its_steps_make_a_server_that_writes_nothing_but_its_data(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip('platform: only root can give the data to the user that the image runs as')
    image = Player(folder)
    image.play(INSTRUCTIONS)
    assert image.base == 'python:3.13-slim'
    assert image.volumes == ['/data']
    assert image.ports == [image.environment['HEARTH_PORT']]
    assert image.health is not None
    data = image.root / 'data'
    assert (data.stat().st_uid, data.stat().st_gid, data.stat().st_mode & 0o777) == (10_001, 10_001, 0o700)
    assert not (image.root / 'app' / 'tests').exists()
    for each in ('app', 'venv'):
        subprocess.run(['chmod', '-R', 'a-w', str(image.root / each)], check=True)
    before = files_of(image.root / 'app') | files_of(image.root / 'venv')
    port = str(free_port())
    environment = image.ready_environment | {'HEARTH_PORT': port, 'HEARTH_HOST': '127.0.0.1'}
    with (folder / 'log').open('w+') as log:
        process = subprocess.Popen(
            image.run_command(image.command), cwd=image.work, env=environment, stdout=log, stderr=log
        )
        try:
            health = image.run_command(image.health.command)
            deadline = time.monotonic() + PATIENCE
            while is_unwell(health, environment, image):
                assert process.poll() is None, (folder / 'log').read_text()
                assert time.monotonic() < deadline
                time.sleep(0.5)
            use(f'http://127.0.0.1:{port}')
            process.send_signal(signal.Signals[image.stop_signal])
            assert process.wait(PATIENCE) in (0, -signal.SIGTERM)  # as the first process of a container, and elsewhere
        finally:
            process.kill()
            process.wait()
        written = (folder / 'log').read_text()
    assert 'Traceback' not in written
    assert is_unwell(health, environment, image)
    assert (data / 'hearth.sqlite').exists()
    assert files_of(image.root / 'app') | files_of(image.root / 'venv') == before
    assert files_of(image.root / 'tmp') == {}


def is_unwell(health: list[str], environment: dict[str, str], image: Player) -> bool:
    """Ask for the health as Docker does."""
    assert image.health is not None
    asked = subprocess.run(
        health, cwd=image.work, env=environment, capture_output=True, timeout=image.health.timeout + 5, check=False
    )
    return asked.returncode != 0


def use(site: str) -> None:
    """Join, talk and look at a page, so that whatever would be written has been."""
    with httpx.Client(base_url=site) as http:
        token = http.post('/api/v1/sessions', json={'name': 'Ada'}).json()['token']
        headers = {'Authorization': f'Bearer {token}'}
        said = http.post('/api/v1/rooms/lobby/messages', json={'body': '```py\nhi\n```'}, headers=headers)
        assert said.status_code == 201
        assert http.get('/rooms/lobby').status_code == 200
        assert http.get('/readyz').status_code == 200
