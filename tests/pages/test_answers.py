"""How the whole application answers what is no page, and how it keeps its forms."""

import pytest
from nicegui import app
from nicegui.testing import User
from starlette.middleware.base import BaseHTTPMiddleware

from tests.pages.people import SITE, chat_of, person_of, sign_in
from web.plain_layers import CacheControl


async def test_errors_have_one_shape_at_every_address(user: User) -> None:
    for method, path, status, code in (
        *(('PUT', path, 405, 'method_not_allowed') for path in ('/', '/rooms/x', '/healthz', '/readyz', '/metrics')),
        ('GET', '/?wait=abc', 422, 'invalid'),
        *(('GET', path, 404, 'not_found') for path in ('/api', '/hooks', '/socket.io', '/rooms/x/', '/nowhere')),
    ):
        answer = await user.http_client.request(method, path, headers={'Host': 'evil.example'})
        assert (answer.status_code, answer.json()['error']['code']) == (status, code), path
        assert 'location' not in answer.headers
        person = await user.http_client.request(method, path, headers={'Accept': 'text/html'})
        is_page = not path.startswith(('/api', '/hooks', '/socket.io'))
        assert person.headers['content-type'].startswith('text/html' if is_page else 'application/json'), path


@pytest.mark.usefixtures('nothing_forgiven')
async def test_a_page_that_cannot_be_built_now_says_why_and_is_no_crash(
    user: User, caplog: pytest.LogCaptureFixture
) -> None:
    await sign_in(user, 'Ada')
    chat, ada = chat_of(user), await person_of(user)
    for _ in range(120):
        chat.rate_limits.check('joining and leaving rooms', ada.id)
    answer = await user.http_client.get('/rooms/lobby', headers={'Accept': 'text/html'})
    assert answer.status_code == 429
    assert 'You are joining and leaving rooms too fast' in answer.text
    assert int(answer.headers['retry-after']) >= 1
    assert not [record for record in caplog.records if record.levelname == 'ERROR']


@pytest.mark.parametrize('path', ['/', '/healthz', '/metrics', '/api/openapi.json'])
async def test_head_works_where_get_does(user: User, path: str) -> None:
    answer = await user.http_client.head(path)
    assert (answer.status_code, answer.content) == (200, b'')
    assert (await user.http_client.head('/api/v1/me')).status_code == 401


async def test_the_first_form_takes_neither_files_nor_endless_words(user: User) -> None:
    origin = {'Origin': SITE}
    for sent, status in (
        ({'files': {'name': b'x'}}, 422),
        ({'content': b'x', 'headers': {**origin, 'Content-Type': 'multipart/form-data'}}, 422),
        ({'content': b'', 'headers': {**origin, 'Content-Type': 'multipart/form-data; charset=punycode'}}, 422),
        ({'data': {'name': 'x' * 300_000}}, 413),
    ):
        answer = await user.http_client.post('/join', **{'headers': origin, **sent})
        assert answer.status_code == status
        assert set(answer.json()['error']) == {'code', 'message', 'field'}


async def test_a_token_that_travels_in_a_cookie_is_kept_by_no_cache(user: User) -> None:
    answer = await user.http_client.post('/join', data={'name': 'Ada'}, headers={'Origin': SITE})
    assert answer.headers['cache-control'] == 'no-store'
    assert 'hearth_session' in answer.headers['set-cookie']


async def test_no_layer_around_requests_starts_something_for_each_piece_of_a_body(user: User) -> None:
    assert (await user.http_client.get('/')).status_code == 200
    layers = [each.cls for each in app.user_middleware]
    assert CacheControl in layers
    assert not [each for each in layers if isinstance(each, type) and issubclass(each, BaseHTTPMiddleware)]
