"""Who comes into the rooms of the tests."""

from chat import Chat
from chat.models import User


async def newcomer(chat: Chat, name: str) -> User:
    """Bring a guest into the lobby."""
    user = await chat.accounts.add_guest(name, 'here')
    await chat.rooms.join(user, 'lobby')
    return user


async def by_password(chat: Chat, name: str, password: str, address: str) -> User:
    """Sign somebody in with a password; returns who that is."""
    user, token = await chat.credentials.sign_in(name, password, address, 'test')
    session = await chat.sessions.find(token)
    assert session is not None
    assert session.user == user
    return user
