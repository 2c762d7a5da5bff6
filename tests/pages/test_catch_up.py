"""The catch-up view: what it says, and that one is up to date when one says so."""

from nicegui import ui
from nicegui.testing import User

from tests.pages.people import chat_of, choose, html_of, join_room, person_of, press_button, sees, until


async def _catch_up(user: User) -> None:
    press_button(user, 'Your menu')
    choose(user, 'Catch up')
    await sees(user, 'I am up to date')


async def test_where_nothing_happened_it_says_so(user: User) -> None:
    await join_room(user, 'Ada')
    await _catch_up(user)
    assert 'Nothing has happened since.' in html_of(user)


async def test_questions_links_and_rooms_are_shown_until_one_is_up_to_date(user: User) -> None:
    await join_room(user, 'Ada')
    chat, ada = chat_of(user), await person_of(user)
    bo = await chat.accounts.add_guest('Bo <b>', '')
    room = await chat.direct.open(bo, [ada.id])
    said = (await chat.messages.send(bo, room.slug, 'Is <it> so? https://example.org/?a="b')).message
    await _catch_up(user)
    shown = html_of(user)
    assert '<h3>Questions you have not answered</h3>' in shown
    assert '<h3>Links</h3>' in shown
    assert '<h3>Rooms</h3>' in shown
    assert 'Mentions' not in shown
    assert f'href="/rooms/{room.slug}/{said.id}"' in shown
    assert 'Bo &lt;b&gt;' in shown
    assert 'Is &lt;it&gt; so?' in shown
    assert '<it>' not in shown
    user.find('I am up to date', kind=ui.button).click()
    await sees(user, 'You are up to date.')
    assert 'Is &lt;it&gt; so?' in html_of(user)
    assert (await chat.catching_up.look(ada)).rooms == ()


async def test_much_says_that_it_is_cut(user: User, monkeypatch) -> None:
    monkeypatch.setattr('chat.catching_up.MOST_MESSAGES', 2)
    monkeypatch.setattr('chat.catching_up.MOST_EACH', 1)
    await join_room(user, 'Ada')
    chat = chat_of(user)
    bo = await chat.accounts.add_guest('Bo', '')
    room = await chat.direct.open(bo, [(await person_of(user)).id])
    for number in range(3):
        await chat.messages.send(bo, room.slug, f'question {number}?')
    await _catch_up(user)
    await sees(user, 'Much has happened: only the newest messages were looked at.')
    await until(lambda: 'There are more. These are the newest.' in html_of(user))
    assert 'question 2' in html_of(user)
    assert 'question 1' not in html_of(user)
