"""Sites elsewhere that say who somebody is (OpenID Connect), as the operator's file names them.

What is wrong with the file is said in one sentence that names the provider; secrets are never shown.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

KEY = re.compile(r'[a-z0-9][a-z0-9-]{0,31}')
LOCAL_NAMES = ('localhost', '127.0.0.1', '::1')  # for trying it out: nothing leaves this machine
LONGEST_NAME = 32  # characters, on a button
SCOPES = 'openid profile email'
NAMES = ('preferred_username', 'name', 'email')  # claims by which somebody could be called, the best first
OF_EMAIL = ('email', 'email_domain')  # claims that count only if the provider has verified the address

Claims = Mapping[str, Any]
Rules = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Provider:
    """One of them: ``key`` is its name in addresses and in the database, ``name`` what people read."""

    key: str
    name: str
    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)  # none for a public client
    scopes: str = SCOPES
    allow: Rules = field(default_factory=dict)
    moderators: Rules = field(default_factory=dict)

    def admits(self, claims: Claims) -> bool:
        """Whether somebody of whom this is known may come in; without rules everybody may whom the provider knows."""
        return all(_matches(claims, name, values) for name, values in self.allow.items())

    def makes_moderator(self, claims: Claims) -> bool:
        """Whether somebody of whom this is known is to be a moderator; without rules nobody is."""
        return bool(self.moderators) and all(_matches(claims, name, values) for name, values in self.moderators.items())

    def misses(self, claims: Claims) -> bool:
        """Whether there may be more to know that matters here: what a rule asks for, or any name."""
        asked = {each for rules in (self.allow, self.moderators) for name in rules for each in _read_for(name)}
        return not asked <= claims.keys() or not any(claims.get(name) for name in NAMES)


class Who(NamedTuple):
    """Somebody as a provider knows them: ``claims`` come from an ID token that was found to be true, or with it."""

    provider: Provider
    claims: Claims

    @property
    def subject(self) -> str:
        """The one name that the provider gives to nobody else, ever."""
        return str(self.claims['sub'])


def is_safe(address: str) -> bool:
    """Whether an address is one by https, or one of this very machine, without a password or a fragment."""
    try:
        parts = urlsplit(address)
        is_whole = bool(parts.hostname) and not (parts.username or parts.password) and parts.port != 0
    except ValueError:
        return False
    is_plain = address.isascii() and address.isprintable() and not set(address) & set(' #\\"<>')
    is_local = parts.scheme == 'http' and parts.hostname in LOCAL_NAMES
    return is_whole and is_plain and (parts.scheme == 'https' or is_local)


def read(path: Path) -> tuple[Provider, ...]:
    """Return the providers that a file names; raises ValueError with the end of a sentence about the file."""
    try:
        content = tomllib.loads(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else 'it is not in UTF-8'
        raise ValueError(f'the file cannot be read ({reason})') from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r'\(at [^)]*\)', str(error))  # the rest may quote what stands there
        raise ValueError(f'the file is no TOML {place[0] if place else ""}'.rstrip()) from None
    tables = content.pop('providers', None)
    if content or not isinstance(tables, dict) or not tables:
        raise ValueError("the file must have tables like '[providers.school]', and nothing else")
    return tuple(_provider(key, table, path.parent) for key, table in tables.items())


def _provider(key: str, table: object, folder: Path) -> Provider:
    if not KEY.fullmatch(key):
        raise ValueError(f"{key!r} cannot be a provider's key: small letters, digits and dashes can, up to 32")
    try:
        if not isinstance(table, dict):
            raise ValueError('must be a table')
        return _read_table(key, table, folder)
    except ValueError as error:
        raise ValueError(f'the provider {key!r} {error}') from None


def _read_table(key: str, table: Mapping[str, object], folder: Path) -> Provider:
    for name in table:
        if name not in FIELDS:
            near = get_close_matches(name, FIELDS, n=1)
            raise ValueError(f'has the unknown setting {name!r}' + (f' (did you mean {near[0]!r}?)' if near else ''))
    for name in ('name', 'issuer', 'client_id'):
        if name not in table:
            raise ValueError(f'has no {name}')
    if 'client_secret' in table and 'client_secret_file' in table:
        raise ValueError('has both client_secret and client_secret_file')
    values = {name: FIELDS[name](name, value) for name, value in table.items()}
    secret_file = values.pop('client_secret_file', None)
    if secret_file is not None:
        values['client_secret'] = _secret_in(folder / Path(secret_file).expanduser())
    return Provider(key=key, **values)


def _secret_in(path: Path) -> str:
    try:
        return _line('client_secret_file', path.read_text(encoding='utf-8').strip())
    except (OSError, UnicodeError):
        raise ValueError('has a client_secret_file that cannot be read') from None


def _line(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError(f'must have text on one line as its {name}')
    return value.strip()


def _name(name: str, value: object) -> str:
    if len(line := _line(name, value)) > LONGEST_NAME:
        raise ValueError(f'has a name of more than {LONGEST_NAME} characters')
    return line


def _issuer(name: str, value: object) -> str:
    issuer = _line(name, value)
    if not is_safe(issuer) or '?' in issuer:
        raise ValueError("must have an issuer like 'https://login.example.org', by https unless it is on this machine")
    return issuer


def _scopes(name: str, value: object) -> str:
    scopes = _line(name, value).split()
    if 'openid' not in scopes:
        raise ValueError("must have 'openid' among its scopes")
    return ' '.join(scopes)


def _rules(name: str, value: object) -> Rules:
    """Read which claims must have which values: all of the claims, each any of the values."""
    if not isinstance(value, dict) or not value:
        raise ValueError(f'must have {name} like {{ groups = ["teachers"] }}')
    rules: dict[str, tuple[str, ...]] = {}
    for claim, given in value.items():
        values = given if isinstance(given, list) else [given]
        if not values or not all(isinstance(each, str) and each.strip() for each in values):
            raise ValueError(f'must have text, or a list of it, for {claim!r} in {name}')
        rules[claim] = tuple(values)
    return rules


FIELDS: Mapping[str, Callable[[str, object], Any]] = {
    'name': _name,
    'issuer': _issuer,
    'client_id': _line,
    'client_secret': _line,
    'client_secret_file': _line,
    'scopes': _scopes,
    'allow': _rules,
    'moderators': _rules,
}


def _read_for(name: str) -> tuple[str, ...]:
    """Return the claims that are read for one that a rule names."""
    return ('email', 'email_verified') if name in OF_EMAIL else (name,)


def _matches(claims: Claims, name: str, wanted: tuple[str, ...]) -> bool:
    if name in OF_EMAIL:  # told apart without regard to capitals
        return bool({each.lower() for each in _values(claims, name)} & {each.lower() for each in wanted})
    return bool(set(_values(claims, name)) & set(wanted))


def _values(claims: Claims, name: str) -> list[str]:
    if name in OF_EMAIL and claims.get('email_verified') is not True:
        return []
    if name == 'email_domain':
        address = claims.get('email')
        return [address.rpartition('@')[2]] if isinstance(address, str) and '@' in address else []
    value = claims.get(name)
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]
