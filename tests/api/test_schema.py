"""What is promised in writing: the OpenAPI schema and docs/api.md say what the code does."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import errors, schemas
from chat.settings import Settings

DOCUMENT = (Path(__file__).parents[2] / 'docs' / 'api.md').read_text(encoding='utf-8')


@pytest.fixture
async def schema(program: httpx.AsyncClient) -> dict[str, Any]:
    answer = await program.get('http://chat.test/api/openapi.json')
    assert answer.status_code == 200
    return answer.json()


async def test_every_call_is_documented_and_every_documented_call_is_there(schema: dict[str, Any]) -> None:
    calls = {
        f'{method.upper()} {path.removeprefix("/v1")}'
        for path, methods in schema['paths'].items()
        for method in methods
    }
    documented = set(re.findall(r'^\| `((?:GET|POST|PATCH|PUT|DELETE) [^`?]+)[^`]*`', DOCUMENT, re.MULTILINE))
    assert documented == calls | {'GET /healthz', 'GET /readyz', 'GET /metrics'}


def test_every_status_and_code_is_documented() -> None:
    rows = dict(re.findall(r'^\| (\d{3}) \| ([^|]+) \|', DOCUMENT, re.MULTILINE))
    known = {**errors.STATUS, 'internal': 500, 'method_not_allowed': 405}
    assert {(str(status), code) for code, status in known.items()} == {
        (status, code) for status, codes in rows.items() for code in re.findall(r'`(\w+)`', codes)
    }


def test_the_documented_message_is_one() -> None:
    example = re.search(r'^A message:\n+```json\n(.+?)```', DOCUMENT, re.MULTILINE | re.DOTALL)
    assert example is not None
    schemas.Message.model_validate_json(example[1], strict=True)
    assert set(schemas.Message.model_fields) == set(re.findall(r'"(\w+)":', re.sub(r'\{"id": 7.*?\}', '0', example[1])))


async def test_errors_and_the_token_are_in_the_schema(schema: dict[str, Any]) -> None:
    assert schema['servers'] == [{'url': '/api'}]
    assert schema['components']['securitySchemes']['HTTPBearer']['scheme'] == 'bearer'
    for path, methods in schema['paths'].items():
        for method, call in methods.items():
            refusal = call['responses']['422']['content']['application/json']['schema']
            assert refusal == {'$ref': '#/components/schemas/Error'}, (method, path)
            assert ('security' in call) == (path != '/v1/sessions')


async def test_there_are_no_pages_that_load_files_from_elsewhere(program: httpx.AsyncClient) -> None:
    for path in ('docs', 'redoc'):
        assert (await program.get(f'http://chat.test/api/{path}')).status_code == 404


def test_the_port_of_the_first_call_is_the_one_the_server_starts_with(tmp_path: Path) -> None:
    assert f'http://localhost:{Settings(data=tmp_path).port}/api/v1/sessions' in DOCUMENT
