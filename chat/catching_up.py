"""What happened since somebody was here: counted from what is stored, nothing of it is guessed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from chat import reach, rendered
from chat.clock import milliseconds
from chat.models import CatchUp, Message, Room, RoomNews, SharedLink, User
from chat.rate_limits import RateLimits
from chat.storage import Storage
from chat.storage import catching_up as rows

MOST_MESSAGES = 1_000  # that are looked at, the newest
MOST_EACH = 20  # of each kind that are shown, the newest
MOST_REACTED = 5
REACTED_BY = 2  # people
FIRST_TIME = timedelta(days=7)
MOST_STEPS = 200  # up a conversation, beyond the messages that are looked at


class CatchingUp:
    """Knows how far everybody is up to date, and what came after that."""

    def __init__(self, storage: Storage, rate_limits: RateLimits) -> None:
        self._storage = storage
        self._rate_limits = rate_limits

    async def look(self, user: User) -> CatchUp:
        """Return what happened in the person's rooms since they were last up to date; raises Unauthenticated.

        The first time that is since they are here, or for a week. All of it is of one moment, and all of it is
        in rooms that they belong to, neither deleted nor hidden.

        A question to somebody has a question mark (``rendered.asks``), and mentions them by name, replies to them, or
        stands among direct messages. It is answered when they reacted to it, or have said something later in the
        same conversation, which is all that hangs together by replies; in direct messages, anything later.
        """
        return await self._storage.read(_look, user, await self._newest_id(user))

    async def done(self, user: User, up_to: int | None = None) -> int:
        """Note that the person is up to date with a message, or with all there is; returns with which.

        It never goes back. Raises Unauthenticated or RateLimited.
        """
        self._rate_limits.check('changing', user.id)

        newest = await self._newest_id(user)

        def store(connection: Connection) -> int:
            fresh = reach.person(connection, user)
            return rows.save(connection, fresh.id, newest if up_to is None else min(up_to, newest))

        return await self._storage.write(store)

    async def _newest_id(self, user: User) -> int:
        """Return the id of the newest message in the person's rooms; up to it, nothing is said there any more."""
        run = self._storage.write if self._storage.many_write else self._storage.read
        return await run(rows.newest_id, user.id)


def _look(connection: Connection, user: User, up_to: int) -> CatchUp:
    me = reach.person(connection, user)
    after, since = _since(connection, me)
    found = rows.newest(connection, me.id, after, up_to, MOST_MESSAGES + 1)
    has_more, found = len(found) > MOST_MESSAGES, found[-MOST_MESSAGES:]
    rooms = {room.id: room for room in rows.rooms_of(connection, me.id)}
    others = [message for message in found if message.author.id != me.id]
    mentions = [message for message in others if me.id in message.mentions or message.mentions_all]
    questions = _unanswered(connection, me, found, rooms)
    links = _links(others)
    kinds: dict[str, int] = {'mentions': len(mentions), 'questions': len(questions), 'links': len(links)}
    return CatchUp(
        since=since,
        up_to=found[-1].id if found else after,
        mentions=tuple(mentions[-MOST_EACH:]),
        questions=tuple(questions[-MOST_EACH:]),
        reacted=_most_reacted(found),
        links=tuple(links[-MOST_EACH:]),
        rooms=_news(others, rooms),
        names={room.slug: room.name for room in rooms.values()},
        has_more=has_more,
        cut=tuple(kind for kind, count in kinds.items() if count > MOST_EACH),
    )


def _since(connection: Connection, me: User) -> tuple[int, datetime | None]:
    """Return the id after which everything is news, and when that was, if that is known."""
    caught_up_id, joined_at = rows.mark(connection, me.id)
    if caught_up_id:
        return caught_up_id, rows.said_at(connection, caught_up_id)
    since = max(joined_at, datetime.now(UTC) - FIRST_TIME)
    return rows.last_before(connection, milliseconds(since)), since


def _unanswered(connection: Connection, me: User, found: Sequence[Message], rooms: dict[int, Room]) -> list[Message]:
    """Return the questions to somebody that they have not answered."""
    asked = [each for each in found if each.author.id != me.id and rendered.asks(each.html)]
    if not asked:
        return []
    family = _family(connection, found)
    first = _firsts(family)
    to_me = [each for each in asked if _is_to(me, each, rooms, family)]
    last: dict[tuple[int, int], int] = {}  # what one said last, by room and conversation, or by room alone
    for message in found:
        if message.author.id == me.id:
            last[message.room_id, first[message.id]] = message.id
            last[message.room_id, 0] = message.id

    def is_answered(question: Message) -> bool:
        conversation = 0 if rooms[question.room_id].direct else first[question.id]
        reacted = any(me.id in reaction.user_ids for reaction in question.reactions)
        return reacted or last.get((question.room_id, conversation), 0) > question.id

    return [each for each in to_me if not is_answered(each)]


def _is_to(me: User, message: Message, rooms: dict[int, Room], family: dict[int, tuple[int | None, int]]) -> bool:
    _, answered = family.get(message.reply_to or 0, (None, 0))
    return me.id in message.mentions or answered == me.id or rooms[message.room_id].direct


def _family(connection: Connection, found: Sequence[Message]) -> dict[int, tuple[int | None, int]]:
    """Return what these messages, and those above them in their conversations, reply to, and their authors' ids."""
    known: dict[int, tuple[int | None, int]] = {each.id: (each.reply_to, each.author.id) for each in found}
    wanted = {reply_to for reply_to, _ in known.values() if reply_to is not None and reply_to not in known}
    for _ in range(MOST_STEPS):
        if not wanted:
            break
        above = rows.replies(connection, wanted)
        known |= above
        wanted = {reply_to for reply_to, _ in above.values() if reply_to is not None and reply_to not in known}
    return known


def _firsts(family: dict[int, tuple[int | None, int]]) -> dict[int, int]:
    """Return the first message of each message's conversation: a reply comes after what it replies to."""
    first: dict[int, int] = {}
    for message_id in sorted(family):
        reply_to, _ = family[message_id]
        first[message_id] = message_id if reply_to is None else first.get(reply_to, reply_to)
    return first


def _most_reacted(found: Sequence[Message]) -> tuple[Message, ...]:
    """Return what most people reacted to, by how many, then the newest."""
    counted = [(_people(message), message.id, message) for message in found]
    return tuple(each[2] for each in sorted(counted, reverse=True)[:MOST_REACTED] if each[0] >= REACTED_BY)


def _people(message: Message) -> int:
    return len({user_id for reaction in message.reactions for user_id in reaction.user_ids})


def _links(found: Sequence[Message]) -> list[SharedLink]:
    """Return the addresses that were shared, each by whoever shared it first."""
    shared: dict[str, SharedLink] = {}
    for message in found:
        for address in rendered.links(message.html):
            shared.setdefault(address, SharedLink(address, message))
    return list(shared.values())


def _news(others: Sequence[Message], rooms: dict[int, Room]) -> tuple[RoomNews, ...]:
    """Return how many messages of others there are in each room, in the order of the rooms."""
    counts: dict[int, int] = {}
    for message in others:
        counts[message.room_id] = counts.get(message.room_id, 0) + 1
    return tuple(RoomNews(room, counts[room_id]) for room_id, room in rooms.items() if room_id in counts)
