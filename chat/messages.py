"""What people do with messages: send, edit, delete, read. Only these functions write them and tell of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from chat import floor, hiding, mentions, permissions, reach, text
from chat.audit import Actor
from chat.errors import AskFirst, Forbidden, Invalid, NotFound, SlowMode
from chat.events import message_event
from chat.models import Attachment, Chain, MentionOfAll, Message, MessagePage, User, Version
from chat.rate_limits import RateLimits
from chat.room_state import RoomState
from chat.storage import Storage, chains, moderation, versions
from chat.storage import files as file_rows
from chat.storage import mentions as mention_rows
from chat.storage import messages as rows

PAGE = 50  # messages shown at first, and added at each step up
MOST_AT_ONCE = 200  # messages a page may ask for
LONGEST_CHAIN = 200  # messages of a conversation that are returned
LONGEST_CLIENT_ID = 64  # characters
MOST_ATTACHMENTS = 10  # that go with a message

_Change = tuple[Message, Message]  # a message before and after; the same one if nothing changed


@dataclass(frozen=True, slots=True)
class Sent:
    """A stored message, and whether this call stored it (the same ``client_message_id`` again stores nothing)."""

    message: Message
    is_new: bool


class Messages:
    """The actions on messages."""

    def __init__(
        self, storage: Storage, room_state: RoomState, rate_limits: RateLimits, edit_window: timedelta | None
    ) -> None:
        self._storage = storage
        self._room_state = room_state
        self._rate_limits = rate_limits
        self._edit_window = edit_window

    async def send(
        self, user: User, slug: str, body: str, client_message_id: str | None = None, reply_to: int | None = None,
        *, attachments: Sequence[int] = (), of_all: MentionOfAll = 'ask',
    ) -> Sent:  # fmt: skip
        """Store what somebody says and tell it. Raises Invalid, RateLimited, NotFound, Forbidden or StorageFailed.

        ``attachments`` are the ids of files that they have brought to the room (``Files.upload``), which may go without
        words.
        Raises AskFirst if it mentions all of a larger room, unless that is ``confirmed``; ``if_allowed`` makes plain
        words of it where not everybody may do that, for who cannot be asked.
        """
        self._rate_limits.check('sending', user.id)
        _check_client_id(client_message_id)
        try:
            body = text.clean_body(body, may_be_empty=bool(attachments))
        except Invalid:
            first = await self._sent_before(user, slug, client_message_id)
            if first is None:
                raise
            return Sent(first, is_new=False)
        prepared = mentions.prepare(body)

        def store(connection: Connection) -> Sent:
            reached = reach.member_room(connection, user, slug)
            try:
                floor.require(connection, reached)
                said = mentions.find(connection, reached, prepared, of_all)
                attached = _brought(connection, reached, attachments)
            except (Forbidden, SlowMode, AskFirst, Invalid):
                first = rows.by_client_id(connection, reached.room.id, user.id, client_message_id)
                if first is None:
                    raise
                return Sent(first, is_new=False)  # sent again, as its answer was lost: it has been said
            _check_reply(connection, reached.room.id, reply_to)
            sent = rows.add(
                connection, reached.room, reached.user, body, said.html,
                client_message_id=client_message_id, reply_to=reply_to, mentioned=said.mentioned, attachments=attached,
            )  # fmt: skip
            if sent is not None:
                floor.note(connection, reached)
                return Sent(sent, is_new=True)
            first = rows.by_client_id(connection, reached.room.id, user.id, client_message_id)
            if first is None:
                raise NotFound('There is no such room any more.')
            return Sent(first, is_new=False)

        sent = await self._storage.write(store)
        if sent.is_new:
            self._room_state.publish(message_event(sent.message))
        return sent

    async def edit(self, user: User, message_id: int, body: str, *, of_all: MentionOfAll = 'ask') -> Message:
        """Change the words of one's own message and tell it. Raises as ``send`` does."""
        self._rate_limits.check('changing', user.id)
        prepared = mentions.prepare(text.clean_body(body, may_be_empty=True))

        def store(connection: Connection) -> _Change:
            message = reach.message(connection, user, message_id)
            reached = reach.member_room(connection, user, message.room)
            floor.require(connection, reached, again=True)
            self._check_edit(user, message)
            text.clean_body(prepared.body, may_be_empty=bool(message.attachments))
            if message.body == prepared.body:
                return message, message
            before = mention_rows.of(connection, message.id) if message.mentions else {}
            of_all_now: MentionOfAll = 'keep' if message.mentions_all else of_all
            said = mentions.find(connection, reached, prepared, of_all_now, before)
            versions.keep(connection, message)
            return message, rows.edit(connection, message, said.body, said.html, said.mentioned)

        return await self._store_and_tell(store)

    async def delete(self, user: User, message_id: int, address: str = '') -> Message:
        """Take away a message, leaving its tombstone, and tell it; twice is once. Raises NotFound or Forbidden.

        What somebody else said is hidden by a moderator, who comes from ``address``, and can be shown again.
        """
        self._rate_limits.check('changing', user.id)

        def store(connection: Connection) -> _Change:
            message = reach.message(connection, user, message_id)
            if not permissions.is_author(user, message):
                return hiding.hide(connection, Actor(user, address), message_id, '')
            if message.deleted_at is not None and not message.hidden:
                return message, message
            return message, rows.remove(connection, message)

        return await self._store_and_tell(store)

    async def page(
        self, user: User, slug: str, *, before: int | None = None, after: int | None = None,
        author: str | None = None, limit: int = PAGE,
    ) -> MessagePage:  # fmt: skip
        """Return messages of a room, the newest unless ``before`` or ``after`` an id; raises NotFound."""

        def read(connection: Connection) -> MessagePage:
            room = reach.room(connection, user, slug).room
            name = None if author is None else text.storable(author)
            return rows.page(connection, room.id, limit, before=before, after=after, author=name)

        return await self._storage.read(read)

    async def get(self, user: User, message_id: int) -> Message:
        """Return one message; raises NotFound."""
        return await self._storage.read(reach.message, user, message_id)

    async def around(self, user: User, slug: str, message_id: int) -> MessagePage:
        """Return the messages around one of a room; raises NotFound, also for what is deleted."""

        def read(connection: Connection) -> MessagePage:
            message = reach.message(connection, user, message_id)
            if message.room != slug:
                raise NotFound(hiding.NO_MESSAGE)
            if message.deleted_at is not None:
                raise NotFound('This message was deleted.' if not message.hidden else 'This message is hidden.')
            return rows.page_around(connection, message.room_id, message.id, PAGE)

        return await self._storage.read(read)

    async def chain(self, user: User, message_id: int) -> Chain:
        """Return the messages that reply to each other and that this one is among; raises NotFound."""

        def read(connection: Connection) -> Chain:
            return chains.of(connection, reach.message(connection, user, message_id).id, LONGEST_CHAIN)

        return await self._storage.read(read)

    async def versions(self, user: User, message_id: int) -> list[Version]:
        """Return what a message has said, oldest first, the last being what it says now; nothing if it is deleted.

        Raises NotFound or Forbidden.
        """

        def read(connection: Connection) -> list[Version]:
            message = reach.message(connection, user, message_id)
            reached = reach.room(connection, user, message.room)
            authors_role = moderation.place(connection, message.room_id, message.author.id).role
            if not permissions.may_see_versions(reached.user, reached.role, reached.room, message, authors_role):
                raise Forbidden('Only its author, and moderators, see what this message said before.')
            return versions.of(connection, message.id)

        return await self._storage.read(read)

    async def last_of(self, user: User, slug: str) -> Message | None:
        """Return one's own newest message in a room, if it may still be edited; raises NotFound."""

        def read(connection: Connection) -> Message | None:
            room = reach.room(connection, user, slug).room
            return rows.last_by(connection, room.id, user.id)

        message = await self._storage.read(read)
        return message if message is not None and self.may_edit(user, message) else None

    def may_edit(self, user: User, message: Message) -> bool:
        """Whether this person may change the words now."""
        return permissions.may_edit(user, message, datetime.now(UTC), self._edit_window)

    async def _sent_before(self, user: User, slug: str, client_message_id: str | None) -> Message | None:
        if client_message_id is None:
            return None

        def read(connection: Connection) -> Message | None:
            room = reach.room(connection, user, slug).room
            return rows.by_client_id(connection, room.id, user.id, client_message_id)

        return await self._storage.read(read)

    async def _store_and_tell(self, store: Callable[[Connection], _Change]) -> Message:
        before, message = await self._storage.write(store)
        if message.revision > before.revision:
            self._room_state.publish(message_event(message))
        return message

    def _check_edit(self, user: User, message: Message) -> None:
        if self.may_edit(user, message):
            return
        if not permissions.is_author(user, message):
            raise Forbidden('Only its author can edit this message.')
        if message.deleted_at is not None:
            raise Forbidden('This message has been deleted.')
        minutes = int((self._edit_window or timedelta()).total_seconds() // 60)
        raise Forbidden(f'A message can be edited for {minutes} minutes after it was sent.')


def _check_client_id(client_message_id: str | None) -> None:
    if client_message_id is None:
        return
    if not 1 <= len(client_message_id) <= LONGEST_CLIENT_ID or not client_message_id.isprintable():
        raise Invalid(f'An id of your own has 1 to {LONGEST_CLIENT_ID} printable characters.', 'client_message_id')


def _brought(connection: Connection, reached: reach.Reached, ids: Sequence[int]) -> tuple[Attachment, ...]:
    """Return what somebody has brought to a room and not sent yet, in the order that they want; raises Invalid."""
    if not ids:
        return ()
    if len(ids) > MOST_ATTACHMENTS or len(set(ids)) < len(ids):
        raise Invalid(f'A message has at most {MOST_ATTACHMENTS} files, each once.', 'attachments')
    found = {each.id: each for each in file_rows.pending(connection, reached.user.id, reached.room.id, ids)}
    if len(found) < len(ids):
        raise Invalid('A file is not there any more, or was sent already. Please bring it again.', 'attachments')
    return tuple(found[each] for each in ids)


def _check_reply(connection: Connection, room_id: int, reply_to: int | None) -> None:
    if reply_to is None:
        return
    answered = rows.by_id(connection, reply_to)
    if answered is None or answered.room_id != room_id:
        raise Invalid('The message you are replying to is not in this room.', 'reply_to')
