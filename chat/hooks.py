"""Incoming webhooks: whoever has the secret of one speaks in its room, as the bot that belongs to it.

As with sessions, only the hash of the secret is stored.
"""

import re
from collections.abc import Sequence

from sqlalchemy import Connection

from chat import accounts, audit, floor, permissions, reach, text
from chat.audit import Actor
from chat.clock import now_ms
from chat.errors import Conflict, Forbidden, NotAMember, NotFound
from chat.events import MemberJoined, MemberLeft
from chat.messages import Messages
from chat.models import Hook, Member, Message, User
from chat.rate_limits import RateLimits
from chat.room_state import RoomState
from chat.rooms import end_hooks
from chat.sessions import hash_of, new_token
from chat.storage import Storage, rooms
from chat.storage import hooks as rows

MOST_HOOKS = 50  # in a room
OPENS_A_BLOCK = re.compile(r'[\s>#+*~`|=_\d-]')  # what may begin a quote, a list, a heading, code … in Markdown
NO_HOOK = 'There is no such webhook.'


class Hooks:
    """The actions on incoming webhooks."""

    def __init__(self, storage: Storage, room_state: RoomState, rate_limits: RateLimits, messages: Messages) -> None:
        self._storage = storage
        self._room_state = room_state
        self._rate_limits = rate_limits
        self._messages = messages

    async def create(self, user: User, slug: str, name: str, address: str = '') -> tuple[Hook, str]:
        """Make a webhook and its bot, which joins the room; return it and its secret, which is kept nowhere.

        Raises Invalid, NameTaken, Conflict, NotFound, Forbidden or RateLimited.
        """
        self._rate_limits.check('creating webhooks', user.id)
        name = text.clean_name(name)
        secret = new_token()

        def store(connection: Connection) -> tuple[Hook, MemberJoined]:
            managed = _managed(connection, user, slug)
            if managed.muted_until > now_ms():
                raise Forbidden(floor.sentence('muted', managed.muted_until))
            room = managed.room
            if rows.count(connection, room.id) >= MOST_HOOKS:
                raise Conflict(f'A room has at most {MOST_HOOKS} webhooks. Delete one first.')
            bot = accounts.add(connection, name, 'bot')
            number = rooms.next_revision(connection, room.id)
            rooms.join(connection, room.id, bot, 'member', number)
            hook = rows.add(connection, room, bot, hash_of(secret), user.id)
            _note(connection, managed, address, 'make webhook', bot)
            return hook, MemberJoined(room.id, room.slug, number, Member(bot, 'member'))

        hook, event = await self._storage.write(store)
        self._room_state.publish(event)
        return hook, secret

    async def list(self, user: User, slug: str) -> Sequence[Hook]:
        """Return the webhooks of a room; raises NotFound or Forbidden."""

        def read(connection: Connection) -> Sequence[Hook]:
            return rows.in_room(connection, _managed(connection, user, slug).room.id)

        return await self._storage.read(read)

    async def delete(self, user: User, slug: str, hook_id: int, address: str = '') -> None:
        """End a webhook: its secret is worth nothing from now on, and its bot leaves. Raises NotFound or Forbidden."""

        def store(connection: Connection) -> list[MemberLeft]:
            managed = _managed(connection, user, slug)
            room = managed.room
            hook = next((hook for hook in rows.in_room(connection, room.id) if hook.id == hook_id), None)
            if hook is None:
                raise NotFound('There is no such webhook in this room.')
            _note(connection, managed, address, 'delete webhook', hook.bot)
            return end_hooks(connection, room, hook_id)

        for event in await self._storage.write(store):
            self._room_state.publish(event)

    async def post(self, secret: str, body: str, username: str | None = None) -> Message:
        """Say something as the bot of the webhook with this secret, on behalf of ``username`` if that is another.

        Raises Invalid, RateLimited, NotFound, Forbidden while whoever made it is muted or banned, or StorageFailed.
        """
        body = text.clean_body(body)
        hook = await self._storage.read(_speaking, secret)
        name = text.foreign_name(username or '')
        if text.skeleton(name) not in ('', text.skeleton(hook.bot.name)):
            body = with_head(f'**{escaped(name)}:**', body)
        try:
            return (await self._messages.send(hook.bot, hook.room, body, of_all='if_allowed')).message
        except NotAMember:  # the webhook ended at this very moment, or its bot has left the room
            raise NotFound(NO_HOOK) from None


def with_head(head: str, body: str) -> str:
    """Put some words before a message's Markdown: on its first line, unless they would spoil what begins there."""
    return f'{head}\n\n{body}' if OPENS_A_BLOCK.match(body) else f'{head} {body}'


def escaped(words: str) -> str:
    """Return Markdown that shows the words as they are."""
    return re.sub(r'([!-/:-@\[-`{-~])', r'\\\1', words)


def _speaking(connection: Connection, secret: str) -> Hook:
    hook = rows.by_secret(connection, hash_of(secret))
    if hook is None:
        raise NotFound(NO_HOOK)
    if rows.is_silenced(connection, hook.id, now_ms()):  # or they would go on by it
        raise Forbidden('Whoever made this webhook may not write here just now.')
    return hook


def _managed(connection: Connection, user: User, slug: str) -> reach.Reached:
    reached = reach.room(connection, user, slug)
    if not permissions.may_manage_hooks(reached.user, reached.role, reached.room):
        raise Forbidden('Only the owner of this room, or an administrator in it, may manage its webhooks.')
    return reached


def _note(connection: Connection, managed: reach.Reached, address: str, action: str, bot: User) -> None:
    """Store in the log what moderators and administrators of the chat do; what rooms do for themselves is theirs."""
    if permissions.rank(managed.user):
        audit.note(connection, Actor(managed.user, address), action, bot, room=managed.room.slug)
