"""Programs with a name of their own. A bot's token is a session that never ends by itself, so every door knows it.

The operator makes them, without any limit, and administrators (see ``supervision``).
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from chat import accounts, audit, reach, text
from chat.audit import OPERATOR, Actor
from chat.errors import Invalid, NotFound
from chat.models import Bot, User
from chat.sessions import Sessions, hash_of, new_token
from chat.storage import Storage, hooks
from chat.storage import users as rows


class Bots:
    """The actions on bots. Each raises Forbidden for an actor who is no administrator now."""

    def __init__(self, storage: Storage, sessions: Sessions) -> None:
        self._storage = storage
        self._sessions = sessions

    async def add(self, name: str, actor: Actor = OPERATOR) -> tuple[User, str]:
        """Make a bot of that name; return it and its token, which is kept nowhere. Raises Invalid or NameTaken."""
        name = text.clean_name(name)
        token = new_token()

        def store(connection: Connection) -> User:
            _require_may(connection, actor)
            bot = accounts.add(connection, name, 'bot')
            rows.add_session(connection, bot, hash_of(token), '', None)
            audit.note(connection, actor, 'make bot', bot)
            return bot

        return await self._storage.write(store), token

    async def list(self, actor: Actor = OPERATOR) -> Sequence[Bot]:
        """Return the bots that have tokens."""

        def read(connection: Connection) -> Sequence[Bot]:
            _require_may(connection, actor)
            return rows.bots(connection)

        return await self._storage.read(read)

    async def add_token(self, name: str, actor: Actor = OPERATOR) -> tuple[User, str]:
        """Give a bot a further token; return the bot and the token. Raises NotFound."""
        token = new_token()

        def store(connection: Connection) -> User:
            _require_may(connection, actor)
            bot = _find(connection, name)
            rows.add_session(connection, bot, hash_of(token), '', None)
            audit.note(connection, actor, 'make bot token', bot)
            return bot

        return await self._storage.write(store), token

    async def revoke(self, name: str, token_id: int | None = None, actor: Actor = OPERATOR) -> int:
        """End all tokens of a bot, or one, and what is connected with them; return how many. Raises NotFound."""

        def store(connection: Connection) -> Sequence[int]:
            _require_may(connection, actor)
            bot = _find(connection, name)
            ended = rows.delete_sessions_of(connection, bot.id, token_id)
            if token_id is not None and not ended:
                raise NotFound(f'The bot "{bot.name}" has no token {token_id}.')
            details = 'all' if token_id is None else f'token {token_id}'
            audit.note(connection, actor, 'revoke bot tokens', bot, details=details)
            return ended

        ended = await self._storage.write(store)
        self._sessions.tell_end(list(ended))
        return len(ended)


def _require_may(connection: Connection, actor: Actor) -> None:
    """Raise Forbidden for whoever is neither the operator nor an administrator."""
    if actor is not OPERATOR:
        reach.administrator(connection, actor.user)


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
