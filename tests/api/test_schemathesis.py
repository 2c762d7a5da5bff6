"""Every call of the OpenAPI document, asked with what it allows and with what it does not, of a real server."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode
from schemathesis import checks as general
from schemathesis.specs.openapi import checks

from api import create_api
from chat import Chat
from chat.settings import Settings
from tests.servers import Server

pytestmark = pytest.mark.slow

EXAMPLES = 20  # of each call, beside those that schemathesis always tries
# Left out: positive_data_acceptance, since rules about text (no invisible name, no taken one) are beyond a schema; and
# use_after_free and ensure_resource_availability, which follow chains of calls: each call here has things of its own.
CHECKS = [
    general.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.missing_required_header,
    checks.unsupported_method,
    checks.allow_header_conformance,
    checks.ignored_auth,
]


async def document() -> dict[str, Any]:
    """Return the OpenAPI document, for which no server is needed."""
    api = httpx.ASGITransport(create_api(Chat(Settings(data=Path('never-made')))))
    async with httpx.AsyncClient(transport=api, base_url='http://chat.test') as client:
        return (await client.get('/openapi.json')).json()


schema = schemathesis.openapi.from_dict(asyncio.run(document()))
schema.config.generation.update(allow_extra_parameters=False)  # what is not known is ignored, as promised
number = count()
NOTHING_ASKED = {'DELETE /v1/sessions', 'POST /v1/sessions/current/link'}  # so that there is nothing to refuse


class Program:
    """Somebody who is signed in, and makes what a call is about."""

    def __init__(self, server: Server) -> None:
        self._http = httpx.Client(base_url=f'{server.site}/api/v1')
        self._operator = {'Authorization': f'Bearer {(server.data / "operator.token").read_text().strip()}'}
        self._sign_in()

    def token(self, path: str) -> str:
        """Return a token that works for a call."""
        if '/bots' in path:
            return self._operator['Authorization'].removeprefix('Bearer ')
        if self._http.get('/me').status_code == 401:
            self._sign_in()
        return self._http.headers['Authorization'].removeprefix('Bearer ')

    def existing(self, path: str) -> dict[str, Any]:
        """Return the path parameters of something that is there, made for this call."""
        return {name: make() for name, make in self._makers(path).items() if f'{{{name}}}' in path}

    def _makers(self, path: str) -> dict[str, Callable[[], Any]]:
        slug = ''
        if '{slug}' in path or '{message_id}' in path:
            slug = self._post('/rooms', name=f'Room {next(number)}')['slug']
        bot = f'Bot {next(number)}'
        if '{name}' in path:
            self._post('/bots', self._operator, name=bot)
        return {
            'slug': lambda: slug,
            'message_id': lambda: self._post(f'/rooms/{slug}/messages', body='Hello')['id'],
            'hook_id': lambda: self._post(f'/rooms/{slug}/hooks', name=bot)['id'],
            'name': lambda: bot,
            'token_id': lambda: self._token_of(bot),
            'session_id': self._session,
        }

    def link(self) -> str:
        """Return the token of a link that signs in."""
        self.token('/sessions')
        token: str = self._post('/sessions/current/link')['token']
        return token

    def _session(self) -> int:
        self.token('/sessions')  # the one before may have ended itself
        session_id: int = self._http.get('/sessions').json()['sessions'][0]['id']
        return session_id

    def _token_of(self, bot: str) -> int:
        bots = self._http.get('/bots', headers=self._operator).json()['bots']
        return next(each['tokens'][0]['id'] for each in bots if each['user']['name'] == bot)

    def _sign_in(self) -> None:
        token = httpx.post(f'{self._http.base_url}sessions', json={'name': f'Ada {next(number)}'}).json()['token']
        self._http.headers['Authorization'] = f'Bearer {token}'

    def _post(self, path: str, headers: dict[str, str] | None = None, **what: Any) -> Any:
        answer = self._http.post(path, headers=headers, json=what)
        assert answer.status_code == 201, answer.text
        return answer.json()


@pytest.fixture(scope='module')
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp('schemathesis') / 'data')
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope='module')
def program(server: Server) -> Program:
    return Program(server)


@pytest.fixture(scope='module')
def answered() -> Iterator[dict[str, set[int]]]:
    """Collect how each call was answered; none may have been refused, or granted, whatever it was asked."""
    statuses: dict[str, set[int]] = defaultdict(set)
    yield statuses
    assert [call for call, seen in statuses.items() if all(status >= 300 for status in seen)] == []
    granted = {call for call, seen in statuses.items() if all(status < 400 for status in seen)}
    assert granted <= NOTHING_ASKED


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_call_answers_otherwise_than_it_says(
    case: schemathesis.Case, server: Server, program: Program, answered: dict[str, set[int]]
) -> None:
    path = case.operation.path
    if case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE:
        case.path_parameters = {**(case.path_parameters or {}), **program.existing(path)}
        if path.endswith('/enter'):
            case.body = {'token': program.link()}
    headers = {'Authorization': f'Bearer {program.token(path)}'}
    answer = case.call(f'{server.site}/api', headers=headers)
    answered[case.operation.label].add(answer.status_code)
    case.validate_response(answer, checks=CHECKS, headers=headers)
