"""Signing in with another site, by clicking: its page is elsewhere, and the way there and back keeps to our policy."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.people import Person
from tests.openid_provider import OpenIdProvider
from tests.servers import Server


@pytest.fixture
def school() -> Iterator[OpenIdProvider]:
    """Return a provider that asks whether one wants to go on."""
    provider = OpenIdProvider()
    provider.asks = True
    provider.start()
    yield provider
    provider.stop()


@pytest.fixture
def server(tmp_path: Path, school: OpenIdProvider) -> Iterator[Server]:
    """Return a running server that knows the provider as School."""
    path = school.settings(tmp_path)
    server = Server(tmp_path / 'data', HEARTH_OIDC_FILE=str(path), NO_PROXY='127.0.0.1')
    server.start()
    yield server
    server.kill()


def complaints(person: Person, school: OpenIdProvider) -> list[str]:
    """Return what the browser complained about, apart from having been at the provider's own pages."""
    return [each for each in person.complaints if school.issuer not in each]


async def go_on_there(person: Person, link: str, school: OpenIdProvider) -> None:
    """Follow a link to the provider, by the keyboard, and say there who one is."""
    await person.page.get_by_role('link', name=link).focus()
    await person.page.keyboard.press('Enter')
    await expect(person.page).to_have_url(re.compile(re.escape(school.issuer)))
    await person.page.get_by_role('link', name='Go on as Ada').click()


async def test_a_stranger_signs_in_with_another_site_and_talks(
    stranger: Callable[..., Person], school: OpenIdProvider
) -> None:
    person = await stranger()
    await person.open('/rooms/lobby')
    await person.page.get_by_role('link', name='Sign in with School').click()
    await person.page.get_by_role('link', name='Go on as Ada').click()
    await expect(person.box).to_be_editable()
    await person.say('hello')
    await person.sees('hello')
    assert complaints(person, school) == []


async def test_a_guest_connects_in_the_settings_and_is_back_from_anywhere(
    stranger: Callable[..., Person], join: Callable[..., Person], school: OpenIdProvider
) -> None:
    guest = await join('Bo')
    await guest.say('before')
    await guest.open('/settings/password')
    await go_on_there(guest, 'Connect School', school)
    await expect(guest.page.get_by_text('School is connected.')).to_be_visible()
    await expect(guest.page.get_by_role('button', name='Disconnect School')).to_be_visible()
    elsewhere = await stranger(width=360)
    await elsewhere.open('/')
    await go_on_there(elsewhere, 'Sign in with School', school)
    await elsewhere.say('after')
    await expect(elsewhere.row('after')).to_be_visible()
    await expect(elsewhere.rows).to_have_count(2)
    await expect(elsewhere.rows.get_by_text('Bo', exact=True)).to_have_count(1)  # one author for both
    assert complaints(guest, school) + complaints(elsewhere, school) == []
