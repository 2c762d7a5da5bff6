"""What other sites and other people see of the socket of a page, and that everybody else sees nothing of the guard."""

import asyncio
import json

import httpx
import pytest
from nicegui import core
from websockets.exceptions import InvalidStatus

from web import socket_guard

SOCKET = '/_nicegui_ws/socket.io/'
REFUSED = 'Implicit handshake failed'


# Everybody else


async def test_a_click_on_ones_own_page_arrives(server):
    page = server.open_page()
    async with server.shaken(page) as ws:
        assert await server.arrives(ws, page.click())


async def test_a_click_arrives_with_arguments_and_an_acknowledgement_number(server):
    page = server.open_page()
    async with server.shaken(page) as ws:
        packet = page.click(args=['{"a":[1,2]}', None, 'null', '"x"'])
        assert await server.arrives(ws, packet.replace('42', '427', 1))


async def test_a_page_without_a_session_works_too(server):
    page = server.open_page(cookie=None)
    async with server.shaken(page, cookie=None) as ws:
        assert await server.arrives(ws, page.click())


async def test_a_page_that_was_fetched_beforehand_shakes_hands_by_an_event(server):
    page = server.open_page()
    query = page.query(implicit_handshake='false')
    async with server.connect(query) as ws:
        assert '"sid"' in await server.shake_hands(ws)
        await ws.send('420' + json.dumps(['handshake', {**query, 'implicit_handshake': False, 'old_tab_id': None}]))
        assert await ws.recv() == '430[true]'
        assert await server.arrives(ws, page.click())


async def test_the_answer_of_a_browser_expression_arrives(server, until):
    page = server.open_page('/ask')
    async with server.shaken(page) as ws:
        request = json.loads((await ws.recv())[2:])[1]
        answer = {'client_id': page.client_id, 'request_id': request['request_id'], 'result': 42}
        await ws.send('42' + json.dumps(['javascript_response', answer]))
        await until(lambda: 42 in server.state()['replies'])


async def test_long_polling_works_and_goes_over_to_a_websocket(server, until):
    page = server.open_page()
    async with server.polling(page) as connection:
        await connection.post('40')
        assert '"sid"' in (await connection.get()).text
        before = server.state()['clicks']
        assert (await connection.post(*[page.click()] * 20)).text == 'OK'
        await until(lambda: server.state()['clicks'] == before + 20)
        async with server.connect({**connection.query, 'transport': 'websocket'}) as ws:
            await ws.send('2probe')
            assert await ws.recv() == '3probe'
            await ws.send('5')
            assert await server.arrives(ws, page.click())


async def test_browsers_are_asked_for_signs_of_life_at_our_pace(server):
    assert server.state()['ping'] == socket_guard.PING_INTERVAL
    async with server.connect(server.open_page().query()) as ws:
        opened = json.loads((await ws.recv())[1:])
    assert (opened['pingInterval'], opened['pingTimeout']) == (10_000, 5_000)


# Other sites


@pytest.mark.parametrize(
    'origin', ['https://evil.example', 'null', None, 'http://127.0.0.1:1', 'http://127.0.0.1.evil.example']
)
async def test_a_page_of_another_site_gets_no_websocket(server, origin):
    page = server.open_page()
    with pytest.raises(InvalidStatus) as refusal:
        await server.connect(page.query(), origin=origin)
    assert refusal.value.response.status_code == 403


@pytest.mark.parametrize('headers', [{'origin': 'https://evil.example'}, {'sec-fetch-site': 'cross-site'}])
async def test_a_page_of_another_site_can_not_poll(server, headers):
    page = server.open_page()
    sockets = server.state()['sockets']
    answer = server.get(f'{SOCKET}?{httpx.QueryParams(page.query(transport="polling"))}', **headers)
    assert answer.status_code == 403
    assert answer.json()['error']['code'] == 'forbidden'
    assert 'access-control-allow-origin' not in answer.headers
    assert server.state()['sockets'] == sockets


async def test_a_script_tag_of_another_site_can_not_read_the_answers(server):
    page = server.open_page()
    answer = server.get(f'{SOCKET}?{httpx.QueryParams(page.query(transport="polling", j="0"))}')
    assert answer.status_code == 400


@pytest.mark.parametrize('origin', ['https://evil.example', None])
async def test_another_site_can_not_post_packets_even_with_the_id_of_a_connection(server, origin):
    page = server.open_page()
    async with server.polling(page) as connection:
        assert (await connection.post('40', origin=origin)).status_code == 403


async def test_unknown_connections_are_refused_without_a_word_in_the_log(server):
    for query in ('EIO=4&transport=polling&sid=forged%0Aline', 'EIO=3&transport=polling', 'EIO=4&transport=x', '%ff'):
        assert server.get(f'{SOCKET}?{query}').status_code == 400
    assert 'forged' not in server.log()
    with pytest.raises(InvalidStatus):
        await server.connect('EIO=4&transport=websocket&sid=forged')


# Other people's pages


@pytest.mark.parametrize('cookie', ['hearth_session=another', None])
async def test_the_id_of_somebodys_page_is_worth_nothing_in_another_session(server, cookie):
    page = server.open_page()
    async with server.connect(page.query(), cookie=cookie) as ws:
        assert REFUSED in await server.shake_hands(ws)
        assert await server.is_dropped(ws, page.click())


async def test_the_id_of_somebodys_page_is_worth_nothing_in_a_handshake_event(server):
    page = server.open_page()
    query = page.query(implicit_handshake=None)
    async with server.connect(query, cookie='hearth_session=another') as ws:
        assert '"sid"' in await server.shake_hands(ws)
        await ws.send('420' + json.dumps(['handshake', query]))
        assert await ws.recv() == '430[false]'
        assert await server.is_dropped(ws, page.click())


async def test_two_ids_in_the_address_do_not_hide_one_from_the_guard(server):
    victim, own = server.open_page(), server.open_page(cookie='hearth_session=another')
    for first, second in ((victim, own), (own, victim)):
        query = f'{httpx.QueryParams(first.query())}&client_id={second.client_id}'
        async with server.connect(query, cookie='hearth_session=another') as ws:
            await server.shake_hands(ws)
            assert await server.is_dropped(ws, victim.click())


async def test_a_socket_that_shook_hands_for_its_own_page_can_not_click_on_another(server):
    victim, own = server.open_page(), server.open_page()
    async with server.shaken(victim), server.shaken(own) as ws:
        assert await server.is_dropped(ws, victim.click())
        assert await server.arrives(ws, own.click())


async def test_a_socket_that_never_shook_hands_can_do_nothing(server):
    page = server.open_page('/ask')
    async with server.shaken(page) as mine, server.connect(page.query(implicit_handshake=None)) as ws:
        request = json.loads((await mine.recv())[2:])[1]
        await server.shake_hands(ws)
        forged = {'client_id': page.client_id, 'request_id': request['request_id'], 'result': 'forged'}
        await ws.send('42' + json.dumps(['javascript_response', forged]))
        await ws.send('42' + json.dumps(['ack', {'client_id': page.client_id, 'next_message_id': 999}]))
        await ws.send(
            '42' + json.dumps(['log', {'client_id': page.client_id, 'level': 'error', 'message': 'unshaken'}])
        )
        await asyncio.sleep(0.15)
    assert 'forged' not in server.state()['replies']
    assert 'unshaken' not in server.log()


async def test_the_event_that_connects_can_not_be_called_by_name(server):
    page = server.open_page()
    query = f'client_id={page.client_id}&implicit_handshake=true&tab_id=tab&document_id=document'
    async with server.connect(page.query(implicit_handshake=None), cookie='hearth_session=another') as ws:
        await server.shake_hands(ws)
        await ws.send('42' + json.dumps(['connect', {'QUERY_STRING': query}]))
        assert await server.is_dropped(ws, page.click())


# Versions


def test_another_version_of_nicegui_is_refused_in_a_sentence():
    socket_guard.check_version()
    with pytest.raises(RuntimeError, match=r'made for NiceGUI 3\.18\.\*, and this is 3\.19\.0'):
        socket_guard.check_version('3.19.0')


def test_a_second_guard_takes_the_place_of_the_first():
    sio = core.sio
    handlers, eio = dict(sio.handlers['/']), (dict(sio.eio.handlers), sio.eio.cors_allowed_origins)
    try:
        for _ in range(3):
            socket_guard.install(sio, session_cookie_names=('hearth_session',))
        assert sio.eio.handle_request.__self__._answer.func is type(sio.eio).handle_request
        assert {handler.__self__ for name, handler in sio.handlers['/'].items() if name != 'disconnect'} == {
            sio.eio.handle_request.__self__
        }
    finally:
        sio.handlers['/'].update(handlers)
        sio.eio.handlers, sio.eio.cors_allowed_origins = eio
        del sio.eio.handle_request, sio.eio.create_queue
