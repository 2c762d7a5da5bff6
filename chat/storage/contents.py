"""Everything that is in a database, for whoever moves it to another."""

from collections.abc import Mapping

from sqlalchemy import Connection, Table, func, insert, select

from chat import text
from chat.storage import postgresql, sqlite
from chat.storage.tables import metadata, rooms, users

AT_ONCE = 1_000  # rows


def is_empty(connection: Connection) -> bool:
    """Whether nobody has been here: there is nothing but the lobby that every database begins with."""
    found = [tuple(row) for row in connection.execute(select(rooms.c.slug, rooms.c.revision).limit(2))]
    somebody = connection.execute(select(users.c.id).limit(1)).first()  # without whom there are no messages
    return found in ([], [('lobby', 0)]) and somebody is None


def counts(connection: Connection) -> Mapping[str, int]:
    """Return how many rows each table has."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
    }


def copy(source: Connection, target: Connection) -> None:
    """Put all rows of a database into one that is empty, with their ids, and go on counting where it was."""
    for table in reversed(metadata.sorted_tables):
        target.execute(table.delete())
    for table in metadata.sorted_tables:  # those that are referred to come first
        ordered = select(table).order_by(*table.primary_key.columns)  # a reply comes after what it replies to
        for part in source.execution_options(yield_per=AT_ONCE).execute(ordered).mappings().partitions():
            target.execute(insert(table), [{name: _storable(value) for name, value in row.items()} for row in part])
        if 'id' in table.c:
            _count_on(source, target, table)


def _count_on(source: Connection, target: Connection, table: Table) -> None:
    """Let no id that was ever given be given again, though its row is gone."""
    last = (postgresql if source.dialect.name == 'postgresql' else sqlite).last_id(source, table.name)
    (postgresql if target.dialect.name == 'postgresql' else sqlite).set_last_id(target, table.name, last)


def _storable(value: object) -> object:
    return text.storable(value) if isinstance(value, str) else value
