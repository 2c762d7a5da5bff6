"""The audit log: a line for every action of a moderator or administrator, and for every sign-in that failed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import Connection

from chat import text
from chat.errors import Forbidden, NotFound, StorageFailed, Unauthenticated
from chat.models import Result, User
from chat.storage import Storage
from chat.storage import audit as rows


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and from where; without a user a stranger, or the operator."""

    user: User | None
    address: str
    called: str = 'somebody'  # without a user

    @property
    def name(self) -> str:
        """What stands in the log."""
        return self.user.name if self.user is not None else self.called


OPERATOR = Actor(None, '', 'the operator')


def note(
    connection: Connection,
    actor: Actor,
    action: str,
    target: User | str = '',
    *,
    room: str = '',
    details: str = '',
    result: Result = 'done',
) -> None:
    """Store a line; with the transaction that it is about, or not at all.

    ``target`` is whom it was done to, or what; ``room`` a slug; ``details`` why, in the actor's words. Never a secret.
    """
    user = target if isinstance(target, User) else None
    rows.add(
        connection,
        actor_id=actor.user.id if actor.user is not None else None,
        actor=text.one_line(actor.name, rows.ACTOR_LENGTH),
        address=text.one_line(actor.address, rows.ADDRESS_LENGTH),
        action=action,
        target_id=user.id if user is not None else None,
        target=text.one_line(user.name if user is not None else str(target), rows.TARGET_LENGTH),
        room=text.one_line(room, rows.ROOM_LENGTH),
        details=text.one_line(details, rows.DETAILS_LENGTH),
        result=result,
    )


@asynccontextmanager
async def failed_sign_ins(storage: Storage, address: str, target: User | None = None) -> AsyncIterator[None]:
    """Store a line when somebody does not come in; ``target`` is who they would have been, if there is such a person.

    What they called themselves is left out: people type passwords where a name belongs.
    """
    try:
        yield
    except (Forbidden, NotFound, Unauthenticated) as error:
        with suppress(StorageFailed):  # they hear what they would have heard
            result: Result = 'refused' if isinstance(error, Forbidden) else 'failed'
            who = (Actor(None, address), 'sign in', target or '')
            await storage.write(note, *who, details=error.message, result=result)
        raise
