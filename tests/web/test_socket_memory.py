"""How much of the server's memory a stranger can hold through the socket of a page."""

import asyncio
import base64
import socket
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus


async def is_closed(ws):
    try:
        async with asyncio.timeout(10):
            while True:
                await ws.recv()
    except ConnectionClosed:
        return True


async def test_a_binary_frame_ends_the_connection(server):
    page = server.open_page()
    async with server.shaken(page) as ws:
        await ws.send(b'\x00' * 1000)
        assert await is_closed(ws)


@pytest.mark.parametrize('packet', ['45999999999-["event",{"_placeholder":true,"num":0}]', '4610-[]', 'bAAAA'])
async def test_a_packet_that_announces_attachments_ends_the_connection(server, packet):
    page = server.open_page()
    async with server.shaken(page) as ws:
        await ws.send(packet)
        assert await is_closed(ws)
    assert server.state()['waiting_for_attachments'] == 0


async def test_attachments_can_not_be_announced_in_a_post_either(server):
    page = server.open_page()
    async with server.polling(page) as connection:
        assert (await connection.post('40\x1e451-["event",{}]\x1ebAAAA')).status_code == 400
        assert (await connection.post('40')).status_code == 400
    assert server.state()['waiting_for_attachments'] == 0


async def test_a_message_of_more_than_a_megabyte_ends_the_connection(server):
    page = server.open_page()
    async with server.shaken(page) as ws:
        await ws.send(page.click(args=['"' + 'x' * 1_100_000 + '"']))
        assert await is_closed(ws)


async def test_a_post_of_more_than_a_megabyte_ends_the_connection(server):
    page = server.open_page()
    async with server.polling(page) as connection:
        assert (await connection.post('4' * 1_100_000)).status_code == 400


async def test_frames_are_never_unpacked(server):
    page = server.open_page()
    async with server.connect(page.query()) as ws:
        assert not ws.protocol.extensions


async def test_who_never_reads_is_cut_off_and_costs_no_memory(server, until):
    page = server.open_page('/flood')
    before = server.state()['sockets']
    lazy = open_lazily(server, page)
    await until(lambda: server.state()['sockets'] == before + 1)
    most = 0
    for _ in range(1500):  # a busy machine takes its time
        state = server.state()
        most = max(most, state['queued'])
        if state['sockets'] == before:
            break
        await asyncio.sleep(0.02)
    assert server.state()['sockets'] == before
    assert most < 1_200_000
    assert drain(lazy) == 'closed'
    assert 'Traceback' not in server.log()


async def test_an_address_can_hold_so_many_sockets_and_no_more(server, until):
    page, address = server.open_page(), {'x-forwarded-for': '203.0.113.7'}
    opened = [await server.connect(page.query(), **address) for _ in range(20)]
    with pytest.raises(InvalidStatus):
        await server.connect(page.query(), **address)
    await server.connect(page.query())  # nobody else is hurt
    before = server.state()['sockets']
    await opened.pop().close()
    await until(lambda: server.state()['sockets'] < before)
    await server.connect(page.query(), **address)


def open_lazily(server, page):
    """Open the socket of a page and shake hands without ever reading."""
    lazy = socket.socket()
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lazy.connect(('127.0.0.1', server.port))
    key = base64.b64encode(b'0' * 16).decode()
    path = server.address(page.query()).split(str(server.port))[1]
    lazy.sendall(
        f'GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nOrigin: {server.origin}\r\n'
        f'Cookie: hearth_session=mine\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
        f'Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n'.encode()
    )
    time.sleep(0.2)
    lazy.sendall(bytes([0x81, 0x82, 0, 0, 0, 0]) + b'40')
    return lazy


def drain(lazy):
    lazy.settimeout(3)
    try:
        while lazy.recv(1_000_000):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        return 'open'
    return 'closed'
