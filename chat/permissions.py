"""Who may do what: pure questions, asked by actions inside their transaction.

Pages ask the same questions to hide a button; they decide nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from chat.models import InvitedKind, Message, Policy, Role, Room, SignInMode, User, WhoMay

Obstacle = Literal['not_a_member', 'archived', 'muted', 'direct_off', 'paused', 'announcements']

A_FEW, MANY = 5, 15  # people in a room, for "@all"
_RANKS = {'administrator': 4, 'moderator': 3}  # of the chat, and so in every room that they see
_ROOM_RANKS = {'owner': 2, 'moderator': 1}
_NEEDED: dict[WhoMay, tuple[str, ...]] = {
    'everybody': ('guest', 'member', 'moderator', 'administrator'),
    'members': ('member', 'moderator', 'administrator'),
    'moderators': ('moderator', 'administrator'),
    'administrators': ('administrator',),
    'nobody': (),
}


def rank(user: User, role: Role | None = None) -> int:
    """Return how much somebody has to say in a room, or with no role in the chat: nobody is ruled by their equals."""
    if user.kind == 'bot':
        return 0
    return max(_RANKS.get(user.kind, 0), _ROOM_RANKS.get(role or '', 0))


def may_read(user: User, room: Room, *, is_member: bool, is_banned: bool = False) -> bool:
    """Whether the room exists for this person at all."""
    return is_member or not (room.private or is_banned)


def may_join(user: User, room: Room) -> bool:
    """Whether this person may become a member without being invited."""
    return not (room.private or room.archived)


def obstacle(user: User, room: Room, role: Role | None, policy: Policy, *, is_muted: bool) -> Obstacle | None:
    """Return what keeps somebody from speaking in a room, or None: then they may."""
    is_ruled = not room.direct and rank(user, role) == 0
    obstacles: dict[Obstacle, bool] = {
        'not_a_member': role is None,
        'archived': room.archived,
        'muted': is_muted,
        'direct_off': room.direct and not may_write_directly(user, policy),
        'paused': is_ruled and room.paused,
        'announcements': is_ruled and room.posting == 'moderators' and user.kind != 'bot',
    }
    return next((each for each, is_there in obstacles.items() if is_there), None)


def may_mention_all(user: User, role: Role | None, members: int) -> bool:
    """Whether this person may mention all in a room with so many people; many are a moderator's to call."""
    return members <= MANY or rank(user, role) > 0


def asks_before_mentioning_all(members: int) -> bool:
    """Whether people are asked before they mention all in a room with so many people."""
    return members > A_FEW


def waits_in_slow_mode(user: User, role: Role | None) -> bool:
    """Whether this person has to wait between two messages where there is a slow mode."""
    return rank(user, role) == 0


def may_favor(role: Role | None) -> bool:
    """Whether this person may mark the room as a favorite."""
    return role is not None


def may_manage_sessions(user: User) -> bool:
    """Whether this person may see and end the own sessions; those of a bot are the operator's."""
    return user.kind != 'bot'


def may_come_as_guest(mode: SignInMode) -> bool:
    """Whether a name is enough."""
    return mode == 'guests'


def may_register(mode: SignInMode) -> bool:
    """Whether a stranger may make an account."""
    return mode != 'invited'


def may_have_password(user: User) -> bool:
    """Whether this person may make the name theirs by a password; bots have tokens."""
    return user.kind != 'bot'


def may_have_identity(user: User) -> bool:
    """Whether this person may come in by another site's word; bots have tokens."""
    return user.kind != 'bot'


def may_administer(user: User) -> bool:
    """Whether this person may make accounts, say what others are, and hand out links by which they set a password."""
    return user.kind == 'administrator'


def may_be_deleted(user: User) -> bool:
    """Whether this person may be deleted, by themselves or by an administrator; bots are the operator's."""
    return user.kind != 'bot'


def may_change_profile(user: User) -> bool:
    """Whether this person may change the own name and how they look; the names of bots are the operator's."""
    return user.kind != 'bot'


def may_create_rooms(user: User, policy: Policy) -> bool:
    """Whether this person may open new rooms."""
    return _is_among(user, policy.create_rooms)


def may_write_directly(user: User, policy: Policy) -> bool:
    """Whether this person may write to others in private."""
    is_on = policy.direct_messages != 'nobody'
    return _is_among(user, policy.direct_messages) or (is_on and user.kind == 'bot')


def may_change_room(user: User, role: Role | None, room: Room) -> bool:
    """Whether this person may say what a room is called and about, who finds it, who writes there, and archive it."""
    return not room.direct and rank(user, role) >= _ROOM_RANKS['owner']


def may_calm_room(user: User, role: Role | None, room: Room) -> bool:
    """Whether this person may slow a room down or pause it."""
    return not room.direct and rank(user, role) > 0


def may_delete_room(user: User, role: Role | None, room: Room) -> bool:
    """Whether this person, with this role in a room that they see, may delete it with all that was said in it."""
    return not room.direct and (role == 'owner' or user.kind == 'administrator')


def may_set_roles(user: User, role: Role | None, room: Room) -> bool:
    """Whether this person may make owners, moderators and members of those who belong to a room."""
    return not room.direct and (role == 'owner' or user.kind == 'administrator')


def may_have_role(other: User, role: Role) -> bool:
    """Whether somebody can be this in a room: a bot has nothing to say."""
    return role == 'member' or other.kind != 'bot'


def may_add_people(user: User, role: Role | None, room: Room) -> bool:
    """Whether this person may put others into a room, or invite them to it."""
    return not (room.direct or room.archived) and rank(user, role) > 0


def may_leave(room: Room) -> bool:
    """Whether one can stop belonging to a room: what some people wrote to each other stays theirs."""
    return not room.direct


def may_manage_hooks(user: User, role: Role | None, room: Room) -> bool:
    """Whether this person, with this role in a room, may give and take programs a way to speak in it."""
    return not room.direct and (role == 'owner' or (role is not None and user.kind == 'administrator'))


def may_invite(user: User, policy: Policy) -> bool:
    """Whether this person may invite people into the chat."""
    return _is_among(user, policy.invite)


def may_invite_guests(mode: SignInMode) -> bool:
    """Whether people can be invited who get no account."""
    return mode != 'accounts'


def may_invite_to(user: User, role: Role | None, room: Room) -> bool:
    """Whether this person may invite others to a room; into a private one only who may put people there."""
    if room.direct or room.archived:
        return False
    return not room.private or (role is not None and may_add_people(user, role, room))


def may_invite_to_own_rooms(mode: SignInMode, user: User, rooms: Sequence[tuple[Room, Role | None]]) -> bool:
    """Whether this person may invite others for the sake of a room of theirs: where a name is enough to come in."""
    return mode == 'guests' and any(rank(user, role) > 0 for _, role in rooms)


def may_invite_as(user: User, kind: InvitedKind) -> bool:
    """Whether those whom this person invites may become this."""
    return kind != 'moderator' or user.kind == 'administrator'


def may_moderate_in_room(user: User, role: Role | None, room: Room, other: User, others_role: Role | None) -> bool:
    """Whether this person may mute, remove or ban another in a room, or hide what the other said there."""
    return not room.direct and rank(user, role) > rank(other, others_role)


def may_moderate(user: User, other: User) -> bool:
    """Whether this person may mute or ban another everywhere, or sign them out."""
    return rank(user) > rank(other) and (other.kind != 'bot' or user.kind == 'administrator')


def may_see_reports(user: User, role: Role | None = None) -> bool:
    """Whether this person may see what was reported, and what is hidden, in a room or, with no role, everywhere."""
    return rank(user, role) > 0


def may_judge(user: User, role: Role | None, author: User, authors_role: Role | None) -> bool:
    """Whether this person may decide about a report of what another said: nobody judges their equals, or themselves."""
    return user.kind == 'administrator' or rank(user, role) > rank(author, authors_role)


def may_report(user: User, message: Message) -> bool:
    """Whether this person, who can read the message, may report it to the moderators."""
    return not is_author(user, message) and message.deleted_at is None and user.kind != 'bot'


def may_see_log(user: User) -> bool:
    """Whether this person may read who did what to whom."""
    return user.kind == 'administrator'


def may_edit(user: User, message: Message, now: datetime, window: timedelta | None) -> bool:
    """Whether this person may change the words: only the author, and only for ``window`` (``None``: for ever)."""
    in_time = window is None or now - message.created_at <= window
    return is_author(user, message) and message.deleted_at is None and in_time


def may_pin(user: User, role: Role | None, room: Room) -> bool:
    """Whether this person may pin messages to a room: where some look after it, they do; it takes speaking, too."""
    return not room.archived and (room.direct or rank(user, role) > 0)


def may_see_versions(user: User, role: Role | None, room: Room, message: Message, authors_role: Role | None) -> bool:
    """Whether this person may see what a message said before it was edited; of a hidden one moderators alone."""
    moderates = may_moderate_in_room(user, role, room, message.author, authors_role)
    return moderates or (is_author(user, message) and not message.hidden)


def may_delete(user: User, message: Message) -> bool:
    """Whether this person may take the message away."""
    return is_author(user, message) and (message.deleted_at is None or message.hidden)


def is_author(user: User, message: Message) -> bool:
    """Whether these are this person's own words."""
    return message.author.id == user.id


def _is_among(user: User, who: WhoMay) -> bool:
    return user.kind in _NEEDED[who]
