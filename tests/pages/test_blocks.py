"""What is said is rendered once for all pages, and as it would be one by one."""

from datetime import UTC, datetime, timedelta

import pytest

from chat.models import Message, User
from pages import blocks, rows, zones
from pages.blocks import talk_of

PEOPLE = [User(1, 'Ada', 'guest'), User(2, 'Bo', 'guest')]
NOON = datetime(2026, 11, 24, 23, 50, tzinfo=UTC)


def message(number: int, author: User, minutes: int) -> Message:
    when = NOON + timedelta(minutes=minutes)
    words = f'number {number}'
    return Message(number, 1, 'lobby', number, author, words, f'<p>{words}</p>', None, when, None, None, None)


@pytest.mark.parametrize('zone', ['UTC', 'Europe/Berlin', 'Asia/Kathmandu'])
def test_a_talk_is_what_its_messages_are_one_by_one(zone: str) -> None:
    reader = zones.zone(zone)
    authors = [0, 0, 1, 0, 0, 0]
    said = tuple(message(number, PEOPLE[authors[number]], 3 * number**2) for number in range(6))
    for before in (None, message(99, PEOPLE[0], -1)):
        talk = talk_of(said, before, reader)
        assert ''.join(html for _, html in talk.rows) == rows.rows(said, before, reader, {}, None)
        assert list(talk.messages.values()) == list(said)
        assert [(block.ids, block.key) for block in talk.blocks] == [
            ((each.id,), key) for each, (key, _) in zip(said, talk.rows, strict=True)
        ]


def test_all_pages_of_a_room_share_a_talk() -> None:
    blocks.talk_of.cache_clear()
    said = (message(1, PEOPLE[0], 0), message(2, PEOPLE[1], 1))
    talks = {id(talk_of(tuple(each for each in said), None, zones.zone('UTC'))) for _ in range(100)}
    assert len(talks) == 1
    assert talk_of(said, None, zones.zone('Asia/Tokyo')) is not talk_of(said, None, zones.zone('UTC'))
