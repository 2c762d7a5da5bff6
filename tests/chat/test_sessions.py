"""What ends with a session, and what does not end it."""

from collections.abc import Callable

import pytest

from chat import Chat, sessions
from chat.errors import StorageFailed
from chat.models import Session, User

HOUR = 3600 * 1000  # ms
DAY = 24 * HOUR


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Move the sessions' clock to so many milliseconds from now."""
    start = sessions.now_ms()

    def move(later: int) -> None:
        monkeypatch.setattr(sessions, 'now_ms', lambda: start + later)

    return move


async def signed_in(chat: Chat, user: User) -> tuple[str, Session]:
    token = await chat.sessions.begin(user, 'test')
    session = await chat.sessions.find(token)
    assert session is not None
    return token, session


async def hashes(chat: Chat) -> list[str]:
    return await chat.storage.read(lambda c: list(c.exec_driver_sql('SELECT token_hash FROM sessions').scalars()))


async def test_every_sign_in_has_a_token_of_its_own_and_ending_one_leaves_the_others(chat: Chat, ada: User) -> None:
    (one, session), (other, _) = await signed_in(chat, ada), await signed_in(chat, ada)
    assert one != other
    assert len(one) >= 43
    await chat.sessions.end(session)
    assert await chat.sessions.find(one) is None
    assert await chat.sessions.find(other) is not None


async def test_all_pages_hear_that_their_session_has_ended_even_if_one_fails(
    chat: Chat, ada: User, caplog: pytest.LogCaptureFixture
) -> None:
    _, session = await signed_in(chat, ada)
    told: list[str] = []

    def broken() -> None:
        raise RuntimeError('a page that is half gone')

    gone = lambda: told.append('gone')  # noqa: E731
    for watcher in (broken, lambda: told.append('one'), gone, lambda: told.append('two')):
        chat.sessions.watch(session, watcher)
    for _ in range(2):
        chat.sessions.unwatch(session, gone)
    await chat.sessions.end(session)
    await chat.sessions.end(session)
    assert told == ['one', 'two']
    assert 'half gone' in caplog.text


async def test_a_page_that_begins_to_watch_after_the_end_hears_of_it(chat: Chat, ada: User) -> None:
    _, session = await signed_in(chat, ada)  # the page is built …
    await chat.sessions.end(session)  # … another one signs out …
    told: list[str] = []
    chat.sessions.watch(session, lambda: told.append('ended'))  # … and only now the browser has connected
    assert told == ['ended']


async def test_a_session_whose_end_was_not_stored_goes_on(
    chat: Chat, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, session = await signed_in(chat, ada)
    told: list[str] = []
    chat.sessions.watch(session, lambda: told.append('ended'))
    with monkeypatch.context() as broken:
        broken.setattr(chat.storage, 'write', full)
        with pytest.raises(StorageFailed):
            await chat.sessions.end(session)
    assert told == []
    assert await chat.sessions.find(token) is not None


async def test_a_full_disk_signs_nobody_out(
    chat: Chat, ada: User, at: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    token, _ = await signed_in(chat, ada)
    at(2 * HOUR)  # long enough for the use to be worth noting
    monkeypatch.setattr(chat.storage, 'write', full)
    session = await chat.sessions.find(token)
    assert session is not None
    assert session.user == ada


async def test_sessions_that_nobody_used_for_thirty_days_are_forgotten_but_an_open_page_is_use(
    chat: Chat, ada: User, at: Callable[[int], None]
) -> None:
    told: list[str] = []
    open_token, session = await signed_in(chat, ada)
    await signed_in(chat, ada)  # and never used again
    chat.sessions.watch(session, lambda: told.append('ended'))
    for days in range(0, 40, 5):
        at(days * DAY)
        await chat.sessions.sweep()
    assert len(await hashes(chat)) == 1
    assert await chat.sessions.find(open_token) is not None
    assert told == []


async def test_after_a_hundred_and_eighty_days_a_session_ends_under_an_open_page(
    chat: Chat, ada: User, at: Callable[[int], None]
) -> None:
    told: list[str] = []
    token, session = await signed_in(chat, ada)
    chat.sessions.watch(session, lambda: told.append('ended'))
    at(179 * DAY)
    await chat.sessions.sweep()
    assert told == []
    at(181 * DAY)
    await chat.sessions.sweep()
    assert told == ['ended']
    assert await hashes(chat) == []
    assert await chat.sessions.find(token) is None


async def test_what_has_ended_is_not_remembered_for_ever(chat: Chat, ada: User) -> None:
    for _ in range(3):
        _, session = await signed_in(chat, ada)
        await chat.sessions.end(session)
        await chat.sessions.sweep()
    assert len(chat.sessions._ended | chat.sessions._ended_before) == 1


async def test_the_time_zone_of_a_browser_is_remembered(chat: Chat, ada: User) -> None:
    token, session = await signed_in(chat, ada)
    await chat.sessions.remember_time_zone(session, 'Europe/Berlin')
    found = await chat.sessions.find(token)
    assert found is not None
    assert (found.time_zone, found.zone_is_chosen) == ('Europe/Berlin', False)


async def full(*_: object, **__: object) -> None:
    raise StorageFailed
