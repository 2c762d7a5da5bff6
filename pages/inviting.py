"""Making an invitation, and showing its link and code: on the room page and in the settings."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from nicegui import Client, ui

from chat import Chat, permissions
from chat.errors import ChatError
from chat.models import Invitation, InvitedKind, Room, User
from pages import buttons, dialogs
from pages.acting import actor
from web import entering

KINDS: dict[InvitedKind, str] = {
    'guest': 'Guests: a name is enough',
    'member': 'Members: they choose a password',
    'moderator': 'Moderators of the chat',
}
SPANS = {1: 'For a day', 7: 'For a week', 30: 'For 30 days', 0: 'Without end'}
USES = {1: 'Once', 10: '10 times', 100: '100 times', 0: 'Any number of times'}


async def ask(
    chat: Chat,
    client: Client,
    user: User,
    chosen: Sequence[str] = (),
    on_made: Callable[[], Awaitable[object]] | None = None,
) -> None:
    """Ask whom to invite where, and show the link; ``chosen`` are slugs of rooms that are set at first."""
    rooms = {entry.room.slug: entry.room for entry in await chat.rooms.list(user) if _is_offered(entry.room)}
    with client, dialogs.titled('Invite people') as dialog:
        where = ui.select(
            {slug: room.name for slug, room in rooms.items()},
            label='Into these rooms',
            value=[slug for slug in chosen if slug in rooms],
            multiple=True,
        )
        where.props('outlined use-chips').classes('full')
        kinds = _kinds(chat, user)
        kind = ui.select(kinds, label='As', value=next(iter(kinds))).props('outlined').classes('full')
        span = ui.select(SPANS, label='Valid', value=7).props('outlined').classes('full')
        uses = ui.select(USES, label='How often', value=0).props('outlined').classes('full')
        label = ui.input('For whom (only you see it)').props('outlined maxlength=64').classes('full')
        problem = ui.label().classes('problem').props('role=alert')

        async def make() -> None:
            until = datetime.now(UTC) + timedelta(days=span.value) if span.value else None
            try:
                made = await chat.invitations.create(
                    actor(client, user), where.value or (), kind.value, until, uses.value or None, label.value or ''
                )
            except ChatError as error:
                problem.text = error.message
                return
            dialog.close()
            show(chat, client, made)
            if on_made is not None:
                await on_made()

        with ui.element('div').classes('dialog-buttons'):
            buttons.plain('Cancel', dialog.close)
            buttons.main('Make the link', make)


def show(chat: Chat, client: Client, invitation: Invitation) -> None:
    """Show the link of an invitation, also as a code for a camera."""
    site = entering.site(client.request, chat.settings.public_url)
    with client:
        dialogs.show_link(
            'An invitation',
            'Whoever opens this address, or scans the code, can come in.',
            entering.invitation_address(site, invitation.token),
        )


def _is_offered(room: Room) -> bool:
    return not (room.direct or room.archived)


def _kinds(chat: Chat, user: User) -> dict[InvitedKind, str]:
    guests = permissions.may_invite_guests(chat.settings.sign_in)
    return {
        kind: words
        for kind, words in KINDS.items()
        if permissions.may_invite_as(user, kind) and (guests or kind != 'guest')
    }
