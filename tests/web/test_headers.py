"""What every answer tells the browser to refuse."""

import re

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from web.headers import TEMPLATE_SCRIPTS, SecurityHeaders, put_nonce

SITE = 'https://chat.example.org'
INLINE_SCRIPT = re.compile(r'<script(?![^>]*\bsrc=)[^>]*>')
ASSETS = '/_nicegui/3.18.0'
PATHS = ('/', '/state', '/nowhere', '/fails', f'{ASSETS}/static/nicegui.js', f'{ASSETS}/nothing', '/_nicegui_ws/')


def nonce_of(answer):
    found = re.search(r"'nonce-([^']+)'", answer.headers['content-security-policy'])
    return found[1] if found else None


async def ask(public_url=None, host='chat.example.org', scheme='http', answer=PlainTextResponse):
    app = SecurityHeaders(Starlette(routes=[Route('/', lambda _: answer('hello'))]), public_url=public_url)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f'{scheme}://ignored') as http:
        return await http.get('/', headers={'host': host})


@pytest.mark.parametrize(
    'path',
    ['/', '/state', '/nowhere', '/fails', '/_nicegui/3.18.0/static/nicegui.js', '/_nicegui/nothing', '/_nicegui_ws/'],
)
@pytest.mark.parametrize('accept', ['text/html', 'application/json'])
def test_every_answer_carries_them_whatever_it_is(server, path, accept):
    headers = server.get(path, accept=accept).headers
    assert "default-src 'none'" in headers['content-security-policy']
    assert "frame-ancestors 'none'" in headers['content-security-policy']
    assert headers['x-content-type-options'] == 'nosniff'
    assert headers['x-frame-options'] == 'DENY'
    assert headers['referrer-policy'] == 'same-origin'
    assert headers['cross-origin-opener-policy'] == 'same-origin'
    assert 'camera=()' in headers['permissions-policy']
    assert 'strict-transport-security' not in headers


def test_a_pages_own_scripts_carry_the_nonce_and_no_other_does(server):
    page = server.open_page()
    nonce = nonce_of(page)
    assert nonce
    marked = [tag for tag in INLINE_SCRIPT.findall(page.html) if f'nonce="{nonce}"' in tag]
    assert len(marked) == len(TEMPLATE_SCRIPTS)
    assert page.html.count(nonce) == len(marked)
    assert set(INLINE_SCRIPT.findall(page.html)) == set(marked)


def test_every_page_has_a_nonce_of_its_own(server):
    assert nonce_of(server.open_page()) != nonce_of(server.open_page())


def test_text_of_users_can_not_write_a_script_into_a_page(server):
    html = server.open_page().html
    assert 'alert(1)' in html
    assert '&lt;/script&gt;&lt;script&gt;alert(1)' in html
    assert '&lt;/title&gt;&lt;script&gt;alert(2)' in html
    assert not re.search(r'<script[^>]*>\s*alert', html)


def test_pages_are_still_compressed(server):
    answer = server.get('/', **{'accept-encoding': 'gzip', 'accept': 'text/html'})
    assert answer.headers['content-encoding'] == 'gzip'
    assert nonce_of(answer) in answer.text
    assert int(answer.headers['content-length']) < len(answer.content) / 2


def test_only_pages_may_run_inline_scripts_or_evaluate(server):
    policy = server.get('/state').headers['content-security-policy']
    assert "script-src 'self';" in policy


def test_what_streams_is_not_held_back(server):
    answer = server.get('/stream', accept='text/html')
    assert answer.text == '<p>one<p>two'
    assert 'content-length' not in answer.headers


TEMPLATE = b'<title>t</title>' + b'HEAD'.join(TEMPLATE_SCRIPTS)


@pytest.mark.parametrize(
    'injected', [b'<script>alert(1)</script>', b'<script src="x">', b'<script type="module">\n      import "x"']
)
def test_a_script_that_slipped_into_a_page_gets_no_nonce(injected):
    html = put_nonce(TEMPLATE.replace(b'HEAD', injected, 1), 'N')
    assert injected in html
    assert html.count(b'nonce="N"') == len(TEMPLATE_SCRIPTS)


@pytest.mark.parametrize('script', TEMPLATE_SCRIPTS)
def test_a_script_that_imitates_the_template_kills_the_page_instead(script):
    assert b'nonce' not in put_nonce(TEMPLATE.replace(b'HEAD', script + b'alert(1)', 1), 'N')


async def test_the_sockets_of_the_named_host_may_be_reached():
    policy = (await ask(host='chat.example.org:8080')).headers['content-security-policy']
    assert "connect-src 'self' ws://chat.example.org:8080 wss://chat.example.org:8080;" in policy


async def test_behind_a_proxy_that_renames_the_host_the_public_one_may_be_reached():
    policy = (await ask(SITE, host='127.0.0.1:8080')).headers['content-security-policy']
    assert 'wss://chat.example.org;' in policy


@pytest.mark.parametrize('host', ["a; script-src 'unsafe-inline'", 'a b', 'a,b', 'a"', ''])
async def test_a_host_can_not_add_to_the_policy(host):
    answer = await ask(host=host)
    assert answer.status_code == 400
    assert answer.json()['error']['code'] == 'invalid'
    assert "connect-src 'self';" in answer.headers['content-security-policy']


async def test_with_a_public_url_other_hosts_are_refused():
    answer = await ask(SITE, host='rebound.example')
    assert answer.status_code == 400
    assert set(answer.json()['error']) == {'code', 'message', 'field'}
    assert answer.headers['x-content-type-options'] == 'nosniff'
    for host in ('chat.example.org', 'CHAT.example.org:443', 'localhost:8080', '127.0.0.1:8080', '[::1]:8080'):
        assert (await ask(SITE, host=host)).status_code == 200


async def test_with_a_public_url_a_socket_under_another_host_is_refused():
    sent = []

    async def send(message):
        sent.append(message)

    app = SecurityHeaders(Starlette(), public_url=SITE)
    scope = {'type': 'websocket', 'path': '/', 'scheme': 'ws', 'headers': [(b'host', b'rebound.example')]}
    await app(scope, None, send)
    assert [message['type'] for message in sent] == ['websocket.close']


async def test_under_https_the_browser_is_told_to_stay_there():
    assert (await ask(scheme='https')).headers['strict-transport-security'].startswith('max-age=')
    assert (await ask(SITE)).headers['strict-transport-security'].startswith('max-age=')
    assert 'strict-transport-security' not in (await ask('http://chat.example.org')).headers


async def test_an_answer_with_a_policy_of_its_own_keeps_it():
    def sandboxed(text):
        return PlainTextResponse(text, headers={'content-security-policy': 'sandbox'})

    assert (await ask(answer=sandboxed)).headers.get_list('content-security-policy') == ['sandbox']
