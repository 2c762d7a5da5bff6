"""Reporting messages to the moderators, and what these make of it."""

import pytest

from chat import Chat, hiding
from chat.audit import Actor
from chat.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from chat.models import Message, User
from chat.storage import accounts as account_rows
from chat.storage import rooms
from tests.chat.files import bring
from tests.chat.people import newcomer

WHY = 'insults'


@pytest.fixture
async def mo(chat: Chat) -> User:
    """Return a moderator of the chat, who is in the lobby."""
    return await chat.storage.write(account_rows.set_kind, await newcomer(chat, 'Mo'), 'moderator')


@pytest.fixture
async def message(chat: Chat, bo: User) -> Message:
    """Return what Bo has said in the lobby."""
    return (await chat.messages.send(bo, 'lobby', 'bad words')).message


def by(user: User) -> Actor:
    return Actor(user, '192.0.2.1')


async def test_moderators_see_what_was_reported_with_the_words_of_then(
    chat: Chat, mo: User, ada: User, bo: User, message: Message
) -> None:
    for _ in range(2):  # twice is once
        await chat.reports.report(ada, message.id, WHY)
    await chat.messages.edit(bo, message.id, 'good words')
    (report,) = await chat.reports.list(by(mo))
    assert (report.author, report.reporter, report.reason, report.body) == (bo, ada, WHY, 'bad words')
    assert (report.room, report.message_id, report.closed_at, report.outcome) == ('lobby', message.id, None, None)


async def test_a_message_without_words_is_reported_by_its_files(chat: Chat, mo: User, ada: User, bo: User) -> None:
    shared = await bring(chat, bo, name='bad.txt')
    sent = (await chat.messages.send(bo, 'lobby', '', attachments=[shared.id])).message
    await chat.reports.report(ada, sent.id, WHY)
    (report,) = await chat.reports.list(by(mo))
    assert report.body == 'bad.txt'


async def test_one_reports_what_others_said_and_gives_a_reason(
    chat: Chat, ada: User, bo: User, message: Message
) -> None:
    with pytest.raises(Forbidden):
        await chat.reports.report(bo, message.id, WHY)
    with pytest.raises(Invalid) as wrong:
        await chat.reports.report(ada, message.id, ' ')
    assert wrong.value.field == 'reason'
    await chat.messages.delete(bo, message.id)
    with pytest.raises(Forbidden):
        await chat.reports.report(ada, message.id, WHY)
    with pytest.raises(NotFound):
        await chat.reports.report(ada, 9_999, WHY)


async def test_to_hide_what_was_reported_closes_all_reports_of_it(
    chat: Chat, mo: User, ada: User, message: Message
) -> None:
    for reporter in (ada, mo):
        await chat.reports.report(reporter, message.id, WHY)
    newest, _ = await chat.reports.list(by(mo))
    closed = await chat.reports.close(by(mo), newest.id, 'hidden')
    assert (closed.outcome, closed.closed_by) == ('hidden', mo)
    assert (await chat.messages.get(ada, message.id)).hidden
    assert await chat.reports.list(by(mo)) == []
    assert [each.outcome for each in await chat.reports.list(by(mo), closed=True)] == ['hidden', 'hidden']
    with pytest.raises(Conflict):
        await chat.reports.close(by(mo), newest.id, 'dismissed')


async def test_a_report_that_is_dismissed_leaves_the_message(chat: Chat, mo: User, ada: User, message: Message) -> None:
    await chat.reports.report(ada, message.id, WHY)
    (report,) = await chat.reports.list(by(mo))
    with pytest.raises(Invalid):
        await chat.reports.close(by(mo), report.id, 'deleted')  # type: ignore[arg-type]
    await chat.reports.close(by(mo), report.id, 'dismissed')
    assert await chat.messages.get(ada, message.id) == message


async def test_what_was_deleted_meanwhile_can_be_closed_as_hidden(
    chat: Chat, mo: User, ada: User, bo: User, message: Message
) -> None:
    await chat.reports.report(ada, message.id, WHY)
    await chat.messages.delete(bo, message.id)
    (report,) = await chat.reports.list(by(mo))
    assert (await chat.reports.close(by(mo), report.id, 'hidden')).outcome == 'hidden'


async def test_the_owner_of_a_room_sees_its_reports_and_nobody_else_does(
    chat: Chat, mo: User, ada: User, bo: User, message: Message
) -> None:
    room = await chat.rooms.create(ada, 'Adas')
    await chat.rooms.join(bo, room.slug)
    here = (await chat.messages.send(bo, room.slug, 'bad here')).message
    for each in (message, here):
        await chat.reports.report(ada, each.id, WHY)
    assert [each.body for each in await chat.reports.list(by(ada))] == ['bad here']
    assert [each.body for each in await chat.reports.list(by(mo))] == ['bad here', 'bad words']
    assert await chat.reports.list(by(bo)) == []
    own, foreign = await chat.reports.list(by(mo))
    with pytest.raises(NotFound):
        await chat.reports.close(by(ada), foreign.id, 'dismissed')
    with pytest.raises(NotFound):
        await chat.reports.close(by(bo), own.id, 'dismissed')
    await chat.reports.close(by(ada), own.id, 'hidden')
    with pytest.raises(Unauthenticated):
        await chat.reports.list(Actor(None, ''))


async def test_the_chats_moderators_hide_what_was_reported_where_they_are_not(
    chat: Chat, mo: User, ada: User, bo: User
) -> None:
    room = await chat.rooms.create(ada, 'Secret')
    await chat.rooms.join(bo, room.slug)
    await chat.rooms.change(ada, room.slug, private=True)
    reported, other = [(await chat.messages.send(bo, room.slug, each)).message for each in ('bad', 'good')]
    with pytest.raises(NotFound):
        await chat.moderation.hide(by(mo), reported.id, WHY)
    await chat.reports.report(ada, reported.id, WHY)
    (report,) = await chat.reports.list(by(mo))
    await chat.reports.close(by(mo), report.id, 'hidden')
    assert (await chat.messages.get(ada, reported.id)).hidden
    await chat.moderation.show_again(by(mo), reported.id)
    with pytest.raises(NotFound):
        await chat.moderation.hide(by(mo), other.id, WHY)


async def test_a_closed_report_is_forgotten_and_one_goes_with_its_room(
    chat: Chat, mo: User, ada: User, bo: User, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await chat.rooms.create(ada, 'Adas')
    await chat.rooms.join(bo, room.slug)
    here = (await chat.messages.send(bo, room.slug, 'bad here')).message
    for each in (here, message):
        await chat.reports.report(ada, each.id, WHY)
    (newest, _) = await chat.reports.list(by(mo))
    await chat.reports.close(by(mo), newest.id, 'dismissed')
    await chat.reports.sweep()
    assert len(await chat.reports.list(by(mo), closed=True)) == 1
    monkeypatch.setattr(hiding, 'KEPT', -60_000)
    await chat.reports.sweep()
    assert await chat.reports.list(by(mo), closed=True) == []
    monkeypatch.undo()
    (left,) = await chat.reports.list(by(mo))
    with pytest.raises(Conflict):  # while nobody has looked at it
        await chat.rooms.delete(ada, room.slug)
    await chat.reports.close(by(mo), left.id, 'dismissed')
    assert len(await chat.reports.list(by(mo), closed=True)) == 1
    await chat.rooms.delete(ada, room.slug)
    assert await chat.reports.list(by(mo), closed=True) == []


async def test_nobody_judges_a_report_about_themselves_or_their_equals(chat: Chat, mo: User, ada: User) -> None:
    await chat.rooms.create(ada, 'Study')
    cleo = await newcomer(chat, 'Cleo')
    await chat.rooms.join(cleo, 'study')
    by_owner = (await chat.messages.send(ada, 'study', 'bad words')).message
    await chat.reports.report(cleo, by_owner.id, WHY)
    assert await chat.reports.list(by(ada)) == []
    (report,) = await chat.reports.list(by(mo))
    with pytest.raises(NotFound):
        await chat.reports.close(by(ada), report.id, 'dismissed')
    with pytest.raises(Conflict):  # nor does it go with the room
        await chat.rooms.delete(ada, 'study')
    await chat.reports.close(by(mo), report.id, 'dismissed')
    await chat.rooms.delete(ada, 'study')


async def test_a_report_outlives_the_private_room_that_everybody_left(chat: Chat, mo: User, ada: User) -> None:
    cleo = await newcomer(chat, 'Cleo')
    room = await chat.direct.open(ada, [cleo.id])
    await chat.reports.report(cleo, (await chat.messages.send(ada, room.slug, 'bad words')).message.id, WHY)
    for user in (cleo, ada):
        await chat.moderation.ban(by(mo), user.id, None, None, WHY)
    (report,) = await chat.reports.list(by(mo))
    assert (report.body, report.direct) == ('bad words', True)
    with pytest.raises(Forbidden, match='Mute or ban its author'):
        await chat.reports.close(by(mo), report.id, 'hidden')
    await chat.reports.close(by(mo), report.id, 'dismissed')
    await chat.reports.sweep()
    assert await chat.storage.read(rooms.by_slug, room.slug) is None


async def test_what_was_closed_can_be_reported_again(
    chat: Chat, mo: User, ada: User, bo: User, message: Message
) -> None:
    await chat.reports.report(ada, message.id, WHY)
    (report,) = await chat.reports.list(by(mo))
    await chat.reports.close(by(mo), report.id, 'dismissed')
    await chat.messages.edit(bo, message.id, 'worse words')
    await chat.reports.report(ada, message.id, 'now for good')
    (again,) = await chat.reports.list(by(mo))
    assert (again.body, again.reason) == ('worse words', 'now for good')


async def test_hiding_what_was_reported_closes_the_report(chat: Chat, mo: User, ada: User, message: Message) -> None:
    await chat.reports.report(ada, message.id, WHY)
    await chat.moderation.hide(by(mo), message.id, WHY)
    assert await chat.reports.list(by(mo)) == []
    (closed,) = await chat.reports.list(by(mo), closed=True)
    assert closed.outcome == 'hidden'
