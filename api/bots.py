"""Bots and their tokens, for the operator and for administrators. ``python main.py bot`` asks when a server runs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

from api import schemas
from api.caching import uncached
from api.describe import ANY_CALL, refusals
from api.who import OptionalSession, TheChat
from chat import Chat, audit
from chat.audit import Actor
from chat.errors import Unauthenticated
from chat.events import iso, user_json
from chat.models import Bot as ChatBot
from chat.models import User
from web.addresses import address_of

OPERATOR = HTTPBearer(scheme_name='operator', description='What is in the file `operator.token`.', auto_error=False)


def keeper_of(
    request: Request,
    chat: TheChat,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(OPERATOR)],
    session: OptionalSession,
) -> Actor:
    """Return the operator, or who is signed in: whether that is an administrator the actions ask."""
    if bearer is not None and chat.operator.is_known_by(bearer.credentials):
        return audit.OPERATOR
    if session is None:
        raise Unauthenticated("Only this server's operator and administrators may do this.")
    return Actor(session.user, address_of(request.scope))


def operator_of(chat: TheChat, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(OPERATOR)]) -> Chat:
    """Return the chat if its operator is calling; raises Unauthenticated for everybody else."""
    if bearer is None or not chat.operator.is_known_by(bearer.credentials):
        raise Unauthenticated("Only this server's operator may do this.")
    return chat


OperatorsChat = Annotated[Chat, Depends(operator_of)]
Keeper = Annotated[Actor, Depends(keeper_of)]
BotName = Annotated[str, Path(description="The bot's name, percent-encoded.", examples=['Robbie'])]
TokenId = Annotated[schemas.Id, Path(description='The number of the token, as listed.', examples=[3])]

router = APIRouter(prefix='/v1/bots', tags=['bots'], responses=ANY_CALL | refusals(401, 403))


class NewBot(schemas.Wanted):
    """What a bot is to be called."""

    name: str = Field(examples=['Robbie'])


class Token(BaseModel):
    """One of a bot's tokens, without the token itself."""

    id: int = Field(examples=[3])
    created_at: schemas.Moment
    last_used_at: schemas.Moment


class Bot(BaseModel):
    """A bot and its tokens."""

    user: schemas.User
    tokens: list[Token]


class Bots(BaseModel):
    """All bots that have tokens."""

    bots: list[Bot]


@router.get('')
async def list_bots(chat: TheChat, keeper: Keeper) -> Bots:
    """Return the bots that have tokens."""
    return Bots(bots=[Bot.model_validate(bot_json(bot)) for bot in await chat.bots.list(keeper)])


@router.post('', status_code=201, responses=refusals(409), dependencies=[Depends(uncached)])
async def add_bot(chat: TheChat, keeper: Keeper, new: NewBot) -> schemas.Session:
    """Make a bot and its first token."""
    return _with_token(*await chat.bots.add(new.name, keeper))


# A name may have a slash in it, which a server cannot tell from one between two parts of a path.
@router.post('/{name:path}/tokens', status_code=201, responses=refusals(404), dependencies=[Depends(uncached)])
async def add_token(chat: TheChat, keeper: Keeper, name: BotName) -> schemas.Session:
    """Make a further token of a bot."""
    return _with_token(*await chat.bots.add_token(name, keeper))


@router.delete('/{name:path}/tokens', status_code=204, responses=refusals(404))
async def revoke_all(chat: TheChat, keeper: Keeper, name: BotName) -> None:
    """End all tokens of a bot, and what is connected with them."""
    await chat.bots.revoke(name, None, keeper)


@router.delete('/{name:path}/tokens/{token_id}', status_code=204, responses=refusals(404))
async def revoke(chat: TheChat, keeper: Keeper, name: BotName, token_id: TokenId) -> None:
    """End one token of a bot, and what is connected with it."""
    await chat.bots.revoke(name, token_id, keeper)


def bot_json(bot: ChatBot) -> dict[str, Any]:
    """Return a bot in the form the operator gets it."""
    tokens = [
        {'id': token.id, 'created_at': iso(token.created_at), 'last_used_at': iso(token.last_used_at)}
        for token in bot.tokens
    ]
    return {'user': user_json(bot.user), 'tokens': tokens}


def _with_token(user: User, token: str) -> schemas.Session:
    return schemas.Session.model_validate({'token': token, 'user': user_json(user)})
