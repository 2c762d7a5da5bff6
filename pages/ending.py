"""The end of a page whose session has ended: nothing is left on it, and its browser is led away."""

import asyncio

from nicegui import Client, background_tasks

# s; a form of this browser may have ended the session: its answer comes first, which says so or has another cookie.
ANSWER_WITHIN = 0.7


def end(client: Client, address: str) -> None:
    """Take everything off a page at once, and lead its browser to an address a moment later."""
    client.remove_all_elements()
    background_tasks.create(_lead_away(client, address), name='lead away from a page that has ended')


async def _lead_away(client: Client, address: str) -> None:
    await asyncio.sleep(ANSWER_WITHIN)
    if not client.is_deleted:
        client.open(address)
