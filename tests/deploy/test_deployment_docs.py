"""What docs/deployment.md tells people to type, as far as it can be typed here."""

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.deploy.balancer import DEPLOY
from tests.servers import Server

TEXT = (DEPLOY.parent / 'docs' / 'deployment.md').read_text()


def block(mark: str) -> str:
    """Return the command that follows a mark."""
    found = re.search(rf'<!-- {mark} -->\n```sh\n(.*?)```', TEXT, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.slow
def test_the_backup_of_a_running_server_has_all_that_was_said_and_can_be_started(tmp_path: Path) -> None:
    server, restored = Server(tmp_path / 'data'), Server(tmp_path / 'restored')
    restored.data.mkdir()
    command = block('backup').replace('sudo python3', sys.executable)
    command = command.replace('/var/lib/hearth', str(server.data)).replace('/var/backups', str(restored.data))
    try:
        server.start()
        token = httpx.post(f'{server.site}/api/v1/sessions', json={'name': 'Ada'}).json()['token']
        headers = {'Authorization': f'Bearer {token}'}
        for number in range(50):  # which are still in the log beside the file
            httpx.post(f'{server.site}/api/v1/rooms/lobby/messages', json={'body': str(number)}, headers=headers)
        subprocess.run(['/bin/sh', '-ec', command], check=True)
        restored.start()
        said = httpx.get(f'{restored.site}/api/v1/rooms/lobby/messages?limit=100', headers=headers).json()['messages']
        assert [each['body'] for each in said] == [str(number) for number in range(50)]
    finally:
        server.kill()
        restored.kill()


def test_every_file_that_is_named_is_there() -> None:
    for path in re.findall(r'\]\(\.\./([\w./]+)[)#]', TEXT):
        assert (DEPLOY.parent / path).exists(), path


def test_every_number_that_is_worth_an_alarm_is_measured() -> None:
    measured = (DEPLOY.parent / 'api' / 'metrics.py').read_text()
    for name in re.findall(r'`(hearth_\w+?)(?:_total)?`', TEXT):
        assert f"'{name}'" in measured, name
