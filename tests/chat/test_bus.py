"""What servers tell each other by Redis, and what becomes of it when Redis or the others are not as they should be."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import ClassVar

import pytest
from redis.asyncio import Redis

from chat import redis_channel
from chat.bus import ID_LENGTH, Bus, Came
from chat.events import MessageSent
from chat.models import User
from chat.presence import Everybody, Presence
from chat.rate_limits import LONGEST_KEY, RateLimits
from chat.redis_channel import explain, is_too_old, name_of, split
from chat.room_state import Published, RoomState, Writes
from chat.sessions import Ended
from chat.unread import HaveRead
from tests.chat.several import eventually
from tests.chat.test_events import MESSAGE
from tests.redis_server import RedisServer

ID = 'chat'


@dataclass(frozen=True)
class Word:
    """Something to tell."""

    kind: ClassVar[str] = 'word'
    word: str


@pytest.fixture
async def two(redis_url: str) -> AsyncIterator[tuple[Bus, Bus, list[str]]]:
    """Return two buses, and what the second one hears."""
    here, there = Bus(redis_url), Bus(redis_url)
    heard: list[str] = []
    there.hear(Word, lambda _, word: heard.append(word.word))
    for bus in (here, there):
        bus.start(ID)
    await eventually(lambda: here.is_connected_for(0) and there.is_connected_for(0))
    yield here, there, heard
    for bus in (here, there):
        await bus.stop()


async def test_what_is_told_is_heard_by_others_in_order_and_not_by_oneself(two) -> None:
    here, _, heard = two
    own: list[Word] = []
    here.hear(Word, lambda _, word: own.append(word))
    words = ['line\nbreak', 'grüß dich', '\u2028', '', *map(str, range(3_000))]
    for word in words:
        here.tell(Word(word))
    await eventually(lambda: len(heard) == len(words))
    assert (heard, own) == (words, [])


async def test_what_is_told_in_one_turn_travels_together(two, monkeypatch: pytest.MonkeyPatch) -> None:
    here, _, heard = two
    messages: list[bytes] = []
    speak = redis_channel.RedisChannel.speak

    async def counted(channel: redis_channel.RedisChannel, words: bytes) -> None:
        messages.append(words)
        await speak(channel, words)

    monkeypatch.setattr(redis_channel.RedisChannel, 'speak', counted)
    for number in range(500):
        here.tell(Word(str(number)))
    await eventually(lambda: len(heard) == 500)
    assert len([words for words in messages if b'word' in words]) <= 2


async def test_a_server_that_is_alone_says_nothing_and_needs_no_loop_for_it() -> None:
    alone = Bus()
    await asyncio.to_thread(alone.tell, Word('hello'))
    alone.start(ID)
    await alone.stop()
    assert (alone.is_alone, alone.is_away, alone.told, alone.lost) == (True, False, 0, 0)


@pytest.mark.parametrize(('channel', 'chat_id'), [('-other', ID), ('', 'another')])
async def test_chats_on_one_redis_do_not_hear_each_other(two, redis_url: str, channel: str, chat_id: str) -> None:
    _, _, heard = two
    stranger = Bus(redis_url + channel)
    stranger.start(chat_id)
    await eventually(lambda: stranger.is_connected_for(0))
    stranger.tell(Word('hello'))
    await stranger.stop()
    assert stranger.told >= 1
    two[0].tell(Word('to the end'))
    await eventually(lambda: heard == ['to the end'])


async def test_starting_and_stopping_twice_is_harmless_and_leaves_nothing_behind(redis_url: str) -> None:
    before = asyncio.all_tasks()
    bus = Bus(redis_url)
    for _ in range(2):
        for _ in range(2):
            bus.start(ID)
        await eventually(lambda: bus.is_connected_for(0))
        for _ in range(2):
            await bus.stop()
        assert bus.is_away
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize('password', ['right', 'wrong'])
async def test_a_server_can_stop_at_any_moment(password: str) -> None:
    redis = RedisServer('--requirepass', 'right')
    redis.start()
    bus = Bus(redis.url.replace('//', f'//:{password}@'))
    try:
        for turns in range(80):
            bus.start(ID)
            for _ in range(turns):
                await asyncio.sleep(0)
            async with asyncio.timeout(20):
                await bus.stop()
    finally:
        redis.stop()


# Redis as it should not be.


async def test_a_server_starts_before_its_redis_and_finds_it_later(caplog: pytest.LogCaptureFixture) -> None:
    redis = RedisServer()
    bus, healed = Bus(redis.url), []
    bus.on_gap(lambda: healed.append('healed'))
    with caplog.at_level(logging.INFO, 'hearth.bus'):
        bus.start(ID)
        await eventually(lambda: caplog.messages)
        bus.tell(Word('into the void'))
        assert (bus.is_away, bus.lost, healed) == (True, 1, [])
        redis.start()
        try:
            await eventually(lambda: not bus.is_away)
        finally:
            await bus.stop()
            redis.stop()
    assert healed == ['healed']
    assert len(caplog.messages) == 2, 'once that it is away, and once that it is there'
    assert 'it cannot be reached' in caplog.messages[0]


@pytest.mark.parametrize('noticed_by', ['chat.bus.SILENT_AFTER', 'chat.redis_channel.ANSWERS_WITHIN'])
async def test_a_redis_that_hangs_is_noticed_by_what_is_heard_and_by_what_is_told(
    monkeypatch: pytest.MonkeyPatch, noticed_by: str
) -> None:
    for limit in ('chat.bus.SILENT_AFTER', 'chat.redis_channel.ANSWERS_WITHIN'):
        monkeypatch.setattr(limit, 0.5 if limit == noticed_by else 1_000)
    monkeypatch.setattr('chat.bus.BEAT_EVERY', 0.05)
    redis = RedisServer()
    redis.start()
    bus = Bus(redis.url)
    try:
        bus.start(ID)
        await eventually(lambda: bus.is_connected_for(0.2))
        redis.freeze()
        await eventually(lambda: bus.is_away)
        redis.thaw()
    finally:
        await bus.stop()
        redis.stop()


async def test_a_redis_that_refuses_the_password_is_named_once_and_the_password_never(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('chat.bus.LONGEST_PAUSE', 0.01)
    redis = RedisServer('--requirepass', 'right')
    redis.start()
    bus = Bus(redis.url.replace('//', '//:wr0ng@'))
    tries = count_tries(monkeypatch)
    try:
        bus.start(ID)
        await eventually(lambda: len(tries) > 3)
    finally:
        await bus.stop()
        redis.stop()
    assert [record.levelname for record in caplog.records] == ['WARNING']
    assert 'it refuses the user or the password' in caplog.text
    assert 'wr0ng' not in caplog.text


def count_tries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    tries: list[str] = []
    enter = redis_channel.RedisChannel.__aenter__

    async def counted(channel: redis_channel.RedisChannel) -> redis_channel.RedisChannel:
        tries.append('tried')
        return await enter(channel)

    monkeypatch.setattr(redis_channel.RedisChannel, '__aenter__', counted)
    return tries


async def test_a_redis_with_the_right_password_whose_user_may_only_speak_and_listen_is_enough() -> None:
    may = 'hearth on >secret resetchannels &hearth:* -@all +ping +subscribe +publish +select'
    redis = RedisServer('--user', *may.split())
    redis.start()
    bus = Bus(redis.url.replace('//', '//hearth:secret@'))
    try:
        bus.start(ID)
        await eventually(lambda: bus.is_connected_for(0))
        assert bus.version == redis_channel.UNKNOWN
    finally:
        await bus.stop()
        redis.stop()


async def test_an_old_redis_is_used_and_named(
    redis_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def old(_: object) -> str:
        return '5.0.14'

    monkeypatch.setattr(redis_channel.RedisChannel, '_ask_version', old)
    bus = Bus(redis_url)
    bus.start(ID)
    await eventually(lambda: bus.is_connected_for(0))
    await bus.stop()
    assert 'Redis 5.0.14 is older than what Hearth was tried with' in caplog.text


@pytest.mark.parametrize(
    ('version', 'old'),
    [('5.0.14', True), ('6.0.16', True), ('6.2.0', False), ('7.4.1', False), ('10.0.1', False), ('unknown', False)],
)
def test_versions_are_compared_as_numbers(version: str, old: bool) -> None:
    assert is_too_old(version) is old


@pytest.mark.parametrize(
    ('url', 'address', 'channel'),
    [
        ('redis://redis:6379', 'redis://redis:6379', ''),
        ('rediss://:pw@redis/5', 'rediss://:pw@redis/5', ''),
        ('redis://redis/5?channel=ours', 'redis://redis/5', 'ours'),
        ('unix:///run/redis.sock', 'unix:///run/redis.sock', ''),
        ('unix:///run/redis.sock?channel=ours', 'unix:///run/redis.sock', 'ours'),
    ],
)
def test_an_address_says_where_redis_is_and_perhaps_which_channel(url: str, address: str, channel: str) -> None:
    assert split(url) == (address, channel)


def test_every_chat_has_a_channel_of_its_own() -> None:
    assert name_of('chat', '') == 'hearth:1:chat'
    assert name_of('chat', 'trial') == 'hearth:1:chat:trial'


async def test_a_socket_file_is_as_good_as_a_port(tmp_path) -> None:
    redis = RedisServer('--unixsocket', str(tmp_path / 'r'))
    redis.start()
    bus = Bus(f'unix://{tmp_path}/r')
    try:
        bus.start(ID)
        await eventually(lambda: bus.is_connected_for(0))
    finally:
        await bus.stop()
        redis.stop()


def test_whatever_is_wrong_is_said_in_some_words() -> None:
    assert explain(ValueError('anything')) == 'it cannot be reached'
    assert explain(TimeoutError()) == 'it does not answer'


# Others as they should not be.

OTHER = b'0123456789abcdef'
NONSENSE = [
    b'',
    b'\n',
    b'hello',
    b'\xff\xfe' * 8,
    b'\xff' * ID_LENGTH + b'\nword {"word": "x"}',
    OTHER,
    OTHER + b'\n',
    OTHER + b'\nword',
    OTHER + b'\nword {"word": 5}',
    OTHER + b'\nword {"word": "\xff"}',
    OTHER + b'\nword {"word": "unfinished',
    OTHER + b'\nword ' + b'[' * 100_000,
    OTHER + b'\nword null',
    OTHER + b'\nunheard-of {"a": 1}',
    OTHER + b'\n\xff\xff {}',
    OTHER + b'\n' * 1_000,
    OTHER + b'\npublished {"room_id": 1, "event": "{}"}',
    OTHER + b'\npublished {"room_id": 1, "event": "' + b'[' * 100_000 + b'"}',
    OTHER + b'\npublished {"room_id": 1, "event": "{\\"type\\":\\"message_sent\\",\\"revision\\":1}"}',
    OTHER + b'\npublished {"room_id": 1, "event": "{\\"type\\":[]}"}',
    OTHER + b'\npublished {"room_id": 1, "event": "' + b'9' * 10_000 + b'"}',
    OTHER + b'\nwrites {"room_id": 1, "user": {"id": 1, "name": "x", "kind": "emperor"}}',
    OTHER + b'\nwrites {"room_id": 99, "user": {"id": 1, "name": "x", "kind": "guest"}}',
    OTHER + b'\npresence {"statuses": {"a": "online"}}',
    OTHER + b'\npresence {"statuses": {"1": "everywhere"}}',
    OTHER + b'\npresence {"statuses": {"1": "offline"}}',
    OTHER + b'\neverybody {"above": "", "upto": null, "statuses": {}}',
    OTHER + b'\nended {"session_ids": ["1"]}',
    OTHER + b'\nread {"places": [[1]]}',
    OTHER + b'\nattempted {"doing": "anything else", "who": 1}',
    OTHER + b'\nattempted {"doing": "sending", "who": null}',
    OTHER + b'\nattempted {"doing": "sending", "who": "' + b'x' * (LONGEST_KEY + 1) + b'"}',
    OTHER + b'\ncame {"missed": "perhaps"}',
]


async def test_nonsense_on_the_channel_changes_nothing_and_fills_no_log(
    two, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    here, there, heard = two
    told: list[object] = []
    parts = (RoomState(None, None, bus=there), Presence(bus=there), RateLimits(bus=there))
    parts[0].subscribe(1, 0, told.append)
    parts[0]._rooms[1].filling.cancel()
    for shape in (Ended, HaveRead):
        there.hear(shape, lambda _, hint: told.append(hint))
    address, channel = split(redis_url)
    redis = Redis.from_url(address)
    for _ in range(2):
        for words in NONSENSE:
            await redis.publish(name_of(ID, channel), words)
    await redis.aclose()
    here.tell(Word('sense'))
    await eventually(lambda: heard == ['sense'])
    assert told == []
    assert (parts[1]._status, parts[2]._scores) == ({}, {})
    assert not there.is_away
    assert not [record for record in caplog.records if record.exc_info]
    assert len(caplog.messages) < len(NONSENSE)


async def test_what_a_newer_version_adds_to_a_hint_is_left_aside(two, redis_url: str) -> None:
    _, _, heard = two
    address, channel = split(redis_url)
    redis = Redis.from_url(address)
    await redis.publish(name_of(ID, channel), OTHER + b'\nword {"word": "hello", "louder": true}')
    await redis.aclose()
    await eventually(lambda: heard == ['hello'])


async def test_a_handler_that_fails_keeps_nothing_from_the_others(redis_url: str, caplog) -> None:
    bus, heard = Bus(redis_url), []

    def broken(*_: object) -> None:
        raise RuntimeError('broken')

    bus.hear(Word, broken)
    bus.hear(Word, lambda _, word: heard.append(word.word))
    for word in (b'a', b'b'):
        bus._take(OTHER + b'\nword {"word": "' + word + b'"}')
    assert heard == ['a', 'b']


async def test_what_cannot_be_put_into_words_takes_nothing_else_with_it(two, caplog) -> None:
    here, _, heard = two
    for word in ('a', '\ud800', 'b'):
        here.tell(Word(word))
    await eventually(lambda: heard == ['a', 'b'])
    assert not here.is_away


async def test_every_kind_of_hint_arrives_as_it_was_told(redis_url: str) -> None:
    """Also those whose JSON has other types than Python: keys that are numbers, and tuples."""
    hints = [
        Came(missed=True),
        Published(1, MessageSent(1, 'lobby', 57, MESSAGE).text),
        Writes(1, User(1, 'Ada', 'guest')),
        Everybody(0, None, {1: 'online', 2: 'away'}),
        Ended([1, 2]),
        HaveRead([(1, 2), (3, 4)]),
    ]
    from chat.bus import _line

    bus, heard = Bus(), []
    for hint in hints:
        bus.hear(type(hint), lambda _, told: heard.append(told))
    bus._take(b'\n'.join([OTHER, *map(_line, hints)]))
    assert heard == hints
