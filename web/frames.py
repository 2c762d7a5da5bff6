"""What a page's browser may say on its socket: pure questions about one packet of text.

NiceGUI takes what comes: other names of events reach handlers never meant for strangers (``connect`` is one), a missing
key or a bracket too many ends in a traceback, and a binary packet may announce attachments that are awaited for ever.
"""

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from nicegui import json

DEEPEST = 40  # lists and objects within each other
LONGEST_ID = 100  # characters; NiceGUI's own are UUIDs
LARGEST_NUMBER = 2**53  # beyond it, browsers count no more
LEVELS = ('debug', 'info', 'warning', 'error')

# Engine.IO: 1 closes, 2 and 5 go from polling to WebSocket, 3 answers a ping. Socket.IO: 40 connects, 41 disconnects.
WITHOUT_CONTENT = frozenset({'1', '2probe', '3', '3probe', '5', '40', '40{}', '41'})
BINARY = ('b', '45', '46')
EVENT = re.compile(r'42[0-9]{0,10}(\[.+\])', re.DOTALL)


class Verdict(Enum):
    """What to do with a packet."""

    PASS = 'pass'  # noqa: S105 -- not a password
    DROP = 'drop'
    CLOSE = 'close'


def judge(packet: str) -> Verdict:
    """Say whether a packet may reach NiceGUI, is to be dropped, or ends the connection: no page ever sends binary."""
    if packet in WITHOUT_CONTENT:
        return Verdict.PASS
    if packet.startswith(BINARY):
        return Verdict.CLOSE
    match = EVENT.fullmatch(packet)
    return Verdict.PASS if match and _is_known_event(_parse(match[1])) else Verdict.DROP


def is_handshake(payload: Any) -> bool:
    """Whether this says which page of which tab a socket belongs to, in the words of NiceGUI's browser side."""
    return (
        isinstance(payload, Mapping)
        and all(_is_id(payload.get(key)) for key in ('client_id', 'tab_id', 'document_id'))
        and (payload.get('old_tab_id') is None or _is_id(payload['old_tab_id']))
        and _is_position(payload.get('next_message_id'))
    )


def clean_line(text: str, longest: int) -> str:
    """Return text that cannot forge lines of a log or hide in a terminal, cut to a length."""
    return ''.join(each if each.isprintable() else each.encode('unicode_escape').decode() for each in text[:longest])[
        :longest
    ]


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_known_event(event: Any) -> bool:
    if not isinstance(event, list) or len(event) != 2 or not isinstance(event[0], str):
        return False
    is_well_formed = PAYLOADS.get(event[0])
    return is_well_formed is not None and is_well_formed(event[1]) and not _is_too_deep(event)


def _is_event(payload: Any) -> bool:
    return (
        isinstance(payload, dict)
        and _is_id(payload.get('client_id'))
        and _is_id(payload.get('listener_id'))
        and _is_number(payload.get('id'))
        and isinstance(payload.get('args'), list)
        and all(map(_is_argument, payload['args']))
    )


def _is_javascript_response(payload: Any) -> bool:
    return isinstance(payload, dict) and _is_id(payload.get('client_id')) and _is_id(payload.get('request_id'))


def _is_ack(payload: Any) -> bool:
    return isinstance(payload, dict) and _is_id(payload.get('client_id')) and _is_number(payload.get('next_message_id'))


def _is_log(payload: Any) -> bool:
    return (
        isinstance(payload, dict)
        and _is_id(payload.get('client_id'))
        and payload.get('level') in LEVELS
        and isinstance(payload.get('message'), str)
    )


PAYLOADS: dict[str, Callable[[Any], bool]] = {
    'handshake': is_handshake,
    'event': _is_event,
    'javascript_response': _is_javascript_response,
    'ack': _is_ack,
    'log': _is_log,
}


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST_NUMBER


def _is_position(value: Any) -> bool:
    # In the address of a socket it is text.
    return (
        value is None
        or _is_number(value)
        or (isinstance(value, str) and re.fullmatch('[0-9]{1,16}', value) is not None)
    )


def _is_argument(value: Any) -> bool:
    # Each argument is JSON within the JSON, and null where JavaScript has undefined.
    if value is None:
        return True
    if not isinstance(value, str):
        return False
    parsed = _parse(value)
    return (parsed is not None or value.strip() == 'null') and not _is_too_deep(parsed)


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True
