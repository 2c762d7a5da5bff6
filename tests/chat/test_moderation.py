"""What moderators do about people and what they said, and how it is undone."""

import asyncio
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, select, update

from chat import Chat, moderation
from chat.audit import Actor
from chat.clock import FOREVER, milliseconds, now_ms
from chat.errors import Conflict, Forbidden, Invalid, NotAMember, NotFound, Unauthenticated
from chat.events import MemberLeft, MessageDeleted, MessageEdited, Told
from chat.models import Message, Session, User
from chat.storage import accounts as account_rows
from chat.storage.tables import audit_log, memberships, messages
from tests.chat.people import newcomer

WHY = 'spam'
GOOD = 'a long sentence'


@pytest.fixture
async def mo(chat: Chat) -> User:
    """Return a moderator of the chat, who is in the lobby."""
    return await made(chat, 'Mo', 'moderator')


@pytest.fixture
async def boss(chat: Chat) -> User:
    """Return an administrator, who is in the lobby."""
    return await made(chat, 'Boss', 'administrator')


async def made(chat: Chat, name: str, kind: str) -> User:
    user = await newcomer(chat, name)
    return await chat.storage.write(account_rows.set_kind, user, kind)  # type: ignore[arg-type]


def by(user: User, address: str = '192.0.2.1') -> Actor:
    return Actor(user, address)


async def signed_in(chat: Chat, user: User, address: str = '') -> Session:
    session = await chat.sessions.find(await chat.sessions.begin(user, 'test', address=address))
    assert session is not None
    return session


async def said(chat: Chat, user: User, body: str = 'hello', slug: str = 'lobby') -> Message:
    return (await chat.messages.send(user, slug, body)).message


async def log(chat: Chat) -> list[tuple[str, str, str, str, str]]:
    columns = (audit_log.c.actor, audit_log.c.action, audit_log.c.target, audit_log.c.room, audit_log.c.details)
    rows = await chat.storage.read(lambda c: c.execute(select(*columns).order_by(audit_log.c.id)).all())
    return [tuple(row) for row in rows]  # type: ignore[misc]


async def stored_body(chat: Chat, message: Message) -> str:
    query = select(messages.c.body).where(messages.c.id == message.id)
    return await chat.storage.read(lambda c: c.execute(query).scalar_one())


class Ear:
    """Whoever listens to a room."""

    def __init__(self, chat: Chat) -> None:
        self.chat, self.events = chat, list[Told]()

    async def listen(self, user: User, slug: str = 'lobby') -> None:
        room = await self.chat.rooms.find(user, slug)
        self.chat.room_state.subscribe(room.id, room.revision, self.events.extend)


# Muting


async def test_who_is_muted_in_a_room_reads_there_and_writes_elsewhere(chat: Chat, mo: User, bo: User) -> None:
    own = await chat.rooms.create(bo, 'Bos')
    message = await said(chat, bo)
    await chat.moderation.mute(by(mo), bo.id, 'lobby', None, WHY)
    with pytest.raises(Forbidden, match='muted you here'):
        await said(chat, bo)
    with pytest.raises(Forbidden, match='muted'):
        await chat.messages.edit(bo, message.id, 'other words')
    assert (await chat.messages.page(bo, 'lobby')).messages == (message,)
    await said(chat, bo, slug=own.slug)


async def test_who_is_muted_everywhere_writes_nowhere(chat: Chat, mo: User, bo: User) -> None:
    own = await chat.rooms.create(bo, 'Bos')
    await chat.moderation.mute(by(mo), bo.id, None, None, WHY)
    for slug in ('lobby', own.slug):
        with pytest.raises(Forbidden, match='muted'):
            await said(chat, bo, slug=slug)


@pytest.mark.parametrize('slug', ['lobby', None])
async def test_a_mute_is_undone(chat: Chat, mo: User, bo: User, slug: str | None) -> None:
    await chat.moderation.mute(by(mo), bo.id, slug, None, WHY)
    for _ in range(2):  # twice is once
        await chat.moderation.unmute(by(mo), bo.id, slug)
    await said(chat, bo)
    room = slug or ''
    assert await log(chat) == [
        ('Mo', 'mute', 'Bo', room, 'without end: spam'),
        ('Mo', 'unmute', 'Bo', room, ''),
    ]


async def test_a_mute_ends_by_itself(chat: Chat, mo: User, bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    await chat.moderation.mute(by(mo), bo.id, 'lobby', 60, WHY)
    with pytest.raises(Forbidden, match='until'):
        await said(chat, bo)
    ahead(monkeypatch, 61 * 60_000)
    await said(chat, bo)


async def test_leaving_and_coming_back_ends_no_mute(chat: Chat, mo: User, bo: User) -> None:
    await chat.moderation.mute(by(mo), bo.id, 'lobby', None, WHY)
    await chat.rooms.leave(bo, 'lobby')
    await chat.rooms.join(bo, 'lobby')
    with pytest.raises(Forbidden, match='muted'):
        await said(chat, bo)


async def test_pages_are_told_that_somebody_was_muted(chat: Chat, mo: User, bo: User) -> None:
    told = Ear(chat)
    await told.listen(bo)
    await chat.moderation.mute(by(mo), bo.id, 'lobby', None, WHY)
    await chat.moderation.unmute(by(mo), bo.id, 'lobby')
    await chat.moderation.mute(by(mo), bo.id, None, None, WHY)
    assert [event.type for event in told.events] == ['member_changed'] * 3


# Removing


async def test_who_is_removed_from_an_open_room_may_come_back(chat: Chat, mo: User, bo: User) -> None:
    told = Ear(chat)
    await told.listen(mo)
    for _ in range(2):
        await chat.moderation.remove(by(mo), 'lobby', bo.id, WHY)
    assert [type(event) for event in told.events] == [MemberLeft]
    with pytest.raises(NotAMember):
        await said(chat, bo)
    await chat.rooms.join(bo, 'lobby')
    assert await log(chat) == [('Mo', 'remove from room', 'Bo', 'lobby', WHY)]


async def test_who_is_removed_from_a_private_room_finds_it_no_more(chat: Chat, ada: User, bo: User) -> None:
    room = await chat.rooms.create(ada, 'Secret')
    await chat.rooms.join(bo, room.slug)
    await chat.rooms.change(ada, room.slug, private=True)
    await chat.moderation.remove(by(ada), room.slug, bo.id, WHY)
    for attempt in (chat.rooms.find(bo, room.slug), chat.rooms.join(bo, room.slug)):
        with pytest.raises(NotFound):
            await attempt


# Banning


async def test_who_is_banned_from_a_room_finds_it_no_more_until_that_is_undone(chat: Chat, mo: User, bo: User) -> None:
    await chat.moderation.ban(by(mo), bo.id, 'lobby', None, WHY)
    for attempt in (chat.rooms.find(bo, 'lobby'), chat.rooms.join(bo, 'lobby'), chat.messages.page(bo, 'lobby')):
        with pytest.raises(NotFound):
            await attempt
    assert 'lobby' not in [entry.room.slug for entry in await chat.rooms.list(bo)]
    (ban,) = await chat.moderation.bans(mo, 'lobby')
    assert (ban.user, ban.room, ban.by, ban.reason) == (bo, 'lobby', 'Mo', 'without end: spam')
    assert ban.until is not None
    assert milliseconds(ban.until) == FOREVER
    await chat.moderation.unban(by(mo), bo.id, 'lobby')
    await chat.rooms.join(bo, 'lobby')
    assert await chat.moderation.bans(mo, 'lobby') == []


async def test_somebody_can_be_banned_from_a_room_before_they_ever_come(chat: Chat, mo: User) -> None:
    user = await chat.accounts.add_guest('Cy', 'here')
    await chat.moderation.ban(by(mo), user.id, 'lobby', None, WHY)
    with pytest.raises(NotFound):
        await chat.rooms.open(user, 'lobby')


async def test_a_ban_ends_by_itself(chat: Chat, mo: User, bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    await signed_in(chat, bo)
    await chat.moderation.ban(by(mo), bo.id, 'lobby', 60, WHY)
    ahead(monkeypatch, 61 * 60_000)
    await chat.rooms.join(bo, 'lobby')


async def test_who_is_banned_from_the_chat_is_signed_out_everywhere_and_may_do_nothing(chat: Chat, mo: User) -> None:
    cleo = await chat.credentials.register('Cleo', GOOD, 'here')
    await chat.rooms.join(cleo, 'lobby')
    token = await chat.sessions.begin(cleo, 'test')
    session = await chat.sessions.find(token)
    closed: list[str] = []
    assert session is not None
    chat.sessions.watch(session, lambda: closed.append('page'))
    await chat.moderation.ban(by(mo), cleo.id, None, 60, WHY)
    assert closed == ['page']
    assert await chat.sessions.find(token) is None
    for attempt in (said(chat, cleo), chat.rooms.create(cleo, 'Another'), chat.rooms.find(cleo, 'lobby')):
        with pytest.raises(Unauthenticated):
            await attempt
    with pytest.raises(Forbidden, match='banned from this chat until'):
        await chat.credentials.sign_in('Cleo', GOOD, 'here', 'test')
    assert [ban.user for ban in await chat.moderation.bans(mo)] == [cleo]


async def test_whose_ban_from_the_chat_is_undone_finds_their_rooms_again(chat: Chat, mo: User) -> None:
    cleo = await chat.credentials.register('Cleo', GOOD, 'here')
    await chat.rooms.join(cleo, 'lobby')
    await chat.moderation.ban(by(mo), cleo.id, None, None, WHY)
    await chat.moderation.unban(by(mo), cleo.id, None)
    user, _ = await chat.credentials.sign_in('Cleo', GOOD, 'here', 'test')
    await said(chat, user)


async def test_nobody_takes_the_name_of_a_guest_who_is_banned(chat: Chat, mo: User, bo: User) -> None:
    await signed_in(chat, bo)
    await chat.moderation.ban(by(mo), bo.id, None, None, WHY)
    assert bo not in [member.user for member in await chat.rooms.members(mo, 'lobby')]
    await chat.accounts.sweep()
    with pytest.raises(Conflict):
        await newcomer(chat, 'Bo')
    await chat.moderation.unban(by(mo), bo.id, None)
    await newcomer(chat, 'Bo')


async def test_nobody_new_comes_in_from_an_address_that_is_banned(chat: Chat, mo: User, boss: User, bo: User) -> None:
    await chat.credentials.register('Cleo', GOOD, 'elsewhere')
    await signed_in(chat, bo, 'bad')
    await chat.moderation.ban(by(mo), bo.id, None, None, WHY, address=True)
    for attempt in (
        chat.accounts.add_guest('Dan', 'bad'),
        chat.accounts.add_passing_guest('Dan', 'bad'),
        chat.credentials.register('Dan', GOOD, 'bad'),
        chat.credentials.sign_in('Cleo', GOOD, 'bad', 'test'),
    ):
        with pytest.raises(Forbidden, match='from where you are'):
            await attempt
    await chat.sessions.begin(boss, 'test', address='bad')  # somebody has to be able to undo it
    await chat.accounts.add_guest('Dan', 'good')
    assert [ban.address for ban in await chat.moderation.bans(mo)] == ['', 'bad']
    await chat.moderation.unban_address(by(mo), 'bad')
    await chat.accounts.add_guest('Eve', 'bad')


async def test_nobody_bans_the_address_that_they_come_from(chat: Chat, mo: User, bo: User) -> None:
    await signed_in(chat, bo, 'shared')
    with pytest.raises(Conflict):
        await chat.moderation.ban(by(mo, 'shared'), bo.id, None, None, WHY, address=True)
    assert await chat.moderation.bans(mo) == []


async def test_who_is_signed_out_may_sign_in_again(chat: Chat, mo: User) -> None:
    cleo = await chat.credentials.register('Cleo', GOOD, 'here')
    token = await chat.sessions.begin(cleo, 'test')
    await chat.moderation.sign_out(by(mo), cleo.id, WHY)
    assert await chat.sessions.find(token) is None
    await chat.credentials.sign_in('Cleo', GOOD, 'here', 'test')


async def test_who_signs_in_at_the_very_moment_of_a_ban_is_not_in_after_it(chat: Chat, mo: User) -> None:
    people = [await chat.credentials.register(f'Cleo{number}', GOOD, 'here') for number in range(6)]
    attempts = [chat.sessions.begin(user, 'test') for user in people]
    bans = [chat.moderation.ban(by(mo), user.id, None, None, WHY) for user in people]
    for token in await asyncio.gather(*attempts, *bans, return_exceptions=True):
        assert not isinstance(token, str) or await chat.sessions.find(token) is None


# Who may


@dataclass(frozen=True)
class Ruled:
    """Who does it, to whom, and whether they may: in the lobby, which Ada made hers, and everywhere."""

    who: str
    whom: str
    here: bool
    everywhere: bool


RULED = [
    Ruled('guest', 'guest', False, False),
    Ruled('room moderator', 'guest', True, False),
    Ruled('room moderator', 'owner', False, False),
    Ruled('room moderator', 'room moderator', False, False),
    Ruled('owner', 'guest', True, False),
    Ruled('owner', 'room moderator', True, False),
    Ruled('owner', 'owner', False, False),
    Ruled('owner', 'moderator', False, False),
    Ruled('moderator', 'owner', True, True),
    Ruled('moderator', 'guest', True, True),
    Ruled('moderator', 'moderator', False, False),
    Ruled('moderator', 'administrator', False, False),
    Ruled('moderator', 'bot', True, False),
    Ruled('administrator', 'moderator', True, True),
    Ruled('administrator', 'administrator', False, False),
    Ruled('administrator', 'bot', True, True),
    Ruled('bot', 'guest', False, False),
]


async def anybody(chat: Chat, name: str, who: str) -> User:
    """Return somebody of that rank in the lobby."""
    kinds = {'moderator', 'administrator', 'bot'}
    user = await made(chat, name, who if who in kinds else 'guest')
    role = {'owner': 'owner', 'room moderator': 'moderator'}.get(who, 'member')
    await chat.storage.write(lambda c: set_role(c, user, role))
    return user


def set_role(connection: Connection, user: User, role: str) -> None:
    connection.execute(update(memberships).where(memberships.c.user_id == user.id).values(role=role))


@pytest.mark.parametrize('case', RULED, ids=lambda case: f'{case.who} and {case.whom}')
async def test_nobody_is_ruled_by_their_equals(chat: Chat, case: Ruled) -> None:
    who, whom = await anybody(chat, 'Who', case.who), await anybody(chat, 'Whom', case.whom)
    message = await said(chat, whom)
    in_room = [
        chat.moderation.hide(by(who), message.id, WHY),
        chat.moderation.show_again(by(who), message.id),
        chat.moderation.hide_all(by(who), whom.id, 'lobby', 5, WHY),
        chat.moderation.show_all_again(by(who), whom.id, 'lobby'),
        chat.moderation.mute(by(who), whom.id, 'lobby', 5, WHY),
        chat.moderation.unmute(by(who), whom.id, 'lobby'),
        chat.moderation.standing(who, whom.id, 'lobby'),
        chat.moderation.remove(by(who), 'lobby', whom.id, WHY),
        chat.moderation.unban(by(who), whom.id, 'lobby'),
    ]
    everywhere = [
        chat.moderation.hide_all(by(who), whom.id, None, 5, WHY),
        chat.moderation.show_all_again(by(who), whom.id, None),
        chat.moderation.mute(by(who), whom.id, None, 5, WHY),
        chat.moderation.unmute(by(who), whom.id, None),
        chat.moderation.sign_out(by(who), whom.id, WHY),
        chat.moderation.standing(who, whom.id),
        chat.moderation.ban(by(who), whom.id, None, 5, WHY),
        chat.moderation.unban(by(who), whom.id, None),
    ]
    for may, attempts in ((case.here, in_room), (case.everywhere, everywhere)):
        for attempt in attempts:
            if may:
                await attempt
            else:
                with pytest.raises(Forbidden):
                    await attempt
    assert bool(await log(chat)) == (case.here or case.everywhere)


async def test_who_is_not_there_cannot_be_moderated_and_a_reason_is_asked_for(chat: Chat, mo: User, bo: User) -> None:
    with pytest.raises(NotFound):
        await chat.moderation.mute(by(mo), 9_999, None, None, WHY)
    for reason in ('', ' \u200b ', 'x' * 401):
        with pytest.raises(Invalid) as wrong:
            await chat.moderation.mute(by(mo), bo.id, 'lobby', None, reason)
        assert wrong.value.field == 'reason'
    for minutes in (0, -1, moderation.LONGEST + 1):
        with pytest.raises(Invalid) as wrong:
            await chat.moderation.ban(by(mo), bo.id, 'lobby', minutes, WHY)
        assert wrong.value.field == 'minutes'
    with pytest.raises(Unauthenticated):
        await chat.moderation.mute(Actor(None, ''), bo.id, 'lobby', None, WHY)


# Hiding


async def test_what_is_hidden_is_read_by_nobody_and_comes_back(chat: Chat, mo: User, bo: User) -> None:
    told = Ear(chat)
    message = await said(chat, bo, 'bad words')
    await told.listen(bo)
    for _ in range(2):
        hidden = await chat.moderation.hide(by(mo), message.id, WHY)
    assert (hidden.hidden, hidden.body, hidden.html) == (True, '', '')
    assert hidden.deleted_at is not None
    for reader in (mo, bo):
        assert await chat.messages.get(reader, message.id) == hidden
        assert (await chat.messages.page(reader, 'lobby')).messages == (hidden,)
    (entry,) = await chat.moderation.hidden(mo, 'lobby')
    assert (entry.message, entry.body) == (hidden, 'bad words')
    for _ in range(2):
        shown = await chat.moderation.show_again(by(mo), message.id)
    assert (shown.body, shown.hidden, shown.deleted_at) == ('bad words', False, None)
    assert [type(event) for event in told.events] == [MessageDeleted, MessageEdited]
    assert await chat.moderation.hidden(mo, 'lobby') == []
    assert await log(chat) == [
        ('Mo', 'hide message', 'Bo', 'lobby', f'message {message.id}: spam'),
        ('Mo', 'show message again', 'Bo', 'lobby', f'message {message.id}'),
    ]


async def test_a_moderator_who_deletes_what_another_said_hides_it(chat: Chat, mo: User, bo: User) -> None:
    message = await said(chat, bo)
    assert (await chat.messages.delete(mo, message.id)).hidden
    assert (await chat.moderation.show_again(by(mo), message.id)).body == 'hello'


async def test_an_author_may_delete_for_good_what_is_hidden(chat: Chat, mo: User, bo: User) -> None:
    message = await said(chat, bo)
    await chat.moderation.hide(by(mo), message.id, WHY)
    assert not (await chat.messages.delete(bo, message.id)).hidden
    assert await stored_body(chat, message) == ''
    assert (await chat.moderation.show_again(by(mo), message.id)).body == ''
    with pytest.raises(Conflict):
        await chat.moderation.hide(by(mo), message.id, WHY)


async def test_nobody_changes_or_answers_the_words_of_a_hidden_message(chat: Chat, mo: User, bo: User) -> None:
    message = await said(chat, bo)
    await chat.moderation.hide(by(mo), message.id, WHY)
    with pytest.raises(Forbidden):
        await chat.messages.edit(bo, message.id, 'others')
    assert (await chat.rooms.entry(mo, 'lobby')).unread == 0


async def test_all_that_somebody_said_in_a_time_is_hidden_and_comes_back(
    chat: Chat, mo: User, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moderation, 'AT_ONCE', 2)
    monkeypatch.setattr(moderation, 'PAUSE', 0)
    own = await chat.rooms.create(bo, 'Bos')
    secret = await chat.rooms.create(bo, 'Secret', private=True)
    old = await said(chat, bo, 'old')
    await chat.storage.write(lambda c: c.execute(update(messages).values(created_at=now_ms() - 120 * 60_000)))
    new = [await said(chat, bo, f'new {number}') for number in range(5)]
    here, there, other = (
        await said(chat, bo, slug=own.slug),
        await said(chat, bo, slug=secret.slug),
        await said(chat, ada),
    )
    assert await chat.moderation.hide_all(by(mo), bo.id, None, 60, WHY) == 6
    assert [await is_hidden(chat, each) for each in (*new, here)] == [True] * 6
    assert [await is_hidden(chat, each) for each in (old, other)] == [False] * 2
    assert (await chat.messages.get(bo, there.id)).body == 'hello'  # in a room that the moderator does not see
    assert await chat.moderation.show_all_again(by(mo), bo.id, 'lobby') == 5
    assert await is_hidden(chat, here)
    assert await chat.moderation.show_all_again(by(mo), bo.id, None) == 1
    assert (await log(chat))[0] == ('Mo', 'hide messages', 'Bo', '', 'of the last 60 minutes: spam')


async def test_after_seven_days_the_words_are_gone_and_readers_see_no_difference(
    chat: Chat, mo: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, late = await said(chat, bo, 'early'), await said(chat, bo, 'late')
    hidden = await chat.moderation.hide(by(mo), early.id, WHY)
    ahead(monkeypatch, moderation.KEPT - 1000)
    await chat.moderation.hide(by(mo), late.id, WHY)
    await chat.moderation.sweep()
    assert await stored_body(chat, early) == 'early'
    ahead(monkeypatch, moderation.KEPT + 60_000)
    await chat.moderation.sweep()
    assert [await stored_body(chat, each) for each in (early, late)] == ['', 'late']
    assert await chat.messages.get(mo, early.id) == hidden
    with pytest.raises(Conflict, match='7 days'):
        await chat.moderation.show_again(by(mo), early.id)
    assert [each.body for each in await chat.moderation.hidden(mo, 'lobby')] == ['late']
    await chat.moderation.show_again(by(mo), late.id)


async def test_only_moderators_see_what_is_hidden_and_who_is_banned(chat: Chat, ada: User, mo: User) -> None:
    for attempt in (
        chat.moderation.hidden(ada, 'lobby'),
        chat.moderation.hidden(ada),
        chat.moderation.bans(ada, 'lobby'),
        chat.moderation.bans(ada),
    ):
        with pytest.raises(Forbidden):
            await attempt
    own = await chat.rooms.create(ada, 'Own', private=True)
    assert await chat.moderation.hidden(ada, own.slug) == []
    for look in (chat.moderation.hidden(mo, own.slug), chat.moderation.bans(mo, own.slug)):
        with pytest.raises(NotFound):
            await look


async def is_hidden(chat: Chat, message: Message) -> bool:
    return (await chat.messages.get(message.author, message.id)).hidden


def ahead(monkeypatch: pytest.MonkeyPatch, by_ms: int) -> None:
    """Let the chat's clock be ahead of time."""
    real = now_ms()
    for module in ('floor', 'reach', 'moderation', 'storage.rooms', 'storage.moderation'):
        monkeypatch.setattr(f'chat.{module}.now_ms', lambda: real + by_ms)
