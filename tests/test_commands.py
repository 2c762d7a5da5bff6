"""The operator's command line, with a server that runs and without one."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from api import commands
from chat.errors import CannotOpen
from chat.settings import SettingError, Settings, split_command
from tests import warm

ROOT = Path(__file__).parents[1]
START = 60.0  # s until a server is there
TOKEN = re.compile(r'[\w-]{43}')

Hearth = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / 'data'


@pytest.fixture
def hearth(folder: Path) -> Hearth:
    """Return a function that runs ``main.py`` with some words to its end, in a process of its own."""
    return lambda *argv: warm.run(['main.py', *argv], environment(folder))


def run_as_people_do(folder: Path, *argv: str) -> tuple[int, str, str]:
    """Run ``python main.py`` to its end, with all that Python does before and after."""
    command = [sys.executable, 'main.py', *argv]
    done = subprocess.run(command, cwd=ROOT, env=environment(folder), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def environment(folder: Path) -> dict[str, str]:
    # What makes NiceGUI behave as in a test must not reach a real server.
    outside = {key: value for key, value in os.environ.items() if not key.startswith(('PYTEST', 'NICEGUI', 'HEARTH'))}
    return {**outside, 'HEARTH_DATA': str(folder), 'HEARTH_HOST': '127.0.0.1', 'PYTHONIOENCODING': 'utf-8'}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def server(folder: Path, port: int, *argv: str) -> Iterator[Path]:
    """Run a server until the end of the block; yields the file of what it prints."""
    log = folder.parent / f'log-{port}'
    log.touch()
    process = warm.start(['main.py', '--port', str(port), *argv], environment(folder), log)
    try:
        end = time.monotonic() + START
        while not is_healthy(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end
            time.sleep(0.1)
        yield log
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f'http://127.0.0.1:{port}/healthz', timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def call(port: int, path: str, token: str = '', /, **body: object) -> dict[str, object]:
    headers = {'Authorization': f'Bearer {token}', 'Content-Type': 'application/json'}
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(f'http://127.0.0.1:{port}{path}', data, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        text = answer.read().decode()
        return json.loads(text) if text.startswith('{') else {'text': text}


def token_in(output: str) -> str:
    sentence, token = output.splitlines()
    assert sentence.endswith('Keep it: it is shown only now.')
    assert TOKEN.fullmatch(token)
    return token


# With real processes.


@pytest.mark.slow
def test_an_operator_becomes_the_administrator_and_comes_back_when_locked_out(hearth: Hearth, folder: Path) -> None:
    with server(folder, port := free_port()) as log:
        first = link_in(announced(log))
        boss = call(port, '/api/v1/links', token=first, name='Boss', password='a long sentence')
        assert boss['user']['kind'] == 'administrator'
        status, output, _ = hearth('admin-link', '--port', str(port))
        assert status == 0
        back = call(port, '/api/v1/links', token=link_in(output), name='boss', password='another sentence')
        assert back['user'] == boss['user']
    offline = link_in(hearth('admin-link')[1])
    with server(folder, port := free_port()) as log:
        assert 'administers' not in log.read_text()
        again = call(port, '/api/v1/links', token=offline, name='Second', password='a third sentence')
        assert again['user']['kind'] == 'administrator'


def announced(log: Path) -> str:
    """Wait until a server has printed who administers it, which it does when it is there; return what it printed."""
    end = time.monotonic() + START
    while 'admin-link' not in log.read_text() and time.monotonic() < end:
        time.sleep(0.1)
    return log.read_text()


def link_in(output: str) -> str:
    (token,) = re.findall(r'http://\S+/link/([\w-]{43})', output)
    return token


@pytest.mark.slow
def test_without_a_server_the_commands_open_the_data_themselves(folder: Path) -> None:
    status, output, errors = run_as_people_do(folder, 'bot', 'add', 'CI/CD 🤖')
    assert (status, errors) == (0, '')
    assert output.startswith('This is a token of the bot "CI/CD 🤖".')
    token = token_in(output)
    assert not (folder / 'operator.token').exists()
    with server(folder, port := free_port()):
        assert call(port, '/api/v1/me', token)['name'] == 'CI/CD 🤖'


@pytest.mark.slow
def test_a_running_server_is_asked_and_leaves_nothing_behind(hearth: Hearth, folder: Path) -> None:
    port = free_port()
    with server(folder, port, '--public-url', 'https://chat.example.org', '--host', '0.0.0.0') as log:  # noqa: S104
        there = ('--port', str(port))
        token = token_in(hearth(*there, 'bot', 'add', 'Who? 100% a/b')[1])
        more = token_in(hearth('bot', 'token', 'who? 100% A/B', *there)[1])
        assert call(port, '/api/v1/me', more) == call(port, '/api/v1/me', token)
        listed = hearth('bot', 'list', *there)[1].splitlines()
        assert listed[0] == 'Who? 100% a/b'
        assert [line.split()[0] for line in listed[1:]] == ['1', '2']
        assert hearth(*there, 'bot', 'add', 'Bot')[::2] == (
            1, '"Bot" means something else here. Please choose another name.\n'
        )  # fmt: skip
        assert hearth(*there, 'bot', 'revoke', 'Nobody')[::2] == (1, 'There is no bot called "Nobody".\n')
        assert hearth(*there, 'bot', 'revoke', 'Who? 100% a/b', '1')[0] == 0
        with pytest.raises(urllib.error.HTTPError, match='401'):
            call(port, '/api/v1/me', token)
        assert hearth(*there, 'bot', 'revoke', 'Who? 100% a/b')[0] == 0
        assert hearth('bot', 'list', *there) == (0, 'No bot has a token.\n', '')
        status, output, errors = hearth('bot', 'list', '--port', '1')
        assert (status, output) == (2, '')
        assert errors == (
            'A Hearth has the data, and it does not answer at http://127.0.0.1:1. '
            'Give this command the --host and --port that the server was started with.\n'
        )
    assert not (folder / 'operator.token').exists()
    assert token not in log.read_text()


@pytest.mark.slow
def test_what_a_real_server_prints_tells_no_secret_of_a_webhook(folder: Path) -> None:
    port = free_port()
    with server(folder, port) as log:
        token = str(call(port, '/api/v1/sessions', name='Ada')['token'])
        call(port, '/api/v1/rooms', token, name='Workshop')
        hook = call(port, '/api/v1/rooms/workshop/hooks', token, name='Builds')
        assert hook['url'] == f'http://127.0.0.1:{port}/hooks/{hook["secret"]}'
        assert call(port, f'/hooks/{hook["secret"]}', text='green') == {'text': 'ok'}
        with pytest.raises(urllib.error.HTTPError, match='422'):
            call(port, f'/hooks/{hook["secret"]}', text=5)
        with pytest.raises(urllib.error.HTTPError, match='405'):
            call(port, f'/hooks/{hook["secret"]}')
        assert 'green' in str(call(port, '/api/v1/rooms/workshop/messages', token))
    assert str(hook['secret']) not in log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ('argv', 'sentence'),
    [
        (['bot'], "'bot' is no command of Hearth; these are: 'bot add NAME', "),
        (['bto', 'list'], 'bto is no setting of Hearth'),
        (['bot', 'list', '--prot', '1'], '--prot is no setting of Hearth; did you mean --port?'),
    ],
)
def test_what_is_no_command_gets_a_sentence_and_status_2(hearth: Hearth, argv: list[str], sentence: str) -> None:
    status, output, errors = hearth(*argv)
    assert (status, output) == (2, '')
    assert errors.startswith(sentence)
    assert errors.count('\n') == 1


# Within this process.


@pytest.mark.parametrize(
    ('argv', 'flags', 'words'),
    [
        ([], [], []),
        (['bot', 'list'], [], ['bot', 'list']),
        (['--port', '9000', 'bot', 'list'], ['--port', '9000'], ['bot', 'list']),
        (['bot', '--port=9000', 'add', 'A B', '--data', 'x'], ['--port=9000', '--data', 'x'], ['bot', 'add', 'A B']),
        (['bot', 'add', '--', '--port', '-x'], [], ['bot', 'add', '--port', '-x']),
        (['--help', 'bot', 'list'], ['--help'], ['bot', 'list']),
        (['--data', 'bot'], ['--data', 'bot'], []),
        (['8080'], ['8080'], []),
        (['list', 'bot'], ['list', 'bot'], []),
        (['--port'], ['--port'], []),
        (['--'], ['--'], []),
    ],
)
def test_the_words_of_a_command_are_told_from_flags(argv: list[str], flags: list[str], words: list[str]) -> None:
    assert split_command(argv) == (flags, words)


@pytest.mark.parametrize(
    'words',
    ['bot', 'bot add', 'bot add a b', 'bot list all', 'bot revoke', 'bot revoke a 1 2', 'bot token',
     'bot frobnicate a'],
)  # fmt: skip
def test_what_is_no_command_is_refused_before_anything_is_opened(folder: Path, words: str) -> None:
    with pytest.raises(SettingError, match='is no command of Hearth; these are:'):
        commands.run(Settings(data=folder), words.split())
    assert not folder.exists()


@pytest.mark.parametrize('number', ['-1', '²', str(2**63), '9' * 5_000, '1_0', 'x'])
def test_a_token_without_a_number_is_refused_before_anything_is_opened(folder: Path, number: str) -> None:
    with pytest.raises(SettingError) as caught:
        commands.run(Settings(data=folder), ['bot', 'revoke', 'Robbie', number])
    assert str(caught.value) == f'{number[:40]!r} is no number of a token; "bot list" prints them.'
    assert not folder.exists()


@pytest.mark.parametrize('words', ['bot list', 'bot token Robbie', 'bot revoke Robbie', 'bot revoke Robbie 1'])
def test_only_adding_a_bot_makes_a_new_chat(folder: Path, words: str) -> None:
    """A folder that is mistyped has no data, and shall have none afterwards."""
    with pytest.raises(CannotOpen) as caught:
        commands.run(Settings(data=folder), words.split())
    assert str(caught.value) == f'There is no data in {folder}. Give --data as the server was given it.'
    assert not folder.exists()


@pytest.mark.parametrize('name', ['', 'bot', 'x' * 33, '\udcff'])
def test_a_name_that_cannot_be_is_refused(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.run(Settings(data=folder), ['bot', 'add', name]) == 1
    output, errors = capsys.readouterr()
    assert (output, errors.count('\n')) == ('', 1)


def test_bots_are_listed_with_the_numbers_of_their_tokens(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(data=folder)
    for words in (['bot', 'add', 'Robbie'], ['bot', 'token', 'robbie'], ['bot', 'add', 'Marvin']):
        assert commands.run(settings, words) == 0
    capsys.readouterr()
    commands.run(settings, ['bot', 'list'])
    lines = capsys.readouterr().out.splitlines()
    assert [lines[0], lines[3]] == ['Robbie', 'Marvin']
    assert all(re.fullmatch(r' +\d  made \S+Z, last used \S+Z', lines[place]) for place in (1, 2, 4))
    assert commands.run(settings, ['bot', 'revoke', 'Robbie', '1']) == 0
    assert commands.run(settings, ['bot', 'revoke', 'Robbie', '3']) == 1
    assert capsys.readouterr() == (
        'Token 1 of the bot "Robbie" can no longer be used.\n', 'The bot "Robbie" has no token 3.\n'
    )  # fmt: skip
    assert commands.run(settings, ['bot', 'revoke', 'Robbie']) == 0
    assert capsys.readouterr().out == 'All tokens of the bot "Robbie" can no longer be used.\n'


def test_data_that_cannot_be_opened_is_said(folder: Path) -> None:
    folder.mkdir()
    (folder / 'hearth.sqlite').write_bytes(b'junk' * 9_999)
    with pytest.raises(CannotOpen, match='is damaged or no database'):
        commands.run(Settings(data=folder), ['bot', 'list'])


@pytest.mark.parametrize(
    'answer',
    [
        b'', b'nonsense\r\n\r\n', b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nnonsense',
        b'HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}', b'HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n[]',
        b'HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n', b'HTTP/1.1 404 No\r\nContent-Length: 13\r\n\r\n{"error": "x"}',
        b'HTTP/1.1 401 No\r\nContent-Length: 33\r\n\r\n{"error": {"message": "sign in"}} ',
    ],
)  # fmt: skip
def test_another_program_in_the_servers_place_is_not_taken_for_it(folder: Path, answer: bytes) -> None:
    class Other(BaseHTTPRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            self.wfile.write(answer)

    other = HTTPServer(('127.0.0.1', 0), Other)
    Thread(target=other.serve_forever, args=(0.01,), daemon=True).start()
    held = Settings(data=folder, host='127.0.0.1', port=other.server_port)
    chat = commands.Chat(held)
    chat.open()
    try:
        with pytest.raises(CannotOpen, match='it does not answer'):
            commands.run(held, ['bot', 'list'])
    finally:
        chat.storage.close()
        other.shutdown()
        other.server_close()
