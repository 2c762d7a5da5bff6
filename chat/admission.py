"""Who is let in: nobody who is banned, and nobody new from an address that is.

Asked wherever a session begins, inside its transaction. It holds the person's row, as a ban changes it before it ends
their sessions: so either the ban is seen here, or the session is ended by it.
"""

from sqlalchemy import Connection

from chat.clock import FOREVER, moment, now_ms
from chat.errors import Forbidden, Unauthenticated
from chat.models import User
from chat.storage import moderation, users

ADDRESS = 'Nobody new is let in from where you are. Ask whoever runs this chat.'
RULES = {'banned': 'You are banned from this chat.', 'banned_address': ADDRESS}  # for pages, which know no more


class Banned(Forbidden):
    """Somebody is not let in; ``rule`` is one of RULES."""

    def __init__(self, message: str, rule: str) -> None:
        super().__init__(message)
        self.rule = rule


def require(connection: Connection, user: User, address: str) -> None:
    """Raise Banned for somebody who may not come in, or not from there, and Unauthenticated for nobody.

    An address lets administrators in all the same: somebody has to be able to undo it.
    """
    banned_until = users.hold_as_they_are(connection, user.id)
    if banned_until is None:
        raise Unauthenticated
    if banned_until > now_ms():
        raise Banned(_sentence(banned_until), 'banned')
    if user.kind != 'administrator':
        require_address(connection, address)


def require_address(connection: Connection, address: str) -> None:
    """Raise Banned if nobody new is let in from an address."""
    if address and moderation.address_is_banned(connection, address):
        raise Banned(ADDRESS, 'banned_address')


def _sentence(until: int) -> str:
    if until >= FOREVER:
        return 'You are banned from this chat.'
    return f'You are banned from this chat until {moment(until):%B %-d, %H:%M} UTC.'
