"""The API's own page: it shows every call, and tries one, with nothing from another host."""

import re
from collections.abc import Callable

import httpx
from playwright.async_api import expect

from tests.browser.people import Person
from tests.servers import Server


async def test_the_page_shows_the_calls_and_makes_one(stranger: Callable[..., Person], server: Server) -> None:
    async with httpx.AsyncClient(base_url=f'{server.site}/api') as program:
        token = (await program.post('/v1/sessions', json={'name': 'Robin'})).json()['token']
        paths = (await program.get('/openapi.json')).json()['paths']
    page = (await stranger()).page
    asked: list[str] = []
    said: list[str] = []
    page.on('request', lambda request: asked.append(request.url))
    page.on('console', lambda message: said.append(message.text) if message.type in ('error', 'warning') else None)
    page.on('pageerror', lambda error: said.append(str(error)))

    answer = await page.goto(f'{server.site}/api/docs')
    assert answer is not None
    assert "script-src 'self' 'nonce-" in answer.headers['content-security-policy']
    await expect(page.get_by_role('heading', name='Hearth')).to_be_visible()
    await expect(page.locator('.opblock')).to_have_count(sum(len(methods) for methods in paths.values()))

    await page.get_by_role('button', name='Authorize').first.click()
    await page.get_by_label('Value').first.fill(token)
    await page.get_by_role('button', name='Apply credentials').first.click()
    await page.get_by_role('button', name='Close').first.click()
    await page.locator('#operations-sessions-sessions_me').get_by_role('button').first.click()
    await page.get_by_role('button', name='Execute').click()
    await expect(page.locator('.live-responses-table')).to_contain_text(re.compile('"name": "Robin"'))

    assert [url for url in asked if not url.startswith((server.site, 'data:'))] == []
    assert said == []
