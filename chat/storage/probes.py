"""The least that can be asked of the database, to find out whether it still reads and writes."""

from sqlalchemy import Connection

from chat.storage import postgresql, sqlite


def read(connection: Connection) -> None:
    """Read something that is there in every version."""
    connection.exec_driver_sql('SELECT version_num FROM alembic_version').scalar_one()


def write(connection: Connection) -> None:
    """Change nothing, on disk: the commit has to get there."""
    (postgresql if connection.dialect.name == 'postgresql' else sqlite).probe(connection)
