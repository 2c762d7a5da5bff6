"""Forms with a file, read as they come: in any pieces, and whatever else they have."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request
from starlette.types import Message

from chat.errors import ChatError, Invalid, TooLarge
from web import upload_forms
from web.upload_forms import MOST_BESIDES, UploadForm

START = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a b.txt"\r\nContent-Type: text/plain\r\n\r\n'
BESIDES = b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nvalue\r\n'
END = b'\r\n--b--\r\n'


def request(*parts: bytes, kind: str = 'multipart/form-data; boundary=b', cut_off: bool = False) -> Request:
    coming: list[Message] = [{'type': 'http.request', 'body': part, 'more_body': True} for part in parts]
    coming.append({'type': 'http.disconnect'} if cut_off else {'type': 'http.request', 'body': b'', 'more_body': False})

    async def receive() -> Message:
        return coming.pop(0)

    return Request({'type': 'http', 'method': 'POST', 'headers': [(b'content-type', kind.encode())]}, receive)


async def read(asking: Request) -> tuple[str, bytes]:
    form = await UploadForm.begun(asking)
    return form.name, b''.join([piece async for piece in form.pieces()])


@pytest.mark.parametrize('size', [1, 7, 50, 10_000])
async def test_a_file_in_any_pieces(size: int) -> None:
    data = bytes(range(256)) * 20 + b'\r\n--bb'
    whole = BESIDES + START + data + END
    parts = [whole[at : at + size] for at in range(0, len(whole), size)]
    assert await read(request(*parts)) == ('a b.txt', data)


async def test_a_file_is_given_as_it_comes() -> None:
    given = 0

    async def coming() -> AsyncIterator[bytes]:
        nonlocal given
        for part in (START, b'1' * 100, b'2' * 100, END):
            given += 1
            yield part

    asking = request()
    asking._receive = None  # type: ignore[assignment]
    asking.stream = coming  # type: ignore[method-assign, assignment]
    form = await UploadForm.begun(asking)
    assert (form.name, given) == ('a b.txt', 1)
    pieces = form.pieces()
    assert (await anext(pieces))[:3] == b'111'
    assert given == 2


async def test_an_empty_file() -> None:
    assert await read(request(START + END)) == ('a b.txt', b'')


async def test_a_name_in_utf_8() -> None:
    assert (await read(request(START.replace(b'a b', 'é日'.encode()) + b'x' + END)))[0] == 'é日.txt'


async def test_a_name_with_what_browsers_put_for_quotes() -> None:
    assert (await read(request(START.replace(b'a b', b'100%25 %22a%22') + b'x' + END)))[0] == '100%25 "a".txt'


@pytest.mark.parametrize(
    ('parts', 'error', 'words'),
    [
        ([BESIDES + b'--b--\r\n'], Invalid, 'Choose a file'),
        ([], Invalid, 'Choose a file'),
        ([b'nothing like it'], Invalid, 'cannot be read'),
        ([START + b'x'], Invalid, 'as a whole'),
        ([BESIDES[:-2] + b'x' * MOST_BESIDES], TooLarge, 'too much'),
        ([b'--b\r\nX-Long: ' + b'x' * 2 * MOST_BESIDES], ChatError, 'too much|cannot be read'),
    ],
)
async def test_forms_that_are_none(parts: list[bytes], error: type[ChatError], words: str) -> None:
    with pytest.raises(error, match=words):
        await read(request(*parts))


@pytest.mark.parametrize('nothing', [b'\r\n', b'--b\r\n\r\n\r\n'])
async def test_a_file_that_never_begins(nothing: bytes) -> None:
    parts = [nothing * 5000] * 100
    with pytest.raises(TooLarge, match='too much'):
        await read(request(*parts))


async def test_a_form_that_stops_coming_before_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_forms, 'BEGINS_WITHIN', 0.01)
    asking = request()
    asking._receive = asyncio.Event().wait  # type: ignore[assignment]
    with pytest.raises(Invalid, match='too long'):
        await asyncio.wait_for(UploadForm.begun(asking), 5)


@pytest.mark.parametrize('kind', ['text/plain', 'multipart/form-data', 'application/x-www-form-urlencoded', ''])
async def test_other_kinds_of_content(kind: str) -> None:
    with pytest.raises(Invalid, match='no form'):
        await read(request(START + END, kind=kind))


async def test_a_browser_that_goes_away() -> None:
    with pytest.raises(Invalid, match='as a whole'):
        await read(request(START + b'x', cut_off=True))
