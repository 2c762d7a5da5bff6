"""Frames that are put together once: what a client makes of them, and when they may not be written."""

import asyncio

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from web.prepared_frames import Protocol, frame_of


@pytest.mark.parametrize('length', [0, 1, 125, 126, 65_535, 65_536, 200_000])
def test_a_client_reads_the_text_whatever_its_length(length: int) -> None:
    text = 'é' * (length // 2) + 'x' * (length % 2)
    client = ClientProtocol(parse_uri('ws://localhost'), state=OPEN, max_size=None)
    client.receive_data(frame_of(text) + frame_of('next'))
    first, following = client.events_received()
    assert (first.opcode, first.data.decode()) == (Opcode.TEXT, text)
    assert following.data == b'next'


@pytest.mark.parametrize('hindrance', ['close_sent', 'not open', 'full', 'closing'])
def test_nothing_is_written_to_a_client_that_must_be_waited_for_or_is_gone(hindrance: str) -> None:
    written: list[bytes] = []

    class Transport:
        def is_closing(self) -> bool:
            return hindrance == 'closing'

        def write(self, data: bytes) -> None:
            written.append(data)

    protocol = Protocol.__new__(Protocol)
    protocol.transport = Transport()
    protocol.close_sent = hindrance == 'close_sent'
    protocol.handshake_complete = hindrance != 'not open'
    protocol.writable = asyncio.Event()
    if hindrance != 'full':
        protocol.writable.set()
    assert not protocol.write_frame(b'frame')
    assert written == []


def test_empty_parts_of_a_message_are_not_kept() -> None:
    protocol = Protocol.__new__(Protocol)
    protocol.frames = [b'{']
    for _ in range(10):
        protocol.handle_cont(Frame(Opcode.CONT, b'', fin=False))
    assert protocol.frames == [b'{']
