"""The pages on which people set what is theirs: mostly plain forms, a section a file, in the frame they share."""

from chat import Chat
from pages.settings import (
    account,
    health,
    invitations,
    log,
    notifications,
    password,
    people,
    policy,
    profile,
    programs,
    reports,
    rooms,
    signed_in,
)

FORMS = (*profile.FORMS, account.PATH, password.PATH, notifications.PATH, *policy.FORMS)  # where they are sent to
LARGER = profile.LARGER  # those where more than usual is sent, and how many bytes


def install(chat: Chat) -> None:
    """Register all sections."""
    profile.install(chat)
    password.install(chat)
    notifications.install(chat)
    account.install(chat)
    for section in (people, invitations, reports, log, rooms, signed_in, programs, policy, health):
        section.install(chat)
