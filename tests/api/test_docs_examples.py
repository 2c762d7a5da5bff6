"""The examples of docs/api.md, run as they stand."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.documented import example
from tests.servers import ROOT, Server

pytestmark = pytest.mark.slow

PATIENCE = 30  # s


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / 'data')
    server.start()
    yield server
    server.kill()


class Robin:
    """Somebody who talks in the lobby."""

    def __init__(self, server: Server) -> None:
        self._http = httpx.Client(base_url=f'{server.site}/api/v1')
        token = self._http.post('/sessions', json={'name': 'Robin'}).json()['token']
        self._http.headers['Authorization'] = f'Bearer {token}'

    def says(self, body: str) -> None:
        answer = self._http.post('/rooms/lobby/messages', json={'body': body})
        assert answer.status_code == 201, answer.text

    def hears(self) -> list[tuple[str, str]]:
        messages = self._http.get('/rooms/lobby/messages').json()['messages']
        return [(message['author']['name'], message['body']) for message in messages]

    def sees(self) -> set[str]:
        members = self._http.get('/rooms/lobby/members').json()['members']
        return {member['user']['name'] for member in members if member['presence'] == 'online'}


@pytest.fixture
def bot(server: Server, tmp_path: Path) -> Iterator[None]:
    """Make and start the bot of the documentation."""
    script = tmp_path / 'bot.py'
    script.write_text(example('A bot'), encoding='utf-8')
    where = ['--data', str(server.data), '--port', str(server.port), '--host', '127.0.0.1']
    command = [sys.executable, 'main.py', 'bot', 'add', 'Robbie', *where]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    token = next(word for word in reversed(printed.split()) if len(word) > 30)
    process = subprocess.Popen([sys.executable, script], env={**os.environ, 'HEARTH': server.site, 'TOKEN': token})
    yield
    assert process.poll() is None
    process.kill()
    process.wait()


def until(condition: Callable[[], Any]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, 'it did not come to that'
        time.sleep(0.1)


@pytest.mark.skipif(shutil.which('curl') is None, reason='curl is not installed here')
def test_the_first_call_signs_in_speaks_and_reads(server: Server) -> None:
    environment = {**os.environ, 'HEARTH': server.site}
    done = subprocess.run(
        ['sh', '-ec', example('A first call')], env=environment, capture_output=True, text=True, check=True
    )
    sent, _, read = done.stdout.partition('}{')
    assert '"body":"Hello *everybody*"' in sent
    assert '"messages":[{' in read
    assert '<p>Hello <em>everybody</em></p>' in read


def test_the_bot_answers_once_also_what_was_said_while_it_was_away(server: Server, bot: None) -> None:
    robin = Robin(server)
    until(lambda: 'Robbie' in robin.sees())
    robin.says('nothing for anybody')
    robin.says('@Robbie are you there?')
    answer = ('Robbie', 'Hello Robin!')
    until(lambda: answer in robin.hears())

    server.kill()
    server.start()
    robin.says('@Robbie and after that?')
    until(lambda: robin.hears().count(answer) == 2)
    robin.says('@Robbie bye')
    until(lambda: robin.hears().count(answer) == 3)
    assert [body for name, body in robin.hears() if name == 'Robbie'] == ['Hello Robin!'] * 3
