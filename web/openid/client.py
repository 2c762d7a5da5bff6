"""What is said to one provider: where to send a browser, and what the code is worth that it comes back with."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.jwk import Key

from chat.identities import Refused
from chat.providers import Claims, Provider, is_safe
from web.openid import id_tokens
from web.openid.fetching import Failed, fetch
from web.openid.kept import Kept
from web.openid.way import Way

DISCOVERY = '/.well-known/openid-configuration'
ACCESS_TOKEN = re.compile('[!-~]{1,16384}')


class Metadata(NamedTuple):
    """What a provider says of itself, as far as it matters here."""

    authorization: str
    token: str
    keys: str
    user_info: str | None
    wants_secret_in_form: bool  # in place of the header, which is usual
    names_itself: bool  # always, when it sends a browser back


class Client:
    """This chat as one provider knows it."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._metadata = Kept(self._discover)
        self._keys = Kept(self._fetch_keys)

    async def address(self, way: Way, back: str) -> str:
        """Return where to send a browser, which comes back to ``back``. Raises Failed."""
        address: str = prepare_grant_uri(
            (await self._metadata.get()).authorization,
            self._provider.client_id,
            'code',
            redirect_uri=back,
            scope=self._provider.scopes,
            state=way.state,
            nonce=way.nonce,
            code_challenge=create_s256_code_challenge(way.verifier),  # type: ignore[no-untyped-call]
            code_challenge_method='S256',
        )
        return address

    async def claims(self, way: Way, back: str, answer: Mapping[str, str]) -> Claims:
        """Return what the provider says of whoever came back with this answer. Raises Failed or Refused."""
        metadata = await self._metadata.get()
        # Or one provider could make us hand it the code of another (RFC 9207).
        if answer.get('iss', '' if metadata.names_itself else self._provider.issuer) != self._provider.issuer:
            raise Failed('the answer of another provider')
        if answer.get('error') == 'access_denied':
            raise Refused('provider_declined')
        if 'error' in answer or not answer.get('code'):
            raise Failed(f'error {answer.get("error", "")[:64]!r}')
        tokens = await self._tokens(metadata, way, back, answer['code'])
        id_token = tokens.get('id_token')
        if not isinstance(id_token, str):
            raise Failed('no ID token')
        key_id = id_tokens.key_id_of(id_token)
        keys = await self._keys.get(lambda known: id_tokens.has_key(known, key_id))
        access_token = tokens.get('access_token')
        claims = id_tokens.claims_of(id_token, keys, self._provider, way.nonce, access_token)
        if metadata.user_info is None or not self._provider.misses(claims):
            return claims
        return {**await self._user_info(metadata.user_info, access_token, claims['sub']), **claims}

    async def _user_info(self, address: str, access_token: object, subject: str) -> Claims:
        """Return what more the provider says of somebody: many say in the ID token only who it is."""
        if not isinstance(access_token, str) or not ACCESS_TOKEN.fullmatch(access_token):
            raise Failed('no access token')
        found = await fetch(address, token=access_token)
        if found.get('sub') != subject:  # as a token that was slipped in would give
            raise Failed('user info about somebody else')
        return found

    async def _tokens(self, metadata: Metadata, way: Way, back: str, code: str) -> dict[str, Any]:
        form = {
            'grant_type': 'authorization_code',
            'code': code,
            'redirect_uri': back,
            'code_verifier': way.verifier,
        }
        provider, auth = self._provider, None
        if provider.client_secret is None:
            form['client_id'] = provider.client_id
        elif metadata.wants_secret_in_form:
            form |= {'client_id': provider.client_id, 'client_secret': provider.client_secret}
        else:
            auth = quote_plus(provider.client_id), quote_plus(provider.client_secret)
        return await fetch(metadata.token, form, auth)

    async def _discover(self) -> Metadata:
        found = await fetch(self._provider.issuer.rstrip('/') + DISCOVERY)
        if found.get('issuer') != self._provider.issuer:
            raise Failed(f'it calls itself {str(found.get("issuer"))[:200]!r} and not as the settings do')
        methods = found.get('token_endpoint_auth_methods_supported', ['client_secret_basic'])
        return Metadata(
            self._endpoint(found, 'authorization_endpoint'),
            self._endpoint(found, 'token_endpoint'),
            self._endpoint(found, 'jwks_uri'),
            self._endpoint(found, 'userinfo_endpoint') if found.get('userinfo_endpoint') is not None else None,
            'client_secret_basic' not in methods if isinstance(methods, list) else False,
            found.get('authorization_response_iss_parameter_supported') is True,
        )

    async def _fetch_keys(self) -> list[Key]:
        return id_tokens.read_keys(await fetch((await self._metadata.get()).keys))

    def _endpoint(self, found: Mapping[str, Any], name: str) -> str:
        address = found.get(name)
        is_local = self._provider.issuer.startswith('http:')
        if not isinstance(address, str) or not is_safe(address) or (address.startswith('http:') and not is_local):
            raise Failed(f'no {name} that can be used')
        return address
