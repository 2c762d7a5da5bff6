"""Every option of the server, its default and one sentence each.

A flag counts more than the environment, and the environment more than the file ``.env``. What is wrong is said in one
sentence; values that may hold a password are never shown whole.
"""

import argparse
import logging
import os
import re
import socket
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, NoReturn, Self, get_args

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from chat import file_store, providers
from chat.models import SignInMode
from chat.providers import Provider
from chat.version import VERSION

PREFIX = 'HEARTH_'
LONGEST_EDIT_WINDOW = 365 * 24 * 60  # minutes
LARGEST_UPLOAD = 2_000  # MB
LARGEST_QUOTA = 10_000_000  # MB
DEFAULT_PORTS = {'http': 80, 'https': 443}
COMMANDS = {
    'bot add NAME': 'Make a bot and print its token.',
    'bot list': 'Print the bots and the numbers of their tokens.',
    'bot token NAME': 'Make a further token of a bot and print it.',
    'bot revoke NAME [ID]': 'End one token of a bot, or all.',
    'admin-link': 'Print a link that makes whoever follows it an administrator, also when nobody can sign in as one.',
    'copy --to URL': 'Copy everything to an empty database: one of PostgreSQL, or a data folder.',
}
OF_COMMANDS = ('--to',)  # flags that are no settings
ENDS_BY_ITSELF = ('--help', '-h', '--version')  # flags without a value
SECRET = ('database_url', 'redis_url', 'uploads_url')  # may hold a password, in more than one place
DATABASE_URL = re.compile(  # an @ in a password has to be %40: what follows it would be taken for the host, and shown
    r'postgres(?:ql)?://(?:[!-?A-~]*@)?(?:\[[0-9A-Fa-f:.]+\]|(?:(?![@/?:\[\]])[!-~])*)(?::[0-9]{1,5})?(?:[/?][!-~]*)?'
)
ORIGIN = re.compile(r'([a-z][a-z0-9+.-]*)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?')
REDIS_URL = re.compile(
    r'(?:rediss?://(?:[^@/?#\s]*@)?(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?:/[0-9]{0,4})?'
    r'|unix://(?:[^@/?#\s]*@)?/[^?#\s]+)(?:\?channel=[A-Za-z0-9._-]{1,64})?'
)

log = logging.getLogger('hearth.settings')


def split_command(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the flags, and the words of a command that may stand before, between and after them, if there is one.

    What is neither stays with the flags, to be named as no setting; words behind ``--`` may begin with a dash.
    """
    flags: list[str] = []
    words: list[str] = []
    rest = iter(argv)
    for each in rest:
        if each == '--':
            words += rest
        elif each.partition('=')[0] in OF_COMMANDS:
            words += each.split('=', 1) if '=' in each else [each, *islice(rest, 1)]
        elif each.startswith('-'):
            flags.append(each)
            if '=' not in each and each not in ENDS_BY_ITSELF:
                flags += islice(rest, 1)
        else:
            words.append(each)
    is_command = words[:1] and words[0] in {command.split()[0] for command in COMMANDS}
    return (flags, words) if is_command else (list(argv), [])


class SettingError(Exception):
    """The server cannot start as it was told to; ``str(error)`` is the sentence that says why."""


def _host(value: object) -> str:
    if not re.fullmatch(r'[A-Za-z0-9._:%-]+', host := str(value).strip()):
        raise ValueError("it must be an address of this machine, such as '127.0.0.1', or '0.0.0.0' for all of them")
    return host


def _whole_number(least: int, most: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        if not re.fullmatch(r'[0-9]{1,9}', number := str(value).strip()) or not least <= int(number) <= most:
            raise ValueError(f'it must be a whole number from {least} to {most}')
        return int(number)

    return check


def _port(value: object) -> int:
    port = _whole_number(0, 2**16 - 1)(value)
    if port:
        return port
    with socket.socket() as listener:
        listener.bind(('', 0))
        free: int = listener.getsockname()[1]
        return free


def _folder(value: object) -> Path:
    path = Path(os.path.expanduser(str(value)))
    if not str(value).strip() or (os.path.exists(path) and not path.is_dir()):
        raise ValueError('it must be the path of a folder, which is made if it is not there')
    return path


def _database_url(value: object) -> str | None:
    if value is not None and not DATABASE_URL.fullmatch(str(value).strip()):
        raise ValueError("it must be like 'postgresql://user:password@host:5432/database'")
    return None if value is None else str(value).strip()


def _redis_url(value: object) -> str | None:
    if value is None:
        return None
    match = REDIS_URL.fullmatch(url := str(value).strip())
    if match is None or not 0 < int(match['port'] or 1) < 2**16:
        raise ValueError("it must be like 'redis://:password@host:6379/0', 'rediss://host/0' or 'unix:///path'")
    return url


def _uploads_url(value: object) -> str | None:
    if value is not None:
        file_store.place_of(str(value).strip())
    return None if value is None else str(value).strip()


def _origins(value: object) -> tuple[str, ...]:
    given = value.split(',') if isinstance(value, str) else list(value) if isinstance(value, tuple | list) else [value]
    texts = [text for each in given if (text := str(each).strip())]
    if texts == ['*']:
        return ('*',)
    origins = tuple(origin for text in texts if (origin := _read_origin(text)))
    if len(origins) < len(texts):
        raise ValueError(
            "it must be '*' or origins without a path, separated by commas, such as 'https://example.org,http://localhost:3000'"
        )
    return origins


def _public_url(value: object) -> str | None:
    origin = _read_origin(str(value).strip())
    if value is not None and (origin is None or not origin.startswith(('http://', 'https://'))):
        raise ValueError("it must be like 'https://chat.example.org', without a path or a slash at the end")
    return origin


def _read_origin(text: str) -> str | None:
    """Return an origin as browsers write it, in small letters and without the scheme's own port; None if it is none."""
    match = ORIGIN.fullmatch(text.lower())
    if match is None or not 0 < int(match[3] or 1) < 2**16:
        return None
    port = '' if match[3] is None or int(match[3]) == DEFAULT_PORTS.get(match[1]) else f':{int(match[3])}'
    return f'{match[1]}://{match[2]}{port}'


def _on_or_off(value: object) -> bool:
    if not isinstance(value, bool) and value not in ('on', 'off'):
        raise ValueError("it must be 'on' or 'off'")
    return value in (True, 'on')


def _sign_in(value: object) -> object:
    if value not in get_args(SignInMode):
        raise ValueError("it must be 'guests', 'accounts' or 'invited'")
    return value


def _oidc_file(value: object) -> tuple[Provider, ...]:
    if isinstance(value, tuple):
        return value
    if not str(value).strip():
        raise ValueError('it must be the path of a file that names providers')
    return providers.read(Path(str(value).strip()).expanduser())


class Settings(BaseSettings):
    """What the person who runs the server decided. Made directly it reads nothing; ``load`` looks around."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file='.env',
        env_file_encoding='utf-8',
        env_ignore_empty=True,
        extra='ignore',
        frozen=True,
        hide_input_in_errors=True,
    )

    host: Annotated[str, BeforeValidator(_host)] = Field(
        default='0.0.0.0',  # noqa: S104 - a chat is for the network; 127.0.0.1 is one flag away
        description='The address to listen on; 127.0.0.1 is for this machine only.',
    )
    port: Annotated[int, BeforeValidator(_port)] = Field(
        default=8080, description='The port to listen on; 0 takes a free one.'
    )
    data: Annotated[Path, BeforeValidator(_folder)] = Field(
        default=Path('data'), description='The folder that everything is kept in; made on the first start.'
    )
    database_url: Annotated[str | None, BeforeValidator(_database_url)] = Field(
        default=None,
        repr=False,
        description='A PostgreSQL database in place of SQLite, such as postgresql://user:password@host/database.',
    )
    redis_url: Annotated[str | None, BeforeValidator(_redis_url)] = Field(
        default=None,
        repr=False,
        description='The Redis by which several servers of one chat tell each other what happens.',
    )
    uploads_url: Annotated[str | None, BeforeValidator(_uploads_url)] = Field(
        default=None,
        repr=False,
        description='Where files are kept in place of the data folder: file:///path, or s3://bucket?endpoint=…',
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_origins)] = Field(
        default=(), description='Other sites whose pages may call the API: origins separated by commas, or * for all.'
    )
    public_url: Annotated[str | None, BeforeValidator(_public_url)] = Field(
        default=None,
        description='The address that people know it by, for links and the QR code, such as https://chat.example.org.',
    )
    rate_limits: Annotated[bool, BeforeValidator(_on_or_off)] = Field(
        default=True, description='Whether flooding is slowed down: on, or off for load tests only.'
    )
    sign_in: Annotated[SignInMode, BeforeValidator(_sign_in)] = Field(
        default='guests',
        description='Who may come in: guests, by a name; accounts, by name and password; invited, by invitation.',
    )
    oidc_file: Annotated[tuple[Provider, ...], NoDecode, BeforeValidator(_oidc_file)] = Field(
        default=(),
        repr=False,
        description='A TOML file that names the sites by which people can sign in (OpenID Connect).',
    )
    edit_window_minutes: Annotated[int, BeforeValidator(_whole_number(0, LONGEST_EDIT_WINDOW))] = Field(
        default=10, description='For how many minutes authors may edit what they wrote; 0 is for ever.'
    )
    upload_limit_mb: Annotated[int, BeforeValidator(_whole_number(0, LARGEST_UPLOAD))] = Field(
        default=25, description='How many MB a file may have that people share; 0 is no files at all.'
    )
    upload_quota_mb: Annotated[int, BeforeValidator(_whole_number(0, LARGEST_QUOTA))] = Field(
        default=2_000, description='How many MB of files one person may share, all together; 0 is no limit.'
    )

    @classmethod
    def load(cls, argv: Sequence[str] = ()) -> Self:
        """Read flags, environment and ``.env``; ``--help`` and ``--version`` end the program."""
        flags = _read_flags(argv)
        try:
            sources = (DotEnvSettingsSource(cls), EnvSettingsSource(cls))
        except (OSError, UnicodeError) as error:
            raise SettingError(f'The file .env cannot be read: {error}.') from None
        found: dict[str, Any] = {}
        for source in sources:
            _warn_of_unknown(source.env_vars)
            found.update((name, value) for name, value in source().items() if name in cls.model_fields)
        found.update(flags)
        try:
            return cls(**found)
        except ValidationError as error:
            raise SettingError(_sentence(error, found, flags)) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Keep to what is given, or a developer's ``.env`` would change what the tests see."""
        return (init_settings,)


def _sentence(error: ValidationError, found: dict[str, Any], flags: dict[str, str]) -> str:
    """Say what is wrong with the first wrong value, by the name it was given under."""
    first = error.errors(include_url=False)[0]
    name = str(first['loc'][0])
    value = _without_password(name, str(found[name]))
    reason = first.get('ctx', {}).get('error', first['msg'])
    return f'{_flag(name) if name in flags else _variable(name)} is {value!r}; {reason}.'


def _without_password(name: str, value: str) -> str:
    if name in SECRET:
        scheme = re.match(r'[a-z0-9+]+://', value)
        return f'{scheme[0] if scheme else ""}…'
    return re.sub(r'://.*@', '://…@', value, flags=re.DOTALL)


def _warn_of_unknown(variables: Iterable[str]) -> None:
    for variable in sorted(name.upper() for name in variables):
        name = variable.removeprefix(PREFIX).lower()
        if variable.startswith(PREFIX) and name not in Settings.model_fields:
            log.warning('%s is no setting of Hearth and changes nothing%s', variable, _nearest(name, _variable))


def _read_flags(argv: Sequence[str]) -> dict[str, str]:
    parser = _Parser(
        prog='python main.py',
        usage='%(prog)s [flags] [command]',
        description=f'Hearth {VERSION}, a self-hosted, real-time chat. Each flag can be given as a variable of the '
        'environment, or in a file named .env, as well. Without a command, the server starts.',
        epilog=' '.join(f'"{command}": {meaning}' for command, meaning in COMMANDS.items()),
        allow_abbrev=False,
        add_help=False,
    )
    for name, field in Settings.model_fields.items():
        help_text = f'{field.description} [{_variable(name)}, default: {_default(field.default)}]'
        parser.add_argument(_flag(name), dest=name, metavar='VALUE', default=argparse.SUPPRESS, help=help_text)
    parser.add_argument('--version', action='version', version=f'Hearth {VERSION}', help='Print the version and stop.')
    parser.add_argument('--help', '-h', action='help', help='Print this and stop.')
    flags, rest = parser.parse_known_args(argv)
    if rest:
        unknown = _without_password('', rest[0].partition('=')[0])
        name = unknown.lstrip('-').replace('-', '_')
        raise SettingError(f'{unknown} is no setting of Hearth{_nearest(name, _flag)}')
    return dict(vars(flags))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        flag = re.search(r'--[a-z-]+', message)
        raise SettingError(f'{flag[0]} needs a value; --help says which.' if flag else f'{message}.')


def _nearest(name: str, written: Callable[[str], str]) -> str:
    near = get_close_matches(name, list(Settings.model_fields), n=1)
    return f'; did you mean {written(near[0])}?' if near else '; --help lists them all.'


def _default(value: object) -> str:
    if isinstance(value, bool):
        return 'on' if value else 'off'
    return 'none' if value in (None, ()) else str(value)


def _flag(name: str) -> str:
    return '--' + name.replace('_', '-')


def _variable(name: str) -> str:
    return PREFIX + name.upper()
