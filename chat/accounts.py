"""How somebody gets a name."""

from sqlalchemy import Connection

from chat import text
from chat.errors import NameTaken
from chat.models import User, UserKind
from chat.rate_limits import RateLimits
from chat.storage import Storage, users


class Accounts:
    """The actions that make somebody known."""

    def __init__(self, storage: Storage, rate_limits: RateLimits) -> None:
        self._storage = storage
        self._rate_limits = rate_limits

    async def add_guest(self, name: str, address: str) -> User:
        """Make a guest of that name. Raises Invalid, NameTaken or RateLimited (by the address they call from)."""
        self._rate_limits.check('joining', address)
        name = text.clean_name(name)

        return await self._storage.write(add, name, 'guest')

    async def check_name(self, name: str) -> None:
        """Raise Invalid or NameTaken if nobody could get this name now."""
        await self._storage.read(_require_free, text.clean_name(name))


def add(connection: Connection, name: str, kind: UserKind) -> User:
    """Store a new user under a clean name; raises NameTaken."""
    _require_free(connection, name)
    return users.add(connection, name, text.skeleton(name), kind)


def _require_free(connection: Connection, name: str) -> None:
    def taken(other: str) -> bool:
        return users.name_is_taken(connection, text.skeleton(other))

    if taken(name):
        raise NameTaken(name, text.suggest_name(name, taken))
