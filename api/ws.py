"""The WebSocket at ``/api/v1/ws``: one connection, its frames and what it is told."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect
from starlette.types import Message as AsgiMessage

from api import frames
from api.callers import Callers
from api.frames import is_too_large
from api.online import Online
from api.outbox import TOO_SLOW, Outbox
from api.saying import confirmed, say
from chat import Chat
from chat.errors import ChatError, Invalid, Unauthenticated
from chat.events import (
    MemberChanged,
    MemberEvent,
    MemberLeft,
    RoomEvent,
    RoomGone,
    StartAfresh,
    Told,
    Typing,
    message_json,
    room_json,
    user_json,
)
from chat.models import Member, Room, Session
from chat.room_state import Subscription
from web import cookies, origins
from web.addresses import address_of
from web.crashes import crash_of
from web.prepared_frames import ABORT, EXTENSION

PROTOCOL = 1
NAME = 'websocket'  # among the doors that are measured
AUTHENTICATE_WITHIN = 5.0  # s
MOST_ROOMS = 200  # that one connection listens to
STUCK_FOR = 30.0  # s in which a program takes nothing of what it is sent
POLICY_VIOLATION, TOO_BIG = 1008, 1009

Reply = Callable[[object], None]


class Gate:
    """Decides who may open a WebSocket, and counts who has."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._online = Online(chat.presence)
        self._callers = Callers(chat.settings)
        chat.measures.connections[NAME] = lambda: self._callers.connections

    async def enter(self, socket: WebSocket) -> None:
        """Serve one connection to its end, or refuse it before the upgrade."""
        refusal = self._callers.foreign(socket.scope) or self._callers.too_many(socket.scope)
        if refusal is not None:
            await socket.send_denial_response(refusal)
            return
        address = address_of(socket.scope)
        self._callers.came(address)
        try:
            with suppress(WebSocketDisconnect):  # gone before it was signed in
                await self._serve(socket)
        finally:
            self._callers.went(address)

    async def _serve(self, socket: WebSocket) -> None:
        session = await self._chat.sessions.find(_token_of(socket, self._chat))
        frame_id: frames.FrameId = None
        await socket.accept()
        if session is None:
            session, frame_id = await self._ask_who(socket)
        if session is not None:
            await Connection(self._chat, self._online, socket, session).serve(frame_id)

    async def _ask_who(self, socket: WebSocket) -> tuple[Session | None, frames.FrameId]:
        """Return the session that the first frame names, and its id; closes the connection if it names none in time."""
        frame_id: frames.FrameId = None
        try:
            async with asyncio.timeout(AUTHENTICATE_WITHIN):
                message = await socket.receive()
            if message['type'] == 'websocket.disconnect':
                return None, None
            if is_too_large(message.get('text') or message.get('bytes') or ''):
                await socket.close(TOO_BIG)
                return None, None
            data = frames.read(message.get('text'))
            frame_id = frames.id_of(data)
            frame = frames.understand(data)
            session = await self._chat.sessions.find(frame.token if isinstance(frame, frames.Authenticate) else None)
            if session is not None:
                return session, frame_id
            raise Unauthenticated('The first frame must be "authenticate" with a valid token.')
        except TimeoutError:
            error: ChatError = Unauthenticated('No frame came that says who is calling.')
        except ChatError as wrong:
            error = wrong
        await socket.send_text(error_text(frame_id, error))
        await socket.close(POLICY_VIOLATION)
        return None, None


class Connection:
    """One program that is signed in. Its frames are taken one after the other; what it is told goes by its outbox."""

    def __init__(self, chat: Chat, online: Online, socket: WebSocket, session: Session) -> None:
        self._chat = chat
        self._online = online
        self._receive = socket.receive
        self._session = session
        self._user = session.user
        self._address = address_of(socket.scope)
        extensions = socket.scope.get('extensions', {})
        self._outbox = Outbox(socket.send, extensions.get(EXTENSION))
        self._abort: Callable[[], None] = extensions.get(ABORT, _do_nothing)
        self._rooms: dict[str, Subscription] = {}  # by slug
        self._behind: asyncio.Queue[tuple[Room, Subscription]] = asyncio.Queue()  # rooms in which something was missed
        self._presence = chat.presence.connect(session.user.id)
        self._actions: dict[type[frames.Frame], Callable[[Any, Reply], Awaitable[None]]] = {
            frames.Authenticate: self._authenticate,
            frames.Subscribe: self._subscribe,
            frames.Unsubscribe: self._unsubscribe,
            frames.Send: self._send,
            frames.Edit: self._edit,
            frames.Delete: self._delete,
            frames.React: self._react,
            frames.Typing: self._typing,
            frames.Ping: self._ping,
        }

    async def serve(self, frame_id: frames.FrameId) -> None:
        """Take frames and tell what happens until either side closes, or the other one takes nothing any more.

        ``frame_id`` is that of the frame that signed in, if there was one, and is answered first.
        """
        answered = {} if frame_id is None else {'id': frame_id}
        self._tell({'type': 'ready', **answered, 'user': user_json(self._user), 'protocol': PROTOCOL})
        self._chat.sessions.watch(self._session, self._session_ended)
        tasks = {
            asyncio.create_task(self._read(), name='read a websocket'),
            asyncio.create_task(self._outbox.run(), name='write a websocket'),
            asyncio.create_task(self._catch_up(), name='catch up on a websocket'),
        }
        try:
            while not (await asyncio.wait(tasks, timeout=STUCK_FOR, return_when=asyncio.FIRST_COMPLETED))[0]:
                if self._outbox.is_stuck():
                    self._abort()  # closing would wait for what it does not take
                    break
        finally:
            self._let_go()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _let_go(self) -> None:
        if self._outbox.code == TOO_SLOW:
            self._chat.measures.drops[NAME] += 1
        self._chat.sessions.unwatch(self._session, self._session_ended)
        for slug in tuple(self._rooms):
            self._forget(slug)
        self._presence.close()

    async def _read(self) -> None:
        while True:
            message = await self._receive()
            if message['type'] == 'websocket.disconnect':
                return
            if self._outbox.code is None:
                self._presence.touch()
                await self._take(message)

    async def _take(self, message: AsgiMessage) -> None:
        text, frame_id = message.get('text'), None
        if is_too_large(text or message.get('bytes') or ''):
            self._outbox.close(TOO_BIG)
            return
        try:
            data = frames.read(text)
            frame_id = frames.id_of(data)
            frame = frames.understand(data)
            await self._actions[type(frame)](frame, partial(self._reply, frame_id))
        except ChatError as error:
            self._outbox.put(error_text(frame_id, error))
        except Exception as error:
            self._outbox.put(error_text(frame_id, crash_of(error, 'a frame of a websocket')))

    def _reply(self, frame_id: frames.FrameId, result: object) -> None:
        if frame_id is not None:
            self._tell({'type': 'ok', 'id': frame_id, 'result': result})

    def _tell(self, data: dict[str, Any]) -> None:
        self._outbox.put(frames.text_of(data))

    def _session_ended(self) -> None:
        self._outbox.put(error_text(None, Unauthenticated('The session has ended.')))
        self._outbox.close(POLICY_VIOLATION)

    async def _authenticate(self, frame: frames.Authenticate, reply: Reply) -> None:
        raise Invalid('This connection is signed in already. Open another one for another session.', 'type')

    async def _subscribe(self, frame: frames.Subscribe, reply: Reply) -> None:
        self._chat.rate_limits.check('subscribing', self._user.id)
        if frame.room not in self._rooms and len(self._rooms) >= MOST_ROOMS:
            raise Invalid(f'One connection listens to at most {MOST_ROOMS} rooms.', 'room')
        room, members = await self._chat.rooms.enter(self._user, frame.room)
        held = self._rooms.get(room.slug) if frame.since is None else None  # goes on: a new one would tell things twice
        revision = room.revision if held is None else held.revision
        self._user = next((each.user for each in members if each.user.id == self._user.id), self._user)
        member_list = [self._member_json(member) for member in members]
        reply({'room': room_json(room), 'revision': revision, 'members': member_list})
        if held is not None:
            return
        self._forget(room.slug)
        self._online.follow(room, members, self._outbox.put)
        if frame.since is None:
            self._listen(room, room.revision)
        else:
            self._listen_later(room, frame.since)

    def _listen(self, room: Room, since: int) -> Subscription:
        subscription = self._chat.room_state.subscribe(room.id, since, partial(self._heard, room))
        self._rooms[room.slug] = subscription
        return subscription

    def _listen_later(self, room: Room, since: int) -> None:
        """Be told what was missed when it is this room's turn; it is in storage until then."""
        self._rooms[room.slug] = waiting = Subscription(room.id, since, partial(self._heard, room))
        self._behind.put_nowait((room, waiting))

    async def _catch_up(self) -> None:
        """Tell what was missed in one room after the other, as fast as the program takes it."""
        while True:
            room, waiting = await self._behind.get()
            await self._outbox.emptied()
            is_member = self._user.id in (await self._chat.rooms.member_ids([room.id])).get(room.id, ())
            if self._rooms.get(room.slug) is not waiting:
                continue
            if is_member:
                await self._chat.room_state.caught_up(self._listen(room, waiting.revision))
            else:
                self._forget(room.slug)

    def _member_json(self, member: Member) -> dict[str, Any]:
        user = member.user
        return {'user': user_json(user), 'role': member.role, 'presence': self._chat.presence.status(user.id)}

    async def _unsubscribe(self, frame: frames.Unsubscribe, reply: Reply) -> None:
        self._forget(frame.room)
        reply(None)

    async def _send(self, frame: frames.Send, reply: Reply) -> None:
        sent = await say(
            self._chat,
            self._user,
            frame.room,
            frame.body,
            frame.client_message_id,
            frame.reply_to,
            attachments=frame.attachments,
            confirm_all=frame.confirm_all,
        )
        reply(message_json(sent.message))

    async def _edit(self, frame: frames.Edit, reply: Reply) -> None:
        of_all = confirmed(confirm_all=frame.confirm_all)
        reply(message_json(await self._chat.messages.edit(self._user, frame.message_id, frame.body, of_all=of_all)))

    async def _delete(self, frame: frames.Delete, reply: Reply) -> None:
        reply(message_json(await self._chat.messages.delete(self._user, frame.message_id, self._address)))

    async def _react(self, frame: frames.React, reply: Reply) -> None:
        reply(message_json(await self._chat.reactions.react(self._user, frame.message_id, frame.emoji, frame.on)))

    async def _typing(self, frame: frames.Typing, reply: Reply) -> None:
        subscription = self._rooms.get(frame.room)
        if subscription is None:
            raise Invalid('Subscribe to the room first.', 'room')
        self._chat.room_state.typing(subscription.room_id, self._user)
        reply(None)

    async def _ping(self, frame: frames.Ping, reply: Reply) -> None:
        reply(None)

    def _heard(self, room: Room, events: Sequence[Told]) -> None:
        for event in events:
            if self._outbox.code is not None:
                return
            if isinstance(event, RoomEvent) and len(events) > 1 and self._outbox.is_half_full:
                self._chat.room_state.unsubscribe(self._rooms[room.slug])
                self._listen_later(room, event.revision - 1)
                return
            self._outbox.put(event.text if isinstance(event, RoomEvent) else state_text(room.slug, event))
            if isinstance(event, StartAfresh):  # one's own leaving may be among what is not told
                self._chat.room_state.unsubscribe(self._rooms[room.slug])
                self._listen_later(room, self._rooms[room.slug].revision)
                return
            if isinstance(event, MemberEvent):
                self._online.heard(event)
                self._note_own_change(event)
            if isinstance(event, RoomGone) or (isinstance(event, MemberLeft) and event.member.user.id == self._user.id):
                self._forget(room.slug)
                return  # what comes after is not for this program any more

    def _note_own_change(self, event: MemberEvent) -> None:
        if isinstance(event, MemberChanged) and event.member.user.id == self._user.id:
            self._user = event.member.user  # who types from now on

    def _forget(self, slug: str) -> None:
        subscription = self._rooms.pop(slug, None)
        if subscription is not None:
            self._chat.room_state.unsubscribe(subscription)
            self._online.unfollow(subscription.room_id, self._outbox.put)


def _do_nothing() -> None:
    pass


def error_text(frame_id: frames.FrameId, error: ChatError) -> str:
    """Return the frame that tells of an error."""
    return frames.text_of(
        {'type': 'error', 'id': frame_id, 'code': error.code, 'message': error.message, 'field': error.field}
    )


@lru_cache(maxsize=256)  # the same for all who listen
def state_text(slug: str, state: Typing | StartAfresh | RoomGone) -> str:
    """Return the frame that tells a state, which has no number."""
    data: dict[str, Any] = {'type': state.type, 'room': slug}
    if isinstance(state, Typing):
        data['users'] = [user.name for user in state.users]
    return frames.text_of(data)


def _token_of(socket: WebSocket, chat: Chat) -> str | None:
    """Return the token of the Authorization header, or that of the cookie if the call comes from this site."""
    scheme, _, token = socket.headers.get('authorization', '').partition(' ')
    if scheme.lower() == 'bearer':
        return token.strip()
    origin, host = socket.headers.get('origin'), socket.headers.get('host', '')
    is_own = origin is None or origins.is_same_origin(origin, host, socket.url.scheme, chat.settings.public_url)
    return cookies.read_token(socket) if is_own else None
