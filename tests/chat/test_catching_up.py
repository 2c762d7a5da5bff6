"""What happened since somebody was here: mentions, questions, reactions, links, and how much in which room."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, update

from chat import Chat, rendered
from chat.clock import now_ms
from chat.errors import ChatError, Unauthenticated
from chat.markup import render
from chat.models import CatchUp, Message, User
from chat.storage import catching_up as rows
from chat.storage.tables import messages, users
from tests.chat.people import newcomer


async def say(chat: Chat, who: User, body: str, *, to: Message | None = None, room: str = 'lobby') -> Message:
    return (await chat.messages.send(who, room, body, None, to.id if to else None)).message


async def react(chat: Chat, message: Message, who: User, emoji: str = '👍') -> None:
    await chat.reactions.react(who, message.id, emoji, True)


def bodies(found: tuple[Message, ...]) -> list[str]:
    return [message.body for message in found]


async def asked(chat: Chat, who: User) -> list[str]:
    return bodies((await chat.catching_up.look(who)).questions)


async def test_who_has_just_come_has_missed_nothing(chat: Chat, ada: User) -> None:
    await say(chat, ada, 'before')
    bo = await newcomer(chat, 'Bo')
    found = await chat.catching_up.look(bo)
    assert (found.mentions, found.questions, found.links, found.rooms, found.has_more) == ((), (), (), (), False)
    await say(chat, ada, 'after')
    assert [(each.room.slug, each.messages) for each in (await chat.catching_up.look(bo)).rooms] == [('lobby', 1)]


async def test_what_was_said_before_one_joined_a_room_is_no_news(chat: Chat, ada: User, bo: User) -> None:
    await chat.rooms.create(ada, 'Old')
    old = await say(chat, ada, '@all look at https://example.org', room='old')

    def age(connection) -> None:
        connection.execute(update(messages).where(messages.c.id == old.id).values(created_at=now_ms() - 1000))

    await chat.storage.write(age)
    await chat.rooms.join(bo, 'old')
    found = await chat.catching_up.look(bo)
    assert (found.mentions, found.links, found.rooms) == ((), (), ())


async def test_the_first_time_it_is_a_week(chat: Chat, ada: User, bo: User) -> None:
    week = timedelta(days=7) // timedelta(milliseconds=1)
    old, new = await say(chat, ada, 'old'), await say(chat, ada, 'new')

    def age(connection) -> None:
        connection.execute(update(users).values(created_at=now_ms() - 2 * week))
        connection.execute(update(messages).where(messages.c.id == old.id).values(created_at=now_ms() - week - 1000))

    await chat.storage.write(age)
    found = await chat.catching_up.look(bo)
    assert [each.messages for each in found.rooms] == [1]
    assert found.up_to == new.id


async def test_it_begins_where_one_was_up_to_date_and_never_goes_back(chat: Chat, ada: User, bo: User) -> None:
    first = await say(chat, ada, 'first')
    second = await say(chat, ada, 'second')
    assert await chat.catching_up.done(bo, first.id) == first.id
    found = await chat.catching_up.look(bo)
    assert [each.messages for each in found.rooms] == [1]
    assert found.since == first.created_at
    assert await chat.catching_up.done(bo) == second.id
    assert await chat.catching_up.done(bo, first.id) == second.id
    assert await chat.catching_up.done(bo, 2**63 - 1) == second.id
    assert (await chat.catching_up.look(bo)).rooms == ()
    assert [each.messages for each in (await chat.catching_up.look(ada)).rooms] == []


async def test_mentions_by_name_and_of_all(chat: Chat, ada: User, bo: User) -> None:
    await say(chat, ada, '@Bo hello')
    await say(chat, ada, '@Ada myself')
    await say(chat, ada, '@all hello')
    await say(chat, bo, '@all hello from me')
    assert bodies((await chat.catching_up.look(bo)).mentions) == ['@Bo hello', '@all hello']


async def test_questions_to_one_are_those_by_name_in_reply_and_direct(chat: Chat, ada: User, bo: User) -> None:
    mine = await say(chat, bo, 'a statement?')
    await say(chat, ada, '@Bo when?')
    await say(chat, ada, '@Bo now')
    await say(chat, ada, 'why？', to=mine)
    await say(chat, ada, 'who?')
    await say(chat, ada, '@all anybody?')
    direct = await chat.direct.open(ada, [bo.id])
    await say(chat, ada, 'لماذا؟', room=direct.slug)
    assert await asked(chat, bo) == ['@Bo when?', 'why？', 'لماذا؟']


@pytest.mark.parametrize(
    ('body', 'is_one'),
    [
        ('is it?', True),
        ('`a ? b : c`', False),
        ('```\nwhat?\n```', False),
        ('see https://example.org/?a=1', False),
        ('see [this?](https://example.org)', False),
        ('> did you?\n\nI did', False),
        ('see https://example.org/?a=1 or not?', True),
        ('&quest; &#63;', True),
        ('no', False),
    ],
)
def test_a_question_mark_counts_among_words(body: str, is_one: bool) -> None:
    assert rendered.asks(render(body)) is is_one


async def test_a_question_is_answered_by_a_reaction_or_in_its_conversation(chat: Chat, ada: User, bo: User) -> None:
    begin = await say(chat, bo, 'beginning')
    one = await say(chat, ada, 'one?', to=begin)
    two = await say(chat, ada, 'two?', to=begin)
    assert await asked(chat, bo) == ['one?', 'two?']
    await say(chat, bo, 'elsewhere in the room')
    assert await asked(chat, bo) == ['one?', 'two?']
    await react(chat, one, ada)
    assert await asked(chat, bo) == ['one?', 'two?']
    await react(chat, one, bo)
    assert await asked(chat, bo) == ['two?']
    further = await say(chat, ada, 'more', to=two)
    answer = await say(chat, bo, 'the answer', to=further)
    assert await asked(chat, bo) == []
    await chat.messages.delete(bo, answer.id)
    assert await asked(chat, bo) == ['two?']
    await chat.catching_up.done(bo, two.id - 1)  # what is above is looked for where it is
    await say(chat, bo, 'the answer', to=begin)
    assert await asked(chat, bo) == []


async def test_among_direct_messages_anything_later_is_an_answer(chat: Chat, ada: User, bo: User) -> None:
    direct = await chat.direct.open(ada, [bo.id])
    await say(chat, ada, 'now?', room=direct.slug)
    assert await asked(chat, bo) == ['now?']
    await say(chat, bo, 'yes', room=direct.slug)
    assert await asked(chat, bo) == []
    await say(chat, ada, 'and then?', room=direct.slug)
    assert await asked(chat, bo) == ['and then?']


async def test_most_reacted_is_what_most_people_reacted_to(chat: Chat, ada: User, bo: User) -> None:
    cy = await newcomer(chat, 'Cy')
    said = [await say(chat, ada, f'message {number}') for number in range(8)]
    for message in said[1:]:
        await react(chat, message, bo)
        await react(chat, message, cy)
    await react(chat, said[0], bo)
    await react(chat, said[0], bo, '🎉')  # the same person
    await react(chat, said[2], ada, '🎉')
    found = (await chat.catching_up.look(bo)).reacted
    assert bodies(found) == ['message 2', 'message 7', 'message 6', 'message 5', 'message 4']


async def test_links_are_those_of_others_each_once(chat: Chat, ada: User, bo: User) -> None:
    cy = await newcomer(chat, 'Cy')
    await say(chat, ada, 'see https://example.org/a and [b](http://example.org/b), `https://no.example`')
    await say(chat, cy, 'again https://example.org/a, mail me@example.org, [room](/rooms/lobby)')
    await say(chat, bo, 'mine https://example.org/mine')
    found = (await chat.catching_up.look(bo)).links
    assert [(each.address, each.message.author.name) for each in found] == [
        ('https://example.org/a', 'Ada'),
        ('http://example.org/b', 'Ada'),
    ]


async def test_what_one_cannot_read_is_not_there(chat: Chat, ada: User, bo: User) -> None:
    hidden = await say(chat, ada, '@Bo hide https://a.example ?')
    deleted = await say(chat, ada, '@Bo gone https://b.example ?')
    for message in (hidden, deleted):
        await react(chat, message, ada)
        await react(chat, message, bo)
    room = await chat.rooms.create(ada, 'Left')
    await chat.rooms.join(bo, room.slug)
    await say(chat, ada, '@Bo left https://c.example ?', room=room.slug)
    await chat.rooms.leave(bo, room.slug)
    secret = await chat.rooms.create(ada, 'Secret', private=True)
    await say(chat, ada, 'secret https://d.example', room=secret.slug)
    owner = await chat.accounts.add_guest('Owner', '')
    await chat.storage.write(
        lambda it: it.execute(update(users).where(users.c.id == owner.id).values(kind='moderator'))
    )
    await chat.messages.delete(owner, hidden.id)
    await chat.messages.delete(ada, deleted.id)
    found = await chat.catching_up.look(bo)
    assert (found.mentions, found.questions, found.reacted, found.links, found.rooms) == ((), (), (), (), ())
    assert list(found.names) == ['lobby']


async def test_much_is_cut_and_says_so(chat: Chat, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('chat.catching_up.MOST_MESSAGES', 4)
    monkeypatch.setattr('chat.catching_up.MOST_EACH', 2)
    for number in range(4):
        await say(chat, ada, f'@all {number}')
    found = await chat.catching_up.look(bo)
    assert (found.has_more, found.cut, bodies(found.mentions)) == (False, ('mentions',), ['@all 2', '@all 3'])
    last = await say(chat, ada, 'one more')
    found = await chat.catching_up.look(bo)
    assert (found.has_more, found.up_to, [each.messages for each in found.rooms]) == (True, last.id, [4])


async def test_the_newest_of_several_rooms_are_the_newest_of_all(chat: Chat, ada: User, bo: User) -> None:
    chat.rate_limits._enabled = False
    for name in ('Kitchen', 'Garden', 'Elsewhere'):
        await chat.rooms.create(ada, name)
    for name in ('kitchen', 'garden'):
        await chat.rooms.join(bo, name)
    order = ('lobby', 'garden', 'garden', 'elsewhere', 'lobby', 'kitchen', 'lobby')
    said = [await say(chat, ada, '.', room=name) for name in order]
    await chat.messages.delete(ada, said[2].id)
    mine = [each.id for each in said if each.room != 'elsewhere' and each is not said[2]]
    for limit in range(1, len(said)):
        for after in [0, *mine]:
            for up_to in mine:
                found = await chat.storage.read(rows.newest, bo.id, after, up_to, limit)
                assert [each.id for each in found] == [each for each in mine if after < each <= up_to][-limit:]


async def test_what_is_said_in_rooms_of_others_costs_nothing(chat: Chat, ada: User, bo: User) -> None:
    if chat.settings.database_url is not None:
        return  # which tells no steps
    await chat.rooms.create(ada, 'Busy')
    first = await say(chat, ada, 'hello')

    def steps(connection: Connection) -> int:
        count: list[None] = []
        driver = connection.connection.dbapi_connection
        driver.set_progress_handler(lambda: count.append(None), 2)
        try:
            assert rows.newest_id(connection, bo.id) == first.id
            assert [each.id for each in rows.newest(connection, bo.id, 0, 10**6, 1_000)] == [first.id]
        finally:
            driver.set_progress_handler(None, 0)
        return len(count)

    before = await chat.storage.read(steps)
    chat.rate_limits._enabled = False
    for _ in range(100):
        await say(chat, ada, 'hello', room='busy')
    assert await chat.storage.read(steps) < before + 50  # a message that is walked over takes ten of these


async def test_whoever_is_banned_or_gone_is_told_nothing(chat: Chat, ada: User, bo: User) -> None:
    await say(chat, ada, 'hello')
    await chat.storage.write(
        lambda it: it.execute(update(users).where(users.c.id == bo.id).values(banned_until=now_ms() + 60_000))
    )
    for act in (chat.catching_up.look, chat.catching_up.done):
        with pytest.raises(Unauthenticated):
            await act(bo)


_DID = st.tuples(
    st.sampled_from(['say', 'reply', 'ask', 'link', 'mention', 'react', 'delete', 'leave', 'join', 'private', 'done']),
    st.integers(0, 2),
    st.integers(0, 7),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_DID, max_size=40))
async def test_whatever_happens_all_that_is_shown_can_be_read(chat: Chat, did: list[tuple[str, int, int]]) -> None:
    number = now_ms() % 1_000_000
    people = [await newcomer(chat, f'Person {number} {each}') for each in range(3)]
    rooms = [(await chat.rooms.create(people[each], f'Room {number} {each}')).slug for each in range(2)]
    said: list[Message] = []
    for what, who, which in did:
        person, room = people[who], rooms[which % 2]
        try:
            await _do(chat, what, people, person, room, said, which)
        except ChatError:
            continue  # who has left a room, or whose message it is not
    for person in people:
        found = await chat.catching_up.look(person)
        for message in _all(found):
            assert await chat.messages.get(person, message.id) == message
            assert message.deleted_at is None
            assert message.id <= found.up_to
            entry = await chat.rooms.entry(person, message.room)
            assert entry.joined
            assert found.names[message.room] == entry.room.name


async def _do(chat, what, people, person, room, said, which) -> None:
    words = {'ask': 'why?', 'link': f'https://example.org/{which}', 'reply': 'really?'}
    if what in ('say', 'ask', 'link'):
        said.append(await say(chat, person, words.get(what, 'hello'), room=room))
    elif what == 'reply' and said:
        answered = said[which % len(said)]
        said.append(await say(chat, person, words['reply'], to=answered, room=answered.room))
    elif what == 'mention':
        name = 'all' if which > 5 else people[which % 3].name
        said.append(await say(chat, person, f'@{name} ?', room=room))
    elif what == 'react' and said:
        await react(chat, said[which % len(said)], person, '👍🎉😀'[which % 3])
    elif what == 'delete' and said:
        await chat.messages.delete(person, said[which % len(said)].id)
    elif what == 'leave':
        await chat.rooms.leave(person, room)
    elif what == 'join':
        await chat.rooms.join(person, room)
    elif what == 'private':
        await chat.rooms.change(person, room, private=which > 3)
    elif what == 'done' and said:
        await chat.catching_up.done(person, said[which % len(said)].id)


def _all(found: CatchUp) -> list[Message]:
    return [*found.mentions, *found.questions, *found.reacted, *(each.message for each in found.links)]
