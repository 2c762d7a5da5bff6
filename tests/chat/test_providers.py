"""The operator's file of sites to sign in with: what it may say, and whom its rules let in."""

import re
from pathlib import Path
from typing import Any

import pytest

from chat.providers import Provider, is_safe
from chat.settings import SettingError, Settings

GOOD = """
[providers.school]
name = "School"
issuer = "https://login.example.org/realms/school"
client_id = "hearth"
"""


def load(tmp_path: Path, content: str | bytes) -> tuple[Provider, ...]:
    path = tmp_path / 'providers.toml'
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Settings.load(['--oidc-file', str(path)]).oidc_file


def refusal(tmp_path: Path, content: str | bytes) -> str:
    with pytest.raises(SettingError) as caught:
        load(tmp_path, content)
    beginning = f'--oidc-file is {str(tmp_path / "providers.toml")!r}; '
    assert str(caught.value).startswith(beginning)
    assert 's3cret' not in str(caught.value)
    assert '\n' not in str(caught.value)
    return str(caught.value).removeprefix(beginning)


def test_without_a_file_there_are_none() -> None:
    assert Settings().oidc_file == ()


def test_one_needs_a_name_an_issuer_and_a_client_id(tmp_path: Path) -> None:
    (school,) = load(tmp_path, GOOD)
    assert (school.key, school.name, school.client_id) == ('school', 'School', 'hearth')
    assert school.issuer == 'https://login.example.org/realms/school'
    assert (school.client_secret, school.scopes) == (None, 'openid profile email')
    assert (school.allow, school.moderators) == ({}, {})


def test_all_can_be_said(tmp_path: Path) -> None:
    content = GOOD + 'client_secret = "s3cret"\nscopes = "openid  groups"\n'
    content += 'allow = { hd = ["example.org", "example.com"], role = "pupil" }\n'
    content += 'moderators = { groups = ["teachers"] }\n'
    (school,) = load(tmp_path, content)
    assert (school.client_secret, school.scopes) == ('s3cret', 'openid groups')
    assert school.allow == {'hd': ('example.org', 'example.com'), 'role': ('pupil',)}
    assert school.moderators == {'groups': ('teachers',)}


def test_there_can_be_several_in_their_order(tmp_path: Path) -> None:
    other = GOOD.replace('school]', 'b]').replace('"School"', '"B"')
    assert [each.key for each in load(tmp_path, other + GOOD)] == ['b', 'school']


def test_a_secret_can_be_in_a_file_beside(tmp_path: Path) -> None:
    (tmp_path / 'secret').write_text('s3cret\n')
    (school,) = load(tmp_path, GOOD + 'client_secret_file = "secret"\n')
    assert school.client_secret == 's3cret'
    (school,) = load(tmp_path, GOOD + f'client_secret_file = "{tmp_path / "secret"}"\n')
    assert school.client_secret == 's3cret'


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    providers = load(tmp_path, GOOD + 'client_secret = "s3cret"\n')
    assert 's3cret' not in repr(providers) + repr(Settings(oidc_file=providers))


def test_an_issuer_on_this_machine_is_for_trying_it_out(tmp_path: Path) -> None:
    for issuer in ('http://localhost:8081', 'http://127.0.0.1/x', 'http://[::1]:1'):
        (school,) = load(tmp_path, GOOD.replace('https://login.example.org/realms/school', issuer))
        assert school.issuer == issuer


TABLES = "the file must have tables like '[providers.school]', and nothing else."
ISSUER = (
    "the provider 'school' must have an issuer like 'https://login.example.org', by https unless it is on this machine."
)


@pytest.mark.parametrize(
    ('content', 'sentence'),
    [
        ('', TABLES),
        ('[providers]', TABLES),
        ('providers = 7', TABLES),
        ('[school]', TABLES),
        (GOOD + '[other]', TABLES),
        ('[providers.school\nclient_secret = "s3cret"', 'the file is no TOML (at line 1, column 18).'),
        (GOOD + 'client_secret = s3cret', 'the file is no TOML (at line 6, column 17).'),
        (b'\xff', 'the file cannot be read (it is not in UTF-8).'),
        ('[providers]\nschool = 7', "the provider 'school' must be a table."),
        ('[providers.School]', "'School' cannot be a provider's key: small letters, digits and dashes can, up to 32."),
        ('[providers."a/b"]', "'a/b' cannot be a provider's key: small letters, digits and dashes can, up to 32."),
        ('[providers.school]\nissuer = "https://a.example"', "the provider 'school' has no name."),
        (GOOD.replace('issuer', '# '), "the provider 'school' has no issuer."),
        (GOOD.replace('client_id', '# '), "the provider 'school' has no client_id."),
        (
            GOOD + 'clientsecret = "s3cret"',
            "the provider 'school' has the unknown setting 'clientsecret' (did you mean 'client_secret'?).",
        ),
        (GOOD + 'color = "red"', "the provider 'school' has the unknown setting 'color'."),
        (GOOD + 'client_secret = 7', "the provider 'school' must have text on one line as its client_secret."),
        (GOOD + 'client_secret = ""', "the provider 'school' must have text on one line as its client_secret."),
        (GOOD + 'client_secret = "s3\\n"', "the provider 'school' must have text on one line as its client_secret."),
        (
            GOOD + 'client_secret = "s3cret"\nclient_secret_file = "x"',
            "the provider 'school' has both client_secret and client_secret_file.",
        ),
        (
            GOOD + 'client_secret_file = "nowhere"',
            "the provider 'school' has a client_secret_file that cannot be read.",
        ),
        (GOOD.replace('"School"', f'"{"x" * 33}"'), "the provider 'school' has a name of more than 32 characters."),
        (GOOD.replace('https://login', 'http://login'), ISSUER),
        (GOOD.replace('https://login', 'https://ada:s3cret@login'), ISSUER),
        (GOOD.replace('/school"', '/school?a=b"'), ISSUER),
        (GOOD.replace('/school"', '/school#a"'), ISSUER),
        (GOOD + 'scopes = "profile"', "the provider 'school' must have 'openid' among its scopes."),
        (GOOD + 'allow = {}', "the provider 'school' must have allow like { groups = [\"teachers\"] }."),
        (GOOD + 'allow = "all"', "the provider 'school' must have allow like { groups = [\"teachers\"] }."),
        (GOOD + 'allow = { hd = [] }', "the provider 'school' must have text, or a list of it, for 'hd' in allow."),
        (GOOD + 'allow = { hd = [7] }', "the provider 'school' must have text, or a list of it, for 'hd' in allow."),
        (
            GOOD + 'moderators = { a = true }',
            "the provider 'school' must have text, or a list of it, for 'a' in moderators.",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_sentence(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    assert refusal(tmp_path, content) == sentence


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r'nowhere.toml.*cannot be read \(No such file or directory\)'):
        Settings.load(['--oidc-file', str(tmp_path / 'nowhere.toml')])
    with pytest.raises(SettingError, match='it must be the path of a file'):
        Settings.load(['--oidc-file', ' '])


def test_the_examples_for_operators_are_right(tmp_path: Path) -> None:
    document = (Path(__file__).parents[2] / 'docs' / 'deployment.md').read_text(encoding='utf-8')
    examples = re.findall(r'^```toml\n(.*?)^```$', document, re.MULTILINE | re.DOTALL)
    for name in re.findall(r'client_secret_file = "(.*?)"', document):
        (tmp_path / name).write_text('s3cret')
    found = {each.key: each for each in load(tmp_path, ''.join(examples))}
    assert set(found) == {'school', 'google', 'microsoft'}
    assert found['school'].admits({'groups': ['pupils']})
    assert not found['google'].admits({'email': 'ada@example.org', 'email_verified': True})


VERIFIED = {'email': 'Ada@Example.org', 'email_verified': True}


@pytest.mark.parametrize(
    ('allow', 'claims', 'admits'),
    [
        ({}, {}, True),
        ({'hd': ('example.org',)}, {'hd': 'example.org'}, True),
        ({'hd': ('example.org',)}, {'hd': ['other', 'example.org']}, True),
        ({'hd': ('a', 'b')}, {'hd': 'b'}, True),
        ({'hd': ('example.org',)}, {}, False),
        ({'hd': ('example.org',)}, {'hd': 'Example.org'}, False),
        ({'hd': ('example.org',)}, {'hd': 'example.org.evil.example'}, False),
        ({'hd': ('example.org',)}, {'hd': {'example.org': True}}, False),
        ({'hd': ('7',)}, {'hd': 7}, False),
        ({'hd': ('True',)}, {'hd': True}, False),
        ({'hd': ('a',), 'role': ('pupil',)}, {'hd': 'a', 'role': 'pupil'}, True),
        ({'hd': ('a',), 'role': ('pupil',)}, {'hd': 'a', 'role': 'guest'}, False),
        ({'email': ('ada@example.org',)}, VERIFIED, True),
        ({'email_domain': ('example.org',)}, VERIFIED, True),
        ({'email_domain': ('example.org',)}, {**VERIFIED, 'email': '"x@evil.example"@example.org'}, True),
        ({'email_domain': ('example.org',)}, {**VERIFIED, 'email': 'x@example.org@evil.example'}, False),
        ({'email_domain': ('example.org',)}, {**VERIFIED, 'email': 'example.org'}, False),
        ({'email_domain': ('example.org',)}, {**VERIFIED, 'email': ['a@example.org']}, False),
        ({'email_domain': ('example.org',)}, {'email_domain': 'example.org', 'email_verified': True}, False),
        *(
            ({name: value}, {**VERIFIED, 'email_verified': verified}, False)
            for name, value in {'email': ('ada@example.org',), 'email_domain': ('example.org',)}.items()
            for verified in (False, None, 'true', 1, 'false')
        ),
    ],
)
def test_who_is_let_in(allow: dict[str, tuple[str, ...]], claims: dict[str, Any], admits: bool) -> None:
    assert Provider('a', 'A', 'https://a.example', 'x', allow=allow).admits(claims) is admits


def test_nobody_moderates_unless_a_rule_says_so() -> None:
    plain = Provider('a', 'A', 'https://a.example', 'x')
    teachers = Provider('a', 'A', 'https://a.example', 'x', moderators={'groups': ('teachers',)})
    assert not plain.makes_moderator({'groups': ['teachers']})
    assert teachers.makes_moderator({'groups': ['pupils', 'teachers']})
    assert not teachers.makes_moderator({'groups': ['pupils']})


@pytest.mark.parametrize(
    'address',
    [
        '', 'x', '//login.example', 'ftp://login.example', 'http://login.example', 'https://', 'https://a b',
        'https://a.example/#x', 'https://ada@a.example', 'https://ä.example', 'https://a.example:0/',
        'https://a.example:x/', 'https://[::1', 'https://a.example\\@b.example', 'javascript:alert(1)',
        'http://localhost.evil.example', 'https://a.example/\n',
    ],
)  # fmt: skip
def test_other_addresses_are_not_safe(address: str) -> None:
    assert not is_safe(address)
