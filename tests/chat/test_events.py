"""What is told, in the form every door speaks: the contract, one test for each event."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import events
from chat.models import Member, Message, Reaction, Room, User

ADA = User(7, 'Ada', 'guest')
SENT_AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 9, 1, 2, 3_999, tzinfo=UTC)
MESSAGE = Message(
    id=123, room_id=1, room='lobby', revision=57, author=ADA, body='raw *Markdown*',
    html='<p>raw <em>Markdown</em></p>', client_message_id=None, created_at=SENT_AT, edited_at=None, deleted_at=None,
    reply_to=None, first_revision=57, worded_revision=57,
)  # fmt: skip
MESSAGE_JSON = {
    'id': 123, 'room': 'lobby', 'revision': 57, 'author': {'id': 7, 'name': 'Ada', 'kind': 'guest'},
    'body': 'raw *Markdown*', 'html': '<p>raw <em>Markdown</em></p>', 'client_message_id': None,
    'created_at': '2026-11-23T09:00:00.000Z', 'edited_at': None, 'deleted_at': None, 'reply_to': None,
    'reactions': [], 'attachments': [], 'hidden': False, 'mentions': [], 'mentions_all': False, 'pinned_at': None,
}  # fmt: skip


def changed(**values: object) -> Message:
    fields = {name: getattr(MESSAGE, name) for name in Message.__slots__}
    return Message(**{**fields, **values})


def test_a_sent_message_carries_all_of_it() -> None:
    event = events.message_event(MESSAGE)
    assert isinstance(event, events.MessageSent)
    assert events.to_json(event) == {
        'type': 'message_sent', 'room': 'lobby', 'revision': 57, 'message': MESSAGE_JSON
    }  # fmt: skip


def test_an_edited_message_says_when() -> None:
    event = events.message_event(changed(revision=58, worded_revision=58, body='b', html='<p>b</p>', edited_at=LATER))
    assert isinstance(event, events.MessageEdited)
    edited = {'revision': 58, 'body': 'b', 'html': '<p>b</p>', 'edited_at': '2026-11-23T09:01:02.003Z'}
    assert events.to_json(event) == {
        'type': 'message_edited', 'room': 'lobby', 'revision': 58, 'message': {**MESSAGE_JSON, **edited}
    }  # fmt: skip


def test_a_deleted_message_has_no_words_even_if_it_was_edited_before() -> None:
    gone = changed(revision=59, worded_revision=59, body='', html='', edited_at=LATER, deleted_at=LATER)
    event = events.message_event(gone)
    assert isinstance(event, events.MessageDeleted)
    data = events.to_json(event)
    assert (data['type'], data['revision']) == ('message_deleted', 59)
    assert (data['message']['body'], data['message']['html']) == ('', '')
    assert data['message']['deleted_at'] == '2026-11-23T09:01:02.003Z'


def test_a_reaction_is_told_with_all_of_the_message_and_who_reacted() -> None:
    event = events.message_event(changed(revision=60, change='reacted', reactions=(Reaction('👍', ('Ada',), (7,)),)))
    assert isinstance(event, events.MessageReacted)
    reactions = [{'emoji': '👍', 'users': ['Ada'], 'user_ids': [7]}]
    assert events.to_json(event) == {
        'type': 'message_reacted', 'room': 'lobby', 'revision': 60,
        'message': {**MESSAGE_JSON, 'revision': 60, 'reactions': reactions},
    }  # fmt: skip


def test_a_pin_is_told_with_its_time_and_so_is_its_end() -> None:
    event = events.message_event(changed(revision=61, change='pinned', pinned_at=LATER))
    assert isinstance(event, events.MessagePinned)
    assert events.to_json(event)['type'] == 'message_pinned'
    assert events.to_json(event)['message']['pinned_at'] == '2026-11-23T09:01:02.003Z'
    ended = events.message_event(changed(revision=62, change='pinned'))
    assert (ended.type, events.to_json(ended)['message']['pinned_at']) == ('message_pinned', None)


@pytest.mark.parametrize(
    ('since', 'kind'),
    [
        (56, events.MessageSent),  # who does not know the message at all
        (57, events.MessageEdited),  # who knows its first words
        (58, events.MessageReacted),  # who knows those that it has now
    ],
)
def test_what_is_told_of_a_message_depends_on_what_is_known_of_it(since: int, kind: type[events.MessageEvent]) -> None:
    message = changed(revision=59, worded_revision=58, change='reacted', edited_at=LATER)
    assert type(events.message_event(message, since)) is kind


@pytest.mark.parametrize(
    ('kind', 'name'),
    [
        (events.MemberJoined, 'member_joined'),
        (events.MemberChanged, 'member_changed'),
        (events.MemberLeft, 'member_left'),
    ],
)
def test_coming_going_and_changing_name_the_member(kind: type[events.MemberEvent], name: str) -> None:
    assert events.to_json(kind(1, 'lobby', 60, Member(ADA, 'owner'))) == {
        'type': name, 'room': 'lobby', 'revision': 60,
        'member': {'user': {'id': 7, 'name': 'Ada', 'kind': 'guest'}, 'role': 'owner'},
    }  # fmt: skip


def test_a_reply_and_an_id_of_the_senders_own_are_told() -> None:
    data = events.message_json(changed(reply_to=99, client_message_id='mine'))
    assert (data['reply_to'], data['client_message_id']) == (99, 'mine')


def test_a_room_is_told_without_its_numbers() -> None:
    room = Room(1, 'lobby', 'Lobby', 'Where everybody meets', False, 57, SENT_AT)
    assert events.room_json(room) == {
        'slug': 'lobby', 'name': 'Lobby', 'topic': 'Where everybody meets', 'private': False, 'description': '',
        'posting': 'everybody', 'slow_mode': 0, 'paused': False, 'archived': False, 'direct': False,
    }  # fmt: skip


def test_states_have_names_and_no_number() -> None:
    states = (events.Typing(1, (ADA,)), events.StartAfresh(1), events.RoomGone(1))
    assert [state.type for state in states] == ['typing', 'start_afresh', 'room_gone']
    assert not any(hasattr(state, 'revision') for state in states)


def test_every_numbered_event_has_its_test_here() -> None:
    def leaves(kind: type[events.RoomEvent]) -> set[str]:
        below = kind.__subclasses__()
        return set().union(*map(leaves, below)) if below else {kind.type}

    assert leaves(events.RoomEvent) == {
        'message_sent', 'message_edited', 'message_deleted', 'message_reacted', 'message_pinned', 'member_joined',
        'member_changed', 'member_left', 'room_changed',
    }  # fmt: skip


def test_a_changed_room_says_what_it_is_called_and_about_now_and_who_may_find_it() -> None:
    event = events.RoomChanged(1, 'lobby', 61, 'Lounge', 'Tea', private=True)
    assert events.to_json(event) == {
        'type': 'room_changed', 'room': 'lobby', 'revision': 61, 'name': 'Lounge', 'topic': 'Tea', 'private': True,
        'description': '', 'posting': 'everybody', 'slow_mode': 0, 'paused': False, 'archived': False,
    }  # fmt: skip


def test_an_event_is_put_into_words_once_for_all_who_listen() -> None:
    event = events.message_event(changed(body='grüß dich'))
    assert json.loads(event.text) == events.to_json(event)
    assert 'grüß dich' in event.text
    assert event.text is event.text


WORDS = st.text(st.characters(exclude_categories=['Cs']), max_size=20)
NUMBERS = st.integers(1, 2**53)
MOMENTS = st.integers(0, 2**41).map(lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms))
USERS = st.builds(User, NUMBERS, WORDS, st.sampled_from(['guest', 'member', 'bot']))
REACTIONS = st.builds(
    Reaction, WORDS, users=st.lists(WORDS, max_size=2).map(tuple), user_ids=st.lists(NUMBERS, max_size=2).map(tuple)
)
PLACES = {'room_id': NUMBERS, 'room': WORDS, 'revision': NUMBERS}
ROOM_EVENTS = st.one_of(
    st.builds(
        lambda kind, message: kind(message.room_id, message.room, message.revision, message),
        st.sampled_from(
            [events.MessageSent, events.MessageEdited, events.MessageDeleted, events.MessageReacted,
             events.MessagePinned]
        ),
        st.builds(
            Message, NUMBERS, **PLACES, author=USERS, body=WORDS, html=WORDS, client_message_id=st.none() | WORDS,
            created_at=MOMENTS, edited_at=st.none() | MOMENTS, deleted_at=st.none() | MOMENTS,
            reply_to=st.none() | NUMBERS, reactions=st.lists(REACTIONS, max_size=2).map(tuple),
        ),
    ),
    st.builds(events.MemberJoined, **PLACES, member=st.builds(Member, USERS, st.sampled_from(['owner', 'member']))),
    st.builds(
        events.MemberChanged, **PLACES, member=st.builds(Member, USERS, st.sampled_from(['owner', 'member']))
    ),
    st.builds(events.MemberLeft, **PLACES, member=st.builds(Member, USERS, st.sampled_from(['owner', 'member']))),
    st.builds(events.RoomChanged, **PLACES, name=WORDS, topic=WORDS, private=st.booleans()),
)  # fmt: skip


@given(ROOM_EVENTS)
def test_every_event_can_be_read_from_its_words(event: events.RoomEvent) -> None:
    read = events.from_json(event.room_id, event.text)
    assert (type(read), read) == (type(event), event)
    assert read.text == event.text


@pytest.mark.parametrize(
    'text',
    ['', 'null', '[]', '{}', '{"type": "typing"}', '{"type": ["message_sent"]}',
     '{"type": "message_sent", "message": 1}',
     '{"type": "room_changed", "room": "lobby", "revision": "many", "name": "", "topic": "", "private": false}',
     '{"type": "message_sent", "room": "lobby", "revision": 1, "message": {"id": 1}}', '[' * 100_000],
)  # fmt: skip
def test_what_is_no_event_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of whichever library; nothing else may come
        events.from_json(1, text)
