import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from chat.settings import SettingError, Settings
from chat.version import VERSION

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start where no ``.env`` is, with none of Hearth's variables set."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith('HEARTH_')]:
        monkeypatch.delenv(name)


def refusal(*argv: str) -> str:
    with pytest.raises(SettingError) as caught:
        Settings.load(argv)
    return str(caught.value)


def help_text(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as caught:
        Settings.load(['--help'])
    assert caught.value.code == 0
    return ' '.join(capsys.readouterr().out.split())


def test_without_any_everything_has_a_default() -> None:
    settings = Settings.load()
    assert (settings.host, settings.port, settings.data) == ('0.0.0.0', 8080, Path('data'))  # noqa: S104
    assert (settings.database_url, settings.redis_url, settings.public_url) == (None, None, None)
    assert settings.uploads_url is None
    assert settings.allowed_origins == ()
    assert settings.rate_limits is True
    assert settings.sign_in == 'guests'
    assert settings.edit_window_minutes == 10


def test_flags_count_more_than_environment_and_that_more_than_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path('.env').write_text('HEARTH_PORT=1001\nHEARTH_HOST=from-file\nHEARTH_DATA=from-file\n')
    monkeypatch.setenv('HEARTH_PORT', '1002')
    monkeypatch.setenv('HEARTH_HOST', 'from-environment')
    settings = Settings.load(['--port', '1003'])
    assert (settings.port, settings.host, settings.data) == (1003, 'from-environment', Path('from-file'))


def test_every_setting_is_also_a_flag() -> None:
    place = ['--host=127.0.0.1', '--port', '81', '--data', 'there', '--public-url', 'https://chat.example.org']
    rules = ['--allowed-origins', '*', '--rate-limits=off', '--sign-in', 'guests', '--edit-window-minutes', '0']
    settings = Settings.load(place + rules)
    assert (settings.host, settings.port, settings.data) == ('127.0.0.1', 81, Path('there'))
    assert (settings.allowed_origins, settings.public_url) == (('*',), 'https://chat.example.org')
    assert (settings.rate_limits, settings.sign_in, settings.edit_window_minutes) == (False, 'guests', 0)


def test_a_variable_set_to_nothing_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('HEARTH_PUBLIC_URL', '')
    monkeypatch.setenv('HEARTH_PORT', '')
    assert Settings.load() == Settings()


def test_made_directly_it_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    Path('.env').write_text('HEARTH_HOST=from-file\n')
    monkeypatch.setenv('HEARTH_PORT', '1002')
    assert (Settings().host, Settings().port) == ('0.0.0.0', 8080)  # noqa: S104
    assert Settings(data=Path('here'), rate_limits=False).rate_limits is False


def test_it_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        setattr(Settings(), 'port', 1)  # noqa: B010 - mypy would not let it be written as what it is


def test_port_0_takes_a_free_one() -> None:
    assert 1024 <= Settings.load(['--port', '0']).port < 2**16


def test_origins_are_read_as_browsers_write_them() -> None:
    given = ' https://Example.org:443, http://localhost:3000,http://[::1]:80 ,capacitor://localhost,'
    expected = ('https://example.org', 'http://localhost:3000', 'http://[::1]', 'capacitor://localhost')
    assert Settings.load(['--allowed-origins', given]).allowed_origins == expected
    assert Settings(allowed_origins=expected).allowed_origins == expected
    assert Settings.load(['--public-url', 'HTTP://Chat.Example.org:8443']).public_url == 'http://chat.example.org:8443'


@pytest.mark.parametrize(
    'url',
    [
        'redis://localhost', 'redis://redis:6379/0', 'redis://:pass%40word@10.0.0.1:6379/15', 'redis://ada:pw@[::1]/1',
        'rediss://redis.example.org/0?channel=chat.example.org', 'unix:///run/redis.sock',
        ' unix://:pw@/r.sock?channel=a ',
    ],
)  # fmt: skip
def test_redis_is_found_by_its_address(url: str) -> None:
    assert Settings.load(['--redis-url', url]).redis_url == url.strip()
    assert 'redis' not in repr(Settings(redis_url=url))


@pytest.mark.parametrize(
    'url',
    [
        'redis://', 'redis://:s3cret@', 'redis://host:0', 'redis://host:65536/0', 'redis://host/zero', 'redis://a@b@c',
        'redis://host/0/1', 'redis://host?db=1', 'redis://host/0?channel=', 'redis://host/0?channel=a b', 'unix://',
        'unix:/run/redis.sock', 'unix:///run/redis.sock?db=1', 'REDIS://host', 'redis://ho st', '',
    ],
)  # fmt: skip
def test_other_than_addresses_of_redis_are_refused(url: str) -> None:
    sentence = refusal('--redis-url', url)
    assert sentence.endswith(REDIS_URL)
    assert 's3cret' not in sentence


@pytest.mark.parametrize('url', ['file:///srv/a', ' s3://bucket/some/prefix?endpoint=http://[::1]:9000&region=eu '])
def test_files_are_kept_at_an_address(url: str) -> None:
    assert Settings.load(['--uploads-url', url]).uploads_url == url.strip()
    assert 'bucket' not in repr(Settings(uploads_url=url))


def test_the_keys_of_a_bucket_are_no_part_of_its_address() -> None:
    assert refusal('--uploads-url', 's3://ada:s3cret@bucket/prefix') == (
        "--uploads-url is 's3://…'; it must hold no user or password: these go into AWS_ACCESS_KEY_ID and "
        'AWS_SECRET_ACCESS_KEY.'
    )


def test_a_home_folder_is_found() -> None:
    assert Settings.load(['--data', '~/chat']).data == Path.home() / 'chat'


PORT = 'it must be a whole number from 0 to 65535.'
MINUTES = 'it must be a whole number from 0 to 525600.'
FOLDER = 'it must be the path of a folder, which is made if it is not there.'
PUBLIC_URL = "it must be like 'https://chat.example.org', without a path or a slash at the end."
ON_OR_OFF = "it must be 'on' or 'off'."
SIGN_IN = "it must be 'guests', 'accounts' or 'invited'."
DATABASE = "it must be like 'postgresql://user:password@host:5432/database'."
REDIS_URL = "it must be like 'redis://:password@host:6379/0', 'rediss://host/0' or 'unix:///path'."
UPLOADS = "it must be like 's3://bucket/prefix?endpoint=https://host:9000&region=name' or 'file:///path'."
WRONG = [
    ('port', 'eighty', PORT),
    ('port', '65536', PORT),
    ('port', '-1', PORT),
    ('port', '8_080', PORT),
    ('port', '80.5', PORT),
    ('edit_window_minutes', '525601', MINUTES),
    ('edit_window_minutes', '10 min', MINUTES),
    ('upload_limit_mb', '2001', 'it must be a whole number from 0 to 2000.'),
    ('upload_limit_mb', '25 MB', 'it must be a whole number from 0 to 2000.'),
    ('upload_quota_mb', '-1', 'it must be a whole number from 0 to 10000000.'),
    ('public_url', 'chat.example.org', PUBLIC_URL),
    ('public_url', 'https://chat.example.org/', PUBLIC_URL),
    ('public_url', 'https://chat.example.org/chat', PUBLIC_URL),
    ('public_url', 'https://chat.example.org?a', PUBLIC_URL),
    ('public_url', 'ftp://chat.example.org', PUBLIC_URL),
    ('public_url', 'https://chat.example.org:65536', PUBLIC_URL),
    ('public_url', 'https://chat.example.org:0', PUBLIC_URL),
    ('rate_limits', 'yes', ON_OR_OFF),
    ('sign_in', 'Guests', SIGN_IN),
    ('sign_in', 'nobody', SIGN_IN),
    ('sign_in', 'everybody', SIGN_IN),
    ('redis_url', 'redis://…', REDIS_URL),
    ('redis_url', 'rediss://…', REDIS_URL),
    ('redis_url', 'unix://…', REDIS_URL),
    ('redis_url', 'http://…', REDIS_URL),
    ('redis_url', '…', REDIS_URL),
    ('uploads_url', 'file://…', UPLOADS),
    ('uploads_url', 's3://…', UPLOADS),
    ('uploads_url', 'ftp://…', UPLOADS),
    ('uploads_url', '…', UPLOADS),
    ('database_url', 'postgresql+psycopg://…', DATABASE),
    ('database_url', 'sqlite://…', DATABASE),
    ('database_url', '…', DATABASE),
]


@pytest.mark.parametrize(('name', 'value', 'allowed'), WRONG)
def test_a_wrong_value_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    flag = '--' + name.replace('_', '-')
    assert refusal(f'{flag}={value}') == f'{flag} is {value!r}; {allowed}'
    variable = 'HEARTH_' + name.upper()
    monkeypatch.setenv(variable, value)
    assert refusal() == f'{variable} is {value!r}; {allowed}'
    monkeypatch.delenv(variable)
    Path('.env').write_text(f'{variable}={value!r}\n', encoding='utf-8')
    assert refusal() == f'{variable} is {value!r}; {allowed}'


@pytest.mark.parametrize(
    'value', ['example.org', 'https://example.org/', 'null', '*,https://example.org', 'https://a b']
)
def test_other_than_origins_are_refused(value: str) -> None:
    assert refusal('--allowed-origins', value) == (
        f"--allowed-origins is {value!r}; it must be '*' or origins without a path, separated by commas, such as "
        "'https://example.org,http://localhost:3000'."
    )


@pytest.mark.parametrize('value', ['', 'two words', 'http://localhost', '[::1]'])
def test_other_than_hosts_are_refused(value: str) -> None:
    assert refusal('--host', value).startswith(f'--host is {value!r}; it must be an address of this machine')


def test_a_file_is_no_folder() -> None:
    Path('notes').write_text('')
    assert refusal('--data', 'notes') == f"--data is 'notes'; {FOLDER}"
    assert refusal('--data', '') == f"--data is ''; {FOLDER}"


@pytest.mark.parametrize(
    'argv',
    [
        ['--database-url', 'mysql://ada:s3cret@db/chat'],
        ['--database-url', 'mysql://db/chat?password=s3cret'],
        ['--database-url', 'postgresql://ada:s3cret s3cret@db/chat'],
        ['--database-url', 'ada:s3cret@db/chat'],
        ['--database-url', 'postgresql://ada:half@s3cret@db/chat'],
        ['--database-url', 'postgresql://ada:s3cret@db:port/chat'],
        ['--database-url', 'postgresql://ada:s3cret@[::1/chat'],
        ['--redis-url=redis://:s3cret@redis:6379/zero'],
        ['--uploads-url', 's3://ada:s3cret@bucket'],
        ['--uploads-url', 's3://bucket?secret_access_key=s3cret'],
        ['--uploads-url', 's3://bucket?endpoint=https://ada:s3cret@host'],
        ['--public-url', 'https://ada:s3cret@chat.example.org'],
        ['--allowed-origins', 'https://ada:s3cret@chat.example.org'],
        ['--database-ulr=postgresql://ada:s3cret@db/chat'],
        ['--database-ulr', 'postgresql://ada:s3cret@db/chat'],
        ['postgresql://ada:s3cret@db/chat'],
    ],
)
def test_no_password_is_ever_shown(argv: list[str]) -> None:
    assert 's3cret' not in refusal(*argv)


def test_the_error_carries_no_value_behind_the_sentence() -> None:
    with pytest.raises(SettingError) as caught:
        Settings.load(['--database-url', 'mysql://ada:s3cret@db/chat'])
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ('argv', 'sentence'),
    [
        (['--prot', '80'], '--prot is no setting of Hearth; did you mean --port?'),
        (['--edit-window', '5'], '--edit-window is no setting of Hearth; did you mean --edit-window-minutes?'),
        (['--frobnicate'], '--frobnicate is no setting of Hearth; --help lists them all.'),
        (['8080'], '8080 is no setting of Hearth; --help lists them all.'),
        (['--port'], '--port needs a value; --help says which.'),
    ],
)
def test_unknown_flags_get_a_sentence(argv: list[str], sentence: str) -> None:
    assert refusal(*argv) == sentence


def test_unknown_variables_get_a_warning(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    Path('.env').write_text('HEARTH_PUBLIC_ADDRESS=x\nPORT=1\nOTHER=y\n')
    monkeypatch.setenv('HEARTH_PROT', '80')
    with caplog.at_level(logging.WARNING):
        assert Settings.load() == Settings()
    assert caplog.messages == [
        'HEARTH_PUBLIC_ADDRESS is no setting of Hearth and changes nothing; did you mean HEARTH_PUBLIC_URL?',
        'HEARTH_PROT is no setting of Hearth and changes nothing; did you mean HEARTH_PORT?',
    ]


def test_an_unreadable_file_gets_a_sentence() -> None:
    Path('.env').write_bytes(b'HEARTH_HOST=\xff\n')
    assert refusal().startswith('The file .env cannot be read: ')


def test_help_tells_every_setting_with_default_and_variable(capsys: pytest.CaptureFixture[str]) -> None:
    text = help_text(capsys)
    for name, field in Settings.model_fields.items():
        assert f'--{name.replace("_", "-")} VALUE {field.description} [HEARTH_{name.upper()}, default: ' in text
    for default in ('0.0.0.0', '8080', 'data', 'none', 'on', 'guests', '10'):  # noqa: S104
        assert f'default: {default}]' in text


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        Settings.load(['--version'])
    assert (caught.value.code, capsys.readouterr().out) == (0, f'Hearth {VERSION}\n')


@pytest.mark.slow
def test_a_terminal_shows_the_warning_without_any_setup() -> None:
    code = 'from chat.settings import Settings; Settings.load()'
    environment = os.environ | {'HEARTH_PROT': '1', 'PYTHONPATH': str(ROOT)}
    done = subprocess.run([sys.executable, '-c', code], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr.startswith('HEARTH_PROT is no setting of Hearth')
