"""docs/api.md names every frame, event and state of the doors that no schema describes, and nothing else."""

import re
from datetime import UTC, datetime
from typing import get_args

import pytest
from engineio.packet import Packet as EnginePacket
from pydantic import BaseModel
from socketio.packet import Packet

from api import callers, frames, outbox, schemas, ws
from api.socketio import door, events, waiting
from chat import pictures, text
from chat.events import (
    MemberChanged,
    MemberJoined,
    MemberLeft,
    MessageDeleted,
    MessageEdited,
    MessagePinned,
    MessageReacted,
    MessageSent,
    RoomChanged,
    RoomEvent,
    RoomGone,
    StartAfresh,
    Typing,
)
from chat.models import COLORS, Member, Message, User
from chat.statuses import StatusFor
from tests.api.documented import section, table

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ADA = User(7, 'Ada', 'guest')
SAID = Message(123, 1, 'lobby', 57, ADA, 'Hello', '<p>Hello</p>', None, NOW, None, None, None)
EVENTS: dict[type[RoomEvent], type[BaseModel]] = {
    MessageSent: schemas.MessageHappened,
    MessageEdited: schemas.MessageHappened,
    MessageDeleted: schemas.MessageHappened,
    MessageReacted: schemas.MessageHappened,
    MessagePinned: schemas.MessageHappened,
    MemberJoined: schemas.MemberHappened,
    MemberChanged: schemas.MemberHappened,
    MemberLeft: schemas.MemberHappened,
    RoomChanged: schemas.RoomHappened,
}
PAYLOADS: dict[str, type[BaseModel]] = {
    'join': events.Join,
    'message': events.Message,
    'edit': events.Edit,
    'delete': events.Delete,
    'get_user_messages': events.GetUserMessages,
}


def names(cell: str) -> list[str]:
    """Return what a cell has in backticks."""
    return re.findall(r'`(\w+)`', cell)


def fields_of(model: type[BaseModel]) -> set[str]:
    """Return a model's fields as the documentation writes them: with a question mark if they can be left out."""
    return {f'{name}{"" if field.is_required() else "?"}' for name, field in model.model_fields.items()} - {'type'}


def subclasses(kind: type) -> set[type]:
    """Return all kinds of something that have none below them."""
    below = kind.__subclasses__()
    return {kind} if not below else set().union(*map(subclasses, below))


def test_every_frame_and_its_fields() -> None:
    first = section('WebSocket').partition('\n| frame |')[0]
    shown = [first, *(row[0] for row in table('WebSocket', 'frame'))]
    documented = {}
    for name, rest in re.findall(r'\{"type": "(\w+)"((?:, "\w+"(?:: \w+)?\??)*)\}', ' '.join(shown)):
        documented[name] = {f'{field}{mark}' for field, mark in re.findall(r'"(\w+)"(?:: \w+)?(\??)', rest)}
    assert documented.pop('ok') == {'id', 'result'}
    assert documented.pop('error') == {'id', 'code', 'message', 'field'}
    assert documented == {name: fields_of(model) for name, model in frames.KINDS.items()}


def test_every_event_and_what_it_carries() -> None:
    documented = {name: names(row[1]) for row in table('WebSocket', 'event') for name in names(row[0])}
    assert set(EVENTS) == subclasses(RoomEvent)
    assert set(documented) == {event.type for event in EVENTS}
    for event, model in EVENTS.items():
        assert set(model.model_fields) - {'type'} <= set(documented[event.type]), event


def test_every_state() -> None:
    documented = {names(row[0])[0] for row in table('WebSocket', 'state')}
    assert documented == {Typing.type, StartAfresh.type, RoomGone.type, 'presence'}


def test_every_event_that_a_socketio_client_may_send() -> None:
    documented = {}
    for row in table('Socket.IO', 'event')[:4]:
        payloads = re.findall(r'\{([^}]*)\}', row[1])
        documented |= {name: set(payload.split(', ')) for name, payload in zip(names(row[0]), payloads, strict=True)}
    assert documented == {name: fields_of(model) for name, model in PAYLOADS.items()}


@pytest.mark.parametrize('event', [
    MessageSent(1, 'lobby', 57, SAID), MessageEdited(1, 'lobby', 57, SAID), MessageDeleted(1, 'lobby', 57, SAID),
    MemberJoined(1, 'lobby', 57, Member(ADA, 'member')), MemberLeft(1, 'lobby', 57, Member(ADA, 'member')),
])  # fmt: skip
def test_what_a_socketio_client_is_told(event: RoomEvent) -> None:
    documented = {}
    for row in table('Socket.IO', 'event')[4:]:
        payloads = re.findall(r'\{([^}]*)\}', row[1]) * 2
        documented |= {name: set(payload.split(', ')) for name, payload in zip(names(row[0]), payloads, strict=False)}
    packet = events.told(event)
    assert isinstance(packet, EnginePacket)
    name, payload = Packet(encoded_packet=packet.data).data
    assert documented[name] == set(payload)


@pytest.mark.parametrize('event', [
    MemberChanged(1, 'lobby', 57, Member(ADA, 'member')),
    MessageReacted(1, 'lobby', 57, SAID), MessagePinned(1, 'lobby', 57, SAID),
])  # fmt: skip
def test_a_socketio_client_is_told_nothing_that_the_original_room_did_not_tell(event: RoomEvent) -> None:
    assert events.told(event) is None


def test_profiles_are_described_field_by_field() -> None:
    documented = {names(row[0])[0]: row[1] for row in table('Profiles', 'field')}
    fields = set(schemas.OwnProfile.model_fields) | set(schemas.ProfileChanges.model_fields)
    assert set(documented) == fields - {'user', 'created_at'}
    assert [each for each in get_args(StatusFor) if f'`{each}`' not in documented['status_for']] == []
    assert f'1 to {text.NAME_LENGTH}' in documented['name']
    assert f'0 to {COLORS - 1}' in documented['color']
    assert f'at most {text.STATUS_LENGTH} characters' in documented['status']
    described = ' '.join(section('Profiles').split())
    assert f'at most {pictures.MOST_PIXELS // 1_000_000} megapixels' in described
    assert f'at most {pictures.SIDE} pixels' in described
    assert f'at most {pictures.LARGEST:,} bytes' in section('Calls')


def test_the_limits() -> None:
    websocket, socketio = section('WebSocket'), section('Socket.IO')
    assert frames.LARGEST_FRAME == 64 * 1024
    assert 'at most 64 KiB' in websocket
    assert 'at most 64 KiB' in socketio
    assert f'within {ws.AUTHENTICATE_WITHIN:g} s' in websocket
    assert f'At most {ws.MOST_ROOMS} rooms a connection' in websocket
    assert f'From one address {callers.CONNECTIONS_PER_ADDRESS} can be open' in ' '.join(websocket.split())
    assert f'From one address {callers.CONNECTIONS_PER_ADDRESS} can be open' in ' '.join(socketio.split())
    most = f'{outbox.MOST_WAITING:,} frames or {outbox.MOST_CHARACTERS // 1_000_000} million characters'
    assert f'{outbox.TOO_SLOW} when more than {most}' in websocket
    assert f'{waiting.MOST_WAITING:,} packets or {waiting.MOST_WAITING_BYTES // 1_000_000} MB' in socketio
    assert f'at most {waiting.MOST_AT_ONCE} packets' in socketio
    assert f'{events.MOST_CHARACTERS // 1_000_000} MB of JSON' in socketio
    assert f'pinged every {door.PING_INTERVAL} s' in socketio
    assert {int(code) for code in re.findall(r'\b10\d\d\b', websocket)} == {
        ws.POLICY_VIOLATION, ws.TOO_BIG, outbox.TOO_SLOW, 1012,
    }  # fmt: skip
