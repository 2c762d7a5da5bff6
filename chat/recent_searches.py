"""What people searched for last. It is in memory alone: a reload finds it again, a restart and other servers do not."""

from collections import OrderedDict

MOST = 10  # of one person
MOST_PEOPLE = 5_000  # the others searched longest ago


class RecentSearches:
    """The words of each person's last searches, which nobody else is told."""

    def __init__(self) -> None:
        self._of: OrderedDict[int, tuple[str, ...]] = OrderedDict()

    def of(self, user_id: int) -> tuple[str, ...]:
        """Return what somebody searched for, the newest first."""
        return self._of.get(user_id, ())

    def add(self, user_id: int, words: str) -> None:
        """Remember a search; one that was made before comes first again."""
        others = (each for each in self.of(user_id) if each != words)
        self._of[user_id] = (words, *others)[:MOST]
        self._of.move_to_end(user_id)
        if len(self._of) > MOST_PEOPLE:
            self._of.popitem(last=False)

    def clear(self, user_id: int) -> None:
        """Remember nothing of what somebody searched for; twice is once."""
        self._of.pop(user_id, None)
