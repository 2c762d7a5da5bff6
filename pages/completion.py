"""The list of suggestions over the message box: what is chosen there takes the place of what was typed."""

from collections.abc import Awaitable, Callable, Sequence
from html import escape

from nicegui import background_tasks, events, ui

from chat.errors import ChatError
from pages import browser, suggestions
from pages.message_box import MessageBox
from pages.suggestions import Asked, Suggestion, Suggestions

STEPS = {'ArrowDown': 1, 'ArrowUp': -1}


class Completion:
    """Suggests what could be meant while one writes; its elements are made when there is something to suggest.

    Keys belong to the list while it is on the screen, which the browser knows. What was typed until then comes before
    the key does, so here it is known what is asked for; and what is typed meanwhile stays, as the browser puts the text
    in.
    """

    def __init__(
        self, box: MessageBox, place: ui.element, known: Suggestions, send: Callable[[], Awaitable[object]]
    ) -> None:
        self._box, self._place, self._known, self._send = box, place, known, send
        self._before = box.typed
        self._asked: Asked | None = None
        self._found: Sequence[Suggestion] = ()
        self._selected = 0
        self._refused: tuple[str, int] | None = None  # closed by Esc: not opened again for the same sign
        self._taking = 0
        self._taken = 0
        self._list: ui.html | None = None
        self._said: ui.label | None = None
        # Now, as an element that gets listeners later is made anew in the browser, with all that is in it.
        place.on('keydown.capture', self._pressed, js_handler=browser.KEY_FOR_SUGGESTIONS)
        place.on('focusout', self.close, js_handler=browser.LEFT_SUGGESTIONS)

    @property
    def is_open(self) -> bool:
        """Whether something is suggested."""
        return bool(self._found)

    def changed(self) -> None:
        """Look at what is in the box now; suggest something only for what somebody has just typed."""
        before, self._before = self._before, self._box.typed
        if not self._box.is_typed:
            self.close()
            return
        self._ask(suggestions.asked(self._before, suggestions.cursor_after(before, self._before)))

    def close(self) -> None:
        """Suggest nothing."""
        self._asked = None
        if self._found:
            self._found = ()
            self._show()

    def _ask(self, asked: Asked | None) -> None:
        if asked is None or self._refused != (asked.sign, asked.start):
            self._refused = None
        if asked is None or self._refused is not None:
            self.close()
            return
        self._asked = asked
        if self._known.knows(asked.sign):
            self._suggest(self._known.of(asked))
        else:
            background_tasks.create(self._learn(asked), name='look what can be suggested', context=self._box.client)

    async def _learn(self, asked: Asked) -> None:
        try:
            await self._known.learn(asked.sign)
        except ChatError:
            return  # it can be written all the same
        if self._asked is not None and self._asked.sign == asked.sign and not self._box.is_deleted:
            self._suggest(self._known.of(self._asked))

    def _suggest(self, found: Sequence[Suggestion]) -> None:
        if found or self._found:
            self._found, self._selected = found, 0
            self._show()

    async def _pressed(self, event: events.GenericEventArguments) -> None:
        """Do what a key does while there is a list; a browser can tell anything."""
        key, units = event.args if isinstance(event.args, list) and len(event.args) == 2 else (None, None)
        if not isinstance(key, str):
            return
        if key in STEPS and self._found:
            self._selected = (self._selected + STEPS[key]) % len(self._found)
            self._show()
        elif key == 'Escape' and self._asked is not None:
            self._refused = (self._asked.sign, self._asked.start)
            self.close()
        elif key in ('Enter', 'Tab'):
            self._look_at_cursor(units)
            if self._found:
                await self._take(self._selected)
            elif key == 'Enter':  # the list is on the screen for a moment longer than it is here
                await self._send()

    def _look_at_cursor(self, units: object) -> None:
        """Be sure that what is asked for ends at the cursor, which may have gone elsewhere."""
        if not self._found or self._box.is_leaving or not isinstance(units, int):
            return
        asked = suggestions.asked(self._box.typed, browser.characters(self._box.typed, units))
        if asked != self._asked:
            self._ask(asked)

    async def _clicked(self, event: events.GenericEventArguments) -> None:
        if isinstance(event.args, int) and 0 <= event.args < len(self._found):
            await self._take(event.args)

    async def _take(self, place: int) -> None:
        asked, chosen = self._asked, self._found[place]
        if asked is None:
            return
        is_before_space = self._box.typed[asked.end : asked.end + 1].isspace()
        words = chosen.text.rstrip() if is_before_space else chosen.text
        self._selected = place
        self._show(words)
        self._taking += 1
        try:
            await self._box.put(asked.start, asked.end, words)  # from the list, so it has to stay until that is done
        finally:
            self._taking -= 1
            self._taken += 1
            if not self._box.is_deleted:
                self._show()

    def _show(self, words: str | None = None) -> None:
        """Show the list, or no list; ``words`` stand in for the text of the suggestion that is taken."""
        if self._taking:
            return
        if self._list is None or self._said is None:
            self._list, self._said = self._build()
        shown = [_option(each, place, self._selected, words) for place, each in enumerate(self._found)]
        # The browser takes a list away by itself when it puts something in, so one like that has to differ from it.
        head = f'<ul class="suggestions" role="listbox" aria-label="Suggestions" data-taken="{self._taken}">'
        self._list.content = f'{head}{"".join(shown)}</ul>' if shown else ''
        self._said.text = self._sentence()

    def _sentence(self) -> str:
        if not self._found:
            return ''
        count = len(self._found)
        return f'{self._found[self._selected].name}, {self._selected + 1} of {count}. Enter takes it.'

    def _build(self) -> tuple[ui.html, ui.label]:
        with self._place:
            made = ui.html('', sanitize=False).classes('suggestions-place')
            said = ui.label().classes('visually-hidden').props('role=status')
        made.on('mousedown', self._clicked, js_handler=browser.PRESSED_SUGGESTION)
        return made, said


def _option(suggestion: Suggestion, place: int, selected: int, words: str | None) -> str:
    is_selected = place == selected
    text = words if is_selected and words is not None else suggestion.text
    look = f' by-{suggestion.person:d}' if suggestion.person else ''
    return (
        f'<li role="option" class="suggestion{look}" aria-selected="{"true" if is_selected else "false"}"'
        f' data-place="{place}" data-text="{escape(text)}">{suggestion.html}</li>'
    )
