"""What a password may be, and that nobody learns from the time or the store what it is."""

import asyncio
import re
import unicodedata
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from chat import passwords
from chat.errors import Busy, Invalid
from chat.passwords import Passwords

GOOD = 'a long sentence'


@pytest.fixture
async def keeper() -> AsyncIterator[Passwords]:
    keeper = Passwords()
    yield keeper
    keeper.stop()


@pytest.mark.parametrize(
    ('password', 'reason'),
    [
        ('', 'at least 8'),
        ('seven77', 'at least 8'),
        ('x' * 129, 'at most 128'),
        ('x' * 100_000, 'at most 128'),
        ('\u0344' * 512, 'at most 128'),  # grows when it is put into one spelling
        ('half \ud83d a character', 'half a character'),
        ('password', 'Many people'),
        ('PassWord', 'Many people'),
        ('iloveyou', 'Many people'),
        ('12345678', 'Many people'),
        ('Ada Lovelace', 'Your name'),
        ('adalovelace', 'Your name'),
    ],
)
async def test_what_is_no_password_is_said_in_a_sentence_with_the_field(
    keeper: Passwords, password: str, reason: str
) -> None:
    with pytest.raises(Invalid, match=reason) as problem:
        await keeper.hash(password, 'Ada Lovelace')
    assert problem.value.field == 'password'


@pytest.mark.parametrize(
    'password', ['8 letter', 'x' * 128, '        ', 'пароль из слов', '🔥🔥🔥🔥🔥🔥🔥🔥', 'null\0byte']
)
async def test_everything_else_is_one_and_not_a_letter_is_cut(keeper: Passwords, password: str) -> None:
    stored = await keeper.hash(password, 'Ada')
    assert await keeper.verify(stored, password)
    for other in (password[:-1], password + 'x', password.swapcase() + ' ', f' {password}'):
        assert not await keeper.verify(stored, other)


async def test_however_a_keyboard_makes_a_letter_it_is_the_same_password(keeper: Passwords) -> None:
    stored = await keeper.hash(unicodedata.normalize('NFC', 'Zoë und Chloé'), 'Ada')
    assert await keeper.verify(stored, unicodedata.normalize('NFD', 'Zoë und Chloé'))


async def test_what_is_stored_is_argon2id_with_enough_memory_and_a_salt_of_its_own(keeper: Passwords) -> None:
    one, other = await keeper.hash(GOOD, 'Ada'), await keeper.hash(GOOD, 'Ada')
    assert one != other
    numbers = re.match(r'\$argon2id\$v=19\$m=(\d+),t=(\d+),p=1\$', one)
    assert int(numbers[1]) >= 19 * 1024
    assert int(numbers[2]) >= 2
    assert not keeper.is_outdated(one)
    assert keeper.is_outdated(one.replace('m=19456', 'm=4096'))


@pytest.mark.parametrize(
    ('known', 'password'),
    [(True, GOOD), (True, 'not this one'), (True, ''), (True, 'x' * 10_000), (False, GOOD), (False, '')],
)
async def test_every_answer_costs_one_hash(
    keeper: Passwords, monkeypatch: pytest.MonkeyPatch, known: bool, password: str
) -> None:
    stored = await keeper.hash(GOOD, 'Ada') if known else None
    await keeper.verify(None, GOOD)  # makes the hash that is nobody's
    asked: list[str] = []

    verify = keeper._hasher.verify
    counted = SimpleNamespace(hash=keeper._hasher.hash, verify=lambda *args: asked.append(args[0]) or verify(*args))
    monkeypatch.setattr(keeper, '_hasher', counted)
    assert await keeper.verify(stored, password) == (known and password == GOOD)
    assert len(asked) == 1


async def test_nobodys_password_is_nobodys(keeper: Passwords) -> None:
    assert not await keeper.verify(None, '')
    assert not await keeper.verify(None, GOOD)


async def test_a_crowd_waits_and_more_than_that_is_told_to_come_back(
    keeper: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, 'MOST_WAITING', 3)
    asked = [asyncio.create_task(keeper.verify(None, GOOD)) for _ in range(5)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(each) for each in answers] == [bool, bool, bool, Busy, Busy]
    assert 'Try again in 5 seconds' in str(answers[-1])
    assert not await keeper.verify(None, GOOD)


async def test_the_loop_goes_on_meanwhile(keeper: Passwords) -> None:
    hashing = asyncio.create_task(keeper.hash(GOOD, 'Ada'))
    turns = 0
    while not hashing.done():
        turns += 1
        await asyncio.sleep(0.001)
    assert turns > 3
