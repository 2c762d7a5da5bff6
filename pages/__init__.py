"""The door for people: one page a file, the parts of the room page beside them."""

from nicegui import Client

from chat import Chat
from pages import entering, joining, room, theme


def install(chat: Chat) -> None:
    """Register all pages of a chat."""
    theme.install()
    joining.install(chat)
    entering.install(chat)
    room.install(chat)
    chat.measures.connections['pages'] = _connected


def _connected() -> int:
    return sum(client.has_socket_connection for client in Client.instances.values())
