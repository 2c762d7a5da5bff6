"""Whom a message mentions: found when it is sent or edited, in the transaction that stores it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from chat import markup, permissions, text
from chat.errors import AskFirst, Forbidden
from chat.models import Mentioned, MentionOfAll, User
from chat.names import EVERYBODY, Names
from chat.reach import Reached
from chat.storage import mentions as rows

_NOBODY: Mapping[int, str] = {}
_SIGN = re.compile(r'(?<!\w)@\S')


@dataclass(frozen=True, slots=True)
class Said:
    """The words of a message, their HTML, and whom they mention."""

    body: str
    html: str
    mentioned: Mentioned


def prepare(body: str) -> Said:
    """Return what can be said of the words before anybody knows who is in the room."""
    return Said(body, markup.render(body), Mentioned())


def find(
    connection: Connection, reached: Reached, said: Said, of_all: MentionOfAll, before: Mapping[int, str] = _NOBODY
) -> Said:
    """Return the words with the members of the room whom they mention, and those who were mentioned ``before``.

    The latter, by id, under the name that they had then: it is theirs in this message, whoever has it now.

    Raises AskFirst where all of a larger room are mentioned and nobody has asked the person, or Forbidden where only
    moderators may. Costs a query if a word begins with an "@", else nothing.
    """
    if not _SIGN.search(said.body):
        return said
    people = rows.people(connection, reached.room.id)
    called = {user.id: user.name for user in people}
    before = {each: name for each, name in before.items() if Names([(each, name)]).are_in(said.body)}
    people_called = [*called.items(), *before.items()]
    called |= before
    names = Names(people_called, text.MENTION_WORDS)
    if not names.are_in(said.body):
        return said
    html, ids = markup.mark(said.body, names)
    if EVERYBODY in ids and not _check_all(reached, people, of_all):
        html, ids = markup.mark(said.body, Names(people_called))
    mentioned = tuple((user_id, called[user_id]) for user_id in sorted(ids - {EVERYBODY}))
    return Said(said.body, html, Mentioned(mentioned, everybody=EVERYBODY in ids))


def _check_all(reached: Reached, people: list[User], of_all: MentionOfAll) -> bool:
    """Whether all are to be told; raises Forbidden or AskFirst if that is no matter of course."""
    if of_all == 'keep':
        return True
    members = sum(user.kind != 'bot' for user in people)
    if not permissions.may_mention_all(reached.user, reached.role, members):
        if of_all == 'if_allowed':
            return False
        raise Forbidden(
            f'Only moderators may mention all {members} people of this room. Mention some by name, or leave it out.'
        )
    if of_all == 'ask' and permissions.asks_before_mentioning_all(members):
        raise AskFirst(sum(user.kind != 'bot' and user.id != reached.user.id for user in people))
    return True
