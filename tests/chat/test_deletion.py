"""Deleting an account: who it was is gone at once, and what they said stays without a name, or goes."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import Connection, insert, select

from chat import Chat, deletion, rate_limits
from chat.administration import LAST
from chat.errors import (
    ChatError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    StorageFailed,
    Unauthenticated,
)
from chat.events import MemberLeft, MessageDeleted, RoomEvent, Typing
from chat.models import Message, Session, User
from chat.storage import notifications as notification_rows
from chat.storage import rooms as room_rows
from chat.storage.tables import identities, links, memberships, metadata, pictures, users
from chat.text import DELETED_ACCOUNT
from tests.chat.people import by_password, newcomer
from tests.chat.several import Listener, Reader, all_right, eventually

GOOD, OTHER = 'a long sentence', 'another sentence'


@pytest.fixture
async def cleo(chat: Chat) -> User:
    """Return a member with a password, who is in the lobby."""
    return await member(chat, 'Cleo')


@pytest.fixture
async def boss(chat: Chat) -> User:
    """Return an administrator with a password."""
    token = await chat.administration.administrator_link()
    return await chat.administration.become_administrator_as(token, 'Boss', GOOD, 'here')


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let messages go a few at a time, one step after the other."""
    monkeypatch.setattr(deletion, 'AT_ONCE', 3)
    monkeypatch.setattr(deletion, 'PAUSE', 0.0)
    monkeypatch.setattr(deletion, 'REST', 0)


async def member(chat: Chat, name: str) -> User:
    user = await chat.credentials.register(name, GOOD, 'here')
    await chat.rooms.join(user, 'lobby')
    return user


async def delete(chat: Chat, user: User, what: str = 'keep', password: str | None = None) -> None:
    await chat.deletion.delete_own(user, what, password, 'here')


async def signed_in(chat: Chat, user: User) -> Session:
    session = await chat.sessions.find(await chat.sessions.begin(user, 'test'))
    assert session is not None
    return session


async def say(chat: Chat, user: User, *bodies: str, room: str = 'lobby', reply_to: int | None = None) -> list[Message]:
    return [(await chat.messages.send(user, room, body, None, reply_to)).message for body in bodies]


async def talk(chat: Chat, user: User, room: str = 'lobby') -> list[tuple[str, str]]:
    messages = (await chat.messages.page(user, room, limit=200)).messages
    return [(each.author.name, each.body if each.deleted_at is None else '(deleted)') for each in messages]


async def row_of(chat: Chat, user: User) -> dict[str, object]:
    query = select(users).where(users.c.id == user.id)
    return dict(await chat.storage.read(lambda connection: connection.execute(query).mappings().one()))


async def is_finished(chat: Chat, user: User) -> bool:
    return not (await row_of(chat, user))['removing']


async def finished(chat: Chat, user: User) -> None:
    """Wait until no message is left that is to go."""
    async with asyncio.timeout(20):
        while not await is_finished(chat, user):
            await asyncio.sleep(0.01)


def heard_by(chat: Chat) -> list[RoomEvent]:
    heard: list[RoomEvent] = []
    chat.room_state.watch(heard.append)
    return heard


# Who it was.


async def test_nobody_can_be_a_guest_who_is_deleted_and_the_name_is_free(chat: Chat, ada: User) -> None:
    token = await chat.sessions.begin(ada, 'test')
    await delete(chat, ada)
    assert await chat.sessions.find(token) is None
    assert (await chat.accounts.add_guest('Ada', 'here')).id != ada.id


async def test_nobody_can_sign_in_to_an_account_that_is_deleted(chat: Chat, boss: User, cleo: User) -> None:
    session = await signed_in(chat, cleo)
    link, _ = await chat.accounts.make_link(session)
    password_link, _ = await chat.administration.password_link(boss, cleo.id)
    await delete(chat, cleo, password=GOOD)
    attempts: tuple[Awaitable[object], ...] = (
        by_password(chat, 'Cleo', GOOD, 'here'),
        by_password(chat, DELETED_ACCOUNT, GOOD, 'here'),
        chat.accounts.follow_link(link, '', 'here'),
        chat.administration.set_password_by_link(password_link, OTHER, 'here'),
        chat.administration.password_link(boss, cleo.id),
        chat.administration.set_kind(boss, cleo.id, 'administrator'),
    )
    for attempt in attempts:
        with pytest.raises((Unauthenticated, NotFound)):
            await attempt
    assert [each.name for each in await chat.administration.accounts(boss)] == ['Boss']
    assert (await chat.credentials.register('Cleo', OTHER, 'here')).id != cleo.id


async def test_open_pages_and_sockets_are_told_at_once_on_all_devices(chat: Chat, ada: User, bo: User) -> None:
    closed: list[str] = []
    for user, device in ((ada, 'laptop'), (ada, 'phone'), (bo, 'of Bo')):
        chat.sessions.watch(await signed_in(chat, user), lambda device=device: closed.append(device))
    await delete(chat, ada)
    assert closed == ['laptop', 'phone']


async def fill_profile(chat: Chat, user: User) -> None:
    """Store something of everything that can be known of somebody."""
    await chat.sessions.begin(user, 'test')
    chat.drafts.keep(user, await chat.rooms.find(user, 'lobby'), 'half a thought')
    await chat.drafts.flush()
    profile = {
        'color': 3, 'picture': 'digest', 'status': 'away', 'status_until': 5, 'time_zone': 'Europe/Berlin',
        'theme': 'dark', 'password_hash': (await row_of(chat, user))['password_hash'] or 'hash',
        'muted_until': 5, 'banned_until': 5, 'recent_emoji': '👍', 'skin_tone': 2, 'quiet_from': 60, 'quiet_until': 120,
        'sound': False, 'caught_up_id': 5,
    }  # fmt: skip

    def store(connection: Connection) -> None:
        connection.execute(users.update().where(users.c.id == user.id).values(profile))
        connection.execute(insert(links).values(hash='x', purpose='password', user_id=user.id, until=2**50))
        connection.execute(insert(identities).values(provider='p', subject='s', user_id=user.id, created_at=1))
        connection.execute(insert(pictures).values(user_id=user.id, digest='digest', data=b'picture'))

    await chat.storage.write(store)


async def test_nothing_is_left_that_tells_who_it_was(chat: Chat, bo: User, cleo: User) -> None:
    await fill_profile(chat, cleo)
    filled = await row_of(chat, cleo)
    await delete(chat, cleo, password=GOOD)
    row = await row_of(chat, cleo)
    assert row.pop('deleted_at') is not None
    stay = {'id': cleo.id, 'name': DELETED_ACCOUNT, 'name_key': f' {cleo.id}', 'kind': 'guest'}
    usual = {'status': '', 'removing': False, 'recent_emoji': '', 'skin_tone': 0, 'sound': True, 'caught_up_id': 0}
    assert row == {**dict.fromkeys(row), **stay, **usual, 'created_at': filled['created_at']}
    not_filled = [name for name, value in filled.items() if value in (None, '')]
    assert not_filled == ['deleted_at'], 'what is new in a profile is to be filled here'


async def test_of_all_that_refers_to_people_only_what_rooms_need_is_left(chat: Chat, bo: User, cleo: User) -> None:
    """A new table that refers to users has to be thought of: does it go, or stay?"""
    await chat.rooms.create(cleo, 'Garden')
    await chat.rooms.join(bo, 'garden')
    await chat.hooks.create(cleo, 'garden', 'CI')
    await say(chat, cleo, 'hello', room='garden')
    await fill_profile(chat, cleo)
    await delete(chat, cleo, password=GOOD)
    left = set()
    for table in metadata.sorted_tables:
        for column in table.columns:
            if any(key.column is users.c.id for key in column.foreign_keys):
                query = select(column).where(column == cleo.id).limit(1)
                if await chat.storage.read(lambda connection, query=query: connection.execute(query).first()):
                    left.add(str(column))
    assert left == {'memberships.user_id', 'messages.author_id', 'rooms.created_by'}


async def test_nobody_else_is_touched(chat: Chat, ada: User, bo: User) -> None:
    await fill_profile(chat, bo)
    before = await row_of(chat, bo)
    session = await signed_in(chat, bo)
    await say(chat, bo, 'hello')
    await delete(chat, ada, 'remove')
    await finished(chat, ada)
    assert await row_of(chat, bo) == before
    assert len(await chat.accounts.sign_ins(bo)) == 2
    assert (await chat.rooms.open(bo, 'lobby')).draft.body == 'half a thought'
    assert await talk(chat, session.user) == [('Bo', 'hello')]


async def test_whoever_was_somebody_a_moment_ago_may_nothing(chat: Chat, ada: User) -> None:
    (message,) = await say(chat, ada, 'hello')
    session = await signed_in(chat, ada)
    await delete(chat, ada)
    attempts: tuple[Awaitable[object], ...] = (
        chat.rooms.join(ada, 'lobby'),
        chat.rooms.open(ada, 'lobby'),
        chat.rooms.create(ada, 'Castle'),
        chat.messages.send(ada, 'lobby', 'boo'),
        chat.messages.edit(ada, message.id, 'boo'),
        chat.messages.delete(ada, message.id),
        chat.messages.page(ada, 'lobby'),
        chat.credentials.set_password(session, GOOD, None, 'here'),
        chat.deletion.delete_own(ada, 'remove', None, 'here'),
        chat.deletion.delete_by(ada, 1, 'remove'),
    )
    for attempt in attempts:
        with pytest.raises(Unauthenticated):
            await attempt


async def test_nobody_is_called_like_a_deleted_account(chat: Chat) -> None:
    for name in (DELETED_ACCOUNT, 'deleted ACCOUNT', 'Deleted-account', 'De1eted accоunt'):
        with pytest.raises(Invalid, match='means something else'):
            await chat.accounts.add_guest(name, 'here')


async def test_many_are_deleted_without_being_in_each_others_way(chat: Chat, ada: User, bo: User) -> None:
    await asyncio.gather(delete(chat, ada), delete(chat, bo))
    assert (await row_of(chat, ada))['name'] == (await row_of(chat, bo))['name'] == DELETED_ACCOUNT


async def test_the_hourly_sweep_of_guests_finds_nothing_to_do(chat: Chat, ada: User, bo: User) -> None:
    await say(chat, ada, 'hello')
    await chat.sessions.begin(bo, 'test')
    await delete(chat, ada)
    before, heard = await row_of(chat, ada), heard_by(chat)
    await chat.storage.write(lambda c: c.execute(users.update().values(created_at=1)))
    await chat.accounts.sweep()
    await chat.sessions.sweep()
    await chat.deletion.finish()
    assert await row_of(chat, ada) == {**before, 'created_at': 1}
    assert heard == []


# What reached the database at the very moment.


async def test_a_draft_that_was_typed_just_before_is_not_stored_after(chat: Chat, ada: User, bo: User) -> None:
    chat.drafts.keep(ada, await chat.rooms.find(ada, 'lobby'), 'my address is')
    chat.deletion.stop()
    await delete(chat, ada)
    await chat.drafts.flush()
    assert await chat.storage.read(lambda c: c.exec_driver_sql('SELECT count(*) FROM drafts').scalar()) == 0


async def test_a_level_of_notifications_that_was_set_at_that_moment_goes_like_the_others(
    chat: Chat, ada: User, bo: User
) -> None:
    lobby = await chat.rooms.find(ada, 'lobby')
    await delete(chat, ada)
    await chat.storage.write(notification_rows.set_level, lobby.id, ada.id, 'everything')
    await chat.storage.write(notification_rows.set_level, lobby.id, bo.id, 'nothing')
    await chat.deletion.finish()

    def levels(connection: Connection) -> list[tuple[int, str | None]]:
        query = select(memberships.c.user_id, memberships.c.notify).order_by(memberships.c.user_id)
        return [tuple(row) for row in connection.execute(query)]

    assert await chat.storage.read(levels) == [(ada.id, None), (bo.id, 'nothing')]


async def test_no_session_begins_a_moment_later(chat: Chat, ada: User) -> None:
    await delete(chat, ada)
    with pytest.raises(Unauthenticated):
        await chat.sessions.begin(ada, 'late')
    assert await chat.accounts.sign_ins(ada) == []


async def test_who_joined_at_that_moment_is_taken_out_by_the_hourly_sweep(chat: Chat, ada: User, bo: User) -> None:
    await chat.sessions.begin(bo, 'test')
    room = await chat.rooms.find(bo, 'lobby')
    await delete(chat, ada)

    def join_late(connection: Connection) -> None:
        room_rows.join(connection, room.id, ada, 'member', room_rows.next_revision(connection, room.id))
        connection.execute(users.update().values(created_at=1))

    await chat.storage.write(join_late)
    heard = heard_by(chat)
    await chat.accounts.sweep()
    assert [(type(each), each.member.user.name) for each in heard] == [(MemberLeft, DELETED_ACCOUNT)]
    assert [member.user for member in await chat.rooms.members(bo, 'lobby')] == [bo]


# Rooms.


async def test_they_leave_all_rooms_and_others_are_told_by_the_new_name(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(bo, 'Garden')
    await chat.rooms.join(ada, 'garden')
    heard = heard_by(chat)
    await delete(chat, ada)
    gone = User(ada.id, DELETED_ACCOUNT, 'guest')
    assert [(type(each), each.room, each.member.user) for each in heard] == [
        (MemberLeft, 'lobby', gone), (MemberLeft, 'garden', gone),
    ]  # fmt: skip
    for slug in ('lobby', 'garden'):
        assert [member.user for member in await chat.rooms.members(bo, slug)] == [bo]


async def test_a_room_left_before_is_told_if_something_said_stands_there(chat: Chat, ada: User, bo: User) -> None:
    for slug in ('spoken', 'silent'):
        await chat.rooms.create(bo, slug)
        await chat.rooms.join(ada, slug)
    (said,) = await say(chat, ada, 'hello', room='spoken')
    for slug in ('spoken', 'silent'):
        await chat.rooms.leave(ada, slug)
    before = (await chat.rooms.find(bo, 'spoken')).revision
    heard = heard_by(chat)
    await delete(chat, ada)
    assert sorted(each.room for each in heard) == ['lobby', 'spoken']
    (event,) = (await chat.rooms.changes(bo, 'spoken', before)).events
    assert (event.type, event.member.user) == ('member_left', User(ada.id, DELETED_ACCOUNT, 'guest'))
    assert (await chat.messages.get(bo, said.id)).revision == said.revision


async def test_rooms_without_an_owner_lose_their_webhooks_and_private_ones_without_anybody_go(
    chat: Chat, ada: User, bo: User
) -> None:
    await chat.rooms.create(ada, 'Open')
    await chat.rooms.join(bo, 'open')
    _, secret = await chat.hooks.create(ada, 'open', 'CI')
    await chat.rooms.create(ada, 'Shared')
    await chat.rooms.join(bo, 'shared')
    await chat.rooms.change(ada, 'shared', private=True)
    await chat.rooms.create(ada, 'Mine', private=True)
    await delete(chat, ada)
    with pytest.raises(NotFound):
        await chat.hooks.post(secret, 'hello')
    assert [member.user for member in await chat.rooms.members(bo, 'open')] == [bo]
    assert [member.user for member in await chat.rooms.members(bo, 'shared')] == [bo]
    count = 'SELECT count(*) FROM rooms WHERE slug = '
    assert await chat.storage.read(lambda c: c.exec_driver_sql(f"{count}'mine'").scalar()) == 0


async def test_a_webhook_goes_on_where_another_owner_can_end_it(chat: Chat, ada: User, bo: User) -> None:
    room = await chat.rooms.create(ada, 'Garden')
    await chat.rooms.join(bo, 'garden')
    hook, secret = await chat.hooks.create(ada, 'garden', 'CI')
    second = memberships.update().where(memberships.c.user_id == bo.id, memberships.c.room_id == room.id)
    await chat.storage.write(lambda c: c.execute(second.values(role='owner')))
    await delete(chat, ada)
    await chat.hooks.post(secret, 'built')
    assert await talk(chat, bo, 'garden') == [('CI', 'built')]
    await chat.hooks.delete(bo, 'garden', hook.id)


async def test_who_is_deleted_is_not_shown_as_writing_any_more(chat: Chat, ada: User, bo: User) -> None:
    listener = Listener()
    await listener.open(chat, bo)
    room = await chat.rooms.find(bo, 'lobby')
    chat.room_state.typing(room.id, ada)
    await delete(chat, ada)
    assert listener.states == [Typing(room.id, (ada,)), Typing(room.id, ())]


# Messages that stay.


async def test_what_was_said_stays_without_the_name(chat: Chat, ada: User, bo: User) -> None:
    first, second = await say(chat, ada, 'hello', 'I am here')
    await say(chat, bo, '@Ada hello', reply_to=first.id)
    await delete(chat, ada)
    assert await talk(chat, bo) == [(DELETED_ACCOUNT, 'hello'), (DELETED_ACCOUNT, 'I am here'), ('Bo', '@Ada hello')]
    kept = await chat.messages.get(bo, second.id)
    assert kept.author == User(ada.id, DELETED_ACCOUNT, 'guest')
    assert (kept.revision, kept.html, kept.created_at) == (second.revision, second.html, second.created_at)
    by_name = (await chat.messages.page(bo, 'lobby', author=DELETED_ACCOUNT)).messages
    assert [each.id for each in by_name] == [first.id, second.id]
    assert (await chat.messages.page(bo, 'lobby', author='Ada')).messages == ()


async def test_whoever_has_the_name_next_is_not_the_author(chat: Chat, ada: User, bo: User) -> None:
    (said,) = await say(chat, ada, 'hello')
    await delete(chat, ada)
    another = await newcomer(chat, 'Ada')
    with pytest.raises(Forbidden):
        await chat.messages.delete(another, said.id)


@pytest.mark.parametrize('what', ['keep', 'remove'])
async def test_what_listeners_have_heard_comes_to_what_is_stored(
    chat: Chat, ada: User, bo: User, small_steps: None, what: str
) -> None:
    await chat.rooms.create(bo, 'Garden')
    await chat.rooms.join(ada, 'garden')
    for room in ('lobby', 'garden'):
        for number in range(7):
            await say(chat, ada, f'{number}', room=room)
            await say(chat, bo, f'{number}', room=room)
    await chat.rooms.leave(ada, 'garden')
    readers = [Reader() for _ in range(4)]
    for number, reader in enumerate(readers):
        await reader.open(chat, bo, ('lobby', 'garden')[number % 2])
    await asyncio.gather(delete(chat, ada, what), *(say(chat, bo, 'meanwhile') for _ in range(5)))
    await finished(chat, ada)
    await all_right(readers)
    deleted = sum(is_deleted for _, is_deleted in readers[0].messages.values())
    assert deleted == (7 if what == 'remove' else 0)


# Messages that go.


async def test_all_that_was_said_goes_everywhere_and_leaves_tombstones(
    chat: Chat, ada: User, bo: User, small_steps: None
) -> None:
    await chat.rooms.create(bo, 'Garden')
    await chat.rooms.join(ada, 'garden')
    first, *_ = await say(chat, ada, *'abcdefgh')
    await say(chat, bo, 'hello', reply_to=first.id)
    await say(chat, ada, *'ab', room='garden')
    await chat.rooms.leave(ada, 'garden')
    already = (await say(chat, ada, 'oops'))[0]
    await chat.messages.delete(ada, already.id)
    before = await chat.messages.get(bo, already.id)
    heard = heard_by(chat)
    await delete(chat, ada, 'remove')
    await finished(chat, ada)
    gone = (DELETED_ACCOUNT, '(deleted)')
    assert await talk(chat, bo) == [*[gone] * 8, ('Bo', 'hello'), gone]
    assert await talk(chat, bo, 'garden') == [gone] * 2
    told = [each for each in heard if isinstance(each, MessageDeleted)]
    assert len(told) == 10
    for each in told:  # as ``Messages.delete`` makes them
        assert each.message == await chat.messages.get(bo, each.message.id)
        assert (each.message.body, each.message.html, each.message.author.name) == ('', '', DELETED_ACCOUNT)
    for slug in ('lobby', 'garden'):
        revisions = [each.revision for each in heard if each.room == slug]
        assert revisions == list(range(revisions[0], revisions[0] + len(revisions)))
        assert (await chat.rooms.find(bo, slug)).revision == revisions[-1]
    assert await chat.messages.get(bo, already.id) == Message(**{
        **{name: getattr(before, name) for name in before.__slots__}, 'author': User(ada.id, DELETED_ACCOUNT, 'guest'),
    })  # fmt: skip
    words = f"SELECT count(*) FROM messages WHERE author_id = {ada.id} AND (body != '' OR html != '')"
    assert await chat.storage.read(lambda c: c.exec_driver_sql(words).scalar()) == 0


async def test_the_newest_goes_first_and_others_speak_meanwhile(
    chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, 'AT_ONCE', 2)
    monkeypatch.setattr(deletion, 'PAUSE', 1_000.0)
    await say(chat, ada, *'abcde')
    heard = heard_by(chat)
    await delete(chat, ada, 'remove')
    await eventually(lambda: sum(isinstance(each, MessageDeleted) for each in heard) == 2)
    await say(chat, bo, 'hello')
    assert [body for _, body in await talk(chat, bo)] == ['a', 'b', 'c', '(deleted)', '(deleted)', 'hello']
    assert not await is_finished(chat, ada)


@pytest.mark.parametrize('how', ['restart', 'sweep'])
async def test_what_a_crash_left_is_removed_later(
    chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    await chat.sessions.begin(bo, 'test')
    monkeypatch.setattr(deletion, 'AT_ONCE', 2)
    monkeypatch.setattr(deletion, 'PAUSE', 1_000.0)
    await say(chat, ada, *'abcdefg')
    heard = heard_by(chat)
    await delete(chat, ada, 'remove')
    await eventually(lambda: any(isinstance(each, MessageDeleted) for each in heard))
    await chat.stop()  # in the middle
    again = Chat(chat.settings)
    again.open()
    monkeypatch.setattr(deletion, 'PAUSE', 0.0)
    assert not await is_finished(again, ada)
    if how == 'restart':
        again.start()
        await finished(again, ada)
    else:
        await again.deletion.finish()
    assert await talk(again, bo) == [(DELETED_ACCOUNT, '(deleted)')] * 7
    assert await is_finished(again, ada)
    await again.stop()


async def test_two_who_finish_at_once_do_nothing_twice(chat: Chat, ada: User, bo: User, small_steps: None) -> None:
    await say(chat, ada, *'abcdefghij')
    chat.deletion.stop()
    heard = heard_by(chat)
    await delete(chat, ada, 'remove')
    await asyncio.gather(*(chat.deletion.finish() for _ in range(3)))
    assert await is_finished(chat, ada)
    told = [each.message.id for each in heard if isinstance(each, MessageDeleted)]
    assert len(told) == len(set(told)) == 10


async def test_a_storage_that_fails_in_the_middle_is_tried_again(
    chat: Chat, ada: User, bo: User, small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, 'LOOK_AGAIN', 0.0)
    await say(chat, ada, *'abcdefghij')
    write, tries = chat.storage.write, 0

    async def often_full(action: Callable[..., object], *arguments: object) -> object:
        nonlocal tries
        if action.__name__ == 'remove_all':
            tries += 1
            if tries in (2, 3, 5):
                raise StorageFailed
        return await write(action, *arguments)

    monkeypatch.setattr(chat.storage, 'write', often_full)
    await delete(chat, ada, 'remove')
    await finished(chat, ada)
    assert tries > 5
    assert await talk(chat, bo) == [(DELETED_ACCOUNT, '(deleted)')] * 10


async def test_a_storage_that_fails_at_first_changes_nothing(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(chat, ada, 'hello')
    session = await signed_in(chat, ada)
    before, heard, closed = await row_of(chat, ada), heard_by(chat), []
    chat.sessions.watch(session, lambda: closed.append('page'))
    write = chat.storage.write

    async def full(*_: object) -> None:
        raise StorageFailed

    monkeypatch.setattr(chat.storage, 'write', full)
    with pytest.raises(StorageFailed):
        await delete(chat, ada, 'remove')
    monkeypatch.setattr(chat.storage, 'write', write)
    assert (await row_of(chat, ada), heard, closed) == (before, [], [])
    await delete(chat, ada, 'remove')
    assert closed == ['page']


async def test_a_room_that_goes_meanwhile_holds_nothing_up(
    chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, 'AT_ONCE', 2)
    monkeypatch.setattr(deletion, 'PAUSE', 0.05)
    await chat.rooms.create(bo, 'Garden')
    await chat.rooms.join(ada, 'garden')
    for room in ('garden', 'lobby'):
        await say(chat, ada, *'abcdef', room=room)
    await delete(chat, ada, 'remove')
    await chat.rooms.delete(bo, 'garden')
    await finished(chat, ada)
    assert await talk(chat, bo) == [(DELETED_ACCOUNT, '(deleted)')] * 6


async def test_several_who_go_at_once_are_all_finished(chat: Chat, bo: User, small_steps: None) -> None:
    people = [await newcomer(chat, f'Guest {number}') for number in range(4)]
    for person in people:
        await say(chat, person, *'abcd')
    await asyncio.gather(*(delete(chat, person, 'remove') for person in people))
    for person in people:
        await finished(chat, person)
    assert await talk(chat, bo) == [(DELETED_ACCOUNT, '(deleted)')] * 16


# Who may.

OWN = """
who           | with_password without wrong
guest         | done          done    done
member        | done          invalid invalid
moderator     | done          invalid invalid
administrator | done          invalid invalid
the last one  | conflict      invalid invalid
bot           | no            no      no
webhook       | no            no      no
"""
OTHERS = """
who           | guest released member administrator bot webhook own nobody deleted
guest         | no    no       no     no            no  no      no  no     no
member        | no    no       no     no            no  no      no  no     no
moderator     | no    no       no     no            no  no      no  no     no
bot           | no    no       no     no            no  no      no  no     no
former        | no    no       no     no            no  no      no  no     no
administrator | done  done     done   done          no  no      no  404    done
"""
MEANS = {'done': None, 'no': Forbidden, 'invalid': Invalid, 'conflict': Conflict, '404': NotFound}


def cases(table: str) -> list[tuple[str, str, str]]:
    header, *lines = table.strip().splitlines()
    columns = header.split('|')[1].split()
    rows = [line.split('|') for line in lines]
    return [(who.strip(), *each) for who, outcomes in rows for each in zip(columns, outcomes.split(), strict=True)]


async def somebody(chat: Chat, boss: User, who: str) -> User:
    if who == 'guest':
        return await newcomer(chat, 'Eve')
    if who == 'released':
        user = await newcomer(chat, 'Eve')
        await chat.accounts.sign_out(await signed_in(chat, user))
        return user
    if who == 'bot':
        return (await chat.bots.add('Robbie'))[0]
    if who == 'webhook':
        await chat.rooms.create(boss, 'Factory')
        return (await chat.hooks.create(boss, 'factory', 'CI'))[0].bot
    return await somebody_with_account(chat, boss, await member(chat, 'Eve'), who)


async def somebody_with_account(chat: Chat, boss: User, user: User, who: str) -> User:
    if who == 'deleted':
        await delete(chat, user, password=GOOD)
    elif who != 'member':
        is_administrator = who in ('former', 'the last one', 'administrator')
        user = await chat.administration.set_kind(boss, user.id, 'administrator' if is_administrator else who)
    if who == 'former':  # what the caller believes to know of them counts for nothing
        await chat.administration.set_kind(boss, user.id, 'member')
    elif who == 'the last one':
        await chat.administration.set_kind(boss, boss.id, 'member')
    return user


async def outcome(attempt: Awaitable[object]) -> type[ChatError] | None:
    try:
        await attempt
    except ChatError as error:
        return type(error)
    return None


@pytest.mark.parametrize(('who', 'password', 'happens'), cases(OWN))
async def test_who_may_delete_their_own_account(chat: Chat, boss: User, who: str, password: str, happens: str) -> None:
    user = await somebody(chat, boss, who)
    given = {'with_password': GOOD, 'without': None, 'wrong': OTHER}[password]
    assert await outcome(chat.deletion.delete_own(user, 'keep', given, 'here')) == MEANS[happens]
    assert ((await row_of(chat, user))['deleted_at'] is not None) == (happens == 'done')


@pytest.mark.parametrize(('who', 'whose', 'happens'), cases(OTHERS))
async def test_who_may_delete_others(chat: Chat, boss: User, who: str, whose: str, happens: str) -> None:
    other = await somebody(chat, boss, whose) if whose not in ('own', 'nobody') else None
    if other is not None:  # so that both can have one name
        await chat.storage.write(lambda c: c.execute(users.update().where(users.c.id == other.id).values(name_key='?')))
    user = await somebody(chat, boss, who)
    user_id = {'own': user.id, 'nobody': 2**62}.get(whose, other.id if other is not None else 0)
    assert await outcome(chat.deletion.delete_by(user, user_id, 'keep')) == MEANS[happens]
    if other is not None and whose != 'deleted':
        assert ((await row_of(chat, other))['deleted_at'] is not None) == (happens == 'done')


async def test_the_last_administrator_is_told_what_to_do(chat: Chat, boss: User, cleo: User) -> None:
    with pytest.raises(Conflict) as problem:
        await delete(chat, boss, password=GOOD)
    assert str(problem.value) == LAST
    await chat.administration.set_kind(boss, cleo.id, 'administrator')
    await delete(chat, boss, password=GOOD)
    with pytest.raises(Conflict):
        await delete(chat, cleo, password=GOOD)


async def test_administrators_who_all_go_at_once_leave_one(chat: Chat, boss: User) -> None:
    others = [await member(chat, f'Admin {number} of many') for number in range(3)]
    for other in others:
        await chat.administration.set_kind(boss, other.id, 'administrator')
    attempts = (outcome(chat.deletion.delete_own(each, 'keep', GOOD, 'here')) for each in (boss, *others))
    assert sorted(map(str, await asyncio.gather(*attempts))) == sorted(map(str, [Conflict, None, None, None]))
    count = "SELECT count(*) FROM users WHERE kind = 'administrator'"
    assert await chat.storage.read(lambda c: c.exec_driver_sql(count).scalar()) == 1


async def test_who_is_unmade_or_deleted_while_the_last_other_one_goes_stays(chat: Chat, boss: User, cleo: User) -> None:
    await chat.administration.set_kind(boss, cleo.id, 'administrator')
    attempts = (
        outcome(chat.deletion.delete_own(boss, 'keep', GOOD, 'here')),
        outcome(chat.administration.set_kind(cleo, cleo.id, 'member')),
        outcome(chat.deletion.delete_by(boss, cleo.id, 'keep')),
    )
    await asyncio.gather(*attempts)
    count = "SELECT count(*) FROM users WHERE kind = 'administrator'"
    assert await chat.storage.read(lambda c: c.exec_driver_sql(count).scalar()) == 1


async def test_administrators_who_delete_each_other_at_once_leave_one(chat: Chat, boss: User, cleo: User) -> None:
    await chat.administration.set_kind(boss, cleo.id, 'administrator')
    attempts = (
        outcome(chat.deletion.delete_by(boss, cleo.id, 'keep')),
        outcome(chat.deletion.delete_by(cleo, boss.id, 'keep')),
    )
    assert sorted(map(str, await asyncio.gather(*attempts))) == sorted(map(str, [None, Unauthenticated]))


async def test_an_administrator_deletes_twice_as_once_and_may_remove_what_was_kept(
    chat: Chat, boss: User, ada: User, bo: User
) -> None:
    await say(chat, ada, 'spam', 'spam')
    for _ in range(2):
        await chat.deletion.delete_by(boss, ada.id, 'keep')
    assert await talk(chat, bo) == [(DELETED_ACCOUNT, 'spam')] * 2
    for _ in range(2):
        await chat.deletion.delete_by(boss, ada.id, 'remove')
        await finished(chat, ada)
    assert await talk(chat, bo) == [(DELETED_ACCOUNT, '(deleted)')] * 2


async def test_of_two_devices_that_ask_at_once_one_is_too_late(chat: Chat, ada: User) -> None:
    attempts = (outcome(chat.deletion.delete_own(ada, 'keep', None, 'here')) for _ in range(2))
    assert sorted(map(str, await asyncio.gather(*attempts))) == sorted(map(str, [None, Unauthenticated]))


@pytest.mark.parametrize('what', ['', 'all', 'KEEP', None])
async def test_what_becomes_of_the_messages_must_be_said(chat: Chat, boss: User, ada: User, what: str) -> None:
    for attempt in (
        chat.deletion.delete_own(ada, what, None, 'here'),
        chat.deletion.delete_by(boss, ada.id, what),
    ):
        with pytest.raises(Invalid) as problem:
            await attempt
        assert problem.value.field == 'messages'
    assert (await row_of(chat, ada))['deleted_at'] is None


async def test_a_password_is_tried_only_so_often(chat: Chat, cleo: User) -> None:
    for _ in range(rate_limits.WINDOWS['trying passwords'][0]):
        with pytest.raises(Invalid, match='not your password'):
            await delete(chat, cleo, password=OTHER)
    with pytest.raises(RateLimited):
        await delete(chat, cleo, password=GOOD)
    assert (await row_of(chat, cleo))['deleted_at'] is None


async def test_whoever_asks_too_often_is_told_so(chat: Chat, boss: User, ada: User, nothing_forgiven: None) -> None:
    for _ in range(rate_limits.LIMITS['changing']):
        with pytest.raises(ChatError):
            await chat.deletion.delete_by(ada, boss.id, 'keep')
    with pytest.raises(RateLimited):
        await delete(chat, ada)


async def test_a_member_who_left_is_not_let_in_by_being_deleted(chat: Chat, ada: User, bo: User) -> None:
    """The membership that is told again stays one that has ended."""
    await chat.rooms.create(bo, 'Garden')
    await chat.rooms.join(ada, 'garden')
    await say(chat, ada, 'hello', room='garden')
    await chat.rooms.leave(ada, 'garden')
    await delete(chat, ada)
    left = select(memberships.c.left_at).where(memberships.c.user_id == ada.id)
    assert None not in await chat.storage.read(lambda c: list(c.execute(left).scalars()))


async def test_what_one_was_told_of_in_a_room_is_forgotten(chat: Chat, cleo: User) -> None:
    await chat.notifications.set_level(cleo, 'lobby', 'nothing')
    await delete(chat, cleo, password=GOOD)

    def level(connection: Connection) -> str | None:
        return connection.execute(select(memberships.c.notify).where(memberships.c.user_id == cleo.id)).scalar_one()

    assert await chat.storage.read(level) is None
