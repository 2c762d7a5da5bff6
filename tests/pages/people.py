"""What simulated people do: verbs for the tests of the pages."""

import asyncio
import re
from collections.abc import Callable

from nicegui import ElementFilter, app, ui
from nicegui.testing import User

from chat import Chat
from chat.models import User as Person

SITE = 'http://test'  # where the simulated browser believes to be
PATIENCE = 200  # looks, a tenth of a second apart; no more than it takes, and a busy machine takes long


def chat_of(user: User) -> Chat:
    """Return the chat that the simulated server runs."""
    return app.state.chat


async def person_of(user: User) -> Person:
    """Return who is signed in."""
    session = await chat_of(user).sessions.find(user.http_client.cookies['hearth_session'])
    return session.user


async def sign_in(user: User, name: str, room: str = 'lobby', **fields: str) -> str:
    """Fill in the first page's form; returns where it leads."""
    form = {'name': name, 'room': room, 'zone': 'Europe/Berlin', **fields}
    response = await user.http_client.post('/join', data=form, headers={'Origin': SITE})
    assert response.status_code == 303
    return response.headers['location']


async def join_room(user: User, name: str, room: str = 'lobby') -> None:
    """Say a name and land in a room."""
    await go_to(user, await sign_in(user, name, room))


async def go_to(user: User, address: str) -> None:
    """Load a page as a browser does: the one before is gone."""
    if user.client is not None:
        close_page(user)
    await user.open(address)


def close_page(user: User) -> None:
    """Close the browser's tab for good."""
    user.client.delete()
    user.client = None


def write(user: User, text: str) -> None:
    """Put words into the message box."""
    user.find(kind=ui.textarea).type(text)


async def send_message(user: User, text: str) -> None:
    """Write, press Send, and wait until the box is empty and the message, or the edit, is there."""
    before = rows(user)
    write(user, text)
    press_button(user, 'Send')
    await until(lambda: box(user) == '' and rows(user) != before)


def box(user: User) -> str:
    """Return what is in the message box."""
    (element,) = user.find(kind=ui.textarea).elements
    return element.value or ''


def press_key(user: User, key: str, **details: object) -> None:
    """Press a key in the message box."""
    user.find(kind=ui.textarea).trigger(key, details)


def press_button(user: User, label: str) -> None:
    """Press the button that a screen reader calls so."""
    with user:
        (button,) = [each for each in ElementFilter() if each.tag == 'q-btn' and each.props.get('aria-label') == label]
    fire(user, button, 'click')


def choose(user: User, label: str) -> None:
    """Choose an entry of a menu that is offered."""
    (item,) = [each for each in offered(user) if _text(each) == label]
    fire(user, item, 'click')


def offered(user: User) -> list[ui.menu_item]:
    """Return the menu entries that are not hidden."""
    with user:
        return list(ElementFilter(kind=ui.menu_item, only_visible=True))


def offers(user: User) -> list[str]:
    """Return the words of the menu entries that are not hidden."""
    return [_text(each) for each in offered(user)]


def fire(user: User, element: ui.element, event: str, args: object = None) -> None:
    """Let an event reach an element, as its browser, or anybody who knows the page's id, can."""
    for listener in list(element._event_listeners.values()):
        if listener.type == event:
            with user:
                element._handle_event({'listener_id': listener.id, 'args': {} if args is None else args})


def _text(element: ui.element) -> str:
    return ''.join(str(each.props.get('text') or getattr(each, 'text', '')) for each in element.descendants())


def rows(user: User) -> list[str]:
    """Return the messages on the page as text, in order: 'Ada hello (edited)'."""
    with user:
        html = ''.join(each.content for each in ElementFilter(kind=ui.html) if '<article' in each.content)
    articles = re.findall(r'<article.*?</article>', html, re.DOTALL)
    hidden = r'<(button[^>]*message-button|time|span class="avatar)[^>]*>.*?</\w+>'
    return [' '.join(re.sub(r'<[^>]+>', ' ', re.sub(hidden, ' ', each)).split()) for each in articles]


def row_id(user: User, text: str) -> int:
    """Return the id of the message with these words."""
    html = html_of(user)
    (article,) = [each for each in re.findall(r'<article.*?</article>', html, re.DOTALL) if text in each]
    return int(re.search(r'data-id="(\d+)"', article)[1])


def open_menu_of(user: User, text: str) -> None:
    """Press "More actions" of the message with these words."""
    message_id = row_id(user, text)
    with user:
        (log,) = [each for each in ElementFilter() if each.props.get('role') == 'log']
    fire(user, log, 'click', ['menu', message_id])


def scroll_away(user: User) -> None:
    """Let the end of the conversation leave the screen."""
    see_end(user, in_view=False)


def see_end(user: User, *, in_view: bool = True) -> None:
    """Let the end of the conversation come into view."""
    fire(user, end_of(user), 'visibility', args=in_view)


def end_of(user: User) -> ui.element:
    """Return what tells whether the end of the conversation is in view."""
    with user:
        *_, end = [each for each in ElementFilter() if each.tag == 'q-intersection']
        return end


def see_top(user: User) -> None:
    """Let the first loaded message come into view."""
    fire(user, top_of(user), 'visibility', args=True)


def top_of(user: User) -> ui.element:
    """Return what tells whether the first loaded message is in view; of the end if there are no older ones."""
    with user:
        return next(each for each in ElementFilter() if each.tag == 'q-intersection')


def bring_to_front(user: User, *, in_front: bool = True, kept: object = '') -> None:
    """Let the browser tell its zone, whether the tab is in front, and what was in its box before a reload."""
    fire(user, user.client.layout, 'browser', ['Europe/Berlin', in_front, kept])


def html_of(user: User) -> str:
    """Return all prepared HTML on the page."""
    with user:
        return ''.join(each.content for each in ElementFilter(kind=ui.html))


async def until(holds: Callable[[], object]) -> None:
    """Wait until something holds; what it last was is part of the failure."""
    for _ in range(PATIENCE):
        if holds():
            return
        await asyncio.sleep(0.05)
    assert holds()


async def sees(user: User, text: str) -> None:
    """Wait until a text is on the page."""
    await user.should_see(text, retries=PATIENCE)
