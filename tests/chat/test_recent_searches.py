"""What is remembered of searches: the last ones, of each person apart, and nothing once it is cleared."""

import pytest

from chat import Chat, recent_searches
from chat.models import User
from chat.recent_searches import MOST, RecentSearches


def test_the_newest_comes_first_and_each_once() -> None:
    recent = RecentSearches()
    for words in ('tea', 'coffee', 'tea'):
        recent.add(1, words)
    assert recent.of(1) == ('tea', 'coffee')
    assert recent.of(2) == ()


def test_only_the_last_ones_are_kept() -> None:
    recent = RecentSearches()
    for number in range(MOST + 1):
        recent.add(1, str(number))
    assert recent.of(1) == tuple(str(number) for number in range(MOST, 0, -1))


def test_whoever_searched_longest_ago_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_searches, 'MOST_PEOPLE', 2)
    recent = RecentSearches()
    for user_id in (1, 2, 1, 3):
        recent.add(user_id, 'tea')
    assert (recent.of(1), recent.of(2), recent.of(3)) == (('tea',), (), ('tea',))


def test_clearing_leaves_those_of_others() -> None:
    recent = RecentSearches()
    recent.add(1, 'tea')
    recent.add(2, 'coffee')
    for _ in range(2):
        recent.clear(1)
    assert (recent.of(1), recent.of(2)) == ((), ('coffee',))


async def test_a_deleted_account_leaves_none(chat: Chat, ada: User) -> None:
    chat.recent_searches.add(ada.id, 'a secret')
    await chat.deletion.delete_own(ada, 'keep', None, '')
    assert chat.recent_searches.of(ada.id) == ()
