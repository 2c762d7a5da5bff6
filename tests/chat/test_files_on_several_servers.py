"""Several servers that keep their files in one place: a folder that all of them reach, or S3-compatible storage."""

from pathlib import Path

import pytest

from chat.errors import NotFound
from tests.chat.files import bring, content, picture
from tests.chat.several import eventually, servers


@pytest.fixture(params=['folder', pytest.param('s3', marks=pytest.mark.slow)])
def uploads_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == 's3':
        url: str = request.getfixturevalue('s3_url')
        return url
    return (tmp_path / 'shared').as_uri()


async def test_a_file_is_the_same_on_all_servers_and_gone_on_all(
    tmp_path: Path, redis_url: str, uploads_url: str
) -> None:
    async with servers(tmp_path / 'data', redis_url, uploads_url=uploads_url) as (here, there):
        ada = await here.accounts.add_guest('Ada', 'here')
        await here.rooms.join(ada, 'lobby')
        room = await there.rooms.find(ada, 'lobby')
        told = []
        there.room_state.subscribe(room.id, room.revision, told.extend)
        red = await bring(here, ada, data=picture('PNG', (900, 300)), name='red.png')
        message = (await here.messages.send(ada, 'lobby', '', attachments=[red.id])).message
        await eventually(lambda: [each.message.attachments for each in told if hasattr(each, 'message')] == [(red,)])
        for thumbnail in (False, True):
            data = await content(here, ada, red, thumbnail=thumbnail)
            assert data
            assert data == await content(there, ada, red, thumbnail=thumbnail)
        opened = await there.files.open(ada, red.id)
        assert b''.join([piece async for piece in opened.read(4, 6)]) == (await content(here, ada, red))[4:10]
        await there.messages.delete(ada, message.id)
        with pytest.raises(NotFound):
            await here.files.open(ada, red.id)
        await here.files.forget_unshared()
        assert [key async for key, _ in there.files._store.keys()] == []  # noqa: SIM118 - no dictionary
