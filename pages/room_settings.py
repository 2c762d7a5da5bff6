"""What a room is like: read by everybody, and changed by those who may."""

import asyncio
from collections.abc import Awaitable, Callable
from html import escape

from nicegui import ui

from chat import markup
from chat.errors import ChatError
from chat.models import Posting, Room
from chat.rooms import RoomChanges
from chat.text import DESCRIPTION_LENGTH, ROOM_NAME_LENGTH, TOPIC_LENGTH
from pages import buttons, dialogs, keys, room_list

ANNOUNCEMENTS = 'Announcements: only owners and moderators write'
SLOW_MODES = (0, 5, 10, 30, 60, 300, 900, 3_600)  # s, that are offered
MINUTE, HOUR = 60, 3_600  # s


def about(room: Room) -> None:
    """Show what a room is for, and what holds in it."""
    with dialogs.titled('About this room') as dialog:
        with ui.element('p').classes('about-name'):
            ui.html(f'{room_list.sign(room)} <span>{escape(room.name)}</span>', sanitize=False, tag='span')
        if room.topic:
            ui.label(room.topic)
        if room.description:
            ui.html(markup.render(room.description), sanitize=False).classes('body about-description')
        ui.html(''.join([f'<li>{escape(each)}</li>' for each in rules(room)]), sanitize=False, tag='ul').classes(
            'about'
        )
        with ui.element('div').classes('dialog-buttons'):
            buttons.main('Done', dialog.close).props('autofocus')


def rules(room: Room) -> list[str]:
    """Return what holds in a room, in words."""
    if room.direct:
        return ['Only the people who are in it find and read this.']
    found = 'Only those who are added or invited find and read it.' if room.private else 'Everybody finds and joins it.'
    written = {'everybody': 'Everybody in it writes.', 'moderators': 'Only its owners and moderators write.'}
    rest = {
        f'Slow mode: one message every {duration(room.slow_mode)}.': room.slow_mode,
        'It is paused: only its owners and moderators write just now.': room.paused,
        'It is archived: nobody writes or joins any more.': room.archived,
    }
    return [found, written[room.posting], *(each for each, holds in rest.items() if holds)]


def duration(seconds: int) -> str:
    """Return a number of seconds in words: ``30 seconds``, ``5 minutes``, ``hour``."""
    for length, name in ((HOUR, 'hour'), (MINUTE, 'minute'), (1, 'second')):
        if seconds % length == 0 and seconds >= length:
            count = seconds // length
            return name if count == 1 else f'{count} {name}s'
    return '0 seconds'


def short(seconds: int) -> str:
    """Return a number of seconds in few letters: ``30 s``, ``5 min``, ``1 h``."""
    units = ((HOUR, 'h'), (MINUTE, 'min'), (1, 's'))
    return next((f'{seconds // each} {name}' for each, name in units if seconds and seconds % each == 0), 'Off')


class RoomSettings:
    """The dialog in which a room is changed: all of it, or with ``only_calming`` what a room's moderator may change.

    ``on_save`` is awaited with what was changed, and nothing else: what somebody else has changed meanwhile stays.
    """

    def __init__(
        self,
        room: Room,
        *,
        only_calming: bool,
        may_delete: bool,
        on_save: Callable[[RoomChanges], Awaitable[object]],
        on_delete: Callable[[], Awaitable[object]],
    ) -> None:
        self._room = room
        self._only_calming = only_calming
        self._on_save, self._on_delete = on_save, on_delete
        self._saving = asyncio.Lock()
        self._client = ui.context.client
        with dialogs.titled('Room settings') as self._dialog:
            if not only_calming:
                self._build_names()
                self._build_doors()
            self._build_calming()
            self._problem = ui.label().classes('problem').props('role=alert')
            if not only_calming:
                self._build_ends(may_delete=may_delete)
            with ui.element('div').classes('dialog-buttons'):
                buttons.plain('Cancel', self._dialog.close)
                buttons.main('Save', self._save)

    def _build_names(self) -> None:
        room = self._room
        self._name = ui.input('Name', value=room.name).props(f'outlined autofocus maxlength={ROOM_NAME_LENGTH}')
        self._topic = ui.input('Topic (optional)', value=room.topic).props(f'outlined maxlength={TOPIC_LENGTH}')
        self._description = ui.textarea('Description (optional, Markdown)', value=room.description)
        self._description.props(f'outlined autogrow maxlength={DESCRIPTION_LENGTH}').classes('full room-description')
        for box in (self._name, self._topic):
            keys.on_enter(box.classes('full'), self._save)

    def _build_doors(self) -> None:
        self._private = ui.checkbox(dialogs.PRIVATE, value=self._room.private).classes('choice')
        self._announces = ui.checkbox(ANNOUNCEMENTS, value=self._room.posting == 'moderators').classes('choice')

    def _build_calming(self) -> None:
        slow = self._room.slow_mode
        self._paused = ui.checkbox('Paused: just now, only owners and moderators write', value=self._room.paused)
        self._paused.classes('choice')
        with ui.element('fieldset').classes('slow-modes'):
            with ui.element('legend'):
                ui.label('Slow mode: everybody else waits between two messages')
            waits = {each: short(each) for each in sorted({*SLOW_MODES, slow})}
            self._slow_mode = ui.radio(waits, value=slow).props('inline dense')

    def _build_ends(self, *, may_delete: bool) -> None:
        with ui.element('div').classes('dialog-ends'):
            label = 'Bring back from the archive' if self._room.archived else 'Archive the room'
            buttons.plain(label, lambda: self._try({'archived': not self._room.archived}))
            if may_delete:
                buttons.plain('Delete the room', self._ask_to_delete).classes('danger')

    def _ask_to_delete(self) -> None:
        self._dialog.close()
        question = f'Delete “{self._room.name}” with all that was said in it?'
        with self._client:  # this dialog is gone in a moment, with all that was made in it
            dialogs.confirm(question, 'Delete for good', self._on_delete)

    async def _save(self) -> None:
        await self._try(self._changes())

    async def _try(self, changes: RoomChanges) -> None:
        if self._saving.locked() or not self._dialog.value:
            return  # a second Enter saves nothing twice
        async with self._saving:
            try:
                if changes:
                    await self._on_save(changes)
            except ChatError as error:
                self._problem.text = error.message
            else:
                self._dialog.close()

    def _changes(self) -> RoomChanges:
        """Return what is another than it was when the dialog was opened."""
        room = self._room
        changes = RoomChanges()
        if not self._only_calming:
            for field, box in (('name', self._name), ('topic', self._topic), ('description', self._description)):
                if dialogs.text_of(box) != getattr(room, field):
                    changes[field] = dialogs.text_of(box)  # type: ignore[literal-required]
            if self._private.value is not room.private:
                changes['private'] = self._private.value is True
            posting: Posting = 'moderators' if self._announces.value is True else 'everybody'
            if posting != room.posting:
                changes['posting'] = posting
        if type(self._slow_mode.value) is int and self._slow_mode.value != room.slow_mode:
            changes['slow_mode'] = self._slow_mode.value
        if self._paused.value is not room.paused:
            changes['paused'] = self._paused.value is True
        return changes
