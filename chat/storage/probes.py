"""The least that can be asked of the database, to find out whether it still reads and writes."""

from sqlalchemy import Connection


def read(connection: Connection) -> None:
    """Read something that is there in every version."""
    connection.exec_driver_sql('SELECT version_num FROM alembic_version').scalar_one()


def write(connection: Connection) -> None:
    """Change nothing, on disk: a number that nobody uses is written anew, which takes a page and a commit."""
    number = connection.exec_driver_sql('PRAGMA user_version').scalar_one()
    connection.exec_driver_sql(f'PRAGMA user_version = {int(number)}')
