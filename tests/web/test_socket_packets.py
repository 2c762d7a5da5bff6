"""What garbage does to the server, and to its log: nothing."""

import asyncio
import json

import pytest

REFUSED = 'Implicit handshake failed'


def nested(depth):
    return '[' * depth + ']' * depth


GARBAGE = [
    '', 'x', '0', '2', '4', '6', '9', '42', '42{', '42[]', '42[[]]', '42[["a"]]', '42{"a":1}', '42["event"]',
    '42["event",1]', '42["event",{}]', '42["event",{},{}]', '42["handshake",{"client_id":"x"}]',
    '42["javascript_response",{}]',
    '42["ack",{"client_id":"x","next_message_id":"a"}]', '42["log",{"client_id":"x","level":[],"message":"m"}]',
    '42["disconnect"]', '42["unheard of",{}]', '42²["event",{}]', '42/other,["event",{}]', '40/other', '40{"a":',
    '43', '430[]', '44', '42["event",' + nested(3000) + ']', '42' + '9' * 200 + '["event",{}]', '\x00',
    '42["event",{"id":NaN}]', '42["\\ud800",{}]',
]  # fmt: skip


async def test_garbage_is_dropped_without_a_traceback(server):
    page = server.open_page()
    async with server.shaken(page) as ws:
        for packet in GARBAGE:
            await ws.send(packet)
        assert await server.arrives(ws, page.click())
    assert 'Traceback' not in server.log()


@pytest.mark.parametrize(
    'change',
    [
        {'id': '4'}, {'id': True}, {'id': [4]}, {'id': 10**30}, {'id': -1}, {'client_id': {}}, {'listener_id': []},
        {'listener_id': 'made up'}, {'args': 'text'}, {'args': {}}, {'args': [1]}, {'args': ['{']},
        {'args': [nested(100)]}, {'args': None}, {'more': json.loads(nested(100))},
    ],
)  # fmt: skip
async def test_a_malformed_click_is_dropped_without_a_traceback(server, change):
    page = server.open_page()
    async with server.shaken(page) as ws:
        assert await server.is_dropped(ws, page.click(**change))
        assert await server.arrives(ws, page.click())
    assert 'Traceback' not in server.log()


async def test_a_page_that_two_documents_left_ends_once(server, until):
    page = server.open_page('/brief')
    for document in ('one', 'two'):
        async with server.connect(page.query(document_id=document)) as ws:
            await server.shake_hands(ws)
    await until(lambda: page.client_id not in server.state()['pages'])
    await asyncio.sleep(0.4)
    assert 'Traceback' not in server.log()


async def test_a_malformed_handshake_is_refused_without_a_traceback(server):
    page = server.open_page()
    for change in ({'tab_id': None}, {'document_id': None}, {'next_message_id': 'x'}, {'tab_id': 'x' * 5000}):
        async with server.connect(page.query(**change)) as ws:
            assert REFUSED in await server.shake_hands(ws)
    assert 'Traceback' not in server.log()


async def test_garbage_in_a_post_is_dropped_without_a_traceback(server, until):
    page = server.open_page()
    async with server.polling(page) as connection:
        await connection.post('40')
        assert (await connection.post(*GARBAGE)).status_code == 200
        before = server.state()['clicks']
        await connection.post('garbage', page.click())
        await until(lambda: server.state()['clicks'] == before + 1)
    assert 'Traceback' not in server.log()


async def test_a_page_can_not_write_what_it_likes_into_the_log(server):
    page = server.open_page()
    async with server.shaken(page) as ws:
        message = f'one\nTraceback two\x1b[31m\u202e {page.client_id} ' + 'x' * 5000
        for _ in range(60):
            await ws.send(
                '42' + json.dumps(['log', {'client_id': page.client_id, 'level': 'error', 'message': message}])
            )
        assert await server.arrives(ws, page.click())
    lines = [line for line in server.log().splitlines() if 'A browser says' in line]
    assert 0 < len(lines) <= 25
    assert max(map(len, lines)) < 600
    assert r'one\nTraceback two\x1b[31m\u202e (this page)' in lines[0]
    assert page.client_id not in server.log()
