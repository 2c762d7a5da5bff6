"""Finding messages."""

from typing import Annotated

from fastapi import APIRouter, Query

from api import schemas
from api.describe import refusals
from api.messages import Before
from api.who import ERRORS, TheChat, TheSession
from chat.events import message_json
from chat.search import BEST_OF, MOST_AT_ONCE, PAGE, Order

router = APIRouter(prefix='/v1', tags=['messages'], responses=ERRORS)

Words = Annotated[
    str,
    Query(
        description='Words, "phrases", and what narrows it: `from:Ada in:lobby before:2026-11-26 after:2026-11-01 '
        'has:link is:pinned`.',
        examples=['coffee from:Ada'],
    ),
]
InRoom = Annotated[str | None, Query(description='In the room of this address, as `in:` in `q`.', examples=['lobby'])]
Author = Annotated[str | None, Query(description='By the user of this name, as `from:` in `q`.', examples=['Ada'])]
InOrder = Annotated[
    Order, Query(description='The `newest` first, or the `best` among the newest 200.', examples=['best'])
]
Offset = Annotated[
    schemas.WholeNumber,
    Query(ge=0, le=BEST_OF, description='The `offset` of the page before, with its `before`.', examples=[0]),
]
Limit = Annotated[
    schemas.WholeNumber, Query(ge=1, le=MOST_AT_ONCE, description='So many messages at most.', examples=[PAGE])
]


@router.get('/search', responses=refusals(429))
async def search(
    chat: TheChat,
    session: TheSession,
    q: Words = '',
    room: InRoom = None,
    author: Author = None,
    order: InOrder = 'newest',
    before: Before = None,
    offset: Offset = 0,
    limit: Limit = PAGE,
) -> schemas.Found:
    """Return messages in rooms that the caller may read which have all these words, the newest or the best first."""
    found = await chat.search.find(
        session.user, q, room=room, author=author, order=order, before=before, offset=offset, limit=limit,
        time_zone=session.time_zone,
    )  # fmt: skip
    return schemas.Found.model_validate(
        {'messages': [message_json(each) for each in found.messages], 'before': found.before, 'offset': found.offset}
    )
