"""Finding people by some letters of their names."""

from collections.abc import Sequence

from sqlalchemy import Connection

from chat import reach, text
from chat.models import User
from chat.storage import Storage
from chat.storage import directory as rows

MOST_FOUND = 30


class Directory:
    """Knows who is called how."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def find(self, user: User, words: str = '', most: int | None = None) -> tuple[Sequence[User], bool]:
        """Return ``most`` people, or MOST_FOUND, whose name has some letters, by name, and whether there are more.

        They are those whom the person shares a room with: nobody learns here who is in rooms that are not theirs.
        Raises Unauthenticated.
        """
        most = MOST_FOUND if most is None else most
        sought = text.skeleton(words[: text.NAME_LENGTH])

        def read(connection: Connection) -> Sequence[User]:
            reach.person(connection, user)
            return [each for each in rows.find(connection, user.id, sought, most + 2) if each.id != user.id]

        found = await self._storage.read(read)
        return found[:most], len(found) > most
