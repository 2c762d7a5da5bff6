"""Profiles as people meet them: the page of the settings, and the rooms that show what was set there at once."""

import asyncio
import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User
from PIL import Image

from chat import pictures, text
from chat.errors import StorageFailed
from chat.events import MemberChanged, StartAfresh
from chat.models import Look, Member
from chat.models import User as Person
from pages import looks
from pages.settings import profile as settings
from tests.pages.people import (
    PATIENCE,
    SITE,
    chat_of,
    choose,
    close_page,
    fire,
    go_to,
    html_of,
    join_room,
    open_menu_of,
    person_of,
    press_button,
    rows,
    sees,
    send_message,
    sign_in,
    until,
    write,
)

DIGEST = 'ab' * 32


def photo(color: str = 'red', kind: str = 'PNG') -> bytes:
    data = BytesIO()
    Image.new('RGB', (20, 10), color).save(data, kind)
    return data.getvalue()


async def send(user: User, path: str = '/settings', origin: str = SITE, **what: Any) -> str:
    """Send a form; return where that leads."""
    files = {name: ('photo.png', what.pop(name), 'image/png') for name in ('picture',) if name in what}
    response = await user.http_client.post(path, data=what, files=files or None, headers={'Origin': origin})
    assert response.status_code == 303, response.text
    return response.headers['location']


async def rename(user: User, name: str) -> None:
    assert await send(user, part='who', name=name) == '/settings?part=who&done=1'


async def set_picture(user: User, data: bytes) -> str:
    assert await send(user, '/settings/picture', picture=data) == '/settings?part=picture&done=1'
    profile = await chat_of(user).profiles.find((await person_of(user)).id)
    return f'/pictures/{profile.user.id}/{profile.picture}.webp'


def styles(user: User) -> str:
    """Return the style rules of the open room."""
    with user:
        return ''.join(each.content for each in ElementFilter(kind=ui.html) if each.props.get('tag') == 'style')


def articles(user: User) -> list[str]:
    """Return the rows of messages as they are prepared."""
    return re.findall(r'<article.*?</article>', html_of(user), re.DOTALL)


def people(user: User) -> list[str]:
    """Return the names in the list of people, with what they are up to."""
    with user:
        (listed,) = [each for each in ElementFilter(kind=ui.html) if each.props.get('aria-label') == 'People']
    texts = re.findall(r'<span class="who-text">(.*?)</span></button>', listed.content)
    return [' · '.join(re.findall(r'>([^<]+)<', f'{each}<')) for each in texts]


def me(user: User) -> str:
    with user:
        (corner,) = [each for each in ElementFilter(kind=ui.html) if 'me-name' in each.content]
    return corner.content


def point_at(user: User, row: object, pressed: object = False) -> None:
    """Rest with the pointer on a name, or press it: ``row`` is the id of its row, or nothing for leaving it."""
    place = 'p' if isinstance(row, str) and row.startswith('p') else 'm'
    with user:
        (log,) = [each for each in ElementFilter() if each.props.get('role') == 'log']
        (listed,) = [each for each in ElementFilter(kind=ui.html) if each.props.get('aria-label') == 'People']
    fire(user, listed if place == 'p' else log, 'mouseover', [row, pressed])


def card(user: User) -> str | None:
    """Return what the card says, None if there is none."""
    with user:
        shown = [each for each in ElementFilter(kind=ui.menu) if 'card' in each.classes and each.value]
        contents = [each.content for each in ElementFilter(kind=ui.html) if 'card-content' in each.classes]
    return ' '.join(re.sub(r'<[^>]+>', ' ', contents[0]).split()) if shown else None


# Names, on pages that are open


async def test_a_new_name_is_on_all_rows_in_quotes_and_in_the_list_at_once(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await send_message(user, 'old history')
    await join_room(bo, 'Bo')
    await send_message(user, 'hello')
    await until(lambda: rows(bo) == ['Ada old history', 'Ada hello'])  # which nobody has looked at: a line is above it
    open_menu_of(bo, 'hello')
    choose(bo, 'Reply')
    await sees(bo, 'Replying to Ada')
    await send_message(bo, 'hi')
    open_menu_of(bo, 'old history')
    choose(bo, 'Reply')
    await rename(user, 'Eve <b>')
    for each, hello in ((user, 'hello'), (bo, 'Eve &lt;b&gt; hello')):
        shown = ['Eve &lt;b&gt; old history', hello, 'Bo Eve &lt;b&gt; hello hi']
        await until(lambda each=each, shown=shown: rows(each) == shown)
        await until(lambda each=each: people(each) == ['Bo', 'Eve &lt;b&gt;'])
    await sees(bo, 'Replying to Eve <b>')
    assert 'aria-label="Eve &lt;b&gt;, ' in html_of(bo)
    assert 'Ada' not in me(user)
    assert 'Eve &lt;b&gt;' in me(user)
    assert 'Bo' in me(bo)


async def test_who_is_renamed_while_typing_is_shown_so(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    write(user, 'something long')
    await sees(bo, 'Ada is typing…')
    await rename(user, 'Eve')
    await sees(bo, 'Eve is typing…')


async def test_who_is_renamed_and_leaves_in_a_gap_is_shown_by_the_new_name(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(bo, 'hello')
    await until(lambda: rows(user) == ['Bo hello'])
    chat, person = chat_of(user), await person_of(bo)
    publish, chat.room_state.publish = chat.room_state.publish, lambda event: None
    await rename(bo, 'Eve')
    await chat.rooms.leave(person, 'lobby')
    chat.room_state.publish = publish
    await send_message(user, 'who was that?')
    await until(lambda: rows(user) == ['Eve hello', 'Ada who was that?'])
    assert people(user) == ['Ada']


async def test_a_page_that_starts_afresh_knows_ones_own_new_name(user: User) -> None:
    await join_room(user, 'Ada')
    chat = chat_of(user)
    room = await chat.rooms.find(await person_of(user), 'lobby')
    publish, chat.room_state.publish = chat.room_state.publish, lambda event: None
    await rename(user, 'Eve')
    await send(user, part='who', name='Eve', color='3')
    chat.room_state.publish = publish
    (subscription,) = chat.room_state._rooms[room.id].subscriptions
    subscription.revision += 2
    subscription.deliver([StartAfresh(room.id)])
    await until(lambda: 'Eve' in me(user))
    await until(lambda: 'background-color:var(--avatar-3)' in styles(user))


# Looks


async def test_a_color_and_a_picture_are_one_rule_for_all_rows_of_that_person(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(user, 'hello')
    await until(lambda: rows(bo) == ['Ada hello'])
    before = articles(bo)
    assert styles(bo) == ''
    assert await send(user, part='who', name='Ada', color='7') == '/settings?part=who&done=1'
    address = await set_picture(user, photo())
    ada = await person_of(user)
    picture = f'background-image:url({address});color:transparent;'
    rule = f'.by-{ada.id} .avatar{{background-color:var(--avatar-7);{picture}}}'
    for each in (user, bo):
        await until(lambda each=each: styles(each) == rule)
    assert articles(bo) == before
    assert address not in html_of(bo).replace(rule, '')
    close_page(bo)
    await go_to(bo, '/rooms/lobby')
    assert styles(bo) == rule
    assert await send(user, '/settings/picture/remove') == '/settings?part=picture&done=1'
    assert await send(user, part='who', name='Ada', color='') == '/settings?part=who&done=1'
    await until(lambda: styles(bo) == '')


async def test_who_has_left_still_looks_so_and_a_guest_who_is_gone_does_not(
    user: User, create_user: Callable[[], User], monkeypatch: pytest.MonkeyPatch
) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(bo, 'hello')
    await send(bo, part='who', name='Bo', color='3')
    await until(lambda: 'var(--avatar-3)' in styles(user))
    press_button(bo, 'Room menu')
    choose(bo, 'Leave the room')
    await until(lambda: people(user) == ['Ada'])
    assert 'var(--avatar-3)' in styles(user)
    await go_to(user, '/rooms/lobby')
    assert 'var(--avatar-3)' in styles(user)
    await send(bo, '/sign-out')
    monkeypatch.setattr(looks, 'FRESH_FOR', 0.0)
    await go_to(user, '/rooms/lobby')
    assert styles(user) == ''


@pytest.mark.parametrize(
    ('look', 'rule'),
    [
        (Look(7, None, None), ''),
        (Look(7, 0, None), '.by-7 .avatar{background-color:var(--avatar-0);}'),
        (Look(7, None, DIGEST), f'.by-7 .avatar{{background-image:url(/pictures/7/{DIGEST}.webp);color:transparent;}}'),
        (Look(7, None, '}</style><script>alert(1)</script>'), ''),
        (Look(7, None, f'{DIGEST}\n'), ''),
        (Look(7, None, DIGEST.upper()), ''),
    ],
)
def test_a_rule_is_built_from_numbers_and_digests_alone(look: Look, rule: str) -> None:
    assert looks.style([look]) == rule


@pytest.mark.parametrize('look', [Look('7}', 3, None), Look(7, '3}', None), Look('7/', None, DIGEST)])  # type: ignore[arg-type]
def test_what_should_be_a_number_and_is_none_makes_no_rule(look: Look) -> None:
    with pytest.raises(ValueError, match='format code'):
        looks.style([look])


class Storage:
    """Looks that are read, and may fail."""

    def __init__(self) -> None:
        self.revision, self.color, self.reads, self.fails = 1, 0, 0, False

    async def read(self, _: int) -> tuple[int, list[Look]]:
        self.reads += 1
        await asyncio.sleep(0)
        if self.fails:
            raise StorageFailed
        return self.revision, [Look(7, self.color, None)]

    def change(self) -> MemberChanged:
        self.revision, self.color = self.revision + 1, self.color + 1
        return MemberChanged(1, 'lobby', self.revision, Member(Person(7, 'Ada', 'guest'), 'member'))


async def test_the_looks_of_a_room_are_read_once_for_all_its_pages() -> None:
    storage = Storage()
    everywhere = looks.Looks(storage.read)
    first, second = await asyncio.gather(everywhere.of(1, 1), everywhere.of(1, 1))
    assert first is second
    assert storage.reads == 1
    told = []
    for page in range(3):
        first.watch(lambda page=page: told.append(page))
    event = storage.change()
    for _ in range(3):
        first.heard(event)
    await first.reach(storage.revision)
    assert (storage.reads, told) == (2, [0, 1, 2])
    assert 'var(--avatar-1)' in first.css
    assert await everywhere.of(1, storage.revision) is first
    assert storage.reads == 2


async def test_looks_that_could_not_be_read_are_read_with_the_next_news() -> None:
    storage = Storage()
    room = await looks.Looks(storage.read).of(1, 1)
    storage.fails = True
    room.heard(storage.change())
    await until(lambda: storage.reads == 2)
    storage.fails = False
    await asyncio.sleep(0.01)
    room.heard(storage.change())
    await until(lambda: 'var(--avatar-2)' in room.css)


async def test_looks_that_changed_while_nobody_listened_are_read_for_the_next_page() -> None:
    storage = Storage()
    everywhere = looks.Looks(storage.read)
    room = await everywhere.of(1, 1)  # of a page that no browser has opened yet
    storage.change()
    assert await everywhere.of(1, storage.revision) is room
    assert 'var(--avatar-1)' in room.css


# Pictures, as browsers ask for them


async def test_a_picture_is_for_those_who_are_signed_in_at_an_address_that_never_changes(
    user: User, create_user: Callable[[], User]
) -> None:
    await sign_in(user, 'Ada')
    address = await set_picture(user, photo())
    answer = await user.http_client.get(address)
    assert (answer.status_code, answer.headers['content-type']) == (200, 'image/webp')
    assert answer.headers['cache-control'] == f'private, max-age={365 * 24 * 3600}, immutable'
    assert answer.headers['x-content-type-options'] == 'nosniff'
    assert Image.open(BytesIO(answer.content), formats=['WEBP']).size == (10, 10)
    bo = create_user()
    assert (await bo.http_client.get(address)).status_code == 404
    await sign_in(bo, 'Bo')
    assert (await bo.http_client.get(address)).content == answer.content
    await set_picture(user, photo('blue'))
    assert (await bo.http_client.get(address)).status_code == 404


@pytest.mark.parametrize(
    'path', ['7/x', f'999/{DIGEST}', f'x/{DIGEST}', f'-1/{DIGEST}', f'{"9" * 30}/{DIGEST}', f'٧/{DIGEST}', '1/%00']
)
async def test_what_is_not_there_is_a_small_404(user: User, path: str) -> None:
    await sign_in(user, 'Ada')
    answer = await user.http_client.get(f'/pictures/{path}.webp')
    assert answer.status_code == 404
    assert answer.headers['cache-control'] == 'no-store'


# Status lines


async def test_a_status_is_under_the_name_in_the_list_and_goes_when_it_is_over(
    user: User, create_user: Callable[[], User], monkeypatch: pytest.MonkeyPatch
) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send(user, part='status', status='At <i>lunch</i>', status_for='30m')
    for each in (user, bo):
        await until(lambda each=each: people(each) == ['Ada · At &lt;i&gt;lunch&lt;/i&gt;', 'Bo'])
    await go_to(bo, '/rooms/lobby')
    await until(lambda: people(bo)[0].endswith('lunch&lt;/i&gt;'))
    later = chat_of(user).statuses
    monkeypatch.setattr('chat.statuses.now_ms', lambda: 2**42)
    await later.read()
    await until(lambda: people(bo) == ['Ada', 'Bo'])


async def test_pages_that_are_closed_look_no_more(user: User) -> None:
    await join_room(user, 'Ada')
    watchers = chat_of(user).statuses._watchers
    await until(lambda: len(watchers) == 1)
    await go_to(user, '/rooms/lobby')
    await until(lambda: len(watchers) == 1)
    close_page(user)
    assert not watchers


# Who is who


async def test_a_card_says_who_is_meant_in_rows_and_in_the_list(user: User, create_user: Callable[[], User]) -> None:
    bo = create_user()
    await join_room(user, 'Ada')
    await join_room(bo, 'Bo')
    await send_message(user, 'hello')
    await send(user, part='status', status='At <i>lunch</i>', status_for='never')
    ada = await person_of(user)
    await until(lambda: rows(bo) == ['Ada hello'])
    (row,) = re.findall(r'id="(m\d+)"', html_of(bo))
    for target in (row, f'p{ada.id}'):
        point_at(bo, target)
        await until(lambda: card(bo))
        said = card(bo)
        assert said.startswith('A Ada Guest At &lt;i&gt;lunch&lt;/i&gt; Local time ')
        assert re.search(r'Local time \d\d:\d\d Here since \w+ \d+, \d{4}$', said)
        point_at(bo, '')
        await until(lambda: card(bo) is None)


async def test_a_card_that_was_asked_for_by_pressing_stays_when_the_pointer_goes(
    user: User, create_user: Callable[[], User]
) -> None:
    bo = create_user()
    await join_room(bo, 'Bo')
    await join_room(user, 'Ada')
    ids = [(await person_of(each)).id for each in (user, bo)]
    point_at(user, f'p{ids[1]}', pressed=True)
    await until(lambda: card(user))
    point_at(user, '')
    point_at(user, f'p{ids[0]}')
    await asyncio.sleep(0.1)
    assert card(user).startswith('B Bo')
    point_at(user, f'p{ids[0]}', pressed=True)
    await until(lambda: card(user).startswith('A Ada'))


async def test_a_card_of_a_room_goes_with_it(user: User) -> None:
    await join_room(user, 'Ada')
    await sign_in(user, 'Ada', new_room='Design')
    await send_message(user, 'hello')
    await until(lambda: 'data-id=' in html_of(user))
    point_at(user, re.findall(r'id="(m\d+)"', html_of(user))[0], pressed=True)
    await until(lambda: card(user))
    user.navigate.to('/rooms/design')
    await until(lambda: card(user) is None)


@pytest.mark.parametrize(
    'row', ['m', 'p', 'm0', 'm999', 'p999', 'x1', 'm-1', 'm1 .author', f'p{"9" * 30}', 7, None, [], {}]
)
async def test_whatever_a_browser_makes_up_shows_nobody(user: User, row: object) -> None:
    await join_room(user, 'Ada')
    point_at(user, row, pressed={})
    with user:
        (log,) = [each for each in ElementFilter() if each.props.get('role') == 'log']
    for args in (row, [row], [row, True, 7], []):
        fire(user, log, 'click', args) if isinstance(args, list) and len(args) == 2 else None
        fire(user, log, 'mouseover', args)
    await asyncio.sleep(0.1)
    assert card(user) is None


# The page of the settings


async def test_the_menu_leads_to_the_settings_and_they_show_what_is_set(user: User) -> None:
    await join_room(user, 'Ada')
    press_button(user, 'Your menu')
    opened = []
    user.client.open = lambda target, *_: opened.append(target)
    choose(user, 'Settings')
    assert opened == ['/settings']
    await send(user, part='who', name='Eve', color='3')
    await send(user, part='status', status='Away', status_for='today')
    await send(user, part='display', time_zone='Asia/Tokyo', theme='dark')
    await go_to(user, '/settings?part=display&done=1')
    await sees(user, 'Saved.')
    await sees(user, 'Your avatar: you have no picture')
    html = html_of(user)
    assert 'value="3" checked' in html
    assert '<option value="as-it-is" selected>Until ' in html
    assert '<option value="Asia/Tokyo" selected>' in html
    assert '<option value="dark" selected>' in html
    with user:
        values = {each.props.get('name'): each.props.get('^value') for each in ElementFilter() if each.tag == 'input'}
    assert (values['name'], values['status']) == ('Eve', 'Away')
    profile = await chat_of(user).profiles.find((await person_of(user)).id)
    assert (profile.color, profile.time_zone, profile.theme) == (3, 'Asia/Tokyo', 'dark')


def test_the_twelve_colors_have_names_of_their_own() -> None:
    assert len(set(settings.COLOR_NAMES)) == 12


async def test_a_status_can_be_changed_and_keep_its_end(user: User) -> None:
    await sign_in(user, 'Ada')
    await send(user, part='status', status='Away', status_for='1h')
    chat, ada = chat_of(user), await person_of(user)
    end = (await chat.profiles.find(ada.id)).status_until
    await send(user, part='status', status='Far away', status_for='as-it-is')
    assert (await chat.profiles.find(ada.id)).status_until == end
    await send(user, part='status', status='', status_for='as-it-is')
    profile = await chat.profiles.find(ada.id)
    assert (profile.status, profile.status_until) == ('', None)


@pytest.mark.parametrize(
    ('form', 'problem', 'sentence'),
    [
        ({'part': 'who', 'name': 'bo'}, 'name_taken', 'Somebody else is called "bo" here. How about "bo 2"?'),
        ({'part': 'who', 'name': 'Admin'}, 'invalid', '"Admin" means something else here.'),
        ({'part': 'who', 'name': 'Ada', 'color': '12'}, 'invalid', 'This was not saved'),
        ({'part': 'who', 'name': 'Ada', 'color': 'red'}, 'invalid', 'This was not saved'),
        ({'part': 'status', 'status': 'x' * 101, 'status_for': '1h'}, 'invalid', 'A status has at most 100 characters'),
        ({'part': 'status', 'status': 'x', 'status_for': 'ever'}, 'invalid', 'This was not saved'),
        ({'part': 'display', 'time_zone': 'Nowhere'}, 'invalid', 'This was not saved'),
        ({'part': 'display', 'theme': 'pink'}, 'invalid', 'This was not saved'),
    ],
)
async def test_what_could_not_be_saved_is_kept_with_a_sentence_why(
    user: User, create_user: Callable[[], User], form: dict[str, str], problem: str, sentence: str
) -> None:
    await sign_in(create_user(), 'Bo')
    await sign_in(user, 'Ada')
    location = await send(user, **form)
    assert f'part={form["part"]}' in location
    assert f'problem={problem}' in location
    await go_to(user, location)
    await sees(user, sentence)
    with user:
        values = [each.props.get('^value') for each in ElementFilter() if each.tag == 'input']
    assert form.get('status', form.get('name', 'Ada'))[:256] in values


async def test_an_address_puts_no_words_on_the_page(user: User) -> None:
    await sign_in(user, 'Ada')
    await go_to(user, '/settings?part=who&problem=You+are+hacked&name=Eve')
    await user.should_not_see('You are hacked')


@pytest.mark.parametrize(
    ('data', 'sentence'),
    [
        (b'', 'Choose a picture first.'),
        (b'<svg/>', 'This is no picture that can be read'),
        (photo('red', 'JPEG') + bytes(pictures.LARGEST), 'A picture has at most 8 MB.'),
    ],
    ids=['none', 'another kind', 'too large'],
)
async def test_what_is_no_picture_is_said_on_the_page(user: User, data: bytes, sentence: str) -> None:
    await sign_in(user, 'Ada')
    location = await send(user, '/settings/picture', picture=data)
    await go_to(user, location)
    await sees(user, sentence)
    assert (await chat_of(user).profiles.find((await person_of(user)).id)).picture is None


async def test_far_too_large_a_form_is_not_read(user: User) -> None:
    await sign_in(user, 'Ada')
    files = {'picture': ('x', bytes(settings.LARGER['/settings/picture'] + 1), 'image/png')}
    answer = await user.http_client.post('/settings/picture', files=files, headers={'Origin': SITE})
    assert answer.status_code == 413
    answer = await user.http_client.post('/settings', files={'x': ('x', bytes(300_000))}, headers={'Origin': SITE})
    assert answer.status_code == 413


async def test_a_form_that_is_none_is_refused(user: User) -> None:
    await sign_in(user, 'Ada')
    headers = {'Origin': SITE, 'Content-Type': 'multipart/form-data; boundary=x'}
    answer = await user.http_client.post('/settings/picture', content=b'--x\r\nnonsense', headers=headers)
    assert answer.status_code in (303, 422)
    assert await send(user, '/settings/picture', nothing='x') == '/settings?part=picture&problem=picture_missing'


@pytest.mark.parametrize('path', ['/settings', '/settings/picture', '/settings/picture/remove'])
async def test_forms_of_other_sites_and_of_strangers_do_nothing(user: User, path: str) -> None:
    form = {'part': 'who', 'name': 'Eve', 'picture': photo()}
    assert await send(user, path, **form) == '/'
    await sign_in(user, 'Ada')
    assert 'problem=forbidden' in await send(user, path, 'https://elsewhere.example', **form)
    profile = await chat_of(user).profiles.find((await person_of(user)).id)
    assert (profile.user.name, profile.picture) == ('Ada', None)
    await user.http_client.post('/sign-out', headers={'Origin': SITE})
    answer = await user.http_client.get('/settings')
    assert (answer.status_code, answer.headers['location']) == (303, '/')


# Theme and time zone


async def test_a_theme_that_cannot_be_kept_is_not_shown(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    await join_room(user, 'Ada')
    press_button(user, 'Your menu')

    async def fail(*_: object, **__: object) -> None:
        raise StorageFailed

    monkeypatch.setattr(chat_of(user).profiles, 'change', fail)
    choose(user, 'Dark theme')
    await user.should_see(StorageFailed().message)
    with user:
        (switch,) = ElementFilter(kind=ui.dark_mode)
    assert switch.value is None


async def test_a_theme_is_the_persons_on_every_page(user: User) -> None:
    await join_room(user, 'Ada')
    press_button(user, 'Your menu')
    choose(user, 'Dark theme')
    chat, ada = chat_of(user), await person_of(user)

    async def theme() -> str | None:
        return (await chat.profiles.find(ada.id)).theme

    for _ in range(PATIENCE):
        if await theme() == 'dark':
            break
        await asyncio.sleep(0.05)
    assert await theme() == 'dark'
    await go_to(user, '/settings')
    with user:
        (switch,) = ElementFilter(kind=ui.dark_mode)
    assert switch.value is True


async def test_times_are_those_of_the_zone_that_was_chosen_whatever_the_browser_says(user: User) -> None:
    await join_room(user, 'Ada')
    await send_message(user, 'hello')
    await send(user, part='display', time_zone='Pacific/Kiritimati', theme='')
    await go_to(user, '/rooms/lobby')
    shown = re.findall(r'<time [^>]*>(\d\d:\d\d)</time>', html_of(user))
    fire(user, user.client.layout, 'browser', ['Europe/Berlin', True, ''])
    await asyncio.sleep(0.1)
    assert re.findall(r'<time [^>]*>(\d\d:\d\d)</time>', html_of(user)) == shown
    session = await chat_of(user).sessions.find(user.http_client.cookies['hearth_session'])
    assert session.time_zone == 'Pacific/Kiritimati'


def test_what_the_form_offers_is_what_the_chat_knows() -> None:
    assert set(settings.SPANS) == {'30m', '1h', '4h', 'today', 'week', 'never'}
    assert text.STATUS_LENGTH == 100
