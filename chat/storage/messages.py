"""Statements about messages and drafts."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, delete, exists, func, insert, select, update

from chat import markup, text
from chat.clock import moment, now_ms
from chat.models import Attachment, Change, Draft, Mentioned, Message, MessagePage, Reaction, Room, User, UserKind
from chat.names import Names
from chat.storage import files as file_rows
from chat.storage import mentions as mention_rows
from chat.storage import rooms as room_rows
from chat.storage import search, words
from chat.storage import users as user_rows
from chat.storage.postgresql import hold_rooms
from chat.storage.tables import drafts, memberships, mentions, messages, reactions, rooms, users

NOBODY = Mentioned()
SHARED = 4_096  # messages that were read last, 3 KiB each
MOST_PEOPLE_SHARED = 100  # who reacted to one of these or are mentioned in it, 100 bytes each
_MESSAGES = (
    select(
        messages,
        rooms.c.slug,
        users.c.name.label('author_name'),
        users.c.kind.label('author_kind'),
    )
    .join_from(messages, users, messages.c.author_id == users.c.id)
    .join(rooms, messages.c.room_id == rooms.c.id)
)
_IN_ROOM = _MESSAGES.where(messages.c.room_id == bindparam('room_id'))
_BY_ID = _MESSAGES.where(messages.c.id == bindparam('message_id'))
_NEWEST = _IN_ROOM.order_by(messages.c.id.desc()).limit(bindparam('most'))
_BEFORE = _NEWEST.where(messages.c.id < bindparam('before'))
_AFTER = _IN_ROOM.where(messages.c.id > bindparam('after')).order_by(messages.c.id).limit(bindparam('most'))
_CHANGED = (
    _IN_ROOM.where(messages.c.revision > bindparam('since')).order_by(messages.c.revision).limit(bindparam('most'))
)
_BY_IDS = _MESSAGES.where(messages.c.id.in_(bindparam('ids', expanding=True)))
_IS_PINNED = and_(messages.c.pinned_at.is_not(None), messages.c.hidden_at.is_(None))
_PINNED_IDS = select(messages.c.id).where(messages.c.room_id == bindparam('room_id'), _IS_PINNED)
_FIRST_ID = select(messages.c.id).where(
    messages.c.room_id == bindparam('room_id'),
    messages.c.author_id == bindparam('author'),
    messages.c.client_message_id == bindparam('client_id'),
)
_NEXT_REVISION = (  # and whether it is needed, in one statement: each costs a tenth of all that sending does
    update(rooms)
    .where(
        rooms.c.id == bindparam('this_room'),
        ~exists().where(
            messages.c.room_id == bindparam('this_room'),
            messages.c.author_id == bindparam('author'),
            messages.c.client_message_id == bindparam('client_id'),
        ),
    )
    .values(revision=rooms.c.revision + 1)
    .returning(rooms.c.revision)
)
_LAST_BY = _NEWEST.where(
    messages.c.author_id == bindparam('author'), messages.c.deleted_at.is_(None), messages.c.hidden_at.is_(None)
)
_DRAFT = and_(drafts.c.user_id == bindparam('author'), drafts.c.room_id == bindparam('here'))
_DELETE_DRAFT = delete(drafts).where(_DRAFT)
_UPDATE_DRAFT = update(drafts).where(_DRAFT)
_INSERT = insert(messages).returning(messages.c.id)
_REMOVE = (
    update(messages)
    .where(messages.c.id == bindparam('this_message'))
    .values(
        revision=bindparam('number'), worded_revision=bindparam('number'), change='worded',
        body='', html='', deleted_at=bindparam('now'), hidden_at=None,
        reacted=False, attached=False, mentions_all=False, pinned_at=None, pinned_by=None,
    )
)  # fmt: skip
_REACTIONS = (
    select(reactions.c.message_id, reactions.c.emoji, reactions.c.user_id, users.c.name)
    .join_from(reactions, users)
    .where(reactions.c.message_id.in_(bindparam('ids', expanding=True)))
    .order_by(reactions.c.created_at, reactions.c.user_id, reactions.c.emoji)
)
_MENTIONED = (
    select(mentions.c.message_id, mentions.c.user_id, mentions.c.name)
    .where(mentions.c.message_id.in_(bindparam('ids', expanding=True)))
    .order_by(mentions.c.user_id)
)


def by_id(connection: Connection, message_id: int) -> Message | None:
    """Return a message, or None."""
    found = _read(connection, connection.execute(_BY_ID, {'message_id': message_id}))
    return found[0] if found else None


def hold_room_of(connection: Connection, message_id: int) -> None:
    """Let nobody else change the room of a message until the transaction ends."""
    hold_rooms(connection, rooms.c.id.in_(select(messages.c.room_id).where(messages.c.id == message_id)))


def by_client_id(connection: Connection, room_id: int, author_id: int, client_message_id: str | None) -> Message | None:
    """Return what an author already sent into a room under this id, or None."""
    parameters = {'room_id': room_id, 'author': author_id, 'client_id': client_message_id}
    first_id = connection.execute(_FIRST_ID, parameters).scalar()
    return None if first_id is None else by_id(connection, first_id)


def count(connection: Connection) -> int:
    """Return how many messages there are in all rooms, tombstones included."""
    number: int = connection.execute(select(func.count()).select_from(messages)).scalar_one()
    return number


def last_by(connection: Connection, room_id: int, author_id: int) -> Message | None:
    """Return an author's newest message in a room that is not deleted, or None."""
    found = _read(connection, connection.execute(_LAST_BY, {'room_id': room_id, 'author': author_id, 'most': 1}))
    return found[0] if found else None


def add(
    connection: Connection, room: Room, author: User, body: str, html: str, *,
    client_message_id: str | None, reply_to: int | None, mentioned: Mentioned = NOBODY,
    attachments: tuple[Attachment, ...] = (),
) -> Message | None:  # fmt: skip
    """Store a new message under the room's next revision; None if its author already sent one under this id."""
    taken = {'this_room': room.id, 'author': author.id, 'client_id': client_message_id}
    number, now = connection.execute(_NEXT_REVISION, taken).scalar(), now_ms()
    if number is None:
        return None
    values = {
        'room_id': room.id, 'author_id': author.id, 'revision': number, 'body': body, 'html': html,
        'html_version': markup.VERSION, 'client_message_id': client_message_id, 'created_at': now,
        'reply_to': reply_to, 'first_revision': number, 'worded_revision': number,
        'mentions_all': mentioned.everybody, 'attached': bool(attachments),
    }  # fmt: skip
    message_id: int = connection.execute(_INSERT, values).scalar_one()
    mention_rows.store(connection, message_id, mentioned)
    file_rows.send(connection, message_id, attachments)
    search.add(connection, room.id, message_id, body)
    return Message(
        message_id, room.id, room.slug, number, author, body, html, client_message_id, moment(now), None, None,
        reply_to, attachments=attachments, mentions=mentioned.ids, mentions_all=mentioned.everybody,
        first_revision=number, worded_revision=number,
    )  # fmt: skip


def by_ids(connection: Connection, message_ids: Collection[int]) -> list[Message]:
    """Return some messages, in any order."""
    return _read(connection, connection.execute(_BY_IDS, {'ids': list(message_ids)}))


def pinned(connection: Connection, room_id: int) -> list[Message]:
    """Return what is pinned to a room, the newest pin first."""
    newest_first = _IN_ROOM.where(_IS_PINNED).order_by(messages.c.pinned_at.desc(), messages.c.id.desc())
    return _read(connection, connection.execute(newest_first, {'room_id': room_id}))


def is_pinned(connection: Connection, message_id: int) -> bool:
    """Whether a message is pinned, hidden or not."""
    pinned_at = select(messages.c.pinned_at).where(messages.c.id == message_id)
    return connection.execute(pinned_at).scalar() is not None


def pinned_ids(connection: Connection, room_id: int) -> frozenset[int]:
    """Return the ids of what is pinned to a room."""
    return frozenset(connection.execute(_PINNED_IDS, {'room_id': room_id}).scalars())


def pin(connection: Connection, message: Message, by: int | None) -> Message:
    """Store who pinned a message to its room, or that nobody has any more."""
    return change(connection, message, 'pinned', pinned_at=None if by is None else now_ms(), pinned_by=by)


def edit(connection: Connection, message: Message, body: str, html: str, mentioned: Mentioned = NOBODY) -> Message:
    """Store other words of a message, and whom they mention."""
    if message.mentions or mentioned.people:
        mention_rows.replace(connection, message.id, mentioned)
    search.change(connection, message.room_id, message.id, message.body, body)
    return change(
        connection, message, body=body, html=html, html_version=markup.VERSION, edited_at=now_ms(),
        mentions_all=mentioned.everybody,
    )  # fmt: skip


def remove(connection: Connection, message: Message) -> Message:
    """Store the tombstone of a message: its words are gone from the database, and what was made of them."""
    words.forget(connection, [message.id])
    return change(
        connection, message, body='', html='', deleted_at=now_ms(), hidden_at=None,
        reacted=False, attached=False, mentions_all=False, pinned_at=None, pinned_by=None,
    )  # fmt: skip


def ids_by(connection: Connection, author_id: int) -> dict[int, list[int]]:
    """Return the ids of all that somebody said and that is not deleted, by room, the newest first."""
    where = select(memberships.c.room_id).where(memberships.c.user_id == author_id)  # nobody speaks without having been
    theirs = and_(messages.c.room_id.in_(where), messages.c.author_id == author_id, messages.c.deleted_at.is_(None))
    query = select(messages.c.room_id, messages.c.id).where(theirs).order_by(messages.c.id.desc())
    ids: dict[int, list[int]] = {}
    for row in connection.execute(query):
        ids.setdefault(row.room_id, []).append(row.id)
    return ids


def remove_all(connection: Connection, room_id: int, message_ids: list[int]) -> list[Message]:
    """Store the tombstones of some messages of a room, as ``remove`` does; returns those that were not deleted before.

    Each takes a revision of its own, in the order of the ids, by few statements: there may be many.
    """
    hold_rooms(connection, rooms.c.id == room_id)
    still_there = and_(messages.c.id.in_(message_ids), messages.c.deleted_at.is_(None))
    there = _read(connection, connection.execute(_IN_ROOM.where(still_there), {'room_id': room_id}))
    found = {message.id: message for message in there}
    if not found:
        return []
    now, first = now_ms(), room_rows.next_revisions(connection, room_id, len(found))
    gone = [
        replace(
            found[each],
            revision=number,
            worded_revision=number,
            change='worded',
            body='',
            html='',
            deleted_at=moment(now),
            hidden=False,
            reactions=(),
            attachments=(),
            mentions=(),
            mentions_all=False,
            pinned_at=None,
        )
        for number, each in enumerate((each for each in message_ids if each in found), first)
    ]
    words.forget(connection, [each.id for each in gone])
    connection.execute(_REMOVE, [{'this_message': each.id, 'number': each.revision, 'now': now} for each in gone])
    return gone


def page(
    connection: Connection, room_id: int, limit: int, *,
    before: int | None = None, after: int | None = None, author: str | None = None,
) -> MessagePage:  # fmt: skip
    """Return the newest messages, those before an id, or those after one, and the room's revision they stand for."""
    number = room_rows.revision(connection, room_id)
    parameters = {'room_id': room_id, 'most': limit + 1, 'before': before, 'after': after}
    query: Select[Any] = _NEWEST
    if after is not None:
        query = _AFTER if before is None else _AFTER.where(messages.c.id < before)
    elif before is not None:
        query = _BEFORE
    if author is not None:
        query = query.where(users.c.name == author)
    found = _read(connection, connection.execute(query, parameters))
    more, above, found = len(found) > limit, found[limit:], found[:limit]
    if after is None:
        found.reverse()
    return MessagePage(
        tuple(found),
        above[0] if above and after is None else None,
        quoted(connection, found),
        number,
        has_older=more if after is None else True,
        has_newer=more if after is not None else before is not None,
    )


def page_around(connection: Connection, room_id: int, message_id: int, limit: int) -> MessagePage:
    """Return the messages around one, about half of them older."""
    before = page(connection, room_id, limit // 2, before=message_id)
    after = page(connection, room_id, limit - limit // 2, after=message_id - 1)
    return MessagePage(
        (*before.messages, *after.messages),
        before.above,
        {**before.quoted, **after.quoted},
        before.revision,
        has_older=before.has_older,
        has_newer=after.has_newer,
    )


def quoted(connection: Connection, found: list[Message]) -> dict[int, Message]:
    """Return the messages that some messages reply to, by id."""
    ids = {message.reply_to for message in found if message.reply_to is not None}
    if not ids:
        return {}
    rows = connection.execute(_MESSAGES.where(messages.c.id.in_(ids)))
    return {message.id: message for message in _read(connection, rows)}


def changed_since(connection: Connection, room_id: int, since: int, limit: int) -> list[Message]:
    """Return messages changed after a revision, in the order of their changes."""
    rows = connection.execute(_CHANGED, {'room_id': room_id, 'since': since, 'most': limit})
    return _read(connection, rows)


def draft(connection: Connection, user_id: int, room_id: int) -> Draft:
    """Return what somebody had begun to write in a room, as the answer to a message if that is still there."""
    mine = and_(drafts.c.user_id == user_id, drafts.c.room_id == room_id)
    row = connection.execute(select(drafts.c.body, drafts.c.reply_to).where(mine)).one_or_none()
    if row is None:
        return Draft()
    answered = None if row.reply_to is None else by_id(connection, row.reply_to)
    return Draft(row.body, answered if answered is not None and answered.deleted_at is None else None)


def save_draft(connection: Connection, user_id: int, room_id: int, body: str, reply_to: int | None = None) -> None:
    """Store what somebody has begun to write; nothing is stored for nothing."""
    mine = {'author': user_id, 'here': room_id}
    if not body and reply_to is None:
        connection.execute(_DELETE_DRAFT, mine)
        return
    values = {'body': body, 'reply_to': reply_to, 'updated_at': now_ms()}
    is_stored = connection.execute(_UPDATE_DRAFT, {**mine, **values}).rowcount > 0
    # The room, or the account, may have been deleted while somebody was writing.
    if is_stored or room_rows.by_id(connection, room_id) is None or user_rows.get(connection, user_id) is None:
        return
    connection.execute(insert(drafts), {'user_id': user_id, 'room_id': room_id, **values})


def change(connection: Connection, message: Message, kind: Change = 'worded', **values: object) -> Message:
    """Store new values of a message's columns under the room's next revision."""
    number = room_rows.next_revision(connection, message.room_id)
    if kind == 'worded':
        values['worded_revision'] = number
    values |= {'revision': number, 'change': kind}
    connection.execute(update(messages).where(messages.c.id == message.id).values(**values))
    return _read(connection, connection.execute(_BY_ID, {'message_id': message.id}))[0]


def _read(connection: Connection, found: Iterable[Row[*tuple[Any, ...]]]) -> list[Message]:
    """Return the messages of some rows, with their reactions and whom they mention."""
    rows = list(found)
    reacted = _reactions(connection, [row.id for row in rows if row.reacted])
    mentioned = _mentioned(connection, [row.id for row in rows if '@' in row.body])
    attached = file_rows.of(connection, [row.id for row in rows if row.attached])
    return [_message(row, reacted.get(row.id, ()), mentioned.get(row.id, ()), attached.get(row.id, ())) for row in rows]


def _reactions(connection: Connection, ids: list[int]) -> dict[int, tuple[Reaction, ...]]:
    if not ids:
        return {}
    who: dict[int, dict[str, list[tuple[str, int]]]] = {}
    for row in connection.execute(_REACTIONS, {'ids': ids}):
        who.setdefault(row.message_id, {}).setdefault(row.emoji, []).append((row.name, row.user_id))
    return {
        message_id: tuple(
            Reaction(emoji, tuple(name for name, _ in people), tuple(user_id for _, user_id in people))
            for emoji, people in by_emoji.items()
        )
        for message_id, by_emoji in who.items()
    }


def _mentioned(connection: Connection, ids: list[int]) -> dict[int, tuple[tuple[int, str], ...]]:
    if not ids:
        return {}
    who: dict[int, list[tuple[int, str]]] = {}
    for row in connection.execute(_MENTIONED, {'ids': ids}):
        who.setdefault(row.message_id, []).append((row.user_id, row.name))
    return {message_id: tuple(people) for message_id, people in who.items()}


def _message(
    row: Row[*tuple[Any, ...]], reacted: tuple[Reaction, ...], mentioned: tuple[tuple[int, str], ...],
    attached: tuple[Attachment, ...],
) -> Message:  # fmt: skip
    # Each reaction makes another version: what thousands react to would be kept thousands of times, with all of them.
    is_for_many = len(mentioned) + sum(len(each.users) for each in reacted) > MOST_PEOPLE_SHARED
    make = _shared.__wrapped__ if is_for_many else _shared
    return make(
        row.id, row.room_id, row.slug, row.revision, row.author_id, row.author_name, row.author_kind, row.body,
        row.html, row.html_version, row.client_message_id, row.created_at, row.edited_at, row.deleted_at, row.reply_to,
        row.hidden_at, row.shown_again, row.first_revision, row.worded_revision, row.change, row.mentions_all,
        row.pinned_at, reacted, mentioned, attached,
    )  # fmt: skip


@lru_cache(maxsize=SHARED)
def _shared(
    message_id: int, room_id: int, slug: str, revision: int, author_id: int, author_name: str, author_kind: UserKind,
    body: str, html: str, html_version: int, client_message_id: str | None, created_at: int, edited_at: int | None,
    deleted_at: int | None, reply_to: int | None, hidden_at: int | None, shown_again: bool,
    first_revision: int, worded_revision: int, change: Change, mentions_all: bool, pinned_at: int | None,
    reacted: tuple[Reaction, ...], mentioned: tuple[tuple[int, str], ...], attached: tuple[Attachment, ...],
) -> Message:  # fmt: skip
    """Return one and the same message for all pages that show it, instead of as many copies."""
    is_hidden = hidden_at is not None
    if is_hidden:  # whoever reads it, by whatever door, and whether or not the words are still stored
        body, html, deleted_at = '', '', hidden_at
        reacted, mentioned, attached, mentions_all, pinned_at = (), (), (), False, None
    if html_version != markup.VERSION and body:
        # HTML made by an older renderer is made again: a mended sanitizer must hold for old messages too.
        html = markup.render(body, Names(mentioned, text.MENTION_WORDS if mentions_all else ()))
    return Message(
        id=message_id,
        room_id=room_id,
        room=slug,
        revision=revision,
        author=User(author_id, author_name, author_kind),
        body=body,
        html=html,
        client_message_id=client_message_id,
        created_at=moment(created_at),
        edited_at=None if edited_at is None else moment(edited_at),
        deleted_at=None if deleted_at is None else moment(deleted_at),
        reply_to=reply_to,
        hidden=is_hidden,
        shown_again=bool(shown_again),
        reactions=reacted,
        attachments=attached,
        mentions=tuple(user_id for user_id, _ in mentioned),
        mentions_all=bool(mentions_all),
        pinned_at=None if pinned_at is None else moment(pinned_at),
        first_revision=first_revision,
        worded_revision=worded_revision,
        change=change,
    )
