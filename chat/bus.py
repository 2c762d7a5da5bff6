"""What the servers of one chat tell each other, by Redis.

They are hints, never truth: storage alone knows what happened. So nothing is kept in Redis, and whatever is lost on the
way, because Redis is gone or too much waits, is found in storage by those who asked to be told of gaps.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from chat.redis_channel import PROBLEMS, RedisChannel, explain, is_too_old
from chat.telling import tell_each

MOST_WAITING = 10_000  # hints; what is more is lost
MOST_TOGETHER = 1_000  # hints in one message
LONGEST_MESSAGE = 64 * 1024 * 1024  # bytes; no server says so much at once
BEAT_EVERY = 1.0  # s; whoever has nothing to say says that, and hears it: so a Redis that hangs is noticed
SILENT_AFTER = 4.0  # s without hearing even oneself
SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 2.0  # s before Redis is tried again
GOODBYE_WITHIN = 1.0  # s for what waits when the server stops
AWAY = 'Redis cannot be used'
ID_LENGTH = 16  # of a server, in hexadecimal digits


class Hint(Protocol):
    """Something that servers tell each other: a frozen data class, whose ``kind`` stands before its JSON."""

    kind: ClassVar[str]


H = TypeVar('H', bound=Hint)
log = logging.getLogger('hearth.bus')


@dataclass(frozen=True, slots=True)
class Came:
    """A server is there now; if ``missed``, what it told before may have reached nobody."""

    kind: ClassVar[str] = 'came'
    missed: bool


class Bus:
    """Tells the other servers and hears them. Without an address there are none: it says nothing and costs nothing."""

    def __init__(self, url: str | None = None) -> None:
        self._url = url
        self._id = secrets.token_hex(ID_LENGTH // 2)
        self._waiting: asyncio.Queue[Hint] = asyncio.Queue(MOST_WAITING)
        self._handlers: dict[str, tuple[type[Hint], list[Callable[[str, Any], object]]]] = {}
        self._on_gap: list[Callable[[], object]] = []
        self._missed = False  # whether something that was told here is lost for the others
        self._staying: asyncio.Task[None] | None = None
        self._connected_at: float | None = None
        self._complaints: set[str] = set()
        self.version: str | None = None  # of Redis
        self.told = self.heard = self.lost = 0  # hints
        self.hear(Came, self._other_came)

    def start(self, chat_id: str) -> None:
        """Begin to look for Redis, which need not be there yet; starting twice is harmless."""
        if self._url is not None and self._staying is None:
            staying = self._stay_connected(self._url, chat_id)
            self._staying = asyncio.create_task(staying, name='stay connected to Redis')

    async def stop(self) -> None:
        """Tell what waits and let go of Redis; stopping twice is harmless."""
        if self._staying is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_WITHIN):
                await self._waiting.join()
        self._staying.cancel()
        await asyncio.wait([self._staying])
        self._staying = None
        self._let_go()

    @property
    def is_alone(self) -> bool:
        """Whether there is no bus: this server is the only one."""
        return self._url is None

    @property
    def is_away(self) -> bool:
        """Whether there should be a Redis, and it cannot be used now."""
        return self._url is not None and self._connected_at is None

    def is_connected_for(self, seconds: float) -> bool:
        """Whether everything that was told in the last seconds was heard here."""
        return self._connected_at is not None and monotonic() - self._connected_at >= seconds

    def tell(self, hint: Hint) -> None:
        """Tell the other servers, without waiting; needs the event loop."""
        if self.is_alone:
            return
        try:
            if self._connected_at is None:
                raise asyncio.QueueFull
            self._waiting.put_nowait(hint)
        except asyncio.QueueFull:
            self._lose(1)

    def hear(self, shape: type[H], handler: Callable[[str, H], object]) -> None:
        """Call ``handler`` with the id of a server and each hint of this shape that it tells."""
        self._handlers.setdefault(shape.kind, (shape, []))[1].append(handler)

    def on_gap(self, heal: Callable[[], object]) -> None:
        """Call ``heal`` whenever hints may be lost: Redis has gone, is there again, or was away for another server."""
        self._on_gap.append(heal)

    def complain(self, sentence: str) -> None:
        """Say it once: whoever speaks strangely goes on doing so."""
        if sentence not in self._complaints:
            self._complaints.add(sentence)
            log.warning('%s', sentence)

    async def _stay_connected(self, url: str, chat_id: str) -> None:
        pause = SHORTEST_PAUSE
        while True:
            try:
                async with RedisChannel(url, chat_id) as channel:
                    self._found(channel.version)
                    await self._talk(channel)
            except Exception as error:
                if self.is_connected_for(LONGEST_PAUSE):
                    pause = SHORTEST_PAUSE
                was_there = not self.is_away
                self._let_go()
                if was_there:
                    tell_each(self._on_gap)
                self._log_problem(error.exceptions[0] if isinstance(error, ExceptionGroup) else error)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _talk(self, channel: RedisChannel) -> None:
        """Speak and listen until one of them fails."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._speak(channel), name='speak to Redis')
            both.create_task(self._listen(channel), name='listen to Redis')

    async def _speak(self, channel: RedisChannel) -> None:
        while True:
            hints = await self._next_hints()
            try:
                await channel.speak(b'\n'.join([self._id.encode(), *filter(None, map(_line, hints))]))
                self.told += len(hints)
            except BaseException:
                self._lose(len(hints))
                raise
            finally:
                for _ in hints:
                    self._waiting.task_done()
            if self._missed and self._waiting.empty():
                self._missed = False
                self.tell(Came(missed=True))

    async def _next_hints(self) -> list[Hint]:
        """Return all that waits, or what comes next; nothing when that takes too long."""
        hints: list[Hint] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(BEAT_EVERY):
                hints.append(await self._waiting.get())
        while hints and len(hints) < MOST_TOGETHER and not self._waiting.empty():
            hints.append(self._waiting.get_nowait())
        return hints

    async def _listen(self, channel: RedisChannel) -> None:
        mine = self._id.encode()
        while True:
            words = await channel.hear(SILENT_AFTER)
            if not words.startswith(mine):
                self._take(words)

    def _take(self, words: bytes) -> None:
        """Hand what was told to those who asked for it; it may be of another version, or nonsense."""
        sender, _, rest = words.partition(b'\n')
        if len(sender) != ID_LENGTH or not sender.isalnum() or len(words) > LONGEST_MESSAGE:
            self.complain('Somebody who is no server of this chat speaks on its channel; that is not taken')
            return
        for line in rest.split(b'\n') if rest else ():
            self._take_line(sender.decode(errors='replace'), line)

    def _take_line(self, sender: str, line: bytes) -> None:
        kind, _, data = line.partition(b' ')
        shape, handlers = self._handlers.get(kind.decode(errors='replace'), (None, []))
        if shape is None:
            self.complain('Another server tells what is not known here; is it of another version?')
            return
        try:
            hint = _adapter(shape).validate_json(data, strict=True)
        except ValidationError:
            self.complain(f'Another server tells "{shape.kind}" in a form that is not known here')
            return
        self.heard += 1
        tell_each(handlers, sender, hint)

    def _found(self, version: str) -> None:
        self.version, self._connected_at = version, monotonic()
        was_missed = AWAY in self._complaints
        self._complaints.discard(AWAY)
        log.log(logging.WARNING if was_missed else logging.INFO, 'Redis %s is there', version)
        if is_too_old(version):
            self.complain(f'Redis {version} is older than what Hearth was tried with, 6.2')
        self.tell(Came(missed=self._missed))
        self._missed = False
        tell_each(self._on_gap)

    def _other_came(self, _: str, came: Came) -> None:
        if came.missed:
            tell_each(self._on_gap)

    def _let_go(self) -> None:
        """Note that Redis is not there: nothing waits for it."""
        if self._connected_at is not None:
            self._connected_at, self.version, self._missed = None, None, True
        while not self._waiting.empty():
            self._waiting.get_nowait()
            self._waiting.task_done()
            self._lose(1)

    def _lose(self, hints: int) -> None:
        self.lost += hints
        self._missed = True

    def _log_problem(self, error: BaseException) -> None:
        if not isinstance(error, PROBLEMS):
            log.error('Talking with Redis failed', exc_info=error)
        if AWAY not in self._complaints:
            self._complaints.add(AWAY)
            log.warning('%s: %s. People talk on, and those on other servers hear of it later.', AWAY, explain(error))


@cache
def _adapter(shape: type[Hint]) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _line(hint: Hint) -> bytes:
    try:
        return hint.kind.encode() + b' ' + _adapter(type(hint)).dump_json(hint)
    except ValueError:  # no text that could be stored, either
        log.exception('Could not put "%s" into words', hint.kind)
        return b''
