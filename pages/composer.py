"""Where one writes: it clears only after the server has stored what was sent, and keeps what could not be sent."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from secrets import token_urlsafe

from nicegui import ui

from chat.errors import AskFirst, ChatError
from chat.models import Draft, MentionOfAll, Message, Room, User
from pages import attachments, browser, buttons, dialogs, keys
from pages.attaching import Attaching
from pages.completion import Completion
from pages.message_box import MessageBox
from pages.suggestions import Suggestions

EXCERPT = 60  # characters of what one replies to
SEND_PROPS = 'flat dense aria-label=Send title=Send'


class Composer:
    """The text box of one room on one page. Its ``on_…`` functions do what it asks for."""

    def __init__(
        self,
        room: Room,
        draft: Draft,
        *,
        on_send: Callable[[str, str, int | None, MentionOfAll], Awaitable[object]],
        on_edit: Callable[[Message, str, MentionOfAll], Awaitable[object]],
        on_change: Callable[[str, Message | None], object],
        find_last: Callable[[], Awaitable[Message | None]],
        pick_emoji: Callable[[str, Callable[[str], object]], Awaitable[object]],
        suggestions: Suggestions,
        attaching: Attaching,
    ) -> None:
        self._attaching = attaching
        self._pick_emoji = pick_emoji
        self._on_send, self._on_edit, self._on_change, self._find_last = on_send, on_edit, on_change, find_last
        self._editing: Message | None = None
        self._replying_to = draft.reply_to
        self._draft = draft.body  # as far as it is known here; kept while a message is edited
        self._client_message_id = token_urlsafe(12)  # of the text in the box: sent twice, it is one message
        self._sending = False
        self._about: ui.label | None = None  # made when something is edited or answered for the first time
        self._rule: ui.label | None = None  # made when there is one for the first time
        self.is_silent = False
        with ui.element('div').classes('composer') as self._box:
            self._problem = ui.label().classes('problem').props('role=alert')
            with ui.element('div').classes('composer-box') as place:
                self._text = MessageBox(draft.body, self._changed)
                self._text.props('aria-label=Message autogrow borderless dense rows=1 autocomplete=off')
                self._text.classes('composer-text')
                self.set_room_name(room.name)
                # What is typed before the page is connected reaches the server in any order (NiceGUI 3.18).
                self._text.props['readonly'] = not ui.context.client.has_socket_connection
                keys.on_enter(self._text, self.send)
                self._text.on('keydown.up', self._up, args=[])
                self._text.on('keydown.esc', self.cancel, args=[])
                attaching.build(on_ready=self.send, say=self._show_problem, focus=self.focus)
                buttons.icon('mood', 'Insert emoji', self._choose_emoji).classes('insert-emoji')
                ui.button(icon='send', on_click=self.send, color=None).props(SEND_PROPS).classes('send')
        self._completion = Completion(self._text, place, suggestions, self.send)
        self._refresh()

    def set_room_name(self, name: str) -> None:
        """Say where what is written goes."""
        self._text.props['placeholder'] = f'Message {name}'

    def show_rule(self, sentence: str, *, silent: bool) -> None:
        """Say what holds for whoever writes here; in place of the box if they are ``silent``, which keeps the draft."""
        self.is_silent = silent
        self._box.classes(add='silent' if silent else '', remove='' if silent else 'silent')
        if sentence and self._rule is None:
            with self._box:
                self._rule = ui.label().classes('composer-rule').props('role=status')
        if self._rule is not None:
            self._rule.text = sentence

    def rename(self, user: User) -> None:
        """Say whom one replies to by the name that they have now."""
        if self._replying_to is not None and self._replying_to.author.id == user.id:
            self._replying_to = replace(self._replying_to, author=user)
            self._refresh()

    def open(self) -> None:
        """Let one write: the page is connected."""
        self._text.props['readonly'] = False

    def focus(self) -> None:
        """Put the cursor into the box."""
        if not self.is_silent or self._editing is not None:
            self._text.run_method('focus')

    def bring_back(self, text: str) -> None:
        """Put back what the browser had in its box, if that is more than what is known here."""
        if self._editing is None and self._text.typed in text:
            self._text.fill(text)

    def edit(self, message: Message) -> None:
        """Let the words of a message be changed; the draft waits, and changes to another are asked about."""
        if self._editing is not None and self._editing.id == message.id:
            self.focus()
        else:
            self._ask_to_leave(partial(self._begin_edit, message))

    def reply_to(self, message: Message) -> None:
        """Let what is written be the answer to a message."""
        self._ask_to_leave(partial(self._begin_reply, message))

    def _ask_to_leave(self, go_on: Callable[[], object]) -> None:
        """Go on to something else than what is edited: changes are not lost without a word."""
        if self._editing is None or self._text.typed == self._editing.body:
            go_on()
            return

        async def discard() -> None:
            go_on()

        with self._box:
            dialogs.confirm('Discard your changes to the other message?', 'Discard', discard)

    def _begin_edit(self, message: Message) -> None:
        is_first, self._editing = self._editing is None, message
        if is_first:
            self._draft = self._text.typed
            self._text.exchange(message.body, self._draft_told)
        else:
            self._text.exchange(message.body)
        self._show_problem('')
        self._refresh()
        self.focus()

    def _begin_reply(self, message: Message) -> None:
        self.cancel()
        self._answer(message)
        self._refresh()
        self.focus()

    def forget(self, message_id: int) -> None:
        """Answer a message no longer that was deleted; what is written stays."""
        if self._replying_to is not None and self._replying_to.id == message_id:
            self._answer(None)
            self._refresh()

    def cancel(self) -> None:
        """Leave editing, after which the draft is back with what it answers; or leave replying."""
        if self._editing is not None:
            self._editing = None
            self._text.give_back(self._draft, self._text.typed)
            self.focus()
        elif self._replying_to is not None:
            self._answer(None)
        self._show_problem('')
        self._refresh()

    def _answer(self, message: Message | None) -> None:
        self._replying_to = message
        self._keep(self._text.typed if self._editing is None else self._draft)

    def _draft_told(self, draft: str) -> None:
        """Take note of what was typed while the words of a message were on their way into the box."""
        self._draft = draft
        self._keep(draft)

    def _keep(self, draft: str) -> None:
        self._on_change(draft, self._replying_to)

    async def send(self, *, of_all: MentionOfAll = 'ask') -> None:
        """Send what is in the box, or store the edit. What could not be sent stays, with a sentence that says why."""
        if self._sending or (self._editing is None and self._attaching.waits()):
            return
        self._completion.close()
        body, editing, answered = self._text.typed, self._editing, self._replying_to
        self._sending = True
        try:
            if editing is not None:
                await self._on_edit(editing, body, of_all)
            else:
                await self._on_send(body, self._client_message_id, answered.id if answered else None, of_all)
        except AskFirst as question:
            send_it = partial(self.send, of_all='confirmed')
            dialogs.confirm(f'Notify all {question.people} people?', 'Send', send_it, button=buttons.main)
        except ChatError as error:
            self._show_problem(error.message)
        else:
            self._sent(body, editing, answered)
        finally:
            self._sending = False

    def _sent(self, body: str, editing: Message | None, answered: Message | None) -> None:
        """Let go of what was stored. What was typed while it was on its way stays."""
        self._client_message_id = token_urlsafe(12)
        if editing is None and answered is not None and answered == self._replying_to:
            self._replying_to = None
        if self._editing is editing and not self._text.is_deleted:
            self._editing = None
            if editing is not None and self._draft:
                self._text.give_back(self._draft, body)
                self.focus()
            else:
                self._text.take_away(body)
            if answered is not None:
                self._keep(self._text.typed)
            self._show_problem('')
            self._refresh()
        elif editing is None:  # another message is edited by now, or another room is open
            self._draft = (self._text.typed if self._editing is None else self._draft).removeprefix(body)
            self._keep(self._draft)

    async def _choose_emoji(self) -> None:
        place = await browser.cursor_in(self._text)  # before the picker takes the focus

        def write(emoji: str) -> None:
            typed = self._text.typed
            self._text.fill(typed[:place] + emoji + typed[place:])
            browser.put_cursor(self._text, place + len(emoji))

        await self._pick_emoji('.insert-emoji', write)

    async def _up(self) -> None:
        if self._text.typed or self._editing is not None:
            return
        last = await self._find_last()
        if last is not None and not self._text.typed:
            self.edit(last)

    def _changed(self) -> None:
        self._show_problem('')
        self._attaching.stop_waiting()
        self._completion.changed()
        if self._editing is None:
            self._keep(self._text.typed)

    def _show_problem(self, sentence: str) -> None:
        self._problem.text = sentence
        self._problem.set_visibility(bool(sentence))

    def _refresh(self) -> None:
        about = ''
        self._box.classes(remove='editing')
        if self._editing is not None:
            self._box.classes('editing')
            about = 'Editing your message. Esc cancels.'
        elif self._replying_to is not None:
            words = attachments.excerpt(self._replying_to, EXCERPT)
            about = f'Replying to {self._replying_to.author.name}: {words} (Esc cancels)'
        if about and self._about is None:
            self._about = self._build_about()
        if self._about is not None:
            self._about.text = about
            self._box.classes(add='about' if about else '', remove='' if about else 'about')
        self._problem.set_visibility(bool(self._problem.text))

    def _build_about(self) -> ui.label:
        with self._box, ui.element('div').classes('composer-about') as place:
            label = ui.label().classes('composer-about-what')
            buttons.icon('close', 'Cancel', self.cancel)
        place.move(target_index=0)
        return label
