"""The line below a conversation that says who is typing."""

from collections.abc import Callable, Collection, Sequence
from html import escape

from nicegui import Client

from chat.models import User
from pages.live_rows import live_rows
from pages.pulse import Pulse
from web.page_updates import Wire


class TypingLine:
    """Stands where it is made. Who types is mostly over with a message, which brings that along."""

    def __init__(self, client: Client, wire: Wire | None, pulse: Pulse, user: Callable[[], User]) -> None:
        self._rows = live_rows(client, wire, 'typing')
        self._pulse = pulse
        self._user = user
        self._who: Sequence[User] = ()
        self._says = ''

    def heard(self, who: Sequence[User]) -> None:
        """Take note of who types, and say so a moment later."""
        self._who = who
        self._pulse.ask(self._show)

    def said(self, author_ids: Collection[int]) -> None:
        """Take note of who has said something, and so types no longer."""
        if self._who:
            self._who = [user for user in self._who if user.id not in author_ids]

    def rename(self, user: User) -> None:
        """Take note of the name that somebody has now."""
        self._who = [user if each.id == user.id else each for each in self._who]

    def put(self) -> None:
        """Say who types, with what is shown next."""
        sentence = _sentence([user.name for user in self._who if user.id != self._user().id])
        if sentence != self._says:
            self._says = sentence
            self._rows.put('typing', escape(sentence), 'history')

    def wait_no_longer(self) -> None:
        """Forget what was to be said a moment later."""
        self._pulse.forget(self._show)

    def close(self) -> None:
        """Leave nothing in the browser."""
        self._rows.close()

    def _show(self) -> None:
        self.put()
        self._rows.flush()


def _sentence(names: Sequence[str]) -> str:
    if len(names) > 2:
        return 'Several people are typing…'
    if not names:
        return ''
    return f'{" and ".join(names)} {"is" if len(names) == 1 else "are"} typing…'
