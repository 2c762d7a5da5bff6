"""A text box that the server can empty while somebody types on in it."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from nicegui import background_tasks, events, ui

from pages import browser


class MessageBox(ui.textarea):
    """A text area from whose beginning what was sent can be taken away.

    A value set from the server would wipe what the browser has not told yet, so the browser takes the text away itself
    and answers with what is left. Until then, what it tells still begins with that text.
    """

    def __init__(self, value: str, on_change: Callable[[], object]) -> None:
        self._leaving = ''  # taken away here, and perhaps not yet in the browser
        self._putting: list[_Put] = []  # likewise put in
        self._told_before: _Before | None = None  # while other words are on their way into the box
        self._heard = 0  # times that the browser told what is in it
        self._done_putting = asyncio.Event()
        self._done_putting.set()
        self.is_typed = False  # whether somebody has typed what is told just now
        self._on_change: Callable[[], object] | None = None
        super().__init__(value=value)
        self._on_change = on_change

    @property
    def typed(self) -> str:
        """What is in the box. A browser, or whoever pretends to be one, can send anything as the value."""
        return self.value if isinstance(self.value, str) else ''

    def fill(self, text: str) -> None:
        """Put other text into the box."""
        self._leaving = ''
        self._told_before = None
        self._putting.clear()
        self.is_typed = False
        self.value = text

    def exchange(self, words: str, on_told: Callable[[str], object] | None = None) -> None:
        """Put other words into the box, and tell what was typed in it until they were there."""
        self._exchange(words, None, on_told)

    def give_back(self, words: str, left: str) -> None:
        """Put words into the box instead of those that one has ``left``; what is typed until then stays behind them."""
        self._exchange(words, left, None)

    def _exchange(self, words: str, left: str | None, on_told: Callable[[str], object] | None) -> None:
        is_early = left is not None and self._told_before is not None and self._told_before.on_told is not None
        self._told_before = _Before(on_told)
        with self.parent_slot or self.client:
            place = ui.element().classes('hidden')  # one's own, as the words before these may be on their way, too
        place.props['data-words'] = words
        if left is not None:
            place.props['data-left'] = left
        if is_early:  # what they take the place of was there until a moment ago, with more than is known here
            place.props['data-early'] = True
        self._note(words)
        background_tasks.create(self._exchange_in_browser(place, self._told_before), name='put in words')

    def take_away(self, sent: str) -> None:
        """Remove ``sent`` from the beginning of the box, if it begins so."""
        if sent and self.typed.startswith(sent):
            self._leaving += sent
            self._note(self.typed.removeprefix(sent))
            background_tasks.create(self._take_away_in_browser(sent), name='take away what was sent')

    @property
    def is_leaving(self) -> bool:
        """Whether the browser may still have something that was sent before what is in the box."""
        return bool(self._leaving)

    async def put(self, start: int, end: int, text: str) -> None:
        """Put the suggestion that is selected, which is ``text``, in place of some characters."""
        put = _Put(start, self.typed[start:end], text)
        self._putting.append(put)
        self._done_putting.clear()
        place = browser.units(self.typed[:start]), browser.units(self.typed[:end])
        self._note(put.done(self.typed))
        heard = self._heard
        left = await browser.put_suggestion(self, *place)
        if put in self._putting:
            self._putting.remove(put)
            # What was heard meanwhile is known with the text in place, and may have been typed after this answer.
            if left is not None and self._heard == heard and not self.is_deleted:
                self._take_over(self._as_known_here(left))
        if not self._putting:
            self._done_putting.set()

    async def _take_away_in_browser(self, sent: str) -> None:
        await self._done_putting.wait()
        left = await browser.take_from_beginning(self, sent)
        if self._leaving.startswith(sent) and not self.is_deleted:
            self._leaving = self._leaving.removeprefix(sent)
            if left is not None:
                self._take_over(self._as_known_here(left))

    async def _exchange_in_browser(self, words: ui.element, before: '_Before') -> None:
        texts = await browser.exchange(self, words)
        if not words.is_deleted:
            words.delete()
        if self._told_before is not before or self.is_deleted:
            return  # there is something else in the box by now
        self._told_before = None
        if texts is None:
            self.update()  # the browser did not say: it gets what is known here
            return
        left, now = (self._as_known_here(text) for text in texts)
        heard = before.told
        before.tell(left)
        # What was heard last may have been typed after the exchange, and before its answer.
        self._note(now if heard is None or heard == left else heard)

    def _take_over(self, text: str) -> None:
        """Take over what a browser has in its box, or had there before it got other words."""
        if self._told_before is None:
            self._note(text)
        else:
            self._told_before.hear(text)

    def _as_known_here(self, text: str) -> str:
        """Return what a browser has, with what is changed here and not yet there."""
        text = text.removeprefix(self._leaving)
        for put in self._putting:
            text = put.done(text)
        return text

    def _note(self, value: str) -> None:
        """Take over a value that the browser has, or will have by itself."""
        self._send_update_on_value_change = self.is_typed = False
        self.value = value
        self._send_update_on_value_change = True

    def _handle_value_change(self, value: str | None) -> None:
        super()._handle_value_change(value)
        if self._on_change is not None:
            self._on_change()  # directly: it comes with every key, and NiceGUI would inspect its signature each time

    def _event_args_to_value(self, e: events.GenericEventArguments) -> str | None:
        value = super()._event_args_to_value(e)
        self.is_typed = True
        self._heard += 1
        if not isinstance(value, str):
            return value
        value = self._as_known_here(value)
        if self._told_before is None:
            return value
        self._told_before.hear(value)
        return self.typed


class _Before:
    """What a browser tells of its box while other words are on their way into it."""

    def __init__(self, on_told: Callable[[str], object] | None) -> None:
        self.on_told = on_told
        self.told: str | None = None

    def hear(self, text: str) -> None:
        """Take note of what it had in the box."""
        self.told = text
        self.tell(text)

    def tell(self, text: str) -> None:
        """Say what it had in the box."""
        if self.on_told is not None:
            self.on_told(text)


class _Put(NamedTuple):
    """Some characters that others take the place of."""

    start: int
    old: str
    new: str

    def done(self, text: str) -> str:
        """Return a text in which they have."""
        is_old = text.startswith(self.old, self.start) and not text.startswith(self.new, self.start)
        return text[: self.start] + self.new + text[self.start + len(self.old) :] if is_old else text
