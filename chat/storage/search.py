"""The index by which messages are found.

It is a table of terms: each has the rooms and messages that it stands in. So it is the same on every database, changes
in the transaction of what it is about, and what is deleted is gone from it: a full-text index of SQLite keeps the words
of deleted rows until it is tidied up. In the same table, so that one statement stores both, is a list of the words that
there are, each once, in no room: parts of words are looked for in it.
"""

import logging
from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select

from chat import search_terms
from chat.search_terms import LISTED
from chat.storage import facts, files, sqlite
from chat.storage.postgresql import hold_name, hold_rooms
from chat.storage.tables import messages, rooms
from chat.storage.tables import search_terms as rows

AT_ONCE = 500  # messages whose terms are made together, words that are forgotten
FACT = 'search'  # by the rules of which version the index was made
UP_TO = 'search up to'  # the last message that was looked at by them
WORDS = 'search words'  # held by who takes words out of the list, and by all together who put some in
NOWHERE = 0  # the room and the message of a word in the list

log = logging.getLogger('hearth.storage')


def add(connection: Connection, room_id: int, message_id: int, searched: str) -> None:
    """Let a message be found by its words (``search_terms.searched``)."""
    _insert(connection, room_id, message_id, search_terms.terms(searched))


def change(connection: Connection, room_id: int, message_id: int, before: str, searched: str) -> None:
    """Let a message be found by other words than before."""
    old, new = search_terms.terms(before), search_terms.terms(searched)
    _delete(connection, room_id, message_id, old - new)
    _forget_words(connection, old - new)  # before others are put in, or two would wait for each other
    _insert(connection, room_id, message_id, new - old)


def forget(connection: Connection, message_ids: Collection[int]) -> None:
    """Let some messages be found no more; while their words are still stored, as these lead to their terms."""
    gone = set[str]()
    for room_id, message_id, terms in _terms(connection, messages.c.id.in_(message_ids)):
        _delete(connection, room_id, message_id, terms)
        gone |= terms
    _forget_words(connection, gone)


def forget_room(connection: Connection, room_id: int) -> None:
    """Let nothing of a room be found; walks through the whole index."""
    gone = connection.execute(delete(rows).where(rows.c.room_id == room_id).returning(rows.c.term)).scalars()
    _forget_words(connection, set(gone))


def is_up_to_date(connection: Connection) -> bool:
    """Whether there is an index, made by the rules of now."""
    return facts.get(connection, FACT) == str(search_terms.VERSION)


def bring_up_to_date(connection: Connection) -> bool:
    """Make some of the index, if there is none or other rules made it; returns whether it is there then.

    Not all of it in one transaction: other servers may be in use meanwhile, and what they do should not wait for long.
    """
    hold_name(connection, FACT)  # several servers may start at once
    if is_up_to_date(connection):
        return True
    unfinished = f'{search_terms.VERSION}, unfinished'
    if facts.get(connection, FACT) != unfinished:
        connection.execute(delete(rows))
        facts.put(connection, FACT, unfinished)
        facts.put(connection, UP_TO, '0')
    if _complete(connection):
        return False
    facts.put(connection, FACT, str(search_terms.VERSION))
    return True


def complete(connection: Connection) -> bool:
    """Let some messages be found that a server of an older version has stored; returns whether there may be more."""
    hold_name(connection, FACT)
    return is_up_to_date(connection) and _complete(connection)


def _complete(connection: Connection) -> bool:
    done = int(facts.get(connection, UP_TO) or 0)
    newest = connection.execute(select(func.max(messages.c.id))).scalar() or 0
    if done >= newest:
        return False
    some = and_(messages.c.id > done, messages.c.id <= done + AT_ONCE)
    hold_rooms(connection, rooms.c.id.in_(select(messages.c.room_id).where(some)))  # or words that go now would stay
    for each in _terms(connection, some):
        _insert(connection, *each)
    facts.put(connection, UP_TO, str(min(done + AT_ONCE, newest)))
    log.info('Making the index for searching: up to message %s', min(done + AT_ONCE, newest))
    return True


def _terms(connection: Connection, which: ColumnElement[bool]) -> list[tuple[int, int, frozenset[str]]]:
    """Return the room, the id and the terms of some messages as they are stored."""
    columns = (messages.c.id, messages.c.room_id, messages.c.body, messages.c.attached)
    found = connection.execute(select(*columns).where(which)).all()
    names = files.names_of(connection, [row.id for row in found if row.attached])
    return [
        (row.room_id, row.id, frozenset(search_terms.terms(search_terms.searched(row.body, names.get(row.id, ())))))
        for row in found
    ]


# In the drivers' own words, as it is part of all that is sent. A word that is in the list already stays in it: on
# PostgreSQL nobody may take it out meanwhile, and who wants to waits for all who store words to end (WORDS).
_INSERT = 'INSERT OR IGNORE INTO search_terms (term, room_id, message_id) VALUES (?, ?, ?)'
_INSERT_ARRAYS = (
    'WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(1, hashtext(%s))),'
    ' listed AS (INSERT INTO search_terms (term, room_id, message_id)'
    ' SELECT word, 0, 0 FROM held, unnest(%s::text[]) AS word ON CONFLICT DO NOTHING)'
    ' INSERT INTO search_terms (term, room_id, message_id)'
    ' SELECT term, %s::bigint, %s::bigint FROM unnest(%s::text[]) AS term ON CONFLICT DO NOTHING'
)


def _insert(connection: Connection, room_id: int, message_id: int, terms: Collection[str]) -> None:
    if not terms:
        return
    ordered = sorted(terms)  # as two that write the same in two orders would wait for each other
    listed = search_terms.listed(ordered)
    if connection.dialect.name == 'postgresql':
        connection.exec_driver_sql(_INSERT_ARRAYS, (WORDS, listed, room_id, message_id, ordered))
    else:
        given = [(word, NOWHERE, NOWHERE) for word in listed] + [(term, room_id, message_id) for term in ordered]
        sqlite.execute_many(connection, _INSERT, given)


def _delete(connection: Connection, room_id: int, message_id: int, terms: Collection[str]) -> None:
    of_message = and_(rows.c.room_id == room_id, rows.c.message_id == message_id)
    if terms:
        connection.execute(delete(rows).where(rows.c.term.in_(sorted(terms)), of_message))


_elsewhere = rows.alias()
_IN_USE = select(_elsewhere.c.term).where(_elsewhere.c.term == func.substr(rows.c.term, len(LISTED) + 1))
_FORGET_WORDS = delete(rows).where(rows.c.room_id == NOWHERE, rows.c.message_id == NOWHERE, ~_IN_USE.exists())


def _forget_words(connection: Connection, terms: Collection[str]) -> None:
    """Take words out of the list which no message has any more."""
    words = sorted(search_terms.listed(terms))
    if words:
        hold_name(connection, WORDS)
    for start in range(0, len(words), AT_ONCE):
        connection.execute(_FORGET_WORDS.where(rows.c.term.in_(words[start : start + AT_ONCE])))
