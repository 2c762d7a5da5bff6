"""``python main.py copy``: everything goes to another database, or nothing does."""

import asyncio
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import Connection

from chat import Chat, copying
from chat.audit import Actor
from chat.errors import CannotOpen
from chat.models import User
from chat.settings import Settings
from chat.storage import Storage, accounts, contents, tables
from tests import warm
from tests.chat import files
from tests.databases import PostgreSQLServer
from tests.test_commands import environment, run_as_people_do

pytestmark = pytest.mark.slow


@pytest.fixture
def address(postgresql: PostgreSQLServer) -> Iterator[str]:
    with postgresql.database(empty=True) as url:
        yield url


@pytest.fixture(scope='module')
def talked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder in which people have been talking."""
    folder = tmp_path_factory.mktemp('talked') / 'data'
    asyncio.run(_talk(folder))
    return folder


@pytest.fixture
def full(talked: Path, tmp_path: Path) -> Path:
    """Return a copy of it, to be used as one likes."""
    return shutil.copytree(talked, tmp_path / 'full')


async def _talk(folder: Path) -> None:
    chat = Chat(Settings(data=folder, rate_limits=False))
    chat.open()
    people: list[User] = []
    for name in ('Ada', '漢字', 'Zoë 👩‍🚀', 'Gone'):
        people.append(await chat.accounts.add_guest(name, 'here'))
        await chat.rooms.join(people[-1], 'lobby')
        await chat.sessions.begin(people[-1], 'a browser', 'Europe/Berlin')
    room = await chat.rooms.create(people[0], 'Garden', 'Flowers', private=True)
    await chat.hooks.create(people[0], 'garden', 'Rain')
    first = (await chat.messages.send(people[0], 'lobby', 'first')).message
    for number in range(1200):
        person = people[number % 3]
        sent = await chat.messages.send(
            person, 'lobby', f'*{number}* ☕', f'{number}', first.id if number % 7 else None
        )
        if number % 50 == 0:
            await chat.messages.edit(person, sent.message.id, 'edited')
    await chat.messages.delete(people[0], first.id)
    await chat.rooms.leave(people[3], 'lobby')
    last = await chat.rooms.create(people[1], 'Last')
    await chat.rooms.delete(people[1], last.slug)
    boss = Actor(await chat.storage.write(accounts.set_kind, people[2], 'administrator'), 'here')
    invitation = await chat.invitations.create(boss, ['lobby'])
    await chat.invitations.accept(Actor(people[1], 'here'), invitation.token)
    reported = (await chat.messages.send(people[1], 'lobby', 'reported, @Ada')).message
    await chat.reactions.react(people[0], reported.id, '👍', on=True)
    await chat.pins.pin(people[2], reported.id, on=True)
    await chat.reports.report(people[0], reported.id, 'spam')
    await chat.direct.open(people[0], [people[1].id])
    chat.drafts.keep(people[0], room, 'half a sentence')
    await chat.bots.add('Robot')
    async with chat.profiles.bring_picture(people[1]):
        await chat.profiles.set_picture(people[1], _picture())
    shared = await files.bring(chat, people[0], data=_picture(), name='picture.png')
    await chat.messages.send(people[0], 'lobby', '', attachments=[shared.id])
    await chat.storage.write(_add_what_no_action_makes, people[0].id)
    await chat.stop()


def _picture() -> bytes:
    data = BytesIO()
    Image.effect_noise((600, 600), 80).save(data, 'PNG')
    return data.getvalue()


def _add_what_no_action_makes(connection: Connection, user_id: int) -> None:
    connection.execute(tables.links.insert(), {'hash': 'h', 'purpose': 'password', 'user_id': user_id, 'until': 2**41})
    elsewhere = {'provider': 'school', 'subject': '漢字', 'user_id': user_id, 'created_at': 1}
    connection.execute(tables.identities.insert(), elsewhere)
    connection.execute(tables.address_bans.insert(), {'address': '192.0.2.1', 'until': 2**41, 'created_at': 1})


def run(folder: Path, *argv: str) -> tuple[int, str]:
    status, output, errors = warm.run(['main.py', *argv], environment(folder))
    return status, output + errors


def everything(folder: Path, url: str | None = None) -> Mapping[str, list[tuple]]:
    storage = Storage(folder, url)
    storage.open()
    with closing(storage), storage.reading() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(table.select().order_by(*table.primary_key.columns))]
            for table in tables.metadata.sorted_tables
        }


def bytes_of(folder: Path) -> Mapping[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob('*') if each.is_file()}


def test_everything_goes_to_postgresql_and_comes_back_the_same(full: Path, address: str, tmp_path: Path) -> None:
    before = everything(full)
    assert all(before.values()), 'every table has something to lose'
    status, said, errors = run_as_people_do(full, 'copy', '--to', address)
    assert errors == ''
    assert (status, said.splitlines()[0]) == (0, 'Copied, and counted on both sides:')
    assert '1,203 messages' in said
    assert everything(full, address) == before
    back = tmp_path / 'back'
    assert run(full, '--database-url', address, 'copy', f'--to=sqlite:///{back}')[0] == 0
    assert everything(back) == before
    assert bytes_of(back / 'uploads') == bytes_of(full / 'uploads')
    assert len(bytes_of(back / 'uploads')) == 2, 'a picture and its thumbnail'


async def test_people_go_on_with_new_ids_where_they_were(full: Path, address: str) -> None:
    assert (await asyncio.to_thread(run, full, 'copy', '--to', address))[0] == 0
    newest = {}
    for url in (None, address):
        chat = Chat(Settings(data=full, database_url=url))
        chat.open()
        ada = await chat.accounts.add_guest('Newcomer', 'here')
        room = await chat.rooms.create(ada, 'New')
        sent = await chat.messages.send(ada, room.slug, 'on we go')
        newest[url] = (ada.id, room.id, sent.message.id, sent.message.revision)
        await chat.stop()
    assert newest[None] == newest[address]


@pytest.mark.parametrize('what', ['people', 'a room', 'uploads'])
def test_a_target_that_is_not_empty_is_refused_and_stays_as_it_is(full: Path, tmp_path: Path, what: str) -> None:
    target = tmp_path / 'target'
    chat = Chat(Settings(data=target))
    chat.open()

    async def come() -> None:
        if what == 'people':
            await chat.accounts.add_guest('Somebody', 'here')
        elif what == 'a room':
            await chat.storage.write(
                lambda connection: connection.execute(
                    tables.rooms.insert(),
                    {'slug': 'x', 'name': 'x', 'topic': '', 'private': False, 'revision': 0, 'created_at': 0},
                )
            )
        else:
            (target / 'uploads').mkdir()
        await chat.stop()

    asyncio.run(come())
    before = everything(target)
    status, said = run(full, 'copy', '--to', str(target))
    assert (status, said) == (2, 'There is something in the target already. Give one that is empty.\n')
    assert everything(target) == before


def test_a_database_that_is_not_empty_is_refused(full: Path, address: str) -> None:
    assert run(full, 'copy', '--to', address)[0] == 0
    before = everything(full, address)
    status, said = run(full, 'copy', '--to', address)
    assert (status, said) == (2, 'There is something in the target already. Give one that is empty.\n')
    assert everything(full, address) == before


def test_what_goes_wrong_on_the_way_leaves_the_target_empty(
    full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    counts = contents.counts
    monkeypatch.setattr(contents, 'counts', lambda each: {**counts(each), 'x': each is not None and id(each)})
    with pytest.raises(CannotOpen, match='Not everything came over'):
        copying.copy(Settings(data=full), str(tmp_path / 'target'))
    assert everything(tmp_path / 'target')['users'] == []


def test_files_that_cannot_be_copied_leave_the_target_empty_and_it_can_be_tried_again(
    full: Path, tmp_path: Path
) -> None:
    broken = full / 'uploads' / 'broken'
    broken.symlink_to('nowhere')
    target = tmp_path / 'target'
    status, said = run(full, 'copy', '--to', str(target))
    assert (status, said.count('\n')) == (2, 1)
    assert said.startswith('The files in ')
    assert everything(target)['users'] == []
    broken.unlink()
    assert run(full, 'copy', '--to', str(target))[0] == 0
    assert everything(target) == everything(full)


@pytest.mark.parametrize(
    ('argv', 'sentence'),
    [
        (('copy',), 'Say where to: copy --to URL'),
        (('copy', '--to'), 'Say where to: copy --to URL'),
        (('copy', 'here'), 'Say where to: copy --to URL'),
        (('copy', '--to', 'mysql://here/there'), '--to must be like'),
        (('copy', '--to', 'postgresql://ada:geheim@127.0.0.1:9/chat'), "Hearth cannot use the database 'chat' at"),
    ],
)
def test_what_makes_no_sense_is_said(full: Path, argv: tuple[str, ...], sentence: str) -> None:
    status, said = run(full, *argv)
    assert status == (75 if sentence.startswith('Hearth cannot use') else 2)
    assert said.startswith(sentence)
    assert said.count('\n') == 1
    assert 'geheim' not in said


def test_without_data_there_is_nothing_to_copy(tmp_path: Path) -> None:
    status, said = run(tmp_path / 'nothing', 'copy', '--to', str(tmp_path / 'target'))
    assert (status, said.startswith('There is no data in')) == (2, True)
    assert not (tmp_path / 'target').exists()
