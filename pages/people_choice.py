"""Choosing people, who are found by some letters of their names."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from html import escape

from nicegui import events, ui

from chat.errors import ChatError
from chat.models import User
from pages import buttons, dialogs, keys, rows
from pages.asking import shows_errors

LONGEST = 32  # characters

Find = Callable[[str], Awaitable[tuple[Sequence[User], bool]]]


async def choose(
    title: str,
    yes: str,
    *,
    find: Find,
    on_chosen: Callable[[list[User]], Awaitable[object]],
    but: frozenset[int],
    most: int | None = None,
) -> None:
    """Ask for some people, ``most`` of them; ``on_chosen`` is awaited with them and may raise ChatError.

    ``find`` returns who is called so, and whether there are more; those of ``but`` are not offered.
    """
    await _Choice(title, yes, find, on_chosen, but, most).look()


class _Choice:
    """The dialog: whoever is chosen stands first, and stays while one looks for the next."""

    def __init__(
        self,
        title: str,
        yes: str,
        find: Find,
        on_chosen: Callable[[list[User]], Awaitable[object]],
        but: frozenset[int],
        most: int | None,
    ) -> None:
        self._find, self._on_chosen, self._but, self._most = find, on_chosen, but, most
        self._found: Sequence[User] = ()
        self._has_more = False
        self._chosen: dict[int, User] = {}
        self._buttons: dict[int, ui.html] = {}
        self._looking, self._doing = asyncio.Lock(), asyncio.Lock()
        with dialogs.titled(title) as self._dialog:
            self._words = ui.input('Find people', on_change=self._look_again)
            self._words.props(f'outlined autofocus maxlength={LONGEST}').classes('full')
            keys.on_enter(self._words, self._take_first)
            self._list = ui.element('ul').classes('people-found').props('aria-label="People found"')
            self._said = ui.label().classes('browsed-said').props('role=status')
            self._problem = ui.label().classes('problem').props('role=alert')
            with ui.element('div').classes('dialog-buttons'):
                buttons.plain('Cancel', self._dialog.close)
                self._yes = buttons.main(yes, self._do)
        self._yes.disable()

    async def look(self, typed: str | None = None) -> None:
        """Show who has the letters that are in the box, unless other letters have come since those that were typed."""
        async with self._looking:  # a page that sends words without end makes the server read no faster
            words = dialogs.text_of(self._words)
            if self._list.is_deleted or typed not in (None, words):
                return
            words = words[:LONGEST].strip()
            found, self._has_more = await self._find(words)
        self._found = [each for each in found if each.id not in self._but]
        if not self._list.is_deleted:
            self._show()

    @shows_errors
    async def _look_again(self, event: events.ValueChangeEventArguments[str | None]) -> None:
        await self.look(event.value)

    async def _take_first(self) -> None:
        """Choose whom the letters mean, and make place for the next; with nothing typed, that was the last."""
        if not dialogs.text_of(self._words).strip():
            await self._do()
            return
        await self.look()  # what was typed a moment ago may not have been looked for
        fresh = [each for each in self._found if each.id not in self._chosen]
        if fresh and not self._list.is_deleted:
            self._toggle(fresh[0])
            self._words.value = ''

    def _show(self) -> None:
        self._list.clear()
        self._buttons.clear()
        shown = [*self._chosen.values(), *(each for each in self._found if each.id not in self._chosen)]
        with self._list:
            for user in shown:
                with ui.element('li'):
                    name = f'{rows.avatar(user, "small")}<span class="name">{escape(user.name)}</span>'
                    button = ui.html(name, sanitize=False, tag='button').classes(f'person-choice by-{user.id:d}')
                    button.props['type'] = 'button'
                    button.on('click', partial(self._toggle, user), args=[])
                    self._buttons[user.id] = button
        self._say()

    def _toggle(self, user: User) -> None:
        if self._chosen.pop(user.id, None) is None:
            self._chosen[user.id] = user
        self._problem.text = ''
        self._say()

    def _say(self) -> None:
        for user_id, button in self._buttons.items():
            button.props['aria-pressed'] = 'true' if user_id in self._chosen else 'false'
        is_too_many = self._most is not None and len(self._chosen) > self._most
        self._yes.set_enabled(bool(self._chosen) and not is_too_many)
        names = ', '.join(user.name for user in self._chosen.values())
        if is_too_many:
            self._said.text = f'{self._most} people at most.'
        elif names:
            self._said.text = f'Chosen: {names}'
        elif not self._found:
            self._said.text = 'Nobody else is called so.' if dialogs.text_of(self._words) else 'There is nobody else.'
        else:
            self._said.text = 'There are more. A few letters of the name find them.' if self._has_more else ''

    async def _do(self) -> None:
        if self._doing.locked() or not self._dialog.value or not self._yes.enabled:
            return
        async with self._doing:
            try:
                await self._on_chosen(list(self._chosen.values()))
            except ChatError as error:
                self._problem.text = error.message
            else:
                self._dialog.close()
