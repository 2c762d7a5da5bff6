"""Files by the API: brought, sent, given whole and in part, and to nobody who may not see them."""

from pathlib import Path

import httpx
import pytest

from chat import Chat
from chat.files import MEGABYTE, FileLimits
from tests.api import problems
from tests.api.programs import Program, serving
from tests.chat.files import picture

Headers = dict[str, str]


async def bring(
    program: httpx.AsyncClient, who: Headers, data: bytes = b'hello', name: str = 'notes.txt', room: str = 'lobby'
) -> httpx.Response:
    return await program.post(f'/rooms/{room}/files', params={'name': name}, content=data, headers=who)


async def shared(program: httpx.AsyncClient, who: Headers, data: bytes = b'hello', name: str = 'notes.txt') -> str:
    """Share a file in the lobby; return its path."""
    brought = (await bring(program, who, data, name)).json()
    sent = await program.post('/rooms/lobby/messages', json={'body': '', 'attachments': [brought['id']]}, headers=who)
    assert sent.status_code == 201, sent.text
    return f'/files/{brought["id"]}'


async def test_a_file_is_brought_sent_and_given(program: httpx.AsyncClient, ada: Headers, bo: Headers) -> None:
    answer = await bring(program, ada)
    assert answer.status_code == 201, answer.text
    brought = answer.json()
    assert brought == {
        'id': brought['id'], 'name': 'notes.txt', 'type': 'text/plain', 'size': 5, 'width': None, 'height': None
    }  # fmt: skip
    body = {'body': 'Look', 'attachments': [brought['id']]}
    message = (await program.post('/rooms/lobby/messages', json=body, headers=ada)).json()
    assert message['attachments'] == [brought]
    given = await program.get(f'/files/{brought["id"]}', headers=bo)
    assert (given.status_code, given.content) == (200, b'hello')
    assert given.headers['content-length'] == '5'


async def test_a_picture_and_its_thumbnail(program: httpx.AsyncClient, ada: Headers) -> None:
    path = await shared(program, ada, picture('JPEG', (1600, 900)), 'photo.jpg')
    given = await program.get(path, headers=ada)
    assert given.headers['content-type'] == 'image/jpeg'
    assert given.headers['content-disposition'].startswith('inline')
    small = await program.get(f'{path}/thumbnail', headers=ada)
    assert small.headers['content-type'] == 'image/webp'
    assert len(small.content) == int(small.headers['content-length'])
    problems.problem(await program.get(f'{await shared(program, ada)}/thumbnail', headers=ada))


@pytest.mark.parametrize(
    ('data', 'name'),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 'drawing.svg'),
        (b'<html><script>alert(1)</script></html>', 'page.png'),
        (b'alert(1)', 'script.js'),
        (b'%PDF-1.7 <script>', 'plan.html'),
        (b'MZ\x90\x00\x03', 'setup.exe'),
    ],
)
async def test_what_could_do_something_is_to_be_saved_and_can_do_nothing(
    program: httpx.AsyncClient, ada: Headers, data: bytes, name: str
) -> None:
    given = await program.get(await shared(program, ada, data, name), headers=ada)
    assert given.content == data
    kind = given.headers['content-type']
    assert kind in ('text/plain; charset=utf-8', 'application/pdf', 'application/octet-stream')
    assert given.headers['content-disposition'].startswith('attachment; filename=')
    assert 'sandbox' in given.headers['content-security-policy']
    assert "default-src 'none'" in given.headers['content-security-policy']
    assert given.headers['cache-control'] == 'private, no-cache'


@pytest.mark.parametrize(
    ('asked', 'status', 'data', 'range_'),
    [
        ('bytes=0-1', 206, b'01', 'bytes 0-1/10'),
        ('bytes=4-', 206, b'456789', 'bytes 4-9/10'),
        ('bytes=-3', 206, b'789', 'bytes 7-9/10'),
        ('bytes=-99', 200, b'0123456789', None),
        ('bytes=8-99', 206, b'89', 'bytes 8-9/10'),
        ('bytes=0-', 200, b'0123456789', None),
        ('bytes=10-', 416, b'', 'bytes */10'),
        ('bytes=-0', 416, b'', 'bytes */10'),
        ('bytes=5-2', 200, b'0123456789', None),
        ('bytes=0-1,4-5', 200, b'0123456789', None),
        ('lines=1-2', 200, b'0123456789', None),
        ('bytes=-', 200, b'0123456789', None),
        ('bytes=99999999999999999999-', 200, b'0123456789', None),
    ],
)
async def test_parts_of_a_file(
    program: httpx.AsyncClient, ada: Headers, asked: str, status: int, data: bytes, range_: str | None
) -> None:
    path = await shared(program, ada, b'0123456789')
    given = await program.get(path, headers={**ada, 'Range': asked})
    assert (given.status_code, given.content, given.headers.get('content-range')) == (status, data, range_)
    if status != 416:
        assert given.headers['content-length'] == str(len(data))


async def test_what_is_known_is_not_given_again(program: httpx.AsyncClient, ada: Headers) -> None:
    path = await shared(program, ada)
    tag = (await program.get(path, headers=ada)).headers['etag']
    known = await program.get(path, headers={**ada, 'If-None-Match': tag})
    assert (known.status_code, known.content) == (304, b'')
    assert (await program.get(path, headers={**ada, 'If-None-Match': '"other"'})).status_code == 200
    part = {**ada, 'Range': 'bytes=1-2', 'If-Range': '"other"'}
    assert (await program.get(path, headers=part)).content == b'hello'
    assert (await program.get(path, headers={**part, 'If-Range': tag})).content == b'el'


@pytest.mark.parametrize(
    'name', ['Zeichnung für Åsa.pdf', '日本.txt', 'a"b\\c;.txt', '../../etc/passwd', '"><script>.txt']
)
async def test_names_are_told_safely(program: httpx.AsyncClient, ada: Headers, name: str) -> None:
    given = await program.get(await shared(program, ada, name=name), headers=ada)
    disposition = given.headers['content-disposition']
    assert disposition.count('"') == 2
    assert not set('<>\\/\r\n') & set(disposition)


async def test_nobody_gets_what_is_not_for_them(program: httpx.AsyncClient, ada: Headers, bo: Headers) -> None:
    brought = (await bring(program, ada)).json()
    for path in (f'/files/{brought["id"]}', f'/files/{brought["id"]}/thumbnail'):
        assert (await program.get(path)).status_code == 401
        assert (await program.get(path, headers=bo)).status_code == 404
    assert (await program.delete(f'/files/{brought["id"]}', headers=bo)).status_code == 404
    assert (await program.delete(f'/files/{brought["id"]}', headers=ada)).status_code == 204
    assert (await program.get(f'/files/{brought["id"]}', headers=ada)).status_code == 404
    assert (await bring(program, {})).status_code == 401


async def test_a_room_is_joined_by_bringing(program: httpx.AsyncClient, chat: Chat, ada: Headers, bo: Headers) -> None:
    await program.post('/rooms', json={'name': 'Study'}, headers=ada)
    assert (await bring(program, bo, room='study')).status_code == 201
    assert (await bring(program, bo, room='nowhere')).status_code == 404


async def test_limits_are_the_servers(program: httpx.AsyncClient, chat: Chat, ada: Headers) -> None:
    chat.files.limits = FileLimits(largest=MEGABYTE, quota=0)

    async def endless() -> object:
        while True:
            yield b'x' * 65536

    answer = await bring(program, ada, b'x' * (MEGABYTE + 1))
    assert answer.status_code == 413
    assert answer.json()['error']['message'] == 'A file has at most 1 MB.'
    answer = await program.post('/rooms/lobby/files', params={'name': 'x'}, content=endless(), headers=ada)  # type: ignore[arg-type]
    assert answer.status_code == 413
    assert (await bring(program, ada, b'x' * MEGABYTE)).status_code == 201
    chat.files.limits = FileLimits(largest=0, quota=0)
    assert (await bring(program, ada)).status_code == 403


async def test_what_is_asked_of_a_message_with_files(program: httpx.AsyncClient, ada: Headers) -> None:
    for attachments in ([1] * 11, ['a'], 'x', [-1], [2**70]):
        answer = await program.post(
            '/rooms/lobby/messages', json={'body': 'x', 'attachments': attachments}, headers=ada
        )
        status, code, field = problems.problem(answer)
        assert (status, code) == (422, 'invalid')
        assert field == 'attachments'
    assert (await bring(program, ada, name='')).status_code == 422
    assert (await program.post('/rooms/lobby/files', content=b'x', headers=ada)).status_code == 422


async def test_a_file_that_has_lost_its_bytes_is_said_in_words(
    program: httpx.AsyncClient, chat: Chat, ada: Headers
) -> None:
    path = await shared(program, ada)
    await chat.files._store.delete([key async for key, _ in chat.files._store.keys()])  # noqa: SIM118 - no dictionary
    assert (await program.get(path, headers=ada)).status_code in (404, 503)


async def test_a_message_with_files_over_the_websocket(tmp_path: Path, chat: Chat) -> None:
    async with serving(chat) as site, httpx.AsyncClient(base_url=f'http://{site.host}/api/v1') as client:
        token = (await client.post('/sessions', json={'name': 'Ada'})).json()['token']
        headers = {'Authorization': f'Bearer {token}'}
        brought = (await bring(client, headers)).json()
        async with site.connect(**headers) as socket:
            program = Program(socket)
            await program.next()
            await program.result('subscribe', room='lobby')
            said = await program.result('send', room='lobby', body='', attachments=[brought['id']])
            assert said['attachments'] == [brought]
