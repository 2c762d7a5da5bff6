"""One Redis connection to speak and one to listen, on a channel that all servers of one chat share."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError
from redis.exceptions import TimeoutError as NoAnswer

PROTOCOL = 1  # of what is told; servers that speak another one do not hear each other
OLDEST = (6, 2)
ANSWERS_WITHIN = 2.0  # s; a Redis that hangs is as good as none
CLOSES_WITHIN = 1.0  # s
UNKNOWN = 'unknown'  # the version of a Redis that does not say it

PROBLEMS = (RedisError, OSError, TimeoutError)


class RedisChannel:
    """The open channel of a chat, for ``async with``. Raises one of PROBLEMS whenever Redis cannot be used."""

    version = UNKNOWN

    def __init__(self, url: str, chat_id: str) -> None:
        address, channel = split(url)
        self._name = name_of(chat_id, channel)
        # Protocol 2 is what all versions of Redis and of its library speak alike. The bus itself tries again; what the
        # library tried meanwhile would only keep the news of it away. The library's timeout for sockets is `wait_for`,
        # which in Python 3.11 may swallow that its task is cancelled.
        self._redis: Redis = Redis.from_url(address, protocol=2, retry=Retry(NoBackoff(), 0), socket_timeout=None)
        self._ears = self._redis.pubsub(ignore_subscribe_messages=True)

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                await self._ears.subscribe(self._name)
                await self._ears.get_message(timeout=None)  # that the channel is heard from now on
                self.version = await self._ask_version()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def speak(self, words: bytes) -> None:
        """Tell everybody who listens, oneself included."""
        async with asyncio.timeout(ANSWERS_WITHIN):
            await self._redis.publish(self._name, words)

    async def hear(self, within: float) -> bytes:
        """Return what was told next; raises TimeoutError when nothing was."""
        message: dict[str, Any] | None = await self._ears.get_message(timeout=within)
        if message is None:
            raise TimeoutError
        words: bytes = message['data']
        return words

    async def _ask_version(self) -> str:
        try:
            about = await self._redis.info('server')
        except ResponseError:  # not everybody may ask; speaking and listening are all that is needed
            await self._redis.ping()
            return UNKNOWN
        return str(about.get('valkey_version') or about.get('redis_version') or UNKNOWN)

    async def _close(self) -> None:
        with suppress(*PROBLEMS):
            async with asyncio.timeout(CLOSES_WITHIN):
                await self._ears.aclose()  # type: ignore[no-untyped-call]
                await self._redis.aclose()


def split(url: str) -> tuple[str, str]:
    """Return the address as Redis's library reads it, and the channel that it names."""
    return url.partition('?')[0], parse_qs(urlsplit(url).query).get('channel', [''])[0]


def name_of(chat_id: str, channel: str) -> str:
    """Return what the channel of a chat is called in Redis, where all chats share the names of channels.

    One may be named for what shares an id, such as a copy that is tried out.
    """
    return f'hearth:{PROTOCOL}:{chat_id}:{channel}' if channel else f'hearth:{PROTOCOL}:{chat_id}'


def is_too_old(version: str) -> bool:
    """Whether this is a Redis that Hearth was never tried with."""
    numbers = version.split('.')[:2]
    return all(number.isdecimal() for number in numbers) and tuple(map(int, numbers)) < OLDEST


def explain(error: BaseException) -> str:
    """Say in some words why Redis cannot be used, without a password."""
    if isinstance(error, AuthenticationError | NoPermissionError):
        return 'it refuses the user or the password'
    if isinstance(error, TimeoutError | NoAnswer):
        return 'it does not answer'
    if isinstance(error, ResponseError):
        return f'it says: {error}'
    return 'it cannot be reached'
