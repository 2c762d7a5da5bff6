"""Real servers behind a real HAProxy: who comes where, what happens when a server goes, and what cannot be forged."""

import asyncio
import json
import ssl
import time
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from benchmarks.browsers import Page
from tests.deploy.balancer import COOKIE, Balancer, Cluster, certificate
from tests.servers import free_port
from web.draining import DRAIN

pytestmark = pytest.mark.slow

NOTICED_WITHIN = 3.0  # s
numbers = count()


async def test_a_visitor_stays_with_one_server_with_page_files_and_socket(cluster: Cluster) -> None:
    for _ in range(4):  # two by two on each server
        async with visitor(cluster) as http:
            await sign_in(http)
            where = http.cookies[COOKIE]
            page = Page(cluster.site, '/rooms/lobby', cookie_of(http))
            await page.open(http)
            html = (await http.get('/rooms/lobby')).text
            named = {part.split('"')[0] for part in html.split('"/_nicegui/')[1:]}
            files = sorted(each for each in named if not each.endswith('/'))  # the import map names folders too
            assert len(files) > 5
            for file in files[:5]:
                answer = await http.get(f'/_nicegui/{file}')
                assert answer.status_code == 200
                assert 'set-cookie' not in answer.headers
            await page.say('through the balancer')
            said = (await http.get('/api/v1/rooms/lobby/messages')).json()['messages'][-1]
            assert said['body'] == 'through the balancer'
            page.check()
            await page.close()
            assert http.cookies[COOKIE] == where


async def test_newcomers_are_spread_over_the_servers(cluster: Cluster) -> None:
    assert len({await newcomer(cluster) for _ in range(6)}) == 2


async def test_the_cookie_is_for_the_balancer_alone(cluster: Cluster) -> None:
    async with visitor(cluster) as http:
        cookie = (await http.get('/')).headers['set-cookie']
    assert 'HttpOnly' in cookie
    assert 'SameSite=Lax' in cookie
    assert 'Secure' not in cookie  # over http it would never come back


async def test_programs_talk_over_a_websocket_without_cookies(cluster: Cluster) -> None:
    async with visitor(cluster) as http:
        headers = await sign_in(http)
        address = f'{cluster.site}/api/v1/ws'.replace('http', 'ws')
        headers['Cookie'] = f'{COOKIE}={http.cookies[COOKIE]}'  # each server has a chat of its own here
        async with connect(address, additional_headers=headers) as socket:
            assert json.loads(await socket.recv())['type'] == 'ready'
            await socket.send(json.dumps({'id': 1, 'type': 'subscribe', 'room': 'lobby'}))
            while json.loads(await socket.recv()).get('id') != 1:
                pass
            await http.post('/api/v1/rooms/lobby/messages', json={'body': 'heard'}, headers=headers)
            async with asyncio.timeout(30):
                while json.loads(await socket.recv()).get('message', {}).get('body') != 'heard':
                    pass


async def test_socketio_polls_at_one_server_though_it_keeps_no_cookies(cluster: Cluster) -> None:
    for _ in range(5):
        async with visitor(cluster) as http:
            query = {'EIO': '4', 'transport': 'polling'}
            opened = await http.get('/socket.io/', params=query)
            query['sid'] = json.loads(opened.text[1:])['sid']
            for packet in ('40', '42["join",{"user":"Polly"}]'):
                http.cookies.clear()
                assert (await http.post('/socket.io/', params=query, content=packet)).text == 'OK'
            http.cookies.clear()
            heard = await http.get('/socket.io/', params=query)
            assert heard.status_code == 200
            http.cookies.clear()
            address = f'{cluster.site}/socket.io/?EIO=4&transport=websocket&sid={query["sid"]}'.replace('http', 'ws')
            async with connect(address) as socket:
                await socket.send('2probe')
                assert await socket.recv() == '3probe'


async def test_a_server_that_is_killed_leaves_its_visitors_to_the_other(cluster: Cluster) -> None:
    async with visitor(cluster) as http:
        await sign_in(http)
        where = http.cookies[COOKIE]
        await asyncio.to_thread(cluster.server_of(http.cookies[COOKIE]).kill)
        answer = await http.get('/')
        assert answer.status_code == 200
        assert http.cookies[COOKIE] != where
        there = http.cookies[COOKIE]
        assert (await http.post('/api/v1/sessions', json={'name': a_name()})).status_code == 201
        assert http.cookies[COOKIE] == there


async def test_not_even_what_changes_something_fails_when_its_server_is_not_there_any_more(cluster: Cluster) -> None:
    async with visitor(cluster) as http:
        await http.get('/healthz')
        await asyncio.to_thread(cluster.server_of(http.cookies[COOKIE]).kill)
        assert (await http.post('/api/v1/sessions', json={'name': a_name()})).status_code == 201


async def test_only_what_changes_nothing_is_asked_again_when_a_server_took_it_and_died(tmp_path: Path) -> None:
    port = free_port('0.0.0.0')  # noqa: S104 - free on each address of this machine
    taken: list[str] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Be well, and die of the first request that is about anything else; the next one is answered."""
        what = (await reader.readline()).decode().split()
        if '/readyz' not in what[1]:
            taken.append(what[0])
        if '/readyz' in what[1] or taken[:-1]:
            writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
        writer.close()

    hosts = ['127.0.0.2', '127.0.0.3']
    balancer = Balancer(tmp_path, hosts, port)
    async with AsyncExitStack() as stack:
        for host in hosts:
            await stack.enter_async_context(await asyncio.start_server(take, host, port))
        try:
            await asyncio.to_thread(balancer.start)
            async with visitor(balancer) as http:
                assert (await http.get('/rooms/lobby')).status_code == 200
                assert taken == ['GET', 'GET']
            taken.clear()
            async with visitor(balancer) as http:  # anew: on a connection that was used, the balancer would only close
                assert (await http.put('/api/v1/rooms/lobby/membership')).status_code == 502
                assert taken == ['PUT']
        finally:
            balancer.stop()


async def test_a_server_that_stops_gets_no_newcomers_and_loses_no_request(cluster: Cluster) -> None:
    async with visitor(cluster) as http, AsyncExitStack() as stack:
        headers = await sign_in(http)
        where = http.cookies[COOKIE]
        stopping = cluster.server_of(http.cookies[COOKIE])
        headers['Cookie'] = f'{COOKIE}={where}'
        address = f'{cluster.site}/api/v1/ws'.replace('http', 'ws')
        socket = await stack.enter_async_context(connect(address, additional_headers=headers))
        assert json.loads(await socket.recv())['type'] == 'ready'
        answers: list[int] = []
        asking = asyncio.create_task(keep_asking(cluster, answers))
        told = time.monotonic()
        stopping.tell_to_stop()
        await asyncio.to_thread(cluster.wait_until_ready, 1)
        assert time.monotonic() - told < NOTICED_WITHIN
        assert where not in {await newcomer(cluster) for _ in range(6)}
        await socket.send(json.dumps({'id': 1, 'type': 'ping'}))  # who is connected is served on
        assert json.loads(await socket.recv())['type'] == 'ok'
        async with asyncio.timeout(DRAIN + 10):
            await socket.wait_closed()
        assert socket.close_code == 1012
        await asyncio.to_thread(stopping.wait_for_end)
        assert where not in {await newcomer(cluster) for _ in range(4)}
        asking.cancel()
        assert len(answers) > 5  # all along, at the pace of the machine
        assert set(answers) <= {200, 201}


async def test_where_no_server_is_everybody_is_told_so_in_their_own_words(cluster: Cluster) -> None:
    for server in cluster.servers:
        await asyncio.to_thread(server.kill)
    await asyncio.to_thread(cluster.wait_until_ready, 0)
    async with visitor(cluster) as http:
        program, person = await http.get('/api/v1/me'), await http.get('/rooms/lobby')
    assert (program.status_code, program.json()['error']['code']) == (503, 'unavailable')
    assert person.status_code == 503
    assert 'http-equiv="refresh"' in person.text
    assert program.headers['Retry-After'] == person.headers['Retry-After'] == '3'


async def test_nobody_forges_an_address_and_so_escapes_the_limits(cluster: Cluster) -> None:
    async with visitor(cluster, local_address='127.0.0.77') as http:
        statuses = []
        for number in range(250):  # on a slow machine much is forgiven meanwhile
            forged = {'X-Forwarded-For': f'203.0.113.{number}', 'Forwarded': f'for=203.0.113.{number}'}
            statuses.append((await http.post('/api/v1/sessions', json={'name': a_name()}, headers=forged)).status_code)
            if statuses[-1] == 429:
                break
        assert statuses[-1] == 429
        cookies = {COOKIE: http.cookies[COOKIE]}
    async with visitor(
        cluster, local_address='127.0.0.78', cookies=cookies
    ) as other:  # limited only each by themselves
        assert (await other.post('/api/v1/sessions', json={'name': a_name()})).status_code == 201
        assert other.cookies[COOKIE] == cookies[COOKIE]


async def test_nobody_pretends_that_https_came_in_or_that_the_site_is_elsewhere(cluster: Cluster) -> None:
    async with visitor(cluster) as http:
        forged = {'X-Forwarded-Proto': 'https', 'X-Forwarded-Prefix': '/elsewhere'}
        answer = await http.get('/', headers=forged)
        assert 'Strict-Transport-Security' not in answer.headers
        assert '/elsewhere' not in answer.text


async def test_numbers_of_a_server_are_not_for_those_outside(cluster: Cluster) -> None:
    async with visitor(cluster) as http:
        assert (await http.get('/metrics')).status_code == 404


async def test_what_is_far_too_large_never_reaches_a_server(cluster: Cluster) -> None:
    reader, writer = await asyncio.open_connection('127.0.0.1', cluster.http_port)
    head = b'POST /api/v1/sessions HTTP/1.1\r\nHost: here\r\nContent-Length: 2000001\r\n\r\n'
    writer.write(head)  # nothing of the body: a server would wait for it
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    assert answer.startswith(b'HTTP/1.1 413')
    assert b'"too_large"' in answer


async def test_no_secret_address_is_in_the_log_of_the_balancer(cluster: Cluster) -> None:
    async with visitor(cluster) as http:
        await http.post('/hooks/a-secret-address', json={'text': 'x'})
        for server in cluster.servers:
            await asyncio.to_thread(server.kill)
        await asyncio.to_thread(cluster.wait_until_ready, 0)
        assert (await http.post('/hooks/a-secret-address', json={'text': 'x'})).status_code == 503
    log = cluster.log.read_text()
    assert ' 503 ' in log
    assert 'a-secret-address' not in log


async def test_with_a_certificate_everything_is_https(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, servers=1, certificate=certificate(tmp_path))
    try:
        await asyncio.to_thread(cluster.start)
        async with httpx.AsyncClient(verify=False) as http:  # noqa: S501 - nobody has signed it
            answer = await http.get(f'{cluster.site}/rooms/lobby?x=1')
            assert (answer.status_code, answer.headers['location'][:8]) == (308, 'https://')
            answer = await http.get(f'{cluster.secure_site}/')
            assert '; Secure' in answer.headers['set-cookie']
            assert 'Strict-Transport-Security' in answer.headers  # so the server knows of it
            token = (await http.post(f'{cluster.secure_site}/api/v1/sessions', json={'name': 'Ada'})).json()['token']
            assert any(name.startswith('__Host-') for name in http.cookies)
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        address = f'{cluster.secure_site}/api/v1/ws'.replace('https', 'wss')
        async with connect(address, ssl=trusting, additional_headers={'Authorization': f'Bearer {token}'}) as socket:
            assert json.loads(await socket.recv())['type'] == 'ready'
    finally:
        await asyncio.to_thread(cluster.stop)


def visitor(
    cluster: Balancer, local_address: str | None = None, cookies: dict[str, str] | None = None
) -> httpx.AsyncClient:
    """Return a client of the balancer that keeps cookies, and comes from another address of this machine if told to."""
    transport = httpx.AsyncHTTPTransport(local_address=local_address)
    return httpx.AsyncClient(base_url=cluster.site, transport=transport, cookies=cookies, timeout=20)


def a_name() -> str:
    """Return the name of somebody new."""
    return f'Guest {next(numbers)}'


async def sign_in(http: httpx.AsyncClient) -> dict[str, str]:
    """Sign in somebody new; return the headers of a program that is them."""
    answer = await http.post('/api/v1/sessions', json={'name': a_name()})
    return {'Authorization': f'Bearer {answer.json()["token"]}'}


def cookie_of(http: httpx.AsyncClient) -> str:
    """Return what a browser with these cookies sends."""
    return '; '.join(f'{name}={value}' for name, value in http.cookies.items())


async def newcomer(cluster: Cluster) -> str:
    """Come for the first time; return where one was sent."""
    async with visitor(cluster) as http:
        assert (await http.get('/')).status_code == 200
        where: str = http.cookies[COOKIE]
        return where


async def keep_asking(cluster: Cluster, answers: list[int]) -> None:
    """Ask as programs without cookies do, again and again; and change something in between."""
    while True:
        async with visitor(cluster) as http:
            answers.append((await http.get('/healthz')).status_code)
            answers.append((await http.post('/api/v1/sessions', json={'name': a_name()})).status_code)
        await asyncio.sleep(0.2)
