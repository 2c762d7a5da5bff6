"""Who is online in a room, told to the programs that listen there: put into words once for all of them."""

from collections.abc import Callable, Iterable

from api.frames import text_of
from chat.events import MemberJoined, MemberLeft, RoomEvent
from chat.models import Member, Room
from chat.pacing import Paced
from chat.presence import Presence
from chat.room_state import RoomState

TELL_AT_MOST_EVERY = 1.0  # s, however many come and go

Tell = Callable[[str], None]


class _RoomOnline:
    def __init__(self, slug: str) -> None:
        self.slug = slug
        self.names: dict[int, str] = {}  # of the members
        self.listeners: set[Tell] = set()
        self.text = ''


class Online:
    """Keeps the online names of the rooms that somebody follows."""

    def __init__(self, presence: Presence, room_state: RoomState) -> None:
        self._presence = presence
        self._rooms: dict[int, _RoomOnline] = {}
        self._changed: set[int] = set()
        self._tell = Paced(self._tell_changed, TELL_AT_MOST_EVERY)
        presence.watch(self._presence_changed)
        room_state.watch(self._heard)

    def follow(self, room: Room, members: Iterable[Member], tell: Tell) -> None:
        """Tell who of a room's members is online, now and whenever that changes."""
        followed = self._rooms.setdefault(room.id, _RoomOnline(room.slug))
        followed.names = {member.user.id: member.user.name for member in members}
        followed.listeners.add(tell)
        followed.text = self._words(followed)
        tell(followed.text)

    def unfollow(self, room_id: int, tell: Tell) -> None:
        """Stop telling; doing so twice is harmless."""
        followed = self._rooms.get(room_id)
        if followed is not None:
            followed.listeners.discard(tell)
            if not followed.listeners:
                del self._rooms[room_id]

    def _presence_changed(self, user_ids: frozenset[int]) -> None:
        self._note(room_id for room_id, room in self._rooms.items() if not user_ids.isdisjoint(room.names))

    def _heard(self, event: RoomEvent) -> None:
        room = self._rooms.get(event.room_id)
        if room is None:
            return
        if isinstance(event, MemberJoined):
            room.names[event.member.user.id] = event.member.user.name
        elif isinstance(event, MemberLeft):
            room.names.pop(event.member.user.id, None)
        else:
            return
        self._note((event.room_id,))

    def _note(self, room_ids: Iterable[int]) -> None:
        self._changed.update(room_ids)
        if self._changed:
            self._tell()

    def _tell_changed(self) -> None:
        changed, self._changed = self._changed, set()
        for room_id in changed:
            room = self._rooms.get(room_id)
            if room is not None and (text := self._words(room)) != room.text:
                room.text = text
                for tell in tuple(room.listeners):
                    tell(text)

    def _words(self, room: _RoomOnline) -> str:
        names = [name for user_id, name in room.names.items() if self._presence.status(user_id) != 'offline']
        return text_of({'type': 'presence', 'room': room.slug, 'online': sorted(names)})
