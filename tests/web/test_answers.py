"""What is said instead of an answer, and how little it costs."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from web import answers
from web.answers import error_answer

NOWHERE = ['/nowhere', '/_nicegui/3.18.0/libraries/nothing', '/static/../../etc/passwd']


@pytest.mark.parametrize('path', NOWHERE)
def test_a_person_is_told_that_the_page_is_not_there_and_where_to_go(server, path):
    answer = server.get(path, accept='text/html,*/*')
    assert answer.status_code == 404
    assert answer.headers['content-type'].startswith('text/html')
    assert '<a href="/">' in answer.text
    assert len(answer.content) < 2000


@pytest.mark.parametrize('accept', ['*/*', 'application/json'])
def test_a_program_gets_the_one_shape_of_errors(server, accept):
    answer = server.get('/nowhere', accept=accept)
    assert answer.status_code == 404
    assert answer.json() == {
        'error': {'code': 'not_found', 'message': 'There is nothing at this address.', 'field': None}
    }


def test_the_doors_for_programs_answer_programs_even_in_a_browser(server):
    assert server.get('/api/nothing', accept='text/html').json()['error']['code'] == 'not_found'
    assert server.get('/api', accept='text/html').json()['error']['code'] == 'not_found'
    assert server.get('/apiary', accept='text/html').headers['content-type'].startswith('text/html')


def test_unknown_paths_build_no_pages(server):
    before = server.state()['pages_built']
    for accept in ('text/html', '*/*'):
        for number in range(20):
            server.get(f'/nowhere/{number}', accept=accept)
    assert server.state()['pages_built'] == before


async def test_a_failure_is_admitted_with_a_number_of_the_log_and_without_its_reasons(server, until):
    page, data = server.get('/fails', accept='text/html'), server.get('/fails')
    assert (page.status_code, data.status_code) == (500, 500)
    assert 'Something went wrong' in page.text
    assert data.json()['error']['code'] == 'internal'
    assert 'on purpose' not in page.text + data.text
    number = data.json()['error']['message'].split()[-1].rstrip('.')
    await until(lambda: f'This is crash {number}.' in server.log())
    assert server.log().count('Exception in ASGI application') == 2  # one trace for each


@pytest.fixture
async def visitor() -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of a small site of its own."""
    site = FastAPI()
    answers.install(site)
    answers.install(site)

    @site.get('/page')
    async def page(wait: int = 0) -> int:
        return wait

    site.mount('/nested', answers.nowhere)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url='http://chat.test') as client:
        yield client


@pytest.mark.parametrize(
    ('method', 'path', 'status', 'code', 'field', 'says'),
    [
        ('PUT', '/page', 405, 'method_not_allowed', None, 'cannot be done'),
        ('GET', '/page?wait=abc', 422, 'invalid', 'wait', '"wait" must be a whole number.'),
        ('GET', '/page/', 404, 'not_found', None, 'nothing at this address'),
        ('GET', '/nested', 404, 'not_found', None, 'nothing at this address'),
        ('GET', '/nested/x', 404, 'not_found', None, 'nothing at this address'),
    ],
)
async def test_errors_have_one_shape_for_programs_and_a_page_for_people(
    visitor, method, path, status, code, field, says
):
    program = await visitor.request(method, path)
    assert program.status_code == status
    error = program.json()['error']
    assert (error['code'], error['field']) == (code, field)
    assert says in error['message']
    person = await visitor.request(method, path, headers={'accept': 'text/html'})
    assert person.status_code == status
    assert '<a href="/">' in person.text
    assert says.replace('"', '&quot;') in person.text
    assert program.headers.get('allow') == person.headers.get('allow') == ('GET' if status == 405 else None)
    assert 'location' not in program.headers


@pytest.mark.parametrize('path', ['/_nicegui_ws/', '/_nicegui_ws/x', '/nowhere'])
async def test_a_socket_at_another_address_is_refused_without_a_word_in_the_log(server, path):
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f'ws://127.0.0.1:{server.port}{path}', origin=server.origin):
            pass
    assert refused.value.response.status_code == 403
    assert server.get(path).json()['error']['code'] == 'not_found'
    assert 'ERROR' not in server.log()


async def test_a_socket_that_leads_nowhere_does_not_open():
    told = []

    async def send(message):
        told.append(message)

    await answers.nowhere({'type': 'websocket'}, None, send)
    assert told == [{'type': 'websocket.close', 'code': 1008}]


def test_nothing_that_is_said_can_bring_markup_along():
    scope = {'type': 'http', 'path': '/', 'headers': [(b'accept', b'text/html')]}
    assert b'<b>' not in error_answer(scope, 400, 'invalid', '<b>').body
