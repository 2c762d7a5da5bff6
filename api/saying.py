"""Saying something in a room, by whichever door for programs."""

from chat import Chat
from chat.errors import NotAMember
from chat.messages import Sent
from chat.models import User


async def say(
    chat: Chat, user: User, slug: str, body: str, client_message_id: str | None = None, reply_to: int | None = None
) -> Sent:
    """Send a message, joining the room first if need be. Raises as ``Messages.send`` and ``Rooms.join`` do."""
    said = (user, slug, body, client_message_id, reply_to)
    try:
        return await chat.messages.send(*said)
    except NotAMember:
        await chat.rooms.join(user, slug)
        return await chat.messages.send(*said)
