"""Whom a message mentions: found when it is sent or edited, in the transaction that stores it."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from chat import markup, permissions, text
from chat.errors import AskFirst, Forbidden
from chat.models import Mentioned, MentionOfAll
from chat.names import EVERYBODY, Names, written
from chat.reach import Reached
from chat.storage import mentions as rows

_NOBODY: Mapping[int, str] = {}
_SIGN = re.compile(r'(?<!\w)@\S')
MOST_SIGNS = 50  # of "@" that members are looked up by; in a text with more, all are read


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
    people = rows.people(connection, reached.room.id, _keys(said.body))
    called = {user.id: user.name for user in people}
    before = {each: name for each, name in before.items() if Names([(each, name)]).are_in(said.body)}
    people_called = [*called.items(), *before.items()]
    called |= before
    names = Names(people_called, text.MENTION_WORDS)
    if not names.are_in(said.body):
        return said
    html, ids = markup.mark(said.body, names)
    if EVERYBODY in ids and not _check_all(connection, reached, of_all):
        html, ids = markup.mark(said.body, Names(people_called))
    mentioned = tuple((user_id, called[user_id]) for user_id in sorted(ids - {EVERYBODY}))
    return Said(said.body, html, Mentioned(mentioned, everybody=EVERYBODY in ids))


def _keys(body: str) -> Collection[str] | None:
    """Return the keys of all names that may be in a text, None if these are too many, or cannot be known.

    Names that are the same where they are written (``names.folded``) have the same key, which leaves out more.
    """
    if body.count('@') > MOST_SIGNS:
        return None
    names = written(body)
    return None if any(map(text.depends_on_capitals, names)) else set(map(text.skeleton, names))


def _check_all(connection: Connection, reached: Reached, of_all: MentionOfAll) -> bool:
    """Whether all are to be told; raises Forbidden or AskFirst if that is no matter of course."""
    if of_all == 'keep':
        return True
    members = rows.count(connection, reached.room.id)
    if not permissions.may_mention_all(reached.user, reached.role, members):
        if of_all == 'if_allowed':
            return False
        raise Forbidden(
            f'Only moderators may mention all {members} people of this room. Mention some by name, or leave it out.'
        )
    if of_all == 'ask' and permissions.asks_before_mentioning_all(members):
        raise AskFirst(rows.count(connection, reached.room.id, but=reached.user.id))
    return True
