"""Who may open a connection that stays: whose page calls, and how many its address holds already."""

from collections import Counter

from starlette.responses import Response
from starlette.types import Scope

from api.errors import answer
from chat.errors import Forbidden, RateLimited
from chat.settings import Settings
from web import origins
from web.addresses import address_of

CONNECTIONS_PER_ADDRESS = 200  # a whole class may sit behind one
TRY_AGAIN_AFTER = '30'  # s


class Callers:
    """Counts the connections of one door by the address they come from."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: Counter[str] = Counter()

    @property
    def connections(self) -> int:
        """How many are open."""
        return self._open.total()

    def foreign(self, scope: Scope) -> Response | None:
        """Return the refusal of a page of another site that is not allowed, or None."""
        if origins.may_call(scope, self._settings.public_url, self._settings.allowed_origins):
            return None
        return answer(403, Forbidden.code, 'Pages of this site may not call. HEARTH_ALLOWED_ORIGINS says which.')

    def too_many(self, scope: Scope) -> Response | None:
        """Return the refusal of one more connection from this address, or None."""
        if not self._settings.rate_limits or self._open[address_of(scope)] < CONNECTIONS_PER_ADDRESS:
            return None
        sentence = f'Not more than {CONNECTIONS_PER_ADDRESS} connections from one address, please.'
        return answer(429, RateLimited.code, sentence, headers={'Retry-After': TRY_AGAIN_AFTER})

    def came(self, address: str) -> None:
        """Count a connection."""
        self._open[address] += 1

    def went(self, address: str) -> None:
        """Count it out."""
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]
