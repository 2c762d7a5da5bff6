"""Who may what, as a table: asked of the actions, which are what decides."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from chat import Chat
from chat.errors import ChatError, Forbidden, NotAMember, NotFound
from chat.models import Message, User
from chat.settings import Settings
from chat.storage import accounts as rows
from tests.chat.people import newcomer

Attempt = Callable[[Chat, User, str, Message], Awaitable[object]]
DONE = 'done'

ATTEMPTS: dict[str, Attempt] = {
    'find': lambda chat, user, slug, _: chat.rooms.find(user, slug),
    'read': lambda chat, user, slug, _: chat.messages.page(user, slug),
    'get': lambda chat, user, _, message: chat.messages.get(user, message.id),
    'join': lambda chat, user, slug, _: chat.rooms.join(user, slug),
    'open': lambda chat, user, slug, _: chat.rooms.open(user, slug),
    'leave': lambda chat, user, slug, _: chat.rooms.leave(user, slug),
    'send': lambda chat, user, slug, _: chat.messages.send(user, slug, 'x'),
    'edit': lambda chat, user, _, message: chat.messages.edit(user, message.id, 'y'),
    'delete': lambda chat, user, _, message: chat.messages.delete(user, message.id),
    'last': lambda chat, user, slug, _: chat.messages.last_of(user, slug),
    'entry': lambda chat, user, slug, _: chat.rooms.entry(user, slug),
    'people': lambda chat, user, slug, _: chat.rooms.members(user, slug),
    'since': lambda chat, user, slug, _: chat.rooms.changes(user, slug, 0),
    'change': lambda chat, user, slug, _: chat.rooms.change(user, slug, topic='new', private=True),
    'remove': lambda chat, user, slug, _: chat.rooms.delete(user, slug),
}

TABLE = """
room    who      whose   | find read get  join open leave send edit delete last entry people since change remove
open    owner    own     | done done done done done done  done done done   done done  done   done  done   done
open    owner    foreign | done done done done done done  done no   done   done done  done   done  done   done
open    member   own     | done done done done done done  done done done   done done  done   done  no     no
open    member   foreign | done done done done done done  done no   no     done done  done   done  no     no
open    moder    own     | done done done done done done  done done done   done done  done   done  done   no
open    moder    foreign | done done done done done done  done no   done   done done  done   done  done   no
open    admin    own     | done done done done done done  done done done   done done  done   done  done   done
open    admin    foreign | done done done done done done  done no   done   done done  done   done  done   done
open    outside  foreign | done done done done done done  join join done   done done  done   done  done   done
open    left     own     | done done done done done done  join join done   done done  done   done  no     no
open    left     foreign | done done done done done done  join join no     done done  done   done  no     no
open    stranger foreign | done done done done done done  join join no     done done  done   done  no     no
private owner    own     | done done done done done done  done done done   done done  done   done  done   done
private owner    foreign | done done done done done done  done no   done   done done  done   done  done   done
private member   own     | done done done done done done  done done done   done done  done   done  no     no
private member   foreign | done done done done done done  done no   no     done done  done   done  no     no
private moder    own     | done done done done done done  done done done   done done  done   done  done   no
private moder    foreign | done done done done done done  done no   done   done done  done   done  done   no
private admin    own     | done done done done done done  done done done   done done  done   done  done   done
private admin    foreign | done done done done done done  done no   done   done done  done   done  done   done
private outside  foreign | 404  404  404  404  404  404   404  404  404    404  404   404    404   404    404
private left     own     | 404  404  404  404  404  404   404  404  404    404  404   404    404   404    404
private left     foreign | 404  404  404  404  404  404   404  404  404    404  404   404    404   404    404
private stranger foreign | 404  404  404  404  404  404   404  404  404    404  404   404    404   404    404
none    stranger foreign | 404  404  done 404  404  404   404  join no     404  404   404    404   404    404
"""
MEANS: dict[str, type[ChatError] | str] = {'done': DONE, 'no': Forbidden, 'join': NotAMember, '404': NotFound}


def cases() -> list[tuple[str, str, str, str, str]]:
    header, *lines = TABLE.strip().splitlines()
    actions = header.split('|')[1].split()
    found = []
    for line in lines:
        who, outcomes = (half.split() for half in line.split('|'))
        found += [(*who, action, outcome) for action, outcome in zip(actions, outcomes, strict=True)]
    return found


@pytest.fixture(scope='module')
def scenes(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, tuple['Scene', bytes]]:
    """Return a scene in an open room and one in a private one, with what is stored of each."""
    return {
        private: asyncio.run(Scene.stored(tmp_path_factory.mktemp('scene'), private=private))
        for private in (False, True)
    }


@pytest.fixture
def scene(scenes: dict[bool, tuple['Scene', bytes]], room: str) -> 'Scene':
    """Return the scene that a case plays in."""
    return scenes[room == 'private'][0]


@pytest.fixture
def new_database(
    new_database: bytes, scenes: dict[bool, tuple['Scene', bytes]], request: pytest.FixtureRequest
) -> bytes:
    """Return what is stored of the scene that a case plays in: to set it anew takes longer than the case."""
    if 'scene' not in request.fixturenames:
        return new_database
    return scenes[request.node.callspec.params['room'] == 'private'][1]


@pytest.mark.parametrize(('room', 'who', 'whose', 'action', 'outcome'), cases())
async def test_who_may_what(
    chat: Chat, scene: 'Scene', room: str, who: str, whose: str, action: str, outcome: str
) -> None:
    user = scene.people[who]
    message = scene.messages[user] if whose == 'own' else scene.foreign_to(user)
    slug = 'nowhere' if room == 'none' else scene.slug
    try:
        await ATTEMPTS[action](chat, user, slug, message)
        happened: type[ChatError] | str = DONE
    except ChatError as error:
        happened = type(error)
    assert happened == MEANS[outcome]


class Scene:
    """A room with its owner, a member, a moderator and an administrator of the chat in it, and somebody who left.

    They all have said something; not so a stranger, and an administrator outside of the room.
    """

    def __init__(self) -> None:
        self.people: dict[str, User] = {}
        self.messages: dict[User, Message] = {}

    @classmethod
    async def stored(cls, folder: Path, *, private: bool) -> tuple['Scene', bytes]:
        """Set a scene, and return it with the database that holds it."""
        chat = Chat(Settings(data=folder))
        chat.open()
        scene = await cls.set(chat, private=private)
        for user in scene.people.values():
            await chat.sessions.begin(user, 'test')  # or the next start would let go of them
        await chat.stop()
        return scene, (folder / 'hearth.sqlite').read_bytes()

    @classmethod
    async def set(cls, chat: Chat, *, private: bool) -> 'Scene':
        scene = cls()
        for who in ('owner', 'member', 'moder', 'admin', 'left', 'stranger', 'outside'):
            scene.people[who] = await newcomer(chat, f'The {who}')
        scene.slug = (await chat.rooms.create(scene.people['owner'], 'Study')).slug
        for who in ('owner', 'member', 'moder', 'admin', 'left'):
            user = scene.people[who]
            await chat.rooms.join(user, scene.slug)
            scene.messages[user] = (await chat.messages.send(user, scene.slug, f'by {user.name}')).message
        await chat.rooms.leave(scene.people['left'], scene.slug)
        for who, kind in (('moder', 'moderator'), ('admin', 'administrator'), ('outside', 'administrator')):
            await chat.storage.write(rows.set_kind, scene.people[who], kind)
        if private:
            await chat.storage.write(lambda c: c.exec_driver_sql("UPDATE rooms SET private = 1 WHERE slug = 'study'"))
        return scene

    def foreign_to(self, user: User) -> Message:
        return next(message for author, message in self.messages.items() if author is not user)


async def test_somebody_who_is_no_longer_there_may_nothing(chat: Chat) -> None:
    ghost = User(999, 'Ghost', 'guest')
    for attempt in (
        chat.rooms.find(ghost, 'lobby'),
        chat.rooms.join(ghost, 'lobby'),
        chat.rooms.create(ghost, 'Castle'),
        chat.messages.send(ghost, 'lobby', 'boo'),
        chat.messages.page(ghost, 'lobby'),
    ):
        with pytest.raises(ChatError) as problem:
            await attempt
        assert problem.value.code == 'unauthenticated'


async def test_bots_open_no_rooms(chat: Chat) -> None:
    bot = await newcomer(chat, 'Robin')
    await chat.storage.write(lambda c: c.exec_driver_sql("UPDATE users SET kind = 'bot'"))
    with pytest.raises(Forbidden):  # as stored now, whatever the caller believes to know of it
        await chat.rooms.create(bot, 'Factory')
