"""Two people in two browsers, one on a phone."""

import asyncio

from playwright.async_api import CDPSession, expect

from tests.browser.people import Person


async def test_joining_from_a_shared_link_and_coming_back(stranger) -> None:
    ada = await stranger()
    await ada.open('/rooms/lobby')
    await expect(ada.page.get_by_role('textbox', name='Your name')).to_be_focused()
    await ada.page.get_by_role('textbox', name='Your name').fill('Ada')
    await ada.page.get_by_role('button', name='Join').click()
    await expect(ada.heading('Lobby')).to_be_visible()
    assert ada.page.url.endswith('/rooms/lobby')
    await ada.open('/')
    await expect(ada.page.get_by_role('heading', name='Hello, Ada')).to_be_visible()
    await ada.page.get_by_role('link', name='Lobby').click()
    await expect(ada.box).to_be_visible()
    assert ada.complaints == []


async def test_a_taken_name_gets_a_sentence_and_keeps_what_was_typed(stranger, join) -> None:
    await join('Ada')
    other = await stranger()
    await other.open('/')
    await other.page.get_by_role('textbox', name='Your name').fill('ada')
    await other.page.get_by_role('button', name='Join').click()
    await expect(other.page.get_by_role('alert')).to_contain_text('Somebody else is called "ada" here')
    await expect(other.page.get_by_role('textbox', name='Your name')).to_have_value('ada')


async def test_a_conversation_with_edits_and_deletions_is_the_same_for_both(join) -> None:
    ada = await join('Ada')
    bo = await join('Bo', width=390, height=800, has_touch=True, is_mobile=True)
    await ada.mark()
    await ada.say('Welcome **everybody** :tada:')
    await bo.sees('Welcome everybody 🎉')
    await bo.say('Thnaks')
    await ada.sees('Thnaks')
    await bo.box.press('ArrowUp')
    await expect(bo.box).to_have_value('Thnaks')
    await bo.say('Thanks')
    await ada.sees('Thanks')
    await expect(ada.row('Thanks')).to_contain_text('(edited)')
    await ada.say('This is a mistake')
    await bo.sees('This is a mistake')
    await ada.choose('This is a mistake', 'Delete')
    await ada.page.get_by_role('button', name='Delete').click()
    await bo.sees('This message was deleted.')
    await expect(bo.row('mistake')).to_have_count(0)
    await ada.choose('Thanks', 'Reply')
    await ada.say('You are welcome')
    await bo.sees('You are welcome')
    await expect(bo.row('You are welcome').locator('.quote')).to_have_text('Bo Thanks')
    # A phone has no button for reactions beside a row: its menu has one.
    adas = [row.replace('\nadd_reaction', '') for row in await ada.rows.all_inner_texts()]
    assert adas == await bo.rows.all_inner_texts()
    assert await ada.is_marked()
    assert ada.complaints == bo.complaints == []


async def test_others_see_who_types_and_who_came(join) -> None:
    ada = await join('Ada')
    bo = await join('Bo')
    await expect(ada.page.locator('.notice')).to_have_text('Bo joined')
    await expect(ada.page.get_by_role('list', name='People', exact=True)).to_contain_text('Bo')
    await bo.box.press_sequentially('hm')
    await expect(ada.page.get_by_text('Bo is typing…')).to_be_visible()
    await bo.say('hm, yes')
    await expect(ada.page.get_by_text('Bo is typing…')).to_be_hidden()


async def test_keys_of_the_message_box(join) -> None:
    ada = await join('Ada')
    await ada.box.press_sequentially('one')
    await ada.box.press('Shift+Enter')
    await ada.box.press_sequentially('two')
    await expect(ada.box).to_have_value('one\ntwo')
    await ada.box.press('Enter')
    await expect(ada.row('one')).to_have_count(1)
    # An input method is open: this Enter chooses a word.
    devtools = await ada.page.context.new_cdp_session(ada.page)
    await devtools.send('Input.imeSetComposition', {'text': 'にほん', 'selectionStart': 3, 'selectionEnd': 3})
    await devtools.send(
        'Input.dispatchKeyEvent', {'type': 'rawKeyDown', 'key': 'Process', 'windowsVirtualKeyCode': 229}
    )
    await devtools.send('Input.insertText', {'text': '日本'})
    await expect(ada.box).to_have_value('日本')
    await expect(ada.rows).to_have_count(1)
    await ada.box.press('Enter')
    await ada.sees('日本')
    await expect(ada.box).to_have_value('')
    await ada.box.fill('a draft')
    await ada.page.wait_for_timeout(100)
    await ada.choose('日本', 'Edit')
    await expect(ada.box).to_have_value('日本')
    await ada.box.press('Escape')
    await expect(ada.box).to_have_value('a draft')


async def test_what_cannot_be_sent_stays_with_a_sentence(join) -> None:
    ada = await join('Ada')
    for text, sentence in (('   ', 'Write something first.'), ('x' * 10_001, 'at most 10,000 characters')):
        await ada.box.fill(text)
        await ada.box.press('Enter')
        await expect(ada.page.get_by_role('alert')).to_contain_text(sentence)
        await expect(ada.box).to_have_value(text)
    await expect(ada.rows).to_have_count(0)


async def test_hostile_messages_and_names_run_nothing(join) -> None:
    ada = await join('<img src=x onerror=alert(1)>')
    bo = await join('Bo')
    for text in (
        '<script>alert(1)</script>',
        '<img src="https://evil.example/x.png" onerror="alert(1)">',
        '![x](https://evil.example/y.png)',
        '[click](javascript:alert(1))',
        '<style>*{display:none}</style><iframe src="https://evil.example"></iframe>',
        '`</article><script>alert(1)</script>`',
    ):
        await ada.say(text)
    await bo.sees('</article>')
    await expect(bo.rows).to_have_count(6)
    assert await bo.page.locator('.log a[href^="javascript"]').count() == 0
    assert ada.complaints == bo.complaints == []


async def test_rooms_change_in_place_with_address_back_and_reload_right(join) -> None:
    ada, bo = await join('Ada'), await join('Bo')
    await ada.mark()
    await ada.create_room('Design')
    assert ada.page.url.endswith('/rooms/design')
    await bo.say('one')
    await bo.say('two')
    link = ada.page.get_by_role('navigation', name='Rooms').get_by_role('link', name='Lobby')
    await expect(link).to_contain_text('2')
    await expect(ada.page).to_have_title('(2) Design · Hearth')
    await ada.box.fill('for design')
    await ada.enter('Lobby')
    await ada.sees('two')
    await expect(ada.box).to_have_value('')
    await expect(link).not_to_contain_text('2')
    await expect(ada.page).to_have_title('Lobby · Hearth')
    await ada.page.go_back()
    await expect(ada.heading('Design')).to_be_visible()
    await expect(ada.box).to_have_value('for design')
    assert await ada.is_marked()
    await ada.page.reload()
    await expect(ada.heading('Design')).to_be_visible()
    await expect(ada.box).to_have_value('for design')
    await ada.open('/rooms/nowhere')
    await expect(ada.page.get_by_text('There is no such room')).to_be_visible()
    await ada.page.get_by_role('button', name='Go to the lobby').click()
    await expect(ada.heading('Lobby')).to_be_visible()


async def test_a_room_of_any_script_opens_in_place(join) -> None:
    ada = await join('Ada')
    await ada.mark()
    await ada.create_room('Küche & 台所')
    await ada.say('hello')
    await ada.enter('Lobby')
    await ada.enter('Küche & 台所')
    await ada.sees('hello')
    assert await ada.is_marked()


async def test_enter_pressed_twice_opens_one_room(join) -> None:
    ada = await join('Ada')
    await ada.page.get_by_role('button', name='New room').click()
    name = ada.page.get_by_role('textbox', name='Name')
    await name.fill('Design')
    await name.press('Enter')
    await ada.page.keyboard.press('Enter')  # wherever the focus is by now
    await expect(ada.heading('Design')).to_be_visible()
    await expect(ada.page.get_by_role('navigation', name='Rooms').get_by_role('link')).to_have_count(2)


async def test_what_one_types_on_while_a_message_travels_is_neither_lost_nor_sent_twice(stranger) -> None:
    ada = await stranger()
    await ada.have_slow_line(0.25)
    await ada.join('Ada')
    await ada.box.press_sequentially('one')
    await ada.box.press('Enter')
    await ada.box.press_sequentially('two', delay=60)
    await ada.box.press('Enter')
    await ada.box.press_sequentially('two', delay=60)
    await ada.sees('two')
    await expect(ada.box).to_have_value('two')
    await ada.box.press('Enter')
    await expect(ada.rows).to_have_count(3)
    await expect(ada.box).to_have_value('')
    assert [text.split('\n')[-1] for text in await ada.rows.locator('.body').all_inner_texts()] == ['one', 'two', 'two']
    await ada.box.press('ArrowUp')
    await expect(ada.box).to_have_value('two')
    await ada.box.press('End')
    await ada.box.press_sequentially('!')
    await ada.box.press('Enter')
    await ada.box.press_sequentially('next', delay=60)
    await ada.sees('two!')
    await expect(ada.box).to_have_value('next')
    assert ada.complaints == []


async def compose(person: Person, text: str) -> CDPSession:
    """Begin to write with an input method, which shows this and waits for a choice."""
    devtools = await person.page.context.new_cdp_session(person.page)
    end = len(text)
    await devtools.send('Input.imeSetComposition', {'text': text, 'selectionStart': end, 'selectionEnd': end})
    return devtools


async def test_what_one_composes_while_what_was_sent_leaves_the_box_is_what_stays(stranger) -> None:
    ada = await stranger()
    await ada.have_slow_line(0.3)
    await ada.join('Ada')
    await ada.box.press_sequentially('one')
    await ada.box.press('Enter')
    devtools = await compose(ada, 'にほん')
    await ada.sees('one')
    await ada.page.wait_for_timeout(1000)  # by then it would have been taken away
    await devtools.send('Input.insertText', {'text': '日本'})
    await expect(ada.box).to_have_value('日本')
    await ada.box.press('Enter')
    await ada.sees('日本')
    await expect(ada.box).to_have_value('')
    assert [text.split('\n')[-1] for text in await ada.rows.locator('.body').all_inner_texts()] == ['one', '日本']
    assert ada.complaints == []


async def test_what_is_composed_of_parts_or_in_place_of_what_was_sent_stays_whole(stranger) -> None:
    ada = await stranger()
    await ada.have_slow_line(0.3)
    await ada.join('Ada')
    await ada.box.press_sequentially('one')
    await ada.box.press('Enter')
    devtools = await compose(ada, '가')
    await ada.sees('one')
    await ada.page.wait_for_timeout(1000)
    next_part = {'text': 'ㄴ', 'selectionStart': 1, 'selectionEnd': 1}
    await asyncio.gather(  # as they are typed: one after the other, and the next before anything else
        devtools.send('Input.insertText', {'text': '가'}), devtools.send('Input.imeSetComposition', next_part)
    )
    await devtools.send('Input.insertText', {'text': '나'})
    await expect(ada.box).to_have_value('가나')
    await ada.box.press('Enter')
    await ada.box.press('ControlOrMeta+A')
    devtools = await compose(ada, 'にほん')
    await ada.sees('가나')
    await ada.page.wait_for_timeout(1000)
    await devtools.send('Input.insertText', {'text': '日本'})
    await expect(ada.box).to_have_value('日本')
    await ada.box.press('Enter')
    await ada.sees('日本')
    await expect(ada.box).to_have_value('')
    assert ada.complaints == []


async def test_what_one_composes_until_the_words_to_edit_come_is_back_after_the_edit(stranger) -> None:
    ada = await stranger()
    await ada.have_slow_line(0.3)
    await ada.join('Ada')
    await ada.say('one')
    await edit_by_key(ada, 'one')
    await ada.box.focus()
    await compose(ada, 'にほん')
    await expect(ada.page.get_by_text('Editing your message')).to_be_visible()
    await expect(ada.box).to_have_value('one')
    await expect(ada.box).to_be_focused()
    await ada.box.press('Escape')
    await expect(ada.box).to_have_value('にほん')
    assert ada.complaints == []


async def edit_by_key(person: Person, text: str) -> None:
    """Press E on a message, without waiting for its words."""
    await person.row(text).get_by_role('button').last.focus()
    await person.page.keyboard.press('e')


async def test_what_one_types_until_the_words_to_edit_are_in_the_box_is_back_after_the_edit(stranger) -> None:
    ada = await stranger()
    await ada.have_slow_line(0.6)
    await ada.join('Ada')
    await ada.say('one')
    await ada.box.press_sequentially('dra')
    await edit_by_key(ada, 'one')
    await ada.box.press_sequentially('ft', delay=20)
    await expect(ada.box).to_have_value('one')
    await ada.box.press('End')
    await ada.box.press_sequentially('!', delay=20)
    await ada.box.press('Enter')
    await ada.sees('one!')
    await expect(ada.box).to_have_value('draft')
    await edit_by_key(ada, 'one!')
    await ada.box.press_sequentially('ed', delay=20)
    await expect(ada.box).to_have_value('one!')
    await ada.box.press('Escape')
    await expect(ada.box).to_have_value('drafted')
    await ada.box.press('Enter')
    await ada.sees('drafted')
    await expect(ada.box).to_have_value('')
    assert ada.complaints == []


async def test_what_one_types_after_leaving_an_edit_whose_words_were_still_on_their_way_stays_in_the_draft(
    stranger,
) -> None:
    ada = await stranger()
    await ada.have_slow_line(0.6)
    await ada.join('Ada')
    await ada.say('one')
    await ada.box.press_sequentially('dra')
    await edit_by_key(ada, 'one')
    await ada.box.press_sequentially('ft', delay=20)
    await ada.box.press('Escape')
    await ada.box.press_sequentially(' and', delay=20)
    on_their_way = ada.page.locator('[data-words]')
    await expect(on_their_way.first).to_be_attached()
    await expect(on_their_way).to_have_count(0)
    await expect(ada.box).to_have_value('draft and')
    await ada.box.press_sequentially(' so', delay=20)
    await ada.box.press('Enter')
    await ada.sees('draft and so')
    await expect(ada.box).to_have_value('')
    assert ada.complaints == []


async def test_what_one_types_after_leaving_or_sending_an_edit_stays_behind_the_draft(stranger) -> None:
    ada = await stranger()
    await ada.have_slow_line(0.6)
    await ada.join('Ada')
    await ada.say('one two')
    await ada.box.press_sequentially('draft ')
    await edit_by_key(ada, 'one two')
    await expect(ada.box).to_have_value('one two')
    await ada.box.press('Home')
    await ada.box.press_sequentially('no! ')
    await ada.box.press('Escape')
    await ada.box.press_sequentially('and', delay=20)
    await expect(ada.box).to_have_value('draft and')
    await edit_by_key(ada, 'one two')
    await expect(ada.box).to_have_value('one two')
    await ada.box.press('End')
    await ada.box.press_sequentially('!')
    await ada.box.press('Enter')
    await ada.box.press_sequentially(' so', delay=20)
    await ada.sees('one two!')
    await expect(ada.box).to_have_value('draft and so')
    await ada.box.press_sequentially(' on', delay=20)
    await ada.box.press('Enter')
    await ada.sees('draft and so on')
    await expect(ada.box).to_have_value('')
    assert ada.complaints == []


async def test_whoever_is_asked_about_changes_types_on_in_the_message_that_they_chose(stranger) -> None:
    ada = await stranger()
    await ada.join('Ada')
    for words in ('one', 'two'):
        await ada.say(words)
    await edit_by_key(ada, 'one')
    await expect(ada.box).to_have_value('one')
    await ada.box.press_sequentially('!')
    await edit_by_key(ada, 'two')
    await ada.page.get_by_role('button', name='Discard').click()
    await expect(ada.box).to_have_value('two')
    await expect(ada.box).to_be_focused()
    await ada.page.keyboard.press('End')
    await ada.page.keyboard.type('?')
    await ada.page.keyboard.press('Enter')
    await ada.sees('two?')
    assert ada.complaints == []
