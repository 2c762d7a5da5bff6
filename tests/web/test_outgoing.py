"""Packets to one browser: written at once if nothing waits, else in order behind what does, and not without bounds."""

import asyncio

import pytest
from engineio.packet import MESSAGE, PING, Packet
from websockets.frames import Frame, Opcode

from tests.loops import breathe
from web.socket_traffic import Outgoing, PacketQueue


class Socket:
    """An Engine.IO socket and its writing task; ``sent`` is what arrived, by whichever way."""

    def __init__(self) -> None:
        self.queue = PacketQueue()
        self.upgraded, self.closed, self.closing = True, False, False
        self.sent: list[str] = []
        self.is_writable = True
        self.overflows = 0
        self.outgoing = Outgoing(self, 5, 1000, self._overflow)
        self.outgoing.write = self._write
        self._may_write = asyncio.Event()

    async def send(self, packet: Packet) -> None:
        await self.queue.put(packet)

    async def write_forever(self) -> None:
        """Send what is queued, as slowly as the test lets it."""
        while True:
            packet = await asyncio.wait_for(self.queue.get(), 10)
            await self._may_write.wait()
            self.sent.append(packet.encode())

    def take_queued(self) -> None:
        self._may_write.set()

    def _write(self, frame: bytes) -> bool:
        if self.is_writable:
            self.sent.append(frame[2:].decode())
            assert frame == Frame(Opcode.TEXT, frame[2:]).serialize(mask=False)
        return self.is_writable

    def _overflow(self) -> None:
        self.overflows += 1


@pytest.fixture
async def socket():
    socket = Socket()
    writing = asyncio.create_task(socket.write_forever())
    await breathe()
    yield socket
    writing.cancel()


async def test_what_can_be_written_is_written_at_once(socket):
    socket.outgoing.put(b'2["a"]')
    await socket.outgoing.send(Packet(MESSAGE, '2["b"]'))
    assert socket.sent == ['42["a"]', '42["b"]']


async def test_what_cannot_be_written_waits_and_nothing_overtakes_it(socket):
    socket.is_writable = False
    socket.outgoing.put('2["a"]')
    socket.is_writable = True
    for name in 'bc':
        socket.outgoing.put(f'2["{name}"]')
        await breathe()  # the first is taken from the queue now, and not yet sent
    socket.take_queued()
    await breathe()
    socket.outgoing.put('2["d"]')
    assert socket.sent == ['42["a"]', '42["b"]', '42["c"]', '42["d"]']


async def test_pings_go_by_the_queue_whose_silence_ends_a_connection(socket):
    await socket.outgoing.send(Packet(PING))
    socket.outgoing.put('2["after"]')
    assert socket.sent == []
    socket.take_queued()
    await breathe()
    assert socket.sent == ['2', '42["after"]']


async def test_before_the_upgrade_to_a_websocket_everything_goes_by_the_queue(socket):
    socket.upgraded = False
    socket.outgoing.put('2["a"]')
    assert socket.sent == []
    assert socket.queue.qsize() == 1


async def test_too_many_packets_or_bytes_are_too_much_and_one_large_packet_is_not(socket):
    socket.is_writable = False
    socket.outgoing.put('2' + 'x' * 2000)
    await breathe()
    socket.outgoing.put('2' + 'x' * 2000)
    assert socket.overflows == 0
    socket.outgoing.put('2')
    assert socket.overflows == 1
    for _ in range(5):
        socket.outgoing.put('2')
    assert socket.overflows > 1


@pytest.mark.parametrize('state', ['closed', 'closing'])
async def test_nothing_is_kept_for_one_that_is_closed(socket, state):
    setattr(socket, state, True)
    socket.outgoing.put('2["a"]')
    assert (socket.sent, socket.queue.qsize()) == ([], 0)
