"""Files are brought to a room, sent, and given to whoever sees their message; what nobody shares any more goes."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from chat import Chat
from chat import files as actions
from chat.audit import Actor
from chat.errors import Busy, Forbidden, Invalid, NotAMember, NotFound, RateLimited, StorageFailed, TooLarge
from chat.events import MessageSent, from_json
from chat.files import MEGABYTE, FileLimits
from chat.messages import MOST_ATTACHMENTS
from chat.models import Attachment, Message, StoredFile, User
from chat.settings import Settings
from chat.storage import files as rows_of_files
from chat.storage import tables
from tests.chat.files import bring, content, picture, pieces
from tests.chat.several import eventually


async def share(chat: Chat, user: User, *brought: Attachment, words: str = '', slug: str = 'lobby') -> Message:
    return (await chat.messages.send(user, slug, words, attachments=[each.id for each in brought])).message


async def rows(chat: Chat, table: str) -> int:
    counting = select(func.count()).select_from(tables.metadata.tables[table])
    return await chat.storage.read(lambda connection: connection.execute(counting).scalar_one())


async def kept(chat: Chat) -> set[str]:
    """Return where bytes are kept."""
    return {key async for key, _ in chat.files._store.keys()}  # noqa: SIM118 - no dictionary


async def limited(chat: Chat, largest: int = 25 * MEGABYTE, quota: int = 0) -> None:
    chat.files.limits = FileLimits(largest, quota)


async def test_a_file_goes_with_a_message(chat: Chat, ada: User, bo: User) -> None:
    brought = await bring(chat, ada, data=b'one, two', name='notes.txt')
    assert (brought.name, brought.type, brought.size, brought.width) == ('notes.txt', 'text/plain', 8, None)
    message = await share(chat, ada, brought, words='Look')
    assert message.attachments == (brought,)
    (read,) = [each for each in (await chat.messages.page(bo, 'lobby')).messages if each.id == message.id]
    assert read.attachments == (brought,)
    assert await content(chat, bo, brought) == b'one, two'


async def test_words_may_be_missing_where_there_is_a_file(chat: Chat, ada: User) -> None:
    message = await share(chat, ada, await bring(chat, ada))
    assert (message.body, message.html, message.summary) == ('', '', 'notes.txt')
    with pytest.raises(Invalid, match='Write something'):
        await chat.messages.send(ada, 'lobby', ' ')


async def test_files_keep_the_order_they_are_sent_in(chat: Chat, ada: User) -> None:
    first, second = await bring(chat, ada, name='1'), await bring(chat, ada, name='2')
    message = await share(chat, ada, second, first)
    assert [each.name for each in message.attachments] == ['2', '1']
    assert (await chat.messages.get(ada, message.id)).attachments == message.attachments


async def test_what_is_told_has_the_files(chat: Chat, ada: User) -> None:
    message = await share(chat, ada, await bring(chat, ada, data=picture(), name='red.png'))
    event = MessageSent(message.room_id, message.room, message.revision, message)
    assert '"attachments":[{"id":' in event.text
    told = from_json(message.room_id, event.text)
    assert isinstance(told, MessageSent)
    assert told.message.attachments == message.attachments


async def test_a_picture_is_kept_anew_with_its_size_and_a_thumbnail(chat: Chat, ada: User) -> None:
    brought = await bring(chat, ada, data=picture('PNG', (1000, 500)), name='red.png')
    assert (brought.type, brought.width, brought.height, brought.is_picture) == ('image/png', 1000, 500, True)
    data = await content(chat, ada, brought)
    assert len(data) == brought.size
    assert (await content(chat, ada, brought, thumbnail=True))[8:12] == b'WEBP'
    with pytest.raises(NotFound):
        await chat.files.open(ada, (await bring(chat, ada)).id, thumbnail=True)


async def test_until_it_is_sent_a_file_is_its_owners(chat: Chat, ada: User, bo: User) -> None:
    brought = await bring(chat, ada)
    assert await content(chat, ada, brought) == b'hello'
    with pytest.raises(NotFound):
        await chat.files.open(bo, brought.id)
    with pytest.raises(NotFound):
        await chat.files.discard(bo, brought.id)
    with pytest.raises(Invalid, match='not there any more'):
        await share(chat, bo, brought)
    assert await chat.files.pending(ada, 'lobby') == (brought,)
    assert await chat.files.pending(bo, 'lobby') == ()


async def test_what_is_taken_back_is_gone(chat: Chat, ada: User) -> None:
    brought = await bring(chat, ada)
    await chat.files.discard(ada, brought.id)
    with pytest.raises(NotFound):
        await chat.files.open(ada, brought.id)
    with pytest.raises(NotFound):
        await chat.files.discard(ada, brought.id)
    with pytest.raises(Invalid):
        await share(chat, ada, brought)


async def test_what_was_sent_goes_with_its_message_alone(chat: Chat, ada: User) -> None:
    brought = await bring(chat, ada)
    await share(chat, ada, brought)
    with pytest.raises(Forbidden, match='has been sent'):
        await chat.files.discard(ada, brought.id)
    with pytest.raises(Invalid, match='sent already'):
        await share(chat, ada, brought, words='again')
    assert await chat.files.pending(ada, 'lobby') == ()


async def test_sending_again_with_its_own_id_is_once(chat: Chat, ada: User) -> None:
    brought = await bring(chat, ada)
    first = await chat.messages.send(ada, 'lobby', '', 'mine', attachments=[brought.id])
    again = await chat.messages.send(ada, 'lobby', '', 'mine', attachments=[brought.id])
    assert first.is_new
    assert not again.is_new
    assert again.message == first.message


@pytest.mark.parametrize('wrong', ['too many', 'twice', 'of another room', 'unknown'])
async def test_files_that_a_message_cannot_have(chat: Chat, ada: User, wrong: str) -> None:
    brought = await bring(chat, ada)
    await chat.rooms.create(ada, 'Study')
    ids = {
        'too many': [brought.id + number for number in range(MOST_ATTACHMENTS + 1)],
        'twice': [brought.id, brought.id],
        'of another room': [(await bring(chat, ada, 'study')).id],
        'unknown': [brought.id, 2**40],
    }[wrong]
    with pytest.raises(Invalid) as error:
        await chat.messages.send(ada, 'lobby', 'x', attachments=ids)
    assert error.value.field == 'attachments'
    assert await chat.files.pending(ada, 'lobby') == (brought,)


async def test_a_caption_may_be_changed_and_taken_away(chat: Chat, ada: User) -> None:
    message = await share(chat, ada, await bring(chat, ada), words='Look')
    assert (await chat.messages.edit(ada, message.id, 'Look here')).attachments == message.attachments
    assert (await chat.messages.edit(ada, message.id, ' ')).body == ''
    plain = (await chat.messages.send(ada, 'lobby', 'plain')).message
    with pytest.raises(Invalid):
        await chat.messages.edit(ada, plain.id, ' ')


async def test_who_cannot_write_brings_nothing(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Study')
    with pytest.raises(NotAMember):
        await bring(chat, bo, 'study')
    await chat.rooms.join(bo, 'study')
    await chat.rooms.change(ada, 'study', paused=True)
    with pytest.raises(Forbidden):
        await bring(chat, bo, 'study')
    with pytest.raises(NotFound):
        await bring(chat, bo, 'nowhere')
    assert await rows(chat, 'files') == 0


async def test_slow_mode_does_not_keep_files_from_coming(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Study')
    await chat.rooms.join(bo, 'study')
    await chat.rooms.change(ada, 'study', slow_mode=60)
    await chat.messages.send(bo, 'study', 'x')
    assert (await bring(chat, bo, 'study')).size == 5


async def test_who_is_out_of_the_room_gets_no_file_of_it(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Secret', private=True)
    await chat.rooms.add_member(Actor(ada, ''), 'secret', bo.id)
    brought = await bring(chat, ada, 'secret')
    await share(chat, ada, brought, slug='secret')
    assert await content(chat, bo, brought) == b'hello'
    await chat.rooms.leave(bo, 'secret')
    with pytest.raises(NotFound):
        await chat.files.open(bo, brought.id)


async def test_a_file_goes_with_its_message(chat: Chat, ada: User) -> None:
    brought = await bring(chat, ada, data=picture(), name='red.png')
    message = await share(chat, ada, brought)
    assert len(await kept(chat)) == 2
    assert (await chat.messages.delete(ada, message.id)).attachments == ()
    assert (await chat.messages.get(ada, message.id)).attachments == ()
    with pytest.raises(NotFound):
        await chat.files.open(ada, brought.id)
    await chat.files.forget_unshared()
    assert await kept(chat) == set()
    assert await rows(chat, 'files') == 0


async def test_a_file_goes_with_its_room(chat: Chat, ada: User) -> None:
    await chat.rooms.create(ada, 'Study')
    sent, unsent = await bring(chat, ada, 'study', b'1'), await bring(chat, ada, 'study', b'2')
    await share(chat, ada, sent, slug='study')
    await chat.rooms.delete(ada, 'study')
    for each in (sent, unsent):
        with pytest.raises(NotFound):
            await chat.files.open(ada, each.id)
    await chat.files.forget_unshared()
    assert await kept(chat) == set()


async def test_what_is_hidden_is_given_to_nobody_until_it_is_shown_again(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Study')
    await chat.rooms.join(bo, 'study')
    brought = await bring(chat, bo, 'study')
    message = await share(chat, bo, brought, slug='study')
    hidden = await chat.moderation.hide(Actor(ada, ''), message.id, 'rude')
    assert hidden.attachments == ()
    for user in (ada, bo):
        with pytest.raises(NotFound):
            await chat.files.open(user, brought.id)
    await chat.files.sweep()
    await chat.moderation.show_again(Actor(ada, ''), message.id)
    assert await content(chat, ada, brought) == b'hello'


async def test_the_same_file_is_kept_once(chat: Chat, ada: User, bo: User) -> None:
    first = await bring(chat, ada, data=[b'he', b'llo'], name='a.txt')
    second = await bring(chat, bo, name='b.txt')
    assert (await rows(chat, 'files'), await rows(chat, 'attachments'), len(await kept(chat))) == (1, 2, 1)
    message = await share(chat, ada, first)
    await share(chat, bo, second)
    await chat.messages.delete(ada, message.id)
    await chat.files.forget_unshared()
    assert await content(chat, bo, second) == b'hello'


async def test_the_same_file_at_the_same_moment_is_kept_once(chat: Chat, ada: User, bo: User) -> None:
    both = await asyncio.gather(bring(chat, ada, name='a.txt'), bring(chat, bo, name='b.txt'), bring(chat, ada))
    assert [await content(chat, user, each) for user, each in zip((ada, bo, ada), both, strict=True)] == [b'hello'] * 3
    assert (await rows(chat, 'files'), len(await kept(chat))) == (1, 1)


async def test_bytes_that_came_for_nothing_and_cannot_be_taken_away_now_keep_nobody_from_sharing(
    chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_keys: object) -> None:
        raise StorageFailed('The server could not delete all of the files.')

    monkeypatch.setattr(chat.files._store, 'delete', fails)
    share_really, is_first = chat.files._share, iter([True, False])

    async def brought_meanwhile(*args: Any) -> Any:
        if len(args) > 4 and next(is_first):  # its bytes are kept, and it is not shared yet
            await bring(chat, bo)
        return await share_really(*args)

    monkeypatch.setattr(chat.files, '_share', brought_meanwhile)
    assert await content(chat, ada, await bring(chat, ada)) == b'hello'
    assert (await rows(chat, 'files'), len(await kept(chat))) == (1, 2)


async def test_why_one_may_not_share_is_said_also_where_bytes_cannot_be_taken_away_now(
    chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await chat.rooms.create(ada, 'Study')
    await chat.rooms.join(bo, 'study')
    put_really = chat.files._store.put

    async def fails(_keys: object) -> None:
        raise StorageFailed('The server could not delete all of the files.')

    async def put_and_removed(key: str, source: Path) -> None:
        await put_really(key, source)
        await chat.moderation.remove(Actor(ada, ''), 'study', bo.id, 'rude')

    monkeypatch.setattr(chat.files._store, 'delete', fails)
    monkeypatch.setattr(chat.files._store, 'put', put_and_removed)
    with pytest.raises((Forbidden, NotFound)):
        await bring(chat, bo, slug='study')


async def test_a_file_that_is_forgotten_while_it_comes_again_is_kept(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await chat.files.discard(ada, (await bring(chat, ada)).id)
    share_really = chat.files._share

    async def forgotten_meanwhile(*args: Any) -> Any:
        await chat.files.forget_unshared()
        return await share_really(*args)

    monkeypatch.setattr(chat.files, '_share', forgotten_meanwhile)
    assert await content(chat, ada, await bring(chat, ada)) == b'hello'


async def test_what_is_too_large_is_refused_before_and_while_it_comes(chat: Chat, ada: User) -> None:
    await limited(chat, largest=10)

    async def endless() -> AsyncIterator[bytes]:
        while True:
            nonlocal given
            given += 1
            yield b'x' * 4

    given = 0
    with pytest.raises(TooLarge, match='at most'):
        await chat.files.upload(ada, 'lobby', 'x', endless(), 1_000)
    assert given == 0
    with pytest.raises(TooLarge):
        await chat.files.upload(ada, 'lobby', 'x', endless())
    assert given == 3
    assert (await rows(chat, 'files'), await kept(chat)) == (0, set())


async def test_no_files_at_all(chat: Chat, ada: User) -> None:
    await limited(chat, largest=0)
    with pytest.raises(Forbidden, match='cannot be shared'):
        await bring(chat, ada)


@pytest.mark.parametrize('size', [4, 6])
async def test_a_length_that_lies(chat: Chat, ada: User, size: int) -> None:
    with pytest.raises(Invalid, match='as a whole'):
        await chat.files.upload(ada, 'lobby', 'x', pieces(b'hello'), size)


async def test_nothing_is_no_file(chat: Chat, ada: User) -> None:
    with pytest.raises(Invalid, match='empty'):
        await bring(chat, ada, data=b'')


async def test_one_person_may_share_so_much(chat: Chat, ada: User, bo: User) -> None:
    await limited(chat, quota=12)
    first = await bring(chat, ada)
    message = await share(chat, ada, first)
    await bring(chat, ada)
    with pytest.raises(Forbidden, match='would take more'):
        await bring(chat, ada)
    with pytest.raises(Forbidden):
        await chat.files.require_room(ada, 'lobby', 5)
    await bring(chat, bo)
    await chat.messages.delete(ada, message.id)
    await bring(chat, ada)


async def test_few_at_a_time(chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, 'MOST_AT_ONCE', actions.MOST_EACH)
    goes_on = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b'x'
        await goes_on.wait()

    coming = [asyncio.create_task(chat.files.upload(ada, 'lobby', 'x', slow())) for _ in range(actions.MOST_EACH)]
    while chat.files._coming.get(ada.id) != actions.MOST_EACH:
        await asyncio.sleep(0.01)
    with pytest.raises(RateLimited):
        await bring(chat, ada)
    with pytest.raises(Busy):
        await bring(chat, bo)
    goes_on.set()
    await asyncio.gather(*coming)
    await bring(chat, bo)


@pytest.mark.parametrize('limit', ['PAUSE', 'WITHIN'])
async def test_a_file_that_stops_coming(chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(actions, limit, 0.05)

    async def stuck() -> AsyncIterator[bytes]:
        yield b'x'
        await asyncio.Event().wait()

    with pytest.raises(Invalid, match='arriv'):
        await chat.files.upload(ada, 'lobby', 'x', stuck())
    assert chat.files._coming == {}


@pytest.mark.parametrize('takes_over', [True, False])
async def test_a_large_file_is_on_the_disk_bit_by_bit_where_it_is_kept(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch, takes_over: bool
) -> None:
    really, lengths, folder = os.fsync, [0], chat.files._folder

    def note(opened: int) -> None:
        lengths.extend(
            each.stat().st_size for each in folder.glob('*/*') if each.stat().st_ino == os.fstat(opened).st_ino
        )
        really(opened)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b'x' * 40_000

    with monkeypatch.context() as patch:
        patch.setattr(os, 'fsync', note)
        patch.setattr(chat.files._store, 'takes_over', takes_over)
        await chat.files.upload(ada, 'lobby', 'x', pieces())
    assert lengths[-1] == 64 * 40_000
    grown = max(later - before for before, later in pairwise(lengths))
    assert grown < actions.PIECE + 40_000 if takes_over else grown == 64 * 40_000


async def test_a_sender_who_goes_away_leaves_nothing(chat: Chat, ada: User) -> None:
    async def cut_off() -> AsyncIterator[bytes]:
        yield b'x' * actions.PIECE
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await chat.files.upload(ada, 'lobby', 'x', cut_off())
    await eventually(lambda: not list(chat.files._folder.iterdir()))
    assert chat.files._coming == {}


async def test_a_disk_that_fills_up_while_a_file_comes_is_said_and_nothing_stays(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, 'No space left on device')

    with monkeypatch.context() as patch:
        patch.setattr(os, 'fsync', full)
        with pytest.raises(StorageFailed, match='no place'):
            await bring(chat, ada)
    await eventually(lambda: not list(chat.files._folder.iterdir()))
    assert (await kept(chat), chat.files._coming) == (set(), {})
    assert await content(chat, ada, await bring(chat, ada)) == b'hello'


async def test_a_full_disk_is_said_in_words(chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(actions, '_make_folder', full)
    with pytest.raises(StorageFailed, match='no place'):
        await bring(chat, ada)


async def test_who_lost_the_right_meanwhile_shares_nothing(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Study')
    await chat.rooms.join(bo, 'study')

    async def removed_meanwhile() -> AsyncIterator[bytes]:
        yield b'x'
        await chat.moderation.remove(Actor(ada, ''), 'study', bo.id, 'rude')

    with pytest.raises((Forbidden, NotFound)):
        await chat.files.upload(bo, 'study', 'x', removed_meanwhile())
    assert (await rows(chat, 'files'), await kept(chat)) == (0, set())


async def test_what_is_never_sent_goes_after_a_day(chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    sent, unsent = await bring(chat, ada, data=b'1'), await bring(chat, ada, data=b'2')
    await share(chat, ada, sent)
    await chat.files.sweep()
    assert await content(chat, ada, unsent) == b'2'
    monkeypatch.setattr(actions, 'UNSENT', timedelta(seconds=-1))
    await chat.files.sweep()
    with pytest.raises(NotFound):
        await chat.files.open(ada, unsent.id)
    assert await content(chat, ada, sent) == b'1'
    assert len(await kept(chat)) == 1


async def test_bytes_that_nothing_is_known_of_are_swept_up(
    chat: Chat, ada: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they are left when the server is killed between keeping them and noting that."""
    shared = await bring(chat, ada, data=picture(), name='red.png')
    (tmp_path / 'left').write_bytes(b'left')
    for key in ('0' * 32, '0' * 32 + actions.THUMBNAIL):
        await chat.files._store.put(key, tmp_path / 'left')
    await chat.files.sweep()
    assert len(await kept(chat)) == 4
    monkeypatch.setattr(actions, 'ORPHANED', timedelta(seconds=-5))
    await chat.files.sweep()
    assert len(await kept(chat)) == 2
    assert await content(chat, ada, shared)


async def test_an_account_that_is_deleted_takes_along_what_it_never_sent(chat: Chat, ada: User, bo: User) -> None:
    sent, unsent = await bring(chat, ada, data=b'1'), await bring(chat, ada, data=b'2')
    await share(chat, ada, sent)
    await chat.deletion.delete_own(ada, 'keep', None, 'here')
    await chat.files.forget_unshared()
    assert await content(chat, bo, sent) == b'1'
    assert (await rows(chat, 'attachments'), len(await kept(chat))) == (1, 1)
    assert unsent.id != sent.id


async def test_files_stay_over_a_restart(tmp_path: Path) -> None:
    chat = Chat(Settings(data=tmp_path / 'again'))
    chat.open()
    ada = await chat.accounts.add_guest('Ada', 'here')
    await chat.rooms.join(ada, 'lobby')
    brought = await bring(chat, ada)
    await chat.stop()
    chat = Chat(Settings(data=tmp_path / 'again'))
    chat.open()
    assert await content(chat, ada, brought) == b'hello'
    assert await chat.files.pending(ada, 'lobby') == (brought,)
    await chat.stop()


async def test_a_file_that_is_forgotten_between_looking_and_sharing_is_brought_anew(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it can happen where several write at once."""
    await chat.files.discard(ada, (await bring(chat, ada)).id)
    look = rows_of_files.by_digest

    def look_and_forget(connection: Connection, digest: str) -> StoredFile | None:
        found = look(connection, digest)
        rows_of_files.forget_unshared(connection)
        return found

    monkeypatch.setattr(rows_of_files, 'by_digest', look_and_forget)
    brought = await bring(chat, ada)
    monkeypatch.setattr(rows_of_files, 'by_digest', look)
    assert await content(chat, ada, brought) == b'hello'
