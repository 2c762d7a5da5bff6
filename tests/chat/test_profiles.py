"""How people present themselves: their names, how they look, what they are up to, where they are."""

import asyncio
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from PIL import Image

from chat import Chat, clock, pictures, rate_limits
from chat.errors import Busy, Forbidden, Invalid, NameTaken, NotFound, RateLimited, Unauthenticated
from chat.events import MemberChanged, MemberJoined, MemberLeft, RoomEvent
from chat.models import Look, Member, Session, User
from chat.pictures import PictureTooLarge, UnfitPicture
from chat.profiles import Wanted
from chat.storage import profiles as rows
from tests.chat.people import newcomer


@pytest.fixture
def told(chat: Chat) -> list[RoomEvent]:
    """Return what will be told of all rooms."""
    events: list[RoomEvent] = []
    chat.room_state.watch(events.append)
    return events


async def session_of(chat: Chat, user: User, zone: str | None = None) -> Session:
    session = await chat.sessions.find(await chat.sessions.begin(user, 'a browser', zone))
    assert session is not None
    return session


async def rename(chat: Chat, user: User, name: str) -> User:
    return (await chat.profiles.change(await session_of(chat, user), name=name)).user


async def changed_since(chat: Chat, user: User, revision: int) -> list[tuple[type[RoomEvent], int]]:
    events = (await chat.rooms.changes(user, 'lobby', revision)).events
    return [(type(event), event.revision) for event in events]


async def revision_of(chat: Chat, user: User) -> int:
    return (await chat.rooms.find(user, 'lobby')).revision


def picture(color: str = 'red') -> bytes:
    data = BytesIO()
    Image.new('RGB', (20, 10), color).save(data, 'PNG')
    return data.getvalue()


async def set_picture(chat: Chat, user: User, data: bytes) -> str:
    async with chat.profiles.bring_picture(user):
        profile = await chat.profiles.set_picture(user, data)
    assert profile.picture is not None
    return profile.picture


async def pictures_stored(chat: Chat) -> int:
    return await chat.storage.read(lambda c: c.exec_driver_sql('SELECT count(*) FROM pictures').scalar_one())


# Names


async def test_a_new_name_is_told_to_all_rooms_of_that_person_under_their_next_revisions(
    chat: Chat, ada: User, bo: User, told: list[RoomEvent]
) -> None:
    garden = await chat.rooms.create(ada, 'Garden')
    await chat.rooms.create(bo, 'Study')
    before = await revision_of(chat, ada)
    renamed = await rename(chat, ada, 'Ada Lovelace')
    assert renamed == User(ada.id, 'Ada Lovelace', 'guest')
    lobby = await chat.rooms.find(ada, 'lobby')
    assert told[-2:] == [
        MemberChanged(lobby.id, 'lobby', before + 1, Member(renamed, 'member')),
        MemberChanged(garden.id, 'garden', 2, Member(renamed, 'owner')),
    ]
    assert len(told) == 2
    assert {member.user.name for member in await chat.rooms.members(bo, 'lobby')} == {'Ada Lovelace', 'Bo'}


async def test_all_that_somebody_said_carries_their_new_name(chat: Chat, ada: User, bo: User) -> None:
    said = (await chat.messages.send(ada, 'lobby', 'before')).message
    renamed = await rename(chat, ada, 'Eve')
    assert (await chat.messages.get(bo, said.id)).author == renamed
    assert (await chat.messages.send(ada, 'lobby', 'after')).message.author == renamed  # by whoever knows the old one
    assert len((await chat.messages.page(bo, 'lobby', author='Eve')).messages) == 2


async def test_the_old_name_is_free_and_the_new_one_taken(chat: Chat, ada: User) -> None:
    await rename(chat, ada, 'Eve')
    await chat.accounts.add_guest('Ada', 'here')
    with pytest.raises(NameTaken):
        await chat.accounts.add_guest('eve', 'here')


@pytest.mark.parametrize('name', ['Bo', 'BO', 'Во', 'B o'])
async def test_a_name_that_looks_like_somebody_elses_is_taken_and_a_free_one_suggested(
    chat: Chat, ada: User, bo: User, name: str
) -> None:
    with pytest.raises(NameTaken) as problem:
        await rename(chat, ada, name)
    assert (await rename(chat, ada, problem.value.suggestion)).name == problem.value.suggestion


async def test_ones_own_name_can_be_spelled_otherwise(chat: Chat, ada: User) -> None:
    assert (await rename(chat, ada, ' ADA')).name == 'ADA'


@pytest.mark.parametrize('name', ['', ' ', 'x' * 33, 'Admin', 'all', '\u200b', 'half \ud83d'])
async def test_a_new_name_keeps_to_the_rules_of_names(chat: Chat, ada: User, name: str, told: list[RoomEvent]) -> None:
    with pytest.raises(Invalid) as problem:
        await rename(chat, ada, name)
    assert problem.value.field == 'name'
    assert told == []


async def test_two_who_want_one_name_at_the_same_moment_do_not_both_get_it(chat: Chat) -> None:
    for turn in range(5):
        people = [await newcomer(chat, f'Guest {turn} {number}') for number in range(4)]
        got = await asyncio.gather(*(rename(chat, each, f'Eve {turn}') for each in people), return_exceptions=True)
        assert sum(isinstance(each, User) for each in got) == 1
        assert sum(isinstance(each, NameTaken) for each in got) == len(people) - 1
        names = [member.user.name for member in await chat.rooms.members(people[0], 'lobby')]
        assert names.count(f'Eve {turn}') == 1


async def test_one_who_is_renamed_and_another_who_comes_do_not_both_get_a_name(chat: Chat, ada: User) -> None:
    for turn in range(5):
        got = await asyncio.gather(
            rename(chat, ada, f'Eve {turn}'), chat.accounts.add_guest(f'Eve {turn}', 'here'), return_exceptions=True
        )
        assert sorted(type(each).__name__ for each in got) == ['NameTaken', 'User']


async def test_a_bot_is_called_and_looks_as_whoever_runs_the_server_says(chat: Chat) -> None:
    bot, token = await chat.bots.add('Robbie')
    session = await chat.sessions.find(token)
    assert session is not None
    for wanted in ({'name': 'Eve'}, {'color': 3}, {'status': 'Busy'}, {'theme': 'dark'}):
        with pytest.raises(Forbidden):
            await chat.profiles.change(session, **wanted)
    with pytest.raises(Forbidden):
        await set_picture(chat, bot, picture())
    with pytest.raises(Forbidden):
        await chat.profiles.remove_picture(bot)


async def test_a_guest_who_has_signed_out_takes_no_name_any_more(chat: Chat, ada: User) -> None:
    session = await session_of(chat, ada)
    await chat.accounts.sign_out(session)
    with pytest.raises(Unauthenticated):
        await chat.profiles.change(session, name='Eve')
    await chat.accounts.check_name('Eve')


async def test_a_guest_who_signs_out_gives_the_new_name_free(chat: Chat, ada: User) -> None:
    session = await session_of(chat, ada)
    await chat.profiles.change(session, name='Eve')
    await chat.accounts.sign_out(session)
    await chat.accounts.check_name('Eve')


async def test_who_signs_out_while_taking_a_name_leaves_it_free(chat: Chat) -> None:
    for turn in range(5):
        session = await session_of(chat, await newcomer(chat, f'Guest {turn}'))
        await asyncio.gather(
            chat.profiles.change(session, name=f'Eve {turn}'), chat.accounts.sign_out(session), return_exceptions=True
        )
        await chat.accounts.check_name(f'Eve {turn}')
        await chat.accounts.check_name(f'Guest {turn}')


async def test_what_changes_nothing_is_not_told(chat: Chat, ada: User, told: list[RoomEvent]) -> None:
    session = await session_of(chat, ada)
    await chat.profiles.change(session)
    await chat.profiles.change(session, name='Ada', color=None, status='', theme=None)
    assert told == []


async def test_changing_is_limited(chat: Chat, ada: User, nothing_forgiven: None) -> None:
    session = await session_of(chat, ada)
    for number in range(rate_limits.LIMITS['changing']):
        await chat.profiles.change(session, color=number % 12)
    with pytest.raises(RateLimited):
        await chat.profiles.change(session, color=3)


# What is told of a gap


async def test_a_change_in_a_gap_is_told_apart_from_joining_and_leaving(chat: Chat, ada: User, bo: User) -> None:
    start = await revision_of(chat, ada)
    await rename(chat, bo, 'Eve')
    assert await changed_since(chat, ada, start) == [(MemberChanged, start + 1)]
    assert await changed_since(chat, ada, start - 1) == [(MemberJoined, start + 1)]  # Bo came after that
    await chat.rooms.leave(bo, 'lobby')
    assert await changed_since(chat, ada, start) == [(MemberLeft, start + 2)]
    await chat.rooms.join(bo, 'lobby')
    assert await changed_since(chat, ada, start) == [(MemberJoined, start + 3)]
    assert await changed_since(chat, ada, start + 2) == [(MemberJoined, start + 3)]
    assert await changed_since(chat, ada, start + 3) == []
    await rename(chat, bo, 'Bo')
    assert await changed_since(chat, ada, start + 2) == [(MemberJoined, start + 4)]
    assert await changed_since(chat, ada, start + 3) == [(MemberChanged, start + 4)]


async def test_a_rooms_maker_and_a_webhooks_bot_have_joined_too(chat: Chat, ada: User) -> None:
    room = await chat.rooms.create(ada, 'Garden')
    await chat.hooks.create(ada, 'garden', 'Rain')
    changes = await chat._changes_since(room.id, 0)
    assert [type(event) for event in changes.events] == [MemberJoined, MemberJoined]
    await rename(chat, ada, 'Eve')
    changes = await chat._changes_since(room.id, 2)
    assert [type(event) for event in changes.events] == [MemberChanged]


# Looks


async def test_a_color_is_one_of_twelve_or_follows_from_the_id(chat: Chat, ada: User, told: list[RoomEvent]) -> None:
    session = await session_of(chat, ada)
    assert (await chat.profiles.find(ada.id)).color is None
    for color in (0, 11, None):
        assert (await chat.profiles.change(session, color=color)).color == color
        assert (await chat.profiles.find(ada.id)).color == color
    assert [type(event) for event in told] == [MemberChanged] * 3
    for wrong in (-1, 12, 2**70):
        with pytest.raises(Invalid) as problem:
            await chat.profiles.change(session, color=wrong)
        assert problem.value.field == 'color'


async def test_a_picture_is_kept_told_replaced_and_removed(
    chat: Chat, ada: User, bo: User, told: list[RoomEvent]
) -> None:
    red = await set_picture(chat, ada, picture('red'))
    assert (await chat.profiles.find(ada.id)).picture == red
    kept = await chat.profiles.picture(ada.id)
    assert kept == pictures.prepare(picture('red'))
    await set_picture(chat, ada, picture('red'))  # the same again
    assert len(told) == 1
    blue = await set_picture(chat, ada, picture('blue'))
    assert blue != red
    assert (await chat.profiles.picture(ada.id)).digest == blue
    assert await pictures_stored(chat) == 1
    await chat.profiles.remove_picture(ada)
    await chat.profiles.remove_picture(ada)
    assert [type(event) for event in told] == [MemberChanged] * 3
    assert (await chat.profiles.find(ada.id)).picture is None
    assert await pictures_stored(chat) == 0
    for nobody in (ada.id, bo.id, 10**12):
        with pytest.raises(NotFound):
            await chat.profiles.picture(nobody)


async def test_what_is_no_picture_leaves_the_one_before(chat: Chat, ada: User, told: list[RoomEvent]) -> None:
    red = await set_picture(chat, ada, picture('red'))
    with pytest.raises(UnfitPicture):
        await set_picture(chat, ada, b'<svg/>')
    with pytest.raises(PictureTooLarge):
        await set_picture(chat, ada, picture('red') + bytes(pictures.LARGEST))
    assert (await chat.profiles.picture(ada.id)).digest == red
    assert len(told) == 1


async def test_pictures_are_limited_in_pace(chat: Chat, ada: User, nothing_forgiven: None) -> None:
    for _ in range(rate_limits.LIMITS['changing pictures']):
        await set_picture(chat, ada, picture())
    with pytest.raises(RateLimited, match='You are changing pictures too fast'):
        await set_picture(chat, ada, picture())


async def test_one_picture_of_a_person_and_few_of_all_are_on_their_way_at_a_time(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, 'MOST_AT_ONCE', 2)
    bo, cy = await newcomer(chat, 'Bo'), await newcomer(chat, 'Cy')
    async with chat.profiles.bring_picture(ada):
        with pytest.raises(RateLimited):
            await set_picture(chat, ada, picture())
        async with chat.profiles.bring_picture(bo):
            with pytest.raises(Busy):
                await set_picture(chat, cy, picture())
        await set_picture(chat, cy, picture())


async def test_a_picture_that_arrives_too_slowly_gives_its_place_to_another(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, 'WITHIN', 0.01)
    with pytest.raises(UnfitPicture, match='too long'):
        async with chat.profiles.bring_picture(ada):
            await asyncio.Event().wait()
    monkeypatch.undo()
    await set_picture(chat, ada, picture())


async def test_the_looks_of_a_room_are_those_of_all_who_ever_came_and_as_new_as_they_say(
    chat: Chat, ada: User, bo: User
) -> None:
    lobby = await chat.rooms.find(ada, 'lobby')
    await newcomer(chat, 'Looks like anybody')
    elsewhere = await chat.accounts.add_guest('Elsewhere', 'here')
    for user, color in ((ada, 3), (bo, 0), (elsewhere, 5)):
        await chat.profiles.change(await session_of(chat, user), color=color)
    digest = await set_picture(chat, ada, picture())
    await chat.rooms.leave(bo, 'lobby')
    revision, looks = await chat.profiles.looks(lobby.id)
    assert looks == [Look(ada.id, 3, digest), Look(bo.id, 0, None)]
    await chat.messages.send(ada, 'lobby', 'which changes nothing about that')
    view = await chat.rooms.open(ada, 'lobby')
    assert (view.members_revision, view.page.revision) == (revision, revision + 1)
    await chat.profiles.change(await session_of(chat, ada), color=4)
    assert (await chat.rooms.open(ada, 'lobby')).members_revision == revision + 2


# What people are up to


async def test_a_status_is_kept_on_one_line_and_is_no_event(chat: Chat, ada: User, told: list[RoomEvent]) -> None:
    before = await revision_of(chat, ada)
    session = await session_of(chat, ada)
    profile = await chat.profiles.change(session, status=' At\nlunch ')
    assert (profile.status, profile.status_until) == ('At lunch', None)
    assert await chat.profiles.find(ada.id) == profile
    assert (told, await revision_of(chat, ada)) == ([], before)
    assert (await chat.profiles.change(session, status='')).status == ''


@pytest.mark.parametrize('status', ['x' * 101, 'x' * 5_000, 'half \ud83d', 'Z̴̡̢̛͇a'])
async def test_a_status_keeps_to_its_rules(chat: Chat, ada: User, status: str) -> None:
    with pytest.raises(Invalid) as problem:
        await chat.profiles.change(await session_of(chat, ada), status=status)
    assert problem.value.field == 'status'


async def test_a_status_whose_time_is_over_is_never_shown(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await session_of(chat, ada)
    profile = await chat.profiles.change(session, status='At lunch', status_for='1h')
    assert profile.status_until is not None
    assert (await chat.profiles.find(ada.id)) == profile
    end = clock.milliseconds(profile.status_until)
    monkeypatch.setattr(rows, 'now_ms', lambda: end - 1)
    assert (await chat.profiles.find(ada.id)).status == 'At lunch'
    monkeypatch.setattr(rows, 'now_ms', lambda: end)
    over = await chat.profiles.find(ada.id)
    assert (over.status, over.status_until) == ('', None)
    await chat.profiles.change(session, color=3)
    monkeypatch.undo()
    assert (await chat.profiles.find(ada.id)).status == '', 'it was over, and does not come back'


async def test_the_end_of_a_status_is_given_kept_moved_and_taken_away(chat: Chat, ada: User) -> None:
    session = await session_of(chat, ada)
    end = datetime.now(UTC).replace(microsecond=123_000) + timedelta(days=3)
    assert (await chat.profiles.change(session, status='Away', status_until=end)).status_until == end
    assert (await chat.profiles.change(session, color=3)).status_until == end
    moved = await chat.profiles.change(session, status_until=end + timedelta(days=1))
    assert (moved.status, moved.status_until) == ('Away', end + timedelta(days=1))
    assert (await chat.profiles.change(session, status_for='never')).status_until is None
    assert (await chat.profiles.change(session, status='Away', status_until=end)).status_until == end
    assert (await chat.profiles.change(session, status='Back')).status_until is None
    assert (await chat.profiles.change(session, status='', status_for='1h')).status_until is None


async def test_a_day_ends_at_midnight_where_the_person_is(chat: Chat, ada: User) -> None:
    session = await session_of(chat, ada, 'Asia/Tokyo')
    end = (await chat.profiles.change(session, status='Away', status_for='today')).status_until
    assert end is not None
    assert (end.hour, end.minute, end.second) == (15, 0, 0)
    wanted: Wanted = {'status': 'Away', 'status_for': 'today', 'time_zone': 'Asia/Kolkata'}
    end = (await chat.profiles.change(session, **wanted)).status_until
    assert end is not None
    assert (end.hour, end.minute) == (18, 30)


@pytest.mark.parametrize(
    ('wanted', 'field'),
    [
        ({'status': 'x', 'status_for': '1h', 'status_until': None}, 'status_until'),
        ({'status': 'x', 'status_for': '2h'}, 'status_for'),
        ({'status': 'x', 'status_until': datetime.now(UTC)}, 'status_until'),
        ({'status_for': '1h'}, 'status'),
        ({'status_until': datetime.now(UTC) + timedelta(days=1)}, 'status'),
        ({'time_zone': 'Middle-earth/Shire'}, 'time_zone'),
        ({'time_zone': '../../etc/passwd'}, 'time_zone'),
        ({'time_zone': ''}, 'time_zone'),
        ({'theme': '"><b>'}, 'theme'),
    ],
)
async def test_what_makes_no_sense_is_refused(chat: Chat, ada: User, wanted: Wanted, field: str) -> None:
    with pytest.raises(Invalid) as problem:
        await chat.profiles.change(await session_of(chat, ada), **wanted)
    assert problem.value.field == field


# Where they are, and how they see it


async def test_a_theme_and_a_chosen_time_zone_belong_to_the_person_on_all_devices(chat: Chat, ada: User) -> None:
    phone, laptop = await chat.sessions.begin(ada, 'phone', 'Asia/Tokyo'), await chat.sessions.begin(ada, 'laptop')
    session = await chat.sessions.find(laptop)
    assert session is not None
    await chat.profiles.change(session, theme='dark', time_zone='Europe/Berlin')
    for token in (phone, laptop):
        found = await chat.sessions.find(token)
        assert found is not None
        assert (found.theme, found.time_zone, found.zone_is_chosen) == ('dark', 'Europe/Berlin', True)
    await chat.profiles.change(session, theme=None, time_zone=None)
    found = await chat.sessions.find(phone)
    assert found is not None
    assert (found.theme, found.time_zone, found.zone_is_chosen) == (None, 'Asia/Tokyo', False)


async def test_where_somebody_is_says_their_choice_or_else_the_browser_they_used_last(chat: Chat, ada: User) -> None:
    assert (await chat.profiles.find(ada.id)).clock is None
    await session_of(chat, ada, 'Asia/Tokyo')
    session = await session_of(chat, ada, 'America/Lima')
    await session_of(chat, ada)  # a program, which is nowhere
    profile = await chat.profiles.find(ada.id)
    assert (profile.time_zone, profile.clock) == (None, 'America/Lima')
    assert (await chat.profiles.change(session, time_zone='Europe/Berlin')).clock == 'Europe/Berlin'


# Those who are gone


async def test_nobody_knows_a_profile_of_nobody(chat: Chat) -> None:
    for user_id in (0, 10**12):
        with pytest.raises(NotFound):
            await chat.profiles.find(user_id)


async def test_a_guest_who_can_come_back_no_more_leaves_nothing_but_the_name(chat: Chat, ada: User, bo: User) -> None:
    lobby = await chat.rooms.find(bo, 'lobby')
    said = (await chat.messages.send(ada, 'lobby', 'hello')).message
    session = await session_of(chat, ada, 'Asia/Tokyo')
    await chat.profiles.change(session, color=3, status='Away', time_zone='Asia/Tokyo', theme='dark')
    await set_picture(chat, ada, picture())
    other = await session_of(chat, ada)
    await chat.accounts.sign_out(other)
    assert (await chat.profiles.find(ada.id)).picture is not None
    await chat.accounts.sign_out(session)
    profile = await chat.profiles.find(ada.id)
    assert (profile.user, profile.look) == (ada, Look(ada.id, None, None))
    assert (profile.status, profile.clock, profile.theme) == ('', None, None)
    assert await pictures_stored(chat) == 0
    assert (await chat.profiles.looks(lobby.id))[1] == []
    assert (await chat.messages.get(bo, said.id)).author == ada
    with pytest.raises(Unauthenticated):
        await set_picture(chat, ada, picture())
    assert await pictures_stored(chat) == 0
