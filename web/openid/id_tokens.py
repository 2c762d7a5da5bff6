"""Whether an ID token is true: signed by the provider, for us, now, and for this very way."""

import base64
import json
import time
from collections.abc import Iterable
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwk, jws, jwt
from joserfc.errors import JoseError

from chat.providers import Claims, Provider
from web.openid.fetching import Failed

# Signatures by a private key alone: with a shared secret, what is public could be taken for the key, and never "none".
ALGORITHMS = ('RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512')
LEEWAY = 60  # s that two clocks may differ
SMALLEST_RSA = 2048  # bits
LONGEST_SUBJECT = 255  # characters of ASCII, says OpenID Connect

_REGISTRY = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)  # some add headers of their own


def read_keys(document: dict[str, Any]) -> list[jwk.Key]:
    """Return the keys of a provider that can have signed something; others are left aside."""
    entries = document.get('keys')
    if not isinstance(entries, list):
        raise Failed('a list of keys without keys')
    return [key for each in entries if (key := _read_key(each)) is not None]


def key_id_of(token: str) -> str | None:
    """Return the id of the key that a token says it is signed with, if it says so. Raises Failed."""
    header = token.partition('.')[0]
    try:
        kid = json.loads(base64.urlsafe_b64decode(header + '=' * (-len(header) % 4)))['kid']
    except KeyError:
        return None
    except (ValueError, TypeError, RecursionError):
        raise Failed('an ID token that cannot be read') from None
    return str(kid)


def has_key(keys: Iterable[jwk.Key], key_id: str | None) -> bool:
    """Whether a key is among some; any will do where none is named."""
    return key_id is None or any(key.kid == key_id for key in keys)


def claims_of(token: str, keys: list[jwk.Key], provider: Provider, nonce: str, access_token: object) -> Claims:
    """Return what a token says, which is true. Raises Failed."""
    try:
        found = jwt.decode(token, jwk.KeySet(keys), registry=_REGISTRY)
        options = {'iss': {'essential': True}, 'aud': {'essential': True, 'value': provider.client_id}}
        params = {'nonce': nonce, 'client_id': provider.client_id, 'access_token': access_token}
        claims = CodeIDToken(found.claims, found.header, options, params)
        claims.validate(now=int(time.time()), leeway=LEEWAY)
    except JoseError as error:
        raise Failed(f'an ID token that is not true: {type(error).__name__} {str(error)[:200]!r}') from None
    except Exception as error:  # whatever hostile content makes of libraries, it signs in nobody
        raise Failed(f'an ID token that cannot be read: {type(error).__name__}') from None
    if claims['iss'] != provider.issuer:
        raise Failed('an ID token by another issuer')
    if not _is_subject(claims['sub']):
        raise Failed('an ID token about nobody')
    return dict(claims)


def _read_key(entry: object) -> jwk.Key | None:
    if not isinstance(entry, dict) or entry.get('kty') not in ('RSA', 'EC') or entry.get('use', 'sig') != 'sig':
        return None
    try:
        key = jwk.import_key({name: value for name, value in entry.items() if isinstance(value, str)})
        is_small = isinstance(key, jwk.RSAKey) and key.raw_value.key_size < SMALLEST_RSA
    except Exception:  # see above
        return None
    return None if is_small else key


def _is_subject(subject: object) -> bool:
    return (
        isinstance(subject, str) and 0 < len(subject) <= LONGEST_SUBJECT and subject.isascii() and subject.isprintable()
    )
