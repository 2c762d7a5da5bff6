"""Accounts in a real browser: by keyboard alone, for everyone, and closed at once where they end."""

import re
import subprocess
import sys

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from tests.test_commands import ROOT, environment

GOOD, OTHER = 'a long sentence', 'another sentence'


def administrator_link(server) -> str:
    """Return the path of the operator's link, as the command prints it."""
    done = subprocess.run(
        [sys.executable, 'main.py', 'admin-link', '--port', server.site.rpartition(':')[2]],
        cwd=ROOT, env=environment(server.data), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return re.search(r'/link/\S+', done.stdout)[0]


async def violations(person) -> str:
    results = await Axe().run(person.page)
    nodes = ((each, node['html'][:200]) for each in results.response['violations'] for node in each['nodes'][:3])
    return '\n'.join(f'{each["id"]}: {each["help"]} {html}' for each, html in nodes)


async def wide_enough(person) -> bool:
    return await person.page.evaluate('document.documentElement.scrollWidth <= innerWidth')


@pytest.mark.parametrize(('width', 'dark'), [(1280, False), (360, True)], ids=['wide-light', 'phone-dark'])
async def test_every_page_of_accounts_is_for_everyone(stranger, server, width: int, dark: bool) -> None:
    boss = await stranger(width=width, dark=dark)

    async def fits(path: str = '') -> None:
        if path:
            await boss.open(path)
            await expect(boss.page.get_by_role('heading', level=1)).to_be_visible()
        assert await violations(boss) == ''
        assert await wide_enough(boss)

    await fits('/?account=1')
    await fits('/link/void')
    await fits(administrator_link(server))
    await boss.page.get_by_role('textbox', name='Your name').fill('Boss')
    await boss.page.get_by_role('textbox', name='New password').fill('iloveyou')
    await boss.page.keyboard.press('Enter')
    await expect(boss.page.get_by_role('alert')).to_have_text('Many people have this password. Please choose another.')
    await fits()
    await boss.page.get_by_role('textbox', name='New password').fill(GOOD)
    await boss.page.keyboard.press('Enter')
    await expect(boss.box).to_be_visible()
    await fits('/settings/password')
    await fits('/settings/people')
    await boss.page.get_by_role('button', name='New account').click()
    await boss.page.get_by_role('textbox', name='Name').fill('Dora')
    await boss.page.keyboard.press('Enter')
    await expect(boss.page.get_by_role('textbox', name='Address')).to_be_visible()
    assert await wide_enough(boss)
    await boss.page.get_by_role('button', name='Done').click()
    await expect(boss.page.get_by_role('button', name='Done')).to_be_hidden()
    await fits()
    assert boss.complaints == []


async def test_a_guest_claims_the_name_by_keyboard_alone_and_comes_back_elsewhere(stranger, join) -> None:
    ada, phone = await join('Ada'), await stranger(width=390)
    await ada.say('hello')
    await ada.open('/settings/password')
    await expect(ada.page.get_by_role('button', name='Set the password')).to_be_visible()
    await ada.page.get_by_role('link', name='Back to the rooms').focus()
    for _ in range(20):
        await ada.page.keyboard.press('Tab')
        if await ada.page.evaluate('document.activeElement.type') == 'password':
            break
    await ada.page.keyboard.type(GOOD)
    await ada.page.keyboard.press('Enter')
    await expect(ada.page.get_by_role('status')).to_have_text('The password is set. All other devices are signed out.')
    await phone.open('/')
    await phone.page.get_by_role('textbox', name='Your name').fill('ada')
    await phone.page.keyboard.press('Enter')
    await expect(phone.page.get_by_role('textbox', name='Password')).to_be_focused()
    await phone.page.keyboard.type(GOOD)
    await phone.page.keyboard.press('Enter')
    await expect(phone.row('hello')).to_be_visible()
    assert ada.complaints == phone.complaints == []


async def test_a_new_password_closes_the_pages_of_all_other_devices(stranger, join) -> None:
    ada, phone = await join('Ada'), await stranger()
    await ada.open('/settings/password')
    await ada.page.get_by_role('textbox', name='New password').fill(GOOD)
    await ada.page.keyboard.press('Enter')
    await phone.open('/?account=1')
    await phone.page.get_by_role('textbox', name='Your name').fill('Ada')
    await phone.page.get_by_role('textbox', name='Password').fill(GOOD)
    await phone.page.keyboard.press('Enter')
    await expect(phone.box).to_be_visible()
    await expect(ada.page.get_by_role('textbox', name='Current password')).to_be_visible()
    await ada.page.get_by_role('textbox', name='Current password').fill(GOOD)
    await ada.page.get_by_role('textbox', name='New password').fill(OTHER)
    await ada.page.keyboard.press('Enter')
    await expect(phone.page.get_by_role('button', name='Join')).to_be_visible()
    await expect(ada.page.get_by_role('status')).to_be_visible()
    await ada.open('/rooms/lobby')
    await expect(ada.box).to_be_visible()
