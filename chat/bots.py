"""Programs with a name of their own. A bot's token is a session that never ends by itself, so every door knows it.

Only the operator makes bots: no limit by address, and nobody is asked who may.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from chat import accounts, text
from chat.errors import Invalid, NotFound
from chat.models import Bot, User
from chat.sessions import Sessions, hash_of, new_token
from chat.storage import Storage, hooks
from chat.storage import users as rows


class Bots:
    """The operator's actions on bots."""

    def __init__(self, storage: Storage, sessions: Sessions) -> None:
        self._storage = storage
        self._sessions = sessions

    async def add(self, name: str) -> tuple[User, str]:
        """Make a bot of that name; return it and its token, which is kept nowhere. Raises Invalid or NameTaken."""
        name = text.clean_name(name)
        token = new_token()

        def store(connection: Connection) -> User:
            bot = accounts.add(connection, name, 'bot')
            rows.add_session(connection, bot, hash_of(token), '', None)
            return bot

        return await self._storage.write(store), token

    async def list(self) -> Sequence[Bot]:
        """Return the bots that have tokens."""
        return await self._storage.read(rows.bots)

    async def add_token(self, name: str) -> tuple[User, str]:
        """Give a bot a further token; return the bot and the token. Raises NotFound."""
        token = new_token()

        def store(connection: Connection) -> User:
            bot = _find(connection, name)
            rows.add_session(connection, bot, hash_of(token), '', None)
            return bot

        return await self._storage.write(store), token

    async def revoke(self, name: str, token_id: int | None = None) -> int:
        """End all tokens of a bot, or one, and what is connected with them; return how many. Raises NotFound."""
        bot = await self._storage.read(_find, name)
        count = await self._sessions.end_of(bot, token_id)
        if token_id is not None and not count:
            raise NotFound(f'The bot "{bot.name}" has no token {token_id}.')
        return count


def _find(connection: Connection, name: str) -> User:
    try:
        bot = rows.bot_by_key(connection, text.skeleton(text.clean_name(name)))
    except Invalid:  # nobody's name
        bot = None
    if bot is None:
        raise NotFound(f'There is no bot called "{text.excerpt(name, text.NAME_LENGTH)}".')
    if hooks.is_of_hook(connection, bot):
        raise NotFound(f'"{bot.name}" speaks for a webhook and has no tokens. The owner of its room can delete it.')
    return bot
