"""Passwords: what one may be, and how it is kept: as Argon2id with a salt, in threads of their own."""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from chat import text
from chat.errors import Busy, Invalid

SHORTEST, LONGEST = 8, 128  # characters (code points after NFKC, as NIST SP 800-63B 3.1.1.2 has it)
PASSES, MEMORY, LANES = 2, 19 * 1024, 1  # OWASP's least for Argon2id: 19 MiB (in KiB), two passes
THREADS = 2  # so many times MEMORY at once
MOST_WAITING = 100  # some seconds of work
FIELD = 'password'
RULES = {
    'password_short': f'A password has at least {SHORTEST} characters.',
    'password_long': f'A password has at most {LONGEST} characters.',
    'password_damaged': 'This password is damaged: it contains half a character.',
    'password_common': 'Many people have this password. Please choose another.',
    'password_name': 'Your name is easily guessed. Please choose another password.',
}

T = TypeVar('T')


class Unfit(Invalid):
    """A password that breaks one of the RULES."""

    def __init__(self, rule: str, field: str) -> None:
        super().__init__(RULES[rule], field)
        self.rule = rule


class Passwords:
    """Turns passwords into hashes and compares them, a few at a time."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY, parallelism=LANES)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix='passwords')
        self._waiting = 0
        self._nobodys: str | None = None

    def stop(self) -> None:
        """Let go of the threads; stopping twice is harmless."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str, name: str, field: str = FIELD) -> str:
        """Return what is stored of a new password of somebody of that name. Raises Unfit or Busy."""
        password = clean(password, field)
        if text.skeleton(password) == text.skeleton(name):
            raise Unfit('password_name', field)
        return await self._do(lambda: self._hash(password, field))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether this is the password that was stored; None takes as long, and is nobody's. Raises Busy."""
        return await self._do(lambda: self._verify(stored, password))

    def is_outdated(self, stored: str) -> bool:
        """Whether a hash was made with other numbers than the ones above."""
        return self._hasher.check_needs_rehash(stored)

    def _hash(self, password: str, field: str) -> str:
        if password.casefold() in _common():
            raise Unfit('password_common', field)
        return self._hasher.hash(password)

    def _verify(self, stored: str | None, password: str) -> bool:
        if self._nobodys is None:
            self._nobodys = self._hasher.hash('')
        given = ''
        with suppress(Unfit):  # what could never be stored costs as much as the rest
            given = clean(password)
        try:
            return self._hasher.verify(stored or self._nobodys, given) and bool(stored and given)
        except VerificationError:
            return False

    async def _do(self, action: Callable[[], T]) -> T:
        if self._waiting >= MOST_WAITING:
            raise Busy('Many people sign in just now.')
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, action)
        finally:
            self._waiting -= 1


def clean(raw: str, field: str = FIELD) -> str:
    """Return a password in one spelling, however a keyboard makes its letters; nothing is cut. Raises Unfit."""
    if len(raw) > 4 * LONGEST:  # to put accents in order takes the square of the length
        raise Unfit('password_long', field)
    if text.is_damaged(raw):
        raise Unfit('password_damaged', field)
    password = unicodedata.normalize('NFKC', raw)
    if not SHORTEST <= len(password) <= LONGEST:
        raise Unfit('password_short' if len(password) < SHORTEST else 'password_long', field)
    return password


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    """Return the commonest passwords that are long enough, some 11,000: read when the first password is chosen."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - takes a while, and memory that few servers need

    return frozenset(each for each in FREQUENCY_LISTS['passwords'] if len(each) >= SHORTEST)
