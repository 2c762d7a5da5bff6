"""One Socket.IO connection: somebody in one room, whose events are taken one after the other."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from engineio.packet import Packet as EnginePacket  # type: ignore[import-untyped]

from api.saying import confirmed
from api.socketio import events
from api.socketio.coming import Coming
from api.socketio.events import error_json, packet_of, understand
from chat import Chat, text
from chat.errors import ChatError, Conflict, Forbidden, Invalid, NotAMember, NotFound, Unauthenticated
from chat.events import MemberChanged, MemberEvent, MemberLeft, RoomEvent, RoomGone, StartAfresh, Told
from chat.messages import MOST_AT_ONCE
from chat.models import Room, Session, User
from chat.presence import Connection as Presence
from chat.room_state import Subscription
from web.crashes import crash_of

LOBBY = 'lobby'  # where one comes who names no room

log = logging.getLogger('hearth.api')


class Client:
    """One client, who is nobody until the first ``join``: then a passing guest, or whoever their token says."""

    def __init__(
        self, chat: Chat, coming: Coming, put: Callable[[EnginePacket], None], let_go: Callable[[], None], address: str
    ) -> None:
        self._chat = chat
        self._coming = coming
        self._put = put
        self._let_go = let_go
        self._address = address
        self._lock = asyncio.Lock()  # while a client goes from polling to WebSocket, both may bring events
        self._is_closed = False
        self._user: User | None = None
        self._joined_as = ''  # which it goes on calling itself when its name is another
        self._session: Session | None = None
        self._presence: Presence | None = None
        self._room: Room | None = None
        self._subscription: Subscription | None = None
        self._looking: asyncio.Task[None] | None = None
        self._actions: dict[str, tuple[type[Any], Callable[[Any], Awaitable[dict[str, Any]]]]] = {
            'join': (events.Join, self._join),
            'message': (events.Message, self._message),
            'edit': (events.Edit, self._edit),
            'delete': (events.Delete, self._delete),
            'get_user_messages': (events.GetUserMessages, self._get_user_messages),
        }

    async def take(self, event: str, payload: tuple[Any, ...]) -> dict[str, Any] | None:
        """Do what an event asks and return the acknowledgement; errors are told as well."""
        async with self._lock:
            if self._is_closed:
                return None
            try:
                if event not in self._actions:
                    raise Invalid(f'The events are {", ".join(self._actions)}.')
                model, act = self._actions[event]
                return {'ok': True, **await act(understand(event, model, payload))}
            except ChatError as error:
                return self._tell_error(error)
            except Exception as error:
                return self._tell_error(crash_of(error, 'an event of a Socket.IO client'))

    async def close(self) -> None:
        """Let go of everything; a passing guest is gone with it."""
        self._is_closed = True
        async with self._lock:  # a join that is on its way must have come before it can go
            self._forget_room()
            await self._sign_out()

    # Events of the client.

    async def _join(self, join: events.Join) -> dict[str, Any]:
        is_new = self._user is None
        user = await self._sign_in(join)
        slug = join.room or LOBBY
        if self._room is None or self._room.slug != slug:
            if not is_new:
                self._chat.rate_limits.check('subscribing', user.id)
            try:
                room, members = await self._chat.rooms.enter(user, slug)
                self._user = user = next((each.user for each in members if each.user.id == user.id), user)
            except ChatError:
                if is_new:  # nobody yet, who may try another name
                    await self._sign_out()
                raise
            before = self._room
            self._forget_room()
            self._room = room
            self._subscription = self._chat.room_state.subscribe(room.id, room.revision, self._heard)
            self._coming.enter(room.id, members, user, self._put)
            if before is not None and self._is_passing:
                await self._chat.rooms.leave(user, before.slug)
        return {'user': user.name, 'room': slug}

    async def _message(self, said: events.Message) -> dict[str, Any]:
        user, room = self._who_and_where()
        if not self._is_own(said.user):
            raise Forbidden(f'You are "{user.name}" on this connection.', 'user')
        sent = await self._chat.messages.send(
            user, room.slug, said.message, of_all=confirmed(confirm_all=said.confirm_all)
        )
        return {'id': sent.message.id}

    async def _edit(self, edit: events.Edit) -> dict[str, Any]:
        user, _ = self._who_and_where()
        of_all = confirmed(confirm_all=edit.confirm_all)
        return {'id': (await self._chat.messages.edit(user, edit.id, edit.message, of_all=of_all)).id}

    async def _delete(self, delete: events.Delete) -> dict[str, Any]:
        user, _ = self._who_and_where()
        return {'id': (await self._chat.messages.delete(user, delete.id, self._address)).id}

    async def _get_user_messages(self, asked: events.GetUserMessages) -> dict[str, Any]:
        user, room = self._who_and_where()
        self._chat.rate_limits.check('asking', user.id)
        author = asked.user if asked.user == text.DELETED_ACCOUNT else text.clean_name(asked.user)
        name = user.name if self._is_own(author) else author
        page = await self._chat.messages.page(user, room.slug, author=name, limit=MOST_AT_ONCE)
        self._put(events.said(author, (each.summary for each in reversed(page.messages) if each.deleted_at is None)))
        return {}

    # Who and where.

    def _who_and_where(self) -> tuple[User, Room]:
        if self._user is None or self._presence is None:
            raise Unauthenticated('Join first.')
        self._presence.touch()
        if self._room is None:
            raise NotAMember
        return self._user, self._room

    async def _sign_in(self, join: events.Join) -> User:
        if self._user is not None:
            if not self._is_own(join.user):
                raise Conflict(f'You are "{self._user.name}" on this connection. Open another one.', 'user')
            return self._user
        if join.token is None:
            session = await self._chat.accounts.add_passing_guest(join.user, self._address)
        else:
            found = await self._chat.sessions.find(join.token)
            if found is None:
                raise Unauthenticated('This token is not known, or its session has ended.')
            if not _is_called(join.user, found.user.name):
                raise Forbidden(f'This token is for "{found.user.name}".', 'user')
            session = found
        self._user, self._session = session.user, session
        self._joined_as = session.user.name
        self._chat.sessions.watch(session, self._session_ended)
        self._presence = self._chat.presence.connect(self._user.id)
        return self._user

    async def _sign_out(self) -> None:
        user, session, presence = self._user, self._session, self._presence
        self._user = self._session = self._presence = None
        if session is not None:
            self._chat.sessions.unwatch(session, self._session_ended)
        if presence is not None:
            presence.close()
        if user is not None and session is not None and session.passing:
            try:
                await self._chat.accounts.sign_out(session)
            except ChatError as error:
                log.warning('User %s has gone, and stays a member for up to an hour: %s', user.id, error)

    def _is_own(self, name: str) -> bool:
        """Whether a name is the one that was joined with, or the one that it was changed to since."""
        return self._user is not None and (_is_called(name, self._user.name) or _is_called(name, self._joined_as))

    @property
    def _is_passing(self) -> bool:
        return self._session is not None and self._session.passing

    def _forget_room(self) -> None:
        if self._room is not None and self._subscription is not None:
            if self._looking is not None:
                self._looking.cancel()
            self._chat.room_state.unsubscribe(self._subscription)
            self._coming.exit(self._room.id, self._put)
        self._room = self._subscription = None

    # What the client is told.

    def _heard(self, news: Sequence[Told]) -> None:
        for event in news:
            if isinstance(event, RoomEvent):
                self._coming.heard(event)
                packet = self._told(event)
                if packet is not None:
                    self._put(packet)
            if isinstance(event, StartAfresh) and self._room is not None and self._subscription is not None:
                self._chat.room_state.unsubscribe(self._subscription)
                self._looking = asyncio.create_task(self._look_again(self._room, self._subscription), name='look again')
                return
            if isinstance(event, RoomGone):
                self._tell_error(NotFound('The room was deleted.'))
            is_own = self._user is not None and isinstance(event, MemberEvent) and event.member.user.id == self._user.id
            if is_own and isinstance(event, MemberChanged):
                self._user = event.member.user
            if (is_own and isinstance(event, MemberLeft)) or isinstance(event, RoomGone):
                self._forget_room()
                return  # what comes after is not for this client any more

    async def _look_again(self, room: Room, over: Subscription) -> None:
        """Go on hearing of a room, if one still belongs to it: one's own leaving may be among what was not told."""
        try:
            members = (await self._chat.rooms.member_ids([room.id])).get(room.id, frozenset())
        except ChatError:
            members = frozenset()
        self._looking = None
        if self._subscription is not over:
            return
        if self._user is not None and self._user.id in members:
            self._subscription = self._chat.room_state.subscribe(room.id, over.revision, self._heard)
        else:
            self._forget_room()

    def _told(self, event: RoomEvent) -> EnginePacket | None:
        if not isinstance(event, MemberLeft):
            return events.told(event)
        name = self._coming.departed(event)
        return None if name is None else events.left(name)

    def _session_ended(self) -> None:
        self._tell_error(Unauthenticated('The session has ended.'))
        self._let_go()

    def _tell_error(self, error: ChatError) -> dict[str, Any]:
        data = error_json(error)
        self._put(packet_of('error', data))
        return data


def _is_called(name: str, known: str) -> bool:
    try:
        return text.clean_name(name) == known
    except Invalid:
        return False
