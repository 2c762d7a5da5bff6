"""What is said instead of an answer, and how little it costs."""

import pytest

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
    before = server.state()['clients']
    for accept in ('text/html', '*/*'):
        for number in range(20):
            server.get(f'/nowhere/{number}', accept=accept)
    assert server.state()['clients'] == before


def test_a_failure_is_admitted_without_its_reasons(server):
    page, data = server.get('/fails', accept='text/html'), server.get('/fails')
    assert (page.status_code, data.status_code) == (500, 500)
    assert 'Something went wrong' in page.text
    assert data.json()['error']['code'] == 'internal'
    assert 'on purpose' not in page.text + data.text


def test_nothing_that_is_said_can_bring_markup_along():
    scope = {'type': 'http', 'path': '/', 'headers': [(b'accept', b'text/html')]}
    assert b'<b>' not in error_answer(scope, 400, 'invalid', '<b>').body
