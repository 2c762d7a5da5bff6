"""Every call of the OpenAPI document, asked with what it allows and with what it does not, of a real server."""

import asyncio
import base64
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
NOTHING_ASKED = {  # so that there is nothing to refuse
    'DELETE /v1/me/picture', 'DELETE /v1/sessions', 'POST /v1/sessions/current/link',
    'POST /v1/administrator-link', 'GET /v1/users',
}  # fmt: skip
PASSWORD = 'a long sentence'
PICTURE = base64.b64decode('R0lGODdhAQABAIAAAAAAAAAAACwAAAAAAQABAAACAkQBADs=')  # a GIF of one pixel


class Program:
    """An administrator who is signed in, and makes what a call is about."""

    def __init__(self, server: Server) -> None:
        self._http = httpx.Client(base_url=f'{server.site}/api/v1')
        self._operator = {'Authorization': f'Bearer {(server.data / "operator.token").read_text().strip()}'}
        self._sign_in()

    def token(self, path: str) -> str:
        """Return a token that works for a call."""
        if '/bots' in path or path.endswith('/administrator-link'):
            return self._operator['Authorization'].removeprefix('Bearer ')
        if self._http.get('/me').status_code == 401:
            self._sign_in()
        return self._http.headers['Authorization'].removeprefix('Bearer ')

    def existing(self, path: str) -> dict[str, Any]:
        """Return the path parameters of something that is there, made for this call."""
        return {name: make() for name, make in self._makers(path).items() if f'{{{name}}}' in path}

    def _makers(self, path: str) -> dict[str, Callable[[], Any]]:
        slug = ''
        if any(each in path for each in ('{slug}', '{message_id}', '{report_id}', '{hook_id}')):
            slug = self._post('/rooms', name=f'Room {next(number)}')['slug']
        bot = f'Bot {next(number)}'
        if '{name}' in path:
            self._post('/bots', self._operator, name=bot)
        return {
            'slug': lambda: slug,
            'message_id': lambda: self._message(slug, is_own=not path.endswith(('/hidden', '/report'))),
            'report_id': lambda: self._report(slug),
            'hook_id': lambda: self._post(f'/rooms/{slug}/hooks', name=bot)['id'],
            'invitation_id': lambda: self._post('/invitations')['id'],
            'attachment_id': self._file,
            'emoji': lambda: '👍',
            'name': lambda: bot,
            'token_id': lambda: self._token_of(bot),
            'session_id': self._session,
            'user_id': self._seen if path.endswith('/picture') else lambda: self._somebody_in(slug),
        }

    def _message(self, slug: str, *, is_own: bool) -> int:
        """Return the id of a message, of one's own or of a guest's."""
        headers = None if is_own else {'Authorization': f'Bearer {self._guest()}'}
        message_id: int = self._post(f'/rooms/{slug}/messages', headers, body='Hello')['id']
        return message_id

    def _file(self) -> int:
        """Return the id of a picture that was not sent yet."""
        self.token('/files')  # the session before may have ended itself
        slug = self._post('/rooms', name=f'Room {next(number)}')['slug']  # somebody may have deleted the lobby
        answer = self._http.post(f'/rooms/{slug}/files', params={'name': 'dot.gif'}, content=PICTURE)
        assert answer.status_code == 201, answer.text
        attachment_id: int = answer.json()['id']
        return attachment_id

    def _guest(self) -> str:
        answer = httpx.post(f'{self._http.base_url}sessions', json={'name': f'Guest {next(number)}'})
        token: str = answer.json()['token']
        return token

    def _report(self, slug: str) -> int:
        """Return the id of a report that nobody has closed."""
        message_id = self._message(slug, is_own=False)
        answer = self._http.post(f'/messages/{message_id}/report', json={'reason': 'Spam'})
        assert answer.status_code in (204, 429), answer.text
        report_id: int = self._http.get('/reports').json()['reports'][0]['id']
        return report_id

    def _somebody_in(self, slug: str) -> int:
        """Return the id of somebody, who belongs to a room if there is one."""
        user_id: int = self._post('/users', name=f'Member {next(number)}')['user']['id']
        if slug:
            assert self._http.put(f'/rooms/{slug}/members/{user_id}').status_code == 200
        return user_id

    def _seen(self) -> int:
        """Return the id of somebody with a picture."""
        answer = self._http.put('/me/picture', content=PICTURE)
        assert answer.status_code in (200, 429), answer.text
        user_id: int = self._http.get('/me').json()['id']
        return user_id

    def body(self, call: str) -> dict[str, Any] | None:
        """Return what a call takes that no schema can make up, or None."""
        name = f'Newcomer {next(number)}'
        account = {'name': name, 'password': PASSWORD}
        bodies: dict[str, Callable[[], dict[str, Any]]] = {
            'POST /enter': lambda: {'token': self.link()},
            'POST /accounts': lambda: account,
            'POST /users': lambda: account,
            'POST /invite/find': lambda: {'token': self._post('/invitations')['token']},
            'POST /invite': lambda: {'token': self._post('/invitations')['token'], 'name': name},
            'POST /links': lambda: {'token': self._administrator_link(), **account},
            'PUT /me/password': lambda: {'password': PASSWORD, 'current_password': PASSWORD},
            # Or nobody makes what other calls are about.
            'PATCH /admin/settings': lambda: {'create_rooms': 'everybody', 'direct_messages': 'everybody'},
            'DELETE /me': self._leaving,
            'POST /direct': lambda: {'users': [self._somebody_in('')]},
            'PATCH /me/profile': lambda: {
                'name': name,
                'status': 'Away',
                'status_until': None,
                'time_zone': 'UTC',
            },
        }
        make = bodies.get(call.replace('/v1', '', 1))
        return None if make is None else make()

    def _leaving(self) -> dict[str, Any]:
        self._new_administrator()  # the last one stays
        return {'password': PASSWORD}

    def _administrator_link(self) -> str:
        token: str = self._post('/administrator-link', self._operator)['token']
        return token

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
        self._http.headers['Authorization'] = f'Bearer {self._new_administrator()}'

    def _new_administrator(self) -> str:
        wanted = {'token': self._administrator_link(), 'name': f'Ada {next(number)}', 'password': PASSWORD}
        token: str = httpx.post(f'{self._http.base_url}links', json=wanted).json()['token']
        return token

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
        case.body = program.body(case.operation.label) or case.body
    headers = {'Authorization': f'Bearer {program.token(path)}'}
    answer = case.call(f'{server.site}/api', headers=headers)
    answered[case.operation.label].add(answer.status_code)
    # Whether bytes are a picture is beyond a schema, too; and a body that may be left out is no wrong one when it is.
    anything = ('PUT /v1/me/picture', 'PUT /v1/rooms/{slug}/members/{user_id}', 'POST /v1/catch-up/done')
    left_out = [checks.negative_data_rejection] if case.operation.label in anything else []
    kept = [check for check in CHECKS if check not in left_out]
    case.validate_response(answer, checks=kept, headers=headers)
