"""Who comes into a room and goes, by whichever door, told to the Socket.IO clients that listen there.

Members tell it by joining and leaving, which are events of the room and told as such. Whoever stays a member comes and
goes by presence, which is told from here.
"""

from collections.abc import Callable, Iterable

from engineio.packet import Packet as EnginePacket  # type: ignore[import-untyped]

from api.socketio import events
from chat.events import MemberChanged, MemberJoined, MemberLeft, RoomEvent
from chat.models import Member, User
from chat.presence import Presence

MOST_DEPARTED = 100  # of whom is known how they were called

Tell = Callable[[EnginePacket], None]


class _RoomComing:
    def __init__(self, names: dict[int, str], here: set[int]) -> None:
        self.names = names  # of the members
        self.here = here  # those whom the listeners believe to be here
        self.listeners: dict[Tell, None] = {}
        self.departed: dict[int, str | None] = {}  # by revision, the newest: who left, as the listeners know them


class Coming:
    """Keeps who is here in the rooms that somebody listens to."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._rooms: dict[int, _RoomComing] = {}
        presence.watch(self._presence_changed)

    def enter(self, room_id: int, members: Iterable[Member], user: User, tell: Tell) -> None:
        """Tell from now on who comes and goes, beginning with the listener itself."""
        room = self._rooms.get(room_id)
        if room is None:
            names = {member.user.id: member.user.name for member in members}
            here = {user_id for user_id in names if self._presence.status(user_id) != 'offline'}
            room = self._rooms[room_id] = _RoomComing(names, here)
        room.listeners[tell] = None
        room.names[user.id] = user.name
        if user.id not in room.here:
            _come(room, user.id)
        else:  # the others know: of a new member by the event, of one who is back by presence
            tell(events.joined(user.name))

    def exit(self, room_id: int, tell: Tell) -> None:
        """Stop telling; doing so twice is harmless."""
        room = self._rooms.get(room_id)
        if room is not None:
            room.listeners.pop(tell, None)
            if not room.listeners:
                del self._rooms[room_id]

    def heard(self, event: RoomEvent) -> None:
        """Note who is a member, by which name, or is none any more; every listener is told what there is to tell."""
        room = self._rooms.get(event.room_id)
        if room is None:
            return
        if isinstance(event, MemberJoined):
            room.names[event.member.user.id] = event.member.user.name
            room.here.add(event.member.user.id)
        elif isinstance(event, MemberChanged):
            room.names[event.member.user.id] = event.member.user.name
        elif isinstance(event, MemberLeft) and event.revision not in room.departed:
            room.departed[event.revision] = room.names.pop(event.member.user.id, None)
            room.here.discard(event.member.user.id)
            if len(room.departed) > MOST_DEPARTED:
                del room.departed[next(iter(room.departed))]

    def departed(self, event: MemberLeft) -> str | None:
        """Return the name by which the listeners know who left: the event has the one they have now.

        None for somebody who had left before, and has deleted the account since.
        """
        room = self._rooms.get(event.room_id)
        return event.member.user.name if room is None else room.departed.get(event.revision, event.member.user.name)

    def _presence_changed(self, user_ids: frozenset[int]) -> None:
        for room in self._rooms.values():
            for user_id in user_ids & room.names.keys():
                is_here = self._presence.status(user_id) != 'offline'
                if is_here and user_id not in room.here:
                    _come(room, user_id)
                elif not is_here and user_id in room.here:
                    room.here.discard(user_id)
                    _tell(room, events.left(room.names[user_id]))


def _come(room: _RoomComing, user_id: int) -> None:
    room.here.add(user_id)
    _tell(room, events.joined(room.names[user_id]))


def _tell(room: _RoomComing, packet: EnginePacket) -> None:
    for tell in tuple(room.listeners):
        tell(packet)
