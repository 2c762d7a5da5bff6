"""``python main.py bot …``, ``admin-link`` and ``copy``: what the operator does from the command line.

One process has the data at a time. If that is a server, the command asks it, with the token that a running server keeps
in the data folder; otherwise it opens the chat itself.
"""

import asyncio
import http.client
import json
import re
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from api.bots import bot_json
from chat import Chat, copying
from chat.errors import CannotOpen, ChatError, InUse
from chat.operator import read_token
from chat.settings import COMMANDS, SettingError, Settings
from web import entering, startup

TIMEOUT = 10.0  # s for the server to answer
EVERYWHERE = {'0.0.0.0': '127.0.0.1', '::': '::1'}  # noqa: S104 - where to ask a server that listens to all addresses
TOKEN_ID = re.compile('[0-9]{1,18}')  # no number that a database would not take
LONGEST_SHOWN = 40  # characters of a word that makes no sense
REFUSED = 1  # exit status


class _Refused(Exception):
    """The server does not do it; ``str(error)`` is its reason."""


def run(settings: Settings, words: Sequence[str]) -> int:
    """Do what the words say and return the exit status; raises SettingError or CannotOpen when it cannot be tried."""
    try:
        text = _copied(settings, words) if words[0] == 'copy' else asyncio.run(_do(settings, *_understand(words)))
    except (ChatError, _Refused) as error:
        _write(sys.stderr, str(error))
        return REFUSED
    _write(sys.stdout, text)
    return 0


def _understand(words: Sequence[str]) -> tuple[str, str, int | None]:
    match list(words):
        case ['admin-link']:
            return 'admin-link', '', None
        case ['bot', 'list']:
            return 'list', '', None
        case ['bot', ('add' | 'token' | 'revoke') as action, name]:
            return action, name, None
        case ['bot', 'revoke', name, number]:
            if not TOKEN_ID.fullmatch(number):
                raise SettingError(f'{number[:LONGEST_SHOWN]!r} is no number of a token; "bot list" prints them.')
            return 'revoke', name, int(number)
    known = ', '.join(f"'{command}'" for command in COMMANDS)
    raise SettingError(f'{" ".join(words)!r} is no command of Hearth; these are: {known}.')


def _copied(settings: Settings, words: Sequence[str]) -> str:
    match list(words):
        case ['copy', '--to', url]:
            counts = copying.copy(settings, url)
            lines = [f'{count:>10,} {table}' for table, count in counts.items()]
            return '\n'.join(['Copied, and counted on both sides:', *lines])
    raise SettingError('Say where to: copy --to URL, such as postgresql://user:password@host/database.')


async def _do(settings: Settings, action: str, name: str, token_id: int | None) -> str:
    chat = Chat(settings)
    if action != 'add' and not chat.is_there():
        raise CannotOpen(f'There is no data in {settings.data.absolute()}. Give --data as the server was given it.')
    try:
        chat.open()
    except InUse:
        return _ask(_Server(settings), settings, action, name, token_id)
    try:
        return await _act(chat, action, name, token_id)
    finally:
        await chat.stop()


async def _act(chat: Chat, action: str, name: str, token_id: int | None) -> str:
    if action == 'list':
        return _listed([bot_json(bot) for bot in await chat.bots.list()])
    if action == 'admin-link':
        return _linked(chat.settings, await chat.administration.administrator_link())
    if action == 'revoke':
        await chat.bots.revoke(name, token_id)
        return _revoked(name, token_id)
    bot, token = await (chat.bots.add(name) if action == 'add' else chat.bots.add_token(name))
    return _made(bot.name, token)


def _ask(server: '_Server', settings: Settings, action: str, name: str, token_id: int | None) -> str:
    if action == 'admin-link':
        return _linked(settings, server.call('POST', '/administrator-link')['token'])
    if action == 'list':
        return _listed(server.call('GET', '/bots')['bots'])
    tokens = f'/bots/{quote(name, safe="", errors="replace")}/tokens'
    if action == 'revoke':
        server.call('DELETE', tokens if token_id is None else f'{tokens}/{token_id}')
        return _revoked(name, token_id)
    made = server.call('POST', '/bots', {'name': name}) if action == 'add' else server.call('POST', tokens)
    return _made(made['user']['name'], made['token'])


class _Server:
    """The server that has the data, as the operator can ask it."""

    def __init__(self, settings: Settings) -> None:
        self._host = EVERYWHERE.get(settings.host, settings.host)
        self._port = settings.port
        self._token = read_token(settings.data)

    def call(self, method: str, path: str, body: dict[str, str] | None = None) -> Any:
        """Return what the server answers; raises _Refused, or CannotOpen if it is not there."""
        # Whatever its public URL is, a server goes by this name on its own machine.
        headers = {'Host': 'localhost', 'Authorization': f'Bearer {self._token}', 'Content-Type': 'application/json'}
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT)
        try:
            connection.request(method, f'/api/v1{path}', json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            data = json.loads(answer.read() or 'null')
            if answer.status < 400:
                return data
            reason = str(data['error']['message'])
        except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
            raise self._not_there() from None
        finally:
            connection.close()
        if answer.status == http.client.UNAUTHORIZED:
            raise self._not_there()
        raise _Refused(reason)

    def _not_there(self) -> CannotOpen:
        where = f'[{self._host}]' if ':' in self._host else self._host
        return CannotOpen(
            f'A Hearth has the data, and it does not answer at http://{where}:{self._port}. '
            'Give this command the --host and --port that the server was started with.'
        )


def _linked(settings: Settings, token: str) -> str:
    url = entering.account_address(startup.addresses(settings)[0], token)
    return f'This link makes whoever follows it an administrator. It works once, and for 24 hours.\n{url}'


def _made(name: str, token: str) -> str:
    return f'This is a token of the bot "{name}". Keep it: it is shown only now.\n{token}'


def _revoked(name: str, token_id: int | None) -> str:
    which = 'All tokens' if token_id is None else f'Token {token_id}'
    return f'{which} of the bot "{name}" can no longer be used.'


def _listed(bots: Sequence[dict[str, Any]]) -> str:
    lines = [
        f'{bot["user"]["name"]}\n'
        + '\n'.join(
            f'  {token["id"]:>6}  made {token["created_at"]}, last used {token["last_used_at"]}'
            for token in bot['tokens']
        )
        for bot in bots
    ]
    return '\n'.join(lines) or 'No bot has a token.'


def _write(stream: Any, text: str) -> None:
    encoding = stream.encoding or 'utf-8'
    stream.write(f'{text}\n'.encode(encoding, 'backslashreplace').decode(encoding))
