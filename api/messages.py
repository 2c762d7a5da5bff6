"""Messages: reading, sending, editing, deleting, reacting."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api import schemas
from api.describe import refusals
from api.saying import confirmed, say
from api.who import ERRORS, TheChat, TheSession
from chat.emojis import LONGEST
from chat.events import iso, message_json
from chat.messages import MOST_AT_ONCE, PAGE
from chat.models import Message
from web.addresses import address_of

router = APIRouter(prefix='/v1', tags=['messages'], responses=ERRORS)

SENT_BEFORE = 'It was sent before: the first message'
MessageId = Annotated[schemas.Id, Path(description='The `id` of the message.', examples=[123])]
Before = Annotated[schemas.Id | None, Query(description='Messages before this id.', examples=[123])]
After = Annotated[schemas.Id | None, Query(description='Messages after this id.', examples=[100])]
Author = Annotated[str | None, Query(description='Messages of the user of this name.', examples=['Ada'])]
Emoji = Annotated[
    str, Path(description='An emoji, percent-encoded, or its shortcode.', examples=['👍'], max_length=LONGEST)
]
Limit = Annotated[
    schemas.WholeNumber, Query(ge=1, le=MOST_AT_ONCE, description='So many messages at most.', examples=[PAGE])
]


@router.get('/rooms/{slug}/messages', responses=refusals(404))
async def messages(
    chat: TheChat,
    session: TheSession,
    slug: schemas.RoomSlug,
    before: Before = None,
    after: After = None,
    author: Author = None,
    limit: Limit = PAGE,
) -> schemas.MessagePage:
    """Return messages of a room, oldest first: the newest, or those before or after an id, or between two."""
    page = await chat.messages.page(session.user, slug, before=before, after=after, author=author, limit=limit)
    return schemas.MessagePage(
        messages=[_message(message) for message in page.messages],
        revision=page.revision,
        has_more=page.has_older if after is None else page.has_newer,
    )


@router.post(
    '/rooms/{slug}/messages',
    status_code=201,
    responses={**refusals(403, 404, 409, 429), 200: {'model': schemas.Message, 'description': SENT_BEFORE}},
)
async def send(
    chat: TheChat, session: TheSession, slug: schemas.RoomSlug, new: schemas.NewMessage, response: Response
) -> schemas.Message:
    """Send a message, joining the room first if need be."""
    sent = await say(
        chat,
        session.user,
        slug,
        new.body,
        new.client_message_id,
        new.reply_to,
        attachments=new.attachments,
        confirm_all=new.confirm_all,
    )
    if not sent.is_new:
        response.status_code = 200
    return _message(sent.message)


@router.get('/messages/{message_id}', responses=refusals(404))
async def message(chat: TheChat, session: TheSession, message_id: MessageId) -> schemas.Message:
    """Return one message."""
    return _message(await chat.messages.get(session.user, message_id))


@router.patch('/messages/{message_id}', responses=refusals(403, 404, 409, 429))
async def edit(
    chat: TheChat, session: TheSession, message_id: MessageId, wanted: schemas.MessageChanges
) -> schemas.Message:
    """Change the words of one's own message."""
    of_all = confirmed(confirm_all=wanted.confirm_all)
    return _message(await chat.messages.edit(session.user, message_id, wanted.body, of_all=of_all))


@router.delete('/messages/{message_id}', responses=refusals(403, 404, 409, 429))
async def delete(chat: TheChat, session: TheSession, message_id: MessageId, request: Request) -> schemas.Message:
    """Delete one's own message; the answer is the tombstone that keeps its place. A moderator hides somebody else's."""
    return _message(await chat.messages.delete(session.user, message_id, address_of(request.scope)))


@router.put('/messages/{message_id}/reactions/{emoji}', responses=refusals(403, 404, 409, 429))
async def react(chat: TheChat, session: TheSession, message_id: MessageId, emoji: Emoji) -> schemas.Message:
    """React to a message with an emoji; twice is once."""
    return _message(await chat.reactions.react(session.user, message_id, emoji, on=True))


@router.delete('/messages/{message_id}/reactions/{emoji}', responses=refusals(403, 404, 429))
async def take_back(chat: TheChat, session: TheSession, message_id: MessageId, emoji: Emoji) -> schemas.Message:
    """Take one's own reaction back; twice is once."""
    return _message(await chat.reactions.react(session.user, message_id, emoji, on=False))


@router.get('/messages/{message_id}/conversation', responses=refusals(404))
async def conversation(chat: TheChat, session: TheSession, message_id: MessageId) -> schemas.Messages:
    """Return the messages that reply to each other and that this one is among, oldest first."""
    chain = await chat.messages.chain(session.user, message_id)
    return schemas.Messages(messages=[_message(each) for each in chain.messages])


@router.get('/messages/{message_id}/versions', responses=refusals(403, 404))
async def versions(chat: TheChat, session: TheSession, message_id: MessageId) -> schemas.Versions:
    """Return what a message has said, oldest first; the last version is what it says now."""
    found = await chat.messages.versions(session.user, message_id)
    return schemas.Versions(
        versions=[
            schemas.Version(body=each.body, html=each.html, written_at=iso(each.written_at) or '') for each in found
        ]
    )


def _message(message: Message) -> schemas.Message:
    return schemas.Message.model_validate(message_json(message))
