"""Several servers on one PostgreSQL: changes as if one came after the other, and nothing is lost with a connection."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection, select

from chat import Chat, deletion, search_query, search_terms
from chat.audit import Actor
from chat.errors import (
    CannotOpen,
    ChatError,
    Conflict,
    Forbidden,
    Invalid,
    NameTaken,
    NotAMember,
    NotFound,
    StorageFailed,
    Unauthenticated,
)
from chat.events import MemberChanged, MemberEvent, MessageSent, RoomEvent
from chat.models import Message, Session, User
from chat.providers import Provider, Who
from chat.settings import Settings
from chat.storage import Storage, finding, postgresql, search, tables
from chat.storage import files as file_rows
from chat.storage import messages as message_rows
from chat.storage.postgresql import hold_rooms
from chat.storage.tables import rooms
from tests import databases
from tests.chat.files import bring
from tests.chat.people import newcomer
from tests.databases import PostgreSQLServer

pytestmark = pytest.mark.slow
PLACES = 3  # servers


@pytest.fixture
def address(postgresql: PostgreSQLServer) -> Iterator[str]:
    with postgresql.database() as url:
        yield url


@pytest.fixture
async def chats(address: str, tmp_path: Path) -> AsyncIterator[list[Chat]]:
    """Return several chats on one database, each as in a process of its own."""
    chats = [Chat(Settings(data=tmp_path / f'{number}', database_url=address)) for number in range(PLACES)]
    for chat in chats:
        chat.open()
        chat.start()
    yield chats
    for chat in chats:
        await chat.stop()


async def messages_of(chat: Chat, user: User) -> list[Message]:
    return list((await chat.messages.page(user, 'lobby', limit=1000)).messages)


async def test_what_many_say_at_once_on_several_servers_has_one_order_without_a_gap(chats: list[Chat]) -> None:
    people = [await newcomer(chats[0], f'Guest {number}') for number in range(12)]
    start = (await chats[0].rooms.find(people[0], 'lobby')).revision
    said = [
        chats[number % PLACES].messages.send(person, 'lobby', f'{turn}')
        for turn in range(10)
        for number, person in enumerate(people)
    ]
    sent = await asyncio.gather(*said)
    found = await messages_of(chats[1], people[0])
    assert [message.revision for message in found] == list(range(start + 1, start + 121))
    assert {message.id for message in found} == {each.message.id for each in sent}
    assert found == sorted(found, key=lambda message: message.id)


async def test_a_message_sent_again_by_another_server_is_one_message(chats: list[Chat]) -> None:
    ada = await newcomer(chats[0], 'Ada')
    for number in range(10):
        sends = [chat.messages.send(ada, 'lobby', 'once', f'id-{number}') for chat in chats]
        sent = await asyncio.gather(*sends)
        assert len({each.message.id for each in sent}) == 1
        assert sum(each.is_new for each in sent) == 1
    assert len(await messages_of(chats[0], ada)) == 10


async def test_a_name_is_given_once_though_several_servers_are_asked(chats: list[Chat]) -> None:
    asked = [chat.accounts.add_guest('Ada', 'here') for chat in chats]
    got = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(each, User) for each in got) == 1
    assert sum(isinstance(each, NameTaken) for each in got) == PLACES - 1


async def test_whoever_sets_out_to_a_provider_from_one_server_comes_back_to_another_once(chats: list[Chat]) -> None:
    await chats[0].identities.set_out('secret', 'here')
    coming = [chat.identities.come_back('secret', 'here') for chat in chats]
    done = await asyncio.gather(*coming, return_exceptions=True)
    assert sum(each is None for each in done) == 1


async def test_somebody_new_who_signs_in_at_several_servers_at_once_is_one(chats: list[Chat]) -> None:
    for number in range(5):
        who = Who(Provider('school', 'School', 'https://a.example', 'x'), {'sub': f'{number}', 'name': 'Ada'})
        assert len(set(await asyncio.gather(*(chat.identities.sign_in(who) for chat in chats * 3)))) == 1


async def rename(chat: Chat, user: User, name: str) -> User:
    return (await chat.profiles.change(Session(0, user, None, None, None), name=name)).user


async def test_a_name_is_taken_once_though_people_on_several_servers_want_it_at_the_same_moment(
    chats: list[Chat],
) -> None:
    people = [await newcomer(chats[0], f'Guest {number}') for number in range(PLACES)]
    for turn in range(10):
        wanted = f'Eve {turn}'
        asked = [rename(chat, person, wanted) for chat, person in zip(chats, people, strict=True)]
        got = await asyncio.gather(*asked, chats[0].accounts.add_guest(wanted, 'here'), return_exceptions=True)
        assert sum(isinstance(each, User) for each in got) == 1
        assert sum(isinstance(each, NameTaken) for each in got) == PLACES


async def test_two_who_want_each_others_names_or_looks_make_nobody_wait(chats: list[Chat], address: str) -> None:
    """PostgreSQL looks for two that wait for each other only after a second, their rooms are held meanwhile."""
    ada, bo = await newcomer(chats[0], 'Ada'), await newcomer(chats[0], 'Bo')
    for number in range(4):
        room = await chats[0].rooms.create(ada, f'Room {number}')
        await chats[0].rooms.join(bo, room.slug)
    for turn in range(10):
        said = [chats[place].messages.send(user, 'lobby', 'hello') for place, user in ((0, ada), (1, bo), (2, ada))]
        renamed = [
            rename(chats[0], ada, f'Eve {turn}'),
            rename(chats[1], bo, f'Eva {turn}'),
            rename(chats[2], ada, 'Bo'),
        ]
        moved = [chats[2].rooms.leave(bo, 'room-3'), chats[1].rooms.join(bo, 'room-3')]
        await asyncio.gather(*said, *renamed, *moved, return_exceptions=True)
    await asyncio.sleep(1.5)  # until PostgreSQL has counted
    with psycopg.connect(address) as connection:
        count = connection.execute('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()')
        assert count.fetchone() == (0,)
    listed = [await chat.rooms.members(ada, 'lobby') for chat in chats]
    assert len({tuple(sorted(member.user.name for member in each)) for each in listed}) == 1


async def test_who_signs_out_on_one_server_while_taking_a_name_on_another_leaves_it_free(chats: list[Chat]) -> None:
    for turn in range(10):
        guest = await newcomer(chats[0], f'Guest {turn}')
        session = await chats[1].sessions.find(await chats[0].sessions.begin(guest, ''))
        assert session is not None
        await asyncio.gather(
            rename(chats[0], guest, f'Eve {turn}'), chats[1].accounts.sign_out(session), return_exceptions=True
        )
        for name in (f'Eve {turn}', f'Guest {turn}'):
            await chats[2].accounts.check_name(name)


async def test_what_is_said_while_its_author_is_renamed_is_under_the_name_of_its_revision(chats: list[Chat]) -> None:
    ada = await newcomer(chats[0], 'Name 0')
    told: list[RoomEvent] = []
    for chat in chats:
        chat.room_state.watch(told.append)

    async def speak() -> None:
        for number in range(30):
            await chats[0].messages.send(ada, 'lobby', f'{number}')

    async def change() -> None:
        for number in range(1, 10):
            await rename(chats[1], ada, f'Name {number}')

    await asyncio.gather(speak(), change())
    name = 'Name 0'
    for event in sorted(told, key=lambda event: event.revision):
        if isinstance(event, MemberChanged):
            name = event.member.user.name
        elif isinstance(event, MessageSent):
            assert event.message.author.name == name


async def test_rooms_of_one_name_get_addresses_of_their_own(chats: list[Chat]) -> None:
    ada = await newcomer(chats[0], 'Ada')
    rooms = await asyncio.gather(*(chat.rooms.create(ada, 'Garden') for chat in chats))
    assert sorted(room.slug for room in rooms) == ['garden', 'garden-2', 'garden-3']


async def test_many_who_open_rooms_of_one_name_at_one_moment_all_get_one(chats: list[Chat]) -> None:
    people = [await newcomer(chats[0], f'Guest {number}') for number in range(8)]
    rooms = await asyncio.gather(*(chat.rooms.create(each, 'Garden') for chat in chats for each in people))
    assert len({room.slug for room in rooms}) == PLACES * len(people)


async def test_who_write_to_each_other_at_one_moment_meet_in_one_room(chats: list[Chat]) -> None:
    ada, bo, cy = [await newcomer(chats[0], name) for name in ('Ada', 'Bo', 'Cy')]
    people = [ada.id, bo.id, cy.id]
    for others in ([ada.id, bo.id], people):
        asked = [chat.direct.open(who, others) for chat in chats for who in (ada, bo)]
        (slug,) = {room.slug for room in await asyncio.gather(*asked)}
        assert sorted(member.user.id for member in await chats[2].rooms.members(bo, slug)) == others
        told = [event.revision for event in (await chats[1].rooms.changes(ada, slug, 0)).events]
        assert told == list(range(1, len(others) + 1))


async def test_two_owners_who_resign_at_once_leave_one(chats: list[Chat]) -> None:
    ada, bo = await newcomer(chats[0], 'Ada'), await newcomer(chats[0], 'Bo')
    for turn in range(5):
        room = await chats[0].rooms.create(ada, f'Room {turn}')
        await chats[0].rooms.join(bo, room.slug)
        await chats[0].rooms.set_role(Actor(ada, 'here'), room.slug, bo.id, 'owner')
        done = await asyncio.gather(
            chats[0].rooms.set_role(Actor(ada, 'here'), room.slug, ada.id, 'member'),
            chats[1].rooms.set_role(Actor(bo, 'here'), room.slug, bo.id, 'member'),
            return_exceptions=True,
        )
        assert sum(isinstance(each, Conflict) for each in done) == 1
        owners = [member.user for member in await chats[2].rooms.members(ada, room.slug) if member.role == 'owner']
        assert len(owners) == 1


async def test_who_is_put_into_a_room_while_taking_another_name_is_told_of_by_the_one_or_the_other_and_then_right(
    chats: list[Chat],
) -> None:
    ada, bo = await newcomer(chats[0], 'Ada'), await newcomer(chats[0], 'Bo')
    for turn in range(10):
        room = await chats[0].rooms.create(ada, f'Room {turn}')
        await asyncio.gather(
            chats[0].rooms.add_member(Actor(ada, 'here'), room.slug, bo.id), rename(chats[1], bo, f'Bob {turn}')
        )
        (event,) = [e for e in (await chats[2].rooms.changes(ada, room.slug, 1)).events if isinstance(e, MemberEvent)]
        assert event.member.user.name == f'Bob {turn}'


async def test_what_was_deleted_on_one_server_is_not_brought_back_by_an_edit_on_another(chats: list[Chat]) -> None:
    ada = await newcomer(chats[0], 'Ada')
    for _ in range(20):
        message = (await chats[0].messages.send(ada, 'lobby', 'secret')).message
        edit, delete = await asyncio.gather(
            chats[0].messages.edit(ada, message.id, 'other words'),
            chats[1].messages.delete(ada, message.id),
            return_exceptions=True,
        )
        assert isinstance(edit, Message | Forbidden)
        assert isinstance(delete, Message)
        left = await chats[2].messages.get(ada, message.id)
        assert (left.body, left.html, left.deleted_at is None) == ('', '', False)


@pytest.mark.parametrize('first', ['say', 'forget'])
async def test_a_word_that_is_said_while_its_last_message_goes_stays_in_the_list_of_words(
    chats: list[Chat], first: str
) -> None:
    ada = await newcomer(chats[0], 'Ada')
    message = (await chats[0].messages.send(ada, 'lobby', 'planet')).message
    await chats[0].search.sweep()  # or whoever keeps house would look at it at any moment
    steps = {
        'say': lambda connection: search.add(connection, 99, 99, 'planet'),
        'forget': lambda connection: message_rows.remove(connection, message),
    }
    begun, ended = threading.Event(), threading.Event()

    def second() -> None:
        begun.wait()
        with chats[1].storage.writing() as connection:
            steps['forget' if first == 'say' else 'say'](connection)
        ended.set()

    other = asyncio.create_task(asyncio.to_thread(second))
    with chats[2].storage.writing() as connection:
        steps[first](connection)
        begun.set()
        await asyncio.to_thread(ended.wait, 0.5)  # it waits for the end of this one, and would not without the lock
    await other
    words = select(tables.search_terms.c.term, tables.search_terms.c.message_id)
    found = await chats[0].storage.read(lambda connection: connection.execute(words).all())
    assert set(found) == {('planet', 99), (f'{search_terms.LISTED}planet', 0)}


async def test_who_has_left_says_nothing_afterwards_on_another_server(chats: list[Chat]) -> None:
    ada = await newcomer(chats[0], 'Ada')
    bo = await newcomer(chats[0], 'Bo')
    for _ in range(20):
        await chats[0].rooms.join(bo, 'lobby')
        before = (await chats[0].rooms.find(ada, 'lobby')).revision
        await asyncio.gather(
            chats[0].rooms.leave(bo, 'lobby'), chats[1].messages.send(bo, 'lobby', 'late'), return_exceptions=True
        )
        events = (await chats[2].rooms.changes(ada, 'lobby', before)).events
        assert [event.type for event in events] in (['member_left'], ['message_sent', 'member_left'])


async def test_a_room_that_is_deleted_while_others_write_is_gone_and_they_are_told_so(chats: list[Chat]) -> None:
    ada, bo = await newcomer(chats[0], 'Ada'), await newcomer(chats[0], 'Bo')
    for number in range(10):
        room = await chats[0].rooms.create(ada, f'Short {number}')
        await chats[1].rooms.join(bo, room.slug)
        sends = [chats[place % PLACES].messages.send(bo, room.slug, 'hello') for place in range(9)]
        *sent, deleted = await asyncio.gather(*sends, chats[2].rooms.delete(ada, room.slug), return_exceptions=True)
        assert deleted is None
        assert [each for each in sent if isinstance(each, Exception) and not isinstance(each, NotFound)] == []
        with pytest.raises(NotFound):
            await chats[1].rooms.find(bo, room.slug)


async def test_a_room_is_deleted_quickly_however_much_is_said_in_others(chats: list[Chat], address: str) -> None:
    ada = await newcomer(chats[0], 'Ada')
    room = await chats[0].rooms.create(ada, 'Short')
    lobby = await chats[0].rooms.find(ada, 'lobby')
    talk = (
        'INSERT INTO messages (room_id, author_id, revision, body, html, html_version, created_at)'
        " SELECT %s, %s, 1000 + number, '', '', 1, 0 FROM generate_series(1, %s) number"
    )
    with psycopg.connect(address) as connection:
        connection.execute(talk, (lobby.id, ada.id, 50_000))
        connection.execute(talk, (room.id, ada.id, 2_000))
    async with asyncio.timeout(3):  # 10 s and more, if replies to each message were looked for among all others
        await chats[0].rooms.delete(ada, room.slug)


async def test_who_signs_out_while_speaking_makes_nobody_wait(chats: list[Chat], address: str) -> None:
    """PostgreSQL looks for two that wait for each other only after a second, and the room would be held meanwhile."""
    ada = await newcomer(chats[0], 'Ada')
    for number in range(10):
        guest = await newcomer(chats[0], f'Guest {number}')
        session = await chats[1].sessions.find(await chats[0].sessions.begin(guest, ''))
        assert session is not None
        said = [chats[0].messages.send(person, 'lobby', 'hello') for person in (guest, ada, guest, ada)]
        await asyncio.gather(*said, chats[1].accounts.sign_out(session), return_exceptions=True)
    await asyncio.sleep(1.5)  # until PostgreSQL has counted
    with psycopg.connect(address) as connection:
        count = connection.execute('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()')
        assert count.fetchone() == (0,)


async def make_administrator(chat: Chat, name: str) -> User:
    token = await chat.administration.administrator_link()
    return await chat.administration.become_administrator_as(token, name, 'a long sentence', 'here')


async def test_administrators_who_delete_themselves_at_once_on_several_servers_leave_one(chats: list[Chat]) -> None:
    left = await make_administrator(chats[0], 'First')
    for turn in range(5):
        people = [left, *[await make_administrator(chats[0], f'Other {turn} {number}') for number in range(PLACES)]]
        goes = [
            chats[place % PLACES].deletion.delete_own(person, 'keep', 'a long sentence', 'here')
            for place, person in enumerate(people)
        ]
        gone = await asyncio.gather(*goes, return_exceptions=True)
        assert sum(isinstance(each, Conflict) for each in gone) == 1
        assert sum(each is None for each in gone) == PLACES
        (left,) = [each for each in await everybody(chats[1]) if each.kind == 'administrator']


async def test_administrators_who_delete_or_unmake_each_other_on_several_servers_leave_one(chats: list[Chat]) -> None:
    one = await make_administrator(chats[0], 'First')
    for turn in range(5):
        other = await make_administrator(chats[0], f'Other {turn}')
        await asyncio.gather(
            chats[0].deletion.delete_by(one, other.id, 'keep'),
            chats[1].deletion.delete_by(other, one.id, 'keep'),
            chats[2].administration.set_kind(one, other.id, 'member'),
            return_exceptions=True,
        )
        (one,) = [each for each in await everybody(chats[1]) if each.kind == 'administrator']


async def everybody(chat: Chat) -> list[User]:
    query = 'SELECT id, name, kind FROM users ORDER BY id'
    return await chat.storage.read(lambda c: [User(*row) for row in c.exec_driver_sql(query)])


async def test_who_is_deleted_while_speaking_makes_nobody_wait_and_leaves_no_words(
    chats: list[Chat], address: str
) -> None:
    """PostgreSQL looks for two that wait for each other only after a second, and the room would be held meanwhile."""
    ada = await newcomer(chats[0], 'Ada')
    for number in range(10):
        guest = await newcomer(chats[0], f'Guest {number}')
        session = await chats[1].sessions.find(await chats[0].sessions.begin(guest, ''))
        assert session is not None
        room = await chats[0].rooms.find(guest, 'lobby')
        for chat in chats:
            chat.drafts.keep(guest, room, 'half')
        said = [chats[0].messages.send(person, 'lobby', person.name) for person in (guest, ada, guest, ada)]
        await asyncio.gather(
            *said,
            chats[1].deletion.delete_own(guest, 'remove', None, 'here'),
            chats[1].accounts.make_link(session),
            chats[2].rooms.create(guest, f'Room {number}'),
            chats[2].drafts.flush(),
            chats[0].deletion.finish(),
            return_exceptions=True,
        )
        with pytest.raises(Unauthenticated):
            await chats[0].sessions.begin(guest, '')
    for chat in chats:
        await chat.drafts.flush()
    await asyncio.gather(*(chat.deletion.finish() for chat in chats))
    assert {message.author.name for message in await messages_of(chats[0], ada) if message.body} == {'Ada'}
    await asyncio.sleep(1.5)  # until PostgreSQL has counted
    with psycopg.connect(address) as connection:
        count = connection.execute('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()')
        assert count.fetchone() == (0,)
        left = 'SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM drafts)'
        assert connection.execute(left).fetchone() == (0,)


async def test_a_password_that_is_set_while_the_account_goes_brings_nothing_back(chats: list[Chat]) -> None:
    for number in range(10):
        guest = await newcomer(chats[0], f'Guest {number}')
        session = await chats[1].sessions.find(await chats[0].sessions.begin(guest, ''))
        assert session is not None
        await asyncio.gather(
            chats[0].credentials.set_password(session, 'a long sentence', None, 'here'),
            chats[1].deletion.delete_own(guest, 'keep', None, 'here'),
            return_exceptions=True,
        )
    left = "SELECT count(*) FROM users WHERE kind != 'guest' OR password_hash IS NOT NULL"
    assert await chats[2].storage.read(lambda c: c.exec_driver_sql(left).scalar()) == 0


async def test_servers_that_remove_the_same_messages_at_once_remove_each_once(
    chats: list[Chat], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, 'AT_ONCE', 7)
    monkeypatch.setattr(deletion, 'PAUSE', 0.0)
    monkeypatch.setattr(deletion, 'REST', 0)
    ada, bo = await newcomer(chats[0], 'Ada'), await newcomer(chats[0], 'Bo')
    for number in range(100):
        await chats[number % PLACES].messages.send(ada, 'lobby', f'{number}')
    for chat in chats:
        chat.deletion.stop()
    before = (await chats[0].rooms.find(bo, 'lobby')).revision
    await chats[0].deletion.delete_own(ada, 'remove', None, 'here')
    await asyncio.gather(
        *(chat.deletion.finish() for chat in chats), *(chats[1].messages.send(bo, 'lobby', 'hello') for _ in range(5))
    )
    messages = await messages_of(chats[2], bo)
    assert sum(message.deleted_at is not None for message in messages) == 100
    assert (await chats[0].rooms.find(bo, 'lobby')).revision == before + 1 + 100 + 5


async def test_a_server_that_is_frozen_while_it_holds_a_room_costs_nobody_a_message(
    chats: list[Chat], address: str
) -> None:
    ada = await newcomer(chats[0], 'Ada')
    with psycopg.connect(address, options=postgresql.OPTIONS) as frozen:
        frozen.execute("SELECT id FROM rooms WHERE slug = 'lobby' FOR NO KEY UPDATE")
        sent = await asyncio.gather(*(chat.messages.send(ada, 'lobby', 'hello') for chat in chats))
        assert len(sent) == PLACES
        frozen.close()


async def test_a_draft_that_two_servers_store_at_once_is_kept_by_both(
    chats: list[Chat], caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(20):
        ada = await newcomer(chats[0], f'Ada {number}')
        room = await chats[0].rooms.find(ada, 'lobby')
        for place, chat in enumerate(chats):
            chat.drafts.keep(ada, room, f'from {place}')
        await asyncio.gather(*(chat.drafts.flush() for chat in chats))
    assert 'Could not store' not in caplog.text


async def test_a_session_that_ended_where_nothing_tells_this_server_ends_its_pages_within_2_s(
    chats: list[Chat],
) -> None:
    """As by a server that has lost Redis, or by the operator's command, which is no server."""
    ada = await newcomer(chats[0], 'Ada')
    for _ in range(3):
        session = await chats[1].sessions.find(await chats[0].sessions.begin(ada, ''))
        assert session is not None
        ended = asyncio.Event()
        chats[1].sessions.watch(session, ended.set)
        await chats[0].sessions.end(session)
        async with asyncio.timeout(2):
            await ended.wait()


async def test_who_was_deleted_where_nothing_tells_this_server_is_out_within_2_s(chats: list[Chat]) -> None:
    ada = await newcomer(chats[0], 'Ada')
    session = await chats[1].sessions.find(await chats[0].sessions.begin(ada, ''))
    assert session is not None
    ended = asyncio.Event()
    chats[1].sessions.watch(session, ended.set)
    await chats[0].deletion.delete_own(ada, 'keep', None, 'here')
    async with asyncio.timeout(2):
        await ended.wait()


async def test_several_people_come_and_go_everywhere_and_all_servers_agree(chats: list[Chat]) -> None:
    people = [await newcomer(chats[0], f'Guest {number}') for number in range(6)]

    async def come_and_go(place: int, person: User) -> None:
        for turn in range(6):
            with suppress(NotAMember):
                await chats[(place + turn) % PLACES].rooms.leave(person, 'lobby')
                await chats[(place + turn + 1) % PLACES].rooms.join(person, 'lobby')

    await asyncio.gather(*(come_and_go(place, person) for place, person in enumerate(people)))
    listed = [await chat.rooms.members(people[0], 'lobby') for chat in chats]
    assert all({member.user for member in each} == set(people) for each in listed)


async def test_a_transaction_that_meets_another_is_tried_again(chats: list[Chat]) -> None:
    """Two that take rooms in opposite orders wait for each other, until PostgreSQL ends one of them."""
    ada = await newcomer(chats[0], 'Ada')
    await chats[0].rooms.create(ada, 'Garden')
    both_have_one = threading.Barrier(2)
    runs: list[str] = []

    def take(connection, first: str, then: str) -> None:
        runs.append(first)
        take_one = sql.SQL('UPDATE rooms SET topic = topic WHERE slug = {}')
        connection.exec_driver_sql(take_one.format(first).as_string())
        with suppress(threading.BrokenBarrierError):
            both_have_one.wait(2)
        connection.exec_driver_sql(take_one.format(then).as_string())

    await asyncio.gather(
        chats[0].storage.write(take, 'lobby', 'garden'), chats[1].storage.write(take, 'garden', 'lobby')
    )
    assert len(runs) == 3


async def test_whoever_reads_cannot_write_and_sees_one_state(chats: list[Chat]) -> None:
    def write(connection) -> None:
        connection.exec_driver_sql("UPDATE rooms SET topic = 'no'")

    with pytest.raises(StorageFailed):
        await chats[0].storage.read(write)
    ada = await newcomer(chats[0], 'Ada')
    read_once, written = threading.Event(), threading.Event()

    def read_twice(connection) -> tuple[int, int]:
        count = 'SELECT count(*) FROM messages'
        first = connection.exec_driver_sql(count).scalar_one()
        read_once.set()
        written.wait(10)
        return first, connection.exec_driver_sql(count).scalar_one()

    reading = asyncio.create_task(chats[0].storage.read(read_twice))
    await asyncio.to_thread(read_once.wait, 10)
    await chats[1].messages.send(ada, 'lobby', 'meanwhile')
    written.set()
    assert await reading == (0, 0)


async def test_catching_up_waits_for_what_is_just_being_said_under_a_lower_id(chats: list[Chat]) -> None:
    here, there, _ = chats
    ada, bo = await newcomer(here, 'Ada'), await newcomer(here, 'Bo')
    kitchen = await here.rooms.create(ada, 'Kitchen')
    await here.rooms.join(bo, kitchen.slug)
    lobby = await here.rooms.find(ada, 'lobby')
    was_said, go_on = threading.Event(), threading.Event()

    def say_slowly(connection: Connection) -> None:
        hold_rooms(connection, rooms.c.id == lobby.id)
        message_rows.add(connection, lobby, ada, '@Bo late', '', client_message_id=None, reply_to=None)
        was_said.set()
        assert go_on.wait(10)

    saying = asyncio.create_task(there.storage.write(say_slowly))
    assert await asyncio.to_thread(was_said.wait, 10)
    await here.messages.send(ada, kitchen.slug, 'early')
    looking = asyncio.create_task(here.catching_up.look(bo))
    while not looking.done() and not await here.storage.read(somebody_waits):
        await asyncio.sleep(0.01)
    go_on.set()
    await saying
    first = await looking
    await here.catching_up.done(bo, first.up_to)
    second = await here.catching_up.look(bo)
    told = [(news.room.slug, news.messages) for found in (first, second) for news in found.rooms]
    assert sorted(told) == [('kitchen', 1), ('lobby', 1)]


async def test_being_up_to_date_with_all_waits_for_what_is_just_being_said_under_a_lower_id(chats: list[Chat]) -> None:
    here, there, _ = chats
    ada, bo = await newcomer(here, 'Ada'), await newcomer(here, 'Bo')
    lobby = await here.rooms.find(ada, 'lobby')
    newest: list[int] = []
    was_said, go_on = threading.Event(), threading.Event()

    def say_slowly(connection: Connection) -> None:
        hold_rooms(connection, rooms.c.id == lobby.id)
        said = message_rows.add(connection, lobby, ada, 'late', '', client_message_id=None, reply_to=None)
        newest.append(said.id)
        was_said.set()
        assert go_on.wait(10)

    saying = asyncio.create_task(there.storage.write(say_slowly))
    assert await asyncio.to_thread(was_said.wait, 10)
    done = asyncio.create_task(here.catching_up.done(bo))
    while not done.done() and not await here.storage.read(somebody_waits):
        await asyncio.sleep(0.01)
    go_on.set()
    await saying
    assert [await done] == newest


@pytest.mark.parametrize('first', ['send', 'discard'])
async def test_a_file_is_sent_or_taken_back_and_never_both(chats: list[Chat], first: str) -> None:
    here, there, _ = chats
    ada = await newcomer(here, 'Ada')
    lobby = await here.rooms.find(ada, 'lobby')
    brought = await bring(here, ada)
    is_done, go_on = threading.Event(), threading.Event()

    def begin(connection: Connection) -> None:
        if first == 'send':
            add = message_rows.add
            add(connection, lobby, ada, '', '', client_message_id=None, reply_to=None, attachments=(brought,))
        else:
            file_rows.discard(connection, brought.id)
        is_done.set()
        assert go_on.wait(10)

    beginning = asyncio.create_task(there.storage.write(begin))
    assert await asyncio.to_thread(is_done.wait, 10)

    async def go_second() -> None:
        if first == 'send':
            await here.files.discard(ada, brought.id)
        else:
            await here.messages.send(ada, 'lobby', '', attachments=[brought.id])

    second = asyncio.create_task(go_second())
    while not second.done() and not await there.storage.read(somebody_waits):
        await asyncio.sleep(0.01)
    go_on.set()
    await beginning
    with pytest.raises(Forbidden if first == 'send' else Invalid):
        await second
    files = [each.attachments for each in (await here.messages.page(ada, 'lobby')).messages]
    assert files == ([(brought,)] if first == 'send' else [])


def somebody_waits(connection: Connection) -> bool:
    """Whether a transaction waits for something that another one holds."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return connection.exec_driver_sql(waiting).scalar_one() > 0


async def test_a_search_reads_by_indexes_and_others_as_the_planner_likes(chats: list[Chat]) -> None:
    def search_and_look(connection: Connection) -> object:
        finding.find(connection, search_query.parse('plan'), [1], 1, 1)
        return look(connection)

    def look(connection: Connection) -> object:
        return connection.exec_driver_sql('SHOW enable_seqscan').scalar()

    assert await chats[0].storage.read(search_and_look) == 'off'
    for _ in range(10):
        assert await chats[0].storage.read(look) == 'on'


async def test_what_is_acknowledged_is_on_disk_whatever_the_cluster_is_used_to(
    chats: list[Chat], address: str, postgresql: PostgreSQLServer
) -> None:
    name = sql.Identifier(address.partition('?')[0].rpartition('/')[2])
    postgresql.execute(sql.SQL('ALTER DATABASE {} SET synchronous_commit = off').format(name))
    storage = Storage(Path(), address)
    storage.open()
    asked = await storage.write(lambda connection: connection.exec_driver_sql('SHOW synchronous_commit').scalar_one())
    storage.close()
    assert asked == 'on'


async def test_lost_connections_are_replaced_and_cost_nobody_a_message(
    chats: list[Chat], postgresql: PostgreSQLServer
) -> None:
    ada = await newcomer(chats[0], 'Ada')
    said = []

    async def talk(place: int) -> None:
        for number in range(30):
            text, sent_as = f'{place}-{number}', f'id-{place}-{number}'
            while True:  # as every client does
                with suppress(StorageFailed):
                    await chats[place].messages.send(ada, 'lobby', text, sent_as)
                    said.append(text)
                    break
                await asyncio.sleep(0.05)

    async def cut() -> None:
        for _ in range(5):
            await asyncio.sleep(0.1)
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hearth'"
            await asyncio.to_thread(postgresql.execute, others)

    await asyncio.gather(cut(), *(talk(place) for place in range(PLACES)))
    assert sorted(message.body for message in await messages_of(chats[0], ada)) == sorted(said)


def test_servers_that_start_at_once_on_an_empty_database_make_it_together(
    postgresql: PostgreSQLServer, tmp_path: Path
) -> None:
    with postgresql.database(empty=True) as url:
        storages = [Storage(tmp_path, url) for _ in range(PLACES)]
        threads = [threading.Thread(target=storage.open) for storage in storages]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all(storage.is_open for storage in storages)
        for storage in storages:
            storage.close()


def test_a_server_waits_for_another_that_migrates_however_long_that_takes(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty = '-c lock_timeout=100ms -c statement_timeout=200ms'
    monkeypatch.setattr(postgresql, 'OPTIONS', hasty)
    storage = Storage(tmp_path, address)
    opening = threading.Thread(target=storage.open)
    with psycopg.connect(address) as migrating:
        migrating.execute(sql.SQL('SELECT pg_advisory_xact_lock({})').format(postgresql.UPGRADING))
        opening.start()
        opening.join(0.5)
        assert opening.is_alive()
    opening.join(10)
    assert storage.is_open
    with storage.reading() as connection:
        connection.exec_driver_sql('SELECT pg_sleep(0.4)')
    storage.close()


def test_a_database_of_a_newer_version_is_left_alone(postgresql: PostgreSQLServer, tmp_path: Path) -> None:
    with postgresql.database() as url:
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(CannotOpen, match='made by a newer Hearth'):
            Storage(tmp_path, url).open()
        with psycopg.connect(url) as connection:
            assert connection.execute('SELECT version_num FROM alembic_version').fetchone() == ('9999',)


def test_an_old_postgresql_is_refused(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, 'OLDEST', 99)
    with pytest.raises(CannotOpen, match='needs PostgreSQL 99 or newer, and this is'):
        Storage(tmp_path, address).open()


def test_a_database_that_cannot_hold_every_script_is_refused(postgresql: PostgreSQLServer, tmp_path: Path) -> None:
    make = "CREATE DATABASE hearth_latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
    postgresql.execute(make)
    try:
        with pytest.raises(CannotOpen, match='in UTF-8, and this one is in LATIN1'):
            Storage(tmp_path, postgresql.url_of('hearth_latin')).open()
    finally:
        postgresql.execute('DROP DATABASE hearth_latin')


@pytest.mark.parametrize(
    'url', ['postgresql://ada:geheim@127.0.0.1:9/chat', 'postgresql://ada:geheim@no-such-host.invalid/chat']
)
def test_a_server_that_is_not_there_is_said_in_a_sentence_without_the_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(CannotOpen) as problem:
        Storage(tmp_path, url).open()
    assert str(problem.value).startswith("Hearth cannot use the database 'chat' at ")
    assert 'geheim' not in str(problem.value)


async def test_while_the_server_is_away_everybody_is_told_and_then_all_goes_on(tmp_path: Path) -> None:
    with databases.postgresql(own=True) as server:
        server.make_template()
        with server.database() as url:
            chat = Chat(Settings(data=tmp_path, database_url=url))
            chat.open()
            ada = await newcomer(chat, 'Ada')
            await chat.messages.send(ada, 'lobby', 'before')
            server.stop()
            with pytest.raises(StorageFailed):
                await chat.messages.send(ada, 'lobby', 'meanwhile')
            assert await chat.readiness.missing() is not None
            server.start()
            await chat.messages.send(ada, 'lobby', 'after')
            assert [message.body for message in await messages_of(chat, ada)] == ['before', 'after']
            await chat.stop()


@pytest.mark.parametrize('body', ['a\0b', '\0', 'half \ud83d'])
async def test_a_draft_is_kept_whatever_a_browser_makes_of_it(chats: list[Chat], body: str) -> None:
    chat = chats[0]
    ada = await newcomer(chat, 'Ada')
    room = await chat.rooms.find(ada, 'lobby')
    chat.drafts.keep(ada, room, body)
    await chat.drafts.flush()
    kept = (await chat.rooms.open(ada, 'lobby')).draft.body
    assert kept == body.replace('\0', '').encode('utf-8', 'replace').decode()


@pytest.mark.parametrize('words', ['\0', '%', "'; DROP TABLE rooms; --", '\ud83d', 'x' * 100_000])
async def test_nothing_that_is_asked_for_upsets_the_database(chats: list[Chat], words: str) -> None:
    ada = await newcomer(chats[0], 'Ada')
    for ask in (
        chats[0].messages.page(ada, 'lobby', author=words),
        chats[0].rooms.find(ada, words),
        chats[0].rooms.list_and_more(ada, words=words),
        chats[0].messages.send(ada, 'lobby', 'hello', words),
        chats[0].sessions.find(words),
        chats[0].bots.revoke(words),
    ):
        try:
            await ask
        except StorageFailed:
            raise
        except ChatError:
            pass
