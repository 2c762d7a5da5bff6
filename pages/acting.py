"""Who acts on a page, and from where, as the audit log names them."""

from nicegui import Client

from chat.audit import Actor
from chat.models import User
from web.addresses import address_of


def actor(client: Client, user: User) -> Actor:
    """Return somebody whose page this is."""
    return Actor(user, address_of(client.request.scope))
