"""Who a provider says somebody is: believed only if everything fits, against a provider that speaks HTTP."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from chat.identities import Refused
from chat.providers import Claims, Provider
from tests.openid_provider import CLIENT, SECRET, OpenIdProvider, make_key
from web.openid import fetching, kept
from web.openid.client import Client
from web.openid.fetching import Failed
from web.openid.kept import Kept
from web.openid.way import Way

BACK = 'http://chat.test/sign-in/school/callback'
DISCOVERY, TOKEN, KEYS, USER_INFO = '/.well-known/openid-configuration', '/token', '/keys', '/userinfo'


@pytest.fixture(autouse=True)
def without_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')


@pytest.fixture
def school() -> Iterator[OpenIdProvider]:
    provider = OpenIdProvider()
    provider.start()
    yield provider
    provider.stop()


def client_of(school: OpenIdProvider, **changes: Any) -> Client:
    settings = {'key': 'school', 'name': 'School', 'issuer': school.issuer, 'client_id': CLIENT}
    return Client(Provider(**{**settings, 'client_secret': None if school.public_client else SECRET, **changes}))


@pytest.fixture
def client(school: OpenIdProvider) -> Client:
    return client_of(school)


async def answer_of(client: Client, way: Way) -> dict[str, str]:
    """Go to the provider as a browser does; return what it sends along when it sends the browser back."""
    async with httpx.AsyncClient(verify=fetching._trusted()) as browser:
        answer = await browser.get(await client.address(way, BACK))
    assert answer.headers['location'].startswith(BACK)
    return {name: value for name, (value,) in parse_qs(urlsplit(answer.headers['location']).query).items()}


async def come(client: Client) -> Claims:
    """Go there and back; return what the provider says."""
    way = Way.begin('school', 'lobby')
    return await client.claims(way, BACK, await answer_of(client, way))


async def reason(client: Client) -> str:
    """Return why nobody came in, as the log has it."""
    with pytest.raises(Failed) as caught:
        await come(client)
    assert SECRET not in caught.value.reason
    return caught.value.reason


async def test_who_comes_back_is_whom_the_provider_knows(client: Client, school: OpenIdProvider) -> None:
    school.person = {'sub': 'ada', 'name': 'Ada Lovelace', 'groups': ['teachers']}
    claims = await come(client)
    assert (claims['sub'], claims['name'], claims['groups']) == ('ada', 'Ada Lovelace', ['teachers'])


async def test_a_client_without_a_secret_has_its_verifier(school: OpenIdProvider) -> None:
    school.public_client = True
    assert (await come(client_of(school)))['sub'] == 'ada'


async def test_the_secret_goes_into_the_form_where_the_provider_wants_it_there(school: OpenIdProvider) -> None:
    school.metadata['token_endpoint_auth_methods_supported'] = ['client_secret_post']
    assert (await come(client_of(school)))['sub'] == 'ada'


async def test_a_wrong_secret_is_told_from_the_answer(school: OpenIdProvider) -> None:
    assert await reason(client_of(school, client_secret='wrong')) == "status 401, error 'invalid_client'"


async def test_a_code_is_worth_nothing_without_the_verifier_of_its_way(client: Client) -> None:
    answer = await answer_of(client, Way.begin('school', 'lobby'))
    with pytest.raises(Failed) as caught:
        await client.claims(Way.begin('school', 'lobby'), BACK, answer)
    assert caught.value.reason == "status 400, error 'invalid_grant'"


async def test_a_code_is_good_once(client: Client) -> None:
    way = Way.begin('school', 'lobby')
    answer = await answer_of(client, way)
    await client.claims(way, BACK, answer)
    with pytest.raises(Failed):
        await client.claims(way, BACK, answer)


NOW = int(time.time())
LONG = 24 * 3600  # s, far beyond what two clocks may differ


@pytest.mark.parametrize(
    ('changes', 'seconds'),
    [
        ({'aud': [CLIENT]}, {}),
        ({'aud': [CLIENT, 'other'], 'azp': CLIENT}, {}),
        ({'azp': CLIENT}, {}),
        ({}, {'exp': -20, 'iat': -300}),  # within what two clocks may differ
        ({}, {'iat': 20}),
    ],
)
async def test_takes_what_fits(
    client: Client, school: OpenIdProvider, changes: dict[str, Any], seconds: dict[str, int]
) -> None:
    school.changes = changes | {name: int(time.time()) + each for name, each in seconds.items()}
    assert (await come(client))['sub'] == 'ada'


@pytest.mark.parametrize(
    ('changes', 'said'),
    [
        ({'nonce': 'of another way'}, "'nonce'"),
        ({'nonce': None}, "'nonce'"),
        ({'nonce': ['x']}, "'nonce'"),
        ({'aud': 'another client'}, "'aud'"),
        ({'aud': None}, "'aud'"),
        ({'aud': []}, "'aud'"),
        ({'aud': [CLIENT, 'other']}, "'azp'"),
        ({'aud': [CLIENT, 'other'], 'azp': 'other'}, "'azp'"),
        ({'azp': 'other'}, "'azp'"),
        ({'iss': 'https://evil.example'}, 'another issuer'),
        ({'iss': None}, "'iss'"),
        ({'exp': NOW - LONG}, 'Expired'),
        ({'exp': None}, "'exp'"),
        ({'exp': f'{NOW + LONG}'}, "'exp'"),
        ({'iat': NOW + LONG}, 'in the future'),
        ({'iat': None}, "'iat'"),
        ({'nbf': NOW + LONG}, 'not yet valid'),
        ({'at_hash': 'of another token'}, "'at_hash'"),
        ({'sub': ''}, 'nobody'),
        ({'sub': None}, "'sub'"),
        ({'sub': 7}, 'nobody|sub'),
        ({'sub': 'a' * 256}, 'nobody'),
        ({'sub': 'a\x00b'}, 'nobody'),
        ({'sub': 'ädä'}, 'nobody'),
    ],
)
async def test_refuses_what_does_not_fit(
    client: Client, school: OpenIdProvider, changes: dict[str, Any], said: str
) -> None:
    school.changes = changes
    found = await reason(client)
    assert any(each in found for each in said.replace("'", '').split('|')), found


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b'=').decode()


def unsigned(algorithm: str) -> Any:
    return lambda claims: f'{part({"alg": algorithm})}.{part(claims)}.'


async def test_refuses_a_token_that_nobody_signed(client: Client, school: OpenIdProvider) -> None:
    for algorithm in ('none', 'None', 'NONE', ''):
        school.signs = unsigned(algorithm)
        assert 'UnsupportedAlgorithm' in await reason(client)
    school.signs = lambda claims: school.sign(claims).rpartition('.')[0] + '.'
    assert 'BadSignature' in await reason(client)


async def test_refuses_the_public_key_as_a_shared_secret(client: Client, school: OpenIdProvider) -> None:
    def sign(claims: dict[str, Any]) -> str:
        signed = f'{part({"alg": "HS256", "kid": school.key.kid})}.{part(claims)}'
        mac = hmac.digest(school.key.as_pem(private=False), signed.encode(), hashlib.sha256)
        return f'{signed}.{base64.urlsafe_b64encode(mac).rstrip(b"=").decode()}'

    school.signs = sign
    assert 'UnsupportedAlgorithm' in await reason(client)


async def test_refuses_the_signature_of_another_key_under_a_known_id(client: Client, school: OpenIdProvider) -> None:
    other = RSAKey.generate_key(2048, {'kid': school.key.kid}, private=True)
    school.signs = lambda claims: jwt.encode({'alg': 'RS256', 'kid': other.kid}, claims, other)
    assert 'BadSignature' in await reason(client)


async def test_refuses_a_key_that_comes_with_the_token(client: Client, school: OpenIdProvider) -> None:
    own = RSAKey.generate_key(2048, private=True)
    header = {'alg': 'RS256', 'jwk': own.as_dict(private=False), 'jku': 'https://evil.example/keys'}
    school.signs = lambda claims: jwt.encode(header, claims, own)
    assert await reason(client)


async def test_refuses_claims_that_were_changed_after_signing(client: Client, school: OpenIdProvider) -> None:
    def sign(claims: dict[str, Any]) -> str:
        head, _, mark = school.sign(claims).split('.')
        return f'{head}.{part({**claims, "sub": "boss"})}.{mark}'

    school.signs = sign
    assert 'BadSignature' in await reason(client)


async def test_refuses_a_key_too_small_to_mean_anything(client: Client, school: OpenIdProvider) -> None:
    with warnings.catch_warnings(action='ignore'):
        school.key = RSAKey.generate_key(1024, {'kid': 'small'}, private=True)
    assert 'Key' in await reason(client)


@pytest.mark.parametrize('token', ['', 'x', '..', 'a.b.c', 'é.é.é', f'{part(7)}.{part({})}.x', f'{part({"alg": 7})}..'])
async def test_refuses_what_is_no_token(client: Client, school: OpenIdProvider, token: str) -> None:
    school.signs = lambda _: token
    assert 'ID token' in await reason(client)


@pytest.mark.parametrize('token', [None, 7, ['x'], {}])
async def test_refuses_an_answer_without_a_token(client: Client, school: OpenIdProvider, token: object) -> None:
    school.replies[TOKEN] = lambda: JSONResponse({'access_token': 'x', 'id_token': token})
    assert await reason(client) == 'no ID token'


async def test_other_signatures_by_private_keys_are_as_good(client: Client, school: OpenIdProvider) -> None:
    school.key = ECKey.generate_key('P-256', {'kid': 'curve'}, private=True)
    school.signs = lambda claims: jwt.encode({'alg': 'ES256', 'kid': 'curve'}, claims, school.key)
    assert (await come(client))['sub'] == 'ada'


# User info


async def test_what_the_id_token_does_not_say_is_asked_for(school: OpenIdProvider) -> None:
    client = client_of(school, allow={'groups': ('teachers',), 'email_domain': ('school.example',)})
    school.user_info = {'groups': ['teachers'], 'email': 'ada@school.example', 'email_verified': True, 'name': 'Ada L.'}
    claims = await come(client)
    assert claims['groups'] == ['teachers']
    assert client._provider.admits(claims)


async def test_a_name_is_asked_for_where_there_is_none(client: Client, school: OpenIdProvider) -> None:
    school.person = {'sub': 'ada'}
    school.user_info = {'preferred_username': 'Ada'}
    assert (await come(client))['preferred_username'] == 'Ada'


async def test_nothing_is_asked_where_all_is_said(school: OpenIdProvider) -> None:
    school.person |= {'groups': []}
    school.user_info = {'groups': ['teachers']}
    claims = await come(client_of(school, moderators={'groups': ('teachers',)}))
    assert claims['groups'] == []
    assert USER_INFO not in school.asked


async def test_what_is_signed_counts_more(school: OpenIdProvider) -> None:
    school.person |= {'groups': []}
    school.user_info = {'groups': ['teachers'], 'role': 'teacher', 'iss': 'https://evil.example'}
    claims = await come(client_of(school, allow={'role': ('teacher',), 'groups': ('teachers',)}))
    assert (claims['role'], claims['groups'], claims['iss']) == ('teacher', [], school.issuer)


@pytest.mark.parametrize('subject', ['bo', None, ['ada'], ''])
async def test_user_info_about_somebody_else_is_refused(
    client: Client, school: OpenIdProvider, subject: object
) -> None:
    school.person = {'sub': 'ada'}
    school.user_info = {'sub': subject, 'name': 'Ada'}
    assert await reason(client) == 'user info about somebody else'


@pytest.mark.parametrize('answer', [JSONResponse({'error': 'x'}, 401), Response(b'eyJ.x.y'), JSONResponse(['x'])])
async def test_user_info_that_does_not_come_lets_nobody_in(
    client: Client, school: OpenIdProvider, answer: Response
) -> None:
    school.person, school.user_info = {'sub': 'ada'}, {}
    school.replies[USER_INFO] = lambda: answer
    await reason(client)


@pytest.mark.parametrize('token', [None, '', 7, 'a b', 'a\r\nX-Evil: 1', 'ä'])
async def test_an_access_token_that_is_none_is_sent_nowhere(
    client: Client, school: OpenIdProvider, token: object
) -> None:
    school.person, school.user_info = {'sub': 'ada'}, {}
    school.access_token = token
    assert await reason(client) == 'no access token'
    assert USER_INFO not in school.asked


# Keys


async def test_keys_are_asked_for_once_and_again_for_one_that_is_not_known(
    client: Client, school: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await come(client)
    assert (school.asked.count(KEYS), school.asked.count(DISCOVERY)) == (1, 1)
    monkeypatch.setattr(client._keys, '_next_try', 0.0)
    school.rotate()
    await come(client)
    assert (school.asked.count(KEYS), school.asked.count(DISCOVERY)) == (2, 1)


async def test_unknown_keys_make_nobody_ask_all_the_time(client: Client, school: OpenIdProvider) -> None:
    await come(client)
    stranger = make_key()
    school.signs = lambda claims: jwt.encode({'alg': 'RS256', 'kid': stranger.kid}, claims, stranger)
    for _ in range(5):
        assert 'InvalidKeyId' in await reason(client)
    assert school.asked.count(KEYS) == 1


async def test_a_key_without_an_id_will_do_if_there_is_one_alone(client: Client, school: OpenIdProvider) -> None:
    public = {name: value for name, value in school.key.as_dict(private=False).items() if name != 'kid'}
    school.signs = lambda claims: jwt.encode({'alg': 'RS256'}, claims, school.key)
    school.replies[KEYS] = lambda: JSONResponse({'keys': [public]})
    assert (await come(client))['sub'] == 'ada'


async def test_keys_that_cannot_be_read_are_left_aside(client: Client, school: OpenIdProvider) -> None:
    others = [
        7,
        None,
        {},
        {'kty': 'RSA'},
        {'kty': 'RSA', 'n': '!', 'e': []},
        {'kty': 'oct', 'k': 'AAAA'},
        {'kty': 'PQ'},
    ]
    school.replies[KEYS] = lambda: JSONResponse({'keys': [*others, school.key.as_dict(private=False)]})
    assert (await come(client))['sub'] == 'ada'


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_what_is_kept_is_fetched_again_after_its_time_and_not_at_once_after_a_failure() -> None:
    clock, fetched = Clock(), []

    async def fetch() -> int:
        fetched.append(clock.now)
        if clock.now == kept.FOR:
            raise Failed('gone')
        return len(fetched)

    document = Kept(fetch, clock)
    assert [await document.get(), await document.get()] == [1, 1]
    clock.now = kept.FOR
    for _ in range(3):
        with pytest.raises(Failed):
            await document.get()
    assert fetched == [0.0, kept.FOR]
    clock.now += kept.PAUSE_AFTER_FAILURE
    assert await document.get() == 3
    clock.now += kept.PAUSE - 1
    assert await document.get(lambda _: False) == 3
    clock.now += 1
    assert await document.get(lambda _: False) == 4


async def test_all_who_wait_for_a_provider_hear_of_it_together() -> None:
    asked, answer = [], asyncio.Event()

    async def fetch() -> str:
        asked.append('')
        await answer.wait()
        if len(asked) == 1:
            raise Failed('too slow')
        return 'keys'

    document = Kept(fetch, clock := Clock())
    waiting = [asyncio.create_task(document.get()) for _ in range(20)]
    await asyncio.sleep(0)
    waiting[0].cancel()  # somebody gives up
    answer.set()
    clock.now = 10.0
    said = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(each) for each in said} == {asyncio.CancelledError, Failed}
    assert len(asked) == 1
    clock.now += kept.PAUSE_AFTER_FAILURE - 1  # which begins when it has failed
    with pytest.raises(Failed):
        await document.get()
    clock.now += 1
    assert await asyncio.gather(*(document.get() for _ in range(20))) == ['keys'] * 20
    assert len(asked) == 2


# What the provider says of itself, and of the way back


async def test_an_answer_in_the_name_of_another_provider_is_refused_before_it_gets_the_code(
    client: Client, school: OpenIdProvider
) -> None:
    way = Way.begin('school', 'lobby')
    answer = await answer_of(client, way)
    with pytest.raises(Failed) as caught:
        await client.claims(way, BACK, {**answer, 'iss': 'https://evil.example'})
    assert caught.value.reason == 'the answer of another provider'
    assert TOKEN not in school.asked


async def test_a_provider_that_always_names_itself_must(client: Client, school: OpenIdProvider) -> None:
    school.names_itself = False
    assert (await come(client))['sub'] == 'ada'
    school.metadata['authorization_response_iss_parameter_supported'] = True
    assert await reason(client_of(school)) == 'the answer of another provider'


async def test_who_says_no_there_is_told_so(client: Client, school: OpenIdProvider) -> None:
    school.denies = True
    with pytest.raises(Refused) as caught:
        await come(client)
    assert caught.value.rule == 'provider_declined'


@pytest.mark.parametrize(
    ('metadata', 'said'),
    [
        ({'issuer': 'https://evil.example'}, "it calls itself 'https://evil.example'"),
        ({'issuer': None}, "it calls itself 'None'"),
        ({'authorization_endpoint': 'javascript:alert(1)'}, 'no authorization_endpoint that can be used'),
        ({'authorization_endpoint': None}, 'no authorization_endpoint that can be used'),
        ({'token_endpoint': 'http://evil.example/token'}, 'no token_endpoint that can be used'),
        ({'token_endpoint': 'https://ada:pw@evil.example/'}, 'no token_endpoint that can be used'),
        ({'jwks_uri': ['x']}, 'no jwks_uri that can be used'),
        ({'jwks_uri': 'file:///etc/passwd'}, 'no jwks_uri that can be used'),
        ({'userinfo_endpoint': 'http://evil.example/me'}, 'no userinfo_endpoint that can be used'),
    ],
)
async def test_a_provider_must_say_who_and_where_it_is(
    client: Client, school: OpenIdProvider, metadata: dict[str, Any], said: str
) -> None:
    school.metadata = metadata
    assert (await reason(client)).startswith(said)


async def test_a_provider_elsewhere_cannot_send_us_to_this_machine() -> None:
    provider = Provider('far', 'Far', 'https://far.example', CLIENT)
    with pytest.raises(Failed):
        Client(provider)._endpoint({'token_endpoint': 'http://localhost/token'}, 'token_endpoint')


# Answers that are none


def drip() -> Response:
    async def drops() -> AsyncIterator[bytes]:
        while True:
            yield b' '
            await asyncio.sleep(0.02)

    return StreamingResponse(drops())


def flood() -> Response:
    async def blocks() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b' ' * 65536

    return StreamingResponse(blocks())


def packed() -> Response:
    return Response(b'\x1f\x8b', headers={'Content-Encoding': 'gzip'})


ANSWERS = [
    (drip, 'no whole answer within 0.3 s'),
    (flood, 'an answer of more than 1,048,576 bytes'),
    (packed, 'an answer that is packed, though that was not asked for'),
    (lambda: Response(b'<html>'), 'an answer that is no JSON object'),
    (lambda: Response(b'[' * 100_000), 'an answer that is no JSON object'),
    (lambda: Response(b'\xff\xfe\x00'), 'an answer that is no JSON object'),
    (lambda: JSONResponse(['x']), 'an answer that is no JSON object'),
    (lambda: Response(status_code=500), 'status 500'),
    (lambda: RedirectResponse('http://127.0.0.1:1/'), 'status 307'),
    (lambda: JSONResponse({'error': '\n' + 'x' * 1000}, 400), "status 400, error '\\n" + 'x' * 63 + "'"),
]


@pytest.mark.parametrize('path', [DISCOVERY, TOKEN, KEYS])
@pytest.mark.parametrize(('answer', 'said'), ANSWERS)
async def test_no_answer_makes_anybody_wait_long_or_come_in(
    client: Client, school: OpenIdProvider, monkeypatch: pytest.MonkeyPatch, path: str, answer: Any, said: str
) -> None:
    if answer is drip:
        monkeypatch.setattr(fetching, 'WITHIN', 0.3)
    school.replies[path] = answer
    assert await reason(client) == said


async def test_a_provider_that_is_not_there_is_a_failure_like_others(school: OpenIdProvider) -> None:
    school.stop()
    assert 'ConnectError' in await reason(client_of(school))


# What a browser takes along


def test_state_nonce_and_verifier_are_different_and_belong_to_one_way() -> None:
    way = Way.begin('school', 'garden', 7)
    derived = [way.state, way.nonce, way.verifier]
    for other in (
        Way('other', 'garden', 7, way.secret),
        Way('school', 'lobby', 7, way.secret),
        Way('school', 'garden', 8, way.secret),
        Way('school', 'garden', None, way.secret),
        Way('school', 'garden', 7, 'another'),
    ):
        derived += [other.state, other.nonce, other.verifier]
    assert len(set(derived)) == len(derived)
    assert all(len(each) == 43 for each in derived)  # as PKCE wants it
    assert not any(way.secret in each for each in derived)
