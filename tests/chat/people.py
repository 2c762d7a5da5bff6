"""Who comes into the rooms of the tests."""

from chat import Chat
from chat.models import User


async def newcomer(chat: Chat, name: str) -> User:
    """Bring a guest into the lobby."""
    user = await chat.accounts.add_guest(name, 'here')
    await chat.rooms.join(user, 'lobby')
    return user
