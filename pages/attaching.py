"""Bringing files along: chosen, dropped or pasted, they wait above what one writes until it is sent.

What has arrived belongs to the draft and is the same on all pages of the person; what is still on its way is the
browser's, which shows it by itself (Quasar's uploader), one chip each.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic

from nicegui import Client, background_tasks, events, ui

from chat import Chat, file_types
from chat.errors import ChatError, NotFound
from chat.files import FIELD, MEGABYTE
from chat.messages import MOST_ATTACHMENTS
from chat.models import Attachment, Message, Room, User
from pages import attachments, browser, buttons, files
from pages.asking import shows_errors

LONGEST_ANSWER = 4000  # characters of what a browser says that the server said
OLD = 1.0  # s after which a sentence is not about what is brought just now
LONGEST_NAME = 80  # characters of a file's name in a sentence
WAITS = 'Your message goes as soon as the files are here.'
NOT_ALL = 'Not all files have arrived. Try again with those, or take them away.'
TOO_MANY = f'A message has at most {MOST_ATTACHMENTS} files.'
FAILED = 'The file could not be brought. Please try again.'


class Attaching:
    """What somebody brings to a room on one page; the composer gives it a place and asks it before it sends."""

    def __init__(self, chat: Chat, client: Client, room: Room, user: Callable[[], User]) -> None:
        self._chat, self._client, self._room, self._user = chat, client, room, user
        self._on_ready: Callable[[], Awaitable[object]] | None = None
        self._say: Callable[[str], object] | None = None
        self._focus: Callable[[], object] | None = None
        self._uploader: ui.element | None = None  # None where nobody may share files
        self._chips: dict[int, ui.element] = {}
        self._shown: list[Attachment] = []
        self._gone: set[int] = set()  # what was sent or taken back, perhaps since it was read
        self._order: list[str] = []  # of names, in which they were chosen: they arrive in any
        self._reading = asyncio.Lock()
        self._is_busy = self._waits = self._refused = False
        self._lost = 0  # files whose way broke off, and that are still shown
        self._said: list[str] = []  # what was wrong with the files that were brought together
        self._said_at = 0.0

    @property
    def ids(self) -> tuple[int, ...]:
        """What goes with the next message."""
        return tuple(each.id for each in self._shown)

    def build(
        self,
        *,
        on_ready: Callable[[], Awaitable[object]],
        say: Callable[[str], object],
        focus: Callable[[], object],
    ) -> None:
        """Make the button and the chips.

        ``on_ready`` is awaited when a message waits for its files and they are here, ``say`` shows a sentence, and
        ``focus`` puts the cursor where one writes.
        """
        self._on_ready, self._say, self._focus = on_ready, say, focus
        largest = self._chat.files.limits.largest
        if not largest:
            return
        self._list = ui.element('div').classes('attached').props('role=group aria-live=polite')
        self._list.props['aria-label'] = 'Files to send'
        self._list.set_visibility(False)
        self._status = ui.label().classes('attached-status').props('role=status')
        self._uploader = uploader = ui.element('q-uploader').classes('uploader')
        uploader.props.update({
            'url': files.upload_address(self._room.slug), 'field-name': FIELD, 'multiple': True, 'auto-upload': True,
            'no-thumbnails': True, 'max-file-size': largest, 'max-files': MOST_ATTACHMENTS,
        })  # fmt: skip
        with uploader.add_slot('header'):
            buttons.icon('attach_file', 'Attach files').on('click', js_handler=browser.PICK_FILES)
            with ui.element('div').classes('hidden'):
                ui.element('q-uploader-add-trigger')
        uploader.add_slot('list')  # it stays empty until there is something: Quasar's own has buttons without names
        uploader.on('added', self._added, js_handler=browser.ADDED_FILES)
        uploader.on('start', self._started, args=[])
        uploader.on('finish', self._finished, args=[])
        uploader.on('uploaded', self.refresh, args=[])
        uploader.on('rejected', self._rejected, js_handler=browser.REJECTED_FILES)
        uploader.on('failed', self._failed, js_handler=browser.FAILED_UPLOAD)
        uploader.on('removed', self._removed, js_handler=browser.REMOVED_UPLOADS)

    def waits(self) -> bool:
        """Whether the message has to wait for files that are on their way; it goes by itself when they are here."""
        if self._is_busy:
            self._waits = True
            self._status.text = WAITS
        return self._is_busy

    def stop_waiting(self) -> None:
        """Let the message stay in the box, as it is written on."""
        self._waits = False
        self._said = []
        if self._is_there:
            self._status.text = ''

    def sent(self, ids: Sequence[int]) -> None:
        """Let go of what went with a message, here or on another page."""
        if not set(ids).isdisjoint(self.ids):
            self._gone.update(ids)
            self._show([each for each in self._shown if each.id not in ids])

    def heard(self, messages: Sequence[Message]) -> None:
        """Take notice of what was said: it may carry what waits here."""
        self.sent([each.id for message in messages for each in message.attachments])

    def refresh(self) -> None:
        """Show what has arrived, also what was brought on another page."""
        if self._uploader is not None:
            background_tasks.create(self._refresh(), name='look which files wait', context=self._client)

    async def _refresh(self) -> None:
        with suppress(ChatError):  # the next file, or the next look at the page, asks again
            await self._read()

    async def _read(self) -> None:
        async with self._reading:
            if self._is_there:
                found = await self._chat.files.pending(self._user(), self._room.slug)
                self._show([each for each in found if each.id not in self._gone])

    @property
    def _is_there(self) -> bool:
        return self._uploader is not None and not self._uploader.is_deleted

    def _show(self, found: Sequence[Attachment]) -> None:
        if self._uploader is None or self._uploader.is_deleted:
            return
        self._shown = found = sorted(found, key=self._place_of)
        for gone in self._chips.keys() - {each.id for each in found}:
            self._chips.pop(gone).delete()
        with self._list:
            for each in found:
                if each.id not in self._chips:
                    self._chips[each.id] = self._build_chip(each)
        for number, each in enumerate(found):
            if self._list.default_slot.children[number] is not self._chips[each.id]:
                self._chips[each.id].move(target_index=number)
        self._list.set_visibility(bool(found))
        most = MOST_ATTACHMENTS - len(found)
        if self._uploader.props['max-files'] != most:
            self._uploader.props['max-files'] = most
        if self._uploader.slots['list'].children:
            self._uploader.run_method('removeUploadedFiles')  # their chips are here now

    def _build_chip(self, attachment: Attachment) -> ui.element:
        with ui.element('div').classes('attached-file') as chip:
            ui.html(_picture(attachment), sanitize=False, tag='span').classes('attached-picture')
            ui.html(_about(attachment), sanitize=False, tag='span').classes('attached-text')
            buttons.icon('close', f'Remove {attachment.name}', partial(self._discard, attachment.id))
        return chip

    @shows_errors
    async def _discard(self, attachment_id: int) -> None:
        try:
            await self._chat.files.discard(self._user(), attachment_id)
        except NotFound:
            pass  # it is gone already, by another page
        except ChatError:
            self.refresh()
            raise
        self.sent([attachment_id])
        if self._focus is not None:
            self._focus()

    def _place_of(self, attachment: Attachment) -> tuple[int, int]:
        return self._order.index(attachment.name) if attachment.name in self._order else -1, attachment.id

    def _added(self, event: events.GenericEventArguments) -> None:
        """Take note of what is on its way now. Its chips are made as soon as there is any: each page would pay."""
        names = event.args if isinstance(event.args, list) else []
        chosen = [file_types.clean_name(each) for each in names[:MOST_ATTACHMENTS] if isinstance(each, str)]
        self._order = [*self._order, *chosen][-2 * MOST_ATTACHMENTS :]
        if self._uploader is None or self._uploader.slots['list'].children:
            return
        with self._uploader.slots['list']:
            for place in range(MOST_ATTACHMENTS):
                _build_way(place)

    def _started(self) -> None:
        self._is_busy, self._lost, self._refused = True, 0, False
        if self._said and monotonic() - self._said_at > OLD:
            self._said = []
            self._show_sentence('')

    async def _finished(self) -> None:
        """Nothing is on its way any more: send what waits for it, if all has come."""
        self._is_busy = False
        waited, self._waits = self._waits, False
        try:
            await self._read()
        except ChatError as error:
            self._refused = True
            self._tell(error.message)
        if self._is_there:
            self._status.text = ''
        if not waited:
            return
        if self._lost or self._refused:
            self._tell(NOT_ALL)
        elif self._on_ready is not None:
            await self._on_ready()

    def _rejected(self, event: events.GenericEventArguments) -> None:
        """The browser has not even begun to bring some files; it can tell anything."""
        told = event.args if isinstance(event.args, list) else []
        for each in told[:MOST_ATTACHMENTS]:
            why, name = each if isinstance(each, list) and len(each) == 2 else ('', '')
            if why == 'max-file-size':
                megabytes = self._chat.files.limits.largest // MEGABYTE
                self._tell(f'A file has at most {megabytes} MB.', name)
            elif why == 'max-files':
                self._tell(TOO_MANY)
            elif why == 'duplicate':
                self._tell('This file is there already.', name)

    def _failed(self, event: events.GenericEventArguments) -> None:
        """A file has not arrived: the server refused it, or its way there broke off."""
        told = event.args if isinstance(event.args, list) and len(event.args) == 3 else [400, '', '']
        status, answer, name = told
        if status == 0:
            self._lost += 1  # its chip says so, and offers to try again
            return
        self._refused = True
        self._tell(_sentence(answer), name)
        if self._uploader is not None:
            self._uploader.run_method('removeQueuedFiles')

    def _removed(self, event: events.GenericEventArguments) -> None:
        """Some chips of files that had not arrived are gone, on purpose."""
        count = event.args if isinstance(event.args, int) else 0
        self._lost = max(self._lost - max(count, 0), 0)

    def _tell(self, sentence: str, name: object = '') -> None:
        if isinstance(name, str) and name:
            shown = name if len(name) <= LONGEST_NAME else f'{name[: LONGEST_NAME - 1]}…'
            sentence = f'{shown}: {sentence}'
        if sentence not in self._said:
            self._said = [*self._said, sentence][-MOST_ATTACHMENTS:]
        self._said_at = monotonic()
        self._show_sentence('\n'.join(self._said))

    def _show_sentence(self, sentence: str) -> None:
        if self._say is not None and self._is_there:
            self._say(sentence)


def _build_way(place: int) -> None:
    """Make the chip of what is in some place on its way, which the browser fills."""
    with ui.element('div').classes('attached-file on-its-way') as chip:
        chip.props[':hidden'] = browser.UPLOAD_IS_OVER.format(place)
        chip.props[':data-lost'] = browser.UPLOAD_IS_LOST.format(place)
        with ui.element('span').classes('attached-text'):
            name = ui.element('bdi').classes('attached-name')
            name.props[':textContent'] = browser.UPLOAD_NAME.format(place)
            says = ui.element('span').classes('file-size')
            says.props[':textContent'] = browser.UPLOAD_SAYS.format(place)
        progress = ui.element('progress').props('max=1 aria-hidden=true')
        progress.props[':value'] = browser.UPLOAD_PROGRESS.format(place)
        again = buttons.icon('refresh', 'Try again').on('click', js_handler=browser.TRY_AGAIN)
        again.props[':hidden'] = browser.UPLOAD_IS_ON.format(place)
        cancel = buttons.icon('close', 'Cancel')
        cancel.props[':aria-label'] = browser.CANCEL_LABEL.format(place)
        browser.cancels_upload(cancel, place)


def _sentence(answer: object) -> str:
    """Return what the server said of a file, as a browser tells: it may be anything."""
    try:
        told = json.loads(answer) if isinstance(answer, str) and len(answer) <= LONGEST_ANSWER else None
    except (ValueError, RecursionError):
        told = None
    error = told.get('error') if isinstance(told, dict) else None
    message = error.get('message') if isinstance(error, dict) else None
    return message if isinstance(message, str) and message and message.isprintable() else FAILED  # whole characters


def _picture(attachment: Attachment) -> str:
    if attachment.is_picture:
        return f'<img src="{files.thumbnail(attachment)}" alt="">'
    return attachments.icon(file_types.kind_of(attachment.type))


def _about(attachment: Attachment) -> str:
    size = attachments.size(attachment.size)
    return f'<span class="attached-name">{attachments.name(attachment)}</span><span class="file-size">{size}</span>'
