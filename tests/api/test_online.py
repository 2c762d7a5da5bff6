"""Who is online in a room, as those who listen are told it."""

import json
from datetime import UTC, datetime

from api.online import Online
from chat.events import MemberChanged, MemberJoined, MemberLeft
from chat.models import Member, Room, User
from chat.presence import Presence

ADA, BO, CY = User(1, 'Ada', 'guest'), User(2, 'Bo', 'guest'), User(3, 'Cy', 'guest')


def member(user: User) -> Member:
    return Member(user, 'member')


def room(revision: int) -> Room:
    return Room(1, 'lobby', 'Lobby', '', False, revision, datetime.now(UTC))


async def test_an_older_look_at_the_members_takes_nothing_back_that_was_heard_since() -> None:
    presence = Presence()
    for user in (ADA, BO, CY):
        presence.connect(user.id)
    online = Online(presence)
    first: list[str] = []
    second: list[str] = []
    online.follow(room(5), [member(ADA), member(BO)], first.append)
    online.heard(MemberLeft(1, 'lobby', 6, member(BO)))
    online.heard(MemberJoined(1, 'lobby', 7, member(CY)))
    online.follow(room(5), [member(ADA), member(BO)], second.append)
    assert json.loads(second[0])['online'] == ['Ada', 'Cy']


async def test_what_was_missed_is_noted_from_whoever_is_told_it_and_once() -> None:
    presence = Presence()
    presence.connect(ADA.id)
    presence.connect(BO.id)
    online = Online(presence)
    told: list[str] = []
    online.follow(room(5), [member(ADA)], told.append)
    joined, left = MemberJoined(1, 'lobby', 6, member(BO)), MemberLeft(1, 'lobby', 7, member(BO))
    for event in (joined, left, joined):  # another listener is told the same a moment later
        online.heard(event)
    later: list[str] = []
    online.follow(room(7), [member(ADA)], later.append)
    assert json.loads(later[0])['online'] == ['Ada']


async def test_who_is_online_is_told_by_the_name_they_have_now() -> None:
    presence = Presence()
    presence.connect(ADA.id)
    online = Online(presence)
    online.follow(room(5), [member(ADA)], lambda _: None)
    online.heard(MemberChanged(1, 'lobby', 6, member(User(ADA.id, 'Eve', 'guest'))))
    later: list[str] = []
    online.follow(room(5), [member(ADA)], later.append)
    assert json.loads(later[0])['online'] == ['Eve']
