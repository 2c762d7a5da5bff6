"""Who is online in a room, told to the programs that listen there: put into words once for all of them."""

from collections.abc import Callable, Iterable

from api.frames import text_of
from chat.events import MemberEvent, MemberLeft
from chat.models import Member, Room
from chat.pacing import Paced
from chat.presence import Presence

TELL_AT_MOST_EVERY = 1.0  # s, however many come and go

Tell = Callable[[str], None]


class _RoomOnline:
    def __init__(self, slug: str) -> None:
        self.slug = slug
        self.revision = -1  # as of which the members are known
        self.names: dict[int, str] = {}  # of the members
        self.told: dict[Tell, str] = {}  # what each listener was told last


class Online:
    """Keeps the online names of the rooms that somebody follows."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._rooms: dict[int, _RoomOnline] = {}
        self._changed: set[int] = set()
        self._tell = Paced(self._tell_changed, TELL_AT_MOST_EVERY)
        presence.watch(self._presence_changed)

    def follow(self, room: Room, members: Iterable[Member], tell: Tell) -> None:
        """Tell who of a room's members is online, now and whenever that changes; ``members`` are as of its revision."""
        followed = self._rooms.setdefault(room.id, _RoomOnline(room.slug))
        if room.revision >= followed.revision:  # else what was heard meanwhile is newer
            followed.names = {member.user.id: member.user.name for member in members}
            followed.revision = room.revision
        followed.told[tell] = text = self._words(followed)
        tell(text)
        self._note((room.id,))  # the others may not know yet

    def unfollow(self, room_id: int, tell: Tell) -> None:
        """Stop telling; doing so twice is harmless."""
        followed = self._rooms.get(room_id)
        if followed is not None:
            followed.told.pop(tell, None)
            if not followed.told:
                del self._rooms[room_id]

    def heard(self, event: MemberEvent) -> None:
        """Note who is a member, by which name, or has left; every listener passes on what it is told, in order."""
        followed = self._rooms.get(event.room_id)
        if followed is None or event.revision <= followed.revision:
            return
        followed.revision = event.revision
        if isinstance(event, MemberLeft):
            followed.names.pop(event.member.user.id, None)
        else:
            followed.names[event.member.user.id] = event.member.user.name
        self._note((event.room_id,))

    def _presence_changed(self, user_ids: frozenset[int]) -> None:
        self._note(room_id for room_id, room in self._rooms.items() if not user_ids.isdisjoint(room.names))

    def _note(self, room_ids: Iterable[int]) -> None:
        self._changed.update(room_ids)
        if self._changed:
            self._tell()

    def _tell_changed(self) -> None:
        changed, self._changed = self._changed, set()
        for room_id in changed:
            room = self._rooms.get(room_id)
            if room is not None:
                text = self._words(room)
                for tell in [tell for tell, told in room.told.items() if told != text]:
                    room.told[tell] = text
                    tell(text)

    def _words(self, room: _RoomOnline) -> str:
        names = [name for user_id, name in room.names.items() if self._presence.status(user_id) != 'offline']
        return text_of({'type': 'presence', 'room': room.slug, 'online': sorted(names)})
