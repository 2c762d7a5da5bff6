"""A server that is asked to stop ends, whoever is connected and does nothing."""

import asyncio
import json
import socket
from contextlib import closing
from pathlib import Path

import httpx
from websockets.asyncio.client import connect

from tests.servers import Server


async def test_a_server_ends_though_one_takes_nothing_and_another_never_ends_its_request(tmp_path: Path) -> None:
    server = Server(tmp_path / 'data')
    await asyncio.to_thread(server.start)
    try:
        async with httpx.AsyncClient(base_url=f'{server.site}/api/v1', timeout=60) as http:
            token = (await http.post('/sessions', json={'name': 'Ada'})).json()['token']
            http.cookies.clear()
            headers = {'Authorization': f'Bearer {token}'}
            said = {'body': 'x' * 10_000}
            for _ in range(20):  # more than the system keeps for somebody who does not read
                posts = [http.post('/rooms/lobby/messages', json=said, headers=headers) for _ in range(20)]
                assert {answer.status_code for answer in await asyncio.gather(*posts)} == {201}
        with closing(socket.create_connection(('127.0.0.1', server.port))) as unfinished:
            unfinished.sendall(b'POST /api/v1/sessions HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n{')
            deaf = await connect(f'{server.site}/api/v1/ws'.replace('http', 'ws'), additional_headers=headers)
            deaf.transport.pause_reading()
            await deaf.send(json.dumps({'type': 'subscribe', 'room': 'lobby', 'since': 1}))
            await asyncio.sleep(1)  # it is being sent
            await asyncio.to_thread(server.stop)
            deaf.transport.abort()
    finally:
        server.kill()
