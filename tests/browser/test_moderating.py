"""Moderating in a real browser: by keyboard alone, in light and dark, on phones."""

from collections.abc import Callable

import httpx
import pytest
from playwright.async_api import expect

from tests.browser.people import Person
from tests.browser.test_for_everyone import violations
from tests.servers import Server


async def become_boss(person: Person, server: Server) -> None:
    """Make an administrator of a stranger, who lands in the lobby."""
    operator = {'Authorization': f'Bearer {(server.data / "operator.token").read_text().strip()}'}
    async with httpx.AsyncClient(base_url=f'{server.site}/api/v1', headers=operator) as http:
        token = (await http.post('/administrator-link')).json()['token']
    await person.open(f'/link/{token}')
    await person.page.get_by_label('Your name').fill('Boss')
    await person.page.locator('input[type=password]').fill('a long sentence')
    await person.page.keyboard.press('Enter')
    await expect(person.box).to_be_editable()


async def passes_axe(person: Person) -> None:
    """Look for what is wrong with what is shown."""
    assert '\n'.join(await violations(person, besides='region')) == ''  # menus stand outside of all landmarks


@pytest.mark.parametrize(('width', 'dark'), [(1280, False), (360, True)], ids=['desktop, light', 'phone, dark'])
async def test_a_moderator_hides_shows_and_mutes_by_keyboard(
    stranger: Callable[..., Person], join: Callable[..., Person], server: Server, width: int, dark: bool
) -> None:
    boss = await stranger(width=width, dark=dark)
    await become_boss(boss, server)
    ada = await join('Ada')
    await ada.say('buy now')
    await boss.sees('buy now')
    keys = boss.page.keyboard
    await boss.row('buy now').get_by_role('button', name='More actions').focus()
    await keys.press('Enter')
    await expect(boss.page.get_by_role('menuitem', name='Hide')).to_be_visible()
    await passes_axe(boss)
    await boss.page.get_by_role('menuitem', name='Hide').focus()
    await keys.press('Enter')
    reason = boss.page.get_by_role('textbox', name='Reason')
    await expect(reason).to_be_focused()
    await keys.press('Enter')
    await expect(boss.page.get_by_role('alert').filter(has_text='Say why')).to_be_visible()
    await passes_axe(boss)
    await keys.type('Advertising')
    await keys.press('Enter')
    for person in (boss, ada):
        await person.sees('Hidden by a moderator.')
    await expect(ada.row('Hidden').locator('.message-button')).to_be_hidden()
    await boss.row('Hidden').get_by_role('button', name='More actions').focus()
    await keys.press('Enter')
    await boss.page.get_by_role('menuitem', name='Show again').focus()
    await keys.press('Enter')
    await ada.sees('buy now')
    await boss.row('buy now').locator('.author').focus()
    await keys.press('Enter')
    mute = boss.page.get_by_role('button', name='Mute')
    await expect(mute).to_be_visible()
    await passes_axe(boss)
    await mute.focus()
    await keys.press('Enter')
    await expect(reason).to_be_focused()
    await passes_axe(boss)
    for _ in range(4):  # back from the reason over each answer
        await keys.press('Shift+Tab')
    await keys.press('Space')
    await expect(boss.page.get_by_role('radio', name='1 day')).to_be_checked()
    await reason.fill('Advertising')
    await keys.press('Enter')
    await expect(boss.page.get_by_text('Ada is muted.')).to_be_visible()
    await expect(reason).to_be_hidden()
    assert (boss.complaints, ada.complaints) == ([], [])


async def test_who_is_banned_is_led_away_at_once(
    stranger: Callable[..., Person], join: Callable[..., Person], server: Server
) -> None:
    boss = await stranger()
    await become_boss(boss, server)
    ada = await join('Ada')
    await ada.say('buy now')
    await boss.sees('buy now')
    await boss.row('buy now').locator('.author').click()
    await boss.page.get_by_role('button', name='Ban').click()
    await boss.page.get_by_role('radio', name='Everywhere').click()
    await boss.page.get_by_role('textbox', name='Reason').fill('Advertising')
    await boss.page.keyboard.press('Enter')
    await expect(ada.page.get_by_role('textbox', name='Your name')).to_be_visible()
    await ada.page.get_by_role('textbox', name='Your name').fill('Ada')
    await ada.page.get_by_role('button', name='Join').click()
    await expect(ada.page.get_by_text('Somebody else is called "Ada" here.')).to_be_visible()
