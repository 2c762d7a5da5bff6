"""Searching: everything that somebody may read is found, nothing else is, whatever has happened to it."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from chat import Chat, search_query, search_terms
from chat.audit import Actor
from chat.errors import Invalid, RateLimited, Unauthenticated
from chat.models import User
from chat.rate_limits import LIMITS
from chat.storage import accounts as account_rows
from chat.storage import facts, finding, messages, tables
from chat.storage import search as rows
from chat.storage.postgresql import hold_name
from tests.chat import files
from tests.chat.people import newcomer


@pytest.fixture(autouse=True)
def unlimited(chat: Chat) -> None:
    chat.rate_limits._enabled = False


WALK = finding._Search.walk


@pytest.fixture(autouse=True)
def by_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at no messages before the index is asked: here would be all of them."""
    monkeypatch.setattr(finding._Search, 'walk', lambda search: None)


async def say(chat: Chat, user: User, body: str, slug: str = 'lobby') -> int:
    return (await chat.messages.send(user, slug, body)).message.id


async def found(chat: Chat, user: User, words: str) -> list[str]:
    return [each.body for each in (await chat.search.find(user, words)).messages]


async def terms(chat: Chat) -> list[str]:
    """Return the terms that there are, whose words are in the list, and no others."""

    def read(connection: Connection) -> set[str]:
        return set(connection.execute(select(tables.search_terms.c.term)).scalars())

    stored = await chat.storage.read(read)
    words = {term for term in stored if not term.startswith(search_terms.LISTED)}
    assert stored - words == set(search_terms.listed(words))
    return sorted(words)


async def share(chat: Chat, user: User, body: str, *names: str, data: bytes = b'hello', slug: str = 'lobby') -> int:
    ids = [(await files.bring(chat, user, slug, data, name)).id for name in names]
    return (await chat.messages.send(user, slug, body, attachments=ids)).message.id


async def moderator(chat: Chat) -> User:
    return await chat.storage.write(account_rows.set_kind, await newcomer(chat, 'Mo'), 'moderator')


async def test_what_has_all_the_words_is_found_the_newest_first(chat: Chat, ada: User, bo: User) -> None:
    await say(chat, ada, 'The plan for coffee')
    await say(chat, bo, 'Coffee is *planned*')
    await say(chat, bo, 'No plan')
    assert await found(chat, bo, 'plan coffee') == ['Coffee is *planned*', 'The plan for coffee']
    assert await found(chat, bo, '"plan for"') == ['The plan for coffee']
    assert await found(chat, bo, 'tea') == []


async def test_two_characters_are_found_in_the_middle(chat: Chat, ada: User) -> None:
    for body in ('新しい設計図です', '明天的会议改到三点', 'พรุ่งนี้มีประชุมตอนบ่าย', '내일회의는 세 시입니다'):
        await say(chat, ada, body)
        assert await found(chat, ada, body[3:5]) == [body]


async def test_a_part_of_a_word_is_found_in_its_place_among_the_others(chat: Chat, ada: User, bo: User) -> None:
    bodies = ('Scripts', 'JavaScript', 'Teambesprechung', 'script', 'the manuscripts')
    ids = {body: await say(chat, ada, body) for body in bodies}
    assert await found(chat, bo, 'SCRIPT') == ['the manuscripts', 'script', 'JavaScript', 'Scripts']
    assert await found(chat, bo, 'besprechung') == ['Teambesprechung']
    best = await chat.search.find(bo, 'script', order='best')
    assert [each.body for each in best.messages] == ['script', 'Scripts', 'JavaScript', 'the manuscripts']
    assert await found(chat, bo, 'ript nusc') == ['the manuscripts']
    assert await found(chat, bo, 'pt') == [], 'two letters are in too much'
    await chat.messages.edit(ada, ids['JavaScript'], 'Java')
    await chat.messages.delete(ada, ids['the manuscripts'])
    assert await found(chat, bo, 'script') == ['script', 'Scripts']
    assert await terms(chat) == ['java', 'script', 'scripts', 'teambesprechung']


@pytest.mark.parametrize('most', [0, 1, 100])
async def test_a_part_that_is_in_many_words_is_found_all_the_same(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(finding, 'MOST_WORDS', most)
    bodies = [f'{letter}ation' for letter in 'abcde']
    for body in (*bodies, 'else', 'nothing'):
        await say(chat, ada, body)
    assert await found(chat, ada, 'tion') == bodies[::-1]


async def test_an_edit_is_found_by_its_new_words_alone(chat: Chat, ada: User) -> None:
    message = await say(chat, ada, 'red apple')
    await chat.messages.edit(ada, message, 'green apple')
    assert await found(chat, ada, 'red') == []
    assert await found(chat, ada, 'green apple') == ['green apple']


async def test_what_is_deleted_is_found_no_more_and_its_words_are_gone(chat: Chat, ada: User, bo: User) -> None:
    message = await say(chat, ada, 'secret words')
    other = await say(chat, bo, 'other words')
    await chat.messages.delete(ada, message)
    assert await found(chat, ada, 'words') == ['other words']
    assert await terms(chat) == ['other', 'words']
    await chat.messages.delete(bo, other)
    assert await terms(chat) == []


async def test_what_is_hidden_is_found_again_when_it_is_shown_again(chat: Chat, ada: User, bo: User) -> None:
    message = await say(chat, ada, 'rude words')
    mo = await moderator(chat)
    await chat.moderation.hide(Actor(mo, 'here'), message, 'rude')
    for person in (ada, bo, mo):
        assert await found(chat, person, 'rude') == []
    await chat.moderation.show_again(Actor(mo, 'here'), message)
    assert await found(chat, bo, 'rude') == ['rude words']


async def test_with_a_room_its_words_go(chat: Chat, ada: User) -> None:
    await chat.rooms.create(ada, 'Den')
    await say(chat, ada, 'in the den', 'den')
    await say(chat, ada, 'lobby')
    await chat.rooms.delete(ada, 'den')
    assert await terms(chat) == ['lobby']


async def test_an_account_that_goes_with_its_messages_leaves_no_words(chat: Chat, ada: User, bo: User) -> None:
    first, second = await say(chat, ada, 'one thing'), await say(chat, ada, 'another thing')

    def remove(connection: Connection) -> None:
        room_id = connection.execute(select(tables.messages.c.room_id)).scalars().first()
        messages.remove_all(connection, room_id, [first, second])

    await chat.storage.write(remove)
    assert await terms(chat) == []


async def test_only_what_one_may_read_is_found(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Den', private=True)
    await chat.rooms.create(ada, 'Yard')
    await say(chat, ada, 'word in the den', 'den')
    await say(chat, ada, 'word in the yard', 'yard')
    assert await found(chat, ada, 'word') == ['word in the yard', 'word in the den']
    assert await found(chat, bo, 'word') == ['word in the yard'], 'an open room can be read by everybody'
    assert await found(chat, bo, 'word in:den') == []
    await chat.moderation.ban(Actor(ada, 'here'), bo.id, 'yard', None, 'rude')
    assert await found(chat, bo, 'word') == []
    await chat.rooms.leave(ada, 'lobby')
    assert await found(chat, ada, 'word in:den') == ['word in the den']


async def test_direct_messages_are_found_by_those_who_have_them(chat: Chat, ada: User, bo: User) -> None:
    room = await chat.direct.open(ada, [bo.id])
    await say(chat, ada, 'between us', room.slug)
    mo = await moderator(chat)
    assert await found(chat, ada, 'between') == await found(chat, bo, 'between in:ada') == ['between us']
    assert await found(chat, mo, 'between') == []


async def test_it_is_narrowed_by_author_room_and_time(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Tea room')
    old = await say(chat, ada, 'hello', 'tea-room')
    await say(chat, bo, 'hello')
    a_month_ago = int((datetime.now(UTC) - timedelta(days=30)).timestamp() * 1000)

    def age(connection: Connection) -> None:
        connection.execute(update(tables.messages).where(tables.messages.c.id == old).values(created_at=a_month_ago))

    await chat.storage.write(age)
    day = (datetime.now(UTC) - timedelta(days=10)).date().isoformat()
    for words in ('from:ada', 'in:tea-room', 'in:"tea room"', f'before:{day}', f'hello from:ADA before:{day}'):
        assert [each.id for each in (await chat.search.find(ada, words)).messages] == [old], words
    assert await found(chat, ada, f'hello after:{day} from:bo') == ['hello']
    assert await found(chat, ada, f'hello after:{day} from:ada') == []
    assert await found(chat, ada, 'from:nobody') == await found(chat, ada, 'hello in:nowhere') == []


async def test_links_and_pins_can_be_asked_for(chat: Chat, ada: User) -> None:
    await say(chat, ada, 'see https://example.org')
    await say(chat, ada, 'see you')
    mo = await moderator(chat)
    await chat.pins.pin(mo, await say(chat, ada, 'see the rules'), on=True)
    assert await found(chat, ada, 'see has:link') == await found(chat, ada, 'has:link') == ['see https://example.org']
    assert await found(chat, ada, 'is:pinned') == ['see the rules']


async def test_page_by_page_everything_comes_once(chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, 'LOOKED_AT', 4)
    ids = [await say(chat, ada, f'round and {"round" if number % 3 else "square"} {number}') for number in range(20)]
    for most in (5, 100):
        monkeypatch.setattr(finding, 'MOST_LOOKED_AT', most)
        seen, before = [], None
        while True:
            page = await chat.search.find(ada, '"and round"', before=before, limit=3)
            seen += [each.id for each in page.messages]
            before = page.before
            if before is None:
                break
        assert seen == [each for number, each in reversed(list(enumerate(ids))) if number % 3]


async def test_the_best_answer_comes_first_when_it_is_asked_for(chat: Chat, ada: User) -> None:
    for body in ('the new plan', 'planned news', 'new coffee for all who plan', 'a plan for the new'):
        await say(chat, ada, body)
    page = await chat.search.find(ada, 'new plan', order='best')
    assert [each.body for each in page.messages] == [
        'the new plan',
        'a plan for the new',
        'new coffee for all who plan',
        'planned news',
    ]
    assert (page.before, page.offset) == (None, 0)


async def test_of_two_that_answer_alike_the_newer_is_the_better(chat: Chat, ada: User) -> None:
    first, second = [await say(chat, ada, 'plan') for _ in range(2)]
    for asked in ('plan', 'from:ada'):
        page = await chat.search.find(ada, asked, order='best')
        assert [each.id for each in page.messages] == [second, first]


async def test_page_by_page_the_best_come_once_whatever_is_said_meanwhile(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('chat.search.BEST_OF', 5)
    ids = [await say(chat, ada, 'plan' if number % 2 else 'planned') for number in range(12)]
    seen, before, offset = [], None, 0
    while True:
        page = await chat.search.find(ada, 'plan', order='best', before=before, offset=offset, limit=2)
        seen += [each.id for each in page.messages]
        before, offset = page.before, page.offset
        if before is None:
            break
        await say(chat, ada, 'plan')
    places = [ids.index(each) for each in seen]
    assert places == [11, 9, 7, 10, 8, 5, 3, 6, 4, 2, 1, 0], 'the best of each five, the newest five first'


async def test_who_is_nobody_any_more_finds_nothing(chat: Chat, ada: User, bo: User) -> None:
    mo = await moderator(chat)
    await chat.moderation.ban(Actor(mo, 'here'), bo.id, None, None, 'rude')
    with pytest.raises(Unauthenticated):
        await chat.search.find(bo, 'hello')


async def test_searching_has_a_limit(chat: Chat, ada: User) -> None:
    chat.rate_limits._enabled, chat.rate_limits._clock = True, lambda: 0.0
    for _ in range(LIMITS['searching']):
        await chat.search.find(ada, 'hello')
    with pytest.raises(RateLimited):
        await chat.search.find(ada, 'hello')


async def test_signs_of_the_database_are_words_like_others(chat: Chat, ada: User) -> None:
    await say(chat, ada, '100% of a_b "quoted" \\ back')
    for words in ('100%', 'a_b', '\\ BACK'):
        assert await found(chat, ada, words) == ['100% of a_b "quoted" \\ back']
    for words in ("it's OR 1=1 --", "'); DROP TABLE messages; --"):
        assert await found(chat, ada, words) == []
    for words in ('%', '_'):
        with pytest.raises(Invalid):
            await chat.search.find(ada, words)


async def test_the_index_is_made_anew_when_other_rules_made_it(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(chat, ada, 'before the index')
    gone = await say(chat, ada, 'deleted before')
    await chat.messages.delete(ada, gone)
    await say(chat, ada, 'the newest')
    await chat.storage.write(leave_to_other_rules)
    monkeypatch.setattr(rows, 'AT_ONCE', 1)
    assert await found(chat, ada, 'index') == []
    made = [await chat.storage.write(rows.bring_up_to_date) for _ in range(5)]
    assert made == [False, False, False, True, True], 'a message at a time, which others need not wait for'
    assert await found(chat, ada, 'index') == ['before the index']
    assert await terms(chat) == ['before', 'index', 'newest', 'the']


def leave_to_other_rules(connection: Connection) -> None:
    hold_name(connection, rows.FACT)  # as who makes it anew does: the house may be kept at this moment
    connection.execute(delete(tables.search_terms))
    connection.execute(insert(tables.search_terms), {'term': 'old', 'room_id': 1, 'message_id': 1})
    facts.put(connection, rows.FACT, '0')


async def test_what_a_server_of_an_older_version_stored_is_found_when_the_house_is_kept(chat: Chat, ada: User) -> None:
    await say(chat, ada, 'one')
    await chat.search.sweep()
    await say(chat, ada, 'two')
    await chat.storage.write(lambda connection: connection.execute(delete(tables.search_terms)) and None)
    await chat.search.sweep()
    assert await terms(chat) == ['two'], 'only what was said since is looked at'
    await chat.storage.write(facts.put, rows.FACT, '0')
    await chat.search.sweep()
    assert await terms(chat) == ['two'], 'other rules are left to the start'


WORDS = ('plan', 'planet', 'airplane', 'Café', 'cafe', 'new', '設計', '設計図', '計図', 'ประชุม', 'и', 'red', 'x1')
# Each way of looking for the same: by messages alone, by what is rare, by all that is in the index in steps, as usual.
WAYS: tuple[dict[str, int], ...] = (
    {'MOST_WORDS': 0, 'FEW': 0, 'MANY': 1},
    {'FEW': 1_000},
    {'FIRST_SPAN': 2, 'FEW': 0, 'MANY': 1_000},
    {'FIRST_SPAN': 8, 'FEW': 1, 'MANY': 5, 'LOOKED_AT': 2},
    {'WALKED': 8, 'FEW': 1, 'MANY': 5},
    {},
)


@pytest.mark.parametrize('seed', range(len(WAYS)))
async def test_whatever_happened_the_index_finds_what_reading_everything_would(
    chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    await chat.rooms.create(ada, 'Den', private=True)
    alive: dict[int, tuple[str, str]] = {}
    for _ in range(60):
        body, what = ' '.join(chance.choices(WORDS, k=chance.randint(1, 4))), chance.random()
        if what < 0.6 or not alive:
            slug = chance.choice(['lobby', 'den'])
            alive[await say(chat, ada, body, slug)] = (slug, body)
        elif what < 0.8:
            message = chance.choice(list(alive))
            await chat.messages.edit(ada, message, body)
            alive[message] = (alive[message][0], body)
        else:
            message = chance.choice(list(alive))
            await chat.messages.delete(ada, message)
            del alive[message]
    await terms(chat)
    for name, value in WAYS[seed].items():
        monkeypatch.setattr(finding, name, value)
    if not WAYS[seed] or 'WALKED' in WAYS[seed]:
        monkeypatch.setattr(finding._Search, 'walk', WALK)
    for _ in range(30):
        words = ' '.join(chance.choices((*WORDS, 'lan', 'net'), k=chance.randint(1, 2)))
        words = f'"{words}"' if chance.random() < 0.4 else words
        parts = search_query.parse(words).parts
        for person, rooms in ((ada, {'lobby', 'den'}), (bo, {'lobby'})):
            expected = [
                message
                for message, (slug, body) in sorted(alive.items(), reverse=True)
                if slug in rooms and search_terms.has_all(body, parts)
            ]
            got = [each.id for each in (await chat.search.find(person, words, limit=100)).messages]
            assert got == expected, words


async def test_files_are_found_by_their_names(chat: Chat, ada: User) -> None:
    await share(chat, ada, 'Have a look', 'Sommerfest Übersicht.pdf', 'notes.txt')
    await share(chat, ada, '', '予定表.txt')
    await say(chat, ada, 'summer')
    for words in ('sommerfest', 'look ubersicht', 'fest', '"have a look"', 'pdf'):
        assert await found(chat, ada, words) == ['Have a look'], words
    assert await found(chat, ada, '予定') == ['']
    assert await found(chat, ada, 'notes sommerfest') == ['Have a look']


async def test_names_of_files_stay_while_words_change_and_go_with_the_message(chat: Chat, ada: User) -> None:
    message_id = await share(chat, ada, 'the plan', 'plan.pdf')
    await chat.messages.edit(ada, message_id, 'never mind')
    assert await found(chat, ada, 'plan') == ['never mind']
    await chat.messages.edit(ada, message_id, '')
    assert await found(chat, ada, 'plan') == ['']
    await chat.messages.delete(ada, message_id)
    assert await found(chat, ada, 'plan') == []
    assert await terms(chat) == []


async def test_what_has_files_and_pictures(chat: Chat, ada: User) -> None:
    await say(chat, ada, 'no file')
    await share(chat, ada, 'notes', 'notes.txt')
    gone = await share(chat, ada, 'gone', 'gone.txt')
    await share(chat, ada, 'red', 'red.png', data=files.picture())
    await chat.messages.delete(ada, gone)
    await files.bring(chat, ada)
    assert await found(chat, ada, 'has:file') == ['red', 'notes']
    assert await found(chat, ada, 'has:image') == await found(chat, ada, 'has:Pictures') == ['red']
    assert await found(chat, ada, 'has:file notes') == ['notes']
    assert await found(chat, ada, 'has:file has:link') == []


async def test_an_index_that_is_made_anew_has_the_names_of_files(chat: Chat, ada: User) -> None:
    await share(chat, ada, 'Have a look', 'plan.pdf')
    before = await terms(chat)
    await chat.storage.write(
        lambda connection: connection.execute(delete(tables.facts).where(tables.facts.c.name == 'search'))
    )
    while not await chat.storage.write(rows.bring_up_to_date):
        pass
    assert await terms(chat) == before
    assert await found(chat, ada, 'plan') == ['Have a look']


async def test_what_is_found_comes_with_what_it_is_shown_with(chat: Chat, ada: User, bo: User) -> None:
    await chat.profiles.change(await chat.sessions.find(await chat.sessions.begin(bo, '')), color=3)
    question = (await chat.messages.send(ada, 'lobby', 'Tea or coffee?')).message
    answer = (await chat.messages.send(bo, 'lobby', 'Coffee', reply_to=question.id)).message
    direct = await chat.direct.open(ada, [bo.id])
    await say(chat, bo, 'more coffee', direct.slug)
    found = await chat.search.find(ada, 'coffee in:lobby')
    assert found.parts == tuple(search_terms.word('coffee'))
    assert found.names == {'lobby': 'Lobby'}
    assert {each: quoted.body for each, quoted in found.quoted.items()} == {answer.reply_to: 'Tea or coffee?'}
    assert [(look.user_id, look.color) for look in found.looks] == [(bo.id, 3)]
    assert (await chat.search.find(ada, 'more coffee')).names == {direct.slug: 'Bo'}
    assert (await chat.search.find(bo, 'more coffee')).names == {direct.slug: 'Ada'}
    assert (await chat.search.find(bo, 'nothing')).looks == ()
