"""Where browsers bring files, and ask for them."""

import httpx
import pytest
from nicegui.testing import User

from chat import file_store
from pages import files
from tests.chat.files import picture
from tests.pages.people import SITE, chat_of, join_room, person_of


async def bring(user: User, data: bytes = b'hello', name: str = 'notes.txt', origin: str = SITE) -> httpx.Response:
    sent = {'file': (name, data, 'image/png')}
    return await user.http_client.post(files.upload_address('lobby'), files=sent, headers={'Origin': origin})


async def share(user: User, data: bytes = b'hello', name: str = 'notes.txt') -> str:
    """Share a file in the lobby; return where it is."""
    answer = await bring(user, data, name)
    assert answer.status_code == 200, answer.text
    who = await person_of(user)
    sent = await chat_of(user).messages.send(who, 'lobby', '', attachments=[answer.json()['id']])
    return files.address(sent.message.attachments[0])


async def test_a_file_comes_from_a_page_and_goes_to_pages(user: User) -> None:
    await join_room(user, 'Ada')
    given = await user.http_client.get(await share(user))
    assert (given.status_code, given.content) == (200, b'hello')
    assert given.headers['content-type'] == 'text/plain; charset=utf-8'
    assert given.headers['content-disposition'].startswith('attachment; filename="notes.txt"')
    assert given.headers['x-content-type-options'] == 'nosniff'
    assert 'sandbox' in given.headers['content-security-policy']


async def test_text_can_be_opened_and_other_things_cannot(user: User) -> None:
    await join_room(user, 'Ada')
    for data, how in ((b'hello', 'inline'), (b'%PDF-1.7', 'inline'), (b'\x00\x01', 'attachment')):
        given = await user.http_client.get(await share(user, data), params={'open': ''})
        assert given.headers['content-disposition'].startswith(how), data


async def test_who_asks_how_large_a_file_is_lets_nobody_read_it(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    await join_room(user, 'Ada')
    where = await share(user, b'0123456789' * 200_000)
    read, real = [], file_store._Reading.next_chunk

    def reading(self: file_store._Reading) -> bytes:
        read.append(real(self))
        return read[-1]

    monkeypatch.setattr(file_store._Reading, 'next_chunk', reading)
    for wanted in ({}, {'Range': 'bytes=5-1999994'}):
        whole = await user.http_client.get(where, headers=wanted)
        read.clear()
        head = await user.http_client.head(where, headers=wanted)
        assert (head.status_code, head.content) == (whole.status_code, b'')
        assert {**head.headers, 'content-security-policy': ''} == {**whole.headers, 'content-security-policy': ''}
        assert int(head.headers['content-length']) == len(whole.content)
        assert len(read) == 1  # else it would not be known whether it is there


async def test_a_picture_is_shown_and_has_a_thumbnail(user: User) -> None:
    await join_room(user, 'Ada')
    where = await share(user, picture(), 'red.png')
    given = await user.http_client.get(where)
    assert given.headers['content-disposition'].startswith('inline')
    small = await user.http_client.get(f'/thumbnails/{where.split("/")[2]}.webp')
    assert small.headers['content-type'] == 'image/webp'


async def test_strangers_and_other_sites_bring_and_get_nothing(user: User) -> None:
    await join_room(user, 'Ada')
    where, ada = await share(user), await person_of(user)
    answer = await bring(user, origin='https://elsewhere.example')
    assert answer.status_code == 403
    user.http_client.cookies.clear()
    assert (await user.http_client.get(where)).status_code == 401
    assert (await bring(user)).status_code == 401
    assert await chat_of(user).files.pending(ada, 'lobby') == ()


@pytest.mark.parametrize(
    'where', ['/files/1000000/x', '/files/x/x', f'/files/{"9" * 30}/x', '/thumbnails/x.webp', '/files/1']
)
async def test_addresses_that_lead_nowhere(user: User, where: str) -> None:
    await join_room(user, 'Ada')
    assert (await user.http_client.get(where)).status_code == 404


async def test_what_is_no_form_with_a_file_is_said_in_words(user: User) -> None:
    await join_room(user, 'Ada')
    answer = await user.http_client.post(files.upload_address('lobby'), content=b'x', headers={'Origin': SITE})
    assert answer.status_code == 422
    assert answer.json()['error']['field'] == 'file'
    answer = await bring(user, b'')
    assert answer.json()['error']['message'] == 'The file is empty.'
