"""Mentions: who is meant by the words after an "@", and when all of a room are."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from html import unescape
from time import thread_time
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select

from chat import Chat, markup, mentions, permissions, text
from chat.errors import AskFirst, Forbidden, Invalid
from chat.models import Message, Room, User
from chat.names import EVERYBODY, Names, folded
from chat.reach import Reached
from chat.storage import Storage, tables
from chat.storage import mentions as mention_rows
from chat.storage import rooms as room_rows
from tests.chat.people import newcomer

PEOPLE = {
    7: 'Ada', 8: 'Ada Lovelace', 9: '*Star*', 10: 'A&B', 11: "O'Neil Jr.", 12: '太郎', 13: '<script>', 14: 'Zoë',
    15: '@home', 16: 'a_b_', 17: '`x`', 18: '[y](/z)', 19: '민수', 20: 'Иван Петров', 21: '☕ Bo', 22: 'J.R.R.',
}  # fmt: skip
NAMES = Names(PEOPLE.items(), text.MENTION_WORDS)
SPAN = re.compile(r'<span class="mention(?: all)?"(?: data-user="(\d+)")?>(.*?)</span>')


async def say(chat: Chat, user: User, body: str, **more: Any) -> Message:
    return (await chat.messages.send(user, more.pop('room', 'lobby'), body, **more)).message


async def stored(chat: Chat, message: Message) -> list[tuple[int, str]]:
    """Return the rows of a message's mentions."""

    def read(connection: Connection) -> list[tuple[int, str]]:
        here = tables.mentions.c.message_id == message.id
        query = (
            select(tables.mentions.c.user_id, tables.mentions.c.name).where(here).order_by(tables.mentions.c.user_id)
        )
        return [(row.user_id, row.name) for row in connection.execute(query)]

    return await chat.storage.read(read)


async def rename(chat: Chat, user: User, name: str) -> None:
    session = await chat.sessions.find(await chat.sessions.begin(user, 'test'))
    assert session is not None
    await chat.profiles.change(session, name=name)


async def crowd(chat: Chat, people: int) -> list[User]:
    """Let so many people be in the lobby, whoever was there before."""
    chat.rate_limits._enabled = False
    return [await newcomer(chat, f'Person {number}') for number in range(people)]


def found(body: str) -> list[tuple[int, str]]:
    """Return whom a text mentions, with the words that it shows for each."""
    return [(int(user_id or EVERYBODY), unescape(words)) for user_id, words in SPAN.findall(markup.render(body, NAMES))]


def shown(html: str) -> str:
    return unescape(re.sub(r'<[^>]*>', '', html))


@pytest.mark.parametrize(
    ('body', 'expected'),
    [
        ('@Ada, look', [(7, '@Ada')]),
        ('(@ada) and @ADA!', [(7, '@ada'), (7, '@ADA')]),
        ("@Ada's idea", [(7, '@Ada')]),
        ('@Ada Lovelace and @ada  lovelace', [(8, '@Ada Lovelace'), (7, '@ada')]),
        ('@Ada\nLovelace', [(7, '@Ada')]),
        ('@*Star* **@*Star***', [(9, '@*Star*'), (9, '@*Star*')]),
        ('@A&B and @a&b', [(10, '@A&B'), (10, '@a&b')]),
        ("@O'Neil Jr. left", [(11, "@O'Neil Jr.")]),
        ('@太郎さん', [(12, '@太郎')]),
        ('今日は@太郎', [(12, '@太郎')]),
        ('@민수야', [(19, '@민수')]),
        ('@иван петров', [(20, '@иван петров')]),
        ('@Zoe\u0308 and @ＺＯË', [(14, '@Zoe\u0308'), (14, '@ＺＯË')]),
        ('@<script>', [(13, '@<script>')]),
        ('@@home', [(15, '@@home')]),
        ('@a_b_ @`x` @[y](/z)', [(16, '@a_b_'), (17, '@`x`'), (18, '@[y](/z)')]),
        ('@☕ Bo', [(21, '@☕ Bo')]),
        ('@J.R.R.', [(22, '@J.R.R.')]),
        (
            '@all @Everyone @channel @here @room',
            [(0, f'@{each}') for each in ('all', 'Everyone', 'channel', 'here', 'room')],
        ),
        ('> @Ada\n\n- [ ] @Zoë\n\n|a|\n|-|\n|@A&B|', [(7, '@Ada'), (14, '@Zoë'), (10, '@A&B')]),
        ('[@Ada](https://example.org)', [(7, '@Ada')]),
        ('# @Ada', [(7, '@Ada')]),
    ],
)
def test_a_member_is_mentioned_by_their_name(body: str, expected: list[tuple[int, str]]) -> None:
    assert found(body) == expected


@pytest.mark.parametrize(
    'body',
    [
        'Ada', '@Adam', '@Bo', '@ Ada', '@Ada\u0301', 'me@ada.org', 'x@Ada', 'é@Ada', '@ada@example.org', '@allow', '@',
        '`@Ada`', '```\n@Ada\n```', '    @Ada', '\\@Ada', 'https://example.org/@Ada', 'https://example.org/x?@Ada',
        'www.example.org/-@Ada', '[x](/@Ada)', '<https://example.org/@Ada>', '![@Ada](https://example.org)', '@Ada_Bo',
    ],
)  # fmt: skip
def test_these_are_no_mentions(body: str) -> None:
    assert found(body) == []
    assert markup.render(body, NAMES) == markup.render(body)


@pytest.mark.parametrize(
    'body',
    [
        '<span class="mention" data-user="7">@Ada</span>', '<span class="mention all">x</span>',
        '```html\n<span class="mention" data-user="7">x</span>\n```', '@Ada" data-user="9',
        '[x](/a"class="mention")', '@<script>alert(1)</script>',
    ],
)  # fmt: skip
def test_nobody_forges_a_mention(body: str) -> None:
    html = markup.render(body, NAMES)
    assert '<script' not in html
    assert {words for _, words in found(body)} <= {'@Ada', '@<script>'}
    assert not SPAN.search(markup.render(body))


PIECES = [*'@@@*_`[]()<>&|\\ \n#>-/:.!é太a', '@Ada', '@all', 'Lovelace', 'http://', 'www.', '```', *PEOPLE.values()]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=30).map(''.join))
def test_whatever_is_written_each_mention_is_of_a_member_and_shows_what_was_written(body: str) -> None:
    html, ids = markup.mark(body, NAMES)
    spans = SPAN.findall(html)
    assert {int(user_id or EVERYBODY) for user_id, _ in spans} == ids
    for user_id, words in spans:
        assert unescape(words) in body.replace('\0', '\ufffd').encode('utf-8', 'replace').decode()
        if user_id:
            name = PEOPLE[int(user_id)]
            assert text.skeleton(unescape(words)[1:]) == text.skeleton(name)
        else:
            assert unescape(words)[1:].casefold() in text.MENTION_WORDS
    assert html.count('class="mention') == len(spans)
    assert 'mention' not in re.sub(SPAN, '', html) or 'mention' in body


@given(st.lists(st.sampled_from([*'@ ,!é太a', '@Ada', '@all', 'Lovelace', 'Zoë']), max_size=30).map(''.join))
def test_the_words_that_are_shown_are_those_that_were_written(body: str) -> None:
    assert shown(markup.render(body, NAMES)).split() == body.split()


ALIKE = [*PEOPLE.values(), 'BΗb', 'bηB', 'Stra\u00dfe', 'I\u0307ç', '\uff21da L', 'A b-c']
FORMS = [partial(unicodedata.normalize, form) for form in ('NFC', 'NFD', 'NFKC', 'NFKD')]
CHANGED = st.sampled_from([str.upper, str.casefold, str.swapcase, *FORMS])


@settings(max_examples=300)
@given(st.one_of(st.sampled_from(ALIKE), st.text(min_size=1, max_size=32)), st.lists(CHANGED, min_size=1, max_size=4))
def test_names_that_are_written_alike_have_one_key(name: str, changes: list[Callable[[str], str]]) -> None:
    other = name
    for change in changes:
        other = change(other)
    if folded(name) == folded(other) and not text.depends_on_capitals(name):
        assert text.skeleton(name) == text.skeleton(other)
        assert not text.depends_on_capitals(other)


@pytest.fixture(scope='module')
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """Return a room, which is the first, with everybody of ``PEOPLE`` and some with similar names in it."""
    storage = Storage(tmp_path_factory.mktemp('crowded'))
    storage.open()
    similar = {30 + number: name for number, name in enumerate(('BΗb', 'Straße', 'Ad', 'Adam', 'A b-c', '\uff21da L'))}
    people = {text.skeleton(name): (user_id, name) for user_id, name in {**PEOPLE, **similar}.items()}
    with storage.writing() as connection:
        for key, (user_id, name) in people.items():
            values = {'id': user_id, 'name': name, 'name_key': key, 'kind': 'guest', 'created_at': 1}
            connection.execute(insert(tables.users), values)
            place = {'role': 'member', 'joined_at': 1, 'revision': 1, 'last_read_id': 0}
            connection.execute(insert(tables.memberships), {'room_id': 1, 'user_id': user_id, **place})
    yield storage
    storage.close()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example('@bηb, and @STRASSE')
@example('@Ada ' * 60)
@given(st.lists(st.one_of(st.sampled_from([*PIECES, *ALIKE, '@', '@']), st.text(max_size=5)), max_size=30).map(''.join))
def test_whoever_is_looked_up_by_the_words_is_whoever_is_found_among_all(crowded: Storage, body: str) -> None:
    reached = Reached(User(7, 'Ada', 'guest'), room_of_all(crowded), 'member', 0, 0)
    said = mentions.prepare(body)
    with crowded.reading() as connection:
        found = mentions.find(connection, reached, said, 'keep')
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(mentions, '_keys', lambda _: None)
            assert mentions.find(connection, reached, said, 'keep') == found


def room_of_all(storage: Storage) -> Room:
    with storage.reading() as connection:
        room = room_rows.by_id(connection, 1)
    assert room is not None
    return room


async def test_not_all_members_are_read_to_find_some(chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    await crowd(chat, 20)
    read: list[int] = []
    people = mention_rows.people

    def counted(*asked: Any) -> list[User]:
        found = people(*asked)
        read.append(len(found))
        return found

    monkeypatch.setattr(mention_rows, 'people', counted)
    assert len((await say(chat, ada, '@Person 7 and @Person 19, hello')).mentions) == 2
    assert read[0] <= 4  # also Person 1, and Person 7 once


def test_the_time_grows_with_the_length_alone() -> None:
    nested = Names((number, '@' * (number % 28) + 'é' + str(number)) for number in range(1, 500))
    for body in ('@' * 10_000, '@a' * 5_000, '@é ' * 3_300, ('@' * 28 + 'é27') * 300, '@all' * 2_500):
        started = thread_time()
        markup.render(body, nested)
        assert thread_time() - started < 2, body[:20]


async def test_mentions_are_stored_with_the_message_and_told(chat: Chat, ada: User, bo: User) -> None:
    heard: list[Any] = []
    view = await chat.rooms.open(ada, 'lobby')
    chat.room_state.subscribe(view.room.id, view.page.revision, heard.extend)
    message = await say(chat, ada, 'hi @bo and @Ada, @Nobody')
    assert (message.mentions, message.mentions_all) == ((ada.id, bo.id), False)
    assert f'<span class="mention" data-user="{bo.id}">@bo</span>' in message.html
    assert await stored(chat, message) == [(ada.id, 'Ada'), (bo.id, 'Bo')]
    assert await chat.messages.get(ada, message.id) == message
    assert heard[-1].message == message


async def test_an_edit_mentions_whom_its_words_mention(chat: Chat, ada: User, bo: User) -> None:
    message = await say(chat, ada, 'hi @Bo')
    edited = await chat.messages.edit(ada, message.id, 'hi @Ada @all')
    assert (edited.mentions, edited.mentions_all) == ((ada.id,), True)
    assert await stored(chat, edited) == [(ada.id, 'Ada')]
    edited = await chat.messages.edit(ada, message.id, 'hi')
    assert (edited.mentions, edited.mentions_all, edited.html) == ((), False, '<p>hi</p>')
    assert await stored(chat, edited) == []
    assert await chat.messages.get(bo, message.id) == edited


async def test_an_edit_keeps_a_mention_by_the_name_of_then_for_whoever_had_it(chat: Chat, ada: User, bo: User) -> None:
    message = await say(chat, ada, 'hi @Bo')
    session = await chat.sessions.find(await chat.sessions.begin(bo, 'a browser', None))
    assert session is not None
    await chat.profiles.change(session, name='Rob')
    edited = await chat.messages.edit(ada, message.id, 'hello @Bo')
    assert edited.mentions == (bo.id,)
    assert f'<span class="mention" data-user="{bo.id}">@Bo</span>' in edited.html
    edited = await chat.messages.edit(ada, message.id, 'hello @Rob')
    assert await stored(chat, edited) == [(bo.id, 'Rob')]


async def test_only_members_of_the_room_are_mentioned(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Garden')
    assert (await say(chat, ada, '@Bo', room='garden')).mentions == ()
    await chat.rooms.join(bo, 'garden')
    assert (await say(chat, ada, '@Bo', room='garden')).mentions == (bo.id,)
    await chat.rooms.leave(bo, 'garden')
    assert (await say(chat, ada, '@Bo', room='garden')).mentions == ()


async def test_direct_messages_mention_too(chat: Chat, ada: User, bo: User) -> None:
    room = await chat.direct.open(ada, [bo.id])
    message = await say(chat, ada, '@Bo @all', room=room.slug)
    assert (message.mentions, message.mentions_all) == ((bo.id,), True)


async def test_webhooks_mention_and_are_never_refused_for_it(chat: Chat, ada: User, bo: User) -> None:
    await owns(chat, ada)
    _, secret = await chat.hooks.create(ada, 'lobby', 'CI')
    message = await chat.hooks.post(secret, 'broken, @Bo @all')
    assert (message.mentions, message.mentions_all) == ((bo.id,), True)
    await crowd(chat, permissions.MANY)
    message = await chat.hooks.post(secret, 'broken, @Bo @all')
    assert (message.mentions, message.mentions_all) == ((bo.id,), False)
    assert 'mention all' not in message.html


async def owns(chat: Chat, user: User) -> None:
    """Make somebody the owner of the lobby."""

    def store(connection: Connection) -> None:
        here = (tables.memberships.c.user_id == user.id) & (tables.memberships.c.left_at.is_(None))
        connection.execute(tables.memberships.update().where(here).values(role='owner'))

    await chat.storage.write(store)


async def test_who_gets_another_name_is_still_the_one_who_was_meant(chat: Chat, ada: User, bo: User) -> None:
    message = await say(chat, ada, 'hi @Bo')
    await rename(chat, bo, 'Bobby')
    read = await chat.messages.get(ada, message.id)
    assert (read.mentions, read.html) == (message.mentions, message.html)
    assert (await say(chat, ada, '@Bo')).mentions == ()
    assert (await say(chat, ada, '@Bobby')).mentions == (bo.id,)


async def test_a_newer_renderer_marks_the_mentions_of_then(
    chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await say(chat, ada, '*hi* @Bo @all @Ada')
    plain = await say(chat, ada, 'a@all')
    await rename(chat, bo, 'Bobby')
    monkeypatch.setattr(markup, 'VERSION', markup.VERSION + 1)
    assert (await chat.messages.get(ada, message.id)).html == message.html
    assert (await chat.messages.get(ada, plain.id)).html == plain.html


async def test_with_the_words_the_mentions_go(chat: Chat, ada: User, bo: User) -> None:
    message = await say(chat, ada, '@Bo @all')
    gone = await chat.messages.delete(ada, message.id)
    assert (gone.mentions, gone.mentions_all) == ((), False)
    assert await stored(chat, gone) == []


async def test_all_of_a_few_are_mentioned_at_once(chat: Chat) -> None:
    people = await crowd(chat, permissions.A_FEW)
    assert (await say(chat, people[0], '@all')).mentions_all


async def test_all_of_more_are_mentioned_after_a_question(chat: Chat) -> None:
    people = await crowd(chat, permissions.A_FEW + 1)
    with pytest.raises(AskFirst) as asked:
        await say(chat, people[0], 'hello @Everyone')
    assert asked.value.people == permissions.A_FEW  # not oneself
    assert asked.value.code == 'conflict'
    assert (await chat.messages.page(people[0], 'lobby')).messages == ()
    assert (await say(chat, people[0], 'hello @Everyone', of_all='confirmed')).mentions_all
    assert not (await say(chat, people[0], '`@all` and \\@all')).mentions_all


@pytest.mark.parametrize('kind', ['guest', 'member', 'bot', 'moderator', 'administrator'])
@pytest.mark.parametrize('role', ['member', 'moderator', 'owner'])
def test_all_of_many_are_a_moderators_to_mention(kind: Any, role: Any) -> None:
    somebody = User(1, 'Somebody', kind)
    assert permissions.may_mention_all(somebody, role, permissions.MANY)
    may = kind in {'moderator', 'administrator'} or (role != 'member' and kind != 'bot')
    assert permissions.may_mention_all(somebody, role, permissions.MANY + 1) == may


async def test_who_may_not_mention_all_is_told_and_moderators_are_asked(chat: Chat) -> None:
    people = await crowd(chat, permissions.MANY + 1)
    with pytest.raises(Forbidden, match='Only moderators may mention all 16 people'):
        await say(chat, people[0], '@all', of_all='confirmed')
    await owns(chat, people[0])
    with pytest.raises(AskFirst):
        await say(chat, people[0], '@all')
    assert (await say(chat, people[0], '@all', of_all='confirmed')).mentions_all


async def test_adding_all_by_an_edit_is_asked_too_and_keeping_it_is_not(chat: Chat) -> None:
    people = await crowd(chat, permissions.A_FEW + 1)
    message = await say(chat, people[0], 'hello')
    with pytest.raises(AskFirst):
        await chat.messages.edit(people[0], message.id, 'hello @all')
    edited = await chat.messages.edit(people[0], message.id, 'hello @all', of_all='confirmed')
    assert edited.mentions_all
    await crowd_more(chat)
    edited = await chat.messages.edit(people[0], message.id, 'hello @all of you')
    assert edited.mentions_all
    await chat.messages.edit(people[0], message.id, 'hello')
    with pytest.raises(Forbidden):
        await chat.messages.edit(people[0], message.id, 'hello @all', of_all='confirmed')


async def crowd_more(chat: Chat) -> None:
    for number in range(permissions.MANY):
        await newcomer(chat, f'Another {number}')


async def test_what_was_sent_is_found_again_without_a_second_question(chat: Chat) -> None:
    people = await crowd(chat, permissions.A_FEW + 1)
    first = await say(chat, people[0], '@all', client_message_id='x', of_all='confirmed')
    again = await chat.messages.send(people[0], 'lobby', '@all', 'x')
    assert (again.message.id, again.is_new) == (first.id, False)


async def test_bots_do_not_count_as_people(chat: Chat) -> None:
    people = await crowd(chat, permissions.A_FEW)
    await owns(chat, people[0])
    await chat.hooks.create(people[0], 'lobby', 'CI')
    assert (await say(chat, people[0], '@all')).mentions_all


async def test_words_without_a_sign_cost_no_query(chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('chat.storage.mentions.people', lambda *_: pytest.fail('nobody is looked for'))
    await say(chat, ada, 'hello')
    await say(chat, ada, 'write to me@example.org')


async def test_a_wrong_text_is_still_refused(chat: Chat, ada: User) -> None:
    with pytest.raises(Invalid):
        await say(chat, ada, '@' * 10_001)


async def test_a_crowd_with_names_within_names(chat: Chat, ada: User) -> None:
    chat.rate_limits._enabled = False
    for number in range(2, 28):
        await newcomer(chat, 'A' * number + 'da')
    message = await say(chat, ada, '@' + 'A' * 20 + 'da @Aada')
    assert len(message.mentions) == 2
