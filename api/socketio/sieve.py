"""What a client may send: what reaches python-socketio, what is answered instead, and what ends the connection."""

import re
from enum import Enum, auto
from typing import Any

from engineio.packet import MESSAGE  # type: ignore[import-untyped]
from engineio.packet import Packet as EnginePacket
from pydantic_core import from_json
from socketio.packet import ACK, CONNECT, DISCONNECT, EVENT, Packet  # type: ignore[import-untyped]

from api.socketio.events import error_json, packet_of
from chat.errors import Invalid

# Engine.IO: 1 closes, 3 answers a ping, 6 says nothing; 2 and 5 go from polling to WebSocket, where alone they come.
WITHOUT_CONTENT = frozenset({'1', '3', '3probe', '6'})
UPGRADING = frozenset({'2probe', '5'})
# Names that mean something of its own to python-socketio: a stranger's "connect" would reach that handler.
RESERVED = frozenset({'*', 'connect', 'connect_error', 'disconnect'})
EVENT_START = re.compile(r'42(?P<id>[0-9]{0,10})\[')
BINARY_EVENT_START = re.compile(r'45(?P<attachments>[0-9]{1,2})-(?P<id>[0-9]{0,10})\[')
MOST_ATTACHMENTS = 10


class Verdict(Enum):
    """What becomes of a packet."""

    PASS = auto()
    ANSWER = auto()  # with an error: a client's mistake, as half an emoji or bytes
    IGNORE = auto()  # it belongs to one that was answered
    CLOSE = auto()  # no client sends it; python-socketio would log a traceback for most


class Sieve:
    """Judges the packets of one connection in the order in which they come."""

    def __init__(self) -> None:
        self._attachments = 0  # still to come, of an event that was answered

    def judge(self, packet: str | bytes, *, may_upgrade: bool) -> Verdict:
        """Return what becomes of the next packet."""
        if packet in WITHOUT_CONTENT or (may_upgrade and packet in UPGRADING):
            return Verdict.PASS
        if self._attachments:
            self._attachments -= 1
            return Verdict.IGNORE if isinstance(packet, bytes) or packet.startswith('b') else Verdict.CLOSE
        if isinstance(packet, bytes):
            return Verdict.CLOSE
        if announced := BINARY_EVENT_START.match(packet):
            self._attachments = int(announced['attachments'])
            return Verdict.ANSWER if 0 < self._attachments <= MOST_ATTACHMENTS else Verdict.CLOSE
        if event := EVENT_START.match(packet):
            return _judge_event(packet, event.end() - 1)
        return Verdict.PASS if _is_well_formed(packet) else Verdict.CLOSE


def answers(packet: str) -> list[EnginePacket]:
    """Return what a client is told whose packet is to be answered: the error, and the acknowledgement it waits for."""
    event, binary = EVENT_START.match(packet), BINARY_EVENT_START.match(packet)
    sentence = 'The event is not valid JSON.' if binary is None else 'An event is JSON, and carries no bytes.'
    error = error_json(Invalid(sentence))
    told = [packet_of('error', error)]
    if (match := event or binary) and match['id']:
        told.append(EnginePacket(MESSAGE, Packet(ACK, data=[error], id=int(match['id'])).encode()))
    return told


def _judge_event(packet: str, begin: int) -> Verdict:
    try:
        from_json(packet[begin:], allow_inf_nan=False)  # as strict as every door, whatever python-socketio reads with
        data = Packet(encoded_packet=packet[1:]).data
    except (ValueError, RecursionError):
        return Verdict.ANSWER
    return Verdict.PASS if _is_named(data) else Verdict.CLOSE


def _is_well_formed(text: str) -> bool:
    if not text.startswith(str(MESSAGE)):
        return False
    try:
        packet = Packet(encoded_packet=text[1:])
    except (ValueError, RecursionError):
        return False
    if packet.packet_type == EVENT:  # in a namespace that there is not
        return _is_named(packet.data)
    return packet.packet_type in (CONNECT, DISCONNECT) and (packet.data is None or isinstance(packet.data, dict))


def _is_named(data: Any) -> bool:
    return isinstance(data, list) and bool(data) and isinstance(data[0], str) and data[0] not in RESERVED
