"""Make the pictures of the README: ``python -m tests.browser.make_pictures`` in the root of the project.

A server of its own is filled with a conversation of five people, who then look at it in a real Chromium.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from math import sin
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw
from playwright.async_api import Browser, async_playwright

from chat import Chat
from chat.audit import Actor
from chat.models import User
from chat.settings import Settings
from chat.storage import accounts
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.people import Person
from tests.chat.files import bring
from tests.servers import ROOT, Server

PICTURES = ROOT / 'docs' / 'pictures'
CODE = """Here is the warm-up exercise:

```python
def fibonacci(n: int) -> list[int]:
    \"\"\"Return the first n numbers.\"\"\"
    a, b, found = 0, 1, []
    for _ in range(n):
        found.append(a)
        a, b = b, a + b
    return found
```"""
YESTERDAY = [
    ('Grace', 'The room is booked for Thursday, 9:30 to 16:00 :tada:'),
    ('Noor', 'Wonderful! How many people are coming?'),
    ('Grace', '**23** so far, two of them remote.'),
    ('Tomás', 'I can bring the projector and *three* extension cords.'),
]
TODAY = [
    (
        'Linh',
        'Good morning! I made a list of what is missing:\n\n- name badges\n- markers for the whiteboard\n- coffee ☕',
    ),
    ('Noor', 'I take the badges and the markers.'),
    ('Tomás', 'And I the coffee. Beans or capsules?'),
    ('Ada', CODE),
    ('Linh', 'Nice. Shall we let them write the test first?'),
    ('Ada', 'Good idea, I will change the handout. The plan is at https://example.org/plan'),
    ('Grace', 'Lunch is ordered, vegetarian for everybody unless you tell me `by noon`.'),
    ('Linh', '@Ada, can you print thirty of them?'),
]

REACTIONS = [
    ('Ada', 5, '👍'),
    ('Linh', 5, '👍'),
    ('Noor', 5, '🎉'),
    ('Grace', 4, '💯'),
    ('Tomás', 6, '❤️'),
    ('Noor', 6, '❤️'),
]


async def _fill(data: Path) -> None:
    chat = Chat(Settings(data=data, rate_limits='off'))
    chat.open()
    people: dict[str, User] = {}
    for name in ('Ada', 'Grace', 'Linh', 'Noor', 'Tomás'):
        people[name] = await chat.accounts.add_guest(name, 'here')
    await chat.rooms.create(people['Grace'], 'Workshop', 'Python for beginners, Thursday in the library')
    await chat.rooms.create(people['Linh'], 'Handouts', 'What we give to people')
    await chat.rooms.create(people['Grace'], 'News', 'What everybody should know')
    await chat.rooms.change(people['Grace'], 'news', posting='moderators')
    await chat.rooms.create(people['Ada'], 'Tutors', 'Among ourselves', private=True)
    for person in people.values():
        for slug in ('lobby', 'workshop', 'handouts', 'news'):
            await chat.rooms.join(person, slug)
        token = await chat.sessions.begin(person, 'pictures', 'Europe/Berlin')
        (data / f'{person.name}.token').write_text(token)
    morning = datetime.now(UTC).replace(hour=7, minute=58)
    await _talk(chat, people, YESTERDAY, morning - timedelta(hours=16))
    sent = await _talk(chat, people, TODAY, morning)
    answer = (await chat.messages.send(people['Noor'], 'workshop', 'Beans! I bring a mill.', None, sent[2])).message
    mistake = (await chat.messages.send(people['Tomás'], 'workshop', 'wrong room, sorry')).message
    await chat.messages.delete(people['Tomás'], mistake.id)
    await chat.messages.edit(people['Noor'], answer.id, 'Beans! I bring my grandmother’s mill.')
    await _set_time(chat, answer.id, morning + timedelta(minutes=35))
    await _set_time(chat, mistake.id, morning + timedelta(minutes=37))
    for name, number, emoji in REACTIONS:
        await chat.reactions.react(people[name], sent[number], emoji, on=True)
    await chat.pins.pin(people['Grace'], sent[5], on=True)
    await _set_up(chat, people)
    await _share(chat, people)
    for slug in ('workshop', 'handouts'):
        await chat.unread.mark(people['Ada'], slug, None)
    for number in range(3):
        await chat.messages.send(people['Linh'], 'handouts', f'Page {number + 1} is ready.')
    await chat.stop()


async def _set_up(chat: Chat, people: dict[str, User]) -> None:
    """Let people be somebody, and some rooms be more than open."""
    ada = people['Ada']
    await chat.rooms.set_role(Actor(people['Grace'], ''), 'workshop', ada.id, 'moderator')
    await chat.rooms.favor(ada, 'workshop', True)
    for name, wanted in (('Linh', {'status': 'Printing', 'color': 9}), ('Noor', {'status': 'On the train'})):
        session = await chat.sessions.find(await chat.sessions.begin(people[name], 'pictures'))
        await chat.profiles.change(session, **wanted)
    direct = await chat.direct.open(people['Linh'], [ada.id])
    await chat.messages.send(people['Linh'], direct.slug, 'Can you read the handout before I print it?')
    boss = await chat.storage.write(accounts.set_kind, ada, 'administrator')
    await chat.invitations.create(Actor(boss, ''), ['workshop'], most_uses=30, label='Thursday’s people')


async def _talk(chat: Chat, people: dict[str, User], said: list[tuple[str, str]], start: datetime) -> list[int]:
    ids = []
    for number, (name, body) in enumerate(said):
        message = (await chat.messages.send(people[name], 'workshop', body)).message
        await _set_time(chat, message.id, start + timedelta(minutes=4 * number))
        ids.append(message.id)
    return ids


async def _share(chat: Chat, people: dict[str, User]) -> None:
    """Let people share files, and Ada have some that she has not sent yet."""
    linh, tomas, ada = people['Linh'], people['Tomás'], people['Ada']
    views = [(_view(at, tone), f'room-{at + 1}.jpg') for at, tone in enumerate(('#e8a33d', '#7a9cc6', '#c2596b'))]
    for person, body, shared in (
        (linh, 'The view from each of the rooms. Which one do we take?', views),
        (tomas, 'The first, of course! And here are the slides.', [(b'%PDF-1.7' + bytes(1_400_000), 'Slides.pdf')]),
        (linh, '', [(bytes([255, 0]) * 120_000, 'exercises.zip')]),
    ):
        ids = [(await bring(chat, person, 'handouts', data, name)).id for data, name in shared]
        await chat.messages.send(person, 'handouts', body, attachments=ids)
    await bring(chat, ada, 'handouts', _view(4, '#5f9e6e'), 'garden.jpg')
    await bring(chat, ada, 'handouts', b'9:30 Welcome\n' * 40, 'agenda.txt')


def _view(seed: int, tone: str) -> bytes:
    """Draw hills in front of a sky, and the sun."""
    width, height, chance = 1280, 860, Random(seed)
    ground = Image.new('RGB', (width, height), '#2d2a3a')
    sky = Image.composite(
        Image.new('RGB', (width, height), '#fdf3df'), Image.new('RGB', (width, height), tone),
        Image.linear_gradient('L').resize((width, height)),
    )  # fmt: skip
    draw = ImageDraw.Draw(sky)
    x, y = chance.randrange(200, 1000), chance.randrange(160, 420)
    draw.ellipse((x, y, x + 150, y + 150), fill='#fffaf0')
    for layer in range(4):
        hills = Image.blend(Image.new('RGB', (width, height), tone), ground, 0.25 + 0.22 * layer)
        low, wave, shift = 420 + 110 * layer, chance.uniform(90, 200), chance.uniform(0, 9)
        outline = [(at, low + 60 * sin(at / wave + shift) + 22 * sin(at / 57 + shift)) for at in range(0, width + 8, 8)]
        shape = Image.new('L', (width, height), 0)
        ImageDraw.Draw(shape).polygon([(0, height), *outline, (width, height)], fill=255)
        sky.paste(hills, mask=shape)
    data = BytesIO()
    sky.save(data, 'JPEG', quality=88)
    return data.getvalue()


async def _set_time(chat: Chat, message_id: int, moment: datetime) -> None:
    values = (int(moment.timestamp() * 1000), message_id)
    await chat.storage.write(lambda c: c.exec_driver_sql('UPDATE messages SET created_at = ? WHERE id = ?', values))


async def _come(browser: Browser, server: Server, name: str | None, path: str = '', **how: object) -> Person:
    options = {'viewport': {'width': 1440, 'height': 900}, 'timezone_id': 'Europe/Berlin', **how}
    context = await browser.new_context(**options)
    if name is not None:
        token = (server.data / f'{name}.token').read_text()
        await context.add_cookies([{'name': 'hearth_session', 'value': token, 'url': server.site}])
    person = Person(await context.new_page(), server.site)
    await person.open(path or ('/rooms/workshop' if name is not None else '/?room=workshop'))
    return person


async def _make(server: Server) -> None:
    phone = {'viewport': {'width': 390, 'height': 844}, 'has_touch': True, 'is_mobile': True, 'device_scale_factor': 2}
    looks = [
        ('room-light', 'Ada', {}),
        ('room-dark', 'Ada', {'color_scheme': 'dark'}),
        ('tablet-light', 'Ada', {'viewport': {'width': 768, 'height': 1024}}),
        ('phone-light', 'Ada', phone),
        ('phone-dark', 'Ada', {**phone, 'color_scheme': 'dark'}),
        ('join-light', None, phone),
        ('rules-light', 'Ada', {'path': '/settings/rules'}),
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        others = [await _come(browser, server, name) for name in ('Grace', 'Linh', 'Noor')]
        for file, name, how in looks:
            person = await _come(browser, server, name, **how)
            await person.page.wait_for_timeout(1500)
            await others[0].box.press_sequentially('…')
            await person.page.wait_for_timeout(500)
            await person.page.screenshot(path=PICTURES / f'{file}.png')
            await person.close()
        await _take(browser, server, 'picker-light', _pick, {})
        await _take(browser, server, 'search-light', _search, {})
        await _take(browser, server, 'catch-up-dark', _catch_up, {**phone, 'color_scheme': 'dark'})
        handouts = {'path': '/rooms/handouts'}
        await _take(browser, server, 'files-light', _look, handouts)
        await _take(browser, server, 'files-dark', _look, {**handouts, **phone, 'color_scheme': 'dark'})
        await _take(browser, server, 'viewer-light', _view_picture, {**handouts, **phone})
        await browser.close()


async def _take(
    browser: Browser, server: Server, file: str, show: Callable[[Person], Awaitable[None]], how: dict[str, object]
) -> None:
    person = await _come(browser, server, 'Ada', **how)
    await show(person)
    await person.page.wait_for_timeout(1000)
    await person.page.screenshot(path=PICTURES / f'{file}.png')
    await person.close()


async def _pick(ada: Person) -> None:
    await ada.choose('Lunch is ordered', 'Add reaction')


async def _search(ada: Person) -> None:
    await ada.page.get_by_role('button', name='Search messages').click()
    await ada.page.get_by_role('searchbox', name='Words').fill('the in:workshop')
    await ada.page.locator('mark').first.wait_for()


async def _look(ada: Person) -> None:
    await ada.page.locator('.attached-file').last.wait_for()


async def _view_picture(ada: Person) -> None:
    await ada.page.get_by_role('button', name='room-2.jpg').click()


async def _catch_up(ada: Person) -> None:
    await ada.page.get_by_role('button', name='Show rooms').click()
    await ada.page.get_by_role('button', name='Your menu').click()
    await ada.page.get_by_role('menuitem', name='Catch up').click()


def main() -> None:
    """Fill a server, and take the pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / 'data'
        asyncio.run(_fill(data))
        server = Server(data)
        server.start()
        try:
            asyncio.run(_make(server))
        finally:
            server.kill()


if __name__ == '__main__':
    main()
