"""Who has the floor: whether somebody may speak in a room now, and the sentence that says why not."""

from sqlalchemy import Connection

from chat import permissions
from chat.clock import FOREVER, moment, now_ms
from chat.errors import Forbidden, NotAMember, SlowMode
from chat.models import Policy, Silence
from chat.reach import Reached
from chat.storage import facts, rooms

SENTENCES: dict[permissions.Obstacle, str] = {
    'archived': 'This room is archived: it can be read, and nobody writes in it.',
    'direct_off': 'Direct messages are switched off here.',
    'paused': 'This room is paused. You can read, and write again when it goes on.',
    'announcements': 'Only moderators write in this room.',
}


def obstacle(connection: Connection, reached: Reached) -> permissions.Obstacle | None:
    """Return what keeps somebody from speaking, or None."""
    is_muted = reached.muted_until > now_ms()
    policy = facts.policy(connection) if reached.room.direct else Policy()
    return permissions.obstacle(reached.user, reached.room, reached.role, policy, is_muted=is_muted)


def silence(connection: Connection, reached: Reached) -> Silence | None:
    """Return what keeps somebody from speaking, as they are told it, or None."""
    found = obstacle(connection, reached)
    if found is None:
        return None
    ends = found == 'muted' and reached.muted_until < FOREVER
    return Silence(sentence(found, reached.muted_until), moment(reached.muted_until) if ends else None)


def sentence(found: permissions.Obstacle | None, muted_until: int) -> str:
    """Return why somebody may not speak, nothing if they may; ``muted_until`` in ms."""
    if found is None:
        return ''
    if found != 'muted':
        return SENTENCES.get(found, 'Join the room first.')
    if muted_until >= FOREVER:
        return 'A moderator has muted you here. You can read, and not write.'
    return f'A moderator has muted you here until {moment(muted_until):%B %-d, %H:%M} UTC.'


def require(connection: Connection, reached: Reached, *, again: bool = False, waits: bool = True) -> None:
    """Raise NotAMember, Forbidden or SlowMode if somebody may not speak; ``again``: they change what they said.

    ``waits``: slow mode counts.
    """
    found = obstacle(connection, reached)
    if found == 'not_a_member':
        raise NotAMember
    if found is not None and not (again and found == 'announcements'):
        raise Forbidden(sentence(found, reached.muted_until))
    wait = _wait(reached)
    if wait > 0 and waits and not again:
        raise SlowMode(wait / 1000)


def note(connection: Connection, reached: Reached) -> None:
    """Store that somebody has spoken, where that counts."""
    if reached.room.slow_mode and permissions.waits_in_slow_mode(reached.user, reached.role):
        rooms.note_speaking(connection, reached.room.id, reached.user.id)


def _wait(reached: Reached) -> int:
    """Return the ms until somebody may speak again."""
    if not (reached.room.slow_mode and permissions.waits_in_slow_mode(reached.user, reached.role)):
        return 0
    return reached.spoke_at + reached.room.slow_mode * 1000 - now_ms()
