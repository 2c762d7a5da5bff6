"""Looking at pictures one by one, as large as the window lets them be."""

from collections.abc import Callable
from html import escape

from nicegui import events, ui

from chat.models import Attachment, Message
from pages import attachments, buttons, files, zones
from pages.message_list import MessageList

MOST = 50  # pictures before and after the one that was chosen


class Viewer:
    """Shows the pictures of one room's log on one page, from the one that was chosen to both sides."""

    def __init__(self, place: ui.element, messages: MessageList, go_to: Callable[[int], object]) -> None:
        self._place, self._messages, self._go_to = place, messages, go_to
        self._pictures: list[tuple[Message, Attachment]] = []
        self._at = 0
        self._is_large = False
        self._dialog: ui.dialog | None = None

    def open(self, attachment_id: object) -> None:
        """Show a picture that is on the page, named as a browser does, which can tell anything."""
        found = attachments.pictures_of(self._messages.messages)
        place = next((at for at, each in enumerate(found) if str(each[1].id) == attachment_id), None)
        if place is None or self._place.is_deleted:
            return
        self.close()
        first = max(place - MOST, 0)
        self._pictures, self._at = found[first : place + MOST + 1], place - first
        with self._place:
            self._build()
        self._show()

    def close(self) -> None:
        """Close it; twice is once."""
        if self._dialog is not None and not self._dialog.is_deleted:
            self._dialog.close()
        self._dialog = None

    def forget(self, message_id: int) -> None:
        """Show the pictures of a message no more."""
        if self._dialog is not None and any(message.id == message_id for message, _ in self._pictures):
            self.close()

    def _build(self) -> None:
        with ui.dialog(value=True).props('maximized').classes('viewer') as dialog:
            self._dialog = dialog
            dialog.props['aria-label'] = 'Pictures'
            dialog.on('hide', dialog.delete)
            with ui.element('div').classes('viewer-inside').props('tabindex=-1') as inside:
                with ui.element('div').classes('viewer-head'):
                    self._about = ui.html('', sanitize=False).classes('viewer-about').props('aria-live=polite')
                    self._zoom = buttons.icon('zoom_in', 'Show at full size', self._toggle_size)
                    self._save = buttons.icon('download', 'Download')
                    self._save.props.update({'type': 'a', 'download': True})
                    buttons.icon('forum', 'Go to message', self._leave_for_message)
                    buttons.icon('close', 'Close', self.close).props('autofocus')
                self._build_slides()
            inside.on('keydown.left', lambda: self._step(-1), args=[])
            inside.on('keydown.right', lambda: self._step(1), args=[])

    def _build_slides(self) -> None:
        self._slides = ui.element('q-carousel').classes('viewer-slides')
        self._slides.props.update({
            'model-value': str(self._at), 'swipeable': True, 'animated': True, 'transition-prev': 'fade',
            'transition-next': 'fade',
        })  # fmt: skip
        self._slides.on('update:model-value', self._swiped)
        with self._slides:
            for number, (_, attachment) in enumerate(self._pictures):
                with ui.element('q-carousel-slide').props(f'name={number:d}').classes('viewer-slide'):
                    ui.html(_picture(attachment), sanitize=False).on('click', self._toggle_size, args=[])
        if len(self._pictures) > 1:
            self._back = buttons.icon('chevron_left', 'Previous picture', lambda: self._step(-1))
            self._forth = buttons.icon('chevron_right', 'Next picture', lambda: self._step(1))
            self._back.classes('viewer-back')
            self._forth.classes('viewer-forth')

    def _swiped(self, event: events.GenericEventArguments) -> None:
        number = event.args if isinstance(event.args, str) else ''
        if number.isascii() and number.isdecimal() and len(number) < 4 and int(number) < len(self._pictures):
            self._at = int(number)
            self._show()

    def _step(self, by: int) -> None:
        """Show the next picture, or the one before."""
        if 0 <= self._at + by < len(self._pictures):
            self._at += by
            self._show()

    def _show(self) -> None:
        """Say what is to be seen, and let it be seen."""
        message, attachment = self._pictures[self._at]
        self._set_size(is_large=False)
        self._slides.props['model-value'] = str(self._at)
        self._about.content = _about(
            message, attachment, f'{self._at + 1} of {len(self._pictures)}', self._time(message)
        )
        self._save.props['href'] = files.address(attachment)
        if len(self._pictures) > 1:
            self._back.props['disable'] = self._at == 0
            self._forth.props['disable'] = self._at == len(self._pictures) - 1

    def _time(self, message: Message) -> str:
        return zones.short_time(message.created_at, self._messages.reader)

    def _toggle_size(self) -> None:
        self._set_size(is_large=not self._is_large)

    def _set_size(self, *, is_large: bool) -> None:
        self._is_large = is_large
        self._slides.classes(**{'add' if is_large else 'remove': 'full-size'})
        self._slides.props['swipeable'] = not is_large  # else one could not look around in it
        self._zoom.props['aria-pressed'] = 'true' if is_large else 'false'
        self._zoom.props['icon'] = 'zoom_out' if is_large else 'zoom_in'

    def _leave_for_message(self) -> object:
        message, _ = self._pictures[self._at]
        self.close()
        return self._go_to(message.id)


def _picture(attachment: Attachment) -> str:
    return (
        f'<img src="{escape(files.address(attachment))}" width="{attachment.width or 1:d}"'
        f' height="{attachment.height or 1:d}" alt="{escape(attachment.name)}" draggable="false">'
    )


def _about(message: Message, attachment: Attachment, which: str, time: str) -> str:
    more = f'{which} · {escape(message.author.name)} · {time} · {attachments.size(attachment.size)}'
    return f'<p class="viewer-name">{attachments.name(attachment)}</p><p class="viewer-more">{more}</p>'
