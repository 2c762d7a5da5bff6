"""The index by which messages are found, and what is found by it.

It is a table of terms: each has the rooms and messages that it stands in. So it is the same on every database, changes
in the transaction of what it is about, and what is deleted is gone from it: a full-text index of SQLite keeps the words
of deleted rows until it is tidied up.
"""

import json
import logging
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, delete, func, insert, intersect, select

from chat import search_terms, text
from chat.clock import milliseconds
from chat.search_query import Query
from chat.search_terms import Part
from chat.storage.postgresql import hold_name
from chat.storage.tables import facts, messages, users
from chat.storage.tables import search_terms as rows

AT_ONCE = 1_000  # messages whose terms are made together
LOOKED_AT = 200  # messages that are compared at once
MOST_LOOKED_AT = 2_000  # by one search: whoever wants more asks for what comes before
FIRST_SPAN = 8_192  # ids that are looked through at first, the newest: what is common is found there
WIDER = 4  # times as many at each step after that
FEW = 500  # messages that are compared rather than asking the index for other terms, too
AFTER_ALL = '\U0010ffff'  # follows whatever a term can go on with
FACT = 'search'

log = logging.getLogger('hearth.storage')

_Condition = ColumnElement[bool]


def add(connection: Connection, room_id: int, message_id: int, body: str) -> None:
    """Let a message be found by its words."""
    _insert(connection, room_id, message_id, search_terms.terms(body))


def change(connection: Connection, room_id: int, message_id: int, before: str, body: str) -> None:
    """Let a message be found by other words than before."""
    old, new = search_terms.terms(before), search_terms.terms(body)
    _delete(connection, room_id, message_id, old - new)
    _insert(connection, room_id, message_id, new - old)


def forget(connection: Connection, message_ids: Collection[int]) -> None:
    """Let some messages be found no more; while their words are still stored, as these lead to their terms."""
    stored = select(messages.c.id, messages.c.room_id, messages.c.body).where(messages.c.id.in_(message_ids))
    for row in connection.execute(stored).all():
        _delete(connection, row.room_id, row.id, search_terms.terms(row.body))


def forget_room(connection: Connection, room_id: int) -> None:
    """Let nothing of a room be found; walks through the whole index."""
    connection.execute(delete(rows).where(rows.c.room_id == room_id))


def is_up_to_date(connection: Connection) -> bool:
    """Whether there is an index, made by the rules of now."""
    made_by = connection.execute(select(facts.c.value).where(facts.c.name == FACT)).scalar()
    return made_by == str(search_terms.VERSION)


def bring_up_to_date(connection: Connection) -> None:
    """Make the index, if there is none or other rules made it."""
    hold_name(connection, FACT)  # several servers may start at once
    if is_up_to_date(connection):
        return
    connection.execute(delete(rows))
    last = 0
    while found := _some_after(connection, last):
        last = found[-1].id
        for row in found:
            _insert(connection, row.room_id, row.id, search_terms.terms(row.body))
        log.info('Making the index for searching: up to message %s', last)
    connection.execute(delete(facts).where(facts.c.name == FACT))
    connection.execute(insert(facts), {'name': FACT, 'value': str(search_terms.VERSION)})


def find(
    connection: Connection, query: Query, room_ids: Sequence[int], below: int, limit: int
) -> tuple[list[Row[Any]], int | None]:
    """Return id, words and time of messages in some rooms that have all that is asked for, the newest first.

    Their ids are below one. And the id before which there may be more, or None: so many are looked at, and so many
    returned.
    """
    found: list[Row[Any]] = []
    needed, is_rare = _needed(connection, query, room_ids)
    span, looked_at = below if is_rare else FIRST_SPAN, 0
    while below > 1:
        lowest = max(below - span, 1)
        candidates = connection.execute(_candidates(query, needed, room_ids, lowest, below)).all()
        for row in candidates:
            if search_terms.has_all(row.body, query.parts):
                if len(found) == limit:
                    return found, found[-1].id
                found.append(row)
        looked_at += len(candidates)
        is_cut = len(candidates) == LOOKED_AT
        below, span = (candidates[-1].id, span) if is_cut else (lowest, span * WIDER)
        if looked_at >= MOST_LOOKED_AT:
            return found, below
    return found, None


def first_beyond(connection: Connection, before: int | None) -> int:
    """Return the id that follows the newest, or an id that is asked for if it is lower."""
    newest = connection.execute(select(func.max(messages.c.id))).scalar() or 0
    return newest + 1 if before is None else min(before, newest + 1)


def _needed(connection: Connection, query: Query, room_ids: Sequence[int]) -> tuple[list[_Condition], bool]:
    """Return what the index is asked for, and whether that is rare.

    It is the rarest alone if that is rare, as messages tell the rest faster.
    """
    wanted = [each for part in query.parts for each in _conditions(part)]
    counts = [_count(connection, condition, room_ids) for condition in wanted]
    if not counts or min(counts) == FEW:
        return wanted, False
    return [wanted[counts.index(min(counts))]], True


def _count(connection: Connection, condition: _Condition, room_ids: Sequence[int]) -> int:
    """Return in how many messages a term is, or FEW if there are more."""
    some = select(rows.c.message_id).where(condition, rows.c.room_id.in_(room_ids)).limit(FEW)
    number: int = connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()
    return number


def _candidates(
    query: Query, needed: Sequence[_Condition], room_ids: Sequence[int], lowest: int, below: int
) -> Select[Any]:
    """Return what may be found among some ids: it has the terms, in whatever order."""
    where = [messages.c.deleted_at.is_(None), messages.c.hidden_at.is_(None), *_narrowed(query)]
    if needed:
        here = and_(rows.c.room_id.in_(room_ids), rows.c.message_id >= lowest, rows.c.message_id < below)
        having = [select(rows.c.message_id).where(each, here) for each in needed]
        where.append(messages.c.id.in_(intersect(*having) if len(having) > 1 else having[0]))
    else:
        where += [messages.c.room_id.in_(room_ids), messages.c.id >= lowest, messages.c.id < below]
    wanted = select(messages.c.id, messages.c.body, messages.c.created_at).join_from(messages, users)
    return wanted.where(*where).order_by(messages.c.id.desc()).limit(LOOKED_AT)


def _conditions(part: Part) -> Iterable[_Condition]:
    """Return what holds for each of the terms that a message with this part has."""
    yield from (rows.c.term == term for term in part.terms)
    yield from (and_(rows.c.term >= start, rows.c.term < start + AFTER_ALL) for start in part.beginnings)


def _narrowed(query: Query) -> Iterable[ColumnElement[bool]]:
    if query.author is not None:
        yield users.c.name_key == text.skeleton(query.author)
    if query.after is not None:
        yield messages.c.created_at >= milliseconds(query.after)
    if query.before is not None:
        yield messages.c.created_at < milliseconds(query.before)
    if query.links:
        yield messages.c.html.contains('<a href="http')
    if query.pinned:
        yield messages.c.pinned_at.is_not(None)


def _some_after(connection: Connection, message_id: int) -> Sequence[Any]:
    some = select(messages.c.id, messages.c.room_id, messages.c.body).where(messages.c.id > message_id)
    return connection.execute(some.order_by(messages.c.id).limit(AT_ONCE)).all()


# One statement for all terms of a message, in the driver's own words, as it is part of all that is sent.
_INSERT = {
    'sqlite': 'INSERT INTO search_terms (term, room_id, message_id) SELECT value, ?, ? FROM json_each(?)',
    'postgresql': (
        'INSERT INTO search_terms (term, room_id, message_id) SELECT value, %s::bigint, %s::bigint'
        ' FROM json_array_elements_text(%s::json) AS value'
    ),
}


def _insert(connection: Connection, room_id: int, message_id: int, terms: Collection[str]) -> None:
    if terms:
        # In one order, as two that write the same pages in two orders would wait for each other.
        given = (room_id, message_id, json.dumps(sorted(terms)))
        connection.exec_driver_sql(_INSERT[connection.dialect.name], given)


def _delete(connection: Connection, room_id: int, message_id: int, terms: Collection[str]) -> None:
    of_message = and_(rows.c.room_id == room_id, rows.c.message_id == message_id)
    if terms:
        connection.execute(delete(rows).where(rows.c.term.in_(sorted(terms)), of_message))
