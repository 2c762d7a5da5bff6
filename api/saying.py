"""Saying something in a room, by whichever door for programs."""

from collections.abc import Sequence
from functools import partial

from chat import Chat
from chat.errors import NotAMember
from chat.messages import Sent
from chat.models import MentionOfAll, User


async def say(
    chat: Chat, user: User, slug: str, body: str, client_message_id: str | None = None, reply_to: int | None = None,
    *, attachments: Sequence[int] = (), confirm_all: bool = False,
) -> Sent:  # fmt: skip
    """Send a message, joining the room first if need be. Raises as ``Messages.send`` and ``Rooms.join`` do."""
    send = partial(
        chat.messages.send, user, slug, body, client_message_id, reply_to,
        attachments=attachments, of_all=confirmed(confirm_all=confirm_all),
    )  # fmt: skip
    try:
        return await send()
    except NotAMember:
        await chat.rooms.join(user, slug)
        return await send()


def confirmed(*, confirm_all: bool) -> MentionOfAll:
    """Return what a mention of all is that came by such a door."""
    return 'confirmed' if confirm_all else 'ask'
