"""What administrators set while the chat runs, without a restart."""

from dataclasses import replace
from typing import TypedDict, Unpack, get_args

from sqlalchemy import Connection

from chat import audit, reach
from chat.audit import Actor
from chat.errors import Invalid, Unauthenticated
from chat.models import Policy, WhoMay
from chat.rate_limits import RateLimits
from chat.storage import Storage, facts


class PolicyChanges(TypedDict, total=False):
    """What is to be another."""

    create_rooms: WhoMay
    invite: WhoMay
    direct_messages: WhoMay


class Policies:
    """The actions on what is set."""

    def __init__(self, storage: Storage, rate_limits: RateLimits) -> None:
        self._storage = storage
        self._rate_limits = rate_limits

    async def get(self) -> Policy:
        """Return what is set; anybody may know."""
        return await self._storage.read(facts.policy)

    async def change(self, actor: Actor, **wanted: Unpack[PolicyChanges]) -> Policy:
        """Set what is given; for administrators. Raises Invalid, Forbidden or RateLimited."""
        if actor.user is None:
            raise Unauthenticated
        user = actor.user
        self._rate_limits.check('changing', user.id)
        for field, who in wanted.items():
            if who not in get_args(WhoMay):
                raise Invalid(f'Choose one of {", ".join(get_args(WhoMay))}.', field)

        def store(connection: Connection) -> Policy:
            reach.administrator(connection, user)
            policy = replace(facts.policy(connection), **wanted)
            facts.set_policy(connection, policy)
            said = ', '.join(f'{field}: {who}' for field, who in sorted(wanted.items()))
            audit.note(connection, actor, 'change settings', details=said)
            return policy

        return await self._storage.write(store)
