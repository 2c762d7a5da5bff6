"""The door for people: one page a file, the parts of the room page beside them."""

from nicegui import Client

from chat import Chat
from pages import entering, files, invite, joining, link, pictures, room, settings, signing_in, sound, theme

FORMS = (
    *joining.FORMS,
    *entering.FORMS,
    *link.FORMS,
    *invite.FORMS,
    *settings.FORMS,
    *signing_in.FORMS,
)  # where forms are sent to
LARGER = settings.LARGER  # those where more than usual is sent, and how many bytes


def install(chat: Chat) -> None:
    """Register all pages of a chat."""
    theme.install()
    sound.install()
    joining.install(chat)
    entering.install(chat)
    link.install(chat)
    invite.install(chat)
    room.install(chat)
    pictures.install(chat)
    files.install(chat)
    settings.install(chat)
    signing_in.install(chat)
    chat.measures.connections['pages'] = _connected


def _connected() -> int:
    return sum(client.has_socket_connection for client in Client.instances.values())
