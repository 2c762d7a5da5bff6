"""What a request may bring, before anything looks at it."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, Form, Request
from starlette.requests import ClientDisconnect

from web import answers
from web.requests import LARGEST_REQUEST, AnswerHead, LimitRequests

FORM = 'multipart/form-data; boundary=x'
FIELD = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nAda\r\n--x--\r\n'


@pytest.fixture
async def visitor() -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of a site with one form and one page without."""
    site = FastAPI()
    answers.install(site)
    site.add_middleware(LimitRequests, ('/join', '/upload'), {'/upload': 2 * LARGEST_REQUEST})
    site.add_middleware(AnswerHead)

    @site.post('/join')
    async def join(name: Annotated[str, Form()]) -> str:
        return name

    @site.post('/elsewhere')
    async def elsewhere(request: Request) -> int:
        return len(await request.body())

    @site.post('/upload')
    async def upload(request: Request) -> int:
        try:
            return len(await request.body())
        except ClientDisconnect:
            return 0

    @site.get('/page')
    async def page() -> str:
        return 'words'

    async with httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url='http://chat.test') as client:
        yield client


async def untouched() -> AsyncIterator[bytes]:
    raise AssertionError('read')
    yield b''


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()['error']['message']


@pytest.mark.parametrize(
    'charset', ['punycode', 'undefined', 'idna', 'utf-16', 'latin-1', '"utf-7"', "utf-8''", 'utf_8', '\xb2', '']
)
@pytest.mark.parametrize('kind', [FORM, 'application/x-www-form-urlencoded'])
async def test_a_form_in_other_letters_than_utf_8_is_refused_unread(
    visitor: httpx.AsyncClient, kind: str, charset: str
) -> None:
    """Python decodes what the form names: some codings take the square of the length, one fails for whatever comes."""
    headers = {'Content-Type': f'{kind}; charset={charset}'.encode('latin-1')}
    answer = await visitor.post('/join', content=untouched(), headers=headers)
    assert problem(answer) == (422, 'A form must be in UTF-8.')


@pytest.mark.parametrize('kind', [FORM, f'{FORM}; charset=utf-8', f'{FORM}; charset="UTF-8"', f'{FORM};charset=utf8'])
async def test_a_form_in_utf_8_is_read(visitor: httpx.AsyncClient, kind: str) -> None:
    answer = await visitor.post('/join', content=FIELD, headers={'Content-Type': kind})
    assert (answer.status_code, answer.json()) == (200, 'Ada')


async def test_a_form_that_is_too_large_is_refused_as_it_comes_and_only_where_forms_are(
    visitor: httpx.AsyncClient,
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100:
            sent += 1
            yield b'x' * 65_536

    headers = {'Content-Type': 'application/x-www-form-urlencoded'}
    too_large = (413, f'A request has at most {LARGEST_REQUEST:,} bytes.')
    assert problem(await visitor.post('/join', content=endless(), headers=headers)) == too_large
    assert sent <= LARGEST_REQUEST // 65_536 + 2
    declared = {**headers, 'Content-Length': str(LARGEST_REQUEST + 1)}
    assert problem(await visitor.post('/join', content=untouched(), headers=declared)) == too_large
    assert (await visitor.post('/elsewhere', content=b'x' * 300_000)).json() == 300_000


@pytest.mark.parametrize(
    ('headers', 'body'), [({'Content-Type': 'multipart/form-data'}, b'x'), ({'Content-Type': FORM}, b'x')]
)
async def test_a_form_that_is_none_gets_a_sentence(
    visitor: httpx.AsyncClient, headers: dict[str, str], body: bytes
) -> None:
    answer = await visitor.post('/join', content=body, headers=headers)
    assert problem(answer) == (422, 'This form cannot be read.')


async def test_a_file_in_the_place_of_words_is_said_in_words(visitor: httpx.AsyncClient) -> None:
    assert problem(await visitor.post('/join', files={'name': b'x'})) == (422, '"name" must be text.')


async def test_head_is_answered_as_get_without_the_body(visitor: httpx.AsyncClient) -> None:
    whole, head = await visitor.get('/page'), await visitor.head('/page')
    assert (head.status_code, head.headers, head.content) == (200, whole.headers, b'')
    assert (await visitor.head('/join')).status_code == 405


async def test_some_paths_take_more_than_others_and_say_how_much(visitor: httpx.AsyncClient) -> None:
    most = 2 * LARGEST_REQUEST
    too_large = (413, f'A request has at most {most:,} bytes.')

    async def in_parts(length: int) -> AsyncIterator[bytes]:
        for start in range(0, length, 65_536):
            yield bytes(min(65_536, length - start))

    for make in (bytes, in_parts):
        assert problem(await visitor.post('/upload', content=make(most + 1))) == too_large
        assert (await visitor.post('/upload', content=make(most))).json() == most
    assert problem(await visitor.post('/join', content=bytes(most))) == (413, 'A request has at most 262,144 bytes.')
