"""Send, edit, delete, read: what holds for everybody who talks."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chat import Chat, permissions
from chat.errors import Forbidden, Invalid, NotAMember, NotFound, RateLimited
from chat.events import MessageEvent, to_json
from chat.models import Message, User


async def test_a_message_has_its_words_its_html_and_the_next_revision(chat: Chat, ada: User) -> None:
    first = (await chat.messages.send(ada, 'lobby', ' hello *you* ')).message
    second = (await chat.messages.send(ada, 'lobby', 'again')).message
    assert (first.body, first.html) == ('hello *you*', '<p>hello <em>you</em></p>')
    assert second.revision == first.revision + 1
    assert second.id > first.id


async def test_fifty_people_at_once_leave_no_gap_and_no_double(chat: Chat, ada: User) -> None:
    chat.rate_limits._enabled = False
    heard: list[int] = []
    view = await chat.rooms.open(ada, 'lobby')
    subscription = chat.room_state.subscribe(
        view.room.id, view.page.revision, lambda events: heard.extend(event.revision for event in events)
    )
    sent = await asyncio.gather(*(chat.messages.send(ada, 'lobby', f'{number}') for number in range(300)))
    await chat.room_state.caught_up(subscription)
    revisions = [each.message.revision for each in sent]
    expected = list(range(view.page.revision + 1, view.page.revision + 301))
    assert sorted(revisions) == expected
    assert heard == expected
    by_id = sorted(sent, key=lambda each: each.message.id)
    assert [each.message.revision for each in by_id] == expected


async def test_the_same_client_message_id_is_one_message_whatever_it_carries(chat: Chat, ada: User, bo: User) -> None:
    answers = await asyncio.gather(*(chat.messages.send(ada, 'lobby', f'try {n}', 'x') for n in range(10)))
    assert {each.message.id for each in answers} == {answers[0].message.id}
    assert [each.is_new for each in answers].count(True) == 1
    assert (await chat.messages.send(bo, 'lobby', 'mine', 'x')).is_new


async def test_an_edit_keeps_the_place_and_takes_a_revision(chat: Chat, ada: User) -> None:
    first = (await chat.messages.send(ada, 'lobby', 'helo')).message
    await chat.messages.send(ada, 'lobby', 'next')
    edited = await chat.messages.edit(ada, first.id, 'hello')
    assert edited.edited_at is not None
    assert edited.revision == first.revision + 2
    assert [message.body for message in (await chat.messages.page(ada, 'lobby')).messages] == ['hello', 'next']


async def test_a_deleted_message_has_no_words_left_in_the_file(chat: Chat, ada: User, tmp_path: Path) -> None:
    message = (await chat.messages.send(ada, 'lobby', 'SECRET-WORDS')).message
    deleted = await chat.messages.delete(ada, message.id)
    assert (deleted.body, deleted.html, deleted.id, deleted.author) == ('', '', message.id, ada)
    assert (await chat.messages.delete(ada, message.id)).revision == deleted.revision
    rows = await chat.storage.read(lambda c: c.exec_driver_sql('SELECT body, html FROM messages').all())
    assert [tuple(row) for row in rows] == [('', '')]


async def test_the_author_alone_changes_words_and_only_for_a_while(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    ada, bo = User(1, 'Ada', 'guest'), User(2, 'Bo', 'guest')

    def message(age: int, deleted: bool = False) -> Message:
        at = now - timedelta(minutes=age)
        return Message(1, 1, 'lobby', 1, ada, 'x', '', None, at, None, now if deleted else None, None)

    window = timedelta(minutes=10)
    cases = [
        (ada, message(0), window, True, True),
        (ada, message(10), window, True, True),
        (ada, message(11), window, False, True),
        (ada, message(9999), None, True, True),
        (ada, message(0, deleted=True), window, False, False),
        (bo, message(0), window, False, False),
        (bo, message(0), None, False, False),
    ]
    for user, which, within, edits, deletes in cases:
        assert permissions.may_edit(user, which, now, within) is edits
        assert permissions.may_delete(user, which) is deletes


async def test_somebody_else_gets_a_sentence(chat: Chat, ada: User, bo: User) -> None:
    message = (await chat.messages.send(ada, 'lobby', 'mine')).message
    with pytest.raises(Forbidden, match='Only its author can edit'):
        await chat.messages.edit(bo, message.id, 'yours')
    with pytest.raises(Forbidden, match='Only its author can delete'):
        await chat.messages.delete(bo, message.id)


async def test_who_left_a_room_neither_sends_nor_edits_there(chat: Chat, ada: User) -> None:
    message = (await chat.messages.send(ada, 'lobby', 'mine')).message
    await chat.rooms.leave(ada, 'lobby')
    with pytest.raises(NotAMember):
        await chat.messages.send(ada, 'lobby', 'x')
    with pytest.raises(NotAMember):
        await chat.messages.edit(ada, message.id, 'y')


async def test_what_is_in_a_private_room_is_not_there_for_others(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Secret', private=True)
    message = (await chat.messages.send(ada, 'secret', 'hush')).message
    for attempt in (
        chat.messages.get(bo, message.id),
        chat.messages.edit(bo, message.id, 'x'),
        chat.messages.delete(bo, message.id),
        chat.messages.page(bo, 'secret'),
        chat.messages.send(bo, 'secret', 'x'),
        chat.rooms.open(bo, 'secret'),
        chat.rooms.join(bo, 'secret'),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert 'Secret' not in [entry.room.name for entry in await chat.rooms.list(bo)]
    assert 'Secret' not in [room.name for room in await chat.rooms.list_open()]


@pytest.mark.parametrize(('body', 'sentence'), [('', 'Write something'), (' \n', 'Write'), ('x' * 10_001, '10,000')])
async def test_bad_words_get_a_sentence_with_the_fields_name(chat: Chat, ada: User, body: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence) as problem:
        await chat.messages.send(ada, 'lobby', body)
    assert problem.value.field == 'body'


async def test_a_reply_must_answer_something_in_the_same_room(chat: Chat, ada: User) -> None:
    await chat.rooms.create(ada, 'Other')
    elsewhere = (await chat.messages.send(ada, 'other', 'x')).message
    with pytest.raises(Invalid, match='not in this room'):
        await chat.messages.send(ada, 'lobby', 'answer', None, elsewhere.id)


@pytest.mark.usefixtures('nothing_forgiven')
async def test_too_fast_is_told_with_the_seconds_to_wait(chat: Chat, ada: User) -> None:
    for _ in range(60):
        await chat.messages.send(ada, 'lobby', 'x')
    with pytest.raises(RateLimited, match=r'Try again in \d+ seconds?\.'):
        await chat.messages.send(ada, 'lobby', 'x')


async def test_pages_meet_without_gap_or_double(chat: Chat, ada: User) -> None:
    ids = [(await chat.messages.send(ada, 'lobby', str(number))).message.id for number in range(20)]
    newest = await chat.messages.page(ada, 'lobby', limit=6)
    older = await chat.messages.page(ada, 'lobby', before=newest.messages[0].id, limit=6)
    newer = await chat.messages.page(ada, 'lobby', after=older.messages[-1].id, limit=6)
    assert [message.id for message in (*older.messages, *newest.messages)] == ids[8:]
    assert newer.messages == newest.messages
    assert (newest.has_older, newest.has_newer, newer.has_newer) == (True, False, False)
    around = await chat.rooms.open(ada, 'lobby', around=ids[3])
    assert ids[3] in [message.id for message in around.page.messages]
    assert not around.page.has_older


async def test_changes_since_any_revision_lead_to_what_is_stored(chat: Chat, ada: User, bo: User) -> None:
    heard: list[MessageEvent] = []
    chat.room_state.watch(heard.append)
    view = await chat.rooms.open(ada, 'lobby')
    first = (await chat.messages.send(ada, 'lobby', 'one')).message
    second = (await chat.messages.send(bo, 'lobby', 'two')).message
    await chat.messages.edit(ada, first.id, 'one!')
    await chat.messages.delete(bo, second.id)
    assert [event.type for event in heard] == ['message_sent', 'message_sent', 'message_edited', 'message_deleted']
    stored = {message.id: message for message in (await chat.messages.page(ada, 'lobby')).messages}
    for since in range(view.page.revision, view.page.revision + 5):
        known = {event.message.id: event.message for event in heard if event.revision <= since}
        changes = await chat._changes_since(view.room.id, since)
        known.update((event.message.id, event.message) for event in changes.events)
        assert known == stored
        assert changes.revision == heard[-1].revision


async def test_an_event_says_what_the_contract_promises(chat: Chat, ada: User) -> None:
    heard = []
    chat.room_state.watch(heard.append)
    await chat.messages.send(ada, 'lobby', 'hi', 'c1')
    await chat.rooms.leave(ada, 'lobby')
    sent, left = (to_json(event) for event in heard)
    assert sent['type'] == 'message_sent'
    assert (sent['room'], sent['revision']) == ('lobby', heard[0].revision)
    assert sent['message']['author'] == {'id': ada.id, 'name': 'Ada', 'kind': 'guest'}
    assert sent['message']['client_message_id'] == 'c1'
    assert left == {
        'type': 'member_left',
        'room': 'lobby',
        'revision': heard[1].revision,
        'member': {'user': {'id': ada.id, 'name': 'Ada', 'kind': 'guest'}, 'role': 'member'},
    }


async def test_html_of_an_older_renderer_is_made_anew(chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    await chat.messages.send(ada, 'lobby', '*x*')
    await chat.storage.write(lambda c: c.exec_driver_sql("UPDATE messages SET html = '<script>', html_version = 0"))
    (message,) = (await chat.messages.page(ada, 'lobby')).messages
    assert message.html == '<p><em>x</em></p>'


async def test_what_changes_nothing_is_told_to_nobody(chat: Chat, ada: User) -> None:
    """What watches all rooms (unread counts, one day notifications) must not take it for news."""
    message = (await chat.messages.send(ada, 'lobby', 'same words', 'x')).message
    heard: list[MessageEvent] = []
    chat.room_state.watch(heard.append)
    await chat.messages.send(ada, 'lobby', 'same words', 'x')
    await chat.messages.edit(ada, message.id, ' same words ')
    assert heard == []
    await chat.messages.delete(ada, message.id)
    await chat.messages.delete(ada, message.id)
    assert [event.type for event in heard] == ['message_deleted']


@pytest.mark.parametrize('client_id', ['', 'x' * 65, 'half an emoji \ud83d', 'zero\x00', 'two\nlines'])
async def test_an_id_of_the_senders_own_is_short_and_printable(chat: Chat, ada: User, client_id: str) -> None:
    with pytest.raises(Invalid, match='1 to 64 printable characters') as problem:
        await chat.messages.send(ada, 'lobby', 'x', client_id)
    assert problem.value.field == 'client_message_id'


@pytest.mark.parametrize('body', ['', 'x' * 10_001, '\ud83d'])
async def test_the_same_client_message_id_is_the_first_message_even_with_words_that_nobody_may_say(
    chat: Chat, ada: User, bo: User, body: str
) -> None:
    first = (await chat.messages.send(ada, 'lobby', 'one', client_message_id='same')).message
    again = await chat.messages.send(ada, 'lobby', body, client_message_id='same')
    assert (again.message, again.is_new) == (first, False)
    for user, slug, own in ((ada, 'lobby', 'other'), (ada, 'lobby', None), (bo, 'lobby', 'same')):
        with pytest.raises(Invalid):
            await chat.messages.send(user, slug, body, client_message_id=own)


async def test_a_client_message_id_counts_within_one_room(chat: Chat, ada: User) -> None:
    await chat.rooms.create(ada, 'Other')
    assert (await chat.messages.send(ada, 'lobby', 'here', 'x')).is_new
    assert (await chat.messages.send(ada, 'other', 'there', 'x')).is_new


async def test_after_the_window_an_edit_gets_a_sentence_and_a_deletion_is_still_possible(chat: Chat, ada: User) -> None:
    message = (await chat.messages.send(ada, 'lobby', 'old news')).message
    await chat.storage.write(lambda c: c.exec_driver_sql('UPDATE messages SET created_at = created_at - 601000'))
    with pytest.raises(Forbidden, match='can be edited for 10 minutes'):
        await chat.messages.edit(ada, message.id, 'new')
    assert await chat.messages.last_of(ada, 'lobby') is None
    assert (await chat.messages.delete(ada, message.id)).deleted_at is not None


async def test_a_deleted_message_cannot_be_edited_and_keeps_its_place(chat: Chat, ada: User, bo: User) -> None:
    sent = [(await chat.messages.send(ada, 'lobby', body)).message for body in ('one', 'two', 'three')]
    await chat.messages.send(bo, 'lobby', 'an answer', None, sent[1].id)
    await chat.messages.delete(ada, sent[1].id)
    with pytest.raises(Forbidden, match='has been deleted'):
        await chat.messages.edit(ada, sent[1].id, 'back')
    page = await chat.messages.page(ada, 'lobby')
    assert [message.body for message in page.messages] == ['one', '', 'three', 'an answer']
    assert page.quoted[sent[1].id].deleted_at is not None
    assert (await chat.messages.last_of(ada, 'lobby')).id == sent[2].id


async def test_a_page_may_lie_between_two_messages_and_be_of_one_author(chat: Chat, ada: User, bo: User) -> None:
    ids = [(await chat.messages.send(who, 'lobby', str(n))).message.id for n in range(5) for who in (ada, bo)]

    async def page(**limits: object) -> list[int]:
        return [message.id for message in (await chat.messages.page(ada, 'lobby', **limits)).messages]

    assert await page(after=ids[2], before=ids[6]) == ids[3:6]
    assert await page(author='Bo') == ids[1::2]
    assert await page(author='Bo', before=ids[5], limit=1) == [ids[3]]
    assert await page(author='Bo', after=ids[5], limit=1) == [ids[7]]
    assert await page(author='Nobody') == []
