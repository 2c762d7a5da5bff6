"""Where one writes: it clears only after the server has stored what was sent, and keeps what could not be sent."""

from collections.abc import Awaitable, Callable
from secrets import token_urlsafe

from nicegui import events, ui

from chat.errors import ChatError
from chat.models import Message, Room, User
from pages import buttons

IME_KEY = 229  # the key code of every key that belongs to an input method


class Composer:
    """The text box of one room on one page. Its ``on_…`` functions do what it asks for."""

    def __init__(
        self,
        room: Room,
        user: User,
        draft: str,
        *,
        on_send: Callable[[str, str, int | None], Awaitable[object]],
        on_edit: Callable[[Message, str], Awaitable[object]],
        on_change: Callable[[str], object],
        find_last: Callable[[], Awaitable[Message | None]],
    ) -> None:
        self._user = user
        self._on_send, self._on_edit, self._on_change, self._find_last = on_send, on_edit, on_change, find_last
        self._editing: Message | None = None
        self._replying_to: Message | None = None
        self._draft = draft  # kept while a message is edited
        self._client_message_id = token_urlsafe(12)  # of the text in the box: sent twice, it is one message
        self._sending = False
        with ui.element('div').classes('composer'):
            with ui.element('div').classes('composer-about') as self._about:
                self._about_text = ui.label()
                buttons.icon('close', 'Cancel', self.cancel)
            self._problem = ui.label().classes('problem').props('role=alert')
            with ui.element('div').classes('composer-box'):
                self._text = ui.textarea(value=draft, on_change=self._changed)
                self._text.props('aria-label=Message autogrow borderless dense rows=1 autocomplete=off')
                self._text.classes('composer-text')
                self._text.props['placeholder'] = f'Message {room.name}'
                self._text.on('keydown.enter.exact.prevent', self._enter, args=['isComposing', 'keyCode'])
                self._text.on('keydown.up', self._up, args=[])
                self._text.on('keydown.esc', self.cancel, args=[])
                buttons.icon('send', 'Send', self.send).classes('send', remove='icon-button')
        self._refresh()

    def focus(self) -> None:
        """Put the cursor into the box."""
        self._text.run_method('focus')

    def edit(self, message: Message) -> None:
        """Let the words of a message be changed; the draft waits."""
        if self._editing is None:
            self._draft = self._typed
        self._editing, self._replying_to = message, None
        self._fill(message.body)

    def reply_to(self, message: Message) -> None:
        """Let what is written be the answer to a message."""
        self.cancel()
        self._replying_to = message
        self._refresh()
        self.focus()

    def cancel(self) -> None:
        """Leave editing or replying; the draft is back."""
        if self._editing is not None:
            self._editing = None
            self._fill(self._draft)
        self._replying_to = None
        self._show_problem('')
        self._refresh()

    async def send(self) -> None:
        """Send what is in the box, or store the edit. What could not be sent stays, with a sentence that says why."""
        if self._sending:
            return
        body, editing = self._typed, self._editing
        self._sending = True
        try:
            if editing is not None:
                await self._on_edit(editing, body)
            else:
                reply_to = self._replying_to.id if self._replying_to is not None else None
                await self._on_send(body, self._client_message_id, reply_to)
        except ChatError as error:
            self._show_problem(error.message)
        else:
            self._sent(body, editing)
        finally:
            self._sending = False

    def _sent(self, body: str, editing: Message | None) -> None:
        if self._text.is_deleted:
            return
        self._client_message_id = token_urlsafe(12)
        if editing is not None:
            self.cancel()
            return
        # What was typed while the message was on its way stays.
        typed_since = self._typed.removeprefix(body)
        self._text.value = typed_since
        self._on_change(typed_since)
        self.cancel()

    async def _enter(self, event: events.GenericEventArguments) -> None:
        if event.args.get('isComposing') or event.args.get('keyCode') == IME_KEY:
            return  # this Enter chooses a word in an input method
        await self.send()

    async def _up(self) -> None:
        if self._typed or self._editing is not None:
            return
        last = await self._find_last()
        if last is not None and not self._typed:
            self.edit(last)

    def _changed(self) -> None:
        self._show_problem('')
        if self._editing is None:
            self._on_change(self._typed)

    @property
    def _typed(self) -> str:
        # A browser, or whoever pretends to be one, can send anything as the value.
        return self._text.value if isinstance(self._text.value, str) else ''

    def _fill(self, body: str) -> None:
        self._text.value = body
        self._refresh()
        self.focus()

    def _show_problem(self, sentence: str) -> None:
        self._problem.text = sentence
        self._problem.set_visibility(bool(sentence))

    def _refresh(self) -> None:
        about = ''
        if self._editing is not None:
            about = 'Editing your message. Esc cancels.'
        elif self._replying_to is not None:
            about = f'Replying to {self._replying_to.author.name}. Esc cancels.'
        self._about_text.text = about
        self._about.set_visibility(bool(about))
        self._problem.set_visibility(bool(self._problem.text))
