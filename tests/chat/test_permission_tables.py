"""docs/permissions.md says who may do what, and each cell of its tables is tried here."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import Connection

from chat import Chat, permissions
from chat.audit import Actor
from chat.clock import FOREVER
from chat.errors import ChatError, Forbidden, NotAMember, NotFound
from chat.models import Message, Policy, User, WhoMay
from chat.settings import Settings
from chat.storage import facts, users
from tests.chat import files

DOCUMENT = (Path(__file__).parents[2] / 'docs' / 'permissions.md').read_text(encoding='utf-8')
MEANS: dict[type[ChatError], str] = {NotAMember: 'join first', Forbidden: 'no', NotFound: 'not found'}
ROOMS = {  # what makes a room the one that a section is about
    'An open room': {},
    'A private room': {'private': 1},
    'A room for announcements': {'posting': 'moderators'},
    'A paused room': {'paused': 1},
    'An archived room': {'archived_at': 1},
    'Direct messages': {'private': 1, 'people_key': 'theirs'},
}
INSIDE = {  # by what the documentation calls them: what they are in the room, and in the chat
    'owner': ('owner', 'guest'),
    'room moderator': ('moderator', 'guest'),
    'member': ('member', 'guest'),
    'bot': ('member', 'bot'),
    'moderator': ('member', 'moderator'),
    'administrator': ('member', 'administrator'),
    'one of them': ('member', 'guest'),
}
OUTSIDE = {
    'has left': 'guest',
    'is banned': 'guest',
    'stranger': 'guest',
    'moderator outside': 'moderator',
    'administrator outside': 'administrator',
}
KINDS = ('guest', 'member', 'moderator', 'administrator', 'bot')


class UndoneError(ChatError):
    """Something was done, and is to be undone."""

    def __init__(self, result: object) -> None:
        super().__init__('This was only tried.')
        self.result = result


class Scene:
    """A room with everybody in it or outside, all of whom have said something there."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.slug = 'study'
        self.people: dict[str, User] = {}
        self.file = 0
        self.said: dict[str, Message] = {}
        self.really = chat.storage.write

    async def set(self, room: dict[str, object]) -> None:
        for who in (*INSIDE, *OUTSIDE, 'somebody', 'newcomer', *(f'a {kind}' for kind in KINDS)):
            self.people[who] = await self.chat.accounts.add_guest(f'The {who}', 'here')
        await self.chat.rooms.create(self.people['owner'], 'Study')
        for who in (*INSIDE, *OUTSIDE, 'somebody'):
            await self.chat.rooms.join(self.people[who], self.slug)
            self.said[who] = (await self.chat.messages.send(self.people[who], self.slug, 'x')).message
        shared = await files.bring(self.chat, self.people['somebody'], self.slug)
        await self.chat.messages.send(self.people['somebody'], self.slug, '', attachments=[shared.id])
        self.file = shared.id
        for number in range(permissions.MANY):
            await self.chat.rooms.join(await self.chat.accounts.add_guest(f'Number {number}', 'here'), self.slug)
        for who in OUTSIDE:
            await self.chat.rooms.leave(self.people[who], self.slug)
        await self.chat.storage.write(self._finish, room)
        self.people = {who: await self.chat.storage.read(self._fresh, user) for who, user in self.people.items()}

    def _finish(self, connection: Connection, room: dict[str, object]) -> None:
        for who, (role, kind) in INSIDE.items():
            self._sql(connection, 'UPDATE memberships SET role = ? WHERE user_id = ?', role, self.people[who].id)
            self._sql(connection, 'UPDATE users SET kind = ? WHERE id = ?', kind, self.people[who].id)
        for who, kind in OUTSIDE.items():
            self._sql(connection, 'UPDATE users SET kind = ? WHERE id = ?', kind, self.people[who].id)
        for kind in KINDS:
            self._sql(connection, 'UPDATE users SET kind = ? WHERE id = ?', kind, self.people[f'a {kind}'].id)
        banned = 'UPDATE memberships SET banned_until = ? WHERE user_id = ?'
        self._sql(connection, banned, FOREVER, self.people['is banned'].id)
        for column, value in room.items():
            self._sql(connection, f"UPDATE rooms SET {column} = ? WHERE slug = 'study'", value)

    @staticmethod
    def _fresh(connection: Connection, user: User) -> User:
        fresh = users.get(connection, user.id)
        assert fresh is not None
        return fresh

    @staticmethod
    def _sql(connection: Connection, statement: str, *values: object) -> None:
        connection.exec_driver_sql(statement, values)


class Cell:
    """Somebody who tries something in a scene."""

    def __init__(self, scene: Scene, who: str) -> None:
        self.chat, self.slug = scene.chat, scene.slug
        self.user = scene.people[who]
        self.actor = Actor(self.user, 'here')
        self.own = scene.said[who].id if who in scene.said else 0
        self.foreign = scene.said['somebody'].id
        self.somebody = scene.people['somebody'].id
        self.newcomer = scene.people['newcomer'].id
        self.file = scene.file


Attempt = Callable[[Cell], Awaitable[object]]


async def _find_messages(cell: Cell) -> None:
    """Search what was said there; what one may not read is never found, as if it were not there."""
    if not (await cell.chat.search.find(cell.user, '', room=cell.slug)).messages:
        raise NotFound('Nothing was found.')


IN_A_ROOM: dict[str, Attempt] = {
    'find it': lambda c: c.chat.rooms.find(c.user, c.slug),
    'read what was said': lambda c: c.chat.messages.page(c.user, c.slug),
    'find its messages': _find_messages,
    'open its files': lambda c: c.chat.files.open(c.user, c.file),
    'see who belongs to it': lambda c: c.chat.rooms.members(c.user, c.slug),
    'join': lambda c: c.chat.rooms.join(c.user, c.slug),
    'leave': lambda c: c.chat.rooms.leave(c.user, c.slug),
    'make it a favorite': lambda c: c.chat.rooms.favor(c.user, c.slug, favorite=True),
    'mark it as read or unread': lambda c: c.chat.unread.mark(c.user, c.slug, 0),
    'choose what to be told of': lambda c: c.chat.notifications.set_level(c.user, c.slug, 'nothing'),
    'write': lambda c: c.chat.messages.send(c.user, c.slug, 'x'),
    'bring a file': lambda c: files.bring(c.chat, c.user, c.slug),
    'mention all of many': lambda c: c.chat.messages.send(c.user, c.slug, '@all', of_all='confirmed'),
    'edit own words': lambda c: c.chat.messages.edit(c.user, c.own, 'y'),
    'react to a message': lambda c: c.chat.reactions.react(c.user, c.foreign, '👍', on=True),
    "edit a member's words": lambda c: c.chat.messages.edit(c.user, c.foreign, 'y'),
    'delete own words': lambda c: c.chat.messages.delete(c.user, c.own),
    "hide a member's words": lambda c: c.chat.moderation.hide(c.actor, c.foreign, 'rude'),
    'report a message': lambda c: c.chat.reports.report(c.user, c.foreign, 'rude'),
    'pin a message': lambda c: c.chat.pins.pin(c.user, c.foreign, on=True),
    'see what own words were before': lambda c: c.chat.messages.versions(c.user, c.own),
    "see what a member's words were before": lambda c: c.chat.messages.versions(c.user, c.foreign),
    'change name, topic, description': lambda c: c.chat.rooms.change(c.user, c.slug, topic='new', description='new'),
    'make it private or open': lambda c: c.chat.rooms.change(c.user, c.slug, private=True),
    'say who writes': lambda c: c.chat.rooms.change(c.user, c.slug, posting='moderators'),
    'slow it down, pause it': lambda c: c.chat.rooms.change(c.user, c.slug, slow_mode=5, paused=True),
    'archive it, bring it back': lambda c: c.chat.rooms.change(c.user, c.slug, archived=True),
    'delete it': lambda c: c.chat.rooms.delete(c.user, c.slug),
    'put somebody in': lambda c: c.chat.rooms.add_member(c.actor, c.slug, c.newcomer),
    'give a member a role': lambda c: c.chat.rooms.set_role(c.actor, c.slug, c.somebody, 'moderator'),
    'invite to it': lambda c: c.chat.invitations.create(c.actor, [c.slug]),
    'mute a member': lambda c: c.chat.moderation.mute(c.actor, c.somebody, c.slug, 5, 'rude'),
    'remove a member': lambda c: c.chat.moderation.remove(c.actor, c.slug, c.somebody, 'rude'),
    'ban a member': lambda c: c.chat.moderation.ban(c.actor, c.somebody, c.slug, 5, 'rude'),
    'see bans': lambda c: c.chat.moderation.bans(c.user, c.slug),
    'see what is hidden': lambda c: c.chat.moderation.hidden(c.user, c.slug),
    'make a webhook': lambda c: c.chat.hooks.create(c.user, c.slug, 'Builds'),
}


SETTINGS = {'open a room': 'create_rooms', 'write to somebody directly': 'direct_messages', 'invite': 'invite'}
WHAT_IS_SET: dict[str, Attempt] = {
    'open a room': lambda c: c.chat.rooms.create(c.user, 'Garden'),
    'write to somebody directly': lambda c: c.chat.direct.open(c.user, [c.somebody]),
    'invite': lambda c: c.chat.invitations.create(c.actor),
}
EVERYWHERE: dict[str, Attempt] = {
    'mute a member everywhere': lambda c: c.chat.moderation.mute(c.actor, c.somebody, None, 5, 'rude'),
    'ban a member from the chat': lambda c: c.chat.moderation.ban(c.actor, c.somebody, None, 5, 'rude'),
    'sign a member out': lambda c: c.chat.moderation.sign_out(c.actor, c.somebody, 'rude'),
    'see who is banned': lambda c: c.chat.moderation.bans(c.user),
    'see what is hidden in open rooms': lambda c: c.chat.moderation.hidden(c.user),
    'see own sessions': lambda c: c.chat.accounts.sign_ins(c.user),
    'make accounts': lambda c: c.chat.administration.add_account(c.user, 'Grace'),
    'list accounts': lambda c: c.chat.administration.accounts(c.user),
    "delete somebody's account": lambda c: c.chat.deletion.delete_by(c.user, c.somebody, 'keep'),
    'say who may open rooms, invite, write directly': lambda c: c.chat.policies.change(c.actor, invite='members'),
    'read the audit log': lambda c: c.chat.log.entries(c.actor),
    'see all rooms and sessions': lambda c: c.chat.supervision.rooms(c.actor),
    'make bots': lambda c: c.chat.supervision.add_bot(c.actor, 'Robbie'),
}


def tables() -> dict[str, list[list[str]]]:
    """Return the rows of the table in each section, the first of which names the columns."""
    found = {}
    for heading, text in re.findall(r'^## ([^\n]+)\n(.*?)(?=^## |\Z)', DOCUMENT, re.MULTILINE | re.DOTALL):
        lines = [line for line in text.splitlines() if line.startswith('|') and not line.startswith('| ---')]
        found[heading] = [[cell.strip() for cell in line.strip('|').split('|')] for line in lines]
    return found


TABLES = tables()
WALKED = {*ROOMS, 'Who stands above whom', 'What is set', 'Everywhere'}


async def outcome(attempt: Awaitable[Any]) -> str:
    """Return what the documentation calls what comes of it."""
    try:
        await attempt
    except ChatError as error:
        return MEANS.get(type(error), error.message)
    return 'yes'


@pytest.fixture
async def scene(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    """Return a scene in which whatever is done is undone at once, so that one does for all cells."""
    chat = Chat(Settings(data=tmp_path / 'data', rate_limits=False))
    chat.open()
    chat.start()
    scene = Scene(chat)
    await scene.set(ROOMS.get(getattr(request, 'param', ''), {}))

    async def write_and_undo(action: Callable[..., object], *args: object) -> object:
        def undone(connection: Connection) -> object:
            raise UndoneError(action(connection, *args))

        try:
            return await scene.really(undone)
        except UndoneError as done:
            return done.result

    chat.storage.write = write_and_undo  # type: ignore[method-assign, assignment]
    yield scene
    chat.storage.write = scene.really  # type: ignore[method-assign]
    await chat.stop()


async def walk(scene: Scene, section: str, attempts: dict[str, Attempt], rename: Callable[[str], str] = str) -> None:
    """Try each cell of a section's table."""
    (_, *columns), *rows = TABLES[section]
    found = [
        [label, *[await outcome(attempts[label](Cell(scene, rename(who)))) for who in columns]] for label, *_ in rows
    ]
    assert found == rows


def test_each_table_is_walked() -> None:
    assert {section for section, rows in TABLES.items() if rows} == WALKED


def test_nothing_is_left_out() -> None:
    whole = [row[0] for row in TABLES['An open room'][1:]]
    assert set(whole) == set(IN_A_ROOM)
    for section in ('A private room', 'An archived room'):
        assert [row[0] for row in TABLES[section][1:]] == whole, section
    assert set(TABLES['An open room'][0][1:]) == {*INSIDE, *OUTSIDE} - {'one of them'}
    assert [row[0] for row in TABLES['Everywhere'][1:]] == list(EVERYWHERE)
    assert set(TABLES['Everywhere'][0][1:]) == set(KINDS)


@pytest.mark.parametrize(('scene', 'section'), [(room, room) for room in ROOMS], indirect=['scene'])
async def test_who_may_what_in_a_room(scene: Scene, section: str) -> None:
    await walk(scene, section, IN_A_ROOM)


async def test_nobody_is_ruled_by_their_equals(scene: Scene) -> None:
    (_, *others), *rows = TABLES['Who stands above whom']
    for who, *cells in rows:
        cell = Cell(scene, who)
        attempts = [
            cell.chat.moderation.mute(cell.actor, scene.people[other].id, cell.slug, 5, 'rude') for other in others
        ]
        assert [await outcome(attempt) for attempt in attempts] == cells, who


async def test_what_is_set_holds_for_each_kind_of_person(scene: Scene) -> None:
    (_, *kinds), *rows = TABLES['What is set']
    assert {row[0] for row in rows} == {f'{what}: {who}' for what in SETTINGS for who in get_args(WhoMay)}
    for label, *cells in rows:
        what, _, value = label.partition(': ')
        await scene.really(facts.set_policy, replace(Policy(), **{SETTINGS[what]: value}))
        found = [await outcome(WHAT_IS_SET[what](Cell(scene, f'a {kind}'))) for kind in kinds]
        assert found == cells, label


async def test_who_may_what_everywhere(scene: Scene) -> None:
    await walk(scene, 'Everywhere', EVERYWHERE, lambda kind: f'a {kind}')
