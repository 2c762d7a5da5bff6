"""What is promised in writing: the OpenAPI schema and docs/api.md say what the code does."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import openapi_spec_validator
import pytest

from api import schemas
from chat.settings import Settings
from tests.api.documented import DOCUMENT
from web import answers

FOR_STRANGERS = (
    'GET /v1/sign-in', 'POST /v1/sessions', 'POST /v1/accounts', 'POST /v1/enter', 'POST /v1/invite/find',
)  # fmt: skip


@pytest.fixture
async def schema(program: httpx.AsyncClient) -> dict[str, Any]:
    answer = await program.get('http://chat.test/api/openapi.json')
    assert answer.status_code == 200
    return answer.json()


async def test_every_call_is_documented_and_every_documented_call_is_there(schema: dict[str, Any]) -> None:
    calls = {name.replace('/v1', '', 1) for name in operations(schema)}
    documented = set(re.findall(r'^\| `((?:GET|POST|PATCH|PUT|DELETE) [^`?]+)[^`]*`', DOCUMENT, re.MULTILINE))
    assert documented == calls | {'GET /healthz', 'GET /readyz', 'GET /metrics'}


def test_every_status_and_code_is_documented() -> None:
    rows = dict(re.findall(r'^\| (\d{3}) \| ([^|]+) \|', DOCUMENT, re.MULTILINE))
    known = [*answers.STATUS.items(), ('method_not_allowed', 405), ('invalid', 400)]  # 400: Host and Socket.IO
    assert {(str(status), code) for code, status in known} == {
        (status, code) for status, codes in rows.items() for code in re.findall(r'`(\w+)`', codes)
    }


def test_the_documented_message_is_one() -> None:
    example = re.search(r'^A message:\n+```json\n(.+?)```', DOCUMENT, re.MULTILINE | re.DOTALL)
    assert example is not None
    schemas.Message.model_validate_json(example[1], strict=True)
    assert set(schemas.Message.model_fields) == set(json.loads(example[1]))


def operations(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return each operation by its method and path."""
    return {
        f'{method.upper()} {path}': call
        for path, methods in schema['paths'].items()
        for method, call in methods.items()
    }


def resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Return what a part stands for."""
    return schema['components']['schemas'][part['$ref'].rpartition('/')[2]] if '$ref' in part else part


def is_shown(schema: dict[str, Any], part: dict[str, Any]) -> bool:
    """Whether a reader sees an example of every value in this part."""
    if any(key in part for key in ('examples', 'const', 'enum')):
        return True
    part = resolved(schema, part)
    parts = [*part.get('properties', {}).values(), *part.get('oneOf', ()), *filter(None, [part.get('items')])]
    parts += [each for each in part.get('anyOf', ()) if each.get('type') != 'null']  # what may be left out
    return 'enum' in part or (bool(parts) and all(is_shown(schema, each) for each in parts))


async def test_the_schema_is_what_the_standard_says(schema: dict[str, Any]) -> None:
    openapi_spec_validator.validate(schema)
    assert schema['openapi'].startswith('3.1')
    assert schema['servers'] == [{'url': '/api'}]


async def test_every_call_says_what_it_does_and_where_it_belongs(schema: dict[str, Any]) -> None:
    tags = {tag['name'] for tag in schema['tags'] if tag['description']}
    for name, call in operations(schema).items():
        assert call['summary'], name
        assert call['description'].replace('`', '').startswith(call['summary']), name
        assert set(call['tags']) <= tags, name
    assert tags == {tag for call in operations(schema).values() for tag in call['tags']}
    assert len({call['operationId'] for call in operations(schema).values()}) == len(operations(schema))


async def test_every_call_shows_an_example_of_what_is_sent_and_of_what_comes_back(schema: dict[str, Any]) -> None:
    for name, call in operations(schema).items():
        bodies = [call['requestBody']] if 'requestBody' in call else []
        answers = [answer for status, answer in call['responses'].items() if status.startswith('2')]
        assert answers, name
        for each in (*bodies, *answers):
            for kind, content in each.get('content', {}).items():
                if kind.startswith('image/') or kind in ('application/octet-stream', '*/*'):
                    assert content['schema'] == {'type': 'string', 'format': 'binary'}, name
                    continue
                assert kind == 'application/json', name
                assert is_shown(schema, content['schema']), (name, each)


async def test_every_parameter_says_what_it_is_and_shows_one(schema: dict[str, Any]) -> None:
    bare = [
        (name, each['name'])
        for name, call in operations(schema).items()
        for each in call.get('parameters', ())
        if not each.get('description')
        or not (each.get('example') or each.get('examples') or each['schema'].get('examples'))
    ]
    assert bare == []


@pytest.mark.parametrize(
    'call', ['PUT /v1/rooms/{slug}/membership', 'DELETE /v1/rooms/{slug}/membership', 'DELETE /v1/rooms/{slug}']
)
async def test_what_moves_many_says_that_it_is_limited(schema: dict[str, Any], call: str) -> None:
    assert '429' in operations(schema)[call]['responses']


async def test_every_error_has_the_one_shape_and_an_example_of_its_own_code(schema: dict[str, Any]) -> None:
    for name, call in operations(schema).items():
        refusals = {status: answer for status, answer in call['responses'].items() if not status.startswith('2')}
        for of_http in ('304', '416'):  # which have no body
            assert 'content' not in refusals.pop(of_http, {}), name
        assert {'413', '422', '500', '503'} <= set(refusals), name
        for status, answer in refusals.items():
            content = answer['content']['application/json']
            assert content['schema'] == {'$ref': '#/components/schemas/Error'}, (name, status)
            problem = schemas.Error.model_validate(content['example'], strict=True).error
            assert answers.STATUS[problem.code] == int(status), (name, status)
            assert status != '429' or 'Retry-After' in answer['headers'], name
    assert not {'HTTPValidationError', 'ValidationError'} & set(schema['components']['schemas'])


async def test_every_call_says_who_may_make_it(schema: dict[str, Any]) -> None:
    for name, call in operations(schema).items():
        ways = {way for each in call.get('security', []) for way in each}
        if name == 'POST /v1/administrator-link':
            assert ways == {'operator'}, name
        elif '/v1/bots' in name:
            assert ways == {'operator', 'token', 'cookie'}, name
        else:
            assert ways == (set() if name in FOR_STRANGERS else {'token', 'cookie'}), name
        assert ('401' in call['responses']) == (bool(ways) or name == 'POST /v1/sessions'), name
    assert set(schema['components']['securitySchemes']) == {'token', 'cookie', 'operator'}


def test_the_port_of_the_first_call_is_the_one_the_server_starts_with(tmp_path: Path) -> None:
    assert DOCUMENT.count(f'http://localhost:{Settings(data=tmp_path).port}') == 3
