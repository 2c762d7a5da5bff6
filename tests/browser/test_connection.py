"""Lost connections and restarts lose nothing."""

import asyncio

from playwright.async_api import expect

from tests.browser.people import without_socket_noise


async def test_a_gap_is_shown_and_caught_up_without_a_reload(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await ada.mark()
    await ada.page.context.set_offline(True)
    await expect(ada.page.get_by_text('Connection lost')).to_be_visible()
    for number in range(5):
        await bo.say(f'while away {number}')
    await ada.box.fill('written in the gap')
    await ada.box.press('Enter')
    await expect(ada.box).to_have_value('written in the gap')
    await ada.page.context.set_offline(False)
    await ada.sees('while away 4')
    await expect(ada.box).to_have_value('')
    await bo.sees('written in the gap')
    await expect(ada.page.get_by_text('Connection lost')).to_be_hidden()
    await expect(ada.rows).to_have_count(6)
    assert await ada.rows.all_inner_texts() == await bo.rows.all_inner_texts()
    assert await ada.is_marked()
    assert without_socket_noise(ada) == []


async def test_after_a_crash_the_page_comes_back_by_itself_with_room_history_and_draft(join, server) -> None:
    ada = await join('Ada')
    phone = await join('Bo', width=390, height=800)
    await ada.create_room('Design')
    await ada.say('kept over the crash')
    await ada.box.fill('half a thought')
    await phone.say('also kept')
    await ada.page.wait_for_timeout(600)
    await ada.mark()
    await asyncio.to_thread(server.kill)
    await expect(ada.page.get_by_text('Connection lost')).to_be_visible()
    await ada.box.press('End')
    await ada.box.press_sequentially(', and more')
    await asyncio.to_thread(server.start)
    await ada.page.wait_for_function('window.mark === undefined')
    await expect(ada.heading('Design')).to_be_visible()
    await ada.sees('kept over the crash')
    await expect(ada.box).to_have_value('half a thought, and more')
    await ada.enter('Lobby')
    await ada.enter('Design')
    await expect(ada.box).to_have_value('half a thought, and more')
    await phone.sees('also kept')
    await ada.enter('Lobby')
    await ada.say('and on it goes')
    await phone.sees('and on it goes')
    await expect(phone.row('also kept')).to_have_count(1)
