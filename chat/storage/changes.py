"""What changed in a room after a revision: the one question behind every reconnect, gap and late start."""

from dataclasses import replace

from sqlalchemy import Connection

from chat.events import Changes, MemberChanged, MemberJoined, MemberLeft, RoomEvent, message_event, room_changed
from chat.storage import messages, rooms

MOST_CHANGES = 1_000  # more than this, and starting afresh costs less


def since(connection: Connection, room_id: int, revision: int) -> Changes:
    """Return the events after ``revision`` in order, and the room's revision they lead to.

    A revision that the room has not reached is of another time, as before a backup was brought back: no event leads on.
    """
    number = rooms.revision(connection, room_id)
    room = rooms.by_id(connection, room_id) if number > revision else None
    if room is None:
        return Changes((), number, complete=number == revision)
    changed = messages.changed_since(connection, room_id, revision, MOST_CHANGES + 1)
    came_or_went = rooms.member_changes(connection, room_id, revision, MOST_CHANGES + 1)
    if len(changed) + len(came_or_went) > MOST_CHANGES:
        return Changes((), number, complete=False)
    events: list[RoomEvent] = [message_event(message, revision) for message in changed]
    for changed_at, member, joined_at in came_or_went:
        came = MemberJoined if joined_at is not None and joined_at > revision else MemberChanged
        kind = MemberLeft if joined_at is None else came
        events.append(kind(room_id, room.slug, changed_at, member))
    room_changed_at = rooms.changed_revision(connection, room_id)
    if room_changed_at > revision:
        events.append(room_changed(replace(room, revision=room_changed_at)))
    events.sort(key=lambda event: event.revision)
    return Changes(tuple(events), number, complete=True)
