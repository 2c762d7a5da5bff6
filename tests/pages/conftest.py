"""Simulated people."""

import gc
import re

import pytest
from nicegui import context
from nicegui.testing import User
from nicegui.testing.user_notify import UserNotify


@pytest.fixture(autouse=True)
def short_collections() -> None:
    """Keep what earlier tests left out of garbage collections: NiceGUI makes two for each simulated person."""
    gc.freeze()


@pytest.fixture(autouse=True)
def whole_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell each simulated person what their own page says: NiceGUI tells whichever of them was looked at last.

    And let their browsers say that they have gone where they were sent.
    """
    people: list[User] = []
    begin = User.__init__

    def begin_and_list(user: User, *args: object, **more: object) -> None:
        begin(user, *args, **more)
        people.append(user)
        user.javascript_rules[re.compile('.*requestAnimationFrame')] = lambda _: True

    def notify(last: UserNotify, message: str, **_: object) -> None:
        own = [each.notify for each in people if each.client is context.client]
        (own or [last])[0].messages.append(message)

    monkeypatch.setattr(User, '__init__', begin_and_list)
    monkeypatch.setattr(UserNotify, '__call__', notify)
