"""What waits to be sent to one program: bounded, so that one that reads too slowly costs the others nothing."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from web.prepared_frames import Write, frame_of

MOST_WAITING = 2_048  # frames; twice what is told at once to somebody who comes back
MOST_CHARACTERS = 4_000_000  # in those frames; a message may have 98,000
TOO_SLOW = 1013

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Outbox:
    """Sends texts in order. When too many wait, it takes no more and closes the connection with TOO_SLOW after them.

    ``write`` takes a frame at once or not at all; where there is none, or it does not, ``send`` waits for the program.
    """

    def __init__(self, send: Send, write: Write | None = None) -> None:
        self._send = send
        self._write = write
        self._waiting: deque[str] = deque()
        self._characters = 0
        self._wake = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._is_sending = False
        self._sent = self._sent_before = 0
        self.code: int | None = None  # that the connection is being closed with

    def put(self, text: str) -> None:
        """Send a text as soon as those before it are sent."""
        if self.code is not None:
            return
        if self._write is not None and not self._is_sending and not self._waiting and self._write(frame_of(text)):
            return
        is_full = len(self._waiting) >= MOST_WAITING or self._characters + len(text) > MOST_CHARACTERS
        if is_full and self._waiting:  # one that is too long by itself is let through: told again, it would be as long
            self.close(TOO_SLOW)
            return
        self._waiting.append(text)
        self._characters += len(text)
        self._wake.set()
        self._empty.clear()

    def close(self, code: int) -> None:
        """Take no more, and close with ``code`` after what waits; closing twice is harmless."""
        if self.code is None:
            self.code = code
            self._wake.set()
            self._empty.set()

    def is_stuck(self) -> bool:
        """Whether nothing at all was taken since this was asked before, though something is being sent."""
        before, self._sent_before = self._sent_before, self._sent
        return self._is_sending and self._sent == before

    @property
    def is_half_full(self) -> bool:
        """Whether what can be told later should be."""
        return len(self._waiting) >= MOST_WAITING // 2 or self._characters >= MOST_CHARACTERS // 2

    async def emptied(self) -> None:
        """Wait until nothing waits any more, or no more is taken."""
        await self._empty.wait()

    async def run(self) -> None:
        """Send until closed."""
        while self.code is None or self._waiting:
            self._is_sending = True
            while self._waiting:
                await self._send({'type': 'websocket.send', 'text': self._next()})
                self._sent += 1
            if self.code is None:
                self._is_sending = False
                self._wake.clear()
                await self._wake.wait()
        self._is_sending = True
        await self._send({'type': 'websocket.close', 'code': self.code})

    def _next(self) -> str:
        text = self._waiting.popleft()
        self._characters -= len(text)
        if not self._waiting:
            self._empty.set()
        return text
