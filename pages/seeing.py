"""What somebody has seen of the room on the screen: counts, the mark that is stored, line and bar of the new."""

from collections.abc import Awaitable, Callable

from nicegui import Client, background_tasks, ui

from chat import Chat
from chat.errors import ChatError
from chat.models import Counts, Message, MessagePage, RoomView, User
from chat.room_state import Subscription
from chat.unread import WentBack
from pages import links
from pages.asking import shows_errors
from pages.message_list import MessageList
from pages.new_bar import NewBar
from pages.pulse import Pulse


class Seeing:
    """Follows what is seen while a page listens to a room; ``mentions`` of the person are among what is unseen."""

    def __init__(
        self,
        chat: Chat,
        client: Client,
        place: ui.element,
        messages: MessageList,
        view: RoomView,
        pulse: Pulse,
        *,
        user: Callable[[], User],
        is_in_front: Callable[[], bool],
        is_alive: Callable[[], bool],
        on_counts: Callable[[], object],
        load: Callable[..., Awaitable[MessagePage | None]],
    ) -> None:
        self._chat = chat
        self._client = client
        self._messages = messages
        self._room = view.room
        self._pulse = pulse
        self._user = user
        self._is_in_front = is_in_front
        self._is_alive = is_alive  # the browser has given a sign of life just now; else it is asked for one
        self._on_counts = on_counts
        self._load = load
        self._subscription: Subscription | None = None
        self._read_id = 0
        self._went_back = view.went_back
        self.mentions = view.mentions
        self._counted: tuple[int, int] | None = None
        self._left_unread = False  # on purpose: seeing does not clear it
        self._is_recounting = False
        self._line = ''  # where the line of the new is on the screen
        self._new = view.unread  # how many messages the bar tells of, 0 for no bar
        self._bar = NewBar(place, self._jump_to_new, self.mark_read)

    def begin(self, subscription: Subscription) -> None:
        """Follow what is seen from now on, as the page listens."""
        self._subscription = subscription

    def end(self) -> None:
        """Store what was seen last; ending twice is harmless."""
        self.mark_now()
        self._subscription = None

    @property
    def counts(self) -> Counts:
        """How many messages nobody has looked at, and how many of them mention the person."""
        return Counts(self._messages.unseen, self.mentions)

    @property
    def is_looking(self) -> bool:
        """Whether the newest message is where the person looks."""
        return self._messages.at_end and self._is_in_front()

    def seen(self) -> None:
        """Note that the newest message is on the screen, if it is."""
        self._refresh_bar()
        if self._subscription is not None and self.is_looking and not self._left_unread:
            self._messages.seen()
            self.mentions = 0
            self._read_id = self._messages.newest_id
            self._is_alive()  # asks for a sign now, so that it is here when the mark is due
            self._pulse.ask(self._mark)
            self.count()

    def mark_now(self) -> None:
        """Store what was seen without waiting, as the page may be gone in a moment."""
        if self._pulse.forget(self._mark) and self._is_alive():
            self._mark()

    def count(self) -> None:
        """Tell the page and the bar if something else is unseen than before."""
        if self._counted != self.counts:
            self._counted = self.counts
            self._on_counts()
        self._refresh_bar()

    def begin_new(self) -> None:
        """Let the line stand above what comes while nobody looks, unless one stands further up."""
        if not self._messages.unseen and not self._messages.has_newer and not self.is_looking:
            self._messages.draw_line(self._messages.newest_id)
            self._new, self._line = 1, ''

    def calls(self, message: Message) -> bool:
        """Whether a message mentions the person."""
        me = self._user().id
        return (message.mentions_all or me in message.mentions) and message.author.id != me

    def read_on(self) -> None:
        """Count as seen again what is on the screen."""
        self._left_unread = False
        self.seen()

    def answered(self) -> None:
        """Take note that the person has answered: who does has read what is there."""
        self._new = 0
        self.read_on()

    @shows_errors
    async def mark_read(self) -> None:
        """Have read everything."""
        self.answered()
        await self._chat.unread.mark(self._user(), self._room.slug, None)

    @shows_errors
    async def mark_unread(self, message: Message) -> None:
        """Have read nothing from a message on."""
        await self._chat.unread.mark(self._user(), self._room.slug, message.id - 1)

    def mark_changed(self, room_id: int) -> None:
        """Take note that the person has read more of a room, or less, here or elsewhere."""
        if room_id == self._room.id and (self._messages.unseen or self._left_unread):
            self.recount()

    def leave_unread(self, back: WentBack) -> None:
        """Take note that the person wants to read what comes after a message again: seeing it now does not count."""
        if back.room_id != self._room.id or back.times <= self._went_back or self._subscription is None:
            return
        self._went_back = back.times
        self._pulse.forget(self._mark)
        self._left_unread = True
        self._messages.draw_line(back.message_id)
        self._line = ''
        self._messages.flush()

    def recount(self) -> None:
        """Ask how much is unseen, as it cannot be told from what was heard."""
        if not self._is_recounting:
            self._is_recounting = True
            background_tasks.create(self._ask_for_counts(), name='count what is unread here', context=self._client)

    def line_told(self, where: object) -> None:
        """Take note of where the line of the new stands on the screen: what one has been at needs no bar."""
        self._line = where if isinstance(where, str) else ''
        self._refresh_bar()

    def _mark(self) -> None:
        if self._is_alive():  # else it answers, if it can, and then it has seen
            self._chat.unread.seen(self._user(), self._room, self._read_id, self._went_back)

    async def _ask_for_counts(self) -> None:
        try:
            while self._subscription is not None:
                revision = self._subscription.revision
                found = await self._chat.unread.counts(self._user(), [self._room.id])
                if self._subscription is None or self._subscription.revision == revision:
                    self._take(found.get(self._room.id, Counts()))
                    return
                # else something came meanwhile, which may be counted or not
        except ChatError:
            return  # the next change asks again
        finally:
            self._is_recounting = False

    def _take(self, counts: Counts) -> None:
        if self._subscription is None:
            return
        self._messages.set_unseen(counts.unread)
        self.mentions = counts.mentions
        if not counts.unread:
            self._left_unread = False
        elif self._left_unread:
            self._new = counts.unread
        self.count()

    def _refresh_bar(self) -> None:
        if self._line == 'here' and self._is_in_front():
            self._new = 0
        if not self._new:
            self._bar.hide()
            return
        messages = self._messages
        self._new = max(self._new, messages.unseen)
        first, after = messages.first_new, messages.new_after
        is_further_up = first is None and after is not None and after < messages.newest_id
        if is_further_up or self._line == 'above':
            self._bar.show(self._new, first, messages.reader)
        else:
            self._bar.hide()

    async def _jump_to_new(self) -> None:
        if self._messages.first_new is not None:
            self._messages.go_to_line()
            return
        page = await self._load(after=self._messages.new_after or 0)
        if page is not None and page.messages:
            with self._client:
                ui.navigate.to(links.address_of(self._room.slug, page.messages[0].id))
